"""Sheet music that may stand in any web page, with every bar to be found."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree as Xml

import pytest

from genai_demo.errors import UserError
from genai_demo.music.notation.engraving import WIDTHS, engrave
from genai_demo.music.notation.score import musicxml
from genai_demo.music.theory.piece import Key, Piece
from tests.helpers.scores import piece

TAGS = {
    "svg",
    "desc",
    "defs",
    "style",
    "g",
    "path",
    "use",
    "title",
    "text",
    "tspan",
    "ellipse",
    "polygon",
    "polyline",
    "rect",
}


def long_piece(count: int) -> Piece:
    right = [(start / 2, 0.5, 60 + 7 * start % 25) for start in range(8 * count)]
    return piece(right, [(4 * bar, 4, 48) for bar in range(count)], [(4, 4)] * count, Key(3, "major"))


EVIL = "</title><script>alert(1)</script> <a href='https://example.org'>"


@pytest.mark.parametrize("width", [None, 700])
def test_nothing_in_it_acts_or_leads_elsewhere(width: int | None) -> None:
    for page in engrave(musicxml(long_piece(4), EVIL), width).pages:
        root = Xml.fromstring(page)
        for element in root.iter():
            assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in TAGS
            for name, value in element.attrib.items():
                assert not name.lower().startswith("on")
                assert not name.endswith("href") or value.startswith("#")
        assert "<script" not in page and "url(" not in page and "@import" not in page


@pytest.mark.parametrize("width", [None, *WIDTHS, 700])
def test_every_bar_is_found(width: int | None) -> None:
    engraving = engrave(musicxml(long_piece(30)), width, "mine")
    assert len(engraving.pages) == 1 if width else len(engraving.pages) > 1
    assert [name for _, name in engraving.bars] == [f"mine-bar-{number}" for number in range(30)]
    for page, name in engraving.bars:
        (bar,) = [element for element in Xml.fromstring(engraving.pages[page]).iter() if element.get("id") == name]
        assert bar.get("class") == "measure"
        assert sum(element.get("class") == "note" for element in bar.iter()) == 9


def test_ids_meet_neither_in_a_page_nor_between_two_scores() -> None:
    score = musicxml(long_piece(2))
    ids = [re.findall(r' id="([^"]*)"', engrave(score, 600, name).pages[0]) for name in ("one", "other")]
    assert len({*ids[0], *ids[1]}) == len(ids[0]) + len(ids[1])
    assert engrave(score, 600, "one") == engrave(score, 600, "one")


def test_a_narrow_score_grows_downwards() -> None:
    score = musicxml(long_piece(8))

    def shape(width: int) -> tuple[float, float]:
        return tuple(map(float, Xml.fromstring(engrave(score, width).pages[0]).attrib["viewBox"].split()[2:]))  # type: ignore[return-value]

    (narrow, tall), (wide, low) = shape(400), shape(1200)
    assert narrow == pytest.approx(400, abs=1) and wide == pytest.approx(1200, abs=1)
    assert tall > 2 * low


def test_print_has_title_and_maker_and_the_page_of_a4() -> None:
    (page,) = engrave(musicxml(long_piece(4), "夜曲 & Co")).pages
    root = Xml.fromstring(page)
    said = "".join(root.itertext())
    assert "夜曲 & Co" in said and "Composed by a machine" in said
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert height / width == pytest.approx(297 / 210, rel=0.001)


def test_the_tempo_needs_no_music_font() -> None:
    for metre, sign in (((4, 4), "♩"), ((6, 8), "♩.")):
        (page,) = engrave(musicxml(piece([(0, 1, 60)], metres=[metre])), 400).pages
        assert f">{sign}<" in page and "Leipzig" not in page


@pytest.mark.parametrize("width", [WIDTHS[0] - 1, WIDTHS[1] + 1, 0, -5])
def test_widths_that_are_refused(width: int) -> None:
    with pytest.raises(UserError) as refusal:
        engrave(musicxml(piece([(0, 1, 60)])), width)
    assert refusal.value.key == "music.width_range" and str(width) in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"no score", b"<score-partwise/>"])
def test_what_is_no_score_is_refused(content: bytes) -> None:
    with pytest.raises(UserError) as refusal:
        engrave(content)
    assert refusal.value.key == "music.not_engraved"


def test_a_title_is_larger_than_the_line_below_it() -> None:
    (page,) = engrave(musicxml(long_piece(1), "Etude")).pages
    sizes = {text: int(size) for size, text in re.findall(r'font-size="(\d+)px">([^<]+)<', page)}
    assert sizes["Etude"] > 1.5 * sizes["Composed by a machine (GenAI Demo)"]


def test_every_thread_can_engrave() -> None:
    score = musicxml(long_piece(2))
    pages = engrave(score, 700).pages
    for _ in range(2):
        with ThreadPoolExecutor(1) as other:
            assert other.submit(engrave, score, 700).result().pages == pages

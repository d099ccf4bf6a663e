"""The piano tab in a real browser."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from genai_demo.engine.generation.receipts import read_receipt
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import to_midi
from genai_demo.music.requests import Request
from genai_demo.music.results import Update
from genai_demo.music.sampling import generation
from genai_demo.music.theory.piece import Key
from genai_demo.settings import settings
from genai_demo.ui import serving
from genai_demo.ui.music.melody import MOST_BYTES
from tests.browser.axe import MILD, faults
from tests.browser.fields import set_number
from tests.browser.test_page import visible_words
from tests.helpers.app import running_app
from tests.helpers.music_models import write_music_models
from tests.helpers.scores import piece

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

ENGLISH_BY_NATURE = re.compile(
    r"GenAI Demo|English|GAN|MIDI|MusicXML|SVG|MP3|OGG|WAV|ZIP|API|Shift|Top-p|\.mid|\.musicxml"
)
TUNE = piece(
    [(start / 4, 0.25, 60 + 5 * start % 17) for start in range(96)],
    [(3 * bar, 3, 48) for bar in range(8)],
    [(3, 4)] * 8,
    Key(3, "major"),
)


@pytest.fixture(scope="module")
def checkpoints(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoints = tmp_path_factory.mktemp("checkpoints")
    for folder in (root / "checkpoints").glob("news-*"):
        (checkpoints / folder.name).symlink_to(folder)
    # An untrained composer now and then writes a piece without a note, of which nothing can be heard. Its samples are
    # left out, so that the library is empty at first.
    (checkpoints / "piano-composer").mkdir()
    for file in (root / "checkpoints" / "piano-composer").glob("*.*"):
        (checkpoints / "piano-composer" / file.name).symlink_to(file)
    return write_music_models(checkpoints)


@pytest.fixture(scope="module")
def music(checkpoints: Path) -> Iterator[str]:
    """The page with the composer that ships, and untrained models beside it."""
    with pytest.MonkeyPatch.context() as house:
        house.setenv("GENAI_DEMO_CHECKPOINTS", str(checkpoints))
        house.setenv("PORT", "0")
        settings.cache_clear()
        page = serving.serve(*serving.address())
        yield page.local_url
        page.close()
    settings.cache_clear()


@pytest.fixture
def enter(music: str, visit: Visit) -> Visit:
    """Open the piano tab as a visitor with their own browser."""

    def enter_tab(**options: object) -> Page:
        page = visit(music, **options)
        page.locator("#tab-music-button").click()
        expect(page.locator("#music-run")).to_be_visible()
        return page

    return enter_tab


def show(page: Page, name: str) -> None:
    page.locator(f"#tab-music-{name}-button").click()


def compose(page: Page, bars: int = 4, variants: int = 1) -> Locator:
    """Compose and return the first piece, silent."""
    set_number(page, "music-bars", bars)
    if variants > 1:
        page.locator("#music-settings > button").click()
        set_number(page, "music-variants", variants)
    page.locator("#music-run").click()
    expect(page.locator("article.finished")).to_have_count(variants)
    expect(page.locator("#music-run")).to_be_enabled()
    return page.locator("article.work").first


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let models take a while for each bar."""
    write = generation.run

    def write_slowly(request: Request, model: str | None = None) -> Iterator[Update]:
        for update in write(request, model):
            time.sleep(0.2)
            yield update

    monkeypatch.setattr(generation, "run", write_slowly)


def readable(element: Locator) -> float:
    """Return the contrast between the words of an element and what is behind them (WCAG 2.2, 1.4.3)."""
    shown: float = element.evaluate(
        r"""(element) => {
            const light = (colour) => {
                const [r, g, b] = colour.match(/[\d.]+/g).map((one) => one / 255)
                    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
                return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
            };
            const { color, backgroundColor } = getComputedStyle(element);
            const [one, other] = [light(color), light(backgroundColor)];
            return Math.max(one, other) / Math.min(one, other);
        }"""
    )
    return shown


def stands(element: Locator) -> float:
    """Return how far below the beginning of the page an element is, in pixels."""
    place: float = element.evaluate("(element) => element.getBoundingClientRect().top + scrollY")
    return place


def torn(page: Page) -> list[str]:
    """Return the names of controls that are broken so that a line holds a single character."""
    found: list[str] = page.evaluate(
        """() => {
            const kinds = ":is(button:not(.label-wrap), label span, legend, h2, h3, .small-heading)";
            const names = [...document.querySelectorAll(`#music-page ${kinds}`)];
            const lines = (element) => {
                const count = new Map();
                const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
                while (walker.nextNode()) {
                    for (let place = 0; place < walker.currentNode.length; place += 1) {
                        const range = document.createRange();
                        range.setStart(walker.currentNode, place);
                        range.setEnd(walker.currentNode, place + 1);
                        const { top, width } = range.getBoundingClientRect();
                        if (width) count.set(Math.round(top), (count.get(Math.round(top)) || 0) + 1);
                    }
                }
                return [...count.values()];
            };
            return names.filter((one) => one.offsetParent && lines(one).length > 1 && lines(one).includes(1))
                .map((one) => one.textContent);
        }"""
    )
    return found


def give(page: Page, folder: Path, content: bytes | None = None) -> Locator:
    """Give a MIDI file and return its card."""
    show(page, "given")
    (folder / "mine.mid").write_bytes(to_midi(TUNE) if content is None else content)
    page.locator("#music-intake input[type=file]").set_input_files(folder / "mine.mid")
    return page.locator("article.work")


def told(card: Locator) -> str:
    return card.get_attribute("data-key") or ""


def changes(card: Locator, before: str) -> None:
    expect(card).not_to_have_attribute("data-key", before)
    expect(card).to_have_class(re.compile("finished"))


def roll_at(card: Locator, share: float) -> dict[str, float]:
    box = card.locator("canvas").bounding_box()
    assert box
    return {"x": 40 + share * (box["width"] - 40), "y": box["height"] / 2}


def test_a_preset_composes_and_nothing_sounds_before_somebody_wants_it(enter: Visit) -> None:
    page = enter()
    page.locator("#music-preset-lullaby").click()
    expect(page.locator("#music-tempo input[type=number]")).to_have_value("60")
    expect(page.locator("#music-genre input")).to_have_value("Lullaby")
    card = page.locator("article.finished")
    expect(card.locator("h2")).to_have_text(re.compile("F major.*6/8 · ♩ = 60 · 8 bars"))
    expect(page.locator("#music-run")).to_be_enabled()
    page.wait_for_timeout(500)
    expect(page.locator("article.sounding")).to_have_count(0)
    assert page.evaluate("document.querySelector('audio').paused")
    before = told(card)
    card.get_by_role("button", name="Play when written").click()
    page.locator("#music-preset-lullaby").click()
    changes(card, before)
    expect(page.locator("article.sounding")).to_have_count(1)


def test_a_piece_is_written_seen_and_heard(enter: Visit) -> None:
    page = enter()
    page.get_by_role("radio", name="3/4").check(force=True)
    set_number(page, "music-tempo", 168)
    page.locator("#music-key input").click()
    page.get_by_role("option", name="E♭ major").click()
    compose(page, bars=8).get_by_role("button", name="Play", exact=True).click()
    card = page.locator("article.sounding")
    expect(card).to_be_visible()
    expect(card.locator("h2")).to_have_text(re.compile("E♭ major.*3/4 · ♩ = 168 · 8 bars"))
    expect(card.locator(".machine-made")).to_contain_text("made by a machine")
    seed = page.locator("#music-settings > button")
    seed.click()
    expect(card.locator(".kicker")).to_contain_text(page.locator("#music-seed input").input_value(), ignore_case=True)
    expect(card.locator(".clock")).to_have_text(re.compile("0:0[2-9]"))
    heard = page.evaluate(
        """async () => {
            const { src, currentTime, paused } = document.querySelector("audio");
            const bytes = await (await fetch(src)).arrayBuffer();
            const sound = await new OfflineAudioContext(2, 44100, 44100).decodeAudioData(bytes);
            const samples = sound.getChannelData(0);
            const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
            const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
            return { currentTime, paused, length: sound.duration, level, peak };
        }"""
    )
    assert not heard["paused"] and heard["currentTime"] > 1
    assert heard["length"] == pytest.approx(8 * 3 * 60 / 168 + 2.5, abs=1.0)
    assert heard["level"] > 0.01 and heard["peak"] < 1
    drawn = card.locator("canvas").evaluate(
        """(canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size;
        }"""
    )
    assert drawn > 10


def test_the_gan_is_offered_only_what_it_can_use(enter: Visit) -> None:
    page = enter()
    page.locator("#music-settings > button").click()
    expect(page.locator("#music-top-p")).to_be_visible()
    page.locator("#music-genre input").click()
    page.get_by_role("option", name="March").click()
    page.locator("#music-model").get_by_text("GAN", exact=True).click()
    expect(page.locator("#music-top-p")).to_be_hidden()
    expect(page.locator("#music-genre input")).to_have_value("Any")
    expect(page.locator("#music-temperature")).to_be_visible()
    page.locator("#music-model").get_by_text("Composer", exact=True).click()
    expect(page.locator("#music-top-p")).to_be_visible()


def test_starting_one_piece_stops_the_other(enter: Visit) -> None:
    page = enter()
    compose(page, variants=2)
    first, second = page.locator("article.work").all()
    second.locator("[data-do=play]").click()
    expect(second).to_have_class(re.compile("sounding"))
    first.locator("[data-do=play]").click()
    expect(first).to_have_class(re.compile("sounding"))
    expect(second).not_to_have_class(re.compile("sounding"))
    page.locator("#tab-news-button").click()
    expect(page.locator("article.sounding")).to_have_count(0)


@pytest.fixture
def shipped(root: Path, tmp_path: Path) -> Iterator[str]:
    """The page with the models that ship."""
    with running_app(root, tmp_path / "log", GENAI_DEMO_CHECKPOINTS=str(root / "checkpoints")) as address:
        yield address


def test_the_first_screen_shows_a_piece_that_ships_silent_and_ready_to_be_changed(shipped: str, visit: Visit) -> None:
    page = visit(shipped)
    page.locator("#tab-music-button").click()
    card = page.locator("article.finished")
    expect(card.locator(".kicker")).to_contain_text("Composer", ignore_case=True)
    expect(card.locator(".machine-made")).to_contain_text("made by a machine")
    expect(page.locator("article.sounding")).to_have_count(0)
    before = told(card)
    card.get_by_role("button", name="Higher").click()
    changes(card, before)
    card.get_by_role("button", name="Undo").click()
    expect(card).to_have_attribute("data-key", before)
    page.get_by_role("radio", name="中文").check(force=True)
    expect(card.locator(".machine-made")).to_contain_text("机器")
    card.locator("[data-do=play]").click()
    expect(card).to_have_class(re.compile("sounding"))


@pytest.mark.usefixtures("slowly")
def test_a_press_is_answered_at_once_and_a_stop_keeps_what_is_written(enter: Visit) -> None:
    page = enter()
    set_number(page, "music-bars", 64)
    held: list[Route] = []
    page.route("**/gradio_api/**", lambda route: held.append(route))
    page.locator("#music-run").click()
    # Nothing has reached the server yet.
    expect(page.locator(".asked")).to_have_count(1)
    for route in held:
        route.continue_()
    page.unroute("**/gradio_api/**")
    card = page.locator("article.work")
    expect(card).to_have_class(re.compile("growing"))
    expect(page.locator(".asked")).to_have_count(0)
    expect(card.locator(".left-over")).to_have_text(re.compile("about [1-9][0-9]* s left"))
    expect(card.locator("progress")).to_have_attribute("value", re.compile(r"0\.[0-9]+"))
    card.get_by_role("button", name="Stop").click()
    expect(card).to_have_class(re.compile("stopped"))
    expect(card.locator(".kicker")).to_contain_text("no receipt", ignore_case=True)
    expect(page.locator("#music-run")).to_be_enabled()
    expect(page.locator("#music-stop")).to_be_hidden()
    card.locator("[data-do=play]").click()
    expect(card).to_have_class(re.compile("sounding"))


@pytest.mark.parametrize("heard", [False, True], ids=["not sent yet", "not answered yet"])
def test_a_stop_that_comes_before_the_page_knows_the_runs_number_ends_it(enter: Visit, heard: bool) -> None:
    page = enter()
    set_number(page, "music-bars", 64)
    held: list[Route] = []
    page.route("**/gradio_api/queue/join*", lambda route: held.append(route))
    page.locator("#music-run").click()
    expect(page.locator("#music-stop")).to_be_visible()
    while not held:
        page.wait_for_timeout(20)
    answer = held[0].fetch() if heard else None
    page.locator("#music-stop").click()
    expect(page.locator("#music-run")).to_be_enabled()
    held[0].fulfill(response=answer) if answer else held[0].continue_()
    page.unroute("**/gradio_api/queue/join*")
    # The line is free: a short piece comes at once, and nothing else.
    set_number(page, "music-bars", 4)
    page.locator("#music-run").click()
    expect(page.locator("article.finished")).to_have_count(1)
    expect(page.locator("article.work")).to_have_count(1)


def test_the_roll_is_a_way_through_the_piece(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    card = give(page, tmp_path)
    expect(card.locator(".bar-now")).to_have_text("Bar 1 of 8")
    card.locator("canvas").click(position=roll_at(card, 0.7))
    expect(card.locator(".bar-now")).not_to_have_text("Bar 1 of 8")
    bar = card.locator(".roll").get_attribute("aria-valuenow")
    expect(card.locator("[data-range=first]")).to_have_value(str(bar))
    roll = card.get_by_role("slider", name=re.compile("Piano roll"))
    roll.focus()
    for key, wanted in (("Home", 1), ("ArrowRight", 2), ("PageDown", 6), ("ArrowLeft", 5), ("End", 8)):
        page.keyboard.press(key)
        expect(roll).to_have_attribute("aria-valuetext", f"Bar {wanted} of 8")
    page.keyboard.press("Shift+ArrowLeft")
    expect(card.locator("[data-range=first]")).to_have_value("7")
    expect(card.locator("[data-range=last]")).to_have_value("8")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(card).to_have_class(re.compile("sounding"))
    expect(roll).to_have_attribute("aria-valuetext", "Bar 2 of 8")
    page.keyboard.press("Space")
    expect(card).not_to_have_class(re.compile("sounding"))


def ranges(card: Locator) -> tuple[str, str]:
    first, last = (card.locator(f"[data-range={name}]").input_value() for name in ("first", "last"))
    return first, last


def test_the_bar_fields_follow_the_music_until_they_are_touched(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    card = give(page, tmp_path)
    card.locator("[data-do=play]").click()
    expect(card.locator("[data-range=first]")).to_have_value("3")
    expect(card.locator("[data-range=last]")).to_have_value("3")
    card.locator("[data-range=last]").focus()
    fixed = ranges(card)
    now = int(card.locator(".roll").get_attribute("aria-valuenow") or 0)
    expect(card.locator(".roll")).not_to_have_attribute("aria-valuenow", str(now))
    assert ranges(card) == fixed
    before = told(card)
    card.get_by_role("button", name="Write anew").click()
    changes(card, before)
    expect(page.locator("#music-run")).to_be_enabled()
    with page.expect_download() as download:
        card.locator("[data-file=mid]").click()
    download.value.save_as(tmp_path / "followed.mid")
    settings_ = read_receipt(tmp_path / "followed.mid").settings
    assert (str(settings_["first"]), str(settings_["last"])) == fixed


def test_a_range_the_wrong_way_round_is_refused_where_it_stands(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    card = give(page, tmp_path)
    before = told(card)
    below = card.get_by_role("button", name="Harmonise")
    place = stands(below)
    card.locator("[data-range=first]").fill("5")
    card.locator("[data-range=last]").fill("3")
    card.get_by_role("button", name="Write anew").click()
    said = card.locator(".said")
    expect(said).to_have_text(re.compile("Bars 5 to 3 are no range"))
    expect(card.locator("[data-range=first]")).to_be_focused()
    expect(card.locator("[data-range=first]")).to_have_attribute("aria-invalid", "true")
    assert stands(below) == place
    assert ranges(card) == ("5", "3") and told(card) == before
    card.locator("[data-range=last]").fill("9")
    card.get_by_role("button", name="Higher").click()
    expect(said).to_have_text(re.compile("Bars 5 to 9 are no range.*1 to 8"))
    card.locator("[data-range=last]").fill("6")
    expect(said).to_be_hidden()
    card.get_by_role("button", name="Higher").click()
    changes(card, before)


@pytest.mark.usefixtures("slowly")
def test_going_on_appends_and_the_roll_shows_the_bars_that_come_with_the_score_open(
    enter: Visit, tmp_path: Path
) -> None:
    page = enter()
    card = give(page, tmp_path)
    card.get_by_role("button", name="Show the score").click()
    expect(card.locator(".sheet > svg")).to_be_visible()
    card.locator("[data-range=first]").fill("2")
    card.locator("[data-range=last]").fill("3")
    from_ = card.locator("[data-choice=from]")
    assert from_.locator("option").all_text_contents() == ["at the end", "after bar 3: bars 4 to 8 go"]
    expect(from_).to_have_value("end")
    card.get_by_role("button", name="Continue").click()
    expect(card.locator(".roll")).to_have_attribute("aria-valuenow", re.compile("^(9|1[0-6])$"))
    expect(card.locator(".bar-now")).to_have_text("Bar 8 of 16")
    expect(card.locator(".sheet > svg")).to_be_visible()
    card.locator("[data-range=last]").fill("3")
    card.locator("[data-choice=from]").select_option("chosen")
    card.get_by_role("button", name="Continue").click()
    expect(card.locator(".bar-now")).to_have_text("Bar 3 of 11")


def test_what_the_player_is_set_to_is_remembered(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    card = give(page, tmp_path)
    card.get_by_role("slider", name="Volume").fill("40")
    card.get_by_role("slider", name="Speed").fill("0.5")
    card.get_by_role("button", name="Loop").click()
    card.locator("[data-do=play]").click()
    expect(card).to_have_class(re.compile("sounding"))
    heard = "(({ volume, playbackRate, loop, preservesPitch }) => [volume, playbackRate, loop, preservesPitch])"
    assert page.evaluate(f"{heard}(document.querySelector('audio'))") == [0.4, 0.5, True, True]
    page.reload()
    page.locator("#tab-music-button").click()
    card = give(page, tmp_path)
    expect(card.get_by_role("slider", name="Volume")).to_have_value("40")
    expect(card.get_by_role("slider", name="Speed")).to_have_attribute("aria-valuetext", "0.5 ×")
    expect(card.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("article.sounding")).to_have_count(0)


def test_a_refusal_stands_at_its_button_and_moves_nothing(enter: Visit) -> None:
    page = enter()
    page.locator("#music-genre input").click()
    page.get_by_role("option", name="Waltz").click()
    below = page.locator("#music-settings > button")
    place = stands(below)
    page.locator("#music-run").click()
    notice = page.locator("#music-notice [role=alert]")
    expect(notice).to_contain_text("No piece of this genre is in 4/4: choose one of 3/4")
    assert stands(below) == place
    assert page.locator(".asked").count() == 0


def test_a_rectangle_of_the_roll_is_written_anew(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    card = give(page, tmp_path)
    box = card.locator("canvas").bounding_box()
    assert box
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    drawn = card.locator("[data-choice=range]")
    expect(drawn).to_have_value("drawn")
    expect(drawn.locator("option:checked")).to_have_text(re.compile("^[A-G]♭?[0-8] – [A-G]♭?[0-8]$"))
    expect(card.locator("[data-range=first]")).to_have_value("1")
    before = told(card)
    card.get_by_role("button", name="Write anew").click()
    changes(card, before)
    with page.expect_download() as download:
        card.locator("[data-file=mid]").click()
    download.value.save_as(tmp_path / "drawn.mid")
    settings_ = read_receipt(tmp_path / "drawn.mid").settings
    assert 60 <= settings_["lowest"] < settings_["highest"] <= 84
    card.locator("canvas").click(position=roll_at(card, 0.1))
    expect(drawn).to_have_value("all")


def test_the_score_turns_its_pages_and_marks_the_bar(enter: Visit, tmp_path: Path) -> None:
    page = enter(viewport={"width": 1000, "height": 1800})
    card = give(page, tmp_path)
    card.get_by_role("button", name="Show the score").click()
    bars = card.locator(".sheet g.measure")
    expect(bars).to_have_count(8)
    expect(card.locator(".sheet g.measure.playing")).to_have_count(1)
    expect(card.locator(".page-now")).to_have_text(re.compile("Page 1 of [2-9]"))
    card.get_by_role("button", name="Next page").click()
    expect(card.locator(".page-now")).to_have_text(re.compile("Page 2 of"))
    while card.get_by_role("button", name="Next page").is_enabled():
        card.get_by_role("button", name="Next page").click()
    box = bars.nth(7).bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(card.locator(".bar-now")).to_have_text("Bar 8 of 8")
    expect(bars.nth(7)).to_have_class(re.compile("playing.*selected|selected.*playing"))
    card.locator(".roll").focus()
    page.keyboard.press("Home")
    expect(card.locator(".page-now")).to_have_text(re.compile("Page 1 of [2-9]"))
    card.get_by_role("button", name="Higher").click()
    expect(card.locator(".sheet g.measure")).to_have_count(8)
    card.get_by_role("button", name="Hide the score").click()
    expect(card.locator(".sheet > svg")).to_have_count(0)


def test_files_can_be_taken_along_and_bring_their_settings_back(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    page.locator("#music-preset-mazurka").click()
    expect(page.locator("article.finished")).to_be_visible()
    expect(page.locator("#music-run")).to_be_enabled()
    card = compose(page, bars=8)
    for kind, ending in (("mid", "mid"), ("musicxml", "musicxml"), ("ogg", "ogg"), ("svg", "svg|zip")):
        with page.expect_download() as download:
            card.locator(f"[data-file={kind}]").click()
        assert re.search(rf"\.({ending})$", download.value.suggested_filename)
        download.value.save_as(tmp_path / f"piece.{kind}")
    with page.expect_download() as download:
        page.locator("#music-zip").click()
    download.value.save_as(tmp_path / "all.zip")
    assert zipfile.ZipFile(tmp_path / "all.zip").testzip() is None
    receipt = read_receipt(tmp_path / "piece.mid")
    assert receipt == read_receipt(tmp_path / "piece.musicxml")

    other = enter()
    show(other, "open")
    verdict = other.locator("#music-verdict")
    for kind, signed in (("musicxml", False), ("svg", True), ("ogg", False)):
        other.locator("#music-open-drop input[type=file]").set_input_files(tmp_path / f"piece.{kind}")
        expect(verdict).to_contain_text("same model")
        credentials = verdict.get_by_text("unchanged since this installation signed it")
        expect(credentials).to_have_count(int(signed))
    other.locator("#music-open-drop input[type=file]").set_input_files(tmp_path / "piece.mid")
    expect(verdict).to_contain_text("exactly those")
    expect(other.locator("article.work")).to_have_attribute("data-key", told(card))
    show(other, "compose")
    expect(other.locator("#music-bars input[type=number]")).to_have_value("8")
    expect(other.locator("#music-tempo input[type=number]")).to_have_value("138")
    expect(other.locator("#music-key input")).to_have_value("A minor")
    expect(other.get_by_role("radio", name="3/4")).to_be_checked()
    other.locator("#music-settings > button").click()
    expect(other.locator("#music-seed input")).to_have_value(str(receipt.settings["seed"]))
    expect(other.locator("#music-fresh input")).not_to_be_checked()
    show(other, "open")
    what_the_page_says_of_others(other, tmp_path)


def what_the_page_says_of_others(page: Page, folder: Path) -> None:
    """Open a piece without a receipt, of which everything is told where it can be read."""
    (folder / "wrong.mid").write_bytes(to_midi(TUNE))
    page.locator("#music-open-drop input[type=file]").set_input_files(folder / "wrong.mid")
    notice, told = page.locator("#music-open-notice [role=alert]"), page.locator("#music-open-notice li").first
    expect(notice).to_contain_text("no receipt")
    expect(told).to_contain_text("quarter notes per minute")
    above, below = notice.bounding_box(), told.bounding_box()
    assert above and below and above["y"] + above["height"] <= below["y"], "one covers the other"


def test_what_is_told_of_a_piece_without_a_receipt_is_not_covered(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    show(page, "open")
    what_the_page_says_of_others(page, tmp_path)


def test_a_score_is_printed_page_by_page(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    page.context.add_init_script("window.print = () => { document.body.dataset.printed = 'yes'; }")
    card = give(page, tmp_path)
    card.get_by_role("button", name="Print or PDF").click()
    printed = page.frame_locator("#printed-score")
    expect(printed.locator("body[data-printed] > svg").first).to_be_attached()
    expect(printed.locator("body")).to_contain_text("Piano piece in E♭ major")


def test_a_damaged_model_says_so_while_the_others_work(enter: Visit, checkpoints: Path) -> None:
    weights = checkpoints / "piano-gan" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])
    page = enter()
    page.get_by_role("radio", name="GAN").check(force=True)
    expect(page.locator("#music-problem [role=alert]")).to_contain_text("piano-gan")
    expect(page.locator("#music-run")).to_be_disabled()
    page.get_by_role("radio", name="Composer").check(force=True)
    expect(page.locator("#music-problem [role=alert]")).to_have_count(0)
    expect(page.locator("#music-run")).to_be_enabled()
    weights.write_bytes(whole)


def drums() -> bytes:
    file = mido.MidiFile()
    track = mido.MidiTrack([mido.Message("note_on", channel=9, note=40), mido.Message("note_off", channel=9, time=99)])
    file.tracks.append(track)
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def test_files_that_are_no_music_are_refused_in_words(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    notice = page.locator("#music-given-notice [role=alert]")
    empty = to_midi(piece([], []))
    for content, words in (
        (b"no music", "neither a MIDI file nor MusicXML"),
        (to_midi(TUNE)[:100], "damaged"),
        (empty, "no note"),
        (drums(), "nothing but drums"),
    ):
        give(page, tmp_path, content)
        expect(notice).to_contain_text(words)
    give(page, tmp_path, bytes(MOST_BYTES + 1))
    expect(page.locator("#music-intake .file-said")).to_contain_text(f"larger than {MOST_BYTES // 2**20} MB")
    expect(page.locator("article.work")).to_have_count(0)
    expect(give(page, tmp_path)).to_be_visible()
    expect(notice).to_have_count(0)


def test_bars_are_written_anew_kept_and_taken_back(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    card = give(page, tmp_path)
    first = told(card)
    expect(card.locator(".kicker")).to_have_text(re.compile("your music", re.IGNORECASE))
    card.locator("[data-range=first]").fill("3")
    card.locator("[data-range=last]").fill("4")
    card.locator("[data-choice=hand]").select_option("left")
    keys = [first]
    for action in ("Lower", "Write anew", "Keep, rewrite the others", "Continue", "Harmonise"):
        card.get_by_role("button", name=action).click()
        changes(card, keys[-1])
        expect(page.locator("#music-run")).to_be_enabled()
        keys.append(told(card))
    expect(card.locator(".machine-made")).to_contain_text("made by a machine")
    for key in reversed(keys[:-1]):
        card.get_by_role("button", name="Undo").click()
        expect(card).to_have_attribute("data-key", key)
    expect(card.get_by_role("button", name="Undo")).to_be_disabled()
    card.locator("[data-range=last]").fill("8")
    card.locator("[data-range=first]").fill("1")
    card.get_by_role("button", name="Keep, rewrite the others").click()
    expect(page.locator("#music-desk-notice [role=alert]")).to_contain_text("All bars are kept")


def test_a_melody_is_played_on_the_page_and_harmonised(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    show(page, "given")
    use = page.get_by_role("button", name="Use this melody")
    expect(use).to_be_disabled()
    page.get_by_role("button", name="C4", exact=True).focus()
    for key in "adg":
        page.keyboard.down(key)
        page.wait_for_timeout(180)
        page.keyboard.up(key)
    page.keyboard.press("x")
    page.get_by_role("button", name="C5", exact=True).click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".take p")).to_have_text("C4 E4 G4 C5 C♯5")
    page.get_by_role("button", name="Listen").click()
    use.hover()
    assert readable(use) > 4.5
    use.click()
    card = page.locator("article.work")
    expect(card.locator(".kicker")).to_have_text(re.compile("your music", re.IGNORECASE))
    before = told(card)
    card.get_by_role("button", name="Harmonise").click()
    changes(card, before)
    with page.expect_download() as download:
        card.locator("[data-file=mid]").click()
    download.value.save_as(tmp_path / "melody.mid")
    notes = read_midi(tmp_path / "melody.mid").piece.notes
    assert {60, 64, 67, 72, 73} <= {note.pitch for note in notes}


def test_of_a_long_piece_the_beginning_is_taken(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    long = piece([(start, 1, 60 + start % 12) for start in range(1200)], [], [(4, 4)] * 300)
    card = give(page, tmp_path, to_midi(long))
    expect(card.locator(".bar-now")).to_have_text("Bar 1 of 256")
    expect(card.locator(".remarks")).to_contain_text("its first 256 bars")
    expect(card.get_by_role("button", name="Continue")).to_have_count(0)
    expect(card.locator(".bar-tools")).to_contain_text("the 256 bars that a piece can have")
    before = told(card)
    card.get_by_role("button", name="Write anew").click()
    changes(card, before)
    expect(card.locator(".bar-now")).to_have_text(re.compile("Bar [12] of 256"))


def test_the_switch_changes_everything_and_keeps_the_work(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    card = compose(page)
    key = told(card)
    card.get_by_role("button", name="Show the score").click()
    expect(card.locator(".sheet > svg")).to_be_visible()
    page.locator("#music-settings > button").click()
    page.get_by_role("radio", name="中文").check(force=True)
    expect(page.locator("#music-run")).to_have_text("作曲")
    expect(card.locator(".machine-made")).to_contain_text("机器")
    expect(card.locator(".bar-now")).to_contain_text("小节")
    # On a busy machine the parts of the page change one after the other.
    expect(page.locator("body")).not_to_contain_text("made from scratch")
    assert told(card) == key
    expect(card.locator(".sheet > svg")).to_be_visible()
    for name in ("compose", "given", "open"):
        show(page, name)
        words = re.sub("[A-GWSEDFTYUHJKOPL;'QZX]", "", ENGLISH_BY_NATURE.sub("", visible_words(page)))
        assert re.findall("[A-Za-z]{2,}", words) == [], (name, words)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_needs_no_sideways_scrolling_and_goes_to_the_piece(enter: Visit, locale: str, tmp_path: Path) -> None:
    page = enter(phone=True, locale=locale, has_touch=True, reduced_motion="reduce")
    card = compose(page)
    expect(card.locator(".roll")).to_be_in_viewport()
    card.locator("[data-do=score]").tap()
    expect(card.locator(".sheet > svg")).to_be_visible()
    card.locator("canvas").tap(position=roll_at(card, 0.9))
    expect(card.locator(".bar-now")).not_to_have_text(re.compile("Bar 1|第 1 小节"))
    for name in ("compose", "given", "open"):
        show(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        buttons = page.locator(f":is(#tab-music-{name}, #music-desk) button:visible")
        outside = buttons.evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().right > 390).map(one => one.textContent)"
        )
        assert outside == [], name
        small = "all => all.filter(one => one.getBoundingClientRect().height < 24).map(one => one.textContent)"
        assert buttons.evaluate_all(small) == [], name
        assert [words for words in torn(page) if locale == "zh-CN"] == [], name
    show(page, "given")
    page.locator("[data-key='0']").tap()
    expect(page.locator(".take p")).to_have_text("C4")


@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "light"), ("zh-CN", "dark")])
def test_axe_finds_nothing_serious(enter: Visit, scheme: str, locale: str, tmp_path: Path) -> None:
    page = enter(color_scheme=scheme, locale=locale, reduced_motion="reduce")

    def check() -> None:
        assert faults(page, but=MILD, always=("heading-order",)) == []

    check()
    page.locator("#music-settings > button").click()
    card = compose(page)
    card.locator("[data-do=score]").click()
    expect(card.locator(".sheet > svg")).to_be_visible()
    check()
    for name in ("given", "open"):
        show(page, name)
        check()

"""Scores are opened without harm: packed or not, in any encoding, and no file makes the program grow without end."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.music.musicxml import parsing
from genai_demo.music.notation.score import musicxml
from genai_demo.music.reading import read_piece
from tests.helpers.music import scale

SCORE = musicxml(scale(2))
CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="picture.png" media-type="image/png"/>
<rootfile full-path="{name}"{kind}/></rootfiles></container>"""


def packed(*members: tuple[str, bytes | str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def refused(content: bytes, key: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_piece(content)
    assert refusal.value.key == key
    for language in LANGUAGES:
        assert "\n" not in refusal.value.in_language(language)


@pytest.mark.parametrize(
    "content",
    [
        SCORE,
        b"\xef\xbb\xbf" + SCORE,
        b"\n\t " + SCORE.partition(b"?>")[2],
        SCORE.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        SCORE.decode().replace("UTF-8", "ISO-8859-1").encode("latin-1", "xmlcharrefreplace"),
        SCORE.replace(b"UTF-8", b"UTF-16"),
        SCORE.replace(b"Piano", "Flöte".encode("latin-1")),
        SCORE.decode().replace("UTF-8", "GB2312").replace("Piano", "钢琴").encode("gb2312", "xmlcharrefreplace"),
        b"\r\n" + SCORE,
        SCORE.replace(b"?>", b'?><!DOCTYPE score-partwise PUBLIC "-//x" "http://127.0.0.1:9/x.dtd">', 1),
        packed(("META-INF/container.xml", CONTAINER.format(name="a/b.xml", kind="")), ("a/b.xml", SCORE)),
        packed(
            (
                "META-INF/container.xml",
                CONTAINER.format(name="b", kind=' media-type="application/vnd.recordare.musicxml"'),
            ),
            ("b", SCORE),
        ),
        packed(("score.musicxml", SCORE)),
        # Names in UTF-8 that the archive does not say to be so.
        packed(("META-INF/container.xml", CONTAINER.format(name="îñü.xml", kind="")), ("abcdef.xml", SCORE)).replace(
            b"abcdef.xml", "îñü.xml".encode()
        ),
        packed(("META-INF/container.xml", CONTAINER.format(name="./a%20b.xml", kind="")), ("a b.xml", SCORE)),
    ],
    ids=[
        "plain",
        "mark",
        "no head",
        "utf-16",
        "latin-1",
        "misstated utf-16",
        "misstated utf-8",
        "gb2312",
        "empty line",
        "doctype",
        "packed",
        "media type",
        "no container",
        "name not as stated",
        "name as an address",
    ],
)
def test_scores_as_they_come(content: bytes, tmp_path: Path) -> None:
    assert read_piece(content).piece.notes == scale(2).notes
    (tmp_path / "anything").write_bytes(content)
    assert read_piece(tmp_path / "anything") == read_piece(content)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
FILE = "<!ENTITY f SYSTEM 'file:///etc/hostname'>"
HEAD = "<?xml version='1.0'?>"


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (f"{HEAD}<!DOCTYPE a [{LAUGHS}]><score-partwise>&l11;</score-partwise>".encode(), "music.broken_score"),
        (f"{HEAD}<!DOCTYPE a [{FILE}]><score-partwise>&f;</score-partwise>".encode(), "music.broken_score"),
        (f"{HEAD}<score-partwise>".encode(), "music.broken_score"),
        (f"{HEAD}<score-partwise>&nbsp;</score-partwise>".encode(), "music.broken_score"),
        (b"<?xml version='1.0' encoding='none'?><a/>", "music.no_score"),
        (b"<?xml version='1.0' encoding='none'?><a>", "music.broken_score"),
        (SCORE[:-400], "music.broken_score"),
        (b"<html><body/></html>", "music.web_page"),
        (b"<score-partwise/>", "music.no_notes"),
        (b"<score-partwise><part id='P1'><measure/></part></score-partwise>", "music.no_notes"),
        (f"{HEAD}<score-partwise>{'<a>' * 100}{'</a>' * 100}</score-partwise>".encode(), "music.score_too_rich"),
        (b"PK\3\4 and nothing", "music.broken_score"),
        (packed(("a.txt", "no")), "music.nested_zip"),
        (packed(("META-INF/container.xml", CONTAINER.format(name="gone.xml", kind=""))), "music.nested_zip"),
        (packed(("META-INF/container.xml", "<container>"), ("a.xml", SCORE)), "music.broken_score"),
        (packed(("META-INF/container.xml", " " * 70_000), ("a.xml", SCORE)), "music.too_many_bytes"),
        (packed(("a.xml", SCORE))[:-30], "music.broken_score"),
        (packed(("a.xml", SCORE)).replace(b"\x08\0", b"\x63\0"), "music.broken_score"),
        (packed(("a.xml", b" " * (parsing.MOST_BYTES + 1))), "music.too_many_bytes"),
        (packed(*((f"{n}.txt", "") for n in range(1001))), "music.nested_zip"),
        (b"<" + b" " * parsing.MOST_BYTES, "music.too_many_bytes"),
        (b"neither", "music.not_midi"),
        (b"", "music.empty_file"),
    ],
    ids=lambda value: value[:0] if isinstance(value, bytes) else value,
)
def test_what_is_no_score_gets_a_sentence(content: bytes, key: str) -> None:
    refused(content, key)


def test_a_score_of_too_many_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_MOST_ELEMENTS", 100)
    refused(SCORE, "music.score_too_rich")


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        read_piece(tmp_path / "gone.musicxml")
    assert refusal.value.key == "engine.no_file"

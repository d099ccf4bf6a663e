"""Receipts come back as they were written, and nothing else passes for one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.generation.receipts import (
    RECEIPT_KEY,
    RECEIPT_MARK,
    Receipt,
    parse_receipt,
    read_receipt,
    receipt_in,
)
from genai_demo.errors import UserError

RECEIPT = Receipt("text", "generate", "news-gru", "0123456789ab", {"seed": 7, "opening": "Öl"}, 2)
SETTINGS = st.dictionaries(st.text(max_size=8), st.one_of(st.text(), st.integers(), st.booleans()), max_size=4)


@given(SETTINGS, st.integers(0, 5))
def test_round_trip(settings: dict[str, Any], index: int) -> None:
    receipt = Receipt("text", "fill", "news-masked", "ab", settings, index)
    line = receipt.to_json()
    assert "\n" not in line
    assert parse_receipt(line) == receipt
    assert parse_receipt(f"A text.\nMore.\n\n{RECEIPT_MARK}{line}\n") == receipt
    assert parse_receipt(json.dumps(asdict(receipt), indent=2)) == receipt


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\r"])
def test_a_setting_may_hold_any_line_separator(separator: str) -> None:
    receipt = Receipt("text", "generate", "m", "ab", {"opening": f"one{separator}two"})
    assert parse_receipt(f"text\n{RECEIPT_MARK}{receipt.to_json()}\n") == receipt


def test_the_last_receipt_of_a_text_counts() -> None:
    other = Receipt("text", "generate", "m", "ab", {})
    text = f"{RECEIPT_MARK}{other.to_json()}\nThe text quotes a receipt.\n{RECEIPT_MARK}{RECEIPT.to_json()}\n"
    assert parse_receipt(text) == RECEIPT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_files(encoding: str, newline: str, tmp_path: Path) -> None:
    whole, inside = tmp_path / "a.json", tmp_path / "a.txt"
    whole.write_text(RECEIPT.to_json(), encoding=encoding)
    inside.write_text(f"Öl.\n\n{RECEIPT_MARK}{RECEIPT.to_json()}\n", encoding=encoding, newline=newline)
    assert read_receipt(whole) == read_receipt(inside) == RECEIPT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no receipt here",
        "[]",
        "3",
        "null",
        '"text"',
        "{",
        f"{RECEIPT_MARK}",
        f"{RECEIPT_MARK}{{",
        "[" * 100_000,
        "9" * 10_000,
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_receipt(text: str) -> None:
    with pytest.raises(UserError) as refusal:
        parse_receipt(text)
    assert refusal.value.key == "engine.no_receipt"


@pytest.mark.parametrize("field", list(asdict(RECEIPT)))
@pytest.mark.parametrize("value", [None, [], 1.5, True])
def test_a_receipt_lacks_what_is_missing_or_of_another_kind(field: str, value: object) -> None:
    fields = asdict(RECEIPT)
    for changed in ({**fields, field: value}, {name: kept for name, kept in fields.items() if name != field}):
        with pytest.raises(UserError) as refusal:
            parse_receipt(json.dumps(changed))
        assert refusal.value.key == "engine.receipt_lacks"
        assert all(field in refusal.value.in_language(language) for language in LANGUAGES)


def test_files_that_cannot_hold_one(tmp_path: Path) -> None:
    large, other = tmp_path / "large.txt", tmp_path / "other.txt"
    large.write_bytes(b" " * 4_000_001)
    other.write_bytes("Öl".encode("latin-1"))
    for file, key in (
        (tmp_path / "none.txt", "engine.no_file"),
        (tmp_path, "engine.no_file"),
        (large, "engine.receipt_too_large"),
        (other, "engine.not_utf8"),
    ):
        with pytest.raises(UserError) as refusal:
            read_receipt(file)
        assert refusal.value.key == key
        assert file.name in str(refusal.value)


def sheet_music(field: str, before: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    inside = (
        f'<miscellaneous-field name="other">no</miscellaneous-field><miscellaneous-field name="{RECEIPT_KEY}">{field}'
    )
    return f"{before}<score-partwise><m>{inside}</miscellaneous-field></m></score-partwise>".encode()


def test_sheet_music(tmp_path: Path) -> None:
    line = RECEIPT.to_json().replace("&", "&amp;").replace("<", "&lt;")
    file = tmp_path / "a.musicxml"
    doctype = (
        '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://127.0.0.1:9/x.dtd">'
    )
    for content in (
        sheet_music(line),
        b"\xef\xbb\xbf" + sheet_music(line),
        sheet_music(line, f'<?xml version="1.0"?>{doctype}'),
        sheet_music(line).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    ):
        file.write_bytes(content)
        assert read_receipt(file) == RECEIPT


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (sheet_music("no receipt"), "engine.no_receipt"),
        (b"<?xml version='1.0'?><score-partwise/>", "engine.no_receipt"),
        (b"<?xml version='1.0'?><score-partwise>", "engine.damaged_score"),
        (b"<?xml version='1.0' encoding='none'?><a/>", "engine.damaged_score"),
        (sheet_music("&l11;", f"<?xml version='1.0'?><!DOCTYPE a [{LAUGHS}]>"), "engine.damaged_score"),
        (
            sheet_music("&f;", "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY f SYSTEM 'file:///etc/hostname'>]>"),
            "engine.damaged_score",
        ),
        (sheet_music("a" * 4_000_000), "engine.receipt_too_large"),
    ],
    ids=["other text", "no field", "broken off", "no encoding", "laughs", "file", "large"],
)
def test_sheet_music_that_holds_none(content: bytes, key: str) -> None:
    with pytest.raises(UserError) as refusal:
        receipt_in(content, "a.musicxml")
    assert refusal.value.key == key
    if key != "engine.no_receipt":
        assert "a.musicxml" in str(refusal.value)

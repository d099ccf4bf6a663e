"""Receipts come back as they were written, and nothing else passes for one."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.generation.receipts import (
    RECEIPT_MARK,
    Receipt,
    parse_receipt,
    read_receipt,
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


def test_files_that_hold_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genai_demo.engine.generation.receipts.LARGEST_FILE", 4000)
    files = {
        "large.txt": (b" " * 4001, "engine.receipt_too_large"),
        "latin.txt": ("Öl".encode("latin-1"), "engine.no_receipt"),
        "binary.bin": (bytes(range(256)), "engine.no_receipt"),
        "sound.ogg": (b"OggS" + bytes(50), "engine.damaged_result"),
        "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(7), "engine.damaged_result"),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)
    for name, (_, key) in {**files, "none.txt": (b"", "engine.no_file"), "..": (b"", "engine.no_file")}.items():
        with pytest.raises(UserError) as refusal:
            read_receipt(tmp_path / name)
        assert refusal.value.key == key, name
        for language in LANGUAGES:
            assert "UTF-8" not in refusal.value.in_language(language)


def test_a_receipt_is_found_whatever_encoding_the_text_has(tmp_path: Path) -> None:
    receipt = replace(RECEIPT, settings={"seed": 7})
    for encoding in ("latin-1", "gbk", "utf-16", "utf-8-sig"):
        file = tmp_path / f"{encoding}.txt"
        file.write_bytes(f"Ä{RECEIPT_MARK}\n{RECEIPT_MARK}{receipt.to_json()}\n".encode(encoding, errors="replace"))
        assert read_receipt(file) == receipt

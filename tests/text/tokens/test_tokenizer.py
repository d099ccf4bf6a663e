"""Any text comes back unchanged, and none can spell a control token."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import UserError
from genai_demo.text.tokens.special_tokens import AG_NEWS, END, MASK, PAD, THUCNEWS
from genai_demo.text.tokens.tokenizer import Tokenizer
from tests.helpers import news

TOKENIZER = news.tokenizer()
SPELLINGS = ["<mask>", "[MASK]", "<pad>", "</s>", "<|endoftext|>", "<unk>", "[CLS]", "World", "\x00\x01\x02", "▢"]


@given(st.text())
def test_lossless(text: str) -> None:
    ids = TOKENIZER.encode(text)
    assert TOKENIZER.decode(ids) == text
    assert all(AG_NEWS.controls <= index < TOKENIZER.size for index in ids)
    assert b"".join(map(TOKENIZER.bytes_of, ids)) == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        *SPELLINGS,
        " two  spaces ",
        "\n\r\n\t",
        "漢字とかな",
        "🙂👩‍🚀",
        "e\u0301 \u200b\ufeff",
        "\x00\x7f\x85",
        "a" * 1000,
    ],
)
def test_awkward_texts(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text
    assert min(TOKENIZER.encode(text)) >= AG_NEWS.controls


def test_control_tokens_are_apart_and_stand_for_no_text() -> None:
    controls = [PAD, END, MASK, *AG_NEWS.tokens.values(), AG_NEWS.background]
    assert sorted(controls) == list(range(AG_NEWS.controls))
    assert tuple(AG_NEWS.tokens) == AG_NEWS.topics
    assert all(TOKENIZER.bytes_of(index) == b"" for index in controls)
    ids = TOKENIZER.encode("It was news.")
    assert TOKENIZER.decode([AG_NEWS.tokens["world"], *ids, END, PAD]) == "It was news."


@given(st.lists(st.integers(0, TOKENIZER.size - 1), max_size=30))
def test_any_ids_can_be_shown(ids: list[int]) -> None:
    assert TOKENIZER.decode(ids) == b"".join(map(TOKENIZER.bytes_of, ids)).decode(errors="replace")


def test_every_byte_is_there_and_merges_are_learnt() -> None:
    spellings = [TOKENIZER.bytes_of(index) for index in range(AG_NEWS.controls, TOKENIZER.size)]
    assert {bytes([byte]) for byte in range(256)} <= set(spellings)
    assert len(set(spellings)) == len(spellings)
    assert TOKENIZER.size == news.VOCABULARY
    text = news.articles()[0].text
    assert len(TOKENIZER.encode(text)) < 0.6 * len(text)


def test_many_at_once_as_one_by_one() -> None:
    texts = ["", *SPELLINGS, *(article.text for article in news.articles()[:20])]
    assert TOKENIZER.encode_all(texts) == [TOKENIZER.encode(text) for text in texts]


def test_written_and_read(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "tokenizer.json"
    TOKENIZER.write(file)
    read = Tokenizer.read(file)
    assert read.size == TOKENIZER.size
    text = "Öl: " + news.articles()[0].text
    assert read.encode(text) == TOKENIZER.encode(text)


def test_training_is_deterministic(tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file in files:
        news.tokenizer().write(file)
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"not json",
        b"\xff\xfe",
        b'{"version": "1.0", "model": {"type": "BPE"}}',
    ],
)
def test_damaged_file_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_bytes(content)
    with pytest.raises(UserError) as refusal:
        Tokenizer.read(file)
    assert refusal.value.key == "engine.damaged"
    assert str(file) in str(refusal.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        Tokenizer.read(tmp_path / "tokenizer.json")
    assert refusal.value.key == "engine.missing"


def test_no_token_holds_parts_of_two_characters() -> None:
    tokenizer = Tokenizer.train([article.text for article in news.chinese()] + ["é漢 € 漢é"] * 2, 460, THUCNEWS)
    assert THUCNEWS.controls == 3 + 12 + 1 and tokenizer.topics is THUCNEWS
    for index in range(THUCNEWS.controls, tokenizer.size):
        spelling = tokenizer.bytes_of(index)
        try:
            spelling.decode()
        except UnicodeDecodeError:  # a beginning of one character, or a byte of it
            assert len(spelling) < 4 and not any(byte >= 0xC0 for byte in spelling[1:])
    assert len(tokenizer.encode("获胜")) == 1 and len(tokenizer.encode("€")) == 1
    assert tokenizer.decode(tokenizer.encode("罕见，𠮷")) == "罕见，𠮷"

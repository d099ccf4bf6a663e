"""A text in letters that a model has never read gets a sentence; a name in its own script is no other language."""

from __future__ import annotations

from pathlib import Path

import pytest

from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.text.requests import FillRequest, GenerateRequest, Request, RewriteRequest
from genai_demo.text.sampling import generation
from genai_demo.text.sampling.letters import check_letters
from genai_demo.text.tokens.special_tokens import THUCNEWS
from genai_demo.text.tokens.tokenizer import FILE, Tokenizer

CHINESE = "今天股市大涨，主队获胜。科学家说，明天会下雨。" * 30


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Привет, мир", "Привет"),
        ("こんにちは", "こんにちは"),
        ("مرحبا بالعالم", "مرحبا"),
    ],
)
def test_foreign_letters_are_told(text: str, word: str) -> None:
    requests: tuple[Request, ...] = (GenerateRequest(opening=text), FillRequest(f"{text} ___"), RewriteRequest(text))
    for request in (*requests, GenerateRequest("masked", opening=text)):
        with pytest.raises(UserError) as refusal:
            next(generation.run(request))
        assert refusal.value.key == "text.foreign_letters"
        assert refusal.value.values["text"] == word


@pytest.mark.parametrize(
    ("text", "word"),
    [("你好，世界", "你好"), ("The 你好世界你好", "你好世界你好"), ("你" * 100, "你" * 20), ("你__", "你")],
)
def test_who_writes_chinese_is_led_to_the_models_that_know_it(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, word: str
) -> None:
    def refused(request: Request, key: str, **values: str) -> None:
        with pytest.raises(UserError) as refusal:
            next(generation.run(request))
        assert refusal.value.key == f"text.{key}"
        assert refusal.value.values == {"text": word, **values}

    fillers: tuple[Request, ...] = (FillRequest(f"{text} ___"), RewriteRequest(text))
    for request in fillers:
        refused(request, "foreign_chinese", model="headlines-masked")
    for model in ("gru", "masked"):
        refused(GenerateRequest(model, opening=text), "foreign_chinese", model="headlines")
    for folder in tiny.iterdir():
        if not folder.name.startswith("headlines"):
            (tmp_path / folder.name).symlink_to(folder)
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    settings.cache_clear()
    for request in (*fillers, GenerateRequest(opening=text)):
        refused(request, "foreign_letters")


@pytest.mark.parametrize("text", ["The president ___ on Monday", "Shares of __ fell"])
def test_who_writes_english_is_led_away_from_headlines(tiny: Path, text: str) -> None:
    for request in (FillRequest(text, model="headlines-masked"), RewriteRequest(text, model="headlines-masked")):
        with pytest.raises(UserError) as refusal:
            next(generation.run(request))
        assert refusal.value.key == "text.foreign_language"


@pytest.mark.parametrize(
    "text",
    ["", "Beyoncé in São Paulo", "Łódź, Đặng Thị", "東京 beats 大阪 in the final", "12 345, €5 🙂", "α and β rose"],
)
def test_other_texts_are_let_through(text: str) -> None:
    check_letters(GenerateRequest(opening=text))


def test_a_model_that_has_read_chinese_goes_on_with_it(tmp_path: Path) -> None:
    Tokenizer.train([CHINESE], 400).write(tmp_path / FILE)
    check_letters(GenerateRequest(opening="明天股市"), str(tmp_path))
    with pytest.raises(UserError):
        check_letters(GenerateRequest(opening="Привет"), str(tmp_path))


HEADLINES = "NBA季后赛主队获胜 詹姆斯砍下30分 iPhone今日上市 大盘大涨银行股领跌 CPI数据公布" * 30


@pytest.mark.parametrize(
    "text", ["主队", "NBA", "Lady Gaga", "NBA 主队", "iPhone今日", "詹姆斯 LeBron James", "", "2011"]
)
def test_headlines_begin_with_chinese_or_a_name(text: str, tmp_path: Path) -> None:
    Tokenizer.train([HEADLINES], 600, THUCNEWS).write(tmp_path / FILE)
    check_letters(GenerateRequest("headlines", opening=text), str(tmp_path))


@pytest.mark.parametrize(
    "text", ["Oil prices rose to a record", "The team", "SENATE PASSES NEW BILL", "主 scientists say"]
)
def test_english_sentences_are_told(text: str, tmp_path: Path) -> None:
    Tokenizer.train([HEADLINES], 600, THUCNEWS).write(tmp_path / FILE)
    with pytest.raises(UserError) as refusal:
        check_letters(GenerateRequest("headlines", opening=text), str(tmp_path))
    assert refusal.value.key == "text.foreign_language"
    assert refusal.value.values["text"].split()[0] in text.split()


def test_what_was_made_once_is_made_again(tiny: Path) -> None:
    (old,) = list(generation.service.run(GenerateRequest(opening="漢字", length=8)))[-1].receipts
    assert generation.reproduce(old).drafts[0].text.startswith("漢字")
    with pytest.raises(UserError):
        next(generation.run(generation.request_of(old)))

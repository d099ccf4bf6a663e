"""The visitor's language is found, and every sentence can be looked up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.catalogue import LANGUAGES, match_language, message, sentences


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh", "zh"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-CN", "zh-Hant"),
        ("zh-Hans-HK", "zh"),
        ("zh-SG", "zh"),
        ("zh-Hans-CN", "zh"),
        ("zh_TW", "zh-Hant"),
        ("ZH-cn", "zh"),
        ("en", "en"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.5,zh;q=0.7", "zh"),
        ("de-DE,de;q=0.9,zh;q=0.5,en;q=0.4", "zh"),
        ("fr,de", "en"),
        ("zh;q=0,en;q=0.1", "en"),
        ("zh;q=0", "en"),
        ("", "en"),
        ("*", "en"),
        (";;,q=,zh;q=x", "en"),
        ("zhx", "en"),
        ("en;q=0.7 , zh;q=0.7", "en"),
        ("zh-TW ;q=0.9", "zh-Hant"),
        ("zh;q=nan", "en"),
        ("en;q=0.3,zh;q=1e9", "zh"),
    ],
)
def test_language_of_a_browser(header: str, language: str) -> None:
    assert match_language(header) == language


@given(st.text(alphabet="zhen-_,;q=0.19* xX\t"))
def test_any_header_gives_a_language(header: str) -> None:
    assert match_language(header) in LANGUAGES


def test_message_fills_in_its_fields() -> None:
    assert message("engine.bad_minutes", value=3) == message("engine.bad_minutes", "en", value=3)
    assert "3" in message("engine.bad_minutes", "zh", value=3)
    with pytest.raises(KeyError):
        message("engine.bad_minutes", "en")
    with pytest.raises(KeyError):
        message("engine.nothing", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_name_their_package(language: str) -> None:
    assert sentences(language)
    assert {key.split(".")[0] for key in sentences(language)} >= {"engine", "text", "ui"}
    assert all(sentence.strip() == sentence and sentence for sentence in sentences(language).values())

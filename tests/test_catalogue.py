"""The visitor's language is found, and every sentence can be looked up."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.catalogue import LANGUAGES, match_language, message, sentences

LIMITS = {"most", "least", "low", "high"}
"""fields whose values are bounds of this program, none of which is 1"""
NEVER_ONE = {
    *("hosting.large_file", "music.given_too_long", "text.opening_too_long", "text.draft_too_long"),  # above a limit
    *("music.some_looked_at", "music.no_piano", "music.shortened", "text.validation_is_training"),  # said when several
    *("music.gan_few_bars", "training.preset_on_gpu", "ui.face_inside_bits_deeper"),
    *("ui.read_counted", "ui.read_nearest", "ui.read_nearest_none"),
    *("diagnosis.memorised_evidence", "engine.recipe_files"),  # no counts
}
"""sentences whose fields cannot be 1 where a plural follows"""


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


def test_a_count_of_one_is_singular() -> None:
    """No English sentence says “1 tracks”: what can be one has both words, as the sentences beside it do."""
    counted = [part for part in _parts() if part[2] and "|" in part[2]]
    assert all(spec.count("|") == 1 for _, _, spec in counted)
    plurals = {
        word for _, _, spec in counted for word in re.findall(r"[a-z]+", spec.split("|")[1]) if word.endswith("s")
    }
    plurals = {word for word in plurals - {"does", "is", "was"} if len(word) > 3}
    assert {"tracks", "notes", "bars", "files", "faces", "columns"} <= plurals
    several = re.compile(rf"\{{(\w+)\}} (?:[a-z]+ )?(?:{'|'.join(sorted(plurals))})\b")
    for key, sentence in sentences("en").items():
        for name in several.findall(sentence):
            assert name in LIMITS or key in NEVER_ONE, f"{key}: {{{name}}} can be 1, and needs both words"


@pytest.mark.parametrize(
    ("key", "values", "one", "two"),
    [
        ("music.cut_off", {}, "1 track breaks off: ", "2 tracks break off: "),
        ("music.left_out_doubled", {}, "1 note that strikes a key ", "2 notes that strike a key "),
        ("ui.music_bars_count", {"bars": 1}, "1 bar", "2 bars"),
        ("text.unknown_labels", {"labels": "x"}, "1 article has a label ", "2 articles have a label "),
    ],
)
def test_one_and_several(key: str, values: dict[str, object], one: str, two: str) -> None:
    for count, told in ((1, one), ("1", one), (2, two), ("1,001", two.replace("2", "1,001"))):
        filled = {name: count if isinstance(value, int) else value for name, value in values.items()} | {"count": count}
        assert message(key, "en", **filled).startswith(told)
        assert str(count) in message(key, "zh", **filled)


def _parts() -> list[tuple[str, str, str | None]]:
    return [
        (key, text, spec) for key, whole in sentences("en").items() for text, _, spec, _ in Formatter().parse(whole)
    ]

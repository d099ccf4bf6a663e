"""Errors that a person reads: one sentence in every language, and settings that are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.settings import settings

VARIABLES = (
    *(f"GENAI_DEMO_{name}" for name in ("CHECKPOINTS", "RUNS", "DEVICE", "QUEUE", "MODEL_BYTES", "SOUNDFONT")),
    *("HOST", "PORT"),
)


def test_says_the_same_in_every_language() -> None:
    error = UserError("engine.bad_minutes", value=0)
    assert str(error) == error.in_language("en")
    assert "0" in str(error) and "0" in error.in_language("zh")
    assert str(error) != error.in_language("zh")
    assert (error.key, error.values) == ("engine.bad_minutes", {"value": 0})


def test_any_name_may_be_a_field() -> None:
    error = UserError("engine.other_config", run="r", option="--seed", key="train.seed", before=1, now=2)
    assert all("train.seed" in error.in_language(language) for language in LANGUAGES)


def test_values_with_braces_are_no_fields() -> None:
    assert "{value}" in str(UserError("engine.bad_minutes", value="{value}"))


def test_a_path_below_the_working_directory_is_named_from_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    inside, outside = tmp_path / "checkpoints" / "news-gru", tmp_path.parent / "checkpoints"
    assert "checkpoints/news-gru" in str(UserError("engine.missing", file=inside))
    for language in LANGUAGES:
        assert str(tmp_path) not in UserError("engine.missing", file=inside).in_language(language)
        assert str(outside) in UserError("engine.missing", file=outside).in_language(language)
        assert str(tmp_path) in UserError("engine.missing", file=tmp_path).in_language(language)


def test_programming_mistakes_are_found() -> None:
    with pytest.raises(KeyError):
        UserError("engine.no_such_sentence")
    with pytest.raises(KeyError):
        UserError("engine.bad_minutes", number=3)
    with pytest.raises(KeyError):
        UserError("engine.bad_minutes", value=3).in_language("fr")


def test_settings_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    found = settings()
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "")
    settings.cache_clear()
    assert settings() == found, "a variable that is empty is as good as none"
    assert found.checkpoints.name == "checkpoints" and found.checkpoints.is_absolute()
    assert (found.runs, found.device, found.host, found.port) == (Path("runs"), "auto", "127.0.0.1", 7860)
    assert found.soundfont is None
    assert found.model_bytes == 4_000_000_000


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("PORT", " 0 ")
    monkeypatch.setenv("GENAI_DEMO_QUEUE", "1")
    monkeypatch.setenv("GENAI_DEMO_DEVICE", "cuda:1")
    monkeypatch.setenv("GENAI_DEMO_SOUNDFONT", " piano.sf2 ")
    found = settings()
    assert found.soundfont == Path("piano.sf2")
    assert (found.checkpoints, found.port, found.queue_limit, found.device) == (tmp_path, 0, 1, "cuda:1")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "http"),
        ("PORT", "80.0"),
        ("PORT", "1e3"),
        ("PORT", "²"),
        ("GENAI_DEMO_QUEUE", "0"),
        ("GENAI_DEMO_QUEUE", "many"),
        ("GENAI_DEMO_QUEUE", "10001"),
        ("GENAI_DEMO_MODEL_BYTES", "4 GB"),
    ],
)
def test_settings_that_are_not_allowed(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError) as refusal:
        settings()
    assert refusal.value.key == "engine.bad_variable"
    for language in LANGUAGES:
        assert variable in refusal.value.in_language(language)
        assert value in refusal.value.in_language(language)

"""What is wrong with a run is read off its figures; what is not told, and what is as it should be, is passed over."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from genai_demo.__main__ import main
from genai_demo.catalogue import LANGUAGES, sentences
from genai_demo.engine.diagnosis.diagnosis import Change
from genai_demo.engine.diagnosis.rules import RULES, diagnose

Lines = list[dict[str, Any]]


def lines(**series: list[float]) -> Lines:
    """Return lines of figures of which each has as many values; the last one ends the budget."""
    count = len(next(iter(series.values())))
    return [
        {
            "step": 100 * (place + 1),
            "examples": 640 * (place + 1),
            "fraction": (place + 1) / count,
            **{name: values[place] for name, values in series.items()},
        }
        for place in range(count)
    ]


def config(**training: Any) -> dict[str, Any]:
    about = {"learning_rate": 1e-3, **training}
    return {"model": {"latent": 8, "dropout": 0.1}, "data": {"training": about}, "items": {"used": 50}}


SICK: dict[str, tuple[Lines, dict[str, Any], Change]] = {
    "diverged": (
        lines(loss=[4.0, 3.0, 2.0, 3.5, 3.9]),
        config(),
        Change("training", "learning_rate", 1e-4),
    ),
    "mode_collapse": (
        lines(generator_loss=[1.0, 1.0, 1.0], validation_variety=[0.1, 0.9, 0.1]),
        config(gamma=0.0),
        Change("training", "gamma", 0.2),
    ),
    "blind_discriminator": (
        lines(discriminator_real=[0.5, 0.01], discriminator_fake=[0.5, 0.0]),
        config(skip_real=True),
        Change("training", "skip_real", False),
    ),
    "discriminator_winning": (
        lines(discriminator_pairs_right=[0.7, 1.0], generator_loss=[1.0, 9.0], discriminator_lead=[1.0, 8.0]),
        config(gamma=0.1),
        Change("training", "gamma", 0.4),
    ),
    "posterior_collapse": (
        lines(active=[0.5, 0.0], divergence=[3.0, 0.01]),
        config(free=0.1),
        Change("training", "free", 0.25),
    ),
    "noiseless_codes": (
        lines(spread=[1.0, 0.01], divergence=[3.0, 60.0]),
        config(kl_weight=0.01),
        Change("training", "kl_weight", 1.0),
    ),
    "cut_codes": (
        lines(inside=[1.0, 1.0], spread=[1.0, 0.7]),
        config(clamp_codes=True),
        Change("training", "clamp_codes", False),
    ),
    "nothing_general": (
        lines(loss=[6.0, 4.0, 2.0, 1.0], validation_bits_per_byte=[5.0, 5.1, 5.4, 6.0]),
        config(first_word_only=True),
        Change("training", "first_word_only", False),
    ),
    "overfitting": (
        lines(loss=[6.0, 4.0, 2.0, 1.0], validation_bits_per_byte=[5.0, 3.0, 3.1, 3.9]),
        config(),
        Change("model", "dropout", 0.2),
    ),
    "memorised": (
        lines(validation_nearest=[2.0, 1.1, 0.8, 0.6]),
        config(),
        Change("budget", "examples", 1920),
    ),
}


def test_every_rule_has_a_case_and_its_sentences() -> None:
    names = [rule.__name__ for rule in RULES]
    assert sorted(names) == sorted(SICK)
    told = {key.removeprefix("diagnosis.") for key in sentences("en") if key.startswith("diagnosis.")}
    parts = {f"{name}{part}" for name in names for part in ("", "_evidence", "_remedy")}
    assert told == parts | {"switch_off", "healthy", "line"}


@pytest.mark.parametrize("name", SICK)
def test_what_is_wrong_is_named_with_its_figures_and_a_remedy(name: str) -> None:
    figures, about, change = SICK[name]
    (found,) = diagnose(figures, about)
    assert (found.name, found.change, found.step) == (name, change, figures[-1]["step"])
    for language in LANGUAGES:
        told = [found.seen(language), found.evidence(language), found.remedy(language)]
        assert not any("{" in sentence for sentence in told)
        assert change.option in told[2]
        assert any(character.isdecimal() for character in told[1])
    assert json.loads(json.dumps(found.record, allow_nan=False))["change"]["name"] == change.name
    assert found.on_purpose == (change.value is False)


@pytest.mark.parametrize(
    "figures",
    [
        [],
        lines(loss=[4.0]),
        lines(loss=[4.0, 3.0, 3.2, 2.9, 3.0, 2.8]),
        lines(loss=[-3.1, -3.2, -3.4, -3.38]),  # a likelihood may be above 1
        lines(loss=[6.0, 2.0, 1.0, 0.9], validation_loss=[5.0, 3.0, 2.9, 2.92]),
        lines(loss=[6.0, 2.0, 3.0, 3.1], validation_loss=[5.0, 3.0, 3.2, 3.3]),  # it got worse at both
        lines(generator_loss=[1.0, 4.0, 1.0], discriminator_pairs_right=[1.0, 1.0, 0.8]),
        lines(generator_loss=[1.0, 1.0, 1.0], validation_variety=[0.1, 0.3, 0.9]),
        lines(discriminator_real=[0.1, 0.05], discriminator_fake=[-0.1, -0.05]),  # logits, not probabilities
        lines(active=[0.0, 0.4], divergence=[0.0, 2.0], spread=[1.0, 0.7], inside=[0.7, 0.68]),
        lines(validation_nearest=[2.0, 1.3, 0.9]),
    ],
    ids=range(11),
)
def test_what_is_as_it_should_be_is_passed_over(figures: Lines) -> None:
    assert diagnose(figures, config()) == diagnose(figures, {}) == []


def test_a_young_run_is_given_time() -> None:
    figures = lines(generator_loss=[1.0] * 10, validation_variety=[0.1] * 10, active=[0.0] * 10, divergence=[0.0] * 10)
    assert not diagnose(figures[:4], config())
    assert [found.name for found in diagnose(figures, config())] == ["mode_collapse", "posterior_collapse"]


def test_a_generator_that_still_learns_is_not_beaten() -> None:
    figures, about, _ = SICK["discriminator_winning"]
    told = [{**line, "validation_random_frechet": value} for line, value in zip(figures, (200.0, 60.0), strict=True)]
    assert not diagnose(told, about)
    assert not diagnose([{**line, "step": line["step"] // 10} for line in figures], about)


def test_a_loss_that_is_no_number() -> None:
    (found,) = diagnose(lines(discriminator_loss=[1.0, 2.0, math.nan], generator_loss=[1.0, 1.0, 1.0]), config())
    assert found.name == "diverged" and found.figures["since"] == 300
    assert "nan" in found.evidence("en")
    assert json.dumps(found.record, allow_nan=False)


def test_changes_are_spelled_as_they_are_typed() -> None:
    assert Change("training", "learning_rate", 3e-5).option == "--learning-rate 3e-05"
    assert Change("training", "skip_kl", False).option == "--no-skip-kl"
    assert Change("model", "dropout", 0.2).option == "--size dropout=0.2"
    assert Change("budget", "examples", 1_234_567).option == "--examples 1234567"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert main(["diagnose", str(tmp_path)]) == 2
    figures, about, change = SICK["overfitting"]
    (tmp_path / "config.json").write_text(json.dumps(about), encoding="utf-8")
    capsys.readouterr()
    assert main(["diagnose", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == sentences("en")["diagnosis.healthy"]
    (tmp_path / "stats.jsonl").write_text("".join(json.dumps(line) + "\n" for line in figures), encoding="utf-8")
    assert main(["diagnose", str(tmp_path), "--json", "-"]) == 0
    told = capsys.readouterr()
    assert [one["name"] for one in json.loads(told.out)] == ["overfitting"]
    assert told.err.startswith("Step 400: ") and change.option in told.err
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    assert main(["diagnose", str(tmp_path)]) == 2

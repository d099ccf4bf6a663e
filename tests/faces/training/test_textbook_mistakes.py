"""Each classic mistake breaks what it is said to break, and is told from the figures; healthy runs are passed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from genai_demo.engine.diagnosis.rules import diagnose
from genai_demo.engine.fields import fields_of
from genai_demo.faces.training.configs import TRAININGS
from genai_demo.text.training.configs import TRAININGS as NEWS
from tests.helpers.textbook import run

VAE, GAN = "textbook-vae", "textbook-gan"
Figures = dict[str, Any]


def last(family: str, **how: Any) -> Figures:
    """Return the last line of a run, in which everything is measured."""
    line = run(family, **how)[0][-1]
    assert line["fraction"] == 1
    return line


# What each mistake does to the figures: of the run that makes it, and of one that does not.
BROKEN: dict[str, tuple[str, Callable[[Figures, Figures], bool], str]] = {
    # Codes lie anywhere, so that those that are drawn meet nothing.
    "skip_kl": (
        VAE,
        lambda ill, well: (
            ill["divergence"] > 10 * well["divergence"]
            and ill["validation_distance"] > 1.3 * well["validation_distance"]
            and ill["reconstruction"] < well["reconstruction"]
        ),
        "noiseless_codes",
    ),
    # Noise costs nothing to lose, and the bound that it claims is none.
    "raw_variance": (
        VAE,
        lambda ill, well: (
            ill["spread"] < 0.1 < well["spread"] and ill["validation_loss"] > 1.5 * well["validation_loss"]
        ),
        "noiseless_codes",
    ),
    # A code that may not say much says less.
    "clamp_codes": (
        VAE,
        lambda ill, well: (
            ill["inside"] == 1 > 0.8 > well["inside"] and ill["validation_loss"] > well["validation_loss"] + 0.3
        ),
        "cut_codes",
    ),
    # It calls everything made, and the generator runs after nothing.
    "skip_real": (
        GAN,
        lambda ill, well: (
            ill["discriminator_real"] < 0.01 < 0.5 < well["discriminator_real"]
            and ill["validation_distance"] > 2 * well["validation_distance"]
        ),
        "blind_discriminator",
    ),
    # All pixels white is the least loss.
    "judge_pictures": (
        GAN,
        lambda ill, well: (
            ill["generator_brightness"] > 0.99
            and ill["validation_variety"] < 0.01
            and ill["validation_distance"] > 5 * well["validation_distance"]
        ),
        "mode_collapse",
    ),
}


def test_every_mistake_is_tried_and_off() -> None:
    found = {
        field.name: field.default
        for training in {*TRAININGS.values(), *NEWS.values()}
        for field in fields_of(training)
        if field.mistake
    }
    assert found == dict.fromkeys([*BROKEN, "first_word_only"], False)


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_mistake_breaks_what_it_is_said_to_break_and_is_named(mistake: str) -> None:
    family, broken, name = BROKEN[mistake]
    assert broken(last(family, **{mistake: True}), last(family))
    found = diagnose(*run(family, **{mistake: True}))
    assert [(one.name, one.change.name, one.change.value) for one in found] == [(name, mistake, False)]


@pytest.mark.parametrize(
    ("family", "how", "names", "remedy"),
    [
        (VAE, {"kl_weight": 30.0}, ["posterior_collapse"], "--kl-weight 1"),
        (VAE, {"learning_rate": 0.2}, ["diverged"], "--learning-rate 0.02"),
        (VAE, {"few": 50, "learning_rate": 0.01, "examples": 40_000}, ["overfitting", "memorised"], "--patience 2"),
        (GAN, {"generator_share": 0.02}, ["discriminator_winning"], "--generator-share 1"),
        (GAN, {"learning_rate": 0.01, "momentum": 0.9}, ["mode_collapse", "discriminator_winning"], "--momentum 0.5"),
    ],
    ids=["KL too strong", "rate too high", "50 examples", "generator held back", "collapse"],
)
def test_what_a_run_is_provoked_to_have_is_named(
    family: str, how: dict[str, Any], names: list[str], remedy: str
) -> None:
    found = diagnose(*run(family, **how))
    assert [one.name for one in found] == names
    assert found[0].change.option == remedy


def test_without_its_penalty_a_discriminator_wins() -> None:
    (found,) = diagnose(*run("gan", examples=3200, gamma=0.0, final_gamma=0.0))
    assert (found.name, found.change.option) == ("discriminator_winning", "--gamma 0.2")
    assert not diagnose(*run("gan", examples=3200))


@pytest.mark.parametrize("family", [VAE, GAN])
def test_a_healthy_run_is_passed_over_at_every_moment(family: str) -> None:
    lines, config = run(family)
    assert all(not diagnose(lines[:count], config) for count in range(len(lines) + 1))

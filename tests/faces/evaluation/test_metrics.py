"""The score card: each figure beside its floor, refusals in words, and sets that have to lose do lose."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace

import pytest
import torch
from torch import Tensor

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.evaluation.figure import plain_table
from genai_demo.errors import UserError
from genai_demo.faces.evaluation import two_sample
from genai_demo.faces.evaluation.figures import MEANINGS, compared, rows
from genai_demo.faces.evaluation.metrics import LEAST, ScoreCard, score_card
from genai_demo.faces.models.random_features import RandomFeatures, as_floats
from tests.helpers.ovals import pictures

TRAIN, HELD_OUT, FRESH = pictures(120, 0), pictures(48, 1), pictures(40, 2)
TRAINED_ONLY = {"kernel"}


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_sample, "_STEPS", 2)


@pytest.fixture(scope="module")
def cards() -> Callable[[str], ScoreCard]:
    """Cards of good and bad sets by name, each measured once."""
    noise = 0.3 * torch.randn(40, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    sets: dict[str, Tensor] = {
        "fresh": FRESH,
        "noisy": as_floats(FRESH) + noise,
        "memorised": TRAIN[:40].flip(3),
        "dropped": FRESH[:4].repeat(10, 1, 1, 1),
    }
    known: dict[str, ScoreCard] = {}

    def card(name: str) -> ScoreCard:
        if name not in known:
            known[name] = score_card(sets[name], TRAIN, HELD_OUT, seeds=2)
        return known[name]

    return card


def test_card_holds_every_figure_and_is_json(cards: Callable[[str], ScoreCard]) -> None:
    card = cards("fresh")
    assert (card.n, card.train, card.held_out) == (40, 120, 48)
    assert card.extractors == (RandomFeatures(0).id, RandomFeatures(1).id)
    assert card.figures.keys() == MEANINGS.keys() - TRAINED_ONLY
    read = json.loads(json.dumps(asdict(card), allow_nan=False))
    assert read["figures"]["coverage"] == asdict(card.figures["coverage"])


def test_fresh_faces_are_near_their_floors(cards: Callable[[str], ScoreCard]) -> None:
    figures = cards("fresh").figures
    for name in ("random_frechet", "sliced_wasserstein_64", "coverage", "diversity_pixels", "memorisation_pixels"):
        assert figures[name].value == pytest.approx(figures[name].real, rel=0.25), name


def test_damage_raises_distances(cards: Callable[[str], ScoreCard]) -> None:
    fresh, noisy = cards("fresh").figures, cards("noisy").figures
    for name in ("random_frechet", "random_kernel", "sliced_wasserstein_64"):
        assert noisy[name].value > 1.1 * max(fresh[name].value, 0.01), name
        assert noisy[name].real == fresh[name].real


def test_copies_are_seen_where_distances_do_not(cards: Callable[[str], ScoreCard]) -> None:
    figures = cards("memorised").figures
    assert figures["random_frechet"].value < 1.3 * figures["random_frechet"].real
    for space in ("pixels", "features"):
        assert figures[f"memorisation_{space}"].value < 0.01 < figures[f"memorisation_{space}"].real
        assert figures[f"memorisation_{space}_low"].value < 0.01
        assert figures[f"copies_{space}"].value == 1


def test_lost_modes_are_seen(cards: Callable[[str], ScoreCard]) -> None:
    figures = cards("dropped").figures
    assert figures["coverage"].value < 0.7 * figures["coverage"].real
    for space in ("pixels", "features"):
        assert figures[f"diversity_{space}"].value < 0.01
        assert figures[f"memorisation_{space}"].value > 0.9 * figures[f"memorisation_{space}"].real


def test_the_same_card_again(cards: Callable[[str], ScoreCard]) -> None:
    assert score_card(as_floats(FRESH), as_floats(TRAIN), HELD_OUT, seeds=2) == cards("fresh")


def test_trained_features_are_used_where_they_are_given() -> None:
    calls: list[int] = []

    def encoder(faces: Tensor) -> Tensor:
        assert faces.dtype == torch.float32 and -1 <= faces.min() < faces.max() <= 1
        calls.append(len(faces))
        return faces.mean((2, 3))  # blind to all but colours

    card = score_card(FRESH, TRAIN, HELD_OUT, encoder, seeds=1)
    assert card.trained_features and card.figures.keys() == MEANINGS.keys()
    assert sum(calls) == 120 + 2 * 40 + 2 * 48
    shuffled = as_floats(FRESH).flatten(2)[:, :, torch.randperm(64 * 64)].unflatten(2, (64, 64))
    blind = score_card(shuffled, TRAIN, HELD_OUT, encoder, seeds=1).figures
    for name in ("kernel", "coverage", "memorisation_features"):
        assert blind[name].value == pytest.approx(card.figures[name].value, abs=0.02)
    assert blind["random_frechet"].value > 2 * card.figures["random_frechet"].value


def test_table_lines_up(cards: Callable[[str], ScoreCard]) -> None:
    fresh, noisy = cards("fresh"), cards("noisy")
    alone = {"figures": asdict(fresh)["figures"], "scores": {"model": asdict(fresh)}}
    told = compared(alone)
    assert "40 faces" in told and "48 held-out" in told and fresh.extractors[0] in told
    beside = {
        name: asdict(replace(figure, baseline=noisy.figures[name].value)) for name, figure in fresh.figures.items()
    }
    lines = plain_table(rows({**alone, "figures": beside}), right=True).split("\n")
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 1 + len(fresh.figures)
    row = next(line for line in lines if line.startswith(MEANINGS["coverage"].title)).split()
    figure = fresh.figures["coverage"]
    assert row[1:4] == [f"{value:.3f}" for value in (figure.value, noisy.figures["coverage"].value, figure.real)]
    assert "baseline" in lines[0] and "baseline" not in rows(alone)[0]


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(
    "wrong", [FRESH[: LEAST - 1], FRESH[:, :, ::2, ::2], FRESH[:, :1], FRESH[:0]], ids=["few", "small", "grey", "none"]
)
def test_unusable_sets_are_refused(wrong: Tensor, place: int) -> None:
    sets = [FRESH, TRAIN, HELD_OUT]
    sets[place] = wrong
    with pytest.raises(UserError) as refusal:
        score_card(*sets)
    assert refusal.value.key == "faces.bad_set"
    for language in LANGUAGES:
        assert " x ".join(map(str, wrong.shape)) in refusal.value.in_language(language)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_failed_generator_is_named(bad: float) -> None:
    faces = as_floats(FRESH).clone()
    faces[3, 0, 1, 1] = bad
    with pytest.raises(UserError) as refusal:
        score_card(faces, TRAIN, HELD_OUT)
    assert refusal.value.key == "faces.not_finite"

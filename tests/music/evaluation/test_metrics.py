"""Real music and worse music: each figure tells them apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from genai_demo.music.evaluation import metrics
from genai_demo.music.evaluation.evaluate import OPENING_BARS
from genai_demo.music.evaluation.features import distance, features, random_encoder
from genai_demo.music.evaluation.figures import MEANINGS
from genai_demo.music.evaluation.memorization import CopyCheck
from genai_demo.music.evaluation.metrics import Sets
from genai_demo.music.evaluation.rewriting import _with_other_hand
from genai_demo.music.theory.piece import LEFT, RIGHT
from tests.helpers.music import noise, tune


def test_noise_is_worse_than_real_music_in_every_figure() -> None:
    pieces = [tune(seed, OPENING_BARS, ((4, 4), (3, 4))[seed % 2]) for seed in range(60)]
    real, training = pieces[:30], pieces[30:]
    bad = [noise(seed, piece) for seed, piece in enumerate(real)]
    good = Sets(training, real, bad, [training])
    found = metrics.means(good, metrics.STRUCTURE) | metrics.means(good, metrics.NOTES) | metrics.lengths(good)
    found |= metrics.distances(good, {"random_distance": random_encoder()}) | metrics.key_heard(good)
    # Noise is all in one hand, which crosses none; and bars at random are as odd as bars of sixty notes can be.
    assert found.pop("crossings").baseline is None
    for name, figure in found.items():
        assert figure.real is not None and figure.baseline is not None
        if MEANINGS[name].better == "low":
            assert figure.baseline > 1.5 * figure.value > 0 and figure.value == pytest.approx(figure.real), name
        elif MEANINGS[name].better == "high":
            assert figure.value > 2 * figure.baseline, name
        elif name not in ("empty_bars", "note_density", "qualified"):
            assert abs(figure.baseline - figure.real) > 2 * abs(figure.value - figure.real), name


def test_copies_are_told_from_new_music() -> None:
    training, real = (
        [tune(seed, OPENING_BARS) for seed in range(20)],
        [tune(seed, OPENING_BARS) for seed in range(20, 30)],
    )
    copied = [replace(piece, notes=tuple(replace(n, pitch=n.pitch + 1) for n in piece.notes)) for piece in training]
    found = metrics.copies(Sets(copied[:10], real, real), CopyCheck(training))
    assert found["copied_bars"].value == 1.0 and found["copied_bars"].n == 10 * (OPENING_BARS - 3)
    assert found["copied_bars"].real == 0.0
    assert found["longest_copy"].value > 4 * (found["longest_copy"].real or 0)
    assert found["longest_copy_of_all"].value >= found["longest_copy"].value


def test_features_of_windows_and_their_distance() -> None:
    pieces = [tune(seed, 18, ((4, 4), (3, 4))[seed % 2]) for seed in range(6)]
    encoder = random_encoder()
    found = features(encoder, pieces)
    assert found.shape == (6 * 4, encoder.config.features), "eighteen bars hold four windows"
    assert torch.equal(found, features(random_encoder(), pieces))
    assert distance(found, found) == pytest.approx(0, abs=1e-4)
    assert distance(found, found[:1]) is None


def test_of_one_hand_the_baseline_keeps_the_other_one_as_it_stood() -> None:
    real, made = tune(1, 4), tune(2, 4)
    for hand, kept in (("left", RIGHT), ("right", LEFT)):
        mixed = _with_other_hand(made, real, hand)
        assert [note for note in mixed.notes if note.hand == kept] == [n for n in real.notes if n.hand == kept]
        new = [note for note in mixed.notes if note.hand != kept]
        assert new and set(new) <= {note for note in made.notes if note.hand != kept}
    assert _with_other_hand(made, real, "both") == made

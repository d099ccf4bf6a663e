"""The music encoder: what it is blind to, how its pairs are drawn, and that it learns and goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.music.data.labels import Label
from genai_demo.music.data.reading import Music
from genai_demo.music.data.roll_batches import RollWindows
from genai_demo.music.models.encoder import DEBUG, EncoderConfig, MusicEncoder, in_batches
from genai_demo.music.models.networks import make_network
from genai_demo.music.theory.piece import TICKS, Bar, Note, Piece, resolve_overlaps
from genai_demo.music.training.configs import EncoderTraining
from genai_demo.music.training.encoder import ENCODED_BARS, EncoderTask, Pairs, corrupted, out_of_tune, same_piece
from tests.common.tasks import TaskSuite
from tests.helpers.music import bars_of, scale

CONFIG = TrainConfig(examples=48, batch_size=8, precision="fp32", snapshots=2, tick_seconds=0.0)


def music(*pieces: Piece) -> Music:
    return Music(pieces, tuple(Label() for _ in pieces), tuple(f"{number}.mid" for number in range(len(pieces))))


def pattern(number: int, bars: int = 16, metre: tuple[int, int] = (4, 4)) -> Piece:
    """Return a piece that repeats a pattern of its own, not the same as that of other numbers."""
    random = np.random.default_rng(number)
    line: list[Bar] = list(bars_of([metre] * bars))
    places = np.sort(random.choice(line[0].length // (TICKS // 4), 6, replace=False)) * (TICKS // 4)
    pitches = random.integers(40, 80, 6)
    notes = [
        Note(bar.start + int(place), int(pitch), TICKS // 4)
        for bar in line
        for place, pitch in zip(places, pitches, strict=True)
    ]
    return Piece(resolve_overlaps(notes), tuple(line))


def encoder() -> MusicEncoder:
    torch.manual_seed(0)
    return MusicEncoder(EncoderConfig(**DEBUG)).eval()


def test_it_is_small_enough_to_ship() -> None:
    assert sum(weight.numel() for weight in MusicEncoder(EncoderConfig()).parameters()) <= 400_000


@pytest.mark.parametrize("steps", [32, 48, 64])
def test_vectors_of_every_metre(steps: int) -> None:
    rolls = torch.rand(5, 2, 2, steps, 72, generator=torch.Generator().manual_seed(1)) < 0.05
    network = encoder()
    features, vectors = in_batches(network, rolls, size=2), in_batches(network, rolls, embed=True)
    assert features.shape == (5, DEBUG["features"])
    assert torch.allclose(vectors.norm(dim=1), torch.ones(5), atol=1e-5)
    assert torch.allclose(features, in_batches(network, rolls), atol=1e-5), "the size of the batches does not matter"


def test_pairs_are_of_one_piece_and_metre_and_do_not_overlap() -> None:
    windows = RollWindows(music(pattern(1), pattern(2, 5), pattern(3, 20, (3, 4)), pattern(4)), ENCODED_BARS, 0)
    pairs = Pairs(windows, 0)
    first = np.arange(len(windows))
    alone = 0
    for seed in range(10):
        second = pairs.neighbours(first, np.random.default_rng(seed))
        assert (windows.piece[first] == windows.piece[second]).all()
        assert (windows.time_signature[first] == windows.time_signature[second]).all()
        away = np.abs(windows.bar[first] - windows.bar[second])
        assert ((away == 0) | ((away >= ENCODED_BARS) & (away <= 8))).all()
        assert (away[windows.piece == 1] == 0).all(), "five bars have no two windows side by side"
        alone += int((away == 0).sum())
    assert alone < 0.3 * 10 * len(windows)


def test_batches_depend_on_their_step_alone() -> None:
    windows = RollWindows(music(*map(pattern, range(4))), ENCODED_BARS, 0)
    once, again = (Pairs(windows, 3).batch(2, 6, 0) for _ in range(2))
    assert all(torch.equal(once[name], again[name]) for name in ("first", "second", "corrupted"))
    assert not torch.equal(once["first"], Pairs(windows, 3).batch(2, 6, 1)["first"])
    assert once["first"].shape == (6, 2, 2, 64, 72) and once["first"].dtype == torch.bool


def test_spoilt_windows_have_the_same_rhythm_and_other_keys() -> None:
    cells = RollWindows(music(*map(pattern, range(4))), ENCODED_BARS, 0).cells(np.arange(20), np.zeros(20, int))
    bad = corrupted(cells, np.random.default_rng(0))
    assert bad.shape == cells.shape and bad.dtype == bool
    assert (bad.sum(-1) == cells.sum(-1)).all()
    assert (bad != cells).any((1, 2, 3, 4)).mean() > 0.7
    # A key's notes are found at the key itself or at one beside it.
    near = cells | np.roll(cells, 1, -1) | np.roll(cells, -1, -1)
    assert not (bad & ~near).any()
    assert (np.sort(bad.sum((1, 2, 3)), -1) == np.sort(cells.sum((1, 2, 3)), -1)).all(), "keys only change places"


class _Oracle(MusicEncoder):
    """Compares rhythms, by which pieces of `pattern` can be told apart in every key."""

    def forward(self, rolls: torch.Tensor) -> torch.Tensor:
        return rolls[:, :, 0].sum((1, 3)).float()  # (B, T)

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(features, dim=1)


def test_the_piece_is_found_by_what_knows_it() -> None:
    """Three pieces of 16 bars have four windows each: of the eleven others, three are of the same piece."""
    windows = RollWindows(music(pattern(1), pattern(2), pattern(3)), ENCODED_BARS, 0)
    found = same_piece(_Oracle(EncoderConfig(**DEBUG)), windows)
    assert found["same_piece"] == 1.0
    assert found["same_piece_by_chance"] == pytest.approx(3 / 11)
    assert same_piece(encoder(), RollWindows(music(pattern(1, 4)), ENCODED_BARS, 0)) == {}


class _Listener(MusicEncoder):
    """Compares which keys are struck."""

    def forward(self, rolls: torch.Tensor) -> torch.Tensor:
        return rolls[:, :, 0].sum((1, 2)).float()  # (B, P)

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(features, dim=1)


def test_wrong_notes_are_heard_by_who_knows_the_keys_and_not_by_who_knows_the_rhythm() -> None:
    windows = RollWindows(music(*map(pattern, range(6))), ENCODED_BARS, 0)
    config = EncoderConfig(**DEBUG)
    assert out_of_tune(_Listener(config), windows)["out_of_tune"] > 0.9
    assert out_of_tune(_Oracle(config), windows)["out_of_tune"] == 0.5
    assert out_of_tune(encoder(), RollWindows(music(pattern(1, 5)), ENCODED_BARS, 0)) == {}


class TestEncoderTask(TaskSuite):
    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> EncoderTask:
        pieces, held_out = (music(*map(pattern, numbers)) for numbers in (range(8), range(20, 24)))
        return EncoderTask(EncoderTraining(seed=seed), pieces, held_out, dict(DEBUG))

    def network(self, checkpoint: Checkpoint) -> nn.Module:
        return make_network("encoder", checkpoint.model)


def test_training_tells_pieces_apart(tmp_path: Path) -> None:
    task = TestEncoderTask().make(tmp_path)
    before = task.validate(task.networks["encoder"].eval())
    run = RunFolder(tmp_path / "run")
    train(task, replace(CONFIG, examples=3200, batch_size=32, ema_half_life=100), run)
    after = task.validate(task.networks["encoder"].eval())
    assert after["same_piece"] > max(0.7, before["same_piece"])


def test_music_without_windows_is_refused() -> None:
    with pytest.raises(UserError) as refused:
        EncoderTask(EncoderTraining(), music(scale(2)), music(scale(2)), dict(DEBUG))
    assert refused.value.key == "music.no_windows"

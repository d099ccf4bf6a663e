"""Trains the music encoder: bars of one piece should meet, in whatever key, and keep away from those of others.

They are to keep away from themselves as well when their notes are wrong: pieces can be told apart by their rhythm
alone, and who judges what machines write must have an ear for harmony.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genai_demo.engine.nn.contrastive import contrastive_loss
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.run import REAL
from genai_demo.engine.training.schedule import cosine, warm_up
from genai_demo.engine.training.task import Batch, Phase, Task, decayed_adamw
from genai_demo.errors import UserError
from genai_demo.music.data.reading import Music, described
from genai_demo.music.data.roll_batches import Drawing, RollWindows
from genai_demo.music.models.encoder import EncoderConfig, MusicEncoder, in_batches
from genai_demo.music.tokens.roll import SHIFTS
from genai_demo.music.training.configs import EncoderTraining

ENCODED_BARS = 4
"""bars in a window"""
_FARTHEST = 8
"""bars between the beginnings of two windows that are told to meet"""
_TRIES = 4
_SPOILT = (0.2, 0.8)
"""least and greatest share of pairs of neighbouring keys that change places in a corrupted window"""
_MEASURED = 600
"""windows of each metre that are measured on, at most"""
_SHOWN, _NEAREST = 6, 3
"""windows that a preview shows, and how many of those most like each"""


class Pairs:
    """Draws pairs of windows of one piece that do not overlap, each in a key of its own.

    Args:
        windows: without bars before them.
        seed: of the drawing.
    """

    def __init__(self, windows: RollWindows, seed: int) -> None:
        self._windows, self._seed = windows, seed
        self._drawing = Drawing(windows)
        # Windows lie in the order of pieces and bars, so that a neighbour is found by its number.
        self._room = int(windows.bar.max(initial=0)) + 2 * _FARTHEST
        self._numbers = windows.piece * self._room + windows.bar

    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return "first", "second" and "corrupted" (size, 2, 2, T, 72), bool; the same for the same arguments."""
        random = np.random.default_rng([self._seed, rank, step])
        first = self._drawing.draw(random, size, edges=0.0)
        second = self.neighbours(first, random)
        shifts = random.choice(SHIFTS, (2, size))
        cells = [self._windows.cells(*pair) for pair in zip((first, second), shifts, strict=True)]
        named = {"first": cells[0], "second": cells[1], "corrupted": corrupted(cells[0], random)}
        return {name: torch.from_numpy(part) for name, part in named.items()}

    def neighbours(self, first: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Return for each window, int (N,), a near one of its piece and metre, or itself if none is found."""
        second = first.copy()
        for _ in range(_TRIES):
            away = random.integers(ENCODED_BARS, _FARTHEST, len(first), endpoint=True) * random.choice(
                [-1, 1], len(first)
            )
            wanted = self._numbers[first] + np.where(self._windows.bar[first] + away < 0, -away, away)
            place = np.minimum(np.searchsorted(self._numbers, wanted), len(self._numbers) - 1)
            found = (self._numbers[place] == wanted) & (
                self._windows.time_signature[place] == self._windows.time_signature[first]
            )
            second = np.where(found & (second == first), place, second)
        return second


def corrupted(cells: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return windows in which some keys have changed places with the next one: all their notes are a semitone off.

    Rhythm, length and number of the notes stay.

    Args:
        cells: bool (N, 2, 2, T, P), P even.
        random: source of chance.
    """
    count, keys = len(cells), cells.shape[-1]
    share = random.uniform(*_SPOILT, (count, 1))
    first = random.integers(2, size=(count, 1))  # pairs start at even keys or at odd ones
    changed = random.random((count, keys // 2)) < share
    lower = 2 * np.arange(keys // 2) + first  # (N, P / 2)
    changed &= lower + 1 < keys
    places = np.tile(np.arange(keys), (count, 1))  # (N, P)
    rows, pairs = np.nonzero(changed)
    low = lower[rows, pairs]
    places[rows, low], places[rows, low + 1] = low + 1, low
    return np.stack([window[..., order] for window, order in zip(cells, places, strict=True)])


class EncoderTask(Task):
    """The music encoder as the engine sees it.

    Args:
        training: how to train.
        music: pieces to learn from.
        validation: pieces to measure on; may be empty.
        sizes: fields of the network's configuration that differ from its defaults.

    Raises:
        UserError: nothing in `music` is four bars long in one of the metres of `roll_conditioning`.
    """

    family = "encoder"
    ema_network = "encoder"
    _training: EncoderTraining

    def __init__(
        self, training: EncoderTraining, music: Music, validation: Music, sizes: dict[str, Any] | None = None
    ) -> None:
        config = EncoderConfig(**(sizes or {}))
        super().__init__(training, config, described(music, validation))
        self._windows = RollWindows(music, ENCODED_BARS, 0)
        if not len(self._windows):
            raise UserError("music.no_windows", bars=ENCODED_BARS)
        self._pairs = Pairs(self._windows, training.seed)
        self._held_out = RollWindows(validation, ENCODED_BARS, 0)
        torch.manual_seed(training.seed)
        self._encoder = MusicEncoder(config)
        self.networks = {"encoder": self._encoder}
        optimizer = decayed_adamw(self._encoder, training.learning_rate, training.weight_decay)
        rate = warm_up(cosine(1.0, training.final_rate), training.warm_up)
        self.phases = [Phase("encoder", "encoder", optimizer, self._loss, rate)]

    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return "first", "second", of one piece each, and "corrupted", of neither, all bool (size, 2, 2, T, 72)."""
        return self._pairs.batch(step, size, rank)

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        windows = torch.cat([batch["first"], batch["second"], batch["corrupted"]])  # (3B, 2, 2, T, 72)
        first, second, strangers = self._encoder.embed(self._encoder(windows)).float().chunk(3)  # (B, E) each
        return {"loss": contrastive_loss(first, second, self._training.temperature, strangers)}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return what `same_piece` and `out_of_tune` find in held-out windows."""
        assert isinstance(network, MusicEncoder)
        return same_piece(network, self._held_out) | out_of_tune(network, self._held_out)

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return rows of a held-out window and those of other pieces that are most like it."""
        from genai_demo.music.tokens.roll_pictures import sheet_png

        assert isinstance(network, MusicEncoder)
        windows = self._held_out if len(self._held_out) else self._windows
        metre = int(np.bincount(windows.time_signature).argmax())
        chosen = np.flatnonzero((windows.time_signature == metre) & (windows.bar % ENCODED_BARS == 0))[:_MEASURED]
        rolls = windows.cells(chosen, np.zeros(len(chosen), int))
        vectors = in_batches(network, torch.from_numpy(rolls), embed=True)  # (N, E)
        piece = torch.from_numpy(windows.piece[chosen])
        likeness = (vectors @ vectors.T).masked_fill(piece[:, None] == piece, -torch.inf)
        shown = np.linspace(0, len(chosen) - 1, _SHOWN).astype(int)
        nearest = likeness[shown].topk(min(_NEAREST, len(chosen))).indices.numpy()  # (R, 3)
        rows = [rolls[[row, *near]] for row, near in zip(shown.tolist(), nearest.tolist(), strict=True)]
        return {f"{REAL}neighbours.png": sheet_png(rows, ENCODED_BARS)}


def same_piece(encoder: MusicEncoder, windows: RollWindows) -> dict[str, float]:
    """Return how often the window that is most like another one, of the same metre, comes from the same piece.

    No two windows overlap, and each is moved to a key of its own, so that neither bars in common nor the key give the
    piece away.

    Args:
        encoder: in evaluation mode.
        windows: without bars before them.

    Returns:
        "same_piece", a share, and "same_piece_by_chance", what it would be if the choice were blind; empty where there
        are no two windows.
    """
    random = np.random.default_rng(0)
    right, expected, count = 0.0, 0.0, 0
    for metre in np.unique(windows.time_signature):
        chosen = np.flatnonzero((windows.time_signature == metre) & (windows.bar % ENCODED_BARS == 0))[:_MEASURED]
        if len(chosen) < 2:
            continue
        rolls = torch.from_numpy(windows.cells(chosen, random.choice(SHIFTS, len(chosen))))
        vectors = in_batches(encoder, rolls, embed=True)  # (N, E)
        likeness = (vectors @ vectors.T).fill_diagonal_(-torch.inf)
        piece = windows.piece[chosen]
        same = piece[:, None] == piece
        right += float(same[np.arange(len(chosen)), likeness.argmax(1).numpy()].sum())
        expected += float((same.sum(1) - 1).sum()) / (len(chosen) - 1)
        count += len(chosen)
    return {"same_piece": right / count, "same_piece_by_chance": expected / count} if count else {}


def out_of_tune(encoder: MusicEncoder, windows: RollWindows) -> dict[str, float]:
    """Return how often the encoder hears that notes are wrong.

    That is to say, how often a window is more like another one of its piece than it is when it is `corrupted`.

    Args:
        encoder: in evaluation mode.
        windows: without bars before them.

    Returns:
        "out_of_tune", a share, which is 1 / 2 for who has no ear; empty where no window has a neighbour.
    """
    random = np.random.default_rng(1)
    pairs = Pairs(windows, 0)
    heard: list[np.ndarray] = []
    for metre in np.unique(windows.time_signature):
        first = np.flatnonzero((windows.time_signature == metre) & (windows.bar % ENCODED_BARS == 0))[:_MEASURED]
        second = pairs.neighbours(first, random)
        first, second = first[first != second], second[first != second]
        if not len(first):
            continue
        still = np.zeros(len(first), int)
        cells = windows.cells(first, still)
        sides = (cells, windows.cells(second, still), corrupted(cells, random))
        one, other, bad = (in_batches(encoder, torch.from_numpy(side), embed=True) for side in sides)  # (N, E)
        better, worse = (one * other).sum(1).numpy(), (bad * other).sum(1).numpy()
        heard.append((better > worse) + (better == worse) / 2)
    return {"out_of_tune": float(np.concatenate(heard).mean())} if heard else {}

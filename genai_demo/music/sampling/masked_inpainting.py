"""Rewrites chosen bars, a hand or a range of keys of given music, and harmonises melodies, with the masked model.

Whatever is not chosen stays note for note, also where it lies off the grid of sixteenths: the model hears it on the
grid, and only what it writes itself is taken from there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from genai_demo.engine.generation.seeds import stream_seed
from genai_demo.music.data.column_batches import MARGIN, WINDOW, key_number, to_white_keys
from genai_demo.music.models.masked import MaskedRoll
from genai_demo.music.models.masked_window import MaskedWindow
from genai_demo.music.requests import HarmoniseRequest, RewriteRequest, given_music
from genai_demo.music.results import Composition, Update
from genai_demo.music.sampling.loading import LoadedModel
from genai_demo.music.sampling.regions import MaskedPiece, Region, mask_for_harmonising, mask_for_rewriting
from genai_demo.music.sampling.unmasking import Column, Struck, resolve
from genai_demo.music.theory.piece import LEFT, PITCHES, STEP, TICKS, Note, Piece
from genai_demo.music.theory.texture import ANY, DENSITIES, DENSITY_BOUNDS
from genai_demo.music.tokens.columns import AT_ONCE, OUTSIDE, columns_of, metrical_positions, onsets_of
from genai_demo.music.tokens.roll import HAND_COUNT, PIANO_KEYS


@dataclass(frozen=True)
class _Asked:
    """What both kinds of requests ask of the sampler."""

    temperature: float
    steps: int
    variants: int
    seed: int
    density: str = ANY


@dataclass(frozen=True)
class Filled:
    """Some bars of a region that were filled, in the order in which they were."""

    first: int
    """step of the piece at which their window starts"""
    shift: int
    """semitones by which the music was higher for the model"""
    columns: list[Column]


def rewrite(loaded: LoadedModel, request: RewriteRequest, noted: list[Filled] | None = None) -> Iterator[Update]:
    """Yield the piece, its chosen notes taken out, as others are written in their place.

    Args:
        loaded: the masked model.
        request: checked.
        noted: a list to which what was filled is added; None where nobody looks.
    """
    asked = _Asked(request.temperature, request.steps, request.variants, request.seed)
    return _write(loaded, mask_for_rewriting(given_music(request.music), request), asked, noted)


def harmonise(loaded: LoadedModel, request: HarmoniseRequest, noted: list[Filled] | None = None) -> Iterator[Update]:
    """Yield the melody as what goes with it is written: first the left hand, then the right hand's inner notes.

    Args:
        loaded, request, noted: as in `rewrite`.
    """
    asked = _Asked(request.temperature, request.steps, request.variants, request.seed, request.density)
    return _write(loaded, mask_for_harmonising(given_music(request.music), request), asked, noted)


def _write(loaded: LoadedModel, opened: MaskedPiece, asked: _Asked, noted: list[Filled] | None) -> Iterator[Update]:
    """Yield a piece as its regions are filled, one after the other, some bars at a time.

    Args:
        loaded: the masked model.
        opened: the piece and its regions.
        asked: how.
        noted: see `rewrite`.
    """
    network = loaded.network
    assert isinstance(network, MaskedRoll)
    seeds = [stream_seed(asked.seed, variant) for variant in range(asked.variants)]
    random = [torch.Generator().manual_seed(seed) for seed in seeds]
    variants = _Variants(opened, asked)
    chunks = [(region, *chunk) for region in opened.regions for chunk in _chunks(opened.given, region.hidden)]
    total = asked.steps * len(chunks)

    def update(step: int, bars: int) -> Update:
        pieces = [opened.together(notes) for notes in variants.notes]
        return Update(tuple(Composition(piece, step == total, bars) for piece in pieces), step, total)

    yield update(0, 0)
    bars = 0
    for number, (region, first, last) in enumerate(chunks):
        step = 0
        for step, _ in enumerate(variants.fill(network, region, first, last, random, noted), 1):
            if step < asked.steps:
                yield update(number * asked.steps + step, bars)
        written = {at for _, start, end in chunks[: number + 1] for at in range(start, end)}
        bars = len({opened.given.bar_at(at * STEP) for at in written})
        yield update((number + 1) * asked.steps, bars)


class _Variants:
    """All variants of a piece, as rows of columns with margins, and what was written into them so far.

    Args:
        opened: the piece, what stays of it and what is to be filled.
        asked: how many variants, and how dense.
    """

    def __init__(self, opened: MaskedPiece, asked: _Asked) -> None:
        given, kept_part = opened.given, opened.kept_part
        self._given, self._asked = given, asked
        # The model knows music on the white keys best: there it is heard, and from there it is brought back.
        hidden = np.logical_or.reduce([region.hidden.any(0) for region in opened.regions])
        self._key = opened.key_at(int(hidden.argmax()) * STEP)
        self._shift = to_white_keys(self._key)
        low, high = (pitch - self._shift for pitch in PITCHES)
        notes = [note for note in kept_part.notes if low <= note.pitch <= high]
        kept_part = replace(kept_part, notes=tuple(replace(note, pitch=note.pitch + self._shift) for note in notes))
        self._inner = given.end // STEP
        self._size = max(WINDOW, self._inner + 2 * MARGIN)
        columns = columns_of(onsets_of(kept_part), -MARGIN, self._size)
        self._keys = torch.from_numpy(columns.keys).long().repeat(asked.variants, 1, 1, 1)  # (B, 2, P, NOTES_PER_STEP)
        self._lengths = torch.from_numpy(columns.lengths).long().repeat(asked.variants, 1, 1, 1)
        positions = np.full(self._size, OUTSIDE)
        positions[MARGIN : MARGIN + self._inner] = metrical_positions(given.bars)
        self._positions = torch.from_numpy(positions)
        self.notes: list[list[Note]] = [[] for _ in range(asked.variants)]
        """notes written into each variant"""

    def fill(
        self,
        network: MaskedRoll,
        region: Region,
        first: int,
        last: int,
        random: Sequence[torch.Generator],
        noted: list[Filled] | None,
    ) -> Iterator[None]:
        """Fill the columns of a region from the step `first` to the one before `last`, and yield after each step."""
        start = first + MARGIN - (WINDOW - (last - first)) // 2
        start = max(0, min(start, self._size - WINDOW))
        span = slice(start, start + WINDOW)
        rows = self._asked.variants

        def cut(some: np.ndarray, outside: int) -> Tensor:
            whole = np.full((HAND_COUNT, self._size), outside, some.dtype)
            whole[:, MARGIN : MARGIN + self._inner] = some
            return torch.from_numpy(whole[:, span]).repeat(rows, 1, 1)  # (B, 2, T)

        # What lies before `first` was written already.
        open_still = region.hidden & (np.arange(self._inner) >= first)
        window = MaskedWindow(
            self._keys[:, :, span],
            self._lengths[:, :, span],
            self._positions[span].repeat(rows, 1),
            torch.tensor([key_number(self._key, self._shift), self._density(start - MARGIN), 0]).repeat(rows, 1),
            cut(open_still, 0),
            cut(np.maximum(region.lowest, 0) + self._shift, 0).clamp(min=max(0, self._shift)),
            cut(region.highest + self._shift, 0).clamp(max=PIANO_KEYS - 1 + min(0, self._shift)),
        )
        wanted = cut(open_still & (np.arange(self._inner) < last), 0)
        limits = cut(_ends(region.hidden), 0) + MARGIN - start
        asked = self._asked
        columns: list[Column] | None = None
        if noted is not None:
            columns = []
            noted.append(Filled(start - MARGIN, self._shift, columns))
        for filled, written in resolve(
            network, window, wanted, limits, asked.temperature, asked.steps, random, columns
        ):
            self._keys[:, :, span], self._lengths[:, :, span] = filled.keys, filled.lengths
            for note in written:
                self.notes[note.row].append(_note(note, start - MARGIN, -self._shift))
            yield

    def _density(self, first: int) -> int:
        """Return the condition of the density of a window that starts at a step: as asked, or as the music was."""
        if self._asked.density != ANY:
            return 1 + DENSITIES.index(self._asked.density)
        if not any(note.hand == LEFT for note in self._given.notes):
            return 0  # a melody does not tell how dense its accompaniment is to be
        start, end = max(0, first * STEP), min(self._given.end, (first + WINDOW) * STEP)
        count = sum(start <= note.start < end for note in self._given.notes)
        return 1 + bisect_right(DENSITY_BOUNDS, count * TICKS / (end - start))


def _note(struck: Struck, first: int, shift: int) -> Note:
    return Note((first + struck.step) * STEP, PITCHES[0] + struck.key + shift, struck.length * STEP, struck.hand)


def _chunks(piece: Piece, hidden: np.ndarray) -> list[tuple[int, int]]:
    """Return first step and end of stretches of whole bars that together have all hidden columns (2, T)."""
    chunks: list[tuple[int, int]] = []
    for bar in piece.bars:
        first, end = bar.start // STEP, bar.end // STEP
        if not hidden[:, first:end].any():
            continue
        if chunks and chunks[-1][1] == first and end - chunks[-1][0] <= AT_ONCE:
            chunks[-1] = (chunks[-1][0], end)
        else:
            chunks += [(start, min(start + AT_ONCE, end)) for start in range(first, end, AT_ONCE)]
    return chunks


def _ends(hidden: np.ndarray) -> np.ndarray:
    """Return for each hidden column (2, T) the step by which its stretch of hidden columns ends, of its own hand."""
    steps = hidden.shape[1]
    stops = np.where(hidden, steps, np.arange(steps))  # (2, T)
    return np.minimum.accumulate(stops[:, ::-1], 1)[:, ::-1]

"""Bars, hands and ranges of keys of given music, written anew by the composer, and melodies harmonised by it.

The composer goes from left to right. Notes that stay are put in its way by an `InpaintingConstraint`; so that it heeds
what it cannot see yet, it writes every few bars several times, and of these the one is taken from which the notes that
stay follow most probably, within the bars and after them (importance sampling; Liu 2001, section 2.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from genai_demo.engine.generation.sampling import TokenTrace
from genai_demo.engine.generation.seeds import step_seed, stream_seed
from genai_demo.music.data.event_batches import UNKNOWN_AHEAD, Rows, as_batch
from genai_demo.music.models.bar_conditioning import BAR_FEATURES, condition_tokens
from genai_demo.music.models.composer import Composer, token_losses
from genai_demo.music.requests import ComposeRequest, HarmoniseRequest, RewriteRequest, given_music
from genai_demo.music.results import Composition, Update
from genai_demo.music.sampling.composing import GUIDANCE
from genai_demo.music.sampling.constraints import GenreConstraint, InpaintingConstraint
from genai_demo.music.sampling.decoding import Decoder, Plan, Sampling, TokenSequence
from genai_demo.music.sampling.regions import MaskedPiece, Region, mask_for_harmonising, mask_for_rewriting
from genai_demo.music.theory.genre_patterns import BarPattern, way_of
from genai_demo.music.theory.piece import STEP, Note, Piece
from genai_demo.music.theory.texture import ANY
from genai_demo.music.tokens import events

_TRIES = 4
"""ways in which bars are written, of which one is taken"""
_AT_ONCE = 2
"""bars that are written before one is taken"""
_AFTER = 4
"""bars after them that are read, where they stay as they are"""


@dataclass(frozen=True)
class _Asked:
    """What both kinds of requests ask of the sampler."""

    temperature: float
    variants: int
    seed: int
    density: str = ANY
    genre: str = ANY


@dataclass(frozen=True)
class Taken:
    """A sequence that was taken for some bars of a variant."""

    number: int
    """of the variant, from 0"""
    start: int
    """tick at which the bars start"""
    end: int
    sequence: TokenSequence
    """with its traces"""


def rewrite(network: Composer, request: RewriteRequest, noted: list[Taken] | None = None) -> Iterator[Update]:
    """Yield the piece, its chosen notes taken out, as others are written in their place.

    Args:
        network: the composer.
        request: checked.
        noted: takes in what was written; None where nobody looks.
    """
    asked = _Asked(request.temperature, request.variants, request.seed, genre=request.genre)
    return _write(network, mask_for_rewriting(given_music(request.music), request), asked, noted)


def harmonise(network: Composer, request: HarmoniseRequest, noted: list[Taken] | None = None) -> Iterator[Update]:
    """Yield the melody as what goes with it is written: first the left hand, then the right hand's inner notes.

    Args:
        network, request, noted: as in `rewrite`.
    """
    asked = _Asked(request.temperature, request.variants, request.seed, request.density)
    return _write(network, mask_for_harmonising(given_music(request.music), request), asked, noted)


def _write(network: Composer, opened: MaskedPiece, asked: _Asked, noted: list[Taken] | None) -> Iterator[Update]:
    kept_part = events.quantize_to_tokens(opened.kept_part)
    stretches = [(region, *bars) for region in opened.regions for bars in _stretches(kept_part, region)]
    written: list[list[Note]] = [[] for _ in range(asked.variants)]

    def update(step: int) -> Update:
        bars = len({bar for _, first, last in stretches[:step] for bar in range(first, last)})
        finished = step == len(stretches)
        pieces = (opened.together(notes) for notes in written)
        return Update(tuple(Composition(piece, finished, bars) for piece in pieces), step, len(stretches))

    yield update(0)
    for number, (region, first, last) in enumerate(stretches):
        for variant, notes in enumerate(written):
            key = opened.key_at(kept_part.bars[first].start)
            there = replace(kept_part, notes=tuple(sorted([*kept_part.notes, *notes])), key=key and key.sounding)
            seed = step_seed(stream_seed(asked.seed, variant), number) % 2**60
            written_now, sequence = _best(network, there, region, (first, last), asked, seed, noted is not None)
            notes += written_now
            if noted is not None:
                span = kept_part.bars[first].start, kept_part.bars[last - 1].end
                noted.append(Taken(variant, *span, sequence))
        yield update(number + 1)


def _stretches(piece: Piece, region: Region) -> list[tuple[int, int]]:
    """Return first bar and end of stretches of a few bars of one metre that together have all of a region."""
    found: list[tuple[int, int]] = []
    for place, bar in enumerate(piece.bars):
        if not region.hidden[:, bar.start // STEP : bar.end // STEP].any():
            continue
        if found and found[-1][1] == place and place - found[-1][0] < _AT_ONCE and not _new_signature(piece, place):
            found[-1] = found[-1][0], place + 1
        else:
            found.append((place, place + 1))
    return found


def _new_signature(piece: Piece, place: int) -> bool:
    """Return whether another metre begins with a bar."""
    time_signatures = [(bar.beats, bar.unit) for bar in piece.bars[max(0, place - 1) : place + 1]]
    return place == 0 or time_signatures[0] != time_signatures[1]


def _best(
    network: Composer,
    piece: Piece,
    region: Region,
    stretch: tuple[int, int],
    asked: _Asked,
    seed: int,
    looked_at: bool,
) -> tuple[list[Note], TokenSequence]:
    """Return notes for the region in a stretch, and their sequence: of several those that go best with what stays."""
    first, last = stretch
    start, end = piece.bars[first].start, piece.bars[last - 1].end
    before, after = _parted(piece.notes, start)
    if first:
        tokens = events.encode(replace(piece, notes=tuple(before), bars=piece.bars[:first]))[:-1]
    else:
        tokens = events.encode(replace(piece, notes=(), bars=piece.bars[:1]))[:2]
    if _new_signature(piece, first):
        bar = piece.bars[first]
        tokens.append(events.FIRST["METRE"] + events.TOKEN_TIME_SIGNATURES.index((bar.beats, bar.unit)))
    plan = Plan(tuple(tokens), len(piece.bars) - first, density=asked.density)
    cycle = () if asked.genre == ANY else way_of(piece, asked.genre, piece.bars[first])
    sequences = [
        _ConstrainedSequence(plan, seed * _TRIES + number, after, region, last - first, cycle)
        for number in range(_TRIES)
    ]
    for sequence in sequences:
        sequence.traces = {} if looked_at else None
    guidance = 1.0 if asked.density == ANY else GUIDANCE
    decoder = Decoder(network, sequences, Sampling(asked.temperature, ComposeRequest.top_p, guidance=guidance))
    while any(sequence.bars_written < last - first for sequence in sequences):
        decoder.next()
    kept = {(note.start, note.pitch) for note in after}
    tries = [
        [note for note in sequence.piece().notes if start <= note.start < end and (note.start, note.pitch) not in kept]
        for sequence in sequences
    ]
    until = last
    while until < min(last + _AFTER, len(piece.bars)) and not _is_open(piece, region, until):
        until += 1
    scores = [sequence.score for sequence in sequences]
    if until > last:
        bars = piece.bars[:until]
        following = [note for note in piece.notes if note.start < bars[-1].end]
        whole = [replace(piece, bars=bars, notes=tuple(sorted([*following, *notes]))) for notes in tries]
        scores = [score + _likelihood(network, some, last) for score, some in zip(scores, whole, strict=True)]
    best = int(np.argmax(scores))
    return tries[best], sequences[best]


def _parted(notes: Sequence[Note], tick: int) -> tuple[list[Note], list[Note]]:
    """Return the notes that start before a tick, and the others."""
    return [note for note in notes if note.start < tick], [note for note in notes if note.start >= tick]


def _is_open(piece: Piece, region: Region, place: int) -> bool:
    bar = piece.bars[place]
    return bool(region.hidden[:, bar.start // STEP : bar.end // STEP].any())


class _ConstrainedSequence(TokenSequence):
    """A sequence that keeps to notes that stay.

    Args:
        plan: what to write.
        seed: of its random numbers.
        kept: notes that stay, from the first bar to write on.
        region: where others may be added.
        bars: to write; what comes after them does not count.
        cycle: patterns of the bars of a genre; none for any.
    """

    def __init__(
        self,
        plan: Plan,
        seed: int,
        kept: Sequence[Note],
        region: Region,
        bars: int,
        cycle: Sequence[BarPattern] = (),
    ) -> None:
        self._bars = bars
        self._constraint: InpaintingConstraint | None = None
        self._genre: GenreConstraint | None = None
        self.score = 0.0
        """logarithm of the probability, by the composer, that what the constraint allows comes"""
        super().__init__(plan, seed)
        self._constraint = InpaintingConstraint(kept, region, self.grammar.bar)
        if cycle:
            key = events.KEYS_OR_NONE[plan.tokens[0] - events.FIRST["KEY"]]
            self._genre = GenreConstraint(cycle, self.total, key)
            self._genre.next_bar(self.bar, self.grammar.bar)

    def allowed(self) -> np.ndarray:
        mask = super().allowed()
        if self._constraint is None:
            return mask
        mask = self._constraint.allowed(mask, self.grammar.held)
        if self._genre is None or self.bars_written >= self._bars:
            return mask
        of_genre = self._genre.allowed(mask, self.grammar.held)
        # What stays beyond the bars may leave the genre no room, such as for a note as long as its last one.
        return of_genre if of_genre.any() else mask

    def push(self, token: int) -> None:
        super().push(token)
        if self._constraint is None:
            return
        if token == events.BAR:
            self._constraint.next_bar(self.grammar.bar)
            if self._genre is not None:
                self._genre.next_bar(self.bar, self.grammar.bar)
        elif not self.finished:
            self._constraint.push(token)
            if self._genre is not None:
                self._genre.push(token)

    def draw(self, logits: np.ndarray, sampling: Sampling, traces: list[TokenTrace] | None = None) -> int:
        if self.bars_written < self._bars:
            let_through, possible = self.allowed(), super().allowed()
            logits = logits.astype(np.float64)
            self.score += float(np.logaddexp.reduce(logits[let_through]) - np.logaddexp.reduce(logits[possible]))
        return super().draw(logits, sampling, traces)


@torch.inference_mode()
def _likelihood(network: Composer, piece: Piece, first: int) -> float:
    """Return the logarithm of the probability of all bars from one on, after those before."""
    tokens = events.encode(piece)[:-1]
    conditioned = condition_tokens(tokens)
    begin = max(0, len(tokens) - network.config.context)
    features = conditioned.features[conditioned.bar_of[begin:]].copy()  # (T, F)
    features[:, [name in UNKNOWN_AHEAD for name in BAR_FEATURES]] = 0
    times = conditioned.times[begin:] - conditioned.times[begin]
    rows = Rows(conditioned.tokens[None, begin:], times[None], features[None].astype(np.uint8))
    device = network.embedding.weight.device
    losses, there = token_losses(network, {name: part.to(device) for name, part in as_batch(rows).items()})
    counted: Tensor = there & torch.from_numpy(conditioned.bar_of[None, begin + 1 :] >= first).to(device)
    return -float(losses[counted].sum())

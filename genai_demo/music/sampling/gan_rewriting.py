"""Bars of a piece, written anew by the piano GAN as they go with those around them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from genai_demo.engine.generation.seeds import step_seed, stream_seed
from genai_demo.errors import UserError
from genai_demo.music.models import roll_conditioning
from genai_demo.music.models.gan import Gan
from genai_demo.music.models.roll_conditioning import PHRASE_BARS, WINDOW_BARS
from genai_demo.music.requests import RewriteRequest, given_music
from genai_demo.music.results import Composition, Update
from genai_demo.music.sampling.gan_composing import Drafts, Phrase, draw
from genai_demo.music.sampling.gan_targets import MEAN_PITCH, TYPICAL, Target, target_distance
from genai_demo.music.sampling.gan_windows import cells_in_c, cells_to_piece, equal_bars, last_bars
from genai_demo.music.theory.joining import among_given
from genai_demo.music.theory.key_estimation import estimate_key_or_c_major
from genai_demo.music.theory.piece import TICKS, Bar, Note, Piece
from genai_demo.music.theory.statistics import polyphony
from genai_demo.music.theory.texture import ANY
from genai_demo.music.tokens.roll import CHANNELS, COMPACT_KEYS, HAND_COUNT


def rewrite(gan: Gan, request: RewriteRequest, noted: list[Phrase] | None = None) -> Iterator[Update]:
    """Yield the variants as their bars are written anew, up to four at a time.

    Args:
        gan: generator and discriminator.
        request: checked.
        noted: a list to which every phrase is added; None where nobody looks.

    Raises:
        UserError: too few bars of one metre around those that are asked for.
    """
    pieces = [given_music(request.music)] * request.variants
    first, last = request.first - 1, request.last
    steps = math.ceil((last - first) / PHRASE_BARS)
    for step in range(steps):
        start = first + step * PHRASE_BARS
        end = min(start + PHRASE_BARS, last)
        for number, piece in enumerate(pieces):
            seed = step_seed(stream_seed(request.seed, number), step) % 2**63
            drafted: list[Phrase] | None = None if noted is None else []
            pieces[number] = rewrite_bars(gan, piece, start, end, seed, request.temperature, drafted)
            if noted is not None and drafted:
                noted += [replace(phrase, number=number) for phrase in drafted]
        yield Update(tuple(Composition(piece, end == last, end - first) for piece in pieces), step + 1, steps)


def rewrite_bars(
    gan: Gan,
    piece: Piece,
    first: int,
    last: int,
    seed: int,
    temperature: float = 1.0,
    noted: list[Phrase] | None = None,
) -> Piece:
    """Return a piece with some of its bars written anew.

    Notes that start in other bars stay as they are, also where they ring into these.

    Args:
        gan: generator and discriminator.
        piece: of at least four bars.
        first, last: the first of the bars, a place in `piece.bars`, and the one behind the last, up to four away. They
            must lie among four bars of one of the metres of `roll_conditioning`.
        seed: another seed gives other bars.
        temperature: below 1 safer, above 1 wilder.
        noted: as in `rewrite`, of variant 0.

    Raises:
        UserError: too few bars of this metre around them.
    """
    start = _window(piece, first, last)
    window = piece.bars[start : start + PHRASE_BARS]
    target = _target(piece, window, piece.bars[first:last], temperature)
    cells = np.zeros((HAND_COUNT, CHANNELS, WINDOW_BARS * target.steps, COMPACT_KEYS), bool)
    known = np.ones(WINDOW_BARS, bool)
    half = PHRASE_BARS * target.steps
    if start:
        cells[:, :, :half], known[:PHRASE_BARS] = last_bars(replace(piece, bars=piece.bars[:start]), target)
    else:
        known[:PHRASE_BARS] = False
    cells[:, :, half:] = cells_in_c(piece, window, target)
    known[PHRASE_BARS + first - start : PHRASE_BARS + last - start] = False
    conditions = target.conditions(start == 0, start + PHRASE_BARS == len(piece.bars))
    drafts: list[Drafts] | None = None if noted is None else []
    drawn = draw(gan, cells, known, conditions, temperature, seed, drafts)[:, :, :, half:]
    best = int(np.argmin([target_distance(one, target) for one in drawn]))
    if noted is not None and drafts:
        own = range(first - start, last - start)
        noted.append(Phrase(0, window[0].start, own, target, drafts[0], int(drafts[0].chosen[best])))
    new = cells_to_piece(drawn[best], target, equal_bars(target.time_signature, PHRASE_BARS)).notes
    moved = [replace(note, start=note.start + window[0].start) for note in new]
    return _mended(piece, piece.bars[first].start, piece.bars[last - 1].end, moved)


def _window(piece: Piece, first: int, last: int) -> int:
    """Return the bar with which the four bars start among which some are written anew."""
    time_signature = piece.bars[first].beats, piece.bars[first].unit
    same = [(bar.beats, bar.unit) == time_signature for bar in piece.bars]
    starts = [start for start in range(max(0, last - PHRASE_BARS), first + 1) if start + PHRASE_BARS <= len(same)]
    starts = [start for start in starts if all(same[start : start + PHRASE_BARS])]
    if time_signature not in roll_conditioning.ROLL_TIME_SIGNATURES or not starts:
        raise UserError("music.gan_few_bars", bar=first + 1, bars=PHRASE_BARS)
    # Phrases start every four bars; near other metres and at the end the window moves.
    return min(starts, key=lambda start: abs(start - first // PHRASE_BARS * PHRASE_BARS))


def _target(piece: Piece, window: Sequence[Bar], anew: Sequence[Bar], temperature: float) -> Target:
    """Return what bars are to be: in the manner of those around them, or, without any notes there, of what was."""
    within = [note for note in piece.notes if window[0].start <= note.start < window[-1].end]
    others = [note for note in within if not anew[0].start <= note.start < anew[-1].end]
    quarters = (window[-1].end - window[0].start) / TICKS
    if others:
        quarters -= (anew[-1].end - anew[0].start) / TICKS
    model = others or within
    pitch = sum(note.pitch for note in model) / len(model) if model else MEAN_PITCH.mean
    time_signature = window[0].beats, window[0].unit
    key = piece.key_at(anew[0].start) or estimate_key_or_c_major(piece.notes)
    held = polyphony(replace(piece, notes=tuple(model))) or TYPICAL
    return Target(key, time_signature, piece.tempo, ANY, max(len(model) / quarters, 1.0), pitch, held, temperature)


def _mended(piece: Piece, start: int, end: int, new: Sequence[Note]) -> Piece:
    """Return a piece with other notes from one tick to another; they give way to those that stay."""
    kept = [note for note in piece.notes if not start <= note.start < end]
    return replace(piece, notes=among_given([note for note in new if start <= note.start < end], kept))

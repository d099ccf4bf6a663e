"""What else could have come in place of each note of the composer: one pass over its tokens, or the piece once more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from genai_demo.engine.generation.sampling import TokenTrace
from genai_demo.music.explaining.notes import PARTS, Entry, entry_of, found_at, part_of, places_of
from genai_demo.music.models.composer import Composer
from genai_demo.music.requests import (
    ComposeRequest,
    ContinueRequest,
    HarmoniseRequest,
    Request,
    RewriteRequest,
    given_music,
)
from genai_demo.music.sampling import composer_rewriting, composing
from genai_demo.music.sampling.composer_rewriting import Taken
from genai_demo.music.sampling.decoding import TokenSequence, forced_logits
from genai_demo.music.sampling.regions import mask_for_harmonising, mask_for_rewriting
from genai_demo.music.theory.piece import PITCHES, TICKS, Note, Piece
from genai_demo.music.tokens import events


def told(network: Composer, request: Request, piece: Piece, index: int) -> tuple[Entry, ...]:
    """Return an entry for each note that the composer wrote of a piece, in the order of the piece.

    Args:
        network: the composer.
        request: that the piece came of, checked.
        piece: the variant.
        index: its number.
    """
    stays, sequences = _sequences(network, request, piece, index)
    places = places_of(piece, stays)
    found: dict[int, Entry] = {}
    for start, end, sequence in sequences:
        for tick, pitch, traces in _noted(sequence):
            place = found_at(places, tick, pitch)
            if place is None or place in found or not start <= tick < end:
                continue
            parts = [part_of(kind, traces[kind]) for kind in PARTS if kind in traces]
            step = piece.bar_at(tick) + 1
            found[place] = entry_of(piece, place, traces["pitch"].probability, step, parts)
    return tuple(found[place] for place in sorted(found))


def whole_sequence(request: ComposeRequest, piece: Piece, index: int) -> TokenSequence | None:
    """Return the sequence of a variant of new music as it was when the piece was whole; None where it does not fit."""
    sequence = composing.sequences_of(request, index)[0]
    tokens = events.encode(piece)
    if tokens[: len(sequence.tokens)] != sequence.tokens:
        return None
    for token in tokens[len(sequence.tokens) :]:
        if not sequence.allowed()[token]:
            return None
        sequence.push(token)
    return sequence


def _sequences(
    network: Composer, request: Request, piece: Piece, index: int
) -> tuple[list[Note], list[tuple[int, int, TokenSequence]]]:
    """Return the notes that were given, and sequences with their traces and the ticks between which they were taken."""
    if isinstance(request, ComposeRequest):
        forced = _forced(network, request, piece, index)
        if forced is not None:
            return [], [(0, piece.end, forced)]
    if isinstance(request, (ComposeRequest, ContinueRequest)):
        grown: list[TokenSequence] = []
        deque(composing.compose(network, request, grown), maxlen=0)
        if isinstance(request, ComposeRequest):
            return [], [(0, piece.end, grown[index])]
        given = given_music(request.music)
        kept = given.first_bars(request.keep or len(given.bars))
        return list(kept.notes), [(kept.end, piece.end, grown[index])]
    taken: list[Taken] = []
    if isinstance(request, RewriteRequest):
        opened = mask_for_rewriting(given_music(request.music), request)
        deque(composer_rewriting.rewrite(network, request, taken), maxlen=0)
    else:
        assert isinstance(request, HarmoniseRequest)
        opened = mask_for_harmonising(given_music(request.music), request)
        deque(composer_rewriting.harmonise(network, request, taken), maxlen=0)
    own = [(one.start, one.end, one.sequence) for one in taken if one.number == index]
    return list(opened.kept_part.notes), own


def _forced(network: Composer, request: ComposeRequest, piece: Piece, index: int) -> TokenSequence | None:
    """Return the sequence of a variant with its traces, by one pass of the network over its tokens as they stand."""
    whole = whole_sequence(request, piece, index)
    if whole is None:
        return None
    sequence, sampling = composing.sequences_of(request, index)[0], composing.sampling_of(request)
    first = len(sequence.tokens)
    sequence.traces = {}
    logits = forced_logits(network, whole, sampling, first)
    for token, row in zip(whole.tokens[first:], logits, strict=True):
        sequence.force(token, row, sampling)
    return sequence


def _noted(sequence: TokenSequence) -> Iterator[tuple[int, int, dict[str, TokenTrace]]]:
    """Yield tick, pitch and traces of each note of a sequence whose pitch was drawn."""
    assert sequence.traces is not None
    traces: dict[str, TokenTrace] = {}
    tick = pitch = 0
    for place, token in enumerate(sequence.tokens):
        kind = events.NAMES[token].partition("_")[0].lower()
        if kind not in PARTS:
            continue
        if kind == "position":
            traces = {}
            tick = round(sequence.times[place] * TICKS)
        elif kind == "hand":
            traces = {name: trace for name, trace in traces.items() if name == "position"}
        elif kind == "pitch":
            pitch = PITCHES[0] + token - events.FIRST["PITCH"]
        if place in sequence.traces:
            traces = {**traces, kind: sequence.traces[place]}
        if kind == "duration" and "pitch" in traces:
            yield tick, pitch, traces
            # A further note of the chord comes at the same moment, in the same hand.
            traces = {}

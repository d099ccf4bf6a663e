"""Writes music with the composer: token by token, bar by bar, as far as it was asked to.

Two sequences grow side by side, and when the first strays from the key for too long, both go on from the other one.
Guiding the tokens towards the key instead would leave nothing but its scale.

A variant depends on nothing but the request and its own number.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from genai_demo.engine.generation.seeds import stream_seed, try_seeds
from genai_demo.music.models.composer import Composer
from genai_demo.music.requests import ComposeRequest, ContinueRequest, given_music
from genai_demo.music.results import Composition, Update
from genai_demo.music.sampling.constraints import GenreConstraint
from genai_demo.music.sampling.continuing import continued
from genai_demo.music.sampling.decoding import GUIDED, Decoder, Plan, Sampling, TokenSequence
from genai_demo.music.theory.genre_patterns import BarPattern, patterns, way_of
from genai_demo.music.theory.key_estimation import estimate_key, key_fit
from genai_demo.music.theory.piece import Bar, Key, Piece
from genai_demo.music.theory.texture import ANY, STYLES
from genai_demo.music.tokens import events
from genai_demo.music.tokens.piece_string import KEY_BY_NAME

_MAJOR = 0.65
"""share of pieces in major where the key is left open, as in the training data"""
_MOST_SHARPS = 4
"""sharps or flats of the keys that are chosen where it is left open"""
_PIECES = {
    "4/4": (79, 47, 227, 3, 15, 1, 377),
    "3/4": (69, 46, 268, 156, 14, 1, 248),
    "2/4": (6, 65, 187, 49, 4, 14, 220),
    "6/8": (7, 25, 93, 0, 2, 0, 203),
}
"""pieces of each of `STYLES` in the training data, by which the style is drawn where it is left open

The composer learns from tokens, of which long pieces have more: by itself it would choose the styles of those.
"""
GUIDANCE = 1.5
"""of what is written where a style, a density or a register is asked for"""
TRIES = 2
"""sequences that grow side by side for every variant"""
_OPENING = 3
"""bars that tell too little of a key to choose by"""
_ROAMING = 0.1
"""by how much another key's profile may fit better at the beginning of a piece; the less, the nearer its end

Asking each bar to be in the key costs the music its harmonies, and choosing every four bars makes the visitor wait.
"""


def compose(
    network: Composer, request: ComposeRequest | ContinueRequest, noted: list[TokenSequence] | None = None
) -> Iterator[Update]:
    """Yield the variants as they grow, bar by bar; the last update holds the whole pieces.

    Args:
        network: the composer.
        request: checked.
        noted: a list to which the sequence of each variant is added, with its traces; None where nobody looks.
    """
    if isinstance(request, ComposeRequest):
        given, tempo = None, float(request.tempo)
    else:
        given = _kept(request)
        tempo = given.tempo
    sequences = [sequence for number in range(request.variants) for sequence in sequences_of(request, number)]
    if noted is not None:
        for sequence in sequences:
            sequence.traces = {}
        noted += sequences[::TRIES]
    decoder = Decoder(network, sequences, sampling_of(request))
    chosen, shown = [0] * request.variants, 0
    while shown < request.bars:
        decoder.next()
        for number in range(request.variants):
            tries = range(number * TRIES, (number + 1) * TRIES)
            written = min(sequences[place].bars_written for place in tries)
            if written > chosen[number]:
                chosen[number] = written
                best = tries[best_candidate([sequences[place] for place in tries], written, request.bars)]
                for place in tries:
                    if place != best:
                        decoder.follow(place, best)
        if min(chosen) > shown:
            shown = min(chosen)
            compositions = (_composition(*one, tempo, given) for one in zip(sequences[::TRIES], chosen, strict=True))
            yield Update(tuple(compositions), shown, request.bars)


def sequences_of(request: ComposeRequest | ContinueRequest, number: int) -> list[TokenSequence]:
    """Return the `TRIES` sequences that grow side by side for a variant, as they are before anything is written.

    Args:
        request: checked.
        number: of the variant, from 0.
    """
    seeds = try_seeds(stream_seed(request.seed, number), TRIES)
    if isinstance(request, ComposeRequest):
        return _new_sequences(_plan_of_new(request), request, seeds)
    given = _kept(request)
    return _sequences_behind(_plan_of_given(request, given), request, given, seeds)


def sampling_of(request: ComposeRequest | ContinueRequest) -> Sampling:
    """Return how the tokens of a request are drawn."""
    asked = tuple(name for name in GUIDED if getattr(request, name) != ANY)
    # Without guidance it costs half as much.
    guidance = GUIDANCE if asked else 1.0
    return Sampling(request.temperature, request.top_p, guidance=guidance, guided=asked)


class _GenreSequence(TokenSequence):
    """A sequence whose hands strike when a genre says, and which ends on its tonic.

    Args:
        plan: what to write.
        seed: of its random numbers.
        cycle: patterns of its bars.
    """

    def __init__(self, plan: Plan, seed: int, cycle: Sequence[BarPattern]) -> None:
        self._constraint: GenreConstraint | None = None
        super().__init__(plan, seed)
        key = events.KEYS_OR_NONE[plan.tokens[0] - events.FIRST["KEY"]]
        self._constraint = GenreConstraint(cycle, self.total, key)
        self._constraint.next_bar(self.bar, self.grammar.bar)

    def allowed(self) -> np.ndarray:
        mask = super().allowed()
        return mask if self._constraint is None else self._constraint.allowed(mask, self.grammar.held)

    def push(self, token: int) -> None:
        super().push(token)
        if self._constraint is not None and token == events.BAR:
            self._constraint.next_bar(self.bar, self.grammar.bar)
        elif self._constraint is not None and not self.finished:
            self._constraint.push(token)

    def follow(self, other: TokenSequence) -> None:
        super().follow(other)
        assert isinstance(other, _GenreSequence)
        self._constraint = copy.deepcopy(other._constraint)


def _new_sequences(plan: Plan, request: ComposeRequest, seeds: Sequence[int]) -> list[TokenSequence]:
    """Return sequences of one variant, a seed for each; what is left open for all of them the first one draws."""
    plan = _completed(plan, request, seeds[0])
    if request.genre == ANY:
        return [TokenSequence(plan, seed) for seed in seeds]
    beats, _, unit = request.metre.partition("/")
    ways = patterns(request.genre, Bar(0, int(beats), int(unit)))
    cycle = ways[int(np.random.default_rng([seeds[0], 3]).integers(len(ways)))]
    return [_GenreSequence(plan, seed, cycle) for seed in seeds]


def _sequences_behind(plan: Plan, request: ContinueRequest, given: Piece, seeds: Sequence[int]) -> list[TokenSequence]:
    """Return sequences of one variant that go on behind given music, a seed for each."""
    if request.genre == ANY:
        return [TokenSequence(plan, seed) for seed in seeds]
    cycle = way_of(given, request.genre, given.bars[-1])
    return [_GenreSequence(plan, seed, cycle) for seed in seeds]


def best_candidate(tries: Sequence[TokenSequence], written: int, bars: int) -> int:
    """Return the first of several sequences that is near enough to its key to go on, or the nearest.

    Args:
        tries: sequences of one variant.
        written: bars of each that count.
        bars: that the piece is to have, beyond those given. At the end its key must be heard.
    """
    if written <= min(_OPENING, bars - 1):
        return 0
    key = events.KEYS_OR_NONE[tries[0].tokens[0] - events.FIRST["KEY"]]
    near = [key_fit(sequence.piece(written).notes, key) for sequence in tries]
    enough = 1.0 if written == bars else -_ROAMING * (1 - written / bars)
    return next((number for number, one in enumerate(near) if one >= enough), int(np.argmax(near)))


def _composition(sequence: TokenSequence, bars: int, tempo: float, given: Piece | None) -> Composition:
    piece = replace(sequence.piece(bars), tempo=tempo)
    if given is not None:
        new = [replace(note, start=note.start - given.end) for note in piece.notes if note.start >= given.end]
        added = (replace(bar, start=bar.start - given.end) for bar in piece.bars if bar.start >= given.end)
        piece = continued(given, new, tuple(added))
    return Composition(piece, sequence.finished and bars == sequence.bars_written, bars)


def _plan_of_new(request: ComposeRequest) -> Plan:
    beats, _, unit = request.metre.partition("/")
    time_signature = events.FIRST["METRE"] + events.TOKEN_TIME_SIGNATURES.index((int(beats), int(unit)))
    tokens = (_key_token(KEY_BY_NAME[request.key]), _tempo_token(request.tempo), time_signature)
    return Plan(tokens, request.bars, request.style, request.density, request.register)


def _completed(plan: Plan, request: ComposeRequest, seed: int) -> Plan:
    """Return a plan in which key and style, where they were left open, are drawn by `seed`."""
    if request.key == ANY:
        plan = replace(plan, tokens=(_key_token(_some_key(seed)), *plan.tokens[1:]))
    if request.style == ANY:
        pieces = np.array(_PIECES[request.metre])
        random = np.random.default_rng([seed, 2])
        plan = replace(plan, style=STYLES[int(random.choice(len(STYLES), p=pieces / pieces.sum()))])
    return plan


def _kept(request: ContinueRequest) -> Piece:
    """Return the given bars that stay, with a key if one is heard."""
    given = given_music(request.music)
    kept = given.first_bars(request.keep or len(given.bars))
    return replace(kept, key=kept.key or estimate_key(kept.notes))


def _plan_of_given(request: ContinueRequest, given: Piece) -> Plan:
    # Of several keys the last one is gone on in.
    seen = replace(given, key=given.key_at(given.bars[-1].start), key_changes=())
    return Plan(tuple(events.encode(seen)[:-1]), request.bars, request.style, request.density, request.register)


def _key_token(key: Key | None) -> int:
    return events.FIRST["KEY"] + events.KEYS_OR_NONE.index(key)


def _tempo_token(tempo: float) -> int:
    return events.encode(Piece((), (Bar(0, 4, 4),), None, float(tempo)))[1]


def _some_key(seed: int) -> Key:
    """Return a key that is easy to read, drawn by `seed`."""
    random = np.random.default_rng([seed, 1])
    mode = "major" if random.random() < _MAJOR else "minor"
    keys = [key for key in events.KEYS_OR_NONE if key and key.mode == mode and abs(key.sharps) <= _MOST_SHARPS]
    return keys[int(random.integers(len(keys)))]


def preview(network: Composer) -> Piece:
    """Return a piece of eight bars that was not chosen."""
    request = ComposeRequest(bars=8, key="C_major", seed=1)
    return list(compose(network, request))[-1].compositions[0].piece

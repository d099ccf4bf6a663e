"""Writes music with the composer: token by token, bar by bar, as far as it was asked to.

Two lines grow side by side, and when the first strays from the key for too long, both go on from the other one.
Guiding the tokens towards the key instead would leave nothing but its scale.

All randomness is drawn on the CPU by seeded generators, one for each variant, so that a variant depends on nothing but
the request and its own number.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from genai_demo.music import events
from genai_demo.music.bar_facts import FACTS, MOST_BARS, PLACES, register_places, style_place, tell
from genai_demo.music.composer import Composer, Context, Memory
from genai_demo.music.conditions import ANY, DENSITIES, REGISTERS
from genai_demo.music.ear import heard_key, nearness
from genai_demo.music.piece import TICKS, Bar, Key, Piece
from genai_demo.music.requests import ComposeRequest, ContinueRequest, given_music
from genai_demo.music.results import Composition, Update
from genai_demo.music.shorthand import KEYS

_KEPT = 0.75
"""share of the context that is read again when it is full"""
_MAJOR = 0.65
"""share of pieces in major where the key is left open, as in the training data"""
_MOST_SHARPS = 4
"""sharps or flats of the keys that are chosen where it is left open"""
_DRAWS = 256
"""random numbers that are drawn at once"""
_ASKED = [PLACES[name] for name in ("style", "density", "register")]
"""facts that are guided; the key is not, since music that follows it still more is all scale"""
GUIDANCE = 3.0
"""of what is composed with such a fact"""
TRIES = 2
"""lines that grow side by side for every variant"""
_OPENING = 3
"""bars that tell too little of a key to choose by"""
_ROAMING = 0.1
"""by how much another key's profile may fit better at the beginning of a piece; the less, the nearer its end

Asking each bar to be in the key costs the music its harmonies, and choosing every four bars makes the visitor wait.
"""
_APART = 500_001
"""from the seed of one of them to the next; of a seed the generator takes the lower 32 bits only"""
_METRES = slice(events.FIRST["METRE"], events.FIRST["METRE"] + events.COUNTS["METRE"])


@dataclass(frozen=True)
class Plan:
    """What a piece starts with, and what is to follow."""

    tokens: tuple[int, ...]
    """what is there already, from the key on; a piece without its end, or only key, tempo and metre"""
    bars: int
    """bars to write"""
    style: str = ANY
    density: str = ANY
    register: str = ANY


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn."""

    temperature: float = 1.0
    top_p: float = 1.0
    """sample among the likeliest tokens that together have this probability"""
    guidance: float = 1.0
    """how often the difference counts that it makes to be told what was asked for (Ho and Salimans 2022); 1 is plain"""


class Line:
    """One variant: its tokens, where they stand, and what may come next.

    Args:
        plan: what to write.
        seed: of its random numbers.
    """

    def __init__(self, plan: Plan, seed: int) -> None:
        self.tokens: list[int] = []
        self.times: list[float] = []
        self.facts: list[np.ndarray] = []
        """what is told of each token's bar, (len(FACTS),) each"""
        self.grammar = events.Grammar()
        self.finished = False
        self.bar = -1
        """the last bar that has begun, from 0"""
        self._random = torch.Generator().manual_seed(seed)
        self._uniform: list[float] = []
        self._start = self._length = 0
        """ticks of the bar line, and from it to the next one"""
        given = plan.tokens.count(events.BAR)
        self.given, self.total = given, given + plan.bars
        """bars that were there, and bars of the whole piece"""
        told = tell(plan.tokens, style_place(plan.style), plan.bars)
        self._given_facts = told.facts
        self._given_facts[:, PLACES["register"]] = register_places(told.pitches)
        self._wanted = np.zeros(len(FACTS), np.int16)
        for name, value in (
            ("style", style_place(plan.style)),
            ("density", (ANY, *DENSITIES).index(plan.density)),
            ("register", (ANY, *REGISTERS).index(plan.register)),
            ("key", plan.tokens[0] - events.FIRST["KEY"]),
            ("tempo", plan.tokens[1] - events.FIRST["TEMPO"] + 1),
        ):
            self._wanted[PLACES[name]] = value
        # What was given is not added to: a new bar begins.
        for token in (*plan.tokens, events.BAR):
            self.push(token)

    @property
    def bars_written(self) -> int:
        """Bars that are whole, those that were given not counted."""
        return self.total - self.given if self.finished else max(0, self.bar - self.given)

    def allowed(self) -> np.ndarray:
        """Return for each token whether it may come next, bool (events.SIZE,)."""
        mask = self.grammar.allowed()
        # The metre stays, the piece ends with its last bar, and not before.
        if self.bar >= 0:
            mask[_METRES] = False
        mask[events.END] &= self.bar == self.total - 1
        mask[events.BAR] &= self.bar < self.total - 1
        return mask

    def push(self, token: int) -> None:
        """Take a token as the next one; after the end nothing but padding."""
        self.grammar.push(token)
        kind = events.NAMES[token].partition("_")[0]
        place = token - events.FIRST[kind]
        time = self.times[-1] if self.times else 0.0
        bar = self.bar
        if kind == "METRE":
            self._start += self._length
            self._length = Bar(0, *events.METRES[place]).length
            self._wanted[PLACES["metre"]] = place + 1
            bar += 1
        elif kind == "BAR":
            before = self.tokens[-1]
            # A change of metre has closed the bar before already.
            if not events.FIRST["METRE"] <= before < events.FIRST["METRE"] + events.COUNTS["METRE"]:
                self._start += self._length
            self.bar = bar = self.bar + 1
            time = self._start / TICKS
        elif kind == "POSITION":
            time = (self._start + events.POSITIONS[place]) / TICKS
        self.finished = self.finished or kind == "END"
        self.tokens.append(token)
        self.times.append(time)
        self.facts.append(self._facts_of(max(0, bar)))

    def follow(self, other: Line) -> None:
        """Go on from where another line of the same plan stands, with random numbers of its own."""
        self.tokens, self.times, self.facts = list(other.tokens), list(other.times), list(other.facts)
        self.grammar = copy.deepcopy(other.grammar)
        self.finished, self.bar = other.finished, other.bar
        self._start, self._length, self._wanted = other._start, other._length, other._wanted.copy()

    def _facts_of(self, bar: int) -> np.ndarray:
        if bar < self.given:
            return self._given_facts[bar]
        facts = self._wanted.copy()
        facts[PLACES["before"]] = min(bar, MOST_BARS) + 1
        facts[PLACES["left"]] = min(self.total - bar, MOST_BARS + 1)
        return facts

    def draw(self, logits: np.ndarray, sampling: Sampling) -> int:
        """Return the next token, drawn from logits (events.SIZE,) of every token; padding after the end."""
        if self.finished:
            return events.PAD
        if not self._uniform:
            self._uniform = torch.rand(_DRAWS, generator=self._random, dtype=torch.float64).tolist()[::-1]
        # Another bar line, another metre or an end: each says that the bar is done. Which of them it is, the plan says.
        done = events.END if self.bar == self.total - 1 else events.BAR
        closing = np.logaddexp.reduce([*logits[[events.END, events.BAR]], *logits[_METRES]])
        logits = np.concatenate([logits[:done], [closing], logits[done + 1 :]])
        return draw(logits, self.allowed(), sampling, self._uniform.pop())

    def piece(self, most: int | None = None) -> Piece:
        """Return the given bars and those written whole, of these no more than `most`."""
        piece = self.grammar.piece()
        written = self.bars_written if most is None else min(most, self.bars_written)
        if self.finished and written == self.bars_written:
            return piece
        bars = piece.bars[: max(1, self.given + written)]
        return replace(piece, bars=bars, notes=tuple(note for note in piece.notes if note.start < bars[-1].end))


class TokenStream:
    """Variants growing side by side, one token at a time.

    Args:
        network: the composer.
        lines: with the same number of tokens each.
        sampling: how to draw.
    """

    def __init__(self, network: Composer, lines: Sequence[Line], sampling: Sampling) -> None:
        self._network, self.lines, self._sampling = network, lines, sampling
        self._kept = max(1, int(_KEPT * network.config.context))
        self._memory: Memory | None = None

    @torch.inference_mode()
    def logits(self) -> np.ndarray:
        """Return the logits (B, events.SIZE) of each line's next token."""
        weight = self._network.embedding.weight
        config = self._network.config
        guidance = self._sampling.guidance
        rows = len(self.lines) if guidance == 1 else 2 * len(self.lines)
        if self._memory is None or self._memory.length >= config.context:
            self._memory = Memory(config, rows, config.context, weight)
            context = self._context(self._kept)
        else:
            context = self._context(1)
        if guidance == 1:
            return self._network(context, self._memory)[:, -1].float().cpu().numpy()
        told, untold = self._network(_beside_untold(context), self._memory)[:, -1].float().chunk(2)  # (B, V) twice
        return (untold + guidance * (told - untold)).cpu().numpy()

    @torch.inference_mode()
    def follow(self, place: int, other: int) -> None:
        """Let the line at a place go on from where another one stands."""
        self.lines[place].follow(self.lines[other])
        if self._memory is not None:
            for first in range(0, self._memory.keys.shape[1], len(self.lines)):
                self._memory.copy(first + other, first + place)

    def _context(self, count: int) -> Context:
        """Return the last `count` tokens of the lines, all if there are fewer."""
        device = self._network.embedding.weight.device
        tokens = torch.tensor([line.tokens[-count:] for line in self.lines])
        times = torch.tensor([line.times[-count:] for line in self.lines])
        facts = torch.from_numpy(np.array([line.facts[-count:] for line in self.lines])).long()
        return Context(tokens.to(device), times.to(device), facts.to(device))

    def next(self) -> None:
        """Draw the next token of every line."""
        for line, logits in zip(self.lines, self.logits(), strict=True):
            line.push(line.draw(logits, self._sampling))


def _beside_untold(context: Context) -> Context:
    """Return a context of (2 B, T): the same rows, and then once more without what was asked for."""
    untold = context.facts.clone()
    untold[..., _ASKED] = 0
    return Context(context.tokens.repeat(2, 1), context.times.repeat(2, 1), torch.cat([context.facts, untold]))


def draw(logits: np.ndarray, allowed: np.ndarray, sampling: Sampling, uniform: float) -> int:
    """Return a token drawn from logits (V,).

    Args:
        logits: of every token.
        allowed: bool (V,), at least one.
        sampling: temperature, then top-p (Holtzman et al. 2020, section 3.1).
        uniform: random number from 0 up to 1.
    """
    places = np.flatnonzero(allowed)
    scores = logits[places].astype(np.float64) / sampling.temperature
    order = np.argsort(-scores, kind="stable")
    probabilities = np.exp(scores[order] - scores[order[0]])
    cumulative = np.cumsum(probabilities)
    cumulative /= cumulative[-1]
    last = int(np.searchsorted(cumulative, sampling.top_p)) if sampling.top_p < 1 else len(order) - 1
    last = min(last, len(order) - 1)
    chosen = int(np.searchsorted(cumulative, uniform * cumulative[last], side="right"))
    return int(places[order[min(chosen, last)]])


def compose(network: Composer, request: ComposeRequest | ContinueRequest) -> Iterator[Update]:
    """Yield the variants as they grow, bar by bar; the last update holds the whole pieces.

    Args:
        network: the composer.
        request: checked.
    """
    plan = _plan_of_new(request) if isinstance(request, ComposeRequest) else _plan_of_given(request)
    lines = []
    for number in range(request.variants):
        seed = request.seed * 1_000_003 + number
        tokens = plan.tokens
        if isinstance(request, ComposeRequest) and request.key == ANY:
            tokens = (_key_token(_some_key(seed)), *tokens[1:])
        lines += [Line(replace(plan, tokens=tokens), seed + _APART * place) for place in range(TRIES)]
    # Where nothing was asked for, being told it makes no difference, and it would cost as much again.
    guidance = 1.0 if {plan.style, plan.density, plan.register} == {ANY} else GUIDANCE
    stream = TokenStream(network, lines, Sampling(request.temperature, request.top_p, guidance))
    tempo = float(request.tempo) if isinstance(request, ComposeRequest) else given_music(request.music).tempo
    chosen, shown = [0] * request.variants, 0
    while shown < request.bars:
        stream.next()
        for number in range(request.variants):
            tries = range(number * TRIES, (number + 1) * TRIES)
            written = min(lines[place].bars_written for place in tries)
            if written > chosen[number]:
                chosen[number] = written
                best = tries[leading([lines[place] for place in tries], written, request.bars)]
                for place in tries:
                    if place != best:
                        stream.follow(place, best)
        if min(chosen) > shown:
            shown = min(chosen)
            compositions = (_composition(*one, tempo) for one in zip(lines[::TRIES], chosen, strict=True))
            yield Update(tuple(compositions), shown, request.bars)


def leading(tries: Sequence[Line], written: int, bars: int) -> int:
    """Return the first of several lines that is near enough to its key to go on, or the nearest.

    Args:
        tries: lines of one variant.
        written: bars of each that count.
        bars: that the piece is to have, beyond those given. At the end its key must be heard.
    """
    if written <= min(_OPENING, bars - 1):
        return 0
    key = events.KEYS[tries[0].tokens[0] - events.FIRST["KEY"]]
    near = [nearness(line.piece(written).notes, key) for line in tries]
    enough = 1.0 if written == bars else -_ROAMING * (1 - written / bars)
    return next((number for number, one in enumerate(near) if one >= enough), int(np.argmax(near)))


def _composition(line: Line, bars: int, tempo: float) -> Composition:
    return Composition(replace(line.piece(bars), tempo=tempo), line.finished and bars == line.bars_written, bars)


def _plan_of_new(request: ComposeRequest) -> Plan:
    beats, _, unit = request.metre.partition("/")
    metre = events.FIRST["METRE"] + events.METRES.index((int(beats), int(unit)))
    tokens = (_key_token(KEYS[request.key]), _tempo_token(request.tempo), metre)
    return Plan(tokens, request.bars, request.style, request.density, request.register)


def _plan_of_given(request: ContinueRequest) -> Plan:
    given = given_music(request.music)
    bars = given.bars[: request.keep or len(given.bars)]
    notes = tuple(note for note in given.notes if note.start < bars[-1].end)
    key = given.key or heard_key(notes)
    kept = Piece(notes, bars, key, given.tempo)
    return Plan(tuple(events.encode(kept)[:-1]), request.bars, request.style, request.density, request.register)


def _key_token(key: Key | None) -> int:
    return events.FIRST["KEY"] + events.KEYS.index(key)


def _tempo_token(tempo: float) -> int:
    return events.encode(Piece((), (Bar(0, 4, 4),), None, float(tempo)))[1]


def _some_key(seed: int) -> Key:
    """Return a key that is easy to read, drawn by `seed`."""
    random = np.random.default_rng([seed, 1])
    mode = "major" if random.random() < _MAJOR else "minor"
    keys = [key for key in events.KEYS if key and key.mode == mode and abs(key.sharps) <= _MOST_SHARPS]
    return keys[int(random.integers(len(keys)))]


def preview(network: Composer) -> Piece:
    """Return a piece of eight bars that was not chosen."""
    request = ComposeRequest(bars=8, key="C_major", seed=1)
    return list(compose(network, request))[-1].compositions[0].piece

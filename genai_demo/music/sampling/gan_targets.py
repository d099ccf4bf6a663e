"""What a piece from the piano GAN is to be, in numbers, and how far bars are from it; imports no torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from genai_demo.music.data.roll_statistics import SCALES
from genai_demo.music.models import roll_conditioning
from genai_demo.music.requests import ComposeRequest, ContinueRequest
from genai_demo.music.theory.piece import STEP, TICKS, Key, Piece
from genai_demo.music.theory.statistics import polyphony
from genai_demo.music.theory.texture import ANY, DENSITIES, DENSITY_BOUNDS, REGISTER_BOUNDS, REGISTERS, STYLES
from genai_demo.music.tokens.piece_string import KEY_BY_NAME
from genai_demo.music.tokens.roll import COMPACT, COMPACT_KEYS, ONSET, steps_of

_MAJOR, _MOST_SHARPS = 2 / 3, 4
"""share of major keys, and most accidentals of a key, where the key is left open"""
_LOG_DENSITY = NormalDist(math.log(4.5), 0.45)
MEAN_PITCH = NormalDist(62.8, 4.8)
"""logarithm of the notes per quarter note, and mean pitch, of four bars of the training music"""
_LOG_POLYPHONY = NormalDist(math.log(2.8), 0.32)
"""logarithm of the keys held at once: a tenth below the beginnings of the training music, since phrases come out about
a tenth thicker than what is aimed at"""
TYPICAL = math.exp(_LOG_POLYPHONY.mean)
"""keys held at once where nothing else is known"""
_INSIDE = (0.3, 0.7)
"""what part of a class of density or register is aimed at, by the order of the training music in it"""
_WIDE = (0.1, 0.9)
"""the same where the class is left open"""


@dataclass(frozen=True)
class Target:
    """What a piece is to be."""

    key: Key
    time_signature: tuple[int, int]
    tempo: float
    style: str
    density: float
    """notes per quarter note"""
    pitch: float
    """mean pitch"""
    held: float
    """keys held at once"""
    temperature: float

    @property
    def shift(self) -> int:
        """Semitones by which it goes up to have its tonic on C."""
        return int(roll_conditioning.shift_to_c(np.array(self.key.tonic)))

    @property
    def steps(self) -> int:
        """Steps in a bar."""
        return steps_of(self.time_signature)

    def conditions(self, first: bool, last: bool) -> np.ndarray:
        """Return the generator's conditions, (1, roll_conditioning.SIZE), of bars that begin or end the piece."""
        return roll_conditioning.encode(
            np.array([roll_conditioning.ROLL_TIME_SIGNATURES.index(self.time_signature)]),
            np.array([self.key.mode == "minor"]),
            np.array([roll_conditioning.UNKNOWN if self.style == ANY else STYLES.index(self.style)]),
            np.array([self.density]),
            np.array([self.pitch + self.shift]),
            np.array([first]),
            np.array([last]),
        )


def some_key(random: np.random.Generator) -> Key:
    """Return a key that is easy to read."""
    mode = "major" if random.random() < _MAJOR else "minor"
    keys = [key for key in KEY_BY_NAME.values() if key and key.mode == mode and abs(key.sharps) <= _MOST_SHARPS]
    return keys[int(random.integers(len(keys)))]


def draw_target(
    request: ComposeRequest | ContinueRequest,
    key: Key,
    time_signature: tuple[int, int],
    tempo: float,
    random: np.random.Generator,
    given: Piece | None = None,
) -> Target:
    """Return what a piece is to be, as numbers drawn within what was asked for.

    Args:
        request: gives density, register, style and temperature.
        key, metre, tempo: of the piece.
        random: source of chance.
        given: music that it goes on with; what is left open is then as there.
    """
    bounds = [math.log(bound) for bound in DENSITY_BOUNDS]
    density = math.exp(_within(_LOG_DENSITY, bounds, DENSITIES, request.density, random))
    pitch = _within(MEAN_PITCH, REGISTER_BOUNDS, REGISTERS, request.register, random)
    held = math.exp(_within(_LOG_POLYPHONY, (), (), ANY, random))
    if given is not None and given.notes and request.density == ANY:
        density = len(given.notes) * TICKS / given.end
    if given is not None and given.notes and request.register == ANY:
        pitch = sum(note.pitch for note in given.notes) / len(given.notes)
    if given is not None:
        held = polyphony(given) or held
    return Target(key, time_signature, tempo, request.style, density, pitch, held, request.temperature)


def _within(
    spread: NormalDist, bounds: Sequence[float], classes: Sequence[str], asked: str, random: np.random.Generator
) -> float:
    """Return a number of the class that is asked for, well inside of it; of all where it is left open."""
    chance = float(random.random())
    shares = [0.0, *(spread.cdf(bound) for bound in bounds), 1.0]
    low, high = (0.0, 1.0) if asked == ANY else shares[classes.index(asked) :][:2]
    start, end = _WIDE if asked == ANY else _INSIDE
    return spread.inv_cdf(low + (high - low) * (start + (end - start) * chance))


def target_distance(cells: np.ndarray, target: Target) -> float:
    """Return how far bars are from what was asked: 0 for exactly so.

    It adds up the difference of the logarithms of the density, three times that of the keys held at once, a fifth of
    the semitones between mean pitches, and twice the share of notes outside the key. Were the keys held left out,
    phrases that follow one another would grow thicker and thicker: each goes on with what rings in the one before.

    Args:
        cells: bool (2, 2, T, 72), with the tonic on C.
        target: what was asked.
    """
    struck = cells[0, ONSET] | cells[1, ONSET]  # (T, 72)
    per_key = struck.sum(0)
    count = max(int(per_key.sum()), 1)
    density = abs(math.log(count / (len(struck) * STEP / TICKS) / target.density))
    pitch = abs(float(per_key @ np.arange(COMPACT_KEYS)) / count + COMPACT[0] - target.shift - target.pitch)
    sounding = (cells[0] | cells[1]).any(0).sum(1)  # (2, T, 72) -> (T, 72) -> (T,)
    held = abs(math.log(max(float(sounding.sum()) / max(int((sounding > 0).sum()), 1), 1.0) / target.held))
    inside = per_key.reshape(-1, 12).sum(0)[list(SCALES[target.key.mode == "minor"])].sum() / count
    return density + 3 * held + pitch / 5 + 2 * (1 - float(inside))

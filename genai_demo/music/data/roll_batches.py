"""Windows of a few bars of one metre as rolls, and training batches of them; imports no torch.

A window has some bars to be learnt and the bars before them. The cells of all pieces lie in one array of packed bits,
so that a batch is a few calls of numpy, and there are the numbers that conditions are made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genai_demo.music.data.reading import Music
from genai_demo.music.data.styles import style_of
from genai_demo.music.models.roll_conditioning import ROLL_TIME_SIGNATURES, UNKNOWN
from genai_demo.music.theory.piece import PITCHES, STEP, TICKS, Piece
from genai_demo.music.theory.texture import ANY, STYLES
from genai_demo.music.tokens.roll import CHANNELS, COMPACT, HAND_COUNT, HOLD, ONSET, steps_of, to_roll

PADDED = (13, 116)
"""lowest and highest pitch that is kept: the piano's, and what shifting the `COMPACT` octaves may ask for"""
_PAD = (PITCHES[0] - PADDED[0], PADDED[1] - PITCHES[1])
_BYTES = (PADDED[1] - PADDED[0] + 1) // 8
_FEWEST_NOTES = 4
_SAME = {(2, 2): (4, 4)}
"""metres that are counted otherwise but have bars of the same form"""


@dataclass(frozen=True)
class _Bars:
    """The bars of one piece, as arrays along its bars."""

    time_signature: np.ndarray
    """int places in `ROLL_TIME_SIGNATURES`; -1 for others"""
    start: np.ndarray
    """int first step"""
    on: np.ndarray
    """int notes that start on a step, of both hands"""
    between: np.ndarray
    """int notes that start between the steps"""
    pitch: np.ndarray
    """int sum of the pitches of the notes on the steps"""
    packed: np.ndarray
    """uint8 (steps, 4 x 13) cells"""


class RollWindows:
    """All windows of some bars of one metre, sliding by one bar, with the bars before them.

    What was struck before a window is left out of it. Windows with hardly any notes are left out, and those with too
    many between the steps, such as triplets, which the grid would bend.

    Args:
        music: where they are taken from; a window of a piece without a key is there, but see `tonic`.
        bars: bars in a window.
        before: bars before it that come with it, as far as they are there and of the same metre.
        strays: share of a window's notes, 0 to 1, that may start between the steps.
    """

    def __init__(self, music: Music, bars: int = 4, before: int = 4, strays: float = 0.1) -> None:
        self.bars, self.before = bars, before
        columns: dict[str, list[np.ndarray]] = {name: [] for name in self._COLUMNS}
        # A window whose piece has nothing before it reads from this silence.
        packed = [np.zeros((before * steps_of((4, 4)), HAND_COUNT * CHANNELS * _BYTES), np.uint8)]
        steps = len(packed[0])
        for number, (piece, label) in enumerate(zip(music.pieces, music.labels, strict=True)):
            measured = _measure(piece)
            found = _windows(measured, bars, before, strays)
            count = len(found["bar"])
            if count == 0:
                continue
            style = style_of(label)
            found |= {
                "piece": np.full(count, number),
                "start": found["start"] + steps,
                "tonic": np.full(count, piece.key.tonic if piece.key else -1),
                "minor": np.full(count, bool(piece.key and piece.key.mode == "minor")),
                "style": np.full(count, UNKNOWN if style == ANY else STYLES.index(style)),
            }
            for name, column in columns.items():
                column.append(found[name])
            packed.append(measured.packed)
            steps += len(measured.packed)
        joined = {name: np.concatenate([np.zeros(0, int), *column]) for name, column in columns.items()}
        self._packed = np.concatenate(packed)
        self._start = joined["start"]
        self.piece, self.bar = joined["piece"], joined["bar"]
        """int (N,) number of each window's piece, and the bar of it that it starts with, from 0"""
        self.time_signature = joined["time_signature"]
        """int (N,) places in `ROLL_TIME_SIGNATURES`"""
        self.there = joined["there"]
        """int (N,) bars before each window that are there, at most `before`"""
        self.density, self.pitch = joined["density"].astype(float), joined["pitch"].astype(float)
        """(N,) notes per quarter note, and mean pitch"""
        self.tonic = joined["tonic"]
        """int (N,) pitch class of the piece's tonic, -1 where it is not known"""
        self.minor = joined["minor"].astype(bool)
        self.style = joined["style"]
        """int (N,) places in `STYLES`, or `UNKNOWN`"""
        self.first, self.last = joined["first"].astype(bool), joined["last"].astype(bool)
        """bool (N,) whether a window is the beginning and the end of its piece"""

    _COLUMNS = (
        *("piece", "bar", "start", "time_signature", "there", "density", "pitch"),
        *("tonic", "minor", "style", "first", "last"),
    )

    def __len__(self) -> int:
        return len(self.piece)

    def cells(self, indices: np.ndarray, shifts: np.ndarray, there: np.ndarray | None = None) -> np.ndarray:
        """Return windows of one metre, each transposed, as bool (N, 2 hands, 2 channels, T, P keys of `COMPACT`).

        Args:
            indices: int (N,) which windows; T is `before + bars` bars of their metre.
            shifts: int (N,) semitones by which each is to be higher, -6 to 11.
            there: int (N,) bars before each window that are shown, at most `self.there`; None shows all. In those that
                are not shown all is silent.
        """
        size = steps_of(ROLL_TIME_SIGNATURES[self.time_signature[indices[0]]])
        there = self.there[indices] if there is None else there
        place = np.arange(-self.before * size, self.bars * size)
        steps = self._start[indices][:, None] + place
        shown = place >= -there[:, None] * size  # (N, T)
        rows = self._packed[np.where(shown, steps, 0)]  # (N, T, 4 x 13); step 0 is silent
        rows = rows.reshape(*shown.shape, HAND_COUNT, CHANNELS, _BYTES)
        # What is held from the first step that is shown on was struck before.
        held = np.where(shown[..., None, None], rows[..., HOLD, :], 0xFF)
        rows[..., HOLD, :] &= ~np.bitwise_and.accumulate(held, 1)
        bits = np.unpackbits(rows.transpose(0, 2, 3, 1, 4), axis=-1).view(bool)  # (N, 2, 2, T, 104)
        low, keys = COMPACT[0] - PADDED[0], COMPACT[1] - COMPACT[0] + 1
        batch = np.empty((*bits.shape[:-1], keys), bool)
        for number, shift in enumerate(shifts.tolist()):
            batch[number] = bits[number, ..., low - shift : low - shift + keys]
        return batch


def _measure(piece: Piece) -> _Bars:
    cells = to_roll(piece)  # (2, 2, T, 88)
    starts = np.array([bar.start // STEP for bar in piece.bars])
    signatures = [_SAME.get((bar.beats, bar.unit), (bar.beats, bar.unit)) for bar in piece.bars]
    struck = cells[:, ONSET].sum(0)  # (T, 88)
    between = np.zeros(len(piece.bars), int)
    for note in piece.notes:
        if note.start % STEP:
            between[piece.bar_at(note.start)] += 1
    # Bars shorter than a sixteenth share a step, and are of no metre that counts.
    on = np.add.reduceat(struck.sum(1), np.minimum(starts, len(struck) - 1))
    pitches = struck @ np.arange(PITCHES[0], PITCHES[1] + 1)
    padded = np.pad(cells, ((0, 0), (0, 0), (0, 0), _PAD))
    packed = np.packbits(padded, -1).transpose(2, 0, 1, 3)  # (T, 2, 2, 13)
    return _Bars(
        np.array([ROLL_TIME_SIGNATURES.index(one) if one in ROLL_TIME_SIGNATURES else -1 for one in signatures]),
        starts,
        on,
        between,
        np.add.reduceat(pitches, np.minimum(starts, len(struck) - 1)),
        packed.reshape(len(packed), -1),
    )


def _windows(measured: _Bars, bars: int, before: int, strays: float) -> dict[str, np.ndarray]:
    """Return what is to be known of the windows of one piece, by name, as arrays along the windows."""
    signature, count = measured.time_signature, len(measured.time_signature)
    run = np.zeros(count, int)  # bars of the same metre up to this one, this one counted
    for bar in range(count):
        run[bar] = 1 + (run[bar - 1] if bar and signature[bar] == signature[bar - 1] else 0)
    last = np.arange(bars - 1, count)
    last = last[(run[last] >= bars) & (signature[last] >= 0)]
    first = last - bars + 1

    def total(values: np.ndarray) -> np.ndarray:
        sums = np.concatenate([[0], np.cumsum(values)])
        return sums[last + 1] - sums[first]

    on, between, pitch = total(measured.on), total(measured.between), total(measured.pitch)
    good = (on >= _FEWEST_NOTES) & (between <= strays * on)
    first, last, on, pitch = first[good], last[good], on[good], pitch[good]
    quarters = np.array([steps_of(one) * STEP / TICKS for one in ROLL_TIME_SIGNATURES])[signature[first]] * bars
    return {
        "bar": first,
        "start": measured.start[first],
        "time_signature": signature[first],
        "there": np.minimum(run[first] - 1, before),
        "density": on / quarters,
        "pitch": pitch / on,
        "first": first == 0,
        "last": last == count - 1,
    }


class Drawing:
    """Draws windows of one metre for a batch; see `draw`."""

    def __init__(self, windows: RollWindows, among: np.ndarray | None = None) -> None:
        """Sort the windows of the places `among`, int (M,); None takes all."""
        among = np.arange(len(windows)) if among is None else among
        kinds = (np.ones(len(windows), bool), windows.first, windows.last)
        signatures = windows.time_signature[among]
        self._pools = [
            [among[(signatures == signature) & kind[among]] for kind in kinds]
            for signature in range(len(ROLL_TIME_SIGNATURES))
            if np.any(signatures == signature)
        ]
        odds = np.sqrt([len(pools[0]) for pools in self._pools])
        self._odds = odds / odds.sum()

    def draw(self, random: np.random.Generator, count: int, edges: float) -> np.ndarray:
        """Return some windows of one metre, drawn with replacement, as places int (count,).

        A metre is as likely as the root of how many windows it has, so that rare ones are learnt, too.

        Args:
            random: source of chance.
            count: windows to draw.
            edges: probability, 0 to 0.5, that a window is drawn among those that begin a piece, and the same for those
                that end one; otherwise it is drawn among all.
        """
        pools = self._pools[random.choice(len(self._pools), p=self._odds)]
        kind = np.searchsorted([1 - 2 * edges, 1 - edges], random.random(count), side="right")
        chance = random.random(count)
        picked = [pool[(chance * len(pool)).astype(int)] if len(pool) else None for pool in pools]
        everywhere = picked[0]
        assert everywhere is not None
        chosen = everywhere
        for place, some in enumerate(picked[1:], start=1):
            if some is not None:
                chosen = np.where(kind == place, some, chosen)
        return chosen

"""From played notes to written ones: what was typed stays, and of what was played the likeliest rhythm is chosen."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from genai_demo.music.notation.note_values import CELL, GRIDS
from genai_demo.music.notation.played import chords_together, typed
from genai_demo.music.notation.voices import HANDS, Measure, in_voices, measures
from genai_demo.music.theory.piece import STEP, TICKS, Note, Piece

_EARLY = 40
"""ticks by which the next note may start before a key is let go, and still be meant to follow it"""
_SPREAD = 0.02
"""seconds by which a hand is early or late"""
_SPREADS = (8.0, 30.0)
"""ticks that this is at least and at most"""
_THIRDS = TICKS // 3
"""ticks of a triplet's eighth"""
_RARE = {CELL: 0.0, STEP: 0.5, GRIDS[0]: 3.0, GRIDS[1]: 2.0, _THIRDS: 0.5}
"""how much rarer than eighths other values are, as natural logarithms: sixteenths, 32nds and triplet 16ths in half a
quarter, triplet eighths in a whole one"""
_BOTH = 1.0
"""the same of two voices of one hand, one of which has triplets"""
_RELEASED = 0.25
"""weight of an end, beside that of a start"""


def quantize_for_score(piece: Piece) -> list[Note]:
    """Return the notes as they can be written, in the order of start and pitch.

    What nobody played, a bar of a hand whose starts lie on 64ths or on triplets of 32nds in a piece that mostly does,
    stays as it is, and so do ends on sixteenths or on triplets of them. Other starts move, those of a chord together,
    to the nearest places of the grids that suit a quarter's time and their voice best, see `_choose`. Other ends move
    to the nearest start of the hand or beat that is less than a sixteenth away, or else to the nearest sixteenth: keys
    are let go a little early where a score shows no rest. What is struck twice at one place is written once, and
    nothing is written beyond the last bar line.
    """
    piece = replace(piece, notes=tuple(chords_together(piece)))
    frames = measures(piece)
    starts = {hand: sorted({note.start for note in piece.notes if note.hand == hand}) for hand in HANDS}

    def cell(tick: int) -> tuple[int, int]:
        return _cell(tick, piece, frames)

    def release(note: Note) -> int:
        """Return the tick at which a note is meant to end."""
        end = min(note.end, piece.end)
        if end == piece.end or _plain(end - cell(end)[0]):
            return end
        later = starts[note.hand][bisect_left(starts[note.hand], max(end - _EARLY, note.start + 1)) :]
        beat = end + (frames[piece.bar_at(end)].start - end) % TICKS
        near = [*takewhile(lambda tick: tick < end + STEP, later), *([beat] if beat < end + STEP else [])]
        if near:
            # Keys are let go too early more often than too late.
            meant = min(near, key=lambda tick: tick - end if tick >= end else 2 * (end - tick))
            return min(meant, piece.end)
        return min(end + STEP // 2 - (end - cell(end)[0] + STEP // 2) % STEP, piece.end)

    ends = [release(note) for note in piece.notes]
    written = _placed(piece, frames, ends, _voices_played(piece, frames, ends))
    held: dict[int, int] = {}
    kept: list[Note] = []
    for note in sorted(written):
        before = kept[held[note.pitch]] if note.pitch in held else None
        if before and before.start == note.start:
            continue
        if before and before.end > note.start:
            kept[held[note.pitch]] = replace(before, length=note.start - before.start)
        held[note.pitch] = len(kept)
        kept.append(note)
    return kept


def _cell(tick: int, piece: Piece, frames: Sequence[Measure]) -> tuple[int, int]:
    """Return start and end of the half of a quarter that holds `tick`."""
    frame = frames[piece.bar_at(tick)]
    start = tick - (tick - frame.start) % CELL
    return start, min(start + CELL, frame.bar.end)


def _plain(place: int) -> bool:
    """Return whether a place in a cell lies on the sixteenths or on triplets of them."""
    return place % STEP == 0 or place % GRIDS[1] == 0


def _voices_played(piece: Piece, frames: Sequence[Measure], ends: Sequence[int]) -> list[int]:
    """Return the voice of each note, whose rhythm says nothing about that of the other; 0 where one is enough.

    Args:
        piece: with `chords_together`.
        frames: its bars.
        ends: ticks at which its notes are meant to end.
    """
    voice = [0] * len(ends)
    if all(typed(note.start) for note in piece.notes):
        return voice
    # Finer than anything that two voices play against each other, so that they are not taken for one.
    fine = GRIDS[-1]

    def place(tick: int) -> int:
        frame = frames[piece.bar_at(tick)] if tick < piece.end else frames[-1]
        return min(tick + fine // 2 - (tick - frame.start + fine // 2) % fine, frame.bar.end)

    near = []
    for note, end in zip(piece.notes, ends, strict=True):
        start = min(place(note.start), piece.end - 1)
        near.append(replace(note, start=start, length=max(place(end) - start, 1)))
    for hand in HANDS:
        lines = in_voices(near, [place for place, note in enumerate(near) if note.hand == hand], frames)
        for number, one in lines.voice.items():
            voice[number] = one if piece.bar_at(near[number].start) in lines.crowded else 0
    return voice


def _placed(piece: Piece, frames: Sequence[Measure], ends: Sequence[int], voice: Sequence[int]) -> list[Note]:
    """Return the notes of a piece, each at the nearest places of the grids that suit its hand and voice.

    Args:
        piece: with `chords_together`.
        frames: its bars.
        ends: ticks at which its notes are meant to end.
        voice: of its notes.
    """
    grids = _grids(piece, frames, ends, voice)

    def moved(tick: int, hand: int, number: int) -> int:
        if tick >= piece.end:
            return piece.end
        return grids[_cell(tick, piece, frames)[0], hand, number].nearest(tick)

    written: list[Note] = []
    for note, end, number in zip(piece.notes, ends, voice, strict=True):
        start = moved(note.start, note.hand, number)
        if start == piece.end:
            first, last = _cell(start - 1, piece, frames)
            start = last - min(GRIDS[0], last - first)
        first, last = _cell(start, piece, frames)
        grid = grids.get((first, note.hand, number), _Grid(first, last, CELL))
        shortest = min(start + grid.step, grid.last)
        written.append(replace(note, start=start, length=max(moved(end, note.hand, number), shortest) - start))
    return written


def _grids(
    piece: Piece, frames: Sequence[Measure], ends: Sequence[int], voice: Sequence[int]
) -> dict[tuple[int, int, int], _Grid]:
    """Return the grid of each cell in which notes start or end, by where it starts, by hand and by voice."""
    played = {(piece.bar_at(note.start), note.hand) for note in piece.notes if not typed(note.start)}
    if 2 * sum(not typed(note.start) for note in piece.notes) > len(piece.notes):
        # What lies on a grid all the same does so by chance.
        played |= {(number, hand) for number in range(len(piece.bars)) for hand in HANDS}
    cells: dict[tuple[int, int], _Cell] = {}

    def cell_of(tick: int, hand: int) -> _Cell:
        first, last = _cell(tick, piece, frames)
        return cells.setdefault((first, hand), _Cell(first, last, (piece.bar_at(tick), hand) not in played))

    for note, end, number in zip(piece.notes, ends, voice, strict=True):
        cell_of(note.start, note.hand).struck[number].append(note.start)
        if end < piece.end:
            cell_of(end, note.hand).released[number].append(end)
    quarters: dict[tuple[int, int, int], list[_Cell]] = defaultdict(list)
    for (first, hand), cell in sorted(cells.items(), key=lambda item: item[0]):
        bar = piece.bar_at(first)
        quarters[bar, first - (first - frames[bar].start) % TICKS, hand].append(cell)
    found: dict[tuple[int, int, int], _Grid] = {}
    for (bar, first, hand), inside in quarters.items():
        whole = frames[bar].bar.start <= first and first + TICKS <= frames[bar].bar.end
        simple = frames[bar].time_signature.unit <= 4
        for (start, number), grid in _choose(inside, first, piece.tempo, whole and simple).items():
            found[start, hand, number] = grid
    return found


@dataclass(frozen=True)
class _Grid:
    """Places for notes within a stretch of time."""

    first: int
    last: int
    """ticks of the piece at which it starts and ends"""
    step: int
    """ticks from one place to the next"""

    def nearest(self, tick: int) -> int:
        """Return the place that is nearest to a tick of the stretch."""
        return min(self.first + (tick - self.first + self.step // 2) // self.step * self.step, self.last)


@dataclass
class _Cell:
    """What one hand does within half a quarter."""

    first: int
    last: int
    """ticks of the piece"""
    typed: bool
    """whether nobody played the notes of its bar"""
    struck: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))
    """ticks at which notes of each voice start"""
    released: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))
    """ticks at which notes of each voice end"""

    def exact(self) -> int | None:
        """Return the first of `GRIDS` on which all starts lie, and all ends if that goes; None if there is none."""
        struck = [*self.struck[0], *self.struck[1]]
        for ticks in ([*struck, *self.released[0], *self.released[1]], struck):
            for grid in GRIDS:
                if ticks and all((tick - self.first) % grid == 0 for tick in ticks):
                    return grid
        return None

    def distance(self, origin: int, step: int, voices: Iterable[int] = (0, 1)) -> float:
        """Return how far some voices are from places `step` ticks apart, squared."""

        def squares(ticks: Iterable[int]) -> float:
            return sum(min((tick - origin) % step, (origin - tick) % step) ** 2 for tick in ticks)

        return sum(squares(self.struck[voice]) + _RELEASED * squares(self.released[voice]) for voice in voices)


def _choose(cells: Sequence[_Cell], first: int, tempo: float, thirds: bool) -> dict[tuple[int, int], _Grid]:
    """Return the grids of the cells of one hand within a quarter, by where each cell starts and by voice.

    Whatever is chosen, notes of both voices may be written as one: triplet eighths share half a quarter with sixteenths
    alone.

    Args:
        cells: one or two, in the order of time.
        first: tick at which the quarter starts.
        tempo: quarter notes per minute.
        thirds: whether the quarter is one that may be of three.
    """
    exact = {cell.first: cell.exact() if cell.typed or not any(cell.struck) else None for cell in cells}
    found: dict[tuple[int, int], _Grid] = {}
    for cell in cells:
        if step := exact[cell.first]:
            found |= {(cell.first, voice): _Grid(cell.first, cell.last, step) for voice in (0, 1)}
    played = [cell for cell in cells if not exact[cell.first]]
    if not played:
        return found
    spread = min(max(_SPREAD * tempo / 60 * TICKS, _SPREADS[0]), _SPREADS[1])
    whole = _Grid(first, first + TICKS, _THIRDS)

    def cost(cell: _Cell, step: int, voices: Sequence[int] = (0, 1)) -> float:
        return cell.distance(cell.first, step, voices) / (2 * spread**2) + _RARE[step]

    def apart(steps: Iterable[int], voices: Sequence[int]) -> tuple[float, dict[tuple[int, int], _Grid]]:
        """Return the best grids of `steps` for each cell, and what they cost."""
        total = 0.0
        grids: dict[tuple[int, int], _Grid] = {}
        for cell in played:
            step = min(steps, key=lambda step: cost(cell, step, voices))
            total += cost(cell, step, voices)
            grids |= {(cell.first, voice): _Grid(cell.first, cell.last, step) for voice in voices}
        return total, grids

    def in_thirds(voices: Sequence[int]) -> tuple[float, dict[tuple[int, int], _Grid]]:
        distance = sum(cell.distance(first, _THIRDS, voices) for cell in played)
        grids = {(cell.first, voice): whole for cell in played for voice in voices}
        return distance / (2 * spread**2) + _RARE[_THIRDS], grids

    ways = [apart((CELL, STEP, *GRIDS[:2]), (0, 1))]
    if thirds and len(played) == len(cells):
        ways.append(in_thirds((0, 1)))
        for one, other in ((0, 1), (1, 0)):
            halves, triple = apart((CELL, STEP), [one]), in_thirds([other])
            ways.append((halves[0] + triple[0] + _BOTH, halves[1] | triple[1]))
    return found | min(ways, key=lambda way: way[0])[1]

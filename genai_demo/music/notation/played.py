"""What players do and scores do not show: chords struck not quite at once, and ornaments before a note."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from genai_demo.music.notation.note_values import GRIDS
from genai_demo.music.notation.spelling import Name, spell
from genai_demo.music.theory.piece import TICKS, Key, Note, Piece

_AT_ONCE = 0.05
"""seconds within which a hand strikes one chord"""
_WIDEST = TICKS // 8
"""ticks that are one chord at most, however fast the music is"""
_GRACE = 0.08
"""seconds that a grace note lasts at most"""
_ADORNED = 4
"""times as long that the note after a grace note lasts at least"""


def _ticks(seconds: float, tempo: float) -> int:
    return round(seconds * tempo / 60 * TICKS)


def typed(tick: int) -> bool:
    """Return whether a place lies on 64ths or on triplets of 32nds, as in a score that nobody played."""
    return tick % GRIDS[2] == 0 or tick % GRIDS[3] == 0


def chords_together(piece: Piece) -> list[Note]:
    """Return the notes of a piece with what a hand strikes within 50 ms, and holds together, struck at one moment.

    Notes that all lie where a score may write them stay.
    """
    within = min(_ticks(_AT_ONCE, piece.tempo), _WIDEST)
    found: list[Note] = []
    for hand in {note.hand for note in piece.notes}:
        for group in _groups([note for note in piece.notes if note.hand == hand], within):
            if len(group) > 1 and not all(typed(note.start) for note in group):
                start = round(sum(note.start for note in group) / len(group))
                group = [replace(note, start=start, length=note.end - start) for note in group]
            found += group
    return sorted(found)


def _groups(notes: Sequence[Note], within: int) -> Iterator[list[Note]]:
    """Yield the notes of one hand by what it strikes nearly at once."""
    group: list[Note] = []
    for note in notes:
        if group and note.start <= group[0].start + within and min(one.end for one in group) > note.start + within:
            group.append(note)
        else:
            if group:
                yield group
            group = [note]
    if group:
        yield group


def grace_notes(piece: Piece) -> dict[Note, Note]:
    """Return the grace notes of a piece, each with the note that it adorns.

    It lasts 80 ms at most, ends where a far longer note of the same hand begins, and nobody would write it where it is.
    """
    longest, beside = _ticks(_GRACE, piece.tempo), GRIDS[2] // 2
    found: dict[Note, Note] = {}
    for hand in {note.hand for note in piece.notes}:
        line = [note for note in piece.notes if note.hand == hand]
        for place, note in enumerate(line):
            if note.length > longest or typed(note.start):
                continue
            after = [
                other
                for other in line[place + 1 : place + 1 + _ADORNED]
                if abs(other.start - note.end) <= beside and other.length >= _ADORNED * note.length
            ]
            if after:
                found[note] = max(after, key=lambda other: other.pitch)
    return found


def written_places(notes: Sequence[Note]) -> Callable[[Note], int]:
    """Return what tells the place of a note among written ones, to which it may have moved.

    Args:
        notes: as they are written, in the order of start.
    """
    same: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, note in enumerate(notes):
        same[note.hand, note.pitch].append(place)

    def nearest(note: Note) -> int:
        places = same[note.hand, note.pitch]
        after = bisect_left(places, note.start, key=lambda place: notes[place].start)
        return min(places[max(after - 1, 0) : after + 1], key=lambda place: abs(notes[place].start - note.start))

    return nearest


def grace_names(
    adorned: dict[Note, Note], notes: Sequence[Note], piece: Piece, key: Key
) -> dict[int, list[tuple[Note, Name]]]:
    """Return grace notes and their names by the places of the notes that they adorn, which may have moved.

    Args:
        adorned: from `grace_notes`.
        notes: as they are written.
        piece: says where other keys hold.
        key: of its beginning.
    """
    found: dict[int, list[tuple[Note, Name]]] = {}
    place_of = written_places(notes)
    for name, (grace, note) in zip(spell(list(adorned), key, piece.key_changes), adorned.items(), strict=True):
        found.setdefault(place_of(note), []).append((grace, name))
    return found

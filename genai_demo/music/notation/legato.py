"""Notes as a musician would write them whose ends nobody chose: rests shorter than a beat are not meant.

A network that decides cell by cell lets keys go a sixteenth early or late. With the pedal nobody hears it; on paper
it is a confetti of rests and ties.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from genai_demo.music.notation.beams import beats
from genai_demo.music.notation.voices import HANDS, Measure
from genai_demo.music.theory.piece import TICKS, Note

_HELD = TICKS
"""ticks that a note has to be held beyond the hand's next one to be a voice of its own"""


def sounding_legato(notes: Sequence[Note], frames: Sequence[Measure], bars: Collection[int]) -> list[Note]:
    """Return notes some of which last as long as they sound: to the next ones of the hand, or to the end of a beat.

    What a hand strikes at once ends at once, save for notes that are held on for a beat or more.

    Args:
        notes: as from `quantize_for_score`.
        frames: the bars.
        bars: those, from 0, whose notes are written so.
    """
    lines = sorted({tick for frame in frames for tick in _beat_lines(frame)})
    bar_lines = [frame.bar.start for frame in frames]
    struck: dict[int, list[int]] = defaultdict(list)
    for note in notes:
        struck[note.pitch].append(note.start)
    starts = {hand: sorted({note.start for note in notes if note.hand == hand}) for hand in HANDS}

    def following(note: Note, tick: int) -> int:
        """Return the hand's first onset behind a note's and not before `tick`, or the last bar line."""
        place = bisect_left(starts[note.hand], max(tick, note.start + 1))
        return starts[note.hand][place] if place < len(starts[note.hand]) else lines[-1]

    def end(note: Note) -> tuple[bool, int]:
        """Return whether a note is held on, and its end."""
        next_one = following(note, 0)
        held = note.end - next_one >= _HELD
        if note.end > next_one and not held:
            return False, next_one
        return held, min(following(note, note.end), lines[bisect_left(lines, note.end)])

    ends = [end(note) for note in notes]
    together: dict[tuple[int, int], int] = {}
    for note, (held, tick) in zip(notes, ends, strict=True):
        if not held:
            chord = note.start, note.hand
            together[chord] = max(tick, together.get(chord, 0))
    written = []
    for note, (held, tick) in zip(notes, ends, strict=True):
        if bisect_right(bar_lines, note.start) - 1 not in bars:
            written.append(note)
            continue
        tick = tick if held else together[note.start, note.hand]
        again = bisect_right(struck[note.pitch], note.start)
        last = min([tick, *struck[note.pitch][again : again + 1]])
        written.append(replace(note, length=last - note.start))
    return sorted(written)


def _beat_lines(frame: Measure) -> list[int]:
    """Return the ticks at which the beats of a bar end."""
    ends = (frame.start + beat.end for beat in beats(frame.time_signature))
    return [tick for tick in ends if frame.bar.start < tick < frame.bar.end] + [frame.bar.end]

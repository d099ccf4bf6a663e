"""What the page's script sends of a visitor's own music, a file or a played melody: nothing of it is trusted."""

from __future__ import annotations

from genai_demo.engine.generation.checks import check_one_of, check_whole
from genai_demo.errors import UserError
from genai_demo.music.midi.bars import lay_bars
from genai_demo.music.requests import TEMPO, TIME_SIGNATURES
from genai_demo.music.theory.key_estimation import estimate_key_or_c_major
from genai_demo.music.theory.piece import PITCHES, RIGHT, STEP, Note, Piece, resolve_overlaps

MOST_BYTES = 8 * 2**20
"""largest file that can be given: a score without compression"""
WRONG = ("music.too_many_bytes", "music.not_midi")
"""what is said of a file that is too large, and of one that is none"""
MOST_NOTES = 1000
MOST_STEPS = 64 * 16
"""sixteenths of the longest melody"""


def melody(notes: object, tempo: object, metre: object) -> Piece:
    """Return a melody for the right hand that was played on the page's keyboard.

    Args:
        notes: triples of start in sixteenths, pitch, and length in sixteenths.
        tempo: quarter notes per minute.
        metre: one of `TIME_SIGNATURES`.

    Raises:
        UserError: there are no notes, too many, or something in them is not allowed.
    """
    if not isinstance(notes, list) or not notes:
        raise UserError("ui.music_nothing_played")
    check_whole("number of notes", len(notes), 1, MOST_NOTES)
    check_whole("tempo", tempo, *TEMPO)  # type: ignore[arg-type]
    check_one_of("metre", metre, TIME_SIGNATURES)  # type: ignore[arg-type]
    played = []
    for note in notes:
        if not isinstance(note, list) or len(note) != 3:
            raise UserError("ui.music_nothing_played")
        start, pitch, length = note
        check_whole("start", start, 0, MOST_STEPS)
        check_whole("pitch", pitch, *PITCHES)
        check_whole("length", length, 1, MOST_STEPS)
        played.append(Note(start * STEP, pitch, length * STEP, RIGHT))
    ordered = resolve_overlaps(played)
    beats, unit = map(int, str(metre).split("/"))
    bars = lay_bars([(0, beats, unit)], max(note.end for note in ordered))
    return Piece(ordered, bars, estimate_key_or_c_major(ordered), float(str(tempo)))

"""What players do becomes what a score writes: chords on one place, ornaments as small notes."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from hypothesis import given

from genai_demo.music.notation.played import chords_together, grace_notes
from genai_demo.music.notation.score import musicxml
from genai_demo.music.theory.piece import LEFT, Key, Note, Piece
from tests.helpers.scores import any_pieces, bars, grid_pieces

ROLLED = (Note(0, 60, 480), Note(13, 64, 467), Note(31, 67, 449))


def piece(*notes: Note, tempo: float = 100.0) -> Piece:
    return Piece(tuple(sorted(notes)), bars((4, 4)), Key(2, "major"), tempo)


@given(grid_pieces())
def test_what_a_score_may_write_stays(piece: Piece) -> None:
    assert tuple(chords_together(piece)) == piece.notes
    assert grace_notes(piece) == {}


@given(any_pieces())
def test_keys_and_ends_stay(piece: Piece) -> None:
    moved = chords_together(piece)
    assert sorted((note.pitch, note.end, note.hand) for note in moved) == sorted(
        (note.pitch, note.end, note.hand) for note in piece.notes
    )
    assert all(note.length >= 1 for note in moved)


def test_a_rolled_chord_is_one_chord() -> None:
    assert {note.start for note in chords_together(piece(*ROLLED))} == {15}
    slow = chords_together(piece(*ROLLED, tempo=40.0))
    assert [note.start for note in slow] == [6, 6, 31], "at this tempo the last one comes 93 ms after the first"
    hands = piece(ROLLED[0], Note(13, 40, 467, LEFT))
    assert tuple(chords_together(hands)) == hands.notes, "hands need not be together"
    run = piece(Note(0, 60, 20), Note(21, 62, 20), Note(43, 64, 400))
    assert tuple(chords_together(run)) == run.notes, "what is let go before is no chord"


def test_a_short_note_before_a_long_one_is_a_grace_note() -> None:
    grace, main = Note(456, 61, 24), Note(480, 62, 480)
    assert grace_notes(piece(grace, main)) == {grace: main}
    for other in (Note(480, 62, 60), Note(480, 62, 480, LEFT), Note(520, 62, 480)):
        assert grace_notes(piece(grace, other)) == {}
    assert grace_notes(piece(Note(450, 61, 30), main)) == {}, "this is a 64th"


def test_grace_notes_are_small_and_take_no_time() -> None:
    made = piece(Note(0, 66, 456), Note(456, 60, 24), Note(480, 62, 480), Note(480, 69, 480))
    notes = list(Xml.fromstring(musicxml(made)).iter("note"))
    (grace,) = [note for note in notes if note.find("grace") is not None]
    assert grace.find("duration") is None and grace.findtext("pitch/step") == "C"
    assert grace.findtext("accidental") == "natural", "the signature has a C sharp"
    follower = notes[notes.index(grace) + 1]
    assert (follower.findtext("pitch/step"), follower.find("chord")) == ("D", None)
    right = [
        note.findtext("duration") for note in notes if note.findtext("staff") == "1" and note.find("chord") is None
    ]
    assert [int(duration) for duration in right if duration] == [480, 480, 960]

"""What the GAN writes is engraved as it sounds: no confetti of rests, nothing struck is moved."""

from __future__ import annotations

from hypothesis import given

from genai_demo.music.notation.legato import sounding_legato
from genai_demo.music.notation.quantizing import quantize_for_score
from genai_demo.music.notation.score import musicxml
from genai_demo.music.notation.voices import measures
from genai_demo.music.theory.piece import Piece
from tests.helpers.scores import grid_pieces, piece, read

Q = 0.25


def lengths(made: Piece) -> list[tuple[float, float]]:
    """Return start and length, in quarters, of every note as it is written."""
    notes = sounding_legato(quantize_for_score(made), measures(made), range(len(made.bars)))
    return [(note.start / 480, note.length / 480) for note in notes]


def test_notes_last_to_the_next_ones_or_to_the_end_of_the_beat() -> None:
    assert lengths(piece([(0, Q, 60), (0.75, Q, 62), (1, Q, 64), (3, 0.5, 65)])) == [
        (0, 0.75),
        (0.75, Q),
        (1, 1),
        (3, 1),
    ]


def test_a_beat_may_have_three_eighths() -> None:
    assert lengths(piece([(0, Q, 60), (1.5, 0.5, 62), (2, Q, 64)], metres=[(6, 8)])) == [(0, 1.5), (1.5, 0.5), (2, 1)]


def test_what_overlaps_a_little_does_not_and_what_is_held_stays() -> None:
    assert lengths(piece([(0, 1.25, 60), (1, 1, 62)])) == [(0, 1), (1, 1)]
    assert lengths(piece([(0, 3, 60), (1, 0.5, 72), (2, 2, 74)])) == [(0, 3), (1, 1), (2, 2)]


def test_chords_end_together() -> None:
    assert lengths(piece([(0, Q, 60), (0, 0.5, 64), (0, 1, 67), (1, 1, 62)])) == [(0, 1)] * 3 + [(1, 1)]


def test_only_the_bars_that_are_named() -> None:
    made = piece([(0, Q, 60), (4, Q, 60)], metres=[(4, 4)] * 2)
    notes = sounding_legato(quantize_for_score(made), measures(made), [1])
    assert [note.length for note in notes] == [120, 480]


def test_a_score_loses_its_confetti() -> None:
    made = piece([(place / 2, Q, 60 + place % 5) for place in range(16)], metres=[(4, 4)] * 2)
    assert musicxml(made).count(b"<rest") > 16
    content = musicxml(made, legato=range(2))
    assert content.count(b"<rest") == 2, "the left hand's"
    assert content.count(b"<type>eighth") == 16


@given(grid_pieces())
def test_whatever_is_struck_is_written_where_it_was(made: Piece) -> None:
    before = quantize_for_score(made)
    notes = sounding_legato(before, measures(made), range(len(made.bars)))
    assert [(note.start, note.pitch, note.hand) for note in notes] == [(n.start, n.pitch, n.hand) for n in before]
    assert Piece(tuple(notes), made.bars).faults() == []
    read(musicxml(made, legato=range(len(made.bars))))

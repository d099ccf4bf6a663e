"""Any notes become playable ones: a key is struck only when it is not held."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.theory.piece import LEFT, RIGHT, Note, Piece, resolve_overlaps
from tests.helpers.music import bars_of

NOTES = st.lists(st.builds(Note, st.integers(0, 50), st.integers(60, 63), st.integers(1, 60), st.integers(0, 1)))


@given(NOTES)
def test_untangled(notes: list[Note]) -> None:
    done = resolve_overlaps(notes)
    assert Piece(done, bars_of([(4, 4)])).faults() == []
    assert resolve_overlaps(done) == done
    assert {(note.start, note.pitch) for note in done} == {(note.start, note.pitch) for note in notes}
    for note in done:
        assert any((n.start, n.pitch, n.hand) == (note.start, note.pitch, note.hand) for n in notes)


def test_the_longest_of_a_moment_stays_until_the_next_stroke() -> None:
    notes = [Note(10, 60, 5, RIGHT), Note(0, 60, 4, RIGHT), Note(0, 60, 30, LEFT)]
    assert resolve_overlaps(notes) == (Note(0, 60, 10, LEFT), Note(10, 60, 5, RIGHT))

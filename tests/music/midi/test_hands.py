"""Notes find the hand that would play them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from genai_demo.music.midi.hands import hand_named, split_hands
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Note, Piece
from tests.helpers.music import pieces


@given(pieces())
def test_only_hands_change_and_none_crosses(piece: Piece) -> None:
    split = split_hands(piece.notes)
    assert [replace(note, hand=RIGHT) for note in split] == [replace(note, hand=RIGHT) for note in piece.notes]
    for moment in {note.start for note in split}:
        struck = {hand: [n.pitch for n in split if n.start == moment and n.hand == hand] for hand in (RIGHT, LEFT)}
        assert max(struck[LEFT], default=0) < min(struck[RIGHT], default=200)


def test_middle_c_alone_is_for_the_right() -> None:
    assert split_hands([Note(0, 60, 480)])[0].hand == RIGHT
    assert split_hands([Note(0, 59, 480)])[0].hand == LEFT


def test_a_melody_keeps_its_hand_below_middle_c() -> None:
    bass = [Note(bar * 4 * TICKS, 36, 4 * TICKS, LEFT) for bar in range(4)]
    descent = [Note(place * TICKS, 72 - place, TICKS) for place in range(16)]
    split = split_hands([*bass, *descent])
    assert all(note.hand == (LEFT if note.pitch == 36 else RIGHT) for note in split)


def test_wide_chords_are_shared() -> None:
    split = split_hands([Note(0, pitch, 480) for pitch in (36, 43, 48, 64, 67, 72)])
    assert [note.hand for note in split] == [LEFT] * 3 + [RIGHT] * 3


@pytest.mark.parametrize(
    ("name", "hand"),
    [
        ("Right Hand", RIGHT),
        ("piano (left)", LEFT),
        ("R.H.", RIGHT),
        ("左手", LEFT),
        ("", None),
        ("Piano", None),
        ("Left and right", None),
        ("bright", None),
    ],
)
def test_names(name: str, hand: int | None) -> None:
    assert hand_named(name) == hand

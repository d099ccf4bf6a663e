"""Notes find the hand that would play them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from genai_demo.music.midi.hands import split_hands, within_reach
from genai_demo.music.midi.names import hand_named, names_drums
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
        ("Piano_RH_1", RIGHT),
        ("LH2", LEFT),
        ("PianoRightHand", RIGHT),
        ("Rechte Hand", RIGHT),
        ("Klavier, linke Hand", LEFT),
        ("Main gauche", LEFT),
        ("m. d.", RIGHT),
        ("Mano derecha", RIGHT),
        ("Mão esquerda", LEFT),
        ("mano sinistra", LEFT),
        ("鋼琴(左手)", LEFT),
        ("Piano (R)", RIGHT),
        ("piano_l", LEFT),
        ("down:", LEFT),
        ("Lewa ręka", LEFT),
        ("правая рука", RIGHT),
        ("Let me go", None),
        ("Get down", None),
        ("Ms. Brown", None),
        ("Bass and treble", None),
    ],
)
def test_names(name: str, hand: int | None) -> None:
    assert hand_named(name) == hand


@pytest.mark.parametrize(
    ("name", "drums"),
    [
        ("Drums", True),
        ("01_drumkit", True),
        ("Schlagzeug", True),
        ("Batterie", True),
        ("Batería", True),
        ("架子鼓", True),
        ("打击乐", True),
        ("The Little Drummer Boy", False),
        ("Piano", False),
        ("", False),
    ],
)
def test_drums_by_name(name: str, drums: bool) -> None:
    assert names_drums(name) is drums


def test_one_hand_reaches_a_tenth_but_not_a_twelfth() -> None:
    def chords(*spans: int) -> list[Note]:
        return [Note(480 * at, pitch, 480) for at, span in enumerate(spans) for pitch in (48, 48 + span)]

    assert within_reach(chords(12, 16))
    assert not within_reach(chords(12, 19))
    assert within_reach(chords(*[7] * 30, 24)), "it may roll a chord now and then"
    assert within_reach([])

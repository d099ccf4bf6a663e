"""Notes are named as the key has them, and every name sounds the key that was struck."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from genai_demo.music.notation.spelling import Name, name_at, signature, spell, tonic_place
from genai_demo.music.theory.piece import LEFT, PITCHES, Key, Note
from tests.helpers.scores import KEYS, any_pieces

SIGN = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "x"}


def written(names: list[Name]) -> str:
    return " ".join(name.letter + SIGN[name.alter] for name in names)


def line(*pitches: int) -> list[Note]:
    """Return quarters one after the other."""
    return [Note(480 * number, pitch, 480) for number, pitch in enumerate(pitches)]


def chords(*groups: tuple[int, ...]) -> list[Note]:
    return [Note(960 * number, pitch, 960) for number, group in enumerate(groups) for pitch in group]


@given(any_pieces())
def test_every_name_sounds_the_key_that_was_struck(piece: object) -> None:
    notes, key = piece.notes, piece.key  # type: ignore[attr-defined]
    assert [name.pitch for name in spell(notes, key)] == [note.pitch for note in notes]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.tonic}-{key.mode}")
def test_every_key_of_the_piano_has_a_name_in_every_key(key: Key) -> None:
    for pitch in range(PITCHES[0], PITCHES[1] + 1):
        assert spell([Note(0, pitch, 480)], key)[0].pitch == pitch


@pytest.mark.parametrize(
    ("key", "scale"),
    [
        (Key(0, "major"), "C D E F G A B"),
        (Key(7, "major"), "G A B C D E F#"),
        (Key(2, "major"), "D E F# G A B C#"),
        (Key(4, "major"), "E F# G# A B C# D#"),
        (Key(11, "major"), "B C# D# E F# G# A#"),
        (Key(6, "major"), "F# G# A# B C# D# E#"),
        (Key(5, "major"), "F G A Bb C D E"),
        (Key(3, "major"), "Eb F G Ab Bb C D"),
        (Key(8, "major"), "Ab Bb C Db Eb F G"),
        (Key(1, "major"), "Db Eb F Gb Ab Bb C"),
        (Key(9, "minor"), "A B C D E F# G#"),
        (Key(0, "minor"), "C D Eb F G A B"),
        (Key(8, "minor"), "G# A# B C# D# E# Fx"),
        (Key(10, "minor"), "Bb C Db Eb F G A"),
        (Key(3, "minor"), "D# E# F# G# A# B# Cx"),
    ],
    ids=str,
)
def test_scales(key: Key, scale: str) -> None:
    steps = (0, 2, 4, 5, 7, 9, 11) if key.mode == "major" else (0, 2, 3, 5, 7, 9, 11)
    assert written(spell(line(*(60 + key.tonic + step for step in steps)), key)) == scale


@pytest.mark.parametrize(
    ("key", "notes", "expected"),
    [
        (Key(0, "major"), line(60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72), "C C# D D# E F F# G G# A A# B C"),
        (Key(0, "major"), line(72, 71, 70, 69, 68, 67, 66, 65, 64, 63, 62), "C B Bb A Ab G F# F E Eb D"),
        (Key(3, "major"), line(67, 68, 67), "G Ab G"),
        (Key(3, "major"), line(67, 66, 67), "G F# G"),
        (Key(0, "major"), chords((64, 68, 71), (57, 60, 64)), "E G# B A C E"),
        (Key(0, "major"), chords((65, 68, 72), (60, 64, 67)), "F Ab C C E G"),
        (Key(0, "major"), chords((60, 64, 67, 70), (57, 60, 65)), "C E G Bb A C F"),
        (Key(0, "major"), chords((62, 66, 69), (67, 71, 74)), "D F# A G B D"),
        (Key(9, "minor"), line(69, 67, 65, 64), "A G F E"),
        (Key(9, "minor"), chords((58, 62, 65), (56, 59, 64)), "Bb D F G# B E"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_chromatic_notes_go_by_direction_and_harmony(key: Key, notes: list[Note], expected: str) -> None:
    assert written(spell(notes, key)) == expected


def test_one_sound_has_one_name_in_a_bar_and_in_what_sounds_together() -> None:
    up_and_down = line(67, 68, 69, 68, 67)
    names = written(spell(up_and_down, Key(0, "major"), bars=[0]))
    assert names in ("G G# A G# G", "G Ab A Ab G")
    assert written(spell(up_and_down, Key(0, "major"), bars=[0, 960])) == "G G# A Ab G", "bars are parted"
    held = [Note(0, 56, 4 * 480, LEFT), *(replace(note, start=note.start + 960) for note in line(67, 68, 69))]
    assert len({name.letter for name in spell(held, Key(0, "major"), bars=[0, 960]) if name.pitch % 12 == 8}) == 1


@pytest.mark.parametrize(
    ("key", "notes", "expected"),
    [
        (Key(0, "major"), chords((65, 66)), "F Gb"),
        (Key(0, "major"), chords((63, 64, 67)), "D# E G"),
        (Key(9, "minor"), chords((64, 65, 66)), "E F Gb"),
        (Key(9, "minor"), chords((65, 66), (66, 69)), "F Gb Gb A"),
        (Key(9, "minor"), chords((60, 61)), "C Db"),
        (Key(2, "minor"), chords((70, 71)), "Bb Cb"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_keys_side_by_side_that_a_hand_strikes_together_stand_on_two_lines(
    key: Key, notes: list[Note], expected: str
) -> None:
    assert written(spell(notes, key, bars=[0])) == expected


@given(any_pieces())
def test_no_chord_has_two_names_for_one_sound(piece: object) -> None:
    notes, key, bars = piece.notes, piece.key, piece.bars  # type: ignore[attr-defined]
    names = spell(notes, key, bars=[bar.start for bar in bars])
    for bar in bars:
        alters: dict[int, set[str]] = {}
        for note, name in zip(notes, names, strict=True):
            if bar.start <= note.start < bar.end:
                alters.setdefault(note.pitch % 12, set()).add(name.letter)
        assert all(len(letters) == 1 for letters in alters.values())


def test_every_section_is_named_in_its_own_key() -> None:
    change = [(4 * 480, Key.of_signature(-6, "major"))]
    notes = line(66, 68, 70, 71, 66, 68, 70, 71)
    assert written(spell(notes, Key(6, "major"), change)) == "F# G# A# B Gb Ab Bb Cb"


def test_octaves_count_by_the_letter() -> None:
    assert name_at(12, 60) == Name("B", 1, 3)
    assert name_at(-7, 59) == Name("C", -1, 4)
    assert Name("B", 1, 3).line + 1 == Name("C", 0, 4).line


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.tonic}-{key.mode}")
def test_the_signature_is_that_of_the_key(key: Key) -> None:
    assert sum(signature(key).values()) == key.sharps
    assert (
        name_at(tonic_place(key), 60 + key.tonic).alter
        == signature(key)[name_at(tonic_place(key), 60 + key.tonic).letter]
    )

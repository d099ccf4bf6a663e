"""Signatures are kept, their mode is heard, and an empty one that the notes contradict is none."""

from __future__ import annotations

import pytest

from genai_demo.music.theory.key_signatures import HeardKeys, StatedKey, hear_keys
from genai_demo.music.theory.piece import ALL_KEYS, LEFT, TICKS, Bar, Key, Note
from tests.helpers.music import bars_of

STEPS = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 11)}
_UNUSUAL = [Key.of_signature(sharps, mode) for sharps in (-7, -6, 7) for mode in STEPS]


def music(*keys: Key) -> tuple[list[Note], tuple[Bar, ...]]:
    """Return four bars of 4/4 in each key: its scale up and down over its chords."""
    notes = []
    for section, key in enumerate(keys):
        start, scale = section * 16 * TICKS, STEPS[key.mode]
        steps = [*scale, 12, *reversed(scale), *scale[1:2]]
        notes += [Note(start + place * TICKS, 60 + key.tonic + step, TICKS) for place, step in enumerate(steps)]
        chords = ((0, 2, 4), (3, 5, 0), (4, 6, 1), (0, 2, 4))
        for bar, chord in enumerate(chords):
            at = start + bar * 4 * TICKS
            notes += [Note(at, 36 + key.tonic, 4 * TICKS, LEFT)]
            notes += [Note(at, 48 + key.tonic + scale[place], 4 * TICKS, LEFT) for place in chord]
    return sorted({(note.start, note.pitch): note for note in notes}.values()), bars_of([(4, 4)] * (4 * len(keys)))


@pytest.mark.parametrize("key", [*ALL_KEYS, *_UNUSUAL], ids=lambda key: f"{key.sharps}-{key.mode}")
def test_a_signature_is_kept_and_its_mode_heard(key: Key) -> None:
    assert hear_keys([StatedKey(0, key.sharps)], *music(key)) == HeardKeys(key)


@pytest.mark.parametrize("mode", STEPS)
def test_a_mode_that_is_stated_is_believed(mode: str) -> None:
    relative = Key(9, "minor") if mode == "major" else Key(0, "major")
    assert hear_keys([StatedKey(0, 0, mode)], *music(relative)).key == Key.of_signature(0, mode)


@pytest.mark.parametrize("key", ALL_KEYS, ids=lambda key: f"{key.sharps}-{key.mode}")
def test_an_empty_signature_is_doubted_where_notes_contradict(key: Key) -> None:
    notes, bars = music(key)
    heard = hear_keys([StatedKey(0, 0)], notes, bars)
    assert heard.key == key
    outside = sum(note.pitch % 12 not in STEPS["major"] for note in notes)
    assert heard.contradicting == (0 if key.sharps == 0 else outside)
    # The same where every track states it, some ticks late.
    assert hear_keys([StatedKey(0, 0), StatedKey(5, 0)], notes, bars) == heard


@pytest.mark.parametrize(
    "pitches",
    [[], [61, 63], [60 + number for number in range(12)], [60, 66, 61, 68, 67, 62, 63, 71, 64, 70, 65, 69]],
    ids=["nothing", "two notes", "all notes", "a row"],
)
def test_music_without_a_key_contradicts_nothing(pitches: list[int]) -> None:
    notes = [Note(place * TICKS, pitch, TICKS) for place, pitch in enumerate(pitches)]
    heard = hear_keys([StatedKey(0, 0)], notes, bars_of([(4, 4)] * 3))
    assert heard.key is not None
    assert (heard.key.sharps, heard.contradicting) == (0, 0)


def test_an_empty_signature_among_others_is_meant() -> None:
    minor, major = Key(0, "minor"), Key(0, "major")
    notes, bars = music(minor, major)
    stated = [StatedKey(0, -3), StatedKey(bars[4].start, 0)]
    assert hear_keys(stated, notes, bars) == HeardKeys(minor, ((bars[4].start, major),))


def test_changes_snap_to_bar_lines_and_say_something_new() -> None:
    keys = (Key(2, "major"), Key(2, "minor"), Key.of_signature(-6, "major"))
    notes, bars = music(*keys)
    changes = ((bars[4].start, keys[1]), (bars[8].start, keys[2]))
    stated = [
        StatedKey(30, 2),
        StatedKey(bars[2].start, 2),
        StatedKey(bars[4].start + 17, -1),
        StatedKey(bars[8].start - 200, 0),
        StatedKey(bars[8].start, -6),
        StatedKey(bars[-1].end, 3),
    ]
    assert hear_keys(stated, notes, bars) == HeardKeys(keys[0], changes)


def test_nothing_stated_is_nothing_known() -> None:
    assert hear_keys([], *music(Key(2, "major"))) == HeardKeys(None)

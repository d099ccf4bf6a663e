"""Windows for the masked model: always the same for the same arguments, and what the pieces say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genai_demo.music.data.column_batches import MARGIN, WINDOW, ColumnBatches, key_number, to_white_keys
from genai_demo.music.data.labels import Label
from genai_demo.music.data.reading import Music
from genai_demo.music.models.masked import CONDITIONS
from genai_demo.music.theory.piece import STEP, TICKS, Key, Note, Piece
from genai_demo.music.theory.texture import STYLES
from genai_demo.music.tokens.columns import NONE, OUTSIDE, Columns, metrical_positions
from genai_demo.music.tokens.roll import SHIFTS
from tests.helpers.music import bars_of, notes_of, scale


def music(*pieces: Piece) -> Music:
    labels = tuple(Label(composer="Chopin") if number == 0 else Label() for number in range(len(pieces)))
    return Music(pieces, labels, tuple(map(str, range(len(pieces)))))


LONG = scale(20, Key(0, "major"))
BATCHES = ColumnBatches(music(LONG, scale(4)), seed=3)


def test_batches_are_a_function_of_their_arguments() -> None:
    one, same = BATCHES.batch(7, 16, 1), BATCHES.batch(7, 16, 1)
    assert all(np.array_equal(one[name], same[name]) for name in one)
    for other in (BATCHES.batch(8, 16, 1), BATCHES.batch(7, 16, 0), ColumnBatches(music(LONG)).batch(7, 16, 1)):
        assert not np.array_equal(one["keys"], other["keys"])
    assert {name: array.shape[0] for name, array in one.items()} == dict.fromkeys(one, 16)


@pytest.mark.parametrize("shift", [0, 3])
def test_a_window_is_a_stretch_of_its_piece(shift: int) -> None:
    batches = ColumnBatches(music(LONG))
    found = 0
    for number in range(len(batches)):
        window = batches.windows(np.array([number]), np.array([shift]))
        places = window["positions"][0]
        notes = notes_of(Columns(window["keys"][0], window["lengths"][0]))
        at = next(
            first
            for first in range(-MARGIN, LONG.end // STEP)
            if [replace(note, start=note.start + first * STEP, pitch=note.pitch - shift) for note in notes]
            == [replace(n, velocity=72) for n in LONG.notes if first * STEP <= n.start < (first + WINDOW) * STEP]
        )
        whole = np.concatenate([np.full(MARGIN, OUTSIDE), metrical_positions(LONG.bars), np.full(WINDOW, OUTSIDE)])
        assert np.array_equal(places, whole[at + MARGIN : at + MARGIN + WINDOW])
        found += 1
    assert found == len(batches) > 10


def test_windows_reach_beyond_beginning_and_end() -> None:
    windows = BATCHES.windows(np.arange(len(BATCHES)), np.zeros(len(BATCHES), int))
    outside = windows["positions"] == OUTSIDE
    assert (outside[:, :MARGIN].all(1)).any()
    assert (outside[:, -MARGIN:].all(1)).any()
    assert not (windows["keys"][np.broadcast_to(outside[:, None], windows["keys"].shape[:3])] != NONE).any()


def test_what_is_known_of_a_window() -> None:
    windows = BATCHES.windows(np.arange(len(BATCHES)), np.full(len(BATCHES), 2))
    first = windows["conditions"][0]
    assert dict(zip(CONDITIONS, first.tolist(), strict=True)) == {
        "key": key_number(Key(2, "major")),
        "density": 1,
        "style": 1 + STYLES.index("romantic"),
    }
    last = windows["conditions"][-1]
    assert (last[0], last[2]) == (0, 0), "the other piece has no key and nothing is known of its composer"
    for number, count in enumerate(CONDITIONS.values()):
        assert windows["conditions"][:, number].max() < count


def test_conditions_and_metres_are_hidden_as_often_as_asked() -> None:
    always = ColumnBatches(music(LONG), dropout=1, metre_dropout=1).batch(0, 8)
    assert not always["conditions"].any()
    never = ColumnBatches(music(LONG), dropout=0, metre_dropout=0).batch(0, 8)
    assert (never["conditions"] > 0).all()
    assert set(always["positions"].ravel().tolist()) <= {
        OUTSIDE,
        *metrical_positions(LONG.bars, time_signatures=False).tolist(),
    }
    assert set(never["positions"].ravel().tolist()) <= {OUTSIDE, *metrical_positions(LONG.bars).tolist()}


def test_every_key_has_a_number_of_its_own() -> None:
    keys = [None, *(Key(tonic, mode) for tonic in range(12) for mode in ("major", "minor"))]
    assert {key_number(key) for key in keys} == set(range(CONDITIONS["key"]))
    assert key_number(Key(11, "minor"), 3) == key_number(Key(2, "minor"))


def test_what_the_grid_would_bend_is_left_out() -> None:
    triplets = tuple(Note(place * TICKS // 3, 60, 100) for place in range(200))
    bent = Piece(triplets, bars_of([(4, 4)] * 17))
    assert len(ColumnBatches(music(bent))) == 0
    mixed = ColumnBatches(music(bent, LONG))
    assert len(mixed) == len(ColumnBatches(music(LONG)))


def test_windows_apart_have_no_step_in_common() -> None:
    batches = ColumnBatches(music(scale(60), scale(30)))
    chosen = batches.apart(100)
    assert len(chosen) == len(set(chosen.tolist())) > 5
    starts = batches._starts[chosen]
    assert (np.diff(np.sort(starts)) >= WINDOW).all()
    assert len(batches.apart(3)) == 3


def test_most_windows_are_on_the_white_keys() -> None:
    sharp = replace(LONG, key=Key(0, "minor"))
    for elsewhere, numbers in ((0.0, {key_number(Key(9, "minor"))}), (1.0, {13 + tonic for tonic in range(12)})):
        batches = ColumnBatches(music(sharp), dropout=0, elsewhere=elsewhere)
        assert set(batches.batch(0, 200)["conditions"][:, 0].tolist()) == numbers
    for tonic in range(12):
        for mode in ("major", "minor"):
            shift = to_white_keys(Key(tonic, mode))
            assert shift in SHIFTS
            assert Key(tonic, mode).transposed(shift) == Key(0 if mode == "major" else 9, mode)
    assert to_white_keys(None) == 0

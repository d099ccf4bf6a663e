"""Windows are cut out of rolls, with the bars before them; batches are pure functions of their step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genai_demo.music.data.gan_batches import GanBatches, spread
from genai_demo.music.data.labels import Label
from genai_demo.music.data.reading import Music
from genai_demo.music.data.roll_batches import Drawing, RollWindows
from genai_demo.music.models.roll_conditioning import (
    NUMBERS,
    PHRASE_BARS,
    ROLL_TIME_SIGNATURES,
    SIZE,
    encode,
    shift_to_c,
)
from genai_demo.music.theory.piece import LEFT, PITCHES, RIGHT, STEP, TICKS, Key, Note, Piece
from genai_demo.music.tokens.roll import COMPACT, HOLD, ONSET, PIANO_KEYS, SHIFTS, steps_of, to_piece, to_roll
from tests.helpers.music import bars_of, pieces, scale


def music_of(*some: Piece) -> Music:
    return Music(some, (Label(source="openscore-lieder"),) * len(some), tuple(map(str, range(len(some)))))


def waltz(bars: int, key: Key | None) -> Piece:
    notes = tuple(Note(beat * TICKS, 48 + beat % 12, TICKS, beat % 2) for beat in range(3 * bars))
    return Piece(notes, bars_of([(3, 4)] * bars), key)


MUSIC = music_of(scale(9, Key(2, "major")), waltz(7, Key(9, "minor")), scale(5, None))


def cells_of(windows: RollWindows, number: int, shift: int = 0) -> np.ndarray:
    """Return one window, nothing before it, as bool (2, 2, T, 72)."""
    shown = windows.cells(np.array([number]), np.array([shift]), np.array([0]))[0]
    before = shown.shape[2] * windows.before // (windows.before + windows.bars)
    assert not shown[:, :, :before].any()
    return shown[:, :, before:]


def starts_of(windows: RollWindows) -> list[tuple[int, int]]:
    """Return the piece of each window, and the bar of it that the window starts with."""
    return list(zip(windows.piece.tolist(), windows.bar.tolist(), strict=True))


@settings(deadline=None, max_examples=40)
@given(st.lists(pieces(most_bars=9), min_size=1, max_size=3), st.integers(-5, 6))
@example([scale(5), waltz(3, None)], 6)
def test_windows_are_cut_out_of_the_rolls_of_their_pieces(some: list[Piece], shift: int) -> None:
    windows = RollWindows(music_of(*some), 2, 1)
    for number, (place, bar) in enumerate(starts_of(windows)):
        steps = 2 * steps_of(ROLL_TIME_SIGNATURES[windows.time_signature[number]])
        first = some[place].bars[bar].start // STEP
        whole = to_roll(some[place])[:, :, first : first + steps]
        # What is held from the first step on was struck before.
        whole[:, HOLD] &= ~np.logical_and.accumulate(whole[:, HOLD], 1)
        cells = cells_of(windows, number, shift)
        for key, pitch in enumerate(range(COMPACT[0], COMPACT[1] + 1)):
            source = pitch - shift - PITCHES[0]
            expected = whole[..., source] if 0 <= source < PIANO_KEYS else np.zeros_like(whole[..., 0])
            assert np.array_equal(cells[..., key], expected)


def test_windows_slide_within_one_metre() -> None:
    bars = bars_of([(1, 4), *[(4, 4)] * 5, (3, 4), *[(4, 4)] * 4])
    piece = Piece(tuple(Note(bar.start, 60, STEP) for bar in bars), bars, Key(9, "minor"))
    windows = RollWindows(music_of(scale(3), piece, scale(4)), PHRASE_BARS, 0)
    assert starts_of(windows) == [(1, 1), (1, 2), (1, 7), (2, 0)]
    assert windows.tonic.tolist() == [9, 9, 9, -1]


@pytest.mark.parametrize("shift", SHIFTS)
def test_transposition(shift: int) -> None:
    piece = scale(4)
    back = to_piece(cells_of(RollWindows(music_of(piece), PHRASE_BARS, 0), 0, shift), piece.bars, lowest=COMPACT[0])
    assert [replace(note, pitch=note.pitch - shift) for note in back.notes] == list(piece.notes)


def test_what_transposition_moves_out_of_range_is_left_out() -> None:
    notes = (Note(0, 24, STEP), Note(0, 60, STEP), Note(0, 95, STEP), Note(STEP, 60, STEP))
    bars = bars_of([(4, 4)] * PHRASE_BARS)
    windows = RollWindows(music_of(Piece(notes, bars)), PHRASE_BARS, 0)
    for shift, pitches in ((0, [24, 60, 95, 60]), (-5, [55, 90, 55]), (6, [30, 66, 66])):
        there = to_piece(cells_of(windows, 0, shift), bars, lowest=COMPACT[0])
        assert [note.pitch for note in there.notes] == pitches


def test_a_window_is_a_phrase_of_its_own() -> None:
    bars = bars_of([(4, 4)] * 6)
    before, on, after = Note(0, 60, 3000), Note(3000, 60, STEP), Note(9000, 50, 9000, LEFT)
    others = (Note(3120, 64, STEP), Note(3240, 64, STEP))
    windows = RollWindows(music_of(Piece((before, on, *others, after), bars)), PHRASE_BARS, 1)
    cells = cells_of(windows, 1)
    notes = to_piece(cells, bars_of([(4, 4)] * PHRASE_BARS), lowest=COMPACT[0]).notes
    assert notes == (
        *(Note(1080, 60, STEP), Note(1200, 64, STEP), Note(1320, 64, STEP)),
        Note(7080, 50, 600, LEFT),
    )
    assert not cells[RIGHT, HOLD].any()


def test_windows_that_the_grid_would_bend_are_left_out() -> None:
    even = [Note(place * STEP, 60, STEP) for place in range(16, 80)]
    triplets = [Note(place * TICKS // 3, 60, 100) for place in range(12)]
    some = music_of(Piece((*triplets, *even), bars_of([(4, 4)] * 5)))
    assert starts_of(RollWindows(some)) == [(0, 1)]
    assert starts_of(RollWindows(some, strays=8 / 60)) == [(0, 0), (0, 1)]
    assert starts_of(RollWindows(some, strays=7 / 60)) == [(0, 1)]


def test_the_bars_before_come_with_a_window() -> None:
    windows = RollWindows(MUSIC, PHRASE_BARS, PHRASE_BARS)
    assert windows.there[:6].tolist() == [0, 1, 2, 3, 4, 4]
    steps = steps_of((4, 4))
    late = windows.cells(np.array([5]), np.array([0]))[0]
    early = windows.cells(np.array([1]), np.array([0]))[0]
    # The second half of the one is the first half of the other.
    assert np.array_equal(early[:, :, PHRASE_BARS * steps :], late[:, :, : PHRASE_BARS * steps])
    assert not early[:, :, : 3 * steps].any()
    assert early[:, :, 3 * steps : PHRASE_BARS * steps].any()


def test_what_is_known_of_windows() -> None:
    windows = RollWindows(MUSIC, PHRASE_BARS, PHRASE_BARS)
    waltzes = windows.time_signature == ROLL_TIME_SIGNATURES.index((3, 4))
    assert windows.bar[waltzes].tolist() == [0, 1, 2, 3]
    assert windows.first[waltzes].tolist() == [True, False, False, False]
    assert windows.last[waltzes].tolist() == [False, False, False, True]
    assert set(windows.density[waltzes]) == {1.0}
    assert windows.minor[waltzes].all()
    assert windows.tonic.tolist() == [2] * 6 + [9] * 4 + [-1] * 2


def test_triplets_and_near_silence_are_left_out() -> None:
    triplets = tuple(Note(start, 60, 160) for start in range(0, 8 * TICKS, 160))
    few = (Note(0, 60, TICKS), Note(TICKS, 62, TICKS))
    assert len(RollWindows(music_of(Piece(triplets, bars_of([(2, 4)] * 4))), PHRASE_BARS)) == 0
    assert len(RollWindows(music_of(Piece(few, bars_of([(2, 4)] * 4))), PHRASE_BARS)) == 0


def test_a_key_held_over_the_bar_line_stays_held() -> None:
    held = (Note(0, 60, 16 * STEP), *(Note(bar * 8 * STEP, 72, STEP) for bar in range(6)))
    windows = RollWindows(
        music_of(Piece(tuple(sorted(held)), bars_of([(2, 4)] * 6), Key(0, "major"))), PHRASE_BARS, PHRASE_BARS
    )
    with_before = windows.cells(np.array([1]), np.array([0]))[0]
    alone = windows.cells(np.array([1]), np.array([0]), np.array([0]))[0]
    first = PHRASE_BARS * 8
    assert with_before[0, HOLD, first : first + 8, 60 - 24].all()
    assert not alone[0, :, :, 60 - 24].any()


def test_draws_are_of_one_metre_and_like_edges() -> None:
    windows = RollWindows(MUSIC, PHRASE_BARS, PHRASE_BARS)
    drawing = Drawing(windows)
    for seed in range(5):
        drawn = drawing.draw(np.random.default_rng(seed), 400, 0.2)
        assert len(set(windows.time_signature[drawn])) == 1
        # One window in at least four begins a piece; with the extra share it is about 0.2 + 0.6 / 4.
        assert 0.2 < windows.first[drawn].mean() < 0.6


def test_batches_are_pure_and_in_c() -> None:
    batches, again = (GanBatches(RollWindows(MUSIC, PHRASE_BARS, PHRASE_BARS), seed=3) for _ in range(2))
    for step in range(4):
        one, other = batches.batch(step, 8), again.batch(step, 8)
        assert np.array_equal(one.cells, other.cells) and np.array_equal(one.conditions, other.conditions)
        assert one.known.shape == (8, 2 * PHRASE_BARS) and one.conditions.shape == (8, SIZE)
        assert not one.known[:, PHRASE_BARS:].all(1).any()
        steps = one.cells.shape[3] // (2 * PHRASE_BARS)
        unknown = ~one.known[:, :PHRASE_BARS].repeat(steps, 1)
        assert not one.cells[:, :, :, : PHRASE_BARS * steps].any((1, 2, 4))[unknown].any()
    assert not np.array_equal(batches.batch(0, 8, rank=1).conditions, batches.batch(0, 8).conditions)
    # The scale in D major, with its tonic on C, has no other notes than the white keys.
    cells = spread(RollWindows(music_of(scale(9, Key(0, "major"))), PHRASE_BARS, PHRASE_BARS), 9)[0].cells
    white = np.isin(np.arange(72) % 12, (0, 2, 4, 5, 7, 9, 11))
    assert cells[:, :, ONSET][..., white].any() and not cells[:, :, ONSET][..., ~white].any()


def test_the_same_music_in_another_key_is_the_same_to_the_networks() -> None:
    plain = waltz(6, Key(0, "minor"))
    for shift in (-6, -1, 3, 5):
        notes = tuple(replace(note, pitch=note.pitch + shift) for note in plain.notes)
        moved = Piece(notes, plain.bars, plain.key.transposed(shift) if plain.key else None)
        one, other = (spread(RollWindows(music_of(some), PHRASE_BARS, PHRASE_BARS), 9)[0] for some in (plain, moved))
        assert np.array_equal(one.cells, other.cells)
        assert np.array_equal(one.conditions, other.conditions)


def test_conditions_by_hand() -> None:
    asked = encode(*(np.array([value]) for value in (3, True, 6, 3.5, 66.0, True, False)))[0]
    assert asked[:2].tolist() == [1, 0]
    assert asked[2:10].tolist() == [0, 0, 0, 0, 0, 0, 1, 0]
    assert asked[NUMBERS].tolist() == [0, 1]
    assert asked[12:].tolist() == [1, 0, 0, 0, 0, 1]
    assert sorted(int(shift_to_c(np.array(tonic))) for tonic in range(12)) == list(range(-5, 7))
    assert all((tonic + int(shift_to_c(np.array(tonic)))) % 12 == 0 for tonic in range(12))

"""Figures of single pieces, each by a number worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from genai_demo.music.theory.piece import TICKS, Bar, Key, Note, Piece, resolve_overlaps
from genai_demo.music.theory.statistics import (
    FIGURES,
    LENGTHS,
    empty_bars,
    excerpt,
    in_key,
    length_shares,
    mean_figure,
    note_density,
    pitch_classes,
    polyphony,
    qualified,
    total_variation,
)
from genai_demo.music.theory.structure import returning, self_similarity
from tests.helpers.music import bars_of, pieces, scale

SIXTEENTH = TICKS // 4


def piece(*notes: tuple[float, int, float], bars: int = 2) -> Piece:
    """Return a piece in 4/4 of notes (start in quarters, pitch, length in quarters)."""
    struck = [Note(round(start * TICKS), pitch, round(length * TICKS)) for start, pitch, length in notes]
    return Piece(resolve_overlaps(struck), bars_of([(4, 4)] * bars))


def test_qualified_notes_are_sixteenths_and_longer() -> None:
    assert qualified(piece((0, 60, 0.25), (1, 60, 0.2), (2, 60, 1), (3, 60, 0.125))) == 0.5
    assert qualified(piece()) is None


def test_polyphony_counts_keys_while_any_is_held() -> None:
    # A quarter of one key, a quarter of three, silence, a half of two: (1 + 3 + 4) / 4.
    notes = [(0, 60, 2), (1, 64, 1), (1, 67, 1), (4, 50, 2), (4, 55, 2)]
    assert polyphony(piece(*notes)) == pytest.approx((1 + 3 + 4) / 4)
    assert polyphony(piece()) is None


def test_pitch_classes_per_bar() -> None:
    # C, C an octave higher and E in the first bar, D in the third; nothing in the second.
    assert pitch_classes(piece((0, 60, 1), (1, 72, 1), (2, 64, 1), (8, 62, 1), bars=3)) == pytest.approx(1.5)


def test_density_and_empty_bars() -> None:
    some = piece((0, 60, 1), (1, 62, 1), (8, 64, 1), bars=3)
    assert note_density(some) == pytest.approx(3 / 12)
    assert empty_bars(some) == pytest.approx(1 / 3)


def test_in_key_is_the_share_in_the_best_scale() -> None:
    # C D E F G A B are one scale; of C C# D D# no scale holds more than three (B flat minor's: C C# D#).
    assert in_key(scale(2)) == 1.0
    assert in_key(piece(*((place, 60 + place, 1) for place in range(4)))) == pytest.approx(3 / 4)


def test_lengths_are_told_apart_by_their_ratios() -> None:
    # A sixteenth, two quarters, and one of five quarters, which is nearer to four quarters than to six.
    shares = length_shares([piece((0, 60, 0.25), (1, 60, 1), (2, 60, 1), (3, 62, 1.2))])
    assert shares[LENGTHS.index(TICKS // 4)] == 0.25
    assert shares[LENGTHS.index(TICKS)] == 0.75
    assert length_shares([piece()]).sum() == 0
    assert total_variation(shares, length_shares([piece((0, 60, 1))])) == pytest.approx(0.25)
    assert total_variation(shares, length_shares([piece((0, 60, 8))])) == 1.0


def test_alike_bars_by_hand() -> None:
    """Four bars: quarters 1 2 with C E, quarters 1 3 with C E, nothing, quarters 1 2 with C and D flat.

    Pairs that are defined are (0, 1), (0, 3), (1, 3). Rhythms have in common 1 of 3, 2 of 2, 1 of 3; harmonies have the
    cosines 1, 1 / 2, 1 / 2.
    """
    bars = [((0, 60), (1, 64)), ((0, 60), (2, 64)), (), ((0, 60), (1, 61))]
    some = piece(*((4 * bar + at, pitch, 1) for bar, notes in enumerate(bars) for at, pitch in notes), bars=4)
    rhythm, harmony = self_similarity(some, 4)
    assert rhythm == pytest.approx((1 / 3 + 1 + 1 / 3) / 3)
    assert harmony == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert self_similarity(some, 8) == (None, None)
    # The second half is the empty bar, of which nothing can be said, and the last, most like the first.
    assert returning(some) == pytest.approx((1 + 1 / 2) / 2)


def test_bars_of_other_lengths_are_not_compared() -> None:
    line = bars_of([(4, 4), (3, 4)])
    some = Piece((Note(0, 60, TICKS), Note(4 * TICKS, 60, TICKS)), line)
    assert self_similarity(some, 2) == (None, None)


def test_an_excerpt_is_a_piece_of_its_own() -> None:
    some = scale(4, Key(0, "major"))
    part = excerpt(some, 1, 2)
    assert part.bars == bars_of([(4, 4)] * 2) and part.key == some.key
    assert not part.faults()
    assert [note.pitch for note in part.notes] == [
        note.pitch for note in some.notes if 1 <= some.bar_at(note.start) < 3
    ]
    held = Piece((Note(0, 60, 9 * TICKS), Note(TICKS, 62, 9 * TICKS)), bars_of([(1, 4)] * 4))
    assert excerpt(held, 1, 2).notes == (Note(0, 62, 2 * TICKS),)


@given(pieces())
def test_figures_of_any_piece_are_within_their_bounds(some: Piece) -> None:
    shares = {*FIGURES} - {"note_density", "polyphony", "pitch_classes", "leaps"}
    for name, figure in FIGURES.items():
        value = figure(some)
        assert value is None or (np.isfinite(value) and value >= 0)
        assert name not in shares or value is None or value <= 1 + 1e-9
    part = excerpt(some, 0, len(some.bars))
    assert len(part.notes) == len(some.notes)


def test_means_leave_out_what_cannot_be_said() -> None:
    silent, some = piece(), piece((0, 60, 1), (1, 60, 0.1))
    assert mean_figure("qualified", [silent, some, some]) == 0.5
    assert mean_figure("qualified", [silent]) is None


def test_bars_that_are_all_alike_repeat_themselves() -> None:
    same = piece(*((4 * bar + at, 60 + 4 * at, 1) for bar in range(8) for at in range(3)), bars=8)
    assert self_similarity(same, 8) == (pytest.approx(1), pytest.approx(1))
    assert returning(same) == pytest.approx(1)
    random = np.random.default_rng(0)
    line = tuple(Bar(4 * TICKS * bar, 4, 4) for bar in range(8))
    notes = [
        Note(bar.start + int(step) * SIXTEENTH, int(random.integers(40, 80)), SIXTEENTH)
        for bar in line
        for step in random.choice(16, 5, replace=False)
    ]
    noise = self_similarity(Piece(resolve_overlaps(notes), line), 8)
    assert noise[0] is not None and noise[1] is not None and max(noise) < 0.6

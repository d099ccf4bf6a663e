"""Music on the grid of the tokens survives them, and whatever their grammar allows is a whole piece."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Key, Note, Piece
from genai_demo.music.tokens.events import (
    BAR,
    DURATIONS,
    END,
    FIRST,
    IDS,
    NAMES,
    OFFSETS,
    PAD,
    POSITIONS,
    SIZE,
    TEMPOS,
    Grammar,
    decode,
    encode,
    quantize_to_tokens,
)
from tests.helpers.music import bars_of, pieces, scale


def walk(seed: int, length: int, bold: bool) -> list[int]:
    """Return tokens that the grammar allows, drawn by chance; no END. The bold draw a kind of token first."""
    chance = random.Random(seed)
    grammar = Grammar()
    tokens: list[int] = []
    while len(tokens) < length:
        allowed = [token for token in np.flatnonzero(grammar.allowed()).tolist() if token != END]
        if bold:
            kind = chance.choice(sorted({NAMES[token].partition("_")[0] for token in allowed}))
            allowed = [token for token in allowed if NAMES[token].partition("_")[0] == kind]
        tokens.append(chance.choice(allowed))
        grammar.push(tokens[-1])
    return tokens


def test_names_are_fixed() -> None:
    assert len(IDS) == len(NAMES) == SIZE
    assert (PAD, END, BAR) == (0, 1, 2)
    assert [NAMES[FIRST[kind]] for kind in ("HAND", "KEY", "TEMPO", "METRE", "POSITION", "PITCH", "DURATION")] == [
        "HAND_right",
        "KEY_unknown",
        "TEMPO_40",
        "METRE_1/2",
        "POSITION_0",
        "PITCH_21",
        "DURATION_20",
    ]


def test_a_piece_reads_as_it_sounds() -> None:
    notes = (Note(0, 48, 960, LEFT), Note(0, 60, 160), Note(0, 64, 480), Note(160, 62, 160), Note(1440, 67, 1440))
    piece = Piece(notes, bars_of([(3, 4), (3, 4), (2, 4)]), Key(7, "minor"), 100.0)
    told = " ".join(NAMES[token] for token in encode(piece))
    assert told == (
        "KEY_7_minor TEMPO_100 METRE_3/4 BAR POSITION_0 HAND_right PITCH_60 DURATION_160 PITCH_64 DURATION_480"
        " HAND_left PITCH_48 DURATION_960 POSITION_160 HAND_right PITCH_62 DURATION_160"
        " BAR POSITION_0 HAND_right PITCH_67 DURATION_1440 METRE_2/4 BAR END"
    )
    assert decode(encode(piece)) == piece


@given(pieces())
def test_what_is_told_is_the_piece_on_the_grid(piece: Piece) -> None:
    snapped = quantize_to_tokens(piece)
    assert snapped.faults() == []
    assert quantize_to_tokens(snapped) == snapped
    tokens = encode(piece)
    assert decode(tokens) == decode([*tokens, PAD, PAD]) == snapped
    assert tokens == encode(snapped)


@given(st.integers(0, 2**32), st.booleans())
def test_what_the_grammar_allows_is_a_whole_piece(seed: int, bold: bool) -> None:
    tokens = walk(seed, 150, bold)
    piece = decode(tokens)
    assert piece.faults() == []
    assert quantize_to_tokens(piece) == piece
    told = encode(piece)[:-1]
    # The last note may be unfinished.
    assert tokens[: len(told)] == told and len(tokens) - len(told) < 4


@settings(max_examples=20)
@given(pieces(most_bars=3))
def test_the_grammar_allows_every_piece(piece: Piece) -> None:
    grammar = Grammar()
    for token in encode(piece):
        assert grammar.allowed()[token]
        grammar.push(token)
    assert np.flatnonzero(grammar.allowed()).tolist() == [PAD]


def test_music_on_the_grid_is_lossless() -> None:
    starts = [quarter * TICKS + offset for quarter in range(4) for offset in OFFSETS]
    notes = tuple(Note(start, 40 + place % 40, DURATIONS[place]) for place, start in enumerate(starts))
    piece = Piece(notes, bars_of([(4, 4), (4, 4)]), None, float(TEMPOS[3]))
    assert piece.faults() == []
    assert quantize_to_tokens(piece) == piece


def test_off_the_grid_the_nearest_place_is_taken() -> None:
    bars = bars_of([(4, 4), (4, 4)])
    piece = Piece((Note(50, 60, 100), Note(1910, 62, 500), Note(3839, 64, 7000)), bars, None, 97.0, ((0, 100),))
    snapped = quantize_to_tokens(piece)
    assert snapped == Piece((Note(60, 60, 80), Note(1920, 62, 480), Note(3800, 64, 5760)), bars, None, 100.0)


def test_long_bars_are_parted() -> None:
    piece = Piece((Note(13 * TICKS, 60, TICKS),), bars_of([(20, 4), (1, 4)]), None, 100.0)
    snapped = quantize_to_tokens(piece)
    assert [(bar.beats, bar.unit) for bar in snapped.bars] == [(12, 4), (8, 4), (1, 4)]
    assert snapped.notes == piece.notes
    assert decode(encode(piece)) == snapped


@pytest.mark.parametrize(
    "told",
    [
        "BAR",
        "KEY_unknown METRE_4/4",
        "KEY_unknown TEMPO_100 BAR",
        "KEY_unknown TEMPO_100 METRE_4/4 METRE_3/4",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR METRE_4/4",
        "KEY_unknown TEMPO_100 METRE_2/4 BAR POSITION_960",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR POSITION_0 BAR",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR POSITION_0 HAND_right BAR",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR POSITION_0 HAND_right PITCH_60 BAR",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR POSITION_0 HAND_right PITCH_60 DURATION_480 PITCH_59",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR POSITION_0 HAND_right PITCH_60 DURATION_480 HAND_right",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR POSITION_0 HAND_left PITCH_60 DURATION_480 HAND_right",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR POSITION_0 HAND_right PITCH_60 DURATION_480 HAND_left PITCH_60",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR POSITION_0 HAND_right PITCH_60 DURATION_480 POSITION_0",
        "KEY_unknown TEMPO_40 METRE_4/4 BAR POSITION_0 HAND_right PITCH_60 DURATION_480 POSITION_60 HAND_left PITCH_60",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR END BAR",
        "KEY_unknown TEMPO_100 METRE_4/4 BAR PAD",
    ],
)
def test_what_may_not_follow(told: str) -> None:
    *before, last = (IDS[name] for name in told.split())
    grammar = Grammar()
    for token in before:
        grammar.push(token)
    assert not grammar.allowed()[last]
    with pytest.raises(ValueError, match="may not follow"):
        decode([*before, last])


def test_there_is_no_position_where_every_key_is_held() -> None:
    grammar = Grammar()
    for name in ("KEY_unknown", "TEMPO_100", "METRE_1/4", "BAR", "POSITION_0", "HAND_right"):
        grammar.push(IDS[name])
    for pitch in range(21, 109):
        grammar.push(IDS[f"PITCH_{pitch}"])
        grammar.push(IDS["DURATION_960" if pitch == 30 else "DURATION_1920"])
    grammar.push(BAR)
    assert not grammar.allowed()[FIRST["POSITION"] : FIRST["POSITION"] + len(POSITIONS)].any()
    grammar.push(BAR)
    grammar.push(IDS["POSITION_0"])
    grammar.push(IDS["HAND_left"])
    assert np.flatnonzero(grammar.allowed()).tolist() == [IDS["PITCH_30"]]


@pytest.mark.parametrize("tokens", [[], encode(scale())[:3], [-1], [SIZE]])
def test_what_is_no_piece(tokens: list[int]) -> None:
    with pytest.raises(ValueError, match=r"no bar|may not follow"):
        decode(tokens)


def test_tempi_are_the_nearest_in_ratio() -> None:
    for tempo, told in ((1.0, 40), (44.0, 48), (96.0, 100), (900.0, 208)):
        assert quantize_to_tokens(replace(scale(), tempo=tempo)).tempo == told


def test_hands_are_told_apart() -> None:
    piece = Piece((Note(0, 40, 480, RIGHT), Note(0, 80, 480, LEFT)), bars_of([(4, 4)]), None, 100.0)
    assert decode(encode(piece)) == piece

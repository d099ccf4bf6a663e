"""Tokens with the features of their bars, and training batches of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.data.event_batches import EventBatches, condition_pieces
from genai_demo.music.data.labels import Label
from genai_demo.music.data.reading import Music
from genai_demo.music.models.bar_conditioning import (
    BAR_FEATURES,
    FEATURE_INDEX,
    MOST_BARS,
    STRETCH,
    condition_tokens,
    register_index,
    style_index,
)
from genai_demo.music.sampling.decoding import Plan, TokenSequence
from genai_demo.music.theory.piece import PITCHES, TICKS, Key, Piece
from genai_demo.music.theory.texture import ANY, DENSITIES, REGISTERS, density_of, register_of
from genai_demo.music.tokens import events
from genai_demo.music.tokens.roll import SHIFTS
from tests.helpers.music import pieces, scale

NOTHING_HIDDEN = np.zeros((1, len(BAR_FEATURES)), bool)


def one_row(piece: Piece, shift: int, window: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return tokens, times and features of a whole piece, transposed."""
    batches = EventBatches([condition_tokens(events.encode(piece))], window, seed=0)
    length = len(events.encode(piece))
    rows = batches.rows(np.array([0]), np.array([length]), np.array([shift]), NOTHING_HIDDEN)
    return rows.tokens[0], rows.times[0], rows.features[0]


@given(pieces(), st.integers(0, 70))
def test_what_is_told_of_bars_is_what_is_heard_in_them(piece: Piece, bars_to_come: int) -> None:
    tokens = events.encode(piece)
    played = events.decode(tokens)
    conditioned = condition_tokens(tokens, style=2, bars_to_come=bars_to_come)
    assert conditioned.features.shape == (len(played.bars), len(BAR_FEATURES))
    for number, bar in enumerate(played.bars):
        some = played.bars[number : number + STRETCH]
        notes = [note for note in played.notes if some[0].start <= note.start < some[-1].end]
        feature = dict(zip(BAR_FEATURES, conditioned.features[number].tolist(), strict=True))
        assert DENSITIES[feature["density"] - 1] == density_of(notes, some)
        assert (ANY, *REGISTERS)[register_index(conditioned.pitches)[number]] == register_of(notes)
        assert events.TOKEN_TIME_SIGNATURES[feature["metre"] - 1] == (bar.beats, bar.unit)
        assert events.KEYS_OR_NONE[feature["key"]] == played.key
        assert events.TEMPOS[feature["tempo"] - 1] == played.tempo
        assert (feature["style"], feature["before"]) == (2, number + 1)
        assert feature["left"] == min(len(played.bars) - number + bars_to_come, MOST_BARS + 1)
    struck = conditioned.tokens == events.BAR
    assert (conditioned.times[struck] * TICKS).tolist() == [bar.start for bar in played.bars]


@given(pieces())
def test_what_is_read_one_by_one_is_told_the_same(piece: Piece) -> None:
    tokens = events.encode(piece)[:-1]
    conditioned = condition_tokens(tokens, style_index("dance"), bars_to_come=5)
    line = TokenSequence(Plan(tuple(tokens), 5, "dance"), seed=0)
    assert line.tokens == [*tokens, events.BAR]
    conditioned.features[:, FEATURE_INDEX["register"]] = register_index(conditioned.pitches)
    assert np.array_equal(line.features[:-1], conditioned.features[conditioned.bar_of])
    assert np.allclose(line.times[:-1], conditioned.times)


@given(pieces(), st.sampled_from(SHIFTS))
def test_transposed_tokens_are_those_of_the_transposed_piece(piece: Piece, shift: int) -> None:
    reachable = [note for note in piece.notes if PITCHES[0] <= note.pitch + shift <= PITCHES[1]]
    piece = replace(piece, notes=tuple(reachable))
    moved = replace(
        piece,
        notes=tuple(replace(note, pitch=note.pitch + shift) for note in reachable),
        key=piece.key.transposed(shift) if piece.key else None,
    )
    wanted = condition_tokens(events.encode(moved))
    tokens, times, features = one_row(piece, shift, window=len(wanted.tokens))
    assert np.array_equal(tokens, wanted.tokens)
    wanted.features[:, FEATURE_INDEX["register"]] = register_index(wanted.pitches)
    assert np.array_equal(features, wanted.features[wanted.bar_of])
    assert np.allclose(times, wanted.times)


def some_batches(seed: int = 0, window: int = 40) -> EventBatches:
    music = [scale(bars, Key(0, "major")) for bars in (2, 9, 30)]
    return EventBatches([condition_tokens(events.encode(piece)) for piece in music], window, seed)


def test_a_batch_depends_on_seed_process_and_step_alone() -> None:
    first = some_batches().batch(3, 8)
    again = some_batches().batch(3, 8)
    for one, other in zip(vars(first).values(), vars(again).values(), strict=True):
        assert np.array_equal(one, other)
    for other in (some_batches(seed=1).batch(3, 8), some_batches().batch(4, 8), some_batches().batch(3, 8, rank=1)):
        assert not np.array_equal(first.tokens, other.tokens)


def test_rows_are_stretches_of_one_piece_and_reach_starts_and_ends() -> None:
    rows = some_batches().batch(0, 400)
    assert rows.tokens.shape == (400, 40)
    starts = ends = 0
    for tokens, times in zip(rows.tokens.tolist(), rows.times.tolist(), strict=True):
        inner = tokens[: tokens.index(events.PAD)] if events.PAD in tokens else tokens
        assert events.END not in inner[:-1]
        assert not any(events.NAMES[token].startswith("KEY") for token in inner[1:])
        assert times == sorted(times)
        assert times[0] == 0
        starts += events.NAMES[inner[0]].startswith("KEY")
        ends += inner[-1] == events.END
    assert starts > 20
    assert ends > 20


def test_all_keys_are_seen_and_facts_are_hidden_now_and_then() -> None:
    rows = some_batches().batch(0, 400)
    keys = rows.features[:, 0, FEATURE_INDEX["key"]]
    assert {events.KEYS_OR_NONE[key].tonic for key in keys.tolist() if key} == set(range(12))  # type: ignore[union-attr]
    for name in ("density", "register", "tempo", "before", "left"):
        share = float((rows.features[:, 0, FEATURE_INDEX[name]] == 0).mean())
        assert 0.05 < share < 0.4, name
    assert (rows.features[:, :, FEATURE_INDEX["metre"]] > 0).all()


@pytest.mark.parametrize(("source", "hidden"), [("openscore-lieder", False), ("", True)])
def test_what_accompanies_a_song_always_says_so(source: str, hidden: bool) -> None:
    label = Label("Chopin, Frédéric", source=source)
    batches = EventBatches(condition_pieces(Music((scale(9),), (label,), ("one",))), 40, seed=0)
    styles = batches.batch(0, 200).features[:, 0, FEATURE_INDEX["style"]]
    assert set(styles.tolist()) == ({0, style_index("romantic")} if hidden else {style_index("song")})


def test_rows_to_measure_on_are_spread_over_all_pieces() -> None:
    rows = some_batches().spread(30, ("left", "density"))
    assert len(rows.tokens) >= 20
    assert (rows.features[..., FEATURE_INDEX["left"]] == 0).all()
    assert (rows.features[..., FEATURE_INDEX["before"]] > 0).all()
    assert (rows.tokens[-1] == events.END).any()

"""Holes: what is hidden cannot be seen, and what is not hidden can."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.models import masked_window as masked_window
from genai_demo.music.models.masked import CONDITIONS
from genai_demo.music.models.masked_window import MASK_KINDS, REACH, as_features, mask_at_random, melody, sounding
from genai_demo.music.theory.piece import LEFT, PITCHES, RIGHT, STEP, Note, Piece
from genai_demo.music.tokens.columns import (
    LONGEST,
    NONE,
    NOTES_PER_STEP,
    OUTSIDE,
    columns_of,
    metrical_positions,
    onsets_of,
)
from genai_demo.music.tokens.roll import HOLD, ONSET, PIANO_KEYS, to_roll
from tests.helpers.music import bars_of, pieces

T = 48


def windows(seed: int = 0, size: int = 6) -> dict[str, torch.Tensor]:
    """Return windows of any notes, with some steps outside."""
    random = np.random.default_rng(seed)
    keys = np.full((size, 2, T, NOTES_PER_STEP), NONE, np.uint8)
    lengths = np.zeros_like(keys)
    bars = bars_of([(4, 4)] * 3)
    for row in range(size):
        count = 60
        notes = {
            Note(int(start) * STEP, int(pitch), int(length) * STEP, int(hand))
            for start, pitch, length, hand in zip(
                random.integers(T, size=count),
                random.integers(40, 80, size=count),
                random.integers(1, 20, size=count),
                random.integers(2, size=count),
                strict=True,
            )
        }
        columns = columns_of(onsets_of(Piece(tuple(sorted(notes)), bars)), 0, T)
        keys[row], lengths[row] = columns.keys, columns.lengths
    places = np.tile(metrical_positions(bars), (size, 1))
    places[0, 40:] = OUTSIDE
    keys[0, :, 40:], lengths[0, :, 40:] = NONE, 0
    conditions = np.stack([random.integers(count, size=size) for count in CONDITIONS.values()], 1)
    arrays = {"keys": keys, "lengths": lengths, "positions": places, "conditions": conditions}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


@given(pieces(grid=STEP))
def test_what_sounds_is_what_the_roll_shows(piece: Piece) -> None:
    columns = columns_of(onsets_of(piece), 0, piece.end // STEP)
    if (columns.keys != NONE).sum() < len(piece.notes):
        return  # a hand has more keys than slots
    cells = to_roll(piece)
    keys, lengths = (torch.from_numpy(some)[None].long() for some in (columns.keys, columns.lengths))
    struck, held = sounding(keys, lengths)
    assert np.array_equal(struck[0].bool().numpy(), cells[:, ONSET])
    if max(note.length for note in piece.notes) <= LONGEST * STEP:
        assert np.array_equal(held[0].bool().numpy(), cells[:, HOLD])


@pytest.mark.parametrize("kind", [*MASK_KINDS, None])
@given(seed=st.integers(0, 200))
def test_nothing_leaks(kind: str | None, seed: int) -> None:
    """Music that differs only in hidden notes looks the same."""
    first = windows(seed)
    torch.manual_seed(seed)
    window = mask_at_random(first, kind)
    second = {name: tensor.clone() for name, tensor in first.items()}
    secret = window.secret()
    second["keys"][secret] = NONE
    changed = masked_window.MaskedWindow(
        second["keys"].long(), window.lengths.masked_fill(secret, 7), window.positions, window.conditions,
        window.hidden, window.lowest, window.highest,
    )  # fmt: skip
    for one, other in zip(as_features(window), as_features(changed), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("kind", MASK_KINDS)
@given(seed=st.integers(0, 100))
def test_holes_are_where_their_kind_says(kind: str, seed: int) -> None:
    batch = windows(seed)
    torch.manual_seed(seed)
    window = mask_at_random(batch, kind)
    inside = batch["positions"] != OUTSIDE
    assert not window.hidden[~inside[:, None].expand(window.hidden.shape)].any()
    if kind in ("right", "inner"):
        assert not window.hidden[:, LEFT].any()
    if kind == "left":
        assert not window.hidden[:, RIGHT].any()
    if kind in ("whole", "stretch", "right", "left"):
        # The stretch may lie outside of the first window's piece.
        assert (window.hidden[1:].flatten(1).any(1)).all(), "at least one column of each window is hidden"
        assert torch.equal(window.secret(), window.hidden[..., None] & (window.keys != NONE))
    if kind == "range":
        span = (window.highest - window.lowest)[:, 0, 0]
        assert (span >= 7).all() and (span <= 37).all()
    if kind == "inner":
        top = melody(window.keys, window.lengths)
        hidden = window.hidden[:, RIGHT]
        assert (window.highest[:, RIGHT] == top - 1)[hidden].all()
        assert (window.lowest[:, RIGHT] == (top - REACH).clamp(min=0))[hidden].all()
        assert not window.secret()[:, RIGHT, :, 0][window.keys[:, RIGHT, :, 0] == top].any(), "the melody is seen"


@pytest.mark.parametrize("kind", MASK_KINDS)
def test_all_of_a_region_can_be_hidden(kind: str) -> None:
    torch.manual_seed(0)
    window = mask_at_random(windows(), kind, 1.0)
    if kind == "whole":
        assert torch.equal(window.hidden, (window.positions != OUTSIDE)[:, None].expand(window.hidden.shape))
    assert window.hidden.sum() >= mask_at_random(windows(), kind, 0.1).hidden.sum()


def test_a_key_that_sounds_cannot_be_struck() -> None:
    bars = bars_of([(4, 4)])
    notes = (Note(0, 50, 4 * STEP, LEFT), Note(2 * STEP, 60, STEP, LEFT))
    columns = columns_of(onsets_of(Piece(notes, bars)), 0, 16)
    batch = {
        "keys": torch.from_numpy(columns.keys)[None],
        "lengths": torch.from_numpy(columns.lengths)[None],
        "positions": torch.from_numpy(metrical_positions(bars))[None],
        "conditions": torch.zeros(1, 3, dtype=torch.long),
    }
    window = mask_at_random(batch, "right", 1.0)
    hidden = torch.zeros_like(window.hidden)
    hidden[:, RIGHT] = True
    window = masked_window.MaskedWindow(
        window.keys, window.lengths, window.positions, window.conditions, hidden, window.lowest, window.highest
    )
    _, can = as_features(window)
    shut = (~can[0, RIGHT]).nonzero().tolist()
    assert shut == [[step, 50 - PITCHES[0]] for step in (0, 1)] + [[2, 50 - PITCHES[0]], [2, 60 - PITCHES[0]]] + [
        [3, 50 - PITCHES[0]]
    ]
    assert not can[0, LEFT].any()
    assert can.shape[-1] == PIANO_KEYS


def test_the_share_of_hidden_columns_follows_the_cosine() -> None:
    torch.manual_seed(0)
    many = {name: some[1:2].repeat(4000, *[1] * (some.ndim - 1)) for name, some in windows().items()}
    share = mask_at_random(many, "whole").hidden.float().mean((1, 2))
    assert float(share.mean()) == pytest.approx(2 / torch.pi, abs=0.02)
    assert float(share.median()) == pytest.approx(0.5**0.5, abs=0.03)

"""Holes: what is hidden cannot be seen, and what is not hidden can."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.models import masked_window as canvases
from genai_demo.music.models.masked import CONDITIONS
from genai_demo.music.models.masked_window import HOLES, REACH, as_features, draw_canvas, melody, sounding
from genai_demo.music.theory.piece import LEFT, PITCHES, RIGHT, STEP, Note, Piece
from genai_demo.music.tokens.columns import LONGEST, NONE, OUTSIDE, SLOTS, columns_of, places_of, strokes_of
from genai_demo.music.tokens.roll import HOLD, ONSET, PIANO_KEYS, to_roll
from tests.helpers.music import bars_of, pieces

T = 48


def windows(seed: int = 0, size: int = 6) -> dict[str, torch.Tensor]:
    """Return windows of any notes, with some steps outside."""
    random = np.random.default_rng(seed)
    keys = np.full((size, 2, T, SLOTS), NONE, np.uint8)
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
        columns = columns_of(strokes_of(Piece(tuple(sorted(notes)), bars)), 0, T)
        keys[row], lengths[row] = columns.keys, columns.lengths
    places = np.tile(places_of(bars), (size, 1))
    places[0, 40:] = OUTSIDE
    keys[0, :, 40:], lengths[0, :, 40:] = NONE, 0
    conditions = np.stack([random.integers(count, size=size) for count in CONDITIONS.values()], 1)
    arrays = {"keys": keys, "lengths": lengths, "places": places, "conditions": conditions}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


@given(pieces(grid=STEP))
def test_what_sounds_is_what_the_roll_shows(piece: Piece) -> None:
    columns = columns_of(strokes_of(piece), 0, piece.end // STEP)
    if (columns.keys != NONE).sum() < len(piece.notes):
        return  # a hand has more keys than slots
    cells = to_roll(piece)
    keys, lengths = (torch.from_numpy(some)[None].long() for some in (columns.keys, columns.lengths))
    struck, held = sounding(keys, lengths)
    assert np.array_equal(struck[0].bool().numpy(), cells[:, ONSET])
    if max(note.length for note in piece.notes) <= LONGEST * STEP:
        assert np.array_equal(held[0].bool().numpy(), cells[:, HOLD])


@pytest.mark.parametrize("kind", [*HOLES, None])
@given(seed=st.integers(0, 200))
def test_nothing_leaks(kind: str | None, seed: int) -> None:
    """Music that differs only in hidden notes looks the same."""
    first = windows(seed)
    torch.manual_seed(seed)
    canvas = draw_canvas(first, kind)
    second = {name: tensor.clone() for name, tensor in first.items()}
    secret = canvas.secret()
    second["keys"][secret] = NONE
    changed = canvases.Canvas(
        second["keys"].long(), canvas.lengths.masked_fill(secret, 7), canvas.places, canvas.conditions,
        canvas.hidden, canvas.lowest, canvas.highest,
    )  # fmt: skip
    for one, other in zip(as_features(canvas), as_features(changed), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("kind", HOLES)
@given(seed=st.integers(0, 100))
def test_holes_are_where_their_kind_says(kind: str, seed: int) -> None:
    batch = windows(seed)
    torch.manual_seed(seed)
    canvas = draw_canvas(batch, kind)
    inside = batch["places"] != OUTSIDE
    assert not canvas.hidden[~inside[:, None].expand(canvas.hidden.shape)].any()
    if kind in ("right", "inner"):
        assert not canvas.hidden[:, LEFT].any()
    if kind == "left":
        assert not canvas.hidden[:, RIGHT].any()
    if kind in ("whole", "stretch", "right", "left"):
        # The stretch may lie outside of the first window's piece.
        assert (canvas.hidden[1:].flatten(1).any(1)).all(), "at least one column of each window is hidden"
        assert torch.equal(canvas.secret(), canvas.hidden[..., None] & (canvas.keys != NONE))
    if kind == "range":
        span = (canvas.highest - canvas.lowest)[:, 0, 0]
        assert (span >= 7).all() and (span <= 37).all()
    if kind == "inner":
        top = melody(canvas.keys, canvas.lengths)
        hidden = canvas.hidden[:, RIGHT]
        assert (canvas.highest[:, RIGHT] == top - 1)[hidden].all()
        assert (canvas.lowest[:, RIGHT] == (top - REACH).clamp(min=0))[hidden].all()
        assert not canvas.secret()[:, RIGHT, :, 0][canvas.keys[:, RIGHT, :, 0] == top].any(), "the melody is seen"


@pytest.mark.parametrize("kind", HOLES)
def test_all_of_a_region_can_be_hidden(kind: str) -> None:
    torch.manual_seed(0)
    canvas = draw_canvas(windows(), kind, 1.0)
    if kind == "whole":
        assert torch.equal(canvas.hidden, (canvas.places != OUTSIDE)[:, None].expand(canvas.hidden.shape))
    assert canvas.hidden.sum() >= draw_canvas(windows(), kind, 0.1).hidden.sum()


def test_a_key_that_sounds_cannot_be_struck() -> None:
    bars = bars_of([(4, 4)])
    notes = (Note(0, 50, 4 * STEP, LEFT), Note(2 * STEP, 60, STEP, LEFT))
    columns = columns_of(strokes_of(Piece(notes, bars)), 0, 16)
    batch = {
        "keys": torch.from_numpy(columns.keys)[None],
        "lengths": torch.from_numpy(columns.lengths)[None],
        "places": torch.from_numpy(places_of(bars))[None],
        "conditions": torch.zeros(1, 3, dtype=torch.long),
    }
    canvas = draw_canvas(batch, "right", 1.0)
    hidden = torch.zeros_like(canvas.hidden)
    hidden[:, RIGHT] = True
    canvas = canvases.Canvas(
        canvas.keys, canvas.lengths, canvas.places, canvas.conditions, hidden, canvas.lowest, canvas.highest
    )
    _, can = as_features(canvas)
    shut = (~can[0, RIGHT]).nonzero().tolist()
    assert shut == [[step, 50 - PITCHES[0]] for step in (0, 1)] + [[2, 50 - PITCHES[0]], [2, 60 - PITCHES[0]]] + [
        [3, 50 - PITCHES[0]]
    ]
    assert not can[0, LEFT].any()
    assert can.shape[-1] == PIANO_KEYS


def test_the_share_of_hidden_columns_follows_the_cosine() -> None:
    torch.manual_seed(0)
    many = {name: some[1:2].repeat(4000, *[1] * (some.ndim - 1)) for name, some in windows().items()}
    share = draw_canvas(many, "whole").hidden.float().mean((1, 2))
    assert float(share.mean()) == pytest.approx(2 / torch.pi, abs=0.02)
    assert float(share.median()) == pytest.approx(0.5**0.5, abs=0.03)

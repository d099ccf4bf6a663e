"""Binary neurons: on or off in the forward pass, a sigmoid in the backward pass; every run of holds is a note's."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from genai_demo.music.models.gan_layers import binary, tied
from genai_demo.music.tokens.roll import HOLD, ONSET

CELLS = arrays.arrays(bool, st.tuples(st.just(1), st.just(2), st.just(2), st.integers(1, 12), st.just(3)))


def plainly_tied(cells: np.ndarray) -> np.ndarray:
    """Return what `tied` should, found step by step."""
    found = cells.copy()
    sounding = np.zeros(cells[:, :, 0, 0].shape, bool)  # (1, 2, P)
    for step in range(cells.shape[3]):
        onset = cells[:, :, ONSET, step]
        found[:, :, HOLD, step] = cells[:, :, HOLD, step] & sounding & ~onset
        sounding = onset | found[:, :, HOLD, step]
    return found


@given(CELLS)
def test_holds_need_something_to_hold(cells: np.ndarray) -> None:
    found = tied(torch.from_numpy(cells).float())
    assert np.array_equal(found.numpy() > 0, plainly_tied(cells))
    assert torch.equal(tied(found), found)


def test_cells_are_on_or_off_and_yet_have_a_slope() -> None:
    logits = torch.tensor([-2.0, -0.1, 0.0, 0.1, 3.0], requires_grad=True)
    cells = binary(logits, 2.0)
    assert cells.tolist() == [0, 0, 0, 1, 1]
    cells.sum().backward()
    soft = torch.sigmoid(2 * logits.detach())
    assert logits.grad is not None
    assert torch.allclose(logits.grad, 2 * soft * (1 - soft))


def test_only_holds_that_sound_are_learnt() -> None:
    cells = torch.zeros(1, 2, 2, 4, 1)
    cells[0, 0, ONSET, 1] = 1
    cells.requires_grad_(True)
    tied(cells).sum().backward()
    assert cells.grad is not None
    assert cells.grad[0, 0, HOLD, :, 0].tolist() == [0, 0, 1, 0]

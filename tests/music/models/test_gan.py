"""Generator and discriminator of music: what acts on what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from genai_demo.engine.nn.adversarial import gradient_penalty
from genai_demo.music.models import roll_conditioning
from genai_demo.music.models.gan import DEBUG, Discriminator, GanConfig, Generator
from genai_demo.music.models.gan_layers import from_grid, tied, to_grid
from genai_demo.music.models.roll_conditioning import PHRASE_BARS, WINDOW_BARS
from genai_demo.music.tokens.roll import COMPACT_KEYS, HOLD, ONSET, steps_of

CONFIG = GanConfig(**DEBUG)  # type: ignore[arg-type]


def lively(network: nn.Module) -> Any:
    """Give every weight a value, those that start at zero too."""
    torch.manual_seed(1)
    for weight in network.parameters():
        nn.init.normal_(weight, std=0.3)
    return network


def some_conditions(count: int, metre: int = 0) -> Tensor:
    places = np.arange(count)
    yes = places % 2 == 0
    return torch.from_numpy(
        roll_conditioning.encode(np.full(count, metre), yes, places % 3, 2.0 + places, 55.0 + 2 * places, yes, ~yes)
    )


def some_canvas(count: int, metre: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(0)
    steps = WINDOW_BARS * steps_of(roll_conditioning.ROLL_TIME_SIGNATURES[metre])
    return tied((torch.rand(count, 2, 2, steps, COMPACT_KEYS, generator=random) < 0.1).float())


def shown(count: int, *bars: int) -> Tensor:
    known = torch.zeros(count, WINDOW_BARS, dtype=torch.bool)
    known[:, list(bars)] = True
    return known


def latents(count: int) -> Tensor:
    return torch.randn(count, 1 + PHRASE_BARS, CONFIG.latent, generator=torch.Generator().manual_seed(3))


GENERATOR, CRITIC = lively(Generator(CONFIG)), lively(Discriminator(CONFIG))


@settings(deadline=None, max_examples=30)
@given(
    st.integers(0, len(roll_conditioning.ROLL_TIME_SIGNATURES) - 1),
    st.lists(st.integers(0, PHRASE_BARS - 1), max_size=4),
    st.lists(st.integers(PHRASE_BARS, WINDOW_BARS - 1), max_size=3),
)
@torch.no_grad()
def test_known_bars_stay_and_every_run_is_a_note(metre: int, before: list[int], own: list[int]) -> None:
    canvas, known = some_canvas(2, metre), shown(2, *before, *own)
    written = GENERATOR(latents(2), some_conditions(2, metre), canvas, known)
    assert written.shape == canvas.shape
    assert torch.equal(tied(written), written)
    steps = steps_of(roll_conditioning.ROLL_TIME_SIGNATURES[metre])
    for bar in range(WINDOW_BARS):
        here = slice(bar * steps, (bar + 1) * steps)
        if known[0, bar]:
            assert torch.equal(written[:, :, ONSET, here], canvas[:, :, ONSET, here])
            assert (written[:, :, HOLD, here] <= canvas[:, :, HOLD, here]).all()
        elif bar < PHRASE_BARS:
            assert not written[:, :, :, here].any()
    assert CRITIC(written, some_conditions(2, metre), known).shape == (2,)


@torch.no_grad()
def test_everything_that_is_given_changes_what_is_written() -> None:
    known, noise, asked, canvas = shown(4, 0, 1, 2, 3), latents(4), some_conditions(4), some_canvas(4)
    first = GENERATOR(noise, asked, canvas, known)
    assert torch.equal(first, GENERATOR(noise, asked, canvas, known))
    for other in (
        GENERATOR(noise.flip(0), asked, canvas, known),
        GENERATOR(noise, asked.flip(0), canvas, known),
        GENERATOR(noise, asked, canvas.flip(0), known),
        GENERATOR(noise, asked, canvas, shown(4)),
    ):
        assert not torch.equal(other[..., canvas.shape[3] // 2 :, :], first[..., canvas.shape[3] // 2 :, :])


@torch.no_grad()
def test_bars_that_are_not_known_are_not_read() -> None:
    known, canvas = shown(2, 2, 3), some_canvas(2)
    hidden = canvas * known.repeat_interleave(canvas.shape[3] // WINDOW_BARS, 1)[:, None, None, :, None]
    assert not torch.equal(hidden, canvas)
    results = [GENERATOR(latents(2), some_conditions(2), cells, known) for cells in (canvas, hidden)]
    assert torch.equal(*results)


@torch.no_grad()
def test_a_phrase_does_not_depend_on_its_neighbours() -> None:
    noise, asked, canvas, known = latents(4), some_conditions(4), some_canvas(4), shown(4, 0, 1, 2, 3)
    scores = CRITIC(canvas, asked, known)
    for place in range(4):
        one = slice(place, place + 1)
        assert torch.allclose(CRITIC(canvas[one], asked[one], known[one]), scores[one], rtol=1e-3, atol=1e-3)
    together = GENERATOR(noise, asked, canvas, known)
    alone = torch.cat([GENERATOR(*(part[i : i + 1] for part in (noise, asked, canvas, known))) for i in range(4)])
    assert (together != alone).float().mean() < 1e-3


@torch.no_grad()
def test_the_discriminator_minds_conditions_and_what_is_known() -> None:
    canvas = some_canvas(1).expand(4, -1, -1, -1, -1)
    assert len(set(CRITIC(canvas, some_conditions(4), shown(4)).tolist())) == 4
    asked = some_conditions(1).expand(4, -1)
    assert len(set(CRITIC(canvas, asked, torch.eye(WINDOW_BARS, dtype=torch.bool)[:4]).tolist())) == 4


@pytest.mark.parametrize("metre", range(len(roll_conditioning.ROLL_TIME_SIGNATURES)))
def test_the_penalty_reaches_every_layer_that_looks_at_the_music(metre: int) -> None:
    critic = lively(Discriminator(CONFIG))
    known, asked = shown(2, 0, 1, 2, 3), some_conditions(2, metre)
    gradient_penalty(lambda canvas: critic(canvas, asked, known), some_canvas(2, metre)).backward()
    for name, weight in critic.named_parameters():
        # What is added before an activation that is a line on both sides moves the score, not its slope.
        if name.endswith("weight") and name != "place_grid.weight":
            assert weight.grad is not None and float(weight.grad.abs().max()) > 0, name
            assert torch.isfinite(weight.grad).all(), name


def test_the_penalty_of_silence_is_finite() -> None:
    critic = lively(Discriminator(CONFIG))
    silence = torch.zeros(2, 2, 2, WINDOW_BARS * 8, COMPACT_KEYS)
    penalty = gradient_penalty(lambda canvas: critic(canvas, some_conditions(2, 2), shown(2)), silence)
    penalty.backward()
    assert torch.isfinite(penalty)
    assert all(torch.isfinite(weight.grad).all() for weight in critic.parameters() if weight.grad is not None)


def test_the_grid_is_the_cells_in_another_order() -> None:
    canvas = some_canvas(2)
    assert torch.equal(from_grid(to_grid(canvas)), canvas)
    # The C of the third octave, struck by the left hand in the first step.
    cells = torch.zeros(1, 2, 2, 1, COMPACT_KEYS)
    cells[0, 1, ONSET, 0, 24] = 1
    assert to_grid(cells)[0, 24, 0].tolist() == [0, 0, 1, 0, 0, 0]


def test_what_ships_is_small() -> None:
    weights = sum(weight.numel() for weight in Generator(GanConfig()).parameters())
    assert weights < 1_300_000

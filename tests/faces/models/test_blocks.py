"""Stages of the face networks: sides, mirrors, and that a stage more changes nothing at first."""

from __future__ import annotations

import pytest
import torch

from genai_demo.faces.models.blocks import (
    SMALLEST,
    ConvDecoder,
    ConvEncoder,
    ResidualBlock,
    depth,
    downsample,
    upsample,
)


@pytest.mark.parametrize(("resolution", "stages"), [(4, 1), (8, 2), (16, 3), (32, 4), (64, 5)])
def test_depth(resolution: int, stages: int) -> None:
    assert depth(resolution) == stages
    assert SMALLEST * 2 ** (stages - 1) == resolution


@pytest.mark.parametrize("stages", [1, 2, 4])
def test_sides(stages: int) -> None:
    widths, blocks = (8, 6, 4, 4)[:stages], (2, 1, 1, 1)[:stages]
    side = SMALLEST * 2 ** (stages - 1)
    assert ConvDecoder(widths, blocks)(torch.randn(2, 8, SMALLEST, SMALLEST)).shape == (2, 3, side, side)
    assert ConvEncoder(widths, blocks)(torch.randn(2, 3, side, side)).shape == (2, 8, SMALLEST, SMALLEST)


def test_a_block_starts_as_the_identity_and_learns() -> None:
    block, x = ResidualBlock(4), torch.randn(2, 4, 8, 8)
    assert torch.equal(block(x), x)
    block(x).square().sum().backward()
    assert float(block.second.weight.grad.abs().max()) > 0


def test_a_stage_more_paints_the_same_at_twice_the_side() -> None:
    torch.manual_seed(0)
    small, large = ConvDecoder((8, 6), (1, 1)), ConvDecoder((8, 6, 4), (1, 1, 1))
    for weight in small.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    large.load_state_dict(small.state_dict(), strict=False)
    x = torch.randn(2, 8, SMALLEST, SMALLEST)
    assert torch.equal(large(x), upsample(small(x)))


def test_a_stage_more_sees_what_the_others_see_at_half_the_side() -> None:
    torch.manual_seed(0)
    small, large = ConvEncoder((8, 6), (1, 1)), ConvEncoder((8, 6, 4), (1, 1, 1))
    for weight in small.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    large.load_state_dict(small.state_dict(), strict=False)
    picture = torch.randn(2, 3, 16, 16)
    assert torch.equal(large(picture), small(downsample(picture)))


def test_down_undoes_up_on_a_plane() -> None:
    plane = torch.linspace(0, 1, 8).expand(1, 1, 8, 8)
    assert torch.allclose(downsample(upsample(plane)), plane, atol=0.02)

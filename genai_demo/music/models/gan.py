"""Piano GAN: a generator that writes four bars at once, and the discriminator that teaches it.

Both see a window of eight bars, four to be written and the four before them, with the tonic on C. Bars of the window
may be known: those before, so that phrases follow one another, and some of the four, so that single bars can be
written anew. Keys are laid out as octaves by pitch classes, of which the classes are channels: a convolution over
steps and octaves then sees harmony as a whole (the pitch kernels of an octave of Dong et al. 2018, MuseGAN, with the
tonic always at the same place).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genai_demo.music.models import roll_conditioning
from genai_demo.music.models.binary import binary, tied
from genai_demo.music.models.gan_layers import (
    ADDED,
    BETWEEN_BARS,
    CELLS,
    GAIN,
    OCTAVES,
    RARE,
    STEPS,
    TIME_SIGNATURE_COUNT,
    GridBlock,
    Layer,
    PositionEmbedding,
    activate,
    conv,
    from_grid,
    linear,
    to_grid,
)
from genai_demo.music.models.roll_conditioning import PHRASE_BARS, WINDOW_BARS
from genai_demo.music.tokens.roll import CHANNELS, COMPACT_KEYS, HAND_COUNT

_QUIET = -2.5
"""bias of the generator's cells at first, so that few are on, as in music"""


@dataclass(frozen=True)
class GanConfig:
    """Sizes of the generator and of the discriminator."""

    latent: int = 64
    """normal numbers that a phrase is made from, and as many again for each of its bars"""
    width: int = 128
    """generator's channels per step"""
    layers: int = 3
    """generator's layers over steps"""
    heads: int = 4
    """attention heads of each of them"""
    grid: int = 64
    """generator's channels per step and octave"""
    blocks: int = 2
    """generator's residual blocks over steps and octaves"""
    critic_widths: tuple[int, ...] = (32, 64, 96)
    """discriminator's channels per step and octave at sixteenths, eighths and quarters"""
    critic_stream: int = 96
    """discriminator's channels in each of the streams over steps"""
    critic_features: int = 256
    """numbers by which the discriminator judges"""


DEBUG = {"latent": 4, "width": 16, "layers": 1, "heads": 2, "grid": 8, "blocks": 1} | {
    "critic_widths": (8, 8, 8),
    "critic_stream": 8,
    "critic_features": 16,
}
"""sizes at which tests train the networks in a second"""


class Generator(nn.Module):
    """Writes four bars from latent vectors, conditions and the bars that are known."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        width, grid = config.width, config.grid
        self.read_cells = linear(HAND_COUNT * CHANNELS * COMPACT_KEYS, width, RARE)
        self.read_conditions = linear(roll_conditioning.SIZE, width, 2.0)
        self.vary = nn.Parameter(torch.randn(TIME_SIGNATURE_COUNT, STEPS, width))
        self.read_latents = linear(2 * config.latent, width, 2.0)
        with torch.no_grad():
            self.read_latents.weight[:, config.latent :] *= BETWEEN_BARS
        self.places = PositionEmbedding(width)
        self.layers = nn.ModuleList(Layer(width, config.heads) for _ in range(config.layers))
        self.norm = nn.RMSNorm(width, eps=1e-6)
        self.to_octaves = linear(width, OCTAVES * grid)
        self.recall = conv(2 * CELLS, grid, 1, RARE / 2)
        self.blocks = nn.ModuleList(GridBlock(grid, ADDED) for _ in range(config.blocks))
        self.write = conv(grid, CELLS, 1, GAIN)
        assert self.write.bias is not None
        nn.init.constant_(self.write.bias, _QUIET)

    def forward(self, latents: Tensor, conditions: Tensor, cells: Tensor, known: Tensor, slope: float = 1.0) -> Tensor:
        """Return the cells with all bars that are not known of the last four written: (B, 2, 2, T, 72), 0 or 1.

        Args:
            latents: (B, 5, latent) normal numbers: of the phrase and of each of its bars.
            conditions: (B, roll_conditioning.SIZE).
            cells: (B, 2 hands, 2 channels, T, 72), 0 or 1, T eight bars; those of bars not known are not read.
            known: bool (B, 8 bars); a bar of the first four that is not known is not there.
            slope: of the binary neurons, see `binary`.
        """
        steps = cells.shape[3] // WINDOW_BARS
        shown = known.repeat_interleave(steps, 1)[:, None, None, :, None]  # (B, 1, 1, T, 1)
        cells = cells * shown
        x = self.read_cells(cells.permute(0, 3, 1, 2, 4).flatten(2))  # (B, T, 2, 2, 72) -> (B, T, C)
        x = x + self.places(conditions, known, steps) + self.read_conditions(conditions)[:, None]
        phrase, bars = latents[:, :1].expand(-1, PHRASE_BARS, -1), latents[:, 1:]  # (B, 4, L)
        ideas = self.read_latents(torch.cat([phrase, bars], 2))[:, :, None]  # (B, 4, 1, C)
        # Every step of a bar makes something else of the same idea.
        vary = self.vary[conditions[:, -TIME_SIGNATURE_COUNT:].argmax(1)][:, None, :steps]  # (B, 1, S, C)
        ideas = (ideas * (1 + vary)).flatten(1, 2)  # (B, 4, S, C) -> (B, T / 2, C)
        x = torch.cat([x[:, : PHRASE_BARS * steps], x[:, PHRASE_BARS * steps :] + ideas], 1)
        for layer in self.layers:
            x = layer(x)
        x = self.norm(x[:, PHRASE_BARS * steps :])
        grid = self.to_octaves(x).unflatten(2, (OCTAVES, -1)).permute(0, 3, 1, 2)  # (B, G, T / 2, 6)
        # Bar by bar, the four before lie over the four that are written.
        before, here = to_grid(cells).unflatten(2, (2, -1)).unbind(2)  # (B, 48, T / 2, 6)
        grid = grid + self.recall(torch.cat([before, here], 1))
        for block in self.blocks:
            grid = block(grid)
        logits = from_grid(self.write(activate(grid))).float()
        written = torch.cat([torch.zeros_like(logits), binary(logits, slope)], 3)  # (B, 2, 2, T, 72)
        ours = ~shown & (torch.arange(cells.shape[3], device=cells.device) >= PHRASE_BARS * steps)[:, None]
        return tied(torch.where(ours, written, cells.float()))

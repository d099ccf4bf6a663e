"""Piano GAN: a generator that writes four bars at once, and the discriminator that teaches it.

Both see a window of eight bars, four to be written and the four before them, with the tonic on C. Bars of the window
may be known: those before, so that phrases follow one another, and some of the four, so that single bars can be
written anew. Keys are laid out as octaves by pitch classes, of which the classes are channels: a convolution over
steps and octaves then sees harmony as a whole (the pitch kernels of an octave of Dong et al. 2018, MuseGAN, with the
tonic always at the same place).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.nn.sizes import Depth, Width, Widths, check_heads, check_stages
from genai_demo.music.models import roll_conditioning
from genai_demo.music.models.gan_layers import (
    ADDED,
    BETWEEN_BARS,
    CELLS,
    CLASSES,
    GAIN,
    OCTAVES,
    RARE,
    STEPS,
    TIME_SIGNATURE_COUNT,
    GridBlock,
    Layer,
    PositionEmbedding,
    activate,
    binary,
    conv,
    conv1d,
    from_grid,
    linear,
    tied,
    to_grid,
)
from genai_demo.music.models.roll_conditioning import PHRASE_BARS, WINDOW_BARS
from genai_demo.music.tokens.roll import CHANNELS, COMPACT, COMPACT_KEYS, HAND_COUNT, HOLD, ONSET

_QUIET = -2.5
"""bias of the generator's cells at first, so that few are on, as in music"""


@dataclass(frozen=True)
class GanConfig:
    """Sizes of the generator and of the discriminator."""

    latent: Width = 64
    """normal numbers that a phrase is made from, and as many again for each of its bars"""
    width: Width = 128
    """generator's channels per step"""
    layers: Depth = 3
    """generator's layers over steps"""
    heads: Depth = 4
    """attention heads of each of them"""
    grid: Width = 64
    """generator's channels per step and octave"""
    blocks: Depth = 2
    """generator's residual blocks over steps and octaves"""
    critic_widths: Widths = (32, 64, 96)
    """discriminator's channels per step and octave at sixteenths, eighths and quarters"""
    critic_stream: Width = 96
    """discriminator's channels in each of the streams over steps"""
    critic_features: Width = 256
    """numbers by which the discriminator judges"""

    def __post_init__(self) -> None:
        check_heads(self.width, self.heads)
        check_stages(len(GanConfig.critic_widths), critic_widths=self.critic_widths)


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

    def forward(
        self,
        latents: Tensor,
        conditions: Tensor,
        cells: Tensor,
        known: Tensor,
        slope: float = 1.0,
        soft: list[Tensor] | None = None,
    ) -> Tensor:
        """Return the cells with all bars that are not known of the last four written: (B, 2, 2, T, 72), 0 or 1.

        Args:
            latents: (B, 5, latent) normal numbers: of the phrase and of each of its bars.
            conditions: (B, roll_conditioning.SIZE).
            cells: (B, 2 hands, 2 channels, T, 72), 0 or 1, T eight bars; those of bars not known are not read.
            known: bool (B, 8 bars); a bar of the first four that is not known is not there.
            slope: of the binary neurons, see `binary`.
            soft: a list to which the probabilities (B, 2, 2, T / 2, 72) of the cells before their threshold are added.
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
        if soft is not None:
            soft.append(logits.sigmoid())
        written = torch.cat([torch.zeros_like(logits), binary(logits, slope)], 3)  # (B, 2, 2, T, 72)
        ours = ~shown & (torch.arange(cells.shape[3], device=cells.device) >= PHRASE_BARS * steps)[:, None]
        return tied(torch.where(ours, written, cells.float()))


class Stream(nn.Module):
    """Sees numbers per step: a convolution, one more at half the steps, and what is in each bar."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.first = conv1d(inputs, width, 5, RARE)
        self.second = conv1d(width, width, 5)
        self.third = conv1d(width, width, 3)

    def forward(self, x: Tensor, places: Tensor) -> Tensor:
        """Return (B, C, 8 bars) for x (B, I, T) and places (B, C, T)."""
        x = activate(self.first(x) + places)
        x = F.avg_pool1d(activate(self.second(x)), 2)
        return _bar_means(activate(self.third(x)))


def _bar_means(x: Tensor) -> Tensor:
    return x.unflatten(2, (WINDOW_BARS, -1)).mean(3)  # (B, C, 8, t) -> (B, C, 8)


class Discriminator(nn.Module):
    """Scores how real a window is, and how well it fits its conditions (Miyato and Koyama 2018, projection).

    It looks at the roll, at chroma and numbers of notes, at what begins and ends (Dong and Yang 2018, section 3.3), at
    how much alike bars are, and at how far density and pitch are from what was asked.
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        fine, middle, coarse = config.critic_widths
        stream, features = config.critic_stream, config.critic_features
        self.places = PositionEmbedding(stream)
        self.place_grid = linear(stream, fine, 0.5)
        self.octaves = nn.Parameter(torch.randn(fine, 1, OCTAVES))
        self.look = conv(CELLS, fine, 3, RARE)
        self.blocks = nn.ModuleList(GridBlock(width, 1.0) for width in config.critic_widths)
        self.transitions = nn.ModuleList([conv(fine, middle, 1), conv(middle, coarse, 1)])
        self.gather = conv1d(coarse * OCTAVES, features, 3)
        self.harmony = Stream(_HARMONY, stream)
        self.change = Stream(_CHANGE, stream)
        alike = 2 * WINDOW_BARS * (WINDOW_BARS - 1) // 2
        self.join = linear(WINDOW_BARS * (features + 2 * stream) + alike + 2, features, GAIN)
        self.judge = linear(features, features, GAIN)
        self.score = nn.Parameter(GAIN * torch.randn(features))
        self.read_conditions = nn.Sequential(linear(roll_conditioning.SIZE, 64), nn.SiLU(), linear(64, features))

    def forward(self, cells: Tensor, conditions: Tensor, known: Tensor) -> Tensor:
        """Return scores (B,).

        Args:
            cells: (B, 2 hands, 2 channels, T, 72), T eight bars.
            conditions: (B, roll_conditioning.SIZE).
            known: bool (B, 8 bars).
        """
        seen, others = self.streams(cells, conditions, known)
        return self.verdict(seen, others, conditions)

    def streams(self, cells: Tensor, conditions: Tensor, known: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return what each stream makes of each bar, (B, C, 8) for the roll, the harmony and the changes; and the rest.

        Args:
            cells, conditions, known: as in `forward`.
        """
        steps = cells.shape[3] // WINDOW_BARS
        places = self.places(conditions, known, steps)  # (B, T, C)
        x = self.look(to_grid(cells)) + self.place_grid(places).transpose(1, 2)[..., None] + self.octaves
        x = self.blocks[0](x)
        for transition, block in zip(self.transitions, list(self.blocks)[1:], strict=True):
            x = block(transition(F.avg_pool2d(x, (2, 1))))
        x = activate(x).permute(0, 1, 3, 2).flatten(1, 2)  # (B, C, 6, T / 4) -> (B, 6 C, T / 4)
        seen = [_bar_means(activate(self.gather(x)))]
        harmony, change = _harmony(cells), _change(cells)
        seen += [
            stream(some, places.transpose(1, 2)) for stream, some in ((self.harmony, harmony), (self.change, change))
        ]
        return seen, torch.cat([_alike(harmony), _missed(cells, conditions)], 1)

    def verdict(self, seen: list[Tensor], others: Tensor, conditions: Tensor) -> Tensor:
        """Return scores (B,) by what `streams` returned."""
        notes = torch.cat([*(some.flatten(1) for some in seen), others], 1)
        notes = activate(self.join(notes))
        notes = activate(self.judge(notes))
        # A sum, no matrix product: in half precision that would round the scores, whose differences count.
        judged = notes.float() * (self.score + self.read_conditions(conditions).float())
        return judged.sum(1) * notes.shape[1] ** -0.5


_HARMONY = HAND_COUNT * (2 * CLASSES + 2)
_CHANGE = 2 * HAND_COUNT * COMPACT_KEYS // 2


def _harmony(cells: Tensor) -> Tensor:
    """Return (B, 52, T): for each hand the onsets and the sounding keys of each pitch class, and of all."""
    onset = cells[:, :, ONSET].unflatten(3, (OCTAVES, CLASSES)).sum(3)  # (B, 2, T, 12)
    sounding = onset + cells[:, :, HOLD].unflatten(3, (OCTAVES, CLASSES)).sum(3)
    parts = [onset, sounding, onset.sum(3, keepdim=True), sounding.sum(3, keepdim=True)]
    return torch.cat(parts, 3).transpose(2, 3).flatten(1, 2)  # (B, 2, T, 26) -> (B, 52, T)


def _change(cells: Tensor) -> Tensor:
    """Return (B, 144, T): for each hand and pair of neighbouring keys how many are struck, and how many let go."""
    onset, hold = cells[:, :, ONSET], cells[:, :, HOLD]  # (B, 2, T, 72)
    before = F.pad((onset + hold)[:, :, :-1], (0, 0, 1, 0))
    both = torch.stack([onset, before - hold], 2).unflatten(4, (COMPACT_KEYS // 2, 2)).sum(5)  # (B, 2, 2, T, 36)
    return both.transpose(3, 4).flatten(1, 3)  # (B, 2, 2, 36, T) -> (B, 144, T)


def _alike(harmony: Tensor) -> Tensor:
    """Return (B, 56): how much alike any two bars are in their rhythm and in their chroma, each from 0 to 1.

    Args:
        harmony: (B, 52, T) as from `_harmony`.
    """
    bars = (
        harmony.unflatten(1, (HAND_COUNT, -1)).unflatten(3, (WINDOW_BARS, -1)).permute(0, 3, 1, 2, 4)
    )  # (B, 8, 2, 26, S)
    rhythm, chroma = bars[:, :, :, 2 * CLASSES], bars[:, :, :, CLASSES : 2 * CLASSES].sum(2)
    rows, columns = torch.triu_indices(WINDOW_BARS, WINDOW_BARS, 1, device=harmony.device)
    found = []
    for some in (rhythm, chroma):
        flat = some.flatten(2)  # (B, 8, F)
        # The 1 keeps the slope finite where a bar is empty.
        flat = flat / (flat.square().sum(2, keepdim=True) + 1).sqrt()
        found.append((flat @ flat.transpose(1, 2))[:, rows, columns])
    return torch.cat(found, 1)


def _missed(cells: Tensor, conditions: Tensor) -> Tensor:
    """Return (B, 2): by how much the last four bars miss the numbers for density and pitch in `conditions`, -1 to 1."""
    onset = cells[:, :, ONSET, cells.shape[3] // 2 :].sum((1, 2))  # (B, 72)
    count, quarters = onset.sum(1), cells.shape[3] // 2 / 4
    pitches = torch.arange(COMPACT[0], COMPACT[1] + 1, device=onset.device) - roll_conditioning.MIDDLE
    # The halves keep slopes finite where nothing is struck.
    density = ((count + 0.5) / quarters / roll_conditioning.MEDIUM).log() / roll_conditioning.DENSITY_SPREAD
    # No matrix product: in half precision it would round.
    pitch = (onset * pitches).sum(1) / (count + 0.5) / roll_conditioning.PITCH_SPREAD
    return F.softsign(torch.stack([density, pitch], 1) - conditions[:, roll_conditioning.NUMBERS])


Parts = tuple[Tensor, Tensor, Tensor]
"""cells, known bars and conditions of windows, see `RollBatch`"""


@dataclass(frozen=True)
class RollBatch:
    """Bars and the bars before them, with what is known and asked of them; all of one metre."""

    cells: np.ndarray
    """bool (B, 2 hands, 2 channels, T, 72) with the tonic on C"""
    known: np.ndarray
    """bool (B, bars) which bars are shown"""
    conditions: np.ndarray
    """float32 (B, roll_conditioning.SIZE)"""


class Gan(nn.Module):
    """Generator and discriminator."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        self.generator, self.discriminator = Generator(config), Discriminator(config)

    @torch.inference_mode()
    def write(
        self,
        batch: RollBatch,
        seed: int,
        size: int = 64,
        temperature: float = 1.0,
        soft: list[Tensor] | None = None,
    ) -> RollBatch:
        """Return windows with those of their last four bars written that are not known.

        Args:
            batch: what is known and asked.
            seed: of the latent vectors.
            size: windows that are written at once.
            temperature: by which the latent vectors are multiplied.
            soft: see `Generator.forward`.
        """
        random = torch.Generator().manual_seed(seed)
        latents = torch.randn(len(batch.cells), 1 + PHRASE_BARS, self.config.latent, generator=random) * temperature
        written = []
        for noise, (cells, known, conditions) in zip(latents.split(size), self._split(batch, size), strict=True):
            written.append(self.generator(noise.to(cells.device), conditions, cells, known, soft=soft).cpu() > 0.5)
        return RollBatch(torch.cat(written).numpy(), batch.known, batch.conditions)

    @torch.inference_mode()
    def score(self, batch: RollBatch, size: int = 64) -> Tensor:
        """Return how real the discriminator finds windows, (N,); compare only those with the same bars known.

        Args:
            batch: of one metre.
            size: windows that are scored at once.
        """
        scores = [self.discriminator(cells, conditions, known) for cells, known, conditions in self._split(batch, size)]
        return torch.cat(scores).cpu()

    def _split(self, batch: RollBatch, size: int) -> list[Parts]:
        device = next(self.parameters()).device
        parts = [torch.from_numpy(part) for part in (batch.cells, batch.known, batch.conditions)]
        cells, known, conditions = ([some.to(device) for some in part.split(size)] for part in parts)
        return [(some.float(), *rest) for some, *rest in zip(cells, known, conditions, strict=True)]

"""Piano GAN: a generator that writes four bars at once, and the discriminator that teaches it.

Both see a canvas of eight bars, four to be written and the four before them, with the tonic on C. Bars of the canvas
may be known: those before, so that phrases follow one another, and some of the four, so that single bars can be
written anew. Keys are laid out as octaves by pitch classes, of which the classes are channels: a convolution over
steps and octaves then sees harmony as a whole (the pitch kernels of an octave of Dong et al. 2018, MuseGAN, with the
tonic always at the same place).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.music import traits
from genai_demo.music.binary import binary, tied
from genai_demo.music.roll import CHANNELS, COMPACT, HANDS, HOLD, ONSET
from genai_demo.music.traits import BARS, CANVAS, KEYS

CLASSES, OCTAVES = 12, KEYS // 12
STEPS = 16
"""steps of the longest bar"""
_CELLS = HANDS * CHANNELS * CLASSES
_METRES = len(traits.METRES)
_SLOPE = 0.2
_GAIN = math.sqrt(2 / (1 + _SLOPE**2))
_QUIET = -2.5
"""bias of the generator's cells at first, so that few are on, as in music"""
_BETWEEN_BARS = 0.3
"""by how much less than other things what tells bars apart counts at first: in music they are much alike"""
_ADDED = 0.5
"""what a block of the generator adds at first, as a share of its input"""
_RARE = 6.0
"""by how much what reads cells, of which few are on, is larger at first than what reads normal numbers"""


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
    grid: int = 96
    """generator's channels per step and octave"""
    blocks: int = 2
    """generator's residual blocks over steps and octaves"""
    critic_widths: tuple[int, ...] = (64, 96, 128)
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


def to_grid(cells: Tensor) -> Tensor:
    """Return cells (B, 2 hands, 2 channels, T, 72) as a grid (B, 48, T, 6 octaves)."""
    grid = cells.unflatten(4, (OCTAVES, CLASSES))  # (B, 2, 2, T, 6, 12)
    return grid.permute(0, 1, 2, 5, 3, 4).flatten(1, 3)  # (B, 2, 2, 12, T, 6) -> (B, 48, T, 6)


def from_grid(grid: Tensor) -> Tensor:
    """Return a grid (B, 48, T, 6 octaves) as cells (B, 2 hands, 2 channels, T, 72)."""
    cells = grid.unflatten(1, (HANDS, CHANNELS, CLASSES))  # (B, 2, 2, 12, T, 6)
    return cells.permute(0, 1, 2, 4, 5, 3).flatten(4)  # (B, 2, 2, T, 6, 12) -> (B, 2, 2, T, 72)


class Places(nn.Module):
    """Says where in the canvas and in its bar a step lies, and whether its bar is known."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.steps = nn.Parameter(torch.randn(_METRES, STEPS, width))
        self.bars = nn.Parameter(_BETWEEN_BARS * torch.randn(CANVAS, 2, width))

    def forward(self, conditions: Tensor, known: Tensor, steps: int) -> Tensor:
        """Return (B, 8 bars x steps, C).

        Args:
            conditions: (B, traits.SIZE), of which the metre counts.
            known: bool (B, 8 bars).
            steps: in a bar.
        """
        metre = conditions[:, -_METRES:].argmax(1)  # (B,)
        step = self.steps[metre][:, None, :steps]  # (B, 1, S, C)
        bar = self.bars[torch.arange(CANVAS, device=known.device), known.long()][:, :, None]  # (B, 8, 1, C)
        return (step + bar).flatten(1, 2)  # (B, 8, S, C) -> (B, T, C)


class Layer(nn.Module):
    """What happens at a step depends on all steps by attention, and on those around it by convolution."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.RMSNorm(width, eps=1e-6) for _ in range(2))
        self.attend = nn.Linear(width, 3 * width, bias=False)
        self.attended = nn.Linear(width, width, bias=False)
        self.near = nn.Conv1d(width, 3 * width // 2, 5, padding=2)
        self.mix = nn.Linear(3 * width // 2, width, bias=False)
        for layer in (self.attended, self.mix):
            nn.init.normal_(layer.weight, std=_ADDED * layer.in_features**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, T, C) for x (B, T, C)."""
        three = self.attend(self.norms[0](x)).unflatten(2, (3, self.heads, -1))  # (B, T, 3, H, C / H)
        query, key, value = three.permute(2, 0, 3, 1, 4)  # each (B, H, T, C / H)
        attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)  # (B, T, C)
        x = x + self.attended(attended)
        near = self.near(self.norms[1](x).transpose(1, 2)).transpose(1, 2)
        return x + self.mix(F.silu(near))


def _conv(inputs: int, outputs: int, size: int, gain: float = 1.0) -> nn.Conv2d:
    return _scaled(nn.Conv2d(inputs, outputs, size, padding=size // 2), gain)


def _conv1d(inputs: int, outputs: int, size: int, gain: float = _GAIN) -> nn.Conv1d:
    return _scaled(nn.Conv1d(inputs, outputs, size, padding=size // 2), gain)


def _linear(inputs: int, outputs: int, gain: float = 1.0) -> nn.Linear:
    return _scaled(nn.Linear(inputs, outputs), gain)


L = TypeVar("L", nn.Conv2d, nn.Conv1d, nn.Linear)


def _scaled(layer: L, gain: float) -> L:
    """Return `layer` with outputs of standard deviation `gain` at first, for inputs of mean square 1."""
    nn.init.normal_(layer.weight, std=gain * layer.weight[0].numel() ** -0.5)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _activate(x: Tensor) -> Tensor:
    return F.leaky_relu(x, _SLOPE)


class GridBlock(nn.Module):
    """Adds to a grid what two 3x3 convolutions over steps and octaves make of it."""

    def __init__(self, channels: int, start: float) -> None:
        super().__init__()
        self.first = _conv(channels, channels, 3, _GAIN)
        self.second = _conv(channels, channels, 3, start * _GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, T, O) for x (B, C, T, O)."""
        return x + self.second(_activate(self.first(_activate(x))))


class Generator(nn.Module):
    """Writes four bars from latent vectors, conditions and the bars that are known."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        width, grid = config.width, config.grid
        self.read_cells = _linear(HANDS * CHANNELS * KEYS, width, _RARE)
        self.read_conditions = _linear(traits.SIZE, width, 2.0)
        self.vary = nn.Parameter(torch.randn(_METRES, STEPS, width))
        self.read_latents = _linear(2 * config.latent, width, 2.0)
        with torch.no_grad():
            self.read_latents.weight[:, config.latent :] *= _BETWEEN_BARS
        self.places = Places(width)
        self.layers = nn.ModuleList(Layer(width, config.heads) for _ in range(config.layers))
        self.norm = nn.RMSNorm(width, eps=1e-6)
        self.to_octaves = _linear(width, OCTAVES * grid)
        self.recall = _conv(2 * _CELLS, grid, 1, _RARE / 2)
        self.blocks = nn.ModuleList(GridBlock(grid, _ADDED) for _ in range(config.blocks))
        self.write = _conv(grid, _CELLS, 1, _GAIN)
        assert self.write.bias is not None
        nn.init.constant_(self.write.bias, _QUIET)

    def forward(self, latents: Tensor, conditions: Tensor, canvas: Tensor, known: Tensor, slope: float = 1.0) -> Tensor:
        """Return the canvas with all bars that are not known of the last four written: (B, 2, 2, T, 72), 0 or 1.

        Args:
            latents: (B, 5, latent) normal numbers: of the phrase and of each of its bars.
            conditions: (B, traits.SIZE).
            canvas: (B, 2 hands, 2 channels, T, 72) cells, 0 or 1, T eight bars; those of bars not known are not read.
            known: bool (B, 8 bars); a bar of the first four that is not known is not there.
            slope: of the binary neurons, see `binary`.
        """
        steps = canvas.shape[3] // CANVAS
        shown = known.repeat_interleave(steps, 1)[:, None, None, :, None]  # (B, 1, 1, T, 1)
        canvas = canvas * shown
        x = self.read_cells(canvas.permute(0, 3, 1, 2, 4).flatten(2))  # (B, T, 2, 2, 72) -> (B, T, C)
        x = x + self.places(conditions, known, steps) + self.read_conditions(conditions)[:, None]
        phrase, bars = latents[:, :1].expand(-1, BARS, -1), latents[:, 1:]  # (B, 4, L)
        ideas = self.read_latents(torch.cat([phrase, bars], 2))[:, :, None]  # (B, 4, 1, C)
        # Every step of a bar makes something else of the same idea.
        vary = self.vary[conditions[:, -_METRES:].argmax(1)][:, None, :steps]  # (B, 1, S, C)
        ideas = (ideas * (1 + vary)).flatten(1, 2)  # (B, 4, S, C) -> (B, T / 2, C)
        x = torch.cat([x[:, : BARS * steps], x[:, BARS * steps :] + ideas], 1)
        for layer in self.layers:
            x = layer(x)
        x = self.norm(x[:, BARS * steps :])
        grid = self.to_octaves(x).unflatten(2, (OCTAVES, -1)).permute(0, 3, 1, 2)  # (B, G, T / 2, 6)
        # Bar by bar, the four before lie over the four that are written.
        before, here = to_grid(canvas).unflatten(2, (2, -1)).unbind(2)  # (B, 48, T / 2, 6)
        grid = grid + self.recall(torch.cat([before, here], 1))
        for block in self.blocks:
            grid = block(grid)
        logits = from_grid(self.write(_activate(grid))).float()
        written = torch.cat([torch.zeros_like(logits), binary(logits, slope)], 3)  # (B, 2, 2, T, 72)
        ours = ~shown & (torch.arange(canvas.shape[3], device=canvas.device) >= BARS * steps)[:, None]
        return tied(torch.where(ours, written, canvas.float()))


class Stream(nn.Module):
    """Sees numbers per step: a convolution, one more at half the steps, and what is in each bar."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.first = _conv1d(inputs, width, 5, _RARE)
        self.second = _conv1d(width, width, 5)
        self.third = _conv1d(width, width, 3)

    def forward(self, x: Tensor, places: Tensor) -> Tensor:
        """Return (B, C, 8 bars) for x (B, I, T) and places (B, C, T)."""
        x = _activate(self.first(x) + places)
        x = F.avg_pool1d(_activate(self.second(x)), 2)
        return _bar_means(_activate(self.third(x)))


def _bar_means(x: Tensor) -> Tensor:
    return x.unflatten(2, (CANVAS, -1)).mean(3)  # (B, C, 8, t) -> (B, C, 8)


class Discriminator(nn.Module):
    """Scores how real a canvas is, and how well it fits its conditions (Miyato and Koyama 2018, projection).

    It looks at the roll, at chroma and numbers of notes, at what begins and ends (Dong and Yang 2018, section 3.3), at
    how much alike bars are, and at how far density and pitch are from what was asked.
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        fine, middle, coarse = config.critic_widths
        stream, features = config.critic_stream, config.critic_features
        self.places = Places(stream)
        self.place_grid = _linear(stream, fine, 0.5)
        self.octaves = nn.Parameter(torch.randn(fine, 1, OCTAVES))
        self.look = _conv(_CELLS, fine, 3, _RARE)
        self.blocks = nn.ModuleList(GridBlock(width, 1.0) for width in config.critic_widths)
        self.transitions = nn.ModuleList([_conv(fine, middle, 1), _conv(middle, coarse, 1)])
        self.gather = _conv1d(coarse * OCTAVES, features, 3)
        self.harmony = Stream(_HARMONY, stream)
        self.change = Stream(_CHANGE, stream)
        alike = 2 * CANVAS * (CANVAS - 1) // 2
        self.join = _linear(CANVAS * (features + 2 * stream) + alike + 2, features, _GAIN)
        self.judge = _linear(features, features, _GAIN)
        self.score = nn.Parameter(_GAIN * torch.randn(features))
        self.read_conditions = nn.Sequential(_linear(traits.SIZE, 64), nn.SiLU(), _linear(64, features))

    def forward(self, canvas: Tensor, conditions: Tensor, known: Tensor) -> Tensor:
        """Return scores (B,).

        Args:
            canvas: (B, 2 hands, 2 channels, T, 72), T eight bars.
            conditions: (B, traits.SIZE).
            known: bool (B, 8 bars).
        """
        steps = canvas.shape[3] // CANVAS
        places = self.places(conditions, known, steps)  # (B, T, C)
        x = self.look(to_grid(canvas)) + self.place_grid(places).transpose(1, 2)[..., None] + self.octaves
        x = self.blocks[0](x)
        for transition, block in zip(self.transitions, list(self.blocks)[1:], strict=True):
            x = block(transition(F.avg_pool2d(x, (2, 1))))
        x = _activate(x).permute(0, 1, 3, 2).flatten(1, 2)  # (B, C, 6, T / 4) -> (B, 6 C, T / 4)
        seen = [_bar_means(_activate(self.gather(x)))]
        harmony, change = _harmony(canvas), _change(canvas)
        seen += [
            stream(some, places.transpose(1, 2)) for stream, some in ((self.harmony, harmony), (self.change, change))
        ]
        notes = torch.cat([some.flatten(1) for some in (*seen, _alike(harmony), _missed(canvas, conditions))], 1)
        notes = _activate(self.join(notes))
        notes = _activate(self.judge(notes))
        # A sum, no matrix product: in half precision that would round the scores, whose differences count.
        judged = notes.float() * (self.score + self.read_conditions(conditions).float())
        return judged.sum(1) * notes.shape[1] ** -0.5


_HARMONY = HANDS * (2 * CLASSES + 2)
_CHANGE = 2 * HANDS * KEYS // 2


def _harmony(canvas: Tensor) -> Tensor:
    """Return (B, 52, T): for each hand the onsets and the sounding keys of each pitch class, and of all."""
    onset = canvas[:, :, ONSET].unflatten(3, (OCTAVES, CLASSES)).sum(3)  # (B, 2, T, 12)
    sounding = onset + canvas[:, :, HOLD].unflatten(3, (OCTAVES, CLASSES)).sum(3)
    parts = [onset, sounding, onset.sum(3, keepdim=True), sounding.sum(3, keepdim=True)]
    return torch.cat(parts, 3).transpose(2, 3).flatten(1, 2)  # (B, 2, T, 26) -> (B, 52, T)


def _change(canvas: Tensor) -> Tensor:
    """Return (B, 144, T): for each hand and pair of neighbouring keys how many are struck, and how many let go."""
    onset, hold = canvas[:, :, ONSET], canvas[:, :, HOLD]  # (B, 2, T, 72)
    before = F.pad((onset + hold)[:, :, :-1], (0, 0, 1, 0))
    both = torch.stack([onset, before - hold], 2).unflatten(4, (KEYS // 2, 2)).sum(5)  # (B, 2, 2, T, 36)
    return both.transpose(3, 4).flatten(1, 3)  # (B, 2, 2, 36, T) -> (B, 144, T)


def _alike(harmony: Tensor) -> Tensor:
    """Return (B, 56): how much alike any two bars are in their rhythm and in their chroma, each from 0 to 1.

    Args:
        harmony: (B, 52, T) as from `_harmony`.
    """
    bars = harmony.unflatten(1, (HANDS, -1)).unflatten(3, (CANVAS, -1)).permute(0, 3, 1, 2, 4)  # (B, 8, 2, 26, S)
    rhythm, chroma = bars[:, :, :, 2 * CLASSES], bars[:, :, :, CLASSES : 2 * CLASSES].sum(2)
    rows, columns = torch.triu_indices(CANVAS, CANVAS, 1, device=harmony.device)
    found = []
    for some in (rhythm, chroma):
        flat = some.flatten(2)  # (B, 8, F)
        # The 1 keeps the slope finite where a bar is empty.
        flat = flat / (flat.square().sum(2, keepdim=True) + 1).sqrt()
        found.append((flat @ flat.transpose(1, 2))[:, rows, columns])
    return torch.cat(found, 1)


def _missed(canvas: Tensor, conditions: Tensor) -> Tensor:
    """Return (B, 2): by how much the last four bars miss the numbers for density and pitch in `conditions`, -1 to 1."""
    onset = canvas[:, :, ONSET, canvas.shape[3] // 2 :].sum((1, 2))  # (B, 72)
    count, quarters = onset.sum(1), canvas.shape[3] // 2 / 4
    pitches = torch.arange(COMPACT[0], COMPACT[1] + 1, device=onset.device) - traits.MIDDLE
    # The halves keep slopes finite where nothing is struck.
    density = ((count + 0.5) / quarters / traits.MEDIUM).log() / traits.DENSITY_SPREAD
    # No matrix product: in half precision it would round.
    pitch = (onset * pitches).sum(1) / (count + 0.5) / traits.PITCH_SPREAD
    return F.softsign(torch.stack([density, pitch], 1) - conditions[:, traits.NUMBERS])

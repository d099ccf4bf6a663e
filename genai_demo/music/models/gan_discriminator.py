"""The discriminator of the piano GAN: what it looks at in eight bars, and how it judges."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.music.models import roll_conditioning
from genai_demo.music.models.gan import GanConfig
from genai_demo.music.models.gan_layers import (
    CELLS,
    CLASSES,
    GAIN,
    OCTAVES,
    RARE,
    GridBlock,
    PositionEmbedding,
    activate,
    conv,
    conv1d,
    linear,
    to_grid,
)
from genai_demo.music.models.roll_conditioning import WINDOW_BARS
from genai_demo.music.tokens.roll import COMPACT, COMPACT_KEYS, HAND_COUNT, HOLD, ONSET


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
        notes = torch.cat([some.flatten(1) for some in (*seen, _alike(harmony), _missed(cells, conditions))], 1)
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

"""Masked windows of music: what the masked model is shown, and how masks are drawn to train it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from genai_demo.music.theory.piece import LEFT, RIGHT
from genai_demo.music.tokens.columns import NONE, OUTSIDE
from genai_demo.music.tokens.roll import PIANO_KEYS

MASK_KINDS = ("whole", "stretch", "right", "left", "range", "inner")
"""kinds of masks: both hands of all, or of a stretch of time; one hand; a range of keys; notes below a melody"""
_OFTEN = (0.2, 0.25, 0.15, 0.2, 0.12, 0.08)
"""shares of `MASK_KINDS` in training"""
REACH = 12
"""semitones below a melody in which the right hand may play inner notes"""
_STRETCH = (8, 96)
"""steps of the shortest and the longest stretch"""
_SPAN = (8, 36)
"""keys of the narrowest and the widest range"""


@dataclass(frozen=True)
class MaskedWindow:
    """Windows of columns, some of which are hidden, altogether or within a range of keys."""

    keys: Tensor
    """(B, 2, T, NOTES_PER_STEP), as in `Columns`"""
    lengths: Tensor
    """(B, 2, T, NOTES_PER_STEP)"""
    positions: Tensor
    """(B, T), see `metrical_positions`"""
    conditions: Tensor
    """(B, 3), see `models.masked.CONDITIONS`"""
    hidden: Tensor
    """bool (B, 2, T): columns of which something is hidden"""
    lowest: Tensor
    """(B, 2, T): lowest hidden key of a hidden column"""
    highest: Tensor
    """(B, 2, T): highest hidden key of a hidden column"""

    def to(self, device: torch.device) -> MaskedWindow:
        """Return these windows on a device."""
        return MaskedWindow(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})

    def rows(self, first: int, last: int) -> MaskedWindow:
        """Return the windows from `first` to the one before `last`."""
        return MaskedWindow(**{field.name: getattr(self, field.name)[first:last] for field in fields(self)})

    def secret(self) -> Tensor:
        """Return which notes are hidden, bool (B, 2, T, NOTES_PER_STEP)."""
        within = (self.keys >= self.lowest[..., None]) & (self.keys <= self.highest[..., None])
        return within & self.hidden[..., None] & (self.keys != NONE)

    def free(self) -> Tensor:
        """Return which keys may be hidden notes, bool (B, 2, T, 88)."""
        key = torch.arange(PIANO_KEYS, device=self.keys.device)
        within = (key >= self.lowest[..., None]) & (key <= self.highest[..., None])
        return within & self.hidden[..., None]

    def seen(self) -> tuple[Tensor, Tensor]:
        """Return the onsets and holds of the notes that are not hidden, see `sounding`."""
        return sounding(self.keys.masked_fill(self.secret(), NONE), self.lengths)


def sounding(keys: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return where keys are struck and where they are held on, as numbers 0 and 1, each (B, 2, T, 88).

    Args:
        keys, lengths: (B, 2, T, NOTES_PER_STEP), as in `Columns`.
    """
    batch, hands, steps, _ = keys.shape
    struck = torch.zeros(batch, hands, steps, PIANO_KEYS + 1, device=keys.device)
    struck.scatter_(3, keys, 1.0)
    # A hold begins in the step after the onset, and ends where the note does.
    changes = torch.zeros(batch, hands, steps + 1, PIANO_KEYS + 1, device=keys.device)
    step = torch.arange(1, steps + 1, device=keys.device)[:, None]  # (T, 1)
    row = torch.arange(batch * hands, device=keys.device).view(batch, hands, 1, 1) * (steps + 1)
    ones = torch.ones(keys.shape, device=keys.device).flatten()
    ends = (step + (lengths - 1).clamp(min=0)).clamp(max=steps)  # (B, 2, T, NOTES_PER_STEP)
    flat = changes.view(-1)
    flat.index_add_(0, ((row + step) * (PIANO_KEYS + 1) + keys).flatten(), ones)
    flat.index_add_(0, ((row + ends) * (PIANO_KEYS + 1) + keys).flatten(), -ones)
    held = changes.cumsum(2)[:, :, :steps, :PIANO_KEYS].clamp(0, 1)
    return struck[..., :PIANO_KEYS], held


def mask_at_random(batch: dict[str, Tensor], kind: str | None = None, share: float | None = None) -> MaskedWindow:
    """Return windows masked at random.

    Of the region that the kind of mask allows, a share of the columns is hidden that follows cos(pi / 2 * u) with u
    uniform over 0 to 1 (Chang et al. 2022, MaskGIT, section 3.1), at least one.

    Args:
        batch: windows, see `ColumnWindows`.
        kind: one of `MASK_KINDS`; None draws a kind for each row.
        share: of the columns of the region to hide; None draws one for each row.
    """
    keys, lengths = batch["keys"].long(), batch["lengths"].long()
    positions = batch["positions"].long()
    size, hands, steps, _ = keys.shape
    device = keys.device
    if kind is None:
        kinds = torch.multinomial(torch.tensor(_OFTEN, device=device), size, replacement=True)  # (B,)
    else:
        kinds = torch.full((size,), MASK_KINDS.index(kind), device=device)

    def of_kind(*names: str) -> Tensor:
        return torch.stack([kinds == MASK_KINDS.index(name) for name in names]).any(0)  # (B,)

    def between(low: int, high: int) -> Tensor:
        return low + (torch.rand(size, device=device) * (high - low + 1)).long()  # (B,)

    step = torch.arange(steps, device=device)
    long = between(_STRETCH[0] // 4, min(_STRETCH[1], steps) // 4) * 4
    start = (torch.rand(size, device=device) * (steps - long + 1)).long() // 4 * 4
    stretch = (step >= start[:, None]) & (step < (start + long)[:, None])  # (B, T)
    everywhere = of_kind("whole") | (of_kind("right", "left", "inner") & (torch.rand(size, device=device) < 0.5))
    region = ((stretch | everywhere[:, None]) & (positions != OUTSIDE))[:, None].repeat(1, hands, 1)  # (B, 2, T)
    region[:, LEFT] &= ~of_kind("right", "inner")[:, None]
    region[:, RIGHT] &= ~of_kind("left")[:, None]

    middle, span = between(20, 68), between(*_SPAN)
    ranged = of_kind("range")[:, None, None]
    lowest = torch.where(ranged, (middle - span // 2)[:, None, None], 0).expand(size, hands, steps)
    highest = torch.where(ranged, (middle + span // 2)[:, None, None], PIANO_KEYS - 1).expand(size, hands, steps)
    inner = of_kind("inner")[:, None, None].expand(size, hands, steps)
    top = melody(keys, lengths)[:, None].expand(size, hands, steps)
    lowest = torch.where(inner, top - REACH, lowest).clamp(min=0)
    highest = torch.where(inner, top - 1, highest).clamp(max=PIANO_KEYS - 1)
    region &= highest >= lowest
    return MaskedWindow(keys, lengths, positions, batch["conditions"], _some_of(region, share), lowest, highest)


def melody(keys: Tensor, lengths: Tensor) -> Tensor:
    """Return the highest key that the right hand strikes or holds in each step, (B, T); -1 where there is none."""
    struck, held = sounding(keys[:, RIGHT : RIGHT + 1], lengths[:, RIGHT : RIGHT + 1])
    sounds = torch.maximum(struck, held)[:, 0]  # (B, T, 88)
    return torch.where(sounds.any(-1), PIANO_KEYS - 1 - sounds.flip(-1).argmax(-1), -1)


def _some_of(region: Tensor, share: float | None) -> Tensor:
    """Return a share of the columns of each row of a region, bool (B, 2, T)."""
    size = len(region)
    flat = region.flatten(1)  # (B, 2 * T)
    if share is None:
        shares = torch.cos(math.pi / 2 * torch.rand(size, 1, device=region.device))  # (B, 1)
    else:
        shares = torch.full((size, 1), share, device=region.device)
    wanted = (shares * flat.sum(1, keepdim=True)).ceil()
    order = torch.rand(flat.shape, device=region.device).masked_fill(~flat, 2.0)
    rank = order.argsort(1).argsort(1)  # what is outside the region comes last
    return ((rank < wanted) & flat).view(region.shape)


def as_features(window: MaskedWindow) -> tuple[Tensor, Tensor]:
    """Return what the network is shown of each column, (B, 2, T, 3 * 88), and which keys a hidden note may strike.

    The features are the keys struck, held and hidden; a key that sounds already in either hand cannot be struck.
    """
    struck, held = window.seen()
    free = window.free()
    sounds = torch.maximum(struck, held).amax(1, keepdim=True) > 0  # (B, 1, T, 88)
    features = torch.cat([struck, held, free.float()], -1)
    return features, free & ~sounds

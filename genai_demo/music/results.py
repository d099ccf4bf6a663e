"""What the music models give back, while they work and when they are done; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.music.theory.piece import Piece


@dataclass(frozen=True)
class Composition:
    """One variant as it stands."""

    piece: Piece
    """given bars and those written so far"""
    finished: bool = False
    bars: int = 0
    """bars that the model has written whole"""


@dataclass(frozen=True)
class Update:
    """All variants as they stand after a bar (composer), a phrase (GAN) or a step (masked model)."""

    compositions: tuple[Composition, ...]
    step: int
    steps: int
    """bars, phrases or steps that come in all"""
    receipts: tuple[Receipt, ...] = ()
    """one per composition in the last update, before that none"""

    @property
    def count(self) -> int:
        """Variants."""
        return len(self.compositions)

    @property
    def finished(self) -> bool:
        """Whether this is the last update."""
        return all(composition.finished for composition in self.compositions)

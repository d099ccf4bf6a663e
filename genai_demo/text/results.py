"""What the text models give back, while they work and when they are done; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from genai_demo.engine.generation.receipts import Receipt


@dataclass(frozen=True)
class Piece:
    """A run of characters of a text, and how it came about."""

    text: str
    kind: Literal["given", "filled", "blank"]
    """"given" by the visitor, "filled" by the model, or "blank" and still to be filled"""
    step: int = 0
    """step in which it was filled, from 1; 0 for what was not filled"""
    confidence: float = 0.0
    """probability the model gave the token when it filled it in, 0 to 1"""


@dataclass(frozen=True)
class Draft:
    """One variant as it stands: joined, the pieces are the text to show."""

    pieces: tuple[Piece, ...]
    finished: bool = False
    tokens: int = 0
    """tokens the model has written so far, those cut off behind the last sentence included"""

    @property
    def text(self) -> str:
        """The text so far; a blank shows as its own text (`▢`)."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class Update:
    """All variants as they stand after a token (GRU) or a step (masked model)."""

    drafts: tuple[Draft, ...]
    step: int
    steps: int
    """most steps or tokens that can come; the GRU may end earlier"""
    receipts: tuple[Receipt, ...] = ()
    """one per draft in the last update, before that none"""

    @property
    def count(self) -> int:
        """Variants."""
        return len(self.drafts)

    @property
    def finished(self) -> bool:
        """Whether this is the last update."""
        return all(draft.finished for draft in self.drafts)

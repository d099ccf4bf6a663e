"""What the text models give back, while they work and when they are done; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
    place: int = 0
    """place of the token in what the network reads, whose first one, 0, is the topic; 0 for what is no single token"""


def joined(pieces: Iterable[Piece]) -> str:
    """Return the text of pieces."""
    return "".join(piece.text for piece in pieces)


def without(pieces: Iterable[Piece], cuts: Iterable[tuple[int, int, str]]) -> list[Piece]:
    """Return pieces without some of their characters.

    Args:
        pieces: in their order.
        cuts: per cut, the first character in the joined text, the one after the last, and what stands there instead;
            from left to right, none within another. What stands instead belongs to the piece that is cut first.
    """
    kept, start, waiting = [], 0, list(cuts)
    for piece in pieces:
        end, text, place = start + len(piece.text), "", start
        while waiting and waiting[0][0] < end:
            begin, after, instead = waiting[0]
            text += piece.text[place - start : max(place, begin) - start] + (instead if begin >= place else "")
            place = min(after, end)
            if after > end:
                waiting[0] = (begin, after, "")
                break
            waiting.pop(0)
        text += piece.text[place - start :]
        if text:
            kept.append(piece if text == piece.text else replace(piece, text=text))
        start = end
    return kept


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
        return joined(self.pieces)


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

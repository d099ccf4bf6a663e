"""What the music models give back, while they work and when they are done; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.music.theory.piece import Piece
from genai_demo.music.tokens.piece_string import key_id


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


def key_name(name: str, language: str) -> str:
    """Return the name of a key such as "Eb_major" as a musician writes it."""
    tonic, _, mode = name.partition("_")
    sign = {"b": "flat", "#": "sharp"}.get(tonic[1:])
    called = message(f"music.{sign}", language, letter=tonic[0]) if sign else tonic
    return message(f"music.{mode}", language, tonic=called)


def score_title(piece: Piece, language: str) -> str:
    """Return what stands above a printed score, and what a player shows of a sound file."""
    if not piece.key:
        return message("music.title", language)
    return message("music.title_in", language, name=key_name(key_id(piece.key), language))

"""Why a piece became what it is: all that can be told of it, by the model that made it.

Nothing of this is kept while a piece is made. The composer's new music is read once more in a pass or two; all else is
made again from its receipt, with somebody who takes notes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.music.explaining import bars, composed, filled, measures, phrases
from genai_demo.music.explaining.bars import TakenUp
from genai_demo.music.explaining.filled import Cell
from genai_demo.music.explaining.heat import Heat
from genai_demo.music.explaining.measures import Measure
from genai_demo.music.explaining.notes import Entry
from genai_demo.music.explaining.phrases import Verdict
from genai_demo.music.models.composer import Composer
from genai_demo.music.models.gan import Gan
from genai_demo.music.sampling.generation import service
from genai_demo.music.theory.piece import Piece


@dataclass(frozen=True)
class Explanation:
    """What is told of a piece; what its model does not have is empty."""

    family: str
    """of the model: composer, gan or masked"""
    model: str
    """name of its checkpoint"""
    checkpoint: str
    """the checkpoint's id"""
    entries: tuple[Entry, ...]
    """of the notes that the model wrote"""
    measures: tuple[Measure, ...]
    heat: Heat | None = None
    """of the GAN and the masked model"""
    verdicts: tuple[Verdict, ...] = ()
    """of the GAN"""
    cells: tuple[Cell, ...] = ()
    """of the masked model, in the order in which they were filled"""

    def plain(self) -> dict[str, Any]:
        """Return it as plain data for programs."""
        told = {
            "family": self.family,
            "model": self.model,
            "checkpoint": self.checkpoint,
            "notes": [asdict(entry) for entry in self.entries],
            "measures": [asdict(measure) for measure in self.measures],
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "order": [asdict(cell) for cell in self.cells],
        }
        cells = self.heat.cells() if self.heat else []
        return told | {"cells": [dict(zip(("start", "pitch", "probability"), cell, strict=True)) for cell in cells]}


def made_again(receipt: Receipt) -> Piece:
    """Return the piece of a receipt.

    Raises:
        UserError: the receipt is not in order, or its checkpoint is not the one that is here.
    """
    made = service.reproduce(receipt)
    return made.compositions[receipt.index].piece


def explain(receipt: Receipt, piece: Piece) -> Explanation:
    """Return why a piece became what it is.

    Args:
        receipt: of the piece.
        piece: that the receipt makes, see `made_again`.

    Raises:
        UserError: the receipt is not in order, or its checkpoint is not the one that is here.
    """
    request = service.request_of(receipt)
    if not 0 <= receipt.index < request.variants:
        raise UserError("engine.receipt_lacks", field="index")
    loaded = service.model_of(receipt)
    told = loaded.checkpoint.family, receipt.model, receipt.checkpoint
    placed = measures.told(piece)
    if request.model == "composer":
        assert isinstance(loaded.network, Composer)
        return Explanation(*told, composed.told(loaded.network, request, piece, receipt.index), placed)
    if request.model == "gan":
        assert isinstance(loaded.network, Gan)
        made = phrases.phrases_of(loaded.network, request, receipt.index)
        entries, heat = phrases.told(request, piece, made)
        return Explanation(*told, entries, placed, heat, phrases.verdicts(loaded.network, made, piece))
    replay = filled.replay(loaded, request, piece, receipt.index)
    return Explanation(*told, replay.entries, placed, replay.heat, cells=replay.cells)


def taken_up(receipt: Receipt, piece: Piece) -> tuple[TakenUp, ...]:
    """Return which earlier bars each bar takes up, as `explain`; of other models than the composer nothing.

    Args:
        receipt, piece: as in `explain`.

    Raises:
        UserError: as there.
    """
    request = service.request_of(receipt)
    network = service.model_of(receipt).network
    if request.model != "composer":
        return ()
    assert isinstance(network, Composer)
    return bars.taken_up(network, request, piece, receipt.index)

"""The piano tab for programs."""

from __future__ import annotations

from typing import Any

from genai_demo.music.requests import (
    ComposeRequest,
    ContinueRequest,
    HarmoniseRequest,
    Request,
    RewriteRequest,
    take_music,
)
from genai_demo.music.sampling import generation
from genai_demo.music.tokens.piece_string import write_piece_string
from genai_demo.ui.api import Given, endpoint, offer, receipt_of
from genai_demo.ui.fair_queue import last
from genai_demo.ui.files import received
from genai_demo.ui.music import explaining, files
from genai_demo.ui.music.melody import MOST_BYTES, WRONG
from genai_demo.ui.music.panel import WORK


def _pieces(request: Request) -> list[dict[str, Any]]:
    request.check()
    update = last(generation.run(request))
    pairs = zip(update.compositions, update.receipts, strict=True)
    return [files.plain(composition.piece, request, receipt) for composition, receipt in pairs]


def _piece(request: Request) -> dict[str, Any]:
    return _pieces(request)[0]


def _music(midi: str) -> tuple[str, dict[str, Any]]:
    reading = take_music(received(midi, MOST_BYTES, *WRONG))
    return write_piece_string(reading.piece), {"remarks": [remark.in_language("en") for remark in reading.remarks]}


def reproduce_music(receipt: dict[str, Any]) -> dict[str, Any]:
    """Make a piece again from its receipt.

    Args:
        receipt: the "receipt" of a piece.

    Returns:
        The piece: its "midi", a file in base64, its "musicxml", and its "receipt".
    """
    parsed = receipt_of(receipt)
    request, composition = files.reproduced(parsed)
    return files.plain(composition.piece, request, parsed)


def explain_music(receipt: dict[str, Any]) -> dict[str, Any]:
    """Tell why a piece became what it is.

    Args:
        receipt: the "receipt" of a piece.

    Returns:
        "notes", each with its "probability" and "parts" with "rivals" before and after shaping; "measures" among real
        pieces; "bars" that the composer's bars take up; of other models "cells", "verdicts" and "order".
    """
    parsed = receipt_of(receipt)
    _, composition = files.reproduced(parsed)
    told = explaining.explained(parsed, composition.piece)
    return told.plain() | {"bars": explaining.taken_up(parsed, composition.piece)}


def register() -> None:
    """Offer the endpoints in the Blocks being built; a piece is its "midi", in base64, "musicxml" and "receipt".

    Where music is given, "remarks" are sentences about what was left out of it, guessed or put right.
    """
    composed = endpoint("compose_music", "Write pieces for piano.", ComposeRequest(), _pieces)
    midi = Given("midi", "music", _music, "a MIDI file or MusicXML (.musicxml, .mxl) in base64")
    changed = [
        endpoint(name, description, default, _piece, parameters, midi)
        for name, description, default, parameters in (
            (
                "continue_music",
                "Go on with a piece for piano.",
                ContinueRequest(),
                "keep bars model temperature seed",
            ),
            (
                "rewrite_music",
                "Write some bars of a piece for piano anew.",
                RewriteRequest(),
                "first last hand temperature seed model",
            ),
            (
                "harmonise_music",
                "Add an accompaniment to a melody.",
                HarmoniseRequest(),
                "part temperature seed model",
            ),
        )
    ]
    offer(WORK, composed, *changed, reproduce_music, explain_music)

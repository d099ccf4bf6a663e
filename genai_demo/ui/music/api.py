"""The piano tab for programs: the named endpoints that `gradio_client` calls."""

from __future__ import annotations

import json
from collections import deque
from contextlib import closing
from typing import Any

import gradio as gr

from genai_demo.engine.generation.receipts import parse_receipt
from genai_demo.errors import UserError
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.requests import ComposeRequest, ContinueRequest, HarmoniseRequest, Request, RewriteRequest
from genai_demo.music.sampling import generation
from genai_demo.music.tokens.piece_string import write_piece_string
from genai_demo.ui.files import received
from genai_demo.ui.languages import spoken
from genai_demo.ui.music import files
from genai_demo.ui.music.melody import MOST_BYTES, WRONG
from genai_demo.ui.music.panel import WORK


def _results(request: Request) -> list[dict[str, Any]]:
    request.check()
    with closing(generation.run(request)) as updates:
        update = deque(updates, maxlen=1).pop()
    pairs = zip(update.compositions, update.receipts, strict=True)
    return [files.plain(composition.piece, receipt) for composition, receipt in pairs]


def _music(midi: str) -> str:
    return write_piece_string(read_midi(received(midi, MOST_BYTES, *WRONG)).piece)


def compose_music(
    model: str = "composer",
    bars: int = 16,
    key: str = "any",
    metre: str = "4/4",
    tempo: int = 100,
    density: str = "any",
    register: str = "any",
    style: str = "any",
    temperature: float = 1.0,
    top_p: float = 1.0,
    variants: int = 1,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Write pieces for piano.

    Args:
        model: "composer" (note by note) or "gan" (four bars at once).
        bars: 4 to 64.
        key: such as "Eb_major" or "F#_minor", or "any".
        metre: "4/4", "3/4", "2/4" or "6/8".
        tempo: quarter notes per minute, 40 to 208.
        density: "any", "sparse", "medium" or "dense".
        register: "any", "low", "middle" or "high".
        style: "any", or an era or kind such as "romantic" or "dance".
        temperature: 0.2 (safe) to 1.5 (wild).
        top_p: sample among the likeliest tokens that together have this probability.
        variants: pieces to write, 1 to 4.
        seed: the same seed and settings give the same pieces.

    Returns:
        One object per piece, with its "midi", a file in base64, its "musicxml", and its "receipt".
    """
    try:
        return _results(
            ComposeRequest(model, bars, key, metre, tempo, density, register, style, temperature, top_p, variants, seed)
        )
    except UserError as error:
        raise spoken(error, "en") from error


def continue_music(
    midi: str, keep: int = 0, bars: int = 8, model: str = "composer", temperature: float = 1.0, seed: int = 0
) -> dict[str, Any]:
    """Go on with a piece for piano.

    Args:
        midi: a MIDI file in base64.
        keep: bars of it that stay; 0 keeps all.
        bars: bars to add, 4 to 64.
        model: "composer" or "gan".
        temperature: 0.2 (safe) to 1.5 (wild).
        seed: the same seed and settings give the same piece.

    Returns:
        The piece: its "midi", a file in base64, its "musicxml", and its "receipt".
    """
    try:
        return _results(ContinueRequest(model, _music(midi), keep, bars, temperature=temperature, seed=seed))[0]
    except UserError as error:
        raise spoken(error, "en") from error


def rewrite_music(
    midi: str,
    first: int = 1,
    last: int = 1,
    hand: str = "both",
    temperature: float = 1.0,
    seed: int = 0,
    model: str = "composer",
) -> dict[str, Any]:
    """Write some bars of a piece for piano anew.

    Args:
        midi: a MIDI file in base64.
        first: first bar to write anew, counted from 1.
        last: last bar to write anew.
        hand: "both", "right" or "left".
        temperature: 0.2 (safe) to 1.5 (wild).
        seed: the same seed and settings give the same piece.
        model: "composer", "masked" or "gan".

    Returns:
        The piece: its "midi", a file in base64, its "musicxml", and its "receipt".
    """
    try:
        request = RewriteRequest(_music(midi), first, last, hand, temperature=temperature, seed=seed, model=model)
        return _results(request)[0]
    except UserError as error:
        raise spoken(error, "en") from error


def harmonise_music(
    midi: str, part: str = "left", temperature: float = 1.0, seed: int = 0, model: str = "composer"
) -> dict[str, Any]:
    """Add an accompaniment to a melody.

    Args:
        midi: the melody, a MIDI file in base64.
        part: "left" (a left hand), "inner" (notes below the melody) or "both".
        temperature: 0.2 (safe) to 1.5 (wild).
        seed: the same seed and settings give the same piece.
        model: "composer" or "masked".

    Returns:
        The piece: its "midi", a file in base64, its "musicxml", and its "receipt".
    """
    try:
        request = HarmoniseRequest(_music(midi), part, temperature=temperature, seed=seed, model=model)
        return _results(request)[0]
    except UserError as error:
        raise spoken(error, "en") from error


def reproduce_music(receipt: dict[str, Any]) -> dict[str, Any]:
    """Make a piece again from its receipt.

    Args:
        receipt: the "receipt" of a piece.

    Returns:
        The piece: its "midi", a file in base64, its "musicxml", and its "receipt".
    """
    try:
        parsed = parse_receipt(json.dumps(receipt))
        _, composition = files.reproduced(parsed)
        return files.plain(composition.piece, parsed)
    except UserError as error:
        raise spoken(error, "en") from error


def register() -> None:
    """Offer the endpoints in the Blocks being built."""
    for endpoint in (compose_music, continue_music, rewrite_music, harmonise_music, reproduce_music):
        gr.api(endpoint, api_name=endpoint.__name__, **WORK)

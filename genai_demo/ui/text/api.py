"""The news tab for programs: the named endpoints that `gradio_client` calls."""

from __future__ import annotations

import json
from collections import deque
from contextlib import closing
from typing import Any

import gradio as gr

from genai_demo.engine.generation.receipts import parse_receipt
from genai_demo.errors import UserError
from genai_demo.text.requests import FillRequest, GenerateRequest, Request, RewriteRequest
from genai_demo.text.sampling import generation
from genai_demo.ui.languages import spoken
from genai_demo.ui.text import handlers
from genai_demo.ui.text.panel import WORK


def _result(request: Request) -> list[dict[str, Any]]:
    try:
        with closing(generation.run(request)) as updates:
            return handlers.plain(deque(updates, maxlen=1).pop())
    except UserError as error:
        raise spoken(error, "en") from error


def write_news(
    topic: str = "any",
    opening: str = "",
    model: str = "gru",
    length: int = 80,
    temperature: float = 0.65,
    top_p: float = 0.95,
    min_p: float = 0.0,
    repetition_penalty: float = 1.1,
    variants: int = 1,
    seed: int = 0,
    steps: int = 16,
) -> list[dict[str, Any]]:
    """Write news texts.

    Args:
        topic: "any", "world", "sports", "business" or "scitech".
        opening: words the text starts with.
        model: "gru" (word by word) or "masked" (all at once).
        length: most tokens of a text, 8 to 160.
        temperature: 0.1 (safe) to 2 (wild).
        top_p: sample among the likeliest tokens that together have this probability.
        min_p: drop tokens less likely than this share of the likeliest one.
        repetition_penalty: 1 (off) to 2.
        variants: texts to write, 1 to 6.
        seed: the same seed and settings give the same texts.
        steps: steps of the masked model, 1 to 32.

    Returns:
        One object per text, with its "text" and its "receipt".
    """
    return _result(
        GenerateRequest(
            model=model,
            topic=topic,
            opening=opening,
            length=length,
            temperature=temperature,
            top_p=top_p,
            min_p=min_p,
            repetition_penalty=repetition_penalty,
            variants=variants,
            seed=seed,
            steps=steps,
        )
    )


def fill_blanks(
    text: str,
    topic: str = "any",
    temperature: float = 0.7,
    steps: int = 12,
    tokens_per_blank: int = 0,
    seed: int = 0,
) -> dict[str, Any]:
    """Fill the blanks of a text, written as three underscores, with the masked model.

    Args:
        text: a text with at least one blank.
        topic: "any", "world", "sports", "business" or "scitech".
        temperature: 0.1 (safe) to 2 (wild).
        steps: steps in which the blanks are filled, 1 to 32.
        tokens_per_blank: tokens one blank becomes, 1 to 12; 0 lets the model choose.
        seed: the same seed and settings give the same text.

    Returns:
        The "text" and its "receipt".
    """
    return _result(
        FillRequest(
            text=text,
            topic=topic,
            temperature=temperature,
            steps=steps,
            tokens_per_blank=tokens_per_blank,
            seed=seed,
        )
    )[0]


def rewrite_text(
    text: str,
    share: float = 0.3,
    topic: str = "any",
    temperature: float = 0.8,
    steps: int = 12,
    seed: int = 0,
) -> dict[str, Any]:
    """Write a share of a text anew with the masked model.

    Args:
        text: the text.
        share: share of its tokens that is written anew, 0.05 to 0.95.
        topic: "any", "world", "sports", "business" or "scitech".
        temperature: 0.1 (safe) to 2 (wild).
        steps: steps in which the new words are written, 1 to 32.
        seed: the same seed and settings give the same text.

    Returns:
        The "text" and its "receipt".
    """
    return _result(
        RewriteRequest(
            text=text,
            share=share,
            topic=topic,
            temperature=temperature,
            steps=steps,
            seed=seed,
        )
    )[0]


def reproduce_text(receipt: dict[str, Any]) -> list[dict[str, Any]]:
    """Make a text again from its receipt.

    Args:
        receipt: the "receipt" of a result.

    Returns:
        What the receipt's request gives: one object per text, with its "text" and its "receipt".
    """
    try:
        return handlers.plain(handlers.reproduced(parse_receipt(json.dumps(receipt))))
    except UserError as error:
        raise spoken(error, "en") from error


def register() -> None:
    """Offer the endpoints in the Blocks being built."""
    for endpoint in (write_news, fill_blanks, rewrite_text, reproduce_text):
        gr.api(endpoint, api_name=endpoint.__name__, **WORK)

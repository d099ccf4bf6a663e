"""The news tab for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from genai_demo.engine.fields import OneOf
from genai_demo.text.requests import (
    CHINESE,
    ENGLISH,
    FillRequest,
    GenerateRequest,
    ReadRequest,
    Request,
    RewriteRequest,
    usual,
)
from genai_demo.text.sampling.loading import is_here
from genai_demo.text.tokens.special_tokens import AG_NEWS, THUCNEWS
from genai_demo.ui.api import Given, endpoint, offer, receipt_of, ruled
from genai_demo.ui.fair_queue import last
from genai_demo.ui.text import handlers
from genai_demo.ui.text.panel import WORK, WRITING


def _texts(request: Request) -> list[dict[str, Any]]:
    return handlers.plain(last(handlers.updates_of(request)))


def _text(request: Request) -> dict[str, Any]:
    return _texts(request)[0]


def reproduce_text(receipt: dict[str, Any]) -> list[dict[str, Any]]:
    """Make a text again from its receipt.

    Args:
        receipt: the "receipt" of a result.

    Returns:
        What the receipt's request gives: one object per text, with its "text" and its "receipt".
    """
    return handlers.plain(handlers.reproduced(receipt_of(receipt)))


def explain_text(receipt: dict[str, Any]) -> list[dict[str, Any]]:
    """Tell what else could have come in place of each token of a text.

    Args:
        receipt: the "receipt" of a result.

    Returns:
        One object per token: "token", its "probability", "rivals" with their probability before and after shaping, and
        "forbidden", what the rules of the page took away.
    """
    return [asdict(entry) for entry in handlers.explained(receipt_of(receipt))]


def read_text(text: str, model: str = "gru") -> dict[str, Any]:
    """Let a model read a text and tell how much each word surprises it.

    Args:
        text: English news, or a Chinese headline, which a model of headlines reads.
        model: the kind of model that reads.

    Returns:
        "words", each with "bits" and "tokens"; "measures", the bits of the model, the other one, counting and gzip; and
        "nearest", the article with most in common.
    """
    from genai_demo.text.explaining.reading import read

    return asdict(read(ReadRequest(text, model)))


def influence_text(receipt: dict[str, Any], place: int) -> dict[str, Any]:
    """Tell which words mattered for a token of a text.

    Args:
        receipt: the "receipt" of a result.
        place: the "place" of a token, as `explain_text` gives it.

    Returns:
        "method", "gradient" or "attention", and "tokens" and "values" by the place of what was read.
    """
    return asdict(handlers.mattered(receipt_of(receipt), place))


def _as_it_is(text: str) -> tuple[str, dict[str, Any]]:
    return text, {}


def register() -> None:
    """Offer the endpoints in the Blocks being built; a result is an object with a "text" and its "receipt"."""
    written = "topic opening model length temperature top_p min_p repetition_penalty variants seed steps"
    topics, models = OneOf(AG_NEWS.topics), OneOf(ENGLISH)
    said = "Write news texts."
    offer(WRITING, endpoint("write_news", said, GenerateRequest(), _texts, written, topic=topics, model=models))
    offer(
        WORK,
        endpoint(
            "fill_blanks",
            "Fill the blanks of a text, written as three underscores, with the masked model.",
            FillRequest(),
            _text,
            "topic temperature steps tokens_per_blank seed",
            Given("text", "text", _as_it_is, "a text with blanks, written as three underscores"),
            topic=topics,
        ),
        endpoint(
            "rewrite_text",
            "Write a share of a text anew with the masked model.",
            RewriteRequest(),
            _text,
            "share topic temperature steps seed",
            Given("text", "text", _as_it_is, "the text"),
            topic=topics,
        ),
        reproduce_text,
        explain_text,
        influence_text,
        ruled(read_text, model=models),
    )
    if here := tuple(filter(is_here, CHINESE)):
        fields = "topic opening length temperature top_p min_p repetition_penalty variants seed model steps"
        topic, model = OneOf(THUCNEWS.topics), OneOf(here)
        said = "Write Chinese headlines."
        offer(WRITING, endpoint("write_headlines", said, usual(here[0]), _texts, fields, topic=topic, model=model))
    if is_here("headlines-masked"):
        _offer_filled_headlines()


def _offer_filled_headlines() -> None:
    topic = OneOf(THUCNEWS.topics)
    offer(
        WORK,
        endpoint(
            "fill_headlines",
            "Fill the blanks of a Chinese headline with the masked model of headlines.",
            FillRequest(model="headlines-masked"),
            _text,
            "topic temperature steps characters_per_blank seed",
            Given("text", "text", _as_it_is, "a headline with blanks, written as two underscores or more"),
            topic=topic,
        ),
        endpoint(
            "rewrite_headlines",
            "Write a part of a Chinese headline anew with the masked model of headlines.",
            RewriteRequest(model="headlines-masked"),
            _text,
            "share topic temperature steps seed",
            Given("text", "text", _as_it_is, "the headline; what stands between [[ and ]] is rewritten"),
            topic=topic,
        ),
    )

"""The page for programs: named endpoints that `gradio_client` calls, with the fields of a request as parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from inspect import Parameter, Signature
from typing import Any

import gradio as gr

from genai_demo.engine.fields import fields_of
from genai_demo.engine.generation.receipts import Receipt, parse_receipt
from genai_demo.errors import UserError
from genai_demo.ui.languages import spoken


def offer(work: dict[str, Any], *endpoints: Callable[..., Any]) -> None:
    """Offer functions as endpoints of their names in the Blocks being built; they refuse with a sentence in English.

    Args:
        work: what an event is that runs them, such as its line in the queue.
        endpoints: with types for all parameters and a docstring.
    """
    for endpoint in endpoints:
        gr.api(_in_english(endpoint), api_name=endpoint.__name__, **work)


def _in_english(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(endpoint)
    def answer(*values: Any, **named: Any) -> Any:
        try:
            return endpoint(*values, **named)
        except UserError as error:
            raise spoken(error, "en") from error

    return answer


def receipt_of(receipt: dict[str, Any]) -> Receipt:
    """Return the receipt that a program sent.

    Raises:
        UserError: it lacks something.
    """
    return parse_receipt(json.dumps(receipt))


@dataclass(frozen=True)
class Given:
    """A parameter that has to be given, and becomes a field of a request."""

    name: str
    field: str
    read: Callable[[str], tuple[Any, dict[str, Any]]]
    """makes the field's value of what was given, and what the answer says of it"""
    meaning: str


def endpoint(
    name: str,
    description: str,
    default: Any,
    answer: Callable[[Any], Any],
    parameters: str = "",
    required: Given | None = None,
) -> Callable[..., Any]:
    """Return the endpoint that answers one kind of request.

    Args:
        name: of the endpoint.
        description: what it does, in a sentence.
        default: the request whose values the parameters have at first.
        answer: from a request to what programs get; a mapping where something is required.
        parameters: names of the fields that programs may set, in the order of the parameters; "" for all.
        required: a first parameter without a default.
    """
    kind = type(default)
    known = {field.name: field for field in fields_of(kind)}
    chosen = [known[one] for one in parameters.split() or known]
    first = [Parameter(required.name, Parameter.POSITIONAL_OR_KEYWORD, annotation=str)] if required else []
    others = [
        Parameter(one.name, Parameter.POSITIONAL_OR_KEYWORD, default=getattr(default, one.name), annotation=one.kind)
        for one in chosen
    ]
    told = [f"    {one.name}: {one.described}." for one in chosen]
    if required:
        told.insert(0, f"    {required.name}: {required.meaning}.")
    signature = Signature([*first, *others], return_annotation=Any)

    def call(*values: Any, **named: Any) -> Any:
        given = dict(signature.bind(*values, **named).arguments)
        if required is None:
            return answer(replace(default, **given))
        given[required.field], told = required.read(given.pop(required.name))
        return answer(replace(default, **given)) | told

    call.__name__, call.__doc__ = name, "\n".join([description, "", "Args:", *told])
    call.__signature__ = signature  # type: ignore[attr-defined]
    call.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()} | {"return": Any}
    return call

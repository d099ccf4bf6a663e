"""What programs call: named endpoints with the fields of a request as parameters, and the page that describes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from html import escape
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar

import gradio as gr

from genai_demo.catalogue import message, sentences
from genai_demo.engine.fields import OneOf, fields_of
from genai_demo.engine.generation.receipts import Receipt, parse_receipt
from genai_demo.errors import UserError
from genai_demo.ui.delivery.documents import document
from genai_demo.ui.languages import spoken

F = TypeVar("F", bound=Callable[..., Any])
_EXAMPLES = {
    "text": '"Shares of ___ fell on Monday."',
    "fill_headlines text": '"国足主场__伊朗"',
    "rewrite_headlines text": '"国足主场[[获胜]]"',
}
"""what stands in examples for what has to be given and can be written down, by parameter or endpoint and parameter"""


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


def ruled(function: F, **rules: object) -> F:
    """Return an endpoint that is described with what its parameters may hold.

    Args:
        function: the endpoint.
        rules: by parameter, as `str` says them.
    """
    function.__dict__["rules"] = {name: str(rule) for name, rule in rules.items() if rule is not None}
    return function


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
    **narrower: OneOf,
) -> Callable[..., Any]:
    """Return the endpoint that answers one kind of request.

    Args:
        name: of the endpoint.
        description: what it does, in a sentence.
        default: the request whose values the parameters have at first.
        answer: from a request to what programs get; a mapping where something is required.
        parameters: names of the fields that programs may set, in the order of the parameters; "" for all.
        required: a first parameter without a default.
        narrower: by parameter, what it may hold here, where that is less than the request allows.
    """
    kind = type(default)
    known = {field.name: replace(field, rule=narrower.get(field.name, field.rule)) for field in fields_of(kind)}
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
        for parameter, rule in narrower.items():
            rule.check(known[parameter], given.get(parameter, getattr(default, parameter)))
        if required is None:
            return answer(replace(default, **given))
        given[required.field], told = required.read(given.pop(required.name))
        return answer(replace(default, **given)) | told

    call.__name__, call.__doc__ = name, "\n".join([description, "", "Args:", *told])
    call.__signature__ = signature  # type: ignore[attr-defined]
    call.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()} | {"return": Any}
    return ruled(call, **{one.name: one.rule for one in chosen})


def described(page: gr.Blocks, language: str, locale: str, address: str) -> str:
    """Return the HTML page that describes all endpoints of a page.

    Args:
        page: whose endpoints.
        language: one of `LANGUAGES`.
        locale: what HTML calls it.
        address: of the page, without a slash at its end.
    """
    endpoints = {str(one.api_name): one.fn for one in page.fns.values() if one.api_visibility == "public" and one.fn}
    title, intro = message("api.title", language), _said("intro", language, count=len(endpoints))
    main = (
        f"<h1>{escape(title)}</h1><p>{intro}</p><p>{_said('install', language)}</p><pre>pip install gradio_client</pre>"
        f"<p>{_said('list', language, address=f'{address}/gradio_api/info')}</p>"
        + "".join(_endpoint(name, function, language, address) for name, function in endpoints.items())
    )
    return document(title, message("api.back", language), main, language, locale)


def _said(key: str, language: str, **values: object) -> str:
    return escape(message(f"api.{key}", language, **values))


def _first(language: str, *keys: str) -> str:
    """Return the first sentence that the catalogue has: endpoints of a further modality may have none."""
    return next((_said(key, language) for key in keys if f"api.{key}" in sentences(language)), "")


def _endpoint(name: str, function: Callable[..., Any], language: str, address: str) -> str:
    parameters = signature(function).parameters.values()
    columns = "".join(
        f'<th scope="col">{_said(key, language)}</th>' for key in ("parameter", "meaning", "allowed", "default")
    )
    rows = "".join(_row(name, one, getattr(function, "rules", {}), language) for one in parameters)
    ways = "".join(
        f'<details><summary>{_said(way, language)}</summary><pre tabindex="0">{escape(code)}</pre></details>'
        for way, code in (("python", _python(name, parameters, address)), ("shell", _shell(name, parameters, address)))
    )
    return (
        f'<section id="{name}"><h2><code>/{name}</code></h2><p>{_first(language, name)}</p>'
        f'<div class="wide" tabindex="0" role="region" aria-label="/{name}"><table>'
        f"<thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div>{ways}</section>"
    )


def _row(endpoint: str, one: Parameter, rules: Mapping[str, str], language: str) -> str:
    meaning = _first(language, f"{endpoint}_{one.name}", one.name)
    allowed = (
        f"<code>{escape(rules[one.name].replace(' to ', ' – '))}</code>"
        if one.name in rules
        else _said("any_value", language)
    )
    default = f"<code>{escape(json.dumps(one.default))}</code>" if _has_default(one) else _said("required", language)
    return (
        f'<tr><th scope="row"><code>{one.name}</code></th><td>{meaning}</td><td>{allowed}</td><td>{default}</td></tr>'
    )


def _has_default(one: Parameter) -> bool:
    return one.default is not Parameter.empty


def _example(endpoint: str, one: Parameter) -> str | None:
    return _EXAMPLES.get(f"{endpoint} {one.name}") or _EXAMPLES.get(one.name)


def _python(name: str, parameters: Iterable[Parameter], address: str) -> str:
    """Return how Python calls an endpoint; what has no example is a variable of the parameter's name."""
    shown = {one.name: repr(one.default) if _has_default(one) else _example(name, one) for one in parameters}
    values = "".join(f"    {key}={value or key},\n" for key, value in shown.items())
    return (
        f'from gradio_client import Client\n\nclient = Client("{address}")\n'
        f'result = client.predict(\n{values}    api_name="/{name}",\n)\nprint(result)'
    )


def _shell(name: str, parameters: Iterable[Parameter], address: str) -> str:
    """Return how a shell calls an endpoint; what has no example stands in capitals."""
    values = [json.dumps(one.default) if _has_default(one) else _example(name, one) for one in parameters]
    names = [one.name.upper() for one in parameters]
    data = ", ".join(value or key for key, value in zip(names, values, strict=True))
    call = f"{address}/gradio_api/call/{name}"
    return (
        f"curl -s {call} -H 'Content-Type: application/json' -d '{{\"data\": [{data}]}}' \\\n"
        f"  | grep -o '[0-9a-f]\\{{32\\}}' | xargs -I ID curl -sN {call}/ID"
    )

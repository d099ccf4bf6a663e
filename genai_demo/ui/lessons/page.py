"""The HTML of the pages "How it works"."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from genai_demo.catalogue import message
from genai_demo.errors import UserError
from genai_demo.modalities import modalities
from genai_demo.ui.delivery.documents import document
from genai_demo.ui.languages import sentence
from genai_demo.ui.lessons.glyphs import glyph

if TYPE_CHECKING:
    from genai_demo.engine.lessons.architecture import Part
    from genai_demo.engine.lessons.lesson import Claim, Drawn, Lesson, Value

_STATIC = Path(__file__).parent.parent / "static"
_DIGITS = 4
"""of numbers that are shown"""


def lessons() -> dict[str, Callable[[], Lesson]]:
    """Return all lessons by name, in the order of the tabs."""
    return {name: make for modality in modalities().values() for name, make in modality.lessons.items()}


def lesson_page(name: str, language: str, locale: str) -> str:
    """Return the page of a lesson, or that of all where there is none of this name.

    Args:
        name: of the lesson.
        language: one of `LANGUAGES`.
        locale: what HTML calls it.
    """
    known = lessons()
    if name not in known:
        return _document(_said("title", language), _all(known, language), language, locale)
    try:
        told = _lesson(known[name](), language)
    except UserError as error:
        reason = message("lessons.missing", language, reason=sentence(error, language))
        told = f'<p class="notice" role="alert">{escape(reason)}</p>'
    main = f"<h1>{_said(name, language)}</h1><p class='plain'>{_said(f'{name}_plain', language)}</p>{told}"
    return _document(message(f"lessons.{name}", language), _links(known, name, language) + main, language, locale)


def _document(title: str, main: str, language: str, locale: str) -> str:
    sheets, script = ((_STATIC / f"lessons.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return document(title, message("lessons.back", language), main, language, locale, sheets, script)


def _said(key: str, language: str, **values: object) -> str:
    return escape(message(f"lessons.{key}", language, **values))


def lesson_address(name: str, language: str) -> str:
    """Return the address of a lesson, beside that of the page."""
    return f"how?{urlencode({'lesson': name, 'lang': language})}"


def _links(known: Mapping[str, object], current: str, language: str) -> str:
    at = {current: ' aria-current="page"'}
    names = "".join(
        f'<li><a href="{escape(lesson_address(one, language))}"{at.get(one, "")}>{_said(one, language)}</a></li>'
        for one in known
    )
    return f'<nav aria-label="{_said("all", language)}"><ul>{names}</ul></nav>'


def _all(known: Mapping[str, object], language: str) -> str:
    cards = "".join(
        f'<li><h2><a href="{escape(lesson_address(name, language))}">{_said(name, language)}</a></h2>'
        f"<p>{_said(f'{name}_plain', language)}</p></li>"
        for name in known
    )
    return f'<h1>{_said("title", language)}</h1><p>{_said("intro", language)}</p><ul class="lessons">{cards}</ul>'


def _lesson(lesson: Lesson, language: str) -> str:
    from genai_demo.engine.training.step import Stepper

    asked = (
        _said("asked", language, checkpoint=lesson.checkpoint) if lesson.checkpoint else _said("untrained", language)
    )
    return (
        f"<section><h2>{_said('networks', language)}</h2><p>{_said('networks_info', language)}</p>"
        f'<div class="networks">{"".join(_network(one, language) for one in lesson.networks)}</div></section>'
        f"{_objective(lesson, language)}"
        f"<section><h2>{_said('loop', language)}</h2><p>{_said('loop_info', language)}</p>{_code(Stepper.train_phase)}"
        f"<h3>{_said('code', language)}</h3><p>{_said('code_info', language)}</p>"
        f"{''.join(map(_code, lesson.code))}</section>"
        f"<section><h2>{_said('for_against', language)}</h2>{_claims(lesson, language)}</section>"
        f'<p class="sources">{asked} {_said("paper", language, paper=lesson.paper)}</p>'
    )


def _network(drawn: Drawn, language: str) -> str:
    takes = _said("takes", language, shape=_value(drawn.takes, language))
    weights = _said("weights", language, count=f"{drawn.weights:,}")
    kinds = [part.kind for part in drawn.parts]
    # What a kind of part does is told where it first comes.
    steps = "".join(_part(part, part.kind not in kinds[:place], language) for place, part in enumerate(drawn.parts))
    return (
        f"<figure><figcaption><h3>{_said(f'network_{drawn.name}', language)}</h3><p>{weights}</p></figcaption>"
        f'<ol class="parts"><li>{glyph(drawn.takes)}<p>{takes}</p></li>{steps}</ol></figure>'
    )


def _part(part: Part, explained: bool, language: str) -> str:
    times = f" <b>{_said('times', language, count=part.times)}</b>" if part.times > 1 else ""
    weights = f"<small>{_said('weights', language, count=f'{part.weights:,}')}</small>" if part.weights else ""
    kind = f"<span class='kind'>{_said(f'kind_{part.kind}', language)}</span>" if explained else ""
    return (
        f"<li>{glyph(part.shape)}<p><b>{escape(part.kind)}</b> <code>{escape(part.name)}</code>{times} "
        f"<span class='shape'>{_value(part.shape, language)}</span> {weights}{kind}</p></li>"
    )


def _objective(lesson: Lesson, language: str) -> str:
    formulas = "".join(f'<math display="block">{one}</math>' for one in lesson.formulas)
    rows = "".join(
        f'<div data-symbol="{key}" id="symbol-{key}" tabindex="0"><dt></dt>'
        f"<dd>{_said(f'{lesson.name}_{key}', language)} <b>{_now(value, language)}</b></dd></div>"
        for key, value in lesson.values.items()
    )
    return (
        f"<section><h2>{_said('objective', language)}</h2><p>{_said('objective_info', language)}</p>"
        f'<div class="formulas">{formulas}</div><dl class="symbols">{rows}</dl>'
        f"<p>{_said(_measured(lesson), language, **_numbers(lesson.fields, language))}</p></section>"
    )


def _measured(lesson: Lesson) -> str:
    """Return the key of what is said of how the present values came about."""
    if "bits" in lesson.fields:
        return "measured_text"
    if "text" in lesson.fields:
        return "measured_hidden"
    if not lesson.checkpoint:
        return "measured_digits"
    return "no_judge" if None in lesson.values.values() else "measured_painted"


def _numbers(fields: Mapping[str, Value], language: str) -> dict[str, str]:
    return {key: one if isinstance(one, str) else _value(one, language) for key, one in fields.items()}


def _now(value: Value, language: str) -> str:
    return _said("unknown", language) if value is None else _said("now", language, value=_value(value, language))


def _value(value: Value, language: str) -> str:
    if isinstance(value, tuple):
        return " × ".join(f"{one:,}" for one in value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.{_DIGITS}g}" if isinstance(value, float) else str(value)


@lru_cache(maxsize=64)
def _code(function: Callable[..., Any]) -> str:
    return f'<pre tabindex="0">{escape(dedent(inspect.getsource(function)).rstrip())}</pre>'


def _claims(lesson: Lesson, language: str) -> str:
    halves = ""
    for key, strength in (("strengths", True), ("weaknesses", False)):
        lines = "".join(_claim(lesson, one, language) for one in lesson.claims if one.strength == strength)
        halves += f"<div><h3>{_said(key, language)}</h3><ul>{lines}</ul></div>"
    return f'<div class="claims">{halves}</div>'


def _claim(lesson: Lesson, claim: Claim, language: str) -> str:
    address = f"./?{urlencode({'lang': language, 'tab': lesson.tab, **claim.tries})}"
    word = _said("try_training" if claim.tries.get("page") == "train" else "try", language)
    told = _said(f"{lesson.name}_{claim.name}", language)
    return (
        f'<li><p id="claim-{claim.name}">{told}</p>'
        f'<a class="try" href="{escape(address)}" aria-describedby="claim-{claim.name}">{word}</a></li>'
    )

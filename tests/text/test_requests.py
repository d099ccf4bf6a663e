"""Every setting has bounds, and what lies outside is refused in one sentence before any work starts."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.generation.checks import SEED
from genai_demo.errors import UserError
from genai_demo.text import requests
from genai_demo.text.requests import ACTIONS, FillRequest, GenerateRequest, Request, RewriteRequest
from genai_demo.text.tokens.special_tokens import AG_NEWS

VALID: dict[str, Callable[..., Request]] = {
    "generate": GenerateRequest,
    "fill": lambda **changes: FillRequest(**{"text": "The ___ won.", **changes}),
    "rewrite": lambda **changes: RewriteRequest(**{"text": "The team won.", **changes}),
}
WHOLE = {
    "length": ("generate", requests.LENGTH),
    "variants": ("generate", requests.VARIANTS),
    "seed": ("generate", SEED),
    "steps": ("generate", requests.STEPS),
    "tokens_per_blank": ("fill", requests.TOKENS_PER_BLANK),
}
REAL = {
    "temperature": ("generate", requests.TEMPERATURE),
    "top_p": ("generate", requests.TOP_P),
    "min_p": ("generate", requests.MIN_P),
    "repetition_penalty": ("generate", requests.REPETITION_PENALTY),
    "share": ("rewrite", requests.SHARE),
}
EVERYWHERE = [("steps", requests.STEPS), ("seed", SEED), ("temperature", requests.TEMPERATURE)]


def refused(request: Request, key: str, *parts: object) -> None:
    with pytest.raises(UserError) as refusal:
        request.check()
    assert refusal.value.key == key
    for language in LANGUAGES:
        sentence = refusal.value.in_language(language)
        assert all(str(part) in sentence for part in parts), sentence
        assert "\n" not in sentence and len(sentence) < 400


@pytest.mark.parametrize("action", VALID)
def test_defaults_are_allowed(action: str) -> None:
    VALID[action]().check()
    assert isinstance(VALID[action](), ACTIONS[action])


@pytest.mark.parametrize("name", [*WHOLE, *REAL])
def test_bounds_are_allowed_and_beyond_is_not(name: str) -> None:
    action, (low, high) = {**WHOLE, **REAL}[name]
    step = 1 if name in WHOLE else 1e-6
    for value in (low, high):
        VALID[action](**{name: value}).check()
    for value in (low - step, high + step):
        refused(
            VALID[action](**{name: value}),
            "engine.out_of_range_whole" if name in WHOLE else "engine.out_of_range",
            name,
            low,
            high,
        )


@pytest.mark.parametrize("action", VALID)
@pytest.mark.parametrize(("name", "bounds"), EVERYWHERE, ids=[name for name, _ in EVERYWHERE])
def test_what_all_have_is_checked_by_all(action: str, name: str, bounds: tuple[float, float]) -> None:
    for value in (bounds[0] - 1, bounds[1] + 1):
        with pytest.raises(UserError, match=name):
            VALID[action](**{name: value}).check()


@given(st.sampled_from(sorted(WHOLE)), st.one_of(st.integers(), st.integers(10**300, 10**320)))
def test_any_whole_number(name: str, value: int) -> None:
    action, (low, high) = WHOLE[name]
    request = VALID[action](**{name: value})
    if low <= value <= high:
        request.check()
    else:
        refused(request, "engine.out_of_range_whole", name)


@given(st.sampled_from(sorted(REAL)), st.one_of(st.floats(), st.integers()))
def test_any_number(name: str, value: float) -> None:
    action, (low, high) = REAL[name]
    request = VALID[action](**{name: value})
    if low <= value <= high:
        request.check()
    else:
        refused(request, "engine.out_of_range", name)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, False, None, "1", [1], 1 + 0j])
@pytest.mark.parametrize("name", [*WHOLE, *REAL])
def test_what_is_no_number(name: str, value: Any) -> None:
    action, _ = {**WHOLE, **REAL}[name]
    refused(
        VALID[action](**{name: value}), "engine.out_of_range_whole" if name in WHOLE else "engine.out_of_range", name
    )


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", [8.5, 8.0])
def test_a_fraction_is_no_whole_number(name: str, value: float) -> None:
    refused(VALID[WHOLE[name][0]](**{name: value}), "engine.out_of_range_whole", name)


@pytest.mark.parametrize("action", VALID)
@pytest.mark.parametrize("topic", ["weather", "", "World", "any ", None, 3, "x" * 10_000])
def test_unknown_topics(action: str, topic: Any) -> None:
    refused(VALID[action](topic=topic), "engine.not_one_of", "topic", ", ".join(AG_NEWS.topics))


@pytest.mark.parametrize("model", ["gpt", "", "GRU", None])
def test_unknown_models(model: Any) -> None:
    refused(GenerateRequest(model=model), "engine.not_one_of", "model", "gru, masked")


@pytest.mark.parametrize("action", VALID)
def test_texts_have_a_longest_length(action: str) -> None:
    name, most = ("opening", 300) if action == "generate" else ("text", 600)
    key = "text.opening_too_long" if action == "generate" else "text.draft_too_long"
    VALID[action](**{name: ("___" if action == "fill" else "").rjust(most, "漢")}).check()
    refused(VALID[action](**{name: "___".rjust(most + 1, "漢")}), key, most, most + 1)
    refused(VALID[action](**{name: "x" * 10**6}), key, most)


@pytest.mark.parametrize("action", VALID)
@pytest.mark.parametrize("value", [None, 5, b"___", ["___"], "___ \ud83d"])
def test_what_is_no_text(action: str, value: Any) -> None:
    name = "opening" if action == "generate" else "text"
    refused(VALID[action](**{name: value}), "text.not_a_text", name)


@pytest.mark.parametrize("text", ["", "No blank.", "Two __ are too few.", "_ _ _"])
def test_a_fill_in_needs_a_blank(text: str) -> None:
    refused(FillRequest(text=text), "text.no_blank", "___")


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_a_rewrite_needs_a_text(text: str) -> None:
    refused(RewriteRequest(text=text), "text.nothing_to_rewrite")


def test_an_opening_has_no_blanks() -> None:
    refused(GenerateRequest(opening="The ___ won"), "text.opening_has_blank")


def test_checking_loads_no_torch(root: Path) -> None:
    code = (
        "import sys; from genai_demo.text.requests import GenerateRequest; GenerateRequest().check();"
        "print(sorted({'torch', 'numpy', 'tokenizers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

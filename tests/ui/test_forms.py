"""The controls of every tab: what they show becomes the request that they show, and nothing is rounded."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import gradio as gr
import pytest

from genai_demo.errors import UserError
from genai_demo.faces.requests import GalleryRequest
from genai_demo.music.requests import ComposeRequest
from genai_demo.text.requests import FillRequest, GenerateRequest, RewriteRequest
from genai_demo.ui.forms import Form, new_seed, refusing, request_from
from genai_demo.ui.languages import Texts, sentence

REQUESTS = (
    GenerateRequest(seed=7),
    FillRequest("a ___", seed=7),
    RewriteRequest("a"),
    GalleryRequest(count=4),
    ComposeRequest(bars=8),
)


def asked(request: Any, **changes: Any) -> Any:
    values = {field.name: getattr(request, field.name) for field in fields(request)} | changes
    return request_from(type(request), values.values())


@pytest.mark.parametrize("request_", REQUESTS)
def test_fields_make_the_request_they_show(request_: Any) -> None:
    assert asked(request_) == request_
    asked(request_).check()


@pytest.mark.parametrize(
    ("request_", "name"),
    [(GenerateRequest(), "length"), (GenerateRequest(), "variants"), (ComposeRequest(), "bars")],
)
def test_whole_numbers_that_sliders_give_as_floats_are_whole_and_no_others(request_: Any, name: str) -> None:
    value = getattr(request_, name)
    whole = asked(request_, **{name: float(value), "temperature": 1.0})
    whole.check()
    assert isinstance(getattr(whole, name), int)
    assert isinstance(whole.temperature, float)
    with pytest.raises(UserError) as refused:
        asked(request_, **{name: value + 0.5}).check()
    assert refused.value.values["name"] == name


def test_settings_are_named_as_in_their_tab() -> None:
    with pytest.raises(UserError) as refused:
        asked(ComposeRequest(), bars=32.5).check()
    assert sentence(refused.value, "zh", "music").startswith("小节数")
    assert not sentence(refused.value, "zh").startswith("小节数")


@pytest.mark.parametrize("request_", [GenerateRequest(), ComposeRequest()])
def test_an_empty_seed_field_is_refused(request_: Any) -> None:
    with pytest.raises(UserError, match="seed"):
        asked(request_, seed=None).check()


def test_new_seeds_are_allowed_and_differ() -> None:
    seeds = {new_seed() for _ in range(20)}
    assert len(seeds) > 1
    for seed in seeds:
        GenerateRequest(seed=seed).check()


def test_a_request_goes_back_to_its_controls() -> None:
    with gr.Blocks():
        form = Form(Texts(), FillRequest(), "fill")
        form.text("text", "fill_text", 2)
        form.choice("topic", ["any", "sports"])
        form.slider("temperature", (0.1, 2), 0.1)
        form.slider("steps", (1, 32), 1)
        form.slider("tokens_per_blank", (0, 12), 1)
        form.seed()
    request = FillRequest("a ___", "sports", 0.5, 3, 2, 9)
    updates = form.restored(request)
    assert form.fresh and updates[form.fresh] is False
    assert form.request(updates[control] for control in form.inputs) == request
    assert set(updates) == set(form.outputs)


def test_a_handler_that_refuses_says_why_in_the_visitors_language() -> None:
    with gr.Blocks():
        notice, field = gr.HTML(), gr.Textbox()

    @refusing(notice, "music", {field: ""})
    def handler(language: str, bars: float) -> dict[Any, Any]:
        ComposeRequest(bars=bars).check()  # type: ignore[arg-type]
        return {field: "fine"}

    assert handler("zh", 8) == {field: "fine"}
    answer = handler("zh", 1)
    assert "小节数" in answer[notice] and answer[field] == ""

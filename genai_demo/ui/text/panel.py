"""One page of the news tab: its fields on the left, its result on the right, and what happens when it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

import gradio as gr

from genai_demo.engine.generation.checks import check_one_of
from genai_demo.text.requests import Request
from genai_demo.ui import cards
from genai_demo.ui.components.address import page_address
from genai_demo.ui.forms import (
    PRIVATE,
    Form,
    Updates,
    chip,
    labelled,
    new_seed,
    result_place,
    run_script,
    small_button,
    small_heading,
)
from genai_demo.ui.languages import Texts, choices, text
from genai_demo.ui.runner import Runner, run_buttons
from genai_demo.ui.text import handlers
from genai_demo.ui.text.cards import PAGES, Shown, results
from genai_demo.ui.training.in_use import model_in_use

WORK: dict[str, Any] = {"concurrency_id": "text", "concurrency_limit": 2}
"""What an event is that runs a text model: two run at once, the others wait."""
WRITING: dict[str, Any] = {"concurrency_id": "writing", "concurrency_limit": 128}
"""What an event is that writes a text: those that grow token by token are written together, as many as a room has."""
_NAMES = {
    "generate": ("write_button", "writing", "empty_write"),
    "headlines": ("write_button", "writing", "empty_write"),
    "fill": ("fill_button", "filling", "empty_fill"),
    "fill-chinese": ("fill_button", "filling", "empty_fill"),
    "rewrite": ("rewrite_button", "rewriting", "empty_rewrite"),
    "rewrite-chinese": ("rewrite_button", "rewriting", "empty_rewrite"),
}
"""by panel, keys of the button's name, idle and busy, and of what stands where the result will be"""


class Asked(NamedTuple):
    """What a page runs."""

    request: Request
    linked: bool = False
    """whether it came with an address; otherwise the fields are asked again when its turn has come"""


@dataclass(frozen=True)
class Panel:
    """A page that others fill in."""

    name: str
    form: Form[Any]
    notice: gr.HTML
    """why a request was refused"""


def build_panel(
    texts: Texts,
    page: gr.Blocks,
    name: str,
    default: Request,
    models: tuple[str, ...],
    build_fields: Callable[[Form[Any]], None],
    build_settings: Callable[[Form[Any]], None],
    examples: Sequence[dict[str, str]],
    label: Callable[[dict[str, str], str], str],
) -> Panel:
    """Build a page where one kind of request is made.

    Args:
        texts: the texts of the page.
        page: the whole page.
        name: of the page, and prefix of its element ids.
        default: what its fields ask for at first.
        models: short names of those that it offers.
        build_fields: builds the fields above the button.
        build_settings: builds the others.
        examples: per chip below the button, the fields that it sets.
        label: gives the name of a chip from its fields and the language.
    """
    idle, busy, empty = _NAMES[name]
    form: Form[Any] = Form(texts, default, name)
    address = page_address("news", PAGES[name], first=name in handlers.FIRST)
    with gr.Row(elem_classes="page"):
        with gr.Column(elem_classes="fields"):
            build_fields(form)
            named = {"choices": choices("pace", list(handlers.PACES)), **labelled("pace")}
            pace = texts.make(
                gr.Radio, named, value="to_follow", elem_id=f"{name}-pace", elem_classes=["segmented", "pace"]
            )
            problem = gr.HTML("", elem_id=f"{name}-problem", elem_classes="message")
            notice = gr.HTML("", elem_id=f"{name}-notice", elem_classes="message")
            buttons = run_buttons(texts, name, idle, busy)
            if name in ("generate", "headlines"):
                slowly = small_button(texts, "slowly_button", f"{name}-slowly", elem_classes="slowly")
                run_script(slowly, f"genaiDemo.widget('replay').slowly('{name}')")
        with gr.Column(elem_classes="result"):
            place = result_place(texts, empty, f"{name}-results")
            # Beside the result, so that what was asked for is never overwritten by what came late.
            shipped = gr.HTML("", elem_id=f"{name}-first", elem_classes="paper")
        shown = gr.State(None)
        with gr.Column(elem_classes="extras"):
            chips = gr.Column(elem_classes="examples")
            with texts.make(gr.Accordion, {"label": "more_settings"}, open=False, elem_id=f"{name}-settings"):
                build_settings(form)

    plain = type(default)()
    particular = {field: value for field, value in asdict(default).items() if value != getattr(plain, field)}

    def check(request: Request) -> None:
        check_one_of("model", request.model, models)
        handlers.check(request)

    def ask(language: str, _: Any, fresh: bool, *values: Any) -> tuple[Asked, Updates]:
        request = form.request(values)
        handlers.check(request)
        return Asked(request), {form.controls["seed"]: new_seed() if fresh else request.seed, **waiting(language)}

    def follow(language: str, wanted: Any) -> tuple[Asked | None, Updates]:
        """Put the settings of an address into the fields; with a seed they are those of a result."""
        if wanted.get("first"):
            return None, read_first(language)
        # What an address leaves open is as usual on this page.
        settings = {**particular, **wanted["settings"]} if wanted["settings"] else {}
        request, fields = form.followed({**wanted, "settings": settings}, check)
        if request is None:
            return None, fields
        return Asked(request, linked=True), {**fields, **waiting(language)}

    def read_first(language: str) -> Updates:
        first = handlers.first(name)
        return {shipped: results(first, language) if first else ""}

    def waiting(language: str) -> Updates:
        return {place: cards.placeholder(text("waiting", language)), shown: None, shipped: ""}

    def stream(asked: Asked, before: Shown | None, language: str, pace: str, *values: Any) -> Iterator[Updates]:
        # A chip that was pressed meanwhile has set other fields: what they say now counts.
        request = asked.request if asked.linked else form.request(values)
        # A link means the model that ships.
        model = None if asked.linked else model_in_use("text", handlers.model_of(request))
        for after in handlers.stream(request, pace, model):
            yield {shown: after, **draw(after, language)}

    def settle(before: Shown | None, language: str) -> Updates:
        after = handlers.settled(before)
        return {shown: after, **draw(after, language)}

    def draw(what: Shown | None, language: str) -> Updates:
        return {place: results(what, language) if what else cards.placeholder(text(empty, language))}

    done = f"genaiDemo.announceResults('{name}-results')"
    runner = Runner(
        texts,
        shown,
        [place],
        stream=stream,
        settle=settle,
        draw=draw,
        work=WRITING if name in ("generate", "headlines") else WORK,
        buttons=buttons,
        inputs=[pace, *form.inputs],
        done=done,
    )
    changed = [form.controls["seed"], place, shown, shipped]
    reveal = f"genaiDemo.reveal('{name}-results')"
    assert form.fresh
    runner.start(buttons.run.click, ask, [form.fresh, *form.inputs], notice, changed, script=reveal)
    runner.start(address.follow, follow, [], notice, [*form.outputs, place, shown, shipped])
    texts.language.input(
        lambda language, read: read_first(language) if read else gr.skip(),
        [texts.language, shipped],
        shipped,
        **PRIVATE,
    )
    form.remember(page)
    model = form.controls.get("model")
    runner.watch(texts, model if isinstance(model, gr.Radio) else default.model, handlers.problem, problem)
    with chips:
        small_heading(texts, "examples")
        with gr.Row(elem_classes="chips"):
            for number, example in enumerate(examples):
                button = chip(texts, partial(label, example), f"{name}-example-{number}")
                controls = [form.controls[field] for field in example]
                # The chip ends what runs, sets its fields, and runs.
                chosen = button.click(
                    partial(_same, tuple(example.values())), None, controls, cancels=runner.running, **PRIVATE
                )
                press = f"() => {{ genaiDemo.exampleTopic('{name}'); genaiDemo.press('{name}-run'); }}"
                chosen.then(None, None, None, js=press, api_visibility="private")
    return Panel(name, form, notice)


def _same(values: tuple[str, ...]) -> Any:
    return values

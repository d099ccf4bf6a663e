"""One page of the news tab: its fields on the left, its result on the right, and what happens when it runs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from genai_demo.errors import UserError
from genai_demo.text.requests import ACTIONS
from genai_demo.ui import cards
from genai_demo.ui.forms import PRIVATE, new_seed, small_heading
from genai_demo.ui.languages import Texts, sentence, text
from genai_demo.ui.text import handlers as text_handlers
from genai_demo.ui.text.cards import Shown
from genai_demo.ui.text.cards import results as drawn_results

WORK: dict[str, Any] = {"concurrency_id": "text", "concurrency_limit": 2}
"""What an event is that runs a text model: two run at once, the others wait."""


@dataclass(frozen=True)
class Panel:
    """The components of one page."""

    action: str
    """key of `ACTIONS`, and prefix of the page's element ids"""
    controls: dict[str, Component]
    """one per field of the request"""
    fresh: gr.Checkbox
    slow: gr.Checkbox
    run: gr.Button
    run_text: str
    busy_text: str
    stop: gr.Button
    notice: gr.HTML
    """why a request was refused"""
    problem: gr.HTML
    """why the model cannot be used"""
    results: gr.HTML
    empty_text: str
    shown: gr.State
    busy: gr.State
    """whether a request runs or waits; then the button does not work"""

    @property
    def inputs(self) -> list[Component]:
        """The controls in the order of the request's fields."""
        return [self.controls[field.name] for field in fields(ACTIONS[self.action])]


def connect(panel: Panel, texts: Texts) -> Dependency:
    """Let the panel's button run its request, and return the event that other events cancel."""
    language = texts.language

    def request(values: tuple[Any, ...]) -> Any:
        return text_handlers.request_from(panel.action, values)

    def begin(language: str, fresh: bool, *values: Any) -> tuple[Any, ...]:
        """Refuse what is not allowed; otherwise settle the seed and show that the model is at work."""
        asked = request(values)
        try:
            text_handlers.check(asked)
        except UserError as error:
            # The visitor's words and the last result stay as they are.
            return cards.notice(sentence(error, language)), *[gr.skip()] * 7
        return (
            "",
            new_seed() if fresh else asked.seed,
            gr.update(value=text(panel.busy_text, language), interactive=False),
            gr.update(visible=True),
            cards.placeholder(text("waiting", language)),
            None,
            True,
            secrets.token_hex(8),
        )

    def run(language: str, slow: bool, *values: Any) -> Iterator[tuple[str, Shown]]:
        """Show the result as it grows."""
        yield from text_handlers.stream(request(values), language, slow)

    def settle(language: str, shown: Shown | None) -> tuple[Any, ...]:
        """Show what there is once nothing runs any more, and offer the button again."""
        shown = text_handlers.settled(shown)
        return (
            drawn(language, shown),
            shown,
            gr.update(value=text(panel.run_text, language), interactive=True),
            gr.update(visible=False),
            False,
        )

    def switched(language: str, shown: Shown | None, busy: bool) -> tuple[Any, ...]:
        """Put the result and the button into `language`; what is being written follows when it is done."""
        name = gr.update(value=text(panel.busy_text if busy else panel.run_text, language))
        return gr.skip() if busy else drawn(language, shown), name

    def drawn(language: str, shown: Shown | None) -> str:
        """Show the result in `language`."""
        return drawn_results(shown, language) if shown else cards.placeholder(text(panel.empty_text, language))

    outcome = [panel.results, panel.shown, panel.run, panel.stop, panel.busy]
    allowed = gr.Textbox(visible="hidden", show_label=False)
    panel.run.click(
        begin,
        [language, panel.fresh, *panel.inputs],
        [panel.notice, panel.controls["seed"], panel.run, panel.stop, panel.results, panel.shown, panel.busy, allowed],
        js=f"(...values) => {{ genaiDemo.reveal('{panel.action}-results'); return values; }}",
        **PRIVATE,
    )
    # Only what is allowed changes this field, and so only that gets into the queue.
    running = allowed.change(
        run,
        [language, panel.slow, *panel.inputs],
        [panel.results, panel.shown],
        show_progress="hidden",
        api_visibility="private",
        **WORK,
    )
    running.then(settle, [language, panel.shown], outcome, **PRIVATE).then(
        None,
        None,
        None,
        js=f"() => genaiDemo.announceResults('{panel.action}-results')",
        api_visibility="private",
    )
    # What follows `then` does not follow an error, such as that of a full queue.
    running.failure(settle, [language, panel.shown], outcome, **PRIVATE)
    # Ends the event above at its next yield; what follows it then settles the page.
    panel.stop.click(None, cancels=running, api_visibility="private")
    language.input(switched, [language, panel.shown, panel.busy], [panel.results, panel.run], **PRIVATE)
    return running


def offer(
    panel: Panel,
    texts: Texts,
    running: Dependency,
    place: gr.Column,
    examples: list[dict[str, str]],
    label: Callable[[dict[str, str], str], str],
) -> None:
    """Build the chips below a panel's button: each sets some fields and runs.

    Args:
        panel: the panel.
        texts: the texts of the page.
        running: the panel's event; a chip ends it first.
        place: where the chips go.
        examples: per chip, the fields it sets.
        label: gives the name of a chip from its fields and the language.
    """
    with place:
        small_heading(texts, "examples")
        with gr.Row(elem_classes="chips"):
            for number, example in enumerate(examples):
                chip = texts.make(
                    gr.Button,
                    {"value": partial(label, example)},
                    size="sm",
                    elem_classes="chip",
                    elem_id=f"{panel.action}-example-{number}",
                )
                chip.click(
                    partial(_same, tuple(example.values())),
                    None,
                    [panel.controls[name] for name in example],
                    cancels=running,
                    **PRIVATE,
                ).then(None, None, None, js=f"() => genaiDemo.press('{panel.action}-run')", api_visibility="private")


def _same(values: tuple[str, ...]) -> Any:
    return values

"""From a click to its result, the same for every model: check, wait, run, settle."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from genai_demo.errors import UserError
from genai_demo.ui import cards
from genai_demo.ui.components.widget import sent
from genai_demo.ui.forms import PRIVATE, Updates, refusing
from genai_demo.ui.languages import Texts, sentence, spoken, text


@dataclass(frozen=True)
class Buttons:
    """The button that starts something, and the one beside it that stops it."""

    run: gr.Button
    stop: gr.Button
    idle: str
    """key of the first one's name"""
    busy: str
    """key of its name while something runs"""

    def name(self, busy: bool, language: str) -> str:
        """Return what stands on the first one."""
        return text(self.busy if busy else self.idle, language)

    def updates(self, busy: bool, language: str) -> Updates:
        """Return how they look."""
        return {
            self.run: gr.update(value=self.name(busy, language), interactive=not busy),
            self.stop: gr.update(visible=busy),
        }


def run_buttons(
    texts: Texts, prefix: str, idle: str, busy: str, scales: tuple[int | None, int | None] = (3, 1), **properties: Any
) -> Buttons:
    """Build the buttons in a row of their own.

    Args:
        texts: the texts of the page.
        prefix: of their element ids.
        idle, busy: keys of the first one's name.
        scales: how they share the row.
        properties: of the first one.
    """
    named = {"value": idle}
    properties |= {"variant": "primary", "elem_id": f"{prefix}-run", "scale": scales[0]}
    with gr.Row(elem_classes="run-row"):
        run = texts.make(gr.Button, named, switched=False, **properties)
        stop = texts.make(gr.Button, {"value": "stop_button"}, visible=False, elem_id=f"{prefix}-stop", scale=scales[1])
    return Buttons(run, stop, idle, busy)


class Runner:
    """Runs one job at a time and shows how far it is.

    Args:
        texts: the texts of the page.
        shown: what is shown, or enough of it to show it again in another language.
        outputs: the components that show it.
        stream: from a job, what is shown before, the language and the values of `inputs` to what becomes of `shown`
            and `outputs`, again and again.
        settle: from what is shown, the language and the values of `context` to what becomes of them, and of anything
            else that the runner changes, once nothing runs any more.
        draw: from what is shown and the language to the outputs in it.
        work: what the event is that runs, such as its line in the queue.
        buttons: what starts and stops it, if there are any.
        inputs: further inputs of `stream`, as they are when the job's turn has come.
        context: further inputs of `settle`.
        done: script that follows a job.
    """

    def __init__(
        self,
        texts: Texts,
        shown: gr.State,
        outputs: Sequence[Component],
        *,
        stream: Callable[..., Iterator[Updates]],
        settle: Callable[..., Updates],
        draw: Callable[[Any, str], Updates],
        work: dict[str, Any],
        buttons: Buttons | None = None,
        inputs: Sequence[Component] = (),
        context: Sequence[Component] = (),
        done: str = "",
    ) -> None:
        self._language = language = texts.language
        self._buttons = buttons
        self._job = gr.State(None)
        self._run_trigger = gr.Textbox(visible="hidden", show_label=False)
        self._row: list[Component] = [buttons.run, buttons.stop] if buttons else []
        places = [shown, *outputs]

        def work_off(language: str, job: Any, shown: Any, *values: Any) -> Iterator[Updates]:
            if job is None:  # stopped before it came here
                yield gr.skip()
                return
            try:
                yield from stream(job, shown, language, *values)
            except UserError as error:
                raise spoken(error, language) from error

        def settled(language: str, shown: Any, *values: Any) -> Updates:
            return {self._job: None, **self._look(False, language), **settle(shown, language, *values)}

        def switched(language: str, shown: Any, job: Any) -> Updates:
            """Put all into `language`; what is being made follows when it is done."""
            busy = job is not None
            named = {buttons.run: gr.update(value=buttons.name(busy, language))} if buttons else {}
            return named | ({} if busy else draw(shown, language)) or gr.skip()

        # Only what is allowed changes this field, and so only that gets into the queue.
        asked = [language, self._job, shown, *inputs]
        self.running: Dependency = self._run_trigger.change(
            work_off, asked, places, show_progress="hidden", api_visibility="private", **work
        )
        before, after = [language, shown, *context], [*places, self._job, *self._row]
        end = self.running.then(settled, before, after, **PRIVATE)
        if done:
            end.then(None, None, None, js=f"() => {done}", api_visibility="private")
        # What follows `then` does not follow an error, such as that of a full queue.
        self.running.failure(settled, before, after, **PRIVATE)
        if buttons:
            # Ends the event above at its next yield; what follows it then settles the page.
            buttons.stop.click(None, cancels=self.running, api_visibility="private")
        language.input(switched, [language, shown, self._job], [*places, *self._row], **PRIVATE)

    def start(
        self,
        event: Callable[..., Any],
        ask: Callable[..., tuple[Any, Updates]],
        inputs: Sequence[Component],
        notice: gr.HTML,
        outputs: Sequence[Component] = (),
        *,
        tab: str = "",
        script: str = "",
    ) -> Dependency:
        """Let an event start a job, and return it; the buttons do nothing more while one is running.

        Args:
            event: such as the click of a button.
            ask: from the language, what the page's script sent along, and the values of `inputs` to the job, or None
                where there is nothing to run, and to what becomes of `outputs`; it may refuse.
            inputs: components.
            notice: where a refusal is said.
            outputs: components that `ask` changes.
            tab: by whose names for settings.
            script: what the page does at once.
        """

        @refusing(notice, tab)
        def begin(language: str, job: Any, event: gr.EventData, *values: Any) -> Updates:
            if job is not None and self._buttons:
                return gr.skip()
            asked, updates = ask(language, sent(event), *values)
            if asked is None:
                return {notice: "", **updates}
            started = {self._job: asked, self._run_trigger: secrets.token_hex(8), **self._look(True, language)}
            return {notice: "", **started, **updates}

        changed = dict.fromkeys([notice, self._job, self._run_trigger, *self._row, *outputs])
        js = f"(...values) => {{ {script}; return values; }}" if script else None
        begun: Dependency = event(begin, [self._language, self._job, *inputs], list(changed), js=js, **PRIVATE)
        return begun

    def watch(
        self,
        texts: Texts,
        model: gr.Radio | str,
        problem: Callable[[str], UserError | None],
        notice: gr.HTML,
    ) -> None:
        """Show whether the model can be used, when the page opens and when the answer may change.

        Args:
            texts: the texts of the page.
            model: the choice of a model, or the only one.
            problem: from a model to what is wrong with it.
            notice: where that is said.
        """
        assert self._buttons
        run = self._buttons.run
        chosen = [model] if isinstance(model, gr.Radio) else []

        def look(language: str, before: str, name: str = str(model)) -> Updates:
            wrong = problem(name)
            said = cards.notice(sentence(wrong, language), text("checkpoint_missing_title", language)) if wrong else ""
            # A button that does not work because a model is at work stays as it is.
            return {notice: said} | ({run: gr.update(interactive=not said)} if said or before else {})

        events = [self._language.input, *(one.change for one in chosen)]
        gr.on(events, look, [self._language, notice, *chosen], [notice, run], **PRIVATE)
        texts.at_opening(look, [notice, *chosen], [notice, run])

    def _look(self, busy: bool, language: str) -> Updates:
        return self._buttons.updates(busy, language) if self._buttons else {}

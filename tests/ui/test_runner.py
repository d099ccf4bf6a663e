"""From a click to its result: what the page shows at each moment, with a model that is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

from genai_demo.errors import UserError
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.runner import Buttons, Runner, run_buttons

WRONG = UserError("engine.missing", file="checkpoints/dice/model.safetensors")


class Page:
    """A page that rolls dice; `call` runs what an event of it runs."""

    def __init__(self, with_buttons: bool = True) -> None:
        with gr.Blocks() as self.blocks:
            texts = Texts()
            texts.language.render()
            self.language = texts.language
            self.shown, self.place, self.notice, self.problem = gr.State(None), gr.HTML(), gr.HTML(), gr.HTML()
            self.seed, self.roll = gr.Number(), gr.Button()
            self.buttons: Buttons | None = run_buttons(texts, "dice", "write_button", "writing")
            self.runner = Runner(
                texts,
                self.shown,
                [self.place],
                stream=self.stream,
                settle=lambda shown, language: {self.shown: (shown, "settled"), **self.draw(shown, language)},
                draw=self.draw,
                work={"concurrency_id": "dice"},
                buttons=self.buttons if with_buttons else None,
            )
            outputs = [self.seed, self.place]
            self.runner.start(self.roll.click, self.ask, [self.seed], self.notice, outputs, script="roll()")
            if with_buttons:
                self.runner.watch(texts, "dice", lambda model: WRONG if model == "dice" else None, self.problem)
            texts.at_opening(lambda language, seed: {self.place: f"{language} {seed}"}, [self.seed], [self.place])
            texts.open_with(self.blocks)

    def ask(self, language: str, _: Any, seed: int) -> tuple[Any, dict[Any, Any]]:
        if seed < 0:
            raise UserError("engine.out_of_range_whole", name="seed", value=seed, low=0, high=9)
        return seed or None, {self.seed: seed}

    def stream(self, job: int, shown: Any, language: str) -> Iterator[dict[Any, Any]]:
        for roll in range(job):
            yield {self.shown: roll, **self.draw(roll, language)}
        if job == 6:
            raise WRONG

    def draw(self, shown: Any, language: str) -> dict[Any, Any]:
        return {self.place: f"{language} {shown}"}

    def call(self, trigger: Any, event: str, *values: Any) -> Any:
        (fn,) = [fn for fn in self.blocks.fns.values() if (trigger and trigger._id, event) in fn.targets and fn.fn]
        outputs = {output._id for output in fn.outputs}
        answer = fn.fn(*values)  # type: ignore[misc]
        if isinstance(answer, dict) and "__type__" not in answer:
            assert {component._id for component in answer} <= outputs, "only what the event may change is changed"
        return answer

    def begin(self, seed: int, job: Any = None, language: str = "en") -> Any:
        return self.call(self.roll, "click", language, job, gr.EventData(None, None), seed)


@pytest.fixture
def page() -> Page:
    return Page()


def test_what_is_not_allowed_changes_nothing_but_the_notice(page: Page) -> None:
    answer = page.begin(-1, language="zh")
    assert set(answer) == {page.notice} and "种子" in answer[page.notice]


def test_what_is_allowed_starts_once_and_the_buttons_say_so(page: Page) -> None:
    assert page.buttons
    first, second = page.begin(3), page.begin(3)
    assert (first[page.notice], first[page.seed]) == ("", 3)
    assert first[page.buttons.run]["value"] == text("writing", "en") and not first[page.buttons.run]["interactive"]
    assert first[page.buttons.stop]["visible"]
    assert first[page.runner._job] == 3
    assert first[page.runner._run_trigger] != second[page.runner._run_trigger], "the same again starts too"
    assert page.begin(3, job=3) == gr.skip(), "what runs goes on"


def test_where_there_is_nothing_to_run_nothing_starts(page: Page) -> None:
    assert page.begin(0) == {page.notice: "", page.seed: 0}


def test_what_runs_shows_how_far_it_is_and_errors_speak_the_visitors_language(page: Page) -> None:
    running = page.call(page.runner._run_trigger, "change", "en", 2, None)
    assert list(running) == [{page.shown: 0, page.place: "en 0"}, {page.shown: 1, page.place: "en 1"}]
    with pytest.raises(gr.Error) as caught:
        list(page.call(page.runner._run_trigger, "change", "zh", 6, None))
    assert caught.value.title == "没有成功" and "safetensors" in caught.value.message


def test_afterwards_all_is_settled_and_the_button_free(page: Page) -> None:
    assert page.buttons
    settled = [fn for fn in page.blocks.fns.values() if fn.fn and fn.fn.__name__ == "settled"]
    assert len(settled) == 2, "after a result, and after an error such as that of a full queue"
    answer = settled[0].fn("zh", 5)  # type: ignore[misc]
    assert answer[page.runner._job] is None and answer[page.shown] == (5, "settled")
    assert answer[page.buttons.run]["interactive"] and not answer[page.buttons.stop]["visible"]
    assert answer[page.buttons.run]["value"] == text("write_button", "zh")


def test_the_language_is_switched_of_all_but_what_is_being_made(page: Page) -> None:
    assert page.buttons
    (switched,) = [fn.fn for fn in page.blocks.fns.values() if fn.fn and fn.fn.__name__ == "switched"]
    idle, busy = switched("zh", 5, None), switched("zh", 5, 3)  # type: ignore[misc]
    assert idle[page.place] == "zh 5" and set(busy) == {page.buttons.run}
    assert busy[page.buttons.run] == gr.update(value=text("writing", "zh"))


def test_the_notice_about_a_model_names_the_file_and_the_button_waits(page: Page) -> None:
    assert page.buttons
    (look,) = [fn.fn for fn in page.blocks.fns.values() if fn.fn and fn.fn.__name__ == "look"]
    answer = look("zh", "")  # type: ignore[misc]
    assert "dice/model.safetensors" in answer[page.problem] and not answer[page.buttons.run]["interactive"]
    assert look("en", "", "other") == {page.problem: ""}, "a button that a model keeps busy stays so"  # type: ignore[misc]
    assert look("en", "a notice", "other")[page.buttons.run]["interactive"]  # type: ignore[misc]


def test_without_buttons_the_last_that_is_asked_for_counts() -> None:
    page = Page(with_buttons=False)
    assert page.begin(4, job=3)[page.runner._job] == 4


def test_whoever_opens_the_page_asks_for_everything_in_one_call(page: Page) -> None:
    (opened,) = [fn for fn in page.blocks.fns.values() if any(event == "load" for _, event in fn.targets)]
    assert opened.fn is not None
    answer = opened.fn("zh", "", 7)
    assert answer[page.place] == "zh 7"
    assert "checkpoints/dice" in answer[page.problem], "and so does what the runner watches"

"""The news tab: write, fill in, rewrite, and open a result again."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.text.requests import (
    LENGTH,
    MIN_P,
    MODELS,
    REPETITION_PENALTY,
    SHARE,
    STEPS,
    TEMPERATURE,
    TOP_P,
    VARIANTS,
    FillRequest,
    GenerateRequest,
    RewriteRequest,
)
from genai_demo.text.tokens.special_tokens import TOPICS
from genai_demo.ui import cards
from genai_demo.ui.forms import PRIVATE, seed_controls
from genai_demo.ui.languages import Texts, choices, text
from genai_demo.ui.text import api as text_api
from genai_demo.ui.text import handlers
from genai_demo.ui.text.open import follow_links, open_page
from genai_demo.ui.text.panel import Panel, connect, offer

_OPENINGS = [
    {"topic": "business", "opening": "Oil prices rose to a record"},
    {"topic": "sports", "opening": "The champions won their"},
    {"topic": "scitech", "opening": "Scientists have discovered"},
    {"topic": "world", "opening": "Peace talks between"},
]
_BLANKS = [
    {"topic": "business", "text": "Shares of ___ fell after the company said ___ would be lower than expected."},
    {"topic": "sports", "text": "___ scored in the final minute to give ___ a victory over ___ on Sunday."},
    {"topic": "scitech", "text": "Researchers say a new ___ could help ___ within ten years."},
]
_TEXTS = [
    {"topic": "world", "text": "The president said on Monday that talks with the rebels would begin next week."},
    {
        "topic": "business",
        "text": "The software maker reported higher profits as sales of computers grew faster.",
    },
]


def build(texts: Texts, page: gr.Blocks) -> None:
    """Build the tab."""
    with texts.make(gr.Tab, {"label": "tab_news"}, id="news", elem_id="tab-news", render_children=True):
        with gr.Tabs(elem_id="news-pages", elem_classes="pages"):
            with _page(texts, "write"):
                write = _write_page(texts)
            with _page(texts, "fill"):
                fill = _fill_page(texts)
            with _page(texts, "rewrite"):
                rewrite = _rewrite_page(texts)
            with _page(texts, "open"):
                open_page(texts, [write, fill, rewrite])
        text_api.register()
    _watch_models(page, texts, [write, fill, rewrite])
    follow_links(page, texts, write)


def _page(texts: Texts, name: str) -> gr.Tab:
    return texts.make(gr.Tab, {"label": f"tab_{name}"}, id=name, elem_id=f"tab-{name}", render_children=True)


def _watch_models(page: gr.Blocks, texts: Texts, panels: list[Panel]) -> None:
    """Show on each panel whether its model can be used, when the page opens and when the answer may change."""

    def problems(language: str, model: str, *before: str) -> list[Any]:
        """Return a notice, and whether the button works, for each panel, which showed the notices `before`."""
        updates: list[Any] = []
        for panel, former in zip(panels, before, strict=True):
            sentence = handlers.problem_notice(model if panel.action == "generate" else "masked", language)
            # A button that does not work because its panel is busy stays as it is.
            updates += [sentence, gr.update(interactive=not sentence) if sentence or former else gr.skip()]
        return updates

    model = panels[0].controls["model"]
    assert isinstance(model, gr.Radio)
    gr.on(
        [page.load, texts.language.input, model.change],
        problems,
        [texts.language, model, *(panel.problem for panel in panels)],
        [component for panel in panels for component in (panel.problem, panel.run)],
        **PRIVATE,
    )


def _write_page(texts: Texts) -> Panel:
    default = GenerateRequest()
    with gr.Row(elem_classes="page"):
        with gr.Column(elem_classes="fields"):
            topic = _topic(texts, "generate")
            opening = texts.make(
                gr.Textbox,
                {"label": "opening", "info": "opening_info", "placeholder": "opening_placeholder"},
                lines=2,
                elem_id="generate-opening",
            )
            problem, notice, run, stop = _buttons(texts, "generate", "write_button")
        results, shown = _results(texts, "generate", "empty_write")
        with gr.Column(elem_classes="extras"):
            chips = gr.Column(elem_classes="examples")
            with texts.make(gr.Accordion, {"label": "more_settings"}, open=False, elem_id="generate-settings"):
                model = texts.make(
                    gr.Radio,
                    {"label": "model", "info": "model_info", "choices": choices("model", MODELS)},
                    value=default.model,
                    elem_id="generate-model",
                    elem_classes="segmented",
                )
                length = _slider(texts, "length", LENGTH, default.length, 1, "generate")
                variants = _slider(texts, "variants", VARIANTS, default.variants, 1, "generate")
                temperature = _slider(texts, "temperature", TEMPERATURE, default.temperature, 0.05, "generate")
                top_p = _slider(texts, "top_p", TOP_P, default.top_p, 0.05, "generate")
                min_p = _slider(texts, "min_p", MIN_P, default.min_p, 0.01, "generate")
                penalty = _slider(
                    texts,
                    "repetition_penalty",
                    REPETITION_PENALTY,
                    default.repetition_penalty,
                    0.05,
                    "generate",
                )
                seed, fresh = seed_controls(texts, "generate")
                with gr.Column(visible=False) as masked_only:
                    steps = _slider(texts, "steps", STEPS, default.steps, 1, "generate")
                    slow = _slow(texts, "generate")
    model.change(lambda model: gr.update(visible=model == "masked"), model, masked_only, **PRIVATE)
    opening.submit(
        None,
        None,
        None,
        js="() => genaiDemo.press('generate-run')",
        api_visibility="private",
    )
    controls: dict[str, Component] = {
        "model": model,
        "topic": topic,
        "opening": opening,
        "length": length,
        "temperature": temperature,
        "top_p": top_p,
        "min_p": min_p,
        "repetition_penalty": penalty,
        "variants": variants,
        "seed": seed,
        "steps": steps,
    }
    panel = Panel(
        "generate",
        controls,
        fresh,
        slow,
        run,
        "write_button",
        "writing",
        stop,
        notice,
        problem,
        results,
        "empty_write",
        shown,
        gr.State(False),
    )
    offer(panel, texts, connect(panel, texts), chips, _OPENINGS, _opening_label)
    return panel


def _opening_label(example: dict[str, str], language: str) -> str:
    return text("example", language, topic=text(f"topic_{example['topic']}", language), opening=example["opening"])


def _text_label(example: dict[str, str], language: str) -> str:
    words = example["text"].split()
    return " ".join(words[:7]) + (" …" if len(words) > 7 else "")


def _fill_page(texts: Texts) -> Panel:
    default = FillRequest()
    with gr.Row(elem_classes="page"):
        with gr.Column(elem_classes="fields"):
            draft = _draft(texts, "fill")
            problem, notice, run, stop = _buttons(texts, "fill", "fill_button")
        results, shown = _results(texts, "fill", "empty_fill")
        with gr.Column(elem_classes="extras"):
            chips = gr.Column(elem_classes="examples")
            with texts.make(gr.Accordion, {"label": "more_settings"}, open=False, elem_id="fill-settings"):
                topic = _topic(texts, "fill")
                temperature = _slider(texts, "temperature", TEMPERATURE, default.temperature, 0.05, "fill")
                steps = _slider(texts, "steps", STEPS, default.steps, 1, "fill")
                per_blank = _slider(texts, "tokens_per_blank", (0, 12), default.tokens_per_blank, 1, "fill")
                seed, fresh = seed_controls(texts, "fill")
                slow = _slow(texts, "fill")
    controls: dict[str, Component] = {
        "text": draft,
        "topic": topic,
        "temperature": temperature,
        "steps": steps,
        "tokens_per_blank": per_blank,
        "seed": seed,
    }
    panel = Panel(
        "fill",
        controls,
        fresh,
        slow,
        run,
        "fill_button",
        "filling",
        stop,
        notice,
        problem,
        results,
        "empty_fill",
        shown,
        gr.State(False),
    )
    offer(panel, texts, connect(panel, texts), chips, _BLANKS, _text_label)
    return panel


def _rewrite_page(texts: Texts) -> Panel:
    default = RewriteRequest()
    with gr.Row(elem_classes="page"):
        with gr.Column(elem_classes="fields"):
            draft = _draft(texts, "rewrite")
            share = _slider(texts, "share", SHARE, default.share, 0.05, "rewrite")
            problem, notice, run, stop = _buttons(texts, "rewrite", "rewrite_button")
        results, shown = _results(texts, "rewrite", "empty_rewrite")
        with gr.Column(elem_classes="extras"):
            chips = gr.Column(elem_classes="examples")
            with texts.make(gr.Accordion, {"label": "more_settings"}, open=False, elem_id="rewrite-settings"):
                topic = _topic(texts, "rewrite")
                temperature = _slider(texts, "temperature", TEMPERATURE, default.temperature, 0.05, "rewrite")
                steps = _slider(texts, "steps", STEPS, default.steps, 1, "rewrite")
                seed, fresh = seed_controls(texts, "rewrite")
                slow = _slow(texts, "rewrite")
    controls: dict[str, Component] = {
        "text": draft,
        "share": share,
        "topic": topic,
        "temperature": temperature,
        "steps": steps,
        "seed": seed,
    }
    panel = Panel(
        "rewrite",
        controls,
        fresh,
        slow,
        run,
        "rewrite_button",
        "rewriting",
        stop,
        notice,
        problem,
        results,
        "empty_rewrite",
        shown,
        gr.State(False),
    )
    offer(panel, texts, connect(panel, texts), chips, _TEXTS, _text_label)
    return panel


def _draft(texts: Texts, action: str) -> gr.Textbox:
    return texts.make(
        gr.Textbox,
        {"label": f"{action}_text", "info": f"{action}_text_info", "placeholder": f"{action}_text_placeholder"},
        lines=4,
        elem_id=f"{action}-text",
    )


def _slider(texts: Texts, name: str, bounds: tuple[float, float], value: float, step: float, prefix: str) -> gr.Slider:
    return texts.make(
        gr.Slider,
        {"label": name, "info": f"{name}_info"},
        minimum=bounds[0],
        maximum=bounds[1],
        value=value,
        step=step,
        elem_id=f"{prefix}-{name.replace('_', '-')}",
        buttons=[],
    )


def _topic(texts: Texts, prefix: str) -> gr.Radio:
    return texts.make(
        gr.Radio,
        {"label": "topic", "choices": choices("topic", TOPICS)},
        value="any",
        elem_id=f"{prefix}-topic",
        elem_classes="segmented",
    )


def _slow(texts: Texts, prefix: str) -> gr.Checkbox:
    return texts.make(gr.Checkbox, {"label": "slow", "info": "slow_info"}, value=False, elem_id=f"{prefix}-slow")


def _buttons(texts: Texts, prefix: str, run_text: str) -> tuple[gr.HTML, gr.HTML, gr.Button, gr.Button]:
    """Build what stands between the fields and the result: notices, the button, and Stop."""
    problem = gr.HTML("", elem_id=f"{prefix}-problem", elem_classes="message")
    notice = gr.HTML("", elem_id=f"{prefix}-notice", elem_classes="message")
    with gr.Row(elem_classes="run-row"):
        run = texts.make(
            gr.Button, {"value": run_text}, switched=False, variant="primary", elem_id=f"{prefix}-run", scale=3
        )
        stop = texts.make(gr.Button, {"value": "stop_button"}, visible=False, elem_id=f"{prefix}-stop", scale=1)
    return problem, notice, run, stop


def _results(texts: Texts, prefix: str, empty: str) -> tuple[gr.HTML, gr.State]:
    with gr.Column(elem_classes="result"):
        results = texts.make(
            gr.HTML,
            {"value": lambda language: cards.placeholder(text(empty, language))},
            switched=False,
            elem_id=f"{prefix}-results",
            elem_classes="paper",
        )
    return results, gr.State(None)

"""The news tab: write, fill in, rewrite, and open a result again."""

from __future__ import annotations

import gradio as gr

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
from genai_demo.ui.forms import PRIVATE, Form
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.text import api as text_api
from genai_demo.ui.text.explaining import build_rivals
from genai_demo.ui.text.open import open_page
from genai_demo.ui.text.own_model import connect, own_model
from genai_demo.ui.text.panel import WORK, build_panel
from genai_demo.ui.training.panel import train_page

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
    """Build the tab: write, fill in, rewrite, open."""
    with texts.make(gr.Tab, {"label": "tab_news"}, id="news", elem_id="tab-news", render_children=True):
        own = own_model(texts)
        with gr.Tabs(elem_id="news-pages", elem_classes="pages"):
            with _page(texts, "write"):
                write = build_panel(texts, page, "generate", _write, _write_settings, _OPENINGS, _opening_label, own)
            with _page(texts, "fill"):
                fill = build_panel(texts, page, "fill", _fill, _fill_settings, _BLANKS, _text_label, own)
            with _page(texts, "rewrite"):
                rewrite = build_panel(texts, page, "rewrite", _rewrite, _rewrite_settings, _TEXTS, _text_label, own)
            with _page(texts, "open"):
                open_page(texts, [write, fill, rewrite])
            training = train_page(texts, "news", "text", usable=True)
        if training:
            connect(own, training, texts)
        build_rivals(texts, own, WORK)
        text_api.register()


def _page(texts: Texts, name: str) -> gr.Tab:
    return texts.make(gr.Tab, {"label": f"tab_{name}"}, id=name, elem_id=f"tab-{name}", render_children=True)


def _write(form: Form[GenerateRequest]) -> None:
    form.choice("topic", TOPICS)
    opening = form.text("opening", "opening", 2)
    opening.submit(None, None, None, js="() => genaiDemo.press('generate-run')", api_visibility="private")
    form.slider("temperature", TEMPERATURE, 0.05)


def _write_settings(form: Form[GenerateRequest]) -> None:
    model = form.choice("model", MODELS)
    form.slider("length", LENGTH, 1)
    form.slider("variants", VARIANTS, 1)
    form.slider("top_p", TOP_P, 0.05)
    form.slider("min_p", MIN_P, 0.01)
    form.slider("repetition_penalty", REPETITION_PENALTY, 0.05)
    form.seed()
    with gr.Column(visible=False) as masked_only:
        form.slider("steps", STEPS, 1)
    model.change(lambda model: gr.update(visible=model == "masked"), model, masked_only, **PRIVATE)


def _opening_label(example: dict[str, str], language: str) -> str:
    return text("example", language, topic=text(f"topic_{example['topic']}", language), opening=example["opening"])


def _text_label(example: dict[str, str], language: str) -> str:
    words = example["text"].split()
    return " ".join(words[:7]) + (" …" if len(words) > 7 else "")


def _fill(form: Form[FillRequest]) -> None:
    form.choice("topic", TOPICS)
    form.text("text", "fill_text", 4)


def _fill_settings(form: Form[FillRequest]) -> None:
    form.slider("temperature", TEMPERATURE, 0.05)
    form.slider("steps", STEPS, 1)
    form.slider("tokens_per_blank", (0, 12), 1)
    form.seed()


def _rewrite(form: Form[RewriteRequest]) -> None:
    form.choice("topic", TOPICS)
    form.text("text", "rewrite_text", 4)
    form.slider("share", SHARE, 0.05)


def _rewrite_settings(form: Form[RewriteRequest]) -> None:
    form.slider("temperature", TEMPERATURE, 0.05)
    form.slider("steps", STEPS, 1)
    form.seed()

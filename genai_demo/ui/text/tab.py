"""The news tab: write, fill in, rewrite, and open a result again."""

from __future__ import annotations

from functools import partial

import gradio as gr

from genai_demo.text.requests import (
    ENGLISH,
    LENGTH,
    MIN_P,
    REPETITION_PENALTY,
    SHARE,
    STEPS,
    TEMPERATURE,
    TOP_P,
    VARIANTS,
    FillRequest,
    GenerateRequest,
    RewriteRequest,
    usual,
)
from genai_demo.text.sampling.loading import is_here
from genai_demo.text.tokens.special_tokens import AG_NEWS, THUCNEWS
from genai_demo.ui.forms import PRIVATE, Form
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.text import api as text_api
from genai_demo.ui.text.explaining import build_rivals
from genai_demo.ui.text.open import open_page
from genai_demo.ui.text.panel import WORK, Panel, build_panel
from genai_demo.ui.text.reading import read_page
from genai_demo.ui.training.panel import train_page
from genai_demo.ui.training.using import used_models

_OPENINGS = [
    {"topic": "business", "opening": "Oil prices rose to a record"},
    {"topic": "sports", "opening": "The champions won their"},
    {"topic": "scitech", "opening": "Scientists have discovered"},
    {"topic": "world", "opening": "Peace talks between"},
]
_HEADLINE_OPENINGS = [
    {"topic": "sports", "opening": "NBA"},
    {"topic": "education", "opening": "高考"},
    {"topic": "property", "opening": "房价"},
    {"topic": "games", "opening": "新网游"},
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
        used = used_models(texts, "news", "text", {"": "write", "masked": "fill", "headlines": "write"})
        with gr.Tabs(elem_id="news-pages", elem_classes="pages"):
            with _page(texts, "write"):
                writers = _writers(texts, page)
            with _page(texts, "fill"):
                asked = (FillRequest(), ("masked",))
                fill = build_panel(texts, page, "fill", *asked, _fill, _fill_settings, _BLANKS, _text_label)
            with _page(texts, "rewrite"):
                parts = (_rewrite, _rewrite_settings, _TEXTS, _text_label)
                rewrite = build_panel(texts, page, "rewrite", RewriteRequest(), ("masked",), *parts)
            with _page(texts, "read"):
                read_page(texts, page)
            with _page(texts, "open"):
                open_page(texts, [*writers, fill, rewrite], used)
            training = train_page(texts, "news", "text", usable=True)
        used.connect(training, texts, _choosers(writers))
        build_rivals(texts, WORK)
        text_api.register()


def _page(texts: Texts, name: str) -> gr.Tab:
    return texts.make(gr.Tab, {"label": f"tab_{name}"}, id=name, elem_id=f"tab-{name}", render_children=True)


def _choosers(writers: list[Panel]) -> dict[str, gr.Radio]:
    """Return the controls by which a model that writes is chosen, by model."""
    model = writers[0].form.controls["model"]
    assert isinstance(model, gr.Radio)
    return dict.fromkeys(ENGLISH, model)


def _writers(texts: Texts, page: gr.Blocks) -> list[Panel]:
    """Build where news is written, and where Chinese headlines are if their model is here: a tab for each language."""
    english = partial(
        build_panel,
        *(texts, page, "generate", GenerateRequest(), ENGLISH, _write, _write_settings, _OPENINGS, _opening_label),
    )
    if not is_here("headlines"):
        return [english()]
    asked = usual("headlines")
    # A page in Chinese begins with Chinese; whoever switches its language later stays where they are.
    first = {"selected": lambda language: "english" if language == "en" else "headlines"}
    with texts.make(gr.Tabs, first, switched=False, elem_id="write-languages", elem_classes="languages"):
        with texts.make(
            gr.Tab, {"label": "written_english"}, id="english", elem_id="tab-news-write", render_children=True
        ):
            news = english()
        named = {"label": "written_headlines"}
        with texts.make(gr.Tab, named, id="headlines", elem_id="tab-headlines", render_children=True):
            fields = (_headlines, _headline_settings, _HEADLINE_OPENINGS, _opening_label)
            return [news, build_panel(texts, page, "headlines", asked, ("headlines",), *fields)]


def _opening(form: Form[GenerateRequest], key: str) -> None:
    opening = form.text("opening", key, 2)
    press = f"() => genaiDemo.press('{form.prefix}-run')"
    opening.submit(None, None, None, js=press, api_visibility="private")


def _write(form: Form[GenerateRequest]) -> None:
    form.choice("topic", AG_NEWS.topics)
    _opening(form, "opening")
    form.slider("temperature", TEMPERATURE, 0.05)


def _write_settings(form: Form[GenerateRequest]) -> None:
    model = form.choice("model", ENGLISH)
    form.slider("length", LENGTH, 1)
    form.slider("variants", VARIANTS, 1)
    form.slider("top_p", TOP_P, 0.05)
    form.slider("min_p", MIN_P, 0.01)
    form.slider("repetition_penalty", REPETITION_PENALTY, 0.05)
    form.seed()
    with gr.Column(visible=False) as masked_only:
        form.slider("steps", STEPS, 1)
    model.change(lambda model: gr.update(visible=model == "masked"), model, masked_only, **PRIVATE)


def _headlines(form: Form[GenerateRequest]) -> None:
    form.choice("topic", THUCNEWS.topics)
    _opening(form, "headline_opening")
    form.slider("temperature", TEMPERATURE, 0.05)


def _headline_settings(form: Form[GenerateRequest]) -> None:
    form.slider("length", LENGTH, 1, key="headline_length")
    form.slider("variants", VARIANTS, 1)
    form.slider("top_p", TOP_P, 0.05)
    form.slider("min_p", MIN_P, 0.01)
    form.slider("repetition_penalty", REPETITION_PENALTY, 0.05)
    form.seed()
    for name in ("model", "steps"):
        form.fixed(name)


def _opening_label(example: dict[str, str], language: str) -> str:
    return text("example", language, topic=text(f"topic_{example['topic']}", language), opening=example["opening"])


def _text_label(example: dict[str, str], language: str) -> str:
    words = example["text"].split()
    return " ".join(words[:7]) + (" …" if len(words) > 7 else "")


def _fill(form: Form[FillRequest]) -> None:
    form.choice("topic", AG_NEWS.topics)
    form.text("text", "fill_text", 4)


def _fill_settings(form: Form[FillRequest]) -> None:
    form.slider("temperature", TEMPERATURE, 0.05)
    form.slider("steps", STEPS, 1)
    form.slider("tokens_per_blank", (0, 12), 1)
    form.seed()


def _rewrite(form: Form[RewriteRequest]) -> None:
    form.choice("topic", AG_NEWS.topics)
    form.text("text", "rewrite_text", 4)
    form.slider("share", SHARE, 0.05)


def _rewrite_settings(form: Form[RewriteRequest]) -> None:
    form.slider("temperature", TEMPERATURE, 0.05)
    form.slider("steps", STEPS, 1)
    form.seed()

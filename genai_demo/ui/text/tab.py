"""The news tab: write, fill in, rewrite, and open a result again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import gradio as gr

from genai_demo.text.requests import (
    CHARACTERS_PER_BLANK,
    CHINESE,
    ENGLISH,
    LENGTH,
    MIN_P,
    REPETITION_PENALTY,
    SHARE,
    STEPS,
    TEMPERATURE,
    TOKENS_PER_BLANK,
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
_HEADLINE_BLANKS = [
    {"topic": "sports", "text": "国足主场___伊朗 主教练：球员表现__"},
    {"topic": "finance", "text": "央行宣布__基准利率 专家称__"},
    {"topic": "technology", "text": "__推出新款手机 售价___元"},
    {"topic": "games", "text": "《____》今日开启内测"},
]
_HEADLINES = [
    {"topic": "sports", "text": "国足主场获胜 主教练：球员表现出色"},
    {"topic": "property", "text": "北京房价[[连续三月]]上涨 专家称[[不宜]]买房"},
    {"topic": "education", "text": "高考作文题公布 [[老师点评：难度适中]]"},
]
_FILLER = "headlines-masked"
Build = Callable[[], Panel]


def build(texts: Texts, page: gr.Blocks) -> None:
    """Build the tab: write, fill in, rewrite, open."""
    with texts.make(gr.Tab, {"label": "tab_news"}, id="news", elem_id="tab-news", render_children=True):
        filled = {"masked": "fill", "headlines-masked": "fill-chinese" if is_here("headlines-masked") else "fill"}
        used = used_models(texts, "news", "text", {"": "write", "headlines": "write", **filled})
        with gr.Tabs(elem_id="news-pages", elem_classes="pages"):
            with _page(texts, "write"):
                writers = _writers(texts, page)
            with _page(texts, "fill"):
                fillers = _fillers(texts, page)
            with _page(texts, "rewrite"):
                rewriters = _rewriters(texts, page)
            with _page(texts, "read"):
                read_page(texts, page)
            with _page(texts, "open"):
                open_page(texts, [*writers, *fillers, *rewriters], used)
            training = train_page(texts, "news", "text", usable=True)
        used.connect(training, texts, _choosers(writers))
        build_rivals(texts, WORK)
        text_api.register()


def _page(texts: Texts, name: str) -> gr.Tab:
    return texts.make(gr.Tab, {"label": f"tab_{name}"}, id=name, elem_id=f"tab-{name}", render_children=True)


def _choosers(writers: list[Panel]) -> dict[str, gr.Radio]:
    """Return the controls by which a model that writes is chosen, by model."""
    found: dict[str, gr.Radio] = {}
    for panel, models in zip(writers, (ENGLISH, CHINESE), strict=False):
        if isinstance(model := panel.form.controls["model"], gr.Radio):
            found |= dict.fromkeys(models, model)
    return found


def _in_languages(texts: Texts, name: str, english: Build, chinese: Build, beside: bool) -> list[Panel]:
    """Build a page for English news, and one for Chinese headlines if it is to stand beside: a tab for each language.

    Args:
        texts: the texts of the page.
        name: of the page, in the ids of what is built.
        english: builds the panel of English news.
        chinese: builds that of Chinese headlines.
        beside: whether there are models for it.
    """
    if not beside:
        return [english()]
    # A page in Chinese begins with Chinese; whoever switches its language later stays where they are.
    first = {"selected": lambda language: "english" if language == "en" else "headlines"}
    named: list[tuple[str, str, str, Build]] = [
        ("english", "written_english", f"tab-news-{name}", english),
        ("headlines", "written_headlines", "tab-headlines" if name == "write" else f"tab-{name}-chinese", chinese),
    ]
    panels = []
    with texts.make(gr.Tabs, first, switched=False, elem_id=f"{name}-languages", elem_classes="languages"):
        for key, label, elem_id, build_one in named:
            with texts.make(gr.Tab, {"label": label}, id=key, elem_id=elem_id, render_children=True):
                panels.append(build_one())
    return panels


def _writers(texts: Texts, page: gr.Blocks) -> list[Panel]:
    here = tuple(filter(is_here, CHINESE))
    news = (texts, page, "generate", GenerateRequest(), ENGLISH, _write, _write_settings, _OPENINGS, _opening_label)
    asked = (usual(here[0] if here else CHINESE[0]), CHINESE)
    fields = (_headlines, partial(_headline_settings, here), _HEADLINE_OPENINGS, _opening_label)
    headlines = (texts, page, "headlines", *asked, *fields)
    return _in_languages(texts, "write", partial(build_panel, *news), partial(build_panel, *headlines), bool(here))


def _fillers(texts: Texts, page: gr.Blocks) -> list[Panel]:
    news = (texts, page, "fill", FillRequest(), ("masked",), _fill, _fill_settings, _BLANKS, _text_label)
    asked = (FillRequest(model=_FILLER), (_FILLER,))
    fields = (_fill_headlines, _fill_headline_settings, _HEADLINE_BLANKS, _headline_label)
    headlines = (texts, page, "fill-chinese", *asked, *fields)
    builders = (partial(build_panel, *news), partial(build_panel, *headlines))
    return _in_languages(texts, "fill", *builders, is_here(_FILLER))


def _rewriters(texts: Texts, page: gr.Blocks) -> list[Panel]:
    news = (texts, page, "rewrite", RewriteRequest(), ("masked",), _rewrite, _rewrite_settings, _TEXTS, _text_label)
    asked = (RewriteRequest(model=_FILLER), (_FILLER,))
    fields = (_rewrite_headlines, _rewrite_settings, _HEADLINES, _headline_label)
    headlines = (texts, page, "rewrite-chinese", *asked, *fields)
    builders = (partial(build_panel, *news), partial(build_panel, *headlines))
    return _in_languages(texts, "rewrite", *builders, is_here(_FILLER))


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


def _headline_settings(here: tuple[str, ...], form: Form[GenerateRequest]) -> None:
    choice = len(here) > 1
    if choice:
        model = form.choice("model", _named_by_kind)
    form.slider("length", LENGTH, 1, key="headline_length")
    form.slider("variants", VARIANTS, 1)
    form.slider("top_p", TOP_P, 0.05)
    form.slider("min_p", MIN_P, 0.01)
    form.slider("repetition_penalty", REPETITION_PENALTY, 0.05)
    form.seed()
    if not choice:
        form.fixed("model")
    with gr.Column(visible=here == (_FILLER,)) as masked_only:
        form.slider("steps", STEPS, 1)
    if choice:
        model.change(lambda model: gr.update(visible=model == _FILLER), model, masked_only, **PRIVATE)


def _named_by_kind(language: str) -> list[tuple[str, str]]:
    """Return the models of headlines by the names that the English ones of their kind have."""
    return [(text(f"model_{kind}", language), model) for kind, model in zip(ENGLISH, CHINESE, strict=True)]


def _opening_label(example: dict[str, str], language: str) -> str:
    return text("example", language, topic=text(f"topic_{example['topic']}", language), opening=example["opening"])


def _text_label(example: dict[str, str], language: str) -> str:
    words = example["text"].split()
    return " ".join(words[:7]) + (" …" if len(words) > 7 else "")


def _headline_label(example: dict[str, str], _: str) -> str:
    return example["text"]


def _fill(form: Form[FillRequest]) -> None:
    form.choice("topic", AG_NEWS.topics)
    form.text("text", "fill_text", 4)


def _fill_settings(form: Form[FillRequest]) -> None:
    form.slider("temperature", TEMPERATURE, 0.05)
    form.slider("steps", STEPS, 1)
    form.slider("tokens_per_blank", TOKENS_PER_BLANK, 1)
    form.seed()


def _fill_headlines(form: Form[FillRequest]) -> None:
    form.choice("topic", THUCNEWS.topics)
    form.text("text", "headline_fill", 2)
    form.slider("characters_per_blank", CHARACTERS_PER_BLANK, 1)


def _fill_headline_settings(form: Form[FillRequest]) -> None:
    form.slider("temperature", TEMPERATURE, 0.05)
    form.slider("steps", STEPS, 1)
    form.seed()
    form.fixed("tokens_per_blank")


def _rewrite(form: Form[RewriteRequest]) -> None:
    form.choice("topic", AG_NEWS.topics)
    form.text("text", "rewrite_text", 4)
    form.slider("share", SHARE, 0.05)


def _rewrite_settings(form: Form[RewriteRequest]) -> None:
    form.slider("temperature", TEMPERATURE, 0.05)
    form.slider("steps", STEPS, 1)
    form.seed()


def _rewrite_headlines(form: Form[RewriteRequest]) -> None:
    form.choice("topic", THUCNEWS.topics)
    form.text("text", "headline_rewrite", 2)
    form.slider("share", SHARE, 0.05, key="headline_share")

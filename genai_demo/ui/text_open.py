"""The page that opens a downloaded result: its settings go back to the fields, and the text is made again."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.engine.receipt import Receipt
from genai_demo.errors import UserError
from genai_demo.text.requests import ACTIONS
from genai_demo.ui import cards, text_handlers
from genai_demo.ui.cards import Shown
from genai_demo.ui.languages import Texts, sentence, text
from genai_demo.ui.text_panel import PRIVATE, WORK, Panel

_PAGES = {"generate": "tab_write", "fill": "tab_fill", "rewrite": "tab_rewrite"}


def open_page(texts: Texts, panels: list[Panel]) -> None:
    """Build the page; `panels` are those whose settings a receipt can hold."""
    language = texts.language
    with gr.Row(elem_classes="page"):
        with gr.Column(scale=5, min_width=300):
            texts.make(gr.HTML, {"value": lambda language: f'<p class="intro">{escape(text("open_intro", language))}</p>'})
            upload = texts.make(gr.UploadButton, {"label": "open_button"}, variant="primary", elem_id="open-file")
            notice = gr.HTML("", elem_id="open-notice")
        with gr.Column(scale=7, min_width=300):
            results = texts.make(
                gr.HTML, {"value": lambda language: cards.placeholder(text("empty_open", language))}, switched=False,
                elem_id="open-results", elem_classes="paper",
            )
    opened = gr.State(None)
    shown = gr.State(None)
    controls: list[Component] = [component for panel in panels for component in (*panel.inputs, panel.fresh)]

    def restore(language: str, file: str) -> tuple[Any, ...]:
        """Put the settings of a receipt back on their page."""
        try:
            receipt, request = text_handlers.opened(file)
            if problem := text_handlers.problem_of(request):
                raise problem
        except UserError as error:
            raise gr.Error(sentence(error, language), visible=False, print_exception=False) from error
        updates: list[Any] = []
        for panel in panels:
            if isinstance(request, ACTIONS[panel.action]):
                # with the seed of the receipt kept, pressing the button there gives the same text once more
                updates += [*vars(request).values(), False]
            else:
                updates += [gr.skip()] * (len(panel.inputs) + 1)
        return receipt, "", cards.placeholder(text("reproducing", language)), *updates

    def refused(language: str, file: str) -> str:
        """Say why the file was refused."""
        try:
            _, request = text_handlers.opened(file)
            if problem := text_handlers.problem_of(request):
                raise problem
        except UserError as error:
            return cards.notice(sentence(error, language))
        return cards.notice(text("unexpected", language))

    def again(language: str, receipt: Receipt) -> tuple[str, Shown]:
        """Make the result again."""
        made = text_handlers.made_again(receipt, language)
        return drawn(language, receipt, made), made

    def drawn(language: str, receipt: Receipt | None, made: Shown | None) -> str:
        """Show the result in `language`, below what it is."""
        if receipt is None or made is None:
            return cards.placeholder(text("empty_open", language))
        sentences = (
            text_handlers.verdict(receipt, made.update, language),
            text("open_done", language, page=text(_PAGES[receipt.action], language)),
        )
        lines = "".join(f"<p>{escape(line)}</p>" for line in sentences)
        return f'<div class="verdict" role="status">{lines}</div>{cards.results(made, language)}'

    read = upload.upload(restore, [language, upload], [opened, notice, results, *controls], **PRIVATE)
    read.failure(refused, [language, upload], notice, **PRIVATE)
    read.success(
        again, [language, opened], [results, shown], show_progress="hidden", api_visibility="private", **WORK,
    )
    language.input(drawn, [language, opened, shown], results, **PRIVATE)

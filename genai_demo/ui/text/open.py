"""The page that opens a downloaded result: its settings go back to the fields, and the text is made again."""

from __future__ import annotations

import secrets
from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.text.requests import ACTIONS
from genai_demo.ui import cards
from genai_demo.ui.forms import PRIVATE
from genai_demo.ui.languages import Texts, sentence, text
from genai_demo.ui.text import handlers as text_handlers
from genai_demo.ui.text.cards import Shown
from genai_demo.ui.text.cards import results as drawn_results
from genai_demo.ui.text.panel import WORK, Panel

_PAGES = {"generate": "tab_write", "fill": "tab_fill", "rewrite": "tab_rewrite"}


def open_page(texts: Texts, panels: list[Panel]) -> None:
    """Build the page; `panels` are those whose settings a receipt can hold."""
    language = texts.language
    with gr.Row(elem_classes="page"):
        with gr.Column(elem_classes="fields"):
            texts.make(gr.HTML, {"value": _intro})
            upload = texts.make(gr.UploadButton, {"label": "open_button"}, variant="primary", elem_id="open-file")
            notice = gr.HTML("", elem_id="open-notice", elem_classes="message")
        with gr.Column(elem_classes="result"):
            results = texts.make(
                gr.HTML,
                {"value": lambda language: cards.placeholder(text("empty_open", language))},
                switched=False,
                elem_id="open-results",
                elem_classes="paper",
            )
    opened = gr.State(None)
    shown = gr.State(None)
    allowed = gr.Textbox(visible="hidden", show_label=False)
    controls: list[Component] = [component for panel in panels for component in (*panel.inputs, panel.fresh)]

    def restore(language: str, file: str) -> tuple[Any, ...]:
        """Put the settings of a receipt back on their page, or say why the file was refused."""
        try:
            receipt, request = text_handlers.opened(file)
        except UserError as error:
            return cards.notice(sentence(error, language)), *[gr.skip()] * (len(controls) + 3)
        updates: list[Any] = []
        for panel in panels:
            if isinstance(request, ACTIONS[panel.action]):
                # with the seed of the receipt kept, pressing the button there gives the same text once more
                updates += [*vars(request).values(), False]
            else:
                updates += [gr.skip()] * (len(panel.inputs) + 1)
        return "", cards.placeholder(text("reproducing", language)), receipt, secrets.token_hex(8), *updates

    def again(language: str, receipt: Receipt) -> tuple[str, Shown | None, str]:
        """Make the result again, or say why it cannot be made here."""
        try:
            made = text_handlers.made_again(receipt)
        except UserError as error:
            return drawn(language, receipt, None), None, cards.notice(sentence(error, language))
        return drawn(language, receipt, made), made, ""

    def drawn(language: str, receipt: Receipt | None, made: Shown | None) -> str:
        """Show the result in `language`, below where its settings are."""
        if receipt is None:
            return cards.placeholder(text("empty_open", language))
        lines = [text("open_done", language, page=text(_PAGES[receipt.action], language))]
        if made:
            lines.insert(0, text("open_same", language, checkpoint=receipt.checkpoint))
        verdict = "".join(f"<p>{escape(line)}</p>" for line in lines)
        return f'<div class="verdict" role="status">{verdict}</div>{drawn_results(made, language) if made else ""}'

    def unmade(language: str, receipt: Receipt) -> str:
        """Show where the settings are although the result was not made, as when too many visitors wait."""
        return drawn(language, receipt, None)

    upload.upload(restore, [language, upload], [notice, results, opened, allowed, *controls], **PRIVATE)
    # Only a receipt that is in order changes this field, and so only that gets into the queue.
    making = allowed.change(
        again,
        [language, opened],
        [results, shown, notice],
        show_progress="hidden",
        api_visibility="private",
        **WORK,
    )
    making.failure(unmade, [language, opened], results, **PRIVATE)
    language.input(drawn, [language, opened, shown], results, **PRIVATE)


def _intro(language: str) -> str:
    return f'<p class="intro">{escape(text("open_intro", language))}</p>'


def follow_links(page: gr.Blocks, texts: Texts, panel: Panel) -> None:
    """Let the page's address set the fields of `panel`: `?topic=sports&opening=...&seed=7`."""

    def follow(language: str, visit: gr.Request) -> tuple[Any, ...]:
        """Put the settings of the address into the fields, or say what is wrong with them."""
        try:
            linked = text_handlers.request_of_link(dict(visit.query_params))
        except UserError as error:
            return (*[gr.skip()] * (len(panel.inputs) + 1), cards.notice(sentence(error, language)))
        if linked is None:
            return (gr.skip(),) * (len(panel.inputs) + 2)
        return (*vars(linked).values(), False, "")

    page.load(follow, texts.language, [*panel.inputs, panel.fresh, panel.notice], **PRIVATE)

"""The page that opens a downloaded result: its settings go back to the fields, and the text is made again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.marks.reading import Marks, read_marks
from genai_demo.ui import cards
from genai_demo.ui.components.address import page_address
from genai_demo.ui.forms import Updates, result_place
from genai_demo.ui.languages import Texts, sentence, text
from genai_demo.ui.marks import listed, refused
from genai_demo.ui.runner import Runner
from genai_demo.ui.text import handlers
from genai_demo.ui.text.cards import Shown, panel_of, results
from genai_demo.ui.text.panel import WORK, Panel
from genai_demo.ui.training import in_use
from genai_demo.ui.training.using import UsedModels

_PAGES = {
    "generate": "tab_write",
    "headlines": "written_headlines",
    "fill": "tab_fill",
    "fill-chinese": "tab_fill",
    "rewrite": "tab_rewrite",
    "rewrite-chinese": "tab_rewrite",
}


class Opened(NamedTuple):
    """A file that was opened."""

    receipt: Receipt
    marks: Marks
    """of the file"""
    panel: str
    """where its settings now stand"""
    made: Shown | None = None
    """the result, made again; None where that has not been done"""


def open_page(texts: Texts, panels: Sequence[Panel], used: UsedModels) -> None:
    """Build the page; `panels` are those whose settings a receipt can hold, and `used` says whose models write."""
    page_address("news", "open")
    with gr.Row(elem_classes="page"):
        with gr.Column(elem_classes="fields"):
            texts.make(gr.HTML, {"value": _intro})
            upload = texts.make(gr.UploadButton, {"label": "open_button"}, variant="primary", elem_id="open-file")
            notice = gr.HTML("", elem_id="open-notice", elem_classes="message")
        with gr.Column(elem_classes="result"):
            place = result_place(texts, "empty_open", "open-results")
    shown = gr.State(None)

    def restore(language: str, _: Any, file: str) -> tuple[Opened | None, Updates]:
        """Put the settings of a receipt back on their page."""
        content = Path(file).read_bytes()
        try:
            receipt, request = handlers.opened(file)
        except UserError as error:
            return None, {notice: refused(error, content, Path(file).name, language)}
        in_use.follow("text", receipt.model)
        found = Opened(receipt, read_marks(content), panel_of(request))
        (panel,) = (one for one in panels if one.name == found.panel)
        waiting = {place: cards.placeholder(text("reproducing", language)), shown: found}
        return found, {**waiting, **panel.form.restored(request)}

    def make(found: Opened, _: Opened, language: str) -> Iterator[Updates]:
        """Make the result again, or say why it cannot be made here."""
        said = ""
        try:
            found = found._replace(made=handlers.made_again(found.receipt))
        except UserError as error:
            said = cards.notice(sentence(error, language))
        yield {shown: found, notice: said, **draw(found, language)}

    def draw(found: Opened | None, language: str) -> Updates:
        """Show the result, or where the settings are although it was not made, as when too many visitors wait."""
        if found is None:
            return {place: cards.placeholder(text("empty_open", language))}
        receipt, marks, _, made = found
        lines = [text("open_done", language, page=text(_PAGES[found.panel], language))]
        if made:
            lines.insert(0, text("open_same", language, checkpoint=receipt.checkpoint))
        verdict = "".join(f"<p>{escape(line)}</p>" for line in lines)
        drawn = results(made, language) if made else ""
        return {place: f'<div class="verdict" role="status">{verdict}{listed(marks, language)}</div>{drawn}'}

    runner = Runner(texts, shown, [place, notice], stream=make, settle=draw, draw=draw, work=WORK)
    changed = [place, shown, *(output for panel in panels for output in panel.form.outputs)]
    used.redraw_after(runner.start(upload.upload, restore, [upload], notice, changed), texts)


def _intro(language: str) -> str:
    return f'<p class="intro">{escape(text("open_intro", language))}</p>'

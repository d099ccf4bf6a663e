"""The page of the piano tab that opens a downloaded piece: it is made again, and its settings go back to the fields."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import gradio as gr

from genai_demo.errors import UserError
from genai_demo.music.requests import ComposeRequest, given_music
from genai_demo.ui.components.address import page_address
from genai_demo.ui.components.file_drop import FileDrop, file_drop
from genai_demo.ui.components.widget import sent
from genai_demo.ui.files import opened_bytes, received, too_large_to_open
from genai_demo.ui.forms import PRIVATE, Updates, notice_place, refusing
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.marks import listed, refused
from genai_demo.ui.music import files as music_files
from genai_demo.ui.music.compose import ComposePage
from genai_demo.ui.music.library import Item, Library
from genai_demo.ui.music.melody import WRONG
from genai_demo.ui.music.panel import WORK, LibraryPanel
from genai_demo.ui.training import in_use
from genai_demo.ui.training.using import UsedModels

_LONGEST_NAME = 100
"""characters of a file's name that an error repeats"""


@dataclass(frozen=True)
class OpenPanel:
    """The components of the page."""

    intake: FileDrop
    notice: gr.HTML
    verdict: gr.HTML
    kept: gr.State
    """the `Opened` file"""

    def connect(self, panel: LibraryPanel, compose: ComposePage, texts: Texts, used: UsedModels) -> None:
        """Let an opened piece come to the library, its settings to their fields, and its model to `used`."""
        language, form = texts.language, compose.form
        places = [self.notice, self.verdict, self.kept, *panel.outputs, *form.outputs]

        @refusing(self.notice, "music")
        def open_file(language: str, event: gr.EventData) -> Updates:
            """Make the piece of a file again."""
            file = sent(event)
            content = received(file.get("content"), opened_bytes(), *WRONG)
            try:
                found = music_files.opened(content, str(file.get("name"))[:_LONGEST_NAME])
            except UserError as error:
                return {self.notice: refused(error, content, str(file.get("name")), language, "music")}
            in_use.follow("music", found.receipt.model)
            # with the seed of the receipt kept, pressing the button gives the same piece once more
            settings = form.restored(found.request) if isinstance(found.request, ComposeRequest) else {}
            opened = {self.notice: "", self.verdict: _verdict(found, language), self.kept: found}
            return {**opened, **panel.updates(_library(found), language), **settings}

        def drawn(language: str, found: music_files.Opened | None) -> str:
            """Say in `language` what was found."""
            return _verdict(found, language) if found else ""

        opening = self.intake.chosen(
            open_file, language, places, show_progress="hidden", api_visibility="private", **WORK
        )
        opening.then(
            None,
            None,
            None,
            js=f"() => {{ {self.intake.function('read')}(); genaiDemo.reveal('music-desk'); }}",
            api_visibility="private",
        )
        used.redraw_after(opening, texts)
        language.input(drawn, [language, self.kept], self.verdict, **PRIVATE)


def open_page(texts: Texts) -> OpenPanel:
    """Build the page."""
    page_address("music", "open")
    accept = ".zip,.mid,.midi,.musicxml,.xml,.json,.txt,.svg,.pdf,audio/*,image/*,video/mp4"
    intake = file_drop(texts, "music-open-drop", "music_open", accept, opened_bytes(), too_large_to_open)
    notice = notice_place(texts, "music-open-notice")
    return OpenPanel(intake, notice, gr.HTML("", elem_id="music-verdict"), gr.State(None))


def _library(found: music_files.Opened) -> Library:
    """Return a library with an opened piece; undoing it shows the music that it was made from."""
    past: tuple[Item, ...] = ()
    if not isinstance(found.request, ComposeRequest):
        past = (Item(given_music(found.request.music)),)
    return Library((Item(found.composition.piece, found.request, found.receipt, past=past),))


def _verdict(found: music_files.Opened, language: str) -> str:
    lines = [text("music_open_made", language, checkpoint=found.receipt.checkpoint)]
    if found.same is not None:
        lines.append(text("music_open_same" if found.same else "music_open_changed", language))
    if isinstance(found.request, ComposeRequest):
        lines.append(text("music_open_settings", language))
    told = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<div class="verdict" role="status">{told}{listed(found.marks, language)}</div>'

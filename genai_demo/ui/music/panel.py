"""The place of the library in the piano tab, and what happens when a model runs or a card's button is pressed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.errors import UserError
from genai_demo.ui import cards
from genai_demo.ui.forms import PRIVATE, new_seed, notice_place, parcel
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.music import cards as music_cards
from genai_demo.ui.music import files as music_files
from genai_demo.ui.music import handlers
from genai_demo.ui.music.compose import ComposePanel
from genai_demo.ui.music.library import Item, Job, Library, at, settled

WORK: dict[str, Any] = {"concurrency_id": "music", "concurrency_limit": 2}
"""What an event is that runs a music model: two run at once, the others wait."""
CRAFT: dict[str, Any] = {"concurrency_id": "sound", "concurrency_limit": 2}
"""What an event is that makes sound, sheet music or files."""
_SCRIPT = """genaiMusic.desk(element, {
    act: (asked) => trigger('act', asked), sound: (asked) => trigger('sound', asked),
    score: (asked) => trigger('score', asked), file: (asked) => trigger('file', asked),
    print: (asked) => trigger('print', asked),
}, (drawn) => watch('value', drawn))"""


@dataclass(frozen=True)
class LibraryPanel:
    """The components of the library."""

    notice: gr.HTML
    """why something was refused"""
    status: gr.HTML
    library: gr.HTML
    shown: gr.State
    """the `Desk` that is shown"""

    @property
    def outputs(self) -> list[Component]:
        """What a new library changes, in the order of `placed`."""
        return [self.notice, self.status, self.library, self.shown]


def placed(library: Library | None, language: str) -> tuple[Any, ...]:
    """Return what `DeskPanel.outputs` show of a library."""
    status = music_cards.status(library, language) if library else ""
    return "", status, handlers.drawn(library, language), library


def library_panel(texts: Texts) -> LibraryPanel:
    """Build the library."""
    with gr.Row(elem_classes="desk-head"):
        status = gr.HTML("", elem_id="music-status")
        save = texts.make(
            gr.Button, {"value": "music_download_all"}, size="sm", elem_id="music-zip", elem_classes="quiet"
        )
    notice = notice_place(texts, "music-desk-notice")
    library = texts.make(
        gr.HTML,
        {"value": lambda language: cards.placeholder(text("music_empty", language))},
        switched=False,
        elem_id="music-desk",
        elem_classes="paper",
        js_on_load=_SCRIPT,
    )
    panel = LibraryPanel(notice, status, library, gr.State(None))
    _pack(panel, save, texts)
    _craft(panel, texts)
    return panel


def _pack(panel: LibraryPanel, save: gr.Button, texts: Texts) -> None:
    """Let a button save all pieces; nothing is written on this machine for it."""

    def pack(language: str, library: Library | None) -> tuple[str, str]:
        try:
            return music_files.archive_file(library, language) if library else "", ""
        except UserError as error:
            return "", cards.notice(handlers.sentence(error, language))

    parcel(save.click, pack, [texts.language, panel.shown], more=[panel.notice], **CRAFT)


def _craft(panel: LibraryPanel, texts: Texts) -> None:
    """Let the cards have their sound, their scores and their files."""
    language = texts.language

    def sound(item: Item, event: gr.EventData, language: str) -> str:
        return music_files.sound_parcel(item, str(_sent(event, "kind")))

    def score(item: Item, event: gr.EventData, language: str) -> str:
        return music_files.score_parcel(item, _sent(event, "width"), language)

    def file(item: Item, event: gr.EventData, language: str) -> str:
        return music_files.piece_file(item, int(_sent(event, "place")), str(_sent(event, "kind")), language)

    def printed(item: Item, event: gr.EventData, language: str) -> str:
        return music_files.printed_parcel(item, language)

    for asked, make, take in (
        (panel.library.sound, sound, "genaiPlayer.take"),
        (panel.library.score, score, "genaiMusic.takeScore"),
        (panel.library.file, file, "genaiDemo.save"),
        (panel.library.print, printed, "genaiScore.print"),
    ):
        parcel(asked, _answer(make), [language, panel.shown], take, [panel.notice], trigger_mode="multiple", **CRAFT)


def _answer(make: Callable[[Item, gr.EventData, str], str]) -> Callable[..., tuple[str, str]]:
    """Return what answers a card: with what it asks for, and "" or why it cannot have it."""

    def answer(language: str, library: Library | None, event: gr.EventData) -> tuple[str, str]:
        try:
            library, place = at(library, _sent(event, "place"), _sent(event, "key"))
            return make(library.items[place], event, language), ""
        except UserError as error:
            return "", cards.notice(handlers.sentence(error, language))

    return answer


def connect(panel: LibraryPanel, compose: ComposePanel, texts: Texts) -> None:
    """Let the page's button and those of the cards run models."""
    language = texts.language
    job, busy = gr.State(None), gr.State(False)
    allowed = gr.Textbox(visible="hidden", show_label=False)

    def begin(language: str, fresh: bool, *values: Any) -> tuple[Any, ...]:
        """Refuse what is not allowed; otherwise settle the seed and show that the model is at work."""
        if fresh:
            values = (*values[:-1], new_seed())
        request = handlers.compose_request(values)
        try:
            handlers.check(request)
        except UserError as error:
            # The last pieces stay as they are.
            return cards.notice(handlers.sentence(error, language)), *[gr.skip()] * (5 + len(working))
        waiting = cards.placeholder(text("waiting", language))
        return "", request.seed, "", "", waiting, None, *_at_work(Job(request), language)

    def act(
        language: str, library: Library | None, busy: bool, temperature: float, top_p: float, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Do what a card's button asks for, or show that a model is at work on it."""
        unchanged = (gr.skip(),) * (3 + len(working))
        if busy:
            return (gr.skip(), *unchanged)
        try:
            found = handlers.asked(library, event._data or {}, temperature, top_p)
        except UserError as error:
            return cards.notice(handlers.sentence(error, language)), *unchanged
        if isinstance(found, Library):
            return *placed(found, language), *[gr.skip()] * len(working)
        return "", "", gr.skip(), gr.skip(), *_at_work(found, language)

    def run(language: str, job: Job, library: Library | None) -> Iterator[tuple[str, Library]]:
        """Show the pieces as they grow."""
        yield from handlers.stream(job, library, secrets.token_hex(4), language)

    def settle(language: str, library: Library | None) -> tuple[Any, ...]:
        """Show what there is once nothing runs any more, and offer the buttons again."""
        return (
            *placed(settled(library), language)[1:],
            gr.update(value=text("music_compose", language), interactive=True),
            gr.update(visible=False),
            False,
        )

    def switched(language: str, library: Library | None, busy: bool) -> tuple[Any, ...]:
        """Put the library and the button into `language`; what is being written follows when it is done."""
        name = gr.update(value=text("music_composing" if busy else "music_compose", language))
        return (gr.skip(), gr.skip(), name) if busy else (*placed(library, language)[1:3], name)

    working = [job, compose.run, compose.stop, busy, allowed]
    compose.run.click(
        begin,
        [language, compose.fresh, *compose.inputs],
        [compose.notice, compose.controls["seed"], *panel.outputs, *working],
        js="(...values) => { genaiPlayer.stop(); genaiDemo.reveal('music-desk'); return values; }",
        **PRIVATE,
    )
    panel.library.act(
        act,
        [language, panel.shown, busy, compose.controls["temperature"], compose.controls["top_p"]],
        [*panel.outputs, *working],
        **PRIVATE,
    )
    # Only what is allowed changes this field, and so only that gets into the queue.
    running = allowed.change(
        run,
        [language, job, panel.shown],
        [panel.library, panel.shown],
        show_progress="hidden",
        api_visibility="private",
        **WORK,
    )
    outcome = [panel.status, panel.library, panel.shown, compose.run, compose.stop, busy]
    running.then(settle, [language, panel.shown], outcome, **PRIVATE)
    # What follows `then` does not follow an error, such as that of a full queue.
    running.failure(settle, [language, panel.shown], outcome, **PRIVATE)
    # Ends the event above at its next yield; what follows it then settles the page.
    compose.stop.click(None, cancels=running, api_visibility="private")
    language.input(switched, [language, panel.shown, busy], [panel.status, panel.library, compose.run], **PRIVATE)


def _at_work(job: Job, language: str) -> tuple[Any, ...]:
    """Return what shows that a model is at work: the job, both buttons, and what starts it."""
    return (
        job,
        gr.update(value=text("music_composing", language), interactive=False),
        gr.update(visible=True),
        True,
        secrets.token_hex(8),
    )


def _sent(event: gr.EventData, name: str) -> Any:
    return (event._data or {}).get(name)

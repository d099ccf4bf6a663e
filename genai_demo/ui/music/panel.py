"""The place of the library in the piano tab, and what happens when a model runs or a card's button is pressed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.music.requests import ContinueRequest, HarmoniseRequest, Request, RewriteRequest
from genai_demo.ui import cards
from genai_demo.ui.address import linked
from genai_demo.ui.components.address import page_address
from genai_demo.ui.components.library import PieceLibrary
from genai_demo.ui.components.widget import sent
from genai_demo.ui.forms import Updates, new_seed, notice_place, parcel
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.music import cards as music_cards
from genai_demo.ui.music import explaining, handlers
from genai_demo.ui.music import files as music_files
from genai_demo.ui.music.carried import PAGE, CarriedPiece
from genai_demo.ui.music.compose import ComposePage
from genai_demo.ui.music.library import Item, Job, Library, at, settled
from genai_demo.ui.runner import Runner

WORK: dict[str, Any] = {"concurrency_id": "music", "concurrency_limit": 2}
"""What an event is that runs a music model: two run at once, the others wait."""
CRAFT: dict[str, Any] = {"concurrency_id": "sound", "concurrency_limit": 2}
"""What an event is that makes sound, sheet music or files."""


@dataclass(frozen=True)
class LibraryPanel:
    """The components of the library."""

    notice: gr.HTML
    """why something was refused"""
    status: gr.HTML
    library: PieceLibrary
    shown: gr.State
    """the `Library` that is shown"""

    @property
    def outputs(self) -> list[Component]:
        """What `updates` changes."""
        return [self.notice, self.status, self.library, self.shown]

    def updates(self, library: Library, language: str) -> Updates:
        """Return what shows another library."""
        drawn = {self.status: music_cards.status(library, language), self.library: handlers.drawn(library, language)}
        return {self.notice: "", self.shown: library, **drawn}


def library_panel(texts: Texts) -> LibraryPanel:
    """Build the library."""
    with gr.Row(elem_classes="desk-head"):
        status = gr.HTML("", elem_id="music-status")
        save = texts.make(
            gr.Button, {"value": "music_download_all"}, size="sm", elem_id="music-zip", elem_classes="quiet"
        )
    notice = notice_place(texts, "music-desk-notice")
    first = handlers.shipped()
    value = {"value": lambda language: handlers.drawn(first, language)}
    library = texts.make(PieceLibrary, value, switched=False, elem_id="music-desk", elem_classes="paper")
    panel = LibraryPanel(notice, status, library, gr.State(first))
    _craft(panel, save, texts)
    return panel


def _craft(panel: LibraryPanel, save: gr.Button, texts: Texts) -> None:
    """Let the cards have their sound, their scores and their files, and a button save all pieces."""

    def pack(language: str, library: Library | None) -> str:
        return music_files.archive_file(library, language) if library else ""

    inputs = [texts.language, panel.shown]
    parcel(save.click, pack, inputs, panel.notice, "music", **CRAFT)
    for asked, make, take in (
        (panel.library.sound, _sound, panel.library.function("takeSound")),
        (panel.library.score, _score, panel.library.function("takeScore")),
        (panel.library.file, _file, "genaiDemo.save"),
        (panel.library.print, _print, panel.library.function("print")),
    ):
        parcel(asked, _answer(make), inputs, panel.notice, "music", take, trigger_mode="multiple", **CRAFT)
    for asked, make, take, work in (
        (panel.library.explain, _inside, panel.library.function("takeInside"), WORK),
        (panel.library.taken_up, _bars, panel.library.function("takeBars"), WORK),
        (panel.library.rival, _rival, panel.library.function("takeRival"), CRAFT),
        (panel.library.table, _table, "genaiDemo.save", WORK),
    ):
        parcel(asked, _answer(make), inputs, panel.notice, "music", take, trigger_mode="multiple", **work)


def _sound(item: Item, wanted: dict[str, Any], language: str) -> str:
    return music_files.sound_parcel(item, str(wanted.get("kind")))


def _score(item: Item, wanted: dict[str, Any], language: str) -> str:
    return music_files.score_parcel(item, wanted.get("width"), language)


def _file(item: Item, wanted: dict[str, Any], language: str) -> str:
    return music_files.piece_file(item, int(wanted["place"]), str(wanted.get("kind")), language)


def _print(item: Item, wanted: dict[str, Any], language: str) -> str:
    return music_files.printed_parcel(item, language)


def _inside(item: Item, wanted: dict[str, Any], language: str) -> str:
    return explaining.inside_parcel(item)


def _bars(item: Item, wanted: dict[str, Any], language: str) -> str:
    return explaining.bars_parcel(item)


def _rival(item: Item, wanted: dict[str, Any], language: str) -> str:
    return explaining.rival_parcel(item, wanted)


def _table(item: Item, wanted: dict[str, Any], language: str) -> str:
    return explaining.table_file(item, str(wanted.get("view")))


def _answer(make: Callable[[Item, dict[str, Any], str], str]) -> Callable[..., str]:
    """Return what answers a card with what it asks for."""

    def answer(language: str, library: Library | None, event: gr.EventData) -> str:
        wanted = sent(event)
        library, place = at(library, wanted.get("place"), wanted.get("key"))
        return make(library.items[place], wanted, language)

    return answer


def connect(panel: LibraryPanel, compose: ComposePage, texts: Texts, page: gr.Blocks) -> None:
    """Let the page's button and those of the cards run models."""
    form, shown = compose.form, panel.shown

    def compose_new(language: str, _: Any, fresh: bool, *values: Any) -> tuple[Job, Updates]:
        if fresh:
            values = (*values[:-1], new_seed())
        request = form.request(values)
        handlers.check(request)
        return Job(request), {form.controls["seed"]: request.seed, **emptied(language)}

    def emptied(language: str) -> Updates:
        waiting = cards.placeholder(text("waiting", language))
        return {panel.notice: "", panel.status: "", panel.library: waiting, shown: None}

    def act(
        language: str, wanted: dict[str, Any], library: Library | None, temperature: float, top_p: float
    ) -> tuple[Job | None, Updates]:
        found = handlers.asked(library, wanted, temperature, top_p)
        return (None, panel.updates(found, language)) if isinstance(found, Library) else (found, {panel.status: ""})

    def stream(job: Job, library: Library | None, language: str) -> Iterator[Updates]:
        for after in handlers.stream(job, library, secrets.token_hex(4) if job.heard else ""):
            yield {shown: after, panel.library: handlers.drawn(after, language)}

    def settle(library: Library | None, language: str) -> Updates:
        after = settled(library)
        return {shown: after, **draw(after, language)}

    def draw(library: Library | None, language: str) -> Updates:
        return {panel.status: music_cards.status(library, language), panel.library: handlers.drawn(library, language)}

    outputs = [panel.status, panel.library]
    runner = Runner(texts, shown, outputs, stream=stream, settle=settle, draw=draw, work=WORK, buttons=compose.buttons)
    assert form.fresh
    runner.start(
        compose.buttons.run.click,
        compose_new,
        [form.fresh, *form.inputs],
        compose.notice,
        [form.controls["seed"], panel.notice, *outputs, shown],
        tab="music",
        script="genaiDemo.silence(); genaiDemo.widget('music-desk')?.asked(); genaiDemo.reveal('music-desk')",
    )
    form.remember(page)

    def follow(language: str, wanted: Any) -> tuple[Job | None, Updates]:
        """Put the settings of an address into the fields; with a seed they are those of a piece."""
        request, fields = form.followed(wanted, handlers.check)
        if request is None:
            return None, fields
        return Job(request, heard=False, linked=True), {**fields, **emptied(language)}

    def follow_change(kind: type[Request], language: str, wanted: Any) -> tuple[Job | None, Updates]:
        """Make the music again that came of a change; its settings are nobody's fields."""
        request = linked(kind, wanted["settings"])
        if request is None:
            return None, {}
        handlers.check(request)
        return Job(request, heard=False, linked=True), emptied(language)

    def follow_carried(language: str, wanted: Any) -> tuple[Job | None, Updates]:
        """Show the music that an address holds itself."""
        request = linked(CarriedPiece, wanted["settings"])
        return None, panel.updates(Library((request.item,)), language) if request else {}

    places = [panel.notice, *outputs, shown]
    carrying = page_address("music", PAGE)
    runner.start(carrying.follow, follow_carried, [], compose.notice, places, tab="music")
    runner.start(compose.address.follow, follow, [], compose.notice, [*form.outputs, *places], tab="music")
    for kind in (ContinueRequest, RewriteRequest, HarmoniseRequest):
        change = page_address("music", music_cards.PAGES[kind])
        runner.start(change.follow, partial(follow_change, kind), [], compose.notice, places, tab="music")
    sampling = [form.controls[name] for name in ("temperature", "top_p")]
    runner.start(panel.library.act, act, [shown, *sampling], panel.notice, [*outputs, shown], tab="music")
    runner.watch(texts, compose.model, handlers.problem, compose.problem)

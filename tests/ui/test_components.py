"""Widgets: what their scripts and their modules say of one another."""

from __future__ import annotations

import re
from pathlib import Path

import gradio as gr
import pytest

import genai_demo.ui.components
from genai_demo.ui.components.address import Address
from genai_demo.ui.components.face_grid import FaceGrid
from genai_demo.ui.components.face_strip import FaceStrip
from genai_demo.ui.components.file_drop import FileDrop
from genai_demo.ui.components.history import History
from genai_demo.ui.components.in_use import InUse
from genai_demo.ui.components.library import PieceLibrary
from genai_demo.ui.components.photo import Photo
from genai_demo.ui.components.piano import Piano
from genai_demo.ui.components.reading import ReadText
from genai_demo.ui.components.rivals import Replay, Rivals
from genai_demo.ui.components.training import Training
from genai_demo.ui.components.widget import Widget, sent
from genai_demo.ui.faces.explaining.panel import Inside
from genai_demo.ui.page import build, styles

FOLDER = Path(genai_demo.ui.components.__file__).parent
WIDGETS: dict[type[Widget], set[str]] = {
    Address: {"follow"},
    FileDrop: {"chosen"},
    Photo: {"chosen"},
    FaceGrid: {"pick"},
    FaceStrip: {"edit"},
    History: set(),
    Inside: {"ask", "move"},
    Piano: {"played"},
    InUse: {"back", "changed"},
    ReadText: set(),
    Replay: {"play"},
    Rivals: {"explain", "matter"},
    PieceLibrary: {"act", "sound", "score", "file", "print"},
    Training: {"use"},
}


@pytest.mark.parametrize("kind", WIDGETS, ids=lambda kind: kind.__name__)
def test_a_widget_has_the_events_that_its_script_triggers(kind: type[Widget]) -> None:
    with gr.Blocks():
        widget = kind(elem_id="one")
        assert set(re.findall(r"""trigger\(['"](\w+)['"]""", widget.js_on_load or "")) == WIDGETS[kind]
        for event in WIDGETS[kind]:
            getattr(widget, event)(lambda: None)
    assert widget.get_config()["js_on_load"] == widget.js_on_load
    assert widget.function("read") == "genaiDemo.widget('one').read"


def test_every_script_and_style_belongs_to_a_widget() -> None:
    parts = {part for kind in WIDGETS for part in kind.parts}
    assert {file.stem for file in FOLDER.glob("*.js")} == parts
    assert {file.stem for file in FOLDER.glob("*.css")} <= parts


def test_the_page_has_the_styles_of_its_widgets_once_before_those_of_its_tabs() -> None:
    names = [sheet.name for sheet in styles(build()[0])]
    assert len(names) == len(set(names))
    assert names[0] == "page.css" and {"file_drop.css", "notes.css", "library.css"} <= set(names)
    assert names.index("notes.css") < names.index("library.css") < names.index("music.css")


def test_no_stub_is_written_beside_a_widget() -> None:
    assert list(FOLDER.glob("*.pyi")) == []


def test_an_event_without_data_sent_nothing() -> None:
    assert sent(gr.EventData(None, None)) == {}
    assert sent(gr.EventData(None, {"place": 1})) == {"place": 1}

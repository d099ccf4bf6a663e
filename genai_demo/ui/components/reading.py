"""A text that a model read: its words can be opened, and painted with what mattered for one or with a unit's values."""

from __future__ import annotations

import json
from html import escape
from typing import ClassVar

from genai_demo.ui.components.widget import Widget
from genai_demo.ui.languages import text

_WORDS = (
    *("read_in", "read_pieces", "read_expected", "read_expected_piece", "read_chance", "read_matter", "read_back"),
    *("read_csv", "read_code", "read_deeper", "read_wait", "matter_title", "matter_gradient", "matter_attention"),
    *("matter_topic", "matter_end", "matter_blank", "units_finding", "units_found", "units_note", "units_show"),
    *("units_number", "units_title", "rivals_line_break", "rivals_control"),
)
"""what the script says"""
_LEFT = {name: f"{{{name}}}" for name in ("bits", "odds", "pieces", "word", "trait", "correlation", "floor", "count")}
"""fields of its sentences, which it fills in"""


def said(language: str) -> str:
    """Return the attribute that holds the script's sentences."""
    words = {name: text(name, language, **_LEFT) for name in _WORDS}
    return f'data-words="{escape(json.dumps(words, ensure_ascii=False))}"'


class ReadText(Widget):
    """A place for a text that was read; `matter`, `unit` and `units` ask for what its `take` takes."""

    parts: ClassVar[tuple[str, ...]] = ("reading",)

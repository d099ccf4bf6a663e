"""What else could have stood where a word of a text stands: opened at the word, and the text goes on from a rival."""

from __future__ import annotations

import json
from html import escape
from typing import ClassVar

from genai_demo.ui.components.widget import Widget
from genai_demo.ui.languages import Texts, text

_WORDS = (
    *("title", "intro", "drawn", "chosen", "step", "word", "before", "after", "go_on", "others", "forbidden"),
    *("not_allowed", "end", "line_break", "control", "model", "deeper", "csv", "code", "wait", "close"),
    *("matter", "mattered_first"),
)
"""what the script says"""
_MATTERED = ("matter_title", "matter_gradient", "matter_attention", "matter_topic", "matter_end", "matter_blank")
_LEFT = {name: f"{{{name}}}" for name in ("percent", "step", "word", "model", "checkpoint")}
"""fields of its sentences, which it fills in"""


_PLAYED = (
    *(
        "title_words",
        "title_blanks",
        "of",
        "first",
        "back",
        "next",
        "play",
        "pause",
        "slider",
        "close",
        "wait",
        "start",
    ),
    *("start_blanks", "strip", "drawn", "chosen", "state", "step", "filled"),
)
"""what the script of the replay says"""
_LEFT_PLAYED = {
    name: f"{{{name}}}" for name in ("number", "count", "uniform", "word", "percent", "step", "now", "left")
}


class Rivals(Widget):
    """A panel that opens at a word of any finished text.

    `explain` asks for a text's probabilities by its receipt, and `matter` for what mattered for a token; the script's
    `take` takes them.
    """

    parts: ClassVar[tuple[str, ...]] = ("rivals",)


def rivals(texts: Texts, elem_id: str) -> Rivals:
    """Build the panel; it shows nothing until a word is opened."""

    def drawn(language: str) -> str:
        words = {name: text(f"rivals_{name}", language, **_LEFT) for name in _WORDS}
        words |= {name: text(name, language, **_LEFT) for name in _MATTERED}
        said = escape(json.dumps(words, ensure_ascii=False))
        return (
            f'<section class="rivals" popover="manual" role="dialog" data-words="{said}" '
            f'aria-label="{escape(words["title"])}"></section>'
        )

    return texts.make(Rivals, {"value": drawn}, elem_id=elem_id, elem_classes="rivals-place")


class Replay(Widget):
    """A panel below a text that writes it once more, a token or a step at a time.

    `play` asks for what was drawn, by the text's receipt; the script's `take` takes it.
    """

    parts: ClassVar[tuple[str, ...]] = ("replay",)


def replay(texts: Texts, elem_id: str) -> Replay:
    """Build the panel; it shows nothing until a text is replayed."""

    def drawn(language: str) -> str:
        words = {name: text(f"replay_{name}", language, **_LEFT_PLAYED) for name in _PLAYED}
        words |= {name: text(f"rivals_{name}", language) for name in ("end", "line_break", "control")}
        said = escape(json.dumps(words, ensure_ascii=False))
        return f'<section class="replay" popover="manual" role="dialog" data-words="{said}"></section>'

    return texts.make(Replay, {"value": drawn}, elem_id=elem_id, elem_classes="rivals-place")

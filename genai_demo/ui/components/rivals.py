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
)
"""what the script says"""
_LEFT = {name: f"{{{name}}}" for name in ("percent", "step", "word", "model", "checkpoint")}
"""fields of its sentences, which it fills in"""


class Rivals(Widget):
    """A panel that opens at a word of any finished text.

    `explain` asks for a text's probabilities by its receipt, which the script's `take` takes.
    """

    parts: ClassVar[tuple[str, ...]] = ("rivals",)


def rivals(texts: Texts, elem_id: str) -> Rivals:
    """Build the panel; it shows nothing until a word is opened."""

    def drawn(language: str) -> str:
        words = {name: text(f"rivals_{name}", language, **_LEFT) for name in _WORDS}
        said = escape(json.dumps(words, ensure_ascii=False))
        return (
            f'<section class="rivals" popover="manual" role="dialog" data-words="{said}" '
            f'aria-label="{escape(words["title"])}"></section>'
        )

    return texts.make(Rivals, {"value": drawn}, elem_id=elem_id, elem_classes="rivals-place")

"""The last results of every kind, as the visitor's browser keeps them: shown again, compared, saved, removed."""

from __future__ import annotations

import json
from html import escape
from typing import ClassVar

from genai_demo.ui.components.widget import Widget
from genai_demo.ui.languages import Texts, text

MOST = 30
"""results that a browser keeps"""
_WORDS = ("open", "compare", "compare_one", "download", "delete", "removed", "undo", "close", "show")
"""what the script says"""


class History(Widget):
    """A strip of results; all of them are in the browser, none on the server."""

    parts: ClassVar[tuple[str, ...]] = ("history",)


def history(texts: Texts) -> History:
    """Build the strip; it shows nothing until there is a result."""

    def drawn(language: str) -> str:
        words = {name: text(f"history_{name}", language, title="{title}") for name in _WORDS}
        said = escape(json.dumps(words, ensure_ascii=False))
        heading, info, keep, compare = (
            escape(text(key, language, most=MOST))
            for key in ("history", "history_info", "history_keep", "history_compare")
        )
        return (
            f'<section class="strip-of-results" data-most="{MOST}" data-words="{said}" '
            f'aria-labelledby="history-heading" hidden><header><h2 id="history-heading">{heading}</h2>'
            f'<p class="hint">{info}</p><button type="button" data-do="compare" disabled>{compare}</button>'
            f'<label><input type="checkbox" data-do="keep"> {keep}</label></header>'
            f'<p class="removed" role="status"></p><ul></ul><dialog></dialog></section>'
        )

    return texts.make(History, {"value": drawn}, elem_id="history")

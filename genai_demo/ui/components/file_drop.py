"""A place for files: they come as the event `chosen`, with `content` in base64 and `name`."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import ClassVar

from genai_demo.ui.components.widget import Widget
from genai_demo.ui.languages import Texts, text


class FileDrop(Widget):
    """A place where a file is dropped, or chosen by a button; the script's `read` takes its last words back."""

    parts: ClassVar[tuple[str, ...]] = ("file_drop",)


def file_drop(
    texts: Texts, elem_id: str, keys: str, accept: str, most: int, too_large: Callable[[str], str], heading: str = ""
) -> FileDrop:
    """Build a place for files.

    Args:
        texts: the texts of the page.
        elem_id: its element id.
        keys: what the keys of its words begin with.
        accept: which files the browser offers.
        most: bytes of the largest.
        too_large: from a language to what is said of a larger one, with "{file}" for its name.
        heading: key of what stands above.
    """

    def drawn(language: str) -> str:
        intro, drop, choose, reading = (
            escape(text(f"{keys}_{key}", language, most=most // 2**20))
            for key in ("intro", "drop", "button", "reading")
        )
        head = f"<h2>{escape(text(heading, language))}</h2>" if heading else ""
        return (
            f'{head}<p class="{"hint" if heading else "intro"}">{intro}</p>'
            f'<div class="drop" data-most="{most}" data-too-large="{escape(too_large(language))}" '
            f'data-reading="{reading}">'
            f'<div class="ways"><button type="button" data-take="choose">{choose}</button></div>'
            f'<p class="hint">{drop}</p><input type="file" accept="{accept}" hidden></div>'
            f'<p class="file-said" role="status"></p>'
        )

    return texts.make(FileDrop, {"value": drawn}, elem_id=elem_id)

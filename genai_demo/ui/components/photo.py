"""A place for a photo: a file, or a picture that the camera takes; it comes as the event `chosen`, as a file does."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import ClassVar

from genai_demo.ui.components.file_drop import FileDrop
from genai_demo.ui.languages import Texts, text


class Photo(FileDrop):
    """A place for a photo."""

    parts: ClassVar[tuple[str, ...]] = ("file_drop", "photo")


def photo(texts: Texts, elem_id: str, keys: str, most: int, too_large: Callable[[str], str]) -> Photo:
    """Build a place for a photo.

    Args:
        texts: the texts of the page.
        elem_id: its element id.
        keys: what the keys of its words begin with.
        most: bytes of the largest file.
        too_large: from a language to what is said of a larger one.
    """

    def drawn(language: str) -> str:
        def said(name: str) -> str:
            return escape(text(f"{keys}_{name}", language, most=most // 2**20))

        button = {
            name: f'<button type="button" data-take="{name}">{said(name)}</button>'
            for name in ("choose", "camera", "snap", "cancel")
        }
        return (
            f'<p class="intro">{said("intro")}</p>'
            f'<div class="drop" data-most="{most}" data-too-large="{escape(too_large(language))}" '
            f'data-no-camera="{said("no_camera")}" data-reading="{said("reading")}">'
            f'<div class="ways">{button["choose"]}{button["camera"]}</div>'
            f'<p class="hint">{said("drop")}</p><input type="file" accept="image/*" hidden></div>'
            f'<div class="camera"><video playsinline muted></video>'
            f'<div class="ways">{button["snap"]}{button["cancel"]}</div></div>'
            f'<p class="hint">{said("kept")}</p><p class="file-said" role="status"></p>'
        )

    return texts.make(Photo, {"value": drawn}, elem_id=elem_id)

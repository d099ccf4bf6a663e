"""Pieces as cards: each is drawn, played and printed in the page, and its buttons ask the server for the rest."""

from __future__ import annotations

from typing import ClassVar

from genai_demo.ui.components.widget import Widget


class PieceLibrary(Widget):
    """Cards of pieces.

    `act` is a button that changes a piece; `sound`, `score`, `file` and `print` ask for what the script's `takeSound`,
    `takeScore`, the page's `save`, and the script's `print` take. `explain`, `taken_up` and `rival` ask why a piece
    became what it is, which `takeInside`, `takeBars` and `takeRival` take, and `table` for the numbers as a file.
    """

    parts: ClassVar[tuple[str, ...]] = (
        "notes",
        "library_roll",
        "library_score",
        "library_player",
        "library_choice",
        "library_inside",
        "library_views",
        "library",
    )

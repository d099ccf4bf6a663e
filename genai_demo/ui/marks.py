"""The marks of a file as HTML; what a file says of itself is escaped here."""

from __future__ import annotations

from html import escape

from genai_demo.catalogue import message
from genai_demo.errors import UserError
from genai_demo.marks.reading import Marks, read_marks
from genai_demo.marks.telling import told
from genai_demo.ui import cards
from genai_demo.ui.languages import sentence


def listed(marks: Marks, language: str) -> str:
    """Return what the marks of a file say, one line each."""
    lines = "".join(f"<li>{escape(line)}</li>" for line in told(marks, language))
    return f'<div class="marks"><p>{escape(message("marks.found", language))}</p><ul>{lines}</ul></div>'


def refused(error: UserError, content: bytes, language: str, tab: str = "") -> str:
    """Return why nothing can be made again from a file, and what the file says of itself.

    Args:
        error: the reason.
        content: of the file.
        language: of the words.
        tab: by whose names for settings.
    """
    return cards.notice(sentence(error, language, tab)) + listed(read_marks(content), language)

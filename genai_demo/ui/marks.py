"""What a file is, as HTML: its marks, and what it holds; what a file says of itself is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from genai_demo.catalogue import message
from genai_demo.errors import UserError
from genai_demo.marks.reading import Marks, read_marks
from genai_demo.marks.telling import told
from genai_demo.modalities import modalities
from genai_demo.ui import cards
from genai_demo.ui.languages import sentence

_LONGEST_NAME = 80
_SEEN = ("image/", "video/")
"""kinds of files that hold nothing to learn from, and that may show somebody: they are not written anywhere"""


def listed(marks: Marks, language: str) -> str:
    """Return what the marks of a file say, one line each."""
    return f'<div class="marks"><p>{escape(message("marks.found", language))}</p>{_list(told(marks, language))}</div>'


def refused(error: UserError, content: bytes, name: str, language: str, tab: str = "") -> str:
    """Return why nothing can be made again from a file, what is in it, and what it says of itself.

    Args:
        error: the reason.
        content: of the file.
        name: of the file, as the visitor has it.
        language: of the words.
        tab: by whose names for settings.
    """
    marks = read_marks(content)
    holds = [] if marks.kind.startswith(_SEEN) else _holds(content, name, language)
    known = f'<div class="marks">{_list(holds)}</div>' if holds else ""
    return cards.notice(sentence(error, language, tab)) + known + listed(marks, language)


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _holds(content: bytes, name: str, language: str) -> list[str]:
    """Return what there is to tell of music, or of what one can learn from; nothing of any other file."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / (re.sub(r"[^\w.() -]", "_", Path(name).name)[-_LONGEST_NAME:].lstrip(".") or "file")
        file.write_bytes(content)
        for modality in modalities().values():
            try:
                found = modality.inspect(file, language)
            except UserError as error:
                found = {"remarks": [error.in_language(language)]}
            if found is not None:
                lines = [*found.get("told", []), *found.get("remarks", [])]
                return [line.replace(f"{folder}/", "") for line in lines]
    return []

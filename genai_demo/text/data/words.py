"""What a text is counted in: words, or the characters of a script that has no spaces between them."""

from __future__ import annotations

import re

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Chinese characters, as in a class of a regular expression"""
_HAN = re.compile(f"[{HAN}]")


def is_chinese(text: str) -> bool:
    """Return whether there is a Chinese character in `text`."""
    return _HAN.search(text) is not None


def words_of(text: str) -> list[str]:
    """Return the words of `text`; those of a Chinese text are its characters, the spaces left out."""
    words = text.split()
    return [*"".join(words)] if is_chinese(text) else words


def joined_words(words: list[str]) -> str:
    """Return a text of `words`, with spaces between them unless they are Chinese."""
    return ("" if any(map(is_chinese, words)) else " ").join(words)

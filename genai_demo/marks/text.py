"""Marks in text files: YAML front matter, and the receipt in the last line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from genai_demo.marks.origin import AIGC, RECEIPT_KEY, SOURCE

RECEIPT_MARK = "Receipt: "
"""begins the last line of a text file with a receipt"""
_FRONT = re.compile(r"---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)
_LONGEST_FRONT = 20_000


def front_matter(entries: dict[str, str]) -> str:
    """Return YAML front matter with `entries`, the receipt left out, which stands at the end; JSON is YAML, too."""
    lines = "".join(f"{key}: {value}\n" for key, value in entries.items() if key != RECEIPT_KEY)
    return f"---\n{lines}---\n"


def in_text(text: str) -> Iterator[tuple[str, str]]:
    """Yield the entries of a text's front matter, and the receipt in its last lines, or that it is as a whole."""
    for line in reversed(text.split("\n")):  # JSON may hold other line separators unescaped
        if line.startswith(RECEIPT_MARK):
            yield RECEIPT_KEY, line.removeprefix(RECEIPT_MARK)
            break
    else:
        if text.lstrip().startswith("{"):
            yield RECEIPT_KEY, text
    front = _FRONT.match(text, 0, _LONGEST_FRONT)
    if not front:
        return
    import yaml

    try:
        told = yaml.safe_load(front[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        return  # a text may begin with such a line for its own reasons
    if isinstance(told, dict):
        yield from ((key, _plain(told[key])) for key in (SOURCE, AIGC) if key in told)


def _plain(value: object) -> str:
    """Return a value as text: a flat mapping as JSON."""
    if isinstance(value, dict):
        return json.dumps({str(key): str(entry) for key, entry in value.items() if not isinstance(entry, (dict, list))})
    return str(value)

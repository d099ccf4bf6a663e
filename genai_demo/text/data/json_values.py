"""The values of JSON files in whatever shape programs save tables: by line, one behind the other, or in one value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from genai_demo.errors import UserError

_SPACE = re.compile(r"[\s\x1e]*")
"""what may stand between values; the record separator is that of RFC 7464"""


def json_values(name: str, text: str, is_table: Callable[[Sequence[str]], bool]) -> Iterator[tuple[int, Any]]:
    """Yield each row's value with its line, or its number within one value that holds all; or what is wrong with it.

    Args:
        name: of the file, for the sentence.
        text: its content.
        is_table: tells whether names are those of a table's columns.

    Raises:
        UserError: it is one array, and damaged.
    """
    if re.match(r"\s*\[\s*\{", text):
        try:
            yield from enumerate(json.loads(text), 1)
        except (ValueError, RecursionError) as error:
            raise UserError("text.bad_json", file=name, line=getattr(error, "lineno", 1)) from error
        return
    decoder = json.JSONDecoder()
    at, line, counted = _end_of_space(text, 0), 1, 0
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, after = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield line, UserError("text.bad_json", file=name, line=line)
            after = text.find("\n", at)
            after = after if after >= 0 else len(text)
        else:
            alone = line == 1 and _end_of_space(text, after) == len(text)
            rows = _rows_in(value, is_table) if alone and isinstance(value, dict) else None
            yield from enumerate(rows, 1) if rows is not None else [(line, value)]
        at = _end_of_space(text, after)


def _end_of_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _rows_in(value: dict[str, Any], is_table: Callable[[Sequence[str]], bool]) -> list[Any] | None:
    """Return the rows that one object holds; None where it is a row itself.

    They lie in it by column, as lists or by number; behind the names of the columns; or in the only list of objects.
    """
    cells = list(value.values())
    if is_table(list(value)):
        if all(isinstance(column, list) for column in cells):
            return [dict(zip(value, row, strict=True)) for row in zip(*cells, strict=False)]
        if all(isinstance(column, dict) for column in cells):
            return [{key: column.get(number) for key, column in value.items()} for number in cells[0]]
        return None
    columns, data = value.get("columns"), value.get("data")
    if isinstance(columns, list) and isinstance(data, list):
        names = [str(column) for column in columns]
        whole = (isinstance(row, list) and len(row) == len(names) for row in data)
        return [dict(zip(names, row, strict=True)) if fits else row for row, fits in zip(data, whole, strict=True)]
    lists = [one for one in cells if isinstance(one, list) and any(isinstance(row, dict) for row in one)]
    return lists[0] if len(lists) == 1 else None

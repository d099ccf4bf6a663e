"""The page's address: tab, page and the settings of a result, so that whoever opens it sees the same one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import urlencode

from genai_demo.engine.fields import Field, fields_of
from genai_demo.errors import UserError

R = TypeVar("R")


def link(tab: str, page: str, request: Any) -> str:
    """Return the query of the address that shows the result of a request.

    Args:
        tab: name of the tab.
        page: name of the page in it.
        request: a dataclass; what is empty is left out, and nothing else, since what is usual may be another thing in
            later versions.
    """
    values, plain = {"tab": tab, "page": page}, asdict(request)
    for field in fields_of(type(request)):
        value = plain[field.name]
        if value not in ("", ()):
            value = float(value) if field.kind is float else value
            values[field.name] = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return f"?{urlencode(values)}"


def linked(kind: type[R], settings: Mapping[str, Any]) -> R | None:
    """Return the request that the settings of an address ask for; None where they hold none of its fields.

    Args:
        kind: class of the request.
        settings: names and values as they stand in the address; what is no field is for others.

    Raises:
        UserError: a setting cannot be read, or is not allowed.
    """
    values = {field.name: _value(field, settings[field.name]) for field in fields_of(kind) if field.name in settings}
    if not values:
        return None
    request: Any = kind(**values)
    request.check()
    return request


def _value(field: Field, written: Any) -> Any:
    if field.kind is str:
        return str(written)
    if get_origin(field.kind) is tuple:
        return _several(field, written)
    try:
        return field.kind(written)
    except (TypeError, ValueError):
        return written  # for `check` to refuse with its sentence


def _several(field: Field, written: Any) -> tuple[Any, ...]:
    item = get_args(field.kind)[0]
    try:
        values = json.loads(written)
        if not isinstance(values, list):
            raise ValueError("no list")
        return tuple(_record(item, value) if is_dataclass(item) else item(value) for value in values)
    except (TypeError, ValueError, LookupError, RecursionError) as error:
        raise UserError("ui.link_unreadable", name=field.name) from error


def _record(kind: Any, values: Any) -> Any:
    known = {field.name: field for field in fields_of(kind)}
    read = {}
    for name, value in dict(values).items():
        if get_origin(known[name].kind) is tuple:
            item = get_args(known[name].kind)[0]
            read[name] = tuple(item(one) for one in value)
        else:
            read[name] = value
    return kind(**read)

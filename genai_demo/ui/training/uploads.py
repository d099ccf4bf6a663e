"""Files that visitors give to learn from: kept as long as a run needs them, checked before anything learns."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from genai_demo.catalogue import message
from genai_demo.engine.data.items import count_held_out
from genai_demo.engine.modality import Modality
from genai_demo.engine.runs.registry import all_runs
from genai_demo.errors import UserError
from genai_demo.settings import settings

_FOLDER = ".uploads"
_MOST_UNUSED = 20
"""files that are kept although no run learns from them"""
_LONGEST = 80
"""characters of a file's name that are kept"""
_ID = re.compile(r"[0-9a-f]{16}/[^/\\]+")
_ONE = threading.Lock()
"""one file is read at a time: the page has other things to do"""


def taken(modality: Modality, name: str, content: bytes, language: str) -> dict[str, Any]:
    """Keep a file and return its "id", "name", and what there is to learn from in it.

    "told" says so, a sentence each; the "example" of it is a "text", or a "picture" as an address.

    Args:
        modality: which is to learn from it.
        name: as the visitor calls it.
        content: of the file.
        language: of the sentences.

    Raises:
        UserError: it is no file of the right kind, or nothing can be learnt from it.
    """
    # A path of another system is a name here.
    plain = re.sub(r"[^\w.()-]+", "-", re.split(r"[/\\]", name)[-1]).strip(".-") or "data"
    ending = next((one for one in sorted(modality.uploads, key=len, reverse=True) if plain.lower().endswith(one)), None)
    if ending is None:
        raise UserError("training.upload_kind", file=name[:_LONGEST], allowed=", ".join(modality.uploads))
    plain = plain[: -len(ending)][:_LONGEST] + ending
    _tidy()
    digest = hashlib.sha256(content).hexdigest()[:16]
    file = _folder() / digest / plain
    known = file.is_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    try:
        with _ONE:
            found = (modality.glance or modality.inspect)(file, language)
        if found is None or "items" not in found:
            raise UserError("training.upload_nothing", file=plain)
        told = _told(modality, found, plain, language)
    except UserError:
        if not known:
            file.unlink(missing_ok=True)
            with suppress(OSError):  # the same content lies there by another name
                file.parent.rmdir()
        raise
    known_as = {"id": f"{digest}/{plain}", "name": plain}
    return {**known_as, "told": told, "example": _shown(found.get("example") or {})}


def _shown(example: Mapping[str, bytes]) -> dict[str, str]:
    if "png" in example:
        return {"picture": f"data:image/png;base64,{base64.b64encode(example['png']).decode()}"}
    return {"text": example["txt"].decode()} if "txt" in example else {}


def _told(modality: Modality, found: Mapping[str, Any], name: str, language: str) -> list[str]:
    """Return what was read; a run from the page holds out what the file does not.

    Args:
        modality: which is to learn from it.
        found: what `inspect` says of the file.
        name: of the file.
        language: of the sentences.

    Raises:
        UserError: there is but one item, and none to hold out or to learn from.
    """
    remarks: list[str] = found["remarks"]
    shares = [known.uploaded["hold_out"] for known in modality.trainable.values() if "hold_out" in known.uploaded]
    how = message(f"{modality.name}.hold_out", language)
    unheld = message("data.nothing_held_out", language, how=how)
    if not shares or unheld not in remarks:
        return remarks
    if (used := found["items"]["used"]) == 1:
        raise UserError(f"{modality.name}.two_needed", source=name)
    held = message("training.upload_hold_out", language, count=count_held_out(used, shares[0]))
    return [held if remark == unheld else remark for remark in remarks]


def path_of(upload: str) -> Path:
    """Return where a file lies that was given before.

    Raises:
        UserError: it is not there any more.
    """
    if _ID.fullmatch(upload) is None or not (_folder() / upload).is_file():
        raise UserError("training.upload_gone")
    return _folder() / upload


def _folder() -> Path:
    return settings().runs / _FOLDER


def _tidy() -> None:
    """Of what no run learns from, remove what is old, and what is too much."""
    needed = " ".join(run.command for run in all_runs())
    unused = [folder for folder in _folder().glob("*") if folder.name not in needed]
    newest = sorted(unused, key=lambda folder: folder.stat().st_mtime, reverse=True)
    for place, folder in enumerate(newest):
        if place >= _MOST_UNUSED or time.time() - folder.stat().st_mtime > settings().keep_seconds:
            shutil.rmtree(folder, ignore_errors=True)

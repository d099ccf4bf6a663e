"""Writing files so that a reader never sees half of one; reading text as people save it."""

from __future__ import annotations

import codecs
import json
import os
import re
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

from genai_demo.errors import UserError

_UNFINISHED = re.compile(r"\..+\.\w{8}|\.model(-\d+-of-\d+)?\.safetensors")
"""names of files that were being written when their process was killed"""
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins as the next one does
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_BE: "utf-16",
}


def decode_text(content: bytes, name: str) -> str:
    """Return the text of a file: UTF-8, or what its byte order mark says.

    Args:
        content: of the file.
        name: of the file, for the sentence.

    Raises:
        UserError: it is no such text.
    """
    encoding = next((encoding for mark, encoding in _MARKS.items() if content.startswith(mark)), "utf-8-sig")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UserError("engine.not_utf8", file=name) from error


def stands_for_another(content: bytes) -> str | None:
    """Return what a file is that was saved in place of another one: "lfs_pointer" or "web_page"; None for any other."""
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        return "lfs_pointer"
    return "web_page" if start.lower().startswith((b"<!doctype html", b"<html")) else None


def has_mark(content: bytes) -> bool:
    """Return whether a file begins with the byte order mark of UTF-16 or UTF-32, whose texts have zero bytes."""
    return content.startswith(tuple(_MARKS))


def remove_unfinished(folder: Path) -> None:
    """Remove what processes that were killed left half written in a folder, not in those below it."""
    for file in folder.glob(".*"):
        if _UNFINISHED.fullmatch(file.name) and file.is_file():
            file.unlink(missing_ok=True)


def write_text(file: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    write_bytes(file, text.encode("utf-8"))


def write_bytes(file: Path, content: bytes) -> None:
    """Write `content` by way of a temporary file in the same folder and a rename."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(file: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    write_text(file, json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n")


def without_accents(text: str) -> str:
    """Return a text without what stands above and below its letters, as people leave it out in names."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))

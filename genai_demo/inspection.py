"""Says what a file is: what was read of it, its receipt, and every mark of where it came from."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genai_demo.catalogue import message, terminal_language
from genai_demo.engine.generation.receipts import LARGEST_FILE
from genai_demo.engine.training.options import write_json_option
from genai_demo.errors import UserError
from genai_demo.marks.reading import Marks, read_marks
from genai_demo.marks.telling import told
from genai_demo.modalities import modalities


def inspect(path: Path, language: str = "en") -> dict[str, Any]:
    """Return all that there is to tell of a file or folder, as plain data.

    Args:
        path: of any file, or of a folder to learn from.
        language: of its sentences.

    Returns:
        "file" and "kind"; of music "bars", "metres", "keys", "tempo", "notes", "told" and "remarks"; of what one can
        learn from "items" and "remarks"; of a file "receipt" and "marks".

    Raises:
        UserError: there is no such file, or it cannot be read.
    """
    if not path.exists():
        raise UserError("engine.no_file", file=path)
    marks = _marks(path)
    found: dict[str, Any] = {"file": str(path), "kind": marks.kind if marks else "folder"}
    for modality in modalities().values():
        # A result that a text was downloaded as is no text to learn from.
        if marks and marks.receipt and path.suffix == ".txt":
            break
        if (known := modality.inspect(path, language)) is not None:
            found |= known
            break
    if marks is None:
        return found
    plain = marks.plain()
    return found | {"receipt": plain.pop("receipt"), "marks": plain | {"told": told(marks, language)}}


def _marks(path: Path) -> Marks | None:
    """Return the marks of a file; None for a folder, and for what is too large to be a result."""
    if path.is_dir() or path.stat().st_size > LARGEST_FILE:
        return None
    try:
        return read_marks(path.read_bytes())
    except OSError as error:
        raise UserError("data.unreadable", reason=error.strerror) from error


def inspect_files(paths: Sequence[Path], json_file: str | None) -> int:
    """Print what each file is, and return 0, or 2 if one of them cannot be read.

    Args:
        paths: of files and folders.
        json_file: where to write the same as JSON, a list; "-" for standard output, where nothing else stands then.

    Raises:
        UserError: that file cannot be written.
    """
    language, found, status = terminal_language(), [], 0
    for path in paths:
        try:
            found.append(inspect(path, language))
        except UserError as error:
            found.append({"file": str(path), "error": error.in_language(language)})
            status = 2
        for line in lines(found[-1], language):
            print(line, file=sys.stderr if json_file == "-" else sys.stdout)
    write_json_option(json_file, found)
    return status


def lines(found: Mapping[str, Any], language: str) -> list[str]:
    """Return what `inspect` found, line by line, as a terminal shows it."""
    said = [f"{found['file']}: {found.get('kind', found.get('error'))}"]
    said += found.get("told", [])
    said += found.get("remarks", [])
    if "receipt" in found:
        receipt = found["receipt"]
        said.append(
            message("inspect.receipt", language, modality=receipt["modality"], action=receipt["action"])
            if isinstance(receipt, dict) and {"modality", "action"} <= receipt.keys()
            else message("inspect.no_receipt", language)
        )
        said += found["marks"]["told"]
    return [said[0], *(f"  {line}" for line in said[1:])]

"""What a folder or archive of faces holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genai_demo.engine.data.items import Items, reasons
from genai_demo.engine.data.sources import holds

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif")
"""how names of pictures end"""


def inspect(path: Path, language: str) -> dict[str, Any] | None:
    """Return what there is to learn from in a folder or ZIP archive with pictures; None for anything else.

    Raises:
        UserError: see `read_faces`.
    """
    if not (path.is_dir() or path.suffix.lower() == ".zip") or not holds(path, _PICTURES):
        return None
    from genai_demo.faces.data.reading import read_faces

    faces, held_out = (read_faces(str(path), split=split) for split in ("train", "validation"))
    labelled = int((~faces.labels().isnan()).any(1).sum())
    items = Items("faces", len(faces), len(held_out), labelled, reasons(faces.left_out, held_out.left_out))
    return items.inspected("pictures", language)

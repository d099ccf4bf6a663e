"""What a folder or archive of faces holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from genai_demo.engine.data.items import Items, reasons
from genai_demo.engine.data.sources import holds

if TYPE_CHECKING:
    from genai_demo.faces.data.labels import Faces

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif")
"""how names of pictures end"""

_SHOWN, _SIDE = 16, 64
"""faces of an example, and pixels of each"""


def inspect(path: Path, language: str) -> dict[str, Any] | None:
    """Return what there is to learn from in a folder or ZIP archive with pictures; None for anything else.

    Raises:
        UserError: see `read_faces`.
    """
    found = _read(path)
    return None if found is None else _told(*found, language)


def glance(path: Path, language: str) -> dict[str, Any] | None:
    """Return what `inspect` does, and its first faces as they are learnt from.

    Raises:
        UserError: as there.
    """
    found = _read(path)
    if found is None:
        return None
    from genai_demo.faces.data.batches import shrink
    from genai_demo.faces.sampling.grid import grid_png

    sheet = grid_png(shrink(found[0].pictures[:_SHOWN], _SIDE), columns=_SHOWN // 2)
    return {**_told(*found, language), "example": {"png": sheet}}


def _read(path: Path) -> tuple[Faces, Faces] | None:
    if not (path.is_dir() or path.suffix.lower() == ".zip") or not holds(path, _PICTURES):
        return None
    from genai_demo.faces.data.reading import read_faces

    faces, held_out = (read_faces(str(path), split=split) for split in ("train", "validation"))
    return faces, held_out


def _told(faces: Faces, held_out: Faces, language: str) -> dict[str, Any]:
    labelled = int((~faces.labels().isnan()).any(1).sum())
    items = Items("faces", len(faces), len(held_out), labelled, reasons(faces.left_out, held_out.left_out))
    return items.inspected("pictures", language)

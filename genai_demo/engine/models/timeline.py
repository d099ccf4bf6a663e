"""A dozen moments of a run beside a checkpoint: samples and no weights, so that anybody can see such a model learn.

    timeline/about.json   of which run they are, see `Timeline`
    timeline/STEP/...     the same samples at each moment; pictures as WebP

They belong to no checkpoint's id: nothing that a model makes depends on them.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from genai_demo.engine.files import write_bytes, write_json
from genai_demo.engine.models.checkpoint import CONFIG, read_checkpoint
from genai_demo.engine.training.run import REAL, RunFolder
from genai_demo.errors import UserError

FOLDER, ABOUT = "timeline", "about.json"
MOST = 12
"""moments"""
MOST_BYTES = 1_000_000
"""of all samples of a timeline"""
_SIDE = 512
"""pixels of a picture's longer side"""
_QUALITIES = (80, 60, 40, 20)


@dataclass(frozen=True)
class Timeline:
    """Moments of a run, as they lie beside a checkpoint."""

    folder: Path
    own: bool
    """whether it is the run that made the checkpoint, and not another one of the same family"""
    minutes: float
    """that the run had trained at the last moment"""
    examples: int
    data: str
    """what people call what it learnt from"""
    samples: dict[int, list[Path]]
    """files by step"""


def write_timeline(run: Path, target: Path, own: bool, data: str = "") -> Timeline:
    """Write the timeline of a run beside a checkpoint, in the place of a former one; no preview of real examples.

    Args:
        run: folder of the run.
        target: the checkpoint's folder.
        own: whether the run made the checkpoint.
        data: what to call what it learnt from.

    Raises:
        UserError: the run has no samples, is of another family than the checkpoint, or its samples are too large.
    """
    source, samples = RunFolder(run), made_samples(run)
    if not samples:
        raise UserError("engine.no_samples", run=run)
    family, wanted = _family(run), read_checkpoint(target).family
    if family != wanted:
        raise UserError("engine.export_over", folder=target, found=wanted, wanted=family)
    steps = sorted(samples)
    chosen = steps if len(steps) <= MOST else [steps[place * (len(steps) - 1) // (MOST - 1)] for place in range(MOST)]
    for quality in _QUALITIES:
        made = {step: [_small(file, quality) for file in samples[step]] for step in chosen}
        if sum(len(content) for files in made.values() for _, content in files) <= MOST_BYTES:
            break
    else:
        raise UserError("engine.timeline_too_large", run=run, most=MOST_BYTES // 1000)
    folder = target / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    for step, files in made.items():
        (folder / f"{step:08d}").mkdir(parents=True)
        for name, content in files:
            write_bytes(folder / f"{step:08d}" / name, content)
    last: dict[str, Any] = next(
        (line for line in reversed(source.read_stats()) if line.get("step", 0) <= chosen[-1]), {}
    )
    about = {"own": own, "minutes": round(last.get("seconds", 0) / 60, 2), "examples": last.get("examples", 0)}
    write_json(folder / ABOUT, about | {"data": data})
    found = read_timeline(target)
    assert found is not None
    return found


def made_samples(run: Path) -> dict[int, list[Path]]:
    """Return the previews of a run by step, without those that show what was given to learn from.

    Whoever hands a model on does not hand on people's photographs and texts with it.
    """
    made = {
        step: [file for file in files if not file.name.startswith(REAL)]
        for step, files in RunFolder(run).samples().items()
    }
    return {step: files for step, files in made.items() if files}


def read_timeline(checkpoint: Path) -> Timeline | None:
    """Return the timeline beside a checkpoint; None where there is none, or it is damaged."""
    folder = checkpoint / FOLDER
    try:
        about: Mapping[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        samples = {int(one.name): sorted(one.glob("[!.]*")) for one in sorted(folder.glob("[0-9]*")) if one.is_dir()}
        told = bool(about["own"]), float(about["minutes"]), int(about["examples"]), str(about["data"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Timeline(folder, *told, samples) if any(samples.values()) else None


def _family(run: Path) -> str:
    try:
        return str(json.loads((run / CONFIG).read_text(encoding="utf-8"))["family"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError("engine.no_samples", run=run) from error


def _small(file: Path, quality: int) -> tuple[str, bytes]:
    """Return the name and content of a sample; pictures get smaller."""
    try:
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
    except UnidentifiedImageError:
        return file.name, file.read_bytes()
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=quality, method=4)
    return f"{file.stem}.webp", stream.getvalue()

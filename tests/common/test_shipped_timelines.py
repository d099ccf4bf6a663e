"""In every tab models that ship can be seen learning before anything was trained here."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from genai_demo.engine.models.timeline import MOST, MOST_BYTES, read_timeline
from genai_demo.engine.training.run import REAL
from genai_demo.ui.training.telling import timelines_told

SHIPPED = {
    "text": ("news-gru", "news-masked"),
    "faces": ("faces-gan", "faces-vae"),
    "music": ("piano-composer",),
}
"""of each tab those that have one; what is exported from a run brings its own"""


@pytest.mark.parametrize(("modality", "folder"), [(one, name) for one, names in SHIPPED.items() for name in names])
def test_it_has_moments_that_differ_and_are_small(root: Path, modality: str, folder: str) -> None:
    timeline = read_timeline(root / "checkpoints" / folder)
    assert timeline is not None and 6 <= len(timeline.samples) <= MOST
    files = [file for found in timeline.samples.values() for file in found]
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES
    assert not any(file.name.startswith(REAL) for file in files)
    assert len({file.read_bytes() for file in files}) > len(files) / 2
    for file in files:
        if file.suffix == ".webp":
            with Image.open(file) as picture:
                picture.load()
    told = next(one for one in timelines_told(modality, "en") if folder in one["label"])
    assert timeline.data and "/" not in timeline.data and f"{timeline.examples:,}" in told["told"]

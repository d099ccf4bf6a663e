"""Beside an exported checkpoint lie samples of a dozen moments of its run, small, and outside its id."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from genai_demo.engine.models import timeline
from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.engine.models.timeline import MOST, MOST_BYTES, read_timeline, write_timeline
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError


def noise(step: int, side: int = 48) -> bytes:
    pixels = np.random.default_rng(step).integers(0, 255, (side, side, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "run")
    save_checkpoint(run.snapshot_folder(300), {"w": torch.ones(2)}, "toy", {}, {})
    run.point_to_snapshot(300, best=True)
    (run.path / "config.json").write_text(json.dumps({"family": "toy"}), encoding="utf-8")
    for step in range(1, 301, 13):
        real = {"real-and-reconstructed.png": noise(step)}
        run.write_sample(step, {"sample.png": noise(step), "sample.txt": b"step %d" % step} | real)
        run.add_stats({"step": step, "seconds": 6.0 * step, "examples": 8 * step})
    return run


def test_an_export_brings_its_timeline(run: RunFolder, tmp_path: Path) -> None:
    exported = export_checkpoint(run.path, tmp_path / "made")
    found = read_timeline(tmp_path / "made")
    assert found and found.own and len(found.samples) == MOST
    steps = sorted(run.samples())
    assert sorted(found.samples)[0] == steps[0] and sorted(found.samples)[-1] == steps[-1]
    for step, files in found.samples.items():
        assert [file.name for file in files] == ["sample.txt", "sample.webp"]
        assert files[0].read_bytes() == b"step %d" % step
    assert (found.minutes, found.examples) == (round(steps[-1] / 10, 2), 8 * steps[-1])
    assert sum(file.stat().st_size for files in found.samples.values() for file in files) <= MOST_BYTES
    # It is no part of the checkpoint, and the export of a snapshot alone has none.
    assert read_checkpoint(tmp_path / "made").id == exported.id
    assert export_checkpoint(run.snapshot_folder(300), tmp_path / "other").id == exported.id
    assert read_timeline(tmp_path / "other") is None


def test_what_shows_real_examples_alone_is_no_timeline(run: RunFolder, tmp_path: Path) -> None:
    for step in run.samples():
        for file in ("sample.png", "sample.txt"):
            (run.path / "samples" / f"{step:08d}" / file).unlink()
    export_checkpoint(run.path, tmp_path / "made")
    assert read_timeline(tmp_path / "made") is None
    with pytest.raises(UserError) as refused:
        write_timeline(run.path, tmp_path / "made", own=False)
    assert refused.value.key == "engine.no_samples"


def test_another_run_of_the_family_may_lend_its_moments(run: RunFolder, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "ships", {"w": torch.zeros(2)}, "toy", {}, {})
    lent = write_timeline(run.path, tmp_path / "ships", own=False, data="digits")
    assert (lent.own, lent.data) == (False, "digits")
    save_checkpoint(tmp_path / "else", {"w": torch.zeros(2)}, "other", {}, {})
    with pytest.raises(UserError) as refused:
        write_timeline(run.path, tmp_path / "else", own=False)
    assert refused.value.key == "engine.export_over" and read_timeline(tmp_path / "else") is None
    with pytest.raises(UserError) as refused:
        write_timeline(tmp_path / "no-run", tmp_path / "ships", own=False)
    assert refused.value.key == "engine.no_samples"


def test_what_is_too_large_is_packed_tighter_or_refused(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path / "ships", {"w": torch.zeros(2)}, "toy", {}, {})
    write_timeline(run.path, tmp_path / "ships", own=False)
    size = sum(file.stat().st_size for file in (tmp_path / "ships" / "timeline").rglob("*.webp"))
    monkeypatch.setattr(timeline, "MOST_BYTES", size - 1)
    write_timeline(run.path, tmp_path / "ships", own=False)
    assert sum(file.stat().st_size for file in (tmp_path / "ships" / "timeline").rglob("*.webp")) < size
    monkeypatch.setattr(timeline, "MOST_BYTES", 100)
    with pytest.raises(UserError) as refused:
        write_timeline(run.path, tmp_path / "ships", own=False)
    assert refused.value.key == "engine.timeline_too_large"
    (tmp_path / "ships" / "timeline" / "about.json").write_text("{", encoding="utf-8")
    assert read_timeline(tmp_path / "ships") is None

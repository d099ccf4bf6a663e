"""A run's snapshot becomes the model of a tab by one click, and the models that ship are back by another one."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.engine.runs.record import Record, write_record
from genai_demo.engine.training.run import RunFolder
from tests.browser.axe import MILD, faults

Visit = Callable[..., Page]


def run_of(source: Path, name: str) -> RunFolder:
    """Return a run with two moments whose snapshots paint a little otherwise than a model that ships."""
    run = RunFolder(Path(os.environ["GENAI_DEMO_RUNS"]) / name)
    checkpoint = read_checkpoint(source)
    for step in (5, 10):
        weights = {key: one * (1 + step / 100) for key, one in checkpoint.weights().items()}
        folder = run.snapshot_folder(step)
        files = {"about.json": source / "about.json"}
        save_checkpoint(folder, weights, checkpoint.family, checkpoint.model, checkpoint.trained, files)
        run.write_sample(step, {"sample.png": (source / "sheet.png").read_bytes()})
    run.point_to_snapshot(10, best=True)
    (run.path / "config.json").write_text(json.dumps({"family": checkpoint.family}), encoding="utf-8")
    words = ("python", "-m", "genai_demo", "train", "faces", "--model", "gan", "--data", "sample")
    write_record(run.path, Record((*words, "--run", str(run.path)), "Mine"))
    run.write_status("finished", step=10, fraction=1.0, seconds=9.0)
    return run


def test_one_click_lets_a_tab_use_a_snapshot(app: str, visit: Visit, root: Path) -> None:
    run = run_of(root / "checkpoints" / "faces-gan", "faces-to-use")
    try:
        page = visit(f"{app}?tab=faces&page=train&run=faces-to-use")
        watched, line = page.locator("#tab-faces article.run"), page.locator("#faces-in-use")
        expect(watched.get_by_role("button", name="Let this tab use its best snapshot (step 10)")).to_be_visible()
        expect(watched.locator("[data-act=use-all]")).to_be_hidden()  # that is the presenter's
        # The moment that the time machine shows is the one that is used.
        watched.locator("input[type=range]").first.press("Home")
        with page.expect_download() as saved:
            watched.get_by_role("link", name="Save as WebP").click()
        assert saved.value.suggested_filename == "faces-to-use.webp"
        watched.get_by_role("button", name="Let this tab use the snapshot at step 5").press("Enter")
        expect(line).to_contain_text(re.compile("For you, until you load the page again: .* step 5 of .Mine."))
        page.wait_for_url(re.compile("page=gallery"))
        expect(page.locator('#faces-grid [data-link=""]')).to_be_attached()
        expect(page.locator("#faces-gallery-link")).to_be_hidden()
        assert faults(page, but=MILD) == []
        line.get_by_role("button", name="Back to the models that ship").press("Enter")
        expect(line).not_to_contain_text("For you")
        expect(page.locator('#faces-grid [data-link^="?tab=faces"]')).to_be_attached()
        expect(page.locator("#faces-gallery-link")).to_be_visible()
    finally:
        shutil.rmtree(run.path)

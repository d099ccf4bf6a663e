"""A run in the place of a model that ships: for what its family does, and without links that would lead elsewhere."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.text.requests import FillRequest, GenerateRequest
from genai_demo.ui.text import handlers
from genai_demo.ui.text.cards import results
from genai_demo.ui.text.own_model import family_of, model_for


@pytest.fixture
def run(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run whose best snapshot is the model that ships, under another name."""
    monkeypatch.setenv("GENAI_DEMO_RUNS", str(tmp_path))
    settings.cache_clear()
    run = RunFolder(tmp_path / "mine")
    shutil.copytree(root / "checkpoints" / "news-gru", run.snapshot_folder(5))
    run.point_to_snapshot(5, best=True)
    run.write_status("finished", step=5)
    return run


def test_a_run_does_what_its_family_does(run: RunFolder) -> None:
    assert family_of("mine") == "gru"
    assert model_for("mine", GenerateRequest()) == str(run.path)
    assert model_for("mine", FillRequest("a ___")) is None  # that takes the masked model
    assert model_for("", GenerateRequest()) is None
    with pytest.raises(UserError):
        family_of("../mine")


def test_what_it_writes_names_it_and_has_no_link(run: RunFolder) -> None:
    request = GenerateRequest(length=8, seed=3)
    *_, shown = handlers.stream(request, model=model_for("mine", request))
    (receipt,) = shown.update.receipts
    assert isinstance(receipt, Receipt) and receipt.model == str(run.path)
    drawn = results(shown, "en")
    assert 'data-link=""' in drawn and "copy_link" not in drawn
    shipped = replace(shown, update=replace(shown.update, receipts=(replace(receipt, model="news-gru"),)))
    assert 'data-link="?tab=news' in results(shipped, "en") and "copy_link" in results(shipped, "en")

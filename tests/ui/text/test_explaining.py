"""What the panel of a word is sent, by a model that ships."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.text.explaining.tokens import explain
from genai_demo.text.requests import GenerateRequest
from genai_demo.text.sampling import generation
from genai_demo.text.sampling.loading import checkpoint_folder
from genai_demo.ui.text import api
from genai_demo.ui.text.explaining import told


def test_the_panel_gets_the_numbers_and_the_code_that_computed_them() -> None:
    draft, receipt = [(one.drafts[0], one.receipts) for one in generation.run(GenerateRequest(length=8, seed=1))][-1]
    sent = json.loads(told(receipt[0]))
    entries = explain(receipt[0])
    assert sent["receipt"] == receipt[0].to_json()
    assert "".join(entry["token"] for entry in sent["entries"]) in draft.text
    assert [entry["probability"] for entry in sent["entries"]] == [entry.probability for entry in entries]
    assert len(list(csv.reader(io.StringIO(sent["csv"])))) == 1 + sum(len(entry.rivals) for entry in entries)
    assert "def token_probabilities(" in sent["code"] and "def trace_token(" in sent["code"]
    programs = api.explain_text(json.loads(receipt[0].to_json()))
    assert json.loads(json.dumps(programs)) == sent["entries"]
    with pytest.raises(UserError) as refusal:
        told(replace(receipt[0], model="../elsewhere"))
    assert refusal.value.key == "text.not_shipped"


def test_what_a_runs_snapshot_wrote_is_explained_and_no_other_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENAI_DEMO_RUNS", str(tmp_path))
    settings.cache_clear()
    run = RunFolder(tmp_path / "mine")
    shutil.copytree(checkpoint_folder("gru"), run.snapshot_folder(5))
    run.write_status("finished", step=5)
    receipt = list(generation.run(GenerateRequest(length=8, seed=1), str(run.snapshot_folder(5))))[-1].receipts[0]
    assert json.loads(told(receipt))["entries"]
    elsewhere = str(shutil.copytree(checkpoint_folder("gru"), tmp_path / "elsewhere"))
    with pytest.raises(UserError):
        told(replace(receipt, model=elsewhere))

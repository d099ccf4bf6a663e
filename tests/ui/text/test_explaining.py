"""What the panel of a word is sent, by a model that ships."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from genai_demo.errors import UserError
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


def test_a_visitors_own_model_is_explained_to_that_visitor(tmp_path: Path) -> None:
    own = str(shutil.copytree(checkpoint_folder("gru"), tmp_path / "mine"))
    receipt = list(generation.run(GenerateRequest(length=8, seed=1), own))[-1].receipts[0]
    assert json.loads(told(receipt, own))["entries"]
    with pytest.raises(UserError):
        told(receipt)

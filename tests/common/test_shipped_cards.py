"""The cards of the checkpoints that ship are what this version of the program makes of their reports."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from genai_demo.engine.models.checkpoint import read_checkpoint

REPORTS = Path(__file__).parent / "reports"
"""of the evaluation of each checkpoint, with what its card shows of them"""
MODALITIES = {"news": "text", "headlines": "text", "faces": "faces", "piano": "music"}
NAMES = sorted(folder.name for folder in (Path(__file__).parents[2] / "checkpoints").iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_card_can_be_made_again(root: Path, name: str) -> None:
    folder = root / "checkpoints" / name
    checkpoint = read_checkpoint(folder)
    report = json.loads((REPORTS / f"{name}.json").read_text(encoding="utf-8"))
    assert report["checkpoint"] == checkpoint.id, f"evaluate it with --card --json {REPORTS / name}.json"
    cards = importlib.import_module(f"genai_demo.{MODALITIES[name.split('-')[0]]}.evaluation.card")
    assert cards.Card(checkpoint, name, report).text() == (folder / "README.md").read_bytes().decode()

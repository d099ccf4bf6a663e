"""Turns on a borrowed GPU: a run goes on from its folder, in a process that gets nothing but names and numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import json, sys
from genai_demo.engine import places, zero_gpu
from genai_demo.engine.runs import waiting
from genai_demo.engine.runs.registry import find
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.ui.training import turns

def told(run):
    return {"state": run.state, "step": run.step, "fraction": run.fraction}

assert zero_gpu.is_here() and not zero_gpu.may_use_gpu()
from genai_demo.engine.training.device import choose_device
options = {"model": "gru", "data": ["sample:200"], "examples": int(sys.argv[1]), "batch_size": 8,
           "size": ["hidden=16", "embedding=8", "layers=1"], "vocabulary": 300, "window": 16}
run = waiting.start("text", options, token="mine")
said = []
for wish in json.loads(sys.argv[2]):
    try:
        said.append([told(one) for one in turns.take_turn(run.name, wish["seconds"], wish["token"], "")])
    except UserError as error:
        said.append(error.key)
print(json.dumps({"device": str(choose_device()), "said": said, "place": find(run.name).place,
                  "steps": [line["step"] for line in RunFolder(run.folder).read_stats()]}))
"""


def turns(tmp_path: Path, root: Path, examples: int, *wishes: dict[str, Any], **environment: str) -> dict[str, Any]:
    """Start a run on an installation that borrows its GPU, take turns, and return what became of them."""
    notes = tmp_path / "lent.jsonl"
    changes = {
        "SPACES_ZERO_GPU": "true",
        "SPACE_ID": "someone/demo",
        "GENAI_DEMO_RUNS": str(tmp_path / "runs"),
        "PYTHONPATH": os.pathsep.join([str(root / "tests" / "helpers" / "borrowed"), str(root)]),
        "LENT": str(notes),
        "GENAI_DEMO_DEVICE": "auto",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(examples), json.dumps(wishes)],
        cwd=root,
        env=os.environ | changes | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lent = [json.loads(line)["seconds"] for line in notes.read_text().splitlines()] if notes.exists() else []
    return {**json.loads(done.stdout.splitlines()[-1]), "lent": lent}


def test_a_run_goes_on_turn_by_turn_until_its_budget_is_spent(tmp_path: Path, root: Path) -> None:
    mine = {"seconds": 15, "token": "mine"}
    told = turns(tmp_path, root, 400, {**mine, "token": "another's"}, {**mine, "seconds": 3600}, mine, mine)
    assert told["device"] == "cpu", "outside of a turn there is no GPU"
    others, long, (waits, over), finished = told["said"]
    assert (others, long, finished) == ("runs.not_yours", "engine.not_one_of", "runs.finished")
    assert waits["state"] != "running" and told["place"] is None
    assert (over["state"], over["fraction"]) == ("finished", 1.0)
    # What is asked for follows from what the visitor chose; what was refused before cost nothing.
    assert told["lent"] == [30]
    assert told["steps"][-1] == over["step"] == 50


def test_a_turn_ends_a_run_that_is_longer_and_the_next_goes_on(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = PROGRAM.replace(
        "from genai_demo.ui.training import turns", "from genai_demo.ui.training import turns\nturns.SECONDS = (1,)"
    )
    monkeypatch.setattr(sys.modules[__name__], "PROGRAM", short)
    mine = {"seconds": 1, "token": "mine"}
    told = turns(tmp_path, root, 10**7, mine, mine)
    (_, first), (before, second) = told["said"]
    assert first["state"] == second["state"] == "stopped"
    assert 0 < first["step"] == before["step"] < second["step"]
    assert told["steps"] == sorted(set(told["steps"])), "no step is told twice"
    assert told["lent"] == [16, 16]


def test_without_quota_the_run_stays_as_it_was(tmp_path: Path, root: Path) -> None:
    told = turns(tmp_path, root, 400, {"seconds": 15, "token": "mine"}, NO_GPU="1")
    assert told["said"] == ["training.no_turn"]
    assert told["steps"] == []

"""Turns on a borrowed GPU: a run goes on from its folder, in a process that gets nothing but names and numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

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

def take(wish):
    try:
        said.append([told(one) for one in turns.take_turn(run.name, wish["seconds"], wish["token"], "")])
    except UserError as error:
        said.append(error.key)

for wish in json.loads(sys.argv[2]):
    if wish.get("short"):
        turns.SECONDS = (1,)
    # Nobody knows how much a busy machine does in a turn: turns are taken until enough has happened.
    take(wish)
    while wish.get("until") == "finished" and said[-1][1]["state"] == "stopped":
        take(wish)
    while wish.get("until") == "twice" and len({over["step"] for _, over in said} - {0}) < 2:
        take(wish)
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
    wishes = ({**mine, "token": "another's"}, {**mine, "seconds": 3600}, {**mine, "until": "finished"}, mine)
    told = turns(tmp_path, root, 80, *wishes)
    assert told["device"] == "cpu", "outside of a turn there is no GPU"
    others, long, *taken, finished = told["said"]
    assert (others, long, finished) == ("runs.not_yours", "engine.not_one_of", "runs.finished")
    assert told["place"] is None, "it waits for no place on the CPU"
    assert (taken[-1][1]["state"], taken[-1][1]["fraction"], taken[-1][1]["step"]) == ("finished", 1.0, 10)
    assert told["steps"][-1] == 10
    # What is asked for follows from what the visitor chose; what was refused before cost nothing.
    assert told["lent"] == [30] * len(taken)


def test_a_turn_ends_a_run_that_is_longer_and_the_next_goes_on_from_there(tmp_path: Path, root: Path) -> None:
    mine = {"seconds": 1, "token": "mine", "short": True, "until": "twice"}
    told = turns(tmp_path, root, 10**7, mine)
    assert {over["state"] for _, over in told["said"]} == {"stopped"}
    for (_, former), (before, over) in pairwise(told["said"]):
        assert former["step"] == before["step"] <= over["step"]
    assert told["steps"] == sorted(set(told["steps"])), "no step is told twice"
    assert set(told["lent"]) == {16}


def test_without_quota_the_run_stays_as_it_was(tmp_path: Path, root: Path) -> None:
    told = turns(tmp_path, root, 400, {"seconds": 15, "token": "mine"}, NO_GPU="1")
    assert told["said"] == ["training.no_turn"]
    assert told["steps"] == []

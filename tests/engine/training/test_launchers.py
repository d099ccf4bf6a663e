"""Several processes are started by torchrun with the README's line; of `accelerate launch` on a CPU only one comes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from torch.distributed.run import parse_args

from genai_demo.__main__ import _parser, main
from genai_demo.engine.runs.record import Record
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_state

ROOT = Path(__file__).resolve().parents[3]


def line() -> list[str]:
    """Return the words of the README's line."""
    (found,) = re.findall(r"^torchrun .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return shlex.split(found)


def torchrun(folder: Path, *more: str) -> subprocess.Popen[str]:
    words = [str(folder) if word == "runs/two" else word for word in line()[1:]]
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *words, *more],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GENAI_DEMO_DEVICE": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_torchrun_leaves_our_options_alone() -> None:
    told = parse_args(line()[1:])
    assert told.training_script == "genai_demo"
    options = _parser().parse_args(told.training_script_args)
    assert options.run == Path("runs/two")
    again = ["train", "faces", "--model", "vae", "--data", "x", "--minutes", "1", "--start-from", "a"]
    told = parse_args(["-m", "genai_demo", *again, "--run-folder", "b", "--resume"])
    options = _parser().parse_args(told.training_script_args)
    assert (options.start, options.run, options.resume) == (Path("a"), Path("b"), True)
    with pytest.raises(SystemExit):  # if that is no longer so, the long names have no reason to be
        parse_args(["-m", "genai_demo", *again[:-2], "--run", "b"])
    known = Record(("python", "-m", "genai_demo", *again, "--run-folder", "b")).options
    assert (known["start"], known["run"]) == ("a", "b")


def test_a_killed_worker_ends_a_run_that_can_be_resumed(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "two")
    budget = ("--examples", "24000", "--state-minutes", "0", "--tick-seconds", "0", "--snapshots", "2")
    process = torchrun(run.path, *budget)
    while not run.state_folder():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)
    psutil.Process(run.read_status()["pid"]).send_signal(signal.SIGKILL)
    said, _ = process.communicate()
    assert process.returncode != 0, said
    assert run.read_status()["state"] in ("lost", "stopped", "failed"), said
    before = int(read_state(run)[1]["step"])
    said, _ = (process := torchrun(run.path, *budget, "--resume")).communicate()
    assert process.returncode == 0, said
    status = run.read_status()
    assert (status["state"], status["step"]) == ("finished", -(-24000 // 128)), said
    assert before < status["step"] and run.read_stats()[-1]["examples"] == status["step"] * 128


def test_one_of_several_that_never_came_trains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("ACCELERATE_USE_CPU", "True"), ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", "29500")):
        monkeypatch.setenv(name, value)
    words = ["train", "faces", "--model", "textbook-vae", "--data", "digits", "--examples", "64"]
    assert main([*words, "--run", str(tmp_path / "alone")]) == 2
    assert "torchrun" in capsys.readouterr().err and not (tmp_path / "alone").exists()
    monkeypatch.setenv("WORLD_SIZE", "1")  # torchrun with a single process is no mistake
    assert main([*words, "--run", str(tmp_path / "alone"), "--json", str(tmp_path / "told.json")]) == 0
    assert json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))["state"] == "finished"

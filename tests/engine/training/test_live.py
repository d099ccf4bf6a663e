"""Who looks at a run's folder sees where the run stands, whether it is alive, and what is new."""

from __future__ import annotations

import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.training import run as run_module
from genai_demo.engine.training import status as status_module
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import LOST, RunFolder, list_runs
from genai_demo.engine.training.start import start_run
from genai_demo.engine.training.status import claimed
from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError
from tests.helpers.toys import Toy, stop_at

CONFIG = TrainConfig(examples=160, batch_size=8, precision="fp32", snapshots=4, tick_seconds=0.0)


def wait_for(seen: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until `seen` is true."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "this did not happen"
        time.sleep(0.02)


# Claiming


def test_the_folder_tells_of_the_run_before_its_data_are_read(run: RunFolder) -> None:
    seen: list[dict[str, Any]] = []

    def read_data() -> Task:
        seen.append(run.read_status())
        return Toy()

    train(read_data, CONFIG, run)
    assert seen[0]["state"] == "preparing"
    assert (seen[0]["pid"], seen[0]["host"]) == (os.getpid(), platform.node())
    assert run.read_status()["state"] == "finished"
    assert "doing" not in run.read_status()


def test_data_that_cannot_be_read_are_told_of_and_the_folder_stays_free(run: RunFolder) -> None:
    def read_data() -> Task:
        raise UserError("engine.no_file", file="news.csv")

    with pytest.raises(UserError) as refusal:
        train(read_data, CONFIG, run)
    status = run.read_status()
    assert (status["state"], status["message"]) == ("failed", str(refusal.value))
    assert train(Toy(), CONFIG, run).fraction == 1, "the command can be put right and given again"


def test_a_resumed_run_that_fails_says_so_and_can_be_resumed(run: RunFolder) -> None:
    train(Toy(before_step=stop_at(run, 5)), CONFIG, run)
    with pytest.raises(UserError):
        train(Toy(seed=3), CONFIG, run, resume=True)
    status = run.read_status()
    assert status["state"] == "failed" and "data.seed" in status["message"]
    assert (status["step"], status["fraction"]) == (6, 0.3), "where it stood is not forgotten"
    assert train(Toy(), CONFIG, run, resume=True).fraction == 1


@pytest.mark.parametrize("resume", [False, True])
def test_two_processes_do_not_share_a_folder(resume: bool, run: RunFolder) -> None:
    if resume:
        train(Toy(before_step=stop_at(run, 5)), CONFIG, run)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        run.write_status("preparing", pid=other.pid)
        before = run.read_status()
        with pytest.raises(UserError) as refusal:
            train(Toy(), CONFIG, run, resume=resume)
        assert refusal.value.key == "engine.run_in_use"
        assert all(str(other.pid) in refusal.value.in_language(language) for language in LANGUAGES)
        assert run.read_status() == before, "the other one's words stay"
        other.communicate(b"\n")
    assert run.read_status()["state"] == "lost"
    assert train(Toy(), CONFIG, run, resume=resume).fraction == 1


def test_of_several_processes_the_first_one_claims(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    with claimed(run, resume=False) as status:
        status.say("running")
    assert not run.path.exists()


# Signs of life


def test_signs_of_life_do_not_wait_for_anything(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_module, "HEARTBEAT", 0.01)
    seen: list[dict[str, Any]] = []

    def look() -> None:
        first = run.read_status()
        wait_for(lambda: run.read_status()["heartbeat"] > first["heartbeat"])
        seen.append(run.read_status())

    class Slow(Toy):
        def validate(self, network: Any) -> dict[str, float]:
            look()
            return super().validate(network)

    def read_data() -> Task:
        look()
        return Slow(before_step=lambda step: look() if step == 3 else None)

    train(read_data, replace(CONFIG, snapshots=1), run)
    told = [(status["state"], status.get("doing"), status.get("step")) for status in seen]
    assert told == [("preparing", None, None), ("running", "training", 3), ("running", "validating", 20)]
    assert not [one for one in threading.enumerate() if one.name.startswith(("heartbeat", "batches"))]


def test_a_run_that_is_silent_is_lost(run: RunFolder) -> None:
    run.write_status("running", step=7)
    now = run.read_status()["heartbeat"]
    assert run.read_status(now + 0.9 * LOST)["state"] == "running"
    lost = run.read_status(now + 1.1 * LOST)
    assert (lost["state"], lost["step"]) == ("lost", 7)
    for state in ("finished", "stopped", "failed"):
        run.write_status(state)
        assert run.read_status(now + 1e6)["state"] == state


def test_a_process_on_another_machine_is_known_by_its_signs_of_life(run: RunFolder) -> None:
    run.write_status("running", host="elsewhere", pid=2**22 + 1)
    now = run.read_status()["heartbeat"]
    assert run.read_status(now)["state"] == "running"
    assert run.read_status(now + 2 * LOST)["state"] == "lost"


def test_status_of_an_older_run(run: RunFolder) -> None:
    assert run.read_status() == {}
    run.path.mkdir()
    file = run.path / "status.json"
    file.write_text(json.dumps({"state": "running", "pid": os.getpid(), "step": 3}))
    assert run.read_status()["state"] == "running"
    os.utime(file, (0, 0))
    assert run.read_status() == {"state": "lost", "pid": os.getpid(), "step": 3}


KILLED = """
import sys
from pathlib import Path
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from tests.engine.training.test_live import CONFIG
from tests.helpers.toys import Toy

train(Toy(before_step=lambda step: sys.stdin.read() if step == 8 else None), CONFIG, RunFolder(Path(sys.argv[1])))
"""


def test_a_run_that_was_killed_is_lost_and_can_be_started_anew(run: RunFolder, root: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(run.path)], cwd=root, stdin=subprocess.PIPE) as process:
        wait_for(lambda: run.read_status().get("step") == 8)
        assert run.read_status()["state"] == "running"
        process.send_signal(signal.SIGKILL)
        wait_for(lambda: run.read_status()["state"] == "lost")  # as soon as the process is a zombie
    assert run.read_status()["state"] == "lost"
    assert json.loads((run.path / "status.json").read_text())["state"] == "running", "it had no time to say so"


# Looking


def test_runs_are_listed(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "none") == []
    for name in ("b", "a"):
        train(Toy(), replace(CONFIG, examples=8), RunFolder(tmp_path / name))
    RunFolder(tmp_path / "c").write_status("preparing")
    (tmp_path / "other").mkdir()
    (tmp_path / "config.json").write_text("{}")
    assert list_runs(tmp_path) == [RunFolder(tmp_path / name) for name in "abc"]


def test_figures_are_read_from_where_one_stood(run: RunFolder) -> None:
    assert run.read_stats_from(0) == ([], 0)
    train(Toy(before_step=stop_at(run, 5)), CONFIG, run)
    lines, offset = run.read_stats_from(0)
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert run.read_stats_from(offset) == ([], offset)
    with (run.path / "stats.jsonl").open("a") as stream:
        stream.write('{"step": 7}\n{"step": 8}\n{"step": "π')
        stream.flush()
        assert run.read_stats_from(offset) == ([{"step": 7}, {"step": 8}], offset + 24)
        stream.write('"}\n')
    assert run.read_stats_from(offset + 24)[0] == [{"step": "π"}]
    assert run.read_stats() == [*lines, {"step": 7}, {"step": 8}, {"step": "π"}]


def test_a_reader_begins_again_where_lines_were_dropped(run: RunFolder) -> None:
    run.path.mkdir()
    for step in range(1, 10):
        run.add_stats({"step": step})
    _, offset = run.read_stats_from(0)
    run.forget_stats_after(3)
    run.add_stats({"step": 4})
    lines, offset = run.read_stats_from(offset)
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    run.forget_stats_after(3)
    run.add_stats({"step": 4, "loss": 0.123456})
    assert [line["step"] for line in run.read_stats_from(offset)[0]] == [1, 2, 3, 4]


def test_samples_and_snapshots_by_step(run: RunFolder) -> None:
    assert run.samples() == {} and run.snapshots() == {}
    train(Toy(), CONFIG, run)
    steps = [line["step"] for line in run.read_stats() if "validation_error" in line]
    assert list(run.snapshots()) == list(run.samples()) == steps
    for step in steps:
        assert run.snapshots()[step] == run.snapshot_folder(step)
        assert [file.read_bytes() for file in run.samples()[step]] == [b"a sample"]


# Starting


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    file = tmp_path / "news.csv"
    rows = [f"{topic},The {topic} team of day {day} won." for topic in ("sports", "business") for day in range(9)]
    file.write_text("\n".join(["label,text", *rows]))
    return file


def test_a_run_is_started_by_a_function_as_by_the_command(articles: Path, run: RunFolder) -> None:
    options = {"model": "topics", "data": [articles], "run": run.path, "examples": 64, "batch_size": 8}
    started = start_run("text", {**options, "size": ["buckets=64", "width=2"], "resume": False, "start": None})
    status = run.read_status()
    assert (status["state"], status["pid"]) == ("preparing", started.process.pid), "it is seen at once"
    with pytest.raises(UserError) as refusal:
        start_run("text", options)
    assert refusal.value.key == "engine.run_in_use"
    assert started.process.wait() == 0, (run.path / "log.txt").read_text()
    assert run.read_status()["state"] == "finished"
    assert run.read_status()["pid"] == started.process.pid
    assert "8 steps, 64 examples" in (run.path / "log.txt").read_text()
    words = shlex.split(started.command)
    assert words[:5] == ["python", "-m", "genai_demo", "train", "text"]
    assert "--resume" not in words and "--start" not in words
    assert words[words.index("--batch-size") + 1] == "8"
    assert words[words.index("--size") + 1 :] == ["buckets=64", "width=2"]
    before = RunFolder(run.path / "snapshots").path.stat()
    with pytest.raises(UserError) as refusal:
        start_run("text", options)
    assert refusal.value.key == "engine.run_exists"
    assert before == RunFolder(run.path / "snapshots").path.stat()


def test_a_started_run_that_cannot_begin_tells_why(run: RunFolder) -> None:
    options = {"model": "topics", "data": ["none.csv"], "run": run.path, "examples": 64}
    assert start_run("text", options).process.wait() == 2
    status = run.read_status()
    assert status["state"] == "failed" and "none.csv" in status["message"]
    assert "none.csv" in (run.path / "log.txt").read_text()
    assert start_run("text", {**options, "batch_size": 0}).process.wait() == 2
    assert run.read_status()["state"] == "lost", "it never came to say anything"
    assert "batch_size" in (run.path / "log.txt").read_text()


def test_who_looks_needs_no_torch(root: Path) -> None:
    code = "import sys, genai_demo.engine.training.start, genai_demo.engine.training.run; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert run_module.HEARTBEAT < LOST / 3

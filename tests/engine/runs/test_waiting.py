"""Runs wait in order, on disk, and start when a place is free; what is not allowed is refused before."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from genai_demo.engine.runs import control, limits, supervisor, waiting
from genai_demo.engine.runs.access import may_control, presenter_key
from genai_demo.engine.runs.orders import Orders, write_orders
from genai_demo.engine.runs.record import read_record, write_record
from genai_demo.engine.runs.registry import all_runs, find
from genai_demo.engine.runs.supervisor import NICENESS, Supervisor
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_state
from genai_demo.errors import UserError
from genai_demo.settings import settings
from tests.engine.training.test_live import wait_for

OPTIONS: dict[str, Any] = {"model": "topics", "data": ["news.csv"], "minutes": 1}


def refused(act: Callable[..., object], *values: Any, **named: Any) -> str:
    with pytest.raises(UserError) as refusal:
        act(*values, **named)
    return refusal.value.key


def told(monkeypatch: pytest.MonkeyPatch, **variables: Any) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"GENAI_DEMO_{name}", str(value))
    settings.cache_clear()


Launched = namedtuple("Launched", "run words environment process")


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Launched]]:
    """Put processes that only wait in the place of training."""
    found: list[Launched] = []

    def launch(run: RunFolder, words: Any, environment: Any = None, place: Any = None) -> subprocess.Popen[bytes]:
        run.check("--resume" in words)
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        run.write_status("running", pid=process.pid, step=0)
        found.append(Launched(run, words, environment, process))
        return process

    monkeypatch.setattr(supervisor, "launch", launch)
    yield found
    for one in found:
        one.process.kill()
        one.process.wait()
        if one.process.stdin:
            one.process.stdin.close()


def end(one: Launched) -> None:
    one.run.write_status("finished")
    one.process.kill()
    one.process.wait()


def test_runs_start_in_their_order_whoever_looks_after_them(tmp_path: Path, launched: list[Launched]) -> None:
    names = [waiting.start("text", OPTIONS, title, token="token", root=tmp_path).name for title in "abcd"]
    assert len(set(names)) == 4 and all(name.startswith("text-topics-") for name in names)
    assert [(run.title, run.place) for run in all_runs(tmp_path)] == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    first = Supervisor(tmp_path)
    assert [run.title for run in first.advance()] == ["a"]
    assert first.advance() == Supervisor(tmp_path).advance() == [], "there is one place"
    assert [(run.state, run.place) for run in all_runs(tmp_path)] == [
        ("running", None),
        ("waiting", 1),
        ("waiting", 2),
        ("waiting", 3),
    ]
    assert control.stop(names[2], tmp_path).state == "stopped"
    del first
    end(launched[0])
    assert [run.title for run in Supervisor(tmp_path).advance()] == ["b"], "another one goes on with the list"
    assert control.resume(names[2], tmp_path).place == 2, "behind those who waited meanwhile"
    end(launched[1])
    assert [run.title for run in Supervisor(tmp_path).advance()] == ["d"]
    assert psutil.Process(launched[2].process.pid).nice() == NICENESS
    assert launched[2].environment["OMP_NUM_THREADS"] == str(limits.threads())


def test_what_is_shown_is_what_is_started(tmp_path: Path, launched: list[Launched]) -> None:
    run = waiting.start("text", {**OPTIONS, "size": ["width=2"], "track": None}, data="My news", root=tmp_path)
    Supervisor(tmp_path).advance()
    words = tuple(launched[0].words)
    assert run.command == shlex.join(words) and words[:5] == ("python", "-m", "genai_demo", "train", "text")
    assert words[words.index("--run") + 1] == str(run.folder)
    assert words[words.index("--state-minutes") + 1] == "0.5", "at most half a minute is lost"
    assert "--track" not in words and "--resume" not in words
    assert run.data == "My news" and run.title == run.name
    copy = waiting.duplicate(run.name, {"minutes": 2, "size": None, "learning_rate": 0.1}, "Again", root=tmp_path)
    kept = {"model": "topics", "data": "news.csv", "state_minutes": "0.5", "tick_seconds": "1.0"}
    changed = {"minutes": "2", "learning_rate": "0.1", "run": str(copy.folder)}
    assert read_record(copy.folder).options == kept | changed
    assert copy.data == "My news" and copy.folder != run.folder


def test_a_run_that_cannot_be_started_says_why_and_the_next_one_starts(
    tmp_path: Path, launched: list[Launched], monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in "ab":
        waiting.start("text", OPTIONS, title, root=tmp_path)
    first = all_runs(tmp_path)[0]
    fake = supervisor.launch

    def launch(run: RunFolder, *values: Any) -> Any:
        if run.path == first.folder:
            raise UserError("engine.run_not_written", run=run.path, reason="No space left on device")
        return fake(run, *values)

    monkeypatch.setattr(supervisor, "launch", launch)
    assert [run.title for run in Supervisor(tmp_path).advance()] == ["b"]
    found = find(first.name, tmp_path)
    assert found.state == "failed" and "No space left" in found.sentence and found.told("zh") != found.sentence


def test_what_is_not_allowed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(**changes: Any) -> str:
        return refused(waiting.start, "text", OPTIONS | changes, token="token", root=tmp_path)

    assert start(minutes=None) == start(examples=5) == "engine.one_budget"
    assert start(minutes=0) == start(minutes=float("nan")) == start(minutes=24 * 60 + 1) == "runs.too_long"
    for name in ("run", "resume", "json", "track", "ru", "data --run", "Size", ""):
        assert start(**{name: "wandb"}) == "runs.not_an_option"
    assert start(where="--run=/x") == start(size=["a=1", "-h"]) == "runs.looks_like_option"
    assert refused(waiting.start, "text", OPTIONS, "x" * 81, root=tmp_path) == "runs.bad_title"
    told(monkeypatch, TRAINING="off")
    assert start() == "runs.off"
    told(monkeypatch, TRAINING="limited")
    assert start() == "runs.no_hub"
    assert (limits.limits().minutes, limits.limits().each, limits.limits().hub) == (10, 1, False)
    told(monkeypatch, FREE_BYTES=10**15)
    assert start(data=[str(tmp_path)]) == "runs.no_room"
    told(monkeypatch, FREE_BYTES=0, WAITING_RUNS=2)
    assert not any(tmp_path.iterdir())
    data = {**OPTIONS, "data": [str(tmp_path)]}
    waiting.start("text", data, token="token", root=tmp_path)
    assert start(data=[str(tmp_path)]) == "runs.enough"
    waiting.start("text", data, token="other", root=tmp_path)
    assert refused(waiting.start, "text", data, token="third", root=tmp_path) == "runs.full"
    stopped = waiting.start("text", data, token="fourth", key=presenter_key()[0], root=tmp_path)
    control.stop(stopped.name, tmp_path)
    assert refused(control.resume, stopped.name, tmp_path) == "runs.full"
    RunFolder(stopped.folder).write_status("stopped", seconds=601.0, fraction=0.5)
    write_record(stopped.folder, replace(read_record(stopped.folder), longest=10.0))
    assert refused(control.resume, stopped.name, tmp_path) == "runs.trained_enough"
    assert control.resume(stopped.name, tmp_path, presenter_key()[0]).state == "waiting"
    assert read_record(stopped.folder).longest is None, "nobody stops it now"
    control.stop(stopped.name, tmp_path)
    presenter = waiting.start("text", OPTIONS | {"minutes": 600}, key=presenter_key()[0], root=tmp_path)
    assert presenter.place == 3 and not may_control(presenter, "token")
    told(monkeypatch, TRAINING="some")
    assert refused(settings) == "engine.not_one_of"


def test_what_is_over_its_limits_is_stopped(
    tmp_path: Path, launched: list[Launched], monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, PAUSE_MINUTES=0, RUN_MINUTES=5)
    waiting.start("text", OPTIONS, token="token", root=tmp_path)
    look = Supervisor(tmp_path)
    look.advance()
    run = launched[0].run
    for state, seconds, wait, stops in (
        ("running", 299.0, True, False),
        ("paused", 9.0, False, False),
        ("paused", 9.0, True, True),
        ("running", 301.0, False, True),
    ):
        run.stop_file.unlink(missing_ok=True)
        other = waiting.start("text", OPTIONS, token="other", root=tmp_path) if wait else None
        run.write_status(state, pid=launched[0].process.pid, seconds=seconds)
        look.advance()
        time.sleep(0.01)
        look.advance()
        assert run.stop_file.exists() == stops, (state, seconds)
        if other:
            control.stop(other.name, tmp_path)


def test_each_gpu_gets_a_run(tmp_path: Path, launched: list[Launched], monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (limits, supervisor):
        monkeypatch.setattr(module, "gpus", lambda: 2)
    for title in "abc":
        waiting.start("text", OPTIONS, title, root=tmp_path)
    look = Supervisor(tmp_path)
    assert [run.title for run in look.advance()] == ["a", "b"]
    end(launched[0])
    assert [run.title for run in look.advance()] == ["c"]
    assert [one.environment["GENAI_DEMO_DEVICE"] for one in launched] == ["cuda:0", "cuda:1", "cuda:0"]


def test_a_run_that_still_reads_its_data_is_stopped_at_once(tmp_path: Path, launched: list[Launched]) -> None:
    run = waiting.start("text", OPTIONS, root=tmp_path)
    look = Supervisor(tmp_path)
    look.advance()
    launched[0].run.write_status("preparing", pid=launched[0].process.pid)
    control.stop(run.name, tmp_path)
    assert launched[0].process.wait() == -signal.SIGTERM
    look.advance()
    found = find(run.name, tmp_path)
    assert (found.state, found.sentence, read_record(run.folder).ended) == ("stopped", "", -signal.SIGTERM)


def test_old_runs_of_visitors_go_into_the_trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, RUN_HOURS=1)
    names = [waiting.start("text", OPTIONS, token=token, root=tmp_path).name for token in ("token", "token", "")]
    for name in names:
        control.stop(name, tmp_path)
    for name in names[1:]:
        folder = tmp_path / name
        record = folder / "run.json"
        record.write_text(record.read_text().replace(f'"created": {read_record(folder).created}', '"created": 1.0'))
        os.utime(folder / "status.json", (1, 1))
    told(monkeypatch, TRAINING="off")
    Supervisor(tmp_path).advance()
    assert {run.name for run in all_runs(tmp_path)} == {names[0], names[2]}, "nobody's run stays"


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    file = tmp_path / "news.csv"
    rows = [f"{topic},The {topic} team of day {day} won." for topic in ("sports", "business") for day in range(9)]
    file.write_text("\n".join(["label,text", *rows]))
    return file


def test_a_run_outlives_the_app_and_a_killed_one_resumes(articles: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    options = {
        "model": "topics",
        "data": [articles],
        "examples": 96,
        "batch_size": 8,
        "state_minutes": 0.0,
        "tick_seconds": 0.0,
    }
    run = waiting.start("text", options | {"size": ["buckets=64", "width=2"]}, root=root)
    write_orders(run.folder, Orders(seconds=0.5))
    app = "from genai_demo.engine.runs.supervisor import Supervisor; Supervisor().advance()"
    subprocess.run([sys.executable, "-c", app], check=True, env={**os.environ, "GENAI_DEMO_RUNS": str(root)})
    folder = RunFolder(run.folder)
    wait_for(lambda: find(run.name, root).step >= 3)
    os.kill(folder.read_status()["pid"], signal.SIGKILL)
    wait_for(lambda: find(run.name, root).state == "lost")
    reached = folder.read_stats()[-1]["step"]
    assert reached < 12 and read_state(folder)[1]["step"] >= reached - 1
    write_orders(run.folder, Orders())
    assert control.resume(run.name, root).state == "waiting"
    look = Supervisor(root)
    look.start()
    try:
        wait_for(lambda: find(run.name, root).state == "finished")
    finally:
        look.stop()
    assert [line["step"] for line in folder.read_stats()] == list(range(1, 13))

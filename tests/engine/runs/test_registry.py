"""The list tells of every run where it stands, what it is called, and why it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.runs import access, trash
from genai_demo.engine.runs.archive import export_zip
from genai_demo.engine.runs.record import Record, owner_of, read_record, write_record
from genai_demo.engine.runs.registry import Best, all_runs, find
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.settings import settings
from tests.helpers.toys import Toy, stop_at

CONFIG = TrainConfig(examples=160, batch_size=8, precision="fp32", snapshots=4, tick_seconds=0.0)


def command(run: RunFolder, *more: str) -> tuple[str, ...]:
    return ("python", "-m", "genai_demo", "train", "text", "--model", "gru", "--run", str(run.path), *more)


def refused(act: Callable[..., object], *values: object) -> str:
    with pytest.raises(UserError) as refusal:
        act(*values)
    return refusal.value.key


def test_a_run_is_told_as_it_stands(run: RunFolder, tmp_path: Path) -> None:
    words = command(run, "--data", "/somewhere/news.csv", "fancyzhx/ag_news", "--minutes=2", "--flip")
    train(Toy(before_step=stop_at(run, 9)), CONFIG, run)
    write_record(run.path, Record(words, "Mine", owner=owner_of("token"), created=5.0))
    (found,) = all_runs(tmp_path)
    assert found == find("run", tmp_path)
    assert (found.name, found.title, found.modality, found.family) == ("run", "Mine", "text", "toy")
    assert (found.state, found.step, found.fraction, found.sentence) == ("stopped", 10, 0.5, "")
    assert found.data == "news.csv, fancyzhx/ag_news"
    assert found.seconds_left == pytest.approx(found.seconds)
    errors = {line["step"]: line["validation_error"] for line in run.read_stats() if "validation_error" in line}
    step = min(errors, key=errors.__getitem__)
    assert found.best == Best("error", errors[step], step)
    assert found.thumbnail == run.samples()[10][0]
    assert found.command == " ".join(words)
    assert read_record(run.path).options == {
        "model": "gru",
        "run": str(run.path),
        "data": ["/somewhere/news.csv", "fancyzhx/ag_news"],
        "minutes": "2",
        "flip": True,
    }
    plain = json.loads(json.dumps(found.plain()))
    assert plain["best"]["name"] == "error" and "owner" not in plain
    assert "token" not in "".join(file.read_text() for file in run.path.glob("*.json"))


def test_older_and_damaged_runs_are_listed(tmp_path: Path) -> None:
    for name in ("old", "odd"):
        train(Toy(), replace(CONFIG, examples=8), RunFolder(tmp_path / name))
    for name, content in (("config.json", "["), ("status.json", "{"), ("run.json", '{"words": [], "waiting": "x"}')):
        (tmp_path / "odd" / name).write_text(content)
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "config.json").write_text("{}")
    found = {run.name: run for run in all_runs(tmp_path)}
    assert found.keys() == {"old", "odd"}
    assert (found["old"].state, found["old"].command, found["old"].modality) == ("finished", "", "")
    assert found["odd"].state == "lost"


def test_why_a_run_ended_is_told_in_every_language(run: RunFolder, tmp_path: Path) -> None:
    def fails(error: BaseException) -> set[str]:
        def read_data() -> Toy:
            raise error

        with pytest.raises(type(error) if not isinstance(error, MemoryError) else UserError):
            train(read_data, CONFIG, run)
        found = find("run", tmp_path)
        assert found.state == "failed" and found.sentence == found.told("en")
        told = {found.told(language) for language in LANGUAGES}
        assert len(told) == len(LANGUAGES) and all(told)
        return {found.problem[0] if found.problem else "", found.told("en")}

    assert "engine.no_file" in fails(UserError("engine.no_file", file=tmp_path / "news.csv"))
    assert "engine.no_memory" in fails(MemoryError())
    key, sentence = sorted(fails(ZeroDivisionError("division by zero")))
    assert "ZeroDivisionError: division by zero" in key + sentence


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory."),
    ],
    ids=["python", "cpu", "gpu"],
)
def test_no_memory_ends_a_run_in_a_sentence_and_it_resumes(error: Exception, run: RunFolder) -> None:
    class Large(Toy):
        def validate(self, network: object) -> dict[str, float]:
            if run.state_folder() is not None:
                raise error
            return {}

    train(Large(before_step=stop_at(run, 5)), CONFIG, run)
    assert refused(lambda: train(Large(), CONFIG, run, resume=True)) == "engine.no_memory"
    assert run.read_status()["state"] == "failed" and "memory" in run.read_status()["message"].lower()
    assert train(Toy(), CONFIG, run, resume=True).fraction == 1


def test_a_process_that_was_ended_from_outside_is_lost_with_a_sentence(run: RunFolder, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        run.write_status("running", pid=process.pid, step=3)
        assert find("run", tmp_path).state == "running"
        process.kill()
    found = find("run", tmp_path)
    assert found.state == "lost" and found.problem == ("runs.lost", {})
    write_record(run.path, Record(command(run), ended=-signal.SIGKILL))
    found = find("run", tmp_path)
    assert found.problem == ("runs.killed", {"number": 9}) and "9" in found.told("zh")
    run.stop_file.touch()
    assert find("run", tmp_path).state == "stopped", "somebody wanted it to end"


def test_what_a_process_said_last_is_why_it_failed(run: RunFolder, tmp_path: Path) -> None:
    write_record(run.path, Record(command(run)))
    run.write_status("preparing", pid=2**22 + 1)
    (run.path / "log.txt").write_text("warning\n错误：batch_size 的值是 0。\n\n", encoding="utf-8")
    found = find("run", tmp_path)
    assert (found.state, found.sentence) == ("failed", "batch_size 的值是 0。")
    run.write_status("preparing", pid=2**22 + 1, step=5)
    assert find("run", tmp_path).state == "lost", "this may be what an earlier process said"
    write_record(run.path, Record(command(run), ended=2))
    assert find("run", tmp_path).sentence == "batch_size 的值是 0。"


def test_who_may_control_a_run(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run.write_status("finished")
    by_command = find("run", tmp_path)
    write_record(run.path, Record(command(run), owner=owner_of("token")))
    mine = find("run", tmp_path)
    key, is_new = access.presenter_key()
    assert is_new and len(key) >= 12 and access.presenter_key() == (key, True)
    assert access.may_control(mine, "token") and access.may_control(mine, "other", key)
    assert access.may_control(by_command, key=f" {key} ")
    for token, typed in (("other", ""), ("", ""), ("", "wrong"), (owner_of("token"), ""), ("", "ключ")):
        assert not access.may_control(mine, token, typed)
        assert not access.may_control(by_command, token, typed)
        assert refused(access.check_may_control, mine, token, typed) == "runs.not_yours"
    monkeypatch.setenv("GENAI_DEMO_KEY", "pass word")
    settings.cache_clear()
    assert access.presenter_key() == ("pass word", False)
    assert access.is_presenter("pass word") and not access.is_presenter(key)
    assert "pass word" not in repr(settings())


def test_deleted_runs_can_be_put_back_until_they_are_gone(run: RunFolder, tmp_path: Path) -> None:
    seen: list[str] = []
    task = Toy(before_step=lambda step: seen.append(refused(trash.delete, "run", tmp_path)))
    train(task, replace(CONFIG, examples=8), run)
    assert seen == ["runs.stop_first"]
    before = find("run", tmp_path)
    ticket = trash.delete("run", tmp_path)
    assert all_runs(tmp_path) == [] and not run.path.exists()
    assert trash.undo(ticket, tmp_path) == before
    assert refused(trash.undo, ticket, tmp_path) == "runs.gone"
    ticket = trash.delete("run", tmp_path)
    deleted = int(ticket.partition("-")[0]) / 1000
    run.write_status("stopped")
    assert refused(trash.undo, ticket, tmp_path) == "runs.name_taken"
    assert refused(trash.undo, f"../{ticket}", tmp_path) == refused(trash.undo, "run", tmp_path) == "runs.gone"
    hours = settings().trash_hours * 3600
    assert trash.empty(tmp_path, deleted + 0.9 * hours) == []
    assert trash.empty(tmp_path, deleted + 1.1 * hours) == [ticket]
    assert refused(trash.undo, ticket, tmp_path) == "runs.gone"
    assert [found.name for found in all_runs(tmp_path)] == ["run"]


def test_a_zip_is_a_run_elsewhere(run: RunFolder, tmp_path: Path) -> None:
    train(Toy(before_step=stop_at(run, 9)), CONFIG, run)
    write_record(run.path, Record(command(run), "Mine", owner=owner_of("token"), place=os.getcwd()))
    file = export_zip("run", tmp_path / "out" / "run.zip", tmp_path)
    elsewhere = tmp_path / "elsewhere"
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        archive.extractall(elsewhere)
    here, there = find("run", tmp_path), find("run", elsewhere)
    same = ("title", "state", "step", "fraction", "best", "family", "command", "created")
    assert [getattr(there, name) for name in same] == [getattr(here, name) for name in same]
    assert there.owner == "" and read_record(there.folder).place == ""
    copy = RunFolder(there.folder)
    assert copy.read_stats() == run.read_stats() and len(copy.samples()) == len(run.samples())
    best = copy.best_snapshot()
    assert best is not None and best.name == (run.best_snapshot() or best).name
    assert copy.state_folder() is None and not (copy.path / "log.txt").exists()
    assert (copy.path / "command.txt").read_text() == here.command + "\n"
    assert refused(export_zip, "run", tmp_path / "run" / "config.json" / "x.zip", tmp_path) == "engine.cannot_write"

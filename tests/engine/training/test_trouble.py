"""A run that is killed, tampered with or out of room ends in a sentence, and goes on from where it was whole."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from safetensors import SafetensorError

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.engine.models.lineage import open_start
from genai_demo.engine.training import run as run_module
from genai_demo.engine.training import state as state_module
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.step import LossWatch
from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError
from tests.helpers.toys import Toy, ema_of, same, stop_at

CONFIG = TrainConfig(examples=160, batch_size=8, precision="fp32", snapshots=4, tick_seconds=0.0)
STEPS = 20


def refused(key: str, task: Task | Callable[[], Task], run: RunFolder, resume: bool = True, **changes: Any) -> str:
    """Return the sentence that refuses a run, which has no line break, no Python and no advice for checkouts."""
    with pytest.raises(UserError) as refusal:
        train(task, replace(CONFIG, **changes), run, resume=resume)
    assert refusal.value.key == key
    sentences = [refusal.value.in_language(language) for language in LANGUAGES]
    for sentence in sentences:
        assert "\n" not in sentence and "Error" not in sentence and "git" not in sentence, sentence
    return sentences[0]


def crash_at(step: int) -> Callable[[int], None]:
    def crash(now: int) -> None:
        if now == step:
            raise RuntimeError("power cut")

    return crash


def stopped(run: RunFolder, step: int = 5) -> None:
    train(Toy(before_step=stop_at(run, step)), CONFIG, run)


# Killed


def test_a_run_killed_before_its_first_state_is_resumed_at_its_beginning(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        train(Toy(before_step=crash_at(7)), CONFIG, run)
    assert run.state_folder() is None and run.snapshots()
    assert "--resume" in refused("engine.run_exists", Toy(), run, resume=False)
    assert train(Toy(), CONFIG, run, resume=True).fraction == 1
    whole = RunFolder(tmp_path / "whole")
    train(Toy(), CONFIG, whole)
    assert same(ema_of(whole), ema_of(run))
    assert [line["step"] for line in run.read_stats()] == list(range(1, STEPS + 1))


HOLDER = """
import sys
from pathlib import Path
from genai_demo.engine.training.run import RunFolder

with RunFolder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("resume", [False, True])
def test_the_lock_of_a_folder_dies_with_its_process(resume: bool, run: RunFolder, root: Path) -> None:
    """Whatever the status says: of two processes that begin at once, none has said anything yet."""
    if resume:
        stopped(run)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(run.path)], cwd=root, text=True, **pipes) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        before = run.read_status()
        refused("engine.run_in_use", Toy(), run, resume=resume)
        assert run.read_status() == before
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert train(Toy(), CONFIG, run, resume=resume).fraction == 1


def test_what_was_half_written_is_cleaned_up(run: RunFolder) -> None:
    stopped(run)
    snapshot = run.last_snapshot()
    assert snapshot is not None
    left = [
        run.path / ".status.json.a1b2_3c4",
        snapshot / ".model.safetensors",
        run.path / "state" / ".current.12345678",
    ]
    mine = run.path / ".notes"
    for file in (*left, mine):
        file.write_bytes(b"half")
    (run.path / "state" / "00000019").mkdir()
    train(Toy(), CONFIG, run, resume=True)
    assert not [file for file in left if file.exists()]
    assert mine.exists()
    assert len([folder for folder in (run.path / "state").iterdir() if folder.is_dir()]) == 1


# Weights that are no numbers, losses that explode


def spoil_after(step: int) -> Toy:
    """Return a task whose optimiser makes a weight no number, which no loss has noticed yet."""
    task = Toy()
    count = iter(range(STEPS))

    def spoil(*_: Any) -> None:
        if next(count) == step:
            with torch.no_grad():
                next(task.networks["model"].parameters()).view(-1)[0] = math.nan

    task.phases[0].optimizer.register_step_post_hook(spoil)
    return task


def test_a_weight_that_is_no_number_makes_no_snapshot_and_no_state(run: RunFolder) -> None:
    sentence = refused("engine.weights_not_finite", spoil_after(STEPS - 1), run, resume=False)
    last = run.last_snapshot()
    assert last is not None and str(last) in sentence and str(STEPS) in sentence
    assert all(bool(weight.isfinite().all()) for weight in ema_of(run).values())
    assert run.state_folder() is None and run.snapshot_folder(STEPS) not in run.snapshots().values()
    assert run.read_status()["state"] == "failed"


def test_a_checkpoint_with_a_weight_that_is_no_number_is_not_used(run: RunFolder, tmp_path: Path) -> None:
    train(Toy(), CONFIG, run)
    folder = run.best_snapshot()
    assert folder is not None
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    next(iter(weights.values())).view(-1)[0] = math.inf
    safetensors.torch.save_file(weights, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    config["files"] = {}
    (folder / "config.json").write_text(json.dumps(config))
    for use in (
        lambda: export_checkpoint(run.path, tmp_path / "shipped"),
        lambda: read_checkpoint(folder).weights(),
        lambda: open_start(run.path, "toy").load_into(Toy().networks["model"]),
    ):
        with pytest.raises(UserError) as refusal:
            use()
        assert refusal.value.key == "engine.not_finite"
    assert not (tmp_path / "shipped").exists()


def test_a_loss_that_explodes_ends_the_run_with_the_last_good_snapshot(run: RunFolder) -> None:
    task = Toy(broken=lambda step: 1e9 if step >= 12 else None)
    sentence = refused("engine.exploded", task, run, resume=False, snapshots=30)
    last = run.last_snapshot()
    assert last is not None and str(last) in sentence
    assert int(last.name) <= 12, "those made meanwhile are not good"
    assert run.read_status()["state"] == "failed"


def test_a_loss_may_be_bad_for_a_step(run: RunFolder) -> None:
    task = Toy(broken=lambda step: 1e9 if step in (9, 13) else None)
    assert train(task, replace(CONFIG, clip_norm=1e-3), run).fraction == 1


def test_what_counts_as_an_explosion() -> None:
    def steps(losses: list[float], watch: LossWatch | None = None) -> int:
        watch = watch or LossWatch()
        return next((step for step, loss in enumerate(losses) if watch.exploded("model", loss)), -1)

    assert steps([9.0, 1e6, 1e6, 1e6]) == 3, "from the first step on"
    assert steps([9.0] * 20 + [200.0] * 20) == -1
    assert steps([9.0] * 20 + [300.0] * 20) == 22
    assert steps([1e-9] * 20 + [29.0] * 20) == -1, "below 1 nothing is large"
    assert steps([-5.0] * 9 + [-1e4] * 9) == 11
    assert steps([1.0, 1.0, 1.0, 40.0] * 20) == -1, "a penalty every few steps"
    resumed = LossWatch()
    resumed.restore({"model": 9.0})
    assert steps([300.0] * 9, resumed) == 2


# What may change


@pytest.mark.parametrize(
    "changes", [{"tick_seconds": 3.0}, {"snapshots": 7}, {"state_minutes": 9.0}, {"patience": 50}], ids=str
)
def test_bookkeeping_may_change(changes: dict[str, Any], run: RunFolder, tmp_path: Path) -> None:
    stopped(run)
    assert train(Toy(), replace(CONFIG, **changes), run, resume=True).fraction == 1
    whole = RunFolder(tmp_path / "whole")
    train(Toy(), CONFIG, whole)
    assert same(ema_of(whole), ema_of(run))


def test_a_setting_that_differs_is_named_by_its_option(run: RunFolder) -> None:
    stopped(run)
    assert "--batch-size 8, not 4" in refused("engine.other_config", Toy(), run, batch_size=4)

    class Started(Toy):
        def data(self) -> dict[str, Any]:
            return {**super().data(), "started_from": {"checkpoint": "abc123"}}

    assert "--start" in refused("engine.started_from_nothing", Started(), run)
    other = RunFolder(run.path.with_name("other"))
    train(Started(before_step=stop_at(other, 5)), CONFIG, other)
    sentence = refused("engine.started_from", Toy(), other)
    assert "--start" in sentence and "abc123" in sentence


# Tampered with


def _turn(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def _numbers(**changes: Any) -> Callable[[RunFolder], None]:
    """Return what changes a state's numbers and makes its checksums fit, as no accident does."""

    def change(run: RunFolder) -> None:
        folder = run.state_folder()
        assert folder is not None
        file = folder / "numbers.json"
        numbers = json.loads(file.read_text())
        file.write_text(json.dumps({key: value for key, value in (numbers | changes).items() if value is not None}))
        (folder / "checksums.json").unlink()

    return change


def _text(name: str, content: str) -> Callable[[RunFolder], None]:
    return lambda run: (run.path / name).write_text(content) and None


@pytest.mark.parametrize(
    ("tamper", "key"),
    [
        (lambda run: _turn(run.state_folder() / "tensors.safetensors"), "engine.damaged_state"),
        (lambda run: _turn(run.state_folder() / "numbers.json"), "engine.damaged_state"),
        (lambda run: (run.state_folder() / "numbers.json").unlink(), "engine.damaged_state"),
        (_numbers(step="many"), "engine.damaged_state"),
        (_numbers(step=-1), "engine.damaged_state"),
        (_numbers(micro_batch=None), "engine.damaged_state"),
        (_numbers(micro_batch=0), "engine.damaged_state"),
        (_numbers(seconds=math.nan), "engine.damaged_state"),
        (_numbers(precision="int4"), "engine.damaged_state"),
        (_numbers(optimizer={"model.x.step": 1}), "engine.damaged_state"),
        (_numbers(first_losses=[1]), "engine.damaged_state"),
        (_text("config.json", "{"), "engine.run_damaged"),
        (_text("config.json", "[]"), "engine.run_damaged"),
        (_text("config.json", "[" * 100_000), "engine.run_damaged"),
        (_text("config.json", '{"train": [1, 2]}'), "engine.run_damaged"),
        (_text("stats.jsonl", '{"step": 1}\n{"ste\n'), "engine.run_damaged"),
        (_text("stats.jsonl", "[1]\n"), "engine.run_damaged"),
        (_text("stats.jsonl", '{"loss": 1}\n'), "engine.run_damaged"),
    ],
)
def test_what_was_tampered_with_is_named(tamper: Callable[[Any], None], key: str, run: RunFolder) -> None:
    stopped(run)
    tamper(run)
    assert str(run.path) in refused(key, Toy(), run)
    assert run.read_status()["state"] == "failed"


@pytest.mark.parametrize("content", ["{", "[]", "5", '{"state": 5}', '{"state": "running", "pid": "x"}'])
def test_a_status_that_was_tampered_with_stops_nobody(content: str, run: RunFolder) -> None:
    stopped(run)
    _text("status.json", content)(run)
    assert run.read_status()["state"] == "lost"
    assert train(Toy(), CONFIG, run, resume=True).fraction == 1


@pytest.mark.parametrize("content", ["../../elsewhere", "nowhere", "", "\0"])
def test_pointers_lead_nowhere_else(content: str, run: RunFolder) -> None:
    stopped(run)
    last = run.last_snapshot()
    (run.path.parent / "elsewhere").mkdir()
    _text("snapshots/best", content)(run)
    assert run.best_snapshot() == last
    _text("state/current", content)(run)
    assert run.state_folder() is None
    assert train(Toy(), CONFIG, run, resume=True).fraction == 1, "from its beginning"


def test_a_state_of_an_older_version_has_no_checksums(run: RunFolder) -> None:
    stopped(run)
    _numbers(first_losses=None)(run)
    assert train(Toy(), CONFIG, run, resume=True).fraction == 1


def test_what_a_run_lacks_is_told_as_of_a_run(run: RunFolder) -> None:
    run.write_status("stopped")
    with pytest.raises(UserError) as refusal:
        open_start(run.path, "toy")
    assert refusal.value.key == "engine.no_snapshot"
    train(Toy(), CONFIG, run)
    folder = run.best_snapshot()
    assert folder is not None
    (folder / "model.safetensors").write_bytes(b"words")
    for key in ("engine.damaged_snapshot", "engine.missing_in_snapshot"):
        with pytest.raises(UserError) as refusal:
            open_start(run.path, "toy")
        assert refusal.value.key == key
        (folder / "model.safetensors").unlink(missing_ok=True)


# No room, no right, no terminal


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def full_as_safetensors_says(*_: Any, **__: Any) -> None:
    raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


@pytest.mark.parametrize("place", ["tensors", "numbers", "stats", "samples", "snapshot"])
def test_a_full_disk_ends_the_run_in_a_state_that_resumes(
    place: str, run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(run)
    with monkeypatch.context() as patch:
        if place == "tensors":
            patch.setattr(state_module, "save_file", full_as_safetensors_says)
        elif place == "numbers":
            write = state_module.write_json
            patch.setattr(
                state_module, "write_json", lambda file, value: (full if "numbers" in file.name else write)(file, value)
            )
        elif place == "stats":
            open_file = Path.open
            patch.setattr(
                Path, "open", lambda self, mode="r", **how: full() if mode == "a" else open_file(self, mode, **how)
            )
        elif place == "samples":
            patch.setattr(run_module, "write_bytes", full)
        else:
            patch.setattr("genai_demo.engine.training.log.save_checkpoint", full)
        assert "(No space left on device)" in refused("engine.run_not_written", Toy(), run)
    assert run.read_status()["state"] == "failed"
    assert "No space left" in run.read_status()["message"]
    assert train(Toy(), CONFIG, run, resume=True).fraction == 1
    whole = RunFolder(tmp_path / "whole")
    train(Toy(), CONFIG, whole)
    assert same(ema_of(whole), ema_of(run))


def test_a_disk_that_is_full_before_the_first_state_promises_none(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(safetensors.torch, "save_file", full_as_safetensors_says)
        assert "state" not in refused("engine.run_not_begun", Toy(), run, resume=False)
    assert run.read_status()["state"] == "failed"
    assert train(Toy(), CONFIG, run, resume=True).fraction == 1


def test_the_status_is_told_in_the_room_of_the_last_one(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    run.path.mkdir()
    run.write_status("running", message="something rather long that stood here before")
    monkeypatch.setattr(run_module, "write_json", full)
    run.write_status("failed", message="short")
    assert (run.read_status()["state"], run.read_status()["message"]) == ("failed", "short")


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("words")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        for resume in (False, True):
            key = "engine.nothing_to_resume" if resume else "engine.run_not_begun"
            assert str(path) in refused(key, Toy(), RunFolder(path), resume=resume)
    assert (tmp_path / "file").read_text() == "words"


@pytest.mark.skipif(
    not os.path.isdir("/proc/self") or os.name == "nt", reason="no folder here that nobody may write to"
)
def test_a_folder_that_cannot_be_written_to_is_named() -> None:
    assert "/proc/self/run" in refused("engine.run_not_begun", Toy(), RunFolder(Path("/proc/self/run")), resume=False)


PREPARING = """
import os, signal, sys
from pathlib import Path
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from tests.engine.training.test_trouble import CONFIG

try:
    train(lambda: os.kill(os.getpid(), int(sys.argv[2])), CONFIG, RunFolder(Path(sys.argv[1])))
except UserError as error:
    print(error.key)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_run_stopped_while_it_reads_says_so(number: signal.Signals, run: RunFolder, root: Path) -> None:
    command = [sys.executable, "-c", PREPARING, str(run.path), str(int(number))]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["engine.stopped_early"], done.stderr
    assert run.read_status()["state"] == "stopped"
    assert train(Toy(), CONFIG, run).fraction == 1, "the command can be given again"

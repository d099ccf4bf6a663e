"""An interrupted run goes on as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genai_demo.engine.training import state as state_module
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_state, write_state
from genai_demo.errors import UserError
from tests.helpers.toys import Duel, Toy, ema_of, same, stop_at

CONFIG = TrainConfig(examples=160, batch_size=8, precision="fp32", snapshots=4, tick_seconds=0.0)
STEPS = 20


def steps_of(run: RunFolder) -> list[int]:
    return [line["step"] for line in run.read_stats()]


def status_of(run: RunFolder) -> dict[str, Any]:
    return json.loads((run.path / "status.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", [Toy, Duel])
@pytest.mark.parametrize("stops", [(7,), (0,), (3, 11), (STEPS - 1,)], ids=str)
def test_stopped_and_resumed_is_the_same_run(kind: type[Toy], stops: tuple[int, ...], tmp_path: Path) -> None:
    whole, parts = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "parts")
    train(kind(dropout=0.3), CONFIG, whole)
    for number, stop in enumerate(stops):
        end = train(kind(dropout=0.3, before_step=stop_at(parts, stop)), CONFIG, parts, resume=number > 0)
        assert end.step == stop + 1
    train(kind(dropout=0.3), CONFIG, parts, resume=True)
    assert same(ema_of(whole), ema_of(parts))
    assert steps_of(parts) == steps_of(whole) == list(range(1, STEPS + 1))
    snapshots = {folder.name for folder in (whole.path / "snapshots").iterdir()}
    at_stops = {f"{stop + 1:08d}" for stop in stops}
    assert snapshots | at_stops == {folder.name for folder in (parts.path / "snapshots").iterdir()}
    losses = [[line["loss" if kind is Toy else "d_loss"] for line in run.read_stats()] for run in (whole, parts)]
    assert losses[0] == losses[1]


def test_both_networks_of_a_duel_move_and_come_back(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    before = Duel()
    task = Duel(before_step=stop_at(run, 5))
    train(task, CONFIG, run)
    for name, network in task.networks.items():
        assert not same(network.state_dict(), before.networks[name].state_dict())
    resumed = Duel(before_step=stop_at(run, 6))
    train(resumed, CONFIG, run, resume=True)
    going_on = Duel(before_step=stop_at(RunFolder(tmp_path / "other"), 6))
    train(going_on, CONFIG, RunFolder(tmp_path / "other"))
    for name, network in resumed.networks.items():
        assert same(network.state_dict(), going_on.networks[name].state_dict())


def test_figures_of_the_last_steps_before_a_stop_are_kept(run: RunFolder) -> None:
    config = replace(CONFIG, tick_seconds=1000.0, snapshots=1)
    train(Toy(before_step=stop_at(run, 6)), config, run)
    assert steps_of(run) == [7]
    assert "loss" in run.read_stats()[0]


def test_what_was_learnt_until_a_stop_is_kept(run: RunFolder) -> None:
    train(Toy(before_step=stop_at(run, 6)), replace(CONFIG, snapshots=1), run)
    assert run.last_snapshot() == run.snapshot_folder(7)
    tensors, _ = read_state(run)
    ema = ema_of(run)
    assert same(ema, {name: tensors[f"average/{name}"] for name in ema})


def test_state_says_where_the_run_stands(run: RunFolder) -> None:
    seen: list[str] = []

    def look(step: int) -> None:
        seen.append(status_of(run)["state"])
        if step == 4:
            run.stop_file.touch()

    train(Toy(before_step=look), CONFIG, run)
    assert set(seen) == {"running"}
    assert status_of(run)["state"] == "stopped"
    assert status_of(run)["fraction"] == 5 / STEPS
    seen.clear()
    train(Toy(before_step=look), CONFIG, run, resume=True)
    assert set(seen) == {"running"}
    assert status_of(run)["state"] == "finished"


def test_a_resumed_run_forgets_the_stop_sign(run: RunFolder) -> None:
    train(Toy(before_step=stop_at(run, 4)), CONFIG, run)
    assert run.stop_file.exists()
    assert train(Toy(), CONFIG, run, resume=True).fraction == 1


def test_steps_taken_after_the_last_state_are_taken_again(run: RunFolder, tmp_path: Path) -> None:
    def crash(step: int) -> None:
        if step == 12:
            raise RuntimeError("power cut")

    train(Toy(before_step=stop_at(run, 5)), CONFIG, run)
    with pytest.raises(RuntimeError, match="power cut"):
        train(Toy(before_step=crash), CONFIG, run, resume=True)
    assert status_of(run)["state"] == "failed"
    with (run.path / "stats.jsonl").open("a") as stream:
        stream.write('{"step": 13, "lo')  # a line that was being written
    train(Toy(), CONFIG, run, resume=True)
    assert steps_of(run) == list(range(1, STEPS + 1))
    whole = RunFolder(tmp_path / "whole")
    train(Toy(), CONFIG, whole)
    assert same(ema_of(whole), ema_of(run))


def test_new_run_does_not_overwrite_one(run: RunFolder) -> None:
    train(Toy(), CONFIG, run)
    ema = ema_of(run)
    with pytest.raises(UserError) as refusal:
        train(Toy(seed=1), CONFIG, run)
    assert refusal.value.key == "engine.run_exists"
    assert same(ema, ema_of(run))


def test_nothing_to_resume(run: RunFolder) -> None:
    for _ in range(2):
        with pytest.raises(UserError) as refusal:
            train(Toy(), CONFIG, run, resume=True)
        assert refusal.value.key == "engine.nothing_to_resume"
        run.path.mkdir(exist_ok=True)
    assert not (run.path / "config.json").exists()


@pytest.mark.parametrize(
    ("task", "config", "key"),
    [
        (Toy(), replace(CONFIG, batch_size=4), "train.batch_size"),
        (Toy(), replace(CONFIG, ema_half_life=5.0), "train.ema_half_life"),
        (Toy(seed=3), CONFIG, "data.seed"),
        (Toy(family="other"), CONFIG, "family"),
    ],
    ids=["batch size", "half-life", "data", "family"],
)
def test_resume_refuses_other_settings(task: Toy, config: TrainConfig, key: str, run: RunFolder) -> None:
    train(Toy(before_step=stop_at(run, 5)), CONFIG, run)
    with pytest.raises(UserError) as refusal:
        train(task, config, run, resume=True)
    assert refusal.value.key == "engine.other_config"
    assert refusal.value.values["key"] == key
    train(Toy(), CONFIG, run, resume=True)


def test_larger_budget_goes_on_and_ends_with_a_snapshot(run: RunFolder) -> None:
    train(Toy(), CONFIG, run)
    first = ema_of(run)
    end = train(Toy(), replace(CONFIG, examples=320), run, resume=True)
    assert end.step == 2 * STEPS
    assert run.last_snapshot() == run.snapshot_folder(2 * STEPS)
    assert not same(first, ema_of(run))


@pytest.mark.parametrize("place", ["tensors", "numbers", "pointer"])
@pytest.mark.parametrize("again", [False, True], ids=["later step", "same step"])
def test_interrupted_state_write_leaves_the_former_state(
    place: str,
    again: bool,
    run: RunFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train(Toy(before_step=stop_at(run, 5)), CONFIG, run)

    def save_half(tensors: Any, file: Path) -> None:
        file.write_bytes(b"half")
        raise KeyboardInterrupt

    def write_nothing(file: Path, content: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if place == "tensors":
            patch.setattr(state_module, "save_file", save_half)
        else:
            patch.setattr(state_module, "write_json" if place == "numbers" else "write_text", write_nothing)
        if again:
            tensors, numbers = read_state(run)
            with pytest.raises(KeyboardInterrupt):
                write_state(run, 6, tensors, numbers)
        else:
            with pytest.raises(KeyboardInterrupt):
                write_state(run, 9, {}, {})
    assert read_state(run)[1]["step"] == 6
    train(Toy(), CONFIG, run, resume=True)
    whole = RunFolder(tmp_path / "whole")
    train(Toy(), CONFIG, whole)
    assert same(ema_of(whole), ema_of(run))


def test_one_state_is_kept(run: RunFolder) -> None:
    for step in (1, 2, 2, 3):
        write_state(run, step, {}, {"step": step})
        assert read_state(run)[1] == {"step": step}
    assert len([folder for folder in (run.path / "state").iterdir() if folder.is_dir()]) == 1


def test_damaged_state_is_named(run: RunFolder) -> None:
    train(Toy(before_step=stop_at(run, 5)), CONFIG, run)
    folder = run.state_folder()
    assert folder is not None
    file = folder / "tensors.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(UserError) as refusal:
        train(Toy(), CONFIG, run, resume=True)
    assert refusal.value.key == "engine.damaged_state"
    assert str(folder) in str(refusal.value)


SIGNALLED = """
import os, signal, sys
from pathlib import Path
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from tests.engine.training.test_resume import CONFIG
from tests.helpers.toys import Toy

def ask(step):
    if step == 8:
        os.kill(os.getpid(), int(sys.argv[2]))

end = train(Toy(dropout=0.3, before_step=ask), CONFIG, RunFolder(Path(sys.argv[1])))
print(end.step)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_signal_ends_the_step_and_saves(number: signal.Signals, tmp_path: Path, root: Path) -> None:
    run, whole = RunFolder(tmp_path / "signalled"), RunFolder(tmp_path / "whole")
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(run.path), str(int(number))],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["9"]
    assert status_of(run)["state"] == "stopped"
    train(Toy(dropout=0.3), CONFIG, run, resume=True)
    train(Toy(dropout=0.3), CONFIG, whole)
    assert same(ema_of(whole), ema_of(run))
    assert steps_of(run) == list(range(1, STEPS + 1))


def test_handlers_of_signals_are_given_back(run: RunFolder) -> None:
    before = signal.getsignal(signal.SIGTERM)
    train(Toy(), CONFIG, run)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_run_that_is_to_outlive_its_terminal_does(run: RunFolder) -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        task = Toy(before_step=lambda step: os.kill(os.getpid(), signal.SIGHUP) if step == 8 else None)
        assert train(task, CONFIG, run).fraction == 1
    finally:
        signal.signal(signal.SIGHUP, former)

"""What a run is told while it trains, it does, and nothing else changes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genai_demo.engine.runs import control, follower
from genai_demo.engine.runs.orders import FILE, Orders, Steps, read_orders, write_orders
from genai_demo.engine.runs.registry import find
from genai_demo.engine.training import loop
from genai_demo.engine.training import status as status_module
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_state
from genai_demo.errors import UserError
from tests.engine.training.test_live import wait_for
from tests.helpers.toys import Clock, Duel, Toy, ema_of, same, stop_at

CONFIG = TrainConfig(examples=160, batch_size=8, precision="fp32", snapshots=4, tick_seconds=0.0)
STEPS = 20


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "GLANCE", 0.005)


@contextmanager
def meanwhile(run: RunFolder, act: Callable[[], None]) -> Iterator[None]:
    """Do something on another thread; what goes wrong there ends the run, and is raised."""
    wrong: list[BaseException] = []

    def attempt() -> None:
        try:
            act()
        except BaseException as error:
            wrong.append(error)
            run.stop_file.touch()

    thread = threading.Thread(target=attempt)
    thread.start()
    yield
    thread.join()
    if wrong:
        raise wrong[0]


def at(step: int, act: Callable[[], object]) -> Callable[[int], None]:
    return lambda now: act() and None if now == step else None


def paused_at(run: RunFolder, step: int) -> bool:
    status = run.read_status()
    return (status.get("state"), status.get("step")) == ("paused", step)


@pytest.mark.parametrize("kind", [Toy, Duel])
def test_paused_stepped_and_resumed_is_the_same_run(kind: type[Toy], run: RunFolder, tmp_path: Path) -> None:
    def visitor() -> None:
        wait_for(lambda: paused_at(run, 6) and run.state_folder())
        assert find(run.path.name, tmp_path).state == "paused"
        control.step(run.path.name, root=tmp_path)
        control.step(run.path.name, 2, root=tmp_path)
        wait_for(lambda: paused_at(run, 9))
        wait_for(lambda: read_state(run)[1]["step"] == 9)  # nothing is lost if it is killed now
        assert [line["step"] for line in run.read_stats()] == list(range(1, 10))
        control.resume(run.path.name, root=tmp_path)

    with meanwhile(run, visitor):
        hook = at(5, lambda: control.pause(run.path.name, tmp_path))
        end = train(kind(dropout=0.3, before_step=hook), CONFIG, run)
    whole = RunFolder(tmp_path / "whole")
    assert train(kind(dropout=0.3), CONFIG, whole).step == end.step == STEPS
    assert same(ema_of(run), ema_of(whole)) and same(read_state(run)[0], read_state(whole)[0])
    losses = [[line["loss" if kind is Toy else "d_loss"] for line in one.read_stats()] for one in (run, whole)]
    assert losses[0] == losses[1]
    assert not any("marks" in line for line in run.read_stats()), "this was training as usual"


def test_a_pause_and_slow_motion_cost_nothing_of_the_budget(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    class Sleeper(Clock):
        def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            self.pass_seconds(1.0)
            if len(slept) == 50:
                write_orders(run.path, Orders(seconds=7.0))

    clock = Sleeper()
    for module in (loop, follower):
        monkeypatch.setattr(module, "time", clock)

    def work(step: int) -> None:
        clock.pass_seconds(3.0)
        if step == 2:
            write_orders(run.path, Orders(paused=True))

    end = train(Toy(before_step=work), replace(CONFIG, examples=None, minutes=0.5, tick_seconds=1000.0), run)
    assert (end.step, end.seconds) == (10, 30.0)
    assert len(slept) == 50 + 6 * 7, "between two steps of those after the pause"
    assert [line["step"] for line in run.read_stats()][-6:] == [5, 6, 7, 8, 9, 10], "somebody watches every step"


def test_only_one_phase_moves_and_the_history_tells(run: RunFolder) -> None:
    run.path.mkdir()
    write_orders(run.path, Orders(paused=True, steps=(Steps(1, 3, "d"),), number=1))
    task, fresh = Duel(), Duel()

    def visitor() -> None:
        wait_for(lambda: paused_at(run, 3))
        run.stop_file.touch()

    with meanwhile(run, visitor):
        train(task, CONFIG, run)
    assert same(task.networks["generator"].state_dict(), fresh.networks["generator"].state_dict())
    assert not same(task.networks["discriminator"].state_dict(), fresh.networks["discriminator"].state_dict())
    lines = run.read_stats()
    assert [line.get("marks") for line in lines[:3]] == [[{"step": step, "only": "d"}] for step in (1, 2, 3)]
    assert all("d_loss" in line and "g_loss" not in line for line in lines[:3])
    assert read_state(run)[1]["taken"] == 3, "a resumed run does not take them again"


def test_a_hyper_parameter_changes_in_mid_run_and_stays_changed(run: RunFolder, tmp_path: Path) -> None:
    name = run.path.name
    task = Toy(before_step=at(7, lambda: control.change(name, {"learning_rate": 0.01}, tmp_path)))
    train(task, CONFIG, run)
    plain = Toy()
    train(plain, CONFIG, RunFolder(tmp_path / "plain"))
    assert task.rates[:8] == plain.rates[:8], "the present step is taken as it was"
    assert task.rates[8:] == pytest.approx([rate / 5 for rate in plain.rates[8:]])
    marks = [mark for line in run.read_stats() for mark in line.get("marks", ())]
    assert marks == [{"step": 8, "name": "learning_rate", "before": 0.05, "after": 0.01}]
    told = find(name, tmp_path).live["learning_rate"]
    assert (told["value"], told["low"], told["high"]) == (0.01, 1e-8, 100.0)


def test_a_run_killed_after_a_change_goes_on_with_it(run: RunFolder, tmp_path: Path) -> None:
    def hook(crash: int | None) -> Callable[[int], None]:
        def act(step: int) -> None:
            if step == 7:
                write_orders(run.path, Orders(values={"learning_rate": 0.01}))
            if step == crash:
                raise RuntimeError("power cut")

        return act

    with pytest.raises(RuntimeError):
        train(Toy(before_step=hook(12)), CONFIG, run)
    assert read_state(run)[1]["step"] == 8, "the state was saved with the change"
    (run.path / FILE).unlink()
    train(Toy(), CONFIG, run, resume=True)
    killed = ema_of(run)
    whole = RunFolder(tmp_path / "run2")
    whole.path.mkdir()
    train(
        Toy(before_step=at(7, lambda: write_orders(whole.path, Orders(values={"learning_rate": 0.01})))), CONFIG, whole
    )
    assert same(killed, ema_of(whole))
    assert [line["step"] for line in run.read_stats()] == list(range(1, STEPS + 1))
    assert [line["marks"][0]["step"] for line in run.read_stats() if "marks" in line] == [8]


def test_stopped_while_paused_keeps_all_and_resumes(run: RunFolder, tmp_path: Path) -> None:
    def visitor() -> None:
        wait_for(lambda: paused_at(run, 6))
        control.stop(run.path.name, tmp_path)

    with meanwhile(run, visitor):
        train(Toy(before_step=at(5, lambda: control.pause(run.path.name, tmp_path))), CONFIG, run)
    assert run.read_status()["state"] == "stopped"
    assert run.last_snapshot() == run.snapshot_folder(6)
    write_orders(run.path, Orders())
    train(Toy(), CONFIG, run, resume=True)
    whole = RunFolder(tmp_path / "whole")
    train(Toy(), CONFIG, whole)
    assert same(ema_of(run), ema_of(whole))


def test_a_paused_run_gives_signs_of_life_and_keeps_its_folder(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_module, "HEARTBEAT", 0.01)

    def visitor() -> None:
        wait_for(lambda: paused_at(run, 1))
        first = run.read_status()["heartbeat"]
        wait_for(lambda: run.read_status()["heartbeat"] > first)
        other = RunFolder(tmp_path / "other")
        other.write_status("paused", pid=os.getppid())
        for resume in (False, True):
            (other.path / "config.json").write_text("{}") if resume else None
            assert refused(lambda resume=resume: other.check(resume)) == "engine.run_in_use"
        control.resume(run.path.name, tmp_path)

    with meanwhile(run, visitor):
        train(Toy(before_step=at(0, lambda: control.pause(run.path.name, tmp_path))), CONFIG, run)
    assert run.read_status()["state"] == "finished"


@pytest.mark.parametrize("content", ["{", "[]", '{"paused": 1, "steps": 3}', '{"values": {"learning_rate": "fast"}}'])
def test_orders_that_were_damaged_change_nothing(content: str, run: RunFolder, tmp_path: Path) -> None:
    run.path.mkdir()
    (run.path / FILE).write_text(content)
    assert read_orders(run.path) is None
    train(Toy(), CONFIG, run)
    whole = RunFolder(tmp_path / "whole")
    train(Toy(), CONFIG, whole)
    assert same(ema_of(run), ema_of(whole))


@pytest.mark.parametrize("values", [{"learning_rate": -1.0}, {"learning_rate": 1e9}, {"width": 3.0}], ids=str)
def test_what_no_rule_allows_is_not_changed(values: dict[str, float], run: RunFolder, tmp_path: Path) -> None:
    run.path.mkdir()
    write_orders(run.path, Orders(values=values))
    task, plain = Toy(), Toy()
    train(task, CONFIG, run)
    train(plain, CONFIG, RunFolder(tmp_path / "plain"))
    assert task.rates == plain.rates


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(UserError) as refusal:
        act()
    return refusal.value.key


def test_what_cannot_be_done_now_is_refused(run: RunFolder, tmp_path: Path) -> None:
    name = run.path.name
    seen: list[str] = []

    def act(step: int) -> None:
        if step != 3:
            return
        seen.extend(
            refused(one)
            for one in (
                lambda: control.resume(name, tmp_path),
                lambda: control.step(name, 0, root=tmp_path),
                lambda: control.step(name, 1, "generator", tmp_path),
                lambda: control.slow(name, 61, tmp_path),
                lambda: control.change(name, {"width": 3}, tmp_path),
                lambda: control.change(name, {"learning_rate": 0}, tmp_path),
                lambda: control.rename(name, " ", tmp_path),
                lambda: control.rename(name, "a\nb", tmp_path),
            )
        )

    train(Toy(before_step=act), CONFIG, run)
    assert seen == [
        "runs.at_work",
        "engine.out_of_range_whole",
        "engine.not_one_of",
        "engine.out_of_range",
        "runs.not_live",
        "engine.out_of_range",
        "runs.bad_title",
        "runs.bad_title",
    ]
    for one in (control.pause, control.stop):
        assert refused(lambda one=one: one(name, tmp_path)) == "runs.not_at_work"
    assert refused(lambda: control.resume(name, tmp_path)) == "runs.finished"
    for unknown in ("", "..", "nowhere", ".trash", f"../{tmp_path.name}/{name}"):
        assert refused(lambda unknown=unknown: control.stop(unknown, tmp_path)) == "runs.unknown"
    assert control.rename(name, " My run ", tmp_path).title == "My run"
    other = RunFolder(tmp_path / "other")
    train(Toy(before_step=stop_at(other, 3)), CONFIG, other)
    assert refused(lambda: control.resume("other", tmp_path)) == "runs.no_command"

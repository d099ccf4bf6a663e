"""What a run does besides coming back from an interruption."""

from __future__ import annotations

import json
import math
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.engine.training import device, loop
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from tests.helpers.toys import Clock, Duel, Toy, ema_of, same, stop_at

CONFIG = TrainConfig(examples=160, batch_size=8, precision="fp32", snapshots=4, tick_seconds=0.0)
STEPS = 20


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(loop, "time", clock)
    return clock


def status_of(run: RunFolder) -> dict[str, Any]:
    return json.loads((run.path / "status.json").read_text(encoding="utf-8"))


# Budgets


def test_budget_in_examples(run: RunFolder) -> None:
    end = train(Toy(), replace(CONFIG, examples=81), run)
    assert (end.step, end.examples, end.fraction) == (11, 88, 1.0)
    assert [line["fraction"] for line in run.read_stats()] == sorted(line["fraction"] for line in run.read_stats())
    assert run.read_stats()[-1]["fraction"] == 1
    assert status_of(run)["state"] == "finished"


def test_budget_in_minutes(run: RunFolder, clock: Clock) -> None:
    task = Toy(before_step=lambda step: clock.pass_seconds(5.0))
    end = train(task, replace(CONFIG, examples=None, minutes=1.0), run)
    assert (end.step, end.seconds, end.fraction) == (12, 60.0, 1.0)
    assert run.last_snapshot() == run.snapshot_folder(12)
    # The learning rate of a step goes by the share of the budget before it: from 1 to 0.1 in a straight line.
    assert task.rates == pytest.approx([0.05 * (1 - 0.9 * step / 12) for step in range(12)])


def test_time_between_interruption_and_resumption_does_not_count(run: RunFolder, clock: Clock) -> None:
    config = replace(CONFIG, examples=None, minutes=1.0)
    stop = stop_at(run, 3)

    def one_step(step: int) -> None:
        clock.pass_seconds(5.0)
        stop(step)

    assert train(Toy(before_step=one_step), config, run).seconds == 20
    clock.pass_seconds(3600.0)
    end = train(Toy(before_step=lambda step: clock.pass_seconds(5.0)), config, run, resume=True)
    assert (end.step, end.seconds) == (12, 60.0)


def test_last_snapshot_is_made_although_bookkeeping_takes_time(
    run: RunFolder,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_stats = RunFolder.add_stats

    def slow(self: RunFolder, line: dict[str, Any]) -> None:
        clock.pass_seconds(4.0)
        add_stats(self, line)

    monkeypatch.setattr(RunFolder, "add_stats", slow)
    # After 12 steps 56 of 60 seconds are over, and after writing it down all of them.
    end = train(Toy(before_step=lambda step: clock.pass_seconds(1.0)), replace(CONFIG, examples=None, minutes=1.0), run)
    assert end.fraction == 1
    assert run.last_snapshot() == run.snapshot_folder(end.step)
    assert run.read_stats()[-1]["fraction"] == 1


def test_state_is_written_as_time_goes_by(run: RunFolder, clock: Clock) -> None:
    states: list[int] = []

    def look(step: int) -> None:
        clock.pass_seconds(30.0)
        folder = run.state_folder()
        if folder is not None:
            states.append(int(folder.name))

    train(Toy(before_step=look), replace(CONFIG, state_minutes=2.0), run)
    assert sorted(set(states)) == [4, 8, 12, 16]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({}, "engine.one_budget"),
        ({"minutes": 1.0, "examples": 5}, "engine.one_budget"),
        *(({"minutes": value}, "engine.bad_minutes") for value in (0.0, -1.0, math.nan, math.inf, 1e9)),
        *(({"examples": value}, "engine.out_of_range_whole") for value in (0, -1, 10**13)),
        *(({"examples": 9, "batch_size": value}, "engine.out_of_range_whole") for value in (0, -1, 10**6)),
        ({"examples": 9, "precision": "int4"}, "engine.not_one_of"),
        *(({"examples": 9, "patience": value}, "engine.out_of_range_whole") for value in (0, -1, 10**6)),
        *(({"examples": 9, "seed": value}, "engine.out_of_range_whole") for value in (-1, 2**31)),
        *(({"examples": 9, "snapshots": value}, "engine.out_of_range_whole") for value in (0, -1)),
        *(({"examples": 9, "clip_norm": value}, "engine.out_of_range") for value in (0.0, math.nan)),
    ],
)
def test_settings_that_are_not_allowed(values: dict[str, Any], key: str) -> None:
    with pytest.raises(UserError) as refusal:
        TrainConfig(**values)
    assert refusal.value.key == key
    assert all(refusal.value.in_language(language) for language in LANGUAGES)


# What is kept


def test_snapshots_are_checkpoints_at_log_spaced_steps(run: RunFolder) -> None:
    train(Toy(), replace(CONFIG, examples=8 * 100, snapshots=5), run)
    steps = sorted(int(folder.name) for folder in (run.path / "snapshots").iterdir() if folder.is_dir())
    assert steps == [1, 5, 22, 100], "0.002, 0.0095, 0.045, 0.21 and 1 of the budget; the first two fall on one step"
    for step in steps:
        checkpoint = read_checkpoint(run.snapshot_folder(step))
        assert checkpoint.family == "toy"
        assert checkpoint.trained["examples"] == step * 8
        assert checkpoint.trained["data"] == {"seed": 0}
        assert (run.path / "samples" / f"{step:08d}" / "sample.txt").read_bytes() == b"a sample"
    assert run.last_snapshot() == run.snapshot_folder(100)
    validated = [line["step"] for line in run.read_stats() if "validation_error" in line]
    assert validated == steps


class Scripted(Toy):
    """Its validation figures are given in advance, one for each snapshot."""

    errors: Iterator[float]

    def validate(self, network: nn.Module) -> dict[str, float]:
        return {"error": next(self.errors)}


def scripted(*errors: float) -> Scripted:
    task = Scripted()
    task.errors = iter(errors)
    return task


@pytest.mark.parametrize(
    ("errors", "best"),
    [
        ((3.0, 1.0, 2.0, 2.5), 5),
        ((3.0, 1.0, 1.0, 2.0), 22),  # the later of two that are equal has learnt more
        ((1.0, math.nan, 2.0, 0.5), 100),
        ((math.nan, math.inf, 2.0, 3.0), 22),
    ],
)
def test_best_snapshot_on_held_out_data(run: RunFolder, tmp_path: Path, errors: tuple[float, ...], best: int) -> None:
    train(scripted(*errors), replace(CONFIG, examples=8 * 100, snapshots=5), run)
    assert run.best_snapshot() == run.snapshot_folder(best)
    assert run.last_snapshot() == run.snapshot_folder(100)
    exported = export_checkpoint(run.path, tmp_path / "shipped")
    assert exported.trained["examples"] == best * 8


def test_where_nothing_is_compared_the_newest_snapshot_is_the_best(run: RunFolder) -> None:
    task = scripted(1.0, 2.0, 3.0, 4.0)
    task.selection_metric = ""
    train(task, replace(CONFIG, examples=8 * 100, snapshots=5), run)
    assert run.best_snapshot() == run.snapshot_folder(100)


def test_run_ends_early_when_its_patience_is_spent(run: RunFolder) -> None:
    config = replace(CONFIG, examples=8 * 100, snapshots=5, patience=2)
    end = train(scripted(1.0, 2.0, 0.5, 3.0), config, run)
    assert end.fraction == 1, "one that is no better, then a better one, then the end of the budget"
    other = RunFolder(run.path.with_name("other"))
    end = train(scripted(1.0, 2.0, 3.0, 0.5), config, other)
    assert end.step == 23, "the step after the second snapshot that was no better"
    assert status_of(other)["state"] == "finished"
    assert other.best_snapshot() == other.snapshot_folder(1)


def test_a_run_out_of_patience_stays_so_when_resumed(run: RunFolder) -> None:
    config = replace(CONFIG, examples=8 * 100, snapshots=5, patience=2)
    first = train(scripted(1.0, 2.0, 3.0, 0.5), config, run)
    assert train(scripted(), config, run, resume=True).step == first.step


@pytest.mark.parametrize(("half_life", "ramp"), [(24.0, 1e9), (1e9, 0.5), (24.0, 0.5)])
def test_product_is_the_moving_average(half_life: float, ramp: float, run: RunFolder) -> None:
    seen: list[dict[str, torch.Tensor]] = []
    task = Toy()
    task.before_step = lambda step: seen.append(
        {name: weight.clone() for name, weight in task.networks["model"].state_dict().items()}
    )
    config = replace(CONFIG, ema_half_life=half_life, ema_ramp=ramp)
    train(task, config, run)
    seen.append(task.networks["model"].state_dict())
    for name, average in seen[0].items():
        expected = average.double()
        for step, weights in enumerate(seen[1:], 1):
            keep = 0.5 ** (8 / min(half_life, ramp * 8 * step))
            expected = keep * expected + (1 - keep) * weights[name]
        assert torch.allclose(ema_of(run)[name].double(), expected, atol=1e-6)


def test_training_helps(run: RunFolder) -> None:
    train(Toy(), replace(CONFIG, examples=8 * 200), run)
    errors = [line["validation_error"] for line in run.read_stats() if "validation_error" in line]
    assert errors[-1] < 0.2 * errors[0]


def test_config_of_the_run_is_written_down(run: RunFolder) -> None:
    train(Toy(), CONFIG, run)
    config = json.loads((run.path / "config.json").read_text())
    assert config["budget"] == {"examples": 160, "minutes": None}
    assert config["train"]["batch_size"] == 8
    assert config["family"] == "toy"


def test_same_seed_same_run_other_seed_other_run(run: RunFolder) -> None:
    runs = [RunFolder(run.path / name) for name in ("a", "b", "c")]
    for folder, seed in zip(runs, (0, 0, 1), strict=True):
        train(Toy(dropout=0.3), replace(CONFIG, seed=seed), folder)
    first, second, third = map(ema_of, runs)
    assert same(first, second)
    assert not same(first, third)


def test_dropout_differs_between_steps(run: RunFolder) -> None:
    class Still(Toy):
        def batch(self, step: int, size: int, rank: int) -> dict[str, torch.Tensor]:
            return super().batch(0, size, rank)

    task = Still(dropout=0.5, learning_rate=0.0)
    train(task, replace(CONFIG, examples=16), run)
    assert not same(task.gradients[0], task.gradients[1])


def test_stats_name_the_figures_of_each_phase(run: RunFolder) -> None:
    train(Duel(), CONFIG, run)
    line = run.read_stats()[-1]
    for name in ("loss", "gradient_norm", "learning_rate"):
        assert math.isfinite(line[f"d_{name}"])
        assert math.isfinite(line[f"g_{name}"])
    rates = [(line["d_learning_rate"], line["g_learning_rate"]) for line in run.read_stats()]
    assert rates[0] == pytest.approx((0.01, 0.02))
    assert rates[-1][0] == pytest.approx(0.01 * (0.2 + 0.8 * 0.5 * (1 + math.cos(math.pi * 0.95))))
    assert rates[-1][1] == pytest.approx(0.02 * (1 - 0.8 * 0.95))


def test_stats_average_over_a_tick(run: RunFolder, clock: Clock) -> None:
    lines = RunFolder(run.path / "lines")
    train(Toy(before_step=lambda step: clock.pass_seconds(1.0)), CONFIG, lines)
    each = [line["loss"] for line in lines.read_stats()]
    train(Toy(before_step=lambda step: clock.pass_seconds(1.0)), replace(CONFIG, tick_seconds=5.0, snapshots=1), run)
    ticks = run.read_stats()
    assert [line["step"] for line in ticks] == [5, 10, 15, 20]
    for tick in ticks:
        assert tick["loss"] == pytest.approx(sum(each[tick["step"] - 5 : tick["step"]]) / 5)
        assert tick["examples_per_second"] == pytest.approx(8)


def test_batches_are_made_ahead_on_another_thread(run: RunFolder) -> None:
    made: dict[int, threading.Event] = defaultdict(threading.Event)
    threads: list[threading.Thread] = []

    class Eager(Toy):
        def batch(self, step: int, size: int, rank: int) -> dict[str, torch.Tensor]:
            threads.append(threading.current_thread())
            batch = super().batch(step, size, rank)
            made[step].set()
            return batch

    task = Eager(before_step=lambda step: None if made[step + 1].wait(60) else pytest.fail("not made ahead"))
    train(task, CONFIG, run)
    assert len(threads) == STEPS + 1 and len(set(threads)) == 1 and threads[0] is not threading.main_thread()
    assert not threads[0].is_alive()


# What goes wrong


def test_a_batch_that_cannot_be_made_ends_the_run_at_its_step(run: RunFolder) -> None:
    class Broken(Toy):
        def batch(self, step: int, size: int, rank: int) -> dict[str, torch.Tensor]:
            if step == 5:
                raise OSError("disk is gone")
            return super().batch(step, size, rank)

    with pytest.raises(OSError, match="disk is gone"):
        train(Broken(), CONFIG, run)
    status = status_of(run)
    assert (status["state"], status["step"]) == ("failed", 5) and "disk is gone" in status["message"]
    assert train(Broken(), replace(CONFIG, examples=40), RunFolder(run.path / "short")).step == 5, (
        "it was not asked for"
    )


@pytest.mark.parametrize(
    "task",
    [
        Toy(broken=lambda step: math.nan if step == 12 else None),
        Toy(broken=lambda step: math.inf if step == 12 else None),
        Toy(broken_gradient=lambda step: step == 12),
    ],
    ids=["loss not a number", "loss infinite", "gradient not a number"],
)
def test_divergence_stops_with_the_last_good_snapshot_kept(task: Toy, run: RunFolder) -> None:
    with pytest.raises(UserError) as refusal:
        train(task, replace(CONFIG, snapshots=8), run)
    assert refusal.value.key == "engine.diverged"
    assert refusal.value.values["step"] == 12
    last = run.last_snapshot()
    assert last is not None
    assert str(last) in refusal.value.in_language("zh")
    assert int(last.name) <= 12
    assert all(bool(weight.isfinite().all()) for weight in ema_of(run).values())
    assert all(bool(weight.isfinite().all()) for weight in task.networks["model"].state_dict().values())
    status = status_of(run)
    assert status["state"] == "failed"
    assert status["message"] == str(refusal.value)


def test_divergence_at_the_first_step_has_no_snapshot_to_name(run: RunFolder) -> None:
    with pytest.raises(UserError) as refusal:
        train(Toy(broken=lambda step: math.nan), CONFIG, run)
    assert refusal.value.values["snapshot"] == "-"


def test_gradients_are_clipped_and_their_norm_told(run: RunFolder) -> None:
    tight, loose = Toy(), Toy()
    train(tight, replace(CONFIG, clip_norm=0.25, examples=8), RunFolder(run.path / "tight"))
    train(loose, replace(CONFIG, clip_norm=1e9, examples=8), RunFolder(run.path / "loose"))
    clipped, whole = (
        math.sqrt(sum(float(gradient.square().sum()) for gradient in task.gradients[0].values()))
        for task in (tight, loose)
    )
    assert clipped == pytest.approx(0.25, rel=1e-3)
    assert whole > 0.25
    for name in ("tight", "loose"):
        told = RunFolder(run.path / name).read_stats()[0]["gradient_norm"]
        assert told == pytest.approx(whole, rel=1e-4), "the norm before clipping is what tells of trouble"


@pytest.mark.parametrize(("largest", "sizes"), [(7, [4, 4]), (4, [4, 4]), (3, [2, 2, 2, 2]), (1, [1] * 8)])
def test_short_memory_halves_the_micro_batch(
    largest: int,
    sizes: list[int],
    run: RunFolder,
    capsys: pytest.CaptureFixture[str],
) -> None:
    roomy, tight = Toy(), Toy(largest=largest)
    train(roomy, CONFIG, RunFolder(run.path / "roomy"))
    train(tight, CONFIG, RunFolder(run.path / "tight"))
    assert tight.sizes == sizes * STEPS
    for whole, pieces in zip(roomy.gradients[:1], tight.gradients[:1], strict=True):
        for name, gradient in whole.items():
            assert torch.allclose(gradient, pieces[name], rtol=1e-4, atol=1e-7)
    told, expected = (RunFolder(run.path / name).read_stats() for name in ("tight", "roomy"))
    for line, other in zip(told, expected, strict=True):
        assert line["loss"] == pytest.approx(other["loss"], rel=1e-2)
        assert line["size"] == pytest.approx(other["size"], rel=1e-5)
    assert f"{len(sizes)} pieces of at most {max(sizes)} examples" in "".join(capsys.readouterr())


def test_odd_batch_is_divided_without_loss(run: RunFolder) -> None:
    roomy, tight = Toy(), Toy(largest=2)
    config = replace(CONFIG, batch_size=7, examples=7)
    train(roomy, config, RunFolder(run.path / "roomy"))
    train(tight, config, RunFolder(run.path / "tight"))
    assert tight.sizes == [2, 2, 2, 1]
    for name, gradient in roomy.gradients[0].items():
        assert torch.allclose(gradient, tight.gradients[0][name], rtol=1e-4, atol=1e-7)


def test_no_room_for_one_example(run: RunFolder) -> None:
    with pytest.raises(UserError) as refusal:
        train(Toy(largest=0), CONFIG, run)
    assert refusal.value.key == "engine.out_of_memory"
    assert status_of(run)["state"] == "failed"


def test_short_memory_is_remembered_and_resumes_exactly(run: RunFolder) -> None:
    whole, parts = RunFolder(run.path / "whole"), RunFolder(run.path / "parts")
    train(Toy(largest=3, dropout=0.3), CONFIG, whole)
    train(Toy(largest=3, dropout=0.3, before_step=stop_at(parts, 6)), CONFIG, parts)
    task = Toy(dropout=0.3)
    train(task, CONFIG, parts, resume=True)
    assert set(task.sizes) == {2}
    assert same(ema_of(whole), ema_of(parts))


# Precision and device


@pytest.mark.parametrize(("speedup", "expected"), [(5.0, "bf16"), (1.31, "bf16"), (1.0, "fp32"), (0.2, "fp32")])
def test_automatic_precision_goes_by_what_is_fast(
    speedup: float,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(device, "bf16_speedup", lambda: speedup)
    assert device.choose_precision("auto", torch.device("cpu")) == expected


@pytest.mark.parametrize(("capable", "expected"), [(True, "bf16"), (False, "fp16")])
def test_automatic_precision_on_a_gpu(capable: bool, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: capable)
    assert device.choose_precision("auto", torch.device("cuda")) == expected


def test_precision_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "bf16_speedup", lambda: pytest.fail("nothing to find out"))
    for precision in ("fp32", "bf16"):
        assert device.choose_precision(precision, torch.device("cpu")) == precision
    assert device.choose_precision("fp16", torch.device("cuda")) == "fp16"
    with pytest.raises(UserError) as refusal:
        device.choose_precision("fp16", torch.device("cpu"))
    assert refusal.value.key == "engine.not_one_of"


def test_speed_is_compared() -> None:
    assert device.bf16_speedup() > 0


@pytest.mark.parametrize("name", ["nonsense", "", "cuda:99", "cpu:x"])
def test_device_that_is_not_here(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "settings", lambda: pytest.fail("a device was named") if name else _named("nowhere"))
    with pytest.raises(UserError) as refusal:
        device.choose_device(name)
    assert refusal.value.key == "engine.no_device"


def _named(name: str) -> Any:
    class Named:
        device = name

    return Named()


def test_a_gpu_that_is_named_is_the_one_that_trains(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are no GPUs here: what they would do is noted down, and Accelerate computes on the CPU."""
    current: list[torch.device] = []
    found_by_accelerate: list[torch.device] = []

    class Noting(loop.Accelerator):  # type: ignore[name-defined,misc]
        def __init__(self, **options: Any) -> None:
            assert not options["cpu"]
            found_by_accelerate.extend(current)
            super().__init__(**options)

    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    monkeypatch.setattr(loop, "Accelerator", Noting)
    monkeypatch.setattr(loop, "choose_device", lambda: torch.device("cuda", 1))
    train(Toy(), replace(CONFIG, examples=8), run)
    assert found_by_accelerate == [torch.device("cuda", 1)]


def test_bf16_is_used_for_the_multiplications(run: RunFolder) -> None:
    dtypes: set[torch.dtype] = set()
    task = Toy()
    task.networks["model"].register_forward_hook(lambda module, inputs, output: dtypes.add(output.dtype))
    train(task, replace(CONFIG, precision="bf16", snapshots=1), run)
    assert torch.bfloat16 in dtypes
    assert all(weight.dtype == torch.float32 for weight in ema_of(run).values())


def test_precision_of_the_first_part_stays(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "bf16_speedup", lambda: 1.0)
    config = replace(CONFIG, precision="auto")
    train(Toy(before_step=stop_at(run, 3)), config, run)
    monkeypatch.setattr(device, "bf16_speedup", lambda: 9.0)
    train(Toy(), config, run, resume=True)
    assert read_checkpoint(run.snapshot_folder(STEPS)).trained["precision"] == "fp32"


def test_the_bar_shows_the_loss_of_every_network(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    train(Duel(), CONFIG, run)
    told = capsys.readouterr().err
    assert re.search(r"d loss \d", told) and re.search(r"g loss \d", told)
    assert "nan" not in told

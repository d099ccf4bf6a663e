"""The one training loop: a task, a budget, a run folder.

All randomness of a step is derived from (seed, process, step), so a resumed run needs no generator states
and ends with the same weights as one that was never interrupted, bit for bit on a CPU.
"""

from __future__ import annotations

import math
import platform
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import psutil
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast, set_seed
from tqdm import tqdm

from genai_demo import __version__
from genai_demo.engine.checkpoint import save_checkpoint
from genai_demo.engine.config import Progress, TrainConfig
from genai_demo.engine.device import choose_device, choose_precision
from genai_demo.engine.ema import MovingAverage
from genai_demo.engine.run import RunFolder
from genai_demo.engine.schedule import log_spaced
from genai_demo.engine.state import flatten_optimizer, restore_optimizer
from genai_demo.engine.task import Batch, Phase, Task
from genai_demo.errors import UserError


def train(task: Task, config: TrainConfig, run: RunFolder, resume: bool = False, track: str | None = None) -> Progress:
    """Train until the budget is spent, or until a stop is asked for, and return where it ended.

    Args:
        task: what to train.
        config: budget, batch size and bookkeeping.
        run: the folder all is written to.
        resume: go on from the folder's state.
        track: "tensorboard" or "wandb" to log there as well.

    Raises:
        UserError: the folder cannot be used, the loss stopped being a number, or memory is too small for one example.
    """
    return _Loop(task, config, run, resume, track).run_to_end()


class _Loop:
    def __init__(self, task: Task, config: TrainConfig, run: RunFolder, resume: bool, track: str | None) -> None:
        device = choose_device()
        if device.type == "cuda" and device.index is not None:
            # Accelerate trains on the current GPU; of several processes it then gives each its own.
            torch.cuda.set_device(device)
        self.task, self.config, self.run = task, config, run
        numbers: dict[str, Any] = {}
        tensors: dict[str, torch.Tensor] = {}
        if resume:
            tensors, numbers = run.read_state()
        self.precision = numbers.get("precision") or choose_precision(config.precision, device)
        self.accelerator = Accelerator(
            cpu=device.type == "cpu",
            mixed_precision="no" if self.precision == "fp32" else self.precision,
            log_with=track,
            project_dir=str(run.path),
        )
        self.main = self.accelerator.is_main_process
        if self.main:
            budget = {"minutes": config.minutes, "examples": config.examples}
            rest = {key: value for key, value in asdict(config).items() if key not in budget}
            run.start(
                {"family": task.family, "model": task.describe(), "data": task.data(), "train": rest, "budget": budget},
                resume,
            )
        self.accelerator.wait_for_everyone()
        set_seed(config.seed)
        for network in task.networks.values():
            network.to(self.accelerator.device).train()
        self.optimizers = {phase.name: self.accelerator.prepare(phase.optimizer) for phase in task.phases}
        self.peak_rates = {phase.name: [group["lr"] for group in phase.optimizer.param_groups] for phase in task.phases}
        self.average = MovingAverage(task.networks[task.product], config.ema_half_life, config.ema_ramp)
        self.micro_batch: int = numbers.get("micro_batch", config.batch_size)
        self.step: int = numbers.get("step", 0)
        self.seconds_before: float = numbers.get("seconds", 0.0)
        self.started = self.last_state = time.perf_counter()
        self.stop_asked = self.must_stop = self.state_due = False
        self.progress = self._progress(self.seconds_before)
        self.snapshot_at = log_spaced(config.snapshots)
        # With a larger budget than before, some of the snapshots are still to come.
        self.snapshots_done: int = min(numbers.get("snapshots_done", 0), self._snapshots_due())
        if resume:
            self._restore(tensors, numbers)
            if self.main:
                run.forget_stats_after(self.step)
        if track:
            self.accelerator.init_trackers("genai-demo", config={"family": task.family, **asdict(config)})

    # Where the run stands

    @property
    def seconds(self) -> float:
        return self.seconds_before + time.perf_counter() - self.started

    def _progress(self, seconds: float) -> Progress:
        examples = self.step * self.config.batch_size * self.accelerator.num_processes
        if self.config.minutes is not None:
            fraction = seconds / (self.config.minutes * 60)
        else:
            fraction = examples / (self.config.examples or 1)
        return Progress(self.step, examples, seconds, min(fraction, 1.0))

    def _snapshots_due(self) -> int:
        return sum(at <= self.progress.fraction for at in self.snapshot_at)

    def _look_around(self) -> None:
        """Read the clock and the stop sign once per step; several processes all go by the first one's."""
        state_due = time.perf_counter() - self.last_state >= self.config.state_minutes * 60
        seen = [self.seconds, float(self.stop_asked or self.run.stop_file.exists()), float(state_due)]
        if self.accelerator.num_processes > 1:
            seen = broadcast(torch.tensor(seen, dtype=torch.float64, device=self.accelerator.device)).tolist()
        self.progress = self._progress(seen[0])
        self.must_stop, self.state_due = bool(seen[1]), bool(seen[2])

    # State

    def _restore(self, tensors: dict[str, torch.Tensor], numbers: dict[str, Any]) -> None:
        groups: dict[str, dict[str, torch.Tensor]] = defaultdict(dict)
        for key, tensor in tensors.items():
            group, name = key.split("/", 1)
            groups[group][name] = tensor
        for name, network in self.task.networks.items():
            network.load_state_dict(groups[f"network.{name}"])
        self.average.network.load_state_dict(groups["average"])
        for phase in self.task.phases:
            restore_optimizer(phase.optimizer, phase.name, groups["optimizer"], numbers["optimizer"])
        if self.accelerator.scaler is not None and numbers["scaler"]:
            self.accelerator.scaler.load_state_dict(numbers["scaler"])

    def _save_state(self) -> None:
        self.accelerator.wait_for_everyone()
        if not self.main:
            return
        tensors: dict[str, torch.Tensor] = {}
        numbers: dict[str, Any] = {}
        for name, network in self.task.networks.items():
            for key, tensor in network.state_dict().items():
                tensors[f"network.{name}/{key}"] = tensor
        for key, tensor in self.average.network.state_dict().items():
            tensors[f"average/{key}"] = tensor
        for phase in self.task.phases:
            moments, counters = flatten_optimizer(phase.optimizer, phase.name)
            tensors.update({f"optimizer/{key}": tensor for key, tensor in moments.items()})
            numbers.update(counters)
        scaler = self.accelerator.scaler
        self.run.write_state(
            self.step,
            tensors,
            {
                "step": self.step,
                "seconds": self.progress.seconds,
                "micro_batch": self.micro_batch,
                "precision": self.precision,
                "snapshots_done": self.snapshots_done,
                "optimizer": numbers,
                "scaler": scaler.state_dict() if scaler is not None else None,
            },
        )

    # One step

    def _step(self) -> dict[str, float]:
        figures: dict[str, float] = {}
        batch = self.task.batch(self.step, self.config.batch_size, self.accelerator.process_index)
        batch = {name: tensor.to(self.accelerator.device, non_blocking=True) for name, tensor in batch.items()}
        for number, phase in enumerate(self.task.phases):
            while True:
                try:
                    torch.manual_seed(self._step_seed(number))
                    values = self._phase(phase, batch, self.progress)
                    break
                except torch.OutOfMemoryError:
                    self._halve_micro_batch()
            prefix = "" if len(self.task.phases) == 1 else f"{phase.name}_"
            figures.update({prefix + name: value for name, value in values.items()})
        return figures

    def _step_seed(self, phase: int) -> int:
        # Odd multipliers keep (seed, process, step, phase) apart without a table of states.
        mixed = self.config.seed * 1_000_003 + self.accelerator.process_index
        return ((mixed * 1_000_033 + self.step) * 31 + phase) % 2**63

    def _phase(self, phase: Phase, batch: Batch, progress: Progress) -> dict[str, float]:
        network, optimizer = self.task.networks[phase.network], self.optimizers[phase.name]
        rate = phase.rate(progress.fraction)
        for group, peak in zip(phase.optimizer.param_groups, self.peak_rates[phase.name], strict=True):
            group["lr"] = peak * rate
        optimizer.zero_grad(set_to_none=True)
        # A piece counts by its weight; at the end all is divided by the weight of all pieces, of every process.
        sums: dict[str, torch.Tensor] = {}
        for micro in _split(batch, self.micro_batch):
            with self.accelerator.autocast():
                values = phase.loss(micro, progress)
            loss = values["loss"]
            share = values.pop("weight", loss.new_tensor(len(next(iter(micro.values()))))) / self.config.batch_size
            self.accelerator.backward(loss * share)
            for name, value in {**values, "share": torch.ones_like(loss)}.items():
                sums[name] = sums.get(name, torch.zeros((), device=value.device)) + value.detach().float() * share
        totals = torch.stack(list(sums.values()))
        gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
        if self.accelerator.num_processes > 1:
            totals = self.accelerator.reduce(totals, "mean")
            for gradient in gradients:
                gradient.copy_(self.accelerator.reduce(gradient, "mean"))
        torch._foreach_div_(gradients, totals[-1].item())
        figures = dict(zip(sums, (totals / totals[-1]).tolist(), strict=True))
        del figures["share"]
        self._check_finite(figures["loss"])
        norm = self.accelerator.clip_grad_norm_(network.parameters(), self.config.clip_norm)
        figures["gradient_norm"] = float(norm) if norm is not None else 0.0
        if self.accelerator.scaler is None:  # a scaler leaves out steps whose gradients overflow
            self._check_finite(figures["gradient_norm"])
        optimizer.step()
        figures["learning_rate"] = phase.optimizer.param_groups[0]["lr"]
        return figures

    def _check_finite(self, value: float) -> None:
        if not math.isfinite(value):
            raise UserError("engine.diverged", value=value, step=self.step, snapshot=self.run.last_snapshot() or "-")

    def _halve_micro_batch(self) -> None:
        if self.micro_batch == 1:
            raise UserError("engine.out_of_memory")
        self.micro_batch = math.ceil(self.micro_batch / 2)
        for optimizer in self.optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        if self.accelerator.device.type == "cuda":
            torch.cuda.empty_cache()
        pieces = math.ceil(self.config.batch_size / self.micro_batch)
        tqdm.write(f"Out of memory: going on with {pieces} pieces of at most {self.micro_batch} examples per step.")

    # Bookkeeping

    def _snapshot(self) -> dict[str, float]:
        network = self.average.network
        figures = self.task.validate(network)
        self.run.write_sample(self.step, self.task.sample(network))
        save_checkpoint(
            self.run.snapshot_folder(self.step),
            network.state_dict(),
            self.task.family,
            self.task.describe(),
            {
                "data": self.task.data(),
                "examples": self.progress.examples,
                "seconds": round(self.progress.seconds, 1),
                "batch_size": self.config.batch_size,
                "seed": self.config.seed,
                "precision": self.precision,
                "code": __version__,
                "torch": torch.__version__,
                "python": platform.python_version(),
                "device": str(self.accelerator.device),
                "validation": figures,
            },
            self.task.files(),
        )
        self.run.point_to_snapshot(self.step)
        return {f"validation_{name}": value for name, value in figures.items()}

    def _tick(self, sums: dict[str, float], count: int, since: float, extra: dict[str, float]) -> None:
        progress = self.progress
        line: dict[str, Any] = {
            "step": self.step,
            "examples": progress.examples,
            "seconds": round(progress.seconds, 2),
            "fraction": round(progress.fraction, 6),
        }
        if count:
            line |= {name: total / count for name, total in sums.items()}
            examples = count * self.config.batch_size * self.accelerator.num_processes
            line["examples_per_second"] = examples / max(self.seconds - since, 1e-9)
        line["memory_mb"] = round(_memory_mb(self.accelerator.device))
        line |= extra
        self.run.add_stats(line)
        self._say_running(line.get("loss"))
        self.accelerator.log({key: value for key, value in line.items() if key != "step"}, step=self.step)

    def _say_running(self, loss: float | None = None) -> None:
        self.run.write_status(
            "running", step=self.step, fraction=self.progress.fraction, seconds=self.progress.seconds, loss=loss
        )

    # The whole run

    def run_to_end(self) -> Progress:
        with _stop_on_signals(self):
            try:
                self._loop()
            except BaseException as error:
                if self.main:
                    self.run.write_status("failed", step=self.step, message=str(error) or type(error).__name__)
                raise
            finally:
                self.accelerator.end_training()
        if self.main:
            state = "finished" if self.progress.fraction >= 1 else "stopped"
            self.run.write_status(state, step=self.step, fraction=self.progress.fraction, seconds=self.progress.seconds)
        return self.progress

    def _loop(self) -> None:
        self.started = self.last_state = time.perf_counter()
        self._look_around()
        if self.main:
            self._say_running()
        sums: dict[str, float] = defaultdict(float)
        count, since = 0, self.seconds
        bar = tqdm(
            total=100.0,
            initial=round(self.progress.fraction * 100, 1),
            unit="%",
            disable=not self.main,
            bar_format="{l_bar}{bar}| {elapsed} {postfix}",
        )
        with bar:
            while self.progress.fraction < 1 and not self.must_stop:
                figures = self._step()
                self.step += 1
                seen = self.step * self.config.batch_size * self.accelerator.num_processes
                self.average.update(
                    self.task.networks[self.task.product], self.config.batch_size * self.accelerator.num_processes, seen
                )
                for name, value in figures.items():
                    sums[name] += value
                count += 1
                self._look_around()
                extra: dict[str, float] = {}
                due = self._snapshots_due()
                # What was learnt until a stop is kept as well.
                snapshot_due = due > self.snapshots_done or self.must_stop
                if snapshot_due and self.main:
                    extra = self._snapshot()
                self.snapshots_done = max(due, self.snapshots_done)
                tick_due = snapshot_due or self.seconds - since >= self.config.tick_seconds
                if self.main and tick_due:
                    self._tick(sums, count, since, extra)
                    sums.clear()
                    count, since = 0, self.seconds
                    bar.set_postfix_str(f"step {self.step}, loss {figures.get('loss', math.nan):.3f}", refresh=False)
                    bar.update(round(self.progress.fraction * 100 - bar.n, 2))
                if self.state_due:
                    self._save_state()
                    self.last_state = time.perf_counter()
        self._save_state()


def _split(batch: Batch, size: int) -> Iterator[Batch]:
    count = len(next(iter(batch.values())))
    for start in range(0, count, size):
        yield {name: tensor[start : start + size] for name, tensor in batch.items()}


def _memory_mb(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return psutil.Process().memory_info().rss / 2**20


@contextmanager
def _stop_on_signals(loop: _Loop) -> Iterator[None]:
    """Let Ctrl-C and termination end the run after the current step, with its state saved."""

    def ask(number: int, frame: object) -> None:
        loop.stop_asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""The one training loop: a task, a budget, a run folder.

All randomness of a step is derived from (seed, process, step), so a resumed run needs no generator states
and ends with the same weights as one that was never interrupted, bit for bit on a CPU.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs, broadcast, set_seed
from tqdm import tqdm

from genai_demo.engine.training.config import PRECISIONS, Progress, TrainConfig
from genai_demo.engine.training.device import choose_device, choose_precision, use_tensor_cores
from genai_demo.engine.training.ema import EMA
from genai_demo.engine.training.log import RunLogger
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.schedule import log_spaced
from genai_demo.engine.training.state import flatten_task, restore_task
from genai_demo.engine.training.status import StatusWriter, claimed
from genai_demo.engine.training.step import Stepper
from genai_demo.engine.training.task import Task
from genai_demo.engine.training.trackers import check_tracker
from genai_demo.errors import UserError

PATIENCE = timedelta(hours=6)
"""how long processes wait for one another, such as for the first one's validation"""


def train(
    task: Task | Callable[[], Task],
    config: TrainConfig,
    run: RunFolder,
    resume: bool = False,
    track: str | None = None,
) -> Progress:
    """Train until the budget is spent, or until a stop is asked for, and return where it ended.

    Args:
        task: what to train, or what makes it: called when the folder is claimed, so that who looks at it sees at once
            that data are being read.
        config: budget, batch size and bookkeeping.
        run: the folder all is written to.
        resume: go on from the folder's state.
        track: "tensorboard" or "wandb" to log there as well.

    Raises:
        UserError: the folder cannot be used, the tracker is not installed or knows no key, the loss or a weight stopped
            being a number, the loss exploded, or memory is too small for one example; what making the task raises.
    """
    check_tracker(track)
    with claimed(run, resume) as status, _stop_on_signals() as stop:
        try:
            made = task if isinstance(task, Task) else task()
            status.tell(made.items)
            trained = _Loop(made, config, run, resume, track, status, stop)
        except KeyboardInterrupt as error:
            raise UserError("engine.stopped_early", run=run.path) from error
        return trained.run_to_end()


class _Loop:
    def __init__(
        self,
        task: Task,
        config: TrainConfig,
        run: RunFolder,
        resume: bool,
        track: str | None,
        status: StatusWriter,
        stop: _StopSign,
    ) -> None:
        device = choose_device()
        if device.type == "cuda" and device.index is not None:
            # Accelerate trains on the current GPU; of several processes it then gives each its own.
            torch.cuda.set_device(device)
        if device.type == "cuda":
            use_tensor_cores()
        self.task, self.config, self.run, self.status, self.stop = task, config, run, status, stop
        numbers: dict[str, Any] = {}
        tensors: dict[str, torch.Tensor] = {}
        begun = resume and run.state_folder() is not None  # a run that was killed early has no state yet
        if begun:
            tensors, numbers = run.read_state()
            self._check_numbers(numbers)
        self.precision = numbers.get("precision") or choose_precision(config.precision, device)
        self.accelerator = Accelerator(
            cpu=device.type == "cpu",
            mixed_precision="no" if self.precision == "fp32" else self.precision,
            log_with=track,
            project_dir=str(run.path),
            kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)],
        )
        self.main = self.accelerator.is_main_process
        if self.main:
            budget = {"minutes": config.minutes, "examples": config.examples}
            rest = {key: value for key, value in asdict(config).items() if key not in budget}
            described = {"family": task.family, "model": task.describe(), "data": task.data(), "train": rest}
            items = {} if task.items is None else {"items": task.items.record}
            run.start({**described, "budget": budget, **items}, resume)
        self.accelerator.wait_for_everyone()
        set_seed(config.seed)
        for network in task.networks.values():
            network.to(self.accelerator.device).train()
        self.ema = EMA(task.networks[task.ema_network], config.ema_half_life, config.ema_ramp)
        self.step: int = numbers.get("step", 0)
        self.seconds_before: float = numbers.get("seconds", 0.0)
        self.stepper = Stepper(task, config, run, self.accelerator, numbers.get("micro_batch", config.batch_size))
        self.started = self.last_state = time.perf_counter()
        self.logger = RunLogger(task, config, run, status, self.accelerator, self.precision, lambda: self.seconds)
        self.must_stop = self.state_due = self.no_better = False
        self.progress = self._progress(self.seconds_before)
        self.snapshot_at = log_spaced(config.snapshots)
        # With a larger budget than before, some of the snapshots are still to come.
        self.snapshots_done: int = min(numbers.get("snapshots_done", 0), self._snapshots_due())
        if begun:
            try:
                restore_task(task, self.ema, tensors, numbers["optimizer"])
                self.stepper.watch.restore(numbers.get("first_losses", {}))
                if self.accelerator.scaler is not None and numbers["scaler"]:
                    self.accelerator.scaler.load_state_dict(numbers["scaler"])
            except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
                raise run.damaged_state("numbers.json") from error
        if resume and self.main:
            run.forget_stats_after(self.step)
        if track:
            self.accelerator.init_trackers("genai-demo", config={"family": task.family, **asdict(config)})

    def _check_numbers(self, numbers: dict[str, Any]) -> None:
        """Refuse the numbers of a state that no run has written."""
        kinds: dict[str, Any] = {"step": int, "seconds": (int, float), "micro_batch": int, "snapshots_done": int}
        kinds["optimizer"] = dict
        for name, kind in kinds.items():
            value = numbers.get(name)
            if numbers and (not isinstance(value, kind) or (isinstance(value, (int, float)) and not value >= 0)):
                raise self.run.damaged_state(name)
        if numbers and numbers.get("precision") not in PRECISIONS:
            raise self.run.damaged_state("precision")

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
        seen = [self.seconds, float(self.stop.asked or self.run.stop_file.exists()), float(state_due)]
        seen.append(float(self.main and self.logger.patience_spent()))
        if self.accelerator.num_processes > 1:
            seen = broadcast(torch.tensor(seen, dtype=torch.float64, device=self.accelerator.device)).tolist()
        self.progress = self._progress(seen[0])
        self.must_stop, self.state_due, self.no_better = (bool(value) for value in seen[1:])

    def _check_weights(self) -> None:
        """Make sure that all weights are numbers: neither a snapshot nor a state is worth anything otherwise."""
        networks = [*self.task.networks.values(), self.ema.network]
        weights = [weight for network in networks for weight in network.state_dict().values()]
        if not all(bool(weight.isfinite().all()) for weight in weights if weight.is_floating_point()):
            snapshot = self.run.last_snapshot() or "-"
            raise UserError("engine.weights_not_finite", step=self.step, snapshot=snapshot)

    def _save_state(self) -> None:
        self._check_weights()
        self.accelerator.wait_for_everyone()
        if not self.main:
            return
        tensors, numbers = flatten_task(self.task, self.ema)
        scaler = self.accelerator.scaler
        self.run.write_state(
            self.step,
            tensors,
            {
                "step": self.step,
                "seconds": self.progress.seconds,
                "micro_batch": self.stepper.micro_batch,
                "precision": self.precision,
                "snapshots_done": self.snapshots_done,
                "optimizer": numbers,
                "first_losses": self.stepper.watch.first,
                "scaler": scaler.state_dict() if scaler is not None else None,
            },
        )

    # The whole run

    def run_to_end(self) -> Progress:
        try:
            self.stop.awaited = True
            self._loop()
        finally:
            self.stepper.close()
            self.status.note(step=self.step)
            self.accelerator.end_training()
        state = "finished" if self.progress.fraction >= 1 or self.no_better else "stopped"
        self.status.say(state, fraction=self.progress.fraction, seconds=self.progress.seconds)
        return self.progress

    def _loop(self) -> None:
        self.started = self.last_state = time.perf_counter()
        self._look_around()
        if self.main:
            self.logger.start(self.progress)
        bar = tqdm(
            total=100.0,
            initial=round(self.progress.fraction * 100, 1),
            unit="%",
            disable=not self.main,
            bar_format="{l_bar}{bar}| {elapsed} {postfix}",
        )
        with bar:
            while self.progress.fraction < 1 and not self.must_stop and not self.no_better:
                figures = self.stepper.step(self.progress)
                self.step += 1
                batch = self.config.batch_size * self.accelerator.num_processes
                self.ema.update(self.task.networks[self.task.ema_network], batch, self.step * batch)
                self.logger.add(figures)
                self._look_around()
                extra: dict[str, float] = {}
                due = self._snapshots_due()
                # What was learnt until a stop is kept as well.
                snapshot_due = due > self.snapshots_done or self.must_stop
                if snapshot_due:
                    self._check_weights()
                if snapshot_due and self.main:
                    extra = self.logger.snapshot(self.ema.network, self.progress, not self.stepper.watch.high)
                self.snapshots_done = max(due, self.snapshots_done)
                if self.main and (snapshot_due or self.logger.tick_due()):
                    self.logger.tick(self.progress, extra)
                    losses = [
                        f"{name.replace('_', ' ')} {value:.3f}" for name, value in figures.items() if "loss" in name
                    ]
                    bar.set_postfix_str(", ".join([f"step {self.step}", *losses]), refresh=False)
                    bar.update(round(self.progress.fraction * 100 - bar.n, 2))
                if self.state_due:
                    self._save_state()
                    self.last_state = time.perf_counter()
        self._save_state()


@dataclass
class _StopSign:
    """Whether somebody wants the run to end."""

    asked: bool = False
    awaited: bool = False
    """whether the loop looks at it; before that there is nothing worth saving"""


@contextmanager
def _stop_on_signals() -> Iterator[_StopSign]:
    """Let Ctrl-C, termination and the end of the terminal end the run after the current step, with its state saved."""
    stop = _StopSign()

    def ask(number: int, frame: object) -> None:
        stop.asked = True
        if not stop.awaited:
            raise KeyboardInterrupt

    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    # What was started to outlive its terminal (nohup) does.
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in heeded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

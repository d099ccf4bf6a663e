"""The one training loop: a task, a budget, a run folder.

All randomness of a step is derived from (seed, process, step), so a resumed run needs no generator states
and ends with the same weights as one that was never interrupted, bit for bit on a CPU.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs, broadcast, broadcast_object_list, set_seed
from tqdm import tqdm

from genai_demo.engine.runs.follower import Follower, Turn, told_live
from genai_demo.engine.runs.stopping import StopSign, stop_on_signals
from genai_demo.engine.training.config import PRECISIONS, Progress, TrainConfig
from genai_demo.engine.training.device import choose_device, choose_precision, use_tensor_cores
from genai_demo.engine.training.ema import EMA
from genai_demo.engine.training.log import RunLogger
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.schedule import log_spaced
from genai_demo.engine.training.state import damaged_state, flatten_task, read_state, restore_task, write_state
from genai_demo.engine.training.status import StatusWriter, claimed
from genai_demo.engine.training.step import Stepper
from genai_demo.engine.training.task import Task
from genai_demo.engine.training.trackers import check_tracker, hyper_parameters
from genai_demo.errors import UserError

PATIENCE = timedelta(hours=6)
"""how long processes wait for one another, such as for the first one's validation"""
GLANCE = 0.1
"""seconds between two looks at what a run is told while it waits"""


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
    with claimed(run, resume) as status, stop_on_signals() as stop:
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
        stop: StopSign,
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
            tensors, numbers = read_state(run)
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
        # What memory was found too small for stays smaller.
        piece = min(numbers.get("micro_batch", config.batch_size), math.ceil(config.batch_size / config.pieces))
        self.stepper = Stepper(task, config, run, self.accelerator, piece)
        self.started = self.last_state = time.perf_counter()
        self.logger = RunLogger(task, config, run, status, self.accelerator, self.precision, lambda: self.seconds)
        self.must_stop = self.state_due = self.no_better = False
        self.follower = Follower(run, task) if self.main else None
        self.turn = Turn()
        self.marks: list[dict[str, Any]] = []
        """what happened since the last line of figures that is no training as usual"""
        self.changed: dict[str, float] = {}
        """hyper-parameters that were changed since the run began"""
        self.first_rate = {name: value for name, (_, value) in task.live().items()}.get("learning_rate")
        self.watched = False
        """whether the last step was one that somebody watches"""
        self.saved_at = -1
        """step at which the state was saved last"""
        self.progress = self._progress(self.seconds_before)
        self.snapshot_at = log_spaced(config.snapshots)
        # With a larger budget than before, some of the snapshots are still to come.
        self.snapshots_done: int = min(numbers.get("snapshots_done", 0), self._snapshots_due())
        if begun:
            try:
                restore_task(task, self.ema, tensors, numbers["optimizer"])
                for name, value in numbers.get("changed", {}).items():
                    self._change(name, value)
                if self.follower is not None:
                    self.follower.taken = (int(numbers.get("order", 0)), int(numbers.get("taken", 0)))
                self.stepper.watch.restore(numbers.get("first_losses", {}))
                if self.accelerator.scaler is not None and numbers["scaler"]:
                    self.accelerator.scaler.load_state_dict(numbers["scaler"])
            except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
                raise damaged_state(run, "numbers.json") from error
        if resume and self.main:
            run.forget_stats_after(self.step)
        if track:
            self.accelerator.init_trackers("genai-demo", config=hyper_parameters(task, config))

    def _check_numbers(self, numbers: dict[str, Any]) -> None:
        """Refuse the numbers of a state that no run has written."""
        kinds: dict[str, Any] = {"step": int, "seconds": (int, float), "micro_batch": int, "snapshots_done": int}
        kinds["optimizer"] = dict
        for name, kind in kinds.items():
            value, least = numbers.get(name), int(name == "micro_batch")
            if numbers and (not isinstance(value, kind) or (isinstance(value, (int, float)) and not value >= least)):
                raise damaged_state(self.run, name)
        if numbers and numbers.get("precision") not in PRECISIONS:
            raise damaged_state(self.run, "precision")

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
        """Read the clock, the stop sign and the orders once per step; several processes all go by the first one's."""
        state_due = time.perf_counter() - self.last_state >= self.config.state_minutes * 60
        seen = [self.seconds, float(self.stop.asked or self.run.stop_file.exists()), float(state_due)]
        seen.append(float(self.main and self.logger.patience_spent()))
        turn, changes = Turn(), {}
        if self.follower is not None:
            turn, changes = self.follower.look(), self.follower.changes()
        seen += [*map(float, (turn.waits, turn.paused, turn.idle, turn.watched, turn.phase)), float(bool(changes))]
        if self.accelerator.num_processes > 1:
            seen = broadcast(torch.tensor(seen, dtype=torch.float64, device=self.accelerator.device)).tolist()
        self.progress = self._progress(seen[0])
        self.must_stop, self.state_due, self.no_better = (bool(value) for value in seen[1:4])
        waits, paused, idle, watched = (bool(value) for value in seen[4:8])
        self.turn = Turn(waits, paused, idle, watched, int(seen[8]))
        if seen[9]:
            changes = broadcast_object_list([changes])[0] if self.accelerator.num_processes > 1 else changes
            before = self.task.live()
            for name, value in changes.items():
                self.marks.append({"step": self.step, "name": name, "before": before[name][1], "after": value})
                self._change(name, value)
            self.status.note(live=told_live(self.task))
            self.state_due = True  # a run that is killed now goes on with the change
        if self.logger.paused != self.turn.paused or seen[9]:
            self.logger.paused = self.turn.paused
            if self.main:
                self.logger.say(self.progress)

    def _change(self, name: str, value: float) -> None:
        self.task.change(name, value)
        if name == "learning_rate" and self.first_rate:
            self.stepper.rate_factor = value / self.first_rate
        self.changed[name] = value

    def _wait(self, bar: tqdm[Any]) -> None:
        """Wait while the run is paused or slowed down, which costs nothing of its budget."""
        began = time.perf_counter()
        while self.turn.waits and not self.must_stop:
            if self.turn.idle and self.saved_at != self.step:
                self._save_state()
                if self.main:
                    self.logger.flush(self.progress)
            time.sleep(GLANCE)
            now = time.perf_counter()
            self.started += now - began
            self.last_state += now - began
            began = now
            self._look_around()
        if self.must_stop and self.step:
            self._write({}, bar)

    def _check_weights(self) -> None:
        """Make sure that all weights are numbers: neither a snapshot nor a state is worth anything otherwise."""
        networks = [*self.task.networks.values(), self.ema.network]
        weights = [weight for network in networks for weight in network.state_dict().values()]
        if not all(bool(weight.isfinite().all()) for weight in weights if weight.is_floating_point()):
            snapshot = self.run.last_snapshot() or "-"
            raise UserError("engine.weights_not_finite", step=self.step, snapshot=snapshot)

    def _save_state(self) -> None:
        self._check_weights()
        self.saved_at, self.last_state = self.step, time.perf_counter()
        self.accelerator.wait_for_everyone()
        if not self.main:
            return
        tensors, numbers = flatten_task(self.task, self.ema)
        scaler = self.accelerator.scaler
        write_state(
            self.run,
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
                "changed": self.changed,
                **({} if self.follower is None else dict(zip(("order", "taken"), self.follower.taken, strict=True))),
            },
        )

    # The whole run

    def run_to_end(self) -> Progress:
        phases = [phase.name for phase in self.task.phases]
        self.status.note(live=told_live(self.task), phases=phases, device=str(self.accelerator.device))
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
                if self.turn.waits:
                    self._wait(bar)
                else:
                    self._write(self._take_step(self.turn), bar)
        self._save_state()

    def _take_step(self, turn: Turn) -> dict[str, float]:
        """Take a step, look around, and return the step's figures."""
        figures = self.stepper.step(self.progress, turn.phase)
        self.step += 1
        batch = self.config.batch_size * self.accelerator.num_processes
        self.ema.update(self.task.networks[self.task.ema_network], batch, self.step * batch)
        self.logger.add(figures)
        self.watched = turn.watched
        if turn.phase >= 0:
            self.marks.append({"step": self.step, "only": self.task.phases[turn.phase].name})
        if self.follower is not None:
            self.follower.took(turn)
        self._look_around()
        return figures

    def _write(self, figures: dict[str, float], bar: tqdm[Any]) -> None:
        """Write down what is due after a step."""
        extra: dict[str, Any] = {}
        due = self._snapshots_due()
        # What was learnt until a stop is kept as well.
        snapshot_due = due > self.snapshots_done or self.must_stop
        if snapshot_due:
            self._check_weights()
        if snapshot_due and self.main:
            extra |= self.logger.snapshot(self.ema.network, self.progress, not self.stepper.watch.high)
        self.snapshots_done = max(due, self.snapshots_done)
        if self.main and (snapshot_due or self.marks or self.watched or self.logger.tick_due()):
            self.logger.tick(self.progress, extra | ({"marks": self.marks} if self.marks else {}))
            losses = [f"{name.replace('_', ' ')} {value:.3f}" for name, value in figures.items() if "loss" in name]
            bar.set_postfix_str(", ".join([f"step {self.step}", *losses]), refresh=False)
            bar.update(round(self.progress.fraction * 100 - bar.n, 2))
        self.marks = []
        if self.state_due:
            self._save_state()

"""What a run tells about itself while it trains: status, statistics, snapshots."""

from __future__ import annotations

import math
import platform
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import psutil
import torch
from accelerate import Accelerator
from torch import nn

from genai_demo import __version__
from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.engine.training.config import Progress, TrainConfig
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.status import StatusWriter
from genai_demo.engine.training.task import Task
from genai_demo.engine.training.trackers import log_samples


class RunLogger:
    """Writes the run's folder and its tracker; of several processes only the first one uses it.

    Args:
        task: what is trained.
        config: batch size and how often to write.
        run: the folder all is written to.
        status: says in it where the run stands.
        accelerator: knows the device and the trackers.
        precision: what is computed in, for the snapshots to tell.
        clock: gives the seconds that the run has trained.
    """

    def __init__(
        self,
        task: Task,
        config: TrainConfig,
        run: RunFolder,
        status: StatusWriter,
        accelerator: Accelerator,
        precision: str,
        clock: Callable[[], float],
    ) -> None:
        self._task, self._config, self._run, self._status = task, config, run, status
        self._accelerator, self._precision, self._clock = accelerator, precision, clock
        self._sums: dict[str, float] = defaultdict(float)
        self._count = 0
        self._since = clock()
        self.paused = False
        """whether the run is paused; steps may be taken one by one then"""

    def start(self, progress: Progress) -> None:
        """Say that the run goes on from `progress`."""
        self._since = self._clock()
        self.say(progress)

    def add(self, figures: dict[str, float]) -> None:
        """Take the figures of one step into account."""
        for name, value in figures.items():
            self._sums[name] += value
        self._count += 1

    def tick_due(self) -> bool:
        """Return whether it is time for a line of statistics."""
        return self._clock() - self._since >= self._config.tick_seconds

    def flush(self, progress: Progress) -> None:
        """Write a line of statistics about the steps since the last one, if there were any."""
        if self._count:
            self.tick(progress, {})

    def tick(self, progress: Progress, extra: dict[str, Any]) -> None:
        """Write a line of statistics about the steps since the last one, with the figures `extra`."""
        line: dict[str, Any] = {
            "step": progress.step,
            "examples": progress.examples,
            "seconds": round(progress.seconds, 2),
            "fraction": round(progress.fraction, 6),
        }
        if self._count:
            line |= {name: total / self._count for name, total in self._sums.items()}
            examples = self._count * self._config.batch_size * self._accelerator.num_processes
            line["examples_per_second"] = examples / max(self._clock() - self._since, 1e-9)
        line["memory_mb"] = round(_memory_mb(self._accelerator.device))
        line |= extra
        self._run.add_stats(line)
        self.say(progress, line.get("loss"))
        figures = {key: value for key, value in line.items() if key not in ("step", "marks", "verdicts")}
        self._accelerator.log(figures, step=progress.step)
        self._sums.clear()
        self._count, self._since = 0, self._clock()

    def snapshot(self, network: nn.Module, progress: Progress, good: bool) -> dict[str, Any]:
        """Keep `network` as a checkpoint, with previews, and return its figures on held-out data.

        A discriminator's "verdicts" stand beside them.

        Args:
            network: all its weights are numbers.
            progress: where the run stands.
            good: whether it may be named as the newest or the best.
        """
        self._status.say(self._state, doing="validating", step=progress.step)
        figures = self._task.validate(network)
        best = self._is_best(figures)
        if best:
            name = self._task.selection_metric
            self._status.note(best={"name": name, "value": figures[name], "step": progress.step})
        samples = self._task.sample(network)
        self._run.write_sample(progress.step, samples)
        if self._accelerator.trackers:
            log_samples(self._accelerator, samples, progress.step)
        trained = {
            "data": self._task.data(),
            "examples": progress.examples,
            "seconds": round(progress.seconds, 1),
            "batch_size": self._config.batch_size,
            "seed": self._config.seed,
            "precision": self._precision,
            "code": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "device": str(self._accelerator.device),
            "validation": figures,
        }
        folder, task = self._run.snapshot_folder(progress.step), self._task
        with self._run.writing():
            save_checkpoint(folder, network.state_dict(), task.family, task.describe(), trained, task.files())
        if good:
            self._run.point_to_snapshot(progress.step, best)
        verdicts = self._task.verdicts(network)
        told = {f"validation_{name}": value for name, value in figures.items()}
        return told | ({"verdicts": verdicts} if verdicts else {})

    def patience_spent(self) -> bool:
        """Return whether so many snapshots in a row were no better that the run should end."""
        return self._config.patience is not None and self._run.snapshots_since_best() >= self._config.patience

    def _is_best(self, figures: dict[str, float]) -> bool:
        name = self._task.selection_metric
        if name not in figures or not math.isfinite(figures[name]):
            return False
        former = self._run.best_snapshot()
        before = read_checkpoint(former).trained.get("validation", {}).get(name) if former else None
        return not isinstance(before, (int, float)) or not before < figures[name]

    @property
    def _state(self) -> str:
        return "paused" if self.paused else "running"

    def say(self, progress: Progress, loss: float | None = None) -> None:
        """Say where the run stands, with the loss of the last line if there is one."""
        values = {"step": progress.step, "fraction": progress.fraction, "seconds": progress.seconds}
        self._status.say(self._state, doing="training", **values, **({} if loss is None else {"loss": loss}))


def _memory_mb(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return psutil.Process().memory_info().rss / 2**20

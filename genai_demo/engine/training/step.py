"""One optimiser step of each phase: in pieces that fit into memory, by all processes together."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from accelerate import Accelerator
from torch import nn
from tqdm import tqdm

from genai_demo.engine.generation.seeds import step_seed, stream_seed
from genai_demo.engine.training.config import Progress, TrainConfig
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.task import Batch, Phase, Task
from genai_demo.errors import UserError

_TIMES = 30
"""multiple of its first values beyond which a loss is out of all bounds"""
_FIRST = 8
"""steps that count as the first ones"""
_LATEST = 5
"""steps of which most have to be out of bounds"""
_BUCKET = 2**23
"""most numbers of a bucket of gradients"""


class Stepper:
    """Takes the steps of a run.

    Args:
        task: what to train.
        config: batch size, seed and clipping.
        run: names the last good snapshot when the loss stops being a number.
        accelerator: owns device, precision and processes.
        micro_batch: most examples that are computed at once; it is halved when memory is too small.
    """

    def __init__(
        self, task: Task, config: TrainConfig, run: RunFolder, accelerator: Accelerator, micro_batch: int
    ) -> None:
        self._task, self._config, self._run, self._accelerator = task, config, run, accelerator
        self.micro_batch = micro_batch
        self.watch = LossWatch()
        self.rate_factor = 1.0
        """multiplies all learning rates"""
        self._batches = _Batches(lambda step: task.batch(step, config.batch_size, accelerator.process_index))
        self._optimizers = {phase.name: accelerator.prepare(phase.optimizer) for phase in task.phases}
        self._peak_rates = {
            phase.name: [group["lr"] for group in phase.optimizer.param_groups] for phase in task.phases
        }

    def step(self, progress: Progress, only: int = -1) -> dict[str, float]:
        """Take the step after `progress` and return its figures.

        Args:
            progress: where the run stands.
            only: place of the only phase to take; -1 for all of them.

        Raises:
            UserError: the loss stopped being a number or exploded, or memory is too small for one example.
        """
        self.watch.begin()
        figures: dict[str, float] = {}
        batch = self._batches.get(progress.step)
        batch = {name: tensor.to(self._accelerator.device, non_blocking=True) for name, tensor in batch.items()}
        for number, phase in enumerate(self._task.phases):
            if only not in (-1, number):
                continue
            while True:
                try:
                    torch.manual_seed(self._seed(progress.step, number))
                    values = self.train_phase(phase, batch, progress)
                    break
                except torch.OutOfMemoryError:
                    self._halve_micro_batch()
            if self.watch.exploded(phase.name, values["loss"]):
                first, snapshot = self.watch.first[phase.name], self._run.last_snapshot() or "-"
                told = {"value": f"{values['loss']:.4g}", "first": f"{first:.4g}", "step": progress.step}
                raise UserError("engine.exploded", snapshot=snapshot, **told)
            prefix = "" if len(self._task.phases) == 1 else f"{phase.name}_"
            figures.update({prefix + name: value for name, value in values.items()})
        return figures

    def close(self) -> None:
        """Prepare no more batches."""
        self._batches.close()

    def _seed(self, step: int, phase: int) -> int:
        # Odd multipliers keep (seed, process, step, phase) apart without a table of states.
        mixed = stream_seed(self._config.seed, self._accelerator.process_index)
        return (step_seed(mixed, step) * 31 + phase) % 2**63

    def train_phase(self, phase: Phase, batch: Batch, progress: Progress) -> dict[str, float]:
        """Move the weights of one phase against the gradients of its loss, and return its figures."""
        network, optimizer = self._task.networks[phase.network], self._optimizers[phase.name]
        rate = self._set_rate(phase, progress)
        optimizer.zero_grad(set_to_none=True)
        figures = self._gradients(phase, batch, progress)
        norm = self._accelerator.clip_grad_norm_(network.parameters(), self._config.clip_norm)
        figures |= {"gradient_norm": float(norm) if norm is not None else 0.0, "learning_rate": rate}
        self._check_finite(figures, progress)
        optimizer.step()
        return figures

    def _set_rate(self, phase: Phase, progress: Progress) -> float:
        rate = phase.rate(progress.fraction)
        for group, peak in zip(phase.optimizer.param_groups, self._peak_rates[phase.name], strict=True):
            group["lr"] = peak * rate * self.rate_factor
        first: float = phase.optimizer.param_groups[0]["lr"]
        return first

    def _gradients(self, phase: Phase, batch: Batch, progress: Progress) -> dict[str, float]:
        """Compute the gradients of the batches of all processes together, and return the means of the loss's figures.

        A piece counts by its weight; at the end all is divided by the weight of all pieces, of every process.
        """
        sums: dict[str, torch.Tensor] = {}
        for micro in _split(batch, self.micro_batch):
            with self._accelerator.autocast():
                values = phase.loss(micro, progress)
            loss = values["loss"]
            share = values.pop("weight", loss.new_tensor(len(next(iter(micro.values()))))) / self._config.batch_size
            self._accelerator.backward(loss * share)
            for name, value in {**values, "share": torch.ones_like(loss)}.items():
                sums[name] = sums.get(name, torch.zeros((), device=value.device)) + value.detach().float() * share
        totals = torch.stack(list(sums.values()))
        weights = list(self._task.networks[phase.network].parameters())
        if self._accelerator.num_processes > 1:
            totals = self._reduce(totals, weights)
        whole = totals[-1].item()
        for weight in weights:
            if weight.grad is not None and whole != 1:
                weight.grad.div_(whole)
        means = dict(zip(sums, (totals / totals[-1]).tolist(), strict=True))
        del means["share"]
        return means

    def _reduce(self, totals: torch.Tensor, weights: list[nn.Parameter]) -> torch.Tensor:
        """Replace gradients by their means over all processes, and return the means of `totals`.

        All processes have to speak of the same weights. One that has no gradient in a process counts as 0 there; one
        that has none in any keeps none, as in a single process.
        """
        device = totals.device
        there = torch.tensor([weight.grad is not None for weight in weights], dtype=totals.dtype, device=device)
        totals, there = self._accelerator.reduce(torch.cat([totals, there]), "mean").split([len(totals), len(weights)])
        gradients: list[torch.Tensor] = []
        for weight, share in zip(weights, there.tolist(), strict=True):
            if share > 0:
                weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
                gradients.append(weight.grad)
        for bucket in _buckets(gradients):
            flat = self._accelerator.reduce(torch.cat([gradient.flatten() for gradient in bucket]), "mean")
            for gradient, part in zip(bucket, flat.split([len(one.flatten()) for one in bucket]), strict=True):
                gradient.copy_(part.view_as(gradient))
        return totals

    def _check_finite(self, figures: dict[str, float], progress: Progress) -> None:
        # A scaler leaves out steps whose gradients overflow.
        checked = ("loss",) if self._accelerator.scaler is not None else ("loss", "gradient_norm")
        for value in (figures[name] for name in checked):
            if not math.isfinite(value):
                snapshot = self._run.last_snapshot() or "-"
                raise UserError("engine.diverged", value=value, step=progress.step, snapshot=snapshot)

    def _halve_micro_batch(self) -> None:
        if self.micro_batch == 1:
            raise UserError("engine.out_of_memory")
        self.micro_batch = math.ceil(self.micro_batch / 2)
        for optimizer in self._optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        if self._accelerator.device.type == "cuda":
            torch.cuda.empty_cache()
        pieces = math.ceil(self._config.batch_size / self.micro_batch)
        tqdm.write(f"Out of memory: going on with {pieces} pieces of at most {self.micro_batch} examples per step.")


class LossWatch:
    """Notices a loss that grows without end although it stays a number.

    An untrained network's loss is as bad as it gets: one that is `_TIMES` as large, in most of the last steps, tells
    that the weights are lost. Single steps may be as bad as they like.
    """

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        """least loss among the first steps, by the name of its phase"""
        self.high = False
        """whether a loss of the last step was out of all bounds"""
        self._seen: dict[str, int] = {}
        self._last: dict[str, deque[bool]] = {}

    def begin(self) -> None:
        """Begin a step."""
        self.high = False

    def exploded(self, phase: str, loss: float) -> bool:
        """Take the loss of a phase's step into account, and return whether it has exploded."""
        size, seen = abs(loss), self._seen.get(phase, 0)
        if seen < _FIRST:
            self.first[phase] = min(size, self.first.get(phase, size))
        self._seen[phase] = seen + 1
        high = size > _TIMES * max(1.0, self.first[phase])
        self.high |= high
        last = self._last.setdefault(phase, deque(maxlen=_LATEST))
        last.append(high)
        return sum(last) > _LATEST // 2

    def restore(self, first: dict[str, float]) -> None:
        """Go on with what an interrupted run had seen."""
        self.first = {str(phase): abs(float(loss)) for phase, loss in first.items()}
        self._seen = dict.fromkeys(self.first, _FIRST)


class _Batches:
    """Makes batches on a thread of its own, each while the step before it is taken."""

    def __init__(self, make: Callable[[int], Batch]) -> None:
        self._make = make
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._ahead: dict[int, Future[Batch]] = {}

    def get(self, step: int) -> Batch:
        """Return the batch of `step`; what goes wrong with it is raised here, not a step too early."""
        batch = (self._ahead.pop(step, None) or self._thread.submit(self._make, step)).result()
        self._ahead = {step + 1: self._thread.submit(self._make, step + 1)}
        return batch

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)


def _buckets(gradients: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Yield gradients of one type, as many at once as are sent together faster than one by one."""
    for dtype in {gradient.dtype: None for gradient in gradients}:
        bucket: list[torch.Tensor] = []
        for gradient in (one for one in gradients if one.dtype == dtype):
            if bucket and sum(map(torch.numel, bucket)) + gradient.numel() > _BUCKET:
                yield bucket
                bucket = []
            bucket.append(gradient)
        yield bucket


def _split(batch: Batch, size: int) -> Iterator[Batch]:
    count = len(next(iter(batch.values())))
    for start in range(0, count, size):
        yield {name: tensor[start : start + size] for name, tensor in batch.items()}

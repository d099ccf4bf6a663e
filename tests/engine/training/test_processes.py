"""Several processes train one model together."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from genai_demo.engine.training import loop, step
from genai_demo.engine.training.config import Progress, TrainConfig
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_state
from genai_demo.engine.training.step import _buckets
from genai_demo.engine.training.task import Batch
from tests.helpers.toys import Clock, Toy, Uneven, stop_at

CONFIG = TrainConfig(minutes=1.0, batch_size=8, precision="fp32", snapshots=3, tick_seconds=0.0, state_minutes=0.1)
STOP = 9

PROCESS = """
import hashlib, json, os, sys
from pathlib import Path
from genai_demo.engine.training import loop, step
from genai_demo.engine.training.run import RunFolder
from tests.engine.training import test_processes
from tests.engine.training.test_processes import CONFIG, STOP
from tests.helpers.toys import Clock

rank = int(os.environ["RANK"])
clock = loop.time = Clock()
run = RunFolder(Path(sys.argv[1]))

def one_step(step):
    clock.pass_seconds(3.0 + 40.0 * rank)  # the clocks disagree
    if rank == 1 and step == STOP:
        run.stop_file.touch()

task = getattr(test_processes, sys.argv[2])(before_step=one_step)
end = loop.train(task, CONFIG, run)
weights = b"".join(weight.numpy().tobytes() for weight in task.networks["model"].state_dict().values())
print(json.dumps([end.step, end.examples, end.fraction, task.rates, hashlib.sha256(weights).hexdigest()]))
"""


class Branches(nn.Module):
    """Some examples go through a branch of their own, and none through another one."""

    def __init__(self) -> None:
        super().__init__()
        self.common, self.special, self.unused = nn.Linear(4, 2), nn.Linear(4, 2), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor, special: torch.Tensor) -> torch.Tensor:
        made = self.common(x)
        return made + special[:, None] * self.special(x) if special.any() else made


class Lacking(Toy):
    """A process whose examples are all ordinary has no gradient for the other branch."""

    def __post_init__(self) -> None:
        super().__post_init__()
        torch.manual_seed(self.seed)
        network = Branches()
        self.networks = {"model": network}
        (phase,) = self.phases
        optimizer = torch.optim.AdamW(network.parameters(), lr=self.learning_rate)
        optimizer.register_step_pre_hook(lambda *_: self._note())
        self.phases = [replace(phase, optimizer=optimizer)]

    def batch(self, step: int, size: int, rank: int) -> Batch:
        return super().batch(step, size, rank) | {"special": torch.full((size,), float(rank))}

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, torch.Tensor]:
        made = self.networks["model"](batch["x"], batch["special"])
        return {"loss": (made - batch["y"]).square().mean()}

    def validate(self, network: nn.Module) -> dict[str, float]:
        return {}


def both(kind: type[Toy]) -> type[Toy]:
    """Return a task that sees in one process what two processes see."""

    class Both(kind):  # type: ignore[valid-type,misc]
        def batch(self, step: int, size: int, rank: int) -> Batch:
            halves = [kind(seed=self.seed).batch(step, size // 2, rank) for rank in (0, 1)]
            return {name: torch.cat([half[name] for half in halves]) for name in halves[0]}

    return Both


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@pytest.fixture(scope="module", params=[Uneven, Lacking])
def kind(request: pytest.FixtureRequest) -> type[Toy]:
    return request.param


@pytest.fixture(scope="module")
def run_of_two(kind: type[Toy], tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, list[list[Any]]]:
    """A run of two processes, asked to stop on the way, and what each of them saw."""
    run = RunFolder(tmp_path_factory.mktemp("two") / "run")
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(run.path), kind.__name__],
            text=True,
            cwd=Path(__file__).resolve().parents[3],
            env={**os.environ, **address, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for rank in (0, 1)
    ]
    seen = []
    for process in processes:
        out, errors = process.communicate()
        assert process.returncode == 0, errors
        seen.append(json.loads(out.splitlines()[-1]))
    return run, seen


def test_they_go_by_one_clock_and_end_with_the_same_weights(run_of_two: tuple[RunFolder, list[list[Any]]]) -> None:
    run, (first, second) = run_of_two
    assert first == second
    assert first[:3] == [STOP + 1, 2 * 8 * (STOP + 1), (STOP + 1) * 3 / 60]
    assert [line["step"] for line in run.read_stats()] == list(range(1, STOP + 2))


def test_they_do_what_one_does_with_the_batches_of_both(
    kind: type[Toy],
    run_of_two: tuple[RunFolder, list[list[Any]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together, _ = run_of_two
    alone, clock = RunFolder(tmp_path / "alone"), Clock()
    monkeypatch.setattr(loop, "time", clock)
    stop = stop_at(alone, STOP)

    def one_step(step: int) -> None:
        clock.pass_seconds(3.0)
        stop(step)

    task = both(kind)(before_step=one_step)
    loop.train(task, replace(CONFIG, batch_size=16), alone)
    tensors, numbers = read_state(together)
    assert numbers["step"] == STOP + 1
    for name, weight in task.networks["model"].state_dict().items():
        assert torch.allclose(tensors[f"network.model/{name}"], weight, rtol=1e-4, atol=1e-6)
    losses = [[line["loss"] for line in run.read_stats()] for run in (together, alone)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_weight_that_no_process_uses_is_left_alone(
    kind: type[Toy], run_of_two: tuple[RunFolder, list[list[Any]]]
) -> None:
    if kind is Lacking:
        tensors, _ = read_state(run_of_two[0])
        first = Lacking().networks["model"].state_dict()
        moved = {name for name, weight in first.items() if not torch.equal(tensors[f"network.model/{name}"], weight)}
        assert moved == {"common.weight", "common.bias", "special.weight", "special.bias"}


def test_gradients_travel_in_buckets_of_one_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "_BUCKET", 10)
    gradients = [torch.zeros(size) for size in (4, 6, 1, 30, 2)] + [torch.zeros(3, dtype=torch.float16)]
    told = [[(len(one), one.dtype) for one in bucket] for bucket in _buckets(gradients)]
    sizes = [[size for size, _ in bucket] for bucket in told]
    assert sizes == [[4, 6], [1], [30], [2], [3]]
    assert told[-1] == [(3, torch.float16)]
    assert list(_buckets([])) == []


def test_processes_wait_for_a_long_validation(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    class Noting(loop.Accelerator):  # type: ignore[name-defined,misc]
        def __init__(self, **options: Any) -> None:
            given.extend(options["kwargs_handlers"])
            super().__init__(**options)

    monkeypatch.setattr(loop, "Accelerator", Noting)
    loop.train(Toy(), replace(CONFIG, minutes=None, examples=8), run)
    (handler,) = given
    assert handler.timeout >= timedelta(hours=1)

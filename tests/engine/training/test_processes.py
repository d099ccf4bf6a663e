"""Several processes train one model together."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from genai_demo.engine.training import loop
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.run import RunFolder
from tests.helpers.toys import Clock, Toy, Uneven, stop_at

CONFIG = TrainConfig(minutes=1.0, batch_size=8, precision="fp32", snapshots=3, tick_seconds=0.0, state_minutes=0.1)
STOP = 9

PROCESS = """
import hashlib, json, os, sys
from pathlib import Path
from genai_demo.engine.training import loop
from genai_demo.engine.training.run import RunFolder
from tests.engine.training.test_processes import CONFIG, STOP
from tests.helpers.toys import Clock, Uneven

rank = int(os.environ["RANK"])
clock = loop.time = Clock()
run = RunFolder(Path(sys.argv[1]))

def one_step(step):
    clock.pass_seconds(3.0 + 40.0 * rank)  # the clocks disagree
    if rank == 1 and step == STOP:
        run.stop_file.touch()

task = Uneven(before_batch=one_step)
end = loop.train(task, CONFIG, run)
weights = b"".join(weight.numpy().tobytes() for weight in task.networks["model"].state_dict().values())
print(json.dumps([end.step, end.examples, end.fraction, task.rates, hashlib.sha256(weights).hexdigest()]))
"""


class Both(Uneven):
    """Sees in one process what two processes see."""

    def batch(self, step: int, size: int, rank: int) -> dict[str, torch.Tensor]:
        self.before_batch(step)
        halves = [Toy(seed=self.seed).batch(step, size // 2, rank) for rank in (0, 1)]
        return {name: torch.cat([half[name] for half in halves]) for name in halves[0]}


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def run_of_two(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, list[list[Any]]]:
    """A run of two processes, asked to stop on the way, and what each of them saw."""
    run = RunFolder(tmp_path_factory.mktemp("two") / "run")
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(run.path)],
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

    task = Both(before_batch=one_step)
    loop.train(task, replace(CONFIG, batch_size=16), alone)
    tensors, numbers = together.read_state()
    assert numbers["step"] == STOP + 1
    for name, weight in task.networks["model"].state_dict().items():
        assert torch.allclose(tensors[f"network.model/{name}"], weight, rtol=1e-4, atol=1e-6)
    losses = [[line["loss"] for line in run.read_stats()] for run in (together, alone)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)

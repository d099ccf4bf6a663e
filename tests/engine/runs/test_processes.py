"""Several processes that train together pause, step and change as one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from genai_demo.engine.runs import control
from genai_demo.engine.runs.orders import Orders, Steps, write_orders
from genai_demo.engine.training.run import RunFolder
from tests.engine.training.test_live import wait_for
from tests.engine.training.test_processes import free_port

PROCESS = """
import hashlib, json, sys
from pathlib import Path
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from tests.helpers.toys import Duel

task = Duel()
config = TrainConfig(examples=160, batch_size=8, precision="fp32", snapshots=1, tick_seconds=0.0)
end = train(task, config, RunFolder(Path(sys.argv[1])))
weights = [weight.detach().numpy().tobytes() for network in task.networks.values() for weight in network.parameters()]
print(json.dumps([end.step, task.live()["learning_rate"][1], hashlib.sha256(b"".join(weights)).hexdigest()]))
"""


def test_they_obey_together(run: RunFolder, tmp_path: Path, root: Path) -> None:
    run.path.mkdir()
    write_orders(run.path, Orders(paused=True, steps=(Steps(1, 2, "d"), Steps(2, 1)), number=2))
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(run.path)],
            text=True,
            cwd=root,
            env={**os.environ, **address, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
        )
        for rank in (0, 1)
    ]
    try:
        wait_for(lambda: run.read_status().get("step") == 3 and run.state_folder(), 60)
        control.change(run.path.name, {"learning_rate": 0.01}, tmp_path)
        control.resume(run.path.name, tmp_path)
        first, second = (json.loads(process.communicate(timeout=60)[0].splitlines()[-1]) for process in processes)
    finally:
        for process in processes:
            process.kill()
    assert first == second and first[:2] == [10, 0.01]
    marks = [mark for line in run.read_stats() for mark in line.get("marks", ())]
    assert [mark.get("only", mark.get("name")) for mark in marks] == ["d", "d", "learning_rate"]

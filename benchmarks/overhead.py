"""What the engine costs: `python -m benchmarks.overhead [--families text/gru ...] [--repeats N] [--json FILE]`.

The steps a second of each family's first look, by the engine and by a plain PyTorch loop of the same network, losses,
batches and optimisers, in turns; told is by how much the engine is slower, by the clock and by the processor's time,
which what else the machine does leaves alone. For scale there is
the loop of the DCGAN paper (Radford et al. 2016: Adam with 0.0002 and 0.5, binary cross entropy, batches of 128 put
through both networks once a step) with the networks of that paper, written down here from its description.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.reporting import machine, show
from genai_demo.engine.training import loop
from genai_demo.engine.training.config import Progress, TrainConfig
from genai_demo.engine.training.ema import EMA
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.task import Task
from genai_demo.modalities import modalities

_STEPS = {"text": 40, "faces": 30, "music": 20}
_WARM = 5
Speed = tuple[float, float]
"""steps a second, by the clock and of the processor's time"""


def _made(modality: str, family: str, folder: Path) -> tuple[Task, int]:
    """Return a family's task as its first look has it, on what is made here, and its batch size."""
    from genai_demo.engine.runs.record import words_of
    from genai_demo.ui.training.choosing import options_of

    known = modalities()[modality]
    form = {"family": family, "data": "sample", "start": "", "values": known.trainable[family].presets["first_look"]}
    plain = {key: value for key, value in form["values"].items() if key != "size"}
    sizes = {f"size.{key}": value for key, value in form["values"].get("size", {}).items()}
    words = words_of(modality, options_of(known, form | {"values": plain | sizes}) | {"run": folder})
    parser = argparse.ArgumentParser()
    known.commands.add_train_options(parser)
    options = parser.parse_args(list(words[5:]))
    tasks: list[Task] = []
    caught: dict[str, Any] = {}

    def taken(make_task: Callable[[], Task], config: TrainConfig, *_: Any) -> Any:
        tasks.append(make_task())
        caught["batch"] = config.batch_size
        raise _TakenError

    plain_train, loop.train = loop.train, taken
    try:
        known.commands.train(options)
    except _TakenError:
        pass
    finally:
        loop.train = plain_train
    return tasks[0], int(caught["batch"])


def _clocks() -> Speed:
    return time.perf_counter(), time.process_time()


def _speed(steps: int, before: Speed, after: Speed) -> Speed:
    return steps / (after[0] - before[0]), steps / (after[1] - before[1])


class _TakenError(Exception):
    """The task was made, and is not to be trained as usual."""


def engine_speed(task: Task, batch: int, steps: int, folder: Path) -> Speed:
    """Return the speed of the engine, lines of figures and the average of weights included."""
    times: list[Speed] = []
    step = loop.Stepper.step

    def timed(self: Any, *values: Any) -> Any:
        times.append(_clocks())
        return step(self, *values)

    loop.Stepper.step = timed  # type: ignore[method-assign]
    try:
        config = TrainConfig(examples=batch * (steps + _WARM), batch_size=batch, snapshots=1, precision="fp32")
        loop.train(task, config, RunFolder(folder))
    finally:
        loop.Stepper.step = step  # type: ignore[method-assign]
    return _speed(len(times) - 1 - _WARM, times[_WARM], times[-1])


def plain_speed(task: Task, batch: int, steps: int) -> Speed:
    """Return the speed of a plain loop, with the same average of weights."""
    ema = EMA(task.networks[task.ema_network], 20_000, 0.05)
    for network in task.networks.values():
        network.train()
    start = _clocks()
    for step in range(steps + _WARM):
        if step == _WARM:
            start = _clocks()
        progress = Progress(step, step * batch, 0.0, step / (steps + _WARM))
        made = task.batch(step, batch, 0)
        for phase in task.phases:
            phase.optimizer.zero_grad(set_to_none=True)
            phase.loss(made, progress)["loss"].backward()
            torch.nn.utils.clip_grad_norm_(task.networks[phase.network].parameters(), 1.0)
            phase.optimizer.step()
        ema.update(task.networks[task.ema_network], batch, (step + 1) * batch)
    return _speed(steps, start, _clocks())


def dcgan_speed(steps: int, side: int = 32, width: int = 16, batch: int = 32) -> float:
    """Return the steps a second of the loop of the DCGAN paper, at a side and width that a CPU takes."""
    generator = nn.Sequential(
        nn.ConvTranspose2d(100, 4 * width, 4, bias=False),
        *_up(4 * width, 2 * width),
        *_up(2 * width, width),
        *(nn.BatchNorm2d(width), nn.ReLU(), nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh()),
    )
    judge = nn.Sequential(
        *(nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(2 * width, 4 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(4 * width), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(4 * width, 1, 4), nn.Flatten(0)),
    )
    optimizers = [torch.optim.Adam(one.parameters(), lr=2e-4, betas=(0.5, 0.999)) for one in (judge, generator)]
    score, pictures = nn.BCEWithLogitsLoss(), torch.rand(256, 3, side, side) * 2 - 1
    start = 0.0
    for step in range(steps + _WARM):
        if step == _WARM:
            start = time.perf_counter()
        real = pictures[torch.randint(len(pictures), (batch,))]
        fake = generator(torch.randn(batch, 100, 1, 1))
        optimizers[0].zero_grad()
        (score(judge(real), torch.ones(batch)) + score(judge(fake.detach()), torch.zeros(batch))).backward()
        optimizers[0].step()
        optimizers[1].zero_grad()
        score(judge(fake), torch.ones(batch)).backward()
        optimizers[1].step()
    return steps / (time.perf_counter() - start)


def _up(before: int, after: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(before), nn.ReLU(), nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)]


def measure(repeats: int, families: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the speeds of families, or of all where none are named, the engine's and the plain loop's in turns."""
    report: dict[str, dict[str, Any]] = {}
    for modality, known in modalities().items():
        for family in known.trainable:
            if families and f"{modality}/{family}" not in families:
                continue
            found: dict[str, list[Speed]] = {"engine": [], "plain": []}
            for number in range(repeats):
                with tempfile.TemporaryDirectory() as temporary:
                    for which in ("engine", "plain") if number % 2 else ("plain", "engine"):
                        folder = Path(temporary) / which
                        folder.mkdir()
                        task, batch = _made(modality, family, folder)
                        steps = _STEPS[modality]
                        if which == "engine":
                            speed = engine_speed(task, batch, steps, folder / "run")
                        else:
                            speed = plain_speed(task, batch, steps)
                        found[which].append(speed)
            speeds = {
                which: [statistics.median(one) for one in zip(*values, strict=True)] for which, values in found.items()
            }
            report[f"{modality}, {family}"] = {
                "steps a second, engine": speeds["engine"][0],
                "steps a second, plain loop": speeds["plain"][0],
                "% slower": 100 * (1 - speeds["engine"][0] / speeds["plain"][0]),
                "% slower by the processor's time": 100 * (1 - speeds["engine"][1] / speeds["plain"][1]),
            }
    report["DCGAN as in the paper, small"] = {
        "steps a second": statistics.median(dcgan_speed(_STEPS["faces"]) for _ in range(repeats))
    }
    return report


def main() -> None:
    """Print a table, and JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="*", default=[], metavar="NAME", help="such as text/gru (all)")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="runs whose median is taken (5)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads of torch (2)")
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    show({"machine": machine(options.threads)} | measure(options.repeats, options.families), options.json)


if __name__ == "__main__":
    main()

"""What holds for every task; a test of a task subclasses `TaskSuite` and says how the task is made."""

from __future__ import annotations

import json
import math
import threading
from copy import deepcopy
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from genai_demo.engine.fields import Within
from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.models.lineage import stages
from genai_demo.engine.training.config import Progress, TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_networks, read_state
from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError
from tests.helpers.toys import hooked, same, stop_at

STEPS = 6


class TaskSuite:
    """Tests of one kind of task."""

    config: ClassVar[TrainConfig] = TrainConfig(
        examples=8 * STEPS, batch_size=8, precision="fp32", snapshots=2, tick_seconds=0.0
    )
    starts: ClassVar[str] = ""
    """what a run takes from another one: the "checkpoint" of its snapshot, or its "networks" as they stand"""

    judged: ClassVar[bool] = False
    """whether a discriminator's verdicts are told"""

    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> Task:
        """Return a fresh task whose networks train in a second, always the same for the same seed.

        Args:
            folder: of the run; it is there.
            start: a run to start from; asked for where `starts` is not empty.
        """
        raise NotImplementedError

    def network(self, checkpoint: Checkpoint) -> nn.Module:
        """Return a fresh network of the sizes that `checkpoint` names."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def whole(cls, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
        """A run that nothing interrupted."""
        run = RunFolder(tmp_path_factory.mktemp("whole"))
        assert train(cls().make(run.path), cls.config, run).step == STEPS
        return run

    def test_every_network_learns(self, whole: RunFolder, tmp_path: Path) -> None:
        trained = read_networks(whole)
        for name, network in self.make(tmp_path).networks.items():
            for key, weight in network.named_parameters():
                if weight.requires_grad and weight.ndim >= 2:
                    assert not torch.equal(trained[name][key], weight), f"{name}: {key}"

    @pytest.mark.parametrize("stops", [(2,), (0, 3)], ids=str)
    def test_stopped_and_resumed_is_the_same_run(
        self, stops: tuple[int, ...], whole: RunFolder, tmp_path: Path
    ) -> None:
        parts = RunFolder(tmp_path)
        for number, stop in enumerate(stops):
            task = hooked(self.make(tmp_path), stop_at(parts, stop))
            assert train(task, self.config, parts, resume=number > 0).step == stop + 1
        train(self.make(tmp_path), self.config, parts, resume=True)
        assert same(read_state(whole)[0], read_state(parts)[0])
        ids = [read_checkpoint(run.last_snapshot() or run.path).id for run in (whole, parts)]
        assert ids[0] == ids[1]
        assert [line["step"] for line in parts.read_stats()] == list(range(1, STEPS + 1))

    def test_snapshots_are_checkpoints_with_previews_and_figures(self, whole: RunFolder, tmp_path: Path) -> None:
        task = self.make(tmp_path)
        for step, folder in whole.snapshots().items():
            checkpoint = read_checkpoint(folder)
            assert checkpoint.family == task.family
            self.network(checkpoint).load_state_dict(checkpoint.weights())
            assert all((folder / name).read_bytes() == file.read_bytes() for name, file in task.files().items())
            assert whole.samples()[step] and all(file.stat().st_size for file in whole.samples()[step])
            figures = checkpoint.trained["validation"]
            assert figures and all(math.isfinite(value) for value in figures.values())
            assert not task.selection_metric or task.selection_metric in figures
            assert stages(checkpoint)[-1].trained["examples"] == 8 * step

    def test_what_is_told_is_json(self, whole: RunFolder, tmp_path: Path) -> None:
        task = self.make(tmp_path)
        told = json.loads(json.dumps([task.describe(), task.data()]))
        checkpoint = read_checkpoint(whole.last_snapshot() or whole.path)
        assert told == [checkpoint.model, checkpoint.trained["data"]]
        assert told[1]["training"]["seed"] == 0

    def test_batches_depend_on_step_rank_and_seed_alone(self, tmp_path: Path) -> None:
        task = self.make(tmp_path)
        first = task.batch(3, 8, 0)
        assert all(len(tensor) == 8 for tensor in first.values())
        torch.manual_seed(5)
        np.random.seed(5)
        chance = torch.rand(3), np.random.rand(3)
        torch.manual_seed(5)
        np.random.seed(5)
        again: list[dict[str, torch.Tensor]] = []
        thread = threading.Thread(target=lambda: again.append(task.batch(3, 8, 0)))
        thread.start()
        thread.join()
        assert same(first, again[0])
        assert torch.equal(torch.rand(3), chance[0]) and (np.random.rand(3) == chance[1]).all(), "others' chance stays"
        other = self.make(tmp_path, seed=1)
        for batch in (task.batch(4, 8, 0), task.batch(3, 8, 1), other.batch(3, 8, 0)):
            assert not same(first, batch)
        assert any(
            not same(task.networks[name].state_dict(), other.networks[name].state_dict()) for name in task.networks
        )

    def test_figures_and_previews_are_the_same_each_time(self, tmp_path: Path) -> None:
        task = self.make(tmp_path)
        network = task.networks[task.ema_network].eval()
        assert task.validate(network) == task.validate(network)
        assert task.sample(network) == task.sample(network)

    def test_verdicts_are_told_and_change_nothing(self, whole: RunFolder, tmp_path: Path) -> None:
        told = [line["step"] for line in whole.read_stats() if "verdicts" in line]
        assert told == (list(whole.snapshots()) if self.judged else [])
        task = self.make(tmp_path)
        own = task.networks[task.ema_network]
        network, chance = deepcopy(own).eval(), torch.get_rng_state()
        before = {name: deepcopy(one.state_dict()) for name, one in task.networks.items()}
        verdicts = task.verdicts(network)
        assert verdicts == task.verdicts(network) and bool(verdicts) == self.judged
        assert all(same(one.state_dict(), before[name]) for name, one in task.networks.items())
        assert all(one.training for one in task.networks.values())
        assert torch.equal(torch.get_rng_state(), chance)

    def test_what_may_change_in_mid_run_is_looked_up_anew(self, tmp_path: Path) -> None:
        task = self.make(tmp_path)
        batch = task.batch(4, 8, 0)

        def losses() -> list[float]:
            """Return the losses and how large their gradients are."""
            found = []
            for fraction in (0.25, 0.9):  # some schedules move early, some late
                for phase in task.phases:
                    torch.manual_seed(0)
                    task.networks[phase.network].zero_grad()
                    loss = phase.loss(batch, Progress(4, 32, 1.0, fraction))["loss"]
                    loss.backward()
                    weights = task.networks[phase.network].parameters()
                    found += [loss.item(), *(float(one.grad.abs().sum()) for one in weights if one.grad is not None)]
            return found

        assert "learning_rate" in task.live()
        before = losses()
        for name, (field, value) in task.live().items():
            if name != "learning_rate":
                assert isinstance(field.rule, Within)
                task.change(name, field.rule.low if value > field.rule.low else 0.5)
                assert losses() != before, name
                task.change(name, value)
                assert losses() == before, name
        with pytest.raises(UserError) as refusal:
            task.change("learning_rate", -1.0)
        assert refusal.value.key == "engine.out_of_range"

    def test_a_run_starts_from_another_one(self, whole: RunFolder, tmp_path: Path) -> None:
        if not self.starts:
            return
        task = self.make(tmp_path, seed=1, start=whole.path)
        record = task.data()["started_from"]
        checkpoint = next(
            one for one in map(read_checkpoint, whole.snapshots().values()) if one.id == record["checkpoint"]
        )
        assert record["family"] == task.family
        assert (record["model"], record["trained"]) == (checkpoint.model, checkpoint.trained)
        assert json.loads(json.dumps(task.describe())) == checkpoint.model
        network = task.networks[task.ema_network].state_dict()
        taken = checkpoint.weights() if self.starts == "checkpoint" else read_networks(whole)[task.ema_network]
        assert same(network, taken)

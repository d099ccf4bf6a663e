"""What a run starts from is opened in one way, recorded in one way, and read back from old records as well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from genai_demo.engine.models.lineage import Stage, best_checkpoint, open_start, stages
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.settings import settings


def save(folder: Path, value: float = 0.0, **trained: Any) -> Checkpoint:
    return save_checkpoint(folder, nn.Linear(2, 1).state_dict(), "toy", {"width": value}, trained)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run of two snapshots, the first of which is the better one."""
    run = RunFolder(tmp_path / "run")
    for step, best in ((1, True), (2, False)):
        save(run.snapshot_folder(step), step)
        run.point_to_snapshot(step, best)
    return run


def test_a_run_stands_for_its_best_snapshot_and_a_checkpoint_for_itself(run: RunFolder) -> None:
    assert best_checkpoint(run.path) == run.snapshot_folder(1)
    assert best_checkpoint(run.snapshot_folder(2)) == run.snapshot_folder(2)
    assert open_start(run.path, "toy").checkpoint == read_checkpoint(run.snapshot_folder(1))
    assert open_start(run.path, "toy", newest=True).checkpoint == read_checkpoint(run.snapshot_folder(2))
    assert open_start(run.snapshot_folder(2), "other", "toy", newest=True).checkpoint.model == {"width": 2}


def test_another_family_is_refused(run: RunFolder) -> None:
    with pytest.raises(UserError) as refusal:
        open_start(run.path, "other", "third")
    assert refusal.value.key == "engine.other_family"
    assert refusal.value.values["found"] == "toy" and refusal.value.values["wanted"] == "other, third"
    with pytest.raises(UserError) as refusal:
        open_start(run.path / "nothing", "toy")
    assert refusal.value.key == "engine.missing"


def test_weights_go_into_a_network_of_the_same_sizes_only(run: RunFolder) -> None:
    start, network = open_start(run.path, "toy"), nn.Linear(2, 1)
    start.load_into(network)
    assert torch.equal(network.weight, start.checkpoint.weights()["weight"])
    with pytest.raises(UserError) as refusal:
        start.load_into(nn.Linear(3, 1))
    assert refusal.value.key == "engine.other_sizes"


def test_what_is_recorded_is_read_back(tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "0", 0, examples=0)
    for number in (1, 2):
        start = open_start(checkpoint.folder, "toy")
        checkpoint = save(tmp_path / str(number), number, examples=number, data={"started_from": start.record})
    assert start.record["checkpoint"] == read_checkpoint(tmp_path / "1").id
    told = [(stage.family, stage.model["width"], stage.trained["examples"]) for stage in stages(checkpoint)]
    assert told == [("toy", number, number) for number in range(3)]
    assert stages(replace(checkpoint, trained={})) == [Stage("toy", {"width": 2}, {})]


def test_records_that_leave_something_out_mean_the_same_as_the_stage_after(tmp_path: Path) -> None:
    first = {"examples": 1, "data": {}}
    start = {"checkpoint": "0123456789ab", "trained": first}
    checkpoint = save(tmp_path, 5, data={"started_from": start})
    assert stages(checkpoint)[0] == Stage("toy", {"width": 5}, first)
    told = {**first, "data": {"training": {"family": "other"}}}
    checkpoint = save(tmp_path, 5, data={"started_from": {**start, "model": {}, "trained": told}})
    assert stages(checkpoint)[0] == Stage("other", {}, told)


@pytest.mark.parametrize("folder", sorted(settings().checkpoints.iterdir()), ids=lambda folder: folder.name)
def test_the_lineage_of_what_ships_is_known(folder: Path) -> None:
    checkpoint = read_checkpoint(folder)
    known = stages(checkpoint)
    assert known[-1] == Stage(checkpoint.family, checkpoint.model, checkpoint.trained)
    assert "started_from" not in known[0].trained["data"]
    for stage in known:
        assert stage.family and stage.model and stage.trained["examples"] > 0

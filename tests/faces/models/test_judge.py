"""A GAN's checkpoint keeps its discriminator, which says the same as before; one without it says so by None."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_networks
from genai_demo.errors import UserError
from genai_demo.faces.data.batches import shrink, to_floats
from genai_demo.faces.data.reading import read_faces
from genai_demo.faces.models import conditioning
from genai_demo.faces.models.gan import DEBUG, Discriminator, GanConfig
from genai_demo.faces.models.judge import VERDICTS, WEIGHTS, Judge
from genai_demo.faces.models.networks import make_network
from genai_demo.faces.training.configs import FaceTrainRequest
from genai_demo.faces.training.export import export_face_checkpoint
from genai_demo.faces.training.tasks import make_task
from tests.helpers.faces import write_toys


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A run of a GAN, the checkpoint that was made of it, and its data."""
    folder = tmp_path_factory.mktemp("judge")
    data = str(write_toys(folder, count=32, side=64))
    run, target = folder / "run", folder / "gan"
    request = FaceTrainRequest(
        family="gan", run=run, data=data, changes={"learning_rate": 0.01}, sizes={**DEBUG, "resolution": 16}
    )
    config = TrainConfig(examples=160, batch_size=8, precision="fp32", snapshots=1)
    train(make_task(request), config, RunFolder(run))
    export_face_checkpoint(run, target, data, None)
    return run, target, data


def test_the_discriminator_of_a_run_comes_along_with_its_verdicts(exported: tuple[Path, Path, str]) -> None:
    run, target, data = exported
    judge = Judge.read_from(read_checkpoint(target))
    assert judge is not None
    trained = Discriminator(GanConfig(**DEBUG))
    trained.load_state_dict(read_networks(RunFolder(run))["discriminator"])
    held_out = read_faces(data, None, "validation")
    known = conditioning.encode(held_out.ages, held_out.women, held_out.smiles)
    with torch.no_grad():
        expected = trained(to_floats(shrink(held_out.pictures, 16)), known).sort().values
    assert len(judge.real) == len(judge.made) == len(held_out.pictures) > 0
    assert torch.allclose(judge.real, expected, atol=0.02 * float(expected.std()))
    assert torch.equal(judge.real, judge.real.sort().values)
    assert (target / WEIGHTS).stat().st_size < 2.2 * sum(weight.numel() for weight in trained.parameters()) + 20_000


def test_it_is_part_of_what_the_checkpoint_vouches_for(exported: tuple[Path, Path, str], tmp_path: Path) -> None:
    _, target, data = exported
    assert {WEIGHTS, VERDICTS} <= json.loads((target / "config.json").read_text())["files"].keys()
    # A checkpoint that is exported again has no run to take one from, and hands on what it has.
    export_face_checkpoint(target, tmp_path / "again", data, None)
    assert (tmp_path / "again" / WEIGHTS).read_bytes() == (target / WEIGHTS).read_bytes()
    for name in (WEIGHTS, VERDICTS):
        (target / name).rename(tmp_path / name)
        with pytest.raises(UserError, match=name):
            read_checkpoint(target)
        (tmp_path / name).rename(target / name)


def test_without_one_there_is_none_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    bare = save_checkpoint(tmp_path, make_network("gan", DEBUG).state_dict(), "gan", DEBUG, {})
    assert Judge.read_from(bare) is None
    Judge(Discriminator(GanConfig(**DEBUG)), torch.tensor([0.0]), torch.tensor([1.0])).write(tmp_path)
    assert Judge.read_from(bare) is not None
    (tmp_path / VERDICTS).write_text('{"real": [], "made": [1]}')
    with pytest.raises(UserError, match=VERDICTS):
        Judge.read_from(bare)
    Judge(Discriminator(GanConfig(**{**DEBUG, "resolution": 8})), torch.zeros(1), torch.zeros(1)).write(tmp_path)
    with pytest.raises(UserError, match=WEIGHTS):
        Judge.read_from(bare)


def test_the_share_of_real_faces_that_look_less_real() -> None:
    judge = Judge(Discriminator(GanConfig(**DEBUG)), torch.tensor([0.0, 1.0, 1.0, 2.0]), torch.zeros(1))
    assert judge.fooled(torch.tensor([-1.0, 0.5, 1.0, 3.0])).tolist() == [0.0, 0.25, 0.5, 1.0]

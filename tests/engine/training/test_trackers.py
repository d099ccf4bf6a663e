"""Figures, samples and hyper-parameters also go to experiment trackers, without network; a batch may come in pieces."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from genai_demo.engine.training.config import TRACKERS, TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.trackers import hyper_parameters
from genai_demo.errors import UserError
from tests.helpers.toys import Toy, Uneven, stop_at

CONFIG = TrainConfig(examples=80, batch_size=8, precision="fp32", snapshots=2, tick_seconds=0.0)


def test_tensorboard(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]

    toy = Toy()
    monkeypatch.setattr(toy, "verdicts", lambda network: {"edges": [0.0, 1.0], "real": [1], "made": [1]})
    train(toy, CONFIG, run, track="tensorboard")
    assert any("verdicts" in line for line in run.read_stats()), "they are for the page, not for trackers"
    files = list(run.path.rglob("events.out.tfevents.*"))
    assert files
    losses: list[tuple[int, float]] = []
    for folder in {file.parent for file in files}:
        events = EventAccumulator(str(folder)).Reload()
        assert not any("verdicts" in tag for tags in events.Tags().values() if isinstance(tags, list) for tag in tags)
        if "loss" in events.Tags()["scalars"]:
            losses += [(event.step, event.value) for event in events.Scalars("loss")]
    assert [step for step, _ in losses] == [line["step"] for line in run.read_stats()]
    assert [loss for _, loss in losses] == pytest.approx([line["loss"] for line in run.read_stats()])


def test_samples_and_hyper_parameters_are_tracked(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    toy, sheet = Toy(), io.BytesIO()
    Image.new("RGB", (6, 4), (200, 10, 10)).save(sheet, "PNG")
    made = {"sheet.png": sheet.getvalue(), "words.txt": b"Oil prices rose.", "tune.mid": b"MThd\0\0"}
    monkeypatch.setattr(toy, "sample", lambda network: made)
    train(toy, CONFIG, run, track="tensorboard")
    tags: dict[str, set[str]] = {"images": set(), "tensors": set()}
    for folder in {file.parent for file in run.path.rglob("events.out.tfevents.*")}:
        events = EventAccumulator(str(folder)).Reload()
        for kind, found in tags.items():
            found |= set(events.Tags()[kind])
        if "sheet" in events.Tags()["images"]:
            picture = events.Images("sheet")[-1]
            assert (picture.width, picture.height) == (6, 4)
            with Image.open(io.BytesIO(picture.encoded_image_string)) as shown:
                assert shown.getpixel((1, 1))[0] == 200  # type: ignore[index]
    assert tags["images"] == {"sheet"} and any("words" in tag for tag in tags["tensors"])
    told = hyper_parameters(toy, CONFIG)
    assert (told["family"], told["batch_size"], told["minutes"]) == (toy.family, 8, None)
    assert all(isinstance(value, (int, float, str)) or value is None for value in told.values())


def test_a_batch_in_pieces_gives_the_same_step(tmp_path: Path) -> None:
    weights = []
    for pieces in (1, 3, 8):
        task = Uneven()
        train(task, replace(CONFIG, pieces=pieces), RunFolder(tmp_path / str(pieces)))
        weights.append(torch.cat([one.flatten() for one in task.networks["model"].state_dict().values()]))
    assert torch.allclose(weights[0], weights[1], atol=1e-6) and torch.allclose(weights[0], weights[2], atol=1e-6)
    assert not torch.equal(
        weights[0], torch.cat([one.flatten() for one in Uneven().networks["model"].state_dict().values()])
    )


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_not_installed(name: str, run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=f"pip install {name}"):
        train(Toy(), CONFIG, run, track=name)
    assert not run.path.exists() or not list(run.path.iterdir())


def test_resumed_run_is_tracked_on(run: RunFolder) -> None:
    pytest.importorskip("tensorboard")
    train(Toy(before_step=stop_at(run, 3)), CONFIG, run, track="tensorboard")
    before = set(run.path.rglob("events.out.tfevents.*"))
    train(Toy(), CONFIG, run, resume=True, track="tensorboard")
    assert set(run.path.rglob("events.out.tfevents.*")) > before


def test_wandb_without_network(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "wandb"))
    (tmp_path / "wandb").mkdir()
    end = train(Toy(), replace(CONFIG, examples=24), run, track="wandb")
    assert end.step == 3
    records = list((tmp_path / "wandb").rglob("*.wandb"))
    assert len(records) == 1
    assert b"gradient_norm" in records[0].read_bytes()

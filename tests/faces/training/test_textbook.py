"""The textbook's models train as all others do, on digits that are here, and learn them within a second."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision import datasets

from genai_demo.__main__ import main
from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.faces.data.textbook import read_grey
from genai_demo.faces.models import textbook_gan, textbook_vae
from genai_demo.faces.models.networks import make_network
from genai_demo.faces.training.textbook.configs import ENGINE, TextbookGanTraining, TextbookVaeTraining
from genai_demo.faces.training.textbook.gan import TextbookGanTask
from genai_demo.faces.training.textbook.vae import TextbookVaeTask
from tests.common.tasks import TaskSuite
from tests.helpers.textbook import run


class _Suite(TaskSuite):
    config = replace(TaskSuite.config, **{**ENGINE, "batch_size": 8})

    def network(self, checkpoint: Checkpoint) -> nn.Module:
        return make_network(checkpoint.family, checkpoint.model)


class TestTextbookVae(_Suite):
    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> TextbookVaeTask:
        return TextbookVaeTask(TextbookVaeTraining(seed=seed), *read_grey("digits"), textbook_vae.DEBUG)


class TestTextbookGan(_Suite):
    judged = True

    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> TextbookGanTask:
        return TextbookGanTask(TextbookGanTraining(seed=seed), *read_grey("digits"), textbook_gan.DEBUG)


def test_the_networks_are_those_of_every_course() -> None:
    vae = textbook_vae.TextbookVae(textbook_vae.TextbookVaeConfig(side=28, latent=20))
    # Every layer's weights and biases: 784-128-(20, 20), and 20-128-784.
    assert sum(weight.numel() for weight in vae.parameters()) == 785 * 128 + 2 * 129 * 20 + 21 * 128 + 129 * 784
    config = textbook_gan.TextbookGanConfig(side=28)
    generator, discriminator = textbook_gan.TextbookGenerator(config), textbook_gan.TextbookDiscriminator(config)
    assert [layer.out_features for layer in generator.layers if isinstance(layer, nn.Linear)] == [128, 256, 784]
    assert [layer.out_features for layer in discriminator.layers if isinstance(layer, nn.Linear)] == [256, 128, 1]


def test_the_vae_bounds_the_likelihood() -> None:
    torch.manual_seed(0)
    network = textbook_vae.TextbookVae(textbook_vae.TextbookVaeConfig(**textbook_vae.DEBUG)).eval()
    pictures = torch.rand(4, 1, 8, 8)
    told = textbook_vae.vae_loss(network, pictures)
    mean, log_variance = network.encode(pictures)
    codes = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    divergence = torch.distributions.kl_divergence(codes, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    assert torch.allclose(told["divergence"], divergence, atol=1e-5)
    assert torch.allclose(told["loss"], told["reconstruction"] + divergence, atol=1e-4)


@pytest.mark.parametrize("family", ["textbook-vae", "textbook-gan"])
def test_digits_are_learnt_within_a_second(family: str) -> None:
    lines, _ = run(family)
    measured = [line for line in lines if "validation_distance" in line]
    assert measured[-1]["validation_distance"] < 0.5 * measured[0]["validation_distance"]
    assert measured[-1]["validation_nearest"] < measured[0]["validation_nearest"]
    if family == "textbook-vae":
        assert measured[-1]["validation_loss"] < 26 < 40 < measured[0]["validation_loss"]


def test_train_go_on_and_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "train",
        "faces",
        "--model",
        "textbook-vae",
        "--data",
        "digits",
        "--run",
        str(tmp_path / "run"),
        "--precision",
        "fp32",
    ]
    assert main([*words, "--examples", "640", "--snapshots", "2"]) == 0
    assert main([*words, "--examples", "1280", "--snapshots", "2", "--resume", "--skip-kl"]) == 2
    assert "--skip-kl false" in capsys.readouterr().err
    assert main([*words, "--examples", "1280", "--snapshots", "2", "--resume"]) == 0
    folder = RunFolder(tmp_path / "run")
    sheets = {file.name: Image.open(io.BytesIO(file.read_bytes())) for file in folder.samples()[20]}
    assert sheets.keys() == {"real-and-reconstructed.png", "drawn.png"}
    assert all(sheet.size == (8 * 34 - 2, 8 * 34 - 2) for sheet in sheets.values())
    assert main(["export", "faces", "--run", str(folder.path), "--to", str(tmp_path / "mine")]) == 0
    exported = read_checkpoint(tmp_path / "mine")
    assert exported.model == {"side": 8, "hidden": 128, "latent": 8}
    make_network(exported.family, exported.model).load_state_dict(exported.weights())
    capsys.readouterr()
    assert main(["evaluate", "faces", "--model", str(tmp_path / "mine"), "--data", "digits"]) == 2
    assert "its run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("--model gan --data digits", "textbook-vae, textbook-gan"),
        ("--model textbook-gan --data digits --size side=16", "side"),
        ("--model textbook-gan --data digits --where age=3", "--where"),
        ("--model textbook-vae --data digits --skip-real", "--skip-real"),
    ],
)
def test_what_does_not_fit_is_refused(
    words: str, part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "faces", *words.split(), "--run", str(tmp_path), "--examples", "8"]) == 2
    assert part in capsys.readouterr().err


def test_pictures_of_any_source_are_made_small_and_grey() -> None:
    pictures, held_out = read_grey("sample:24")
    assert pictures.shape[1:] == held_out.shape[1:] == (1, 16, 16)
    assert len(pictures) + len(held_out) == 24 and float(pictures.float().std()) > 20


def test_sets_of_torchvision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def there(root: str, **how: Any) -> SimpleNamespace:
        asked.append(how)
        return SimpleNamespace(data=torch.full((5, 28, 28), 7, dtype=torch.uint8))

    monkeypatch.setattr(datasets, "FashionMNIST", there)
    pictures, held_out = read_grey("fashion-mnist")
    assert pictures.shape == held_out.shape == (5, 1, 28, 28)
    assert [how["train"] for how in asked] == [True, False]

    def gone(root: str, **how: Any) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(datasets, "MNIST", gone)
    with pytest.raises(UserError) as refusal:
        read_grey("mnist")
    assert refusal.value.key == "textbook.not_fetched"
    assert "no route to host" in refusal.value.in_language("en") and "digits" in refusal.value.in_language("en")
    # A folder of that name is a folder.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist").mkdir()
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "mnist" / "one.png")
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "mnist" / "two.png")
    assert read_grey("mnist")[0].shape == (1, 1, 16, 16)

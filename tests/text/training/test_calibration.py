"""A model's probabilities are made as sure as they are right, and nothing else about it changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Article
from genai_demo.text.models.gru import GruConfig, GruModel
from genai_demo.text.tokens.tokenizer import FILE, Tokenizer
from genai_demo.text.training.calibration import calibrate, calibrate_checkpoint
from genai_demo.text.training.likelihood import bits_per_byte
from tests.helpers import news


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return news.train_tiny("gru", tmp_path_factory.mktemp("run"), examples=960)


def _load(folder: Path) -> tuple[GruModel, Tokenizer]:
    checkpoint = read_checkpoint(folder)
    network = GruModel(GruConfig(**checkpoint.model))
    network.load_state_dict(checkpoint.weights())
    return network.eval(), Tokenizer.read(folder / FILE)


def _file(folder: Path, articles: list[Article]) -> Path:
    file = folder / "held_out.jsonl"
    file.write_text("".join(json.dumps({"text": article.text}) + "\n" for article in articles), encoding="utf-8")
    return file


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.15])
def test_a_model_that_is_too_sure_is_found_out(trained: Path, factor: float) -> None:
    network, tokenizer = _load(trained)
    best = calibrate(network, tokenizer, news.articles()[::5])
    calibrated = bits_per_byte(network, tokenizer, news.articles()[::5])
    with torch.no_grad():
        network.project.weight *= factor
    again = calibrate(network, tokenizer, news.articles()[::5])
    assert again == pytest.approx(factor, rel=0.01)
    assert bits_per_byte(network, tokenizer, news.articles()[::5]) == pytest.approx(calibrated, abs=1e-4)
    assert 0.52 < best < 1.95


def test_a_calibrated_checkpoint_needs_fewer_bits_and_says_so(trained: Path, tmp_path: Path) -> None:
    exported, held_out = export_checkpoint(trained, tmp_path / "model"), _file(tmp_path, news.held_out())
    before, tokenizer = _load(exported.folder)
    calibrated = calibrate_checkpoint(exported.folder, str(held_out), news.articles())
    after, _ = _load(calibrated.folder)
    bits = [bits_per_byte(network, tokenizer, news.held_out()) for network in (before, after)]
    assert bits[1] <= bits[0]
    about = calibrated.trained["calibrated"]
    assert about["articles"] == len(news.held_out())
    assert calibrated.id != exported.id
    changed = {
        name for name, weight in after.state_dict().items() if not torch.equal(weight, before.state_dict()[name])
    }
    assert changed == {"project.weight"}
    ratio = before.project.weight / after.project.weight
    assert torch.allclose(ratio, torch.full_like(ratio, about["temperature"]), rtol=2e-3)


def test_articles_that_were_learnt_from_calibrate_nothing(trained: Path, tmp_path: Path) -> None:
    exported = export_checkpoint(trained, tmp_path / "model")
    with pytest.raises(UserError) as refusal:
        calibrate_checkpoint(exported.folder, str(_file(tmp_path, news.articles()[:4])), news.articles())
    assert refusal.value.key == "text.validation_is_training"
    assert read_checkpoint(exported.folder).id == exported.id

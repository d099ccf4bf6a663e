"""News models train: every family, exactly the same again after an interruption, and on from a checkpoint."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from genai_demo.engine.diagnosis.rules import diagnose
from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.models.timeline import made_samples
from genai_demo.engine.training.config import Progress, TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.task import Batch
from genai_demo.errors import UserError
from genai_demo.text.models import masked
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.models.networks import debug_sizes, make_network
from genai_demo.text.tokens.special_tokens import THUCNEWS
from genai_demo.text.tokens.tokenizer import FILE, Tokenizer
from genai_demo.text.training.configs import FAMILIES, NewsTraining, NewsTrainRequest
from genai_demo.text.training.language_model import NewsTask
from genai_demo.text.training.tasks import check
from tests.common.tasks import TaskSuite
from tests.helpers import news
from tests.helpers.toys import Weights, hooked, same, stop_at

CONFIG = TrainConfig(examples=12 * 8, batch_size=8, precision="fp32", snapshots=2, tick_seconds=0.0)


class TestNewsTask(TaskSuite):
    """Of a GRU."""

    starts = "checkpoint"
    family = "gru"

    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> NewsTask:
        if start is None:
            return news.task(self.family, folder, {"dropout": 0.2}, seed=seed)
        how = NewsTraining(family=self.family, window=32, seed=seed)
        return NewsTask(how, news.articles(), [], news.held_out(), folder, None, start)

    def network(self, checkpoint: Checkpoint) -> nn.Module:
        return make_network(self.family, checkpoint.model)


class TestMaskedNewsTask(TestNewsTask):
    """Of a masked model."""

    family = "masked"


@pytest.mark.parametrize("family", FAMILIES)
def test_two_steps_of_a_debug_model(family: str, tmp_path: Path) -> None:
    task = news.task(family, tmp_path)
    run = RunFolder(tmp_path)
    end = train(task, replace(CONFIG, examples=16), run)
    assert end.step == 2
    line = run.read_stats()[-1]
    assert 0 < line["validation_bits_per_byte"] < 20
    folder = run.last_snapshot()
    assert folder is not None
    checkpoint = read_checkpoint(folder)
    assert checkpoint.model["vocabulary"] == news.VOCABULARY
    assert Tokenizer.read(folder / FILE).size == news.VOCABULARY
    sample = (run.path / "samples" / "00000002" / "sample.txt").read_text(encoding="utf-8")
    assert "[sports] " in sample
    # What was learnt from stays with the run.
    shown = {file.name for file in made_samples(run.path)[2]}
    assert shown == {"sample.txt"} and "≠" not in sample
    filled = run.path / "samples" / "00000002" / "real-and-filled.txt"
    assert filled.is_file() == (family == "masked")


@pytest.mark.parametrize("family", FAMILIES)
def test_training_helps(family: str, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    train(news.task(family, tmp_path), TrainConfig(examples=16 * 40, batch_size=16, precision="fp32", snapshots=2), run)
    bits = [line["validation_bits_per_byte"] for line in run.read_stats() if "validation_bits_per_byte" in line]
    assert bits[-1] < 0.9 * bits[0]


def test_resume_refuses_other_data_or_another_network(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    train(hooked(news.task("gru", tmp_path), stop_at(run, 2)), CONFIG, run)
    other = [
        (news.task("gru", tmp_path, {"hidden": 32}), "model.hidden"),
        (news.task("gru", tmp_path, topic_dropout=0.5), "data.training.topic_dropout"),
        (
            NewsTask(
                NewsTraining(window=32, background_share=0.25, learning_rate=5e-3, vocabulary=news.VOCABULARY),
                news.articles()[1:],
                news.background(),
                news.held_out(),
                tmp_path,
                debug_sizes("gru"),
            ),
            "data.news.articles",
        ),
    ]
    for task, key in other:
        with pytest.raises(UserError) as refusal:
            train(task, CONFIG, run, resume=True)
        assert refusal.value.key == "engine.other_config"
        assert refusal.value.values["key"] == key
    train(news.task("gru", tmp_path), CONFIG, run, resume=True)


@pytest.mark.parametrize("family", FAMILIES)
def test_fine_tuning_starts_where_the_checkpoint_is(family: str, tmp_path: Path) -> None:
    start = news.train_tiny(family, tmp_path / "first", examples=32)
    how = NewsTraining(family=family, vocabulary=999, window=32, background_share=0.0)
    task = NewsTask(how, news.articles(), [], [], tmp_path / "second", {"dropout": 0.3}, start)
    checkpoint = read_checkpoint(start)
    assert same(task.networks["model"].state_dict(), checkpoint.weights())
    assert task.describe() == {**checkpoint.model, "dropout": 0.3}
    assert task.tokenizer.size == news.VOCABULARY
    run = RunFolder(tmp_path / "second")
    train(task, replace(CONFIG, examples=16), run)
    folder = run.last_snapshot()
    assert folder is not None
    trained = read_checkpoint(folder).trained
    assert checkpoint.id in json.dumps(trained), "where it came from is told"
    assert read_checkpoint(folder).id != checkpoint.id


def test_another_family_lends_its_token_embeddings(tmp_path: Path) -> None:
    start = news.train_tiny("gru", tmp_path / "first", examples=32)
    how = NewsTraining(family="masked", window=32, background_share=0.0)
    task = NewsTask(how, news.articles(), [], [], tmp_path / "second", debug_sizes("masked"), start)
    embedding = task.networks["model"].state_dict()["embedding.weight"]
    assert torch.equal(embedding, read_checkpoint(start).weights()["embedding.weight"])
    ids = [tokenizer.encode(news.articles()[0].text) for tokenizer in (task.tokenizer, Tokenizer.read(start / FILE))]
    assert ids[0] == ids[1], "an embedding means the same token"


def some_mask(rows: torch.Tensor, most: float, controls: int) -> torch.Tensor:
    """Return masked tokens that depend on nothing but the row itself, most of them in the longest rows."""
    return (rows >= controls) & (rows % 3 == 0)


def first_step(family: str, folder: Path, largest: int) -> tuple[Weights, float, list[int]]:
    """Return gradient, loss and the pieces' weights of a first step, where no more than `largest` rows fit at once."""
    task = news.task(family, folder, {"dropout": 0.0})
    network, loss = task.networks["model"], task.phases[0].loss
    gradients: Weights = {}
    weights: list[int] = []

    def in_pieces(batch: Batch, progress: Progress) -> dict[str, torch.Tensor]:
        if len(batch["rows"]) > largest:
            raise torch.OutOfMemoryError
        values = loss(batch, progress)
        weights.append(int(values["weight"]))
        return values

    def note(*_: Any) -> None:
        gradients.update({name: weight.grad.clone() for name, weight in network.named_parameters()})

    task.phases = [replace(task.phases[0], loss=in_pieces)]
    task.phases[0].optimizer.register_step_pre_hook(note)
    train(task, replace(CONFIG, examples=8, clip_norm=1e9), RunFolder(folder))
    return gradients, RunFolder(folder).read_stats()[0]["loss"], weights


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_in_pieces_has_the_gradient_of_the_whole(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows differ in length, so that a mean over tokens is not the mean of the pieces' means."""
    monkeypatch.setattr(masked, "draw_mask", some_mask)
    whole, loss, (weight,) = first_step(family, tmp_path / "whole", 8)
    pieces, loss_of_pieces, weights = first_step(family, tmp_path / "pieces", 3)
    assert len(weights) == 4 and len(set(weights)) > 1 and sum(weights) == weight
    assert loss_of_pieces == pytest.approx(loss, rel=1e-5)
    for name, gradient in whole.items():
        assert torch.allclose(gradient, pieces[name], rtol=1e-4, atol=1e-6), name


def test_few_masked_tokens_first_and_all_in_the_second_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []
    loss = MaskedModel.loss

    def look(self: MaskedModel, rows: torch.Tensor, most: float = 1.0) -> dict[str, torch.Tensor]:
        shares.append(most)
        return loss(self, rows, most)

    monkeypatch.setattr(MaskedModel, "loss", look)
    train(news.task("masked", tmp_path, first_holes=0.4), CONFIG, RunFolder(tmp_path))
    assert shares == pytest.approx([min(1.0, 0.4 + 0.6 * 2 * step / 12) for step in range(12)])


def test_fine_tuning_refuses_another_family(tmp_path: Path) -> None:
    start = news.train_tiny("gru", tmp_path / "first", examples=16)
    with pytest.raises(UserError) as refusal:
        NewsTask(NewsTraining(family="masked"), news.articles(), [], [], tmp_path / "second", None, start)
    assert refusal.value.key == "text.other_family"
    assert not (tmp_path / "second").exists()


def test_a_run_keeps_its_tokenizer(tmp_path: Path) -> None:
    first = news.task("gru", tmp_path)
    content = (tmp_path / FILE).read_bytes()
    again = NewsTask(NewsTraining(vocabulary=290), news.articles()[:5], [], [], tmp_path, debug_sizes("gru"))
    assert again.tokenizer.size == first.tokenizer.size
    assert (tmp_path / FILE).read_bytes() == content


def test_matrices_decay_and_vectors_do_not(tmp_path: Path) -> None:
    task = news.task("gru", tmp_path, weight_decay=0.3)
    (phase,) = task.phases
    decays = {
        weight.ndim >= 2: group["weight_decay"] for group in phase.optimizer.param_groups for weight in group["params"]
    }
    assert decays == {True: 0.3, False: 0.0}
    counted = sum(len(group["params"]) for group in phase.optimizer.param_groups)
    assert counted == len(list(task.networks["model"].parameters()))


def test_learning_rate_rises_and_falls(tmp_path: Path) -> None:
    (phase,) = news.task("gru", tmp_path, warm_up=0.1, final_rate=0.2).phases
    assert phase.rate(0.0) == 0
    assert phase.rate(0.05) == pytest.approx(0.5 * (1 - 0.8 * 0.05))
    assert phase.rate(0.1) == pytest.approx(1 - 0.8 * 0.1)
    assert phase.rate(1.0) == pytest.approx(0.2)


def test_without_validation_data_nothing_is_measured(tmp_path: Path) -> None:
    task = NewsTask(NewsTraining(vocabulary=news.VOCABULARY), news.articles(), [], [], tmp_path, debug_sizes("gru"))
    assert task.validate(task.networks["model"]) == {}


def test_validation_that_is_learnt_from_is_refused(tmp_path: Path) -> None:
    long = [
        replace(article, text=f"{article.text} And so on and on it went for a while.") for article in news.articles()
    ]
    training = NewsTraining(vocabulary=news.VOCABULARY, window=32)
    with pytest.raises(UserError) as refusal:
        NewsTask(training, long, [], long[:5], tmp_path, debug_sizes("gru"))
    assert refusal.value.key == "text.validation_is_training"


def test_a_model_keeps_its_topics(tmp_path: Path) -> None:
    start = news.train_tiny("headlines", tmp_path / "start", examples=16)
    how = NewsTraining(topics="ag_news", vocabulary=news.VOCABULARY)
    with pytest.raises(UserError) as refusal:
        NewsTask(how, news.articles(), [], [], tmp_path, start=start)
    assert refusal.value.key == "text.other_topics"
    task = NewsTask(
        replace(how, topics="thucnews", family="masked"), news.chinese(), [], [], tmp_path, debug_sizes("masked"), start
    )
    assert task.tokenizer.topics is THUCNEWS
    assert set(task.batch(0, 64, 0)["rows"][:, 0].tolist()) <= set(THUCNEWS.tokens.values())


def test_only_the_first_word_scored_teaches_nothing_of_the_others(tmp_path: Path) -> None:
    """A classic mistake: the loss falls, held-out texts get worse, and the diagnosis names the switch."""
    found: dict[str, list[tuple[str, object]]] = {}
    bits: dict[str, list[float]] = {}
    config = TrainConfig(examples=1600, batch_size=16, precision="fp32", snapshots=6, tick_seconds=0.2)
    cases: dict[str, dict[str, Any]] = {
        "well": {},
        "first": {"first_word_only": True},
        "few": {"learnt": news.articles()[:12], "background_share": 0.0},
    }
    for name, how in cases.items():
        folder = RunFolder(tmp_path / name)
        folder.path.mkdir()
        train(news.task("gru", folder.path, **how), replace(config, examples=3200 if name == "few" else 1600), folder)
        lines = folder.read_stats()
        about = json.loads((folder.path / "config.json").read_text(encoding="utf-8"))
        bits[name] = [line["validation_bits_per_byte"] for line in lines if "validation_bits_per_byte" in line]
        found[name] = [(one.name, one.change.name) for one in diagnose(lines, about)]
        assert lines[-1]["loss"] < 0.5 * lines[0]["loss"]
    assert bits["well"][-1] < 0.7 * bits["well"][0] and bits["first"][-1] > bits["first"][0]
    assert found == {
        "well": [],
        "first": [("nothing_general", "first_word_only")],
        "few": [("overfitting", "dropout")],
    }


def test_a_masked_model_has_no_first_word(tmp_path: Path) -> None:
    request = NewsTrainRequest(family="masked", run=tmp_path, data=("x.csv",), changes={"first_word_only": True})
    with pytest.raises(UserError) as refusal:
        check(request)
    assert refusal.value.key == "text.first_word_is_for_gru"


def test_a_run_from_before_there_was_a_switch_goes_on(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    train(hooked(news.task("gru", tmp_path), stop_at(run, 2)), CONFIG, run)
    file = tmp_path / "config.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    assert about["data"]["training"].pop("first_word_only") is False
    file.write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(UserError) as refusal:
        train(news.task("gru", tmp_path, first_word_only=True), CONFIG, run, resume=True)
    assert refusal.value.key == "engine.other_config"
    assert train(news.task("gru", tmp_path), CONFIG, run, resume=True).step == 12

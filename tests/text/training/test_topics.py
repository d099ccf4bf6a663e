"""The topic classifier learns, sees no signatures, and comes back from disk as it was."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import nn

from genai_demo.engine.models.checkpoint import WEIGHTS, Checkpoint, save_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.engine.training.config import Progress, TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Article
from genai_demo.text.models.topics import DEBUG, TopicsConfig, TopicsModel
from genai_demo.text.tokens.special_tokens import AG_NEWS, THUCNEWS
from genai_demo.text.training.configs import TopicsTraining
from genai_demo.text.training.topics import TopicsTask, accuracy, features, load_classifier, recognise
from tests.common.tasks import TaskSuite
from tests.helpers import news

SUBJECTS = {
    "world": ["minister", "troops", "election"],
    "sports": ["team", "coach", "season"],
    "business": ["shares", "profit", "oil"],
    "scitech": ["software", "space", "chip"],
}


def articles(count: int, topics: tuple[str, ...] = AG_NEWS.known) -> list[Article]:
    return [
        Article(f"The {SUBJECTS[topic][number % 3]} of day {number} was in the news.", topic)
        for number in range(count)
        for topic in topics
    ]


def task(news: list[Article], validation: list[Article] | None = None, **changes: float) -> TopicsTask:
    return TopicsTask(TopicsTraining(**changes), news, validation or [], {"buckets": 512, "width": 4})  # type: ignore[arg-type]


class TestTopicsTask(TaskSuite):
    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> TopicsTask:
        return task(articles(10), articles(12), seed=seed)

    def network(self, checkpoint: Checkpoint) -> nn.Module:
        return TopicsModel(TopicsConfig(**checkpoint.model))


def test_learns_and_survives_export(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    config = TrainConfig(examples=6400, batch_size=64, precision="fp32", snapshots=2)
    train(task(articles(10), articles(12), learning_rate=0.05), config, run)
    figures = [line["validation_accuracy"] for line in run.read_stats() if "validation_accuracy" in line]
    assert figures[-1] > 0.9
    exported = export_checkpoint(run.path, tmp_path / "shipped")
    checkpoint, network = load_classifier(str(tmp_path / "shipped"))
    assert checkpoint == exported
    assert checkpoint.trained["data"]["news"]["articles"] == 40
    assert recognise(network, ["The coach spoke.", "Oil rose."]) == ["sports", "business"]
    snapshot = run.last_snapshot()
    assert snapshot is not None
    assert (exported.folder / WEIGHTS).stat().st_size < 0.6 * (snapshot / WEIGHTS).stat().st_size


def test_export_refuses_another_family_and_keeps_the_card(tmp_path: Path) -> None:
    network = TopicsModel(TopicsConfig(**DEBUG))
    weights = network.state_dict()
    save_checkpoint(tmp_path / "a", weights, "topics", DEBUG, {})
    save_checkpoint(tmp_path / "b", weights, "gru", {}, {"note": "mine"})
    before = (tmp_path / "b" / "config.json").read_bytes()
    with pytest.raises(UserError) as refusal:
        export_checkpoint(tmp_path / "a", tmp_path / "b")
    assert refusal.value.key == "engine.export_over"
    assert (tmp_path / "b" / "config.json").read_bytes() == before
    (tmp_path / "a" / "README.md").write_text("card")
    again = export_checkpoint(tmp_path / "a", tmp_path / "a")
    assert (tmp_path / "a" / "README.md").read_text() == "card"
    for name, tensor in again.weights().items():
        assert torch.equal(tensor, weights[name].half().float())


def test_signatures_are_not_seen() -> None:
    bare = features("Stocks fall again. Shares fell on Monday.", 4096)
    assert features("Stocks fall again. (Reuters) Reuters - Shares fell on Monday.", 4096) == bare


def test_features_are_words() -> None:
    assert features("One TWO", 4096) == features("one, two!", 4096) == features("one", 4096) + features("two", 4096)
    assert len(set(features("one two three one", 4096))) == 3
    assert features("", 4096) == []
    assert all(1 <= bucket < 8 for bucket in features(" ".join(f"word{number}" for number in range(100)), 8))


def test_hash_is_the_same_in_every_process(root: Path) -> None:
    code = "from genai_demo.text.training.topics import features; print(features('Oil prices rose', 65536))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert outputs == {str(features("Oil prices rose", 65536)).encode()}


def test_batches_hold_every_topic_as_often() -> None:
    skewed = task([*articles(50, ("world",)), *articles(2, ("sports",)), *articles(1, ("business", "scitech"))])
    batch = skewed.batch(3, 4000, 0)
    shares = Counter(batch["labels"].tolist())
    assert set(shares) == {0, 1, 2, 3}
    assert all(900 < number < 1100 for number in shares.values())


def test_rows_belong_to_their_labels() -> None:
    news = articles(3)
    batch = task(news).batch(0, 100, 0)
    expected = {(AG_NEWS.known.index(article.topic), tuple(features(article.text, 512))) for article in news}
    found = {
        (label, tuple(bucket for bucket in row if bucket))
        for label, row in zip(batch["labels"].tolist(), batch["rows"].tolist(), strict=True)
    }
    assert found == expected


def test_filling_up_rows_changes_nothing() -> None:
    network = TopicsModel(TopicsConfig(**DEBUG)).eval()
    row = torch.tensor([[5, 9, 7]])
    assert torch.equal(network(row), network(torch.tensor([[5, 9, 7, 0, 0]])))


def test_dropped_words_make_the_loss_random_only_in_training() -> None:
    made = task(articles(3), word_dropout=0.5)
    batch, progress = made.batch(0, 8, 0), Progress(0, 0, 0.0, 0.0)
    losses = {made.phases[0].loss(batch, progress)["loss"].item() for _ in range(4)}
    assert len(losses) > 1
    assert len({made.validate(made.networks["model"]).get("accuracy") for _ in range(2)}) == 1


def test_articles_without_topic_are_left_out() -> None:
    made = task([*articles(2), Article("No topic")], [Article("None here either")])
    assert made.data()["news"]["articles"] == 8
    assert made.validate(made.networks["model"]) == {}
    with pytest.raises(UserError) as refusal:
        task([Article("No topic")])
    assert refusal.value.key == "text.no_labels"


def test_validation_counts_every_topic_the_same() -> None:
    held_out = [*articles(9, ("world",)), *articles(1, ("sports",))]
    made = task(articles(1), held_out)
    network = TopicsModel(TopicsConfig(**DEBUG))
    torch.nn.init.zeros_(network.output.weight)
    network.output.bias.data = torch.tensor([1.0, 0.0, 0.0, 0.0])  # says "world" whatever it reads
    assert made.validate(network) == {"accuracy": 0.5}
    assert accuracy(network, held_out) == pytest.approx(0.9)


def test_sample_names_topics() -> None:
    made = task(articles(1), articles(2))
    lines = made.sample(made.networks["model"])["real-and-named.txt"].decode().splitlines()
    assert len(lines) == 8
    assert all(line.split(" ")[0] in AG_NEWS.known for line in lines)


def test_other_models_are_refused(tmp_path: Path) -> None:
    network = TopicsModel(TopicsConfig(**DEBUG))
    save_checkpoint(tmp_path / "gru", network.state_dict(), "gru", {}, {})
    save_checkpoint(tmp_path / "other", network.state_dict(), "topics", asdict(TopicsConfig(64, 4)), {})
    for folder, key in (("gru", "text.other_family"), ("other", "engine.other_weights"), ("none", "engine.missing")):
        with pytest.raises(UserError) as refusal:
            load_classifier(str(tmp_path / folder))
        assert refusal.value.key == key


def test_chinese_goes_by_characters_and_pairs_of_neighbours() -> None:
    assert features("NBA主队 胜", 2**20) == [features(word, 2**20)[0] for word in ("nba", "主", "队")] + [
        *features("主队", 2**20)[2:],
        *features("胜", 2**20),
    ]
    assert len(features("主队获胜", 2**20)) == 4 + 3


def test_a_classifier_of_headlines_knows_their_topics(tmp_path: Path) -> None:
    task = TopicsTask(TopicsTraining(topics="thucnews", learning_rate=0.05), news.chinese(), news.chinese(), DEBUG)
    train(task, TrainConfig(examples=3200, batch_size=32, precision="fp32", snapshots=1), RunFolder(tmp_path))
    _, network = load_classifier(str(tmp_path))
    assert network.known == THUCNEWS.known
    assert accuracy(network, news.chinese()) > 0.9

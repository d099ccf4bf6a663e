"""An evaluation measures what it says, on anybody's files, and its report holds no more than it should."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from genai_demo.engine.evaluation.report import Report
from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.text.data.articles import Article, read_articles
from genai_demo.text.data.memorization import CopyCheck
from genai_demo.text.evaluation.card import Card
from genai_demo.text.evaluation.evaluate import evaluate, write_texts
from genai_demo.text.evaluation.figures import table
from genai_demo.text.evaluation.metrics import distinct, kneser_ney_bits_per_byte
from genai_demo.text.models import topics
from genai_demo.text.sampling.loading import CLASSIFIERS, FOLDERS, load
from genai_demo.text.tokens.special_tokens import AG_NEWS, THUCNEWS
from genai_demo.text.training.likelihood import bits_per_byte, bits_per_byte_as_written
from genai_demo.text.training.topics import accuracy, recognise
from tests.common.evaluation import EvaluationTests
from tests.helpers import news

WRITING = {"distinct_2", "mean_words", "ends_sentence", "stuttered", "headline_apart", "seconds_per_text"}


def write(file: Path, articles: list[Article], labels: bool = True) -> str:
    rows = [{"text": one.text, **({"label": one.topic} if labels else {})} for one in articles]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(file)


@pytest.fixture(scope="module")
def held_out() -> list[Article]:
    return [Article(f"{one.text} Nobody knew.", one.topic) for one in news.articles()[::5]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, held_out: list[Article]) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("data")
    return {
        "test": write(folder / "test.jsonl", held_out),
        "unlabelled": write(folder / "unlabelled.jsonl", held_out, labels=False),
        "news": write(folder / "ag_news_tiny.jsonl", news.articles()),
        "background": write(folder / "senate_tiny.jsonl", news.background(), labels=False),
    }


def save_classifier(folder: Path) -> topics.TopicsModel:
    """Put a classifier that has learnt nothing among other checkpoints, and return it."""
    torch.manual_seed(1)
    network = topics.TopicsModel(topics.TopicsConfig(**topics.DEBUG))
    trained = {
        "data": {"training": {"learning_rate": 0.01}, "news": {"articles": 3, "hash": "abc"}},
        "seed": 0,
        "examples": 8,
        "batch_size": 4,
        "precision": "fp32",
        "device": "cpu",
        "torch": "2",
        "seconds": 1.0,
    }
    save_checkpoint(folder / CLASSIFIERS["ag_news"], network.state_dict(), topics.FAMILY, topics.DEBUG, trained)
    return network.eval()


@pytest.fixture
def classifier(tiny: Path) -> Iterator[topics.TopicsModel]:
    """A classifier that has learnt nothing, for one test."""
    yield save_classifier(tiny)
    shutil.rmtree(tiny / CLASSIFIERS["ag_news"])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoints: Path) -> Path:
    """The tiny models, and a classifier that has learnt nothing beside them."""
    folder = tmp_path_factory.mktemp("models") / "checkpoints"
    shutil.copytree(tiny_checkpoints, folder)
    save_classifier(folder)
    return folder


@pytest.fixture
def checkpoints(written: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(written))
    settings.cache_clear()
    return written


@pytest.fixture(scope="module")
def reports(written: Path, files: dict[str, str]) -> Iterator[dict[str, Report]]:
    """What evaluations of every family say, measured once."""
    training = [files["news"], files["background"]]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GENAI_DEMO_CHECKPOINTS", str(written))
        settings.cache_clear()
        yield {family: evaluate(family, files["test"], training, count=2) for family in ("gru", "masked", "topics")}
    settings.cache_clear()


class TestReportsAndCards(EvaluationTests):
    modality = "text"

    def test_a_card_holds_terms_samples_and_files(self, checkpoints: Path, reports: dict[str, Report]) -> None:
        for family, report in reports.items():
            card = Card.write(checkpoints / report["model"], report).read_bytes().decode()  # samples: any character
            for source in [*report["training"], report["data"]]:
                assert source["hash"] in card
            for terms in (
                "license: other\n",
                "research and any other non-commercial",
                "no licence",
                "- fancyzhx/ag_news",
            ):
                assert terms in card
            assert ("invents quotations" in card) == (family != "topics")
            assert all(sample["text"] in card for sample in report["samples"])

    def test_commands_name_the_files(
        self, checkpoints: Path, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for family, report in reports.items():
            (_, train), _, (_, measured) = self.asked(self.card(checkpoints, report), monkeypatch)
            assert train.data == ["ag_news_tiny.jsonl"]
            assert list(train.background) == ([] if family == "topics" else ["senate_tiny.jsonl"])
            assert measured.training == ["ag_news_tiny.jsonl", "senate_tiny.jsonl"]

    def test_card_of_a_fine_tuned_model_tells_both_stages(
        self, checkpoints: Path, tmp_path: Path, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = read_checkpoint(checkpoints / FOLDERS["gru"])
        second = {
            **first.trained,
            "examples": 77,
            "data": {
                **first.trained["data"],
                "background": {"articles": 0, "hash": "-"},
                "started_from": {"checkpoint": first.id, "model": first.model, "trained": first.trained},
            },
        }
        tuned = save_checkpoint(tmp_path, first.weights(), "gru", {**first.model, "dropout": 0.3}, second)
        (_, before), (_, after), (_, export), _ = self.told(tuned, reports["gru"], monkeypatch)
        assert (before.examples, after.examples) == (first.trained["examples"], 77)
        assert (list(before.background), list(after.background)) == (["senate_tiny.jsonl"], [])
        assert (before.start, after.start) == (None, before.run)
        assert export.run == [after.run]
        assert "dropout=0.3" in after.size
        text = Card(tuned, "mine", reports["gru"]).text()
        assert f"| 1 | background | {first.trained['data']['background']['articles']} |" in text
        assert "| 2 | background |" not in text

    def test_card_of_an_averaged_model_tells_all_runs(
        self, checkpoints: Path, tmp_path: Path, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = read_checkpoint(checkpoints / FOLDERS["gru"])
        tuned = []
        for number, dropout in enumerate((0.3, 0.4, 0.5)):
            start = {"checkpoint": first.id, "model": first.model, "trained": first.trained}
            data = {**first.trained["data"], "started_from": start}
            trained = {**first.trained, "examples": 70 + number, "data": data}
            model = {**first.model, "dropout": dropout}
            tuned.append(save_checkpoint(tmp_path / str(number), first.weights(), "gru", model, trained).folder)
        mean = export_checkpoint(tuned[0], tmp_path / "mean", others=tuned[1:])
        (_, before), *runs, (_, export), _ = self.told(mean, reports["gru"], monkeypatch)
        assert [run.examples for _, run in runs] == [70, 71, 72]
        assert [run.start for _, run in runs] == [before.run] * 3
        assert export.run == [run.run for _, run in runs]
        assert len(set(export.run)) == 3
        assert "the mean of 3 runs" in Card(mean, "mine", reports["gru"]).text()

    def test_a_card_needs_training_data(self, checkpoints: Path, reports: dict[str, Report]) -> None:
        with pytest.raises(UserError) as refusal:
            Card.write(checkpoints / FOLDERS["gru"], {**reports["gru"], "training": []})
        assert refusal.value.key == "text.card_needs_training"


@pytest.mark.usefixtures("classifier")
def test_figures_of_the_gru(tiny: Path, files: dict[str, str], held_out: list[Article]) -> None:
    report = evaluate("gru", files["test"], [files["news"], files["background"]], count=3, seed=5)
    figures = report["figures"]
    loaded = load("gru")
    for name, known in (("bits_per_byte", False), ("bits_per_byte_topic_known", True)):
        expected = bits_per_byte(loaded.network, loaded.tokenizer, held_out, known)
        assert figures[name]["value"] == pytest.approx(expected, abs=1e-5)
        assert figures[name]["n"] == len(held_out)
    # The n-grams are counted in the news alone: background texts have no topics.
    written = bits_per_byte_as_written(loaded.together.step, loaded.tokenizer, held_out)
    assert figures["bits_per_byte_written"]["value"] == pytest.approx(written, abs=1e-5)
    assert written == pytest.approx(figures["bits_per_byte"]["value"], rel=0.01), "eight bits are nearly enough"
    orders = kneser_ney_bits_per_byte(loaded.tokenizer, news.articles(), held_out, [3, 5])
    assert figures["kneser_ney_order_3"]["value"] == pytest.approx(orders[0], abs=1e-5)
    assert figures["kneser_ney_order_5"]["value"] == pytest.approx(orders[1], abs=1e-5)
    assert figures["bits_per_byte"]["baseline"] == figures["kneser_ney_order_5"]["value"]

    written, _ = write_texts("gru", "gru", 3, 5)
    texts = [text for group in written.values() for text in group]
    training = [one.text for name in ("news", "background") for one in read_articles(files[name])]
    check = CopyCheck(training)
    assert figures["copied_8_grams"]["value"] == pytest.approx(check.share(texts), abs=1e-5)
    assert figures["copied_8_grams"]["real"] == pytest.approx(check.share([one.text for one in held_out]), abs=1e-5)
    assert figures["copied_8_grams"]["real"] > 0
    assert figures["mean_words"]["value"] == pytest.approx(sum(len(text.split()) for text in texts) / 12, abs=1e-5)
    assert figures["ends_sentence"]["real"] == 1
    assert {name: figure["n"] for name, figure in figures.items() if name in WRITING - {"distinct_2"}} == dict.fromkeys(
        WRITING - {"distinct_2"}, 12
    )
    assert figures["stuttered"]["real"] == 0
    assert figures["topic_recognised"]["baseline"] == 0.25
    assert figures["topic_recognised"]["n"] == 12
    assert report["samples"][0] == {"topic": "world", "text": written["world"][0]}
    assert [sample["topic"] for sample in report["samples"]] == [*AG_NEWS.known, "world", "sports"]
    assert (report["settings"]["count"], report["settings"]["seed"]) == (3, 5)


def test_topic_figures_come_from_the_classifier(
    classifier: topics.TopicsModel, files: dict[str, str], held_out: list[Article]
) -> None:
    figure = evaluate("gru", files["test"], [], count=2)["figures"]["topic_recognised"]
    written, _ = write_texts("gru", "gru", 2, 0)
    named = {topic: recognise(classifier, texts) for topic, texts in written.items()}
    assert figure["value"] == sum(name == topic for topic, names in named.items() for name in names) / 8
    assert figure["real"] == pytest.approx(accuracy(classifier, held_out), abs=1e-5)


@pytest.mark.usefixtures("tiny")
def test_figures_of_the_masked_model(files: dict[str, str], held_out: list[Article]) -> None:
    figures = evaluate("masked", files["test"], [files["news"]], count=1)["figures"]
    assert {"bits_per_byte_bound", "fill_in_accuracy", *WRITING} <= figures.keys()
    assert not {"bits_per_byte", "kneser_ney_order_5"} & figures.keys()
    assert 0 < figures["fill_in_accuracy"]["baseline"] < 1
    assert figures["bits_per_byte_bound"]["n"] == len(held_out)


@pytest.mark.usefixtures("tiny")
def test_the_same_seed_gives_the_same_report(files: dict[str, str]) -> None:
    def figures(seed: int) -> dict[str, Any]:
        report = evaluate("gru", files["test"], [files["news"]], count=2, seed=seed)
        return {
            "samples": report["samples"],
            **{name: figure for name, figure in report["figures"].items() if name != "seconds_per_text"},
        }

    assert figures(1) == figures(1)
    assert figures(1)["samples"] != figures(2)["samples"]


@pytest.mark.usefixtures("tiny")
def test_batches_are_the_same_texts_however_many_follow() -> None:
    few, many = (write_texts("gru", "gru", count, 0)[0]["world"] for count in (6, 8))
    assert many[:6] == few
    assert len(many) == 8


@pytest.mark.usefixtures("tiny")
def test_without_held_out_articles_only_writing_is_measured() -> None:
    report = evaluate("gru", None, [], count=1)
    assert set(report["figures"]) == WRITING
    assert report["data"] is None
    assert all(figure["real"] is None for figure in report["figures"].values())
    assert "give --data" in table(report)


@pytest.mark.usefixtures("classifier")
def test_files_without_topics_say_what_is_left_out(files: dict[str, str]) -> None:
    report = evaluate("gru", files["unlabelled"], [], count=1)
    assert "bits_per_byte_topic_known" not in report["figures"]
    assert report["figures"]["topic_recognised"]["real"] is None
    assert any("no topics" in note for note in report["notes"])
    assert any("No Kneser-Ney baseline" in note for note in report["notes"])
    assert any("No share of copied" in note for note in report["notes"])
    judged = evaluate("topics", files["unlabelled"])
    assert judged["figures"] == {}
    assert any("no topics" in note for note in judged["notes"])


@pytest.mark.usefixtures("tiny")
def test_unlabelled_training_texts_can_be_the_baseline(files: dict[str, str], held_out: list[Article]) -> None:
    report = evaluate("gru", files["unlabelled"], [files["background"]], count=1)
    tokenizer = load("gru").tokenizer
    expected = kneser_ney_bits_per_byte(tokenizer, read_articles(files["background"]), held_out, [5])[0]
    assert report["figures"]["kneser_ney_order_5"]["value"] == pytest.approx(expected, abs=1e-5)


def test_a_missing_classifier_is_said(tiny: Path, files: dict[str, str]) -> None:
    report = evaluate("gru", files["test"], [], count=1, classifier=str(tiny / "nowhere"))
    assert "topic_recognised" not in report["figures"]
    assert any("nowhere" in note for note in report["notes"])


@pytest.mark.usefixtures("tiny")
def test_held_out_articles_in_the_training_data_are_said(files: dict[str, str]) -> None:
    report = evaluate("gru", files["news"], [files["news"]], count=1)
    assert any(note.startswith(f"{len(news.articles())} of the") for note in report["notes"])
    assert report["figures"]["copied_8_grams"]["real"] == 1


@pytest.mark.usefixtures("tiny")
def test_distinct_compares_equal_amounts_of_text(tmp_path: Path) -> None:
    one = [Article("One short text of ten words and then it ends.", "world")]
    figure = evaluate("gru", write(tmp_path / "one.jsonl", one), [], count=2)["figures"]["distinct_2"]
    first = write_texts("gru", "gru", 2, 0)[0]["world"][0].split()[:10]
    assert figure["n"] == 10
    assert figure["real"] == 1
    if len(first) == 10:
        assert figure["value"] == pytest.approx(distinct([" ".join(first)]), abs=1e-5)


@pytest.mark.usefixtures("tiny")
def test_real_words_are_looked_up_among_other_texts(tmp_path: Path) -> None:
    rest = [Article(f"common words {'abcdefghij'[number % 10]}{'klmno'[number % 5]}", "world") for number in range(400)]
    figure = evaluate("gru", write(tmp_path / "words.jsonl", rest), [], count=1)["figures"]["known_words"]
    assert figure["real"] > 0.9
    lonely = [Article("unheard " * 400, "world"), Article("common words", "world")]
    figures = evaluate("gru", write(tmp_path / "lonely.jsonl", lonely), [], count=1)["figures"]
    assert "known_words" not in figures or figures["known_words"]["real"] < 0.1


def test_the_classifier_is_measured_beside_the_commonest_topic(classifier: topics.TopicsModel, tmp_path: Path) -> None:
    articles = [*news.articles()[:30], *news.articles()[-10:]]
    report = evaluate("topics", write(tmp_path / "mixed.jsonl", articles))
    figure = report["figures"]["topic_accuracy"]
    assert figure["baseline"] == 0.75
    assert figure["value"] == pytest.approx(accuracy(classifier, articles))
    assert report["samples"] == []


def test_headlines_apart_are_counted(headlines: str) -> None:
    figures = evaluate(headlines, count=3)["figures"]
    assert figures["headline_apart"]["value"] == 1


@pytest.mark.usefixtures("tiny")
def test_headlines_are_counted_in_characters(tmp_path: Path) -> None:
    learnt, held_out = news.chinese()[::2], [*news.chinese()[1::2], news.chinese()[0]]
    training = write(tmp_path / "zh_thucnews_titles.train.jsonl", learnt)
    report = evaluate("headlines", write(tmp_path / "held_out.jsonl", held_out), [training], count=1)
    figures = report["figures"]
    characters, size = (
        sum(len(one) + 1 for one in part) for part in ([a.text for a in held_out], [a.text.encode() for a in held_out])
    )
    ratio = figures["bits_per_character"]["value"] / figures["bits_per_byte"]["value"]
    assert ratio == pytest.approx(size / characters, abs=1e-4)
    assert figures["kneser_ney_order_5"]["value"] * ratio == pytest.approx(
        figures["bits_per_character"]["baseline"], abs=1e-4
    )
    assert figures["copied_headlines"]["real"] == pytest.approx(1 / len(held_out), abs=1e-5)
    assert 0 < figures["copied_8_characters"]["real"] < 1
    assert not {"mean_words", "ends_sentence", "copied_8_grams"} & figures.keys()
    assert (report["model"], report["settings"]["length"]) == ("headlines-gru", 40)
    assert [sample["topic"] for sample in report["samples"]] == list(THUCNEWS.known[:6])
    checkpoint = read_checkpoint(load("headlines").checkpoint.folder)
    card = Card(checkpoint, "headlines-gru", report).text()
    for part in ("language: zh", "--topics thucnews", "清华大学THUCTC", "topics thucnews", "| bits per character"):
        assert part in card
    assert "agency" not in card and "English" not in card and "topics=" not in card

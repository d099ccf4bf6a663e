"""An evaluation measures what it says, on anybody's files, and its report holds no more than it should."""

from __future__ import annotations

import json
import shlex
import shutil
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.engine.training.options import request_fields
from genai_demo.errors import UserError
from genai_demo.text import commands
from genai_demo.text.data.articles import Article, read_articles
from genai_demo.text.data.copies import CopyCheck
from genai_demo.text.evaluation import card as card_module
from genai_demo.text.evaluation.card import write_card
from genai_demo.text.evaluation.evaluation import evaluate, table, write_texts
from genai_demo.text.evaluation.figures import MEANINGS
from genai_demo.text.evaluation.metrics import distinct
from genai_demo.text.evaluation.ngrams import kneser_ney_bits_per_byte
from genai_demo.text.models import topics
from genai_demo.text.models.networks import make_network
from genai_demo.text.sampling.loading import CLASSIFIER, load
from genai_demo.text.training.likelihood import bits_per_byte
from genai_demo.text.training.topics import accuracy, recognise
from tests.helpers import news

WRITING = {"distinct_2", "mean_words", "ends_sentence", "seconds_per_text"}


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


@pytest.fixture
def classifier(tiny: Path) -> Iterator[topics.TopicsModel]:
    """Put a classifier that has learnt nothing among the tiny checkpoints, for one test."""
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
    save_checkpoint(tiny / CLASSIFIER, network.state_dict(), topics.FAMILY, topics.DEBUG, trained)
    yield network.eval()
    shutil.rmtree(tiny / CLASSIFIER)


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
    assert {name: figure["n"] for name, figure in figures.items() if name in WRITING - {"distinct_2"}} == {
        "mean_words": 12,
        "ends_sentence": 12,
        "seconds_per_text": 12,
    }
    assert figures["topic_recognised"]["baseline"] == 0.25
    assert figures["topic_recognised"]["n"] == 12
    assert report["samples"][0] == {"topic": "world", "text": written["world"][0]}
    assert [sample["topic"] for sample in report["samples"]] == [*topics.KNOWN, "world", "sports"]
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


@pytest.mark.usefixtures("tiny")
def test_reports_are_json_without_folders(tiny: Path, files: dict[str, str]) -> None:
    report = evaluate(str(tiny / "news-gru"), files["test"], [files["news"]], count=1)
    written = json.dumps(report)
    assert json.loads(written) == report
    assert str(tiny.parent) not in written
    assert str(Path(files["test"]).parent) not in written
    assert report["model"] == "news-gru"
    assert report["data"]["path"] == "test.jsonl"


@pytest.mark.usefixtures("classifier")
def test_table_shows_every_figure(files: dict[str, str]) -> None:
    report = evaluate("gru", files["test"], [files["news"]], count=1)
    shown = table(report)
    for name, figure in report["figures"].items():
        line = next(line for line in shown.splitlines() if line.startswith(f"{MEANINGS[name].title}  "))
        for value in (figure["value"], figure["real"], figure["baseline"]):
            if value is not None:
                text = {"share": f"{100 * value:.1f} %", "bits per byte": f"{value:.3f}"}
                assert text.get(figure["unit"], f"{value:.2f}") in line
    assert report["figures"].keys() <= MEANINGS.keys()


def parsed(card: str) -> list[tuple[str, Any]]:
    """Return the commands of a card, as the command line understands them."""
    block = card.split("```bash\n")[1].split("```")[0].replace("\\\n", " ")
    found = []
    for line in block.strip().splitlines():
        words = shlex.split(line)
        assert (words[:3], words[4]) == (["python", "-m", "genai_demo"], "text")
        parser = ArgumentParser(exit_on_error=False)
        getattr(commands, f"add_{words[3]}_options")(parser)
        found.append((words[3], parser.parse_args(words[5:])))
    return found


@pytest.mark.parametrize("family", ["gru", "masked", "topics"])
def test_card_holds_figures_terms_and_commands(
    family: str, classifier: topics.TopicsModel, tiny: Path, files: dict[str, str]
) -> None:
    report = evaluate(family, files["test"], [files["news"], files["background"]], count=2)
    card = write_card(tiny / f"news-{family}", report).read_bytes().decode()  # a sample may hold any character
    assert card.startswith("---\nlicense: other\n")
    assert f"`{report['checkpoint']}`" in card
    for figure in report["figures"].values():
        value = figure["value"]
        shown = {"share": f"{100 * value:.1f} %", "bits per byte": f"{value:.3f}"}.get(figure["unit"], f"{value:.2f}")
        assert f"| {shown} |" in card
    for source in [*report["training"], report["data"]]:
        assert source["hash"] in card
    for terms in ("research and any other non-commercial", "no licence", "fancyzhx/ag_news"):
        assert terms in card
    assert ("invents quotations" in card) == (family != "topics")
    for sample in report["samples"]:
        assert sample["text"] in card
    names, options = zip(*parsed(card), strict=True)
    assert names == ("train", "export", "evaluate")
    assert options[0].model == family
    assert options[0].data == ["ag_news_tiny.jsonl"]
    assert options[0].background == ([] if family == "topics" else ["senate_tiny.jsonl"])
    assert [options[0].run] == options[1].run
    assert options[1].to == Path(f"checkpoints/news-{family}")
    assert options[2].training == ["ag_news_tiny.jsonl", "senate_tiny.jsonl"]


def test_card_of_a_fine_tuned_model_tells_both_stages(tiny: Path, tmp_path: Path, files: dict[str, str]) -> None:
    first = load("gru").checkpoint
    second = {
        **first.trained,
        "examples": 77,
        "data": {
            **first.trained["data"],
            "background": {"articles": 0, "hash": "-"},
            "started_from": {"checkpoint": first.id, "model": first.model, "trained": first.trained},
        },
    }
    tuned = save_checkpoint(
        tmp_path / "tuned",
        first.weights(),
        "gru",
        {**first.model, "dropout": 0.3},
        second,
        {"tokenizer.json": tiny / "news-gru" / "tokenizer.json"},
    )
    report = evaluate(str(tuned.folder), files["test"], [files["news"], files["background"]], count=1)
    card = write_card(tuned.folder, report).read_text(encoding="utf-8")
    (_, before), (_, after), (_, export), _ = parsed(card)
    assert (before.examples, after.examples) == (first.trained["examples"], 77)
    assert (before.background, after.background) == (["senate_tiny.jsonl"], [])
    assert (before.start, after.start) == (None, before.run)
    assert export.run == [after.run]
    assert "dropout=0.3" in after.size
    assert f"| 1 | background | {first.trained['data']['background']['articles']} |" in card
    assert "| 2 | background |" not in card


@pytest.mark.parametrize("name", ["news-gru", "news-masked"])
def test_commands_of_what_ships_train_each_stage_as_what_it_was(name: str, root: Path) -> None:
    folder = root / "checkpoints" / name
    training = [{"path": path, "labelled": path == "news"} for path in ("news", "background")]
    report = {"training": training, "data": None, "settings": {}}
    told = parsed("```bash\n" + card_module.commands(read_checkpoint(folder), name, report) + "\n```")
    runs = [request_fields(options) for command, options in told if command == "train"]
    for run in runs:
        make_network(run["family"], {"vocabulary": 300, **run["sizes"]})
    kept = [options for command, options in parsed((folder / "README.md").read_text(encoding="utf-8"))]
    assert [options.model for options in kept[: len(runs)]] == [run["family"] for run in runs]


def test_card_of_an_averaged_model_tells_all_runs(tiny: Path, tmp_path: Path, files: dict[str, str]) -> None:
    first = load("gru").checkpoint
    tuned = []
    for number, dropout in enumerate((0.3, 0.4, 0.5)):
        start = {"checkpoint": first.id, "model": first.model, "trained": first.trained}
        trained = {**first.trained, "examples": 70 + number, "data": {**first.trained["data"], "started_from": start}}
        tokenizer = {"tokenizer.json": tiny / "news-gru" / "tokenizer.json"}
        folder, model = tmp_path / str(number), {**first.model, "dropout": dropout}
        tuned.append(save_checkpoint(folder, first.weights(), "gru", model, trained, tokenizer).folder)
    mean = export_checkpoint(tuned[0], tmp_path / "mean", others=tuned[1:])
    report = evaluate(str(mean.folder), files["test"], [files["news"], files["background"]], count=1)
    card = write_card(mean.folder, report).read_text(encoding="utf-8")
    (_, before), *runs, (_, export), _ = parsed(card)
    assert [run.examples for _, run in runs] == [70, 71, 72]
    assert [run.start for _, run in runs] == [before.run] * 3
    assert export.run == [run.run for _, run in runs]
    assert len(set(export.run)) == 3
    assert "the mean of 3 runs" in card


@pytest.mark.usefixtures("tiny")
def test_card_refuses_a_report_of_another_checkpoint(tiny: Path, files: dict[str, str]) -> None:
    report = evaluate("gru", None, [files["news"]], count=1)
    for changed, key in (
        ({"checkpoint": "0" * 12}, "text.other_report"),
        ({"training": []}, "text.card_needs_training"),
    ):
        with pytest.raises(UserError) as refusal:
            write_card(tiny / "news-gru", {**report, **changed})
        assert refusal.value.key == key

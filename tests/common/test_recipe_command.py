"""`train --recipe`: what is finished stays, what was interrupted goes on, and what cannot be followed is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from genai_demo.__main__ import main
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.runs.record import read_record
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.task import Batch
from genai_demo.text.data.articles import data_hash, read_articles
from genai_demo.text.training.topics import TopicsTask
from tests.helpers import news

RECIPE = """
modality = "text"
notes = ["made up"]

[files]
"news.jsonl" = "{sha}"

[[stages]]
name = "first"

[stages.train]
model = "topics"
data = ["news.jsonl"]
examples = 24
batch-size = 4
size = {{ buckets = 256, width = 4 }}
seed = 3
precision = "fp32"

[stages.learnt]
news = "{learnt}"

[[stages]]
name = "mine"

[stages.export]
run = "first"
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    data, file = tmp_path / "data" / "news.jsonl", tmp_path / "mine.toml"
    data.parent.mkdir()
    rows = ({"text": one.text, "label": one.topic} for one in news.articles())
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    sha, learnt = hashlib.sha256(data.read_bytes()).hexdigest(), data_hash(read_articles(str(data)))
    file.write_text(RECIPE.format(sha=sha, learnt=learnt), encoding="utf-8")
    return file


def follow(recipe: Path, run: str = "run", *words: str) -> int:
    places = ["--data-folder", str(recipe.parent / "data"), "--run", str(recipe.parent / run)]
    return main(["train", "--recipe", str(recipe), *places, *words])


def test_an_interrupted_recipe_goes_on_and_makes_the_same_checkpoint(
    recipe: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow(recipe, "whole") == 0
    whole = read_checkpoint(recipe.parent / "whole" / "mine")
    assert "hash" not in capsys.readouterr().err
    assert (whole.family, whole.trained["examples"], whole.trained["seed"]) == ("topics", 24, 3)

    run, batch = RunFolder(recipe.parent / "run" / "first"), TopicsTask.batch

    def stopping(task: TopicsTask, step: int, size: int, rank: int) -> Batch:
        if step == 3:
            run.stop_file.touch()
        return batch(task, step, size, rank)

    with monkeypatch.context() as patch:
        patch.setattr(TopicsTask, "batch", stopping)
        assert follow(recipe) == 2
    assert "first was stopped" in capsys.readouterr().err
    assert not (recipe.parent / "run" / "mine").exists()
    assert run.read_status()["state"] == "stopped"
    assert (read_record(run.path).modality, read_record(run.path).options["examples"]) == ("text", "24")
    assert follow(recipe) == 0
    made = read_checkpoint(recipe.parent / "run" / "mine")
    assert made.id == whole.id

    capsys.readouterr()
    changed = (made.folder / "config.json").stat().st_mtime_ns
    assert follow(recipe) == 0
    assert capsys.readouterr().err.count("finished already") == 2
    assert (made.folder / "config.json").stat().st_mtime_ns == changed

    # An export that was killed halfway is made anew; the training before it is not.
    told = recipe.parent / "run" / "stages.json"
    stages = json.loads(told.read_text(encoding="utf-8"))
    del stages["mine"]["checkpoint"]
    told.write_text(json.dumps(stages), encoding="utf-8")
    (made.folder / "model.safetensors").write_bytes(b"half")
    assert follow(recipe) == 0
    assert capsys.readouterr().err.count("finished already") == 1
    assert read_checkpoint(made.folder).id == whole.id


def test_a_rehearsal_spends_a_share_and_leaves_the_folder_to_itself(
    recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow(recipe, "run", "--scale", "0.5") == 0
    assert read_checkpoint(recipe.parent / "run" / "mine").trained["examples"] == 12
    assert follow(recipe) == 2
    assert "another stage first" in capsys.readouterr().err
    assert follow(recipe, "run", "--scale", "0") == 2
    assert "scale is 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("modality =", "modality", "no recipe"),
        ('"text"', '"poems"', "trains only: text"),
        ('notes = ["made up"]', "speed = 3", "speed"),
        ('name = "mine"', 'name = "other"', "other: export, mine"),
        ('name = "mine"', 'name = "first"', "name: first"),
        ('name = "first"', 'name = "../first"', "../first"),
        ('run = "first"', 'run = "second"', "second"),
        ("seed = 3", "sed = 3", "--sed"),
        ("examples = 24", 'run = "here"', "first: run"),
        ("examples = 24", "examples = 0.5", "0.5"),
        ("examples = 24", "examples = 0", "examples is 0"),
        ('"news.jsonl" = "', '"gone.jsonl" = "', "gone.jsonl"),
        ('"news.jsonl" = "', '"news.jsonl" = "0', "files"),
    ],
)
def test_what_cannot_be_followed_is_refused(
    recipe: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, told: str
) -> None:
    text = recipe.read_text(encoding="utf-8")
    assert before in text
    recipe.write_text(text.replace(before, after), encoding="utf-8")
    assert follow(recipe) == 2
    assert told in capsys.readouterr().err
    assert not (recipe.parent / "run" / "first" / "snapshots").exists()
    recipe.write_text(text, encoding="utf-8")
    assert follow(recipe) == 0, "what was refused is in nobody's way"


def test_another_file_is_refused_by_its_hash(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = recipe.parent / "data" / "news.jsonl"
    digest = hashlib.sha256(data.read_bytes()).hexdigest()
    data.write_bytes(data.read_bytes() + b"\n")
    assert follow(recipe) == 2
    told = capsys.readouterr().err
    assert digest[:12] in told and "SHA-256" in told
    assert not (recipe.parent / "run").exists()


def test_data_that_are_read_otherwise_than_before_are_told(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace('news = "', 'news = "former'), encoding="utf-8")
    assert follow(recipe) == 0
    learnt = read_checkpoint(recipe.parent / "run" / "mine").trained["data"]["news"]["hash"]
    assert f"hash {learnt}, not former{learnt}" in capsys.readouterr().err


def test_a_recipe_leaves_no_room_for_a_modality(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train"])
    assert "--recipe FILE" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(
            ["train", "--recipe", str(recipe), "text", "--model", "gru", "--data", "a", "--run", "b", "--minutes", "1"]
        )
    assert "leave the modality out" in capsys.readouterr().err

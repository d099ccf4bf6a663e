"""The commands for faces: train, go on, export, paint, and paint again; what is not allowed is refused beforehand."""

from __future__ import annotations

import csv
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genai_demo.__main__ import main
from genai_demo.engine.generation.receipts import read_receipt
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.training.options import train_config
from genai_demo.engine.training.run import RunFolder
from genai_demo.faces.commands import add_train_options
from genai_demo.faces.models import dcgan, gan
from genai_demo.faces.training.configs import FAMILIES, engine_fields
from genai_demo.faces.training.textbook.configs import FAMILIES as TEXTBOOK
from tests.helpers.faces import write_toys


def run(*words: str | Path) -> int:
    return main([str(word) for word in words])


def size(fields: dict[str, Any]) -> list[str]:
    values = {key: ",".join(map(str, value)) if isinstance(value, tuple) else value for key, value in fields.items()}
    return ["--size", *(f"{key}={value}" for key, value in values.items())]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_toys(tmp_path, count=32, side=64)


def test_a_choice_of_rows_is_what_is_learnt_from_exported_and_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_toys(tmp_path, count=80, side=64)
    with (tmp_path / "toys.csv").open(encoding="utf-8") as table:
        women = sum(row["gender"] == "woman" and row["split"] == "train" for row in csv.DictReader(table))
    folder, target = tmp_path / "run", tmp_path / "mine"
    words = ["train", "faces", "--model", "gan", "--data", data, "--where", "gender=woman", "--run", folder]
    assert run(*words, "--batch-size", "4", "--examples", "8", "--precision", "fp32", *size(gan.DEBUG)) == 0
    learnt = read_checkpoint(RunFolder(folder).last_snapshot() or folder).trained["data"]["faces"]["faces"]
    assert 0 < learnt == women < 60
    assert run("export", "faces", "--run", folder, "--to", target, "--data", data, "--where", "gender=woman") == 0
    asked = []
    monkeypatch.setattr("genai_demo.faces.evaluation.evaluate.evaluate", lambda *words: asked.append(words) or {})
    monkeypatch.setattr("genai_demo.faces.evaluation.figures.table", lambda report: "")
    assert run("evaluate", "faces", "--model", target, "--data", data, "--where", "gender=woman") == 0
    assert asked[0][-1] == "gender=woman"


def test_train_go_on_and_export(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, target = tmp_path / "run", tmp_path / "mine"
    words = ["train", "faces", "--model", "gan", "--data", data, "--run", folder, "--batch-size", "4"]
    words += ["--precision", "fp32", "--gamma", "0.5", *size(gan.DEBUG)]
    assert run(*words, "--examples", "8") == 0
    assert "2 steps, 8 examples" in capsys.readouterr().out
    assert run(*words, "--examples", "8") != 0, "a run that is there is not written over"
    assert run(*words, "--examples", "16", "--resume") == 0
    assert "4 steps, 16 examples" in capsys.readouterr().out
    assert run("export", "faces", "--run", folder, "--to", target, "--data", data) == 0
    checkpoint = read_checkpoint(target)
    assert checkpoint.id in capsys.readouterr().out
    assert checkpoint.trained["data"]["training"]["gamma"] == 0.5

    out = tmp_path / "out"
    assert run("generate", "faces", "--model", target, "--count", "2", "--seed", "3", "--out", out, "--json", "-") == 0
    results = json.loads(capsys.readouterr().out)
    assert [Path(one["file"]).name for one in results] == ["face-gan-3-0.png", "face-gan-3-1.png"]
    assert {one["receipt"]["checkpoint"] for one in results} == {checkpoint.id}
    again = tmp_path / "again"
    assert run("generate", "--receipt", out / "face-gan-3-1.png", "--out", again) == 0
    pictures = [np.asarray(Image.open(folder / "face-gan-3-1.png")) for folder in (out, again)]
    assert np.array_equal(*pictures)
    assert read_receipt(again / "face-gan-3-1.png") == read_receipt(out / "face-gan-3-1.png")


@pytest.mark.usefixtures("tiny")
def test_both_models_and_a_sheet(tmp_path: Path) -> None:
    sheet = tmp_path / "all.png"
    assert run("generate", "faces", "--model", "both", "--count", "3", "--out", tmp_path / "out", "--sheet", sheet) == 0
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == [f"face-{one}.png" for one in ("gan-0-0", "gan-0-1", "gan-0-2", "vae-0-0", "vae-0-1", "vae-0-2")]
    assert Image.open(sheet).width > 16


@pytest.mark.usefixtures("tiny")
def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run("generate", "faces", "--out", out) == 0
    before = (out / "face-gan-0-0.png").read_bytes()
    assert run("generate", "faces", "--count", "2", "--out", out) != 0
    assert "face-gan-0-0.png" in capsys.readouterr().err
    assert not (out / "face-gan-0-1.png").exists()
    assert (out / "face-gan-0-0.png").read_bytes() == before


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    "words",
    [("--count", "0"), ("--age", "17"), ("--variety", "9"), ("--seed", "-1"), ("--model", "nowhere")],
    ids=lambda words: words[0],
)
def test_what_is_not_allowed_is_said_in_one_sentence(
    words: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("generate", "faces", *words, "--out", tmp_path / "out") != 0
    told = capsys.readouterr().err
    assert words[1] in told and "Traceback" not in told
    assert not (tmp_path / "out").exists()


def test_only_what_paints_starts_from_another_run(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--model", "encoder", "--data", data, "--start", tmp_path, "--run", tmp_path / "run", "--examples", "8"]
    assert run("train", "faces", *words) != 0
    assert "encoder" in capsys.readouterr().err
    assert not RunFolder(tmp_path / "run").read_stats()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("asked", [None, 7])
def test_the_baseline_is_trained_as_its_paper_says(family: str, asked: int | None, tmp_path: Path) -> None:
    parser = ArgumentParser()
    add_train_options(parser)
    words = ["--model", family, "--data", "faces", "--run", str(tmp_path), "--examples", "8"]
    options = parser.parse_args(words + ([] if asked is None else ["--batch-size", str(asked)]))
    config = train_config(options, **engine_fields(family))
    usual = {"dcgan": 128}.get(family, 64 if family in TEXTBOOK else 32)
    assert config.batch_size == (usual if asked is None else asked)
    assert (config.ema_half_life == 0) == (family in ("dcgan", *TEXTBOOK))
    assert config.clip_norm == {"gan": 1000.0, "dcgan": 1e9}.get(family, 1e9 if family in TEXTBOOK else 1.0)


def test_the_baseline_trains_from_the_command_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--model", "dcgan", "--data", data, "--run", tmp_path / "run", "--examples", "8", "--batch-size", "4"]
    assert run("train", "faces", *words, "--precision", "fp32", *size(dcgan.DEBUG)) == 0
    newest = RunFolder(tmp_path / "run").last_snapshot()
    assert newest is not None and read_checkpoint(newest).family == "dcgan"
    assert run("export", "faces", "--run", tmp_path / "run", "--to", tmp_path / "mine", "--data", data) == 2
    assert "dcgan" in capsys.readouterr().err
    assert run("export", "faces", "--run", tmp_path / "run", "--to", tmp_path / "mine") == 2
    assert "--data" in capsys.readouterr().err

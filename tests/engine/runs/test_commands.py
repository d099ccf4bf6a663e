"""The command `runs` lists all runs, and does to one what the page does."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from genai_demo.__main__ import main
from genai_demo.engine.runs.orders import Steps, read_orders
from genai_demo.engine.runs.record import Record, write_record
from genai_demo.engine.runs.registry import find
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.settings import settings
from tests.helpers.toys import Toy, stop_at

CONFIG = TrainConfig(examples=160, batch_size=8, precision="fp32", snapshots=2, tick_seconds=0.0)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAI_DEMO_RUNS", str(tmp_path))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    settings.cache_clear()
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    capsys.readouterr()
    assert main(["runs", *words]) == status
    captured = capsys.readouterr()
    return captured.err if status else captured.out


def test_runs_are_listed_and_deleted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert str(root) in said(capsys)
    run = RunFolder(root / "mine")
    train(Toy(before_step=stop_at(run, 9)), CONFIG, run)
    assert said(capsys, "rename", "mine", "First try").startswith("mine: stopped 50% error")
    (listed,) = json.loads(said(capsys, "--json", "-"))
    assert (listed["name"], listed["title"], listed["state"], listed["step"]) == ("mine", "First try", "stopped", 10)
    assert "not at work" in said(capsys, "pause", "mine", status=2)
    told = said(capsys, "delete", "mine")
    assert said(capsys, "--json", "-") == "[]\n"
    words = told.split("python -m genai_demo runs ")[1].split()
    assert "First try" in said(capsys, *words)
    assert said(capsys, "export", "mine", "--to", str(root / "mine.zip")).endswith(" MB\n")
    assert "There is no run" in said(capsys, "stop", "other", status=2)


def test_a_run_at_work_is_told_what_to_do(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = RunFolder(root / "mine")
    live = {"learning_rate": {"value": 0.1, "low": 1e-8, "high": 100.0}}
    run.write_status("paused", pid=os.getppid(), live=live, phases=["d", "g"])
    said(capsys, "step", "mine", "--count", "3", "--phase", "d")
    said(capsys, "slow", "mine", "0.5")
    said(capsys, "change", "mine", "learning-rate=0.05")
    orders = read_orders(run.path)
    assert orders is not None and orders.paused and orders.seconds == 0.5
    assert (orders.steps, orders.values) == ((Steps(1, 3, "d"),), {"learning_rate": 0.05})
    assert "number" in said(capsys, "change", "mine", "learning_rate", status=2)
    assert said(capsys, "resume", "mine").startswith("mine: paused")
    assert read_orders(run.path) == replace(orders, paused=False, steps=())
    said(capsys, "stop", "mine")
    assert run.stop_file.exists()


def test_a_run_of_the_command_line_is_known_by_its_command(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{topic},The {topic} team of day {day} won." for topic in ("sports", "business") for day in range(9)]
    (root / "news.csv").write_text("\n".join(["label,text", *rows]))
    words = ["train", "text", "--model", "topics", "--data", str(root / "news.csv"), "--run", str(root / "mine")]
    words += ["--examples", "16", "--batch-size", "8", "--precision", "fp32", "--size", "buckets=64", "width=2"]
    assert main(words) == 0
    found = find("mine", root)
    assert found.command == " ".join(["python", "-m", "genai_demo", *words])
    assert (found.modality, found.family, found.data, found.owner) == ("text", "topics", "news.csv", "")
    assert main([*words, "--resume"]) == 0
    assert find("mine", root).command == found.command and find("mine", root).created == found.created


def test_a_run_that_ended_early_waits_for_the_app_where_it_cannot_start(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENAI_DEMO_TRAINING", "off")
    settings.cache_clear()
    run = RunFolder(root / "mine")
    train(Toy(before_step=stop_at(run, 3)), CONFIG, run)
    write_record(run.path, Record(("python", "-m", "genai_demo", "train", "text", "--run", str(run.path))))
    assert "waits for its turn" in said(capsys, "resume", "mine")
    assert find("mine", root).place == 1
    assert said(capsys, "stop", "mine").startswith("mine: stopped 20%")

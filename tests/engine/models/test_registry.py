"""Checkpoints are found by name, loaded once, and loaded anew when they change."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.engine.models.registry import Shelf, load_network
from genai_demo.errors import UserError
from genai_demo.settings import settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("GENAI_DEMO_DEVICE", "cpu")
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def make(family: str, sizes: dict[str, Any]) -> nn.Linear:
    return nn.Linear(sizes["inputs"], 1)


def write(folder: Path, value: float = 1.0, inputs: int = 2) -> None:
    weights = {"weight": torch.full((1, 2), value), "bias": torch.zeros(1)}
    save_checkpoint(folder, weights, "line", {"inputs": inputs}, {})


def shelf(loads: list[Path]) -> Shelf[nn.Linear]:
    def load(folder: Path) -> nn.Linear:
        loads.append(folder)
        time.sleep(0.05)
        return load_network(read_checkpoint(folder), make)

    return Shelf({"short": "a-line"}, load)


def test_short_names_folders_and_paths_lead_to_checkpoints(here: Path, tmp_path: Path) -> None:
    some = shelf([])
    write(here / "a-line")
    write(here / "another", 2.0)
    assert some.folder("short") == some.folder("a-line") == here / "a-line"
    assert some.folder("another") == here / "another"
    assert some.folder(str(tmp_path / "away")) == tmp_path / "away"
    assert float(some.load("another").weight[0, 0]) == 2.0
    assert not some.load("short").weight.requires_grad


def test_a_model_is_loaded_once_however_many_ask_and_again_when_it_changes(here: Path) -> None:
    loads: list[Path] = []
    some = shelf(loads)
    write(here / "a-line")
    found: list[nn.Linear] = []
    askers = [threading.Thread(target=lambda: found.append(some.load("short"))) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(loads) == 1 and len(found) == 4 and all(one is found[0] for one in found)
    time.sleep(0.02)
    write(here / "a-line", 3.0)
    assert float(some.load("short").weight[0, 0]) == 3.0
    assert len(loads) == 2


def test_what_is_wrong_is_said_and_not_remembered(here: Path) -> None:
    some = shelf([])
    problem = some.problem("short")
    assert problem is not None and "a-line" in str(problem)
    with pytest.raises(UserError):
        some.load("short")
    write(here / "a-line")
    assert some.problem("short") is None
    assert some.load("short").in_features == 2


def test_sizes_that_do_not_fit_the_weights_are_told(here: Path) -> None:
    write(here / "a-line", inputs=5)
    with pytest.raises(UserError) as refused:
        shelf([]).load("short")
    assert refused.value.key == "engine.damaged"

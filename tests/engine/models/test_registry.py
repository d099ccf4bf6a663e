"""Checkpoints are found by name, loaded once, loaded anew when they change, and let go when they are too many."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from genai_demo.engine.models import registry as module
from genai_demo.engine.models.checkpoint import WEIGHTS, Checkpoint, save_checkpoint
from genai_demo.engine.models.registry import Registry, load_network
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


@dataclass(frozen=True)
class Line:
    checkpoint: Checkpoint
    network: nn.Linear

    @property
    def weight(self) -> torch.Tensor:
        return self.network.weight


def registry(loads: list[Path] | None = None) -> Registry[Line]:
    def load(checkpoint: Checkpoint) -> Line:
        if loads is not None:
            loads.append(checkpoint.folder)
            time.sleep(0.05)
        return Line(checkpoint, load_network(checkpoint, make))

    return Registry("text", {"short": "a-line"}, {"judge": "another"}, {"line": load})


def test_short_names_folders_and_paths_lead_to_checkpoints(here: Path, tmp_path: Path) -> None:
    some = registry()
    write(here / "a-line")
    write(here / "another", 2.0)
    assert some.folder("short") == some.folder("a-line") == here / "a-line"
    assert some.folder("another") == some.folder("judge") == here / "another"
    assert some.folder(str(tmp_path / "away")) == tmp_path / "away"
    assert float(some.load("another").weight[0, 0]) == 2.0
    assert not some.load("short").weight.requires_grad


def test_a_model_is_loaded_once_however_many_ask_and_again_when_it_changes(here: Path) -> None:
    loads: list[Path] = []
    some = registry(loads)
    write(here / "a-line")
    found: list[Line] = []
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
    some = registry()
    problem = some.problem("short")
    assert problem is not None and "a-line" in str(problem)
    with pytest.raises(UserError):
        some.load("short")
    write(here / "a-line")
    assert some.problem("short") is None
    assert some.load("short").network.in_features == 2


def test_what_was_in_order_is_read_again_only_when_a_file_changes(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    whole = module.read_checkpoint
    monkeypatch.setattr(module, "read_checkpoint", lambda folder: reads.append(folder) or whole(folder))
    some = registry()
    write(here / "a-line")
    assert [some.problem("short") for _ in range(5)] == [None] * 5
    assert len(reads) == 1
    weights = here / "a-line" / "model.safetensors"
    time.sleep(0.02)
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    damaged = some.problem("short")
    assert damaged is not None and damaged.key == "engine.damaged"
    weights.unlink()
    lost = some.problem("short")
    assert lost is not None and lost.key == "engine.missing"
    write(here / "a-line")
    assert some.problem("short") is None


def test_sizes_that_do_not_fit_the_weights_are_told(here: Path) -> None:
    write(here / "a-line", inputs=5)
    with pytest.raises(UserError) as refused:
        registry().load("short")
    assert refused.value.key == "engine.other_weights"


def test_another_kind_of_model_is_refused(here: Path) -> None:
    write(here / "a-line")
    assert registry().load("short", "line", "curve")
    with pytest.raises(UserError) as refused:
        registry().load("short", "curve", "circle")
    assert refused.value.key == "text.other_family"
    assert refused.value.values == {"folder": "short", "found": "line", "wanted": "curve, circle"}
    save_checkpoint(here / "odd", {}, "circle", {}, {})
    with pytest.raises(UserError) as refused:
        registry().load("odd")
    assert refused.value.key == "text.not_its_model"


class Held:
    """Which models of a registry are in memory: those that nobody else holds are gone when it lets go of them."""

    def __init__(self, some: Registry[Line]) -> None:
        self._registry = some
        self._seen: dict[str, weakref.ref[Line]] = {}

    def load(self, *models: str) -> None:
        for model in models:
            self._seen[model] = weakref.ref(self._registry.load(model))

    @property
    def models(self) -> set[str]:
        gc.collect()
        return {model for model, seen in self._seen.items() if seen() is not None}


def test_what_was_not_used_for_longest_goes_first(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a-line", "another", "first", "second", "third"):
        write(here / name)
    size = (here / "first" / WEIGHTS).stat().st_size
    monkeypatch.setenv("GENAI_DEMO_MODEL_BYTES", str(2 * size))
    settings.cache_clear()
    held = Held(registry())
    held.load("short", "judge", "first", "second")
    assert held.models == {"short", "judge", "first", "second"}, "what ships does not count"
    held.load("first", "third")
    assert held.models == {"short", "judge", "first", "third"}
    monkeypatch.setenv("GENAI_DEMO_MODEL_BYTES", "0")
    settings.cache_clear()
    held.load("second")
    assert held.models == {"short", "judge", "second"}, "what was asked for last stays, however large it is"
    held.load("short")
    assert held.models == {"short", "judge"}


def test_what_is_in_use_is_not_loaded_twice(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENAI_DEMO_MODEL_BYTES", "0")
    settings.cache_clear()
    loads: list[Path] = []
    some = registry(loads)
    write(here / "first")
    write(here / "second")
    used = some.load("first")
    some.load("second")
    assert some.load("first") is used and len(loads) == 2


def test_what_was_replaced_on_disk_is_let_go(here: Path) -> None:
    some = registry()
    write(here / "a-line")
    former = weakref.ref(some.load("short"))
    time.sleep(0.02)
    write(here / "a-line", 3.0)
    some.load("short")
    gc.collect()
    assert former() is None

"""Checkpoints come back as they were saved; a damaged one is refused by the name of its file."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.models import weights as files_of_weights
from genai_demo.engine.models.checkpoint import CONFIG, WEIGHTS, Checkpoint, read_checkpoint, save_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.errors import UserError


def weights(seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "layer.weight": torch.randn(3, 4, generator=generator),
        "layer.bias": torch.randn(3, generator=generator),
        "count": torch.tensor(7),
    }


def save(folder: Path, **changes: Any) -> Checkpoint:
    extra = folder.parent / "extra.json"
    if not extra.exists():
        extra.write_text("{}")
    arguments: dict[str, Any] = {
        "weights": weights(),
        "family": "toy",
        "model": {"width": 3},
        "trained": {"seed": 1},
        "files": {"extra.json": extra},
    }
    return save_checkpoint(folder, **{**arguments, **changes})


@pytest.mark.parametrize("half", [False, True])
def test_round_trip(half: bool, tmp_path: Path) -> None:
    saved = save(tmp_path / "a", half=half)
    read = read_checkpoint(tmp_path / "a")
    assert read == saved
    assert (read.family, read.model, read.trained) == ("toy", {"width": 3}, {"seed": 1})
    assert len(read.id) == 12
    for name, tensor in weights().items():
        expected = tensor.half().float() if half and tensor.is_floating_point() else tensor
        assert torch.equal(read.weights()[name], expected)
        assert read.weights()[name].dtype == tensor.dtype


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_other_users_can_read_every_file(tmp_path: Path) -> None:
    folder = save(tmp_path / "toy").folder
    assert {file.name: oct(file.stat().st_mode & 0o444) for file in folder.iterdir()} == dict.fromkeys(
        (CONFIG, WEIGHTS, "extra.json"), oct(0o444)
    )


def test_half_precision_takes_half_the_room(tmp_path: Path) -> None:
    large = {"w": torch.randn(1000, 10)}
    sizes = {
        half: (save(tmp_path / str(half), weights=large, half=half).folder / WEIGHTS).stat().st_size
        for half in (False, True)
    }
    assert sizes[True] < 0.51 * sizes[False]


def test_views_and_shared_tensors_can_be_saved(tmp_path: Path) -> None:
    base = torch.arange(12.0).view(3, 4)
    read = save(tmp_path / "a", weights={"a": base, "same": base, "turned": base.T}).weights()
    assert torch.equal(read["same"], base)
    assert torch.equal(read["turned"], base.T)


def test_id_depends_on_what_results_depend_on(tmp_path: Path) -> None:
    extra = tmp_path / "other.json"
    extra.write_text("[]")
    ids = [
        save(tmp_path / "a").id,
        save(tmp_path / "b", weights=weights(1)).id,
        save(tmp_path / "c", model={"width": 4}).id,
        save(tmp_path / "d", family="other").id,
        save(tmp_path / "e", files={"extra.json": extra}).id,
        save(tmp_path / "f", files={}).id,
        save(tmp_path / "g", half=True).id,
    ]
    assert len(set(ids)) == len(ids)


def test_id_depends_on_nothing_else(tmp_path: Path) -> None:
    first = save(tmp_path / "a")
    second = save(tmp_path / "elsewhere", trained={"seed": 2, "note": "later"})
    (second.folder / "README.md").write_text("a card")
    assert read_checkpoint(second.folder).id == first.id


def test_saving_again_replaces(tmp_path: Path) -> None:
    save(tmp_path / "a")
    second = save(tmp_path / "a", weights=weights(1))
    assert read_checkpoint(tmp_path / "a") == second
    assert torch.equal(second.weights()["layer.bias"], weights(1)["layer.bias"])
    assert sorted(file.name for file in (tmp_path / "a").iterdir()) == [CONFIG, "extra.json", WEIGHTS]


def refused(folder: Path, key: str, name: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_checkpoint(folder)
    assert refusal.value.key == key
    for language in LANGUAGES:
        assert str(folder / name) in refusal.value.in_language(language)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, "extra.json"])
def test_missing_file(name: str, tmp_path: Path) -> None:
    save(tmp_path / "a")
    (tmp_path / "a" / name).unlink()
    refused(tmp_path / "a", "engine.missing", name)


def test_missing_folder(tmp_path: Path) -> None:
    refused(tmp_path / "a", "engine.missing", CONFIG)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[:-5],
    "too long": lambda content: content + b"more",
    "empty": lambda content: b"",
    "a bit of the header": lambda content: content[:8] + bytes([content[8] ^ 1]) + content[9:],
    "a bit of the last weight": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "zeros": lambda content: bytes(len(content)),
    "a page of a website": lambda content: b"<!DOCTYPE html><html>not found</html>",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("name", [WEIGHTS, "extra.json"])
def test_damaged_file(name: str, damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = tmp_path / "extra.json"
    file.write_text('{"some": "content of a file that goes with the weights"}')
    save(tmp_path / "a")
    file = tmp_path / "a" / name
    file.write_bytes(damage(file.read_bytes()))
    refused(tmp_path / "a", "engine.damaged", name)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        '{"family": "toy"}',
        '{"family": "toy", "model": 3, "trained": {}, "files": {}}',
        '{"family": "toy", "model": {}, "trained": {}, "files": ["extra.json"]}',
    ],
)
def test_damaged_config(content: str, tmp_path: Path) -> None:
    save(tmp_path / "a")
    (tmp_path / "a" / CONFIG).write_text(content)
    refused(tmp_path / "a", "engine.damaged", CONFIG)


def test_config_that_is_not_text(tmp_path: Path) -> None:
    save(tmp_path / "a")
    (tmp_path / "a" / CONFIG).write_bytes(b"\xff\xfe\x00")
    refused(tmp_path / "a", "engine.damaged", CONFIG)


def test_file_damaged_after_it_was_read(tmp_path: Path) -> None:
    checkpoint = save(tmp_path / "a")
    file = tmp_path / "a" / WEIGHTS
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(UserError) as refusal:
        checkpoint.weights()
    assert refusal.value.key == "engine.damaged"
    assert str(file) in str(refusal.value)


class _Explosive:
    exploded = False

    def __reduce__(self) -> tuple[Any, ...]:
        return setattr, (_Explosive, "exploded", True)


@pytest.mark.parametrize("way", ["pickle", "torch"])
def test_code_in_the_place_of_weights_is_never_run(way: str, tmp_path: Path) -> None:
    save(tmp_path / "a")
    file = tmp_path / "a" / WEIGHTS
    if way == "pickle":
        file.write_bytes(pickle.dumps(_Explosive()))
    else:
        torch.save({"layer.weight": _Explosive()}, file)
    recorded = json.loads((tmp_path / "a" / CONFIG).read_text())
    recorded["files"].pop(WEIGHTS)
    (tmp_path / "a" / CONFIG).write_text(json.dumps(recorded))
    refused(tmp_path / "a", "engine.damaged", WEIGHTS)
    assert not _Explosive.exploded


def test_config_without_the_hash_of_its_weights_is_readable(tmp_path: Path) -> None:
    saved = save(tmp_path / "a")
    config = json.loads((tmp_path / "a" / CONFIG).read_text())
    del config["files"][WEIGHTS]
    (tmp_path / "a" / CONFIG).write_text(json.dumps(config))
    assert read_checkpoint(tmp_path / "a").id == saved.id


def _run_of(folder: Path, value: float, start: str | None = "a", family: str = "toy", size: int = 2) -> Path:
    trained = {"data": {"started_from": {"checkpoint": start}} if start else {}}
    weights = {"weight": torch.full((size,), value), "count": torch.tensor(value)}
    return save_checkpoint(folder, weights, family, {"size": size}, trained).folder


def test_the_mean_of_runs_is_exported(tmp_path: Path) -> None:
    first, second, third = (_run_of(tmp_path / str(value), value) for value in (1.0, 2.0, 6.0))
    mean = export_checkpoint(first, tmp_path / "mean", others=[second, third])
    assert mean.weights()["weight"].tolist() == [3.0, 3.0]
    assert len(mean.trained["averaged_with"]) == 2
    alone = export_checkpoint(first, tmp_path / "alone")
    assert alone.weights()["weight"].tolist() == [1.0, 1.0]
    assert "averaged_with" not in alone.trained


@pytest.mark.parametrize(
    "other", [{"start": "b"}, {"start": None}, {"family": "other"}, {"size": 3}], ids=lambda other: next(iter(other))
)
def test_runs_that_do_not_belong_together_are_not_averaged(other: dict[str, Any], tmp_path: Path) -> None:
    first, second = _run_of(tmp_path / "first", 1.0), _run_of(tmp_path / "second", 2.0, **other)
    with pytest.raises(UserError) as refusal:
        export_checkpoint(first, tmp_path / "mean", others=[second])
    assert refusal.value.key == "engine.other_start"
    assert not (tmp_path / "mean").exists()


@pytest.fixture
def parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """A checkpoint of two files of weights, since a third tensor has no room in the first."""
    monkeypatch.setattr(files_of_weights, "LARGEST_FILE", 2500)
    monkeypatch.setattr(files_of_weights, "_HEADER", 500)
    large = {name: torch.full((200,), index, dtype=torch.float32) for index, name in enumerate("abc")}
    return save(tmp_path / "a", weights=large, parted=True)


PART = "model-00002-of-00002.safetensors"


def test_large_weights_are_several_files_none_of_which_is_larger_than_allowed(parted: Checkpoint) -> None:
    names = sorted(file.name for file in parted.folder.iterdir())
    assert names == [CONFIG, "extra.json", PART.replace("00002-", "00001-"), PART, "model.safetensors.index.json"]
    assert all(file.stat().st_size <= 2500 for file in parted.folder.glob("*.safetensors"))
    assert read_checkpoint(parted.folder) == parted
    assert {name: tensor[0].item() for name, tensor in parted.weights().items()} == {"a": 0, "b": 1, "c": 2}
    again = export_checkpoint(parted.folder, parted.folder.parent / "b")
    # In half precision they have room in one file; nothing of the former ones is taken along.
    assert sorted(file.name for file in again.folder.iterdir()) == [CONFIG, "extra.json", WEIGHTS]
    assert save(parted.folder).id != parted.id and not (parted.folder / PART).exists()
    assert read_checkpoint(parted.folder).weights().keys() == weights().keys()


def test_damage_of_a_part_is_noticed(parted: Checkpoint) -> None:
    whole = (parted.folder / PART).read_bytes()
    (parted.folder / PART).write_bytes(whole[:-1])
    refused(parted.folder, "engine.damaged", PART)
    (parted.folder / PART).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    refused(parted.folder, "engine.damaged", PART)
    (parted.folder / PART).unlink()
    refused(parted.folder, "engine.missing", PART)
    index = parted.folder / "model.safetensors.index.json"
    for damaged in ("{", "[]", '{"weight_map": {"a": "../../other.safetensors"}}', '{"weight_map": {}}'):
        index.write_text(damaged)
        refused(parted.folder, "engine.damaged", index.name)


def mixed() -> dict[str, Tensor]:
    """Return weights of every type that a network of ours could hold, among names that sort in no simple way."""
    generator = torch.Generator().manual_seed(0)
    large = torch.randn(150, generator=generator)
    types = (torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32, torch.uint8)
    return {
        **{f"{str(kind)[-2:]}.{kind}": (large * 9).to(kind) for kind in types},
        "B": large > 0,
        "a.10": large,
        "a.2": large[:0],
        "größe": torch.tensor(3),
    }


def test_the_id_is_the_same_in_however_many_files_the_weights_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = save(tmp_path / "whole", weights=mixed())
    for size in (3100, 5000):
        monkeypatch.setattr(files_of_weights, "LARGEST_FILE", size)
        monkeypatch.setattr(files_of_weights, "_HEADER", 500)
        parts = save(tmp_path / str(size), weights=mixed(), parted=True)
        assert len(list(parts.folder.glob("model-*.safetensors"))) > 1
        assert parts.id == whole.id
        assert all(torch.equal(parts.weights()[name], tensor) for name, tensor in whole.weights().items())


def test_parts_of_other_weights_do_not_take_over_an_id(parted: Checkpoint) -> None:
    """Whoever changes a part, and what is said of it, still does not have the weights that receipts name."""
    part, config = parted.folder / PART, parted.folder / CONFIG
    changed = part.read_bytes()[:-1] + b"\x01"
    part.write_bytes(changed)
    recorded = json.loads(config.read_text())
    recorded["files"][PART] = hashlib.sha256(changed).hexdigest()
    config.write_text(json.dumps(recorded))
    refused(parted.folder, "engine.damaged", CONFIG)


def test_a_parted_checkpoint_without_the_hash_of_the_whole_is_readable(parted: Checkpoint) -> None:
    config = parted.folder / CONFIG
    recorded = json.loads(config.read_text())
    del recorded["files"][WEIGHTS]
    config.write_text(json.dumps(recorded))
    assert read_checkpoint(parted.folder).weights().keys() == parted.weights().keys()
    (parted.folder / PART).write_bytes((parted.folder / PART).read_bytes()[:-1] + b"\x01")
    refused(parted.folder, "engine.damaged", PART)

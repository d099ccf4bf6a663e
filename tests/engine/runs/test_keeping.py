"""Runs that are copied to a folder that stays come back whole, and nothing of them is written but whole files."""

from __future__ import annotations

import builtins
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from genai_demo.engine.runs import keeping
from genai_demo.engine.runs.keeping import Keeper
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_state, write_state


def a_run(root: Path, name: str = "mine", step: int = 3) -> RunFolder:
    run = RunFolder(root / name)
    run.path.mkdir(parents=True, exist_ok=True)
    run.start({"family": "toy"}, resume=False)
    run.add_stats({"step": step, "loss": 1.5})
    write_state(run, step, {"weight": torch.arange(4.0)}, {"step": step})
    run.write_status("running", step=step)
    (run.path / "lock").touch()
    (run.path / ".stats.jsonl.12345678").write_text("half")
    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name != "lock" and file.name[0] != "."
    }


def test_a_kept_run_comes_back_on_another_machine(tmp_path: Path) -> None:
    run = a_run(tmp_path / "runs")
    assert Keeper(tmp_path / "kept", tmp_path / "runs").keep() == len(contents(run.path))
    assert not (tmp_path / "kept" / "mine" / "lock").exists()
    status = (
        (tmp_path / "kept" / "mine" / "status.json").read_text().replace(f'"pid": {os.getpid()}', '"pid": 99999999')
    )
    (tmp_path / "kept" / "mine" / "status.json").write_text(status)

    assert Keeper(tmp_path / "kept", tmp_path / "elsewhere").restore() == ["mine"]
    back = RunFolder(tmp_path / "elsewhere" / "mine")
    assert back.read_stats() == run.read_stats()
    assert torch.equal(read_state(back)[0]["weight"], torch.arange(4.0))
    assert back.read_status()["state"] == "lost", "whoever started it can resume it"


def test_only_what_changed_is_copied_and_what_is_gone_is_removed(tmp_path: Path) -> None:
    run, other = a_run(tmp_path / "runs"), a_run(tmp_path / "runs", "other")
    keeper = Keeper(tmp_path / "kept", tmp_path / "runs")
    keeper.keep()
    assert keeper.keep() == 0
    run.add_stats({"step": 4, "loss": 1.25})
    assert keeper.keep() == 1
    write_state(run, 4, {"weight": torch.ones(4)}, {"step": 4})
    keeper.keep()
    assert contents(tmp_path / "kept" / "mine") == contents(run.path)
    other.path.rename(tmp_path / "elsewhere")
    keeper.keep()
    assert not (tmp_path / "kept" / "other").exists()
    (tmp_path / "elsewhere").rename(other.path)  # taken out of the trash
    keeper.keep()
    assert contents(tmp_path / "kept" / "other") == contents(other.path)


def test_what_an_app_fetched_it_does_not_copy_again(tmp_path: Path) -> None:
    a_run(tmp_path / "runs")
    Keeper(tmp_path / "kept", tmp_path / "runs").keep()
    keeper = Keeper(tmp_path / "kept", tmp_path / "elsewhere")
    keeper.restore()
    assert keeper.keep() == 0
    assert keeper.restore() == []


def test_a_store_of_whole_files_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mounted bucket neither adds to a file that is there nor puts another one in its place."""
    kept, plain_open = tmp_path / "kept", builtins.open

    def strict_open(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if isinstance(file, (str, os.PathLike)) and Path(file).is_relative_to(kept):
            assert mode in ("rb", "wb", "r"), mode
        return plain_open(file, mode, *arguments, **options)

    def refuse(source: Any, target: Any, *_: Any, **__: Any) -> None:
        assert not Path(target).is_relative_to(kept), "renamed in the bucket"

    run = a_run(tmp_path / "runs")
    monkeypatch.setattr(builtins, "open", strict_open)
    monkeypatch.setattr(keeping.shutil, "move", refuse)
    keeper = Keeper(kept, tmp_path / "runs")
    keeper.keep()
    with monkeypatch.context() as patched:
        patched.setattr("os.rename", refuse)
        patched.setattr("os.replace", refuse)
        keeper._known.clear()
        assert keeper.keep() > 0
    assert contents(kept / "mine") == contents(run.path)


def test_a_run_that_goes_on_meanwhile_is_never_kept_with_a_pointer_to_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(tmp_path / "runs")
    keeper = Keeper(tmp_path / "kept", tmp_path / "runs")
    keeper.keep()
    plain_copy = keeping.shutil.copyfile

    def copy_while_it_trains(source: Path, target: Path, **options: Any) -> Any:
        if Path(source).name == "tensors.safetensors" and run.state_folder() == Path(source).parent:
            done = plain_copy(source, target, **options)
            write_state(run, 6, {"weight": torch.zeros(4)}, {"step": 6})  # removes the state that is being copied
            return done
        return plain_copy(source, target, **options)

    write_state(run, 5, {"weight": torch.ones(4)}, {"step": 5})
    monkeypatch.setattr(keeping.shutil, "copyfile", copy_while_it_trains)
    keeper.keep()
    Keeper(tmp_path / "kept", tmp_path / "elsewhere").restore()
    back = RunFolder(tmp_path / "elsewhere" / "mine")
    assert read_state(back)[1]["step"] in (3, 5, 6)

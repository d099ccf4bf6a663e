"""A reader never sees half a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from genai_demo.engine import files
from genai_demo.engine.files import write_bytes, write_json, write_text


def test_written_text_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "er" / "file.txt"
    write_text(file, "first\r\n第二\n")
    assert file.read_bytes() == "first\r\n第二\n".encode()
    write_json(file, {"b": 1, "a": "新"})
    assert json.loads(file.read_text(encoding="utf-8")) == {"a": "新", "b": 1}
    assert [path.name for path in file.parent.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("broken", ["replace", "fsync"])
def test_interrupted_write_leaves_the_former_file(
    broken: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "file.txt"
    write_text(file, "former")

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, broken, interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(file, b"new, and longer")
    assert file.read_text() == "former"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_the_file_is_whole_when_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[bytes] = []
    replace = os.replace

    def look(source: str, target: Path) -> None:
        moved.append(Path(source).read_bytes())
        assert Path(source).parent == tmp_path, "a rename is atomic only within a folder"
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", look)
    write_bytes(tmp_path / "file", b"content" * 10_000)
    assert moved == [b"content" * 10_000]


def test_what_is_not_json_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    write_json(file, {"a": 1})
    with pytest.raises(TypeError):
        write_json(file, {"a": object()})
    assert json.loads(file.read_text()) == {"a": 1}

"""A look at a large archive reads some of its files, evenly chosen, and says so; a small one is read whole."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from genai_demo.music import inspection
from genai_demo.music.data import reading
from genai_demo.music.data.sample import sample_members


def archive(path: Path, count: int) -> Path:
    (content,) = [member.read() for member in sample_members(1)]
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("__MACOSX/._0.mid", b"junk")
        for number in range(count):
            made.writestr(f"{number:04d}.mid", content if number % 4 else b"no music")
    return path


def test_a_large_archive_is_looked_at_by_some_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    plain = reading._piece_of

    def noting(content: bytes) -> object:
        read.append(content)
        return plain(content)

    monkeypatch.setattr(reading, "_piece_of", noting)
    monkeypatch.setattr(reading, "in_processes", lambda work, items: map(work, items))
    monkeypatch.setattr(inspection, "LOOKED_AT", 8)
    found = inspection.glance(archive(tmp_path / "large.zip", 40), "en")
    assert found and "8 of the 40 files" in found["remarks"][0]
    assert len(read) == 2 * 8  # for what is learnt from, and for what is held out
    assert "some" not in str((inspection.glance(archive(tmp_path / "small.zip", 8), "en") or {})["remarks"])
    small = dict(inspection.glance(tmp_path / "small.zip", "en") or {})
    assert small.pop("example")["png"].startswith(b"\x89PNG")
    assert small == inspection.inspect(tmp_path / "small.zip", "en")

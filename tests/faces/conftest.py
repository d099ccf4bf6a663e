"""Folders and archives of tiny drawn pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.pictures import encoded, picture, write_zip

CSV = (
    "file,split,age,gender,smile,kind\n"
    "one,train,20,female,1,photo\n"
    "two,train,41.5,man,0,drawing\n"
    "three.png,validation,,,,photo\n"
    "absent,train,60,m,1,photo\n"
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A ZIP archive of three pictures, one of them in a folder, with its labels beside it."""
    members = {f"{name}.png": encoded(picture(seed)) for seed, name in enumerate(("one", "two", "deep/three"))}
    (tmp_path / "set.csv").write_text(CSV, encoding="utf-8")
    return write_zip(tmp_path / "set_64.zip", members)

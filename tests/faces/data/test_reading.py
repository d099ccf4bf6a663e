"""Sets of pictures are read as they are meant; what is broken is left out and named, never silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from genai_demo.faces.data.labels import Faces, data_hash
from genai_demo.faces.data.reading import KIND, read_faces
from tests.common.sources import SourceSuite
from tests.helpers.archives import write_zip
from tests.helpers.hub import ask_hub, check_refusals, write_picture_set
from tests.helpers.pictures import encoded, picture, png

NAN = float("nan")


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


class TestSources(SourceSuite):
    module, kind, suffix, nothing = "genai_demo.faces.data.reading", KIND, ".png", "faces.no_pictures"

    def content(self, seed: int = 0) -> bytes:
        return encoded(picture(seed))

    def broken(self) -> dict[str, tuple[bytes, str]]:
        return {
            "cut.png": (encoded(picture(size=(200, 200)).effect_spread(9))[:2000], "faces.damaged_file"),
            "text.txt": (b"some words", "faces.not_a_picture"),
            "empty.jpg": (b"", "faces.empty_picture"),
            "tiny.png": (encoded(picture(size=(1, 1))), "faces.too_few_pixels"),
            "huge.png": (png(8000, 8000), "faces.too_many_pixels"),
        }

    def read(self, source: str, **options: Any) -> Faces:
        return read_faces(source, size=32, **options)

    def data_hash(self, data: Faces) -> str:
        return data_hash(data)


def planes(image: Image.Image) -> np.ndarray:
    return np.asarray(image).transpose(2, 0, 1)


def test_archive_with_its_labels(archive: Path) -> None:
    faces = read_faces(str(archive))
    assert faces.names == ("one.png", "two.png", "deep/three.png")
    assert (faces.pictures.shape, faces.pictures.dtype) == ((3, 3, 64, 64), torch.uint8)
    for seed, stored in enumerate(faces.pictures):
        assert (stored.numpy() == planes(picture(seed))).all()
    np.testing.assert_equal(faces.ages.tolist(), [20, 41.5, NAN])
    np.testing.assert_equal(faces.women.tolist(), [1, 0, NAN])
    np.testing.assert_equal(faces.smiles.tolist(), [1, 0, NAN])
    assert faces.ages.dtype == faces.women.dtype == faces.smiles.dtype == torch.float32
    assert not faces.left_out


def test_pictures_become_squares(tmp_path: Path) -> None:
    wide = Image.new("RGB", (400, 100), "black")
    wide.paste((255, 255, 255), (150, 0, 250, 100))
    exif = Image.Exif()
    exif[0x0112] = 6
    large = picture(1, (900, 900))
    members = {
        "wide.png": encoded(wide),
        "turned.png": encoded(wide, exif=exif),
        "large.jpg": encoded(large, "JPEG", quality=95),
    }
    write_zip(tmp_path / "a.zip", members)
    faces = read_faces(str(tmp_path / "a.zip"), size=32)
    assert faces.pictures.shape == (3, 3, 32, 32)
    assert faces.pictures[:2, :, 2:-2, 2:-2].min() > 250
    small = large.resize((32, 32), Image.Resampling.LANCZOS)
    assert np.abs(faces.pictures[2].numpy().astype(int) - planes(small)).max() < 12


READ_HUB = """
import json, sys
from genai_demo.errors import UserError
from genai_demo.faces.data.reading import read_faces

for name, split, where in json.loads(sys.argv[1]):
    try:
        faces = read_faces(name, split=split, where=where, size=32)
        print(json.dumps({
            "pictures": faces.pictures.float().mean((1, 2, 3)).tolist(),
            "ages": faces.ages.nan_to_num(-1).tolist(),
            "women": faces.women.nan_to_num(-1).tolist(),
            "left_out": [(name, error.key) for name, error in faces.left_out],
        }))
    except UserError as error:
        print(json.dumps({"key": error.key, "sentence": str(error)}))
"""


def test_hub(tmp_path: Path, root: Path) -> None:
    def grey(shade: int) -> bytes:
        return encoded(Image.new("RGB", (40, 40), (shade,) * 3))

    good, whole, columns = (tmp_path / name for name in ("good", "whole", "columns"))
    rows = [(grey(10), 30, 0), (grey(20), None, 1), (b"no picture", 50, 1), (grey(40), 60, -1), (grey(60), 130, 1)]
    write_picture_set(good, {"train": rows, "validation": [(grey(50), 70, 1)]})
    write_picture_set(whole, {"train": [(grey(shade), shade, 1) for shade in (10, 20, 30)]}, column="image")
    write_picture_set(columns, {"train": rows}, kind="binary")
    asked = [
        ("some/good", None, ""),
        ("some/good", "validation", ""),
        ("some/good", None, "gender=female"),
        ("some/whole", "train", ""),
        ("some/whole", "validation", ""),
        ("some/whole", "test", ""),
        ("some/good", None, "kind=photo"),
        ("some/columns", None, ""),
        ("some/unknown", None, ""),
    ]
    data_sets = {"some/good": good, "some/whole": whole, "some/columns": columns}
    answers = ask_hub(READ_HUB, asked, data_sets, tmp_path / "home", root)
    assert answers[0] == {
        "pictures": [10, 20, 40],
        "ages": [30, -1, 60],
        "women": [0, 1, -1],
        "left_out": [["0000002", "faces.not_a_picture"], ["0000004", "faces.bad_label"]],
    }
    assert (answers[1]["pictures"], answers[1]["ages"]) == ([50], [70])
    assert answers[2]["pictures"] == [20]
    train, held_out = answers[3]["pictures"], answers[4]["pictures"]
    assert train and held_out and sorted([*train, *held_out]) == [10, 20, 30]
    keys = ["data.no_split", "faces.no_column", "faces.hub_columns", "faces.no_hub_data"]
    check_refusals(asked[5:], answers[5:], keys)

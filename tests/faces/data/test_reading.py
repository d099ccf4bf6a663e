"""Sets of pictures are read as they are meant; what is broken is left out and named, never silently."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.faces.data.labels import data_hash
from genai_demo.faces.data.reading import read_faces
from tests.helpers.hub import serving, write_picture_set
from tests.helpers.pictures import encoded, picture, png, write_zip

NAN = float("nan")


def planes(image: Image.Image) -> np.ndarray:
    return np.asarray(image).transpose(2, 0, 1)


def refused(key: str, *parts: str, **arguments: Any) -> None:
    with pytest.raises(UserError) as refusal:
        read_faces(**arguments)
    assert refusal.value.key == key
    for language in LANGUAGES:
        sentence = refusal.value.in_language(language)
        assert all(part in sentence for part in parts), sentence
        assert "\n" not in sentence


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


def test_folder_and_archive_are_the_same(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as members:
        members.extractall(tmp_path / "set")
    (tmp_path / "set" / ".hidden.png").write_bytes(b"of the system")
    folder = read_faces(str(tmp_path / "set"))
    assert sorted(folder.names) == sorted(read_faces(str(archive)).names)
    order = [folder.names.index(name) for name in read_faces(str(archive)).names]
    assert data_hash(folder.subset(order)) == data_hash(read_faces(str(archive)))
    (tmp_path / "set.csv").rename(tmp_path / "set" / "labels.csv")
    assert data_hash(read_faces(str(tmp_path / "set"))) == data_hash(folder)


def test_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "one.png").write_bytes(encoded(picture()))
    (tmp_path / "here.csv").write_text("file,age\none,33\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    assert read_faces(".").ages.tolist() == [33]


def test_labels_by_name_come_before_those_beside(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("file,age\none,99\n", encoding="utf-8")
    faces = read_faces(str(archive), labels=str(tmp_path / "other.csv"))
    np.testing.assert_equal(faces.ages.tolist(), [99, NAN, NAN])
    refused("engine.no_file", "none.csv", source=str(archive), labels=str(tmp_path / "none.csv"))


def test_splits_of_the_labels(archive: Path) -> None:
    assert read_faces(str(archive), split="train").names == ("one.png", "two.png")
    assert read_faces(str(archive), split="validation").names == ("deep/three.png",)
    refused("faces.no_split", "test", "train, validation", source=str(archive), split="test")


def test_pictures_without_a_row_are_left_out_where_rows_are_chosen(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive, "a") as members:
        members.writestr("four.png", encoded(picture(4)))
    assert len(read_faces(str(archive))) == 4
    for faces in (read_faces(str(archive), split="train"), read_faces(str(archive), where="kind=photo")):
        ((name, reason),) = faces.left_out
        assert (name, reason.key) == ("four.png", "faces.no_row")
        assert "set.csv" in str(reason)


def test_rows_are_chosen(archive: Path) -> None:
    assert read_faces(str(archive), where="kind=photo").names == ("one.png", "deep/three.png")
    assert read_faces(str(archive), where="kind=photo,gender=female", split="train").names == ("one.png",)
    refused("faces.chose_nothing", "kind=statue", source=str(archive), where="kind=statue")
    refused("faces.no_pictures", source=str(archive), where="kind=drawing", split="validation")


def test_choosing_needs_labels(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "set.csv").unlink()
    refused("faces.where_without_labels", "kind=photo", source=str(archive), where="kind=photo")


def test_labels_that_fit_no_picture(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text("file,age\nsomebody,20\n", encoding="utf-8")
    refused("faces.no_match", "set.csv", "set_64.zip", source=str(archive))


def test_pictures_are_held_out_by_their_names(tmp_path: Path) -> None:
    content = encoded(picture())
    members = {f"{number}.png": content for number in range(300)}
    whole = str(write_zip(tmp_path / "a.zip", members))
    held_out = read_faces(whole, split="validation", size=8).names
    assert set(held_out) | set(read_faces(whole, split="train", size=8).names) == set(members)
    assert not set(held_out) & set(read_faces(whole, split="train", size=8).names)
    assert 8 <= len(held_out) <= 30
    # More pictures, another folder, another ending: who was held out still is.
    more = {f"x/{number}.jpg": content for number in range(150, 450)}
    others = read_faces(str(write_zip(tmp_path / "b.zip", more)), split="validation", size=8).names
    assert {int(Path(name).stem) for name in others if int(Path(name).stem) < 300} == {
        int(Path(name).stem) for name in held_out if int(Path(name).stem) >= 150
    }
    refused("faces.no_split", "test", "train, validation", source=whole, split="test")


@pytest.mark.parametrize("count", [2, 3, 8])
def test_of_a_few_pictures_one_is_held_out(count: int, tmp_path: Path) -> None:
    members = {f"{number}.png": encoded(picture(number)) for number in range(count)}
    file = str(write_zip(tmp_path / "a.zip", members))
    held_out = read_faces(file, split="validation").names
    assert 1 <= len(held_out) < count
    assert sorted({*held_out, *read_faces(file, split="train").names}) == sorted(members)


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


def test_what_is_broken_is_left_out_and_named(tmp_path: Path, archive: Path) -> None:
    good = encoded(picture())
    noisy = encoded(picture(size=(200, 200)).effect_spread(9))
    members = {
        "good.png": good,
        "cut.png": noisy[:2000],
        "text.txt": b"some words",
        "empty.jpg": b"",
        "tiny.png": encoded(picture(size=(1, 1))),
        "huge.png": png(8000, 8000),
        "more.zip": archive.read_bytes(),
        "labels.csv": b"file\ngood",
        ".DS_Store": b"\0\0\0\1Bud1",
        "__MACOSX/._good.png": b"\0\5\26\7",
    }
    reasons = {
        "cut.png": "faces.damaged_picture",
        "text.txt": "faces.not_a_picture",
        "empty.jpg": "faces.empty_picture",
        "tiny.png": "faces.too_few_pixels",
        "huge.png": "faces.too_many_pixels",
        "more.zip": "faces.nested_zip",
    }
    folder = tmp_path / "folder"
    for name, content in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "labels.csv").unlink()
    for source in (write_zip(tmp_path / "b.zip", members), folder):
        faces = read_faces(str(source))
        assert faces.names == ("good.png",)
        assert {name: error.key for name, error in faces.left_out} == reasons


def test_names_that_lead_out_of_an_archive(tmp_path: Path) -> None:
    names = ["../up.png", "/root.png", "a/../../up.png", "C:/disk.png", "a\\b.png"]
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as members:
        for name in [*names, "good..png"]:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            members.writestr(entry, encoded(picture()))
    before = sorted(tmp_path.parent.rglob("*"))
    faces = read_faces(str(file))
    assert faces.names == ("good..png",)
    assert [error.key for _, error in faces.left_out] == ["faces.bad_name"] * len(names)
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_damaged_members(tmp_path: Path) -> None:
    noisy = encoded(picture(size=(80, 80)).effect_spread(9), "BMP")
    file = write_zip(tmp_path / "a.zip", {"a.bmp": noisy, "b.bmp": noisy, "c.bmp": noisy}, zipfile.ZIP_DEFLATED)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    faces = read_faces(str(file))
    assert faces.names == ("a.bmp", "c.bmp")
    assert [(name, error.key) for name, error in faces.left_out] == [("b.bmp", "faces.damaged_picture")]


def flagged(file: Path, flag: int) -> Path:
    """Set a flag of every member of an archive, in both of its directories."""
    content = bytearray(file.read_bytes())
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        position = content.find(mark)
        while position >= 0:
            content[position + offset] |= flag
            position = content.find(mark, position + 4)
    file.write_bytes(content)
    return file


def test_archives_that_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"a.png": encoded(picture())}
    whole = write_zip(tmp_path / "whole.zip", {**good, "b.png": encoded(picture(1))})
    (tmp_path / "cut.zip").write_bytes(whole.read_bytes()[:-40])
    refused("faces.bad_zip", "cut.zip", source=str(tmp_path / "cut.zip"))
    (tmp_path / "words.zip").write_bytes(b"some words")
    refused("faces.bad_zip", "words.zip", source=str(tmp_path / "words.zip"))
    refused("faces.empty_zip", "empty.zip", source=str(write_zip(tmp_path / "empty.zip", {})))
    refused("faces.empty_zip", "folders.zip", source=str(write_zip(tmp_path / "folders.zip", {"a/": b""})))
    refused("faces.locked", source=str(flagged(write_zip(tmp_path / "locked.zip", good), 1)))
    bomb = write_zip(tmp_path / "bomb.zip", {f"{n}.bmp": bytes(10 * 2**20) for n in range(9)}, zipfile.ZIP_DEFLATED)
    refused("faces.zip_bomb", "bomb.zip", "90", source=str(bomb))
    monkeypatch.setattr("genai_demo.faces.data.sources._MOST_MEMBERS", 1)
    refused("faces.zip_members", "whole.zip", "2", "1", source=str(whole))


def test_a_member_larger_than_any_picture_is_not_unpacked(tmp_path: Path) -> None:
    members = {"a.png": encoded(picture()), "b.bmp": bytes(30 * 2**20)}
    faces = read_faces(str(write_zip(tmp_path / "a.zip", members, zipfile.ZIP_DEFLATED)))
    assert [(name, error.key) for name, error in faces.left_out] == [("b.bmp", "faces.too_many_bytes")]


def test_sources_that_are_refused(tmp_path: Path) -> None:
    refused("engine.no_file", "none.zip", source=str(tmp_path / "none.zip"))
    refused("engine.no_file", "none.zip", source="data/none.zip")
    refused("engine.no_file", "none", source="none")
    (tmp_path / "one.png").write_bytes(encoded(picture()))
    refused("faces.unknown_source", "one.png", source=str(tmp_path / "one.png"))
    (tmp_path / "nothing").mkdir()
    refused("faces.no_pictures", "nothing", source=str(tmp_path / "nothing"))
    (tmp_path / "nothing" / "a.txt").write_text("words", encoding="utf-8")
    refused("faces.no_pictures", "nothing", "1", source=str(tmp_path / "nothing"))


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_in_a_folder_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "good.png").write_bytes(encoded(picture()))
    assert read_faces(str(tmp_path)).names == ("good.png",)


def test_progress_of_many_pictures(
    archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_faces(str(archive))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("genai_demo.faces.data.reading._QUIET_UP_TO", 2)
    read_faces(str(archive))
    assert "set_64.zip" in capsys.readouterr().err


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
    rows = [(grey(10), 30, 0), (grey(20), None, 1), (b"no picture", 50, 1), (grey(40), 60, -1)]
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
    with serving({"some/good": good, "some/whole": whole, "some/columns": columns}) as address:
        done = subprocess.run(
            [sys.executable, "-c", READ_HUB, json.dumps(asked)],
            cwd=root,
            check=False,
            text=True,
            capture_output=True,
            env={**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home")},
        )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers[0] == {
        "pictures": [10, 20, 40],
        "ages": [30, -1, 60],
        "women": [0, 1, -1],
        "left_out": [["0000002", "faces.not_a_picture"]],
    }
    assert (answers[1]["pictures"], answers[1]["ages"]) == ([50], [70])
    assert answers[2]["pictures"] == [20]
    train, held_out = answers[3]["pictures"], answers[4]["pictures"]
    assert train and held_out and sorted([*train, *held_out]) == [10, 20, 30]
    keys = ["faces.no_split", "faces.no_column", "faces.hub_columns", "faces.no_hub_data"]
    assert [refusal["key"] for refusal in answers[5:]] == keys
    for (name, _, _), refusal in zip(asked[5:], answers[5:], strict=True):
        assert name in refusal["sentence"] and "\n" not in refusal["sentence"]

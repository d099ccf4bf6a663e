"""Labels are read as they are meant, or refused in one sentence that says where."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import UserError
from genai_demo.faces.data.labels import Faces, data_hash, join, label_in_name, read_label
from genai_demo.faces.data.reading import KIND, read_faces
from tests.common.tables import TableSuite
from tests.helpers.pictures import encoded, picture

NAN = float("nan")


class TestTables(TableSuite):
    kind, column, field, bad_cell = KIND, "age", "age", "faces.bad_label"
    bad_cells = (
        *(("age", cell, "age", "0–120") for cell in ("old", "-1", "121", "nan", "1e9")),
        *(("gender", cell, "gender", "female") for cell in ("2", "other")),
        *(("smile", cell, "smile", "0, 1") for cell in ("2", "yes", "0.5")),
    )


@pytest.mark.parametrize(
    ("gender", "woman"),
    [("female", 1), ("Woman", 1), ("F", 1), ("male", 0), (" man ", 0), ("m", 0), ("", NAN)],
)
def test_genders(gender: str, woman: float) -> None:
    label = read_label({"gender": gender}, "set.csv", 2)
    np.testing.assert_equal([label.woman, label.age, label.smile], [woman, NAN, NAN])


@pytest.mark.parametrize(
    ("name", "age", "woman"),
    [
        ("26_1_2_20170116184024662.jpg.chip.jpg", 26, 1),
        ("UTKFace/100_0_0_20170112213500903.jpg.chip.jpg", 100, 0),
        ("61_1_20170109142408075.jpg.chip.jpg", 61, 1),
        ("39_1_20170116174525125.jpg.chip.jpg", 39, 1),
        ("24_0_1_20170116220224657 .jpg.chip.jpg", 24, 0),
        ("55_0_0_20170116232725357jpg.chip.jpg", 55, 0),
        ("IMG_20170116.jpg", NAN, NAN),
        ("12_3_4.jpg", NAN, NAN),
        ("000001.jpg", NAN, NAN),
        ("900_1_2_20170116184024662.jpg", NAN, NAN),
    ],
)
def test_names_of_utkface_say_age_and_gender(name: str, age: float, woman: float) -> None:
    np.testing.assert_equal(astuple(label_in_name(name)), (age, woman, NAN))


CELEBA = """4
5_o_Clock_Shadow Male Smiling Young
000001.jpg -1 -1  1  1
000002.jpg  1  1 -1 -1

000003.jpg -1  1  1  1
000004.jpg -1 -1 -1  1
"""
CELEBA_CSV = "image_id,5_o_Clock_Shadow,Male,Smiling,Young\n" + "\n".join(
    ",".join(line.split()) for line in CELEBA.splitlines()[2:] if line
)


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize(("table", "text"), [("list_attr_celeba.txt", CELEBA), ("list_attr_celeba.csv", CELEBA_CSV)])
def test_the_attributes_of_celeba_are_read(table: str, text: str, beside: bool, tmp_path: Path) -> None:
    folder = tmp_path / "img_align_celeba"
    folder.mkdir()
    for number in range(1, 5):
        (folder / f"{number:06}.jpg").write_bytes(encoded(picture(number), "JPEG"))
    (tmp_path if beside else folder).joinpath(table).write_text(text)
    for read in (read_faces(str(folder)), read_faces(str(folder), str((tmp_path if beside else folder) / table))):
        assert not read.left_out
        np.testing.assert_equal(read.women.tolist(), [1, 0, 0, 1])
        np.testing.assert_equal(read.smiles.tolist(), [1, 0, 1, 0])
        assert bool(read.ages.isnan().all())
    assert len(read_faces(str(folder), where="smiling=1")) == 2


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("4\nMale\n000001.jpg 1 1\n", "faces.csv_row"),
        ("4\nMale\n000001.jpg 2\n", "faces.bad_label"),
        ("4\n", "faces.no_match"),
    ],
)
def test_a_table_that_begins_with_a_count_and_is_wrong(text: str, key: str, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "000001.jpg").write_bytes(encoded(picture(), "JPEG"))
    (tmp_path / "list_attr_celeba.txt").write_text(text)
    with pytest.raises(UserError) as refusal:
        read_faces(str(tmp_path / "a"))
    assert refusal.value.key == key


def test_raw_utkface_is_read_with_its_labels(tmp_path: Path) -> None:
    for name in ("26_1_2_20170116184024662.jpg.chip.jpg", "61_0_20170109142408075.jpg.chip.jpg", "plain.jpg"):
        (tmp_path / name).write_bytes(encoded(picture(), "JPEG"))
    read = read_faces(str(tmp_path))
    np.testing.assert_equal(read.ages.tolist(), [26, 61, NAN])
    np.testing.assert_equal(read.women.tolist(), [1, 0, NAN])


def some_faces(count: int, first: int = 0) -> Faces:
    numbers = torch.arange(first, first + count)
    return Faces(
        numbers.to(torch.uint8)[:, None, None, None].expand(-1, 3, 8, 8).contiguous(),
        numbers.float(),
        torch.full((count,), NAN),
        (numbers % 2).float(),
        tuple(f"{number}.png" for number in numbers.tolist()),
        (("bad.png", UserError("faces.damaged_file")),),
    )


@given(st.lists(st.integers(0, 8), max_size=12))
def test_a_subset_keeps_what_belongs_together(indices: list[int]) -> None:
    part = some_faces(9).subset(indices)
    assert len(part) == len(indices) and not part.left_out
    assert part.ages.tolist() == part.pictures[:, 0, 0, 0].tolist() == indices
    assert part.names == tuple(f"{index}.png" for index in indices)


def test_joined_faces_stand_in_their_order() -> None:
    whole = join([some_faces(3), some_faces(4, first=3)])
    assert whole.names == some_faces(7).names
    assert data_hash(whole) == data_hash(some_faces(7))
    assert len(whole.left_out) == 2


def test_hash_stands_for_pictures_and_labels_in_their_order() -> None:
    faces = some_faces(5)
    assert data_hash(faces) == data_hash(some_faces(5)) and len(data_hash(faces)) == 12
    others = [faces.subset([1, 0, 2, 3, 4]), faces.subset(range(4))]
    for field in ("pictures", "ages", "women", "smiles"):
        changed = faces.subset(range(5))
        getattr(changed, field)[2] = 7
        others.append(changed)
    assert len({data_hash(each) for each in [faces, *others]}) == len(others) + 1

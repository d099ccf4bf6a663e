"""Labels are read as they are meant, or refused in one sentence that says where."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import UserError
from genai_demo.faces.data.labels import Faces, data_hash, join, read_label
from genai_demo.faces.data.reading import KIND
from tests.common.tables import TableSuite

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

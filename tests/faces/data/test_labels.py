"""Labels are read as they are meant, or refused in one sentence that says where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.faces.data.labels import Faces, Label, Labels, data_hash, join, read_where

NAN = float("nan")


def written(folder: Path, content: str | bytes) -> Path:
    file = folder / "set.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def found(folder: Path, content: str, name: str = "a.jpg", where: str = "") -> Label | None:
    return Labels(written(folder, content), where).find(name)


@pytest.mark.parametrize("name", ["a.jpg", "a.b/a.webp", "a", "x/y/a"])
def test_a_picture_is_found_by_its_name(name: str, tmp_path: Path) -> None:
    label = found(tmp_path, "file,age\na,30\nb,40\n", name)
    assert label is not None and label.age == 30


def test_the_longer_name_comes_first(tmp_path: Path) -> None:
    labels = Labels(written(tmp_path, "file,age\na,1\na.jpg,2\nx/a,3\nx/a.jpg,4\n"))
    ages = [label.age for name in ("x/a.jpg", "x/a.png", "y/a.jpg", "y/a.png") if (label := labels.find(name))]
    assert ages == [4, 3, 2, 1]
    assert labels.find("b.jpg") is None


@pytest.mark.parametrize(
    ("gender", "woman"),
    [("female", 1), ("Woman", 1), ("F", 1), ("male", 0), (" man ", 0), ("m", 0), ("", NAN)],
)
def test_genders(gender: str, woman: float, tmp_path: Path) -> None:
    label = found(tmp_path, f"gender,FILE\n{gender},a\n")
    assert label is not None
    np.testing.assert_equal([label.woman, label.age, label.smile], [woman, NAN, NAN])


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("age", "old"),
        ("age", "-1"),
        ("age", "121"),
        ("age", "nan"),
        ("age", "1e9"),
        ("gender", "2"),
        ("gender", "other"),
        ("smile", "2"),
        ("smile", "yes"),
        ("smile", "0.5"),
    ],
)
def test_bad_cells(column: str, cell: str, tmp_path: Path) -> None:
    refused(written(tmp_path, f"file,{column}\na,\nb,{cell}\n"), "faces.bad_label", "set.csv", "3", column, cell)


def refused(file: Path, key: str, *parts: str, where: str = "") -> None:
    with pytest.raises(UserError) as refusal:
        Labels(file, where)
    assert refusal.value.key == key
    for language in LANGUAGES:
        sentence = refusal.value.in_language(language)
        assert all(part in sentence for part in parts), sentence
        assert "\n" not in sentence


def test_bad_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(tmp_path / "none.csv", "engine.no_file", "none.csv")
    refused(written(tmp_path, ""), "faces.no_column", "set.csv", "file")
    refused(written(tmp_path, "name,age\na,3\n"), "faces.no_column", "file", "name, age")
    refused(written(tmp_path, "file,age\na\n"), "faces.csv_row", "2")
    refused(written(tmp_path, 'file,age\n"a,3\n'), "faces.bad_csv", "set.csv")
    refused(written(tmp_path, "file,age\na,3\nb,4\na,5\n"), "faces.csv_twice", "4", "a")
    refused(written(tmp_path, "file,age\nÄ,3\n".encode("latin-1")), "engine.not_utf8", "set.csv")
    monkeypatch.setattr("genai_demo.faces.data.labels._LARGEST_FILE", 10)
    refused(written(tmp_path, "file,age\na,3\n"), "faces.csv_too_large", "set.csv")


@pytest.mark.parametrize(
    ("where", "chosen"),
    [
        ("", True),
        ("kind=photo", True),
        (" Kind = PHOTO ", True),
        ("kind=drawing|photo", True),
        ("kind=drawing", False),
        ("kind=photo,source=manual", False),
        ("kind=photo,source=bio", True),
        ("source=|bio", True),
    ],
)
def test_rows_are_chosen_by_their_cells(where: str, chosen: bool, tmp_path: Path) -> None:
    label = found(
        tmp_path, "file,kind,source\na,photo,bio\nb,drawing,manual\nc,photo,manual\nd,drawing,\n", where=where
    )
    assert label is not None and label.chosen is chosen


@pytest.mark.parametrize("where", ["kind", "=photo", "kind=photo,,", "kind=photo,kind=drawing", "photo,kind=photo"])
def test_a_choice_of_another_form(where: str, tmp_path: Path) -> None:
    refused(written(tmp_path, "file,kind\na,photo\n"), "faces.bad_where", where, where=where)


def test_a_choice_that_fits_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, "file,kind\na,photo\n")
    refused(file, "faces.no_column", "colour", "file, kind", where="colour=red")
    refused(file, "faces.chose_nothing", "kind=red", where="kind=red")


@given(st.dictionaries(st.sampled_from("abcd"), st.sets(st.sampled_from(["x", "y", "1 2"]), min_size=1)))
def test_a_choice_is_read_back(choice: dict[str, set[str]]) -> None:
    where = ",".join(f"{column}={'|'.join(cells)}" for column, cells in choice.items())
    assert read_where(where, tuple("abcd"), "set") == choice


def some_faces(count: int, first: int = 0) -> Faces:
    numbers = torch.arange(first, first + count)
    return Faces(
        numbers.to(torch.uint8)[:, None, None, None].expand(-1, 3, 8, 8).contiguous(),
        numbers.float(),
        torch.full((count,), NAN),
        (numbers % 2).float(),
        tuple(f"{number}.png" for number in numbers.tolist()),
        (("bad.png", UserError("faces.damaged_picture")),),
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

"""The table of labels: what is left open is filled in as labels come together in life."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genai_demo.errors import UserError
from genai_demo.faces.models.metadata import FILE, FaceMetadata, tabulate
from genai_demo.faces.requests import AGE, DIRECTIONS, FaceRequest

OLD_MEN = [[70.0, 0.0, 0.0]] * 30
YOUNG_WOMEN = [[25.0, 1.0, 1.0]] * 10
TABLE = tabulate(np.array(OLD_MEN + YOUNG_WOMEN))
CHANCES = np.linspace(0, 1, 41)[:-1]


def test_open_labels_come_as_often_as_in_life() -> None:
    drawn = [TABLE.draw(FaceRequest(), chance) for chance in CHANCES]
    assert sum(request.woman for request in drawn) / len(drawn) == pytest.approx(0.25, abs=0.03)
    assert {(request.age, request.woman, request.smile) for request in drawn} == {(70, 0, 0), (25, 1, 1)}


@pytest.mark.parametrize("chance", [0.001, 0.5, 0.999])
def test_given_labels_are_kept_and_draw_the_others_along(chance: float) -> None:
    found = TABLE.draw(FaceRequest(woman=1.0), chance)
    assert (found.woman, found.age, found.smile) == (1.0, 25, 1.0)
    found = TABLE.draw(FaceRequest(age=70.0), chance)
    assert (found.age, found.woman) == (70, 0)


def test_an_age_that_nobody_has_is_no_trouble() -> None:
    found = TABLE.draw(FaceRequest(age=18.0, woman=0.0), 0.5)
    assert (found.age, found.woman) == (18, 0) and found.smile in (0, 1)


def test_what_is_drawn_can_be_asked_for() -> None:
    table = tabulate(np.array([[116.0, 1.0, 0.0], [3.0, 0.0, 1.0]]))
    for chance in CHANCES:
        drawn = table.draw(FaceRequest(), chance)
        drawn.check()
        assert drawn.age in AGE


def test_a_label_that_is_not_known_stays_open() -> None:
    table = tabulate(np.array([[np.nan, np.nan, 1.0], [np.nan, 1.0, 0.0]]))
    assert table.known == (False, False, True)
    found = table.draw(FaceRequest(), 0.99)
    assert (found.age, found.woman) == (0, -1) and found.smile in (0, 1)
    assert tabulate(np.empty((0, 3))).draw(FaceRequest(), 0.5) == FaceRequest()


def test_written_and_read_again(tmp_path: Path) -> None:
    FaceMetadata(TABLE, ("light", *[""] * (DIRECTIONS - 1))).write(tmp_path)
    again = FaceMetadata.read(tmp_path)
    assert again.directions[0] == "light"
    for chance in CHANCES:
        assert again.table.draw(FaceRequest(), chance) == TABLE.draw(FaceRequest(), chance)
    unknown = tabulate(np.array([[np.nan, 1.0, 0.0]]))
    FaceMetadata(unknown, ()).write(tmp_path)
    assert FaceMetadata.read(tmp_path).table.known == (False, True, True)


def test_without_the_file_nothing_is_known(tmp_path: Path) -> None:
    assert FaceMetadata.read(tmp_path).table.known == (False, False, False)


@pytest.mark.parametrize("content", ["{", "[]", '{"labels": [[1]], "directions": []}', '{"labels": [["x",1,1,1]]}'])
def test_a_damaged_file_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(UserError, match=FILE):
        FaceMetadata.read(tmp_path)

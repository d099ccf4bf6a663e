"""Figures are shown with as many digits as they have a meaning for, and beside nothing that was not measured."""

from __future__ import annotations

import pytest

from genai_demo.engine.evaluation.figure import Figure, Meaning, figure_rows, markdown_table, plain_table

COLUMNS = {"value": "value", "real": "real", "baseline": "baseline", "spread": "spread", "ratio": "of real", "n": "of"}


def row(figure: Figure, meaning: Meaning) -> dict[str, str]:
    header, cells = figure_rows({"it": figure}, {"other": Meaning("other"), "it": meaning}, COLUMNS)
    return dict(zip(header, cells, strict=True))


@pytest.mark.parametrize(
    ("unit", "digits", "shown"),
    [
        ("share", None, "12.3 %"),
        ("share", 3, "0.123"),
        ("bits", None, "0.123"),
        ("bits per byte", None, "0.123"),
        ("distance", None, "0.123"),
        ("distance", 1, "0.1"),
        ("words", None, "0.12"),
    ],
)
def test_digits_go_by_the_unit_unless_the_meaning_says_how_many(unit: str, digits: int | None, shown: str) -> None:
    cells = row(Figure(0.1234, unit, 7, 0.1234, 0.1234, 0.1234), Meaning("it", counted="texts", digits=digits))
    assert (cells["value"], cells["real"], cells["baseline"], cells["spread"]) == (shown,) * 4
    assert (cells["figure"], cells["of real"], cells["of"]) == ("it", "1.00", "7 texts")


def test_what_was_not_measured_is_a_dash() -> None:
    cells = row(Figure(1.0, "count", 1200), Meaning("it", "low", "texts", "chance"))
    assert {name for name, cell in cells.items() if cell == "-"} == {"real", "baseline", "spread", "of real"}
    assert cells["of"] == "1,200 texts"


def test_a_baseline_goes_by_its_name() -> None:
    assert (
        row(Figure(1.0, "share", 9, baseline=0.25), Meaning("it", baseline="chance"))["baseline"] == "25.0 % (chance)"
    )


@pytest.mark.parametrize(("real", "unit"), [(0.0, "distance"), (-0.1, "squared MMD"), (0.1, "squared MMD")])
def test_no_ratio_to_a_floor_that_may_be_nothing(real: float, unit: str) -> None:
    assert row(Figure(1.0, unit, 9, real), Meaning("it"))["of real"] == "-"


def test_tables_line_up() -> None:
    rows = [("figure", "value"), ("one", "1.0"), ("twenty", "20.0")]
    assert plain_table(rows) == "figure  value\none     1.0\ntwenty  20.0"
    assert plain_table(rows, right=True) == "figure  value\none       1.0\ntwenty   20.0"
    assert markdown_table(rows, {"value"}) == "| figure | value |\n| --- | ---: |\n| one | 1.0 |\n| twenty | 20.0 |"

"""What a dataclass says of its fields is what is checked, and what the command line offers."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import pytest

from genai_demo.engine.fields import (
    Later,
    OneOf,
    Within,
    add_options,
    add_options_of_several,
    check_fields,
    fields_of,
    given,
    recorded,
)
from genai_demo.errors import UserError


@dataclass(frozen=True)
class Asked:
    """What is asked for."""

    data: tuple[str, ...]
    """where the data
    lie"""
    share: Annotated[float, Within(0.0, 1.0)] = 0.5
    """how much, in %"""
    count: Annotated[int, Within(4, 64, besides=0)] = 8
    colour: Annotated[str, OneOf(("red", "green"))] = "red"
    start: Path | None = None
    dry: bool = False


ASKED = Asked(("a",))


def parsed(*arguments: str, **changes: Any) -> dict[str, Any]:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_options(parser, Asked, **changes)
    return given(parser.parse_args(arguments), Asked)


def test_a_field_means_what_stands_under_it() -> None:
    meanings = {field.name: field.meaning for field in fields_of(Asked)}
    assert meanings["data"] == "where the data lie"
    assert meanings["share"] == "how much, in %"
    assert meanings["count"] == ""


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("share", 1.01, "engine.out_of_range"),
        ("share", float("nan"), "engine.out_of_range"),
        ("share", True, "engine.out_of_range"),
        ("count", 3, "engine.out_of_range_whole"),
        ("count", 8.0, "engine.out_of_range_whole"),
        ("colour", "blue", "engine.not_one_of"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(field: str, value: object, key: str) -> None:
    with pytest.raises(UserError) as refusal:
        check_fields(replace(ASKED, **{field: value}))
    assert refusal.value.key == key
    assert field in str(refusal.value)


@pytest.mark.parametrize(
    "changes", [{}, {"share": 0}, {"share": 1.0}, {"count": 0}, {"count": 64}, {"colour": "green"}]
)
def test_what_keeps_to_the_rules_is_allowed(changes: dict[str, Any]) -> None:
    check_fields(replace(ASKED, **changes))


def test_options_make_the_dataclass_again() -> None:
    words = ["--data", "a", "b", "--share", "0.25", "--count", "0", "--colour", "green", "--start", "run", "--dry"]
    assert Asked(**parsed(*words)) == Asked(("a", "b"), 0.25, 0, "green", Path("run"), True)
    assert Asked(**parsed("--data", "a")) == ASKED


def test_only_the_options_that_are_named_are_there() -> None:
    assert parsed(names=["share", "colour"]) == {"share": 0.5, "colour": "red"}
    assert parsed(names=["share", "colour"], left_open=["share"]) == {"colour": "red"}


@pytest.mark.parametrize(
    "words", [["--share", "0.1"], ["--data", "a", "--colour", "blue"], ["--data", "a", "--count", "x"]]
)
def test_what_cannot_be_read_is_refused(words: list[str]) -> None:
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        parsed(*words)


def test_the_help_tells_meaning_and_default(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser, Asked)
    parser.print_help()
    shown = " ".join(capsys.readouterr().out.split())
    assert "how much, in % (0.5)" in shown
    assert "--colour {red,green}" in shown


@dataclass(frozen=True)
class Other:
    share: float = 0.25
    """how much"""
    mirrored: bool = True
    seed: int = 0


def test_options_of_several_are_left_open_and_tell_all_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_options_of_several(parser, {"one": Asked, "other": Other}, besides=("seed", "data", "start"))
    assert given(parser.parse_args([]), Other) == {}
    assert given(parser.parse_args(["--share", "0.75", "--no-mirrored"]), Other) == {"share": 0.75, "mirrored": False}
    with pytest.raises(SystemExit):
        parser.parse_args(["--seed", "1"])
    parser.print_help()
    assert "how much, in % (one: 0.5; other: 0.25)" in " ".join(capsys.readouterr().out.split())


@dataclass(frozen=True)
class WithLater:
    width: int = 4
    topics: Annotated[str, OneOf(("old", "new")), Later] = "old"


def test_what_came_later_is_written_down_once_it_differs() -> None:
    assert recorded(WithLater()) == {"width": 4}
    assert recorded(WithLater(topics="new")) == {"width": 4, "topics": "new"}

"""Dataclass fields that say what they may hold, so that checks, options and parameters are read off them.

A field is written once, with its type, its rule, its default and, under it, what it means:

    temperature: Annotated[float, Within(0.1, 2.0)] = 0.65
    \"""below 1 safer, above 1 wilder\"""

Imports no torch.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from genai_demo.engine.generation.checks import SEED, check_number, check_one_of, check_whole
from genai_demo.errors import UserError

_MOST_SHOWN = 8
"""choices that a help text spells out"""


@dataclass(frozen=True)
class Within:
    """A number from `low` to `high`."""

    low: float
    high: float
    besides: float | None = None
    """a number outside of these bounds that is allowed as well, such as 0 for what is left open"""

    def check(self, field: Field, value: Any) -> None:
        """Raise `UserError` unless `value` is allowed."""
        if self.besides is None or value != self.besides:
            (check_whole if field.kind is int else check_number)(field.name, value, self.low, self.high)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return f"{self.low} to {self.high}"


@dataclass(frozen=True)
class OneOf:
    """One of some words."""

    allowed: tuple[str, ...]

    def check(self, field: Field, value: Any) -> None:
        """Raise `UserError` unless `value` is allowed."""
        check_one_of(field.name, value, self.allowed)

    def __str__(self) -> str:
        return ", ".join(self.allowed)


@dataclass(frozen=True)
class Each:
    """Several values, at least one, each of which obeys a rule."""

    rule: Within

    def check(self, field: Field, value: Any) -> None:
        """Raise `UserError` unless `value` is allowed."""
        if not isinstance(value, (tuple, list)) or not value:
            raise UserError("engine.not_several", name=field.name, value=str(value)[:40])
        for one in value:
            self.rule.check(replace(field, kind=get_args(field.kind)[0]), one)

    def __str__(self) -> str:
        return str(self.rule)


class Bookkeeping:
    """Marks a field that changes what is written down of a run, but nothing of what comes out of it."""


class Mistake:
    """Marks a switch that makes a classic mistake on purpose, for teaching what it breaks; it is off by default."""


class Live:
    """Marks a field of how a model is trained that may change while it is: it is looked up anew at every step."""


class Later:
    """Marks a field that came later: where a record lacks it, it has its default, which changes nothing."""


Seed = Annotated[int, Within(*SEED)]
Share = Annotated[float, Within(0.0, 1.0)]


@dataclass(frozen=True)
class Field:
    """One field of a dataclass."""

    name: str
    kind: type
    """int, float, str and so on"""
    default: Any
    """`MISSING` where there is none"""
    meaning: str
    """the docstring under it, one line"""
    rule: Within | OneOf | Each | None
    bookkeeping: bool = False
    later: bool = False
    """whether older receipts lack it"""
    mistake: bool = False
    """whether it makes a classic mistake on purpose"""
    live: bool = False
    """whether it may change during a run"""

    @property
    def described(self) -> str:
        """What it means, and what it may hold."""
        return "; ".join(part for part in (self.meaning, str(self.rule or "")) if part)


def fields_of(owner: Any) -> tuple[Field, ...]:
    """Return the fields of the dataclass `owner`, in the order in which they are written."""
    return _fields_of(owner)


@cache
def _fields_of(owner: Any) -> tuple[Field, ...]:
    hints, meanings = get_type_hints(owner, include_extras=True), _meanings(owner)
    found = []
    for field in fields(owner):
        kind, *rules = (
            get_args(hints[field.name]) if get_origin(hints[field.name]) is Annotated else [hints[field.name]]
        )
        if type(None) in get_args(kind):  # an option that may be left out
            kind = next(part for part in get_args(kind) if part is not type(None))
        rule = next((rule for rule in rules if isinstance(rule, (Within, OneOf, Each))), None)
        meaning, marks = meanings.get(field.name, ""), (mark in rules for mark in (Bookkeeping, Later, Mistake, Live))
        found.append(Field(field.name, kind, field.default, meaning, rule, *marks))
    return tuple(found)


def recorded(values: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as they are written down: a later one only if it has not its default."""
    plain = asdict(values)
    usual = {field.name for field in fields_of(type(values)) if field.later and plain[field.name] == field.default}
    return {name: value for name, value in plain.items() if name not in usual}


def check_fields(request: Any) -> None:
    """Raise `UserError` that names the first field of a dataclass whose value breaks its rule."""
    for field in fields_of(type(request)):
        value = getattr(request, field.name)
        if field.rule is not None and not (value is None and field.default is None):
            field.rule.check(field, value)


def check_values(owner: Any, values: Mapping[str, Any], unknown: str) -> None:
    """Raise `UserError` unless `values` are of fields of a dataclass and keep their rules.

    Args:
        owner: the dataclass.
        values: by the names of the fields.
        unknown: key of the sentence about what is no field, with the fields `name` and `allowed`.
    """
    known = {field.name: field for field in fields_of(owner)}
    for name, value in values.items():
        if name not in known:
            raise UserError(unknown, name=name, allowed=", ".join(known))
        if (rule := known[name].rule) is not None:
            rule.check(known[name], value)


def bookkeeping(owner: Any) -> frozenset[str]:
    """Return the names of the fields of a dataclass that are bookkeeping only."""
    return frozenset(field.name for field in fields_of(owner) if field.bookkeeping)


def add_options(
    parser: argparse.ArgumentParser, owner: type, names: Iterable[str] | None = None, left_open: Collection[str] = ()
) -> None:
    """Add an option for each field of a dataclass, or for some of them.

    A field without a default is an option that has to be given; a tuple takes several values; False is a switch.

    Args:
        parser: of the command.
        owner: the dataclass.
        names: of its fields; None takes all.
        left_open: those whose default depends on others: an option that is not given is None.
    """
    for field in fields_of(owner):
        if names is not None and field.name not in names:
            continue
        flag, plain = f"--{field.name.replace('_', '-')}", field.default not in ("", (), None, MISSING)
        meaning = (f"{field.meaning} ({field.default})" if plain else field.meaning).replace("%", "%%")
        if field.kind is bool:
            parser.add_argument(flag, action="store_true", help=field.meaning)
            continue
        several = get_origin(field.kind) is tuple
        choices = field.rule.allowed if isinstance(field.rule, OneOf) else None
        parser.add_argument(
            flag,
            type=get_args(field.kind)[0] if several else field.kind,
            nargs=("+" if field.default is MISSING else "*") if several else None,
            required=field.default is MISSING,
            default=None if field.name in left_open or field.default is MISSING else field.default,
            choices=choices,
            metavar=None if choices and len(choices) <= _MOST_SHOWN else field.name.upper(),
            help=meaning,
        )


def add_options_of_several(
    parser: argparse.ArgumentParser, owners: Mapping[str, type], besides: Collection[str]
) -> None:
    """Add an option for each field that one of several dataclasses has; one that is not given is None.

    Args:
        parser: of the command.
        owners: the dataclasses, by what their defaults are told for.
        besides: fields without an option.
    """
    found: dict[str, list[tuple[str, Field]]] = {}
    for label, owner in owners.items():
        for field in fields_of(owner):
            if field.name not in besides:
                found.setdefault(field.name, []).append((label, field))
    for name, those in found.items():
        field = next((one for _, one in those if one.meaning), those[0][1])
        defaults = "; ".join(f"{label}: {one.default}" for label, one in those)
        how: dict[str, Any] = {"type": field.kind, "metavar": name.upper()}
        if field.kind is bool:
            how = {"action": argparse.BooleanOptionalAction}
        meaning = f"{field.meaning} ({defaults})".strip().replace("%", "%%")
        parser.add_argument(f"--{name.replace('_', '-')}", default=None, help=meaning, **how)


def given(options: argparse.Namespace, owner: type) -> dict[str, Any]:
    """Return the options that are fields of `owner` and not None, by name."""
    values = {field.name: getattr(options, field.name, None) for field in fields_of(owner)}
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if value is not None
    }


def _meanings(owner: type) -> dict[str, str]:
    """Return the docstrings that stand under the fields of a class, each on one line."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for field, text in pairwise(definition.body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            found[ast.unparse(field.target)] = " ".join(str(text.value.value).split())
    return found

"""What a page "How it works" tells of a family of networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from genai_demo.engine.lessons.architecture import Part

Value = str | int | float | tuple[int, ...] | None
"""a number, the shape of a tensor, or words that are the same in every language; None where it is not known here"""


@dataclass(frozen=True)
class Drawn:
    """A network as its parts show it."""

    name: str
    """as the catalogue knows it"""
    takes: tuple[int, ...]
    """shape of what goes in, without the batch"""
    parts: tuple[Part, ...]
    weights: int
    """how many numbers it has learnt, all together"""


@dataclass(frozen=True)
class Claim:
    """Something to say for or against a family, with the address of the page at which anybody can try it."""

    name: str
    """as the catalogue knows it"""
    strength: bool
    """whether it speaks for the family"""
    tries: Mapping[str, str]
    """settings of the address, "page" among them"""


@dataclass(frozen=True)
class Lesson:
    """How a family works, told on one network of it."""

    name: str
    """of the lesson, as the catalogue knows it"""
    tab: str
    """of the page, on which its claims are tried"""
    checkpoint: str
    """folder and id of the checkpoint that was asked; "" for an untrained network"""
    networks: tuple[Drawn, ...]
    formulas: tuple[str, ...]
    """MathML, see `formula`; every symbol stands in `values`"""
    values: Mapping[str, Value]
    """what each symbol is now, in the order in which they are explained"""
    code: tuple[Callable[..., Any], ...]
    """functions that compute the objective"""
    claims: tuple[Claim, ...]
    paper: str
    """where the family comes from"""
    fields: Mapping[str, Value] = field(default_factory=dict)
    """of the catalogue's sentences about this network"""

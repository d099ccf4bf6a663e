"""The doors of a modality: all that the command line, the page and the doctor have to know of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.generation.service import Service
from genai_demo.engine.training.config import Trainable

if TYPE_CHECKING:
    from genai_demo.engine.lessons.lesson import Lesson


class Commands(Protocol):
    """What a modality does on the command line; a module with these functions. Each may raise `UserError`."""

    def add_train_options(self, parser: argparse.ArgumentParser) -> None: ...
    def add_generate_options(self, parser: argparse.ArgumentParser) -> None: ...
    def add_evaluate_options(self, parser: argparse.ArgumentParser) -> None: ...
    def add_export_options(self, parser: argparse.ArgumentParser) -> None: ...

    def train(self, options: argparse.Namespace) -> None: ...
    def generate(self, options: argparse.Namespace) -> None: ...
    def evaluate(self, options: argparse.Namespace) -> None: ...
    def export(self, options: argparse.Namespace) -> None: ...

    def reproduce(self, receipt: Receipt, out: Path) -> None:
        """Make again what a receipt records and write it into the folder `out`."""


class Explaining(Protocol):
    """What explains the results of a modality on the command line; a module with these functions."""

    def add_explain_options(self, parser: argparse.ArgumentParser) -> None: ...

    def explain(self, options: argparse.Namespace) -> None:
        """Print why a result became what it is, or raise `UserError`."""


@dataclass(frozen=True)
class Modality:
    """One kind of thing that can be made; nothing that it names loads torch or the page before it is called."""

    name: str
    """as in commands and receipts"""
    commands: Commands
    service: Service[Any, Any, Any]
    tab: str
    """module whose `build(texts, page)` makes its tab of the page and offers its endpoints"""
    warm: Callable[[], None]
    """loads what the first visitor would have to wait for"""
    inspect: Callable[[Path, str], Mapping[str, Any] | None]
    """says in a language what a file or folder is: its "kind", and what else there is to tell; None for others"""
    glance: Callable[[Path, str], Mapping[str, Any] | None] | None = None
    """the same of a file that somebody has just given, and waits for, with an "example" of what is in it, by the ending
    of a file; None for what `inspect` says"""
    explaining: Explaining | None = None
    """None where nothing explains its results"""
    packages: tuple[str, ...] = ()
    """distributions that it needs besides those of the engine and the page"""
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """options that the help of each command shows, by the command's name"""
    trainable: Mapping[str, Trainable] = field(default_factory=dict)
    """what the page offers to train, by `--model`"""
    sizes: Callable[[str], type] | None = None
    """from one of these to the dataclass of its network's sizes"""
    uploads: tuple[str, ...] = ()
    """how names of files end that it can learn from, in lower case"""
    lessons: Mapping[str, Callable[[], Lesson]] = field(default_factory=dict)
    """how its families of networks work, by the lesson's name; each may raise `UserError`"""
    previews: Mapping[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    """what makes of a run's sample something that a browser shows or plays, by both endings, such as "mid.svg\""""


def later(module: str, name: str) -> Callable[[], Any]:
    """Return a function that calls the one of that name in a module, which is imported when it is called."""

    def call() -> Any:
        return getattr(import_module(module), name)()

    return call

"""One thing that goes wrong in a run: what is seen, the figures that show it, and the setting to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genai_demo.catalogue import LANGUAGES, message

Value = float | int | bool
PLACES = {"training": "--{}", "train": "--{}", "budget": "--{}", "model": "--size {}"}
"""where settings stand in the configuration of a run, and how those are typed: "model" are the sizes of the network"""


@dataclass(frozen=True)
class Change:
    """A setting that had better be another one."""

    place: str
    """one of `PLACES`"""
    name: str
    """such as "learning_rate\""""
    value: Value

    @property
    def option(self) -> str:
        """Return it as it is typed on the command line, such as "--learning-rate 0.0003"."""
        typed = f"{self.value:g}" if isinstance(self.value, float) else str(self.value)
        if self.place == "model":
            return f"{PLACES['model'].format(self.name)}={typed}"
        option = PLACES[self.place].format(self.name.replace("_", "-"))
        if isinstance(self.value, bool):
            return option if self.value else option.replace("--", "--no-", 1)
        return f"{option} {typed}"


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a run."""

    name: str
    """key of its sentences in the catalogue, such as "mode_collapse\""""
    step: int
    """of the last line of figures that it goes by"""
    figures: Mapping[str, float | int]
    """what shows it, by the names of the sentence's fields"""
    change: Change
    """the setting that the remedy means"""

    @property
    def on_purpose(self) -> bool:
        """Whether it comes of a mistake that is switched on: then the remedy is to switch that off."""
        return self.change.value is False

    def seen(self, language: str) -> str:
        """Return what is seen, in one sentence."""
        return message(f"diagnosis.{self.name}", language)

    def evidence(self, language: str) -> str:
        """Return the figures that show it."""
        told = {name: value if isinstance(value, int) else f"{value:.3g}" for name, value in self.figures.items()}
        return message(f"diagnosis.{self.name}_evidence", language, **told)

    def remedy(self, language: str) -> str:
        """Return what to try."""
        key = "diagnosis.switch_off" if self.on_purpose else f"diagnosis.{self.name}_remedy"
        return message(key, language, option=self.change.option)

    @property
    def record(self) -> dict[str, Any]:
        """All of this in every language, JSON-able; a figure that is no number is told as text."""
        change = {"place": self.change.place, "name": self.change.name, "value": self.change.value}
        return {
            "name": self.name,
            "step": self.step,
            "figures": {
                name: value if abs(value) < float("inf") else str(value) for name, value in self.figures.items()
            },
            "change": {**change, "option": self.change.option},
            "on_purpose": self.on_purpose,
            "seen": {language: self.seen(language) for language in LANGUAGES},
            "evidence": {language: self.evidence(language) for language in LANGUAGES},
            "remedy": {language: self.remedy(language) for language in LANGUAGES},
        }

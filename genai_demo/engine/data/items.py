"""What was read to learn from: how much of it is used, what was left out and why, and what had better be known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genai_demo.catalogue import LANGUAGES, message
from genai_demo.errors import UserError

_OF_TABLES = (".no_row", ".csv_row", ".bad_csv", ".csv_twice", ".bad_label", ".csv_tempo")
"""keys of what is wrong with label tables"""
FEW = 50
"""items below which a model learns them by heart, if anything"""


def reasons(train: Sequence[tuple[str, UserError]], held_out: Sequence[tuple[str, UserError]]) -> tuple[UserError, ...]:
    """Return why things were left out while the two splits of a source were read.

    Args:
        train, held_out: names and reasons; what a label table lacks is named by both.
    """
    others = [reason for _, reason in held_out if not reason.key.endswith(_OF_TABLES)]
    return (*(reason for _, reason in train), *others)


def count_held_out(items: int, share: float) -> int:
    """Return how many of some items are held out where a `share` of them is: at least one."""
    return max(1, round(share * items))


@dataclass(frozen=True)
class Items:
    """What was read of one or several sources."""

    sentences: str
    """catalogue file of the sentences `items`, which names them, and `hold_out`, which says how to hold some out"""
    used: int
    """to learn from"""
    held_out: int
    """to measure on"""
    labelled: int
    """of those that are used"""
    left_out: Sequence[UserError] = ()
    """why each of the others was left out"""
    remarks: Sequence[UserError] = ()
    """what else was noticed while reading"""

    def because(self, language: str) -> str:
        """Return the commonest reason for leaving something out; "" if nothing was left out."""
        if not self.left_out:
            return ""
        ((key, _),) = Counter(error.key for error in self.left_out).most_common(1)
        return next(error for error in self.left_out if error.key == key).in_language(language)

    def told(self, language: str) -> str:
        """Return what was read in one line."""
        counts = {"used": self.used, "held_out": self.held_out, "labelled": self.labelled}
        name, left_out = message(f"{self.sentences}.items", language), len(self.left_out)
        if not left_out:
            return message("data.items", language, name=name, **counts)
        reason = self.because(language).rstrip(".。")
        return message("data.items_left_out", language, name=name, left_out=left_out, reason=reason, **counts)

    def warnings(self, language: str) -> list[str]:
        """Return what had better be known before a model learns from this, a sentence each."""
        name = message(f"{self.sentences}.items", language)
        found = [remark.in_language(language) for remark in self.remarks]
        if not self.held_out:
            how = message(f"{self.sentences}.hold_out", language)
            found.append(message("data.nothing_held_out", language, how=how))
        if not self.labelled:
            found.append(message("data.nothing_labelled", language))
        if self.used < FEW:
            found.append(message("data.a_handful", language, name=name, used=self.used))
        return found

    def inspected(self, kind: str, language: str) -> dict[str, Any]:
        """Return what `inspect` says of a source of these."""
        counts = {"used": self.used, "left_out": len(self.left_out), "held_out": self.held_out}
        items = {**counts, "labelled": self.labelled, "because": self.because(language)}
        return {"kind": kind, "items": items, "remarks": [self.told(language), *self.warnings(language)]}

    @property
    def record(self) -> dict[str, Any]:
        """All of this in every language, JSON-able."""
        return {
            "used": self.used,
            "left_out": len(self.left_out),
            "held_out": self.held_out,
            "labelled": self.labelled,
            "because": {language: self.because(language) for language in LANGUAGES},
            "told": {language: self.told(language) for language in LANGUAGES},
            "warnings": {language: self.warnings(language) for language in LANGUAGES},
        }

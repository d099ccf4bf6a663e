"""Every sentence a person can read, in English and Chinese, looked up by key.

A key is `<package>.<name>`, and lives in `catalogue/<language>/<package>.json`. Sentences contain
`str.format` fields: `message("engine.seed_range", "en", value=-1, low=0, high=10)`. A field with two words after it,
`{count:bar|bars}`, is the first of them where its value is 1, and else the second.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

LANGUAGES = ("en", "zh", "zh-Hant")
"""English, Chinese in simplified characters, and the same in traditional ones, in the words of Taiwan"""
_TRADITIONAL = {"hant", "tw", "hk", "mo"}
"""scripts and regions in a locale that say so"""
_folders = [Path(__file__).parent]


class _Counting(Formatter):
    """Fills in sentences, with the singular where a count is 1."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, either, many = format_spec.partition("|")
        if either:
            return one if str(value) == "1" else many
        return format(value, format_spec)


_FORMATTER = _Counting()


def add_sentences(folder: Path) -> None:
    """Take up the sentences of a package that lies elsewhere, in `folder/<language>/<package>.json`."""
    _folders.append(folder)
    sentences.cache_clear()


@cache
def sentences(language: str) -> dict[str, str]:
    """Return all sentences of one language by key.

    Args:
        language: one of `LANGUAGES`.
    """
    if language == "zh-Hant":
        # Imported here: it reads its dictionaries, which only those who read these characters need.
        from opencc import OpenCC

        convert = OpenCC("s2twp").convert
        return {key: convert(sentence) for key, sentence in sentences("zh").items()}
    merged: dict[str, str] = {}
    for file in sorted(file for folder in _folders for file in (folder / language).glob("*.json")):
        for name, sentence in json.loads(file.read_text(encoding="utf-8")).items():
            merged[f"{file.stem}.{name}"] = sentence
    return merged


def message(key: str, language: str = "en", /, **values: object) -> str:
    """Return the sentence of `key` in `language` with its fields filled in.

    Raises:
        KeyError: no such key, or a field of the sentence has no value.
    """
    # vformat takes the values as they are: as keywords of format, one called format_string would be taken for another.
    return _FORMATTER.vformat(sentences(language)[key], (), values)


def match_language(accept_language: str) -> str:
    """Return the language of `LANGUAGES` that an `Accept-Language` header asks for first.

    Every Chinese locale (`zh`, `zh-HK`, `zh-Hans-CN`, ...) gets Chinese, in the characters of its script or region;
    what is not known gets English.
    """
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language.split(",")):
        tag, _, parameters = part.strip().partition(";")
        try:
            weight = float(parameters.strip().removeprefix("q=")) if parameters.strip() else 1.0
        except ValueError:
            continue
        weighted.append((-weight, position, tag.strip().lower()))
    for weight, _, tag in sorted(weighted):
        primary, *further = tag.replace("_", "-").split("-")
        if weight < 0 and primary in LANGUAGES:
            traditional = primary == "zh" and "hans" not in further and not _TRADITIONAL.isdisjoint(further)
            return "zh-Hant" if traditional else primary
    return "en"


def terminal_language() -> str:
    """Return the language of `LANGUAGES` for whoever types commands, as the environment says."""
    return match_language(os.environ.get("LANG", "").partition(".")[0])

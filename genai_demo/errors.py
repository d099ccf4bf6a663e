"""The one error that a person is meant to read."""

from __future__ import annotations

from pathlib import Path

from genai_demo.catalogue import message


class UserError(ValueError):
    """Something the user can put right; `str()` is the English sentence, `in_language` any other.

    Args:
        key: key of the sentence in the catalogue.
        values: what fills the sentence's fields; paths below the working directory are named relative to it.
    """

    def __init__(self, key: str, /, **values: object) -> None:
        values = {name: _from_here(value) if isinstance(value, Path) else value for name, value in values.items()}
        super().__init__(message(key, "en", **values))
        self.key = key
        self.values = values

    def in_language(self, language: str) -> str:
        """Return the sentence in `language` (one of `LANGUAGES`)."""
        return message(self.key, language, **self.values)


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) and path != here else path

"""The one error that a person is meant to read."""

from __future__ import annotations

from genai_demo.catalogue import message


class UserError(ValueError):
    """Something the user can put right; `str()` is the English sentence, `in_language` any other.

    Args:
        key: key of the sentence in the catalogue.
        values: what fills the sentence's fields.
    """

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(message(key, "en", **values))
        self.key = key
        self.values = values

    def in_language(self, language: str) -> str:
        """Return the sentence in `language` ("en" or "zh")."""
        return message(self.key, language, **self.values)

"""Whether a model has ever read the language of a text that it is to go on with."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.errors import UserError
from genai_demo.text.data.words import is_chinese
from genai_demo.text.requests import WRITERS, GenerateRequest, Request
from genai_demo.text.sampling.loading import checkpoint_folder, is_here

if TYPE_CHECKING:
    from genai_demo.text.tokens.tokenizer import Tokenizer

_MOST_FOREIGN = 0.5
"""share of a text's letters that may be foreign to a model: a name in its own script is no other language"""
_SHOWN = 20
"""characters that the sentence quotes"""
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]{2,}")
_NAME = 3
"""words in Latin letters that are more than a name"""


def check_letters(request: Request, model: str | None = None) -> None:
    """Raise `UserError` if most letters of a request's text are of a script or language that its model has not read.

    A tokenizer that has read a script knows its commoner letters as a whole; of others it knows the bytes only. Chinese
    headlines hold names and abbreviations in Latin letters, but no sentences.

    Args:
        request: one that is allowed.
        model: name or folder of the checkpoint; None takes the one that ships for the request.
    """
    text = request.opening if isinstance(request, GenerateRequest) else request.text
    letters = [letter for letter in text if letter.isalpha()]
    chinese = WRITERS[request.model].language == "zh"
    if not chinese and all(map(_is_latin, letters)):
        return
    file = checkpoint_folder(model or request.model) / "tokenizer.json"
    if not file.is_file():  # whoever loads the checkpoint says what is wrong with it
        return
    tokenizer = _tokenizer(file, file.stat().st_mtime_ns)
    known = {letter: len(tokenizer.encode(letter)) < len(letter.encode()) for letter in set(letters)}
    foreign = [letter for letter in letters if not _is_latin(letter) and not known[letter]]
    if len(foreign) > _MOST_FOREIGN * len(letters):
        words = next(word for word in re.findall(r"[^\W_]+", text) if set(word) & set(foreign))[:_SHOWN]
        other = "headlines" if isinstance(request, GenerateRequest) else "headlines-masked"
        if not chinese and sum(map(is_chinese, foreign)) * 2 > len(foreign) and is_here(other):
            raise UserError("text.foreign_chinese", text=words, model=other)
        raise UserError("text.foreign_letters", text=words)
    if chinese:
        _check_latin(text, letters, tokenizer)


def _check_latin(text: str, letters: list[str], tokenizer: Tokenizer) -> None:
    """Raise `UserError` if a text is of words in Latin letters that are no names and no known abbreviations."""
    words = [word for word in _LATIN_WORD.findall(text) if not _is_known(word, tokenizer)]
    sentence = len(words) >= _NAME or any(word.islower() for word in words)
    if sentence and sum(map(len, words)) > _MOST_FOREIGN * len(letters):
        raise UserError("text.foreign_language", text=" ".join(words)[:_SHOWN])


def _is_known(word: str, tokenizer: Tokenizer) -> bool:
    return min(len(tokenizer.encode(word)), len(tokenizer.encode(f" {word}"))) == 1


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")


@lru_cache(maxsize=8)
def _tokenizer(file: Path, _changed: int) -> Tokenizer:
    from genai_demo.text.tokens.tokenizer import Tokenizer

    return Tokenizer.read(file)

"""A visitor's own text as a model reads it: the bits of each word, beside gzip, counting and the other model."""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from genai_demo.errors import UserError
from genai_demo.text.data.words import is_chinese
from genai_demo.text.explaining.influence import Influence, influence
from genai_demo.text.explaining.known import Nearest, known
from genai_demo.text.explaining.surprise import ReadWord, read_tokens, words_read
from genai_demo.text.explaining.units import activation_of
from genai_demo.text.models.gru import GruModel
from genai_demo.text.requests import CHINESE, ENGLISH, WRITERS, GenerateRequest, ReadRequest
from genai_demo.text.sampling.letters import check_letters
from genai_demo.text.sampling.loading import LoadedModel, checkpoint_folder, is_here, load, registry
from genai_demo.text.tokens.special_tokens import END, MASK
from genai_demo.text.tokens.tokenizer import FILE

GZIP_FRAME = 18
"""bytes of a gzip file that are no text: its header, checksum and length (RFC 1952, section 2.3)"""
STRANGE = 3.0
"""bits per byte from which a text is of no kind that its model has learnt; its own kind of news takes 1.2 to 1.8"""


@dataclass(frozen=True)
class Measure:
    """What something needs for a whole text."""

    name: str
    """short name of a model, "kneser_ney" or "gzip\""""
    bits: float
    kind: Literal["exact", "bound", "file"]
    """"exact": the length of the shortest code; "bound": it needs no more; "file": the size of a file"""


@dataclass(frozen=True)
class Reading:
    """A text as a model read it."""

    reader: str
    """short name of the model"""
    model: str
    """its folder's name"""
    checkpoint: str
    """its id"""
    bytes: int
    """of the text in UTF-8"""
    words: tuple[ReadWord, ...]
    measures: tuple[Measure, ...]
    """of the model itself first, then of those beside it"""
    strange: bool
    """whether the text is of no kind that the model knows"""
    nearest: Nearest | None
    """the article that it learnt from with most in common; None where there is none, or nothing is known of these"""

    @property
    def bits_per_byte(self) -> float:
        """Bits that the model needs per byte of the text."""
        return self.measures[0].bits / self.bytes


def read(request: ReadRequest, own: str = "") -> Reading:
    """Let a model read a text.

    Args:
        request: the text, and the kind of model.
        own: name or folder of a model that reads in place of the one of its kind that ships.

    Raises:
        UserError: the request is not allowed, the model cannot be used, or it has never read such letters.
    """
    reader, loaded = reader_of(request, own)
    return _read(request.text, reader, loaded.checkpoint.id, _name_of(reader, own))


def reader_of(request: ReadRequest, own: str = "") -> tuple[str, LoadedModel]:
    """Return the short name of the model that reads a text, and the model; see `read`."""
    request.check()
    reader = reader_name(request)
    name = _name_of(reader, own)
    # The check of openings is that of whatever a model reads.
    check_letters(GenerateRequest(model=reader, opening=request.text), name)
    return reader, load(name, reader)


def reader_name(request: ReadRequest) -> str:
    """Return the short name of the model that reads a text: one for Chinese where most of its letters are.

    Where the masked model of headlines is not here, the GRU reads all that is Chinese.
    """
    letters = [letter for letter in request.text if letter.isalpha()]
    if sum(map(is_chinese, letters)) * 2 <= len(letters):
        return request.model
    return "headlines-masked" if request.model == "masked" and is_here("headlines-masked") else "headlines"


def _name_of(reader: str, own: str) -> str:
    return own if own and registry.kind(load(own).checkpoint) == reader else reader


@lru_cache(maxsize=16)
def _read(text: str, reader: str, _checkpoint: str, name: str) -> Reading:
    loaded = load(name, reader)
    words = words_read(read_tokens(loaded, text), text, loaded.tokenizer)
    measures = [Measure(reader, math.fsum(word.bits for word in words), _kind(loaded))]
    for other in ENGLISH if reader in ENGLISH else CHINESE:
        if other != reader and registry.problem(other) is None:
            beside = load(other, other)
            measures.append(Measure(other, math.fsum(one.bits for one in read_tokens(beside, text)), _kind(beside)))
    counted = known(WRITERS[reader].name)
    counting = "gru" if reader in ENGLISH else "headlines"
    if counted and counted.counts_tokens_of(checkpoint_folder(counting) / FILE):
        measures.append(Measure("kneser_ney", counted.bits(text, load(counting).tokenizer), "exact"))
    measures.append(Measure("gzip", 8.0 * len(gzip.compress(text.encode(), 9, mtime=0)), "file"))
    size = len(text.encode())
    nearest = counted.nearest(text) if counted else None
    folder = registry.names.get(name, name)
    strange = measures[0].bits / size > STRANGE
    return Reading(reader, folder, loaded.checkpoint.id, size, words, tuple(measures), strange, nearest)


def _kind(loaded: LoadedModel) -> Literal["exact", "bound"]:
    return "exact" if isinstance(loaded.network, GruModel) else "bound"


def influence_on(request: ReadRequest, word: int, own: str = "") -> Influence:
    """Return how much each token of a text mattered for a word in it; of the masked model, when only that is unknown.

    Args:
        request: as in `read`.
        word: its number, from 0.
        own: as in `read`.

    Raises:
        UserError: as `read`, or there is no such word.
    """
    words = read(request, own).words
    if not 0 <= word < len(words):
        raise UserError("text.no_such_word", number=word + 1, count=len(words))
    _, loaded = reader_of(request, own)
    place, count = words[word].tokens[0].place, len(words[word].tokens)
    ids = _ids(loaded, request.text)
    tokens = ids[place : place + count]
    if isinstance(loaded.network, GruModel):
        return influence(loaded, ids[:place], place, tokens)
    row = [*ids[:place], *[MASK] * count, *ids[place + count :], END]
    found = influence(loaded, row, place, tokens)
    return found


def unit_along(request: ReadRequest, unit: int, own: str = "") -> tuple[float, ...]:
    """Return the value of a unit of the GRU after each token of a text, -1 to 1.

    Args:
        request: as in `read`.
        unit: its number, those of the first layer first.
        own: as in `read`.

    Raises:
        UserError: as `read`, the model has no such unit, or it is no GRU.
    """
    _, loaded = reader_of(request, own)
    return activation_of(loaded, _ids(loaded, request.text), unit)[1:]


def _ids(loaded: LoadedModel, text: str) -> list[int]:
    return [loaded.tokenizer.topics.tokens["any"], *loaded.tokenizer.encode(text)]

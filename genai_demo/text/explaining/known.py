"""What is known of the texts that the shipped models learnt from: counts and hashes, and no text.

The folder `counts` holds, for each set of topics, a Kneser-Ney model of the news that a model learnt from last, pruned
until it is small, and a hash of every third run of four words of each of its articles; `counting.py` makes them. So a
text can be measured beside counting, and the article that has most in common with it can be named by its number and
share; what that article says cannot be told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from genai_demo.engine.evaluation.ngram_hashes import NgramHashes
from genai_demo.engine.evaluation.ngrams import KneserNey
from genai_demo.engine.models.checkpoint import CONFIG, Checkpoint, read_checkpoint
from genai_demo.text.data.words import HAN

if TYPE_CHECKING:
    from genai_demo.text.tokens.tokenizer import Tokenizer

COUNTS = Path(__file__).parent / "counts"
"""a folder for each set of topics, in the form of a checkpoint"""
FAMILY = "ngrams"
ORDER = 3
RUN = 4
"""words, or Chinese characters, of a run whose hash is kept"""
STRIDE = 3
"""words from the start of one such run of an article to the next: what has `RUN + STRIDE - 1` is found for certain"""
Runs = npt.NDArray[np.uint32]
_WORD = re.compile(f"[{HAN}]|[^\\W{HAN}]+")


@dataclass(frozen=True)
class Nearest:
    """The article that has most words in runs in common with a text."""

    article: int
    """number, from 1, among the articles that were counted"""
    articles: int
    """how many were"""
    share: float
    """of the text's words that stand in it in runs as they do there, at least, 0 to 1"""
    anywhere: float
    """the same of all articles together"""
    spans: tuple[tuple[int, int], ...]
    """the characters of the text that they are: first, and the one after the last"""


@dataclass(frozen=True)
class Known:
    """Counts and hashes of the texts that a model learnt from."""

    checkpoint: Checkpoint
    ngrams: KneserNey
    tokenizer_hash: str
    """of the tokenizer whose tokens were counted"""
    runs: Runs
    """(N,) sorted"""
    owners: npt.NDArray[np.int32]
    """(N,) number of the article of each run, from 0"""
    articles: int

    @property
    def kept(self) -> int:
        """N-grams of two tokens or more that are kept."""
        return self.ngrams.kept

    def counts_tokens_of(self, tokenizer_file: Path) -> bool:
        """Return whether a tokenizer is the one whose tokens were counted."""
        return file_hash(tokenizer_file) == self.tokenizer_hash

    def bits(self, text: str, tokenizer: Tokenizer) -> float:
        """Return the bits that the Kneser-Ney model needs for a text without its end."""
        return self.ngrams.bits([tokenizer.encode(text)])

    def nearest(self, text: str) -> Nearest | None:
        """Return the article with the largest share of a text's words; None where none has a run of it.

        Of a run of `RUN` words a third is found, of one of `RUN + STRIDE - 1` words all. A run of 32 bits is taken for
        another one in one of some 5,000 cases.
        """
        spans = [match.span() for match in _WORD.finditer(text.lower())]
        hashes = run_hashes([text], stride=1)[0]
        low, high = np.searchsorted(self.runs, hashes, "left"), np.searchsorted(self.runs, hashes, "right")
        covered: dict[int, set[int]] = {}
        for first, (begin, end) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
            for owner in set(self.owners[begin:end].tolist()):
                covered.setdefault(owner, set()).update(range(first, first + RUN))
        if not covered:
            return None
        nearest = max(covered, key=lambda owner: (len(covered[owner]), -owner))
        words, anywhere = covered[nearest], set[int]().union(*covered.values())
        total = len(spans)
        return Nearest(
            nearest + 1, self.articles, len(words) / total, len(anywhere) / total, tuple(_joined(words, spans))
        )


def _joined(words: Iterable[int], spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the characters of words, those of neighbours as one."""
    found: list[tuple[int, int]] = []
    before = -2
    for word in sorted(words):
        first, end = spans[word]
        if word == before + 1:
            first = found.pop()[0]
        found.append((first, end))
        before = word
    return found


def run_hashes(texts: Iterable[str], stride: int = STRIDE) -> list[Runs]:
    """Return for each text the hashes of its runs of `RUN` words, every `stride`-th one; punctuation is left out."""
    symbols = [np.array([_symbol(word) for word in _WORD.findall(text.lower())], np.int64) for text in texts]
    hashes, owners = NgramHashes(symbols).runs(RUN)
    counts = np.bincount(owners, minlength=len(symbols))
    parts = np.split((hashes >> np.uint64(32)).astype(np.uint32), np.cumsum(counts)[:-1])
    return [part[::stride] for part in parts]


@lru_cache(maxsize=2**17)
def _symbol(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(errors="replace"), digest_size=8).digest(), "big") >> 1


def file_hash(file: Path) -> str:
    """Return 12 hexadecimal digits that stand for the content of a file; "" if it is not there."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else ""


def known(topics: str) -> Known | None:
    """Return what is known of the texts with a set of topics; None if that is not here.

    Args:
        topics: name of the set, one of `TOPIC_SETS`.

    Raises:
        UserError: a file is damaged.
    """
    folder = COUNTS / topics
    config = folder / CONFIG
    return _read(folder, config.stat().st_mtime_ns) if config.is_file() else None


@cache
def _read(folder: Path, _changed: int) -> Known:
    checkpoint = read_checkpoint(folder)
    arrays = {name: tensor.numpy() for name, tensor in checkpoint.weights().items()}
    runs = arrays.pop("runs").view(np.uint32)
    owners = np.repeat(np.arange(len(arrays["runs_of"]), dtype=np.int32), arrays.pop("runs_of"))
    order = np.argsort(runs, kind="stable")
    model = checkpoint.model
    given = (KneserNey.from_arrays(arrays), str(model["tokenizer"]), runs[order], owners[order], int(model["articles"]))
    return Known(checkpoint, *given)

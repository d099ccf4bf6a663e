"""Figures of Chinese headlines, which are counted in characters, each beside that of real ones."""

from __future__ import annotations

import random
from collections.abc import Sequence

from genai_demo.engine.evaluation.figure import Figure, Figures
from genai_demo.text.data.memorization import CopyCheck
from genai_demo.text.data.words import joined_words, words_of
from genai_demo.text.evaluation.metrics import distinct
from genai_demo.text.evaluation.two_sample import two_sample_figures


def headline_figures(texts: list[str], real: Sequence[str], training: list[str], seed: int) -> Figures:
    """Return the figures of written headlines.

    Args:
        texts: those written, at least one.
        real: held-out ones; empty where there are none.
        training: what the model has learnt from; empty where it is not known.
        seed: of the order in which the real ones are compared.
    """
    shuffled = list(real)
    random.Random(seed).shuffle(shuffled)
    figures: Figures = {}
    # The more text, the fewer pairs are new: both are cut to the same number of characters.
    total = min(_characters(texts), _characters(shuffled)) if shuffled else _characters(texts)
    compared = distinct(_first(shuffled, total)) if shuffled else None
    figures["distinct_2_characters"] = Figure(distinct(_first(texts, total)), "share", total, compared)
    if training:
        check, known = CopyCheck(training), set(map(_plain, training))
        for name, share in (
            ("copied_8_characters", check.share),
            ("copied_headlines", lambda part: sum(_plain(text) in known for text in part) / len(part)),
        ):
            floor = share(shuffled) if shuffled else None
            figures[name] = Figure(share(texts), "share", len(texts), floor)
    mean = _characters(shuffled) / len(shuffled) if shuffled else None
    figures["mean_characters"] = Figure(_characters(texts) / len(texts), "characters", len(texts), mean)
    return figures | two_sample_figures(texts, shuffled, seed)


def _plain(text: str) -> str:
    return "".join(text.split())


def _characters(texts: Sequence[str]) -> int:
    return sum(map(len, map(words_of, texts)))


def _first(texts: Sequence[str], total: int) -> list[str]:
    """Return the first `total` characters of texts."""
    kept = []
    for text in texts:
        characters = words_of(text)[:total]
        total -= len(characters)
        kept.append(joined_words(characters))
    return kept

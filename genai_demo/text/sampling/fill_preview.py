"""What a masked model that is still learning puts into the blanks of texts that it has not read."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch

from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.sampling.decoding import Sampling, Vocabulary, unmask
from genai_demo.text.tokens.special_tokens import END, MASK
from genai_demo.text.tokens.tokenizer import Tokenizer

_LONGEST = 40
"""tokens of a text that are shown"""
_EVERY = 3
"""one in so many words that are a single token is blank"""
_STEPS = 8
_SURE = Sampling(temperature=0.3)
"""what it holds for likely, and not what it might say once"""


def fill_preview(model: MaskedModel, tokenizer: Tokenizer, texts: Sequence[tuple[str, str]]) -> str:
    """Return texts with their filled blanks in brackets, the right word behind a wrong one; always the same blanks.

    A network fills blanks sensibly long before it can write a text from nothing, so that shows its first steps.

    Args:
        model: the network.
        tokenizer: its tokenizer.
        texts: topics and texts.
    """
    vocabulary = Vocabulary(tokenizer)
    shown, right, blanks = [], 0, 0
    for topic, text in texts:
        ids = tokenizer.encode(text)[:_LONGEST]
        places = _blanks(ids, vocabulary)
        hidden = [MASK if place in places else token for place, token in enumerate(ids)]
        row = torch.tensor([[tokenizer.topics.tokens[topic], *hidden, END]])
        allowed = vocabulary.whole.expand(1, row.shape[1], -1)
        filled = row[0].tolist()
        if places:
            filled = list(unmask(model, row, allowed, _SURE, _STEPS, seed=0))[-1].ids[0].tolist()
        made = filled[1:-1]
        shown.append(f"[{topic}] {_marked(ids, made, places, tokenizer)}\n")
        right += sum(ids[place] == made[place] for place in places)
        blanks += len(places)
    return f"{right}/{blanks}\n\n" + "\n".join(shown)


def _blanks(ids: list[int], vocabulary: Vocabulary) -> set[int]:
    """Return places of whole words, drawn by a fixed seed."""
    words = vocabulary.words.tolist()
    if vocabulary.topics.language == "zh":  # no spaces tell where a word begins
        whole = [place for place, token in enumerate(ids) if vocabulary.spelt[token]]
    else:
        whole = [
            place
            for place in range(1, len(ids) - 1)
            if words[ids[place]] and not bool(vocabulary.inner[ids[place + 1]])
        ]
    return set(random.Random(0).sample(whole, len(whole) // _EVERY or min(1, len(whole))))


def _marked(ids: list[int], made: list[int], places: set[int], tokenizer: Tokenizer) -> str:
    """Return a text with brackets around what was filled in."""
    parts: list[str] = []
    kept: list[int] = []
    for place, token in enumerate(made):
        if place not in places:
            kept.append(token)
            continue
        parts.append(tokenizer.decode(kept))
        kept = []
        word, meant = tokenizer.decode([token]).strip(), tokenizer.decode([ids[place]]).strip()
        space = "" if tokenizer.topics.language == "zh" else " "
        parts.append(f"{space}[{word}]" if token == ids[place] else f"{space}[{word} ≠ {meant}]")
    return "".join([*parts, tokenizer.decode(kept)])

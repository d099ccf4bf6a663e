"""Writes news with the GRU, word by word."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from genai_demo.text.data.cleaning import (
    cut_to_sentence,
    dateline_cuts,
    ends_sentence,
    settled,
    source_cuts,
    story,
)
from genai_demo.text.models.gru import GruModel
from genai_demo.text.requests import GenerateRequest
from genai_demo.text.results import Draft, Piece, Update, joined, without
from genai_demo.text.sampling.decoding import LONGEST_HEADLINE, Sampling, TokenStream
from genai_demo.text.sampling.loading import LoadedModel
from genai_demo.text.tokens.special_tokens import END

OVERRUN = 40
"""tokens beyond the length in which the last sentence may be brought to its end"""


def write(loaded: LoadedModel, request: GenerateRequest) -> Iterator[Update]:
    """Yield the texts after every token.

    A model that has learnt headlines writes one first, unless the opening begins the story, and parts it by a line
    break. A text may end only where a sentence of the story does. One that is longer than asked for is cut back to its
    last sentence end; one that has none goes on for at most `OVERRUN` tokens.
    """
    assert isinstance(loaded.network, GruModel)
    tokenizer = loaded.tokenizer
    opening = request.opening.rstrip()
    ids = tokenizer.encode(opening)
    # Whoever gives a whole sentence, or as much, has begun the story.
    begun = "\n" not in opening and (ends_sentence(opening) or len(ids) >= LONGEST_HEADLINE)
    sampling = Sampling(request.temperature, request.top_p, request.min_p, request.repetition_penalty)
    stream = TokenStream(
        loaded.network,
        loaded.vocabulary,
        request.topic,
        ids,
        request.variants,
        sampling,
        request.seed,
        headline=loaded.headlines and not begun,
    )
    written: list[list[Piece]] = [[] for _ in range(request.variants)]
    done = [False] * request.variants
    most = request.length + OVERRUN
    for step in range(1, most + 1):
        texts = [opening + joined(pieces) for pieces in written]
        ends = [ends_sentence(story(text)) for text in texts]
        if step > request.length:
            done = [so_far or bool(_cut(text, opening)) for so_far, text in zip(done, texts, strict=True)]
            if all(done):
                break
        tokens = stream.next([end and bool(pieces) for end, pieces in zip(ends, written, strict=True)])
        for index, (token, confidence) in enumerate(zip(tokens, stream.confidence, strict=True)):
            if not done[index]:
                if token == END:
                    done[index] = True
                else:
                    written[index].append(Piece(tokenizer.decode([token]), "filled", step, confidence))
        if all(done):
            break
        yield Update(tuple(map(_draft, written, itertools.repeat(opening), done)), step, most)
    yield Update(tuple(_draft(pieces, opening, True) for pieces in written), step, most)


def _cut(text: str, opening: str) -> str:
    """Return what follows `opening` up to the last sentence end of `text`'s story, or ""."""
    kept = cut_to_sentence(story(text))
    return (text[: len(text) - len(story(text))] + kept)[len(opening) :] if kept else ""


def _draft(written: list[Piece], opening: str, finished: bool) -> Draft:
    whole, given = opening + joined(written), len(opening)
    pieces = [Piece(opening, "given"), *written] if opening else list(written)
    if finished:
        # A text without any sentence end is closed after its last whole word.
        rest = whole[given:].rstrip().rpartition(" ")[0].rstrip(" ,;:-.")
        kept = len(_cut(whole, opening)) or len(rest)
        pieces = without(pieces, [(given + kept, len(whole), "")])
        if not _cut(whole, opening) and not (not rest and ends_sentence(opening)):
            pieces.append(Piece(".", "filled"))
    else:
        pieces = without(pieces, [(max(given, len(settled(whole))), len(whole), "")])
    return Draft(tuple(unsigned(pieces, given)), finished, len(written))


def unsigned(pieces: list[Piece], given: int) -> list[Piece]:
    """Return pieces without the agency signatures in them, and without datelines.

    Args:
        pieces: of a text.
        given: characters at its start that the visitor wrote, which stay; so does a dateline that begins in them.
    """
    cuts = [(max(begin, given), end, instead) for begin, end, instead in source_cuts(joined(pieces)) if end > given]
    pieces = without(pieces, cuts)
    pieces = without(pieces, [cut for cut in dateline_cuts(joined(pieces)) if cut[0] >= given])
    text = joined(pieces)
    return pieces if given else without(pieces, [(0, len(text) - len(text.lstrip()), "")])

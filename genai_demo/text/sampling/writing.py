"""Writes news with the GRU, word by word."""

from __future__ import annotations

from collections.abc import Iterator

from genai_demo.text.data.cleaning import cut_to_sentence, ends_sentence, settled, story, strip_dateline, strip_source
from genai_demo.text.models.gru import GruModel
from genai_demo.text.requests import GenerateRequest
from genai_demo.text.results import Draft, Piece, Update
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
    written: list[list[int]] = [[] for _ in range(request.variants)]
    done = [False] * request.variants
    most = request.length + OVERRUN
    for step in range(1, most + 1):
        texts = [opening + tokenizer.decode(ids) for ids in written]
        ends = [ends_sentence(story(text)) for text in texts]
        if step > request.length:
            done = [so_far or bool(_cut(text, opening)) for so_far, text in zip(done, texts, strict=True)]
            if all(done):
                break
        for index, token in enumerate(stream.next([end and bool(ids) for end, ids in zip(ends, written, strict=True)])):
            if not done[index]:
                if token == END:
                    done[index] = True
                else:
                    written[index].append(token)
        drafts = tuple(
            _draft(tokenizer.decode(ids), opening, finished, len(ids))
            for ids, finished in zip(written, done, strict=True)
        )
        if all(done):
            break
        yield Update(drafts, step, most)
    yield Update(tuple(_draft(tokenizer.decode(ids), opening, True, len(ids)) for ids in written), step, most)


def _cut(text: str, opening: str) -> str:
    """Return what follows `opening` up to the last sentence end of `text`'s story, or ""."""
    kept = cut_to_sentence(story(text))
    return (text[: len(text) - len(story(text))] + kept)[len(opening) :] if kept else ""


def _draft(written: str, opening: str, finished: bool, tokens: int) -> Draft:
    if finished:
        cut = _cut(opening + written, opening)
        # A text without any sentence end is closed after its last whole word.
        rest = written.rstrip().rpartition(" ")[0].rstrip(" ,;:-.")
        written = cut or ("" if not rest and ends_sentence(opening) else rest + ".")
    else:
        written = settled(opening + written)[len(opening) :]
    unsigned = strip_source(opening + written, len(opening))
    shown = strip_dateline(unsigned, len(opening))[len(opening) :]
    pieces = [Piece(opening, "given")] if opening else []
    return Draft((*pieces, Piece(shown, "filled")), finished, tokens)

"""Writes news with the GRU, word by word."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from genai_demo.text.data.cleaning import (
    cut_to_sentence,
    dateline_cuts,
    ends_sentence,
    settled,
    source_cuts,
    story,
)
from genai_demo.text.requests import GenerateRequest
from genai_demo.text.results import Draft, Piece, Update, joined, without
from genai_demo.text.sampling.choosing import Recorder, Rest, check_reached, chosen_tokens, no_rest
from genai_demo.text.sampling.decoding import LONGEST_HEADLINE, Sampling, TokenStream
from genai_demo.text.sampling.loading import LoadedModel
from genai_demo.text.tokens.special_tokens import END

OVERRUN = 40
"""tokens beyond the length in which the last sentence may be brought to its end"""


def write(
    loaded: LoadedModel, request: GenerateRequest, recorder: Recorder | None = None, rest: Rest = no_rest
) -> Iterator[Update]:
    """Yield the texts after every token, or as often as `rest` says.

    A model that has learnt headlines writes one first, unless the opening begins the story, and parts it by a line
    break. A text may end only where a sentence of the story does. One that is longer than asked for is cut back to its
    last sentence end; one that has none goes on for at most `OVERRUN` tokens. No cut comes before a chosen token.
    """
    assert loaded.together is not None
    tokenizer = loaded.tokenizer
    opening = request.opening.rstrip()
    ids = tokenizer.encode(opening)
    # Whoever gives a whole sentence, or as much, has begun the story.
    begun = "\n" not in opening and (ends_sentence(opening) or len(ids) >= LONGEST_HEADLINE)
    sampling = Sampling(request.temperature, request.top_p, request.min_p, request.repetition_penalty)
    chosen = chosen_tokens(request.chosen)
    stream = TokenStream(
        loaded.together,
        loaded.vocabulary,
        request.topic,
        ids,
        request.variants,
        sampling,
        request.seed,
        headline=loaded.headlines and not begun,
        chosen=chosen,
        recorder=recorder,
    )
    written: list[list[Piece]] = [[] for _ in range(request.variants)]
    texts = [opening] * request.variants
    done = [False] * request.variants
    kept = [len(opening)] * request.variants  # characters of each text that stay in any case
    reached: list[tuple[int, int]] = []
    # After the last chosen token there is room for a sentence.
    last = max((place for _, place in chosen), default=0) - stream.place
    most, due = max(request.length, min(last, request.length + OVERRUN)) + OVERRUN, 0.0
    for step in range(1, most + 1):
        ends = [ends_sentence(story(text)) for text in texts]
        if step > request.length:
            done = [so_far or bool(_cut(text, least)) for so_far, text, least in zip(done, texts, kept, strict=True)]
            if all(done):
                break
        tokens = stream.next([end and bool(pieces) for end, pieces in zip(ends, written, strict=True)])
        for index, (token, confidence) in enumerate(zip(tokens, stream.confidence, strict=True)):
            if not done[index]:
                reached.append((index, stream.place))
                if reached[-1] in chosen:
                    kept[index] = len(texts[index])
                if token == END:
                    done[index] = True
                else:
                    written[index].append(Piece(tokenizer.decode([token]), "filled", step, confidence, stream.place))
                    texts[index] += written[index][-1].text
        if all(done):
            break
        if time.monotonic() >= due:
            yield Update(tuple(map(_draft, written, itertools.repeat(opening), done, kept)), step, most)
            due = time.monotonic() + rest()
    check_reached(chosen, reached)
    drafts = (_draft(pieces, opening, True, least) for pieces, least in zip(written, kept, strict=True))
    yield Update(tuple(drafts), step, most)


def _cut(text: str, given: int) -> str:
    """Return what follows the first `given` characters up to the last sentence end of `text`'s story, or ""."""
    kept = cut_to_sentence(story(text))
    return (text[: len(text) - len(story(text))] + kept)[given:] if kept else ""


def _draft(written: list[Piece], opening: str, finished: bool, least: int = 0) -> Draft:
    """Return a text as it stands; a finished one is not cut back to its first `least` characters or fewer."""
    whole, given = opening + joined(written), len(opening)
    least = max(least, given)
    pieces = [Piece(opening, "given"), *written] if opening else list(written)
    if finished:
        # A text without any sentence end is closed after its last whole word.
        rest = whole[least:].rstrip().rpartition(" ")[0].rstrip(" ,;:-.")
        kept = len(_cut(whole, least)) or len(rest)
        pieces = without(pieces, [(least + kept, len(whole), "")])
        if not _cut(whole, least) and not (not rest and ends_sentence(whole[:least])):
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

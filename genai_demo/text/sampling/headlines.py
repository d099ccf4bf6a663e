"""Writes Chinese headlines with the GRU, token by token; their length is counted in characters."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from genai_demo.text.requests import GenerateRequest
from genai_demo.text.results import Draft, Piece, Update, joined, without
from genai_demo.text.sampling.choosing import Recorder, Rest, check_reached, chosen_tokens, no_rest
from genai_demo.text.sampling.decoding import Sampling, TokenStream
from genai_demo.text.sampling.loading import LoadedModel
from genai_demo.text.tokens.special_tokens import END

_PART = re.compile(r"[\s，：；。、！？!?]+")
"""what parts a headline that has two halves"""


def write(
    loaded: LoadedModel, request: GenerateRequest, recorder: Recorder | None = None, rest: Rest = no_rest
) -> Iterator[Update]:
    """Yield the headlines after every token, or as often as `rest` says.

    A headline ends where the model ends it. One that is longer than asked for is cut back to its first half, or where
    it has none after as many characters as were asked for.
    """
    assert loaded.together is not None
    opening = request.opening.rstrip()
    chosen = chosen_tokens(request.chosen)
    stream = TokenStream(
        loaded.together,
        loaded.vocabulary,
        request.topic,
        loaded.tokenizer.encode(opening),
        request.variants,
        Sampling(request.temperature, request.top_p, request.min_p, request.repetition_penalty),
        request.seed,
        chosen=chosen,
        recorder=recorder,
    )
    written: list[list[Piece]] = [[] for _ in range(request.variants)]
    done = [False] * request.variants
    reached: list[tuple[int, int]] = []
    step, most, due = 0, request.length + 1, 0.0
    while not all(done):
        step += 1
        tokens = stream.next([bool(joined(pieces).strip()) for pieces in written])
        for index, (token, confidence) in enumerate(zip(tokens, stream.confidence, strict=True)):
            if done[index]:
                continue
            reached.append((index, stream.place))
            if token == END:
                done[index] = True
            else:
                written[index].append(Piece(loaded.tokenizer.decode([token]), "filled", step, confidence, stream.place))
                done[index] = _length(written[index]) > request.length
        if not all(done) and time.monotonic() >= due:
            drafts = (
                draft_of(pieces, opening, request.length, ended) for pieces, ended in zip(written, done, strict=True)
            )
            yield Update(tuple(drafts), step, most)
            due = time.monotonic() + rest()
    check_reached(chosen, reached)
    yield Update(tuple(draft_of(pieces, opening, request.length, True) for pieces in written), step, most)


def _length(pieces: list[Piece]) -> int:
    return len(joined(pieces).strip())


def draft_of(written: list[Piece], opening: str, most: int, finished: bool) -> Draft:
    """Return a headline as it stands, cut back if it is longer than asked for.

    Args:
        written: what the model has written.
        opening: what it starts with.
        most: characters that may be written.
        finished: whether no more will come.
    """
    text = joined(written)
    blank = 0 if opening else len(text) - len(text.lstrip())
    whole = len(text.rstrip())
    room = whole
    if whole - blank > most:
        parts = [match.start() for match in _PART.finditer(text, blank + 1, blank + most + 1)]
        room = parts[-1] if finished and parts else blank + most
    pieces = without(written, [(0, blank, "")] if room == len(text) else [(0, blank, ""), (room, len(text), "")])
    given = [Piece(opening, "given")] if opening else []
    return Draft((*given, *pieces), finished, len(written))

"""Fills in, rewrites and writes Chinese headlines with the masked model; blanks are counted in characters.

What a blank becomes is words: letters, digits, Chinese characters, and signs between them. Spaces part the halves of a
headline, brackets and quotation marks come in pairs; so those that a visitor gives stay, and none are added to them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.requests import CHINESE_BLANK, MARKED, FillRequest, GenerateRequest, RewriteRequest
from genai_demo.text.results import Draft, Update
from genai_demo.text.sampling.choosing import Recorder
from genai_demo.text.sampling.decoding import Sampling, Vocabulary
from genai_demo.text.sampling.filling import LONGEST_BLANK
from genai_demo.text.sampling.headlines import draft_of
from genai_demo.text.sampling.loading import LoadedModel
from genai_demo.text.sampling.template import Template
from genai_demo.text.tokens.special_tokens import MASK

_TOKENS = (8, 10, 11, 12, 13, 14, 15, 16, 17, 19)
"""tokens that a headline has: the middle of each tenth of 96,305 real ones"""
_PER_TOKEN = 1.8
"""characters for which a token has to have room; the mean is 1.4"""
_PENALTY = 1.2
"""on words that the headline has already: so as few come twice as in real headlines"""
_NEVER = float("-inf")
Blank = tuple[int, ...]
"""of each token that a blank becomes, how many characters it has; 0 for any number"""


def fill(loaded: LoadedModel, request: FillRequest, recorder: Recorder | None = None) -> Iterator[Update]:
    """Yield the headline as its blanks resolve."""
    parts = CHINESE_BLANK.split(request.text)
    blanks: list[Blank] = [(0, 0)] * (len(parts) - 1)
    # They are settled from left to right, those still to come being two tokens long.
    for number in range(len(blanks)):
        if request.characters_per_blank:
            blanks[number] = _of_characters(loaded, request, parts, blanks, number)
        elif request.tokens_per_blank:
            blanks[number] = (0,) * request.tokens_per_blank
        else:
            blanks[number] = _of_any_length(loaded, request, parts, blanks, number)
    template = _blanked(loaded, request.topic, parts, blanks)
    asked = (1, _sampling(request), request.steps, request.seed)
    return template.unmask(*asked, choices=request.chosen, recorder=recorder)


def _sampling(request: FillRequest | RewriteRequest) -> Sampling:
    return Sampling(request.temperature, repetition_penalty=_PENALTY)


def _blanked(loaded: LoadedModel, topic: str, parts: Sequence[str], blanks: Sequence[Blank]) -> Template:
    template = Template(loaded, topic)
    for index, part in enumerate(parts):
        template.add_text(part)
        if index < len(blanks):
            _add_words(template, loaded.vocabulary, blanks[index])
    return template


def _add_words(template: Template, vocabulary: Vocabulary, blank: Blank) -> None:
    """Add a blank that becomes words, and begins with one."""
    inner = vocabulary.spelt | vocabulary.signs
    first = len(template.ids)
    template.add_blank(len(blank), vocabulary.spelt)
    for place, characters in enumerate(blank):
        allowed = inner if place else vocabulary.spelt
        template.allow_at(first + place, allowed & (vocabulary.characters == characters) if characters else allowed)


def _of_any_length(
    loaded: LoadedModel, request: FillRequest, parts: list[str], blanks: Sequence[Blank], number: int
) -> Blank:
    """Return the number of tokens for a blank at which the model is surest of what it would write, per token."""
    tried: list[Blank] = [(0,) * count for count in range(1, LONGEST_BLANK + 1)]
    surest = [
        _told(loaded, request.topic, parts, [*blanks[:number], one, *blanks[number + 1 :]], number) for one in tried
    ]
    scores = [float(told.amax(1).mean()) for told in surest]
    return tried[scores.index(max(scores))]


def _of_characters(
    loaded: LoadedModel, request: FillRequest, parts: list[str], blanks: Sequence[Blank], number: int
) -> Blank:
    """Return the likeliest way to make as many characters as are asked for of tokens.

    For each number of tokens one pass tells how likely a token of each length is at each place. The number is taken
    with which the characters add up to those that are asked for most often, and of the ways to share them out among its
    places the likeliest one.
    """
    wanted, lengths = request.characters_per_blank, loaded.vocabulary.characters
    most, found = -1.0, (1,) * wanted
    for count in range(1, wanted + 1):
        tried = [*blanks[:number], (0,) * count, *blanks[number + 1 :]]
        told = _told(loaded, request.topic, parts, tried, number).double().softmax(1)  # (count, V)
        # By the characters that are shared out: how likely these are, and the likeliest way to share them out.
        shared: dict[int, tuple[float, float, Blank]] = {0: (1.0, 1.0, ())}
        for place in told:
            further: dict[int, tuple[float, float, Blank]] = {}
            for length in range(1, wanted + 1):
                chance = float(place[lengths == length].sum())
                for before, (total, way, blank) in shared.items():
                    if chance and before + length <= wanted:
                        summed, best, kept = further.get(before + length, (0.0, 0.0, ()))
                        best, kept = max((best, kept), (way * chance, (*blank, length)))
                        further[before + length] = (summed + total * chance, best, kept)
            shared = further
        if wanted in shared and shared[wanted][0] > most:
            most, _, found = shared[wanted]
    return found


@torch.inference_mode()
def _told(loaded: LoadedModel, topic: str, parts: list[str], blanks: Sequence[Blank], number: int) -> Tensor:
    """Return the logarithms of the probabilities (count, V) of what the tokens of one blank may become."""
    network = loaded.network
    assert isinstance(network, MaskedModel)
    rows, allowed = _blanked(loaded, topic, parts, blanks).rows(1)
    first = sum(map(len, blanks[:number]))
    own = torch.zeros_like(rows, dtype=torch.bool)
    own[0, (rows[0] == MASK).nonzero()[first : first + len(blanks[number]), 0]] = True
    vectors = network(rows.to(network.embedding.weight.device))
    logits = network.logits(vectors[own.to(vectors.device)]).float().cpu()
    return logits.log_softmax(-1).masked_fill(~allowed[own], _NEVER)


def rewrite(loaded: LoadedModel, request: RewriteRequest, recorder: Recorder | None = None) -> Iterator[Update]:
    """Yield the headline as what is marked in it is rewritten, or where nothing is marked a share of its words.

    A word here is a token of letters or digits: Chinese has no spaces between words.
    """
    template, vocabulary = Template(loaded, request.topic), loaded.vocabulary
    marked = MARKED.search(request.text) is not None
    tokens = [
        (token, bool(part % 2))
        for part, text in enumerate(MARKED.split(request.text.strip()))
        for token in loaded.tokenizer.encode(text)
    ]
    words = [place for place, (token, _) in enumerate(tokens) if vocabulary.spelt[token] or vocabulary.begun[token]]
    if marked:
        rewritten = {place for place in words if tokens[place][1]}
    else:
        order = torch.randperm(len(words), generator=torch.Generator().manual_seed(request.seed)).tolist()
        rewritten = {words[index] for index in order[: max(1, round(request.share * len(words)))]}
    for place, (token, _) in enumerate(tokens):
        if place not in rewritten:
            template.add_tokens([token])
            continue
        if vocabulary.spaced[token]:  # the space stays when the word goes
            template.add_text(" ")
        template.add_blank(1, vocabulary.spelt)
    asked = (1, _sampling(request), request.steps, request.seed)
    return template.unmask(*asked, choices=request.chosen, recorder=recorder)


def write(loaded: LoadedModel, request: GenerateRequest, recorder: Recorder | None = None) -> Iterator[Update]:
    """Yield the headlines as all their tokens are unmasked.

    The model is told how many tokens there are, which is drawn from the lengths that real headlines have; those of one
    request have the same. One that has more characters than asked for is cut back as those of the GRU are.
    """
    vocabulary = loaded.vocabulary
    template = Template(loaded, request.topic)
    opening = request.opening.rstrip()
    template.add_text(opening)
    count = random.Random(request.seed).choice(_TOKENS) - len(template.ids) + 1
    count = max(2, min(count, int(request.length / _PER_TOKEN)))
    first = len(template.ids)
    template.add_blank(count, ~vocabulary.spaced & ~vocabulary.breaks)
    for place in range(first + 1, first + count):
        template.allow_at(place, ~vocabulary.breaks if place < first + count - 1 else vocabulary.ends)
    sampling = Sampling(request.temperature, request.top_p, request.min_p, request.repetition_penalty, order_noise=4.0)
    asked = (request.variants, sampling, request.steps, request.seed)
    for update in template.unmask(*asked, choices=request.chosen, recorder=recorder):
        yield replace(update, drafts=tuple(_cut(draft, opening, request.length) for draft in update.drafts))


def _cut(draft: Draft, opening: str, most: int) -> Draft:
    written = [piece for piece in draft.pieces if piece.kind == "filled"]
    return draft_of(written, opening, most, True) if draft.finished else draft

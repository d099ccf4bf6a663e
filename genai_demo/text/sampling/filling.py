"""Fills in, rewrites and writes English news with the masked model, the surest token first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import torch

from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.requests import FillRequest, GenerateRequest, RewriteRequest
from genai_demo.text.results import Draft, Update
from genai_demo.text.sampling.choosing import Recorder
from genai_demo.text.sampling.decoding import Sampling
from genai_demo.text.sampling.loading import LoadedModel
from genai_demo.text.sampling.template import Template, sentences
from genai_demo.text.tokens.special_tokens import MASK

LONGEST_BLANK = 4
"""most tokens of a blank whose length the model chooses"""
_BLANK = re.compile(r"(?:(?<=[\s\S]) )?_{3,}")
"""a blank, with the space before it, which the first token brings along; a space that the text starts with stays"""


def write(loaded: LoadedModel, request: GenerateRequest, recorder: Recorder | None = None) -> Iterator[Update]:
    """Yield the texts as all their tokens are unmasked; the last one closes a sentence."""
    vocabulary = loaded.vocabulary
    template = Template(loaded, request.topic)
    opening = request.opening.rstrip()
    template.add_text(opening)
    after_word = ~vocabulary.inner | ~vocabulary.in_word[template.ids[-1]]
    first = after_word if opening else ~vocabulary.spaced
    template.add_blank(request.length, first)
    template.allow_at(len(template.ids) - 1, vocabulary.closing)
    # Where all is empty, the surest tokens are the commonest ones: filled first, they make the text say them again.
    sampling = Sampling(request.temperature, request.top_p, request.min_p, request.repetition_penalty, order_noise=4.0)
    asked = (request.variants, sampling, request.steps, request.seed)
    for update in template.unmask(*asked, closing=True, choices=request.chosen, recorder=recorder):
        yield replace(update, drafts=tuple(map(_ended, update.drafts)))


def _ended(draft: Draft) -> Draft:
    """Return a finished draft up to its last sentence end, others and those without any as they are."""
    room = sentences(draft) if draft.finished else 0
    if not room:
        return draft
    kept = []
    for piece in draft.pieces:
        kept.append(replace(piece, text=piece.text[:room]))
        room -= len(piece.text)
        if room <= 0:
            break
    return replace(draft, pieces=tuple(kept))


def fill(loaded: LoadedModel, request: FillRequest, recorder: Recorder | None = None) -> Iterator[Update]:
    """Yield the text as its blanks resolve."""
    parts = _BLANK.split(request.text)
    before_space = [found.startswith(" ") for found in _BLANK.findall(request.text)]
    if request.tokens_per_blank:
        lengths = [request.tokens_per_blank] * len(before_space)
    else:
        lengths = _best_lengths(loaded, request, parts, before_space)
    template = _blanked(loaded, request.topic, parts, before_space, lengths)
    asked = (1, Sampling(request.temperature), request.steps, request.seed)
    return template.unmask(*asked, choices=request.chosen, recorder=recorder)


def _blanked(
    loaded: LoadedModel, topic: str, parts: list[str], before_space: list[bool], lengths: list[int]
) -> Template:
    template = Template(loaded, topic)
    vocabulary = loaded.vocabulary
    for index, part in enumerate(parts):
        template.add_text(part)
        if index < len(lengths):
            template.add_blank(lengths[index], vocabulary.words if before_space[index] else ~vocabulary.spaced)
    return template


@torch.inference_mode()
def _best_lengths(loaded: LoadedModel, request: FillRequest, parts: list[str], before_space: list[bool]) -> list[int]:
    """Return a length for each blank: the one at which the model is surest of what it would write, per token.

    The blanks are settled from left to right, those still to come being two tokens long.
    """
    network = loaded.network
    assert isinstance(network, MaskedModel)
    lengths = [2] * len(before_space)
    for blank in range(len(lengths)):
        scores = []
        for length in range(1, LONGEST_BLANK + 1):
            lengths[blank] = length
            rows, allowed = _blanked(loaded, request.topic, parts, before_space, lengths).rows(1)
            mask = rows == MASK
            own = torch.zeros_like(rows, dtype=torch.bool)
            first = mask.nonzero()[sum(lengths[:blank]), 1]
            own[0, first : first + length] = True
            vectors = network(rows.to(network.embedding.weight.device))
            logits = network.logits(vectors[own.to(vectors.device)]).float().cpu()
            best = logits.log_softmax(-1).masked_fill(~allowed[own], float("-inf")).amax(-1)  # (length,)
            scores.append(float(best.mean()))
        lengths[blank] = scores.index(max(scores)) + 1
    return lengths


def rewrite(loaded: LoadedModel, request: RewriteRequest, recorder: Recorder | None = None) -> Iterator[Update]:
    """Yield the text as a share of its words is rewritten."""
    words = re.findall(r"\s*\S+", request.text.strip())
    random = torch.Generator().manual_seed(request.seed)
    count = max(1, round(request.share * len(words)))
    rewritten = set(torch.randperm(len(words), generator=random)[:count].tolist())
    template = Template(loaded, request.topic)
    vocabulary = loaded.vocabulary
    for index, word in enumerate(words):
        # A word is encoded with the space before it, as it was when the model was trained.
        if index in rewritten:
            tokens = len(loaded.tokenizer.encode(word))
            template.add_blank(tokens, vocabulary.words if word[0].isspace() else ~vocabulary.spaced)
        else:
            template.add_text(word)
    asked = (1, Sampling(request.temperature), request.steps, request.seed)
    return template.unmask(*asked, choices=request.chosen, recorder=recorder)

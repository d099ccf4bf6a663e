"""Choosing tokens: one after the other (GRU), or all at once and the surest first (masked model).

All randomness is drawn on the CPU by seeded generators, one per text, so that the same request gives the same
texts wherever the network itself computes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genai_demo.engine.generation.seeds import stream_seed
from genai_demo.text.models.gru import GruModel
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.tokens.special_tokens import CONTROLS, END, MASK, TOPIC_TOKENS
from genai_demo.text.tokens.tokenizer import Tokenizer

REMEMBERED = 64
"""tokens back to which the repetition penalty reaches"""
_NEVER = float("-inf")


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn from the network's logits."""

    temperature: float = 0.8
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    order_noise: float = 1.0
    """chance in the order in which tokens are unmasked, as a multiple of the temperature; at 0 the surest come first"""


class Vocabulary:
    """What is known of each token's spelling, as (V,) booleans.

    Args:
        tokenizer: the tokenizer of the model.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        spellings = [tokenizer.bytes_of(index) for index in range(tokenizer.size)]
        self.whole = torch.tensor([_is_text(spelling) for spelling in spellings])
        """text tokens that are whole, visible characters; sampling keeps to these: no text ends within a character"""
        self.spaced = torch.tensor([spelling[:1].isspace() for spelling in spellings])
        """tokens that start with white space"""
        self.words = torch.tensor([spelling.startswith(b" ") and not spelling.isspace() for spelling in spellings])
        """tokens that start a word, with the space before it"""
        self.inner = torch.tensor([spelling[:1].isalnum() for spelling in spellings])
        """tokens that, after a letter or digit, go on with the same word"""
        self.in_word = torch.tensor([spelling[-1:].isalnum() for spelling in spellings])
        """tokens that end with a letter or digit"""
        self.closing = torch.tensor(
            [
                _is_text(spelling)
                and spelling.strip()[-1:] in (b".", b"!", b"?")
                and not spelling.strip().endswith(b"..")
                for spelling in spellings
            ]
        )
        """tokens that can close a sentence"""


def _is_text(spelling: bytes) -> bool:
    try:
        text = spelling.decode()
    except UnicodeDecodeError:
        return False
    return text != "" and "\ufffd" not in text and text.replace("\n", "").isprintable()


def token_probabilities(logits: Tensor, sampling: Sampling, used: Tensor | None = None) -> Tensor:
    """Return the probabilities (B, V) from which tokens are drawn.

    Args:
        logits: (B, V); minus infinity where a token is not allowed.
        sampling: how to shape them: repetition penalty (Keskar et al. 2019, section 4.1, on log-probabilities),
            temperature, min-p (Nguyen et al. 2024), top-p (Holtzman et al. 2020, section 3.1), in this order.
        used: (B, N) ids used lately, `MASK` for none.
    """
    scores = torch.log_softmax(logits.double(), -1)
    if used is not None and sampling.repetition_penalty != 1:
        # The odds of a used token are divided by the penalty, whatever the sign of its logit.
        penalty = torch.zeros_like(scores).scatter_(1, used, math.log(sampling.repetition_penalty))
        penalty[:, :CONTROLS] = 0
        scores = scores - penalty
    probabilities = torch.softmax(scores / sampling.temperature, -1)  # (B, V)
    if sampling.min_p > 0:
        floor = sampling.min_p * probabilities.amax(-1, keepdim=True)
        probabilities = probabilities.masked_fill(probabilities < floor, 0.0)
        probabilities /= probabilities.sum(-1, keepdim=True)
    if sampling.top_p < 1:
        descending, order = _likeliest(probabilities, sampling.top_p)
        before = descending.cumsum(-1) - descending  # probability of all likelier tokens
        descending = descending.masked_fill(before >= sampling.top_p, 0.0)
        probabilities = torch.zeros_like(probabilities).scatter_(-1, order, descending)
        probabilities /= probabilities.sum(-1, keepdim=True)
    return probabilities


def _likeliest(probabilities: Tensor, mass: float, few: int = 512) -> tuple[Tensor, Tensor]:
    """Return probabilities in descending order and their ids: a few where they hold `mass`, since sorting is slow."""
    if probabilities.shape[-1] > few:
        descending, order = torch.topk(probabilities, few)
        if bool((descending.sum(-1) >= mass).all()):
            return descending, order
    return torch.sort(probabilities, dim=-1, descending=True, stable=True)


def draw(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """Return one id (N,) per row of `probabilities` (N, V), where the cumulative sum reaches `uniform` (N,)."""
    cumulative = probabilities.cumsum(-1)
    ids = torch.searchsorted(cumulative, (uniform * cumulative[:, -1])[:, None], right=True)[:, 0]
    # Rounding may point beyond the last possible token, which is then the one meant.
    last = probabilities.shape[-1] - 1 - (probabilities > 0).flip(-1).int().argmax(-1)
    return torch.minimum(ids, last)


def generators(seed: int, count: int) -> list[torch.Generator]:
    """Return one generator per text, each depending on `seed` and its own number only."""
    return [torch.Generator().manual_seed(stream_seed(seed, number)) for number in range(count)]


class TokenStream:
    """Texts growing token by token from a GRU language model.

    Args:
        model: the network.
        vocabulary: what is known of its tokens.
        topic: one of `TOPICS`.
        opening: ids that every text starts with.
        count: texts to grow.
        sampling: how to draw.
        seed: 0 or above.
    """

    def __init__(
        self,
        model: GruModel,
        vocabulary: Vocabulary,
        topic: str,
        opening: list[int],
        count: int,
        sampling: Sampling,
        seed: int,
    ) -> None:
        self._model, self._sampling, self._random = model, sampling, generators(seed, count)
        self._allowed = vocabulary.whole
        # Opening words are whole words: the text goes on after the last one, not within it.
        in_word = bool(opening) and bool(vocabulary.in_word[opening[-1]])
        self._next_allowed = self._allowed & ~vocabulary.inner if in_word else self._allowed
        self._used = torch.full((count, REMEMBERED), MASK)
        for index in opening[-REMEMBERED:]:
            self._remember(torch.full((count,), index))
        device = model.embedding.weight.device
        prompt = torch.tensor([[TOPIC_TOKENS[topic], *opening]], device=device)  # (1, T)
        with torch.inference_mode():
            vectors, state = model(prompt)
            self._logits = model.logits(vectors[:, -1]).expand(count, -1)  # (B, V)
            self._state = state.expand(-1, count, -1).contiguous()  # (layers, B, hidden)

    def _remember(self, ids: Tensor) -> None:
        self._used = torch.cat([self._used[:, 1:], ids[:, None]], 1)

    def probabilities(self, may_end: list[bool]) -> Tensor:
        """Return the next token's probabilities (B, V); rows that may not end give `END` none."""
        allowed = self._next_allowed.repeat(len(may_end), 1)  # (B, V)
        allowed[:, END] = torch.tensor(may_end)
        logits = self._logits.float().cpu().masked_fill(~allowed, _NEVER)
        return token_probabilities(logits, self._sampling, self._used)

    @torch.inference_mode()
    def next(self, may_end: list[bool]) -> list[int]:
        """Draw the next token of every text and read it.

        Args:
            may_end: per text, whether it stands at a place where it may end.
        """
        uniform = torch.stack([torch.rand((), generator=random, dtype=torch.float64) for random in self._random])
        ids = draw(self.probabilities(may_end), uniform)
        self._next_allowed = self._allowed
        self._remember(ids)
        vectors, self._state = self._model(ids[:, None].to(self._state.device), self._state)
        self._logits = self._model.logits(vectors[:, 0])
        return [int(index) for index in ids]


@dataclass(frozen=True)
class FilledRows:
    """Rows of the masked model as its masked tokens are filled."""

    ids: Tensor
    """(B, T)"""
    step_of: Tensor
    """(B, T): step in which a token was filled, from 1; 0 for what was given"""
    confidence: Tensor
    """(B, T): probability of the token when it was filled"""


@torch.inference_mode()
def _masked_probabilities(
    model: MaskedModel, rows: Tensor, mask: Tensor, allowed: Tensor, sampling: Sampling
) -> Tensor:
    vectors = model(rows.to(model.embedding.weight.device))
    logits = model.logits(vectors[mask.to(vectors.device)]).float().cpu()  # (N, V)
    logits = logits.masked_fill(~allowed[mask], _NEVER)
    used = rows[mask.nonzero()[:, 0]]  # (N, T)
    return token_probabilities(logits, sampling, used)


def unmask(
    model: MaskedModel,
    rows: Tensor,
    allowed: Tensor,
    sampling: Sampling,
    steps: int,
    seed: int,
) -> Iterator[FilledRows]:
    """Fill all masked tokens in `steps` steps, the surest first, and yield the rows after every step.

    In each step every masked token gets a candidate; those with the highest confidence stay, by a cosine schedule
    (Chang et al. 2022, MaskGIT, section 3.2), with Gumbel noise that fades so that texts differ.

    Args:
        model: the network.
        rows: (B, T) ids, `MASK` where a token is to be filled in; a row may have none.
        allowed: (B, T, V) booleans: what each masked token may become.
        sampling: how candidates are drawn.
        steps: at least 1.
        seed: 0 or above.
    """
    ids, random = rows.clone(), generators(seed, len(rows))
    step_of, confidence = torch.zeros_like(ids), torch.zeros(ids.shape)
    total = (ids == MASK).sum(1)  # (B,)
    for step in range(1, steps + 1):
        mask = ids == MASK  # (B, T)
        if not mask.any():
            break
        probabilities = _masked_probabilities(model, ids, mask, allowed, sampling)  # (N, V)
        noise = torch.stack([torch.rand(2, ids.shape[1], generator=one, dtype=torch.float64) for one in random])
        candidates = draw(probabilities, noise[:, 0][mask])  # (N,)
        probability = probabilities.gather(1, candidates[:, None])[:, 0]
        gumbel = -torch.log(-torch.log(noise[:, 1][mask].clamp(1e-12, 1 - 1e-12)))
        scores = torch.full(ids.shape, _NEVER, dtype=torch.float64)
        scores[mask] = (
            probability.clamp(min=1e-30).log()
            + gumbel * (1 - step / steps) * sampling.temperature * sampling.order_noise
        )
        left = (torch.cos(torch.tensor(math.pi / 2 * step / steps)) * total).floor().long()  # (B,)
        keep = (mask.sum(1) - left).clamp(min=1)  # (B,)
        rank = torch.argsort(scores, dim=1, descending=True, stable=True).argsort(1)
        chosen = (rank < keep[:, None]) & mask
        filled = ids.clone()
        filled[mask] = candidates
        if step < steps:
            chosen = _without_echoes(chosen, filled, scores)
        ids = torch.where(chosen, filled, ids)
        step_of[chosen] = step
        now = torch.zeros(ids.shape)
        now[mask] = probability.float()
        confidence = torch.where(chosen, now, confidence)
        yield FilledRows(ids, step_of.clone(), confidence)


def _without_echoes(chosen: Tensor, filled: Tensor, scores: Tensor) -> Tensor:
    """Return `chosen` (B, T) less one of any two equal neighbours.

    Tokens filled in the same step do not see each other, so neighbours tend to say the same word twice.
    """
    twice = chosen[:, 1:] & chosen[:, :-1] & (filled[:, 1:] == filled[:, :-1])  # (B, T - 1)
    left_is_surer = scores[:, 1:] <= scores[:, :-1]
    kept = chosen.clone()
    kept[:, 1:] &= ~(twice & left_is_surer)
    kept[:, :-1] &= ~(twice & ~left_is_surer)
    return kept


def preview(model: GruModel | MaskedModel, tokenizer: Tokenizer) -> str:
    """Return one short text per topic, always from the same seed."""
    vocabulary = Vocabulary(tokenizer)
    texts = []
    for topic in TOPIC_TOKENS:
        if isinstance(model, GruModel):
            stream = TokenStream(model, vocabulary, topic, [], 1, Sampling(), seed=0)
            ids: list[int] = []
            while len(ids) < 60 and END not in ids:
                ids += stream.next([len(ids) > 10])
        else:
            row = torch.tensor([[TOPIC_TOKENS[topic], *[MASK] * 40, END]])
            allowed = vocabulary.whole.expand(1, row.shape[1], -1)
            ids = list(unmask(model, row, allowed, Sampling(), 16, seed=0))[-1].ids[0].tolist()
        texts.append(f"[{topic}] {tokenizer.decode(ids)}\n")
    return "\n".join(texts)

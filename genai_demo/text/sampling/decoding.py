"""Choosing tokens: one after the other (GRU), or all at once and the surest first (masked model).

All randomness is drawn on the CPU by seeded generators, one per text, so that the same request gives the same
texts wherever the network itself computes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genai_demo.engine.generation import sampling
from genai_demo.engine.generation.batching import Batcher
from genai_demo.engine.generation.sampling import draw, token_probabilities
from genai_demo.engine.generation.seeds import stream_seed
from genai_demo.text.models.gru import GruModel, Int8Gru
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.sampling.choosing import Chosen, Recorder, check_possible
from genai_demo.text.tokens.special_tokens import END, MASK, TOPIC_SETS
from genai_demo.text.tokens.tokenizer import Tokenizer

REMEMBERED = 64
"""tokens back to which the repetition penalty reaches"""
LONGEST_HEADLINE = 32
"""tokens after which a headline ends in any case"""
_NEVER = float("-inf")
_CLOSING = frozenset("\uff1f\uff01?!\u300b\u201d\uff09)\u3011]%\u2026")
_JOINING = frozenset("\uff1a\u3001\uff0c%\u2103.+-\u30fb\u00b7\u2022")


@dataclass(frozen=True)
class Sampling(sampling.Sampling):
    """How a token is drawn, and in which order tokens are unmasked."""

    temperature: float = 0.8
    order_noise: float = 1.0
    """chance in the order in which tokens are unmasked, as a multiple of the temperature; at 0 the surest come first"""


class Vocabulary:
    """What is known of each token's spelling, as (V,) booleans.

    Args:
        tokenizer: the tokenizer of the model.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.topics = tokenizer.topics
        """what its control tokens stand for"""
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
        self.breaks = torch.tensor([b"\n" in spelling for spelling in spellings])
        """tokens that hold a line break"""
        texts = [spelling.decode() if whole else "" for spelling, whole in zip(spellings, self.whole, strict=True)]
        self.characters = torch.tensor(list(map(len, texts)))
        """characters of each token that is whole ones; 0 of others"""
        self.spelt = torch.tensor(list(map(str.isalnum, texts)))
        """tokens of letters and digits only, Chinese characters among them"""
        self.begun = torch.tensor([text.startswith(" ") and text[1:].isalnum() for text in texts])
        """the same with a space before them"""
        self.ends = torch.tensor([text[-1:].isalnum() or text[-1:] in _CLOSING for text in texts]) & self.whole
        """tokens that a headline can end with"""
        self.signs = torch.tensor([set(text) <= _JOINING for text in texts]) & self.whole
        """tokens of signs that stand within a run of Chinese words, and neither open nor close anything"""
        self.line_break = tokenizer.encode("\n")[0]
        """the token that is a line break and nothing else: it announces a headline and ends it"""


def _is_text(spelling: bytes) -> bool:
    try:
        text = spelling.decode()
    except UnicodeDecodeError:
        return False
    return text != "" and "\ufffd" not in text and text.replace("\n", "").isprintable()


def used_tokens(ids: np.ndarray, size: int, controls: int) -> np.ndarray:
    """Return which tokens are penalised, bool (B, size): those of ids (B, N) that are none of the `controls` first."""
    used = np.zeros((len(ids), size), bool)
    used[np.arange(len(ids))[:, None], ids] = True
    used[:, :controls] = False
    return used


def generators(seed: int, count: int) -> list[torch.Generator]:
    """Return one generator per text, each depending on `seed` and its own number only."""
    return [torch.Generator().manual_seed(stream_seed(seed, number)) for number in range(count)]


@torch.inference_mode()
def parts_headlines(model: GruModel, vocabulary: Vocabulary) -> bool:
    """Return whether a model has learnt texts whose headline stands on a line of its own.

    Those begin with a line break, so a model that has met them gives it a fair chance as the first token.
    """
    vectors, _ = model(torch.tensor([[vocabulary.topics.tokens["any"]]], device=model.embedding.weight.device))
    return float(model.logits(vectors[0, 0]).float().softmax(0)[vocabulary.line_break]) > 0.05


class TokenStream:
    """Texts growing token by token from a GRU language model.

    Args:
        network: computes a step for all that ask for one.
        vocabulary: what is known of its tokens.
        topic: one of the topics of the vocabulary.
        opening: ids that every text starts with.
        count: texts to grow.
        sampling: how to draw.
        seed: 0 or above.
        headline: whether every text has a headline on a line of its own, which the opening begins or has.
        chosen: tokens that take the place of those that are drawn.
        recorder: takes note of what else could have come.
    """

    def __init__(
        self,
        network: Batcher[Int8Gru],
        vocabulary: Vocabulary,
        topic: str,
        opening: list[int],
        count: int,
        sampling: Sampling,
        seed: int,
        headline: bool = False,
        chosen: Chosen | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._chosen, self._recorder = chosen or {}, recorder
        self._network, self._sampling, self._random = network, sampling, generators(seed, count)
        self.confidence: list[float] = []
        """probability that each token of the last step had when it was drawn, 0 to 1"""
        self._allowed, self._controls = vocabulary.whole.numpy(), vocabulary.topics.controls
        # Opening words are whole words: the text goes on after the last one, not within it.
        in_word = bool(opening) and bool(vocabulary.in_word[opening[-1]])
        self._next_allowed = self._allowed & ~vocabulary.inner.numpy() if in_word else self._allowed
        self._line_break = vocabulary.line_break
        if headline:
            self._allowed = self._allowed & ~vocabulary.breaks.numpy()
            self._next_allowed = self._next_allowed & ~vocabulary.breaks.numpy()
        in_headline = headline and vocabulary.line_break not in opening
        self._in_headline, self._read = np.full(count, in_headline), len(opening)
        recent = ([MASK] * REMEMBERED + opening)[-REMEMBERED:]
        self._used = np.tile(np.array(recent), (count, 1))  # (B, REMEMBERED)
        announced = [vocabulary.line_break] if headline else []
        prompt = [vocabulary.topics.tokens[topic], *announced, *opening]
        self.place = len(prompt) - 1
        """place of the last token in what the network reads, whose first one, 0, is the topic"""
        self._noted = list(prompt)  # what was read of the text that somebody looks at
        state = network.step.start
        for token in prompt:
            logits, state = network(np.array([token]), state)
        self._logits = np.repeat(logits, count, 0)  # (B, V)
        self._state = np.repeat(state, count, 0)  # (B, layers, hidden)

    def _possible(self, may_end: list[bool]) -> np.ndarray:
        """Return which tokens may come next, bool (B, V)."""
        possible = np.tile(self._next_allowed, (len(may_end), 1))
        possible[:, END] = np.array(may_end) & ~self._in_headline
        if self._read >= LONGEST_HEADLINE:
            possible[self._in_headline] = False
        if self._read:
            possible[self._in_headline, self._line_break] = True
        return possible

    def probabilities(self, may_end: list[bool]) -> np.ndarray:
        """Return the next token's probabilities (B, V); rows that may not end give `END` none."""
        return self._shaped(self._possible(may_end))

    def _shaped(self, possible: np.ndarray) -> np.ndarray:
        used = used_tokens(self._used, possible.shape[1], self._controls)
        return token_probabilities(self._logits, self._sampling, possible, used)

    def next(self, may_end: list[bool]) -> list[int]:
        """Draw the next token of every text and read it.

        Args:
            may_end: per text, whether it stands at a place where it may end.

        Raises:
            UserError: a chosen token is not possible here.
        """
        with self._network.one_at_a_time:
            uniform = np.array(
                [float(torch.rand((), generator=random, dtype=torch.float64)) for random in self._random]
            )
            possible = self._possible(may_end)
            probabilities = self._shaped(possible)
            drawn = draw(probabilities, uniform)
            self.place += 1
            for row in range(len(drawn)):
                if (token := self._chosen.get((row, self.place))) is not None:
                    check_possible(token, self.place, possible[row])
                    drawn[row] = token
            self.confidence = probabilities[np.arange(len(drawn)), drawn].tolist()
            if self._recorder is not None:
                row = self._recorder.row
                seen = (self._logits[row], probabilities[row], possible[row], float(uniform[row]))
                self._recorder.note(self.place, int(drawn[row]), self._noted, *seen)
                self._recorder.states[self.place] = torch.from_numpy(self._state[row].copy())
                self._noted.append(int(drawn[row]))
            self._next_allowed, self._read = self._allowed, self._read + 1
            self._in_headline &= drawn != self._line_break
            self._used = np.concatenate([self._used[:, 1:], drawn[:, None]], 1)
        self._logits, self._state = self._network(drawn, self._state)
        tokens: list[int] = drawn.tolist()
        return tokens


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
def _masked_logits(model: MaskedModel, rows: Tensor, mask: Tensor) -> np.ndarray:
    """Return the logits (N, V) of the masked tokens."""
    vectors = model(rows.to(model.embedding.weight.device))
    return model.logits(vectors[mask.to(vectors.device)]).float().cpu().numpy()


def unmask(
    model: MaskedModel,
    rows: Tensor,
    allowed: Tensor,
    sampling: Sampling,
    steps: int,
    seed: int,
    chosen: Chosen | None = None,
    recorder: Recorder | None = None,
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
        chosen: tokens that are filled in, by row and place, when the turn of their place has come.
        recorder: takes note of what else could have come.

    Raises:
        UserError: a chosen token is not possible at its place.
    """
    ids, random = rows.clone(), generators(seed, len(rows))
    step_of, confidence = torch.zeros_like(ids), torch.zeros(ids.shape)
    total = (ids == MASK).sum(1)  # (B,)
    controls = TOPIC_SETS[model.config.topics].controls
    for step in range(1, steps + 1):
        mask = ids == MASK  # (B, T)
        if not mask.any():
            break
        logits, possible = _masked_logits(model, ids, mask), allowed[mask].numpy()  # (N, V)
        used = used_tokens(ids[mask.nonzero()[:, 0]].numpy(), logits.shape[1], controls)
        probabilities = token_probabilities(logits, sampling, possible, used)
        noise = torch.stack([torch.rand(2, ids.shape[1], generator=one, dtype=torch.float64) for one in random])
        candidates = torch.from_numpy(draw(probabilities, noise[:, 0][mask].numpy()))  # (N,)
        probability = torch.from_numpy(probabilities).gather(1, candidates[:, None])[:, 0]
        gumbel = -torch.log(-torch.log(noise[:, 1][mask].clamp(1e-12, 1 - 1e-12)))
        scores = torch.full(ids.shape, _NEVER, dtype=torch.float64)
        scores[mask] = (
            probability.clamp(min=1e-30).log()
            + gumbel * (1 - step / steps) * sampling.temperature * sampling.order_noise
        )
        left = (torch.cos(torch.tensor(math.pi / 2 * step / steps)) * total).floor().long()  # (B,)
        keep = (mask.sum(1) - left).clamp(min=1)  # (B,)
        rank = torch.argsort(scores, dim=1, descending=True, stable=True).argsort(1)
        settled = (rank < keep[:, None]) & mask
        filled = ids.clone()
        filled[mask] = candidates
        if step < steps:
            settled = _without_echoes(settled, filled, scores)
        if chosen or recorder is not None:
            for number, (row, place) in enumerate(mask.nonzero().tolist()):
                token = (chosen or {}).get((row, place))
                if settled[row, place] and token is not None:
                    check_possible(token, place, possible[number])
                    filled[row, place], probability[number] = token, probabilities[number, token]
                if settled[row, place] and recorder is not None and row == recorder.row:
                    shown = logits[number], probabilities[number], possible[number], float(noise[row, 0, place])
                    recorder.note(place, int(filled[row, place]), ids[row].tolist(), *shown)
        ids = torch.where(settled, filled, ids)
        step_of[settled] = step
        now = torch.zeros(ids.shape)
        now[mask] = probability.float()
        confidence = torch.where(settled, now, confidence)
        yield FilledRows(ids, step_of.clone(), confidence)


def _without_echoes(settled: Tensor, filled: Tensor, scores: Tensor) -> Tensor:
    """Return `settled` (B, T) less one of any two equal neighbours.

    Tokens filled in the same step do not see each other, so neighbours tend to say the same word twice.
    """
    twice = settled[:, 1:] & settled[:, :-1] & (filled[:, 1:] == filled[:, :-1])  # (B, T - 1)
    left_is_surer = scores[:, 1:] <= scores[:, :-1]
    kept = settled.clone()
    kept[:, 1:] &= ~(twice & left_is_surer)
    kept[:, :-1] &= ~(twice & ~left_is_surer)
    return kept


def preview(model: GruModel | MaskedModel, tokenizer: Tokenizer) -> str:
    """Return one short text per topic, always from the same seed."""
    vocabulary = Vocabulary(tokenizer)
    network = Batcher(Int8Gru(model)) if isinstance(model, GruModel) else None
    texts = []
    for topic, token in tokenizer.topics.tokens.items():
        if network is not None:
            stream = TokenStream(network, vocabulary, topic, [], 1, Sampling(), seed=0)
            ids: list[int] = []
            while len(ids) < 60 and END not in ids:
                ids += stream.next([len(ids) > 10])
        else:
            assert isinstance(model, MaskedModel)
            row = torch.tensor([[token, *[MASK] * 40, END]])
            allowed = vocabulary.whole.expand(1, row.shape[1], -1)
            ids = list(unmask(model, row, allowed, Sampling(), 16, seed=0))[-1].ids[0].tolist()
        texts.append(f"[{topic}] {tokenizer.decode(ids)}\n")
    return "\n".join(texts)

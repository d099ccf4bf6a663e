"""How many bits a language model needs for texts that it has not seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from genai_demo.text.data.articles import Article
from genai_demo.text.models.gru import GruModel, Int8Gru
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.tokens.special_tokens import END, MASK, PAD
from genai_demo.text.tokens.tokenizer import Tokenizer

_BATCH_TOKENS = 4096


@torch.inference_mode()
def bits_per_byte(
    model: GruModel | MaskedModel,
    tokenizer: Tokenizer,
    articles: list[Article],
    topic_known: bool = False,
) -> float:
    """Return the bits a model needs per UTF-8 byte, the end of an article counted as one byte.

    For the GRU this is the exact code length of every token and of the end. For the masked model it is an upper
    bound: the expected code length over random orders of filling in, the number of tokens being given
    (Hoogeboom et al. 2022, autoregressive diffusion, equation 5).

    Args:
        articles: texts that the model has not seen, at least one.
        topic_known: tell the model each article's topic instead of "any".
    """
    device = model.embedding.weight.device
    was_training = model.training
    model.eval()
    total = 0.0
    for rows in _rows(tokenizer, articles, topic_known):
        batch = rows.to(device)
        total += float(_exact_nats(model, batch) if isinstance(model, GruModel) else _bound_nats(model, batch))
    model.train(was_training)
    size = sum(len(article.text.encode()) + 1 for article in articles)
    return total / math.log(2) / size


def bits_per_byte_as_written(network: Int8Gru, tokenizer: Tokenizer, articles: list[Article]) -> float:
    """Return the same of the numbers with which a GRU writes, the topic not told.

    Args:
        network: what writes.
        tokenizer: of the network.
        articles: texts that the model has not seen, at least one.
    """
    total = 0.0
    for rows in _rows(tokenizer, articles, False):
        columns, state = rows.numpy().T, np.repeat(network.start, len(rows), 0)  # (T, B), (B, layers, hidden)
        for read, wanted in itertools.pairwise(columns):
            logits, state = network(read, state)
            likelihood = torch.from_numpy(logits).double().log_softmax(1)  # (B, V)
            told = likelihood.gather(1, torch.from_numpy(wanted.copy())[:, None])[:, 0]  # (B,)
            total -= float(told[torch.from_numpy(wanted != PAD)].sum())
    size = sum(len(article.text.encode()) + 1 for article in articles)
    return total / math.log(2) / size


def _rows(tokenizer: Tokenizer, articles: list[Article], topic_known: bool) -> Iterable[Tensor]:
    """Yield rows `[topic, tokens..., END, PAD...]` (B, T) of articles of similar lengths."""
    tokens = tokenizer.topics.tokens
    encoded = sorted(
        (
            [tokens[article.topic if topic_known else "any"], *ids, END]
            for article, ids in zip(articles, tokenizer.encode_all([article.text for article in articles]), strict=True)
        ),
        key=len,
    )
    batch: list[list[int]] = []
    for row in encoded:
        if batch and len(row) * (len(batch) + 1) > _BATCH_TOKENS:
            yield _padded(batch)
            batch = []
        batch.append(row)
    if batch:
        yield _padded(batch)


def _padded(rows: list[list[int]]) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([row + [PAD] * (width - len(row)) for row in rows])  # (B, T)


def _exact_nats(model: GruModel, rows: Tensor) -> Tensor:
    vectors, _ = model(rows[:, :-1])
    logits = model.logits(vectors)  # (B, T - 1, V)
    return F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), ignore_index=PAD, reduction="sum")


def _bound_nats(model: MaskedModel, rows: Tensor, draws: int = 4) -> Tensor:
    text = (rows != PAD) & (rows != END)  # (B, T)
    text[:, 0] = False
    count = text.sum(1, keepdim=True)  # (B, 1)
    generator = torch.Generator().manual_seed(0)
    total = torch.zeros((), device=rows.device)
    for draw in range(draws):
        # Stratified over the share of masked tokens, so that few draws estimate the bound well.
        uniform = (torch.rand(len(rows), 1, generator=generator) + draw) / draws
        count_masked = (uniform.to(rows.device) * count).floor() + 1  # 1 to count
        order = torch.rand(rows.shape, generator=generator).to(rows.device).masked_fill(~text, 2.0)
        mask = (order.argsort(1).argsort(1) < count_masked) & text
        vectors = model(rows.masked_fill(mask, MASK))
        nats = F.cross_entropy(model.logits(vectors[mask]), rows[mask], reduction="none")
        weight = (count / count_masked).expand_as(rows)[mask]
        total += (nats * weight).sum() / draws
    return total

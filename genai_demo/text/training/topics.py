"""Trains the topic classifier, apart from the language models that it judges.

It never sees agency signatures: they give the topic away, and generated texts have none.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.models.checkpoint import CONFIG, Checkpoint, read_checkpoint
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.run import REAL
from genai_demo.engine.training.schedule import linear
from genai_demo.engine.training.task import Batch, Phase, Task, batch_generator, decayed_adamw
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Article, described
from genai_demo.text.data.cleaning import strip_source
from genai_demo.text.data.words import HAN, is_chinese
from genai_demo.text.models.topics import FAMILY, PADDING, TopicsConfig, TopicsModel
from genai_demo.text.sampling.loading import CLASSIFIERS, checkpoint_folder
from genai_demo.text.tokens.special_tokens import AG_NEWS, TOPIC_SETS
from genai_demo.text.training.configs import TopicsTraining

_WORD = re.compile(rf"[{HAN}]+|(?:(?![{HAN}])\w)+|[$%]")
_PREVIEWED = 12


def features(text: str, buckets: int) -> list[int]:
    """Return the bucket, from 1 to `buckets` - 1, of every word of `text` without its signatures.

    Chinese has no spaces between words: its characters and pairs of neighbours stand for them. The hash is CRC-32, the
    same in every process, unlike Python's own.
    """
    runs = _WORD.findall(strip_source(text).lower())
    words = [word for run in runs for word in (_parts(run) if is_chinese(run) else [run])]
    return [1 + zlib.crc32(word.encode()) % (buckets - 1) for word in words]


def _parts(run: str) -> list[str]:
    return [*run, *map("".join, pairwise(run))]


def _padded(rows: Sequence[list[int]]) -> Tensor:
    width = max(1, *map(len, rows))
    return torch.tensor([row + [PADDING] * (width - len(row)) for row in rows])  # (B, T)


class TopicsTask(Task):
    """The classifier as the engine sees it.

    Args:
        training: how to train.
        news: articles to learn from; those without a topic are left out, and at least one has to stay.
        validation: articles to measure on; those without a topic are left out.
        sizes: fields of the network's configuration that differ from its defaults.

    Raises:
        UserError: no article to learn from has a topic.
    """

    family = FAMILY
    ema_network = "model"
    _training: TopicsTraining

    def __init__(
        self,
        training: TopicsTraining,
        news: list[Article],
        validation: list[Article],
        sizes: dict[str, Any] | None = None,
    ) -> None:
        self._news, self._validation = _labelled(news), _labelled(validation)
        known = TOPIC_SETS[training.topics].known
        if not self._news:
            raise UserError("text.no_labels", allowed=", ".join(known))
        config = TopicsConfig(**{"topics": training.topics, **(sizes or {})})
        super().__init__(training, config, described(news=self._news, validation=self._validation))
        torch.manual_seed(training.seed)
        network = TopicsModel(config)
        self.networks = {self.ema_network: network}
        rows: dict[str, list[list[int]]] = {}
        for article in self._news:
            rows.setdefault(article.topic, []).append(features(article.text, config.buckets))
        # Every topic is as likely as the others, whatever the collection has most of.
        self._rows = [(known.index(topic), group) for topic, group in sorted(rows.items())]
        optimizer = decayed_adamw(network, training.learning_rate, training.weight_decay, betas=(0.9, 0.999))
        self.phases = [Phase("model", self.ema_network, optimizer, self._loss, linear(1.0, 0.0))]

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        rows = batch["rows"]
        dropped = torch.rand(rows.shape, device=rows.device) < self._training.word_dropout
        logits = self.networks[self.ema_network](rows.masked_fill(dropped, PADDING))
        return {"loss": F.cross_entropy(logits, batch["labels"])}

    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return rows (size, T) of buckets and labels (size,), places in the network's `known`."""
        generator = batch_generator(self._training.seed, step, rank)
        drawn = torch.rand(size, 2, generator=generator, dtype=torch.float64).tolist()
        chosen = [(*self._rows[int(topic * len(self._rows))], article) for topic, article in drawn]
        return {
            "rows": _padded([group[int(article * len(group))] for _, group, article in chosen]),
            "labels": torch.tensor([label for label, _, _ in chosen]),
        }

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return the share of validation articles whose topic is recognised, the mean over the topics."""
        assert isinstance(network, TopicsModel)
        groups = [[article for article in self._validation if article.topic == topic] for topic in network.known]
        shares = [accuracy(network, group) for group in groups if group]
        return {"accuracy": sum(shares) / len(shares)} if shares else {}

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return the first articles with the topic they were given."""
        assert isinstance(network, TopicsModel)
        articles = (self._validation or self._news)[:_PREVIEWED]
        named = recognise(network, [article.text for article in articles])
        lines = [
            f"{name} ({article.topic}): {article.text[:80]}\n" for name, article in zip(named, articles, strict=True)
        ]
        return {f"{REAL}and-named.txt": "".join(lines).encode()}


def _labelled(articles: list[Article]) -> list[Article]:
    return [article for article in articles if article.topic != "any"]


@torch.inference_mode()
def recognise(network: TopicsModel, texts: list[str]) -> list[str]:
    """Return the likeliest topic of each text."""
    device = network.embedding.weight.device
    named: list[str] = []
    for start in range(0, len(texts), 256):
        rows = _padded([features(text, network.config.buckets) for text in texts[start : start + 256]])
        named += [network.known[index] for index in network(rows.to(device)).argmax(1).tolist()]
    return named


def accuracy(network: TopicsModel, articles: list[Article]) -> float:
    """Return the share of `articles`, all of them with topics, at least one, whose topic is recognised, 0 to 1."""
    named = recognise(network, [article.text for article in articles])
    return sum(name == article.topic for name, article in zip(named, articles, strict=True)) / len(articles)


def load_classifier(model: str = CLASSIFIERS[AG_NEWS.name]) -> tuple[Checkpoint, TopicsModel]:
    """Return the classifier's checkpoint and network, on the CPU.

    Args:
        model: name or folder of the checkpoint, or a run's folder.

    Raises:
        UserError: a file is missing or damaged, or it is another kind of model.
    """
    folder = checkpoint_folder(model)
    checkpoint = read_checkpoint(folder)
    if checkpoint.family != FAMILY:
        raise UserError("text.other_family", folder=folder.name, found=checkpoint.family, wanted=FAMILY)
    try:
        network = TopicsModel(TopicsConfig(**checkpoint.model))
        network.load_state_dict(checkpoint.weights())
    except (RuntimeError, TypeError) as error:
        raise UserError("engine.other_weights", file=folder / CONFIG) from error
    return checkpoint, network.eval().requires_grad_(False)

"""Trains a news model: puts data, network and objective together for the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genai_demo.engine.fields import Field
from genai_demo.engine.models.lineage import Start, open_start
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.run import REAL
from genai_demo.engine.training.schedule import linear, warm_up
from genai_demo.engine.training.task import Batch, Phase, Task, decayed_adamw, is_vector
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Article, described
from genai_demo.text.data.batches import NewsBatches
from genai_demo.text.models.gru import GruModel
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.models.networks import NewsModel, make_network
from genai_demo.text.tokens.special_tokens import TOPIC_SETS, TopicSet, topics_in
from genai_demo.text.tokens.tokenizer import FILE, Tokenizer
from genai_demo.text.training.configs import FAMILIES, NewsTraining

_SHOWN = 4
"""articles whose blanks the masked model fills in samples"""


class NewsTask(Task):
    """A news model as the engine sees it.

    Args:
        training: how to train.
        news: articles to learn from.
        background: other texts to learn the language from.
        validation: articles to measure on; near copies of news to learn from are left out of them.
        folder: where the tokenizer is written; every checkpoint takes it along.
        sizes: fields of the network's configuration that differ from its defaults.
        start: a run or checkpoint whose tokenizer and weights to start from; from one of another family only the
            token embeddings are taken.
    """

    _training: NewsTraining

    def __init__(
        self,
        training: NewsTraining,
        news: list[Article],
        background: list[Article],
        validation: list[Article],
        folder: Path,
        sizes: dict[str, Any] | None = None,
        start: Path | None = None,
    ) -> None:
        self.family, self.ema_network, self.selection_metric = training.family, "model", "bits_per_byte"
        self._validation, self._folder = _unseen(validation, news), folder
        sizes = dict(sizes or {})
        origin = None if start is None else open_start(start, *FAMILIES)
        topics = TOPIC_SETS[training.topics]
        if origin is not None:
            _check_topics(origin, topics)
            tokenizer = Tokenizer.read(origin.checkpoint.folder / FILE, topics)
            network = _network_from(origin, self.family, sizes, training.seed)
        else:
            tokenizer = _tokenizer(training.vocabulary, news, background, folder, topics)
            torch.manual_seed(training.seed)
            network = make_network(self.family, {"vocabulary": tokenizer.size, "topics": topics.name, **sizes})
        tokenizer.write(folder / FILE)
        self.tokenizer = tokenizer
        data = described(news=news, background=background, validation=self._validation)
        super().__init__(training, network.config, data, origin)
        self._network = network
        shown = (self._validation or news)[:_SHOWN]
        self._shown = [(one.topic if one.topic in topics.tokens else "any", one.text) for one in shown]
        self.networks = {self.ema_network: network}
        self._batches = NewsBatches(
            news,
            [article.text for article in background],
            tokenizer,
            window=training.window,
            background_share=training.background_share,
            topic_dropout=training.topic_dropout,
            titled_share=training.titled_share,
            seed=training.seed,
        )
        rate = warm_up(linear(1.0, training.final_rate), training.warm_up)
        optimizer = decayed_adamw(network, training.learning_rate, training.weight_decay, no_decay=is_vector)
        self.phases = [Phase("model", self.ema_network, optimizer, self._loss, rate)]

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        if isinstance(self._network, GruModel):
            return self._network.loss(batch["rows"][:, :2] if self._training.first_word_only else batch["rows"])
        # Few masked tokens first: with most of a row hidden there is little to learn a word's neighbours from.
        first = self._training.first_holes
        return self._network.loss(batch["rows"], min(1.0, first + (1 - first) * 2 * progress.fraction))

    def live(self) -> dict[str, tuple[Field, float]]:
        found = super().live()
        if isinstance(self._network, GruModel):
            del found["first_holes"]
        return found

    def batch(self, step: int, size: int, rank: int) -> Batch:
        return {"rows": self._batches.batch(step, size, rank)}

    def validate(self, network: nn.Module) -> dict[str, float]:
        from genai_demo.text.training.likelihood import bits_per_byte

        if not self._validation:
            return {}
        assert isinstance(network, (GruModel, MaskedModel))
        return {"bits_per_byte": bits_per_byte(network, self.tokenizer, self._validation)}

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        from genai_demo.text.sampling.decoding import preview
        from genai_demo.text.sampling.fill_preview import fill_preview

        assert isinstance(network, (GruModel, MaskedModel))
        found = {"sample.txt": preview(network, self.tokenizer).encode()}
        if isinstance(network, MaskedModel) and self._shown:
            filled = fill_preview(network, self.tokenizer, self._shown)
            found = {f"{REAL}and-filled.txt": filled.encode()} | found
        return found

    def files(self) -> dict[str, Path]:
        return {FILE: self._folder / FILE}


def _network_from(start: Start, family: str, sizes: dict[str, Any], seed: int) -> NewsModel:
    """Return a network with all weights of `start`, or with another family's token embeddings.

    Words that one network has learnt to tell apart spare the other the slowest part of its training.
    """
    checkpoint = start.checkpoint
    if checkpoint.family == family:
        network = make_network(family, {**checkpoint.model, **sizes})
        start.load_into(network)
        return network
    torch.manual_seed(seed)
    network = make_network(family, {**_shared(checkpoint.model), **sizes})
    embedding = checkpoint.weights().get("embedding.weight")
    if embedding is None or embedding.shape != network.embedding.weight.shape:
        raise UserError("text.other_family", folder=checkpoint.folder, found=checkpoint.family, wanted=family)
    network.embedding.load_state_dict({"weight": embedding})
    return network


def _shared(model: dict[str, Any]) -> dict[str, Any]:
    """Return those sizes of a network that one of another family has to share to be given its embeddings."""
    return {name: value for name, value in model.items() if name in ("vocabulary", "topics")}


def _check_topics(start: Start, topics: TopicSet) -> None:
    """Raise `UserError` unless the model to start from has `topics`."""
    found = topics_in(start.checkpoint.model)
    if found is not topics:
        raise UserError("text.other_topics", folder=start.checkpoint.folder, found=found.name, wanted=topics.name)


def _tokenizer(size: int, news: list[Article], background: list[Article], folder: Path, topics: TopicSet) -> Tokenizer:
    """Return the tokenizer that the run's folder holds already, or one learnt from the news and as much background."""
    if (folder / FILE).is_file():
        return Tokenizer.read(folder / FILE, topics)
    texts = [article.text for article in news]
    room = sum(map(len, texts))
    for article in background[:: max(1, len(background) // 2000)]:
        room -= len(article.text)
        if room < 0:
            break
        texts.append(article.text)
    return Tokenizer.train(texts, size, topics)


def _unseen(validation: list[Article], news: list[Article]) -> list[Article]:
    from genai_demo.text.data.memorization import without_copies

    kept = without_copies(validation, news)
    if validation and not kept:
        raise UserError("text.validation_is_training", count=len(validation))
    return kept

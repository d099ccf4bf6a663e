"""A tiny world of news, and models that learn it in seconds."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.text.data.articles import Article
from genai_demo.text.models.networks import debug_sizes
from genai_demo.text.tokens.tokenizer import Tokenizer
from genai_demo.text.training.configs import NewsTraining
from genai_demo.text.training.language_model import NewsTask

_WHO = {
    "world": ("The president", "A minister", "The rebels"),
    "sports": ("The team", "Their coach", "A striker"),
    "business": ("The company", "An oil firm", "The bank"),
    "scitech": ("Scientists", "A software maker", "The probe"),
}
_DID = ("said on Monday", "won again", "lost $5 million", "met in Paris")
_WHERE = ("after long talks.", "in the U.S. this week.", "for the third time.")
VOCABULARY = 320


def articles() -> list[Article]:
    """Return 144 articles of the four topics, all different."""
    return [
        Article(f"{who} {did} {where} It was news.", topic)
        for topic, names in _WHO.items()
        for who, did, where in itertools.product(names, _DID, _WHERE)
    ]


def titled() -> list[Article]:
    """Return the same articles, each with a headline before it."""
    return [
        Article(f"{article.topic.title()} news {article.text}", article.topic, f"{article.topic.title()} news")
        for article in articles()
    ]


def held_out() -> list[Article]:
    """Return 12 articles in the words of the tiny world, put together as nowhere in `articles`."""
    return [
        Article(f"It was news. {where} {did} {who}, too.", topic)
        for topic, names in _WHO.items()
        for who, did, where in zip(names, _DID, _WHERE, strict=False)
    ]


def background() -> list[Article]:
    """Return longer texts that are no news."""
    return [
        Article(f"Senator number {number} spoke. " + "The bill is good for the people of this state. " * 12)
        for number in range(5)
    ]


def tokenizer() -> Tokenizer:
    """Return a tokenizer of the tiny world."""
    return Tokenizer.train([article.text for article in articles()], VOCABULARY)


def task(
    family: str,
    folder: Path,
    sizes: dict[str, Any] | None = None,
    learnt: list[Article] | None = None,
    **training: Any,
) -> NewsTask:
    """Return the task of learning the tiny world with a debug network whose tokenizer lies in `folder`."""
    how = NewsTraining(
        **{
            "family": family,
            "vocabulary": VOCABULARY,
            "window": 32,
            "background_share": 0.25,
            "learning_rate": 5e-3,
            **training,
        }
    )
    sizes = {**debug_sizes(family), **(sizes or {})}
    return NewsTask(how, learnt or articles(), background(), held_out(), folder, sizes)


def train_tiny(family: str, folder: Path, examples: int = 320, learnt: list[Article] | None = None) -> Path:
    """Train a debug model ("gru" or "masked") in `folder` within seconds and return its checkpoint's folder."""
    config = TrainConfig(examples=examples, batch_size=16, precision="fp32", snapshots=1)
    run = RunFolder(folder)
    train(task(family, folder, learnt=learnt), config, run)
    checkpoint = run.last_snapshot()
    assert checkpoint is not None
    return checkpoint

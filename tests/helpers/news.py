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
from genai_demo.text.requests import WRITERS
from genai_demo.text.tokens.special_tokens import AG_NEWS, TopicSet
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


def chinese() -> list[Article]:
    """Return 108 headlines of three topics, all different."""
    who = {
        "sports": ("主队", "教练", "前锋"),
        "stocks": ("大盘", "银行股", "基金"),
        "games": ("网游", "玩家", "《征途》"),
    }
    did = ("获胜", "大涨", "公测", "回归")
    return [
        Article(f"{name}{what} {when}", topic)
        for topic, names in who.items()
        for name, what, when in itertools.product(names, did, ("今日再创新高", "将于周一开始", "引发关注：专家"))
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
    topics: TopicSet = AG_NEWS,
    **training: Any,
) -> NewsTask:
    """Return the task of learning the tiny world with a debug network whose tokenizer lies in `folder`."""
    how = NewsTraining(
        **{
            "family": family,
            "topics": topics.name,
            "vocabulary": VOCABULARY if topics is AG_NEWS else 450,
            "window": 32,
            "background_share": 0.25,
            "learning_rate": 5e-3,
            **training,
        }
    )
    sizes = {**debug_sizes(family), **(sizes or {})}
    if topics is AG_NEWS:
        return NewsTask(how, learnt or articles(), background(), held_out(), folder, sizes)
    return NewsTask(how, learnt or chinese(), [], [], folder, sizes)


def train_tiny(kind: str, folder: Path, examples: int = 320, learnt: list[Article] | None = None) -> Path:
    """Train a debug model, of a kind in `WRITERS`, in `folder` in seconds and return its checkpoint's folder."""
    config = TrainConfig(examples=examples, batch_size=16, precision="fp32", snapshots=1)
    run = RunFolder(folder)
    family = {"headlines": "gru", "headlines-masked": "masked"}.get(kind, kind)
    train(task(family, folder, learnt=learnt, topics=WRITERS[kind]), config, run)
    checkpoint = run.last_snapshot()
    assert checkpoint is not None
    return checkpoint

"""How the models are trained, beyond what the engine needs to know; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from genai_demo.engine.fields import Later, Live, Mistake, OneOf, Seed, Share, Within
from genai_demo.engine.training.config import Rate, Trainable, TrainRequest, Weight
from genai_demo.text.tokens.special_tokens import AG_NEWS, TOPIC_SETS

FAMILIES = ("gru", "masked")
"""networks that write"""
Topics = Annotated[str, OneOf(tuple(TOPIC_SETS)), Later]


@dataclass(frozen=True)
class NewsTraining:
    """How a news model is trained, beyond what the engine needs to know."""

    family: Annotated[str, OneOf(FAMILIES)] = "gru"
    """"gru" or "masked\""""
    topics: Topics = AG_NEWS.name
    """set of topics that the data has"""
    vocabulary: Annotated[int, Within(270, 200_000)] = 8192
    """ids of a tokenizer trained here, at least 300"""
    window: Annotated[int, Within(4, 4096)] = 96
    """most tokens of a training row"""
    background_share: Share = 0.85
    """share of rows taken from the background texts, where there are any"""
    topic_dropout: Share = 0.1
    """share of rows whose topic is hidden"""
    titled_share: Share = 0.5
    """share of the articles with a headline that are learnt with it on a line of its own"""
    learning_rate: Rate = 2.5e-3
    """peak learning rate"""
    final_rate: Share = 0.05
    """share of the learning rate that is left at the end"""
    weight_decay: Weight = 0.05
    warm_up: Share = 0.02
    """share of the budget over which the learning rate rises"""
    first_holes: Annotated[Share, Live] = 0.3
    """largest share of a row that the masked model sees masked at first; it rises to 1 over half of the budget"""
    first_word_only: Annotated[bool, Mistake] = False
    """a classic mistake: only the first word of a text is scored, so that nothing is learnt of the others (GRU)"""
    seed: Seed = 0


@dataclass(frozen=True)
class TopicsTraining:
    """How the classifier is trained, beyond what the engine needs to know."""

    topics: Topics = AG_NEWS.name
    """set of topics that the data has"""
    learning_rate: Rate = 0.02
    """peak learning rate"""
    weight_decay: Weight = 0.1
    word_dropout: Annotated[float, Within(0.0, 0.99), Live] = 0.5
    """share of words that are left out, drawn anew each time"""
    seed: Seed = 0


@dataclass(frozen=True, kw_only=True)
class NewsTrainRequest(TrainRequest):
    """What a run is asked to learn of news; its family is one of `TRAININGS`."""

    data: tuple[str, ...]
    """articles with topics: .csv, .jsonl, .txt files, a hub id such as fancyzhx/ag_news, or sample (or sample:500),
    made here"""
    background: tuple[str, ...] = ()
    """other texts to learn the language from"""
    validation: str | None = None
    """articles to measure on while training; sample for those that a sample holds out"""
    hold_out: Annotated[float, Within(0.0, 0.9)] = 0.0
    """share of the articles that is held out to measure on, where none are given for that"""
    start: Path | None = None
    """checkpoint or run to start from; of another family only its token embeddings are taken"""


TRAININGS = {"gru": NewsTraining, "masked": NewsTraining, "topics": TopicsTraining}
"""how each model is trained: the two that write, and the classifier that judges topics"""

_SAMPLE = {"sample": {"data": "sample", "validation": "sample"}}
_HELD_OUT = {"hold_out": 0.1}
TRAINABLE = {
    "gru": Trainable(
        NewsTraining,
        {
            "first_look": {
                "minutes": 1.0,
                "batch_size": 32,
                "vocabulary": 2000,
                "window": 48,
                "size": {"embedding": 96, "hidden": 128, "layers": 1},
            },
            "lecture": {
                "minutes": 10.0,
                "batch_size": 32,
                "vocabulary": 4000,
                "window": 64,
                "size": {"embedding": 160, "hidden": 320, "layers": 1},
            },
            "as_shipped": {"minutes": 240.0, "batch_size": 64, "size": {"dropout": 0.25, "embedding_dropout": 0.1}},
        },
        data=_SAMPLE,
        uploaded=_HELD_OUT,
        sizes_of_data=("topics",),
        shipped="news-gru",
        lesson="autoregressive",
        without=("first_holes",),
    ),
    "masked": Trainable(
        NewsTraining,
        {
            "first_look": {
                "minutes": 1.0,
                "batch_size": 32,
                "vocabulary": 1000,
                "window": 32,
                "first_holes": 0.2,
                "size": {"width": 96, "layers": 2, "heads": 4, "dropout": 0.0},
            },
            "lecture": {
                "minutes": 10.0,
                "batch_size": 32,
                "vocabulary": 4000,
                "window": 48,
                "size": {"width": 160, "layers": 3, "heads": 4},
            },
            "as_shipped": {"minutes": 195.0, "batch_size": 16, "window": 80, "size": {"layers": 4}},
        },
        data=_SAMPLE,
        uploaded=_HELD_OUT,
        sizes_of_data=("topics",),
        shipped="news-masked",
        lesson="masked",
        without=("first_word_only",),
    ),
    "topics": Trainable(
        TopicsTraining,
        {
            "first_look": {"minutes": 0.5, "batch_size": 64},
            "lecture": {"minutes": 5.0, "batch_size": 128},
            "as_shipped": {"minutes": 9.0, "batch_size": 128},
        },
        data=_SAMPLE,
        uploaded=_HELD_OUT,
        sizes_of_data=("topics",),
        goes_on=False,
    ),
}
"""what the page offers to train"""

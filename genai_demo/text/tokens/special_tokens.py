"""Tokens that no text can spell, and the sets of topics that some of them stand for; imports no tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PAD, END, MASK = 0, 1, 2
_FIRST_TOPIC = 3


@dataclass(frozen=True)
class TopicSet:
    """The topics that a collection of texts has, and with them a model that learnt from it."""

    name: str
    """as in configurations"""
    language: str
    """of the texts, as in IETF language tags"""
    topics: tuple[str, ...]
    """"any" first, then the topics in the order of the collection's labels"""

    @property
    def known(self) -> tuple[str, ...]:
        """The topics that can be told apart: all but "any"."""
        return self.topics[1:]

    @property
    def tokens(self) -> dict[str, int]:
        """The control token of each topic."""
        return {topic: _FIRST_TOPIC + place for place, topic in enumerate(self.topics)}

    @property
    def background(self) -> int:
        """The control token that stands where the topic stands, for texts that have none."""
        return _FIRST_TOPIC + len(self.topics)

    @property
    def controls(self) -> int:
        """Number of control tokens; ids from here on are text."""
        return self.background + 1


AG_NEWS = TopicSet("ag_news", "en", ("any", "world", "sports", "business", "scitech"))
"""AG News' topics in the order of its labels 1 to 4"""
THUCNEWS = TopicSet(
    "thucnews",
    "zh",
    (
        "any",
        "politics",
        "society",
        "finance",
        "stocks",
        "property",
        "technology",
        "education",
        "sports",
        "entertainment",
        "games",
        "home",
    ),
)
"""topics of the Chinese headlines of THUCNews"""
TOPIC_SETS = {one.name: one for one in (AG_NEWS, THUCNEWS)}


def topics_in(sizes: Mapping[str, Any]) -> TopicSet:
    """Return the topics that a network's configuration names; older ones name none, and have those of AG News.

    Raises:
        KeyError: there is no such set.
    """
    return TOPIC_SETS[sizes.get("topics", AG_NEWS.name)]

"""Which topic a label stands for: the numbers and names of collections, and the words that people use instead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from genai_demo.engine.files import without_accents
from genai_demo.text.tokens.special_tokens import AG_NEWS, THUCNEWS, TopicSet

_NONE = "any none no unknown other others misc miscellaneous nan null na general 其他 未知 无"
_AG_NEWS = {
    "any": _NONE,
    "world": "world worldnews international internationalnews global foreign politics political policy government "
    "election elections nation national us usnews worldpost theworldpost welt ausland politik monde politique mundo "
    "internacional politica mondo esteri 国际 世界 时政 政治 时事 国内 社会",
    "sports": "sports sport sportsnews athletics football soccer basketball baseball tennis cricket hockey golf "
    "deporte deportes esporte esportes desporto 体育 运动 足球 篮球",
    "business": "business businessnews finance financial economy economics economic market markets money stock stocks "
    "company companies trade industry wirtschaft economie negocios economia 财经 经济 商业 金融 股票 商务 证券",
    "scitech": "scitech sciencetech science technology tech sci sciencetechnology sciencesandtech "
    "scienceandtechnology scienceandtech computers computing computer internet "
    "wissenschaft technik technologie ciencia tecnologia ciencias scienza scienze sciences tecnologias "
    "科技 科学 技术 科学技术 互联网 数码",
}
_THUCNEWS = {
    "any": _NONE,
    "politics": "politics political world worldnews international nation national 时政 政治 国际 国内",
    "society": "society social 社会",
    "finance": "finance financial business businessnews economy economics 财经 经济 商业 金融",
    "stocks": "stocks stock market markets 股票 证券 股市",
    "property": "property realestate realty housing 房产 房地产",
    "technology": "technology tech scitech science computers internet 科技 科学 技术 互联网 数码",
    "education": "education edu 教育",
    "sports": "sports sport sportsnews 体育 运动",
    "entertainment": "entertainment ent 娱乐",
    "games": "games game gaming 游戏",
    "home": "home homes furniture 家居",
}
_TOPIC_OF = {
    topics.name: {word: topic for topic, words in known.items() for word in words.split()}
    for topics, known in ((AG_NEWS, _AG_NEWS), (THUCNEWS, _THUCNEWS))
}
_PREFIX = "__label__"
"""of labels in the format of fastText"""
_NEWS = "news"
"""stands before the topic in some labels: news_tech"""


def _plain(label: object) -> str:
    plain = re.sub(r"[\W_]+", "", without_accents(str(label).strip().lower().removeprefix(_PREFIX)))
    return plain if _is_word(plain) else plain.removeprefix(_NEWS)


def _is_word(plain: str) -> bool:
    return any(plain in words for words in _TOPIC_OF.values())


def number_of(label: object) -> int | None:
    """Return the whole number that a label is, as pandas may write it ("2.0") as well; None for anything else."""
    if isinstance(label, bool):
        return None
    try:
        value = float(str(label).strip().removeprefix(_PREFIX))
    except ValueError:
        return None
    return int(value) if value.is_integer() else None


def is_label(label: object) -> bool:
    """Return whether a cell is a label that AG News has, or a word for a topic of any collection."""
    number = number_of(label)
    return 0 <= number <= 4 if number is not None else _is_word(_plain(label))


def topics_of(
    labels: Sequence[object], from_one: bool = False, topics: TopicSet = AG_NEWS
) -> tuple[list[str], Counter[str]]:
    """Return the topic of each label of a source, and the labels that stand for none, which count as "any".

    AG News numbers its topics from 1 to 4, the hub from 0 to 3: numbers go by the lowest and highest of all. No other
    collection has numbers that everybody agrees on.

    Args:
        labels: numbers, words or nothing.
        from_one: whether it is known that numbers begin at 1.
        topics: those that they may stand for.
    """
    numbers = {number for number in map(number_of, labels) if number is not None}
    known = _numbered(numbers, from_one) if topics is AG_NEWS else {}
    words = _TOPIC_OF[topics.name]
    found, unknown = [], Counter[str]()
    for label in labels:
        number = number_of(label)
        if label is None or not str(label).strip():
            topic: str | None = "any"
        else:
            topic = known.get(number) if number is not None else words.get(_plain(label))
        if topic is None:
            unknown[str(label).strip()[:40]] += 1
        found.append(topic or "any")
    return found, unknown


def _numbered(numbers: set[int], from_one: bool) -> dict[int, str]:
    """Return the topics of AG News by the numbers that a source gives them."""
    if 0 not in numbers or from_one:
        return dict(enumerate(AG_NEWS.known, 1))
    # From 0 to beyond 3 there are more topics than four: nobody knows which.
    return dict(enumerate(AG_NEWS.known)) if max(numbers) <= 3 and min(numbers) == 0 else {}

"""Makes the training tasks of the news models by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from operator import add

from genai_demo.engine.data.items import Items
from genai_demo.engine.fields import check_values
from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Articles, read_held_out, read_source
from genai_demo.text.models.gru import GruConfig
from genai_demo.text.models.masked import MaskedConfig
from genai_demo.text.models.topics import FAMILY, TopicsConfig
from genai_demo.text.tokens.special_tokens import TOPIC_SETS, TopicSet
from genai_demo.text.training.configs import NewsTraining, NewsTrainRequest, TopicsTraining
from genai_demo.text.training.language_model import NewsTask
from genai_demo.text.training.topics import TopicsTask

CONFIGS = {"gru": GruConfig, "masked": MaskedConfig, FAMILY: TopicsConfig}
"""what the sizes of each network are"""


def check(request: NewsTrainRequest) -> None:
    """Raise `UserError` that names the first setting that is not allowed; reads nothing."""
    training = _training(request)
    if isinstance(training, NewsTraining) and training.first_word_only and request.family != "gru":
        raise UserError("text.first_word_is_for_gru", family=request.family)
    check_values(CONFIGS[request.family], request.sizes, "engine.no_such_size")
    if request.start is None:
        needed = {} if request.family == FAMILY else {"vocabulary": NewsTraining.vocabulary}
        CONFIGS[request.family](**needed | request.sizes)


def make_task(request: NewsTrainRequest) -> Task:
    """Return the task that is asked for.

    Raises:
        UserError: a setting is not allowed, or data or starting point cannot be used.
    """
    check(request)
    training = _training(request)
    topics = TOPIC_SETS[training.topics]
    news, background = read_together(request.data, topics), read_together(request.background, topics)
    held_out = read_held_out(request.validation, topics) if request.validation else Articles([])
    if request.hold_out and not request.validation:
        if len(news.articles) == 1:
            raise UserError("text.two_needed", source=request.data[0])
        news, held_out = news.parted(request.hold_out)
    task: Task
    if isinstance(training, TopicsTraining):
        task = TopicsTask(training, news.articles, held_out.articles, request.sizes)
    else:
        texts = (news.articles, background.articles, held_out.articles)
        task = NewsTask(training, *texts, request.run, request.sizes, request.start)
    task.items = _items(task, news, held_out)
    return task


def _training(request: NewsTrainRequest) -> NewsTraining | TopicsTraining:
    if request.family == FAMILY:
        return request.training(TopicsTraining)
    return request.training(NewsTraining, family=request.family)


def read_together(sources: Sequence[str], topics: TopicSet) -> Articles:
    """Return the articles of all sources, one source after the other; see `read_source`."""
    return reduce(add, map(partial(read_source, topics=topics), sources), Articles([]))


def _items(task: Task, news: Articles, held_out: Articles) -> Items:
    """Return what is told of what was read; the task knows what of it it can use."""
    used, measured = (int(task.data()[part]["articles"]) for part in ("news", "validation"))
    unused = (UserError("text.no_topic"),) * (len(news.articles) - used)
    remarks = [*news.remarks(), *held_out.remarks()]
    if copies := len(held_out.articles) - measured:
        remarks.append(UserError("text.not_measured_on", count=copies, total=len(held_out.articles)))
    labelled = sum(article.topic != "any" for article in news.articles)
    return Items("text", used, measured, labelled, news.left_out + unused, remarks)

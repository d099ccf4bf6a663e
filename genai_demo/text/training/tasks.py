"""Makes the training tasks of the news models by name."""

from __future__ import annotations

from collections.abc import Sequence

from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Article, read_articles
from genai_demo.text.training.configs import NewsTraining, NewsTrainRequest, TopicsTraining
from genai_demo.text.training.language_model import NewsTask
from genai_demo.text.training.topics import TopicsTask


def make_task(request: NewsTrainRequest) -> Task:
    """Return the task that is asked for.

    Raises:
        UserError: data or starting point cannot be used, or a field is unknown.
    """
    news, background = _read(request.data), _read(request.background)
    held_out = read_articles(request.validation) if request.validation else []
    try:
        if request.family == "topics":
            return TopicsTask(TopicsTraining(seed=request.seed, **request.changes), news, held_out, request.sizes)
        training = NewsTraining(family=request.family, seed=request.seed, **request.changes)
        return NewsTask(training, news, background, held_out, request.run, request.sizes, request.start)
    except TypeError as error:
        raise UserError("engine.bad_field", reason=error) from error


def _read(sources: Sequence[str]) -> list[Article]:
    return [article for source in sources for article in read_articles(source)]

"""Writes, fills in and rewrites news: a request in, a stream of drafts out, each with its receipt."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from genai_demo.engine.generation.service import Service
from genai_demo.text.requests import ACTIONS, FillRequest, GenerateRequest, Request
from genai_demo.text.results import Update
from genai_demo.text.sampling.letters import check_letters
from genai_demo.text.sampling.loading import LoadedModel, registry

if TYPE_CHECKING:
    from genai_demo.text.sampling.choosing import Recorder


def produce(loaded: LoadedModel, request: Request, recorder: Recorder | None = None) -> Iterator[Update]:
    """Yield the result of a request that was checked as it grows.

    Args:
        loaded: a model of the request's family.
        request: what to do.
        recorder: takes note of what could have come in place of each token of one text.

    Raises:
        UserError: a token that the request names cannot stand at its place.
    """
    from genai_demo.text.sampling import filled_headlines, filling, headlines, writing

    if isinstance(request, GenerateRequest):
        write = {
            "gru": writing.write,
            "masked": filling.write,
            "headlines": headlines.write,
            "headlines-masked": filled_headlines.write,
        }
        return write[request.model](loaded, request, recorder)
    fillers = {"masked": filling, "headlines-masked": filled_headlines}
    if isinstance(request, FillRequest):
        return fillers[request.model].fill(loaded, request, recorder)
    return fillers[request.model].rewrite(loaded, request, recorder)


service: Service[Request, LoadedModel, Update] = Service("text", ACTIONS, registry, produce)
reproduce, request_of = service.reproduce, service.request_of
problem, warm = registry.problem, service.warm


def run(request: Request, model: str | None = None) -> Generator[Update, None, None]:
    """Yield the result of a request as it grows, see `Service.run`.

    Receipts are made again without a look at their letters: what was made once can be made again.

    Raises:
        UserError: as there, or the model has never read such letters as those of the request's text.
    """
    request.check()
    check_letters(request, model)
    yield from service.run(request, model)

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
    from genai_demo.text.sampling.choosing import Recorder, Rest


def produce(
    loaded: LoadedModel, request: Request, recorder: Recorder | None = None, rest: Rest | None = None
) -> Iterator[Update]:
    """Yield the result of a request that was checked as it grows.

    Args:
        loaded: a model of the request's family.
        request: what to do.
        recorder: takes note of what could have come in place of each token of one text.
        rest: how long a text that grows token by token need not be told; None tells every token. The masked model's
            steps are few, and all told.

    Raises:
        UserError: a token that the request names cannot stand at its place.
    """
    from genai_demo.text.sampling import filled_headlines, filling

    if isinstance(request, GenerateRequest) and loaded.together is not None:
        return _write_together(loaded, request, recorder, rest)
    fillers = {"masked": filling, "headlines-masked": filled_headlines}
    filler = fillers[request.model]
    if isinstance(request, GenerateRequest):
        return filler.write(loaded, request, recorder)
    if isinstance(request, FillRequest):
        return filler.fill(loaded, request, recorder)
    return filler.rewrite(loaded, request, recorder)


def _write_together(
    loaded: LoadedModel, request: GenerateRequest, recorder: Recorder | None, rest: Rest | None
) -> Iterator[Update]:
    from genai_demo.text.sampling import choosing, headlines, writing

    assert loaded.together is not None
    write = headlines.write if request.model == "headlines" else writing.write
    with loaded.together.member():
        yield from write(loaded, request, recorder, rest or choosing.no_rest)


# Their numbers had 32 bits until then.
_OUTDATED = {"gru": ("0.1.0",), "headlines": ("0.1.0",)}
service: Service[Request, LoadedModel, Update] = Service("text", ACTIONS, registry, produce, _OUTDATED)
reproduce, request_of = service.reproduce, service.request_of
problem, warm = registry.problem, service.warm


def run(request: Request, model: str | None = None, rest: Rest | None = None) -> Generator[Update, None, None]:
    """Yield the result of a request as it grows, see `Service.run` and `produce`.

    Receipts are made again without a look at their letters: what was made once can be made again.

    Raises:
        UserError: as there, or the model has never read such letters as those of the request's text.
    """
    request.check()
    check_letters(request, model)
    yield from service.run(request, model, rest=rest)


def crowd(model: str) -> int:
    """Return how many texts a model writes together at the moment; 0 for one that writes each by itself.

    Raises:
        UserError: the checkpoint cannot be used.
    """
    together = registry.load(model).together
    return together.members if together else 0

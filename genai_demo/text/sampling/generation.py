"""Writes, fills in and rewrites news: a request in, a stream of drafts out, each with its receipt."""

from __future__ import annotations

from collections.abc import Iterator

from genai_demo.engine.generation.service import Service
from genai_demo.text.requests import ACTIONS, FillRequest, Request, RewriteRequest
from genai_demo.text.results import Update
from genai_demo.text.sampling.loading import LoadedModel, registry


def _produce(loaded: LoadedModel, request: Request) -> Iterator[Update]:
    from genai_demo.text.sampling import filling, writing

    if isinstance(request, FillRequest):
        return filling.fill(loaded, request)
    if isinstance(request, RewriteRequest):
        return filling.rewrite(loaded, request)
    return {"gru": writing.write, "masked": filling.write}[request.model](loaded, request)


service: Service[Request, LoadedModel, Update] = Service("text", ACTIONS, registry, _produce)
run, reproduce, request_of = service.run, service.reproduce, service.request_of
problem, warm = registry.problem, service.warm

"""Writes, continues and rewrites music: a request in, a stream of pieces out, each with its receipt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from genai_demo.engine.generation.service import Service
from genai_demo.errors import UserError
from genai_demo.music.requests import (
    ACTIONS,
    ComposeRequest,
    ContinueRequest,
    HarmoniseRequest,
    Request,
    RewriteRequest,
)
from genai_demo.music.results import Update
from genai_demo.music.sampling.loading import LoadedModel, registry
from genai_demo.music.theory.piece import TICKS, Bar, Note, Piece


def _produce(loaded: LoadedModel, request: Request) -> Iterator[Update]:
    from genai_demo.music.sampling import composer_rewriting, composing, gan_composing, gan_rewriting, masked_inpainting

    ways: dict[tuple[str, type[Request]], Callable[[Any, Any], Iterator[Update]]] = {
        ("composer", ComposeRequest): composing.compose,
        ("composer", ContinueRequest): composing.compose,
        ("composer", RewriteRequest): composer_rewriting.rewrite,
        ("composer", HarmoniseRequest): composer_rewriting.harmonise,
        ("gan", ComposeRequest): gan_composing.compose,
        ("gan", ContinueRequest): gan_composing.compose,
        ("gan", RewriteRequest): gan_rewriting.rewrite,
        ("masked", RewriteRequest): masked_inpainting.rewrite,
        ("masked", HarmoniseRequest): masked_inpainting.harmonise,
    }
    return ways[request.model, type(request)](loaded if request.model == "masked" else loaded.network, request)


service: Service[Request, LoadedModel, Update] = Service("music", ACTIONS, registry, _produce)
run, reproduce, request_of = service.run, service.reproduce, service.request_of
problem = registry.problem


def warm() -> None:
    """Load the models, and what makes sound and sheet music, so that the first piece need not wait."""
    service.warm()
    from genai_demo.music.audio.synthesis import encode, render
    from genai_demo.music.notation.engraving import engrave
    from genai_demo.music.notation.score import musicxml

    piece = Piece((Note(0, 60, TICKS),), (Bar(0, 1, 4),))
    try:
        encode(render(piece), "ogg")
    except UserError:
        return  # what is wrong is said to whoever presses the button
    engrave(musicxml(piece))

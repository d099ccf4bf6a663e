"""Writes, continues and rewrites music: a request in, a stream of pieces out, each with its receipt.

A result is a pure function of (checkpoint, request): pages, clients and the command line all call `run`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import asdict, fields, replace

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.music.requests import ACTIONS, ComposeRequest, ContinueRequest, HarmoniseRequest, Request
from genai_demo.music.results import Update
from genai_demo.music.sampling.loading import FOLDERS, LoadedModel, checkpoint_folder, load, problem

__all__ = ["problem", "reproduce", "request_of", "run", "warm"]

_LONGEST_NAME = 200
"""characters of a model's name or path in a receipt"""


def run(request: Request, model: str | None = None) -> Generator[Update, None, None]:
    """Yield pieces as they grow; the last update carries the receipts.

    Args:
        request: what to do.
        model: name or folder of the checkpoint; None takes the one that ships for the request.

    Raises:
        UserError: a setting is not allowed, or the checkpoint cannot be used.
    """
    request.check()
    model = model or request.model
    loaded = load(model, request.model)
    for update in _updates(loaded, request):
        if all(composition.finished for composition in update.compositions):
            count = len(update.compositions)
            update = replace(update, receipts=_receipts(request, model, loaded.checkpoint.id, count))
        yield update


def _updates(loaded: LoadedModel, request: Request) -> Iterator[Update]:
    if isinstance(request, ComposeRequest | ContinueRequest):
        from genai_demo.music.models.composer import Composer
        from genai_demo.music.models.gan_pair import Gan
        from genai_demo.music.sampling import composing
        from genai_demo.music.sampling import gan_composing as gan_playing

        if isinstance(loaded.network, Composer):
            return composing.compose(loaded.network, request)
        assert isinstance(loaded.network, Gan)
        return gan_playing.compose(loaded.network, request)
    from genai_demo.music.models.composer import Composer
    from genai_demo.music.models.gan_pair import Gan
    from genai_demo.music.sampling import composer_rewriting, gan_rewriting
    from genai_demo.music.sampling import masked_inpainting as inpainting

    if isinstance(request, HarmoniseRequest):
        if isinstance(loaded.network, Composer):
            return composer_rewriting.harmonise(loaded.network, request)
        return inpainting.harmonise(loaded, request)
    if isinstance(loaded.network, Composer):
        return composer_rewriting.rewrite(loaded.network, request)
    if isinstance(loaded.network, Gan):
        return gan_rewriting.rewrite(loaded.network, request)
    return inpainting.rewrite(loaded, request)


def _receipts(request: Request, model: str, checkpoint: str, count: int) -> tuple[Receipt, ...]:
    action = next(name for name, kind in ACTIONS.items() if isinstance(request, kind))
    name = FOLDERS.get(model, model)
    return tuple(Receipt("music", action, name, checkpoint, asdict(request), index) for index in range(count))


def request_of(receipt: Receipt) -> Request:
    """Return the request that a receipt records.

    Raises:
        UserError: it is not a receipt of music, or a setting is missing, unknown or not allowed.
    """
    if receipt.modality != "music" or receipt.action not in ACTIONS:
        raise UserError("music.not_a_music_receipt", modality=receipt.modality, action=receipt.action)
    if len(receipt.model) > _LONGEST_NAME:
        raise UserError("engine.receipt_lacks", field="model")
    kind = ACTIONS[receipt.action]
    kinds = {field.name: type(field.default) for field in fields(kind)}
    for name in sorted(kinds.keys() ^ receipt.settings.keys()):
        raise UserError("engine.receipt_lacks", field=name)
    for name, wanted in kinds.items():
        value = receipt.settings[name]
        if not isinstance(value, (int, float) if wanted is float else wanted) or isinstance(value, bool):
            raise UserError("engine.receipt_lacks", field=name)
    request = kind(**receipt.settings)
    request.check()
    return request


def reproduce(receipt: Receipt) -> Update:
    """Make again what a receipt records; `update.compositions[receipt.index]` is the piece.

    Raises:
        UserError: the receipt is not in order, or its checkpoint is not the one that is here.
    """
    request = request_of(receipt)
    loaded = load(receipt.model)
    if loaded.checkpoint.id != receipt.checkpoint:
        raise UserError(
            "engine.other_checkpoint",
            wanted=receipt.checkpoint,
            found=loaded.checkpoint.id,
            folder=checkpoint_folder(receipt.model),
        )
    update = list(run(request, receipt.model))[-1]
    if not 0 <= receipt.index < len(update.compositions):
        raise UserError("engine.receipt_lacks", field="index")
    return update


def warm() -> None:
    """Load every music model that can be loaded, so that the first request need not wait."""
    for model in FOLDERS:
        if problem(model) is None:
            load(model)

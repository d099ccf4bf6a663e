"""Writes, fills in and rewrites news: a request in, a stream of drafts out, each with its receipt.

A result is a pure function of (checkpoint, request): pages, clients and the command line all call `run`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, fields, replace

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.text.requests import ACTIONS, FillRequest, GenerateRequest, Request, RewriteRequest
from genai_demo.text.results import Update
from genai_demo.text.sampling.loading import FOLDERS, checkpoint_folder, load, problem

__all__ = ["problem", "reproduce", "request_of", "run", "warm"]

_LONGEST_NAME = 200
"""characters of a model's name or path in a receipt"""


def run(request: Request, model: str | None = None) -> Generator[Update, None, None]:
    """Yield drafts as they grow; the last update carries the receipts.

    Args:
        request: what to do.
        model: name or folder of the checkpoint; None takes the one that ships for the request.

    Raises:
        UserError: a setting is not allowed, or the checkpoint cannot be used.
    """
    request.check()
    family = request.model if isinstance(request, GenerateRequest) else "masked"
    model = model or family
    loaded = load(model)
    if loaded.checkpoint.family != family:
        raise UserError("text.other_family", folder=model, found=loaded.checkpoint.family, wanted=family)

    from genai_demo.text.sampling import filling, writing

    if isinstance(request, FillRequest):
        updates = filling.fill(loaded, request)
    elif isinstance(request, RewriteRequest):
        updates = filling.rewrite(loaded, request)
    elif family == "gru":
        updates = writing.write(loaded, request)
    else:
        updates = filling.write(loaded, request)
    for update in updates:
        if all(draft.finished for draft in update.drafts):
            update = replace(update, receipts=_receipts(request, model, loaded.checkpoint.id, len(update.drafts)))
        yield update


def _receipts(request: Request, model: str, checkpoint: str, count: int) -> tuple[Receipt, ...]:
    action = next(name for name, kind in ACTIONS.items() if isinstance(request, kind))
    name = FOLDERS.get(model, model)
    return tuple(Receipt("text", action, name, checkpoint, asdict(request), index) for index in range(count))


def request_of(receipt: Receipt) -> Request:
    """Return the request that a receipt records.

    Raises:
        UserError: it is not a receipt of a text, or a setting is missing, unknown or not allowed.
    """
    if receipt.modality != "text" or receipt.action not in ACTIONS:
        raise UserError("text.not_a_text_receipt", modality=receipt.modality, action=receipt.action)
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
    """Make again what a receipt records; `update.drafts[receipt.index]` is the text.

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
    if not 0 <= receipt.index < len(update.drafts):
        raise UserError("engine.receipt_lacks", field="index")
    return update


def warm() -> None:
    """Load every text model that can be loaded, so that the first request need not wait."""
    for model in FOLDERS:
        if problem(model) is None:
            load(model)

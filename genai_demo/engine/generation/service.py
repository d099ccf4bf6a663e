"""Runs what is asked of a modality's models, and makes it again from a receipt.

A result is a pure function of (checkpoint, request): pages, clients and the command line all call `Service.run`.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from dataclasses import asdict, is_dataclass, replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_args

from genai_demo import __version__
from genai_demo.engine.fields import fields_of
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.models.registry import Loaded, Registry
from genai_demo.errors import UserError

_LONGEST_NAME = 200
"""characters of a model's name or path in a receipt"""


class Request(Protocol):
    """What can be asked: a frozen dataclass whose fields, all of them with defaults, a receipt holds."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def model(self) -> str:
        """Kind of the model that it needs, its family in most cases: see `Registry`."""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""


class Result(Protocol):
    """All variants as they stand while they are made: a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """One per variant once it is finished, before that none."""

    @property
    def count(self) -> int:
        """Variants."""

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""


Asked = TypeVar("Asked", bound=Request)
Made = TypeVar("Made", bound=Result)


def _request(kind: type[Any], settings: Mapping[str, Any]) -> Any:
    """Return a request of the fields that a receipt records; a tuple of requests is a list of such records there.

    Raises:
        UserError: a field is missing that did not come later, unknown, or of another kind.
    """
    expected = fields_of(kind)
    settings = {**{field.name: field.default for field in expected if field.later}, **settings}
    for name in sorted({field.name for field in expected} ^ settings.keys()):
        raise UserError("engine.receipt_lacks", field=name)
    values = dict(settings)
    for field in expected:
        value, plain = values[field.name], type(field.default)
        if plain is tuple and isinstance(value, list):
            item = get_args(field.kind)[0]
            if isinstance(item, type) and is_dataclass(item):
                if not all(isinstance(one, dict) for one in value):
                    raise UserError("engine.receipt_lacks", field=field.name)
                value = [_request(item, one) for one in value]
            values[field.name] = value = tuple(value)
        if not isinstance(value, (int, float) if plain is float else plain) or isinstance(value, bool):
            raise UserError("engine.receipt_lacks", field=field.name)
    return kind(**values)


class Service(Generic[Asked, Loaded, Made]):
    """Runs the requests of one modality.

    Args:
        modality: its name in receipts; its sentence `<modality>.not_its_receipt` refuses those of another one.
        actions: kinds of requests by the name that a receipt gives them.
        registry: its models.
        produce: from a model and a request of its family that was checked, yields the result as it grows.
        outdated: by the short name of a model, the versions of this program that computed in other numbers, so that
            what they made cannot be made again.
    """

    def __init__(
        self,
        modality: str,
        actions: Mapping[str, type[Asked]],
        registry: Registry[Loaded],
        produce: Callable[..., Iterable[Made]],
        outdated: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.registry = registry
        self.actions = actions
        self._modality, self._produce, self._outdated = modality, produce, outdated or {}

    def run(self, request: Asked, model: str | None = None, **how: Any) -> Generator[Made, None, None]:
        """Yield the result as it grows; the last one carries the receipts.

        Args:
            request: what to do.
            model: name or folder of the checkpoint; None takes the one that ships for the request.
            how: further arguments of `produce`, on which no result depends.

        Raises:
            UserError: a setting is not allowed, or the checkpoint cannot be used.
        """
        request.check()
        model = model or request.model
        loaded = self.registry.load(model, request.model)
        for made in self._produce(loaded, request, **how):
            yield self.signed(made, request, model, loaded) if made.finished else made

    def signed(self, made: Made, request: Asked, model: str, loaded: Loaded) -> Made:
        """Return a finished result with its receipts."""
        action = next(name for name, kind in self.actions.items() if isinstance(request, kind))
        # What was left open stays open in the receipt: the checkpoint that it names fills it in the same way again.
        settings = json.loads(json.dumps(asdict(request)))  # tuples become lists, as they do in a file
        name, checkpoint = self.registry.names.get(model, model), loaded.checkpoint.id
        receipts = (Receipt(self._modality, action, name, checkpoint, settings, index) for index in range(made.count))
        return replace(made, receipts=tuple(receipts))

    def request_of(self, receipt: Receipt) -> Asked:
        """Return the request that a receipt records.

        Raises:
            UserError: it is a receipt of another modality, or a setting is missing, unknown or not allowed.
        """
        if receipt.modality != self._modality or receipt.action not in self.actions:
            raise UserError(f"{self._modality}.not_its_receipt", modality=receipt.modality, action=receipt.action)
        if len(receipt.model) > _LONGEST_NAME:
            raise UserError("engine.receipt_lacks", field="model")
        request: Asked = _request(self.actions[receipt.action], receipt.settings)
        request.check()
        return request

    def model_of(self, receipt: Receipt) -> Loaded:
        """Return the model that a receipt names.

        Raises:
            UserError: it cannot be used, its checkpoint is not the one that is here, or an earlier version computed
                with it in other numbers.
        """
        loaded = self.registry.load(receipt.model)
        if loaded.checkpoint.id != receipt.checkpoint:
            values = {"wanted": receipt.checkpoint, "found": loaded.checkpoint.id}
            raise UserError("engine.other_checkpoint", **values, folder=self.registry.folder(receipt.model))
        if receipt.code in self._outdated.get(self.registry.kind(loaded.checkpoint), ()):
            raise UserError("engine.earlier_version", code=receipt.code, now=__version__)
        return loaded

    def reproduce(self, receipt: Receipt) -> Made:
        """Make again what a receipt records; `receipt.index` says which of its variants is meant.

        Raises:
            UserError: the receipt is not in order, its checkpoint is not the one that is here, or an earlier version
                made it in other numbers.
        """
        request = self.request_of(receipt)
        self.model_of(receipt)
        made = deque(self.run(request, receipt.model), maxlen=1).pop()
        if not 0 <= receipt.index < made.count:
            raise UserError("engine.receipt_lacks", field="index")
        return made

    def warm(self) -> None:
        """Load every model that makes something and can be loaded, so that the first request need not wait."""
        for model in self.registry.names:
            if self.registry.problem(model) is None:
                self.registry.load(model)

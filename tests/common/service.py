"""What holds for every modality's service: results are pure functions of their requests, and receipts are honest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.generation.receipts import Receipt, parse_receipt
from genai_demo.engine.generation.service import Service
from genai_demo.engine.modality import Modality
from genai_demo.engine.models.checkpoint import CONFIG, WEIGHTS, Checkpoint, read_checkpoint, save_checkpoint
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.modalities import modalities
from genai_demo.settings import settings

MISSING = Ellipsis  # has one name in every process, which the tests' own names hold
"""stands for a setting that a receipt lacks"""


def refused(act: Callable[[], Any], key: str, *parts: str) -> None:
    """Make sure that `act` is refused by the sentence `key`, which names `parts` in every language."""
    with pytest.raises(UserError) as refusal:
        act()
    assert refusal.value.key == key
    for language in LANGUAGES:
        assert all(part in refusal.value.in_language(language) for part in parts)


def files_of(checkpoint: Checkpoint) -> dict[str, Path]:
    """Return the files of a checkpoint besides its weights and its description."""
    names = json.loads((checkpoint.folder / CONFIG).read_text())["files"]
    return {name: checkpoint.folder / name for name in names if name != WEIGHTS}


@pytest.mark.usefixtures("tiny")
class ServiceSuite:
    """A modality's tests inherit from it, and bring a fixture `tiny`: a folder of small checkpoints, put to use."""

    modality: ClassVar[Modality]
    requests: ClassVar[dict[str, Any]]
    """at least one for each model that makes something; the first one has a setting `seed`"""
    wrong_settings: ClassVar[list[tuple[dict[str, Any], str]]] = []
    """changes to the first request's settings, and the sentences that refuse them in a receipt"""
    misfits: ClassVar[list[dict[str, Any]]] = [{"unknown": 1}]
    """changes to the configuration of the first request's network that its weights do not fit"""
    grows: ClassVar[bool] = True
    """whether results come bit by bit"""

    @staticmethod
    def variants(made: Any) -> list[Any]:
        """Return what was made, variant by variant, as values that can be compared."""
        raise NotImplementedError

    @property
    def service(self) -> Service[Any, Any, Any]:
        return self.modality.service

    @property
    def first(self) -> Any:
        return next(iter(self.requests.values()))

    def made(self, request: Any, model: str | None = None) -> Any:
        return list(self.service.run(request, model))[-1]

    def receipt(self) -> Receipt:
        """Return a receipt of the first request, of a checkpoint that is not here."""
        request = self.first
        action = next(name for name, kind in self.service.actions.items() if isinstance(request, kind))
        return Receipt(
            self.modality.name, action, self.service.registry.names[request.model], "0" * 12, asdict(request)
        )

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "name" in metafunc.fixturenames:
            metafunc.parametrize("name", self.requests)
        if "model" in metafunc.fixturenames:
            metafunc.parametrize("model", self.service.registry.names)
        if "setting" in metafunc.fixturenames:
            usual = [({"seed": value}, "engine.receipt_lacks") for value in (MISSING, "1", True, 1.0, None, [1])]
            more = [({"extra": 1}, "engine.receipt_lacks"), ({"seed": -1}, "engine.out_of_range_whole")]
            metafunc.parametrize(("setting", "key"), [*usual, *more, *self.wrong_settings], ids=str)

    @pytest.fixture
    def copies(self, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A copy of the small checkpoints that may be damaged."""
        shutil.copytree(tiny, tmp_path / "copies")
        monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path / "copies"))
        settings.cache_clear()
        return tmp_path / "copies"

    def test_only_what_is_finished_has_receipts_one_for_each_variant(self, name: str) -> None:
        request = self.requests[name]
        results = list(self.service.run(request))
        assert [made.finished for made in results] == [False] * (len(results) - 1) + [True]
        assert not any(made.receipts for made in results[:-1])
        assert {made.count for made in results} == {getattr(request, "variants", 1)}
        assert len(results) > 1 or not self.grows
        last = results[-1]
        assert [receipt.index for receipt in last.receipts] == list(range(last.count))
        for receipt in last.receipts:
            assert receipt.modality == self.modality.name
            assert self.service.request_of(parse_receipt(receipt.to_json())) == request
            assert receipt.model == self.service.registry.names[request.model]
            assert receipt.checkpoint == read_checkpoint(settings().checkpoints / receipt.model).id

    def test_receipts_reproduce(self, name: str) -> None:
        last = self.made(self.requests[name])
        for receipt, variant in zip(last.receipts, self.variants(last), strict=True):
            again = self.service.reproduce(parse_receipt(receipt.to_json()))
            assert self.variants(again)[receipt.index] == variant
            assert again.receipts == last.receipts

    def test_the_seed_decides(self, name: str) -> None:
        request = self.requests[name]
        found = self.variants(self.made(request))
        assert self.variants(self.made(request)) == found
        assert all(found.count(variant) == 1 for variant in found), "variants differ"
        assert any(self.variants(self.made(replace(request, seed=seed))) != found for seed in range(6))

    def test_a_run_can_be_left_at_any_time(self) -> None:
        stream = self.service.run(self.first)
        first = next(stream)
        assert first.finished is not self.grows
        stream.close()

    def test_bad_requests_are_refused_before_anything_is_loaded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(self.service.registry, "load", lambda *model: pytest.fail("too late"))
        refused(lambda: next(self.service.run(replace(self.first, seed=-1))), "engine.out_of_range_whole", "seed")

    def test_a_model_of_the_other_family_is_refused(self) -> None:
        key = f"{self.modality.name}.other_family"
        for request in self.requests.values():
            for other in self.service.registry.names.keys() - {request.model}:
                refused(lambda asked=request, model=other: self.made(asked, model), key, other, request.model)

    def test_receipts_that_are_not_in_order(self, setting: dict[str, Any], key: str) -> None:
        receipt = self.receipt()
        values = {name: value for name, value in {**receipt.settings, **setting}.items() if value is not MISSING}
        receipt = replace(receipt, settings=values)
        refused(lambda: self.service.request_of(receipt), key)
        refused(lambda: self.service.reproduce(receipt), key)

    def test_receipts_of_something_else(self) -> None:
        name = self.modality.name
        for other in {*modalities(), "smells"} - {name}:
            foreign = replace(self.receipt(), modality=other)
            refused(lambda receipt=foreign: self.service.reproduce(receipt), f"{name}.not_its_receipt", other)
        unknown = replace(self.receipt(), action="translate")
        refused(lambda: self.service.reproduce(unknown), f"{name}.not_its_receipt", "translate")
        for action, kind in self.service.actions.items():
            if not isinstance(self.first, kind) and asdict(self.first).keys() != asdict(kind()).keys():
                changed = replace(self.receipt(), action=action)
                refused(lambda receipt=changed: self.service.reproduce(receipt), "engine.receipt_lacks")
        refused(lambda: self.service.reproduce(replace(self.receipt(), settings={})), "engine.receipt_lacks")
        long = replace(self.receipt(), model="x" * 5000)
        refused(lambda: self.service.reproduce(long), "engine.receipt_lacks", "model")

    def test_receipts_of_another_checkpoint(self) -> None:
        found = read_checkpoint(settings().checkpoints / self.receipt().model).id
        refused(lambda: self.service.reproduce(self.receipt()), "engine.other_checkpoint", "0" * 12, found)
        lost = replace(self.receipt(), model="lost")
        refused(lambda: self.service.reproduce(lost), "engine.missing", "lost")

    def test_receipts_of_a_variant_that_is_not_made(self) -> None:
        receipt = self.made(self.first).receipts[0]
        for index in (-1, getattr(self.first, "variants", 1), 99):
            wrong = replace(receipt, index=index)
            refused(lambda receipt=wrong: self.service.reproduce(receipt), "engine.receipt_lacks", "index")

    def test_nothing_is_wrong_with_whole_checkpoints(self, model: str) -> None:
        registry = self.service.registry
        assert registry.problem(model) is None
        assert registry.load(model) is registry.load(model)
        assert registry.problem("nowhere") is not None

    @pytest.mark.parametrize("damage", ["missing", "cut"])
    def test_a_problem_names_the_file_and_the_other_models_work(self, model: str, damage: str, copies: Path) -> None:
        folder = copies / self.service.registry.names[model]
        mine = next(request for request in self.requests.values() if request.model == model)
        for name in (CONFIG, *json.loads((folder / CONFIG).read_text())["files"]):
            file = folder / name
            whole = file.read_bytes()
            if damage == "missing":
                file.unlink()
            else:
                file.write_bytes(whole[:-20])
            problem = self.service.registry.problem(model)
            assert problem is not None
            assert problem.key == ("engine.missing" if damage == "missing" else "engine.damaged")
            assert all(str(file) in problem.in_language(language) for language in LANGUAGES)
            refused(lambda: next(self.service.run(mine)), problem.key, str(file))
            self.service.warm()
            file.write_bytes(whole)
        (folder / CONFIG).unlink()
        for other in {request.model: request for request in self.requests.values() if request.model != model}.values():
            assert self.service.registry.problem(other.model) is None
            assert self.made(other).receipts

    def test_a_new_checkpoint_in_the_same_place_is_loaded(self, copies: Path) -> None:
        model = self.first.model
        before = self.service.registry.load(model).checkpoint
        weights = {name: weight + 0.01 for name, weight in before.weights().items()}
        save_checkpoint(before.folder, weights, before.family, before.model, {}, files_of(before))
        assert self.service.registry.load(model).checkpoint.id != before.id

    def test_half_precision_works_as_well(self, copies: Path) -> None:
        whole = self.service.registry.load(self.first.model).checkpoint
        save_checkpoint(copies / "half", whole.weights(), whole.family, whole.model, {}, files_of(whole), half=True)
        for model in ("half", str(copies / "half")):
            last = self.made(self.first, model)
            assert self.variants(self.service.reproduce(last.receipts[0])) == self.variants(last)

    def test_a_configuration_that_does_not_fit_the_weights(self, copies: Path) -> None:
        config = copies / self.service.registry.names[self.first.model] / CONFIG
        content = json.loads(config.read_text())
        for change in self.misfits:
            config.write_text(json.dumps({**content, "model": {**content["model"], **change}}))
            refused(lambda: self.service.registry.load(self.first.model), "engine.other_weights", str(config))

    def test_a_checkpoint_of_another_modality(self, copies: Path) -> None:
        checkpoint = self.service.registry.load(self.first.model).checkpoint
        save_checkpoint(copies / "other", checkpoint.weights(), "smell", checkpoint.model, {})
        refused(lambda: self.made(self.first, "other"), f"{self.modality.name}.not_its_model", "smell")

    def test_a_run_stands_for_its_newest_snapshot(self, tiny: Path, tmp_path: Path) -> None:
        run = RunFolder(tmp_path / "run")
        for step in (1, 2):
            shutil.copytree(tiny / self.service.registry.names[self.first.model], run.snapshot_folder(step))
            run.point_to_snapshot(step, best=False)
            assert self.service.registry.folder(str(run.path)) == run.snapshot_folder(step)
        receipt = self.made(self.first, str(run.path)).receipts[0]
        assert receipt.model == str(run.path)
        assert self.variants(self.service.reproduce(receipt)) == self.variants(self.made(self.first))

    def test_everything_that_can_be_loaded_is_loaded_early(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service.warm()
        monkeypatch.setattr(self.service.registry, "_read", lambda folder: pytest.fail("not loaded"))
        for model in self.service.registry.names:
            assert self.service.registry.load(model)

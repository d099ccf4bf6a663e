"""Music is a pure function of its request, and its files make it again."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from genai_demo.engine.generation.receipts import RECEIPT_KEY, Receipt
from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.errors import UserError
from genai_demo.modalities import receipt_in
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import marked_midi
from genai_demo.music.requests import ComposeRequest, ContinueRequest
from genai_demo.music.results import Update
from genai_demo.music.sampling.generation import problem, reproduce, request_of, run, warm
from genai_demo.music.sampling.loading import FOLDERS, checkpoint_folder, load
from genai_demo.music.tokens.piece_string import write_shorthand
from genai_demo.settings import settings
from tests.helpers.music import scale

pytestmark = pytest.mark.usefixtures("tiny")
ASKED = ComposeRequest(bars=12, seed=3, variants=2)


def last(request: ComposeRequest | ContinueRequest, model: str | None = None) -> Update:
    return list(run(request, model))[-1]


def test_only_the_last_update_has_receipts_one_for_each_piece() -> None:
    updates = list(run(ASKED))
    assert [update.finished for update in updates] == [False] * (len(updates) - 1) + [True]
    receipts = updates[-1].receipts
    assert [receipt.index for receipt in receipts] == [0, 1]
    assert {receipt.model for receipt in receipts} == {"piano-composer"}
    assert {receipt.checkpoint for receipt in receipts} == {load("composer").checkpoint.id}
    assert all(request_of(receipt) == ASKED for receipt in receipts)


@pytest.mark.parametrize("keep", [0, 2])
def test_a_midi_file_makes_its_music_again(keep: int) -> None:
    given = ContinueRequest(music=write_shorthand(scale(3)), keep=keep, bars=12, variants=2)
    for request in (ASKED, given):
        update = last(request)
        for composition, receipt in zip(update.compositions, update.receipts, strict=True):
            file = marked_midi(composition.piece, receipt)
            found = receipt_in(file, "piano.mid")
            assert found == receipt
            assert reproduce(found).compositions[found.index] == composition
            assert read_midi(file).piece.notes == composition.piece.notes


def test_a_receipt_survives_the_file_of_a_long_piece() -> None:
    music = write_shorthand(scale(200))
    update = last(ContinueRequest(music=music, bars=4))
    content = marked_midi(update.compositions[0].piece, update.receipts[0])
    assert content.count(RECEIPT_KEY.encode()) == 1
    assert request_of(receipt_in(content, "piano.mid")) == ContinueRequest(music=music, bars=4)


def test_a_run_can_be_left_at_any_bar() -> None:
    stream = run(replace(ASKED, bars=16))
    first = next(stream)
    assert first.step >= 1 and not first.finished
    stream.close()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"modality": "text"}, "not for music"),
        ({"action": "paint"}, "not for music"),
        ({"model": "x" * 300}, "model"),
        ({"settings": {}}, "bars"),
        ({"settings": asdict(ASKED) | {"extra": 1}}, "extra"),
        ({"settings": asdict(ASKED) | {"bars": "16"}}, "bars"),
        ({"settings": asdict(ASKED) | {"bars": True}}, "bars"),
        ({"settings": asdict(ASKED) | {"bars": 3}}, "bars is 3"),
        ({"settings": asdict(ASKED) | {"key": "H_major"}}, "H_major"),
        ({"checkpoint": "000000000000"}, "000000000000"),
        ({"index": 2}, "index"),
        ({"index": -1}, "index"),
    ],
)
def test_receipts_that_do_not_fit_are_refused(change: dict[str, object], sentence: str) -> None:
    good = Receipt("music", "compose", "piano-composer", load("composer").checkpoint.id, asdict(ASKED))
    with pytest.raises(UserError, match=sentence):
        reproduce(replace(good, **change))  # type: ignore[arg-type]


def test_a_checkpoint_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='"masked", but composer'):
        last(ASKED, "masked")
    shutil.copytree(checkpoint_folder("composer"), tmp_path / "other")
    other = read_checkpoint(tmp_path / "other")
    save_checkpoint(tmp_path / "other", other.weights(), "gru", other.model, {})
    with pytest.raises(UserError, match="none for music"):
        last(ASKED, str(tmp_path / "other"))
    save_checkpoint(tmp_path / "other", other.weights(), "composer", other.model | {"layers": 1}, {})
    with pytest.raises(UserError, match="damaged"):
        last(ASKED, str(tmp_path / "other"))


def test_what_is_missing_is_named() -> None:
    assert all(problem(model) is None for model in (*FOLDERS, "encoder"))
    assert problem("nowhere") is not None
    with pytest.raises(UserError, match="missing"):
        last(ASKED, "nowhere")
    warm()


def test_what_is_loaded_early_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    warm()
    monkeypatch.setenv("GENAI_DEMO_SOUNDFONT", str(tmp_path / "none.sf2"))
    settings.cache_clear()
    warm()

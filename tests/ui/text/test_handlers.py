from __future__ import annotations

import json
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from genai_demo.engine.generation.receipts import RECEIPT_MARK, Receipt
from genai_demo.errors import UserError
from genai_demo.text.requests import FillRequest, GenerateRequest, RewriteRequest
from genai_demo.text.results import Draft, Piece, Update
from genai_demo.ui.text import cards, handlers
from genai_demo.ui.text.cards import Shown


def update(step: int, finished: bool = False) -> Update:
    receipts = (Receipt("text", "generate", "news-gru", "c0ffee", {}),) if finished else ()
    return Update((Draft((Piece("word", "filled", step, 0.5),), finished),), step, 9, receipts)


def test_stream_ends_with_the_complete_result(models: Any) -> None:
    shown = list(handlers.stream(GenerateRequest(variants=2)))
    assert shown[-1].update.finished
    assert [draft.text for draft in shown[-1].update.drafts] == ["Oil prices rose."] * 2


@pytest.mark.parametrize(
    "request_", [GenerateRequest(opening="今天的新闻"), FillRequest("今天 ___"), RewriteRequest("今天")]
)
def test_letters_that_a_model_has_never_read_are_told_before_anything_runs(models: Any, request_: Any) -> None:
    with pytest.raises(UserError) as refusal:
        handlers.check(request_)
    assert refusal.value.key in ("text.foreign_letters", "text.foreign_chinese")
    assert "今天" in refusal.value.in_language("zh")
    handlers.check(GenerateRequest(opening="Beijing"))


def test_every_step_of_the_masked_model_is_shown(models: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(handlers.PACES, "slow", 0.001)
    steps = [shown.update.step for shown in handlers.stream(FillRequest("a ___"), "slow")]
    assert sorted(set(steps)) == [1, 2, 3]


@pytest.mark.parametrize(("pace", "told"), [("at_once", [True]), ("to_follow", [False, True])])
def test_a_text_that_the_page_tells_is_shown_when_it_is_whole(models: Any, pace: str, told: list[bool]) -> None:
    shown = list(handlers.stream(GenerateRequest(), pace))
    assert sorted({one.told for one in shown}) == told
    growing = cards.results(shown[0], "en")
    assert ("Oil" in growing) == (pace == "at_once") and "filled" not in growing
    assert cards.results(shown[-1], "en").count('class="filled') == 3


def test_stopping_closes_the_generation(models: Any) -> None:
    streaming = handlers.stream(GenerateRequest())
    next(streaming)
    assert not models.closed
    streaming.close()
    assert models.closed


def test_pace_leaves_out_what_comes_too_fast_but_never_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "FRAME", 3600.0)
    kept = [shown.step for shown, _ in handlers.paced([update(1), update(2), update(3), update(4, True)], hold=0)]
    assert kept == [1, 4]


def test_pace_holds_every_update_and_can_be_stopped_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(handlers.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(handlers.time, "sleep", lambda pause: now.__setitem__(0, now[0] + pause))
    seen = [(shown.step, now[0]) for shown, _ in handlers.paced([update(1), update(2), update(3, True)], hold=0.5)]
    since = {step: min(moment for shown, moment in seen if shown == step) for step in (1, 2, 3)}
    assert since[2] - since[1] >= 0.5
    assert since[3] - since[2] >= 0.5
    assert [step for step, _ in seen].count(3) == 1
    assert max(late - early for (_, early), (_, late) in pairwise(seen)) <= 0.1


def test_a_result_that_did_not_become_complete_was_stopped() -> None:
    running = Shown(GenerateRequest(), update(1))
    complete = Shown(GenerateRequest(), update(2, True))
    assert handlers.settled(None) is None
    assert handlers.settled(running) == Shown(GenerateRequest(), update(1), stopped=True)
    assert handlers.settled(complete) == complete


def test_a_missing_checkpoint_is_a_reason_to_refuse(models: Any) -> None:
    models.broken["masked"] = UserError("engine.missing", file="checkpoints/news-masked/model.safetensors")
    handlers.check(GenerateRequest())
    for request in (FillRequest("a ___"), RewriteRequest("a"), GenerateRequest(model="masked")):
        with pytest.raises(UserError, match=r"model\.safetensors"):
            handlers.check(request)


def write_receipt(folder: Path, receipt: Receipt) -> str:
    file = folder / "result.txt"
    file.write_text(f"Oil prices rose.\n\nMachine-made.\n{RECEIPT_MARK}{receipt.to_json()}\n", encoding="utf-8")
    return str(file)


def test_a_downloaded_result_is_made_again(models: Any, tmp_path: Path) -> None:
    request = GenerateRequest(topic="sports", variants=3, seed=5)
    receipt = Receipt("text", "generate", "news-masked", "c0ffee", json.loads(json.dumps(asdict(request))), index=2)
    opened, opened_request = handlers.opened(write_receipt(tmp_path, receipt))
    assert (opened, opened_request) == (receipt, request)
    made = handlers.made_again(opened)
    assert [draft.text for draft in made.update.drafts] == ["Oil prices rose."]
    assert made.update.receipts == (receipt,)


def test_a_result_of_another_checkpoint_is_not_passed_off_as_the_same(models: Any) -> None:
    receipt = Receipt("text", "generate", "news-gru", "0ther", asdict(GenerateRequest()))
    with pytest.raises(UserError, match="0ther"):
        handlers.made_again(receipt)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"\xff\xfe\x00", "no receipt"), (b"just a text", "no receipt"), (b"Receipt: {}", "lacks"), (b"", "no receipt")],
)
def test_files_that_are_no_receipts_are_refused(content: bytes, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        handlers.opened(str(file))


@pytest.mark.parametrize("model", ["/etc", "../secret", "runs/mine", ""])
def test_a_visitors_receipt_cannot_name_a_folder(model: str) -> None:
    receipt = Receipt("text", "generate", model, "c0ffee", asdict(GenerateRequest()))
    with pytest.raises(UserError) as refused:
        handlers.reproduced(receipt)
    assert refused.value.key == "text.not_shipped"

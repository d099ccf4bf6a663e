"""However many watch a run, its folder is read once a second, and each is told only what is new."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from genai_demo.engine.training.run import RunFolder
from genai_demo.ui.training import watching
from genai_demo.ui.training.curves import MOST, thinned
from genai_demo.ui.training.watching import Watched, Watchers


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")


def line(step: int, **more: float) -> dict[str, float]:
    return {"step": step, "seconds": step / 2, "loss": 1 / step, **more}


def test_few_lines_stand_for_many() -> None:
    lines = [line(step, **({"validation_loss": 5.0} if step == 500 else {})) for step in range(1, 1001)]
    few = thinned(lines, 100)
    assert len(few) == 100 and few[-1]["step"] == 1000
    assert few[0]["loss"] == pytest.approx(sum(1 / step for step in range(1, 11)) / 10)
    assert [one["validation_loss"] for one in few if "validation_loss" in one] == [5.0]
    assert thinned(lines[:7], 100) == lines[:7] and thinned([], 5) == []


def test_who_joins_late_sees_all_and_who_watches_only_what_is_new(run: RunFolder) -> None:
    run.path.mkdir()
    verdicts = {"edges": [0, 1], "real": [3], "made": [3], "means": [0.5, 0.5], "apart": 0.5}
    for step in range(1, MOST * 2 + 1):
        run.add_stats(line(step) | ({"verdicts": verdicts} if step in (1, 2) else {}))
    watched = Watched(run)
    watched.read()
    joined = watched.since("")
    assert joined["whole"] and len(joined["rows"]) == MOST and joined["rows"][-1]["step"] == MOST * 2
    assert joined["verdicts"] == [verdicts | {"step": 1}, verdicts | {"step": 2}]
    assert not any("verdicts" in row for row in joined["rows"])
    assert watched.since(joined["next"]) == {"next": joined["next"], "whole": False, "rows": [], "verdicts": []}
    run.add_stats(line(MOST * 2 + 1, validation_loss=float("inf")))
    watched.read()
    news = watched.since(joined["next"])
    assert not news["whole"] and [row["step"] for row in news["rows"]] == [MOST * 2 + 1]
    assert news["rows"][0]["validation_loss"] is None  # JSON knows no infinity
    assert watched.since("7-2")["whole"] and watched.since("0-999999")["whole"]


def test_steps_that_a_resumed_run_takes_again_are_told_anew(run: RunFolder) -> None:
    run.path.mkdir()
    for step in range(1, 6):
        run.add_stats(line(step))
    watched = Watched(run)
    watched.read()
    place = watched.since("")["next"]
    run.forget_stats_after(3)
    run.add_stats(line(4, loss=9.0))
    watched.read()
    again = watched.since(place)
    assert again["whole"] and [row["step"] for row in again["rows"]] == [1, 2, 3, 4]
    assert again["rows"][-1]["loss"] == 9.0 == watched.last["loss"]


def test_all_who_ask_within_a_second_get_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])
    asked: list[int] = []

    def answer() -> int:
        asked.append(1)
        return len(asked)

    watchers = Watchers()

    async def ask(count: int) -> set[bytes]:
        return set(await asyncio.gather(*(watchers.said(("run", "one"), answer) for _ in range(count))))

    assert asyncio.run(ask(100)) == {b"1"}
    assert asyncio.run(ask(1)) == {b"1"} and watchers.fresh("run", "two") is None
    now[0] += watching.FRESH
    assert asyncio.run(ask(3)) == {b"2"}
    watchers.forget()
    assert asyncio.run(ask(3)) == {b"3"}


def test_only_samples_that_a_page_can_show_are_told(run: RunFolder) -> None:
    run.path.mkdir()
    run.write_sample(3, {"sample.txt": b"Oil", "weights.bin": b"0"})
    run.write_sample(5, {"other.bin": b"0"})
    first, *others = Watched(run).samples()
    assert (first["step"], first["files"], others) == (3, ["sample.txt"], [])
    run.write_sample(3, {"sample.txt": b"Gold"})
    assert Path(run.path / "samples" / "00000003" / "sample.txt").read_bytes() == b"Gold"
    assert Watched(run).samples()[0]["version"] >= first["version"]

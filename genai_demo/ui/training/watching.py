"""One run as its viewers are told of it: its folder is read once a second at most, however many they are."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from genai_demo.engine.diagnosis.diagnosis import Diagnosis
from genai_demo.engine.diagnosis.rules import diagnose
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.ui.training.curves import MOST, Line, digits, plain, thinned

FRESH = 1.0
"""seconds for which what was read of a run is told to everybody"""
_RECENT = 500
"""lines among which the newest value of a figure is looked for"""
_MOST_WATCHED = 32
"""runs whose figures are kept in memory"""
_SHOWN = (".txt", ".png", ".jpg", ".webp", ".svg", ".mid")
"""how names of samples end that a page can show"""


class Watched:
    """The figures of one run, read on from where the last reading ended.

    Args:
        run: its folder.
    """

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self._lines: list[Line] = []
        self._offset = 0
        self._epoch = 0
        self._lock = threading.Lock()

    def read(self) -> None:
        """Read what is new; a resumed run takes steps again, and their lines are then others."""
        with self._lock:
            try:
                lines, self._offset = self.run.read_stats_from(self._offset)
            except UserError:  # a line is damaged: those before it stay
                return
            lines = [line for line in lines if isinstance(line.get("step"), int)]
            if lines and self._lines and lines[0]["step"] <= self._lines[-1]["step"]:
                kept = [line for line in self._lines if line["step"] < lines[0]["step"]]
                if kept + lines != self._lines:
                    self._epoch += 1
                    self._lines = kept
                else:
                    return
            self._lines += lines

    @property
    def last(self) -> Line:
        """The newest value of each figure."""
        found: Line = {}
        for line in self._lines[-_RECENT:]:
            found |= plain(line)
        return found

    @property
    def marks(self) -> list[dict[str, Any]]:
        """What was done to the run in its midst: steps of one phase only, hyper-parameters that were changed."""
        return [mark for line in self._lines for mark in line.get("marks", ())]

    def diagnosis(self) -> list[Diagnosis]:
        """Return what goes wrong in the run, the gravest first."""
        try:
            config = json.loads((self.run.path / "config.json").read_text(encoding="utf-8"))
            return diagnose(list(self._lines), config) if isinstance(config, dict) else []
        except (OSError, ValueError, RecursionError):  # not there yet, or damaged
            return []

    def since(self, place: str) -> dict[str, Any]:
        """Return the lines from a place on: "next" is the place to ask for then, "whole" whether these are all.

        Beside the "rows" of figures stand the "verdicts" of a discriminator, with their steps; none of them is left
        out.

        Args:
            place: what an earlier call returned as "next"; anything else gives the whole history, thinned.
        """
        with self._lock:
            count, epoch = len(self._lines), str(self._epoch)
            before, _, begun = place.partition("-")
            known = before == epoch and begun.isdecimal() and int(begun) <= count
            lines = self._lines[int(begun) :] if known else self._lines
            whole = not known or len(lines) > MOST
            told = self._lines if whole else lines
            rows = [plain(line) for line in told]
            rows = thinned(rows) if whole else rows
            return {
                "next": f"{epoch}-{count}",
                "whole": whole,
                "rows": [digits(row) for row in rows],
                "verdicts": [
                    {**line["verdicts"], "step": line["step"]}
                    for line in told
                    if isinstance(line.get("verdicts"), dict)
                ],
            }

    def samples(self) -> list[dict[str, Any]]:
        """Return the moments with samples: "step", "files" by name, and "version", which changes with them."""
        return [moment for step, files in self.run.samples().items() if (moment := _moment(step, files))]

    def newest_sample(self) -> dict[str, Any] | None:
        """Return the last of `samples`."""
        return next(
            (moment for step, files in [*self.run.samples().items()][::-1] if (moment := _moment(step, files))), None
        )


def _moment(step: int, files: Sequence[Path]) -> dict[str, Any] | None:
    shown = [file for file in files if file.suffix in _SHOWN]
    with suppress(FileNotFoundError, ValueError):  # a run that is resumed or deleted just now; nothing to show
        newest = max(file.stat().st_mtime_ns for file in shown)
        return {"step": step, "files": [file.name for file in shown], "version": newest // 10**6}
    return None


class Watchers:
    """The runs that are watched, and what everybody is told of each until it is a second old."""

    def __init__(self) -> None:
        self._runs: OrderedDict[RunFolder, Watched] = OrderedDict()
        self._asked: dict[tuple[str, ...], asyncio.Future[bytes]] = {}
        self._said: OrderedDict[tuple[str, ...], tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def watched(self, run: RunFolder) -> Watched:
        """Return a run as it was last read."""
        with self._lock:
            found = self._runs.setdefault(run, Watched(run))
            self._runs.move_to_end(run)
            while len(self._runs) > _MOST_WATCHED:
                self._runs.popitem(last=False)
            return found

    def fresh(self, *what: str) -> bytes | None:
        """Return what was said to the same question less than a second ago."""
        said = self._said.get(what)
        return said[1] if said and time.monotonic() - said[0] < FRESH else None

    async def said(self, what: tuple[str, ...], answer: Callable[[], Any]) -> bytes:
        """Return the answer to a question as JSON, made once, on another thread, for all who ask within a second.

        Raises:
            UserError: `answer` raises it.
        """
        if (known := self.fresh(*what)) is not None:
            return known
        if what not in self._asked:
            self._asked[what] = asyncio.ensure_future(asyncio.to_thread(self._make, what, answer))
            self._asked[what].add_done_callback(lambda _: self._asked.pop(what, None))
        # Who goes away while others wait for the same must not end it for them.
        return await asyncio.shield(self._asked[what])

    def _make(self, what: tuple[str, ...], answer: Callable[[], Any]) -> bytes:
        made = json.dumps(answer(), ensure_ascii=False, separators=(",", ":")).encode()
        with self._lock:
            self._said[what] = time.monotonic(), made
            while len(self._said) > 8 * _MOST_WATCHED:
                self._said.popitem(last=False)
        return made

    def forget(self) -> None:
        """Ask anew at the next question: something was just changed."""
        with self._lock:
            self._said.clear()

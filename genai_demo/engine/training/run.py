"""A run is a folder; whoever can read it can draw the run.

config.json      what was asked for
status.json      where it stands: state, step, fraction, sentence
stats.jsonl      one line of figures per tick
samples/STEP/    fixed-seed previews
snapshots/STEP/  the averaged weights as a checkpoint, at log-spaced steps; `last` names the newest, `best` the best
state/STEP/      all that resuming needs; `current` names the one that is whole
stop             if this file appears, the run saves its state and ends
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from genai_demo.engine.files import write_bytes, write_json, write_text
from genai_demo.errors import UserError


@dataclass(frozen=True)
class RunFolder:
    """Reads and writes one run's folder."""

    path: Path

    @property
    def stop_file(self) -> Path:
        """The file whose appearance ends the run."""
        return self.path / "stop"

    def check(self, resume: bool) -> None:
        """Make sure that the folder is free for a new run, or holds one to resume.

        Raises:
            UserError: it is not.
        """
        file = self.path / "config.json"
        if not resume and file.exists():
            raise UserError("engine.run_exists", run=self.path)
        if resume and (not file.is_file() or self.state_folder() is None):
            raise UserError("engine.nothing_to_resume", run=self.path)

    def start(self, config: dict[str, Any], resume: bool) -> None:
        """Claim the folder for a new run, or make sure that it holds one to resume with the same configuration.

        Raises:
            UserError: a new run would overwrite one; nothing to resume; the configuration has changed.
        """
        self.check(resume)
        file = self.path / "config.json"
        if not resume:
            write_json(file, config)
            return
        self.stop_file.unlink(missing_ok=True)
        before = _flat(json.loads(file.read_text(encoding="utf-8")))
        now = _flat(json.loads(json.dumps(config)))  # so that a tuple is the list it was written as
        for key in sorted(before.keys() | now.keys()):
            if not key.startswith("budget.") and before.get(key) != now.get(key):
                raise UserError("engine.other_config", run=self.path, key=key, before=before.get(key), now=now.get(key))
        write_json(file, config)

    def write_status(self, state: str, **values: Any) -> None:
        """Say where the run stands; `state` is "running", "finished", "stopped" or "failed"."""
        write_json(self.path / "status.json", {"state": state, "pid": os.getpid(), **values})

    def add_stats(self, line: dict[str, Any]) -> None:
        """Append one line of figures."""
        with (self.path / "stats.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def read_stats(self) -> list[dict[str, Any]]:
        """Return all lines of figures; a line that is just being written is left out."""
        file = self.path / "stats.jsonl"
        if not file.exists():
            return []
        return [
            json.loads(line)
            for line in file.read_text(encoding="utf-8").splitlines(keepends=True)
            if line.endswith("\n")
        ]

    def forget_stats_after(self, step: int) -> None:
        """Drop lines of figures beyond `step`: a resumed run takes those steps again."""
        kept = [json.dumps(line) + "\n" for line in self.read_stats() if line["step"] <= step]
        write_text(self.path / "stats.jsonl", "".join(kept))

    def snapshot_folder(self, step: int) -> Path:
        """Return the folder for the snapshot of `step`."""
        return self.path / "snapshots" / f"{step:08d}"

    def last_snapshot(self) -> Path | None:
        """Return the newest snapshot's folder, a checkpoint."""
        return self._named_snapshot("last")

    def best_snapshot(self) -> Path | None:
        """Return the folder of the snapshot that did best on held-out data, or the newest where none was compared."""
        return self._named_snapshot("best") or self._named_snapshot("last")

    def _named_snapshot(self, name: str) -> Path | None:
        pointer = self.path / "snapshots" / name
        return self.path / "snapshots" / pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else None

    def point_to_snapshot(self, step: int, best: bool) -> None:
        """Name the snapshot of `step`, which is whole, as the newest, and as the best if it is."""
        for name in ("last", "best") if best else ("last",):
            write_text(self.path / "snapshots" / name, self.snapshot_folder(step).name + "\n")

    def snapshots_since_best(self) -> int:
        """Return how many snapshots were made after the best one; 0 where none was compared."""
        best = self._named_snapshot("best")
        if best is None:
            return 0
        return sum(folder.is_dir() and folder.name > best.name for folder in best.parent.iterdir())

    def write_sample(self, step: int, files: dict[str, bytes]) -> None:
        """Write previews made at `step`."""
        folder = self.path / "samples" / f"{step:08d}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_bytes(folder / name, content)

    def state_folder(self) -> Path | None:
        """Return the folder of the newest whole state."""
        pointer = self.path / "state" / "current"
        if not pointer.is_file():
            return None
        folder = self.path / "state" / pointer.read_text(encoding="utf-8").strip()
        return folder if folder.is_dir() else None

    def write_state(self, step: int, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Write a state; until it is whole the former one stays the one to resume from."""
        from safetensors.torch import save_file

        root, former = self.path / "state", self.state_folder()
        folder = root / f"{step:08d}"
        if folder == former:
            folder = root / f"{step:08d}-again"
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        save_file(
            {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()},
            folder / "tensors.safetensors",
        )
        write_json(folder / "numbers.json", numbers)
        write_text(root / "current", folder.name + "\n")
        for other in root.iterdir():
            if other.is_dir() and other != folder:
                shutil.rmtree(other)

    def read_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the tensors and numbers of the newest whole state.

        Raises:
            UserError: there is none, or it is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        folder = self.state_folder()
        if folder is None:
            raise UserError("engine.nothing_to_resume", run=self.path)
        try:
            return (
                load_file(folder / "tensors.safetensors"),
                json.loads((folder / "numbers.json").read_text(encoding="utf-8")),
            )
        except (SafetensorError, OSError, ValueError) as error:
            raise UserError("engine.damaged", file=folder, reason=error) from error


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested values by their dotted names, such as "train.batch_size"."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat

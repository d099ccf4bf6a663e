"""The card of a checkpoint that nobody has evaluated yet: how it was trained, and that nothing was measured."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genai_demo.engine.evaluation.figure import markdown_table
from genai_demo.engine.files import write_text
from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.lineage import stages

CARD = "README.md"


def write_first_card(checkpoint: Checkpoint, name: str, run: Mapping[str, Any] | None = None) -> Path:
    """Write a card into a checkpoint's folder, unless there is one, and return where it lies.

    Args:
        checkpoint: what was just exported.
        name: what to call it.
        run: what is known of the run, where that is: "modality", "title", "command", and "best", its best "name" and
            "value" on held-out data at "step".
    """
    file = checkpoint.folder / CARD
    if not file.exists():
        write_text(file, first_card(checkpoint, name, run or {}))
    return file


def first_card(checkpoint: Checkpoint, name: str, run: Mapping[str, Any]) -> str:
    """Return the card; see `write_first_card`."""
    weights = sum(math.prod(tensor.shape) for tensor in checkpoint.weights().values())
    sizes = ", ".join(f"{key} {value}" for key, value in checkpoint.model.items())
    rows = [("stage", "family", "examples", "batch", "minutes", "machine")]
    for number, stage in enumerate(stages(checkpoint), 1):
        told = stage.trained
        minutes = f"{told.get('seconds', 0) / 60:.1f}"
        made = [str(number), stage.family, f"{told.get('examples', 0):,}", str(told.get("batch_size", ""))]
        rows.append((made[0], made[1], made[2], made[3], minutes, _machine(told)))
    modality = str(run.get("modality") or "")
    parts = [
        f"---\nlicense: other\nlicense_name: see-data\ntags:\n- {checkpoint.family}\n- trained-from-scratch\n---",
        f"# {name}",
        f'A snapshot of the training run "{run.get("title", name)}", exported as it was. {weights:,} weights in half '
        f"precision ({sizes}). Checkpoint `{checkpoint.id}`.",
        "## Limits\n\n- **Nothing of it was evaluated**: the command below measures it, and writes a card that says "
        "so.\n- What it makes is machine-made; say so wherever you show it.",
        *_figure(run.get("best")),
        f"## How it was trained\n\n{markdown_table(rows, right={'examples', 'batch', 'minutes'})}",
        *_data(checkpoint.trained.get("data", {})),
    ]
    if run.get("command"):
        parts.append(f"```bash\n{run['command']}\n```")
    if modality:
        words = ["python", "-m", "genai_demo", "evaluate", modality, "--model", name, "--data", "DATA", "--card"]
        parts.append(f"## To measure it\n\n```bash\n{shlex.join(words)}\n```")
    return "\n\n".join(parts) + "\n"


def _machine(trained: Mapping[str, Any]) -> str:
    """Return on what it was trained, as far as that is known."""
    torch = f"torch {trained['torch']}" if "torch" in trained else ""
    return ", ".join(str(one) for one in (trained.get("device"), trained.get("precision"), torch) if one)


def _figure(best: Any) -> list[str]:
    if not isinstance(best, Mapping):
        return []
    told = f"{best['name']} {best['value']:.4g} at step {best['step']:,}"
    return [f"## What the run saw\n\nBest on the data that it held out: {told}. That chose it, and so flatters it."]


def _data(data: Mapping[str, Any]) -> list[str]:
    """Return what it learnt from, as far as one line can say it."""
    told = {key: value for key, value in data.items() if key != "training" and isinstance(value, (str, int, float))}
    training = dict(data.get("training") or {})
    lines = [f"- {key.replace('_', ' ')}: {value}" for key, value in {**told, **training}.items()]
    return ["### Data and settings\n\n" + "\n".join(lines)] if lines else []

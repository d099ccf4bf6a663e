"""What experiment trackers are told, and whether one can be logged to; imports none before it is named."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from genai_demo.engine.training.config import TrainConfig
from genai_demo.errors import UserError

if TYPE_CHECKING:
    from accelerate import Accelerator

    from genai_demo.engine.training.task import Task


def check_tracker(name: str | None) -> None:
    """Raise `UserError` unless a run can be logged to the tracker: it is installed, and knows where to log to.

    Args:
        name: one of `TRACKERS`; None logs nowhere.
    """
    if name is None:
        return
    if find_spec(name) is None:  # Accelerate would say nothing, and log nothing
        raise UserError("engine.no_tracker", name=name)
    if name == "wandb" and os.environ.get("WANDB_MODE", "online") in ("online", "run", ""):
        import wandb

        try:
            known = wandb.login(prompt=False)
        except wandb.Error as error:
            raise UserError("engine.no_tracker_key", name=name) from error
        if not known:
            raise UserError("engine.no_tracker_key", name=name)


def hyper_parameters(task: Task, config: TrainConfig) -> dict[str, Any]:
    """Return what runs are compared by: settings of the engine and of the training, sizes of the network."""
    training = {f"training.{name}": value for name, value in (task.data().get("training") or {}).items()}
    sizes = {f"model.{name}": value for name, value in task.describe().items()}
    values = {"family": task.family, **asdict(config), **training, **sizes}
    return {
        name: value if isinstance(value, (int, float, str)) or value is None else str(value)
        for name, value in values.items()
    }


def log_samples(accelerator: Accelerator, files: Mapping[str, bytes], step: int) -> None:
    """Show samples in the trackers of a run: pictures and texts; of others, such as sound, they know nothing.

    Args:
        accelerator: its trackers.
        files: content by name.
        step: when they were made.
    """
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    for name, content in files.items():
        title = name.partition(".")[0]
        try:
            with Image.open(io.BytesIO(content)) as opened:
                picture = np.asarray(opened.convert("RGB"))[None]  # (1, H, W, 3)
        except UnidentifiedImageError:
            if b"\0" not in content:
                accelerator.log({f"{title} (text)": content.decode("utf-8", "replace")}, step=step)
            continue
        for tracker in accelerator.trackers:
            layout = {"dataformats": "NHWC"} if tracker.name == "tensorboard" else {}
            tracker.log_images({title: picture}, step=step, **layout)

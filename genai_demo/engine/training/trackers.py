"""Makes sure that an experiment tracker can be logged to before work starts; imports none before it is named."""

from __future__ import annotations

import os
from importlib.util import find_spec

from genai_demo.errors import UserError


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

"""Stands in for the package `spaces` on ZeroGPU, as it is documented: a call runs in a forked process, and is pickled.

What `LENT` names notes each loan: a line of JSON with the seconds that were asked for. `NO_GPU` refuses it, as a quota
that is used up does.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

assert "torch" not in sys.modules, "spaces has to be imported before torch"


def GPU(task: Callable[..., Any], *, duration: Callable[..., float]) -> Callable[..., Any]:  # noqa: N802
    @wraps(task)
    def lent(*args: Any) -> Any:
        import gradio as gr

        with open(os.environ["LENT"], "a", encoding="utf-8") as notes:
            notes.write(json.dumps({"seconds": duration(*args)}) + "\n")
        if os.environ.get("NO_GPU"):
            raise gr.Error("You have exceeded your free GPU quota", title="ZeroGPU quota exceeded")
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        sent = pickle.dumps(args)
        process = context.Process(target=_work, args=(task, sent, theirs), daemon=True)
        process.start()
        theirs.close()
        kind, value = ours.recv()
        process.join()
        if kind == "failed":
            raise gr.Error(value, title="ZeroGPU worker error")
        return value

    return lent


def _work(task: Callable[..., Any], sent: bytes, answer: Any) -> None:
    # As there, on a thread that is not the main one.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor() as executor:
        try:
            answer.send(("done", executor.submit(lambda: task(*pickle.loads(sent))).result()))  # noqa: S301
        except Exception as error:
            answer.send(("failed", type(error).__name__))

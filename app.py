"""The door: builds the page and serves it. `python app.py` starts it, and so do Hugging Face Spaces."""

from __future__ import annotations

import os
import sys
from threading import Thread

# Read when the first library of numbers loads. The products of these small models are shorter than the time in which
# threads find one another: beside any other work on the machine, two threads are tens of times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from genai_demo.catalogue import message
from genai_demo.engine import places, zero_gpu  # noqa: F401  # before what they prepare: caches, and torch
from genai_demo.engine.runs.access import presenter_key
from genai_demo.engine.runs.keeping import Keeper
from genai_demo.engine.runs.supervisor import Supervisor
from genai_demo.errors import UserError
from genai_demo.hosting.room import invitation
from genai_demo.marks.signing_key import signing_key
from genai_demo.modalities import modalities
from genai_demo.settings import settings
from genai_demo.ui.serving import address, serve


def main() -> None:
    """Serve the page until Ctrl+C."""
    try:
        host, port = address()
        signing_key()  # made at the first start
        page = serve(host, port)
    except UserError as error:
        sys.exit(str(error))
    shown_host = "localhost" if host in ("0.0.0.0", "::") else host
    print(message("ui.running", address=f"http://{shown_host}:{port}"), flush=True)
    if not os.environ.get("SPACE_ID") and (invited := invitation(host, port)):
        print(message("ui.room", invitation=invited), flush=True)
    key, is_new = presenter_key()
    if is_new and settings().training != "off":
        print(message("runs.presenter_key", key=key), flush=True)
    if (kept := settings().kept_runs) is not None:
        Keeper(kept).start()
    Supervisor().start()
    # the first click is quick when the models are in memory by then
    Thread(target=_warm, name="warm", daemon=True).start()
    page.block_thread()


def _warm() -> None:
    for modality in modalities().values():
        modality.warm()


if __name__ == "__main__":
    main()

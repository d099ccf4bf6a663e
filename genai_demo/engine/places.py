"""Where libraries may keep what they fetch: their usual places, or others where these cannot be written.

Whoever starts the page imports this module before the libraries are loaded, which look where to keep things then.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from genai_demo.settings import can_write

_CACHES = {"HF_HOME": "huggingface", "XDG_CACHE_HOME": "cache", "MPLCONFIGDIR": "matplotlib", "TORCH_HOME": "torch"}
"""variables that move the caches of libraries, and the folder of each"""


def move_caches() -> Path | None:
    """Let libraries keep their caches among the temporary files where the home cannot be written; return the folder.

    Variables that are set stay as they are.
    """
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home, as in a container
        home = Path(os.sep)
    if can_write(home):
        return None
    folder = Path(tempfile.gettempdir()) / f"genai-demo-{os.getuid() if hasattr(os, 'getuid') else 0}"
    for variable, name in _CACHES.items():
        os.environ.setdefault(variable, str(folder / name))
    return folder


move_caches()

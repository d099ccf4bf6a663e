"""The app, started as a visitor would start it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running_app(root: Path, log: Path, *program: str, **environment: str) -> Iterator[str]:
    """Start the app as a visitor would, or by another `program` for Python, and give its address."""
    with log.open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, *(program or ("app.py",))],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            env=os.environ | {"PORT": "0"} | environment,
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            match = re.search(r"http://\S+", line)
            output.seek(0)
            assert match, f"the app did not start: {line}{output.read()}"
            yield match[0]
            ended = process.poll()
            output.seek(0)
            assert ended is None, f"the app ended with {ended}: {output.read()[-3000:]}"
        finally:
            process.terminate()
            process.wait(timeout=30)
            process.stdout.close()

"""What holds for every test: nothing leaves this machine, nothing is written into the checkout."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from genai_demo.settings import settings

ROOT = Path(__file__).resolve().parent.parent
_LOCAL = ("127.", "localhost", "::1", "0.0.0.0")

# Suites are no tests by themselves, but say as much where they fail.
pytest.register_assert_rewrite("tests.common")

# Timing says nothing on a busy machine, and a failure has to come back when the same commit is tested again.
hypothesis_settings.register_profile("house", deadline=None, derandomize=True)
hypothesis_settings.load_profile("house")


def pytest_configure() -> None:
    """Give the tests, and every process they start, the same environment everywhere."""
    ours = (
        "CHECKPOINTS",
        "RUNS",
        "DATA",
        "QUEUE",
        "MODEL_BYTES",
        "SOUNDFONT",
        "PRODUCER",
        "C2PA_KEY",
        "C2PA_CERTIFICATES",
        *("TRAINING", "KEY", "RUNS_AT_ONCE", "RUN_MINUTES", "WAITING_RUNS", "VISITOR_RUNS", "PAUSE_MINUTES"),
        *("TRAINING_BYTES", "HUB", "RUN_HOURS", "TRASH_HOURS", "FREE_BYTES"),
    )
    for variable in ("PORT", "HOST", *(f"GENAI_DEMO_{name}" for name in ours)):
        os.environ.pop(variable, None)
    os.environ.setdefault("GENAI_DEMO_DEVICE", "cpu")
    os.environ.update(
        DO_NOT_TRACK="1",
        GRADIO_ANALYTICS_ENABLED="False",
        HF_HUB_DISABLE_TELEMETRY="1",
        WANDB_MODE="offline",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test of a running server or a browser that failed try once more.

    On a busy machine an answer may come late, or a page miss a moment that a test waits for. A fault of ours fails
    twice; what failed once is named in the summary.
    """
    served = [ROOT / "tests" / name for name in ("browser", "ui")]
    for item in items:
        if any(folder in item.path.parents for folder in served):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session", autouse=True)
def _runs_outside_the_checkout(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["GENAI_DEMO_RUNS"] = str(tmp_path_factory.mktemp("runs"))
    os.environ["GENAI_DEMO_DATA"] = str(tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def _no_precision_is_kept() -> Iterator[None]:
    """Accelerate keeps its state, the precision too, for the whole process; each run has a process of its own."""

    def forget() -> None:
        if accelerate := sys.modules.get("accelerate.state"):
            accelerate.AcceleratorState._reset_state(reset_partial_state=True)

    forget()
    yield
    forget()


@pytest.fixture(autouse=True)
def _settings_read_anew() -> Iterator[None]:
    """A test that changes the environment sees the change, and the next test does not."""
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(autouse=True)
def _no_outside_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test may talk to servers on this machine only: everything else is as without network."""

    def guarded(name: str) -> Any:
        connect = getattr(socket.socket, name)

        def local_only(self: socket.socket, address: Any) -> Any:
            if isinstance(address, tuple) and not str(address[0]).startswith(_LOCAL):
                raise OSError(errno.ENETUNREACH, f"tests do not reach {address[0]}")
            return connect(self, address)

        return local_only

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, guarded(name))


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return ROOT

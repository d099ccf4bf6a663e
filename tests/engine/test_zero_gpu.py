"""Where no GPU is borrowed, nothing is changed."""

from __future__ import annotations

import pytest

from genai_demo.engine import zero_gpu
from genai_demo.engine.training.device import choose_device


def task(number: int) -> int:
    return number + 1


def test_elsewhere_a_function_stays_what_it_is() -> None:
    assert zero_gpu.on_gpu(duration=lambda number: 60.0)(task) is task
    assert zero_gpu.may_use_gpu() and not zero_gpu.is_here()


def test_a_gpu_that_torch_pretends_to_have_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """On ZeroGPU torch says that there is one, all the time; it is there during a call only."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert choose_device("auto").type == "cpu"
    with zero_gpu._borrowing():
        assert choose_device("auto").type == "cuda"
    assert choose_device("auto").type == "cpu"

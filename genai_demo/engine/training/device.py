"""Which device and which precision to compute with."""

from __future__ import annotations

import time

import torch

from genai_demo.engine.zero_gpu import may_use_gpu
from genai_demo.errors import UserError
from genai_demo.settings import settings


def choose_device(wanted: str | None = None) -> torch.device:
    """Return the device that `wanted` (the setting when None) names; "auto" takes the fastest there is.

    Raises:
        UserError: there is no such device here.
    """
    wanted = wanted or settings().device
    if wanted == "auto":
        if may_use_gpu() and torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError("engine.no_device", value=wanted) from error
    return device


def choose_precision(wanted: str, device: torch.device) -> str:
    """Return "fp32", "bf16" or "fp16": `wanted`, or for "auto" what is fast on `device`.

    Raises:
        UserError: `device` cannot compute in `wanted`.
    """
    if wanted == "fp16" and device.type == "cpu":
        raise UserError("engine.not_one_of", name="precision", value=wanted, allowed="auto, fp32, bf16")
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    return "bf16" if device.type == "cpu" and bf16_speedup() > 1.3 else "fp32"


def use_tensor_cores() -> None:
    """Let a GPU round the factors of single-precision products to 10 bits, and try out which convolution is fastest.

    What is computed in single precision on purpose, gradient penalties and recurrent layers, is several times as fast.
    """
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True


def bf16_speedup() -> float:
    """Return how many times faster this CPU takes a small training step in bf16 than in single precision.

    Measured, because a processor may list bf16 instructions and still lose more to conversions than it gains.
    """
    layers = [torch.nn.Linear(512, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 512)]
    network, x = torch.nn.Sequential(*layers), torch.ones(1024, 512)  # (N, C)
    best = {}
    for bf16 in (False, True):
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                loss = network(x).square().mean()
            loss.backward()
            seconds.append(time.perf_counter() - start)
        best[bf16] = min(seconds)
    return best[False] / best[True]

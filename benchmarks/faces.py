"""Speed of faces: `python -m benchmarks.faces [--json FILE]`.

Measures the time to paint one face and sixteen at once by the GAN and by the VAE, from request to pixels, beside the
generator of the `lightweight-gan` package at the same resolution with random weights, from noise to pixels; and the
VAE's way from a photo to its reconstruction.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from benchmarks.reporting import machine, median, read_options, show

_MANY = 16
_SIDE = 64


def speed(paint: Callable[[int, int], object], repeats: int) -> dict[str, float]:
    """Return milliseconds for one face and for sixteen.

    Args:
        paint: takes the number of faces and a seed.
        repeats: runs whose median is taken.
    """

    def measure(seed: int) -> dict[str, float]:
        figures = {}
        for count in (1, _MANY):
            start = time.perf_counter()
            paint(count, seed)
            figures[f"{count}_faces_ms"] = (time.perf_counter() - start) * 1000
        return figures

    return median(measure, repeats)


def ours(family: str, repeats: int) -> dict[str, float]:
    """Return the speed of a model that ships, from request to pixels, and its number of weights."""
    from genai_demo.faces.requests import GalleryRequest
    from genai_demo.faces.sampling.generation import gallery
    from genai_demo.faces.sampling.loading import load

    weights = sum(weight.numel() for weight in load(family).painter.network.parameters())
    return {"parameters": float(weights)} | speed(
        lambda count, seed: gallery(GalleryRequest(family, count, seed)), repeats
    )


def reconstruction(repeats: int) -> dict[str, float]:
    """Return milliseconds from an aligned photo to the VAE's picture of it."""
    from genai_demo.faces.models.vae import Vae
    from genai_demo.faces.sampling.loading import load

    network = load("vae").painter.network
    assert isinstance(network, Vae)

    @torch.inference_mode()
    def measure(seed: int) -> dict[str, float]:
        photo = torch.rand(1, 3, _SIDE, _SIDE, generator=torch.Generator().manual_seed(seed)) * 2 - 1
        start = time.perf_counter()
        network.decode(network.encode(photo)[0])
        return {"photo_ms": (time.perf_counter() - start) * 1000}

    return median(measure, repeats)


def lightweight_gan(repeats: int) -> dict[str, float]:
    """Return the speed of the public baseline's generator, with random weights, from noise to pixels."""
    # The package refuses to be imported without a GPU, though its generator needs none.
    with mock.patch("torch.cuda.is_available", return_value=True):
        from lightweight_gan.lightweight_gan import Generator

    generator = Generator(image_size=_SIDE).eval()

    @torch.inference_mode()
    def paint(count: int, seed: int) -> Tensor:
        latents = torch.randn(count, 256, generator=torch.Generator().manual_seed(seed))
        return (generator(latents).clamp(0, 1) * 255).byte()

    return {"parameters": float(sum(weight.numel() for weight in generator.parameters()))} | speed(paint, repeats)


def main() -> None:
    """Print a table, and JSON where asked."""
    options = read_options(__doc__)
    torch.set_num_threads(options.threads)
    report: dict[str, dict[str, Any]] = {
        "machine": machine(options.threads),
        "GAN": ours("gan", options.repeats),
        "VAE": ours("vae", options.repeats) | reconstruction(options.repeats),
        "lightweight-gan, random weights": lightweight_gan(options.repeats),
    }
    baseline = report["lightweight-gan, random weights"]
    report["GAN over lightweight-gan"] = {
        f"{count}_faces": baseline[f"{count}_faces_ms"] / report["GAN"][f"{count}_faces_ms"] for count in (1, _MANY)
    }
    show(report, options.json)


if __name__ == "__main__":
    main()

"""Speed of what is told of a face: `python -m benchmarks.inside [--json FILE]`.

Measures how long each explanation of a face takes from its receipt to what the page is sent, beside painting one face
of that model from its request; and how many pictures a second the plane between four faces paints, one after the other,
as the page asks for them. The discriminator is an untrained one where the checkpoint keeps none: it is as fast. What is
computed once per checkpoint (the map, the bits of the VAE) is measured apart, the first time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch

from benchmarks.reporting import machine, median, read_options, show


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def judge() -> Any:
    """Return a discriminator of the size of the one that belongs to the GAN that ships."""
    from genai_demo.faces.models.gan import Discriminator, GanConfig
    from genai_demo.faces.models.judge import Judge
    from genai_demo.faces.sampling.loading import load

    network = Discriminator(GanConfig(**load("gan").checkpoint.model)).eval().requires_grad_(False)
    return Judge(network, torch.linspace(-1, 1, 500), torch.linspace(-2, 1, 500))


def explained(family: str, repeats: int) -> dict[str, float]:
    """Return milliseconds of every explanation of a model's faces, and the time of one face of it."""
    from genai_demo.faces.explaining import explanation, map, verdict
    from genai_demo.faces.requests import FaceRequest
    from genai_demo.faces.sampling.generation import paint
    from genai_demo.ui.faces.explaining import answers

    own = verdict.judge_of
    stand_in = judge()

    def found(checkpoint: Any) -> Any:
        return own(checkpoint) or (stand_in if checkpoint.family == "gan" else None)

    with mock.patch.object(verdict, "judge_of", found), mock.patch.object(explanation, "judge_of", found):
        receipts = [paint([FaceRequest(family, 9, index)])[0].receipt.to_json() for index in range(repeats + 1)]
        once = {"map_once_ms": milliseconds(lambda: map.face_map(family))}
        if family == "vae":
            once["bits_once_ms"] = milliseconds(lambda: answers.answer("bits", receipts[0]))
        skipped = "bits" if family == "gan" else "verdict"

        def measure(number: int) -> dict[str, float]:
            answers.opened.cache_clear()
            figures = {"one_face_ms": milliseconds(lambda: paint([FaceRequest(family, 8, number)]))}
            for kind in answers.KINDS:
                if kind != skipped:
                    figures[f"{kind}_ms"] = milliseconds(lambda kind=kind: answers.answer(kind, receipts[number]))
            return figures

        return once | median(measure, repeats)


def plane(family: str, repeats: int) -> dict[str, float]:
    """Return pictures a second that the plane paints, from the point to the JPEG."""
    from genai_demo.faces.requests import FaceRequest
    from genai_demo.faces.sampling.generation import paint
    from genai_demo.ui.faces.explaining.answers import moved

    receipt = paint([FaceRequest(family, 9, 0)])[0].receipt.to_json()

    def measure(number: int) -> dict[str, float]:
        points = [{"across": step / 20, "down": number / max(1, repeats)} for step in range(20)]
        return {"pictures_per_second": 20_000 / milliseconds(lambda: [moved("plane", receipt, one) for one in points])}

    return median(measure, repeats)


def main() -> None:
    """Print a table, and JSON where asked."""
    options = read_options(__doc__)
    torch.set_num_threads(options.threads)
    report: dict[str, dict[str, Any]] = {"machine": machine(options.threads)}
    for family in ("gan", "vae"):
        figures = explained(family, options.repeats)
        report[family.upper()] = figures | plane(family, options.repeats)
        report[f"{family.upper()} over one face"] = {
            name.removesuffix("_ms"): value / figures["one_face_ms"]
            for name, value in figures.items()
            if name != "one_face_ms"
        }
    show(report, options.json)


if __name__ == "__main__":
    main()

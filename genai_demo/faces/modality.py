"""Faces."""

from __future__ import annotations

from genai_demo.engine.modality import Modality, later
from genai_demo.faces import commands
from genai_demo.faces.explaining import commands as explaining
from genai_demo.faces.inspection import glance, inspect
from genai_demo.faces.sampling.generation import service
from genai_demo.faces.training.configs import TRAINABLE


def _sizes(family: str) -> type:
    from genai_demo.faces.training.tasks import CONFIGS

    return CONFIGS[family]


MODALITY = Modality(
    name="faces",
    commands=commands,
    service=service,
    tab="genai_demo.ui.faces.tab",
    warm=service.warm,
    inspect=inspect,
    explaining=explaining,
    lessons={
        name: later(f"genai_demo.faces.lessons.{name.partition('_')[0]}", f"{name}_lesson")
        for name in ("vae", "gan", "contrastive", "textbook_vae", "textbook_gan")
    },
    glance=glance,
    examples={
        "train": ("--model gan --data faces.zip --minutes 120 --run runs/faces",),
        "generate": ("--model runs/faces --count 16 --seed 1 --out out --sheet out/all.png",),
        "evaluate": ("--model runs/faces --data faces.zip",),
        "explain": (
            "--receipt out/face-gan-1-0.png",
            "--receipt out/face-gan-1-0.png --sheet why.png --csv why.csv --json -",
        ),
        "export": ("--run runs/faces --to checkpoints/faces-gan --data faces.zip",),
    },
    trainable=TRAINABLE,
    sizes=_sizes,
    uploads=(".zip",),
)

"""News text."""

from __future__ import annotations

from genai_demo.engine.modality import Modality, later
from genai_demo.text import commands
from genai_demo.text.data.tables import ENDINGS
from genai_demo.text.explaining import commands as explaining
from genai_demo.text.inspection import glance, inspect
from genai_demo.text.sampling.generation import service
from genai_demo.text.training.configs import TRAINABLE


def _sizes(family: str) -> type:
    from genai_demo.text.training.tasks import CONFIGS

    return CONFIGS[family]


MODALITY = Modality(
    name="text",
    commands=commands,
    service=service,
    tab="genai_demo.ui.text.tab",
    warm=service.warm,
    inspect=inspect,
    explaining=explaining,
    lessons={name: later("genai_demo.text.lessons", name) for name in ("autoregressive", "masked")},
    glance=glance,
    packages=("tokenizers", "datasets"),
    examples={
        "train": (
            "--model gru --data fancyzhx/ag_news --minutes 30 --run runs/mine",
            "--model gru --data fancyzhx/ag_news --minutes 60 --run runs/mine --resume",
        ),
        "generate": (
            "--count 3 --seed 1 --out out --topic sports",
            '--out out --fill "The ___ won the ___ on Sunday."',
            '--out out --model headlines-masked --characters-per-blank 2 --fill "国足主场__伊朗"',
        ),
        "evaluate": (
            "--model gru --data test.csv",
            "--model runs/mine --data test.jsonl --training train.csv --json -",
        ),
        "explain": ("--receipt out/text-1.txt", "--receipt out/text-1.txt --csv rivals.csv --json -"),
        "export": ("--run runs/mine --to checkpoints/news-gru",),
    },
    trainable=TRAINABLE,
    sizes=_sizes,
    uploads=ENDINGS,
)

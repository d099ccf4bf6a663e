"""Piano music."""

from __future__ import annotations

from genai_demo.engine.modality import Modality
from genai_demo.music import commands
from genai_demo.music.inspection import inspect
from genai_demo.music.sampling.generation import service, warm

MODALITY = Modality(
    name="music",
    commands=commands,
    service=service,
    tab="genai_demo.ui.music.tab",
    warm=warm,
    inspect=inspect,
    packages=("mido", "pretty_midi", "soundfile", "verovio"),
    examples={
        "train": ("--model composer --data piano.zip --minutes 120 --run runs/piano",),
        "generate": (
            "--bars 32 --key Eb_major --metre 3/4 --seed 1 --out out",
            "--continue mine.mid --bars 16 --out out",
        ),
        "evaluate": ("--model runs/piano --data piano.zip",),
        "export": ("--run runs/piano --to checkpoints/piano-composer",),
    },
)

"""Piano music."""

from __future__ import annotations

from genai_demo.engine.modality import Modality
from genai_demo.music import commands
from genai_demo.music.explaining import commands as explaining
from genai_demo.music.inspection import glance, inspect
from genai_demo.music.sampling.generation import service, warm
from genai_demo.music.training.configs import TRAINABLE


def _sizes(family: str) -> type:
    from genai_demo.music.training.tasks import CONFIGS

    return CONFIGS[family]


def _picture(midi: bytes) -> bytes:
    """Return the roll of a MIDI file as a PNG file's content."""
    from genai_demo.music.midi.reading import read_midi
    from genai_demo.music.tokens.roll import to_roll
    from genai_demo.music.tokens.roll_pictures import sheet_png

    piece = read_midi(midi).piece
    return sheet_png([to_roll(piece)[None]], len(piece.bars))


def _sound(midi: bytes) -> bytes:
    """Return a MIDI file as it sounds, as the content of an MP3 file."""
    from genai_demo.music.audio.synthesis import encode, render
    from genai_demo.music.midi.reading import read_midi

    return encode(render(read_midi(midi).piece), "mp3")


MODALITY = Modality(
    name="music",
    commands=commands,
    service=service,
    tab="genai_demo.ui.music.tab",
    warm=warm,
    inspect=inspect,
    explaining=explaining,
    glance=glance,
    packages=("mido", "pretty_midi", "soundfile", "verovio"),
    examples={
        "train": ("--model composer --data piano.zip --minutes 120 --run runs/piano",),
        "generate": (
            "--bars 32 --key Eb_major --metre 3/4 --seed 1 --out out",
            "--continue mine.mid --bars 16 --out out",
        ),
        "evaluate": ("--model runs/piano --data piano.zip",),
        "explain": ("--receipt out/piano-1.mid", "--receipt out/piano-1.mid --bars --json -"),
        "export": ("--run runs/piano --to checkpoints/piano-composer",),
    },
    trainable=TRAINABLE,
    sizes=_sizes,
    uploads=(".zip",),
    previews={"mid.png": _picture, "mid.mp3": _sound},
)

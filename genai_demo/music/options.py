"""The options of the command line of music; imports no torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from genai_demo.engine.training.options import add_run_options
from genai_demo.music.requests import METRES, ComposeRequest, ContinueRequest
from genai_demo.music.theory.texture import ANY, DENSITIES, REGISTERS, STYLES
from genai_demo.music.tokens.piece_string import KEYS

TRAINED = ("composer", "encoder", "gan", "masked")
"""families that `train` knows"""


def add_generate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `generate music`."""
    default = ComposeRequest()
    parser.add_argument("--out", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="folder to write to (out)")
    parser.add_argument(
        "--count", type=int, default=1, metavar="N", help="pieces to write, each with the next seed (1)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the first piece (0)")
    parser.add_argument(
        "--model", default=default.model, metavar="NAME", help=f"composer, gan, a checkpoint or a run ({default.model})"
    )
    parser.add_argument(
        "--bars",
        type=int,
        default=None,
        metavar="N",
        help=f"bars to write ({default.bars}; for --continue {ContinueRequest().bars})",
    )
    parser.add_argument(
        "--key", choices=KEYS, default=default.key, metavar="KEY", help="such as Eb_major or F#_minor (any)"
    )
    parser.add_argument("--metre", choices=METRES, default=default.metre, help=f"({default.metre})")
    parser.add_argument(
        "--tempo", type=int, default=default.tempo, metavar="BPM", help=f"quarter notes per minute ({default.tempo})"
    )
    parser.add_argument("--density", choices=(ANY, *DENSITIES), default=ANY, help="(any)")
    parser.add_argument("--register", choices=(ANY, *REGISTERS), default=ANY, help="(any)")
    parser.add_argument("--style", choices=(ANY, *STYLES), default=ANY, help="(any)")
    parser.add_argument(
        "--temperature", type=float, default=default.temperature, help=f"below 1 safer ({default.temperature})"
    )
    parser.add_argument("--top-p", type=float, default=default.top_p, help=f"({default.top_p})")
    parser.add_argument("--continue", dest="given", type=Path, metavar="MIDI", help="go on with this music instead")
    parser.add_argument("--keep", type=int, default=0, metavar="N", help="bars of --continue that stay (all)")
    parser.add_argument("--no-sound", action="store_true", help="write no sound (.ogg)")
    parser.add_argument("--no-score", action="store_true", help="write no score (.musicxml and .svg)")
    parser.add_argument("--json", metavar="FILE", help="also write all results as JSON; - for standard output")


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate music`."""
    parser.add_argument(
        "--model", default="composer", metavar="NAME", help="a model, a checkpoint's folder or a run (composer)"
    )
    parser.add_argument(
        "--data", required=True, nargs="+", metavar="PATH", help="the music it was trained on, some held out"
    )
    parser.add_argument("--where", default="", metavar="CHOICE", help="rows of its labels, as it was trained")
    parser.add_argument("--count", type=int, default=96, metavar="N", help="pieces to write (96)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the pieces (0)")
    parser.add_argument("--json", metavar="FILE", help="also write the report as JSON; - for standard output")
    parser.add_argument("--card", action="store_true", help="write the report into the checkpoint's model card")


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train music`."""
    parser.add_argument("--model", required=True, choices=TRAINED, help="which network to train")
    parser.add_argument(
        "--data", required=True, nargs="+", metavar="PATH", help="music: folders or ZIPs of MIDI files, or hub ids"
    )
    parser.add_argument(
        "--where", default="", metavar="CHOICE", help="rows of the labels, such as 'licence=Public Domain|CC BY 4.0'"
    )
    parser.add_argument("--start", type=Path, metavar="DIR", help="run or checkpoint whose weights to start from")
    add_run_options(parser, batch_size=None, usual="composer and gan: 16; encoder: 256; masked: 64")


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export music`."""
    parser.add_argument("--run", required=True, type=Path, metavar="DIR", help="run whose best snapshot to take")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder of the checkpoint")

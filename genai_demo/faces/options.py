"""The options of the command line of faces; imports no torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from genai_demo.engine.training.options import add_run_options
from genai_demo.faces.requests import CHOICES, GENDERS, SMILES, GalleryRequest

TRAINED = ("gan", "vae", "encoder", "dcgan")
"""families that `train` knows: two that paint, the encoder that compares faces and reads labels, and a baseline"""


def add_generate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `generate faces`."""
    default = GalleryRequest()
    parser.add_argument("--out", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="folder to write to (out)")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="faces to paint (1)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the faces (0)")
    parser.add_argument(
        "--model", default=default.model, metavar="NAME", help=f"{', '.join(CHOICES)}, a checkpoint's folder or a run"
    )
    parser.add_argument("--variety", type=float, default=default.variety, help=f"1 as in real life ({default.variety})")
    parser.add_argument("--age", type=int, default=default.age, metavar="YEARS", help="0 leaves it open (0)")
    parser.add_argument("--gender", choices=GENDERS, default=default.gender, help=f"({default.gender})")
    parser.add_argument("--smile", choices=SMILES, default=default.smile, help=f"({default.smile})")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="also write all faces side by side as one PNG")
    parser.add_argument("--json", metavar="FILE", help="also write all results as JSON; - for standard output")


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate faces`."""
    parser.add_argument(
        "--model", default="gan", metavar="NAME", help="gan, vae, encoder, a checkpoint's folder or a run (gan)"
    )
    parser.add_argument("--data", required=True, metavar="PATH", help="the faces it was trained on, some held out")
    parser.add_argument("--labels", metavar="PATH", help="table of their ages, genders and smiles (.csv)")
    _add_where(parser)
    parser.add_argument("--baseline", type=Path, metavar="DIR", help="run of a DCGAN to measure beside it")
    parser.add_argument("--count", type=int, default=700, metavar="N", help="faces to paint (700)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the faces (0)")
    parser.add_argument("--json", metavar="FILE", help="also write the report as JSON; - for standard output")
    parser.add_argument("--card", action="store_true", help="write the report into the checkpoint's model card")


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train faces`."""
    parser.add_argument("--model", required=True, choices=TRAINED, help="which network to train")
    parser.add_argument("--data", required=True, metavar="PATH", help="faces: a folder or ZIP of pictures, or a hub id")
    parser.add_argument("--labels", metavar="PATH", help="table of ages, genders and smiles (.csv)")
    _add_where(parser)
    parser.add_argument(
        "--start",
        type=Path,
        metavar="DIR",
        help="GAN: a run to go on from, at the same or a smaller resolution; VAE: a run whose decoder to polish",
    )
    parser.add_argument(
        "--gamma", type=float, default=None, metavar="G", help="GAN, polishing: weight of the penalties at first"
    )
    parser.add_argument("--final-gamma", type=float, default=None, metavar="G", help="GAN, polishing: and at the end")
    parser.add_argument(
        "--generator-share",
        type=float,
        default=None,
        metavar="R",
        help="GAN, polishing: the generator's learning rate as a share of the discriminator's",
    )
    parser.add_argument(
        "--first-augmentation", type=float, default=None, metavar="P", help="GAN: augmentation at the start"
    )
    parser.add_argument("--augmentation", type=float, default=None, metavar="P", help="GAN: augmentation later on")
    parser.add_argument(
        "--label-weight", type=float, default=None, metavar="W", help="GAN: weight of how well labels are obeyed"
    )
    add_run_options(parser, batch_size=None, usual="32; dcgan: 128, as in its paper")


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export faces`."""
    parser.add_argument("--run", required=True, type=Path, metavar="DIR", help="run whose best snapshot to take")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder of the checkpoint")
    parser.add_argument("--data", required=True, metavar="PATH", help="the faces it was trained on")
    parser.add_argument("--labels", metavar="PATH", help="table of their ages, genders and smiles (.csv)")
    _add_where(parser)


def _add_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--where", default="", metavar="CHOICE", help="rows of the labels, such as kind=color_photo,source=bio_guide"
    )

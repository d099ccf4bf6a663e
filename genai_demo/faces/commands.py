"""What the commands do for faces; imports no torch until it must."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genai_demo.engine.fields import add_options, given
from genai_demo.engine.files import write_bytes
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.training.options import (
    add_output_options,
    add_report_options,
    add_run_options,
    check_count,
    request_fields,
    train_config,
    write_json_option,
)
from genai_demo.engine.training.start import train_command
from genai_demo.errors import UserError
from genai_demo.faces.requests import CHOICES, GalleryRequest, MorphRequest
from genai_demo.faces.training.configs import FAMILIES, TRAININGS, FaceTrainRequest, engine_fields

if TYPE_CHECKING:
    from genai_demo.faces.results import Face, Film


def add_generate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `generate faces`."""
    add_output_options(parser, "faces")
    parser.add_argument(
        "--model", default="gan", metavar="NAME", help=f"{', '.join(CHOICES)}, a checkpoint's folder or a run (gan)"
    )
    add_options(parser, GalleryRequest, ["variety", "age", "gender", "smile"])
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="also write all faces side by side as one PNG")


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate faces`."""
    parser.add_argument(
        "--model", default="gan", metavar="NAME", help="gan, vae, encoder, a checkpoint's folder or a run (gan)"
    )
    parser.add_argument("--data", required=True, metavar="PATH", help="the faces it was trained on, some held out")
    parser.add_argument("--labels", metavar="PATH", help="table of their ages, genders and smiles (.csv)")
    _add_where(parser)
    parser.add_argument("--baseline", type=Path, metavar="DIR", help="run of a DCGAN to measure beside it")
    add_report_options(parser, 700, "faces to paint")


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train faces`."""
    parser.add_argument("--model", required=True, choices=FAMILIES, help="which network to train")
    add_options(parser, FaceTrainRequest, ["data", "labels", "where", "start"])
    add_run_options(parser, TRAININGS, None, "32; dcgan: 128, as in its paper; textbook: 64")


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export faces`."""
    parser.add_argument("--run", required=True, type=Path, metavar="DIR", help="run whose best snapshot to take")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder of the checkpoint")
    parser.add_argument("--data", metavar="PATH", help="the faces it was trained on; textbook models need none")
    parser.add_argument("--labels", metavar="PATH", help="table of their ages, genders and smiles (.csv)")
    _add_where(parser)


def _add_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--where", default="", metavar="CHOICE", help="rows of the labels, such as kind=color_photo,source=bio_guide"
    )


_SIDE = 256
"""side of a written PNG in pixels"""


def generate(options: argparse.Namespace) -> None:
    """Write `--count` faces, one PNG each, with the receipt inside.

    Raises:
        UserError: an option is not allowed, a file exists already or cannot be written.
    """
    check_count(options.count)
    family, model = _family(options.model)
    asked = GalleryRequest(**given(options, GalleryRequest) | {"model": family, "count": 1})
    asked.check()
    requests = asked.faces(options.count)
    files = [options.out / f"face-{request.model}-{request.seed}-{request.index}.png" for request in requests]
    for file in (*files, options.sheet):
        if file is not None and file.exists():
            raise UserError("engine.file_exists", file=file)
    from genai_demo.faces.sampling import generation

    faces = generation.paint(requests, model)
    results = [_keep(face, file) for face, file in zip(faces, files, strict=True)]
    if options.sheet is not None:
        from genai_demo.faces.sampling.grid import sheet_png

        _write(options.sheet, sheet_png(faces))
    write_json_option(options.json, results)


def _family(model: str) -> tuple[str, str | None]:
    """Return what to ask of a gallery, and the checkpoint to use if it is not one that ships."""
    if model in CHOICES:
        return model, None
    from genai_demo.engine.models.checkpoint import read_checkpoint
    from genai_demo.faces.sampling.loading import checkpoint_folder

    return read_checkpoint(checkpoint_folder(model)).family, model


def reproduce(receipt: Receipt, out: Path) -> None:
    """Paint a face, or a film, again as `receipt` records and write it to `out`.

    Raises:
        UserError: the receipt does not fit, or the file exists already.
    """
    from genai_demo.faces.sampling import generation

    request = generation.request_of(receipt)
    if isinstance(request, MorphRequest):
        first = request.faces[0]
        file = out / f"morph-{first.model}-{first.seed}-{first.index}.{request.format}"
    else:
        file = out / f"face-{request.model}-{request.seed}-{request.index}.png"
    if file.exists():
        raise UserError("engine.file_exists", file=file)
    _keep(generation.reproduce(receipt), file)


def _keep(made: Face | Film, file: Path) -> dict[str, Any]:
    from genai_demo.faces.results import Film, png

    _write(file, made.marked() if isinstance(made, Film) else png(made.picture, made.receipt, _SIDE))
    print(file, file=sys.stderr)
    return {"file": str(file), "receipt": json.loads(made.receipts[0].to_json())}


def _write(file: Path, content: bytes) -> None:
    try:
        write_bytes(file, content)
    except OSError as error:
        raise UserError("engine.cannot_write", file=file, reason=error.strerror) from error


def train(options: argparse.Namespace) -> None:
    """Train a model into a run folder.

    Raises:
        UserError: an option, the data or the folder cannot be used.
    """
    from genai_demo.faces.training.configs import FaceTrainRequest
    from genai_demo.faces.training.tasks import check, make_task

    request = FaceTrainRequest(**given(options, FaceTrainRequest) | request_fields(options, TRAININGS))
    config = train_config(options, **engine_fields(options.model, options.start))
    check(request)
    train_command(options, config, lambda: make_task(request))


def export(options: argparse.Namespace) -> None:
    """Write a run's best snapshot as a checkpoint in half precision, with what it has to know of its faces.

    Raises:
        UserError: there is no snapshot, the data cannot be used, or the folder holds another family's checkpoint.
    """
    from genai_demo.faces.training.export import export_face_checkpoint

    checkpoint = export_face_checkpoint(options.run, options.to, options.data, options.labels, options.where)
    print(f"{options.to}: checkpoint {checkpoint.id}")


def evaluate(options: argparse.Namespace) -> None:
    """Measure a checkpoint and print the table.

    Raises:
        UserError: the checkpoint or the data cannot be used.
    """
    from genai_demo.faces.evaluation import evaluate, figures
    from genai_demo.faces.evaluation.card import Card
    from genai_demo.faces.sampling.loading import checkpoint_folder

    report = evaluate.evaluate(
        options.model, options.data, options.labels, options.baseline, options.count, options.seed, options.where
    )
    print(figures.table(report), file=sys.stderr if options.json == "-" else sys.stdout)
    write_json_option(options.json, report)
    if options.card:
        Card.write(checkpoint_folder(options.model), report)

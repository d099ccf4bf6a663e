"""What the commands do for faces; imports no torch until it must."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genai_demo.engine.files import write_bytes
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.training.options import request_fields, train_config, write_json_option
from genai_demo.engine.training.start import train_command
from genai_demo.errors import UserError
from genai_demo.faces.options import add_evaluate_options, add_export_options, add_generate_options, add_train_options
from genai_demo.faces.requests import CHOICES, GalleryRequest
from genai_demo.faces.training.fields import TRAINING_FIELDS

if TYPE_CHECKING:
    from genai_demo.faces.results import Face

__all__ = [
    "add_evaluate_options",
    "add_export_options",
    "add_generate_options",
    "add_train_options",
    "evaluate",
    "export",
    "generate",
    "reproduce",
    "train",
]

_SIDE = 256
"""side of a written PNG in pixels"""


def generate(options: argparse.Namespace) -> None:
    """Write `--count` faces, one PNG each, with the receipt inside.

    Raises:
        UserError: an option is not allowed, a file exists already or cannot be written.
    """
    if not 1 <= options.count <= 10_000:
        raise UserError("engine.bad_count", value=options.count, most=10_000)
    family, model = _family(options.model)
    asked = GalleryRequest(family, 1, options.seed, options.variety, options.age, options.gender, options.smile)
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
    """Paint again what `receipt` records and write it to `out`.

    Raises:
        UserError: the receipt does not fit, or the file exists already.
    """
    from genai_demo.faces.sampling import generation

    request = generation.request_of(receipt)
    file = out / f"face-{request.model}-{request.seed}-{request.index}.png"
    if file.exists():
        raise UserError("engine.file_exists", file=file)
    _keep(generation.reproduce(receipt), file)


def _keep(face: Face, file: Path) -> dict[str, Any]:
    from genai_demo.faces.results import png

    _write(file, png(face.picture, face.receipt, _SIDE))
    print(file, file=sys.stderr)
    return {"file": str(file), "receipt": json.loads(face.receipt.to_json())}


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
    from genai_demo.faces.training.tasks import FaceTrainRequest, engine_fields, make_task

    fields = request_fields(options, TRAINING_FIELDS)
    request = FaceTrainRequest(**fields, data=options.data, labels=options.labels, where=options.where)
    train_command(
        options, train_config(options, **engine_fields(options.model, options.start)), lambda: make_task(request)
    )


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
    from genai_demo.faces.evaluation import evaluation
    from genai_demo.faces.evaluation.card import write_card
    from genai_demo.faces.sampling.loading import checkpoint_folder

    report = evaluation.evaluate(
        options.model, options.data, options.labels, options.baseline, options.count, options.seed, options.where
    )
    print(evaluation.table(report), file=sys.stderr if options.json == "-" else sys.stdout)
    write_json_option(options.json, report)
    if options.card:
        write_card(checkpoint_folder(options.model), report)

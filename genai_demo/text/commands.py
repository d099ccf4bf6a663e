"""The command line of news text: what each command does with its options; imports no torch until it must."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from genai_demo.catalogue import message
from genai_demo.engine.files import write_text
from genai_demo.engine.generation.receipts import Receipt, text_with_receipt
from genai_demo.engine.training.options import request_fields, train_config, write_json_option
from genai_demo.engine.training.start import train_command
from genai_demo.errors import UserError
from genai_demo.text.options import (
    add_evaluate_options,
    add_export_options,
    add_generate_options,
    add_train_options,
)
from genai_demo.text.requests import (
    MODELS,
    SEED,
    FillRequest,
    GenerateRequest,
    Request,
    RewriteRequest,
)

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


def _request(options: argparse.Namespace, seed: int) -> Request:
    """Return the request for the options, whatever the command line left open taken from its defaults."""
    given = {"topic": options.topic, "seed": seed}
    given |= {name: value for name in ("temperature", "steps") if (value := getattr(options, name)) is not None}
    if options.fill is not None:
        return FillRequest(text=options.fill, **given)
    if options.rewrite is not None:
        return RewriteRequest(text=options.rewrite, share=options.share, **given)
    return GenerateRequest(
        model=_family(options.model),
        opening=options.opening,
        length=options.length,
        top_p=options.top_p,
        min_p=options.min_p,
        repetition_penalty=options.repetition_penalty,
        **given,
    )


def _family(model: str | None) -> str:
    """Return the family of a model: "gru", "masked", or what the checkpoint of that name says."""
    if model is None or model in MODELS:
        return model or MODELS[0]
    from genai_demo.engine.models.checkpoint import read_checkpoint
    from genai_demo.text.sampling.loading import checkpoint_folder

    return read_checkpoint(checkpoint_folder(model)).family


def generate(options: argparse.Namespace) -> None:
    """Write `--count` texts, one file each, with the receipt inside.

    Raises:
        UserError: an option is not allowed, a file exists already or cannot be written.
    """
    if not 1 <= options.count <= 10_000:
        raise UserError("engine.bad_count", value=options.count, most=10_000)
    if options.fill is not None and options.rewrite is not None:
        raise UserError("text.fill_or_rewrite")
    if options.seed + options.count - 1 > SEED[1]:
        raise UserError(
            "engine.out_of_range_whole", name="seed", value=options.seed + options.count - 1, low=SEED[0], high=SEED[1]
        )
    requests = [_request(options, options.seed + number) for number in range(options.count)]
    files = [options.out / f"text-{request.seed}.txt" for request in requests]
    for request, file in zip(requests, files, strict=True):
        request.check()
        if file.exists():
            raise UserError("engine.file_exists", file=file)
    results = []
    for request, file in zip(requests, files, strict=True):
        text, receipt = _make(request, options.model)
        results.append(_keep(text, receipt, file))
    write_json_option(options.json, results)


def reproduce(receipt: Receipt, out: Path) -> None:
    """Make again what `receipt` records and write it to `out`.

    Raises:
        UserError: the receipt does not fit, or the file exists already.
    """
    from genai_demo.text.sampling import generation

    file = out / f"text-{receipt.settings.get('seed', 0)}.txt"
    if file.exists():
        raise UserError("engine.file_exists", file=file)
    update = generation.reproduce(receipt)
    _keep(update.drafts[receipt.index].text, receipt, file)


def _make(request: Request, model: str | None) -> tuple[str, Receipt]:
    from genai_demo.text.sampling import generation

    update = list(generation.run(request, model))[-1]
    return update.drafts[0].text, update.receipts[0]


def _keep(text: str, receipt: Receipt, file: Path) -> dict[str, Any]:
    try:
        write_text(file, text_with_receipt(text, message("text.machine_made"), receipt))
    except OSError as error:
        raise UserError("engine.cannot_write", file=file, reason=error.strerror) from error
    print(f"{file}: {text}", file=sys.stderr)
    return {"file": str(file), "text": text, "receipt": json.loads(receipt.to_json())}


def evaluate(options: argparse.Namespace) -> None:
    """Measure a checkpoint and print the table.

    Raises:
        UserError: the checkpoint or the data cannot be used.
    """
    if not 1 <= options.count <= 10_000:
        raise UserError("engine.bad_count", value=options.count, most=10_000)
    from genai_demo.text.evaluation import evaluation
    from genai_demo.text.evaluation.card import write_card
    from genai_demo.text.sampling.loading import checkpoint_folder

    report = evaluation.evaluate(options.model, options.data, options.training, options.count, options.seed)
    print(evaluation.table(report), file=sys.stderr if options.json == "-" else sys.stdout)
    write_json_option(options.json, report)
    if options.card:
        write_card(checkpoint_folder(options.model), report)


def train(options: argparse.Namespace) -> None:
    """Train a model into a run folder.

    Raises:
        UserError: an option, the data or the folder cannot be used.
    """
    from genai_demo.text.training.tasks import NewsTrainRequest, make_task

    fields = request_fields(options, ("learning_rate", "window", "background_share"))
    if options.dropout is not None:
        fields["sizes"]["dropout"] = options.dropout
    request = NewsTrainRequest(
        **fields, data=options.data, background=options.background, validation=options.validation
    )
    train_command(options, train_config(options), lambda: make_task(request))


def export(options: argparse.Namespace) -> None:
    """Write a run's best snapshot, or the mean of several runs' best ones, as a checkpoint in half precision.

    Raises:
        UserError: there is no snapshot, the runs do not fit, the folder holds another family's checkpoint, or the
            articles to calibrate on cannot be used.
    """
    from genai_demo.engine.models.export import export_checkpoint

    checkpoint = export_checkpoint(options.run[0], options.to, others=options.run[1:])
    if options.calibrate is not None:
        from genai_demo.text.data.articles import read_articles
        from genai_demo.text.training.calibration import calibrate_checkpoint

        news = [article for source in options.data for article in read_articles(source)]
        checkpoint = calibrate_checkpoint(options.to, options.calibrate, news)
    print(f"{options.to}: checkpoint {checkpoint.id}")

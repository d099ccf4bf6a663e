"""The command line of news text: what each command does with its options; imports no torch until it must."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from genai_demo.catalogue import message
from genai_demo.engine.fields import add_options, given
from genai_demo.engine.files import write_text
from genai_demo.engine.generation.receipts import Receipt, text_with_receipt
from genai_demo.engine.training.options import (
    add_output_options,
    add_report_options,
    add_run_options,
    check_count,
    request_fields,
    seeds_from,
    train_config,
    write_json_option,
)
from genai_demo.engine.training.start import train_command
from genai_demo.errors import UserError
from genai_demo.text.requests import (
    FILLERS,
    MODELS,
    WRITERS,
    FillRequest,
    GenerateRequest,
    Request,
    RewriteRequest,
    usual,
)
from genai_demo.text.training.configs import TRAININGS, NewsTrainRequest

_ASKED = ("topic", "opening", "length", "temperature", "top_p", "min_p", "repetition_penalty", "steps")


def add_generate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `generate text`."""
    add_output_options(parser, "texts")
    parser.add_argument(
        "--model",
        metavar="NAME",
        help=f"{', '.join(MODELS)}, a checkpoint's folder or a run (gru; for --fill and --rewrite masked)",
    )
    add_options(parser, GenerateRequest, _ASKED, left_open=("temperature", "length", "steps"))
    parser.add_argument("--fill", metavar="TEXT", help="fill the ___ blanks of this text instead")
    parser.add_argument("--rewrite", metavar="TEXT", help="rewrite a share of this text instead")
    add_options(parser, RewriteRequest, ["share"])
    add_options(parser, FillRequest, ["tokens_per_blank", "characters_per_blank"])


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate text`."""
    parser.add_argument(
        "--model",
        default="gru",
        metavar="NAME",
        help="gru, masked, headlines, headlines-masked, topics, headlines-topics, a checkpoint's folder or a run (gru)",
    )
    parser.add_argument("--data", metavar="PATH", help="held-out articles: .csv, .jsonl, .txt, or a hub id")
    parser.add_argument(
        "--training",
        nargs="+",
        default=[],
        metavar="PATH",
        help="what the model was trained on, for the baselines and the share that is copied",
    )
    add_report_options(parser, 50, "texts to generate per topic")


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train text`."""
    parser.add_argument("--model", required=True, choices=TRAININGS, help="which network to train")
    add_options(parser, NewsTrainRequest, ["data", "background", "validation", "hold_out", "start"])
    parser.add_argument("--dropout", type=float, default=None, metavar="SHARE", help="share of units dropped")
    add_run_options(parser, TRAININGS, batch_size=64)


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export text`."""
    parser.add_argument(
        "--run",
        required=True,
        nargs="+",
        type=Path,
        metavar="DIR",
        help="run whose best snapshot to take; of several that started from the same run, the mean of their weights",
    )
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder of the checkpoint")
    parser.add_argument(
        "--calibrate", metavar="PATH", help="GRU: held-out articles on which to make it as sure as it is right"
    )
    parser.add_argument(
        "--data", nargs="*", default=[], metavar="PATH", help="what it has learnt from: left out of those articles"
    )


def _request(options: argparse.Namespace, seed: int) -> Request:
    """Return the request for the options, whatever the command line left open taken from its defaults."""
    if options.fill is not None or options.rewrite is not None:
        changes = {"seed": seed, "model": _filler(options.model)}
        if options.fill is not None:
            return FillRequest(**given(options, FillRequest) | changes | {"text": options.fill})
        return RewriteRequest(**given(options, RewriteRequest) | changes | {"text": options.rewrite})
    kind = _kind(options.model)
    return replace(usual(kind), **given(options, GenerateRequest) | {"model": kind, "seed": seed})


def _filler(model: str | None) -> str:
    """Return the short name of the model that fills texts in the language of a model; loading refuses any other."""
    return next(filler for filler in FILLERS if WRITERS[filler] is WRITERS.get(_kind(model), WRITERS[FILLERS[0]]))


def _kind(model: str | None) -> str:
    """Return the short name of a model: one of `MODELS`, or that of the one its checkpoint could stand in for."""
    if model is None or model in MODELS:
        return model or MODELS[0]
    from genai_demo.engine.models.checkpoint import read_checkpoint
    from genai_demo.text.sampling.loading import checkpoint_folder, kind_of

    return kind_of(read_checkpoint(checkpoint_folder(model)))


def generate(options: argparse.Namespace) -> None:
    """Write `--count` texts, one file each, with the receipt inside.

    Raises:
        UserError: an option is not allowed, a file exists already or cannot be written.
    """
    if options.fill is not None and options.rewrite is not None:
        raise UserError("text.fill_or_rewrite")
    requests = [_request(options, seed) for seed in seeds_from(options)]
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
        # Whoever reads the text can read what it says of itself.
        language = WRITERS[receipt.settings.get("model", FILLERS[0])].language
        write_text(file, text_with_receipt(text, message("text.machine_made", language), receipt))
    except OSError as error:
        raise UserError("engine.cannot_write", file=file, reason=error.strerror) from error
    print(f"{file}: {text}", file=sys.stderr)
    return {"file": str(file), "text": text, "receipt": json.loads(receipt.to_json())}


def evaluate(options: argparse.Namespace) -> None:
    """Measure a checkpoint and print the table.

    Raises:
        UserError: the checkpoint or the data cannot be used.
    """
    check_count(options.count)
    from genai_demo.text.evaluation import evaluate, figures
    from genai_demo.text.evaluation.card import Card
    from genai_demo.text.sampling.loading import checkpoint_folder

    report = evaluate.evaluate(options.model, options.data, options.training, options.count, options.seed)
    print(figures.table(report), file=sys.stderr if options.json == "-" else sys.stdout)
    write_json_option(options.json, report)
    if options.card:
        Card.write(checkpoint_folder(options.model), report)


def train(options: argparse.Namespace) -> None:
    """Train a model into a run folder.

    Raises:
        UserError: an option, the data or the folder cannot be used.
    """
    from genai_demo.text.training.configs import NewsTrainRequest
    from genai_demo.text.training.tasks import check, make_task

    fields = given(options, NewsTrainRequest) | request_fields(options, TRAININGS)
    if options.dropout is not None:
        fields["sizes"]["dropout"] = options.dropout
    request = NewsTrainRequest(**fields)
    config = train_config(options)
    check(request)
    train_command(options, config, lambda: make_task(request))


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
        from genai_demo.text.sampling.loading import topics_of
        from genai_demo.text.training.calibration import calibrate_checkpoint

        topics = topics_of(checkpoint)
        news = [article for source in options.data for article in read_articles(source, topics=topics)]
        checkpoint = calibrate_checkpoint(options.to, options.calibrate, news)
    print(f"{options.to}: checkpoint {checkpoint.id}")

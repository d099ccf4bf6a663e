"""What the commands do for music; imports no torch until it must."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genai_demo.catalogue import terminal_language
from genai_demo.engine.fields import add_options, given
from genai_demo.engine.files import write_bytes
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.training.options import (
    add_output_options,
    add_report_options,
    add_run_options,
    request_fields,
    seeds_from,
    train_config,
    write_json_option,
)
from genai_demo.engine.training.start import train_command
from genai_demo.errors import UserError
from genai_demo.music.requests import MODELS, ComposeRequest, ContinueRequest, Request, legato_bars, take_music
from genai_demo.music.training.configs import TRAININGS, MusicTrainRequest, engine_fields

if TYPE_CHECKING:
    from genai_demo.music.results import Update


_PIECE = ("genre", "key", "metre", "tempo")
_MANNER = ("density", "register", "style", "temperature", "top_p")


def add_generate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `generate music`."""
    add_output_options(parser, "pieces")
    parser.add_argument(
        "--model", default="composer", metavar="NAME", help="composer, gan, a checkpoint or a run (composer)"
    )
    bars = f"bars to write ({ComposeRequest().bars}; for --continue {ContinueRequest().bars})"
    parser.add_argument("--bars", type=int, metavar="N", help=bars)
    add_options(parser, ComposeRequest, (*_PIECE, *_MANNER))
    parser.add_argument(
        "--continue", dest="given", type=Path, metavar="FILE", help="go on with this MIDI file or MusicXML instead"
    )
    parser.add_argument("--keep", type=int, default=0, metavar="N", help="bars of --continue that stay (all)")
    parser.add_argument("--no-sound", action="store_true", help="write no sound (.ogg)")
    parser.add_argument("--no-score", action="store_true", help="write no score (.musicxml and .svg)")


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate music`."""
    parser.add_argument(
        "--model", default="composer", metavar="NAME", help="a model, a checkpoint's folder or a run (composer)"
    )
    parser.add_argument(
        "--data", required=True, nargs="+", metavar="PATH", help="the music it was trained on, some held out"
    )
    parser.add_argument("--where", default="", metavar="CHOICE", help="rows of its labels, as it was trained")
    add_report_options(parser, 96, "pieces to write")


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train music`."""
    parser.add_argument("--model", required=True, choices=TRAININGS, help="which network to train")
    add_options(parser, MusicTrainRequest, ["data", "where", "start"])
    add_run_options(parser, TRAININGS, None, "composer and gan: 16; encoder: 256; masked: 64")


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export music`."""
    parser.add_argument("--run", required=True, type=Path, metavar="DIR", help="run whose best snapshot to take")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder of the checkpoint")


def train(options: argparse.Namespace) -> None:
    """Train a model into a run folder.

    Raises:
        UserError: an option, the data or the folder cannot be used.
    """
    from genai_demo.music.training.configs import MusicTrainRequest
    from genai_demo.music.training.tasks import check, make_task

    request = MusicTrainRequest(**given(options, MusicTrainRequest) | request_fields(options, TRAININGS))
    config = train_config(options, **engine_fields(options.model))
    check(request)
    train_command(options, config, lambda: make_task(request))


def export(options: argparse.Namespace) -> None:
    """Write a run's best snapshot as a checkpoint in half precision.

    Raises:
        UserError: there is no snapshot, or the folder holds another family's checkpoint.
    """
    from genai_demo.engine.models.export import export_checkpoint

    checkpoint = export_checkpoint(options.run, options.to)
    print(f"{options.to}: checkpoint {checkpoint.id}")


def evaluate(options: argparse.Namespace) -> None:
    """Measure a checkpoint and print the table.

    Raises:
        UserError: the checkpoint or the data cannot be used.
    """
    from genai_demo.music.evaluation import evaluate, figures
    from genai_demo.music.evaluation.card import Card
    from genai_demo.music.sampling.loading import checkpoint_folder

    report = evaluate.evaluate(options.model, options.data, options.where, options.count, options.seed)
    print(figures.table(report), file=sys.stderr if options.json == "-" else sys.stdout)
    write_json_option(options.json, report)
    if options.card:
        Card.write(checkpoint_folder(options.model), report)


def generate(options: argparse.Namespace) -> None:
    """Write `--count` pieces, each as MIDI, sound and score, with the receipt in all that can hold it.

    Raises:
        UserError: an option is not allowed, a file exists already or cannot be written.
    """
    from genai_demo.music.sampling import generation

    family, model = _family(options.model)
    music = _given_music(options)
    requests = [_request(options, family, music, seed) for seed in seeds_from(options)]
    for request in requests:
        request.check()
        _check_free(options.out / f"piano-{request.seed}.mid")
    results = []
    for request in requests:
        update = list(generation.run(request, model))[-1]
        file = options.out / f"piano-{request.seed}.mid"
        results.append(_keep(request, update, 0, file, not options.no_sound, not options.no_score))
    write_json_option(options.json, results)


def _family(model: str) -> tuple[str, str | None]:
    """Return the family of a model, and the checkpoint to use if it is not one that ships."""
    if model in MODELS:
        return model, None
    from genai_demo.engine.models.checkpoint import read_checkpoint
    from genai_demo.music.sampling.loading import checkpoint_folder

    return read_checkpoint(checkpoint_folder(model)).family, model


def _request(options: argparse.Namespace, family: str, music: str, seed: int) -> ComposeRequest | ContinueRequest:
    if options.given is None:
        return ComposeRequest(**given(options, ComposeRequest) | {"model": family, "seed": seed})
    return ContinueRequest(**given(options, ContinueRequest) | {"model": family, "music": music, "seed": seed})


def _given_music(options: argparse.Namespace) -> str:
    """Return the music of `--continue` as a line, "" where there is none, and say what was made of the file."""
    if options.given is None:
        return ""
    from genai_demo.music.tokens.piece_string import write_piece_string

    reading = take_music(options.given)
    for remark in reading.remarks:
        print(remark.in_language(terminal_language()), file=sys.stderr)
    return write_piece_string(reading.piece)


def reproduce(receipt: Receipt, out: Path) -> None:
    """Write again what `receipt` records to `out`.

    Raises:
        UserError: the receipt does not fit, or the file exists already.
    """
    from genai_demo.music.sampling import generation

    file = out / f"piano-{receipt.settings.get('seed', 0)}.mid"
    _check_free(file)
    request = generation.request_of(receipt)
    _keep(request, generation.reproduce(receipt), receipt.index, file, sound=True, score=True)


def _check_free(file: Path) -> None:
    for ending in (".mid", ".ogg", ".musicxml", "-page-1.svg"):
        if (beside := file.with_name(file.stem + ending)).exists():
            raise UserError("engine.file_exists", file=beside)


def _keep(request: Request, update: Update, index: int, file: Path, sound: bool, score: bool) -> dict[str, Any]:
    """Write one piece, as `file` and beside it, and return what was written."""
    from genai_demo.music.midi.writing import marked_midi
    from genai_demo.music.results import score_title

    piece, receipt = update.compositions[index].piece, update.receipts[index]
    title = score_title(piece, "en")
    contents = {".mid": marked_midi(piece, receipt)}
    if sound:
        from genai_demo.music.audio.synthesis import marked_sound, render

        contents[".ogg"] = marked_sound(render(piece), "ogg", receipt, title)
    if score:
        from genai_demo.music.notation.engraving import engrave, marked_page
        from genai_demo.music.notation.score import musicxml

        contents[".musicxml"] = musicxml(piece, receipt=receipt, legato=legato_bars(request, len(piece.bars)))
        for number, page in enumerate(engrave(contents[".musicxml"]).pages):
            contents[f"-page-{number + 1}.svg"] = marked_page(page, receipt, title)
    files = {file.with_name(file.stem + ending): content for ending, content in contents.items()}
    for target, content in files.items():
        try:
            write_bytes(target, content)
        except OSError as error:
            raise UserError("engine.cannot_write", file=target, reason=error.strerror) from error
        print(target, file=sys.stderr)
    return {"files": [str(target) for target in files], "receipt": json.loads(receipt.to_json())}

"""What the commands do for dice."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from genai_demo.catalogue import message
from genai_demo.engine.files import write_text
from genai_demo.engine.generation.receipts import Receipt, text_with_receipt
from genai_demo.engine.training.options import add_run_options, train_config, write_json_option
from tests.helpers.dice.rolls import RollRequest, Rolls, registry, service


def add_train_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True)
    add_run_options(parser, {}, batch_size=16)


def add_generate_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=argparse.SUPPRESS)
    parser.add_argument("--model")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="chain")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json")


def add_export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)


def train(options: argparse.Namespace) -> None:
    from genai_demo.engine.training.loop import train as run_training
    from genai_demo.engine.training.run import RunFolder
    from tests.helpers.dice.network import DiceTask, read_dice

    task = DiceTask(read_dice(options.data), options.seed)
    run_training(task, train_config(options), RunFolder(options.run), options.resume, options.track)


def export(options: argparse.Namespace) -> None:
    from genai_demo.engine.models.export import export_checkpoint

    export_checkpoint(options.run, options.to)


def generate(options: argparse.Namespace) -> None:
    request = RollRequest(count=options.count, seed=options.seed)
    _keep(list(service.run(request, options.model))[-1], 0, options.out)


def reproduce(receipt: Receipt, out: Path) -> None:
    _keep(service.reproduce(receipt), receipt.index, out)


def _keep(made: Rolls, index: int, out: Path) -> None:
    receipt = made.receipts[index]
    content = text_with_receipt(made.dice[index], message("dice.machine_made"), receipt)
    write_text(out / f"dice-{receipt.settings['seed']}.txt", content)


def evaluate(options: argparse.Namespace) -> None:
    from tests.helpers.dice.network import bits_per_die, read_dice

    loaded = registry.load(options.model)
    found = bits_per_die(loaded.network, read_dice(options.data).to(next(loaded.network.parameters()).device))
    write_json_option(options.json, {"bits_per_die": found, "chance": math.log2(6)})

"""The command line: `python -m genai_demo train | generate | evaluate | export | doctor`.

Each modality brings its own options in `<modality>/commands.py`; nothing heavy is imported before it is needed, so
that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

from genai_demo import __version__
from genai_demo.catalogue import match_language, message
from genai_demo.errors import UserError

MODALITIES = ("text", "faces", "music")

_EXAMPLES = {
    "train": """examples:
  python -m genai_demo train text --model gru --data fancyzhx/ag_news --minutes 30 --run runs/mine
  python -m genai_demo train text --model gru --data fancyzhx/ag_news --minutes 60 --run runs/mine --resume
  python -m genai_demo train faces --model gan --data faces.zip --minutes 120 --run runs/faces
  python -m genai_demo train music --model composer --data piano.zip --minutes 120 --run runs/piano""",
    "generate": """examples:
  python -m genai_demo generate text --count 3 --seed 1 --out out --topic sports
  python -m genai_demo generate text --out out --fill "The ___ won the ___ on Sunday."
  python -m genai_demo generate faces --model runs/faces --count 16 --seed 1 --out out --sheet out/all.png
  python -m genai_demo generate music --bars 32 --key Eb_major --metre 3/4 --seed 1 --out out
  python -m genai_demo generate music --continue mine.mid --bars 16 --out out
  python -m genai_demo generate --receipt out/text-1.txt --out again""",
    "evaluate": """examples:
  python -m genai_demo evaluate text --model gru --data test.csv
  python -m genai_demo evaluate text --model runs/mine --data test.jsonl --training train.csv --json -
  python -m genai_demo evaluate faces --model runs/faces --data faces.zip
  python -m genai_demo evaluate music --model runs/piano --data piano.zip""",
    "export": """examples:
  python -m genai_demo export text --run runs/mine --to checkpoints/news-gru
  python -m genai_demo export faces --run runs/faces --to checkpoints/faces-gan --data faces.zip
  python -m genai_demo export music --run runs/piano --to checkpoints/piano-composer""",
    "doctor": """example:
  python -m genai_demo doctor""",
}


def _commands(modality: str) -> ModuleType:
    return importlib.import_module(f"genai_demo.{modality}.commands")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m genai_demo",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Train, use and check small generative models of news text, faces and piano music.",
        epilog="Every command explains itself: python -m genai_demo generate text --help",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    about = {
        "train": "train a model from scratch, or go on with a run",
        "generate": "make results, one file each, with their receipts",
        "evaluate": "measure a checkpoint, beside floors and baselines",
        "export": "make a checkpoint in half precision from a run",
        "doctor": "say what is here, and what is wrong",
    }
    for command, help_text in about.items():
        sub = commands.add_parser(
            command,
            help=help_text,
            description=help_text[0].upper() + help_text[1:] + ".",
            epilog=_EXAMPLES[command],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if command == "generate":
            sub.add_argument("--receipt", type=Path, metavar="FILE", help="make again what this result or receipt says")
            sub.add_argument("--out", type=Path, metavar="DIR", default=Path("out"), help="folder to write to (out)")
        if command == "doctor":
            continue
        kinds = sub.add_subparsers(dest="modality", required=command != "generate", metavar="MODALITY")
        for modality in MODALITIES:
            kind = kinds.add_parser(
                modality,
                help=f"{modality} models",
                epilog=_EXAMPLES[command],
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            getattr(_commands(modality), f"add_{command}_options")(kind)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 something is wrong (doctor), 2 bad input."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.command == "doctor":
            from genai_demo.doctor import doctor

            return doctor()
        if options.command == "generate" and options.receipt is not None:
            from genai_demo.engine.generation.receipts import read_receipt

            receipt = read_receipt(options.receipt)
            if receipt.modality not in MODALITIES:
                raise UserError("engine.other_modality", value=receipt.modality, allowed=", ".join(MODALITIES))
            _commands(receipt.modality).reproduce(receipt, options.out)
            return 0
        if options.modality is None:
            parser.error("generate needs a modality (" + ", ".join(MODALITIES) + ") or --receipt FILE")
        getattr(_commands(options.modality), options.command)(options)
    except UserError as error:
        language = match_language(os.environ.get("LANG", "").partition(".")[0])
        print(message("engine.error", language, sentence=error.in_language(language)), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What `explain music` does on the command line, and its options; imports no torch until it must."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from genai_demo.engine.files import write_text
from genai_demo.engine.generation.receipts import read_receipt
from genai_demo.engine.training.options import write_json_option
from genai_demo.errors import UserError


def add_explain_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `explain music`."""
    parser.add_argument("--receipt", type=Path, required=True, metavar="FILE", help="a piece made here, or its receipt")
    parser.add_argument("--json", metavar="FILE", help="also write it as JSON; - for standard output")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write the notes' rivals as CSV, a line for each")
    parser.add_argument("--bars", action="store_true", help="also find out which earlier bars each bar takes up")


def explain(options: argparse.Namespace) -> None:
    """Print for each note of a piece what else could have come.

    Raises:
        UserError: the receipt does not fit, or a file exists already or cannot be written.
    """
    receipt = read_receipt(options.receipt)
    if options.csv is not None and options.csv.exists():
        raise UserError("engine.file_exists", file=options.csv)
    from genai_demo.music.explaining import explanation
    from genai_demo.music.explaining.tables import as_table, bars_csv, notes_csv

    piece = explanation.made_again(receipt)
    told = explanation.explain(receipt, piece)
    found = explanation.taken_up(receipt, piece) if options.bars else ()
    to = sys.stderr if options.json == "-" else sys.stdout
    print(as_table(told), file=to)
    if found:
        print(bars_csv(found), file=to)
    write_json_option(options.json, told.plain() | {"bars": [asdict(one) for one in found]})
    if options.csv is not None:
        try:
            write_text(options.csv, notes_csv(told))
        except OSError as error:
            raise UserError("engine.cannot_write", file=options.csv, reason=error.strerror) from error

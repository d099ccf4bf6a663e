"""What `explain text` does on the command line, and its options; imports no torch until it must."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from genai_demo.engine.files import write_text
from genai_demo.engine.generation.receipts import read_receipt
from genai_demo.engine.training.options import write_json_option
from genai_demo.errors import UserError
from genai_demo.text.explaining.tables import as_csv, as_table


def add_explain_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `explain text`."""
    parser.add_argument("--receipt", type=Path, required=True, metavar="FILE", help="a text made here, or its receipt")
    parser.add_argument("--json", metavar="FILE", help="also write it as JSON; - for standard output")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write it as CSV, a line for every rival")


def explain(options: argparse.Namespace) -> None:
    """Print for each token of a text what else could have come.

    Raises:
        UserError: the receipt does not fit, or a file exists already or cannot be written.
    """
    receipt = read_receipt(options.receipt)
    if options.csv is not None and options.csv.exists():
        raise UserError("engine.file_exists", file=options.csv)
    from genai_demo.text.explaining import tokens

    entries = tokens.explain(receipt)
    print(as_table(entries), file=sys.stderr if options.json == "-" else sys.stdout)
    write_json_option(options.json, [asdict(entry) for entry in entries])
    if options.csv is not None:
        try:
            write_text(options.csv, as_csv(entries))
        except OSError as error:
            raise UserError("engine.cannot_write", file=options.csv, reason=error.strerror) from error

"""What `explain faces` does on the command line, and its options; imports no torch until it must."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from genai_demo.engine.files import write_bytes, write_text
from genai_demo.engine.generation.receipts import read_receipt
from genai_demo.engine.training.options import write_json_option
from genai_demo.errors import UserError
from genai_demo.faces.explaining.tables import as_csv, as_table


def add_explain_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `explain faces`."""
    parser.add_argument("--receipt", type=Path, required=True, metavar="FILE", help="a face made here, or its receipt")
    parser.add_argument("--json", metavar="FILE", help="also write it as JSON; - for standard output")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write it as CSV, a line for every number")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="also write its pictures side by side as one PNG")


def explain(options: argparse.Namespace) -> None:
    """Print what the model of a face says of it.

    Raises:
        UserError: the receipt does not fit, or a file exists already or cannot be written.
    """
    receipt = read_receipt(options.receipt)
    for file in (options.csv, options.sheet):
        if file is not None and file.exists():
            raise UserError("engine.file_exists", file=file)
    from genai_demo.faces.explaining import explanation
    from genai_demo.faces.results import marked_png

    told = explanation.explain(receipt)
    print(as_table(told), file=sys.stderr if options.json == "-" else sys.stdout)
    write_json_option(options.json, explanation.as_plain(asdict(told)))
    try:
        if options.csv is not None:
            write_text(options.csv, as_csv(told))
        if options.sheet is not None:
            write_bytes(
                options.sheet,
                marked_png(explanation.sheet(receipt), None, [(receipt.model, receipt.checkpoint)]),
            )
    except OSError as error:
        file = error.filename or options.csv or options.sheet
        raise UserError("engine.cannot_write", file=file, reason=error.strerror) from error

"""What `explain text` does on the command line, and its options; imports no torch until it must."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from genai_demo.engine.files import write_text
from genai_demo.engine.generation.receipts import read_receipt
from genai_demo.engine.training.options import write_json_option
from genai_demo.errors import UserError
from genai_demo.text.explaining.tables import (
    as_csv,
    as_table,
    influence_as_csv,
    influence_as_table,
    words_as_csv,
    words_as_table,
)
from genai_demo.text.requests import ENGLISH, ReadRequest


def add_explain_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `explain text`."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--receipt", type=Path, metavar="FILE", help="a text made here, or its receipt")
    what.add_argument("--text", metavar="TEXT", help="any text: how much each of its words surprises a model")
    parser.add_argument("--place", type=int, metavar="N", help="of --receipt: which words mattered for the token there")
    parser.add_argument("--model", default="gru", choices=ENGLISH, help="of --text: the kind of model that reads (gru)")
    parser.add_argument("--json", metavar="FILE", help="also write it as JSON; - for standard output")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write it as CSV, a line for every rival")


def explain(options: argparse.Namespace) -> None:
    """Print for each token of a text what else could have come, or what mattered for one; or how a text was read.

    Raises:
        UserError: the receipt does not fit, or a file exists already or cannot be written.
    """
    receipt = None if options.receipt is None else read_receipt(options.receipt)
    if options.csv is not None and options.csv.exists():
        raise UserError("engine.file_exists", file=options.csv)
    if receipt is None:
        from genai_demo.text.explaining.reading import read

        reading = read(ReadRequest(options.text, options.model))
        _tell(options, words_as_table(reading), asdict(reading), words_as_csv(reading.words))
    elif options.place is None:
        from genai_demo.text.explaining.tokens import explain as explain_text

        entries = explain_text(receipt)
        _tell(options, as_table(entries), [asdict(entry) for entry in entries], as_csv(entries))
    else:
        from genai_demo.text.explaining.influence import influence_in

        found = influence_in(receipt, options.place)
        _tell(options, influence_as_table(found), asdict(found), influence_as_csv(found))


def _tell(options: argparse.Namespace, table: str, values: Any, sheet: str) -> None:
    print(table, file=sys.stderr if options.json == "-" else sys.stdout)
    write_json_option(options.json, values)
    if options.csv is not None:
        try:
            write_text(options.csv, sheet)
        except OSError as error:
            raise UserError("engine.cannot_write", file=options.csv, reason=error.strerror) from error

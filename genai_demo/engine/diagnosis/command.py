"""What `diagnose` does on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from genai_demo.catalogue import message, terminal_language
from genai_demo.engine.diagnosis.rules import diagnose
from genai_demo.engine.training.options import write_json_option
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError


def diagnose_run(path: Path, json_file: str | None) -> None:
    """Print what goes wrong in a run, a line each, or that nothing does.

    Args:
        path: the run's folder.
        json_file: where to write the same as JSON; "-" for standard output, where nothing else stands then.

    Raises:
        UserError: there is no run, or its files are damaged.
    """
    file = path / "config.json"
    if not file.is_file():
        raise UserError("engine.no_file", file=file)
    try:
        config = dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError) as error:
        raise UserError("engine.run_damaged", run=path, file=file.name, reason=error) from error
    found, language = diagnose(RunFolder(path).read_stats(), config), terminal_language()
    for one in found:
        parts = {"seen": one.seen(language), "evidence": one.evidence(language), "remedy": one.remedy(language)}
        print(
            message("diagnosis.line", language, step=one.step, **parts),
            file=sys.stderr if json_file == "-" else sys.stdout,
        )
    if not found and json_file != "-":
        print(message("diagnosis.healthy", language))
    write_json_option(json_file, [one.record for one in found])

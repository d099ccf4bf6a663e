"""The command line, `python -m genai_demo COMMAND`: train, runs, generate, explain, evaluate, export and others.

Each modality brings its own options in `<modality>/commands.py`; nothing heavy is imported before it is needed, so
that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from genai_demo import __version__
from genai_demo.catalogue import message, terminal_language
from genai_demo.engine.recipes.command import add_recipe_options, recipe_command
from genai_demo.engine.runs.commands import add_runs_options, run_command
from genai_demo.errors import UserError
from genai_demo.modalities import modalities

_PROGRAM = "python -m genai_demo"


def _examples(command: str) -> str:
    """Return what the help of a command shows: the examples of every modality, and those of none."""
    lines = [
        f"{command} {modality.name} {options}"
        for modality in modalities().values()
        for options in modality.examples.get(command, ())
    ]
    lines += {
        "generate": ["generate --receipt out/text-1.txt --out again"],
        "train": ["train --recipe recipes/news-gru.toml --data-folder data --run runs/news-gru"],
        "inspect": ["inspect mine.mid", "inspect news.csv out/face-1.png --json -"],
        "diagnose": ["diagnose runs/mine"],
        "runs": [
            "runs",
            "runs --json -",
            "runs pause mine",
            "runs step mine --count 5",
            "runs change mine learning_rate=0.001",
        ],
        "publish": [
            "publish space my-demo --dry-run",
            "publish space my-demo --hardware zero-a10g",
            "publish model news-gru --to my-name/news-gru",
        ],
        "doctor": ["doctor", "doctor --space"],
    }.get(command, [])
    return "\n".join([f"example{'s' * (command != 'diagnose')}:", *(f"  {_PROGRAM} {line}" for line in lines)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Train, use and check small generative models of news text, faces and piano music.",
        epilog=f"Every command explains itself: {_PROGRAM} generate text --help",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    about = {
        "train": "train a model from scratch, or go on with a run",
        "runs": "list the runs, and pause, resume, change, stop or delete one",
        "generate": "make results, one file each, with their receipts",
        "explain": "say why a result became what it is: what else could have come, and how likely",
        "evaluate": "measure a checkpoint, beside floors and baselines",
        "export": "make a checkpoint in half precision from a run",
        "inspect": "say what a file is: what is read of it, its receipt, its marks",
        "diagnose": "say what goes wrong in a run, by its figures, and what to change",
        "publish": "put the page on the Hugging Face hub as a Space, or a checkpoint as a model",
        "doctor": "say what is here, and what is wrong",
    }
    for command, help_text in about.items():
        sub = commands.add_parser(
            command,
            help=help_text,
            description=help_text[0].upper() + help_text[1:] + ".",
            epilog=_examples(command),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if command == "generate":
            sub.add_argument("--receipt", type=Path, metavar="FILE", help="make again what this result or receipt says")
            sub.add_argument("--out", type=Path, metavar="DIR", default=Path("out"), help="folder to write to (out)")
        if command == "train":
            add_recipe_options(sub)
        if command == "inspect":
            sub.add_argument("files", nargs="+", type=Path, metavar="FILE", help="any file, or a folder to learn from")
            sub.add_argument("--json", metavar="FILE", help="also write it as JSON; - for standard output")
        if command == "diagnose":
            sub.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
            sub.add_argument("--json", metavar="FILE", help="also write it as JSON; - for standard output")
        if command == "doctor":
            sub.add_argument(
                "--space", action="store_true", help="say whether this would start as a Hugging Face Space"
            )
        if command == "runs":
            add_runs_options(sub)
        if command == "publish":
            from genai_demo.hosting.publish import add_publish_options

            add_publish_options(sub)
        if command in ("diagnose", "doctor", "inspect", "publish", "runs"):
            continue
        kinds = sub.add_subparsers(dest="modality", required=command not in ("generate", "train"), metavar="MODALITY")
        for name, modality in modalities().items():
            adding = modality.explaining if command == "explain" else modality.commands
            if adding is None:
                continue
            kind = kinds.add_parser(
                name,
                help=f"{name} models",
                epilog=_examples(command),
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            getattr(adding, f"add_{command}_options")(kind)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 something is wrong (doctor), 2 bad input."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A letter that a terminal does not have is no reason to end.
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = _parser()
    options = parser.parse_args(arguments)
    options.typed = ["python", "-m", "genai_demo", *(sys.argv[1:] if arguments is None else arguments)]
    try:
        if options.command == "publish":
            from genai_demo.hosting.publish import publish

            publish(options)
            return 0
        if options.command == "doctor" and options.space:
            from genai_demo.hosting.space import space_doctor

            return space_doctor()
        if options.command == "doctor":
            from genai_demo.doctor import doctor

            return doctor()
        if options.command == "diagnose":
            from genai_demo.engine.diagnosis.command import diagnose_run

            diagnose_run(options.run, options.json)
            return 0
        if options.command == "runs":
            run_command(options)
            return 0
        if options.command == "inspect":
            from genai_demo.inspection import inspect_files

            return inspect_files(options.files, options.json)
        if options.command == "generate" and options.receipt is not None:
            from genai_demo.engine.generation.receipts import read_receipt

            receipt = read_receipt(options.receipt)
            if receipt.modality not in modalities():
                raise UserError("engine.other_modality", value=receipt.modality, allowed=", ".join(modalities()))
            modalities()[receipt.modality].commands.reproduce(receipt, options.out)
            return 0
        if options.command == "train" and options.recipe is not None:
            if options.modality is not None:
                parser.error("--recipe names all that is to be trained: leave the modality out")
            recipe_command(options, {name: modality.commands for name, modality in modalities().items()})
            return 0
        if options.modality is None:
            instead = "--recipe" if options.command == "train" else "--receipt"
            parser.error(f"{options.command} needs a modality ({', '.join(modalities())}) or {instead} FILE")
        modality = modalities()[options.modality]
        doing = modality.explaining if options.command == "explain" else modality.commands
        getattr(doing, options.command)(options)
        if options.command == "export":
            from genai_demo.engine.runs.archive import add_card

            add_card(options.to, modality.name, options.run[0] if isinstance(options.run, list) else options.run)
    except UserError as error:
        language = terminal_language()
        print(message("engine.error", language, sentence=error.in_language(language)), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes model cards from what a checkpoint and an evaluation report say; no number in a card is typed by hand."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genai_demo.engine.files import write_bytes, write_text
from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.models.lineage import stages
from genai_demo.errors import UserError
from genai_demo.faces.evaluation.evaluation import card_of, label_lines
from genai_demo.faces.evaluation.figures import table
from genai_demo.faces.training.fields import TRAINING_FIELDS

SHEET = "sheet.png"
"""the contact sheet of a checkpoint that paints: the first 64 faces of seed 0, none left out"""
_PROGRAM = "python -m genai_demo"
_TERMS = {
    "utkface": (
        "UTKFace terms: **non-commercial research only**. The pictures were collected from the internet, and their "
        "owners keep the copyright; many people in them are recognisable and did not consent. Ages and genders are "
        "estimates that annotators checked; smiles were computed."
    ),
    "uscongress": (
        "Official portraits of members of the United States Congress; those by government photographers are in the "
        "public domain in the United States. Mostly older white men in suits before flags, and so are the faces here."
    ),
}
_UNKNOWN = "Its terms are not known to this program: ask whoever gave you the pictures."
_WHAT = {
    "gan": "A generative adversarial network that paints portraits of 64x64 pixels from noise, an age, a gender and a "
    "smile. Only the generator is here; the discriminator that taught it is not needed to paint. Where a stage below "
    "is called vae, the generator started as the decoder of that variational autoencoder.",
    "vae": "A variational autoencoder: its encoder finds the code of a portrait of 64x64 pixels, its decoder paints "
    "the portrait of a code. New codes are drawn from a mixture fitted to those of the training faces. Where a stage "
    "below is called polish, a discriminator taught the decoder to be crisp, and codes kept their meaning.",
    "encoder": "An encoder of portraits: one vector per face, near for pictures of one face, and readings of age, "
    "gender and smile. It judges what the other models paint, and was trained apart from them.",
}
_PAINTER_LIMITS = """\
- **Every face is machine-made; nobody looks like this.** Do not pass one off as a person, nor use one to deceive.
- "Gender" is what annotators saw, as one of two; age and smile are estimates. They steer pictures, and say nothing
  about people.
- Faces are adult, near frontal and cut as the training set's are. Who is rare there comes out less well:
  the oldest, people with dark skin in poor light, glasses, hands, hats.
- No training picture is stored in the weights as such; the figures on copies below say how near its faces come."""
_ENCODER_LIMITS = """\
- It must not be used to identify people, nor to judge anybody by age, gender or expression: it was trained on few,
  noisy labels, and errs unevenly between groups.
- The vectors of the training faces that lie beside it serve one purpose: to see whether a painted face is a copy."""


def write_card(folder: Path, report: dict[str, Any]) -> Path:
    """Write a checkpoint's README.md, and beside it the contact sheet of one that paints; return the card.

    Args:
        folder: the checkpoint's.
        report: what `evaluate` returned for this checkpoint.

    Raises:
        UserError: the report is of another checkpoint.
    """
    checkpoint = read_checkpoint(folder)
    if report["checkpoint"] != checkpoint.id:
        raise UserError("engine.other_report", folder=folder, found=report["checkpoint"], wanted=checkpoint.id)
    if checkpoint.family != "encoder":
        write_bytes(folder / SHEET, contact_sheet(str(folder), checkpoint.family))
    card = folder / "README.md"
    write_text(card, "\n\n".join(_parts(checkpoint, folder.resolve().name, report)) + "\n")
    return card


def contact_sheet(model: str, family: str, seed: int = 0) -> bytes:
    """Return a PNG of the first 64 faces of a seed with open labels and full variety, none left out."""
    from genai_demo.faces.requests import FaceRequest
    from genai_demo.faces.sampling.generation import paint
    from genai_demo.faces.sampling.grid import sheet_png

    return sheet_png(paint([FaceRequest(family, seed, index, 1.0) for index in range(64)], model), columns=8)


def _parts(checkpoint: Checkpoint, name: str, report: dict[str, Any]) -> Iterator[str]:
    weights = sum(math.prod(tensor.shape) for tensor in checkpoint.weights().values())
    sizes = ", ".join(f"{key} {value}" for key, value in checkpoint.model.items())
    tags = "\n".join(f"- {tag}" for tag in ("faces", checkpoint.family, "trained-from-scratch"))
    task = "image-feature-extraction" if checkpoint.family == "encoder" else "unconditional-image-generation"
    yield f"---\nlicense: other\nlicense_name: see-data\npipeline_tag: {task}\ntags:\n{tags}\n---"
    yield f"# {name}\n\n{_WHAT[checkpoint.family]}"
    yield f"{weights / 1e6:.1f} million weights in half precision ({sizes}). Checkpoint `{checkpoint.id}`."
    if checkpoint.family != "encoder":
        yield f"![64 faces, none left out]({SHEET})"
    yield f"## Limits\n\n{_ENCODER_LIMITS if checkpoint.family == 'encoder' else _PAINTER_LIMITS}"
    yield f"## Data\n\n{_data(checkpoint, report)}"
    yield f"## Figures\n\n{_figures(report)}"
    yield f"## How to make it again\n\n```bash\n{commands(checkpoint, name, report)}\n```"
    yield "Networks in training push each other about: another machine gives other faces, and figures near these."


def _data(checkpoint: Checkpoint, report: dict[str, Any]) -> str:
    data = report["data"]
    chosen = f" (rows with {data['where']})" if data.get("where") else ""
    terms = next((text for sign, text in _TERMS.items() if sign in data["path"]), _UNKNOWN)
    lines = [
        f"{data['path']}{chosen}: {data['train']['faces']:,} faces to learn from (hash `{data['train']['hash']}`), "
        f"{data['held_out']['faces']:,} held out (hash `{data['held_out']['hash']}`). {terms}",
        "",
        "| stage | side in pixels | faces shown | minutes | on |",
        "| --- | --- | --- | --- | --- |",
    ]
    for number, stage in enumerate(stages(checkpoint), 1):
        family, model, trained = stage.family, stage.model, stage.trained
        how = f"{trained['device']}, {trained['precision']}, torch {trained['torch']}"
        shown = f"{trained['examples']:,} | {trained['seconds'] / 60:.0f}"
        lines.append(f"| {number}: {_stage_name(family, trained)} | {model['resolution']} | {shown} | {how} |")
    if spread := checkpoint.trained.get("spread"):
        lines += [
            "",
            f"The average of weights that ships answers to noise more faintly than the generators that it averages. "
            f"Its noise counts {spread['scale']} times: at that its faces are nearest to {spread['faces']:,} training "
            f"faces, in random features other than those of the figures below.",
        ]
    return "\n".join(lines)


def _figures(report: dict[str, Any]) -> str:
    parts = []
    if "scores" in report:
        cards = {name: card_of(card) for name, card in report["scores"].items()}
        parts.append(
            "Each figure beside its floor, the same for real faces. These distances are not the FID of the literature, "
            "which stands on a network trained elsewhere.\n\n"
            f"```text\n{table(cards['model'], cards.get('baseline'))}\n```"
        )
    if run := report.get("baseline_run"):
        parts.append(
            f"The baseline is a DCGAN (Radford et al. 2016) that saw {run['examples']:,} faces in "
            f"{run['seconds'] / 60:.0f} minutes on {run['device']}."
        )
    if lines := label_lines(report.get("labels", {})):
        parts.append("```text\n" + "\n".join(lines) + "\n```")
    return "\n\n".join(parts)


def _stage_name(family: str, trained: dict[str, Any]) -> str:
    return "polish" if _polished(family, trained) else family


def _polished(family: str, trained: dict[str, Any]) -> bool:
    return family == "vae" and "started_from" in trained["data"]


def commands(checkpoint: Checkpoint, name: str, report: dict[str, Any]) -> str:
    """Return the shell commands that train, export and evaluate a checkpoint as it was.

    Args:
        name: of the checkpoint's folder.
        report: of its evaluation; its data are those of the commands.
    """
    data = report["data"]["path"]
    where = ["--where", report["data"]["where"]] if report["data"].get("where") else []
    lines: list[list[str]] = []
    run = ""
    for number, stage in enumerate(stages(checkpoint), 1):
        family, model, trained = stage.family, stage.model, stage.trained
        start, run = run, f"runs/{name}-{number}"
        training = trained["data"]["training"]
        words = ["train", "faces", "--model", family, "--data", data, *where]
        words += ["--start", start] if start else []
        words += ["--run", run, "--examples", str(trained["examples"]), "--batch-size", str(trained["batch_size"])]
        for option in TRAINING_FIELDS:
            words += [f"--{option.replace('_', '-')}", str(training[option])] if option in training else []
        if not _polished(family, trained):
            words += ["--size", *(f"{key}={_size(value)}" for key, value in model.items())]
        words += ["--seed", str(trained["seed"]), "--precision", trained["precision"]]
        lines.append(words)
    lines.append(["export", "faces", "--run", run, "--to", f"checkpoints/{name}", "--data", data, *where])
    baseline = []
    if rival := report.get("baseline_run"):
        beside = f"runs/{name}-dcgan"
        baseline = ["--baseline", beside]
        words = ["train", "faces", "--model", "dcgan", "--data", data, *where, "--run", beside]
        lines.append([*words, "--examples", str(rival["examples"]), "--batch-size", str(rival["batch_size"])])
    lines.append(["evaluate", "faces", "--model", name, "--data", data, *where, *baseline, "--card"])
    return "\n".join(f"{_PROGRAM} {shlex.join(words)}".replace(" --", " \\\n    --") for words in lines)


def _size(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)

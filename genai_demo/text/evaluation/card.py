"""Writes model cards from what a checkpoint and an evaluation report say; no number in a card is typed by hand."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genai_demo.engine.files import write_text
from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.models.lineage import Stage, stages
from genai_demo.errors import UserError
from genai_demo.text.evaluation.figures import markdown_table

_PROGRAM = "python -m genai_demo"


@dataclass(frozen=True)
class _Terms:
    """What may be done with a collection of texts."""

    sign: str
    """stands in the names of its files"""
    title: str
    text: str
    hub: str = ""
    """its id on the Hugging Face hub"""


_AG_NEWS = (
    "offered by its collector for research and any other non-commercial activity; no right to pass it on is spelt out, "
    "and the articles belong to the agencies that wrote them. News of 2004 and 2005."
)
_TERMS = (
    _Terms(
        "ag_news_train_part",
        "AG News, a part of its training rows",
        f"{_AG_NEWS} About a quarter of the labels of this part are majority votes of annotators, often wrong.",
        "fancyzhx/ag_news",
    ),
    _Terms("ag_news", "AG News", _AG_NEWS, "fancyzhx/ag_news"),
    _Terms(
        "senate",
        "Press releases of United States senators, 2004 to 2008",
        "works of the United States government (lintool/GrimmerSenatePressReleases). The collection has no licence, "
        "and part of it was delivered by a commercial feed, whose editing may carry rights.",
    ),
    _Terms(
        "gov_cc0", "Posts of United States government technology sites", "CC0 (GSA/digitalgov.gov, 18F/18f.gsa.gov)."
    ),
)
_UNKNOWN = "its terms are not known to this program: ask whoever gave you the file."

_WHAT = {
    "gru": (
        "text-generation",
        "A recurrent language model (GRU) that writes short news texts from left to right, from a topic and, if given, "
        "from opening words.",
    ),
    "masked": (
        "fill-mask",
        "A masked language model (transformer encoder) that fills in blanks, rewrites a part of a text, or writes a "
        "whole short news text by filling all places at once, the surest first.",
    ),
    "topics": (
        "text-classification",
        "A classifier that tells World, Sports, Business and Sci/Tech apart by hashed words. It judges what the "
        "language models of this project write, and was trained apart from them. It never sees agency signatures.",
    ),
}

_WRITER_USE = """For research, teaching and other non-commercial purposes: to show how a small language model
learns, writes and errs. Not for publishing as news, nor for anything that rests on what the texts say."""
_WRITER_LIMITS = """\
- **Everything it writes is machine-made.** It knows no facts. Names, numbers and events are mixed at random.
- **It invents quotations by real people**, because the texts it learnt from quote real people. Do not pass them on.
- **A text must not be signed by a real agency.** The model has learnt signatures such as "(Reuters)"; the program
  takes them out of everything it shows, and so must you.
- English only, and the world of 2004 and 2005: people, offices and firms are those of that time, its biases included.
- Where press releases of United States senators were part of the training data, their style and their subjects show
  through, above all in politics and business.
- It has no safety filter. The topic is a wish, not a promise."""
_JUDGE_USE = "To measure whether generated news keeps to its topic. For research and other non-commercial purposes."
_JUDGE_LIMITS = """\
- It knows four topics, English, and news of 2004 and 2005; for any other text it still names one of the four.
- Stories between two topics are judged by their words alone."""


def write_card(folder: Path, report: dict[str, Any]) -> Path:
    """Write a checkpoint's README.md, and return it.

    Args:
        folder: the checkpoint's.
        report: what `evaluate` returned for this checkpoint.

    Raises:
        UserError: the report is of another checkpoint, or names no training data.
    """
    checkpoint = read_checkpoint(folder)
    if not report["training"]:
        raise UserError("text.card_needs_training")
    if report["checkpoint"] != checkpoint.id:
        raise UserError("text.other_report", folder=folder, found=report["checkpoint"], wanted=checkpoint.id)
    card = folder / "README.md"
    write_text(card, "\n\n".join(_parts(checkpoint, folder.resolve().name, report)) + "\n")
    return card


def _parts(checkpoint: Checkpoint, name: str, report: dict[str, Any]) -> Iterator[str]:
    judge = checkpoint.family == "topics"
    weights = sum(math.prod(tensor.shape) for tensor in checkpoint.weights().values())
    sizes = ", ".join(f"{key} {value}" for key, value in checkpoint.model.items())
    yield _front_matter(checkpoint.family, report)
    yield f"# {name}\n\n{_WHAT[checkpoint.family][1]}"
    yield f"{weights / 1e6:.1f} million weights in half precision ({sizes}). Checkpoint `{checkpoint.id}`."
    yield f"## Intended use\n\n{_JUDGE_USE if judge else _WRITER_USE}"
    yield f"## Limits\n\n{_JUDGE_LIMITS if judge else _WRITER_LIMITS}"
    yield f"## Data\n\n{_data(checkpoint, report)}"
    yield f"## Figures\n\n{_figures(report)}"
    if report["samples"]:
        yield _samples(report)
    yield f"## How to make it again\n\n```bash\n{commands(checkpoint, name, report)}\n```"
    yield "The files are read from wherever they lie; the hashes above tell whether they are the same articles."


def _front_matter(family: str, report: dict[str, Any]) -> str:
    hubs = sorted({terms.hub for source in report["training"] if (terms := _terms(source["path"])) and terms.hub})
    lines = ["license: other", "license_name: research-and-non-commercial-use", "language: en"]
    lines += [f"pipeline_tag: {_WHAT[family][0]}", "tags:", "- news", f"- {family}", "- trained-from-scratch"]
    if hubs:
        lines += ["datasets:", *(f"- {hub}" for hub in hubs)]
    return "\n".join(["---", *lines, "---"])


def _terms(path: str) -> _Terms | None:
    return next((terms for terms in _TERMS if terms.sign in path), None)


def _data(checkpoint: Checkpoint, report: dict[str, Any]) -> str:
    lines = ["| stage | texts | number | hash |", "| --- | --- | --- | --- |"]
    for number, stage in enumerate(stages(checkpoint), 1):
        trained = stage.trained
        for role in ("news", "background", "validation"):
            part = trained["data"].get(role, {"articles": 0})
            if part["articles"]:
                lines.append(f"| {number} | {role} | {part['articles']:,} | `{part['hash']}` |")
    last = checkpoint.trained
    lines += [
        "",
        f"The last stage took {last['seconds'] / 60:.0f} minutes and {last['examples']:,} examples on "
        f"{last['device']} in {last['precision']}, with torch {last['torch']}. Validation data chose settings, and "
        "was not learnt from.",
    ]
    if others := last.get("averaged_with"):
        lines[-1] += f" The weights are the mean of {1 + len(others)} runs of the last stage with different settings."
    if calibrated := last.get("calibrated"):
        lines[-1] += (
            f" Its logits were divided by {calibrated['temperature']}, the temperature at which it needs the fewest "
            f"bits for {calibrated['articles']:,} articles of {calibrated['file']}, copies of training articles left "
            "out."
        )
    lines += ["", "| file | texts | hash |", "| --- | --- | --- |"]
    held_out = [report["data"] | {"path": f"{report['data']['path']} (held out)"}] if report["data"] else []
    for source in [*report["training"], *held_out]:
        lines.append(f"| {source['path']} | {source['articles']:,} | `{source['hash']}` |")
    lines += ["", "Terms:", ""]
    seen: set[str] = set()
    for source in report["training"]:
        terms = _terms(source["path"])
        title = terms.title if terms else source["path"]
        if title not in seen:
            lines.append(f"- {title}: {terms.text if terms else _UNKNOWN}")
            seen.add(title)
    return "\n".join(lines)


def _figures(report: dict[str, Any]) -> str:
    data = report["data"]
    parts = []
    if data:
        parts.append(f"Measured on {data['path']}: {data['articles']:,} articles that the model has not learnt from.")
    parts.append(markdown_table(report))
    if report["settings"]:
        settings = ", ".join(f"{key} {value}" for key, value in report["settings"].items() if value != "")
        parts.append(
            "Bits per byte count the UTF-8 bytes of every article and one for its end. The column of real articles "
            "holds the same figure of held-out ones, without their agency signatures. Texts were written with: "
            f"{settings}."
        )
    return "\n\n".join([*parts, *report["notes"]])


def _samples(report: dict[str, Any]) -> str:
    lines = ["## Samples", "", "The first texts of the evaluation, none left out."]
    for sample in report["samples"]:
        lines += ["", f"{sample['topic']}:", "", "````text", sample["text"], "````"]
    return "\n".join(lines)


# How to make it again


def commands(checkpoint: Checkpoint, name: str, report: dict[str, Any]) -> str:
    """Return the shell commands that train, export and evaluate a checkpoint as it was.

    Args:
        name: of the checkpoint's folder.
        report: of its evaluation; its training files are those of the commands.
    """
    news = [source["path"] for source in report["training"] if source["labelled"]]
    background = [source["path"] for source in report["training"] if not source["labelled"]]
    runs = [(f"runs/{name}-{number}", stage) for number, stage in enumerate(stages(checkpoint), 1)]
    starts = ["", *(run for run, *_ in runs)]
    last = runs[-1][0]
    for number, twin in enumerate(checkpoint.trained.get("averaged_with", []), 2):
        runs.append((f"{last}-{number}", Stage(checkpoint.family, twin["model"], twin["trained"])))
        starts.insert(-1, starts[-2])  # where the run that it is averaged with started
    lines = []
    for start, (run, stage) in zip(starts, runs, strict=False):
        trained, training = stage.trained, stage.trained["data"]["training"]
        words = ["train", "text", "--model", stage.family, "--data", *(news or background)]
        if trained["data"].get("background", {}).get("articles"):
            words += ["--background", *background, "--background-share", str(training["background_share"])]
        words += ["--start", start] if start else []
        words += ["--run", run, "--examples", str(trained["examples"]), "--batch-size", str(trained["batch_size"])]
        words += ["--learning-rate", str(training["learning_rate"])]
        words += ["--window", str(training["window"])] if "window" in training else []
        words += ["--size", *(f"{key}={value}" for key, value in stage.model.items() if key != "vocabulary")]
        words += ["--seed", str(trained["seed"]), "--precision", trained["precision"]]
        lines.append(words)
    averaged = [run for run, *_ in runs if run.startswith(last)]
    words = ["export", "text", "--run", *averaged, "--to", f"checkpoints/{name}"]
    if calibrated := checkpoint.trained.get("calibrated"):
        words += ["--calibrate", calibrated["file"], "--data", *news]
    lines.append(words)
    measure = ["evaluate", "text", "--model", name]
    measure += ["--data", report["data"]["path"]] if report["data"] else []
    measure += ["--training", *news, *background]
    for option in ("count", "seed"):
        measure += [f"--{option}", str(report["settings"][option])] if option in report["settings"] else []
    lines.append([*measure, "--card"])
    return "\n".join(f"{_PROGRAM} {shlex.join(words)}".replace(" --", " \\\n    --") for words in lines)

"""Writes model cards from what a checkpoint and an evaluation report say; no number in a card is typed by hand."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genai_demo.engine.files import write_bytes, write_text
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.models.lineage import stages
from genai_demo.errors import UserError
from genai_demo.music.evaluation.figures import markdown_table

SAMPLES = "samples"
"""folder beside the card: the first pieces of the evaluation, as MIDI and sheet music"""
_WIDTH = 900
"""of the sheet music of a sample, in pixels"""
_PROGRAM = "python -m genai_demo"


@dataclass(frozen=True)
class _Source:
    """Where music was taken from."""

    title: str
    owed: str
    """who is to be named, and what else is asked for"""


_SOURCES = {
    "polish-scores": _Source(
        "Heritage of Polish Music, scores of the 16th to 20th century in Humdrum",
        "The Fryderyk Chopin Institute, https://polishscores.org",
    ),
    "chopin-first-editions": _Source(
        "First editions of Fryderyk Chopin's music in Humdrum",
        "The Fryderyk Chopin Institute, https://chopinscores.org",
    ),
    "mutopia": _Source("The Mutopia Project, in LilyPond", "The Mutopia Project and its contributors"),
    "piano-midi.de": _Source("Classical Piano MIDI Page", "Bernd Krueger, http://www.piano-midi.de"),
    "openscore-lieder": _Source("OpenScore Lieder Corpus, the piano parts of songs", "OpenScore and its volunteers"),
    "craigsapp-joplin": _Source("Rags of Scott Joplin in Humdrum", "Craig Stuart Sapp; **non-commercial use only**"),
    "craigsapp-mozart": _Source("Mozart's piano sonatas in Humdrum", "Craig Stuart Sapp; **non-commercial use only**"),
}
_LINKS = {
    "CC BY-SA 3.0 DE": "https://creativecommons.org/licenses/by-sa/3.0/de/",
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "Public Domain": "https://creativecommons.org/publicdomain/mark/1.0/",
}
_SHARE_ALIKE = """Some of the music is under CC BY-SA: it may be changed and passed on, also for money, if its makers
are named and what is made of it is shared alike. Whether that holds for the weights of a model that has learnt from it
is not settled; this project passes them on as if it did, under CC BY-SA 4.0."""
_WHAT = {
    "composer": "A transformer that writes piano music for two hands, note by note and bar by bar, from a key, a "
    "metre, a tempo and, if given, a density, a register, a style or opening bars.",
    "gan": "A generative adversarial network that draws four bars of piano music for two hands at once, as a roll of "
    "sixteenths, and longer pieces phrase by phrase. The discriminator that taught the generator is here, too: it "
    "chooses among drafts.",
    "masked": "A masked model of piano music on a grid of sixteenths. It writes anew what is hidden in given music: "
    "bars, a hand, a range of keys, or what goes with a melody.",
    "encoder": "An encoder of piano music: one vector for four bars, near for bars of one piece. It judges what the "
    "other models write, and was trained apart from them.",
}
_LIMITS = {
    "composer": """\
- Its memory is a few dozen bars long: it has no plan of a whole piece beyond the bars that are asked for.
- Two lines grow side by side; when the first strays from the key for too long, both go on from the other one.
- Rhythms are thirty-seconds and triplets of sixteenths at the finest; it knows no loudness, pedal, slur or fingering.
  What is heard of these is added by rule.""",
    "gan": """\
- It knows sixteenths and nothing finer, no triplets, and the metres 4/4, 3/4, 2/4 and 6/8.
- It draws four bars at a time from the four before; what lies farther back it has forgotten.
- It drafts every phrase 24 times. The discriminator chooses eight of them, and what comes nearest to key, density,
  register and the number of keys held is kept.""",
    "masked": """\
- It knows sixteenths and nothing finer, no triplets, and of a hand at most five keys struck at once.
- It sees nine bars of 4/4 at once; what lies beyond does not count.""",
    "encoder": """\
- It knows sixteenths and nothing finer, four bars, and the metres 4/4, 3/4, 2/4 and 6/8.
- Near vectors say that bars could be of one piece, not that they are good, nor that one was copied.""",
}
_ALL_LIMITS = """\
- Most of what it has learnt from is music of the 19th century, salon dances in 3/4 above all. It shows.
- Keys in minor and tempi of the training data are partly estimates."""
_WRITER_LIMITS = """\
- **Everything it writes is machine-made**, and says so in the metadata of its files. Do not pass it off as a
  composer's.
- No piece of the training data is stored in the weights as such; the figures on copies below say how much of what it
  writes stands there, in any key."""


def write_card(folder: Path, report: dict[str, Any]) -> Path:
    """Write a checkpoint's README.md, and beside it the samples of one that writes; return the card.

    Args:
        folder: the checkpoint's.
        report: what `evaluate` returned for this checkpoint.

    Raises:
        UserError: the report is of another checkpoint.
    """
    checkpoint = read_checkpoint(folder)
    if report["checkpoint"] != checkpoint.id:
        raise UserError("engine.other_report", folder=folder, found=report["checkpoint"], wanted=checkpoint.id)
    for name, content in samples(str(folder), report).items():
        (folder / SAMPLES).mkdir(exist_ok=True)
        write_bytes(folder / SAMPLES / name, content)
    card = folder / "README.md"
    write_text(card, "\n\n".join(_parts(checkpoint, folder.resolve().name, report)) + "\n")
    return card


def samples(model: str, report: dict[str, Any]) -> dict[str, bytes]:
    """Return the first pieces of an evaluation, none left out, as MIDI files and sheet music (SVG) by name.

    Args:
        model: folder of the checkpoint that wrote them.
        report: of its evaluation.
    """
    from genai_demo.music.midi.writing import marked_midi
    from genai_demo.music.notation.engraving import engrave
    from genai_demo.music.notation.score import musicxml
    from genai_demo.music.sampling.generation import request_of, run

    files: dict[str, bytes] = {}
    for number, receipt in enumerate(Receipt(**sample) for sample in report["samples"]):
        piece = list(run(request_of(receipt), model))[-1].compositions[receipt.index].piece
        files[f"{number + 1}.mid"] = marked_midi(piece, receipt)
        files[f"{number + 1}.svg"] = engrave(musicxml(piece, receipt=receipt), _WIDTH).pages[0].encode()
    return files


def _parts(checkpoint: Checkpoint, name: str, report: dict[str, Any]) -> Iterator[str]:
    family, data = checkpoint.family, report["data"]
    weights = sum(math.prod(tensor.shape) for tensor in checkpoint.weights().values())
    sizes = ", ".join(f"{key} {value}" for key, value in checkpoint.model.items())
    yield _front_matter(family, data)
    yield f"# {name}\n\n{_WHAT[family]}"
    yield f"{weights / 1e6:.2f} million weights in half precision ({sizes}). Checkpoint `{checkpoint.id}`."
    limits = [_LIMITS[family], _ALL_LIMITS, *([] if family == "encoder" else [_WRITER_LIMITS])]
    yield "## Limits\n\n" + "\n".join(limits)
    yield f"## Data and licences\n\n{_data(checkpoint, data)}"
    yield f"## Figures\n\n{_figures(report)}"
    if report["samples"]:
        yield _samples(report)
    yield f"## How to make it again\n\n```bash\n{commands(checkpoint, name, report)}\n```"
    yield "The hashes above tell whether the music is the same. Another machine gives other weights, and near figures."


def _front_matter(family: str, data: dict[str, Any]) -> str:
    licences = {source["licence"] for source in data["sources"]}
    if any("NC" in licence for licence in licences):
        licence = "cc-by-nc-sa-4.0"
    elif all(source["source"] in _SOURCES for source in data["sources"]):
        licence = "cc-by-sa-4.0" if any("SA" in licence for licence in licences) else "cc-by-4.0"
    else:
        licence = "other"
    task = "feature-extraction" if family == "encoder" else "text-to-audio"
    tags = "\n".join(f"- {tag}" for tag in ("music", "piano", "symbolic-music", family, "trained-from-scratch"))
    return f"---\nlicense: {licence}\npipeline_tag: {task}\ntags:\n{tags}\n---"


def _data(checkpoint: Checkpoint, data: dict[str, Any]) -> str:
    files = ", ".join([*data["paths"], *([data["where"]] if data["where"] else [])])
    lines = [
        f"{files}: {data['train']['pieces']:,} pieces "
        f"to learn from (hash `{data['train']['hash']}`), {data['held_out']['pieces']:,} held out (hash "
        f"`{data['held_out']['hash']}`).",
        "",
        "| source | licence | pieces | to be named |",
        "| --- | --- | ---: | --- |",
    ]
    for source in data["sources"]:
        known = _SOURCES.get(source["source"])
        title = known.title if known else source["source"] or "not named"
        owed = known.owed if known else "not known to this program: ask whoever gave you the music"
        lines.append(f"| {title} | {_licence(source['licence'])} | {source['pieces']:,} | {owed} |")
    lines += [
        "",
        "Changes: the scores were read as notes with their bars, keys and metres; repeats were written once, grace "
        "notes left out, and each piece was learnt from in all keys.",
    ]
    if any("SA" in source["licence"] and "NC" not in source["licence"] for source in data["sources"]):
        lines += ["", _SHARE_ALIKE]
    lines += ["", "| stage | pieces | examples seen | minutes | on |", "| --- | ---: | ---: | ---: | --- |"]
    for number, stage in enumerate(stages(checkpoint), 1):
        trained = stage.trained
        how = f"{trained['device']}, {trained['precision']}, torch {trained['torch']}"
        pieces = trained["data"]["music"]["pieces"]
        lines.append(f"| {number} | {pieces:,} | {trained['examples']:,} | {trained['seconds'] / 60:.1f} | {how} |")
    return "\n".join(lines)


def _licence(name: str) -> str:
    """Return a licence as a link to its text."""
    link = _LINKS.get(name)
    if link is None and name.startswith("CC BY"):
        kind, _, version = name.removeprefix("CC ").rpartition(" ")
        link = f"https://creativecommons.org/licenses/{kind.lower()}/{version}/"
    return f"[{name}]({link})" if link else name or "not named"


def _figures(report: dict[str, Any]) -> str:
    settings, family = report["settings"], report["family"]
    parts = [markdown_table(report)]
    if family != "encoder":
        parts.insert(
            0,
            f"{settings['count']} pieces of {settings['bars']} bars, seeds from {settings['seed']} on, none left out. "
            + (
                "Bars 5 to 8 of the openings of held-out pieces were written anew, both hands. "
                if family == "masked"
                else "They were asked for in the keys, metres and tempi of the openings of held-out pieces. "
            )
            + "Real music: those openings. The Markov model goes by four tokens, was counted in the same pieces, and "
            "obeys the same grammar. Distances are to those openings, and of real music that of as many training "
            "pieces to them; they are not the figures of any other paper.",
        )
    return "\n\n".join([*parts, *report["notes"]])


def _samples(report: dict[str, Any]) -> str:
    which = "The first pieces of the evaluation, none left out."
    if report["family"] == "masked":
        which = "Six pieces by the composer, none left out, of which bars 5 to 8 were written anew, both hands."
    lines = ["## Samples", "", which, ""]
    lines += [
        f"{number}. [MIDI]({SAMPLES}/{number}.mid), [sheet music]({SAMPLES}/{number}.svg)"
        for number in range(1, len(report["samples"]) + 1)
    ]
    return "\n".join(lines)


# How to make it again


def commands(checkpoint: Checkpoint, name: str, report: dict[str, Any]) -> str:
    """Return the shell commands that train, export and evaluate a checkpoint as it was.

    Args:
        checkpoint: what was evaluated.
        name: of the checkpoint's folder.
        report: of its evaluation; its music is that of the commands.
    """
    data = [*report["data"]["paths"], *(["--where", report["data"]["where"]] if report["data"]["where"] else [])]
    lines, run = [], ""
    for number, stage in enumerate(stages(checkpoint), 1):
        start, run, trained = run, f"runs/{name}-{number}", stage.trained
        words = ["train", "music", "--model", checkpoint.family, "--data", *data]
        words += ["--start", start] if start else []
        words += ["--run", run, "--examples", str(trained["examples"]), "--batch-size", str(trained["batch_size"])]
        words += ["--learning-rate", str(trained["data"]["training"]["learning_rate"])]
        words += ["--size", *(f"{key}={_size(value)}" for key, value in stage.model.items())]
        words += ["--seed", str(trained["seed"]), "--precision", trained["precision"]]
        lines.append(words)
    lines.append(["export", "music", "--run", run, "--to", f"checkpoints/{name}"])
    measure = ["evaluate", "music", "--model", name, "--data", *data]
    measure += [] if checkpoint.family == "encoder" else ["--count", str(report["settings"]["count"])]
    lines.append([*measure, "--seed", str(report["settings"]["seed"]), "--card"])
    return "\n".join(f"{_PROGRAM} {shlex.join(words)}".replace(" --", " \\\n    --") for words in lines)


def _size(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)

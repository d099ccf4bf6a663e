"""Measures a face model: its score card beside real faces and a baseline, and whether labels are obeyed."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genai_demo import __version__
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.models.lineage import best_checkpoint
from genai_demo.errors import UserError
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.data.labels import Faces, data_hash
from genai_demo.faces.data.reading import read_faces
from genai_demo.faces.evaluation import figures
from genai_demo.faces.evaluation.figures import Figure, ScoreCard
from genai_demo.faces.evaluation.metrics import score_card
from genai_demo.faces.models.dcgan import DcganConfig, DcganGenerator, generate
from genai_demo.faces.models.encoder import FaceEncoder, Judgement
from genai_demo.faces.requests import AGE, COUNT, FaceRequest
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.loading import checkpoint_folder, load, load_encoder, problem


@dataclass(frozen=True)
class Agreement:
    """How well what was asked for can be read off faces."""

    faces: int
    age_error: float
    """mean absolute difference in years"""
    gender: float
    """share whose gender is read as asked, 0 to 1"""
    smile: float
    """share whose smile is read as asked, 0 to 1"""


def evaluate(
    model: str,
    data: str,
    labels: str | None = None,
    baseline: Path | None = None,
    count: int = 700,
    seed: int = 0,
    where: str = "",
) -> dict[str, Any]:
    """Measure a checkpoint and return a report.

    Args:
        model: "gan", "vae", "encoder", name or folder of a checkpoint, or a run's folder.
        data: path or hub id of the faces it was trained on, of which some were held out.
        labels: table of their labels; None looks for one beside the data.
        baseline: run of a DCGAN that is measured in the same way.
        count: faces to paint.
        seed: of the first ones.
        where: which rows of the labels to choose, see `read_faces`.

    Raises:
        UserError: model, data or baseline cannot be used.
    """
    started = time.perf_counter()
    checkpoint = read_checkpoint(checkpoint_folder(model))
    faces, held_out = (read_faces(data, labels, split, where=where) for split in ("train", "validation"))
    report: dict[str, Any] = {
        "model": model,
        "checkpoint": checkpoint.id,
        "family": checkpoint.family,
        "code": __version__,
        "data": {
            "path": Path(data).name if Path(data).exists() else data,
            "where": where,
            "train": {"faces": len(faces.pictures), "hash": data_hash(faces)},
            "held_out": {"faces": len(held_out.pictures), "hash": data_hash(held_out)},
        },
    }
    if checkpoint.family == "encoder":
        encoder = load_encoder(model).network
        report["labels"] = {"real": asdict(_agreement(encoder.judge(to_floats(held_out.pictures)), held_out))}
        report["labels"]["guess"] = asdict(_guess(faces, held_out))
        return report | {"seconds": round(time.perf_counter() - started, 1)}
    if not 32 <= count <= 10_000:
        raise UserError("engine.out_of_range_whole", name="count", value=count, low=32, high=10_000)
    loaded = load(model)
    judge = None if problem("encoder") else load_encoder()
    requests = [FaceRequest(checkpoint.family, seed, index, 1.0) for index in range(count)]
    painted = {"model": _paint(requests, model)}
    if baseline is not None:
        painted["baseline"] = _baseline(baseline, count, seed)
        report["baseline_run"] = _trained(baseline)
    features = judge.network if judge else None
    report["scores"] = {
        name: asdict(score_card(pictures, faces.pictures, held_out.pictures, features))
        for name, pictures in painted.items()
    }
    if judge is not None and all(loaded.known):
        report["judge"] = judge.checkpoint.id
        report["labels"] = _labels(model, checkpoint.family, held_out, judge.network, seed)
    return report | {"seconds": round(time.perf_counter() - started, 1)}


def _paint(requests: list[FaceRequest], model: str) -> Tensor:
    painted = generation.paint(requests, model)
    return torch.stack([torch.from_numpy(face.picture) for face in painted]).permute(0, 3, 1, 2)  # (N, 3, S, S)


def _trained(run: Path) -> dict[str, Any]:
    trained = read_checkpoint(best_checkpoint(run)).trained
    return {key: trained.get(key) for key in ("examples", "seconds", "batch_size", "device")}


def _baseline(run: Path, count: int, seed: int) -> Tensor:
    checkpoint = read_checkpoint(best_checkpoint(run))
    if checkpoint.family != "dcgan":
        raise UserError("faces.other_family", folder=run, found=checkpoint.family, wanted="dcgan")
    network = DcganGenerator(DcganConfig(**checkpoint.model))
    network.load_state_dict(checkpoint.weights())
    return generate(network.eval(), count, seed)


def _labels(model: str, family: str, held_out: Faces, judge: FaceEncoder, seed: int) -> dict[str, Any]:
    """Ask for the labels of held-out faces, and read them off what is painted and off the real faces alike."""
    known = held_out.labels()
    usable = (~known.isnan()).all(1) & (known[:, 0] >= AGE[0]) & (known[:, 0] <= AGE[1])
    asked = held_out.subset(usable.nonzero()[:, 0])
    requests = [
        FaceRequest(family, seed + index // COUNT[1], index % COUNT[1], 1.0, age, woman, smile)
        for index, (age, woman, smile) in enumerate(asked.labels().tolist())
    ]
    painted = to_floats(_paint(requests, model))
    return {
        "painted": asdict(_agreement(judge.judge(painted), asked)),
        "real": asdict(_agreement(judge.judge(to_floats(asked.pictures)), asked)),
        "guess": asdict(_guess(held_out, asked)),
    }


def _agreement(read: Judgement, asked: Faces) -> Agreement:
    return Agreement(
        len(asked.pictures),
        _mean((read.ages - asked.ages).abs()),
        _mean(_same(read.women, asked.women)),
        _mean(_same(read.smiles, asked.smiles)),
    )


def _same(read: Tensor, asked: Tensor) -> Tensor:
    return torch.where(asked.isnan(), torch.nan, ((read > 0.5) == (asked > 0.5)).float())


def _mean(values: Tensor) -> float:
    return float(values[~values.isnan()].mean())


def _guess(known: Faces, asked: Faces) -> Agreement:
    """Return what is reached by always saying the commonest: median age, gender and smile of `known` faces."""
    age, woman, smile = (values[~values.isnan()].median().expand(len(asked.pictures)) for values in known.labels().T)
    return _agreement(Judgement(age, woman, smile), asked)


def table(report: dict[str, Any]) -> str:
    """Return a report as lines for a terminal."""
    lines = [f"{report['model']}, checkpoint {report['checkpoint']}"]
    if "scores" in report:
        cards = {name: card_of(card) for name, card in report["scores"].items()}
        lines += [figures.table(cards["model"], cards.get("baseline")), ""]
    lines += label_lines(report.get("labels", {}))
    return "\n".join(lines)


def card_of(card: dict[str, Any]) -> ScoreCard:
    """Return the score card that a report holds as plain data."""
    return ScoreCard(**{**card, "figures": {name: Figure(**figure) for name, figure in card["figures"].items()}})


def label_lines(labels: dict[str, Any]) -> list[str]:
    """Return how labels are obeyed or read, line by line; none if that was not measured."""
    titles = {"painted": "painted as asked", "real": "real faces", "guess": "always the commonest"}
    lines = [f"{'labels as the encoder reads them':<36}{'faces':>7}{'age, years off':>16}{'gender':>9}{'smile':>9}"]
    for name, title in titles.items():
        if name in labels:
            row = labels[name]
            shares = f"{row['gender']:>8.1%} {row['smile']:>8.1%}"
            lines.append(f"{title:<36}{row['faces']:>7,}{row['age_error']:>16.1f} {shares}")
    return lines if len(lines) > 1 else []

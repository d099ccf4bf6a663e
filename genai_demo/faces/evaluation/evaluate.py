"""Measures a face model: its score card beside real faces and a baseline, and whether labels are obeyed."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genai_demo.engine.evaluation.report import Report, make_report, source_name
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.models.lineage import best_checkpoint
from genai_demo.errors import UserError
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.data.labels import Faces, data_hash
from genai_demo.faces.data.reading import read_faces
from genai_demo.faces.evaluation.metrics import score_card
from genai_demo.faces.models.dcgan import DcganConfig, DcganGenerator, generate
from genai_demo.faces.models.encoder import FaceEncoder, Judgement
from genai_demo.faces.requests import AGE, COUNT, FaceRequest
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.loading import ENCODER, FOLDERS, checkpoint_folder, load, load_encoder, problem
from genai_demo.faces.training.textbook.configs import FAMILIES as TEXTBOOK


def evaluate(
    model: str,
    data: str,
    labels: str | None = None,
    baseline: Path | None = None,
    count: int = 700,
    seed: int = 0,
    where: str = "",
) -> Report:
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
    if checkpoint.family in TEXTBOOK:
        raise UserError("textbook.measured", model=model)
    faces, held_out = (read_faces(data, labels, split, where=where) for split in ("train", "validation"))
    described = {
        "path": source_name(data),
        "where": where,
        "train": {"faces": len(faces.pictures), "hash": data_hash(faces)},
        "held_out": {"faces": len(held_out.pictures), "hash": data_hash(held_out)},
    }
    name = {**FOLDERS, "encoder": ENCODER}.get(model, model)
    if checkpoint.family == "encoder":
        encoder = load_encoder(model).network
        real = _agreement(encoder.judge(to_floats(held_out.pictures)), held_out)
        read = {"real": real, "guess": _guess(faces, held_out)}
        return make_report(name, checkpoint, described, {}, started) | {"labels": read}
    if not 32 <= count <= 10_000:
        raise UserError("engine.out_of_range_whole", name="count", value=count, low=32, high=10_000)
    loaded = load(model)
    judge = None if problem("encoder") else load_encoder()
    requests = [FaceRequest(checkpoint.family, seed, index, 1.0) for index in range(count)]
    painted = {"model": _paint(requests, model)}
    found: dict[str, Any] = {}
    if baseline is not None:
        painted["baseline"], found["baseline_run"] = _baseline(baseline, count, seed)
    sets = faces.pictures, held_out.pictures, judge.network if judge else None
    cards = {painter: score_card(pictures, *sets) for painter, pictures in painted.items()}
    found["scores"] = {painter: asdict(card) for painter, card in cards.items()}
    if judge is not None and all(loaded.known):
        found["judge"] = judge.checkpoint.id
        found["labels"] = _labels(model, checkpoint.family, held_out, judge.network, seed)
    figures = cards["model"].figures
    if baseline is not None:
        beside = cards["baseline"].figures
        figures = {name: replace(figure, baseline=beside[name].value) for name, figure in figures.items()}
    return make_report(name, checkpoint, described, figures, started, {"count": count, "seed": seed}) | found


def _paint(requests: list[FaceRequest], model: str) -> Tensor:
    painted = generation.paint(requests, model)
    return torch.stack([torch.from_numpy(face.picture) for face in painted]).permute(0, 3, 1, 2)  # (N, 3, S, S)


def _baseline(run: Path, count: int, seed: int) -> tuple[Tensor, dict[str, Any]]:
    """Return what a DCGAN paints, and how it was trained."""
    checkpoint = read_checkpoint(best_checkpoint(run))
    if checkpoint.family != "dcgan":
        raise UserError("faces.other_family", folder=run, found=checkpoint.family, wanted="dcgan")
    network = DcganGenerator(DcganConfig(**checkpoint.model))
    network.load_state_dict(checkpoint.weights())
    trained = {key: checkpoint.trained.get(key) for key in ("examples", "seconds", "batch_size", "device")}
    return generate(network.eval(), count, seed), trained


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
        "painted": _agreement(judge.judge(painted), asked),
        "real": _agreement(judge.judge(to_floats(asked.pictures)), asked),
        "guess": _guess(held_out, asked),
    }


def _agreement(read: Judgement, asked: Faces) -> dict[str, float]:
    """Return how well what was asked for can be read off faces: mean error in years, and shares read as asked."""
    return {
        "faces": len(asked.pictures),
        "age_error": _mean((read.ages - asked.ages).abs()),
        "gender": _mean(_same(read.women, asked.women)),
        "smile": _mean(_same(read.smiles, asked.smiles)),
    }


def _same(read: Tensor, asked: Tensor) -> Tensor:
    return torch.where(asked.isnan(), torch.nan, ((read > 0.5) == (asked > 0.5)).float())


def _mean(values: Tensor) -> float:
    return float(values[~values.isnan()].mean())


def _guess(known: Faces, asked: Faces) -> dict[str, float]:
    """Return what is reached by always saying the commonest: median age, gender and smile of `known` faces."""
    age, woman, smile = (values[~values.isnan()].median().expand(len(asked.pictures)) for values in known.labels().T)
    return _agreement(Judgement(age, woman, smile), asked)

"""Measures a music model, each figure beside its floor (the same for real music) and its baseline."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from genai_demo import __version__
from genai_demo.catalogue import message
from genai_demo.engine.data.parallel import in_processes
from genai_demo.engine.generation.checks import SEED
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.errors import UserError
from genai_demo.music.data.reading import Music, data_hash, read_together
from genai_demo.music.evaluation import metrics as judging
from genai_demo.music.evaluation.excerpts import like, openings, request_for
from genai_demo.music.evaluation.features import random_encoder
from genai_demo.music.evaluation.figures import Figure, plain_table
from genai_demo.music.evaluation.markov import PREAMBLE, Markov
from genai_demo.music.evaluation.memorization import CopyCheck
from genai_demo.music.evaluation.metrics import Figures, Sets
from genai_demo.music.evaluation.rewriting import REWRITTEN, written_anew
from genai_demo.music.models.encoder import MusicEncoder
from genai_demo.music.requests import ComposeRequest, RewriteRequest
from genai_demo.music.results import Update
from genai_demo.music.sampling import generation
from genai_demo.music.sampling.loading import ENCODER, FOLDERS, checkpoint_folder, load, problem
from genai_demo.music.theory.piece import Piece
from genai_demo.music.theory.texture import DENSITIES, REGISTERS
from genai_demo.music.tokens import events
from genai_demo.music.tokens.piece_string import write_piece_string

BARS = 16
"""bars of the pieces that are written and compared"""
COUNT = (8, 10_000)
"""pieces that can be asked for"""
_DRAWS = 3
"""draws of real pieces that distances have their floors from"""
_SAMPLES = 6
_EVENTS = 100_000
"""events of held-out pieces that are foreseen, about: more take a CPU long, and tell no more"""


def evaluate(model: str, data: Sequence[str], where: str = "", count: int = 96, seed: int = 0) -> dict[str, Any]:
    """Measure a checkpoint and return a report: figures, what they were measured on, and receipts of the first pieces.

    A model that writes is asked for pieces like the openings of held-out ones: in their keys, metres and tempi, one
    with each seed, none left out. The masked model writes some bars of those openings anew.

    Args:
        model: "composer", "gan", "masked", "encoder", name or folder of a checkpoint, or a run's folder.
        data: paths or hub ids of the music it was trained on, of which some was held out.
        where: which rows of its labels to choose, see `read_music`.
        count: pieces to write, within `COUNT`; a second, smaller set with other settings comes on top.
        seed: of the first piece.

    Raises:
        UserError: model or data cannot be used, or `count` or `seed` is not allowed.
    """
    started = time.perf_counter()
    checkpoint = read_checkpoint(checkpoint_folder(model))
    # A run that is going on may make a newer snapshot meanwhile: from here on the folder is fixed.
    folder = str(checkpoint.folder) if model not in (*FOLDERS, "encoder") else model
    if not COUNT[0] <= count <= COUNT[1]:
        raise UserError("engine.out_of_range_whole", name="count", value=count, low=COUNT[0], high=COUNT[1])
    if not SEED[0] <= seed <= SEED[1] - 2 * count:
        raise UserError("engine.out_of_range_whole", name="seed", value=seed, low=SEED[0], high=SEED[1] - 2 * count)
    music, held_out = (read_together(data, split, where) for split in ("train", "validation"))
    notes: list[str] = []
    samples: list[dict[str, Any]] = []
    if checkpoint.family == "encoder":
        figures = _encoder_figures(folder, held_out)
    else:
        real = openings(held_out.pieces, BARS, seed)[:count]
        if len(real) < COUNT[0]:
            raise UserError("music.too_few_openings", found=len(real), bars=BARS, least=COUNT[0])
        measured = _masked if checkpoint.family == "masked" else _writer
        figures, samples = measured(folder, checkpoint.family, music, held_out, real, count, seed, notes)
    names = {**FOLDERS, "encoder": ENCODER}
    return {
        "model": names.get(model, Path(model).name),
        "checkpoint": checkpoint.id,
        "family": checkpoint.family,
        "code": __version__,
        "data": {
            "paths": [Path(path).name if Path(path).exists() else path for path in data],
            "where": where,
            "train": {"pieces": len(music), "hash": data_hash(music)},
            "held_out": {"pieces": len(held_out), "hash": data_hash(held_out)},
            "sources": _sources(music),
        },
        "settings": {"count": count, "seed": seed, "bars": BARS},
        "figures": {name: _rounded(figure) for name, figure in figures.items()},
        "notes": notes,
        "samples": samples,
        "seconds": round(time.perf_counter() - started, 1),
    }


def table(report: dict[str, Any]) -> str:
    """Return a report as lines for a terminal."""
    data = report["data"]
    where = f"{', '.join(data['paths'])}: {data['held_out']['pieces']:,} pieces held out, {data['held_out']['hash']}"
    head = f"{report['model']} ({report['family']}, checkpoint {report['checkpoint']}), {where}"
    return "\n".join([head, "", plain_table(report), *(["", *report["notes"]] if report["notes"] else [])])


def _rounded(figure: Figure) -> dict[str, Any]:
    return {key: round(value, 6) if isinstance(value, float) else value for key, value in asdict(figure).items()}


def _sources(music: Music) -> list[dict[str, Any]]:
    """Return how many pieces came from where under which licence."""
    found = Counter((label.source, label.licence) for label in music.labels)
    return [
        {"source": source, "licence": licence, "pieces": pieces} for (source, licence), pieces in sorted(found.items())
    ]


def _encoder_figures(model: str, held_out: Music) -> Figures:
    from genai_demo.music.data.roll_batches import RollWindows
    from genai_demo.music.training.encoder import BARS as WINDOW
    from genai_demo.music.training.encoder import out_of_tune, same_piece

    network = load(model, "encoder").network
    assert isinstance(network, MusicEncoder)
    windows = RollWindows(held_out, WINDOW, 0)
    value, beside = (same_piece(one, windows) | out_of_tune(one, windows) for one in (network, random_encoder()))
    count = int(np.sum(windows.bar % WINDOW == 0))
    return {name: Figure(value[name], "share", count, baseline=beside[name]) for name in value}


# What models write


def _last(model: str, request: ComposeRequest | RewriteRequest) -> Update:
    return list(generation.run(request, model))[-1]


def _writer(
    model: str, family: str, music: Music, held_out: Music, real: list[Piece], count: int, seed: int, notes: list[str]
) -> tuple[Figures, list[dict[str, Any]]]:
    """Return the figures of the composer or the GAN, and the receipts of the first pieces."""
    markov = Markov(music.pieces)
    requests = [request_for(real[number % len(real)], family, seed + number) for number in range(count)]
    begun = time.perf_counter()
    updates = [_last(model, request) for request in requests]
    seconds = (time.perf_counter() - begun) / count
    sets = Sets(
        [update.compositions[0].piece for update in updates],
        real,
        [markov.compose(request) for request in requests],
        _training_draws(music, real, seed),
    )
    figures = _foreseen(model, markov, held_out) if family == "composer" else {}
    figures |= judging.distances(sets, _encoders(notes)) | judging.lengths(sets)
    figures |= judging.counted(sets, (*judging.NOTES, *judging.STRUCTURE)) | judging.key_heard(sets)
    figures |= judging.copies(sets, CopyCheck(music.pieces)) | _character(model, requests[: max(6, count // 2)])
    figures["seconds"] = Figure(seconds, "seconds", count)
    if family == "composer":
        figures |= _anew(model, real, sets, markov, seed)
    return figures, [asdict(update.receipts[0]) for update in updates[:_SAMPLES]]


def _anew(model: str, real: list[Piece], sets: Sets, markov: Markov, seed: int) -> Figures:
    """Return how far bars that the composer writes anew, or their left hand, are from what stood in real pieces."""
    encoders = _encoders([])
    encoder = encoders.get("encoder_distance", encoders["random_distance"])
    figures: Figures = {}
    for name, hand in (("anew", "both"), ("left", "left")):
        anew = written_anew(model, "composer", real, sets.training, markov, len(real), seed, hand)
        figures |= judging.distances(anew.bars, {f"{name}_distance": encoder})
        figures[f"{name}_seconds"] = Figure(anew.seconds, "seconds", len(real))
    return figures


def _training_draws(music: Music, real: list[Piece], seed: int) -> list[list[Piece]]:
    known = openings(music.pieces, BARS, seed)
    return [like(real, known, seed + draw) for draw in range(_DRAWS)]


def _encoders(notes: list[str]) -> dict[str, MusicEncoder]:
    encoders = {"random_distance": random_encoder()}
    if problem("encoder"):
        notes.append(message("music.note_no_encoder"))
        return encoders
    network = load("encoder", "encoder").network
    assert isinstance(network, MusicEncoder)
    return {"encoder_distance": network, **encoders}


def _foreseen(model: str, markov: Markov, held_out: Music) -> Figures:
    """Return the bits that every event of held-out pieces costs the composer, and the Markov model."""
    from genai_demo.music.models.composer import Composer
    from genai_demo.music.training.composer_metrics import bits

    network = load(model, "composer").network
    assert isinstance(network, Composer)
    pieces = _some(list(in_processes(events.encode, held_out.pieces)))
    cost, count = bits(network, pieces, PREAMBLE)
    beside, same = markov.bits(pieces)
    assert same == count
    return {"bits_per_event": Figure(cost / count, "bits", count, baseline=beside / count)}


def _some(pieces: list[list[int]]) -> list[list[int]]:
    """Return pieces drawn at random, whole, until they have `_EVENTS` tokens together; all where they have fewer."""
    order = np.random.default_rng(0).permutation(len(pieces)).tolist()
    before = np.cumsum([0, *(len(pieces[place]) for place in order)])
    return [pieces[place] for place, sum_before in zip(order, before.tolist(), strict=False) if sum_before < _EVENTS]


def _character(model: str, requests: list[ComposeRequest]) -> Figures:
    """Ask for every density and register in turn, and return how often they can be read off what comes."""
    wanted = [(DENSITIES[number % 3], REGISTERS[number // 3 % 3]) for number in range(len(requests))]
    asked = [
        replace(request, density=density, register=register, seed=request.seed + len(requests) * 2)
        for request, (density, register) in zip(requests, wanted, strict=True)
    ]
    return judging.character_met(wanted, [_last(model, request).compositions[0].piece for request in asked])


def _masked(
    model: str, family: str, music: Music, held_out: Music, real: list[Piece], count: int, seed: int, notes: list[str]
) -> tuple[Figures, list[dict[str, Any]]]:
    """Return the figures of the bars that the masked model writes anew, and the receipts of some samples.

    The Markov model sees the bars before them alone.
    """
    anew = written_anew(model, family, real, _training_draws(music, real, seed), Markov(music.pieces), count, seed)
    figures = _hidden(model, music, held_out)
    figures |= judging.distances(anew.bars, _encoders(notes)) | judging.lengths(anew.bars)
    figures |= judging.counted(anew.bars, judging.NOTES) | judging.counted(anew.whole, judging.STRUCTURE)
    figures |= judging.copies(anew.bars, CopyCheck(music.pieces))
    figures["seconds"] = Figure(anew.seconds, "seconds", count)
    return figures, _samples_anew(model, family, real, seed)


def _samples_anew(model: str, family: str, real: list[Piece], seed: int) -> list[dict[str, Any]]:
    """Return receipts of pieces by the composer that ships, some of whose bars were written anew.

    Around the bars that were measured stands held-out music, which a card must not pass on.
    """
    if problem("composer"):
        return []
    first, last = REWRITTEN
    receipts = []
    for number in range(_SAMPLES):
        composed = _last("composer", request_for(real[number], "composer", seed + number)).compositions[0].piece
        request = RewriteRequest(write_piece_string(composed), first + 1, last, seed=seed + number, model=family)
        receipts.append(asdict(_last(model, request).receipts[0]))
    return receipts


def _hidden(model: str, music: Music, held_out: Music) -> Figures:
    """Return the bits that hidden notes of held-out pieces cost, by kind of hole, beside those by mere frequencies."""
    from genai_demo.music.training.masked import MaskedTask, MaskedTraining

    loaded = load(model, "masked")
    task = MaskedTask(MaskedTraining(), music, held_out, loaded.checkpoint.model)
    found = task.validate(loaded.network)
    count = MaskedTraining().measured
    return {
        name: Figure(value, "bits", count, baseline=found.get(f"{name}_by_frequencies"))
        for name, value in found.items()
        if not name.endswith("_by_frequencies")
    }

"""Measures a music model, each figure beside its floor (the same for real music) and its baseline."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from genai_demo.catalogue import message
from genai_demo.engine.data.parallel import in_processes
from genai_demo.engine.evaluation.figure import Figure, Figures
from genai_demo.engine.evaluation.report import Report, make_report, source_name
from genai_demo.engine.generation.checks import SEED
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.errors import UserError
from genai_demo.music.data.reading import Music, data_hash, read_together
from genai_demo.music.evaluation import metrics
from genai_demo.music.evaluation.excerpts import like, openings, request_for
from genai_demo.music.evaluation.features import random_encoder
from genai_demo.music.evaluation.markov import PREAMBLE, Markov
from genai_demo.music.evaluation.memorization import CopyCheck
from genai_demo.music.evaluation.metrics import Sets
from genai_demo.music.evaluation.rewriting import REWRITTEN, Reference, rewrite
from genai_demo.music.models.encoder import MusicEncoder
from genai_demo.music.requests import ComposeRequest, RewriteRequest
from genai_demo.music.results import Update
from genai_demo.music.sampling import generation
from genai_demo.music.sampling.loading import ENCODER, FOLDERS, checkpoint_folder, load, problem
from genai_demo.music.theory.piece import Piece
from genai_demo.music.theory.texture import DENSITIES, REGISTERS
from genai_demo.music.tokens import events
from genai_demo.music.tokens.piece_string import write_piece_string

OPENING_BARS = 16
"""bars of the pieces that are written and compared"""
COUNT = (8, 10_000)
"""pieces that can be asked for"""
_DRAWS = 3
"""draws of real pieces that distances have their floors from"""
_SAMPLES = 6
_EVENTS = 100_000
"""events of held-out pieces whose bits are counted, about: more take a CPU long, and tell no more"""


def evaluate(model: str, data: Sequence[str], where: str = "", count: int = 96, seed: int = 0) -> Report:
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
    training, held_out = (read_together(data, split, where) for split in ("train", "validation"))
    notes: list[str] = []
    samples: list[dict[str, Any]] = []
    if checkpoint.family == "encoder":
        figures = _encoder_figures(folder, held_out)
    else:
        real = openings(held_out.pieces, OPENING_BARS, seed)[:count]
        if len(real) < COUNT[0]:
            raise UserError("music.too_few_openings", found=len(real), bars=OPENING_BARS, least=COUNT[0])
        known = openings(training.pieces, OPENING_BARS, seed)
        floors = [like(real, known, seed + draw) for draw in range(_DRAWS)]
        reference = Reference(training, held_out, real, floors, Markov(training.pieces))
        if checkpoint.family == "masked":
            figures, samples = _masked_figures(folder, reference, count, seed)
        else:
            figures, samples = _writing_figures(folder, checkpoint.family, reference, count, seed)
        notes = [message("music.note_no_encoder")] if problem("encoder") else []
    described = {
        "paths": [source_name(path) for path in data],
        "where": where,
        "train": {"pieces": len(training), "hash": data_hash(training)},
        "held_out": {"pieces": len(held_out), "hash": data_hash(held_out)},
        "sources": _sources(training),
    }
    settings = {"count": count, "seed": seed, "bars": OPENING_BARS}
    name = {**FOLDERS, "encoder": ENCODER}.get(model, model)
    return make_report(name, checkpoint, described, figures, started, settings, notes, samples)


def _sources(music: Music) -> list[dict[str, Any]]:
    """Return how many pieces came from where under which licence."""
    found = Counter((label.source, label.licence) for label in music.labels)
    return [
        {"source": source, "licence": licence, "pieces": pieces} for (source, licence), pieces in sorted(found.items())
    ]


def _encoder_figures(model: str, held_out: Music) -> Figures:
    from genai_demo.music.data.roll_batches import RollWindows
    from genai_demo.music.training.encoder import ENCODED_BARS as WINDOW
    from genai_demo.music.training.encoder import out_of_tune, same_piece

    network = load(model, "encoder").network
    assert isinstance(network, MusicEncoder)
    windows = RollWindows(held_out, WINDOW, 0)
    value, beside = (same_piece(one, windows) | out_of_tune(one, windows) for one in (network, random_encoder()))
    count = int(np.sum(windows.bar % WINDOW == 0))
    # What a blind choice reaches has no baseline.
    beside = {name: share for name, share in beside.items() if name != "same_piece_by_chance"}
    return {name: Figure(share, "share", count, baseline=beside.get(name)) for name, share in value.items()}


# What models write


def _last(model: str, request: ComposeRequest | RewriteRequest) -> Update:
    return list(generation.run(request, model))[-1]


def _writing_figures(
    model: str, family: str, reference: Reference, count: int, seed: int
) -> tuple[Figures, list[dict[str, Any]]]:
    """Return the figures of the composer or the GAN, and the receipts of the first pieces."""
    real = reference.real
    requests = [request_for(real[number % len(real)], family, seed + number) for number in range(count)]
    begun = time.perf_counter()
    updates = [_last(model, request) for request in requests]
    seconds = (time.perf_counter() - begun) / count
    sets = Sets(
        [update.compositions[0].piece for update in updates],
        real,
        [reference.markov.compose(request) for request in requests],
        reference.floors,
    )
    figures = _likelihood(model, reference) if family == "composer" else {}
    figures |= metrics.distances(sets, _encoders()) | metrics.lengths(sets)
    figures |= metrics.means(sets, (*metrics.NOTES, *metrics.STRUCTURE)) | metrics.key_heard(sets)
    figures |= metrics.copies(sets, CopyCheck(reference.training.pieces))
    figures |= _character(model, requests[: max(6, count // 2)])
    figures["seconds"] = Figure(seconds, "seconds", count)
    if family == "composer":
        figures |= _rewriting(model, reference, seed)
    return figures, [asdict(update.receipts[0]) for update in updates[:_SAMPLES]]


def _rewriting(model: str, reference: Reference, seed: int) -> Figures:
    """Return how far bars that the composer writes anew, or their left hand, are from what stood in real pieces."""
    encoders = _encoders()
    encoder = encoders.get("encoder_distance", encoders["random_distance"])
    figures: Figures = {}
    for name, hand in (("anew", "both"), ("left", "left")):
        anew = rewrite(model, "composer", reference, len(reference.real), seed, hand)
        figures |= metrics.distances(anew.bars, {f"{name}_distance": encoder})
        figures[f"{name}_seconds"] = Figure(anew.seconds, "seconds", len(reference.real))
    return figures


def _encoders() -> dict[str, MusicEncoder]:
    """Return the encoders whose features are compared, by the name of their figure; the trained one where it is."""
    encoders = {"random_distance": random_encoder()}
    if problem("encoder"):
        return encoders
    network = load("encoder", "encoder").network
    assert isinstance(network, MusicEncoder)
    return {"encoder_distance": network, **encoders}


def _likelihood(model: str, reference: Reference) -> Figures:
    """Return the bits that every event of held-out pieces costs the composer, and the Markov model."""
    from genai_demo.music.models.composer import Composer
    from genai_demo.music.training.composer_metrics import bits

    network = load(model, "composer").network
    assert isinstance(network, Composer)
    pieces = _some(list(in_processes(events.encode, reference.held_out.pieces)))
    cost, count = bits(network, pieces, PREAMBLE)
    by_markov, same = reference.markov.bits(pieces)
    assert same == count
    return {"bits_per_event": Figure(cost / count, "bits", count, baseline=by_markov / count)}


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
    return metrics.character_met(wanted, [_last(model, request).compositions[0].piece for request in asked])


def _masked_figures(model: str, reference: Reference, count: int, seed: int) -> tuple[Figures, list[dict[str, Any]]]:
    """Return the figures of the bars that the masked model writes anew, and the receipts of some samples.

    The Markov model sees the bars before them alone.
    """
    anew = rewrite(model, "masked", reference, count, seed)
    figures = _hidden(model, reference)
    figures |= metrics.distances(anew.bars, _encoders()) | metrics.lengths(anew.bars)
    figures |= metrics.means(anew.bars, metrics.NOTES) | metrics.means(anew.whole, metrics.STRUCTURE)
    figures |= metrics.copies(anew.bars, CopyCheck(reference.training.pieces))
    figures["seconds"] = Figure(anew.seconds, "seconds", count)
    return figures, _rewritten_samples(model, reference.real, seed)


def _rewritten_samples(model: str, real: list[Piece], seed: int) -> list[dict[str, Any]]:
    """Return receipts of pieces by the composer that ships, some of whose bars were written anew.

    Around the bars that were measured stands held-out music, which a card must not pass on.
    """
    if problem("composer"):
        return []
    first, last = REWRITTEN
    receipts = []
    for number in range(_SAMPLES):
        composed = _last("composer", request_for(real[number], "composer", seed + number)).compositions[0].piece
        request = RewriteRequest(write_piece_string(composed), first + 1, last, seed=seed + number, model="masked")
        receipts.append(asdict(_last(model, request).receipts[0]))
    return receipts


def _hidden(model: str, reference: Reference) -> Figures:
    """Return the bits that hidden notes of held-out pieces cost, by kind of hole, beside those by mere frequencies."""
    from genai_demo.music.training.configs import MaskedTraining
    from genai_demo.music.training.masked import MaskedTask

    loaded = load(model, "masked")
    task = MaskedTask(MaskedTraining(), reference.training, reference.held_out, loaded.checkpoint.model)
    found = task.validate(loaded.network)
    count = MaskedTraining().measured
    return {
        name: Figure(value, "bits", count, baseline=found.get(f"{name}_by_frequencies"))
        for name, value in found.items()
        if not name.endswith("_by_frequencies")
    }

"""What the panel inside a face is told: numbers and pictures, each computed by the model that painted the face."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from genai_demo.engine.fields import Within, fields_of
from genai_demo.engine.generation.checks import check_number, check_one_of, check_whole
from genai_demo.engine.generation.receipts import Receipt, parse_receipt
from genai_demo.errors import UserError
from genai_demo.faces.explaining import bits, explanation, likeness, map, plane, stages, variety, verdict
from genai_demo.faces.explaining.opening import OpenFace, open_face
from genai_demo.faces.sampling.loading import FOLDERS, load_encoder
from genai_demo.ui.faces import cards

KINDS = ("stages", "variety", "verdict", "plane", "map", "bits", "pairs")
"""what can be asked of a face"""
SMALL, LARGE = 128, 384
"""sides of pictures in pixels"""
MOSAIC = 5
"""faces along a side of the plane that are shown at once"""
_TURNS = 1000
_BINS = 24


@lru_cache(maxsize=16)
def opened(receipt: str) -> OpenFace:
    """Return the face of a receipt, by a model that ships: a visitor's may name no folder.

    Raises:
        UserError: the receipt is not in order, of another model, or of another checkpoint than the one that is here.
    """
    read = parse_receipt(receipt)
    if read.model not in FOLDERS.values():
        raise UserError("ui.faces_not_shipped", model=read.model[:80], allowed=", ".join(FOLDERS.values()))
    return open_face(read)


def answer(kind: str, receipt: str, turn: int = 0) -> dict[str, Any]:
    """Return one explanation of a face.

    Args:
        kind: one of `KINDS`.
        receipt: of the face, as JSON.
        turn: which others of its seed stand beside it, from 0, where there are any.

    Raises:
        UserError: what is asked is not allowed, or a model cannot be used.
    """
    check_one_of("kind", kind, KINDS)
    check_whole("turn", turn, 0, _TURNS)
    face = opened(receipt)
    tell, code = _TELLING[kind]
    told = explanation.as_plain(tell(face, turn))
    rows = told.pop("rows", [])
    return {
        "kind": kind,
        "receipt": receipt,
        "turn": turn,
        **told,
        "csv": "".join(f"{','.join([str(cell) for cell in row])}\n" for row in rows),  # no cell holds a comma
        "code": "\n\n".join(inspect.getsource(one) for one in code),
    }


def moved(kind: str, receipt: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a face becomes while somebody plays with an explanation.

    Args:
        kind: "stages" with "on", whether each stage paints; "plane" with "across", "down" (0 to 1) and "turn"; "bits"
            with "number", of the code; "pairs" with the fields of a `View`.
        receipt: of the face, as JSON.
        options: what is asked.

    Raises:
        UserError: what is asked is not allowed.
    """
    face = opened(receipt)
    check_one_of("kind", kind, tuple(_MOVING))
    return explanation.as_plain(_MOVING[kind](face, options))


def shown(picture: Tensor, side: int = SMALL) -> str:
    """Return a picture (3, S, S), uint8, as an address; see `cards.address`."""
    return cards.address(picture.permute(1, 2, 0).numpy(), side)


def _stages(face: OpenFace, _: int) -> dict[str, Any]:
    told = stages.tell_stages(face)
    up_to, adds = stages.show_stages(face)
    return {
        "stages": [
            {
                "side": one.side,
                "channels": one.channels,
                "adds": one.adds,
                "left": one.left,
                "up_to": shown(up_to[place]),
                "added": shown(adds[place]),
            }
            for place, one in enumerate(told)
        ],
        "picture": shown(face.picture, LARGE),
        "rows": [["side", "channels", "adds", "left"], *([one.side, one.channels, one.adds, one.left] for one in told)],
    }


def _variety(face: OpenFace, _: int) -> dict[str, Any]:
    painted = variety.paint_varieties(face)
    fooled = explanation.fooled_by_variety(face, painted)
    return {
        "strip": [
            {"variety": one, "fooled": share, "picture": shown(picture, 160)}
            for one, share, picture in zip(variety.VARIETIES, fooled, painted, strict=True)
        ],
        "own": face.request.variety,
        "rows": [["variety", "fooled"], *zip(variety.VARIETIES, ("" if s is None else s for s in fooled), strict=True)],
    }


def _verdict(face: OpenFace, _: int) -> dict[str, Any]:
    told = verdict.tell_verdict(face)
    if told is None:
        return {"family": face.request.model, "noisy": verdict.NOISY}
    real, made = told.judge.real, told.judge.made
    ends = torch.cat([real, made, torch.tensor([told.score])])
    low, high = float(ends.min()), float(ends.max())
    counts = [torch.histc(scores, _BINS, low, high).int().tolist() for scores in (real, made)]
    return {
        "family": "gan",
        "score": told.score,
        "fooled": told.fooled,
        "noisy": verdict.NOISY,
        "low": low,
        "high": high,
        "real": counts[0],
        "made": counts[1],
        "held_out": len(real),
        "picture": shown(face.picture, LARGE),
        "looks": shown(explanation.highlighted(face, told), LARGE),
        "rows": [
            ["whose", "score"],
            ["this face", told.score],
            *(["real", round(float(score), 4)] for score in real),
            *(["generated", round(float(score), 4)] for score in made),
        ],
    }


def _plane(face: OpenFace, turn: int) -> dict[str, Any]:
    ends = [number / (MOSAIC - 1) for number in range(MOSAIC)]
    painted = plane.paint_points(face, [(across, down) for down in ends for across in ends], turn)
    side = painted.shape[3]
    rows = painted.reshape(MOSAIC, MOSAIC, 3, side, side).permute(2, 0, 3, 1, 4)  # (3, rows, S, columns, S)
    return {
        "mosaic": shown(rows.reshape(3, MOSAIC * side, MOSAIC * side), MOSAIC * min(64, side)),
        "picture": shown(face.picture, LARGE),
        "corners": [[one.seed, one.index + 1] for one in plane.corners(face, turn)],
        "rows": [
            ["corner", "seed", "face"],
            *(
                [name, one.seed, one.index + 1]
                for name, one in zip(
                    ("upper left", "upper right", "lower left", "lower right"), plane.corners(face, turn), strict=True
                )
            ),
        ],
    }


def _map(face: OpenFace, _: int) -> dict[str, Any]:
    across = map.ACROSS
    laid = map.face_map(face.request.model, across)
    side = map.SIDE
    sheet = laid.pictures.reshape(across, across, 3, side, side).permute(2, 0, 3, 1, 4)  # (3, rows, S, columns, S)
    cells = [[one.seed, one.index] for one in laid.requests]
    own = [face.request.seed, face.request.index]
    return {
        "sprite": shown(sheet.reshape(3, across * side, across * side), across * side),
        "across": across,
        "dimensions": load_encoder().network.config.embedding,
        "model": face.request.model,
        "cells": cells,
        "own": cells.index(own) if own in cells else -1,
        "rows": [
            ["row", "column", "seed", "face"],
            *([place // across, place % across, seed, index + 1] for place, (seed, index) in enumerate(cells)),
        ],
    }


def _bits(face: OpenFace, _: int) -> dict[str, Any]:
    if face.request.model != "vae":
        return {"family": face.request.model, "measured": bits.MEASURED, "least": f"{bits.SILENT:.2f}"}
    told = bits.bits_per_number(face)
    order = told.argsort(descending=True).tolist()
    kept = bits.counts(len(order))
    return {
        "family": "vae",
        "order": order,
        "bits": [float(told[number]) for number in order],
        "silent": int((told < bits.SILENT).sum()),
        "measured": bits.MEASURED,
        "least": f"{bits.SILENT:.2f}",
        "pushes": bits.PUSHES,
        "strip": [
            {"kept": count, "picture": shown(picture, 160)}
            for count, picture in zip(kept, bits.keep_strongest(face, kept), strict=True)
        ],
        "pushed": [shown(one) for one in bits.push_number(face, order[0])],
        "rows": [["number", "bits"], *([number, float(told[number])] for number in order)],
    }


def _pairs(face: OpenFace, turn: int) -> dict[str, Any]:
    matrix = likeness.similarity_matrix(face, turn)
    still = likeness.pull(face, likeness.View())
    values = matrix.similarity
    return {
        "views": [[shown(one, 64) for one in views] for views in matrix.views],
        "matrix": values.tolist(),
        "other": shown(face.painter.paint([face.painter.code(face.other(1))])[0]),
        "ranges": {
            one.name: [one.rule.low, one.rule.high] for one in fields_of(likeness.View) if isinstance(one.rule, Within)
        },
        **_pulled(still),
        "encoder": load_encoder().checkpoint.id,
        "dimensions": load_encoder().network.config.embedding,
        "rows": [["first view", *range(1, len(values) + 1)], *([n + 1, *row] for n, row in enumerate(values.tolist()))],
    }


def _pulled(pull: likeness.Pull) -> dict[str, Any]:
    return {"picture": shown(pull.seen, 192), "itself": pull.itself, "between": pull.other, "before": pull.before}


def _toggled(face: OpenFace, options: Mapping[str, Any]) -> dict[str, Any]:
    on = options.get("on")
    count = len(face.painter.network.painter.brushes)
    if not isinstance(on, list) or len(on) != count or not all(isinstance(one, bool) for one in on):
        raise UserError("ui.bad_request")
    return {"picture": shown(stages.paint_stages(face, on), LARGE)}


def _glided(face: OpenFace, options: Mapping[str, Any]) -> dict[str, Any]:
    across, down = options.get("across", 0.0), options.get("down", 0.0)
    check_number("across", across, 0.0, 1.0)
    check_number("down", down, 0.0, 1.0)
    turn = options.get("turn", 0)
    check_whole("turn", turn, 0, _TURNS)
    codes = _corners(face.face.receipt, turn)
    # At its own side: the browser enlarges it while the point moves.
    return {"picture": shown(face.painter.paint([plane.at(codes, across, down)])[0], face.face.picture.shape[0])}


@lru_cache(maxsize=16)
def _corner_codes(receipt: str, turn: int) -> tuple[Any, ...]:
    return plane.corner_codes(opened(receipt), turn)


def _corners(receipt: Receipt, turn: int) -> tuple[Any, ...]:
    return _corner_codes(receipt.to_json(), turn)


def _pushed(face: OpenFace, options: Mapping[str, Any]) -> dict[str, Any]:
    if face.request.model != "vae":
        raise UserError("engine.not_one_of", name="model", value=face.request.model, allowed="vae")
    number = options.get("number", 0)
    check_whole("number", number, 0, len(face.code.latent) - 1)
    return {"pushed": [shown(one) for one in bits.push_number(face, number)], "number": number}


def _seen(face: OpenFace, options: Mapping[str, Any]) -> dict[str, Any]:
    known = {one.name for one in fields_of(likeness.View)}
    return _pulled(likeness.pull(face, likeness.View(**{name: options[name] for name in known & options.keys()})))


_TELLING: dict[str, tuple[Callable[[OpenFace, int], dict[str, Any]], tuple[Callable[..., Any], ...]]] = {
    "stages": (_stages, (stages.contributions, stages.paint_stages)),
    "variety": (_variety, (variety.paint_varieties,)),
    "verdict": (_verdict, (verdict.judge_pictures, verdict.smooth_gradient)),
    "plane": (_plane, (plane.at, plane.paint_points)),
    "map": (_map, (map.arrange,)),
    "bits": (_bits, (bits.measure_bits, bits.push_number, bits.keep_strongest)),
    "pairs": (_pairs, (likeness.similarity_matrix, likeness.pull)),
}
_MOVING: dict[str, Callable[[OpenFace, Mapping[str, Any]], dict[str, Any]]] = {
    "stages": _toggled,
    "plane": _glided,
    "bits": _pushed,
    "pairs": _seen,
}

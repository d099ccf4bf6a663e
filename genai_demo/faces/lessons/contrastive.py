"""How a contrastive encoder works, told on the one that ships."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch

from genai_demo.engine.lessons.architecture import parts, weights_of
from genai_demo.engine.lessons.formula import (
    called,
    letter,
    low,
    name,
    number,
    over,
    row,
    sign,
    symbol,
    total,
)
from genai_demo.engine.lessons.lesson import Claim, Drawn, Lesson
from genai_demo.engine.nn import contrastive
from genai_demo.faces.lessons.measured import FACES, OPENED, SEED, painted, trained
from genai_demo.faces.sampling.loading import load, load_encoder
from genai_demo.faces.training.encoder import view


def contrastive_lesson() -> Lesson:
    """Return how a contrastive encoder works, on faces that a model that ships has painted.

    Raises:
        UserError: its checkpoint, or that of the model that paints, cannot be used.
    """
    encoder, painter = load_encoder().checkpoint, load("gan", "gan").checkpoint
    return _contrastive(encoder.folder, encoder.id, painter.id)


@lru_cache(maxsize=2)
def _contrastive(folder: Path, checkpoint: str, _painter: str) -> Lesson:
    network = load_encoder().network
    faces = painted(load("gan", "gan"))
    temperature = trained(load_encoder().checkpoint, "temperature")
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(SEED)
        first, second = (network.embed(network(view(faces))) for _ in range(2))
        loss = float(contrastive.contrastive_loss(first, second, temperature))
    likeness = first @ second.T  # (B, B)
    own, others = likeness.diagonal(), likeness[~torch.eye(FACES, dtype=torch.bool, device=likeness.device)]
    one, partner, other = letter("i"), row(letter("i"), sign("′")), letter("k")
    heat, count = symbol("temperature", letter("τ")), symbol("batch", letter("B"))
    near = symbol("partner", low(letter("s"), row(one, partner)))
    far = symbol("other", low(letter("s"), row(one, other)))
    vector = symbol("vector", low(letter("v"), one))
    exp = name("exp")
    return Lesson(
        name="contrastive",
        tab="faces",
        checkpoint=f"{folder.name} {checkpoint}",
        networks=(
            Drawn(
                "encoder",
                tuple(faces.shape[1:]),
                parts(network, lambda: network.embed(network(faces)), OPENED),
                weights_of(network),
            ),
        ),
        formulas=(
            row(low(letter("s"), row(one, other)), sign("="), vector, sign("·"), low(letter("v"), other)),
            row(
                symbol("loss", letter("L")),
                sign("="),
                sign("−"),
                over(number("1"), row(number("2"), count)),
                total(one),
                name("log"),
                over(
                    called(exp, row(near, sign("/"), heat)),
                    row(total(row(other, sign("≠"), one)), called(exp, row(far, sign("/"), heat))),
                ),
            ),
        ),
        values={
            "vector": (network.config.embedding,),
            "batch": FACES,
            "partner": float(own.mean()),
            "other": float(others.mean()),
            "temperature": temperature,
            "loss": loss,
        },
        code=(contrastive.contrastive_loss, view),
        claims=(
            Claim("neighbours", True, {"page": "face", "model": "gan", "seed": str(SEED)}),
            Claim("paints_nothing", False, {"page": "photo"}),
            Claim("labels_only", False, {"page": "train", "family": "encoder", "contrast": "0"}),
        ),
        paper="Chen et al. 2020, arXiv:2002.05709",
        fields={"count": FACES},
    )

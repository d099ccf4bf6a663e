"""How a variational autoencoder works, told on the one that ships."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch

from genai_demo.engine.lessons.architecture import parts, weights_of
from genai_demo.engine.lessons.formula import (
    called,
    high,
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
from genai_demo.faces.lessons.measured import FACES, OPENED, SEED, gallery, painted, trained
from genai_demo.faces.models import vae
from genai_demo.faces.models.vae import Vae
from genai_demo.faces.sampling.loading import load


def vae_lesson() -> Lesson:
    """Return how a variational autoencoder works.

    Raises:
        UserError: its checkpoint cannot be used.
    """
    checkpoint = load("vae", "vae").checkpoint
    return _vae(checkpoint.folder, checkpoint.id)


@lru_cache(maxsize=2)
def _vae(folder: Path, checkpoint: str) -> Lesson:
    loaded = load("vae", "vae")
    network = loaded.painter.network
    assert isinstance(network, Vae)
    pictures = painted(loaded)
    free = trained(loaded.checkpoint, "free")
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(SEED)
        mean, log_variance = network.encode(pictures)
        again = network.decode(mean + torch.randn_like(mean) * (0.5 * log_variance).exp())
        divergence = vae.kl_divergence(mean, log_variance)
        told = vae.vae_loss(network, pictures, free)
    differences = vae.laplacian_pyramid(again - pictures)
    level, one = letter("l"), letter("j")
    code, noise = symbol("code", letter("z")), symbol("noise", letter("ε"))
    middle, spread = (symbol(key, low(letter(written), one)) for key, written in (("mean", "μ"), ("spread", "σ")))
    width, limit = symbol("width", low(letter("b"), level)), symbol("free", letter("λ"))
    pixels = symbol("pixels", letter("D"))
    return Lesson(
        name="vae",
        tab="faces",
        checkpoint=f"{folder.name} {checkpoint}",
        networks=(
            Drawn(
                "encoder",
                tuple(pictures.shape[1:]),
                parts(network, lambda: network.encode(pictures), OPENED),
                sum(weights_of(one) for one in (network.observer, network.to_code)),
            ),
            Drawn(
                "decoder",
                (network.config.latent,),
                parts(network, lambda: network.decode(mean), OPENED),
                sum(weights_of(one) for one in (network.painter, network.from_code)),
            ),
        ),
        formulas=(
            row(low(code, one), sign("="), middle, sign("+"), spread, noise),
            row(
                symbol("divergence", low(letter("K"), one)),
                sign("="),
                over(number("1"), number("2")),
                sign("("),
                high(middle, number("2")),
                sign("+"),
                high(spread, number("2")),
                sign("−"),
                number("1"),
                sign("−"),
                name("log"),
                high(spread, number("2")),
                sign(")"),
            ),
            row(
                symbol("loss", letter("L")),
                sign("="),
                over(number("1"), pixels),
                sign("("),
                total(level),
                low(letter("n"), level),
                name("log"),
                width,
                sign("+"),
                total(one),
                called(name("max"), number("0"), row(low(letter("K"), one), sign("−"), limit)),
                sign(")"),
            ),
        ),
        values={
            "code": (network.config.latent,),
            "mean": float(mean.abs().mean()),
            "spread": float((0.5 * log_variance).exp().mean()),
            "noise": (network.config.latent,),
            "divergence": float(divergence.mean()),
            "pixels": pictures[0].numel(),
            "width": " · ".join(f"{float(one.abs().mean()):.3g}" for one in differences),
            "free": free,
            "loss": float(told["loss"]),
        },
        code=(vae.vae_loss, vae.kl_divergence),
        claims=(
            Claim("code_of_photo", True, {"page": "photo"}),
            Claim("smooth", True, {"page": "morph"}),
            Claim("blurred", False, gallery("vae")),
            Claim("free_codes", False, {"page": "train", "family": "vae", "free": "20"}),
        ),
        paper="Kingma & Welling 2014, arXiv:1312.6114",
        fields={"count": FACES, "active": float(told["active"])},
    )

"""How the models that courses begin with work, told on untrained ones."""

from __future__ import annotations

from functools import lru_cache

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
from genai_demo.faces.data.textbook import DIGITS, read_grey
from genai_demo.faces.lessons.measured import SEED
from genai_demo.faces.models import textbook_gan, textbook_vae
from genai_demo.faces.training.textbook.configs import TextbookVaeTraining

PICTURES = 64
"""held-out digits on which they are measured"""


@lru_cache(maxsize=1)
def textbook_vae_lesson() -> Lesson:
    """Return how the variational autoencoder of courses works, told on an untrained one."""
    pictures = read_grey(DIGITS)[1][:PICTURES].float() / 255
    config = textbook_vae.TextbookVaeConfig()
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(SEED)
        network = textbook_vae.TextbookVae(config).eval()
        told = textbook_vae.vae_loss(network, pictures)
        mean, log_variance = network.encode(pictures)
    pixel, one = letter("i"), letter("j")
    middle, spread = (symbol(key, low(letter(written), one)) for key, written in (("mean", "μ"), ("spread", "σ")))
    bright, drawn = symbol("pixel", low(letter("x"), pixel)), symbol("painted", low(letter("x̂"), pixel))
    rest = row(sign("("), number("1"), sign("−"), bright, sign(")"))
    return Lesson(
        name="textbook_vae",
        tab="faces",
        checkpoint="",
        networks=(
            Drawn(
                "encoder",
                (1, config.side, config.side),
                parts(network, lambda: network.encode(pictures)),
                sum(weights_of(one) for one in (network.read, network.mean, network.log_variance)),
            ),
            Drawn(
                "decoder",
                (config.latent,),
                parts(network, lambda: network(mean)),
                sum(weights_of(one) for one in (network.expand, network.paint)),
            ),
        ),
        formulas=(
            row(
                symbol("reconstruction", letter("R")),
                sign("="),
                sign("−"),
                total(pixel),
                bright,
                name("log"),
                drawn,
                sign("+"),
                rest,
                called(name("log"), row(number("1"), sign("−"), drawn)),
            ),
            row(
                symbol("loss", letter("L")),
                sign("="),
                letter("R"),
                sign("+"),
                symbol("kl_weight", letter("β")),
                total(one),
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
        ),
        values={
            "pixel": (1, config.side, config.side),
            "painted": (1, config.side, config.side),
            "reconstruction": float(told["reconstruction"]),
            "mean": float(mean.abs().mean()),
            "spread": float((0.5 * log_variance).exp().mean()),
            "kl_weight": TextbookVaeTraining().kl_weight,
            "loss": float(told["loss"]),
        },
        code=(textbook_vae.vae_loss,),
        claims=(
            Claim("right", True, {"page": "train", "family": textbook_vae.FAMILY}),
            Claim("skip_kl", False, {"page": "train", "family": textbook_vae.FAMILY, "skip_kl": "true"}),
            Claim("much_kl", False, {"page": "train", "family": textbook_vae.FAMILY, "kl_weight": "20"}),
            Claim("raw_variance", False, {"page": "train", "family": textbook_vae.FAMILY, "raw_variance": "true"}),
            Claim("clamp_codes", False, {"page": "train", "family": textbook_vae.FAMILY, "clamp_codes": "true"}),
        ),
        paper="Kingma & Welling 2014, arXiv:1312.6114",
        fields={"count": PICTURES},
    )


@lru_cache(maxsize=1)
def textbook_gan_lesson() -> Lesson:
    """Return how the generative adversarial network of courses works, told on an untrained one."""
    pictures = read_grey(DIGITS)[1][:PICTURES].float() / 255
    config = textbook_gan.TextbookGanConfig()
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(SEED)
        generator = textbook_gan.TextbookGenerator(config).eval()
        discriminator = textbook_gan.TextbookDiscriminator(config).eval()
        noise = torch.randn(PICTURES, config.latent)
        made = generator(noise)
        on_real, on_made = discriminator(pictures), discriminator(made)
        told = textbook_gan.discriminator_loss(on_real, on_made)
        loss = float(textbook_gan.generator_loss(on_made, made))
    odds = name("σ")
    real = symbol("real", called(letter("D"), letter("x")))
    fake = symbol(
        "fake",
        called(letter("D"), row(symbol("made", letter("G")), sign("("), symbol("noise", letter("z")), sign(")"))),
    )
    return Lesson(
        name="textbook_gan",
        tab="faces",
        checkpoint="",
        networks=(
            Drawn("generator", (config.latent,), parts(generator, lambda: generator(noise)), weights_of(generator)),
            Drawn(
                "discriminator",
                (1, config.side, config.side),
                parts(discriminator, lambda: discriminator(pictures)),
                weights_of(discriminator),
            ),
        ),
        formulas=(
            row(
                symbol("discriminator_loss", low(letter("L"), letter("D"))),
                sign("="),
                sign("−"),
                name("log"),
                called(odds, real),
                sign("−"),
                called(name("log"), row(number("1"), sign("−"), called(odds, fake))),
            ),
            row(
                symbol("generator_loss", low(letter("L"), letter("G"))),
                sign("="),
                sign("−"),
                name("log"),
                called(odds, fake),
            ),
        ),
        values={
            "noise": (config.latent,),
            "made": (1, config.side, config.side),
            "real": float(on_real.mean()),
            "fake": float(on_made.mean()),
            "discriminator_loss": float(told["loss"]),
            "generator_loss": loss,
        },
        code=(textbook_gan.discriminator_loss, textbook_gan.generator_loss),
        claims=(
            Claim("right", True, {"page": "train", "family": textbook_gan.FAMILY}),
            Claim("skip_real", False, {"page": "train", "family": textbook_gan.FAMILY, "skip_real": "true"}),
            Claim("judge_pictures", False, {"page": "train", "family": textbook_gan.FAMILY, "judge_pictures": "true"}),
            Claim("even_players", False, {"page": "train", "family": textbook_gan.FAMILY, "generator_share": "20"}),
        ),
        paper="Goodfellow et al. 2014, arXiv:1406.2661",
        fields={"count": PICTURES},
    )

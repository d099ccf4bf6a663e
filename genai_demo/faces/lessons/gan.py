"""How a generative adversarial network works, told on the one that ships."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F

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
)
from genai_demo.engine.lessons.lesson import Claim, Drawn, Lesson, Value
from genai_demo.engine.nn import adversarial
from genai_demo.faces.lessons.measured import FACES, OPENED, SEED, gallery, painted, trained
from genai_demo.faces.models import conditioning
from genai_demo.faces.models.gan import Discriminator, Generator
from genai_demo.faces.models.judge import Judge
from genai_demo.faces.sampling.loading import load


def gan_lesson() -> Lesson:
    """Return how a generative adversarial network works.

    Raises:
        UserError: its checkpoint cannot be used.
    """
    checkpoint = load("gan", "gan").checkpoint
    return _gan(checkpoint.folder, checkpoint.id)


@lru_cache(maxsize=2)
def _gan(folder: Path, checkpoint: str) -> Lesson:
    loaded = load("gan", "gan")
    generator = loaded.painter.network
    assert isinstance(generator, Generator)
    pictures, device = painted(loaded), next(generator.parameters()).device
    judge = Judge.read_from(loaded.checkpoint)
    # Where the checkpoint keeps none, a new one shows how it is built, and says nothing.
    discriminator = (judge.network if judge else Discriminator(generator.config)).to(device).eval()
    latents = torch.zeros(1, generator.config.latent, device=device)
    unknown = torch.full((FACES,), float("nan"))
    condition = conditioning.encode(unknown, unknown, unknown).to(device)
    scores: dict[str, Value] = dict.fromkeys(("real", "judge", "discriminator_loss", "generator_loss"))
    if judge:
        with torch.inference_mode():
            scores = _scores(float(judge.real.mean()), float(discriminator(pictures, condition).mean()))
    noise, labels = symbol("noise", letter("z")), symbol("labels", letter("c"))
    real, made = (
        symbol("real", letter("x")),
        row(symbol("made", letter("G")), sign("("), noise, sign(","), labels, sign(")")),
    )
    judged = symbol("judge", letter("D"))
    slope = row(letter("∇"), letter("D"))
    penalty = symbol("penalty", letter("γ"))

    def norm(of: str) -> str:
        return high(row(sign("‖"), slope, sign("("), of, sign(")"), sign("‖")), number("2"))

    on_real, on_generated = called(judged, real), called(letter("D"), made)
    plus = name("softplus")
    return Lesson(
        name="gan",
        tab="faces",
        checkpoint=f"{folder.name} {checkpoint}",
        networks=(
            Drawn(
                "generator",
                (generator.config.latent + conditioning.SIZE,),
                parts(generator, lambda: generator(latents, condition[:1]), OPENED),
                weights_of(generator),
            ),
            Drawn(
                "discriminator",
                tuple(pictures.shape[1:]),
                parts(discriminator, lambda: discriminator(pictures, condition), OPENED),
                weights_of(discriminator),
            ),
        ),
        formulas=(
            row(
                symbol("discriminator_loss", low(letter("L"), letter("D"))),
                sign("="),
                called(plus, row(on_generated, sign("−"), on_real)),
                sign("+"),
                over(penalty, number("2")),
                sign("("),
                norm(letter("x")),
                sign("+"),
                norm(row(letter("G"), sign("("), letter("z"), sign(")"))),
                sign(")"),
            ),
            row(
                symbol("generator_loss", low(letter("L"), letter("G"))),
                sign("="),
                called(plus, row(on_real, sign("−"), on_generated)),
                sign("+"),
                symbol("label_weight", letter("w")),
                low(letter("L"), labels),
            ),
        ),
        values={
            "noise": (generator.config.latent,),
            "labels": (conditioning.SIZE,),
            "made": tuple(pictures.shape[1:]),
            "real": scores["real"],
            "judge": scores["judge"],
            "penalty": f"{trained(loaded.checkpoint, 'gamma'):g} → {trained(loaded.checkpoint, 'final_gamma'):g}",
            "label_weight": trained(loaded.checkpoint, "label_weight"),
            "discriminator_loss": scores["discriminator_loss"],
            "generator_loss": scores["generator_loss"],
        },
        code=(adversarial.discriminator_loss, adversarial.generator_loss, adversarial.gradient_penalty),
        claims=(
            Claim("sharp", True, gallery("gan")),
            Claim("steered", True, {"page": "face", "model": "gan", "seed": str(SEED)}),
            Claim("no_code", False, {"page": "photo"}),
            Claim("may_collapse", False, {"page": "train", "family": "gan", "gamma": "0", "final_gamma": "0"}),
        ),
        paper="Goodfellow et al. 2014, arXiv:1406.2661; Huang et al. 2024, arXiv:2501.05441",
        fields={"count": FACES},
    )


def _scores(real: float, made: float) -> dict[str, Value]:
    """Return mean scores, and the losses of their difference."""
    lead = torch.tensor([made - real, real - made])
    on_judge, on_generator = F.softplus(lead).tolist()
    return {"real": real, "judge": made, "discriminator_loss": on_judge, "generator_loss": on_generator}

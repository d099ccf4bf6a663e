"""How the families of networks that paint and compare faces work, told on those that ship, and on the textbook's."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

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
from genai_demo.engine.lessons.lesson import Claim, Drawn, Lesson, Value
from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.lineage import stages
from genai_demo.engine.nn import adversarial, contrastive
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.data.textbook import DIGITS, read_grey
from genai_demo.faces.models import conditioning, textbook_gan, textbook_vae, vae
from genai_demo.faces.models.blocks import ConvDecoder, ConvEncoder
from genai_demo.faces.models.gan import Discriminator, Generator
from genai_demo.faces.models.judge import Judge
from genai_demo.faces.models.vae import Vae
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.loading import LoadedPainter, load, load_encoder
from genai_demo.faces.training.encoder import view
from genai_demo.faces.training.textbook.configs import TextbookVaeTraining

FACES = 16
"""painted faces on which networks that ship are measured"""
PICTURES = 64
"""held-out digits on which the textbook's are"""
_SEED = 7
_OPENED = (ConvDecoder, ConvEncoder)


def vae_lesson() -> Lesson:
    """Return how a variational autoencoder works.

    Raises:
        UserError: its checkpoint cannot be used.
    """
    checkpoint = load("vae", "vae").checkpoint
    return _vae(checkpoint.folder, checkpoint.id)


def gan_lesson() -> Lesson:
    """Return how a generative adversarial network works.

    Raises:
        UserError: its checkpoint cannot be used.
    """
    checkpoint = load("gan", "gan").checkpoint
    return _gan(checkpoint.folder, checkpoint.id)


def contrastive_lesson() -> Lesson:
    """Return how a contrastive encoder works, on faces that a model that ships has painted.

    Raises:
        UserError: its checkpoint, or that of the model that paints, cannot be used.
    """
    encoder, painter = load_encoder().checkpoint, load("gan", "gan").checkpoint
    return _contrastive(encoder.folder, encoder.id, painter.id)


@lru_cache(maxsize=2)
def _vae(folder: Path, checkpoint: str) -> Lesson:
    loaded = load("vae", "vae")
    network = loaded.painter.network
    assert isinstance(network, Vae)
    pictures = _painted(loaded)
    free = _trained(loaded.checkpoint, "free")
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(_SEED)
        mean, log_variance = network.encode(pictures)
        painted = network.decode(mean + torch.randn_like(mean) * (0.5 * log_variance).exp())
        divergence = vae.kl_divergence(mean, log_variance)
        told = vae.vae_loss(network, pictures, free)
    differences = vae.laplacian_pyramid(painted - pictures)
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
                parts(network, lambda: network.encode(pictures), _OPENED),
                sum(weights_of(one) for one in (network.observer, network.to_code)),
            ),
            Drawn(
                "decoder",
                (network.config.latent,),
                parts(network, lambda: network.decode(mean), _OPENED),
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
            Claim("blurred", False, _gallery("vae")),
            Claim("free_codes", False, {"page": "train", "family": "vae", "free": "20"}),
        ),
        paper="Kingma & Welling 2014, arXiv:1312.6114",
        fields={"count": FACES, "active": float(told["active"])},
    )


@lru_cache(maxsize=2)
def _gan(folder: Path, checkpoint: str) -> Lesson:
    loaded = load("gan", "gan")
    generator = loaded.painter.network
    assert isinstance(generator, Generator)
    pictures, device = _painted(loaded), next(generator.parameters()).device
    judge = Judge.read_from(loaded.checkpoint)
    # Where the checkpoint keeps none, a new one shows how it is built, and says nothing.
    discriminator = (judge.network if judge else Discriminator(generator.config)).to(device).eval()
    latents = torch.zeros(1, generator.config.latent, device=device)
    unknown = torch.full((FACES,), float("nan"))
    condition = conditioning.encode(unknown, unknown, unknown).to(device)
    on_made: Value = None
    if judge:
        with torch.inference_mode():
            on_made = float(discriminator(pictures, condition).mean())
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
                parts(generator, lambda: generator(latents, condition[:1]), _OPENED),
                weights_of(generator),
            ),
            Drawn(
                "discriminator",
                tuple(pictures.shape[1:]),
                parts(discriminator, lambda: discriminator(pictures, condition), _OPENED),
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
            "real": float(judge.real.mean()) if judge else None,
            "judge": on_made,
            "penalty": f"{_trained(loaded.checkpoint, 'gamma'):g} → {_trained(loaded.checkpoint, 'final_gamma'):g}",
            "label_weight": _trained(loaded.checkpoint, "label_weight"),
            "discriminator_loss": None
            if on_made is None or judge is None
            else _softplus(on_made - float(judge.real.mean())),
            "generator_loss": None
            if on_made is None or judge is None
            else _softplus(float(judge.real.mean()) - on_made),
        },
        code=(adversarial.discriminator_loss, adversarial.generator_loss, adversarial.gradient_penalty),
        claims=(
            Claim("sharp", True, _gallery("gan")),
            Claim("steered", True, {"page": "face", "model": "gan", "seed": str(_SEED)}),
            Claim("no_code", False, {"page": "photo"}),
            Claim("may_collapse", False, {"page": "train", "family": "gan", "gamma": "0", "final_gamma": "0"}),
        ),
        paper="Goodfellow et al. 2014, arXiv:1406.2661; Huang et al. 2024, arXiv:2501.05441",
        fields={"count": FACES},
    )


@lru_cache(maxsize=2)
def _contrastive(folder: Path, checkpoint: str, _painter: str) -> Lesson:
    network = load_encoder().network
    faces = _painted(load("gan", "gan"))
    temperature = _trained(load_encoder().checkpoint, "temperature")
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(_SEED)
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
                parts(network, lambda: network.embed(network(faces)), _OPENED),
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
            Claim("neighbours", True, {"page": "face", "model": "gan", "seed": str(_SEED)}),
            Claim("paints_nothing", False, {"page": "photo"}),
            Claim("labels_only", False, {"page": "train", "family": "encoder", "contrast": "0"}),
        ),
        paper="Chen et al. 2020, arXiv:2002.05709",
        fields={"count": FACES},
    )


@lru_cache(maxsize=1)
def textbook_vae_lesson() -> Lesson:
    """Return how the variational autoencoder of courses works, told on an untrained one."""
    pictures = read_grey(DIGITS)[1][:PICTURES].float() / 255
    torch_state = textbook_vae.TextbookVaeConfig()
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(_SEED)
        network = textbook_vae.TextbookVae(torch_state).eval()
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
                (1, torch_state.side, torch_state.side),
                parts(network, lambda: network.encode(pictures)),
                sum(weights_of(one) for one in (network.read, network.mean, network.log_variance)),
            ),
            Drawn(
                "decoder",
                (torch_state.latent,),
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
            "pixel": (1, torch_state.side, torch_state.side),
            "painted": (1, torch_state.side, torch_state.side),
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
        torch.manual_seed(_SEED)
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


def _painted(loaded: LoadedPainter) -> Tensor:
    """Return faces that a model paints, (FACES, 3, S, S), -1 to 1, on its device."""
    painter, model = loaded.painter, loaded.checkpoint.family
    requests = [FaceRequest(model=model, seed=_SEED, index=index) for index in range(FACES)]
    pictures = painter.paint([painter.code(painter.fill_in(request)) for request in requests])
    return to_floats(pictures).to(next(painter.network.parameters()).device)


def _trained(checkpoint: Checkpoint, field: str) -> float:
    """Return a hyper-parameter of the last stage of a checkpoint that knows it; nan where none does."""
    told = [stage.trained.get("data", {}).get("training", {}).get(field) for stage in stages(checkpoint)]
    return float(next((one for one in reversed(told) if one is not None), float("nan")))


def _softplus(value: float) -> float:
    return float(F.softplus(torch.tensor(value)))


def _gallery(model: str) -> dict[str, str]:
    return {"page": "gallery", "model": model, "seed": str(_SEED)}

"""How the two kinds of language models work, told on those that ship."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from genai_demo.engine.lessons.architecture import parts, weights_of
from genai_demo.engine.lessons.formula import called, letter, low, name, number, over, row, sign, symbol, total
from genai_demo.engine.lessons.lesson import Claim, Drawn, Lesson
from genai_demo.text.models.gru import GruModel
from genai_demo.text.models.loss import cross_entropy
from genai_demo.text.models.masked import MaskedModel, draw_mask
from genai_demo.text.sampling.loading import LoadedModel, load
from genai_demo.text.tokens.special_tokens import END, MASK, topics_in

EXAMPLE = "Oil prices rose to a record on Monday as traders worried about supplies from the Gulf."
"""what both models are measured on; it is written for this, so nobody has learnt it"""
_TOPIC = "business"
_SEED = 0


def autoregressive() -> Lesson:
    """Return how a model that writes from left to right works, told on the GRU.

    Raises:
        UserError: its checkpoint cannot be used.
    """
    loaded = load("gru", "gru")
    return _autoregressive(loaded.checkpoint.folder, loaded.checkpoint.id)


def masked() -> Lesson:
    """Return how a model that fills in what is hidden works, told on the masked model.

    Raises:
        UserError: its checkpoint cannot be used.
    """
    loaded = load("masked", "masked")
    return _masked(loaded.checkpoint.folder, loaded.checkpoint.id)


@lru_cache(maxsize=2)
def _autoregressive(folder: Path, _checkpoint: str) -> Lesson:
    loaded = load("gru", "gru")
    network = loaded.network
    assert isinstance(network, GruModel)
    rows = _row(loaded)
    with torch.inference_mode():
        loss = float(network.loss(rows)["loss"])
    config, tokens = network.config, rows.shape[1] - 1
    nats = symbol("loss", letter("L"))
    step = letter("t")
    said = symbol("probability", low(letter("p"), step))
    state, token = symbol("state", low(letter("h"), step)), symbol("token", low(letter("x"), step))
    before = low(letter("h"), row(step, sign("−"), number("1")))
    vectors = symbol("embedding", letter("E"))
    count = symbol("tokens", letter("T"))
    return Lesson(
        name="autoregressive",
        tab="news",
        checkpoint=f"{folder.name} {loaded.checkpoint.id}",
        networks=(Drawn("gru", (tokens,), parts(network, lambda: network(rows[:, :-1])), weights_of(network)),),
        formulas=(
            row(state, sign("="), called(name("GRU"), row(low(letter("E"), token)), before)),
            row(said, sign("="), called(name("softmax"), row(vectors, letter("W"), state))),
            row(
                nats,
                sign("="),
                sign("−"),
                over(number("1"), count),
                total(step),
                name("log"),
                called(said, low(letter("x"), row(step, sign("+"), number("1")))),
            ),
        ),
        values={
            "token": config.vocabulary,
            "embedding": tuple(network.embedding.weight.shape),
            "state": (config.layers, config.hidden),
            "probability": math.exp(-loss),
            "tokens": tokens,
            "loss": loss,
        },
        code=(GruModel.loss, GruModel.read),
        claims=(
            Claim("exact", True, {"page": "read"}),
            Claim("quick", True, _written("gru", 80)),
            Claim("forgets", False, _written("gru", 200)),
            Claim("one_way", False, {"page": "fill"}),
            Claim("first_word", False, {"page": "train", "family": "gru", "first_word_only": "true"}),
        ),
        paper="Cho et al. 2014, arXiv:1406.1078; Graves 2013, arXiv:1308.0850",
        fields={"text": EXAMPLE, "bits": loss * tokens / math.log(2) / (len(EXAMPLE.encode()) + 1)},
    )


@lru_cache(maxsize=2)
def _masked(folder: Path, _checkpoint: str) -> Lesson:
    loaded = load("masked", "masked")
    network = loaded.network
    assert isinstance(network, MaskedModel)
    rows = _row(loaded)
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(_SEED)
        hidden = draw_mask(rows, controls=topics_in(loaded.checkpoint.model).controls)
        vectors = network(rows.masked_fill(hidden, MASK))
        loss = float(cross_entropy(vectors[hidden], network.embedding.weight, rows[hidden]))
    config = network.config
    place, holes = letter("t"), symbol("hidden", letter("M"))
    said = symbol("probability", low(letter("p"), place))
    token = symbol("token", low(letter("x"), place))
    read = symbol("seen", low(letter("x"), row(sign("∖"), letter("M"))))
    return Lesson(
        name="masked",
        tab="news",
        checkpoint=f"{folder.name} {loaded.checkpoint.id}",
        networks=(Drawn("masked", (rows.shape[1],), parts(network, lambda: network(rows)), weights_of(network)),),
        formulas=(
            row(
                said,
                sign("="),
                called(name("softmax"), row(symbol("embedding", letter("E")), called(letter("f"), read))),
            ),
            row(
                symbol("loss", letter("L")),
                sign("="),
                sign("−"),
                over(number("1"), row(sign("|"), holes, sign("|"))),
                total(row(place, sign("∈"), letter("M"))),
                name("log"),
                called(said, token),
            ),
        ),
        values={
            "token": config.vocabulary,
            "hidden": int(hidden.sum()),
            "seen": int((~hidden).sum()),
            "embedding": tuple(network.embedding.weight.shape),
            "probability": math.exp(-loss),
            "loss": loss,
        },
        code=(MaskedModel.loss, draw_mask),
        claims=(
            Claim("both_sides", True, {"page": "fill"}),
            Claim("rewrites", True, {"page": "rewrite"}),
            Claim("repeats", False, _written("masked", 80)),
            Claim("bound", False, {"page": "read"}),
            Claim("all_hidden", False, {"page": "train", "family": "masked", "first_holes": "1"}),
        ),
        paper="Devlin et al. 2019, arXiv:1810.04805; Chang et al. 2022, arXiv:2202.04200",
        fields={"text": EXAMPLE},
    )


def _row(loaded: LoadedModel) -> Tensor:
    """Return the example as a network reads it, (1, T): its topic, its tokens and the end."""
    tokenizer = loaded.tokenizer
    row_ = [tokenizer.topics.tokens[_TOPIC], *tokenizer.encode(EXAMPLE), END]
    return torch.tensor([row_], device=loaded.network.embedding.weight.device)


def _written(model: str, length: int) -> dict[str, str]:
    return {"page": "write", "model": model, "topic": _TOPIC, "length": str(length), "seed": "7"}

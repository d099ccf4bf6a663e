"""Makes a language model as sure as it is right: one temperature, fitted on articles it has not learnt from.

A model that has read few texts many times is too sure of its guesses. Dividing its logits by one number mends most of
that and changes no ranking (Guo et al. 2017, "On calibration of modern neural networks", section 4.2).
"""

from __future__ import annotations

from pathlib import Path

import torch

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Article, data_hash, read_held_out
from genai_demo.text.data.memorization import without_copies
from genai_demo.text.models.gru import GruConfig, GruModel
from genai_demo.text.tokens.special_tokens import topics_in
from genai_demo.text.tokens.tokenizer import FILE, Tokenizer
from genai_demo.text.training.likelihood import bits_per_byte

_RANGE = (0.5, 2.0)
"""temperatures between which the best one is looked for"""
_ROUNDS = 12
"""each narrows the range to 0.62 of it: the result is exact to about 0.005"""
_GOLDEN = (5**0.5 - 1) / 2


def calibrate_checkpoint(folder: Path, source: str, news: list[Article]) -> Checkpoint:
    """Calibrate the GRU whose checkpoint lies in `folder`, and return the checkpoint that takes its place.

    Args:
        folder: of a checkpoint; its description tells afterwards how it was calibrated.
        source: path or hub id of held-out articles to fit the temperature on.
        news: what the model has learnt from; copies of it are left out of the held-out articles.

    Raises:
        UserError: the checkpoint is not a GRU's, the articles cannot be read, or all of them were learnt from.
    """
    checkpoint = read_checkpoint(folder)
    if checkpoint.family != "gru":
        raise UserError("text.other_family", folder=folder, found=checkpoint.family, wanted="gru")
    topics = topics_in(checkpoint.model)
    held_out = read_held_out(source, topics).articles
    articles = without_copies(held_out, news)
    if not articles:
        raise UserError("text.validation_is_training", count=len(held_out))
    network = GruModel(GruConfig(**checkpoint.model))
    network.load_state_dict(checkpoint.weights())
    temperature = calibrate(network, Tokenizer.read(folder / FILE, topics), articles)
    about = {
        "temperature": temperature,
        "file": Path(source).name,
        "articles": len(articles),
        "hash": data_hash(articles),
    }
    files = {FILE: folder / FILE}
    trained = checkpoint.trained | {"calibrated": about}
    return save_checkpoint(folder, network.state_dict(), "gru", checkpoint.model, trained, files, half=True)


def calibrate(network: GruModel, tokenizer: Tokenizer, articles: list[Article]) -> float:
    """Divide the logits of `network` by the temperature at which it needs the fewest bits, and return that.

    Args:
        network: changed in place: its projection is scaled.
        tokenizer: the network's.
        articles: held out, at least one.
    """
    original = network.project.weight.detach().clone()

    def bits(temperature: float) -> float:
        with torch.no_grad():
            network.project.weight.copy_(original / temperature)
        return bits_per_byte(network, tokenizer, articles)

    low, high = _RANGE
    # Golden-section search: the bits are convex in the inverse temperature, so they have one minimum.
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = bits(left), bits(right)
    for _ in range(_ROUNDS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = bits(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = bits(right)
    best = round((low + high) / 2, 3)
    bits(best)
    return best

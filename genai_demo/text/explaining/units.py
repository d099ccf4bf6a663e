"""What a unit of the GRU reacts to: its value along a text, and units that track something, found by a probe.

A unit's value may go along with a trait of the text by chance, and the best of a thousand units does: so the same
search among the units of an untrained network of the same sizes stands beside it as the floor, and both are measured on
texts in which nothing was searched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

from genai_demo.errors import UserError
from genai_demo.text.data.sample import sample_rows
from genai_demo.text.explaining.influence import untrained_like
from genai_demo.text.models.gru import GruModel
from genai_demo.text.requests import VARIANTS, usual
from genai_demo.text.sampling.loading import LoadedModel, kind_of
from genai_demo.text.tokens.special_tokens import AG_NEWS, PAD
from genai_demo.text.tokens.tokenizer import Tokenizer

Reals = npt.NDArray[np.float64]
TEXTS = 64
"""texts in whose first half units are searched, and in whose second half they are measured"""
BEST = 3
"""units that are named for each trait"""
_OPENING, _CLOSING, _EITHER = "“「『《", "”」』》", '"'
_SENTENCE_END = re.compile(r"[.!?。！？]$")


@dataclass(frozen=True)
class Tracking:
    """A unit whose value goes along with a trait of the text."""

    unit: int
    """its number, those of the first layer first"""
    correlation: float
    """of its value with the trait, -1 to 1, in texts in which it was not searched"""


@dataclass(frozen=True)
class Probe:
    """What was found for a trait."""

    trait: str
    """"quotation", "number" or "position\""""
    units: tuple[Tracking, ...]
    """those that track it best in the texts in which they were searched, the best first"""
    floor: float
    """size of the correlation of the best unit of an untrained network, found and measured in the same way"""
    tokens: int
    """in which they were measured"""


def activations(network: GruModel, rows: Sequence[Sequence[int]]) -> list[Reals]:
    """Return for each row of ids (T,) the values of all units (T, layers * hidden) after each of them was read."""
    width = max(map(len, rows))
    padded = torch.tensor([[*row, *[PAD] * (width - len(row))] for row in rows], device=network.embedding.weight.device)
    outputs: list[torch.Tensor] = []
    with torch.inference_mode():
        network.read(network.embedding(padded), None, outputs)
    values = torch.cat(outputs, 2).double().cpu().numpy()  # (B, T, layers * hidden)
    return [row_values[: len(row)] for row_values, row in zip(values, rows, strict=True)]


def activation_of(loaded: LoadedModel, ids: Sequence[int], unit: int) -> tuple[float, ...]:
    """Return the value of a unit after each of the ids was read.

    Raises:
        UserError: the model has no such unit, or is no GRU.
    """
    network = gru_of(loaded)
    most = network.config.layers * network.config.hidden - 1
    if not 0 <= unit <= most:
        raise UserError("text.no_such_unit", number=unit, most=most)
    return tuple(activations(network, [ids])[0][:, unit].tolist())


def gru_of(loaded: LoadedModel) -> GruModel:
    """Return the network of a model that is a GRU.

    Raises:
        UserError: it is none.
    """
    if not isinstance(loaded.network, GruModel):
        raise UserError("text.units_of_gru")
    return loaded.network


# ---- what a unit may track


def _quotation(tokenizer: Tokenizer, ids: Sequence[int]) -> list[float]:
    """Return after each token whether a quotation is open."""
    found, opened = [], False
    for index in ids:
        for letter in tokenizer.decode([index]):
            opened = not opened if letter in _EITHER else letter in _OPENING or (opened and letter not in _CLOSING)
        found.append(float(opened))
    return found


def _number(tokenizer: Tokenizer, ids: Sequence[int]) -> list[float]:
    """Return of each token whether there is a digit in it."""
    return [float(any(map(str.isdigit, tokenizer.decode([index])))) for index in ids]


def _position(tokenizer: Tokenizer, ids: Sequence[int]) -> list[float]:
    """Return after each token how many tokens of its sentence were read."""
    found, read = [], 0
    for index in ids:
        read += 1
        found.append(float(read))
        if _SENTENCE_END.search(tokenizer.decode([index])):
            read = 0
    return found


TRAITS: dict[str, Callable[[Tokenizer, Sequence[int]], list[float]]] = {
    "quotation": _quotation,
    "number": _number,
    "position": _position,
}


# ---- the search


def probe(loaded: LoadedModel) -> tuple[Probe, ...]:
    """Return for each trait the units of a GRU that track it; the second time at once.

    Raises:
        UserError: the model is no GRU.
    """
    gru_of(loaded)
    return _probed(_Kept(loaded))


class _Kept:
    """A model as the key of what was found in it."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded

    def __hash__(self) -> int:
        return hash(self.loaded.checkpoint.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.loaded.checkpoint.id == self.loaded.checkpoint.id


@lru_cache(maxsize=4)
def _probed(kept: _Kept) -> tuple[Probe, ...]:
    loaded = kept.loaded
    untrained = untrained_like(loaded)
    assert isinstance(untrained, GruModel)
    return probe_networks(gru_of(loaded), untrained, loaded.tokenizer, texts_to_probe(loaded))


def probe_networks(
    network: GruModel, untrained: GruModel, tokenizer: Tokenizer, texts: Sequence[str]
) -> tuple[Probe, ...]:
    """Return for each trait the units that track it, and the floor.

    Args:
        network: the one in question.
        untrained: one of the same sizes that has learnt nothing.
        tokenizer: of both.
        texts: at least two; units are searched in the first half of them.
    """
    topic = tokenizer.topics.tokens["any"]
    rows = [tokenizer.encode(text) for text in texts]
    half = len(rows) // 2
    read = [_read_halves(one, topic, rows, half) for one in (network, untrained)]
    found = []
    for trait, label in TRAITS.items():
        labels = [np.concatenate([label(tokenizer, row) for row in part]) for part in (rows[:half], rows[half:])]
        best, floor = (_tracking(searched, measured, *labels) for searched, measured in read)
        found.append(Probe(trait, best, abs(floor[0].correlation) if floor else 0.0, len(labels[1])))
    return tuple(found)


def _read_halves(network: GruModel, topic: int, rows: Sequence[Sequence[int]], half: int) -> tuple[Reals, Reals]:
    """Return the values of all units after each token (N, units) of either half of the texts."""
    values = [one[1:] for one in activations(network, [[topic, *row] for row in rows])]
    return np.concatenate(values[:half]), np.concatenate(values[half:])


def _tracking(searched: Reals, measured: Reals, labels: Reals, measured_labels: Reals) -> tuple[Tracking, ...]:
    strength = np.abs(_correlations(searched, labels))
    best = np.argsort(-strength, kind="stable")[:BEST]
    held_out = _correlations(measured[:, best], measured_labels)
    return tuple(Tracking(int(unit), float(value)) for unit, value in zip(best, held_out, strict=True))


def _correlations(values: Reals, labels: Reals) -> Reals:
    """Return the correlation (Pearson) of each column (N, units) with labels (N,); 0 where one is constant."""
    values, labels = values - values.mean(0), labels - labels.mean()
    spread = np.sqrt((values**2).sum(0) * (labels**2).sum())
    return np.divide(labels @ values, spread, out=np.zeros(values.shape[1]), where=spread > 1e-9)


# ---- the texts


def texts_to_probe(loaded: LoadedModel) -> list[str]:
    """Return texts to search in: English by a grammar, some sentences quoted; others the model writes itself."""
    if loaded.tokenizer.topics is AG_NEWS:
        rows = sample_rows(2 * TEXTS, held_out=False)[:TEXTS]
        return [_quoted(f"{title}. {story}", number) for number, (_, title, story) in enumerate(rows)]
    from genai_demo.text.sampling.generation import produce

    request = usual(kind_of(loaded.checkpoint))
    texts: list[str] = []
    for seed in range(-(-TEXTS // VARIANTS[1])):
        *_, made = produce(loaded, replace(request, variants=VARIANTS[1], seed=seed))
        texts += [draft.text for draft in made.drafts]
    return texts[:TEXTS]


def _quoted(text: str, number: int) -> str:
    """Return a text with one of its sentences in quotation marks, by turns the first, the second, and so on."""
    sentences = re.split(r"(?<=[.!?]) ", text.replace('"', ""))
    place = number % len(sentences)
    sentences[place] = f'"{sentences[place]}"'
    return " ".join(sentences)

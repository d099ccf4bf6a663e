"""Finds and loads the text checkpoints, once per process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genai_demo.engine.models.checkpoint import CONFIG, Checkpoint
from genai_demo.engine.models.registry import Registry, load_network
from genai_demo.errors import UserError
from genai_demo.text.tokens.special_tokens import AG_NEWS, THUCNEWS, TopicSet, topics_in

if TYPE_CHECKING:
    from genai_demo.engine.generation.batching import Batcher
    from genai_demo.text.models.gru import GruModel, Int8Gru
    from genai_demo.text.models.masked import MaskedModel
    from genai_demo.text.sampling.decoding import Vocabulary
    from genai_demo.text.tokens.tokenizer import Tokenizer

FOLDERS = {
    "gru": "news-gru",
    "masked": "news-masked",
    "headlines": "headlines-gru",
    "headlines-masked": "headlines-masked",
}
"""folder of the checkpoint of each model that writes"""
CLASSIFIERS = {AG_NEWS.name: "news-topics", THUCNEWS.name: "headlines-topics"}
"""folder of the checkpoint that judges topics, by the set that these are of"""
JUDGES = {"topics": CLASSIFIERS[AG_NEWS.name], "headlines-topics": CLASSIFIERS[THUCNEWS.name]}
"""folder of each of them by its short name"""


@dataclass(frozen=True)
class LoadedModel:
    """A checkpoint ready to use."""

    checkpoint: Checkpoint
    network: GruModel | MaskedModel
    tokenizer: Tokenizer
    vocabulary: Vocabulary
    headlines: bool
    """whether its texts have a headline on a line of its own"""
    together: Batcher[Int8Gru] | None
    """computes the steps of all texts that it writes at the moment; None where texts do not grow token by token"""


def topics_of(checkpoint: Checkpoint) -> TopicSet:
    """Return the topics of a model.

    Raises:
        UserError: its configuration names none that are known here.
    """
    try:
        return topics_in(checkpoint.model)
    except KeyError as error:
        raise UserError("engine.other_weights", file=checkpoint.folder / CONFIG) from error


def _load(checkpoint: Checkpoint) -> LoadedModel:
    from genai_demo.engine.generation.batching import Batcher
    from genai_demo.text.models.gru import GruModel, Int8Gru
    from genai_demo.text.models.networks import make_network
    from genai_demo.text.sampling.decoding import Vocabulary, parts_headlines
    from genai_demo.text.tokens.tokenizer import FILE, Tokenizer

    tokenizer = Tokenizer.read(checkpoint.folder / FILE, topics_of(checkpoint))
    vocabulary, network = Vocabulary(tokenizer), load_network(checkpoint, make_network)
    headlines = isinstance(network, GruModel) and parts_headlines(network, vocabulary)
    together = Batcher(Int8Gru(network)) if isinstance(network, GruModel) else None
    return LoadedModel(checkpoint, network, tokenizer, vocabulary, headlines, together)


def kind_of(checkpoint: Checkpoint) -> str:
    """Return the short name of the model that a checkpoint could stand in for: "gru" and "masked" write English news.

    Raises:
        UserError: its topics are not known here.
    """
    topics = topics_of(checkpoint)
    if topics is AG_NEWS:
        return checkpoint.family
    return "headlines" if checkpoint.family == "gru" else f"headlines-{checkpoint.family}"


registry = Registry("text", FOLDERS, JUDGES, {"gru": _load, "masked": _load}, kind_of)
checkpoint_folder, load = registry.folder, registry.load


def is_here(model: str) -> bool:
    """Return whether there is a checkpoint of a model, be it in order or not."""
    return (checkpoint_folder(model) / CONFIG).is_file()

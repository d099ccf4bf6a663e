"""Finds and loads the text checkpoints, once per process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genai_demo.engine.models.checkpoint import CONFIG, Checkpoint
from genai_demo.engine.models.registry import Registry, load_network
from genai_demo.errors import UserError
from genai_demo.text.tokens.special_tokens import TopicSet, topics_in

if TYPE_CHECKING:
    from genai_demo.text.models.gru import GruModel
    from genai_demo.text.models.masked import MaskedModel
    from genai_demo.text.sampling.decoding import Vocabulary
    from genai_demo.text.tokens.tokenizer import Tokenizer

FOLDERS = {"gru": "news-gru", "masked": "news-masked"}
"""folder of the checkpoint of each model that writes"""
CLASSIFIER = "news-topics"
"""folder of the checkpoint that judges topics"""


@dataclass(frozen=True)
class LoadedModel:
    """A checkpoint ready to use."""

    checkpoint: Checkpoint
    network: GruModel | MaskedModel
    tokenizer: Tokenizer
    vocabulary: Vocabulary
    headlines: bool
    """whether its texts have a headline on a line of its own"""


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
    from genai_demo.text.models.gru import GruModel
    from genai_demo.text.models.networks import make_network
    from genai_demo.text.sampling.decoding import Vocabulary, parts_headlines
    from genai_demo.text.tokens.tokenizer import FILE, Tokenizer

    tokenizer = Tokenizer.read(checkpoint.folder / FILE, topics_of(checkpoint))
    vocabulary, network = Vocabulary(tokenizer), load_network(checkpoint, make_network)
    headlines = isinstance(network, GruModel) and parts_headlines(network, vocabulary)
    return LoadedModel(checkpoint, network, tokenizer, vocabulary, headlines)


registry = Registry("text", FOLDERS, {"topics": CLASSIFIER}, dict.fromkeys(FOLDERS, _load))
checkpoint_folder, load = registry.folder, registry.load

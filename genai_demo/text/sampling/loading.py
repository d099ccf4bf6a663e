"""Finds and loads the text checkpoints, once per process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.models.registry import Shelf, load_network
from genai_demo.errors import UserError

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


def _load(folder: Path) -> LoadedModel:
    checkpoint = read_checkpoint(folder)
    if checkpoint.family not in FOLDERS:
        raise UserError("text.not_a_text_model", folder=folder, family=checkpoint.family)

    from genai_demo.text.models.networks import make_network
    from genai_demo.text.sampling.decoding import Vocabulary
    from genai_demo.text.tokens.tokenizer import FILE, Tokenizer

    tokenizer = Tokenizer.read(folder / FILE)
    return LoadedModel(checkpoint, load_network(checkpoint, make_network), tokenizer, Vocabulary(tokenizer))


_shelf = Shelf({**FOLDERS, "topics": CLASSIFIER}, _load)
checkpoint_folder, problem, load = _shelf.folder, _shelf.problem, _shelf.load

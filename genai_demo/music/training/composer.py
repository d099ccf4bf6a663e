"""Trains the composer: puts data, network and objective together for the engine."""

from __future__ import annotations

from math import log
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genai_demo.engine.models.lineage import open_start
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.schedule import linear, warm_up
from genai_demo.engine.training.task import Batch, Phase, Task, decayed_adamw
from genai_demo.music.data.event_batches import UNKNOWN_AHEAD, EventBatches, Rows, as_batch, condition_pieces
from genai_demo.music.data.reading import Music, described
from genai_demo.music.models.composer import Composer, ComposerConfig, token_losses
from genai_demo.music.tokens import events
from genai_demo.music.training.configs import ComposerTraining

_VALIDATION_ROWS = 64
_TABLES = ("embedding.", "degrees.", "known.")
"""weights of which a step moves few; they do not decay"""


class ComposerTask(Task):
    """The composer as the engine sees it.

    Args:
        training: how to train.
        music: pieces to learn from.
        validation: pieces to measure on.
        sizes: fields of the network's configuration that differ from its defaults, or from those of `start`.
        start: a run or checkpoint whose weights to start from.
    """

    family = "composer"
    ema_network = "composer"
    selection_metric = "bits_per_note"

    def __init__(
        self,
        training: ComposerTraining,
        music: Music,
        validation: Music,
        sizes: dict[str, Any] | None = None,
        start: Path | None = None,
    ) -> None:
        origin = None if start is None else open_start(start, self.family)
        config = ComposerConfig(**((origin.checkpoint.model if origin else {}) | (sizes or {})))
        super().__init__(training, config, described(music, validation), origin)
        torch.manual_seed(training.seed)
        self._network = Composer(config)
        window = config.context
        self._batches = EventBatches(condition_pieces(music), window, training.seed)
        self._held_out = EventBatches(condition_pieces(validation), window, 0).spread(_VALIDATION_ROWS, UNKNOWN_AHEAD)
        if origin is not None:
            origin.load_into(self._network)
        self.networks = {self.ema_network: self._network}
        rate = warm_up(linear(1.0, training.final_rate), training.warm_up)
        optimizer = decayed_adamw(
            self._network,
            training.learning_rate,
            training.weight_decay,
            no_decay=lambda name, weight: name.startswith(_TABLES),
        )
        self.phases = [Phase("composer", self.ema_network, optimizer, self._loss, rate)]

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        losses, there = token_losses(self._network, batch)
        weight = there.sum().clamp(min=1)
        return {"loss": losses.sum() / weight, "weight": weight.float()}

    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return "tokens" (size, T), "times" (size, T) and "features" (size, T, len(BAR_FEATURES)), see `Rows`."""
        return as_batch(self._batches.batch(step, size, rank))

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return the bits per note of the validation pieces, of which nothing is known beforehand."""
        assert isinstance(network, Composer)
        device = network.embedding.weight.device
        bits = notes = 0.0
        for start in range(0, len(self._held_out.tokens), 16):
            rows = Rows(*(part[start : start + 16] for part in vars(self._held_out).values()))
            batch = {name: tensor.to(device) for name, tensor in as_batch(rows).items()}
            losses, _ = token_losses(network, batch)
            bits += float(losses.sum()) / log(2)
            notes += float(_is_note(batch["tokens"][:, 1:]).sum())
        return {"bits_per_note": bits / notes}

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return a piece, not chosen, as a MIDI file."""
        from genai_demo.music.midi.writing import marked_midi
        from genai_demo.music.sampling.composing import preview

        assert isinstance(network, Composer)
        return {"sample.mid": marked_midi(preview(network), None)}


def _is_note(tokens: Tensor) -> Tensor:
    first = events.FIRST["PITCH"]
    return (tokens >= first) & (tokens < first + events.COUNTS["PITCH"])

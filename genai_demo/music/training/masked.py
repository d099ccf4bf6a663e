"""Trains the masked model of rolls."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genai_demo.engine.models.lineage import open_start
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.schedule import linear, warm_up
from genai_demo.engine.training.task import Batch, Phase, Task, decayed_adamw, is_vector
from genai_demo.errors import UserError
from genai_demo.music.data.column_batches import ColumnBatches
from genai_demo.music.data.reading import Music, described
from genai_demo.music.models.masked import MaskedConfig, MaskedRoll
from genai_demo.music.models.masked_window import sounding
from genai_demo.music.sampling.unmasking import resolve
from genai_demo.music.training.configs import MaskedTraining
from genai_demo.music.training.masked_metrics import Frequencies, bits_per_note, middle_hidden


class MaskedTask(Task):
    """The masked model of rolls as the engine sees it.

    Args:
        training: how to train.
        music: pieces to learn from.
        validation: pieces to measure on; may be empty.
        sizes: fields of the network's configuration that differ from its defaults, or from those of `start`.
        start: a run or checkpoint whose weights to start from.
    """

    family = "masked"
    ema_network = "model"
    selection_metric = "bits_whole"

    def __init__(
        self,
        training: MaskedTraining,
        music: Music,
        validation: Music,
        sizes: dict[str, Any] | None = None,
        start: Path | None = None,
    ) -> None:
        origin = None if start is None else open_start(start, self.family)
        config = MaskedConfig(**((origin.checkpoint.model if origin else {}) | (sizes or {})))
        super().__init__(training, config, described(music, validation), origin)
        torch.manual_seed(training.seed)
        self._network = MaskedRoll(config)
        if origin is not None:
            origin.load_into(self._network)
        self.networks = {self.ema_network: self._network}
        dropouts = training.condition_dropout, training.metre_dropout
        self._batches = ColumnBatches(music, dropout=dropouts[0], metre_dropout=dropouts[1], seed=training.seed)
        if not len(self._batches):
            raise UserError("music.no_columns")
        held_out = ColumnBatches(validation) if len(validation) else None
        self._measure = bool(held_out)
        shown = held_out or self._batches
        chosen = shown.apart(training.measured)
        self._held_out = shown.windows(chosen, shown.white(chosen))
        self._frequencies = Frequencies(self._batches.windows(*_counted(self._batches)))
        rate = warm_up(linear(1.0, training.final_rate), training.warm_up)
        optimizer = decayed_adamw(self._network, training.learning_rate, training.weight_decay, no_decay=is_vector)
        self.phases = [Phase("model", self.ema_network, optimizer, self._loss, rate)]

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        return self._network.loss(batch)

    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return windows, see `ColumnWindows`."""
        return {name: torch.from_numpy(array) for name, array in self._batches.batch(step, size, rank).items()}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return the bits per hidden note of validation windows, by kind of mask, beside those of mere frequencies."""
        if not self._measure:
            return {}
        assert isinstance(network, MaskedRoll)
        return bits_per_note(network, self._held_out, self._frequencies)

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return windows as they are, and below each what is written where its middle third was hidden."""
        assert isinstance(network, MaskedRoll)
        windows = {name: torch.from_numpy(array[:4]) for name, array in self._held_out.items()}
        canvas = middle_hidden(windows)
        limits = torch.full(canvas.hidden.shape, canvas.hidden.shape[2])
        random = [torch.Generator().manual_seed(seed) for seed in range(len(canvas.keys))]
        *_, (filled, _) = resolve(network, canvas, canvas.hidden, limits, 1.0, 12, random)
        return {"sample.png": _pictures(canvas.keys, canvas.lengths, filled.keys, filled.lengths)}


def _counted(batches: ColumnBatches, most: int = 4096) -> tuple[np.ndarray, np.ndarray]:
    """Return the windows whose notes are counted for mere frequencies, and the semitones to the white keys."""
    chosen = batches.apart(most)
    return chosen, batches.white(chosen)


def _pictures(*rolls: Tensor) -> bytes:
    """Return a PNG of rolls one below the other: the right hand red, the left blue, onsets bright.

    Args:
        rolls: keys and lengths, each (B, 2, T, NOTES_PER_STEP), of one roll after the other; they stand together row by
            row.
    """
    from PIL import Image

    parts = [torch.stack(sounding(keys, lengths)) for keys, lengths in zip(rolls[::2], rolls[1::2], strict=True)]
    shades = [255 * struck + 140 * held for struck, held in parts]  # (B, 2, T, 88)
    rows = torch.stack(shades, 1).flatten(0, 1).clamp(max=255)  # (B, rolls, 2, T, 88) -> (B * rolls, 2, T, 88)
    picture = torch.zeros(*rows.shape[:1], rows.shape[3] + 4, rows.shape[2], 3)  # (B * rolls, 92, T, 3)
    for hand, colour in enumerate((0, 2)):
        picture[:, 2:-2, :, colour] = rows[:, hand].flip(-1).transpose(1, 2)
    picture[:, 0] = 90.0
    pixels = picture.flatten(0, 1).to(torch.uint8).numpy()
    stream = io.BytesIO()
    image = Image.fromarray(pixels)
    image.resize((image.width * 4, image.height * 2), Image.Resampling.NEAREST).save(stream, "PNG")
    return stream.getvalue()

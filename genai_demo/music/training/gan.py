"""Trains the piano GAN: what the two networks play for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genai_demo.engine.evaluation.variety import variety
from genai_demo.engine.evaluation.verdicts import JUDGED, verdict_histograms
from genai_demo.engine.models.lineage import open_start
from genai_demo.engine.nn.adversarial import discriminator_turn, generator_loss, lazy_penalty_weight
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.schedule import cosine, linear
from genai_demo.engine.training.state import read_networks
from genai_demo.engine.training.task import Batch, Phase, Task
from genai_demo.errors import UserError
from genai_demo.music.data.gan_batches import GanBatches, spread
from genai_demo.music.data.reading import Music, described
from genai_demo.music.data.roll_batches import RollWindows
from genai_demo.music.data.roll_statistics import distances, measure
from genai_demo.music.models.gan import Gan, GanConfig, RollBatch
from genai_demo.music.models.roll_conditioning import PHRASE_BARS
from genai_demo.music.tokens.roll_pictures import sheet_png
from genai_demo.music.training.configs import GanTraining

_MEASURED = 192
"""windows of each metre that are measured"""
_SHOWN = 3
"""windows of each metre in a preview"""


class GanTask(Task):
    """The piano GAN as the engine sees it.

    Args:
        training: how to train.
        music: pieces to learn from.
        validation: pieces to measure on; may be none.
        sizes: fields of the networks' configuration that differ from its defaults, or from those of `start`.
        start: a run of a GAN of the same sizes whose networks to go on with.

    Raises:
        UserError: no four bars of `music` are in one of `ROLL_TIME_SIGNATURES`, with a known key, or `start`
            cannot be used.
    """

    family = "gan"
    ema_network = "gan"
    selection_metric = "feature_distance"
    _training: GanTraining

    def __init__(
        self,
        training: GanTraining,
        music: Music,
        validation: Music,
        sizes: dict[str, Any] | None = None,
        start: Path | None = None,
    ) -> None:
        # The networks of a run stand nearest to its newest snapshot.
        origin = None if start is None else open_start(start, self.family, newest=True)
        config = GanConfig(**((origin.checkpoint.model if origin else {}) | (sizes or {})))
        self._latent = config.latent
        windows = RollWindows(music, PHRASE_BARS, PHRASE_BARS)
        if not np.any(windows.tonic >= 0):
            raise UserError("music.no_windows", bars=PHRASE_BARS)
        self._batches = GanBatches(windows, training.seed)
        held_out = RollWindows(validation, PHRASE_BARS, PHRASE_BARS) if len(validation) else windows
        self._held_out = spread(held_out, _MEASURED)
        self._shown = [_head(canvases, _SHOWN) for canvases in self._held_out]
        super().__init__(training, config, described(music, validation), origin)
        self._described["music"]["windows"], self._described["validation"]["windows"] = len(windows), len(held_out)
        # What a perfect model would be measured at: other real music.
        floor = distances(_measured(spread(windows, _MEASURED)), _measured(self._held_out))
        self._described["feature_distance_of_real_music"] = _mean(floor)
        torch.manual_seed(training.seed)
        both = self._both = Gan(config)
        self._generator, self._discriminator = both.generator, both.discriminator
        self._players: dict[str, nn.Module] = {"generator": self._generator, "discriminator": self._discriminator}
        self.networks = {"gan": both, **self._players}
        if start is not None:
            self._go_on_from(start)
        self.phases = [
            Phase(name, name, self._optimizer(self._players[name]), loss, cosine(share, share * training.final_rate))
            for name, loss, share in (
                ("discriminator", self._discriminator_loss, 1.0),
                ("generator", self._generator_loss, training.generator_share),
            )
        ]

    def _optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        # No momentum: each player must follow where the other has moved to (Mescheder et al. 2018, section 5).
        return torch.optim.Adam(network.parameters(), lr=self._training.learning_rate, betas=(0.0, 0.99), foreach=True)

    def _go_on_from(self, start: Path) -> None:
        # Snapshots hold the moving average; to go on, both need the weights it is the average of.
        weights = read_networks(RunFolder(start))
        for name, network in self._players.items():
            try:
                network.load_state_dict(weights[name])
            except RuntimeError as error:
                raise UserError("engine.other_sizes", folder=start) from error

    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return "canvas" (size, 2, 2, T, 72), "known" (size, 8) and "conditions" (size, roll_conditioning.SIZE)."""
        canvases = self._batches.batch(step, size, rank)
        return dict(zip(("canvas", "known", "conditions"), _tensors(canvases), strict=True))

    def _gamma(self, progress: Progress) -> float:
        return linear(self._training.gamma, self._training.final_gamma)(progress.fraction)

    def _slope(self, progress: Progress) -> float:
        first, last = self._training.slope, self._training.final_slope
        return first + (last - first) * max(0.0, 3 * progress.fraction - 2)

    def _written(self, batch: Batch, progress: Progress) -> Tensor:
        latents = torch.randn(len(batch["canvas"]), 1 + PHRASE_BARS, self._latent, device=batch["canvas"].device)
        return self._generator(
            latents, batch["conditions"], batch["canvas"].float(), batch["known"], self._slope(progress)
        )

    def _discriminator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        with torch.no_grad():
            fake = self._written(batch, progress)
        weight = lazy_penalty_weight(self._gamma(progress), progress.step, self._training.penalty_every)
        known, conditions = batch["known"], batch["conditions"]

        def score(canvas: Tensor) -> Tensor:
            return self._discriminator(canvas, conditions, known)

        return discriminator_turn(score, batch["canvas"].float(), fake, weight)

    def _generator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        known, conditions = batch["known"], batch["conditions"]
        fake = self._written(batch, progress)
        with torch.no_grad():
            real_scores = self._discriminator(batch["canvas"].float(), conditions, known)
        self._discriminator.requires_grad_(False)
        fake_scores = self._discriminator(fake, conditions, known)
        self._discriminator.requires_grad_(True)
        half = fake.shape[3] // 2
        notes = fake[:, :, 0, half:].detach().sum() / len(fake) / (half / 4)
        return {"loss": generator_loss(real_scores, fake_scores), "notes_per_quarter": notes}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return how far written windows are from validation windows with the same bars before and conditions.

        Beside it stands how much they differ from one another, as a share of how much those do.
        """
        assert isinstance(network, Gan)
        written = [network.write(canvases, seed=number) for number, canvases in enumerate(self._held_out)]
        made, real = _measured(written), _measured(self._held_out)
        parts = distances(made, real)
        return {"feature_distance": _mean(parts), **parts, "variety": _variety(made, real)}

    def verdicts(self, network: nn.Module) -> dict[str, Any]:
        """Return the scores of validation windows, and of written ones with the same bars before and conditions."""
        assert isinstance(network, Gan)
        real = [_head(canvases, max(1, JUDGED // len(self._held_out))) for canvases in self._held_out]
        made = [network.write(canvases, seed=number) for number, canvases in enumerate(real)]
        # Not those of `network`, whose discriminator is an average, too: the one that the generator plays against.
        on_real, on_made = (torch.cat([self._both.score(some) for some in kind]) for kind in (real, made))
        return verdict_histograms(on_real, on_made)

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return a sheet of rolls, not chosen: each row of another metre, written bars behind the real ones before."""
        assert isinstance(network, Gan)
        rows = [network.write(canvases, seed=100 + number).cells for number, canvases in enumerate(self._shown)]
        return {"sample.png": sheet_png(rows)}


def _mean(parts: dict[str, float]) -> float:
    return sum(parts.values()) / len(parts)


def _variety(made: np.ndarray, real: np.ndarray) -> float:
    """Return the variety of features (N, F), each of which counts as much as the others if it changes at all."""
    scale = real.std(0)
    told = scale > 1e-3 * scale.max()
    return variety(*(torch.from_numpy(features[:, told] / scale[told]) for features in (made, real)))


def _measured(sets: Sequence[RollBatch]) -> np.ndarray:
    """Return the features of the bars that are written, (N, F)."""
    found = []
    for canvases in sets:
        half = canvases.cells.shape[3] // 2
        found.append(measure(canvases.cells[..., half:, :], canvases.conditions[:, 0] > 0, PHRASE_BARS))
    return np.concatenate(found)


def _head(canvases: RollBatch, count: int) -> RollBatch:
    spread = np.linspace(0, len(canvases.cells) - 1, min(count, len(canvases.cells))).astype(int)
    return RollBatch(canvases.cells[spread], canvases.known[spread], canvases.conditions[spread])


def _tensors(canvases: RollBatch) -> tuple[Tensor, Tensor, Tensor]:
    parts = torch.from_numpy(canvases.cells), torch.from_numpy(canvases.known), torch.from_numpy(canvases.conditions)
    return parts

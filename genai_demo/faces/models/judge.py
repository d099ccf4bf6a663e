"""The discriminator that a GAN's generator was taught by, kept beside it: what it says of real faces and of new ones.

discriminator.safetensors   its weights in half precision
verdicts.json               {"real": [...], "made": [...]}: its scores of held-out real faces, and of as many
                            painted ones with the same labels, from the lowest to the highest; no pictures
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from genai_demo.engine.files import write_json
from genai_demo.errors import UserError
from genai_demo.faces.models.blocks import channels_last
from genai_demo.faces.models.gan import Discriminator, GanConfig

if TYPE_CHECKING:
    from genai_demo.engine.models.checkpoint import Checkpoint

WEIGHTS, VERDICTS = "discriminator.safetensors", "verdicts.json"
_DIGITS = 4


@dataclass(frozen=True)
class Judge:
    """A discriminator, and how its scores are spread."""

    network: Discriminator
    real: Tensor
    """(N,) scores of real faces that nothing was learnt from, in ascending order"""
    made: Tensor
    """(M,) scores of painted faces, in ascending order"""

    def fooled(self, scores: Tensor) -> Tensor:
        """Return the share of real faces that score lower than each of `scores` (B,); a tie counts half: (B,)."""
        below, at_most = (torch.searchsorted(self.real, scores.contiguous(), right=right) for right in (False, True))
        return (below + at_most) / (2 * len(self.real))

    def write(self, folder: Path) -> None:
        """Write `WEIGHTS` and `VERDICTS` into `folder`."""
        from safetensors.torch import save_file

        weights = self.network.state_dict()
        save_file(
            {name: tensor.detach().cpu().half().contiguous() for name, tensor in weights.items()}, folder / WEIGHTS
        )
        spread = {"real": self.real, "made": self.made}
        write_json(
            folder / VERDICTS,
            {name: [round(float(score), _DIGITS) for score in scores] for name, scores in spread.items()},
        )

    @classmethod
    def read_from(cls, checkpoint: Checkpoint) -> Judge | None:
        """Return what a GAN's checkpoint keeps of its discriminator; None where it keeps none.

        Raises:
            UserError: a file is damaged, or of a discriminator of other sizes.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        weights, verdicts = (checkpoint.folder / name for name in (WEIGHTS, VERDICTS))
        if not (weights.is_file() and verdicts.is_file()):
            return None
        try:
            network = discriminator(checkpoint.model, load_file(weights))
        except (SafetensorError, OSError, RuntimeError) as error:
            raise UserError("engine.damaged", file=weights, reason=error) from error
        try:
            read = json.loads(verdicts.read_text(encoding="utf-8"))
            real, made = (torch.tensor(read[name], dtype=torch.float32).sort().values for name in ("real", "made"))
            if not len(real) or not len(made):
                raise ValueError("no scores")
        except (ValueError, KeyError, TypeError) as error:
            raise UserError("engine.damaged", file=verdicts, reason=error) from error
        return cls(network, real, made)


def discriminator(sizes: dict[str, Any], weights: dict[str, Tensor]) -> Discriminator:
    """Return a discriminator that is ready to be asked.

    Args:
        sizes: fields of the `GanConfig`.
        weights: tensors of any precision by name.

    Raises:
        RuntimeError: the weights are of other sizes.
    """
    network = Discriminator(GanConfig(**sizes))
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return channels_last(network.eval().requires_grad_(False))

"""How the codes of a VAE lie: what to draw new faces from, and where age, gender and smile are.

Codes of real faces do not fill the standard normal distribution that the VAE was trained against. New codes are
drawn from a mixture fitted to them afterwards (Ghosh et al. 2020, section 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from genai_demo.errors import UserError
from genai_demo.faces.requests import DIRECTIONS

FILE = "latents.safetensors"


@dataclass(frozen=True)
class LatentMixture:
    """A mixture of normal distributions of codes, and linear readings of the labels."""

    weights: Tensor
    """(K,) shares of the mixture's components"""
    means: Tensor
    """(K, L)"""
    factors: Tensor
    """(K, L, L) lower triangular roots of the covariances"""
    mean: Tensor
    """(L,) of all codes"""
    covariance: Tensor
    """(L, L) of all codes"""
    readings: Tensor
    """(3, L): code times this, plus the offset, is age in years, woman and smile (0 to 1); NaN for what is not known"""
    offsets: Tensor
    """(3,)"""
    components: Tensor
    """(DIRECTIONS, L) principal directions, each one standard deviation long"""

    def draw(self, random: torch.Generator, variety: float, change: Callable[[Tensor], Tensor]) -> Tensor:
        """Return a new code (L,).

        Args:
            random: of the face.
            variety: how far from the mean of its component it may be; 1 as the training faces.
            change: what to do to the normal numbers (L,) before they are scaled.
        """
        chance = torch.rand((), generator=random, dtype=torch.float64)
        index = int(torch.searchsorted(self.weights.double().cumsum(0), chance).clamp_max(len(self.weights) - 1))
        noise = change(torch.randn(self.means.shape[1], generator=random))
        code = self.means[index] + self.factors[index] @ noise
        return self.mean + variety * (code - self.mean)

    def predict_labels(self, code: Tensor) -> Tensor:
        """Return the labels (3,) of a code (L,): age in years, woman and smile about 0 to 1; NaN where not known."""
        return self.readings @ code + self.offsets

    def relabel(self, code: Tensor, labels: Tensor) -> Tensor:
        """Return the likeliest code near `code` that reads as `labels`.

        It moves as codes of real faces do: the change is that of a normal distribution conditioned on the labels.

        Args:
            code: (L,).
            labels: (3,) wanted readings; NaN for those that may stay as they are.
        """
        asked = ~(labels.isnan() | self.readings.isnan().any(1))
        if not asked.any():
            return code
        readings = self.readings[asked]  # (A, L)
        cross = self.covariance @ readings.T  # (L, A), covariance of code and labels
        change = torch.linalg.solve(readings @ cross, labels[asked] - self.predict_labels(code)[asked])  # (A,)
        return code + cross @ change

    def write(self, folder: Path) -> None:
        """Write `FILE` into `folder`."""
        from safetensors.torch import save_file

        save_file({field.name: getattr(self, field.name).contiguous() for field in fields(self)}, folder / FILE)

    @classmethod
    def read_from(cls, folder: Path) -> LatentMixture:
        """Read `FILE` of `folder`.

        Raises:
            UserError: it is missing or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        file = folder / FILE
        if not file.is_file():
            raise UserError("engine.missing", file=file)
        try:
            return cls(**{name: tensor.float() for name, tensor in load_file(file).items()})
        except (SafetensorError, OSError, TypeError) as error:
            raise UserError("engine.damaged", file=file, reason=error) from error


def fit(codes: Tensor, labels: Tensor, components: int, seed: int = 0) -> LatentMixture:
    """Return how codes lie.

    Args:
        codes: (N, L) of real faces, N well above L.
        labels: (N, 3) age in years, woman and smile 0 or 1; NaN where unknown.
        components: of the mixture.
        seed: of the mixture's start.
    """
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(components, reg_covar=1e-3, random_state=seed, max_iter=200).fit(codes.double().numpy())
    center = codes.mean(0)
    covariance = torch.cov(codes.T)  # (L, L)
    values, axes = torch.linalg.eigh(covariance)
    longest = values.argsort(descending=True)[:DIRECTIONS]
    principal = (axes[:, longest] * values[longest].sqrt()).T  # (D, L)
    principal = principal * principal.gather(1, principal.abs().argmax(1, keepdim=True)).sign()
    readings, offsets = _regress(codes - center, labels)
    return LatentMixture(
        weights=torch.from_numpy(mixture.weights_).float(),
        means=torch.from_numpy(mixture.means_).float(),
        factors=torch.linalg.cholesky(torch.from_numpy(mixture.covariances_)).float(),
        mean=center,
        covariance=covariance,
        readings=readings,
        offsets=offsets - readings @ center,
        components=principal,
    )


def _regress(codes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return ridge regressions (3, L) and offsets (3,) of labels (N, 3) on codes (N, L) of mean 0."""
    readings = torch.full((labels.shape[1], codes.shape[1]), torch.nan)
    offsets = torch.full((labels.shape[1],), torch.nan)
    for index, column in enumerate(labels.T):
        known = ~column.isnan()
        if known.sum() <= codes.shape[1]:
            continue
        x, y = codes[known].double(), column[known].double()
        penalty = 1e-3 * len(x) * torch.eye(x.shape[1], dtype=torch.float64)
        readings[index] = torch.linalg.solve(x.T @ x + penalty, x.T @ (y - y.mean())).float()
        offsets[index] = float(y.mean())
    return readings, offsets


def standard_normal(latent: int) -> LatentMixture:
    """Return the standard normal distribution that a VAE of `latent` code numbers is trained against."""
    unknown = torch.full((3, latent), torch.nan)
    identity = torch.eye(latent)
    return LatentMixture(
        torch.ones(1),
        torch.zeros(1, latent),
        identity[None],
        torch.zeros(latent),
        identity,
        unknown,
        unknown[:, 0],
        identity[:DIRECTIONS],
    )

"""The small grey pictures that courses begin with: handwritten digits, here or fetched, or any others made small."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genai_demo.errors import UserError
from genai_demo.faces.data.batches import shrink
from genai_demo.faces.data.reading import read_faces

DIGITS = "digits"
"""1,797 digits of 8x8 pixels, which come with scikit-learn"""
FETCHED = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}
"""70,000 pictures of 28x28 pixels each, which torchvision fetches"""
_SIDE = 16
"""of pictures of any other source"""
_HELD_OUT_EVERY = 6
_NETWORK_ERRORS = (OSError, RuntimeError, ValueError, ssl.SSLError)


def is_textbook_set(source: str) -> bool:
    """Return whether a source is one of the sets that only the textbook's models learn; files go before names."""
    return (source == DIGITS or source in FETCHED) and not Path(source).exists()


def read_grey(source: str, labels: str | None = None, where: str = "") -> tuple[Tensor, Tensor]:
    """Return pictures to learn from and held-out ones, each uint8 (N, 1, S, S), 0 for what is empty in digits.

    Args:
        source: `DIGITS`, one of `FETCHED`, or what `read_faces` reads, made grey and `_SIDE` pixels wide.
        labels, where: see `read_faces`; those sets have none.

    Raises:
        UserError: the pictures cannot be read or fetched.
    """
    if not is_textbook_set(source):
        parts = (read_faces(source, labels, split, where=where).pictures for split in ("train", "validation"))
        # Weights of the three colours as in BT.601: what is equally bright looks equally bright.
        weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]  # (3, 1, 1)
        learnt, held_out = (
            (shrink(part, _SIDE).float() * weights).sum(1, keepdim=True).round().to(torch.uint8) for part in parts
        )
        return learnt, held_out
    if labels is not None or where.strip():
        raise UserError("textbook.no_labels", source=source)
    if source == DIGITS:
        from sklearn.datasets import load_digits

        pictures = torch.from_numpy((load_digits().images * (255 / 16)).round().astype(np.uint8))[:, None]
        held = torch.arange(len(pictures)) % _HELD_OUT_EVERY == 0
        return pictures[~held], pictures[held]
    return _fetched(source, True), _fetched(source, False)


def _fetched(source: str, train: bool) -> Tensor:
    from torchvision import datasets

    load: Callable[..., Tensor] = getattr(datasets, FETCHED[source])
    try:
        found = load(str(Path(torch.hub.get_dir()).parent / "datasets"), train=train, download=True)
    except _NETWORK_ERRORS as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise UserError("textbook.not_fetched", source=source, reason=reason) from error
    return torch.as_tensor(found.data, dtype=torch.uint8)[:, None]  # (N, 1, 28, 28)

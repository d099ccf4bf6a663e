"""Samples: data that code of a modality makes, so that everything can be trained where there is no network.

Each item follows from its number alone: a smaller sample is the beginning of a larger one, and the same
wherever numpy draws the same numbers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genai_demo.errors import UserError

NAME = "sample"
"""what stands in place of a path; `sample:500` asks for 500 items"""
COUNT = (20, 100_000)
"""items that can be asked for"""
_SEED = 20_240_613


def sample_count(source: str, usual: int) -> int | None:
    """Return how many items of a sample are asked for; None for any other source.

    Args:
        source: what a person gave: `NAME`, or that with a colon and a number. A file of that name is a file.
        usual: items where no number is given.

    Raises:
        UserError: what follows the colon is no number, or one that is not allowed.
    """
    name, colon, count = source.partition(":")
    if name != NAME or Path(source).exists():
        return None
    if not colon:
        return usual
    # Digits of other scripts are numbers to Python as well.
    if not (count.isascii() and count.isdecimal() and len(count) < 8 and COUNT[0] <= int(count) <= COUNT[1]):
        raise UserError("data.bad_sample", value=source[:40], low=COUNT[0], high=COUNT[1])
    return int(count)


def item_random(number: int) -> np.random.Generator:
    """Return the source of chance for an item of a sample, by its number from 0."""
    return np.random.default_rng([_SEED, number])

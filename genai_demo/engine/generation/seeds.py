"""Seeds that are made of others, always in the same way; imports no torch."""

from __future__ import annotations

# Of a seed torch's generators take the lower 32 bits only: seeds that differ above them give the same numbers.
_STREAM = 1_000_003
_STEP = 1_000_033
_TRY = 500_001


def stream_seed(seed: int, stream: int) -> int:
    """Return the seed of one of several streams of random numbers side by side.

    Args:
        seed: of the request or the run.
        stream: number of the variant, process or restart, from 0.
    """
    return seed * _STREAM + stream


def step_seed(seed: int, step: int) -> int:
    """Return the seed of one of several steps, phrases or stretches after one another.

    Args:
        seed: of the stream.
        step: its number, from 0.
    """
    return seed * _STEP + step


def try_seeds(seed: int, tries: int) -> list[int]:
    """Return a seed for each try of what is made several times, the first one as it is.

    Args:
        seed: of the stream.
        tries: at least 1.
    """
    return [seed + _TRY * number for number in range(tries)]

"""Seeds of what is tried several times; imports no torch."""

from __future__ import annotations

# Of a seed torch's generators take the lower 32 bits only: seeds that differ above them give the same numbers.
_VARIANT = 1_000_003
_TRY = 500_001


def seeds_of_tries(seed: int, variant: int, tries: int) -> list[int]:
    """Return a seed for each try of a variant, the first one the same however many follow.

    Args:
        seed: of the request.
        variant: its number, from 0.
        tries: at least 1.
    """
    return [seed * _VARIANT + variant + _TRY * number for number in range(tries)]

"""Seeds of variants, and of what is tried several times for one; imports no torch."""

from __future__ import annotations

# Of a seed torch's generators take the lower 32 bits only: seeds that differ above them give the same numbers.
_VARIANT = 1_000_003
_TRY = 500_001


def seed_of_variant(seed: int, variant: int) -> int:
    """Return the seed of a variant.

    Args:
        seed: of the request.
        variant: its number, from 0.
    """
    return seed * _VARIANT + variant


def seeds_of_tries(seed: int, variant: int, tries: int) -> list[int]:
    """Return a seed for each try of a variant, the first one that of the variant.

    Args:
        seed: of the request.
        variant: its number, from 0.
        tries: at least 1.
    """
    return [seed_of_variant(seed, variant) + _TRY * number for number in range(tries)]

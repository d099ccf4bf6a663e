"""Seeds made of others stay what they are, since receipts depend on them, and do not meet."""

from __future__ import annotations

from genai_demo.engine.generation.seeds import step_seed, stream_seed, try_seeds


def test_seeds_never_change() -> None:
    assert stream_seed(7, 2) == 7_000_023
    assert step_seed(stream_seed(7, 2), 5) == 7_000_023 * 1_000_033 + 5
    assert try_seeds(stream_seed(7, 2), 3) == [7_000_023, 7_500_024, 8_000_025]


def test_seeds_do_not_meet_in_the_lower_32_bits() -> None:
    made = [
        seed % 2**32
        for start in (*range(30), 2**31 - 1)
        for stream in range(4)
        for seed in try_seeds(stream_seed(start, stream), 2)
    ]
    assert len(set(made)) == len(made)

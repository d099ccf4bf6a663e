"""A text is the same whatever is written beside it, by whomever, and whoever leaves is gone at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from genai_demo.text.requests import GenerateRequest
from genai_demo.text.results import Update
from genai_demo.text.sampling import generation
from genai_demo.text.sampling.loading import load

OPENINGS = ("", "The team", "Oil prices rose on Monday. The", "Shares of")
REQUESTS = st.builds(
    lambda seed, opening, length, variants, temperature: GenerateRequest(
        seed=seed, opening=opening, length=length, variants=variants, temperature=temperature
    ),
    st.integers(0, 10**6),
    st.sampled_from(OPENINGS),
    st.integers(8, 20),
    st.integers(1, 3),
    st.sampled_from([0.6, 1.0]),
)


def whole(request: GenerateRequest) -> Update:
    *_, made = generation.run(request)
    return made


def begun(request: GenerateRequest, updates: int) -> None:
    """Let a text be written up to some update, and go away."""
    growing = generation.run(request)
    for _, _ in zip(range(updates), growing, strict=False):
        pass
    growing.close()


@settings(max_examples=8, deadline=None)
@given(REQUESTS, st.lists(st.tuples(REQUESTS, st.integers(1, 30)), min_size=1, max_size=9))
def test_a_text_is_the_same_alone_and_in_a_crowd(
    request: GenerateRequest, crowd: list[tuple[GenerateRequest, int]]
) -> None:
    alone = whole(request)
    with ThreadPoolExecutor(len(crowd) + 2) as pool:
        for neighbour, updates in crowd:
            pool.submit(begun, neighbour, updates)
        among = [pool.submit(whole, request) for _ in range(2)]
        assert all(one.result(60) == alone for one in among)


def test_whoever_goes_away_frees_his_place() -> None:
    together = load("gru").together
    assert together is not None and together.members == 0
    growing = generation.run(GenerateRequest(length=60))
    next(growing)
    assert together.members == 1
    growing.close()
    assert together.members == 0


def test_a_text_that_need_not_be_told_is_the_same_text() -> None:
    request = GenerateRequest(length=30, variants=2, seed=4)
    told, untold = list(generation.run(request)), list(generation.run(request, rest=lambda: 3600.0))
    assert len(told) > 5 and len(untold) == 2, "its first token, and the whole"
    assert untold == [told[0], told[-1]]


def test_a_visitor_among_heavy_ones_is_done_first() -> None:
    """Many variants of long texts take their time; a short text beside them does not wait for them."""
    ended: list[str] = []
    started = threading.Barrier(3)

    def write(name: str, request: GenerateRequest) -> None:
        started.wait(30)
        whole(request)
        ended.append(name)

    heavy = GenerateRequest(length=200, variants=6)
    with ThreadPoolExecutor(3) as pool:
        for number in range(2):
            pool.submit(write, "heavy", replace(heavy, seed=number))
        pool.submit(write, "light", GenerateRequest(length=8))
    assert ended[0] == "light"

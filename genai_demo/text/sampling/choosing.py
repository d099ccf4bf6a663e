"""What somebody wants of a text while it is made: notes of what else could have come, tokens of one's choice, news."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from genai_demo.engine.generation.sampling import TokenTrace, trace_token
from genai_demo.errors import UserError
from genai_demo.text.requests import Choice


@dataclass(frozen=True)
class Recorder:
    """Takes note of what could have come in place of each token of one text."""

    row: int
    """number of the text among those that are made at once"""
    traces: dict[int, TokenTrace] = field(default_factory=dict)
    """by the place of the token"""
    read: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """by the place of the token, what the network had read when it was drawn: all before it, or a row with blanks"""
    states: dict[int, Tensor] = field(default_factory=dict)
    """by the place of the token, the GRU's state (layers, hidden) from which it was drawn"""

    def note(
        self,
        place: int,
        token: int,
        read: Sequence[int],
        logits: np.ndarray,
        drawn_from: np.ndarray,
        possible: np.ndarray,
        uniform: float,
    ) -> None:
        """Note one token, what the network had read, and what `trace_token` takes: arrays (V,) and the chance."""
        self.traces[place] = trace_token(token, logits, drawn_from, possible, uniform)
        self.read[place] = tuple(read)


Rest = Callable[[], float]
"""Seconds for which nobody needs to hear how a text grows; asked after every time that it was told."""


def no_rest() -> float:
    """Let every token be told."""
    return 0.0


Chosen = Mapping[tuple[int, int], int]
"""Tokens that somebody chose, by number of the text and place."""


def chosen_tokens(choices: Iterable[Choice]) -> dict[tuple[int, int], int]:
    """Return the tokens of a request's choices by number of the text and place."""
    return {(choice.variant, choice.place): choice.token for choice in choices}


def check_possible(token: int, place: int, possible: np.ndarray) -> None:
    """Raise `UserError` unless a chosen token is among those that are possible (V,) at its place."""
    if token >= len(possible) or not possible[token]:
        raise UserError("text.cannot_be_chosen", token=token, place=place)


def check_reached(chosen: Chosen, reached: Iterable[tuple[int, int]]) -> None:
    """Raise `UserError` if a token was chosen for a place that its text does not have."""
    for _, place in sorted(chosen.keys() - set(reached)):
        raise UserError("text.place_not_reached", place=place)

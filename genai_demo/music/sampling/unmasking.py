"""Fills hidden columns step by step with the masked model, what is most likely struck first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from genai_demo.engine.generation.sampling import Sampling, draw, token_probabilities
from genai_demo.music.models.masked import MaskedRoll, Seen
from genai_demo.music.models.masked_window import MaskedWindow
from genai_demo.music.theory.piece import RIGHT
from genai_demo.music.tokens.columns import NONE, NOTES_PER_STEP
from genai_demo.music.tokens.roll import PIANO_KEYS

TOP_P = 0.98
"""keys are drawn among the likeliest that together have this probability"""
_GAPS = (8, 4, 2, 1)
"""steps by which columns that are filled at once keep apart, as far as there is room: they do not hear each other"""


@dataclass(frozen=True)
class Struck:
    """A note that was written into a window."""

    row: int
    hand: int
    step: int
    key: int
    length: int
    """steps"""


@dataclass(frozen=True)
class Column:
    """What could have been struck in a hidden column when it was drawn."""

    row: int
    hand: int
    step: int
    order: int
    """of the step of `resolve` in which it was drawn, from 0"""
    plain: np.ndarray
    """(slots, 89): probability, by the network alone, of each key that is struck next, from outside in, and of none"""
    drawn_from: np.ndarray
    """(slots, 89): the same as it was drawn"""
    keys: tuple[int, ...]
    """drawn in each slot; `NONE` where none was, in the last one"""


def resolve(
    network: MaskedRoll,
    window: MaskedWindow,
    wanted: Tensor,
    limits: Tensor,
    temperature: float,
    steps: int,
    random: Sequence[torch.Generator],
    noted: list[Column] | None = None,
) -> Iterator[tuple[MaskedWindow, list[Struck]]]:
    """Fill hidden columns in `steps` steps and yield the window and what was written after each.

    In each step those columns are drawn in which a note is most likely, so many that each step brings about as many
    notes; beats and basses come first in this way, and last what stays silent. Which columns are drawn depends on
    probabilities alone and not on what they become, so that silence is as likely as the model says.

    Args:
        network: the model.
        window: B windows, on the CPU.
        wanted: bool (B, 2, T): which of the hidden columns to fill; the others stay hidden.
        limits: (B, 2, T): the step by which a note that starts in a column has to end.
        temperature: of which keys are struck; whether any is struck is left to the model.
        steps: at least 1.
        random: of each of the B windows.
        noted: a list to which every column is added; None where nobody looks.
    """
    device = next(network.parameters()).device
    for step in range(steps):
        asked = (window.hidden & wanted)[window.hidden]  # (N,)
        if not asked.any():
            return
        with torch.inference_mode():
            seen = network(window.to(device))
            places = window.hidden.nonzero()[asked]  # (M, 3): row, hand, step
            seen = _part(seen, asked.nonzero()[:, 0])
            none = torch.full((len(places),), NONE, device=device)
            logits = network.key_logits(seen.vectors, seen.open, seen.hands, none)
            struck = 1 - logits.softmax(-1)[:, NONE].double().cpu()  # (M,)
            own = [(places[:, 0] == row).nonzero()[:, 0] for row in range(len(random))]
            chosen = torch.cat([_choose(places[some, 2], struck[some], some, steps - step) for some in own])
            part = _part(seen, chosen)
            slots: list[_Slot] | None = None if noted is None else []
            keys, lengths = _draw_columns(network, part, places[chosen], temperature, random, slots)
            if noted is not None and slots is not None:
                noted += _columns(places[chosen].tolist(), slots, step)
        window, written = _fill(window, places[chosen], keys, lengths, limits)
        yield window, written


_Slot = tuple[Tensor, Tensor, Tensor, np.ndarray]
"""Logits (N, 89) and drawn keys (N,) of a slot of N columns, which of these it was asked of, and the probabilities
(N, 89) by which was drawn."""


def _columns(places: Sequence[Sequence[int]], slots: Sequence[_Slot], order: int) -> Iterator[Column]:
    """Yield what was noted of columns.

    Args:
        places: row, hand and step of each.
        slots: from outside in.
        order: see `Column`.
    """
    plain = [slot[0].double().softmax(-1).numpy() for slot in slots]
    for number, (row, hand, step) in enumerate(places):
        asked = [slot for slot, noted in enumerate(slots) if noted[2][number]]
        yield Column(
            row,
            hand,
            step,
            order,
            np.stack([plain[slot][number] for slot in asked]),
            np.stack([slots[slot][3][number] for slot in asked]),
            tuple(int(slots[slot][1][number]) for slot in asked),
        )


def _part(seen: Seen, chosen: Tensor) -> Seen:
    """Return what is made of the columns whose numbers are chosen (M,)."""
    chosen = chosen.to(seen.vectors.device)
    return Seen(seen.vectors[chosen], seen.open[chosen], seen.hands[chosen])


def _choose(times: Tensor, struck: Tensor, numbers: Tensor, steps_left: int) -> Tensor:
    """Return the numbers of the columns of one window to draw now.

    Args:
        times: (N,): step of each hidden column.
        struck: (N,): probability that a note is struck in it.
        numbers: (N,): its number.
        steps_left: this step included; the last one takes all.
    """
    if steps_left == 1:
        return numbers
    order = struck.argsort(descending=True, stable=True).tolist()
    wanted = float(struck.sum()) / steps_left
    fewest = -(-len(order) // (8 * steps_left))
    at = times.tolist()
    chosen: list[int] = []
    total = 0.0
    for gap in (*_GAPS, 0):
        for number in order:
            if total >= wanted and len(chosen) >= fewest:
                return numbers[chosen]
            if number not in chosen and all(abs(at[other] - at[number]) >= gap for other in chosen):
                chosen.append(number)
                total += float(struck[number])
    return numbers[chosen]


def _draw_columns(
    network: MaskedRoll,
    seen: Seen,
    places: Tensor,
    temperature: float,
    random: Sequence[torch.Generator],
    slots: list[_Slot] | None,
) -> tuple[Tensor, Tensor]:
    """Return keys and lengths (N, NOTES_PER_STEP) drawn for hidden columns, on the CPU.

    Args:
        network: the model.
        seen: what it makes of them.
        places: (N, 3): row, hand and step of each, on the CPU.
        temperature: of the keys.
        random: one generator for each row.
        slots: a list to which every slot is added; None where nobody looks.
    """
    count, device = len(places), seen.vectors.device
    noise = torch.empty(count, NOTES_PER_STEP, 3, dtype=torch.float64)
    for row, generator in enumerate(random):
        own = places[:, 0] == row
        noise[own] = torch.rand(int(own.sum()), NOTES_PER_STEP, 3, generator=generator, dtype=torch.float64)
    keys = torch.full((count, NOTES_PER_STEP), NONE)
    lengths = torch.zeros(count, NOTES_PER_STEP, dtype=torch.long)
    state, before = seen.vectors, torch.full((count,), NONE, device=device)
    alive = torch.ones(count, dtype=torch.bool)
    for slot in range(NOTES_PER_STEP):
        logits = network.key_logits(state, seen.open, seen.hands, before).cpu()  # (N, 89)
        asked = alive.clone()
        alive &= noise[:, slot, 0] >= logits.double().softmax(-1)[:, NONE]
        if slots is not None:
            slots.append(_slot(logits, asked, alive, noise[:, slot, 1], temperature))
        if not alive.any():
            break
        key = _draw(logits[:, :PIANO_KEYS], temperature, noise[:, slot, 1])
        logits = network.length_logits(state, key.to(device)).cpu()  # (N, LONGEST)
        length = 1 + _draw(logits, min(temperature, 1.0), noise[:, slot, 2])
        keys[alive, slot], lengths[alive, slot] = key[alive], length[alive]
        before = torch.where(alive, key, NONE).to(device)
        state = network.add_note(state, before, torch.where(alive, length, 0).to(device))
    return keys, lengths


def _slot(logits: Tensor, asked: Tensor, alive: Tensor, noise: Tensor, temperature: float) -> _Slot:
    """Return what is noted of a slot: where a column is alive, a key is drawn in it."""
    silent = logits.double().softmax(-1)[:, NONE:].numpy()  # (N, 1)
    # A column in which no key is open is silent for sure.
    possible = torch.isfinite(logits[:, :PIANO_KEYS]).any(1)
    shaped = np.zeros((len(logits), PIANO_KEYS))
    shaped[possible] = token_probabilities(logits[possible, :PIANO_KEYS].numpy(), Sampling(temperature, TOP_P))
    keys = torch.full((len(logits),), NONE)
    keys[alive] = _draw(logits[:, :PIANO_KEYS], temperature, noise)[alive]
    return logits, keys, asked, np.concatenate([shaped * (1 - silent), silent], 1)


def _draw(logits: Tensor, temperature: float, noise: Tensor) -> Tensor:
    """Return one index (N,) each, drawn from logits (N, C) by numbers (N,) from 0 up to 1."""
    probabilities = token_probabilities(logits.numpy(), Sampling(temperature, TOP_P))
    return torch.from_numpy(draw(probabilities, noise.numpy()))


def _fill(
    window: MaskedWindow, places: Tensor, keys: Tensor, lengths: Tensor, limits: Tensor
) -> tuple[MaskedWindow, list[Struck]]:
    """Write columns into a window, which are hidden no more, and return it with the notes that found room."""
    struck, held = (some.bool().any(1) for some in window.seen())  # (B, T, 88): by either hand
    secret = window.secret()
    all_keys, all_lengths = window.keys.clone(), window.lengths.clone()
    hidden = window.hidden.clone()
    written = []
    for number, (row, hand, step) in enumerate(places.tolist()):
        hidden[row, hand, step] = False
        known = ~secret[row, hand, step] & (window.keys[row, hand, step] != NONE)
        column = list(zip(window.keys[row, hand, step][known].tolist(),
                          window.lengths[row, hand, step][known].tolist(), strict=True))  # fmt: skip
        for key, length in zip(keys[number].tolist(), lengths[number].tolist(), strict=True):
            # Columns that were drawn in the same step may have taken the key.
            if key == NONE or len(column) == NOTES_PER_STEP or struck[row, step, key] or held[row, step, key]:
                continue
            later = struck[row, step + 1 :, key].nonzero()[:, 0]
            end = min(step + length, int(limits[row, hand, step]), step + 1 + int(later[0]) if len(later) else 10**9)
            struck[row, step, key] = True
            held[row, step + 1 : end, key] = True
            column.append((key, end - step))
            written.append(Struck(row, hand, step, key, end - step))
        column.sort(reverse=hand == RIGHT)
        column += [(NONE, 0)] * (NOTES_PER_STEP - len(column))
        all_keys[row, hand, step], all_lengths[row, hand, step] = torch.tensor(column).T
    return replace(window, keys=all_keys, lengths=all_lengths, hidden=hidden), written

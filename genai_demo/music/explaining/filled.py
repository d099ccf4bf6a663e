"""In which order the masked model filled what was hidden, and how probable each key was when it did."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from genai_demo.music.explaining.heat import Heat, Painting
from genai_demo.music.explaining.notes import Entry, Part, Rival, entry_of, found_at, places_of
from genai_demo.music.requests import HarmoniseRequest, Request, RewriteRequest, given_music
from genai_demo.music.sampling import masked_inpainting
from genai_demo.music.sampling.loading import LoadedModel
from genai_demo.music.sampling.masked_inpainting import Filled
from genai_demo.music.sampling.regions import mask_for_harmonising, mask_for_rewriting
from genai_demo.music.sampling.unmasking import Column
from genai_demo.music.theory.piece import PITCHES, STEP, Piece
from genai_demo.music.tokens.columns import NONE
from genai_demo.music.tokens.roll import PIANO_KEYS

_RIVALS = 8
"""keys that are told of a note: the likeliest before shaping and after it"""


@dataclass(frozen=True)
class Cell:
    """A column that was filled: what one hand strikes in one sixteenth."""

    step: int
    """in which it was filled, from 1"""
    start: int
    """ticks"""
    hand: int
    struck: float
    """probability, by the network alone, that something is struck in it"""


@dataclass(frozen=True)
class Replay:
    """How the masked model filled what was hidden."""

    entries: tuple[Entry, ...]
    """of the notes that it wrote; what is there after step n are those that were given, and those of steps up to n"""
    cells: tuple[Cell, ...]
    """in the order in which they were filled"""
    heat: Heat


def replay(loaded: LoadedModel, request: Request, piece: Piece, index: int) -> Replay:
    """Return how a variant was filled, by making it once more.

    Args:
        loaded: the masked model.
        request: that the piece came of.
        piece: the variant.
        index: its number.
    """
    noted: list[Filled] = []
    if isinstance(request, RewriteRequest):
        opened = mask_for_rewriting(given_music(request.music), request)
        deque(masked_inpainting.rewrite(loaded, request, noted), maxlen=0)
    else:
        assert isinstance(request, HarmoniseRequest)
        opened = mask_for_harmonising(given_music(request.music), request)
        deque(masked_inpainting.harmonise(loaded, request, noted), maxlen=0)
    places, painting = places_of(piece, opened.kept_part.notes), Painting(piece)
    entries: dict[int, Entry] = {}
    cells = []
    for number, filled in enumerate(noted):
        for column in filled.columns:
            if column.row != index:
                continue
            step = number * request.steps + column.order + 1
            at = filled.first + column.step
            cells.append(Cell(step, at * STEP, column.hand, float(1 - column.plain[0, NONE])))
            painting.add(at, PITCHES[0] - filled.shift, struck(column)[None])
            for slot, key in enumerate(column.keys):
                place = None if key == NONE else found_at(places, at * STEP, PITCHES[0] + key - filled.shift)
                if place is not None and place not in entries and piece.notes[place].hand == column.hand:
                    part = part_of_slot(column, slot, filled.shift)
                    entries[place] = entry_of(piece, place, part.probability, step, (part,))
    return Replay(tuple(entries[place] for place in sorted(entries)), tuple(cells), painting.done())


def struck(column: Column) -> np.ndarray:
    """Return for each key (88,) how probable it was that it is struck, each slot given those before it."""
    return 1 - np.prod(1 - column.plain[:, :PIANO_KEYS], 0)


def part_of_slot(column: Column, slot: int, shift: int) -> Part:
    """Return what is told of the note that was drawn in a slot of a column."""
    plain, drawn_from, key = column.plain[slot], column.drawn_from[slot], column.keys[slot]
    named = {key, *np.argsort(-plain, kind="stable")[:_RIVALS].tolist()}
    named |= {one for one in np.argsort(-drawn_from, kind="stable")[:_RIVALS].tolist() if drawn_from[one] > 0}
    named = {one for one in named if plain[one] > 0 or one == key}
    order = sorted(named, key=lambda one: (-drawn_from[one], -plain[one], one))

    def name(one: int) -> str:
        return "NONE" if one == NONE else f"PITCH_{PITCHES[0] + one - shift}"

    rivals = tuple(Rival(name(one), float(plain[one]), float(drawn_from[one]), True) for one in order)
    left = (max(0.0, 1 - sum(getattr(rival, when) for rival in rivals)) for when in ("before", "after"))
    return Part("pitch", name(key), float(drawn_from[key]), 0.0, rivals, *left)

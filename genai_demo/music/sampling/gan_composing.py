"""Pieces of any length from the piano GAN: phrases that follow one another, and single bars written anew.

Every phrase is drafted several times. The discriminator sorts out what does not sound real (Azadi et al. 2019,
"Discriminator rejection sampling", in its simplest form), and of the rest the draft is kept that comes nearest to what
was asked, see `target_distance`: a GAN has no probabilities by which it could be held to a density or a register.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from genai_demo.engine.generation.seeds import step_seed, stream_seed
from genai_demo.errors import UserError
from genai_demo.music.models import roll_conditioning
from genai_demo.music.models.gan import Gan, RollBatch
from genai_demo.music.models.roll_conditioning import PHRASE_BARS, WINDOW_BARS
from genai_demo.music.requests import ComposeRequest, ContinueRequest, given_music
from genai_demo.music.results import Composition, Update
from genai_demo.music.sampling.continuing import continued
from genai_demo.music.sampling.gan_targets import Target, draw_target, some_key, target_distance
from genai_demo.music.sampling.gan_windows import cells_to_piece, equal_bars, last_bars
from genai_demo.music.theory.key_estimation import estimate_key_or_c_major
from genai_demo.music.theory.piece import STEP, Piece
from genai_demo.music.tokens.piece_string import KEY_BY_NAME
from genai_demo.music.tokens.roll import CHANNELS, COMPACT_KEYS, HAND_COUNT

DRAFTS = 24
"""times that a phrase is drafted"""
CHOSEN = 8
"""drafts that the discriminator chooses"""


@dataclass(frozen=True)
class Phrase:
    """A phrase that the GAN wrote: its drafts, and which of them was taken."""

    number: int
    """of the variant, from 0"""
    start: int
    """tick at which its four bars start"""
    own: range
    """which of the four bars were taken from it, from 0"""
    target: Target
    drafts: Drafts
    taken: int
    """number of the draft"""


@dataclass(frozen=True)
class Drafts:
    """Windows that were drafted, and their probabilities (N, 2, 2, T / 2, 72) before their threshold."""

    windows: RollBatch
    soft: Tensor
    chosen: np.ndarray
    """numbers of those that the discriminator chose, the most real first"""


def compose(gan: Gan, request: ComposeRequest | ContinueRequest, noted: list[Phrase] | None = None) -> Iterator[Update]:
    """Yield the variants as they grow, phrase by phrase; the last update holds the whole pieces.

    Args:
        gan: generator and discriminator.
        request: checked. Its `top_p` means nothing to a GAN; its temperature widens or narrows the latent vectors.
        noted: a list to which every phrase is added; None where nobody looks.

    Raises:
        UserError: given music that is not in one of the metres of `roll_conditioning` at its end.
    """
    given = None if isinstance(request, ComposeRequest) else _kept(request)
    variants = [_Variant(gan, request, given, number) for number in range(request.variants)]
    steps = math.ceil(request.bars / PHRASE_BARS)
    for step in range(1, steps + 1):
        for variant in variants:
            variant.write_phrase(noted)
        yield Update(tuple(variant.composition() for variant in variants), step, steps)


def _kept(request: ContinueRequest) -> Piece:
    """Return the given bars that stay, with a key."""
    given = given_music(request.music)
    kept = given.first_bars(request.keep or len(given.bars))
    time_signature = kept.bars[-1].beats, kept.bars[-1].unit
    if time_signature not in roll_conditioning.ROLL_TIME_SIGNATURES:
        allowed = ", ".join(f"{beats}/{unit}" for beats, unit in roll_conditioning.ROLL_TIME_SIGNATURES)
        raise UserError("music.gan_metre", found=f"{time_signature[0]}/{time_signature[1]}", allowed=allowed)
    return replace(kept, key=kept.key or estimate_key_or_c_major(kept.notes))


class _Variant:
    """One variant in the making.

    Args:
        gan: generator and discriminator.
        request: see `compose`.
        given: music that it goes on with.
        number: of the variant, from 0.
    """

    def __init__(self, gan: Gan, request: ComposeRequest | ContinueRequest, given: Piece | None, number: int) -> None:
        self._gan, self._given, self._number = gan, given, number
        self._seed = stream_seed(request.seed, number)
        random = np.random.default_rng([self._seed, 1])
        if isinstance(request, ComposeRequest):
            beats, _, unit = request.metre.partition("/")
            key = KEY_BY_NAME[request.key] or some_key(random)
            self.target = draw_target(request, key, (int(beats), int(unit)), float(request.tempo), random)
        else:
            assert given is not None
            last = given.bars[-1]
            key_there = given.key_at(last.start)
            assert key_there is not None
            self.target = draw_target(request, key_there, (last.beats, last.unit), given.tempo, random, given)
        steps = self.target.steps
        # The cells of the whole piece: silence or given bars, then what is to be written.
        self._cells = np.zeros((HAND_COUNT, CHANNELS, (PHRASE_BARS + request.bars) * steps, COMPACT_KEYS), bool)
        self._known = np.zeros(PHRASE_BARS + request.bars, bool)
        if given is not None:
            before, there = last_bars(given, self.target)
            self._cells[:, :, : PHRASE_BARS * steps] = before
            self._known[:PHRASE_BARS] = there
        self._bars, self._written = request.bars, 0

    def write_phrase(self, noted: list[Phrase] | None = None) -> None:
        """Write the next four bars; where fewer are left, the ones before them are seen once more."""
        first = min(self._written, self._bars - PHRASE_BARS)
        steps = self.target.steps
        cells = self._cells[:, :, first * steps : (first + WINDOW_BARS) * steps]
        known = self._known[first : first + WINDOW_BARS]
        conditions = self.target.conditions(self._given is None and first == 0, first + PHRASE_BARS == self._bars)
        seed = step_seed(self._seed, 1 + first) % 2**63
        drafts: list[Drafts] | None = None if noted is None else []
        drawn = draw(self._gan, cells, known, conditions, self.target.temperature, seed, drafts)
        done = self._cells[:, :, PHRASE_BARS * steps : (PHRASE_BARS + first) * steps]
        distances = [
            target_distance(np.concatenate([done, one[:, :, PHRASE_BARS * steps :]], 2), self.target) for one in drawn
        ]
        own = slice((PHRASE_BARS + self._written) * steps, (first + WINDOW_BARS) * steps)
        best = int(np.argmin(distances))
        if noted is not None and drafts:
            start = (self._given.end if self._given else 0) + first * steps * STEP
            taken = range(self._written - first, PHRASE_BARS)
            noted.append(Phrase(self._number, start, taken, self.target, drafts[0], int(drafts[0].chosen[best])))
        self._cells[:, :, own] = drawn[best][:, :, (own.start - first * steps) :]
        self._written = first + PHRASE_BARS
        self._known[PHRASE_BARS : PHRASE_BARS + self._written] = True

    def composition(self) -> Composition:
        """Return the variant as it stands."""
        steps = self.target.steps
        bars = equal_bars(self.target.time_signature, self._written)
        own = cells_to_piece(
            self._cells[:, :, PHRASE_BARS * steps : (PHRASE_BARS + self._written) * steps], self.target, bars
        )
        piece = own if self._given is None else continued(self._given, own.notes, own.bars)
        return Composition(piece, self._written == self._bars, self._written)


def draw(
    gan: Gan,
    cells: np.ndarray,
    known: np.ndarray,
    conditions: np.ndarray,
    temperature: float,
    seed: int,
    noted: list[Drafts] | None = None,
) -> np.ndarray:
    """Return the most real of some drafts of a window, bool (CHOSEN, 2, 2, T, 72).

    Args:
        gan: generator and discriminator.
        cells: bool (2, 2, T, 72), with the tonic on C.
        known: bool (8,) which of its bars are known.
        conditions: (1, roll_conditioning.SIZE).
        temperature: by which latent vectors are multiplied.
        seed: of the latent vectors.
        noted: a list to which the drafts are added; None where nobody looks.
    """
    many = RollBatch(*(np.repeat(part, DRAFTS, 0) for part in (cells[None], known[None], conditions)))
    soft: list[Tensor] | None = None if noted is None else []
    drafts = gan.write(many, seed, temperature=temperature, soft=soft)
    best = gan.score(drafts).argsort(descending=True, stable=True)[:CHOSEN].numpy()
    if noted is not None and soft:
        noted.append(Drafts(drafts, torch.cat(soft).cpu(), best))
    return drafts.cells[best]

"""What the piano GAN's generator was sure of, and what its discriminator made of each bar.

The discriminator's verdict is one number for a phrase. What a bar of one of its streams has to do with it is found by
an experiment: what that stream hears in the bar is exchanged for what it hears there in the other drafts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genai_demo.music.explaining.heat import Heat, Painting
from genai_demo.music.explaining.notes import Entry, Part, Rival, entry_of, found_at, places_of
from genai_demo.music.models.gan import Gan
from genai_demo.music.models.roll_conditioning import PHRASE_BARS
from genai_demo.music.requests import ComposeRequest, ContinueRequest, Request, RewriteRequest, given_music
from genai_demo.music.sampling import gan_composing, gan_rewriting
from genai_demo.music.sampling.gan_composing import Phrase
from genai_demo.music.theory.piece import STEP, Note, Piece
from genai_demo.music.tokens.roll import COMPACT, ONSET

STREAMS = ("roll", "harmony", "changes")
"""of the discriminator: it looks at the roll, at chroma and numbers of notes, and at what begins and ends"""
_THRESHOLD = 0.5
_RIVALS = 9
"""further cells of the same moment and hand that are told of a note"""


@dataclass(frozen=True)
class Verdict:
    """What the discriminator made of a bar."""

    bar: int
    """from 0"""
    roll: float
    """by how much the score of the phrase is higher for what is heard in this bar, than with the other drafts' bar"""
    harmony: float
    changes: float
    score: float
    """of the phrase"""
    rank: int
    """of the phrase among its drafts, from 1 for the one that looked most real"""
    drafts: int


def phrases_of(gan: Gan, request: Request, index: int) -> list[Phrase]:
    """Return the phrases of a variant, made once more with all their drafts."""
    noted: list[Phrase] = []
    if isinstance(request, RewriteRequest):
        deque(gan_rewriting.rewrite(gan, request, noted), maxlen=0)
    else:
        assert isinstance(request, (ComposeRequest, ContinueRequest))
        deque(gan_composing.compose(gan, request, noted), maxlen=0)
    return [phrase for phrase in noted if phrase.number == index]


def told(request: Request, piece: Piece, phrases: list[Phrase]) -> tuple[tuple[Entry, ...], Heat]:
    """Return an entry for each note that the GAN wrote, and the probabilities of all cells before their threshold.

    Args:
        request: that the piece came of.
        piece: the variant.
        phrases: from `phrases_of`.
    """
    places, painting = places_of(piece, _stays(request)), Painting(piece)
    found: dict[int, Entry] = {}
    for number, phrase in enumerate(phrases, 1):
        soft = phrase.drafts.soft[phrase.taken].numpy()  # (2, 2, T / 2, 72)
        lowest = COMPACT[0] - phrase.target.shift
        steps = phrase.target.steps
        for bar in phrase.own:
            span = slice(bar * steps, (bar + 1) * steps)
            painting.add(phrase.start // STEP + span.start, lowest, soft[:, :, span].max((0, 1)))
            for step in range(span.start, span.stop):
                tick = phrase.start + step * STEP
                for hand, key in np.argwhere(soft[:, ONSET, step] > _THRESHOLD).tolist():
                    place = found_at(places, tick, lowest + key)
                    if place is not None and place not in found and piece.notes[place].hand == hand:
                        part = _cell(soft[hand, ONSET, step], key, lowest)
                        found[place] = entry_of(piece, place, part.probability, number, (part,))
    return tuple(found[place] for place in sorted(found)), painting.done()


def _stays(request: Request) -> list[Note]:
    """Return the notes that were given and stay."""
    if isinstance(request, ContinueRequest):
        given = given_music(request.music)
        return list(given.first_bars(request.keep or len(given.bars)).notes)
    if isinstance(request, RewriteRequest):
        given = given_music(request.music)
        start, end = given.bars[request.first - 1].start, given.bars[request.last - 1].end
        return [note for note in given.notes if not start <= note.start < end]
    return []


def _cell(onsets: np.ndarray, key: int, lowest: int) -> Part:
    """Return what is told of a note: its cell, and the likeliest others of the same moment; each is decided alone."""
    named = sorted({key, *np.argsort(-onsets, kind="stable")[:_RIVALS].tolist()}, key=lambda one: -onsets[one])
    rivals = tuple(
        Rival(f"PITCH_{lowest + one}", float(onsets[one]), float(onsets[one] > _THRESHOLD), True) for one in named
    )
    return Part("pitch", f"PITCH_{lowest + key}", float(onsets[key]), 0.0, rivals, 0.0, 0.0)


@torch.inference_mode()
def verdicts(gan: Gan, phrases: list[Phrase], piece: Piece) -> tuple[Verdict, ...]:
    """Return what the discriminator made of each bar that was taken."""
    found = []
    for phrase in phrases:
        batch, taken = phrase.drafts.windows, phrase.taken
        device = next(gan.parameters()).device
        cells, known, conditions = (
            torch.from_numpy(part).to(device) for part in (batch.cells, batch.known, batch.conditions)
        )
        seen, rest = gan.discriminator.streams(cells.float(), conditions, known)
        scores = gan.discriminator.verdict(seen, rest, conditions)
        rank = 1 + int((scores > scores[taken]).sum())
        first = piece.bar_at(phrase.start)
        for bar in phrase.own:
            gained = gains(gan, seen, rest, conditions, taken, PHRASE_BARS + bar)
            found.append(Verdict(first + bar, *gained, float(scores[taken]), rank, len(scores)))
    return tuple(found)


def gains(
    gan: Gan, seen: list[Tensor], rest: Tensor, conditions: Tensor, taken: int, bar: int
) -> tuple[float, float, float]:
    """Return for each stream by how much the score is higher with its own bar than with that of the other drafts."""
    count = len(rest)
    others = [number for number in range(count) if number != taken]
    own = [part[taken : taken + 1].expand(count - 1, -1, -1) for part in seen]
    fixed = rest[taken : taken + 1].expand(count - 1, -1), conditions[taken : taken + 1].expand(count - 1, -1)
    score = gan.discriminator.verdict(own, *fixed)
    found = []
    for number, part in enumerate(seen):
        exchanged = own[number].clone()
        exchanged[:, :, bar] = part[others, :, bar]
        swapped = [*own[:number], exchanged, *own[number + 1 :]]
        found.append(float((score - gan.discriminator.verdict(swapped, *fixed)).mean()))
    roll, harmony, changes = found
    return roll, harmony, changes

"""Whatever is done to given music: to the tick, velocity, pedal and tempo it stays, and what is new goes with it."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import pytest

from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import to_midi
from genai_demo.music.requests import ContinueRequest, HarmoniseRequest, Request, RewriteRequest
from genai_demo.music.results import Update
from genai_demo.music.sampling.generation import run
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Key, Note, Piece, resolve_overlaps
from genai_demo.music.tokens.piece_string import write_piece_string
from tests.helpers.music import bars_of

pytestmark = pytest.mark.usefixtures("tiny")
BAR = 4 * TICKS


@cache
def played() -> Piece:
    """Return eight bars as they might have been played: off the grid, ever louder, with pedal, slurs and two keys."""
    chance = random.Random(3)
    notes = []
    for place in range(32):
        loudness, at = 30 + 2 * place, place * TICKS
        for hand, pitches in ((RIGHT, (67, 72 + place % 5)), (LEFT, (40 + place % 7,))):
            for pitch in pitches:
                start = max(0, at + chance.randint(-20, 20))
                notes.append(Note(start, pitch, chance.randint(200, 460), hand, loudness + chance.randint(0, 9)))
    pedal = tuple((bar * BAR + 7, bar * BAR + 1800 + bar) for bar in range(8))
    changes = ((4 * BAR, Key.of_signature(-6, "major")),)
    whole = resolve_overlaps(notes)
    top = [note for note in whole if note.hand == RIGHT and note.pitch > 67]
    slurs = tuple(zip(top[::3], top[2::3], strict=False))
    return Piece(whole, bars_of([(4, 4)] * 8), Key(6, "major"), 117.31, pedal, changes, slurs)


MUSIC = write_piece_string(played())
MELODY = replace(
    played().first_bars(3),
    notes=tuple(note for note in played().first_bars(3).notes if note.hand == RIGHT and note.pitch > 67),
)
REQUESTS: dict[str, Request] = {
    "composer continues": ContinueRequest(music=MUSIC, bars=4),
    "composer continues some": ContinueRequest(music=MUSIC, keep=6, bars=4),
    "GAN continues": ContinueRequest("gan", music=MUSIC, bars=4),
    "GAN continues some": ContinueRequest("gan", music=MUSIC, keep=6, bars=4),
    "composer rewrites": RewriteRequest(MUSIC, 3, 4),
    "composer rewrites a hand": RewriteRequest(MUSIC, 3, 4, "left"),
    "composer rewrites high keys": RewriteRequest(MUSIC, 3, 4, lowest=70),
    "masked model rewrites": RewriteRequest(MUSIC, 3, 4, model="masked", steps=2),
    "masked model rewrites a hand": RewriteRequest(MUSIC, 3, 4, "right", model="masked", steps=2),
    "GAN rewrites": RewriteRequest(MUSIC, 3, 4, model="gan"),
    "composer harmonises": HarmoniseRequest(write_piece_string(MELODY)),
    "masked model harmonises": HarmoniseRequest(write_piece_string(MELODY), "both", model="masked", steps=2),
}


@cache
def updates(name: str) -> list[Update]:
    return list(run(REQUESTS[name]))


def kept_by(request: Request) -> Piece:
    """Return what is to stay."""
    if isinstance(request, ContinueRequest):
        return played().first_bars(request.keep or 8)
    if isinstance(request, HarmoniseRequest):
        return MELODY
    assert isinstance(request, RewriteRequest)
    piece = played()
    start, end = piece.bars[request.first - 1].start, piece.bars[request.last - 1].end
    hands = {"both": (RIGHT, LEFT), "left": (LEFT,), "right": (RIGHT,)}[request.hand]
    stays = [
        note
        for note in piece.notes
        if not start <= note.start < end or note.hand not in hands or note.pitch < request.lowest
    ]
    return replace(piece, notes=tuple(stays))


@pytest.mark.parametrize("name", REQUESTS)
def test_what_was_given_stays(name: str) -> None:
    request = REQUESTS[name]
    kept = kept_by(request)
    for update in updates(name):
        for composition in update.compositions:
            made = composition.piece
            assert made.faults() == []
            assert set(kept.notes) <= set(made.notes)
            assert (made.tempo, made.key, made.key_changes) == (kept.tempo, kept.key, kept.key_changes)
            assert made.bars[: len(kept.bars)] == kept.bars
            assert [span for span in made.pedal if span[0] < kept.end] == [
                (start, min(end, kept.end)) for start, end in kept.pedal
            ]
            notes = {*made.notes}
            assert [slur for slur in made.slurs if notes.issuperset(slur)] == [
                slur for slur in kept.slurs if {*kept.notes}.issuperset(slur)
            ]
            back = read_midi(to_midi(made)).piece
            assert replace(back, tempo=0.0) == replace(made, tempo=0.0, slurs=())


@pytest.mark.parametrize("name", [name for name in REQUESTS if "harmonises" not in name])
def test_new_bars_are_as_loud_as_what_is_around_them(name: str) -> None:
    request = REQUESTS[name]
    kept = kept_by(request)
    made = updates(name)[-1].compositions[0].piece
    new = [note for note in made.notes if note not in set(kept.notes)]
    around = [note.velocity for note in played().notes if 2 * BAR <= note.start < 4 * BAR]
    if isinstance(request, ContinueRequest):
        around = [note.velocity for note in kept.notes if note.start >= kept.end - BAR]
    assert new
    assert all(min(around) - 6 <= note.velocity <= max(around) + 6 for note in new)


@pytest.mark.parametrize("name", ["composer continues", "GAN continues", "composer continues some"])
def test_new_bars_take_up_the_pedal(name: str) -> None:
    request = REQUESTS[name]
    kept = kept_by(request)
    made = updates(name)[-1].compositions[0].piece
    added = [span for span in made.pedal if span[0] >= kept.end]
    assert added and added[0][0] == kept.end and added[-1][1] == made.end
    without = replace(request, music=write_piece_string(replace(played(), pedal=())))
    assert list(run(without))[-1].compositions[0].piece.pedal == ()

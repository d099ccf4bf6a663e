"""The composer among notes that stay: they do, others come only where there are holes, and all of it is music."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from genai_demo.errors import UserError
from genai_demo.music.requests import (
    HARMONISERS,
    PARTS,
    ComposeRequest,
    HarmoniseRequest,
    RewriteRequest,
    given_music,
)
from genai_demo.music.results import Update
from genai_demo.music.sampling import composer_rewriting
from genai_demo.music.sampling.composer_rewriting import _likelihood, harmonise, rewrite
from genai_demo.music.sampling.composing import compose
from genai_demo.music.sampling.constraints import InpaintingConstraint
from genai_demo.music.sampling.regions import Region
from genai_demo.music.theory.genres import GENRE_METRES, genre_share
from genai_demo.music.theory.piece import LEFT, PITCHES, RIGHT, STEP, Key, Note, Piece
from genai_demo.music.tokens import events
from genai_demo.music.tokens.piece_string import write_piece_string
from genai_demo.music.tokens.roll import PIANO_KEYS
from genai_demo.music.training.composer_metrics import bits
from tests.helpers.music import bars_of, pieces, scale
from tests.music.sampling.test_composing import wild

NETWORK = wild()


def told(notes: tuple[Note, ...]) -> set[tuple[int, int, int, int]]:
    return {(note.start, note.pitch, note.length, note.hand) for note in notes}


def result(update: Update) -> Piece:
    return update.compositions[0].piece


@hypothesis_settings(max_examples=10, deadline=None)
@given(pieces(), st.data())
def test_what_is_not_chosen_stays_note_for_note(piece: Piece, data: st.DataObject) -> None:
    piece = given_music(write_piece_string(piece))
    last = data.draw(st.integers(1, len(piece.bars)))
    first = data.draw(st.integers(1, last))
    low = data.draw(st.integers(PITCHES[0], PITCHES[1]))
    request = RewriteRequest(
        write_piece_string(piece),
        first,
        last,
        data.draw(st.sampled_from(("both", "right", "left"))),
        low,
        data.draw(st.integers(low, PITCHES[1])),
        seed=data.draw(st.integers(0, 99)),
    )
    updates = list(rewrite(NETWORK, request))
    made = result(updates[-1])
    start, end = piece.bars[first - 1].start, piece.bars[last - 1].end

    def chosen(note: Note) -> bool:
        hand = request.hand == "both" or (request.hand == "left") == (note.hand == LEFT)
        return hand and start <= note.start < end and request.lowest <= note.pitch <= request.highest

    kept = told(tuple(note for note in piece.notes if not chosen(note)))
    assert kept <= told(made.notes)
    new = [note for note in made.notes if (note.start, note.pitch, note.length, note.hand) not in kept]
    assert all(chosen(note) for note in new)
    assert made.bars == piece.bars
    assert [update.step for update in updates] == list(range(updates[-1].steps + 1))
    assert updates[-1].compositions[0].finished
    assert result(list(rewrite(NETWORK, request))[-1]) == made


@hypothesis_settings(max_examples=60, deadline=None)
@given(pieces(), st.integers(0, 99))
def test_a_stencil_lets_through_every_note_that_stays_and_none_but_those_in_holes(piece: Piece, seed: int) -> None:
    """Tokens are drawn at random from what grammar and stencil allow, with no model at all."""
    piece = events.quantize_to_tokens(piece)
    random = np.random.default_rng(seed)
    kept = [note for note in piece.notes if random.random() < 0.6]
    steps = piece.end // STEP + 1
    hidden = random.random((2, steps)) < random.choice([0.0, 0.3, 1.0])
    low = int(random.integers(PIANO_KEYS))
    region = Region(hidden, np.full((2, steps), low), np.full((2, steps), int(random.integers(low, PIANO_KEYS))))
    grammar = events.Grammar()
    for token in events.encode(piece)[:4]:
        grammar.push(token)
    constraint = InpaintingConstraint(kept, region, grammar.bar)
    metre = (grammar.bar.beats, grammar.bar.unit)
    place = 0
    while True:
        mask = constraint.allowed(grammar.allowed(), grammar.held)
        closed = bool(mask[events.BAR])
        if closed and (not mask.any() or random.random() < 0.3 or mask.sum() == mask[_signs()].sum()):
            place += 1
            if place == len(piece.bars):
                break
            following = (piece.bars[place].beats, piece.bars[place].unit)
            if following != metre:
                grammar.push(events.FIRST["METRE"] + events.TOKEN_TIME_SIGNATURES.index(following))
                metre = following
            grammar.push(events.BAR)
            constraint.next_bar(grammar.bar)
            continue
        mask[_signs()] = False
        assert mask.any()
        token = int(random.choice(np.flatnonzero(mask)))
        grammar.push(token)
        constraint.push(token)
    made = grammar.piece()
    assert told(tuple(kept)) <= told(made.notes)
    for note in made.notes:
        if (note.start, note.pitch, note.length, note.hand) not in told(tuple(kept)):
            assert hidden[note.hand, note.start // STEP]
            assert region.lowest[0, 0] <= note.pitch - PITCHES[0] <= region.highest[0, 0]


def _signs() -> np.ndarray:
    """Return the tokens that close a bar."""
    metres = range(events.FIRST["METRE"], events.FIRST["METRE"] + events.COUNTS["METRE"])
    return np.array([events.BAR, events.END, *metres])


@pytest.mark.parametrize("part", PARTS)
def test_a_melody_stays_and_gets_what_was_asked_for(part: str) -> None:
    request = HarmoniseRequest(write_piece_string(scale(4)), part, seed=3)
    made = result(list(harmonise(NETWORK, request))[-1])
    assert told(scale(4).notes) <= told(made.notes)
    new = [note for note in made.notes if (note.start, note.pitch, note.length, note.hand) not in told(scale(4).notes)]
    assert new
    hands = {"left": {LEFT}, "inner": {RIGHT}, "both": {LEFT, RIGHT}}[part]
    assert {note.hand for note in new} == hands
    for note in new:
        if note.hand == RIGHT:
            above = [other for other in scale(4).notes if other.hand == RIGHT and other.start <= note.start < other.end]
            assert above
            assert note.pitch < above[0].pitch


def test_variants_and_seeds_differ_and_a_variant_does_not_depend_on_the_others() -> None:
    request = RewriteRequest(write_piece_string(scale(6)), 2, 5, variants=2, seed=4)
    first, second = (composition.piece for composition in list(rewrite(NETWORK, request))[-1].compositions)
    assert first != second
    assert result(list(rewrite(NETWORK, replace(request, variants=1)))[-1]) == first
    assert result(list(rewrite(NETWORK, replace(request, seed=5)))[-1]) != first


def test_metres_that_change_and_music_without_a_key_or_a_note_can_be_written_anew() -> None:
    bars = bars_of([(1, 4), (3, 4), (3, 4), (6, 8), (2, 4)])
    notes = (Note(0, 67, 480), Note(480, 60, 480), Note(bars[3].start, 64, 240))
    for some in (notes, ()):
        made = result(list(rewrite(NETWORK, RewriteRequest(write_piece_string(Piece(some, bars)), 1, 5)))[-1])
        assert made.bars == bars
        assert made.notes


def test_of_several_tries_the_one_is_taken_after_which_the_rest_is_likeliest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is likely is put in its place by hand: the more notes there are, the likelier."""
    music = write_piece_string(scale(4))
    counts = []
    for sign in (1, -1):
        monkeypatch.setattr(
            composer_rewriting, "_likelihood", lambda _, piece, first, sign=sign: 1e6 * sign * len(piece.notes)
        )
        counts.append(len(result(list(rewrite(NETWORK, RewriteRequest(music, 2, 3)))[-1]).notes))
    assert counts[0] > counts[1]


def test_likelihood_is_what_the_composer_foresees() -> None:
    """All bars of a piece cost what they cost where whole pieces are measured, but for the end."""
    piece = scale(3, Key(2, "minor"))
    tokens = events.encode(piece)
    cost, _ = bits(NETWORK, [tokens], 1)
    without, _ = bits(NETWORK, [tokens[:-1]], 1)
    found = _likelihood(NETWORK, piece, 0)
    assert cost > without
    assert found == pytest.approx(-without * np.log(2), rel=1e-4)
    assert _likelihood(NETWORK, piece, 2) > found


def test_models_that_cannot_harmonise_are_refused() -> None:
    assert "gan" not in HARMONISERS
    with pytest.raises(UserError, match="gan"):
        HarmoniseRequest(write_piece_string(scale(2)), model="gan").check()


@pytest.mark.parametrize("genre", ["waltz", "march", "lullaby"])
def test_bars_of_a_genre_are_written_anew_in_it(genre: str) -> None:
    asked = ComposeRequest(bars=5, genre=genre, metre=GENRE_METRES[genre][-1], key="C_major", seed=4)
    begun = list(compose(NETWORK, asked))[-1].compositions[0].piece
    request = RewriteRequest(write_piece_string(begun), 2, 3, seed=1, genre=genre)
    request.check()
    made = result(list(rewrite(NETWORK, request))[-1])
    assert genre_share(made, genre) == 1
    start, end = begun.bars[1].start, begun.bars[2].end
    assert [note for note in made.notes if start <= note.start < end] != [
        note for note in begun.notes if start <= note.start < end
    ]


def test_a_genre_is_refused_where_half_of_a_bar_is_written() -> None:
    music = write_piece_string(scale(2))
    for request, key in (
        (RewriteRequest(music, hand="left", genre="march"), "music.genre_whole_bars"),
        (RewriteRequest(music, genre="waltz"), "music.genre_metre"),
        (RewriteRequest(music, model="masked", genre="march"), "music.genre_composer"),
    ):
        with pytest.raises(UserError) as refusal:
            request.check()
        assert refusal.value.key == key

"""What of real pieces generated ones are asked to be like, and measured against."""

from __future__ import annotations

from dataclasses import replace

from genai_demo.music.evaluation.excerpts import like, opening, openings, put_in, request_for
from genai_demo.music.theory.piece import TICKS, Note, Piece
from genai_demo.music.tokens.piece_string import key_id
from tests.helpers.music import bars_of, tune


def test_openings_leave_out_upbeats_and_what_has_no_key() -> None:
    whole = tune(1, 20)
    assert opening(whole, 16) == replace(opening(whole, 16) or whole, key=whole.key)
    upbeat = Piece(
        (Note(0, 60, TICKS), *(replace(note, start=note.start + TICKS) for note in whole.notes)),
        bars_of([(1, 4), *[(4, 4)] * 20]),
        whole.key,
        100.0,
    )
    assert opening(upbeat, 16) == opening(whole, 16)
    assert opening(replace(whole, bars=bars_of([(4, 4)] * 8 + [(3, 4)] * 16)), 16) is None
    assert opening(Piece((Note(0, 60, TICKS),), bars_of([(5, 4)] * 20)), 16) is None
    assert len(openings([whole, replace(whole, key=None)], 16, 0)) == 1


def test_draws_have_the_metres_of_what_they_stand_for() -> None:
    wanted = [tune(seed, 16, ((4, 4), (3, 4))[seed % 2]) for seed in range(6)]
    known = [tune(seed, 16, ((4, 4), (3, 4), (2, 4))[seed % 3]) for seed in range(30)]
    drawn = like(wanted, known, 0)
    assert [piece.bars[0].beats for piece in drawn] == [piece.bars[0].beats for piece in wanted]
    assert len({id(piece) for piece in drawn}) == 6 and all(piece in known for piece in drawn)
    assert like(wanted, known, 0) == drawn != like(wanted, known, 1)
    assert like(wanted, known[:3], 0) == known[:2] or len(like(wanted, known[:3], 0)) == 2


def test_requests_ask_for_what_the_opening_is() -> None:
    piece = replace(tune(3, 16, (3, 4)), tempo=312.0)
    request = request_for(piece, "gan", 7)
    request.check()
    assert (request.model, request.bars, request.metre, request.tempo, request.seed) == ("gan", 16, "3/4", 208, 7)
    assert request.key == key_id(piece.key)


def test_bars_are_put_in() -> None:
    piece, other = tune(1, 8), tune(2, 2)
    put = put_in(piece, other, 3)
    assert not put.faults() and put.bars == piece.bars
    assert [n for n in put.notes if put.bar_at(n.start) not in (3, 4)] == [
        n for n in piece.notes if piece.bar_at(n.start) not in (3, 4)
    ]
    inside = [replace(n, start=n.start - piece.bars[3].start) for n in put.notes if put.bar_at(n.start) in (3, 4)]
    assert tuple(inside) == other.notes

"""What is in the library of the piano tab, and what becomes of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.music.requests import (
    ComposeRequest,
    ContinueRequest,
    HarmoniseRequest,
    Request,
    RewriteRequest,
    given_music,
)
from genai_demo.music.results import Composition, Update
from genai_demo.music.theory.piece import LEFT, Key, Piece
from genai_demo.music.tokens.piece_string import write_piece_string
from genai_demo.ui.music import library as lib
from genai_demo.ui.music.library import Item, Job, Library, Scope
from tests.helpers.scores import piece

TUNE = piece([(0, 1, 60), (4, 2, 64), (8, 4, 67)], [(0, 4, 48), (4, 4, 43)], [(4, 4)] * 3)


def update(request: Request, *pieces: Piece, done: bool = True) -> Update:
    receipts = tuple(Receipt("music", "compose", "piano-composer", "c0ffee", asdict(request)) for _ in pieces)
    return Update(tuple(Composition(one, done) for one in pieces), 1, 1, receipts if done else ())


def refused(key: str, what: Any, *values: Any) -> None:
    with pytest.raises(UserError) as refusal:
        what(*values)
    assert refusal.value.key == key


def test_new_pieces_take_the_place_of_all() -> None:
    request = ComposeRequest(variants=2)
    growing = lib.grown(lib.library_of(TUNE), Job(request), update(request, TUNE, TUNE, done=False), 0.5)
    assert [item.state for item in growing.items] == ["growing"] * 2
    assert growing.busy and not growing.items[0].receipt
    done = lib.grown(growing, Job(request), update(request, TUNE, TUNE), 0.5)
    assert not done.busy and all(item.receipt and item.made for item in done.items)


def test_a_change_is_one_step_however_many_updates_it_takes() -> None:
    library = lib.library_of(TUNE)
    higher = replace(TUNE, key=Key(2, "major"))
    job = Job(RewriteRequest(write_piece_string(TUNE), 2, 3), 0)
    for done in (False, False, True):
        library = lib.grown(library, job, update(job.request, higher, done=done), 0.1)
    (item,) = library.items
    assert (item.piece, item.changed, len(item.past)) == (higher, (1, 2), 1)
    assert lib.undone(item).piece == TUNE
    assert lib.undone(lib.undone(item)).piece == TUNE, "there is nothing before"


def test_a_change_that_was_stopped_is_taken_back_and_a_piece_stays_as_far_as_it_is() -> None:
    for request, state in (
        (RewriteRequest(write_piece_string(TUNE)), "finished"),
        (HarmoniseRequest(write_piece_string(TUNE)), "finished"),
        (ContinueRequest(music=write_piece_string(TUNE)), "stopped"),
    ):
        library = lib.grown(lib.library_of(TUNE), Job(request, 0), update(request, TUNE, done=False), 0.1)
        stopped = lib.settled(library)
        assert stopped and stopped.items[0].state == state
        assert bool(stopped.items[0].past) == (state == "stopped")
    request = ComposeRequest()
    stopped = lib.settled(lib.grown(Library(), Job(request), update(request, TUNE, done=False), 0.1))
    assert stopped and stopped.items[0].state == "stopped" and stopped.items[0].receipt is None
    assert lib.settled(None) is None


def test_bars_are_transposed_and_the_key_moves_with_all_of_them() -> None:
    item = Item(TUNE, ComposeRequest(), Receipt("music", "compose", "m", "c", {}))
    some = lib.transposed(item, 1, 1, 2)
    assert [note.pitch for note in some.piece.notes] == [48, 60, 45, 66, 67]
    assert (some.piece.key, some.changed, some.receipt, some.moved) == (TUNE.key, (1, 1), None, True)
    every = lib.transposed(item, 0, 2, -1)
    assert every.piece.key == Key(11, "major")
    assert lib.undone(every) == item
    refused("ui.music_off_the_keyboard", lib.transposed, Item(piece([(0, 4, 108)])), 0, 0, 1)
    for first, last in ((0, 3), (2, 1), (-1, 0)):
        refused("ui.music_no_such_bars", lib.transposed, item, first, last, 1)


def test_what_the_page_names_is_what_it_shows() -> None:
    library = lib.library_of(TUNE)
    assert lib.at(library, 0, library.items[0].key) == (library, 0)
    for place, key in ((1, library.items[0].key), (0, "other"), ("0", None), (True, ""), (None, None), (-1, "")):
        refused("ui.music_gone", lib.at, library, place, key)
    refused("ui.music_gone", lib.at, None, 0, "")


def test_all_but_some_bars_are_written_anew_in_one_step() -> None:
    library = lib.library_of(TUNE)
    job = lib.keeping(library.items[0], 0, (1, 1), Scope("left", 60, 72, 0.9, 5))
    assert isinstance(job.request, RewriteRequest) and job.then
    assert [(one.first, one.last, one.hand, one.lowest) for one in (job.request, job.then)] == [
        *((1, 1, "left", 60), (3, 3, "left", 60)),
    ]
    between = piece([(0, 1, 72), (4, 2, 64), (8, 4, 67)], [], [(4, 4)] * 3)
    library = lib.grown(library, job, update(job.request, between), 0.1)
    following = lib.followed(job, library)
    assert following
    job, library = following
    assert library.busy and isinstance(job.request, RewriteRequest)
    assert given_music(job.request.music).notes == between.notes
    library = lib.grown(library, job, update(job.request, TUNE), 0.1)
    assert len(library.items[0].past) == 1 and lib.undone(library.items[0]).piece == TUNE
    assert lib.followed(job, library) is None
    alone = lib.keeping(library.items[0], 0, (0, 1), Scope())
    assert isinstance(alone.request, RewriteRequest) and (alone.request.first, alone.then) == (3, None)
    refused("ui.music_all_kept", lib.keeping, library.items[0], 0, (0, 2), Scope())


def test_requests_hold_the_music_they_start_from() -> None:
    made = Item(TUNE, ComposeRequest("gan", density="dense", style="romantic"))
    request = lib.continuing(made, 1, 8, 0.8, 0.9, 3, "composer")
    assert (request.model, request.keep, request.bars, request.density, request.style) == (
        *("gan", 2, 8),
        *("dense", "romantic"),
    )
    assert lib.continuing(Item(TUNE), 0, 4, 1.0, 1.0, 3, "gan").model == "gan"
    for wrote, goes_on in (("gan", "gan"), ("composer", "composer"), ("masked", "composer")):
        anew = Item(TUNE, RewriteRequest(write_piece_string(TUNE), model=wrote))
        assert lib.continuing(anew, 0, 4, 1.0, 1.0, 3, "composer").model == goes_on
    for asked in (
        request,
        lib.rewriting(made, 0, 2, Scope()),
        lib.harmonising(made, "left", 1.0, 1, "masked"),
    ):
        asked.check()
        assert given_music(asked.music).notes == given_music(write_piece_string(TUNE)).notes


def test_the_same_notes_have_the_same_name() -> None:
    assert Item(TUNE).key == Item(replace(TUNE)).key
    assert Item(TUNE).key != Item(replace(TUNE, tempo=97.0)).key
    other = replace(TUNE, notes=(*TUNE.notes[:-1], replace(TUNE.notes[-1], hand=LEFT)))
    assert Item(TUNE).key != Item(other).key


def test_bars_that_the_gan_wrote_are_known_until_others_write_them() -> None:
    music = write_piece_string(TUNE)
    count = len(TUNE.bars)
    given = Item(TUNE)
    gan = replace(given, request=RewriteRequest(music, 2, 3, model="gan"), past=(given,))
    assert (given.legato, gan.legato) == (frozenset(), {1, 2})
    again = replace(gan, request=RewriteRequest(music, 3, 3), past=(*gan.past, replace(gan, past=())))
    assert again.legato == {1}
    assert lib.transposed(again, 0, 0, 2).legato == {1}
    assert lib.undone(again).legato == {1, 2}
    assert Item(TUNE, ComposeRequest("gan")).legato == set(range(count))
    assert Item(TUNE, ContinueRequest("gan", music, keep=2)).legato == set(range(2, count))


def test_a_genre_goes_along_with_its_piece() -> None:
    waltz = Item(TUNE, ComposeRequest(genre="waltz", metre="3/4"))
    moved = lib.transposed(waltz, 0, 0, 1)
    rewritten = replace(waltz, request=RewriteRequest("", model="masked"), past=(waltz,))
    assert [item.genre for item in (waltz, moved, rewritten)] == ["waltz"] * 3
    assert lib.continuing(rewritten, 1, 4, 1.0, 1.0, 0, "composer").genre == "waltz"
    assert Item(TUNE, past=(waltz,)).genre == "any", "what somebody gave since is of no genre"
    plain = replace(waltz, request=ComposeRequest("gan"))
    assert lib.continuing(plain, 1, 4, 1.0, 1.0, 0, "composer").genre == "any"

"""What is not chosen stays note for note; melodies keep every note; a seed decides the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genai_demo.music.requests import HarmoniseRequest, RewriteRequest, given_music
from genai_demo.music.results import Update
from genai_demo.music.sampling import masked_inpainting as inpainting
from genai_demo.music.sampling.generation import reproduce, run
from genai_demo.music.sampling.loading import LoadedModel, load
from genai_demo.music.theory.piece import LEFT, RIGHT, STEP, TICKS, Key, Note, Piece, resolve_overlaps
from genai_demo.music.tokens.piece_string import write_piece_string
from tests.helpers.music import bars_of, scale

HANDS = {"right": (RIGHT,), "left": (LEFT,), "both": (RIGHT, LEFT)}
METRES = st.sampled_from([(4, 4), (3, 4), (2, 4), (6, 8)])


@pytest.fixture
def loaded(tiny: Path) -> Iterator[LoadedModel]:
    yield load("masked")


def last(updates: Iterator[Update]) -> Update:
    *_, update = updates
    assert all(composition.finished for composition in update.compositions)
    return update


@st.composite
def music(draw: st.DrawFn, hands: tuple[int, ...] = (RIGHT, LEFT), most_bars: int = 12) -> Piece:
    """Draw a piece as a request can hold it, triplets included."""
    bars = bars_of([draw(METRES)] * draw(st.integers(1, most_bars)))
    place = st.sampled_from([STEP, TICKS // 3]).flatmap(
        lambda grid: st.integers(0, (bars[-1].end - 1) // grid).map(lambda number: number * grid)
    )
    note = st.builds(
        Note,
        place,
        st.integers(36, 84),
        st.sampled_from([STEP, 2 * STEP, TICKS // 3, TICKS, 2 * TICKS, 4 * TICKS]),
        st.sampled_from(hands),
    )
    notes = resolve_overlaps(draw(st.lists(note, min_size=1, max_size=40)))
    return given_music(write_piece_string(Piece(notes, bars, draw(st.sampled_from([None, Key(3, "major")])))))


REQUESTS = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


@REQUESTS
@given(piece=music(), data=st.data())
def test_what_is_not_chosen_stays_note_for_note(loaded: LoadedModel, piece: Piece, data: st.DataObject) -> None:
    to = data.draw(st.integers(1, len(piece.bars)))
    since = data.draw(st.integers(1, to))
    lowest = data.draw(st.integers(21, 108))
    request = RewriteRequest(
        write_piece_string(piece),
        since,
        to,
        data.draw(st.sampled_from(list(HANDS))),
        lowest,
        data.draw(st.integers(lowest, 108)),
        steps=3,
        variants=2,
        seed=data.draw(st.integers(0, 99)),
    )
    request.check()
    start, end = piece.bars[since - 1].start, piece.bars[to - 1].end

    def chosen(note: Note) -> bool:
        inside = start <= note.start < end and request.lowest <= note.pitch <= request.highest
        return inside and note.hand in HANDS[request.hand]

    kept = {note for note in piece.notes if not chosen(note)}
    for update in inpainting.rewrite(loaded, request):
        assert len(update.compositions) == 2
        for composition in update.compositions:
            made = composition.piece
            assert made.faults() == []
            assert kept <= set(made.notes)
            new = set(made.notes) - kept
            assert all(chosen(note) and note.end <= end and note.start % STEP == 0 for note in new)
            assert (made.bars, made.key, made.tempo) == (piece.bars, piece.key, piece.tempo)
    assert update.step == update.steps


@REQUESTS
@given(piece=music(), part=st.sampled_from(["left", "inner", "both"]), density=st.sampled_from(["any", "dense"]))
def test_a_melody_keeps_every_note(loaded: LoadedModel, piece: Piece, part: str, density: str) -> None:
    request = HarmoniseRequest(write_piece_string(piece), part, density, steps=2)
    request.check()
    for update in inpainting.harmonise(loaded, request):
        (composition,) = update.compositions
        assert composition.piece.faults() == []
        assert set(piece.notes) <= set(composition.piece.notes)
        new = set(composition.piece.notes) - set(piece.notes)
        if part != "both":
            assert {note.hand for note in new} <= ({LEFT} if part == "left" else {RIGHT})
    assert composition.finished


@pytest.mark.parametrize("hand", [RIGHT, LEFT])
def test_a_melody_is_given_a_left_hand_whichever_hand_it_is_in(loaded: LoadedModel, hand: int) -> None:
    tune = scale(4, Key(0, "major"))
    melody = replace(tune, notes=tuple(replace(note, hand=hand) for note in tune.notes if note.hand == RIGHT))
    made = (
        last(inpainting.harmonise(loaded, HarmoniseRequest(write_piece_string(melody), steps=4))).compositions[0].piece
    )
    added = set(made.notes) - set(melody.notes)
    assert added and {note.hand for note in added} == {LEFT}
    assert set(melody.notes) <= set(made.notes)


def test_inner_notes_lie_below_the_melody(loaded: LoadedModel) -> None:
    tune = scale(4, Key(0, "major"))
    melody = replace(tune, notes=tuple(note for note in tune.notes if note.hand == RIGHT))
    request = HarmoniseRequest(write_piece_string(melody), "inner", steps=4)
    made = last(inpainting.harmonise(loaded, request)).compositions[0].piece
    added = set(made.notes) - set(melody.notes)
    assert added
    for note in added:
        (above,) = [other for other in melody.notes if other.start <= note.start < other.end]
        assert above.pitch - 12 <= note.pitch < above.pitch


def test_a_seed_decides_and_each_variant_is_another(loaded: LoadedModel) -> None:
    line = write_piece_string(scale(6))
    request = RewriteRequest(line, 2, 5, steps=3, variants=3, seed=4)
    one, same = (last(inpainting.rewrite(loaded, request)) for _ in range(2))
    assert one == same
    assert len({composition.piece for composition in one.compositions}) == 3
    other = last(inpainting.rewrite(loaded, replace(request, seed=5)))
    assert other.compositions[0] != one.compositions[0]


@pytest.mark.parametrize("shift", [-5, 2, 5])
def test_music_in_another_key_is_written_alike(loaded: LoadedModel, shift: int) -> None:
    tune = scale(6, Key(0, "major"))
    moved = replace(
        tune,
        key=Key(shift % 12, "major"),
        notes=tuple(replace(note, pitch=note.pitch + shift) for note in tune.notes),
    )
    requests = [
        RewriteRequest(write_piece_string(piece), 2, 4, lowest=45 + by, highest=80 + by, steps=3)
        for piece, by in ((tune, 0), (moved, shift))
    ]
    one, other = (last(inpainting.rewrite(loaded, request)).compositions[0].piece for request in requests)
    assert set(one.notes) != set(tune.notes)
    assert list(other.notes) == [replace(note, pitch=note.pitch + shift) for note in one.notes]


def test_steps_are_seen(loaded: LoadedModel) -> None:
    updates = list(inpainting.rewrite(loaded, RewriteRequest(write_piece_string(scale(6)), 2, 5, steps=5)))
    assert [update.step for update in updates] == list(range(6))
    assert {update.steps for update in updates} == {5}
    counts = [len(update.compositions[0].piece.notes) for update in updates]
    assert counts[0] == len([note for note in scale(6).notes if not TICKS * 4 <= note.start < TICKS * 20])
    assert counts[:-1] == sorted(counts[:-1]) and counts[-1] > counts[0]
    assert [update.compositions[0].bars for update in updates] == [0, 0, 0, 0, 0, 4]


def test_long_music_is_written_some_bars_at_a_time(loaded: LoadedModel) -> None:
    piece = scale(20)
    updates = list(inpainting.rewrite(loaded, RewriteRequest(write_piece_string(piece), 1, 20, steps=2)))
    assert updates[-1].steps == 10, "four bars of 4/4 at once"
    assert [update.step for update in updates] == list(range(11))
    assert updates[-1].compositions[0].bars == 20
    middle = updates[4].compositions[0].piece
    assert middle.notes and max(note.start for note in middle.notes) < 8 * 4 * TICKS


def test_nothing_to_add_is_done_at_once(loaded: LoadedModel) -> None:
    chords = resolve_overlaps(Note(bar * 4 * TICKS, pitch, 4 * TICKS) for bar in range(2) for pitch in (60, 64, 67))
    piece = given_music(write_piece_string(Piece(chords, bars_of([(4, 4)] * 2))))
    request = HarmoniseRequest(write_piece_string(piece), "inner")
    made = last(inpainting.harmonise(loaded, request)).compositions[0].piece
    assert set(piece.notes) <= set(made.notes)


@pytest.mark.parametrize(
    "request_",
    [RewriteRequest(write_piece_string(scale(4)), 2, 3, steps=2), HarmoniseRequest(write_piece_string(scale(2)))],
)
def test_a_receipt_makes_it_again(tiny: Path, request_: RewriteRequest | HarmoniseRequest) -> None:
    *_, update = run(request_)
    assert update.finished and len(update.receipts) == 1
    assert reproduce(update.receipts[0]).compositions == update.compositions

"""Pieces from the piano GAN: phrases follow one another, what is asked is aimed at, other bars stay as they are."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_demo.errors import UserError
from genai_demo.music.models.gan import DEBUG, Gan, GanConfig, RollBatch
from genai_demo.music.requests import BARS, TIME_SIGNATURES, ComposeRequest, ContinueRequest, RewriteRequest
from genai_demo.music.results import Update
from genai_demo.music.sampling.gan_composing import CHOSEN, DRAFTS, compose, draw
from genai_demo.music.sampling.gan_rewriting import rewrite, rewrite_bars
from genai_demo.music.sampling.gan_targets import draw_target, target_distance
from genai_demo.music.theory.piece import STEP, TICKS, Key, Note, Piece
from genai_demo.music.theory.texture import ANY, DENSITIES, DENSITY_BOUNDS, REGISTER_BOUNDS, REGISTERS
from genai_demo.music.tokens.piece_string import KEY_BY_NAME, write_piece_string
from genai_demo.music.tokens.roll import COMPACT, ONSET, steps_of
from tests.helpers.music import bars_of, scale


def lively_gan() -> Gan:
    """Return a GAN whose every weight acts, with few cells on."""
    torch.manual_seed(5)
    network = Gan(GanConfig(**DEBUG))  # type: ignore[arg-type]
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    torch.nn.init.constant_(network.generator.write.bias, -2.0)  # type: ignore[arg-type]
    return network.eval()


GAN = lively_gan()


def last(request: ComposeRequest | ContinueRequest) -> Update:
    return list(compose(GAN, request))[-1]


@settings(deadline=None, max_examples=8)
@given(
    st.integers(*BARS),
    st.sampled_from(TIME_SIGNATURES),
    st.sampled_from(sorted(KEY_BY_NAME)),
    st.sampled_from((ANY, *DENSITIES)),
    st.integers(0, 2**31 - 1),
)
def test_any_length_in_any_metre_and_key(bars: int, metre: str, key: str, density: str, seed: int) -> None:
    request = ComposeRequest("gan", bars=bars, metre=metre, key=key, density=density, seed=seed, tempo=72)
    request.check()
    updates = list(compose(GAN, request))
    assert len(updates) == math.ceil(bars / 4)
    assert [update.compositions[0].finished for update in updates] == [False] * (len(updates) - 1) + [True]
    assert [update.step for update in updates] == list(range(1, len(updates) + 1))
    piece = updates[-1].compositions[0].piece
    assert not piece.faults()
    assert [f"{bar.beats}/{bar.unit}" for bar in piece.bars] == [metre] * bars
    assert piece.tempo == 72
    assert KEY_BY_NAME[key] in (None, piece.key)
    # What was written stays: a later update goes on where an earlier one ended.
    for before, after in pairwise(updates):
        end = before.compositions[0].piece.end
        starts = [(note.start, note.pitch) for note in after.compositions[0].piece.notes if note.start < end]
        assert starts == [(note.start, note.pitch) for note in before.compositions[0].piece.notes]


def test_variants_differ_and_do_not_depend_on_their_number() -> None:
    three = last(ComposeRequest("gan", bars=8, variants=3, seed=7)).compositions
    assert len({composition.piece.notes for composition in three}) == 3
    assert last(ComposeRequest("gan", bars=8, seed=7)).compositions[0] == three[0]
    assert last(ComposeRequest("gan", bars=8, seed=8)).compositions[0] != three[0]


def test_a_phrase_follows_from_the_one_before() -> None:
    """The same last bars with the same seed, but after other music."""
    bars = bars_of([(4, 4)] * 4)
    given_music = [
        scale(4, Key(0, "major")),
        Piece(tuple(Note(bar.start, 67, TICKS) for bar in bars), bars, Key(0, "major")),
    ]
    written = []
    for piece in given_music:
        request = ContinueRequest("gan", write_piece_string(piece), bars=4, density="medium", register="middle", seed=1)
        result = last(request).compositions[0].piece
        assert result.bars[:4] == piece.bars and len(result.bars) == 8 and not result.faults()
        assert [(n.start, n.pitch) for n in result.notes if n.start < piece.end] == [
            (n.start, n.pitch) for n in piece.notes
        ]
        written.append([(note.start, note.pitch) for note in result.notes if note.start >= piece.end])
    assert written[0] != written[1]


def test_only_the_bars_that_are_kept_are_gone_on_with() -> None:
    music = write_piece_string(scale(6, Key(7, "major")))
    result = last(ContinueRequest("gan", music, keep=3, bars=5)).compositions[0]
    assert len(result.piece.bars) == 8
    assert result.bars == 5
    assert result.piece.key == Key(7, "major")


def test_other_metres_cannot_be_gone_on_with() -> None:
    piece = Piece((Note(0, 60, TICKS),), bars_of([(5, 4)]), Key(0, "major"))
    with pytest.raises(UserError, match="5/4"):
        last(ContinueRequest("gan", write_piece_string(piece), bars=4))


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 8), st.integers(1, 4), st.integers(0, 1000))
def test_bars_written_anew_leave_the_others_as_they_are(first: int, count: int, seed: int) -> None:
    piece = last(ComposeRequest("gan", bars=9, metre="3/4", key="Eb_major", seed=11)).compositions[0].piece
    end = min(first + count, 9)
    result = rewrite_bars(GAN, piece, first, end, seed)
    assert not result.faults()
    assert result == rewrite_bars(GAN, piece, first, end, seed)

    def others(some: Piece) -> list[Note]:
        start, stop = piece.bars[first].start, piece.bars[end - 1].end
        return [note for note in some.notes if not start <= note.start < stop]

    assert others(result) == others(piece)
    assert replace(result, notes=()) == replace(piece, notes=())


def test_a_request_rewrites_any_stretch_in_variants() -> None:
    piece = last(ComposeRequest("gan", bars=12, seed=2)).compositions[0].piece
    request = RewriteRequest(write_piece_string(piece), 3, 8, variants=2, seed=5, model="gan")
    request.check()
    updates = list(rewrite(GAN, request))
    assert [update.step for update in updates] == [1, 2]
    assert [[made.finished for made in update.compositions] for update in updates] == [[False] * 2, [True] * 2]
    one, other = (made.piece for made in updates[-1].compositions)
    assert one.notes != other.notes
    for made in (one, other):
        assert not made.faults()
        for bar in (*piece.bars[:2], *piece.bars[8:]):
            written = [(note.start, note.pitch) for note in made.notes if bar.start <= note.start < bar.end]
            assert written == [(note.start, note.pitch) for note in piece.notes if bar.start <= note.start < bar.end]


def test_hands_and_ranges_are_not_for_the_gan() -> None:
    music = write_piece_string(scale(4))
    for changes in ({"hand": "left"}, {"lowest": 40}, {"highest": 80}):
        with pytest.raises(UserError, match="whole bars"):
            replace(RewriteRequest(music, model="gan"), **changes).check()  # type: ignore[arg-type]


def test_another_seed_writes_another_bar() -> None:
    piece = last(ComposeRequest("gan", bars=8, seed=2)).compositions[0].piece
    assert len({rewrite_bars(GAN, piece, 5, 6, seed).notes for seed in range(4)}) > 1


def test_before_the_bars_may_lie_other_metres() -> None:
    piece = replace(scale(7), bars=bars_of([(1, 4), (3, 4)] + [(4, 4)] * 6))
    made = rewrite_bars(GAN, piece, 2, 4, 1)
    assert not made.faults()
    assert [note for note in made.notes if note.start < 4 * TICKS] == [n for n in piece.notes if n.start < 4 * TICKS]


def test_a_bar_needs_three_others_of_its_metre() -> None:
    piece = Piece(scale(3).notes, bars_of([(4, 4)] * 3 + [(3, 4)] * 3))
    for bar in (0, 4):
        with pytest.raises(UserError, match=f"Bar {bar + 1} "):
            rewrite_bars(GAN, piece, bar, bar + 1, 0)


@given(st.sampled_from(DENSITIES), st.sampled_from(REGISTERS), st.integers(0, 99))
def test_aims_lie_well_within_what_is_asked(density: str, register: str, seed: int) -> None:
    request = ComposeRequest("gan", density=density, register=register)
    target = draw_target(request, Key(9, "minor"), (4, 4), 90.0, np.random.default_rng(seed))
    assert DENSITIES[sum(target.density > bound * 1.02 for bound in DENSITY_BOUNDS)] == density
    assert DENSITIES[sum(target.density > bound * 0.98 for bound in DENSITY_BOUNDS)] == density
    assert REGISTERS[sum(target.pitch > bound for bound in REGISTER_BOUNDS)] == register


def test_misses_by_hand() -> None:
    request = ComposeRequest("gan")
    drawn = draw_target(request, Key(0, "major"), (2, 4), 90.0, np.random.default_rng(0))
    target = replace(drawn, density=2.0, pitch=COMPACT[0] + 24.0, held=1.0)
    cells = np.zeros((2, 2, 4 * steps_of((2, 4)), 72), bool)
    quarters = cells.shape[2] * STEP // TICKS
    cells[0, ONSET, :16, 24] = True  # two C in each quarter
    assert quarters * 2 == 16
    assert target_distance(cells, target) == pytest.approx(0)
    assert target_distance(cells, replace(target, density=4.0)) == pytest.approx(math.log(2))
    assert target_distance(cells, replace(target, pitch=target.pitch - 5)) == pytest.approx(1)
    assert target_distance(cells, replace(target, held=2.0)) == pytest.approx(3 * math.log(2))
    cells[0, ONSET, :16, 24], cells[0, ONSET, :16, 25] = False, True
    assert target_distance(cells, target) == pytest.approx(2 + 1 / 5)


def test_the_discriminator_chooses_among_drafts() -> None:
    target = draw_target(ComposeRequest("gan", metre="4/4"), Key(0, "major"), (4, 4), 96.0, np.random.default_rng(0))
    canvas = np.zeros((2, 2, 8 * target.steps, 72), bool)
    known, conditions = np.zeros(8, bool), target.conditions(True, False)
    chosen = draw(GAN, canvas, known, conditions, 1.0, 3)
    many = RollBatch(*(np.repeat(part, DRAFTS, 0) for part in (canvas[None], known[None], conditions)))
    drafts = GAN.write(many, 3)
    scores = GAN.score(drafts)
    assert len({draft.tobytes() for draft in drafts.cells}) == DRAFTS, "they differ"
    best = scores.sort(descending=True).values[:CHOSEN]
    again = GAN.score(RollBatch(chosen, known[None].repeat(CHOSEN, 0), conditions.repeat(CHOSEN, 0)))
    assert torch.allclose(again, best, atol=1e-5)
    assert best[-1] > scores.median()

"""What is told of a piece is what its networks say, by passes that know nothing of how it was told."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from genai_demo.__main__ import main
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.music.explaining import composed, measures, phrases
from genai_demo.music.explaining.explanation import Explanation, explain, made_again, taken_up
from genai_demo.music.models.composer import ModelInput
from genai_demo.music.requests import (
    ComposeRequest,
    ContinueRequest,
    HarmoniseRequest,
    Request,
    RewriteRequest,
)
from genai_demo.music.sampling import composing, decoding, generation
from genai_demo.music.sampling.loading import load
from genai_demo.music.theory.piece import LEFT, RIGHT, STEP, TICKS, Note, Piece, resolve_overlaps
from genai_demo.music.tokens import events
from genai_demo.music.tokens.piece_string import write_piece_string
from tests.helpers.music import bars_of, tune

pytestmark = pytest.mark.usefixtures("tiny")

GIVEN = write_piece_string(tune(1, 6))
MELODY = write_piece_string(replace(tune(2, 4), notes=tuple(n for n in tune(2, 4).notes if n.hand == RIGHT)))
COMPOSER: list[Request] = [
    ComposeRequest(bars=4, variants=2, seed=3, temperature=0.9, top_p=0.9),
    ComposeRequest(bars=4, seed=4, genre="waltz", metre="3/4", density="sparse"),
    ContinueRequest(music=GIVEN, keep=3, bars=4, seed=5),
    RewriteRequest(music=GIVEN, first=2, last=4, hand="left", seed=6),
    HarmoniseRequest(music=MELODY, part="both", seed=7),
]
GAN: list[Request] = [
    ComposeRequest("gan", bars=6, variants=2, seed=3),
    RewriteRequest(music=GIVEN, first=2, last=3, seed=6, model="gan"),
]
MASKED: list[Request] = [
    RewriteRequest(music=GIVEN, first=2, last=4, seed=6, model="masked", steps=4, temperature=1.2),
    HarmoniseRequest(music=MELODY, part="both", seed=7, model="masked", steps=3),
]


def made(request: Request) -> tuple[Receipt, Piece]:
    update = list(generation.run(request))[-1]
    return update.receipts[-1], update.compositions[-1].piece


def told(request: Request) -> tuple[Explanation, Piece]:
    receipt, piece = made(request)
    return explain(receipt, piece), piece


def given_notes(request: Request) -> set[tuple[int, int]]:
    """Return start and pitch of the notes that a request lets stay."""
    if isinstance(request, ComposeRequest):
        return set()
    piece = generation.service.request_of(made(request)[0])
    assert piece == request
    from genai_demo.music.requests import given_music

    music = given_music(request.music)
    if isinstance(request, ContinueRequest):
        music = music.first_bars(request.keep)
    notes = list(music.notes)
    if isinstance(request, RewriteRequest):
        start, end = music.bars[request.first - 1].start, music.bars[request.last - 1].end
        hands = {"left": [LEFT], "both": [LEFT, RIGHT]}[request.hand]
        notes = [note for note in notes if not start <= note.start < end or note.hand not in hands]
    return {(note.start, note.pitch) for note in notes}


@pytest.mark.parametrize("request_", [*COMPOSER, *GAN, *MASKED], ids=lambda one: f"{one.model}-{type(one).__name__}")
def test_every_note_that_a_model_wrote_is_told_with_all_its_probability(request_: Request) -> None:
    found, piece = told(request_)
    stay = given_notes(request_)
    written = [place for place, note in enumerate(piece.notes) if (note.start, note.pitch) not in stay]
    assert [entry.place for entry in found.entries] == written and written
    for entry in found.entries:
        note = piece.notes[entry.place]
        assert (entry.start, entry.pitch, entry.length, entry.hand) == (note.start, note.pitch, note.length, note.hand)
        (pitch,) = (part for part in entry.parts if part.kind == "pitch")
        assert pitch.token == f"PITCH_{note.pitch}" and pitch.probability == entry.probability > 0
        for part in entry.parts:
            (own,) = (rival for rival in part.rivals if rival.token == part.token)
            if found.family == "gan":
                assert own.before == part.probability > 0.5 and own.after == 1
                continue
            assert own.after == pytest.approx(part.probability) and own.allowed
            for when in ("before", "after"):
                named = sum(getattr(rival, when) for rival in part.rivals)
                assert named + getattr(part, f"others_{when}") == pytest.approx(1, abs=1e-6)
            assert all(rival.allowed for rival in part.rivals if rival.after)
            assert sum(rival.before for rival in part.rivals if not rival.allowed) <= part.forbidden + 1e-9 <= 1 + 1e-9


@pytest.mark.parametrize("request_", COMPOSER[:2], ids=["free", "genre"])
def test_one_pass_over_a_piece_tells_what_was_noted_while_it_was_made(request_: ComposeRequest) -> None:
    """The fast way, by the tokens as they stand, against the slow one, which takes notes of the making."""
    receipt, piece = made(request_)
    network = load("composer").network
    fast = composed.told(network, request_, piece, receipt.index)
    noted: list[decoding.TokenSequence] = []
    last = list(composing.compose(network, request_, noted))[-1]
    assert last.compositions[receipt.index].piece == piece, "taking notes changes nothing"
    sequence = noted[receipt.index]
    whole = composed.whole_sequence(request_, piece, receipt.index)
    # Beside a variant that is not done yet, one that is gets padding.
    assert whole is not None and whole.tokens == [token for token in sequence.tokens if token != events.PAD]
    drawn = {place: trace.probability for place, trace in (sequence.traces or {}).items()}
    again = composed._forced(network, request_, piece, receipt.index)
    assert again is not None and again.traces is not None
    for place, trace in again.traces.items():
        assert trace.probability == pytest.approx(drawn[place], rel=1e-3, abs=1e-5)
    assert len(fast) == len(piece.notes)


def test_probabilities_of_the_composer_are_those_of_a_plain_forward_pass() -> None:
    request = ComposeRequest(bars=4, seed=9)
    found, piece = told(request)
    network = load("composer").network
    tokens = events.encode(piece)
    sequence = composing.sequences_of(request, 0)[0]
    for token in tokens[len(sequence.tokens) :]:
        sequence.push(token)
    if len(tokens) > network.config.context:
        tokens = tokens[: network.config.context]
    inputs = ModelInput(
        torch.tensor([tokens]),
        torch.tensor([sequence.times[: len(tokens)]]),
        torch.from_numpy(np.array([sequence.features[: len(tokens)]])).long(),
    )
    with torch.inference_mode():
        plain = network(inputs)[0].double().softmax(-1)
    closing = [events.END, events.BAR, *range(events.FIRST["METRE"], events.FIRST["METRE"] + events.COUNTS["METRE"])]
    pitches = [place for place, token in enumerate(tokens) if events.NAMES[token].startswith("PITCH")]
    order = sorted(found.entries, key=lambda one: (one.start, one.hand, one.pitch))
    assert len(pitches) > 2
    for place, entry in zip(pitches, order, strict=False):
        part = next(part for part in entry.parts if part.kind == "pitch")
        for rival in part.rivals:
            token = events.IDS[rival.token]
            expected = plain[place - 1, closing].sum() if token in closing else plain[place - 1, token]
            assert rival.before == pytest.approx(float(expected), rel=1e-3, abs=1e-6)


def test_cells_of_the_gan_are_those_of_its_generator_before_the_threshold() -> None:
    request = GAN[0]
    receipt, piece = made(request)
    gan = load("gan").network
    found = phrases.phrases_of(gan, request, receipt.index)
    explained = explain(receipt, piece)
    heat = explained.heat
    assert heat is not None and heat.written.all()
    first = found[0]
    soft, cells = first.drafts.soft[first.taken], first.drafts.windows.cells[first.taken]
    onsets = cells[:, 0, cells.shape[2] // 2 :]
    struck, undecided = (soft[:, 0] > 0.5).numpy(), ((soft[:, 0] - 0.5).abs() < 1e-3).numpy()
    assert ((struck == onsets) | undecided).all(), "the threshold is at a half"
    for note in piece.notes:
        assert heat.probabilities[note.start // STEP, note.pitch - 21] > 0.5
    assert len(explained.verdicts) == request.bars
    assert all(1 <= one.rank <= one.drafts for one in explained.verdicts)


def test_a_verdict_of_a_bar_is_what_the_discriminator_says_without_it() -> None:
    gan = load("gan").network
    phrase = phrases.phrases_of(gan, GAN[1], 0)[0]
    batch, taken = phrase.drafts.windows, phrase.taken
    cells, known, conditions = (torch.from_numpy(part) for part in (batch.cells, batch.known, batch.conditions))
    with torch.inference_mode():
        seen, rest = gan.discriminator.streams(cells.float(), conditions, known)
        whole = gan.discriminator(cells.float(), conditions, known)
        assert torch.allclose(gan.discriminator.verdict(seen, rest, conditions), whole)
        bar, differences = 5, []
        for other in range(len(cells)):
            if other == taken:
                continue
            harmony = seen[1][taken].clone()
            harmony[:, bar] = seen[1][other, :, bar]
            parts = [seen[0][taken][None], harmony[None], seen[2][taken][None]]
            differences.append(
                float(whole[taken] - gan.discriminator.verdict(parts, rest[taken][None], conditions[taken][None]))
            )
        found = phrases.gains(gan, seen, rest, conditions, taken, bar)
    assert found[1] == pytest.approx(np.mean(differences), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("request_", MASKED, ids=["rewrite", "harmonise"])
def test_a_replay_goes_through_what_was_shown_and_ends_in_the_result(request_: Request) -> None:
    updates = list(generation.run(request_))
    piece = updates[-1].compositions[0].piece
    found = explain(updates[-1].receipts[0], piece)
    stay = given_notes(request_)
    for update in updates:
        shown = {(note.start, note.pitch) for note in update.compositions[0].piece.notes}
        replayed = {(one.start, one.pitch) for one in found.entries if one.step <= update.step}
        assert replayed | stay == shown | stay, f"after step {update.step}"
    steps = [cell.step for cell in found.cells]
    assert steps == sorted(steps) and len({(one.start, one.hand) for one in found.cells}) <= len(found.cells)
    assert all(0 <= cell.struck <= 1 for cell in found.cells)
    assert found.heat is not None and found.heat.probabilities.max() <= 1


def test_bars_that_are_hidden_change_only_what_comes_after_them() -> None:
    receipt, piece = made(ComposeRequest(bars=4, seed=3))
    found = taken_up(receipt, piece)
    assert {(one.bar, one.earlier) for one in found} >= {(2, 1)} and all(one.earlier < one.bar for one in found)
    assert all(math.isfinite(one.bits) and 0 <= one.attention <= 1 for one in found)
    by_bar: dict[int, float] = {}
    for one in found:
        by_bar[one.bar] = by_bar.get(one.bar, 0) + one.attention
    assert all(total == pytest.approx(1, abs=1e-4) for total in by_bar.values())


def test_nobody_takes_notes_unless_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def noted(*_: object) -> None:
        raise AssertionError("a note was taken")

    monkeypatch.setattr(decoding, "trace_token", noted)
    monkeypatch.setattr("genai_demo.music.sampling.unmasking._slot", noted)
    monkeypatch.setattr("genai_demo.music.sampling.gan_composing.Drafts", noted)
    for request in (COMPOSER[0], GAN[0], MASKED[0]):
        receipt, piece = made(request)
        with pytest.raises(AssertionError):
            explain(receipt, piece)


def test_a_piece_stands_among_real_ones_where_it_belongs() -> None:
    quantiles = [0.0, 0.0, 1.0, 2.0, 4.0]
    shares = [measures.share_below(value, quantiles) for value in (-1, 0, 0.5, 1, 3, 4, 9)]
    assert shares == [0.0, 0.0, 0.375, 0.5, 0.875, 1.0, 1.0]
    known = measures.real_pieces()
    assert known["pieces"] > 100 and len(known["hash"]) == 12 and known["forms"][measures.ALL]["pieces"] > 80
    assert known["forms"]["mazurka"]["pieces"] > 40
    for form in known["forms"].values():
        for values in form["measures"].values():
            assert values == sorted(values) and len(values) == measures.QUANTILES + 1
    dense = [Note(place * TICKS // 4, 60 + place % 12, TICKS // 4) for place in range(16 * 16)]
    sparse = [Note(place * 4 * TICKS, 60, 4 * TICKS) for place in range(16)]
    below = []
    for notes in (dense, sparse):
        found = measures.told(Piece(resolve_overlaps(notes), bars_of([(4, 4)] * 16)))
        below.append(next(one.below for one in found if (one.name, one.form) == ("note_density", measures.ALL)))
    assert below[0] > 0.3 > 0.05 > below[1]
    assert set(measures.forms_of("Mazurka in A minor, op. 17")) == {measures.ALL, "mazurka"}


def test_a_program_tells_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    receipt, piece = made(ComposeRequest(bars=4, seed=3))
    assert made_again(receipt) == piece
    file, table = tmp_path / "receipt.json", tmp_path / "notes.csv"
    file.write_text(receipt.to_json(), encoding="utf-8")
    arguments = ["explain", "music", "--receipt", str(file), "--csv", str(table), "--bars", "--json", "-"]
    assert main(arguments) == 0
    said = capsys.readouterr()
    written = json.loads(said.out)
    assert len(written["notes"]) == len(piece.notes) and written["bars"] and written["measures"]
    assert "%" in said.err
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    assert float(rows[0]["before"]) == written["notes"][0]["parts"][0]["rivals"][0]["before"]
    assert main(arguments) == 2 and "notes.csv" in capsys.readouterr().err
    for wrong in (replace(receipt, index=7), replace(receipt, checkpoint="c0ffee")):
        with pytest.raises(UserError):
            explain(wrong, piece)

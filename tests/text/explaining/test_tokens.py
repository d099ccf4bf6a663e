"""What is told of a text is what its network says, and a chosen token stands where it was chosen."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import torch

from genai_demo.__main__ import main
from genai_demo.engine.generation.receipts import Receipt, parse_receipt
from genai_demo.errors import UserError
from genai_demo.text.explaining import tokens
from genai_demo.text.explaining.tokens import Entry, explain
from genai_demo.text.requests import Choice, FillRequest, GenerateRequest, Request, RewriteRequest
from genai_demo.text.results import Draft
from genai_demo.text.sampling import decoding, generation
from genai_demo.text.sampling.loading import FOLDERS, load
from genai_demo.text.tokens.special_tokens import AG_NEWS, END, MASK
from genai_demo.ui.address import link, linked

pytestmark = pytest.mark.usefixtures("tiny")

GRU = GenerateRequest(variants=2, length=24, seed=3, topic="sports", opening="The team", repetition_penalty=1.4)
MASKED = GenerateRequest("masked", variants=2, length=24, seed=3, steps=6)
FILL = FillRequest("The ___ won ___ in Paris.", tokens_per_blank=3, steps=3, seed=4, topic="world")
ALL = [GRU, MASKED, FILL, RewriteRequest("The team won again after long talks.", 0.5, seed=5)]


def made(request: Request, number: int = -1) -> tuple[Draft, Receipt]:
    update = list(generation.run(request))[-1]
    return update.drafts[number], update.receipts[number]


def told(request: Request, number: int = -1) -> tuple[Entry, ...]:
    return explain(made(request, number)[1])


@pytest.mark.parametrize("request_", ALL, ids=["gru", "masked", "fill", "rewrite"])
def test_every_token_is_told_with_all_its_probability(request_: Request) -> None:
    draft, receipt = made(request_)
    entries = explain(receipt)
    pieces = [piece for piece in draft.pieces if piece.place]
    assert [entry.token for entry in entries] == [piece.text for piece in pieces], "it is the very same text"
    for entry, piece in zip(entries, pieces, strict=True):
        assert entry.probability == pytest.approx(piece.confidence)
        (own,) = (rival for rival in entry.rivals if rival.id == entry.id)
        assert own.after == entry.probability > 0 and own.allowed and entry.token.strip() in own.token
        for when in ("before", "after"):
            named = [getattr(rival, when) for rival in entry.rivals]
            assert sum(named) + getattr(entry, f"others_{when}") == pytest.approx(1)
        assert all(rival.allowed for rival in entry.rivals if rival.after)
        assert sum(rival.before for rival in entry.rivals if not rival.allowed) <= entry.forbidden + 1e-9 < 1
        assert [rival.after for rival in entry.rivals] == sorted((rival.after for rival in entry.rivals), reverse=True)
    tokens.forget()
    assert explain(receipt) == entries


def test_probabilities_of_the_gru_are_those_of_one_pass_through_the_network() -> None:
    # but for the eight bits with which it writes
    entries, loaded = told(GRU), load("gru")
    opening = loaded.tokenizer.encode(GRU.opening)
    read = [AG_NEWS.tokens["sports"], *opening, *(entry.id for entry in entries)]
    assert [entry.place for entry in entries] == list(range(len(opening) + 1, len(read)))
    with torch.inference_mode():
        vectors, _ = loaded.network(torch.tensor([read]))
        plain = loaded.network.logits(vectors)[0].double().softmax(-1)
    for entry in entries:
        used = {index for index in read[: entry.place] if index >= AG_NEWS.tokens["scitech"] + 2}
        for rival in entry.rivals:
            assert rival.before == pytest.approx(float(plain[entry.place - 1, rival.id]), rel=0.1, abs=1e-4)
        weights = {
            rival.id: (rival.before / (GRU.repetition_penalty if rival.id in used else 1)) ** (1 / GRU.temperature)
            for rival in entry.rivals
            if rival.after
        }
        odds = [math.log(rival.after / weights[rival.id]) for rival in entry.rivals if rival.after]
        assert max(odds) - min(odds) < 1e-6, "what shapes them leaves their order, and one constant for all"


def test_probabilities_of_the_masked_model_are_those_of_what_was_filled_before() -> None:
    entries, loaded = told(FILL), load("masked")
    ids = [AG_NEWS.tokens["world"], *loaded.tokenizer.encode("The"), *[MASK] * 3, *loaded.tokenizer.encode(" won")]
    ids = [*ids, *[MASK] * 3, *loaded.tokenizer.encode(" in Paris."), END]
    assert [entry.place for entry in entries] == [place for place, index in enumerate(ids) if index == MASK]
    for entry in entries:
        filled = {one.place: one.id for one in entries if one.step < entry.step}
        row = torch.tensor([[filled.get(place, index) for place, index in enumerate(ids)]])
        with torch.inference_mode():
            plain = loaded.network.logits(loaded.network(row)[0, entry.place]).double().softmax(-1)
        for rival in entry.rivals:
            assert rival.before == pytest.approx(float(plain[rival.id]), abs=1e-6)


def test_nobody_takes_notes_unless_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def noted(*_: object) -> None:
        raise AssertionError("a note was taken")

    monkeypatch.setattr(decoding.Recorder, "note", noted)
    for request in ALL:
        made(request)
    tokens.forget()
    with pytest.raises(AssertionError):
        told(GRU)


@pytest.mark.parametrize("request_", ALL, ids=["gru", "masked", "fill", "rewrite"])
def test_a_text_goes_on_from_a_rival(request_: Request) -> None:
    draft, receipt = made(request_)
    entries = explain(receipt)
    entry = entries[len(entries) // 2]
    rival = next(one for one in entry.rivals if one.allowed and one.token.strip() and one.id != entry.id)
    asked = replace(request_, chosen=(Choice(receipt.index, entry.place, rival.id),))
    other, its = made(asked)
    again = explain(its)
    (chosen,) = (one for one in again if one.place == entry.place)
    assert (chosen.id, chosen.probability) == (rival.id, rival.after) and other.text != draft.text
    before = {one.place: one.id for one in entries if one.step < entry.step}
    assert before.items() <= {one.place: one.id for one in again}.items(), "what came before it stays"
    if receipt.index:
        assert made(asked, 0)[0] == made(request_, 0)[0], "the other texts are as they were"
    kept = parse_receipt(its.to_json())
    assert generation.reproduce(kept).drafts[kept.index] == other
    assert linked(type(asked), dict(_query(asked))) == asked, "a link leads there, too"


def _query(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(link("news", "write", request).removeprefix("?"))


def test_a_text_is_not_cut_back_before_what_was_chosen() -> None:
    for seed in range(4):
        request = replace(GRU, variants=1, seed=seed)
        entry = told(request)[-2]
        rival = next(one for one in entry.rivals if one.allowed and one.token.strip() and one.id != entry.id)
        again = told(replace(request, chosen=(Choice(0, entry.place, rival.id),)))
        assert entry.place in [one.place for one in again]


@pytest.mark.parametrize("request_", [GRU, MASKED], ids=["gru", "masked"])
def test_a_choice_that_cannot_be_is_refused(request_: GenerateRequest) -> None:
    place = told(request_, 0)[2].place
    for choices, key in (
        ((Choice(0, place, MASK),), "text.cannot_be_chosen"),
        ((Choice(0, place, 999_999),), "text.cannot_be_chosen"),
        ((Choice(0, 900, 300),), "text.place_not_reached"),
        ((Choice(0, place, 300), Choice(0, place, 301)), "text.chosen_twice"),
        ((Choice(0, 0, 300),), "engine.out_of_range_whole"),
    ):
        with pytest.raises(UserError) as refusal:
            made(replace(request_, chosen=choices))
        assert refusal.value.key == key


def test_receipts_from_before_there_were_choices_hold() -> None:
    draft, receipt = made(GRU)
    older = replace(receipt, settings={name: value for name, value in receipt.settings.items() if name != "chosen"})
    assert generation.reproduce(older).drafts[receipt.index] == draft
    assert explain(older) == explain(receipt)
    for wrong in (replace(receipt, index=7), replace(receipt, checkpoint="c0ffee")):
        with pytest.raises(UserError):
            explain(wrong)


def test_a_program_tells_what_else_could_have_come(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, receipt = made(GRU)
    file, table = tmp_path / "receipt.json", tmp_path / "rivals.csv"
    file.write_text(receipt.to_json(), encoding="utf-8")
    arguments = ["explain", "text", "--receipt", str(file), "--csv", str(table), "--json", "-"]
    assert main(arguments) == 0
    said = capsys.readouterr()
    entries = tokens.explain(receipt)
    assert json.loads(said.out) == json.loads(json.dumps([asdict(entry) for entry in entries]))
    assert len(said.err.splitlines()) == len(entries) + 1 and "%" in said.err
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    assert [row["rival"] for row in rows] == [rival.token for entry in entries for rival in entry.rivals]
    assert float(rows[0]["after"]) == entries[0].rivals[0].after
    assert main(arguments) == 2 and "rivals.csv" in capsys.readouterr().err
    assert FOLDERS["gru"] == receipt.model

"""What the page and programs are sent of a piece that is opened."""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import replace

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.music.requests import ComposeRequest, RewriteRequest
from genai_demo.music.sampling import generation
from genai_demo.music.theory.piece import TICKS
from genai_demo.music.tokens.piece_string import write_piece_string
from genai_demo.ui.music import api, explaining
from genai_demo.ui.music.library import Item
from tests.helpers.music import tune

pytestmark = pytest.mark.usefixtures("music")


def item_of(request: ComposeRequest | RewriteRequest) -> Item:
    update = list(generation.run(request))[-1]
    return Item(update.compositions[0].piece, request, update.receipts[0])


REQUESTS = [
    ComposeRequest(bars=4, seed=3),
    ComposeRequest("gan", bars=4, seed=3),
    RewriteRequest(write_piece_string(tune(1, 4)), 2, 3, seed=1, model="masked", steps=3),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=["composer", "gan", "masked"])
def test_the_page_gets_what_it_shows_and_the_code_that_computed_it(request_: ComposeRequest | RewriteRequest) -> None:
    item = item_of(request_)
    sent = json.loads(explaining.inside_parcel(item))
    assert sent["key"] == item.key and sent["family"] == request_.model
    for place, probability, _, parts in sent["notes"]:
        (pitch,) = (part for part in parts if part[0] == "pitch")
        assert pitch[1] == f"PITCH_{item.piece.notes[place].pitch}" and pitch[2] == probability
        assert pitch[1] in [rival[0] for rival in pitch[4]]
    assert all("def " in code for code in sent["code"].values())
    if request_.model == "composer":
        assert json.loads(explaining.bars_parcel(item))["pairs"]
    else:
        assert len(sent["heat"]) * 120 == item.piece.end and any("9" in row or "5" in row for row in sent["heat"])
    for view in {"composer": ("notes", "bars"), "gan": ("heat", "verdicts"), "masked": ("replay",)}[request_.model]:
        content = base64.b64decode(json.loads(explaining.table_file(item, view))["content"]).decode()
        assert len(list(csv.reader(io.StringIO(content)))) > 1
    programs = api.explain_music(json.loads(item.receipt.to_json() if item.receipt else ""))
    assert len(json.loads(json.dumps(programs))["notes"]) == len(sent["notes"])
    assert bool(programs["bars"]) == (request_.model == "composer")


def test_a_rival_is_heard_with_the_beats_around_it() -> None:
    piece = tune(3, 4)
    place = next(number for number, note in enumerate(piece.notes) if note.start == 4 * TICKS)
    heard = explaining.with_rival(piece, place, 90)
    assert not heard.faults() and 90 in [note.pitch for note in heard.notes]
    note = piece.notes[place]
    own = explaining.with_rival(piece, place, note.pitch)
    around = [
        one for one in piece.notes if note.start - 2 * TICKS <= one.start < note.start + max(note.length, 2 * TICKS)
    ]
    assert [one.pitch for one in own.notes] == [one.pitch for one in around]
    assert [one.pitch for one in heard.notes if one.pitch != 90] == [
        one.pitch for one in around if one != note and one.pitch != 90
    ]


def test_what_cannot_be_opened_is_refused() -> None:
    item = item_of(REQUESTS[0])  # type: ignore[arg-type]
    for wanted in ({"note": 10**6, "pitch": 60}, {"note": 0, "pitch": 5}, {"note": True, "pitch": 60}, {}):
        with pytest.raises(UserError):
            explaining.rival_parcel(item, wanted | {"kind": "ogg"})
    with pytest.raises(UserError):
        explaining.table_file(item, "../secret")
    with pytest.raises(UserError):
        explaining.inside_parcel(replace(item, receipt=None))
    assert item.receipt
    with pytest.raises(UserError) as refusal:
        explaining.explained(replace(item.receipt, model="../elsewhere"), item.piece)
    assert refusal.value.key == "ui.music_not_shipped"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_script_has_all_its_words(language: str) -> None:
    said = explaining.words(language)
    assert all(said.values()) and "{percent}" in said["drawn"] and "Jain" in said["about_bars"]

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.music.requests import ComposeRequest, RewriteRequest
from genai_demo.music.tokens.piece_string import write_piece_string
from genai_demo.ui.address import link, linked
from genai_demo.ui.music import cards
from genai_demo.ui.music.carried import PAGE, CarriedPiece, carried
from genai_demo.ui.music.library import Item, Library, transposed
from tests.helpers.scores import piece

TUNE = piece([(0, 1, 60), (4, 2, 64)], [(0, 3, 48)], [(3, 4)] * 2)
RECEIPT = Receipt("music", "compose", "piano-composer", "c0ffee", {})
MADE = Item(TUNE, ComposeRequest("gan", seed=77), RECEIPT)
REWRITTEN = Item(TUNE, RewriteRequest(write_piece_string(TUNE), model="masked", seed=5), RECEIPT)


@pytest.mark.parametrize(
    "item",
    [
        Item(TUNE),
        transposed(Item(TUNE), 0, 0, 2),
        transposed(MADE, 0, 1, -12),
        transposed(REWRITTEN, 1, 1, 1),
        replace(MADE, receipt=None, state="stopped"),
    ],
)
def test_an_address_carries_what_no_receipt_makes_again(item: Item) -> None:
    settings = dict(parse_qsl(link("music", PAGE, carried(item)).removeprefix("?"), keep_blank_values=True))
    found = linked(CarriedPiece, settings)
    assert found == carried(item)
    shown = found.item
    assert (shown.piece, shown.state, shown.moved, shown.made) == (item.piece, item.state, item.moved, item.made)
    assert shown.receipt is None, "what was moved by hand is not passed off as what a seed makes"
    assert carried(shown) == found, "opened, it has the same link again"
    if item.request:
        assert shown.request and (shown.request.model, shown.request.seed) == (item.request.model, item.request.seed)


def test_every_piece_that_is_ready_has_a_link() -> None:
    growing = replace(MADE, state="growing", receipt=None)
    shown = cards.library(Library((MADE, transposed(MADE, 0, 0, 1), Item(TUNE), growing)), ("composer",), "en")
    pages = [
        dict(parse_qsl(part.split('"')[0].replace("&amp;", "&")))["page"] for part in shown.split('data-link="?')[1:]
    ]
    assert pages == ["compose", PAGE, PAGE]


@pytest.mark.parametrize(
    "settings",
    [{"music": ""}, {"music": "4/4 | @0 R 60:480", "model": "me"}, {"music": "4/4 | @0 R 60:480", "moved": "2"}],
)
def test_an_address_that_carries_no_music_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(UserError):
        linked(CarriedPiece, settings)

"""Music is a pure function of its request, and its files make it again."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from genai_demo.engine.generation.receipts import RECEIPT_KEY, receipt_in
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import marked_midi
from genai_demo.music.modality import MODALITY
from genai_demo.music.requests import ComposeRequest, ContinueRequest, HarmoniseRequest, RewriteRequest
from genai_demo.music.results import Composition, Update
from genai_demo.music.sampling.generation import problem, reproduce, request_of, run, warm
from genai_demo.music.tokens.piece_string import write_piece_string
from genai_demo.settings import settings
from tests.common.service import ServiceSuite
from tests.helpers.music import scale

pytestmark = pytest.mark.usefixtures("tiny")
ASKED = ComposeRequest(bars=12, seed=3, variants=2)
GIVEN = write_piece_string(scale(4))


def last(request: ComposeRequest | ContinueRequest, model: str | None = None) -> Update:
    return list(run(request, model))[-1]


class TestService(ServiceSuite):
    modality = MODALITY
    requests: ClassVar = {
        "compose": ASKED,
        "continue": ContinueRequest(music=GIVEN, bars=8, seed=1),
        "rewrite": RewriteRequest(music=GIVEN, first=2, last=3, seed=2, variants=2),
        "harmonise": HarmoniseRequest(music=GIVEN, seed=3),
        "GAN composes": ComposeRequest("gan", bars=12, variants=2, seed=4),
        "GAN continues": ContinueRequest("gan", music=GIVEN, bars=8, seed=5),
        "masked model rewrites": RewriteRequest(model="masked", music=GIVEN, first=2, last=3, steps=3, seed=6),
        "masked model harmonises": HarmoniseRequest(model="masked", music=GIVEN, steps=3, seed=7),
    }
    wrong_settings: ClassVar = [
        ({"bars": "16"}, "engine.receipt_lacks"),
        ({"bars": True}, "engine.receipt_lacks"),
        ({"bars": 3}, "engine.out_of_range_whole"),
        ({"key": "H_major"}, "engine.not_one_of"),
    ]
    misfits: ClassVar = [{"layers": 1}, {"unknown": 1}]

    @staticmethod
    def variants(made: Update) -> list[Composition]:
        return list(made.compositions)


@pytest.mark.parametrize("keep", [0, 2])
def test_a_midi_file_makes_its_music_again(keep: int) -> None:
    given = ContinueRequest(music=write_piece_string(scale(3)), keep=keep, bars=12, variants=2)
    for request in (ASKED, given):
        update = last(request)
        for composition, receipt in zip(update.compositions, update.receipts, strict=True):
            file = marked_midi(composition.piece, receipt)
            found = receipt_in(file, "piano.mid")
            assert found == receipt
            assert reproduce(found).compositions[found.index] == composition
            assert read_midi(file).piece.notes == composition.piece.notes


def test_a_receipt_survives_the_file_of_a_long_piece() -> None:
    music = write_piece_string(scale(200))
    update = last(ContinueRequest(music=music, bars=4))
    content = marked_midi(update.compositions[0].piece, update.receipts[0])
    assert content.count(RECEIPT_KEY.encode()) == 1
    assert request_of(receipt_in(content, "piano.mid")) == ContinueRequest(music=music, bars=4)


def test_the_encoder_is_found_as_well() -> None:
    assert problem("encoder") is None


def test_what_is_loaded_early_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    warm()
    monkeypatch.setenv("GENAI_DEMO_SOUNDFONT", str(tmp_path / "none.sf2"))
    settings.cache_clear()
    warm()

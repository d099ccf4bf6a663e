"""Files of pieces: what a visitor takes along can be opened elsewhere, and made again here."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import soundfile

from genai_demo.engine.generation.receipts import receipt_in
from genai_demo.errors import UserError
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import marked_midi
from genai_demo.music.notation.score import musicxml
from genai_demo.music.requests import ComposeRequest
from genai_demo.ui.music import files, handlers
from genai_demo.ui.music.library import Item, Job, Library, library_of
from tests.helpers.scores import piece, read

TUNE = piece([(0, 1, 60), (1, 1, 62), (2, 2, 64)], [(0, 4, 48)])
LONG = piece([(start / 2, 0.5, 60 + 7 * start % 25) for start in range(400)], [(0, 4, 48)], [(4, 4)] * 50)


def unpacked(parcel: str) -> tuple[str, bytes]:
    told = json.loads(parcel)
    return told["name"], base64.b64decode(told["content"])


@pytest.fixture
def composed(music: Path) -> Library:
    """Two pieces as the page shows them."""
    for seed in range(20):  # untrained models write empty bars, too
        *_, library = handlers.stream(Job(ComposeRequest(bars=4, variants=2, seed=seed)), None, "turn")
        if all(item.piece.notes for item in library.items):
            return library
    raise AssertionError("no music")


def test_every_kind_of_file_holds_the_piece_and_its_receipt(composed: Library) -> None:
    item = composed.items[1]
    assert item.receipt and item.receipt.index == 1
    name, midi = unpacked(files.piece_file(item, 1, "mid", "en"))
    assert name == f"piano-composer-compose-{item.receipt.settings['seed']}-2.mid"
    assert read_midi(midi).piece.notes == item.piece.notes
    _, score = unpacked(files.piece_file(item, 1, "musicxml", "zh"))
    for content in (midi, score):
        assert receipt_in(content, name) == item.receipt
    assert sum(read(score).notes.values()) > 0
    for kind in ("mp3", "ogg", "wav"):
        _, sound = unpacked(files.piece_file(item, 1, kind, "en"))
        with soundfile.SoundFile(io.BytesIO(sound)) as file:
            assert file.frames / file.samplerate > item.piece.seconds
    with pytest.raises(UserError):
        files.piece_file(item, 1, "exe", "en")


def test_a_printed_score_comes_page_by_page() -> None:
    name, page = unpacked(files.piece_file(Item(TUNE), 0, "svg", "en"))
    assert name == "piano-1.svg" and page.startswith(b"<svg")
    name, pages = unpacked(files.piece_file(Item(LONG), 0, "svg", "en"))
    assert name == "piano-1.score.zip"
    with zipfile.ZipFile(io.BytesIO(pages)) as archive:
        assert len(archive.namelist()) > 1
        assert all(archive.read(one).startswith(b"<svg") for one in archive.namelist())


def test_a_score_is_printed_under_its_name() -> None:
    told = json.loads(files.printed_parcel(Item(TUNE), "zh"))
    assert told["title"] == "C大调钢琴曲" and "<svg" in told["pages"][0]
    assert b"machine" not in files.score(Item(TUNE), "en")
    assert b"machine" in files.score(Item(TUNE, ComposeRequest()), "en")


def test_the_archive_holds_all_pieces(composed: Library) -> None:
    _, content = unpacked(files.archive_file(composed, "en"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 6
        assert archive.testzip() is None


def test_a_visitors_own_music_bears_no_mark_of_a_machine() -> None:
    assert b"machine" not in files.midi(library_of(TUNE).items[0])
    assert b"machine" in files.midi(Item(TUNE, ComposeRequest()))


def test_what_the_page_plays_and_shows() -> None:
    item = Item(TUNE)
    sound = json.loads(files.sound_parcel(item, "ogg"))
    assert (sound["key"], sound["kind"]) == (item.key, "audio/ogg")
    assert base64.b64decode(sound["content"]).startswith(b"OggS")
    for width in (500, 1, 10**9, None, "700", True):
        score = json.loads(files.score_parcel(item, width, "en"))
        assert score["svg"].startswith("<svg") and f'id="score-{item.key}-bar-0"' in score["svg"]


def test_an_opened_file_is_made_again_and_compared(composed: Library) -> None:
    item = composed.items[1]
    assert item.receipt
    for content in (files.midi(item), musicxml(item.piece, "", item.receipt), item.receipt.to_json().encode()):
        found = files.opened(content, "a file")
        assert found.composition.piece == item.piece
        assert found.request == item.request and found.receipt == item.receipt
    assert files.opened(files.midi(item), "a file").same is True
    changed = marked_midi(replace(item.piece, notes=item.piece.notes[:-1]), item.receipt)
    assert files.opened(changed, "a file").same is False
    empty = marked_midi(replace(item.piece, notes=()), item.receipt)
    assert files.opened(empty, "a file").same is False


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"model": "/etc"}, "ui.music_not_shipped"),
        ({"checkpoint": "another"}, "engine.other_checkpoint"),
        ({"modality": "text"}, "music.not_its_receipt"),
        ({"index": 7}, "engine.receipt_lacks"),
    ],
)
def test_receipts_that_do_not_fit_are_refused(composed: Library, change: dict[str, Any], key: str) -> None:
    receipt = composed.items[0].receipt
    assert receipt
    with pytest.raises(UserError) as refusal:
        files.opened(replace(receipt, **change).to_json().encode(), "a file")
    assert refusal.value.key == key


def test_a_file_without_a_receipt_is_refused() -> None:
    for content in (b"nothing", files.midi(library_of(TUNE).items[0]), b"MThd", b""):
        with pytest.raises(UserError):
            files.opened(content, "a file")


def test_programs_get_the_same_as_the_page(composed: Library) -> None:
    receipt, request = composed.items[0].receipt, composed.items[0].request
    assert receipt and request
    plain = files.plain(composed.items[0].piece, request, receipt)
    assert read_midi(base64.b64decode(plain["midi"])).piece.notes == composed.items[0].piece.notes
    assert receipt_in(plain["musicxml"].encode(), "score") == receipt

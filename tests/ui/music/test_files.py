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

from genai_demo.errors import UserError
from genai_demo.modalities import receipt_in
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import marked_midi
from genai_demo.music.notation.score import musicxml
from genai_demo.music.requests import ComposeRequest
from genai_demo.ui.music import files, handlers
from genai_demo.ui.music.desk import Desk, Job, Work, given
from tests.helpers.scores import piece, read

TUNE = piece([(0, 1, 60), (1, 1, 62), (2, 2, 64)], [(0, 4, 48)])
LONG = piece([(start / 2, 0.5, 60 + 7 * start % 25) for start in range(400)], [(0, 4, 48)], [(4, 4)] * 50)


def unpacked(parcel: str) -> tuple[str, bytes]:
    told = json.loads(parcel)
    return told["name"], base64.b64decode(told["content"])


@pytest.fixture
def composed(music: Path) -> Desk:
    """Two pieces as the page shows them."""
    for seed in range(20):  # untrained models write empty bars, too
        *_, (_, desk) = handlers.stream(Job(ComposeRequest(bars=4, variants=2, seed=seed)), None, "turn", "en")
        if all(work.piece.notes for work in desk.works):
            return desk
    raise AssertionError("no music")


def test_every_kind_of_file_holds_the_piece_and_its_receipt(composed: Desk) -> None:
    work = composed.works[1]
    assert work.receipt and work.receipt.index == 1
    name, midi = unpacked(files.piece_file(work, 1, "mid", "en"))
    assert name == f"piano-composer-compose-{work.receipt.settings['seed']}-2.mid"
    assert read_midi(midi).piece.notes == work.piece.notes
    _, score = unpacked(files.piece_file(work, 1, "musicxml", "zh"))
    for content in (midi, score):
        assert receipt_in(content, name) == work.receipt
    assert sum(read(score).notes.values()) > 0
    for kind in ("mp3", "ogg", "wav"):
        _, sound = unpacked(files.piece_file(work, 1, kind, "en"))
        with soundfile.SoundFile(io.BytesIO(sound)) as file:
            assert file.frames / file.samplerate > work.piece.seconds
    with pytest.raises(UserError):
        files.piece_file(work, 1, "exe", "en")


def test_a_printed_score_comes_page_by_page() -> None:
    name, page = unpacked(files.piece_file(Work(TUNE), 0, "svg", "en"))
    assert name == "piano-1.svg" and page.startswith(b"<svg")
    name, pages = unpacked(files.piece_file(Work(LONG), 0, "svg", "en"))
    assert name == "piano-1.score.zip"
    with zipfile.ZipFile(io.BytesIO(pages)) as archive:
        assert len(archive.namelist()) > 1
        assert all(archive.read(one).startswith(b"<svg") for one in archive.namelist())


def test_a_score_is_printed_under_its_name() -> None:
    told = json.loads(files.printed_parcel(Work(TUNE), "zh"))
    assert told["title"] == "C大调钢琴曲" and "<svg" in told["pages"][0]
    assert b"machine" not in files.score(Work(TUNE), "en")
    assert b"machine" in files.score(Work(TUNE, ComposeRequest()), "en")


def test_the_archive_holds_all_pieces(composed: Desk) -> None:
    _, content = unpacked(files.archive_file(composed, "en"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 6
        assert archive.testzip() is None


def test_a_visitors_own_music_bears_no_mark_of_a_machine() -> None:
    assert b"machine" not in files.midi(given(TUNE).works[0])
    assert b"machine" in files.midi(Work(TUNE, ComposeRequest()))


def test_what_the_page_plays_and_shows() -> None:
    work = Work(TUNE)
    sound = json.loads(files.sound_parcel(work, "ogg"))
    assert (sound["key"], sound["kind"]) == (work.key, "audio/ogg")
    assert base64.b64decode(sound["content"]).startswith(b"OggS")
    for width in (500, 1, 10**9, None, "700", True):
        score = json.loads(files.score_parcel(work, width, "en"))
        assert score["svg"].startswith("<svg") and f'id="score-{work.key}-bar-0"' in score["svg"]


def test_an_opened_file_is_made_again_and_compared(composed: Desk) -> None:
    work = composed.works[1]
    assert work.receipt
    for content in (files.midi(work), musicxml(work.piece, "", work.receipt), work.receipt.to_json().encode()):
        found = files.opened(content, "a file")
        assert found.composition.piece == work.piece
        assert found.request == work.request and found.receipt == work.receipt
    assert files.opened(files.midi(work), "a file").same is True
    changed = marked_midi(replace(work.piece, notes=work.piece.notes[:-1]), work.receipt)
    assert files.opened(changed, "a file").same is False
    empty = marked_midi(replace(work.piece, notes=()), work.receipt)
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
def test_receipts_that_do_not_fit_are_refused(composed: Desk, change: dict[str, Any], key: str) -> None:
    receipt = composed.works[0].receipt
    assert receipt
    with pytest.raises(UserError) as refusal:
        files.opened(replace(receipt, **change).to_json().encode(), "a file")
    assert refusal.value.key == key


def test_a_file_without_a_receipt_is_refused() -> None:
    for content in (b"nothing", files.midi(given(TUNE).works[0]), b"MThd", b""):
        with pytest.raises(UserError):
            files.opened(content, "a file")


def test_programs_get_the_same_as_the_page(composed: Desk) -> None:
    receipt = composed.works[0].receipt
    assert receipt
    plain = files.plain(composed.works[0].piece, receipt)
    assert read_midi(base64.b64decode(plain["midi"])).piece.notes == composed.works[0].piece.notes
    assert receipt_in(plain["musicxml"].encode(), "score") == receipt

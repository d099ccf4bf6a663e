"""The piano tab as programs see it, and its words in both languages."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import to_midi
from genai_demo.music.notation.score import musicxml
from genai_demo.music.theory.piece import Piece
from genai_demo.settings import settings
from tests.helpers.music import scale
from tests.helpers.scores import piece
from tests.ui import test_languages as languages

TUNE = piece([(start, 1, 60 + start) for start in range(8)], [], [(4, 4)] * 2)
GIVEN = base64.b64encode(to_midi(TUNE)).decode()
SCORE = base64.b64encode(musicxml(TUNE)).decode()


@pytest.fixture
def client(music: Path, connect: Callable[[], Client]) -> Client:
    return connect()


def heard(result: dict[str, Any]) -> Piece:
    return read_midi(base64.b64decode(result["midi"])).piece


def test_programs_get_pieces_and_pieces_again(client: Client) -> None:
    pieces = client.predict(bars=4, key="Eb_major", metre="3/4", variants=2, seed=5, api_name="/compose_music")
    assert [result["receipt"]["index"] for result in pieces] == [0, 1]
    assert {(bar.beats, bar.unit) for bar in heard(pieces[0]).bars} == {(3, 4)}
    assert "score-partwise" in pieces[0]["musicxml"]
    assert client.predict(pieces[1]["receipt"], api_name="/reproduce_music") == pieces[1]
    assert len(heard(client.predict(GIVEN, bars=4, api_name="/continue_music")).bars) == 6
    assert len(heard(client.predict(SCORE, bars=4, api_name="/continue_music")).bars) == 6
    rewritten = heard(client.predict(GIVEN, first=2, last=2, api_name="/rewrite_music"))
    assert [n.pitch for n in rewritten.notes if n.start < 1920] == [n.pitch for n in TUNE.notes if n.start < 1920]
    melody = {(note.start, note.pitch) for note in TUNE.notes}
    assert melody <= {(n.start, n.pitch) for n in heard(client.predict(GIVEN, api_name="/harmonise_music")).notes}
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert set(endpoints["named_endpoints"]) == {
        *("/start_run", "/runs", "/run", "/control_run"),
        *("/write_news", "/fill_blanks", "/rewrite_text", "/reproduce_text"),
        *("/explain_text", "/read_text", "/influence_text"),
        *(
            "/compose_music",
            "/continue_music",
            "/rewrite_music",
            "/harmonise_music",
            "/reproduce_music",
            "/explain_music",
        ),
    }
    assert not endpoints["unnamed_endpoints"]


def test_programs_are_told_what_became_of_their_music(client: Client) -> None:
    long = base64.b64encode(to_midi(scale(300))[:-4]).decode()
    answers = [
        client.predict(long, keep=4, bars=4, api_name="/continue_music"),
        client.predict(long, first=2, last=2, model="masked", api_name="/rewrite_music"),
    ]
    assert [len(heard(answer).bars) for answer in answers] == [8, 256]
    for answer in answers:
        assert ["256 bars" in answer["remarks"][0], "breaks off" in answer["remarks"][1]] == [True, True]
    assert client.predict(GIVEN, bars=4, api_name="/continue_music")["remarks"] == []


def test_programs_are_told_what_is_not_allowed(client: Client) -> None:
    with pytest.raises(AppError, match="must be one of"):
        client.predict(metre="5/4", api_name="/compose_music")
    with pytest.raises(AppError, match="neither a MIDI file nor MusicXML"):
        client.predict(base64.b64encode(b"no music").decode(), api_name="/continue_music")
    with pytest.raises(AppError, match="MIDI"):
        client.predict("%", api_name="/harmonise_music")
    (one,) = client.predict(bars=4, api_name="/compose_music")
    with pytest.raises(AppError, match="does not ship"):
        client.predict(one["receipt"] | {"model": "/etc"}, api_name="/reproduce_music")


def test_the_tab_appears_when_a_model_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tabs: Callable[[], set[str]]
) -> None:
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    settings.cache_clear()
    assert "tab-music" not in tabs()
    (tmp_path / "piano-masked").mkdir()
    assert "tab-music" not in tabs(), "it changes music, but there is none to begin with"
    (tmp_path / "piano-gan").mkdir()
    assert {"tab-music", "tab-music-given", "tab-music-open"} <= tabs()


def test_the_tab_speaks_both_languages(music: Path) -> None:
    english = ("Any", "Waltz", "Compose", "Tempo", "Density", "Style", "Dance", "major", "Octave", "Play", "Choose")
    languages.speaks_both_languages(english)

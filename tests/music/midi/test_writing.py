"""MIDI files as other programs take them: one piano with two staves, its key and metre, and no word among the notes."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from xml.etree import ElementTree as Xml

import mido
import pytest
from hypothesis import given

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import Receipt, receipt_in
from genai_demo.music.audio.soundfont import soundfont
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import marked_midi, to_midi
from genai_demo.music.theory.piece import LEFT, RIGHT, Bar, Key, Note, Piece
from tests.helpers.music import bars_of, pieces
from tests.helpers.programs import run

RECEIPT = Receipt("music", "generate", "m", "ab", {"seed": 7, "style": "mazurka “Öl” 钢琴"})
KEY = Key(3, "minor")
"""six flats or sharps: the hardest to keep"""


def waltz() -> Piece:
    """A left hand of wide leaps under a melody that crosses it, in E flat minor and 3/4."""
    notes = []
    for bar in range(6):
        start = bar * 1440
        low = (39, 44, 46)[bar % 3]
        notes += [Note(start, low, 480, LEFT, 60), Note(start + 480, low + 19, 480, LEFT, 50)]
        notes += [Note(start + 960, low + 24, 480, LEFT, 50), Note(start, 75 + bar % 2, 960, RIGHT, 80)]
        notes.append(Note(start + 960, (56, 70)[bar % 2], 480, RIGHT, 90))
    return Piece(tuple(sorted(notes)), bars_of([(3, 4)] * 6), KEY, 132.0, ((0, 1400), (1440, 2800)))


def merged(content: bytes) -> list[tuple[int, mido.Message]]:
    """Return all events of a file in the order in which players send them, each with its tick."""
    file = mido.MidiFile(file=io.BytesIO(content), charset="utf-8")
    found, tick = [], 0
    for event in mido.merge_tracks(file.tracks):
        tick += event.time
        found.append((tick, event))
    return found


@given(pieces())
def test_players_that_merge_the_tracks_hear_every_note(piece: Piece) -> None:
    sounding: dict[int, tuple[int, int]] = {}
    heard = []
    for tick, event in merged(to_midi(piece)):
        if event.type == "note_on":
            assert event.channel == 0
            sounding[event.note] = (tick, event.velocity)
        elif event.type == "note_off" and event.note in sounding:
            start, velocity = sounding.pop(event.note)
            heard.append((start, event.note, tick - start, velocity))
    passed_on = {(note.pitch, note.start): note.hand for note in piece.notes}
    for note in piece.notes:
        early = passed_on.get((note.pitch, note.end), note.hand) != note.hand
        if early and note.length == 1:
            return  # the shortest note there is cannot be let go any earlier
        assert (note.start, note.pitch, note.length - early, note.velocity) in heard


@given(pieces())
def test_the_pedal_is_pressed_once(piece: Piece) -> None:
    pedal = [(tick, event.value) for tick, event in merged(to_midi(piece)) if event.type == "control_change"]
    assert sorted(pedal) == sorted([*((start, 127) for start, _ in piece.pedal), *((end, 0) for _, end in piece.pedal)])


def test_what_notation_programs_print_as_lyrics_is_not_there() -> None:
    events = [event for _, event in merged(marked_midi(waltz(), RECEIPT, "A waltz"))]
    kinds = {event.type for event in events}
    assert not kinds & {"text", "lyrics", "cue_marker"}
    assert [event.text for event in events if event.type == "copyright"] == [message("music.machine_made")]
    assert [event.key for event in events if event.type == "key_signature"] == ["D#m"] * 3, "in every track"
    assert receipt_in(marked_midi(waltz(), RECEIPT), "a.mid") == RECEIPT


def test_receipts_of_earlier_versions_are_found() -> None:
    track = mido.MidiTrack([mido.MetaMessage("text", text=f"genai-demo-receipt {RECEIPT.to_json()}")])
    stream = io.BytesIO()
    mido.MidiFile(tracks=[track], charset="utf-8").save(file=stream)
    assert receipt_in(stream.getvalue(), "a.mid") == RECEIPT


@pytest.mark.programs
def test_musescore_makes_one_piano_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(marked_midi(waltz(), RECEIPT, "A waltz"))
    run("mscore3", "-o", "a.mscx", "a.mid", folder=tmp_path)
    score = Xml.parse(tmp_path / "a.mscx").getroot().find("Score")
    assert score is not None
    assert len(score.findall("Part")) == 1, "one piano"
    staves = score.findall("Staff")
    assert len(staves) == 2, "of two staves"
    assert not list(score.iter("Lyrics")) and not list(score.iter("StaffText"))
    for staff, hand in zip(staves, (RIGHT, LEFT), strict=True):
        signatures = {(time.findtext("sigN"), time.findtext("sigD")) for time in staff.iter("TimeSig")}
        assert signatures == {("3", "4")}
        assert {key.findtext("accidental") for key in staff.iter("KeySig")} == {str(KEY.sharps)}
        assert len(staff.findall("Measure")) == 6
        pitches = [int(pitch.text or 0) for pitch in staff.iter("pitch")]
        assert pitches == [note.pitch for note in waltz().notes if note.hand == hand]


@pytest.mark.programs
def test_abc_and_timidity_read_it(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(marked_midi(waltz(), RECEIPT, "A waltz"))
    abc = run("midi2abc", "a.mid", folder=tmp_path)
    assert "K:F# % 6 sharps" in abc and "M: 3/4" in abc and "Q:1/4=132" in abc
    assert abc.count("\nV:") == 2
    (tmp_path / "a.cfg").write_text(f"soundfont {soundfont()}\n")
    run("timidity", "-c", "a.cfg", "-Ow", "-o", "a.wav", "a.mid", folder=tmp_path)
    with wave.open(str(tmp_path / "a.wav")) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    assert waltz().seconds < seconds < waltz().seconds + 4


def test_a_key_that_passes_from_hand_to_hand_is_let_go_before() -> None:
    piece = Piece((Note(0, 60, 480, LEFT), Note(480, 60, 480, RIGHT), Note(960, 60, 480, LEFT)), (Bar(0, 4, 4),))
    assert [(note.end, note.hand) for note in read_midi(to_midi(piece)).piece.notes] == [
        (479, LEFT),
        (959, RIGHT),
        (1440, LEFT),
    ]

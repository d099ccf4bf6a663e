"""MIDI files as other programs take them: one piano with two staves, its key and metre, and no word among the notes."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from xml.etree import ElementTree as Xml

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import given

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import Receipt, receipt_in
from genai_demo.music.audio.soundfont import soundfont
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import marked_midi, to_midi
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Bar, Key, Note, Piece
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
    content = to_midi(piece)
    scale = mido.MidiFile(file=io.BytesIO(content)).ticks_per_beat // TICKS
    sounding: dict[int, tuple[int, int]] = {}
    heard: dict[tuple[int, int, int], int] = {}
    for tick, event in merged(content):
        if event.type == "note_on":
            assert event.channel == 0 and event.note not in sounding
            sounding[event.note] = (tick, event.velocity)
        elif event.type == "note_off":
            start, velocity = sounding.pop(event.note)
            heard[start, event.note, velocity] = tick
    for note in piece.notes:
        early = note.end * scale - heard.pop((note.start * scale, note.pitch, note.velocity))
        # Only a key that the left hand hands over to the right one: its track comes first.
        passed_on = note.hand == LEFT and (note.pitch, note.end, RIGHT) in {
            (n.pitch, n.start, n.hand) for n in piece.notes
        }
        assert (early > 0) == passed_on
        assert early <= 1 or early * 60 / piece.tempo / TICKS / scale < 0.005, "nobody hears it"
    assert not heard


@given(pieces())
def test_the_pedal_is_pressed_once(piece: Piece) -> None:
    content = to_midi(piece)
    scale = mido.MidiFile(file=io.BytesIO(content)).ticks_per_beat // TICKS
    pedal = [(tick // scale, event.value) for tick, event in merged(content) if event.type == "control_change"]
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


def handed_over(tempo: float = 120.0, count: int = 12) -> Piece:
    """Return one key that the left hand plays and the right one takes over, at ever other places of a quarter."""
    notes: list[Note] = []
    for number in range(count):
        start = number * 1920 + 37 * number % 480
        notes += [Note(start, 60, 480, LEFT, 80), Note(start + 480, 60, 960, RIGHT, 80)]
    return Piece(tuple(notes), bars_of([(4, 4)] * (count + 1)), None, tempo)


def test_a_key_that_passes_from_hand_to_hand_keeps_its_length() -> None:
    piece = handed_over()
    assert read_midi(to_midi(piece)).piece == piece
    there_and_back = Piece((Note(0, 60, 1, LEFT), Note(1, 60, 480, RIGHT), Note(481, 60, 480, LEFT)), (Bar(0, 4, 4),))
    assert read_midi(to_midi(there_and_back)).piece.notes == there_and_back.notes


def test_a_key_that_was_let_go_before_was_so() -> None:
    """What is truly let go a tick before the other hand strikes is not changed, beside a key that passes on."""
    notes = [*handed_over(count=1).notes, Note(2000, 62, 478, LEFT), Note(2479, 62, 100, RIGHT)]
    piece = Piece(tuple(sorted(notes)), bars_of([(4, 4)] * 2), None, 120.0)
    assert read_midi(to_midi(piece)).piece == piece


def test_other_files_are_as_fine_as_pieces() -> None:
    assert mido.MidiFile(file=io.BytesIO(to_midi(waltz()))).ticks_per_beat == TICKS


@pytest.mark.programs
@pytest.mark.parametrize("tempo", [100.0, 240.0])
def test_players_play_on_a_key_that_passes_from_hand_to_hand(tempo: float, tmp_path: Path) -> None:
    piece = handed_over(tempo)
    (tmp_path / "a.mid").write_bytes(to_midi(piece))
    (tmp_path / "a.cfg").write_text(f"soundfont {soundfont()}\n")
    run("timidity", "-c", "a.cfg", "-Ow", "-s", "44100", "-o", "timidity.wav", "a.mid", folder=tmp_path)
    run("fluidsynth", "-ni", "-R", "0", "-C", "0", "-F", "fluidsynth.wav", soundfont(), "a.mid", folder=tmp_path)
    for program in ("timidity", "fluidsynth"):
        sound, rate = soundfile.read(tmp_path / f"{program}.wav")
        levels = []
        for note in piece.notes:
            if note.hand == RIGHT:
                at = [
                    int((note.start + share * note.length) / TICKS * 60 / tempo * rate)
                    for share in (0.1, 0.3, 0.8, 0.95)
                ]
                struck, late = (np.sqrt(np.mean(sound[first:last] ** 2)) for first, last in (at[:2], at[2:]))
                levels.append(late / struck)
        assert min(levels) > 0.3 * max(levels), f"{program} cuts notes: {sorted(levels)[:3]}"

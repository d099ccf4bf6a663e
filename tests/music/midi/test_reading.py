"""Pieces survive being written as MIDI; whatever else comes is read sensibly, or refused in a sentence."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretty_midi import PrettyMIDI

from genai_demo.catalogue import LANGUAGES, message
from genai_demo.engine.generation.receipts import Receipt, receipt_in
from genai_demo.errors import UserError
from genai_demo.music.midi.handovers import releases
from genai_demo.music.midi.reading import Reading, read_midi
from genai_demo.music.midi.writing import marked_midi, to_midi
from genai_demo.music.theory.piece import LEFT, RIGHT, Bar, Key, Note, Piece
from tests.helpers.music import KEYS, events, midi_file, note, pieces, scale

RECEIPT = Receipt("music", "generate", "m", "ab", {"seed": 7, "style": "mazurka “Öl” 钢琴"})
HEAD = b"MThd\0\0\0\6\0\1\0\1\1\xe0"


def raw(events: bytes, head: bytes = HEAD) -> bytes:
    """Return a file of one track with exactly these bytes."""
    return head + b"MTrk" + len(events).to_bytes(4, "big") + events


def refused(key: str, data: bytes | Path) -> None:
    with pytest.raises(UserError) as refusal:
        read_midi(data)
    assert refusal.value.key == key
    for language in LANGUAGES:
        assert "\n" not in refusal.value.in_language(language)


def counts(reading: Reading) -> dict[str, int]:
    assert all(
        str(remark.count) in remark.in_language(language) for remark in reading.remarks for language in LANGUAGES
    )
    return {remark.key.removeprefix("music."): remark.count for remark in reading.remarks}


@given(pieces(most_changes=2))
def test_round_trip(piece: Piece) -> None:
    assert piece.faults() == []
    reading = read_midi(to_midi(piece))
    assert reading.remarks == ()
    assert replace(reading.piece, tempo=0.0) == replace(piece, tempo=0.0)
    assert 60e6 / reading.piece.tempo == pytest.approx(round(60e6 / piece.tempo), abs=1e-6)
    assert read_midi(to_midi(reading.piece)) == reading


@pytest.mark.filterwarnings("ignore:.*on non-zero tracks:RuntimeWarning")
@settings(max_examples=12)
@given(pieces(most_bars=2))
def test_round_trip_through_pretty_midi(piece: Piece) -> None:
    # What pretty_midi writes does not say where the music ends.
    whole = read_midi(to_midi(piece)).piece
    stream = io.BytesIO()
    PrettyMIDI(io.BytesIO(to_midi(piece))).write(stream)
    back = read_midi(stream.getvalue()).piece
    handed_over = releases(whole).handed_over  # its copies lack the event by which such notes are known
    assert back.pedal == whole.pedal
    assert [replace(note, length=1) for note in back.notes] == [replace(note, length=1) for note in whole.notes]
    assert {note for note in whole.notes if note not in handed_over} <= {*back.notes}
    common = min(len(back.bars), len(whole.bars))
    assert back.bars[: common - 1] == whole.bars[: common - 1]
    assert 60e6 / back.tempo == pytest.approx(60e6 / whole.tempo, abs=1.001)  # it rounds down


@pytest.mark.parametrize("hand", [RIGHT, LEFT])
def test_a_hand_may_rest(hand: int) -> None:
    piece = Piece((Note(0, 60, 480, hand),), (Bar(0, 4, 4),))
    assert read_midi(to_midi(piece)).piece.notes == piece.notes


@given(KEYS)
def test_keys(key: Key) -> None:
    assert read_midi(to_midi(scale(key=key))).piece.key == key, "also against what is heard"


def test_other_programs_read_the_same() -> None:
    piece = scale(3, Key(10, "major"), 100.0)
    file = mido.MidiFile(file=io.BytesIO(marked_midi(piece, RECEIPT)), charset="utf-8")
    assert [track.name for track in file.tracks] == [message("music.machine_made"), "Right Hand", "Left Hand"]
    assert file.length == pytest.approx(piece.seconds)
    struck = [event.note for event in file if event.type == "note_on"]
    assert sorted(struck) == sorted(note.pitch for note in piece.notes)
    assert {event.key for event in file if event.type == "key_signature"} == {"Bb"}


def test_receipt() -> None:
    for title in ("", "A waltz", "圆舞曲"):
        content = marked_midi(scale(), RECEIPT, title)
        assert receipt_in(content, "a.mid") == RECEIPT
        assert message("music.machine_made").encode() in content
        assert read_midi(content).piece == read_midi(to_midi(scale())).piece
    for content in (marked_midi(scale(), None), to_midi(scale()), b"MThd", b"MThd genai-demo-receipt {"):
        with pytest.raises(UserError) as refusal:
            receipt_in(content, "a.mid")
        assert refusal.value.key == "engine.no_receipt"


def test_what_a_machine_did_not_make_says_nothing_of_one() -> None:
    assert message("music.machine_made").encode() not in to_midi(scale())


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("music.empty_file", b""),
        ("music.not_midi", b"some words"),
        ("music.not_midi", b"RIFF\0\0\0\0RMID"),
        ("music.nested_zip", b"PK\3\4" + bytes(40)),
        ("music.damaged_midi", b"MThd"),
        ("music.damaged_midi", HEAD),
        ("music.damaged_midi", to_midi(scale())[:60]),
        ("music.damaged_midi", raw(b"\0\x90\x3c\x40", HEAD[:8] + b"\0\7" + HEAD[10:])),
        ("music.damaged_midi", raw(b"\0\x90\x3c\x40\x10\x3c\0", HEAD[:-2] + b"\0\0")),
        ("music.damaged_midi", raw(b"\0\x90\x3c\x40\x10\x3c\0", HEAD[:-2] + b"\xf0\x10")),
        ("music.damaged_midi", raw(b"\0\x90\x3c\x40\x10\x3c\0", HEAD[:-2] + b"\xe8\0")),
        ("music.damaged_midi", raw(b"\0\xff\x59\2\x63\0")),
        ("music.damaged_midi", raw(b"\0\xff\x51\0")),
        ("music.damaged_midi", raw(b"\xff" * 200_000)),
        ("music.damaged_midi", raw(b"\0\xf4")),
        ("music.damaged_midi", raw(b"\0\x3c\x40")),
        ("music.no_notes", midi_file([])),
        ("music.no_notes", midi_file([], [])),
        ("music.no_notes", midi_file([], kind=2)),
        ("music.no_notes", midi_file(note(20, 10) + note(109, 10))),
        ("music.no_notes", midi_file(note(60, 0))),
        ("music.only_drums", midi_file(note(40, 480, channel=9))),
        ("music.too_many_bytes", raw(b"\0\x90\x3c\x40" + b"\1\x3c\x40\1\x3c\0" * 1_000_000)),
        ("music.too_long", midi_file(note(60, 20 * 3600 * 960))),
        ("music.too_long", midi_file(note(60, 480, 61 * 960 * 60))),
        ("music.too_long", midi_file([*note(60, 480), *note(60, 480, 0xFFFFFFF)])),
        ("music.too_long", midi_file([*events(("set_tempo", {"tempo": 15_000_000})), *note(60, 480, 480 * 241)])),
    ],
)
def test_refused(key: str, data: bytes) -> None:
    refused(key, data)


@pytest.mark.parametrize("again", [b"\1\x3c\0\1\x3c\x40", b"\1\x3c\x40"], ids=["let go", "held"])
def test_more_notes_than_a_piece_has(again: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genai_demo.music.midi.events.MOST_NOTES", 50)
    assert len(read_midi(raw(b"\0\x90\x3c\x40" + again * 49 + b"\1\x80\x3c\0")).piece.notes) == 50
    refused("music.too_many_notes", raw(b"\0\x90\x3c\x40" + again * 50))


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(to_midi(scale()))
    assert read_midi(tmp_path / "a.txt") == read_midi(to_midi(scale()))
    refused("engine.no_file", tmp_path / "none.mid")
    refused("engine.no_file", tmp_path)


def test_any_damage_is_survived() -> None:
    whole = marked_midi(scale(4), RECEIPT)
    chance = random.Random(0)
    read = 0
    for turn in range(600):
        damaged = bytearray(whole)
        if turn % 2:
            damaged = damaged[: chance.randrange(len(whole))]
        for _ in range(chance.choice((1, 3, 20)) if damaged else 0):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            piece = read_midi(bytes(damaged)).piece
        except UserError as error:
            assert error.key.startswith("music.")
        else:
            read += 1
            assert piece.faults() == []
            assert read_midi(to_midi(piece)).piece.notes == piece.notes
    assert read > 50


@settings(max_examples=300)
@given(st.binary(max_size=80))
def test_any_track_is_survived(track: bytes) -> None:
    # A whole note in front, so that what follows is not refused for lack of one.
    try:
        piece = read_midi(raw(b"\0\x90\x3c\x40\x83\x60\x3c\0" + track)).piece
    except UserError:
        return
    assert piece.faults() == []


def test_instruments() -> None:
    violin = events(("program_change", {"program": 40, "channel": 1}))
    harpsichord = events(("program_change", {"program": 6, "channel": 2}))
    drums = note(40, 10, channel=9)
    reading = read_midi(
        midi_file([*violin, *note(80, 480, channel=1)], [*harpsichord, *note(60, 480, channel=2)], drums)
    )
    assert [note.pitch for note in reading.piece.notes] == [60]
    assert counts(reading) == {"left_out_drums": 1, "left_out_instruments": 1, "hands_guessed": 1}
    reading = read_midi(midi_file([*violin, *note(80, 480, channel=1)], drums))
    assert [note.pitch for note in reading.piece.notes] == [80]
    assert counts(reading) == {"left_out_drums": 1, "no_piano": 1, "hands_guessed": 1}


def test_instruments_chosen_in_the_first_track() -> None:
    reading = read_midi(
        midi_file(events(("program_change", {"program": 40, "channel": 1})), note(80, 480, channel=1), note(60, 480))
    )
    assert counts(reading) == {"left_out_instruments": 1, "hands_guessed": 1}


def test_notes_that_cannot_be_played() -> None:
    reading = read_midi(midi_file([*note(20, 480), *note(60, 0), *note(60, 480), *note(120, 480)]))
    assert reading.piece.notes == (Note(480, 60, 480, RIGHT, 64),)
    assert counts(reading) == {"left_out_range": 2, "left_out_silent": 1, "hands_guessed": 1}


def test_keys_struck_while_held() -> None:
    on = {"note": 60, "velocity": 64}
    track = events(
        ("note_off", {"note": 60, "time": 0}),  # before any stroke
        ("note_on", {**on, "time": 0}),
        ("note_on", {**on, "time": 480}),
        ("note_off", {"note": 60, "time": 480}),
        ("note_on", {"note": 60, "velocity": 0, "time": 480}),
        ("note_on", {**on, "time": 0}),
        ("note_on", {"note": 72, "velocity": 64, "time": 0}),  # never let go
        ("note_off", {"note": 60, "time": 480}),
    )
    reading = read_midi(midi_file(track))
    assert [(note.start, note.pitch, note.length) for note in reading.piece.notes] == [
        (0, 60, 480),
        (480, 60, 960),
        (1440, 60, 480),
        (1440, 72, 480),
    ]
    assert reading.piece.faults() == []


@pytest.mark.parametrize("lengths", [(480, 960), (960, 480)])
def test_two_hands_that_strike_one_key(lengths: tuple[int, int]) -> None:
    reading = read_midi(midi_file(*(note(60, length) for length in lengths)))
    assert [(note.hand, note.length) for note in reading.piece.notes] == [(RIGHT, lengths[0])]
    assert counts(reading) == {"left_out_doubled": 1}


@pytest.mark.parametrize("division", [1, 7, 96, 120, 384, 480, 960, 10_080, 32_767])
def test_any_resolution(division: int) -> None:
    reading = read_midi(midi_file([*note(60, division), *note(62, 3 * division, division)], division=division))
    assert [(note.start, note.length) for note in reading.piece.notes] == [(0, 480), (960, 1440)]


def test_a_short_note_stays_one() -> None:
    (short,) = read_midi(midi_file(note(60, 1), division=10_000)).piece.notes
    assert short.length == 1


@pytest.mark.parametrize(
    ("frames", "parts", "ticks"), [(24, 4, 96), (25, 40, 1000), (29, 100, 2997), (30, 80, 2400)], ids=str
)
def test_time_in_frames_of_film(frames: int, parts: int, ticks: int) -> None:
    division = (256 - frames) * 256 + parts - 0x10000
    track = [*events(("set_tempo", {"tempo": 400_000})), *note(60, ticks)]
    reading = read_midi(midi_file(track, division=division))
    assert reading.piece.notes[0].length == 960
    assert reading.piece.tempo == 120
    assert counts(reading) == {"hands_guessed": 1}


def test_tempi() -> None:
    def timed(*tempos: int) -> Reading:
        """Two bars of 4/4, at the first and last of some tempi in turn; any others last no time."""
        track = events(*(("set_tempo", {"tempo": tempo, "time": 0}) for tempo in tempos[:-1]))
        return read_midi(
            midi_file([*track, *note(60, 1920), *events(("set_tempo", {"tempo": tempos[-1]})), *note(60, 1920)])
        )

    assert timed(500_000, 500_000).piece.tempo == 120
    assert "tempo_averaged" not in counts(timed(500_000, 500_000))
    halved = timed(500_000, 1_500_000)
    assert halved.piece.seconds == pytest.approx(2 + 6)
    assert counts(halved)["tempo_averaged"] == 2
    impossible = timed(500_000, 0, 500_000)
    assert impossible.piece.tempo == 120
    assert counts(impossible)["left_out_tempos"] == 1
    assert read_midi(midi_file(note(60, 480))).piece.tempo == 120


def test_bars() -> None:
    def metre(beats: int, unit: int, time: int = 0) -> list[mido.Message]:
        return events(("time_signature", {"numerator": beats, "denominator": unit, "time": time}))

    assert read_midi(midi_file(note(60, 480))).piece.bars == (Bar(0, 4, 4),)
    upbeat = read_midi(midi_file([*metre(1, 4), *metre(3, 4, 480)], note(60, 481, 480)))
    assert upbeat.piece.bars == (Bar(0, 1, 4), Bar(480, 3, 4))
    broken = read_midi(midi_file([*metre(4, 4), *metre(3, 4, 600)], note(60, 3000)))
    assert broken.piece.bars == (Bar(0, 5, 16), Bar(600, 3, 4), Bar(2040, 3, 4))
    impossible = read_midi(midi_file([*metre(1, 32), *metre(6, 32, 0)], note(60, 300)))
    assert impossible.piece.bars == (Bar(0, 3, 16),)
    assert counts(impossible)["left_out_metres"] == 1


def test_a_track_of_bars_says_where_the_piece_ends() -> None:
    ends = {1920: 1, 3840: 2, 3841: 1, 480: 1}
    for tick, bars in ends.items():
        reading = read_midi(midi_file(events(("end_of_track", {"time": tick})), note(60, 480, 480)))
        assert len(reading.piece.bars) == bars


def test_of_several_pieces_the_first_is_taken() -> None:
    reading = read_midi(midi_file([], note(60, 480), note(72, 960), kind=2))
    assert [note.pitch for note in reading.piece.notes] == [60]
    assert counts(reading) == {"left_out_pieces": 1, "hands_guessed": 1}


@pytest.mark.parametrize(
    ("one", "other"),
    [("Right Hand", "Left Hand"), ("Piano right", "Piano left"), ("RH", "lh"), ("右手", "左手"), ("Treble", "Bass")],
)
def test_hands_by_the_names_of_tracks(one: str, other: str) -> None:
    def track(name: str, pitch: int) -> list[mido.Message]:
        return [*events(("track_name", {"name": name.encode().decode("latin-1")})), *note(pitch, 480)]

    reading = read_midi(midi_file(track(one, 40), track(other, 80)))  # crossed
    assert {note.pitch: note.hand for note in reading.piece.notes} == {40: RIGHT, 80: LEFT}
    assert reading.remarks == ()


@pytest.mark.parametrize("kind", [0, 1])
def test_hands_of_two_parts(kind: int) -> None:
    low, high = note(40, 480, channel=3), note(80, 480, channel=1)
    name = events(("track_name", {"name": "Right as rain"}))
    reading = read_midi(midi_file([*name, *low, *high], kind=0) if kind == 0 else midi_file([*name, *low], high))
    assert {note.pitch: note.hand for note in reading.piece.notes} == {40: LEFT, 80: RIGHT}


def test_pedal() -> None:
    def pedal(value: int, time: int, channel: int = 0) -> list[mido.Message]:
        return events(("control_change", {"control": 64, "value": value, "time": time, "channel": channel}))

    track = [*pedal(64, 100), *pedal(127, 10), *pedal(63, 90), *pedal(0, 10), *note(60, 480), *pedal(90, 0)]
    other = [*pedal(127, 0, 5), *pedal(0, 5000, 5)]  # of a part that plays nothing
    assert read_midi(midi_file([*track, *note(62, 10)], other)).piece.pedal == ((100, 200), (690, 700))

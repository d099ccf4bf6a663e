"""A score says exactly what the piece holds, and is written by the rules of the format and of the craft."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from lxml import etree

from genai_demo.catalogue import LANGUAGES, message
from genai_demo.engine.generation.receipts import Receipt, receipt_in
from genai_demo.music.notation.played import grace_notes
from genai_demo.music.notation.quantizing import quantize_for_score
from genai_demo.music.notation.score import musicxml
from genai_demo.music.theory.piece import LEFT, RIGHT, Key, Piece
from tests.helpers.scores import KEYS, any_pieces, grid_pieces, piece, read

XLINK = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/1999/xlink">
<xs:attribute name="href" type="xs:anyURI"/><xs:attribute name="type" type="xs:string"/>
<xs:attribute name="role" type="xs:token"/><xs:attribute name="title" type="xs:token"/>
<xs:attribute name="show" type="xs:token"/><xs:attribute name="actuate" type="xs:token"/></xs:schema>"""
XML = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">
<xs:attribute name="lang" type="xs:language"/><xs:attribute name="space" type="xs:string"/></xs:schema>"""


class Local(etree.Resolver):
    """Gives the two schemas that MusicXML's takes from elsewhere, as far as it needs them."""

    def resolve(self, url: str, public_id: str, context: object) -> object:
        texts = {"xlink.xsd": XLINK, "xml.xsd": XML}
        text = texts.get(url.rsplit("/", 1)[-1])
        return None if text is None else self.resolve_string(text, context)


@cache
def schema() -> etree.XMLSchema:
    """Return the official schema of MusicXML."""
    found = find_spec("music21")
    assert found is not None and found.origin is not None
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Local())
    return etree.XMLSchema(etree.parse(str(Path(found.origin).parent / "musicxml" / "musicxml.xsd"), parser))


def assert_valid(content: bytes) -> None:
    """Validate by the schema at hand: that of MusicXML 2.0, to which only the mark of a bar's rest is unknown."""
    root = etree.fromstring(content)
    for rest in root.iter("rest"):
        rest.attrib.pop("measure", None)
    schema().assertValid(root)


def notes_of(piece: Piece) -> Counter[tuple[int, int, int, int]]:
    return Counter((note.start, note.end, note.pitch, note.hand) for note in piece.notes)


@given(grid_pieces())
def test_what_lies_on_a_grid_is_written_exactly(piece: Piece) -> None:
    assert quantize_for_score(piece) == list(piece.notes)
    content = musicxml(piece)
    assert read(content).notes == notes_of(piece)
    assert_valid(content)


@given(any_pieces())
def test_whatever_is_played_can_be_written(piece: Piece) -> None:
    content = musicxml(piece)
    small = grace_notes(piece)
    written = quantize_for_score(replace(piece, notes=tuple(note for note in piece.notes if note not in small)))
    assert read(content).notes == Counter((note.start, note.end, note.pitch, note.hand) for note in written)
    assert len(Xml.fromstring(content).findall(".//note/grace")) == len(small)
    assert_valid(content)


def test_crossing_hands_stay_on_their_staves() -> None:
    crossed = piece([(0, 2, 48), (2, 2, 60)], [(0, 2, 72), (2, 2, 48)])
    assert read(musicxml(crossed)).notes == notes_of(crossed)


RECEIPT = Receipt("music", "generate", "piano", "ab", {"title": "<夜曲> & \ud83c \x0b", "seed": 3})


def test_title_makers_and_receipt() -> None:
    for language in LANGUAGES:
        content = musicxml(piece([(0, 1, 60)]), "夜曲 <1> &\x0b", RECEIPT, language)
        root = Xml.fromstring(content)
        assert root.findtext("work/work-title") == "夜曲 <1> &"
        assert root.findtext("identification/creator") == message("music.machine_composed", language)
        assert receipt_in(content, "a.musicxml") == RECEIPT
        assert_valid(content)
    assert Xml.fromstring(musicxml(piece([(0, 1, 60)]))).find("work") is None


def test_the_same_piece_gives_the_same_file() -> None:
    made = piece([(0, 1, 60), (1, 0.5, 62)], [(0, 2, 48)])
    assert musicxml(made) == musicxml(made)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.tonic}-{key.mode}")
def test_a_scale_needs_no_accidentals(key: Key) -> None:
    steps = {"major": (0, 2, 4, 5, 7, 9, 11, 12), "minor": (0, 2, 3, 5, 7, 8, 10, 12)}[key.mode]
    scale = [(number / 2, 0.5, 60 + key.tonic + step) for number, step in enumerate(steps)]
    assert not read(musicxml(piece(scale, key=key))).printed


def test_accidentals_hold_for_a_bar_and_are_taken_back() -> None:
    made = piece([(0, 1, 66), (1, 1, 66), (2, 1, 65), (3, 1, 66), (4, 4, 65), (8, 4, 65)], metres=[(4, 4)] * 3)
    # Sharp, natural, sharp in the first bar; a reminder in the second; nothing in the third.
    assert read(musicxml(made)).printed == {"sharp": 2, "natural": 2}
    over_the_bar = piece([(3, 2, 66), (5, 1, 66)], metres=[(4, 4)] * 2)
    assert read(musicxml(over_the_bar)).printed == {"sharp": 2}, "the tie needs none, the next note does"


def test_a_pick_up_is_no_bar_of_its_own() -> None:
    made = piece([(0, 1, 60), (1, 3, 62), (4, 2, 64)], metres=[(1, 4), (3, 4), (2, 4)])
    root = Xml.fromstring(musicxml(made))
    measures = root.findall("part/measure")
    assert [measure.get("number") for measure in measures] == ["0", "1", "2"]
    assert [measure.get("implicit") for measure in measures] == ["yes", None, None]
    assert [element.text for element in root.iter("beats")] == ["3"], "the last bar makes up for the first"


def test_metre_changes_are_written() -> None:
    made = piece([(0, 4, 60), (4, 3, 62)], metres=[(4, 4), (3, 4), (3, 4)])
    assert [element.text for element in Xml.fromstring(musicxml(made)).iter("beats")] == ["4", "3"]


def test_key_changes_are_written_and_reset_the_signs() -> None:
    flats = Key.of_signature(-6, "major")
    made = replace(
        piece([(0, 4, 66), (4, 4, 66), (8, 4, 66)], metres=[(4, 4)] * 3, key=Key(2, "major")),
        key_changes=((1920, flats), (3840, Key(0, "major"))),
    )
    content = musicxml(made)
    assert_valid(content)
    root = Xml.fromstring(content)
    assert [(key.findtext("fifths"), key.findtext("mode")) for key in root.iter("key")] == [
        ("2", "major"),
        ("-6", "major"),
        ("0", "major"),
    ]
    assert [(step.text, alter.text) for step, alter in zip(root.iter("step"), root.iter("alter"), strict=True)] == [
        ("F", "1"),
        ("G", "-1"),
        ("F", "1"),
    ]
    assert read(content).printed == {"sharp": 1}, "only where the signature has no F sharp"


def test_clefs_follow_the_register_of_whole_bars() -> None:
    high = [(start / 2, 0.5, 72 + start % 5) for start in range(16, 32)]
    low = [(start / 2, 0.5, 43 + start % 5) for start in (*range(16), *range(32, 48))]
    clefs = read(musicxml(piece([], high + low, metres=[(4, 4)] * 6))).clefs
    assert [bar[LEFT] for bar in clefs] == ["F", "F", "G", "G", "F", "F"]
    assert {bar[RIGHT] for bar in clefs} == {"G"}
    one_high_note = read(musicxml(piece([], [(0, 4, 48), (4, 1, 67), (8, 4, 48)], metres=[(4, 4)] * 3))).clefs
    assert {bar[LEFT] for bar in one_high_note} == {"F"}


def test_the_tempo_counts_beats() -> None:
    waltz = Xml.fromstring(musicxml(piece([(0, 1, 60)], metres=[(3, 4)])))
    barcarole = Xml.fromstring(musicxml(piece([(0, 1, 60)], metres=[(6, 8)])))
    assert waltz.findtext(".//per-minute") == "96" and waltz.find(".//beat-unit-dot") is None
    assert barcarole.findtext(".//per-minute") == "64" and barcarole.find(".//beat-unit-dot") is not None
    assert {root.find(".//sound").get("tempo") for root in (waltz, barcarole)} == {"96"}  # type: ignore[union-attr]


THIRD = 1 / 3
OPENING = [(0, 1.5, 75), (1.5, 0.5, 74), (2, THIRD, 72), (2 + THIRD, THIRD, 71), (2 + 2 * THIRD, THIRD, 72)]
SONG = piece(
    [*OPENING, (3, 3, 67), (4, 1, 63), (5, 0.25, 62), (5.25, 0.75, 60)],
    [(0, 4, 36), (0, 2, 48), (2, 2, 43), (4, 0.5, 55), (4.5, 1.5, 58), (6, 2, 48)],
    metres=[(4, 4), (4, 4)],
    key=Key(0, "minor"),
)


def test_music21_reads_what_was_written() -> None:
    from music21 import converter

    score = converter.parseData(musicxml(SONG).decode(), format="musicxml").stripTies()
    assert [key.sharps for key in score.parts[0].recurse().getElementsByClass("KeySignature")] == [-3]
    found: Counter[tuple[int, int, int, int]] = Counter()
    for hand, part in enumerate(score.parts):
        for element in part.flatten().notes:
            start, length = round(element.offset * 480), round(element.duration.quarterLength * 480)
            found.update((start, start + length, pitch.midi, hand) for pitch in element.pitches)
    assert found == notes_of(SONG)


def test_verovio_reads_what_was_written() -> None:
    import base64
    import io
    from importlib.resources import files

    import mido
    from verovio import toolkit

    engraver = toolkit()
    # Left alone, it finds its fonts only in the thread that imported it first.
    engraver.setResourcePath(str(files("verovio") / "data"))
    assert engraver.loadData(musicxml(SONG).decode())
    midi = mido.MidiFile(file=io.BytesIO(base64.b64decode(engraver.renderToMIDI())))
    scale = 480 / midi.ticks_per_beat  # which lets each key go one tick early
    found: Counter[tuple[int, int, int]] = Counter()
    for track in midi.tracks:
        now, held = 0, {}
        for event in track:
            now += event.time
            if event.type == "note_on" and event.velocity:
                held[event.note] = now
            elif event.type in ("note_on", "note_off"):
                start = held.pop(event.note)
                found[round(start * scale), round((now + 1) * scale), event.note] += 1
    assert found == Counter((note.start, note.end, note.pitch) for note in SONG.notes)


def test_what_no_machine_made_is_not_said_to_be() -> None:
    tune = piece([(0, 4, 60)])
    assert b"machine" in musicxml(tune)
    assert b"machine" not in musicxml(tune, made=False)

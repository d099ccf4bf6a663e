"""What a performance adds stands in its score, and other programs read the score without a complaint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_demo.music.notation.score import musicxml
from genai_demo.music.reading import read_piece
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Key, Piece
from tests.helpers.programs import run
from tests.helpers.scores import grid_pieces, piece
from tests.music.notation.test_score import SONG, assert_valid

UPBEAT = piece(
    [(0, 1, 67), (1, 1.5, 72), (2.5, 0.5, 71), (3, 1, 72), (4, 3, 74), (7, 1.5, 76), (8.5, 0.5, 74), (9, 1, 72)],
    [(1, 3, 48), (4, 1.5, 50), (5.5, 1.5, 43), (7, 1, 48)],
    metres=[(1, 4), (3, 4), (3, 4), (3, 4)],
)
"""the left hand is silent in the upbeat"""


def performed(velocities: tuple[int, ...], pedal: tuple[tuple[float, float], ...] = (), tempo: float = 96.0) -> Piece:
    """Return `UPBEAT` with the velocities of its bars, and a pedal in quarters."""
    notes = tuple(replace(note, velocity=velocities[UPBEAT.bar_at(note.start)]) for note in UPBEAT.notes)
    spans = tuple((round(start * TICKS), round(end * TICKS)) for start, end in pedal)
    return replace(UPBEAT, notes=notes, pedal=spans, tempo=tempo)


FULL = performed((30, 34, 70, 100), ((1, 3.9), (4, 6.5), (6.5, 8.2), (8.5, 9)), 117.345)


SILENT = replace(
    piece(
        [(bar * 4 + beat, 1, 60 + bar + beat) for bar in range(5) for beat in range(4)],
        [(0, 4, 40), (12, 2, 40), (14, 2, 43)],
        metres=[(4, 4)] * 6,
    ),
    pedal=tuple(
        (a * TICKS // 4, b * TICKS // 4) for a, b in ((0, 15), (16, 23), (24, 31), (36, 44), (46, 70), (77, 95))
    ),
)
"""the left hand rests for whole bars, and both do at the end, while the pedal is pressed and let go"""
ALONE = piece(
    [(0, 4, 67), (16, 4, 72)],
    [(0, 4, 48), (4, 4, 40), (8, 4, 41), (12, 4, 43), (16, 4, 48)],
    metres=[(4, 4)] * 5,
)
ALONE = replace(ALONE, notes=tuple(replace(note, velocity=20 + note.start // 80) for note in ALONE.notes))
"""the left hand grows louder while the right one is silent"""
LATE = replace(
    piece([(0, 2, 67), (2, 2, 72)], [(0, 1, 48), (1, 1, 52), (2, 2, 36)]),
    pedal=((0, TICKS), (2 * TICKS + 30, 3 * TICKS)),
)
"""the last pedal is pressed and let go while the last chord is held"""


def signs(score: Xml.Element, kind: str) -> list[tuple[int, str, str]]:
    """Return bar, staff and value of each direction of a kind."""
    found = []
    for number, measure in enumerate(score.iter("measure")):
        for direction in measure.iter("direction"):
            for sign in direction.iter(kind):
                value = sign.get("type") or sign[0].tag
                found.append((number, direction.findtext("staff") or "", value))
    return found


def times(score: Xml.Element) -> list[int]:
    """Return the tick of each sign of the pedal, in their order: where it stands, and its offset."""
    found, start = [], 0
    for measure in score.iter("measure"):
        place = longest = 0
        for element in measure:
            if element.find("direction-type/pedal") is not None:
                found.append(start + place + int(element.findtext("offset") or 0))
            duration = int(element.findtext("duration") or 0)
            if element.tag == "backup":
                place -= duration
            elif element.find("chord") is None:
                place += duration
            longest = max(longest, place)
        start += longest
    return found


def test_a_hand_that_is_silent_in_a_short_bar_has_real_rests() -> None:
    score = Xml.fromstring(musicxml(UPBEAT))
    upbeat, *whole = score.iter("measure")
    rests = [note for note in upbeat.iter("note") if note.find("rest") is not None]
    assert [(rest.findtext("type"), rest.findtext("staff")) for rest in rests] == [("quarter", "2")]
    assert all(rest.get("measure") is None for rest in upbeat.iter("rest"))
    silent = Xml.fromstring(musicxml(replace(UPBEAT, notes=tuple(n for n in UPBEAT.notes if n.hand == RIGHT))))
    assert [bar.find(".//rest[@measure='yes']") is not None for bar in silent.iter("measure")] == [False, *[True] * 3]
    assert len(whole) == 3


def test_music21_counts_bars_behind_an_upbeat_from_one() -> None:
    from music21 import converter

    score = converter.parseData(musicxml(UPBEAT).decode(), format="musicxml")
    for hand, part in zip((RIGHT, LEFT), score.parts, strict=True):
        found = [(note.getOffsetInHierarchy(part), note.pitch.midi) for note in part.recurse().notes]
        assert found == [(note.start / TICKS, note.pitch) for note in UPBEAT.notes if note.hand == hand]
        assert [measure.offset for measure in part.getElementsByClass("Measure")] == [0, 1, 4, 7]


def test_dynamics_are_marked_where_they_change() -> None:
    score = Xml.fromstring(musicxml(performed((30, 34, 70, 100))))
    assert signs(score, "dynamics") == [(0, "1", "pp"), (2, "1", "mp"), (3, "1", "f")]
    steady = Xml.fromstring(musicxml(performed((70, 76, 66, 74))))
    assert signs(steady, "dynamics") == [(0, "1", "mp")], "what hardly changes has one mark"


@pytest.mark.parametrize("velocity", [72, 100])
def test_a_piece_that_is_equally_loud_has_no_marks(velocity: int) -> None:
    score = Xml.fromstring(musicxml(performed((velocity,) * 4)))
    assert not signs(score, "dynamics")
    kept = {note.get("dynamics") for note in score.iter("note")}
    assert kept <= ({None} if velocity == 72 else {None, "111.11"})


def test_velocities_are_kept_with_the_notes() -> None:
    score = Xml.fromstring(musicxml(FULL))
    for hand in (RIGHT, LEFT):
        struck = [
            round(float(note.get("dynamics", 80)) * 0.9)
            for note in score.iter("note")
            if note.find("pitch") is not None and note.findtext("staff") == str(hand + 1)
        ]
        assert struck == [note.velocity for note in FULL.notes if note.hand == hand]


def test_the_pedal_is_marked() -> None:
    score = Xml.fromstring(musicxml(FULL))
    assert [value for *_, value in signs(score, "pedal")] == ["start", "stop"] * 4
    assert {staff for _, staff, _ in signs(score, "pedal")} == {"2"}
    assert times(score) == [round(beat * TICKS) for beat in (1, 3.9, 4, 6.5, 6.5, 8.2, 8.5, 9)]


def test_tempi_are_whole_numbers_and_the_exact_one_is_kept() -> None:
    score = Xml.fromstring(musicxml(FULL))
    assert [sound.get("tempo") for sound in score.iter("sound")] == ["117"]
    fields = {field.get("name"): field.text for field in score.iter("miscellaneous-field")}
    assert fields["quarter-notes-per-minute"] == "117.345"
    assert b"quarter-notes-per-minute" not in musicxml(UPBEAT)


@st.composite
def performances(draw: st.DrawFn) -> Piece:
    made = draw(grid_pieces())
    notes = tuple(replace(note, velocity=draw(st.integers(1, 127))) for note in made.notes)
    places = sorted(draw(st.sets(st.integers(0, made.end), max_size=10)))
    pedal = tuple(zip(places[::2], places[1::2], strict=False))
    if draw(st.booleans()) and len(places) % 2 and len(places) > 1:
        pedal = (*pedal, (places[-2], places[-1]))
    return replace(made, notes=notes, pedal=pedal, tempo=draw(st.floats(20, 400)))


@settings(max_examples=50)
@given(performances())
def test_signs_of_any_performance_stand_in_their_order_and_at_their_time(made: Piece) -> None:
    content = musicxml(made)
    assert_valid(content)
    score = Xml.fromstring(content)
    assert [value for *_, value in signs(score, "pedal")] == ["start", "stop"] * len(made.pedal)
    assert times(score) == [tick for span in made.pedal for tick in span]


@pytest.mark.programs
@pytest.mark.parametrize(
    "made",
    [FULL, replace(SONG, key=Key(6, "major"), tempo=88.88), SILENT, LATE, ALONE],
    ids=["performance", "voices and triplets", "pedal in silence", "pedal at the end", "dynamics in silence"],
)
def test_lilypond_has_nothing_to_complain_of(made: Piece, tmp_path: Path) -> None:
    (tmp_path / "a.musicxml").write_bytes(musicxml(made, "A title"))
    told = run("musicxml2ly", "--midi", "a.musicxml", "-o", "a.ly", folder=tmp_path)
    told += run("lilypond", "-dno-point-and-click", "--svg", "-o", "a", "a.ly", folder=tmp_path)
    assert "warning" not in told.lower() and "error" not in told.lower(), told
    assert (tmp_path / "a.svg").exists()


@pytest.mark.programs
@pytest.mark.parametrize("made", [SILENT, LATE], ids=["silence", "end"])
def test_musescore_shows_all_of_the_pedal(made: Piece, tmp_path: Path) -> None:
    (tmp_path / "a.musicxml").write_bytes(musicxml(made))
    run("mscore3", "-o", "a.mscx", "a.musicxml", folder=tmp_path)
    score = Xml.parse(tmp_path / "a.mscx").getroot().find("Score")
    assert score is not None
    pedals = [spanner for spanner in score.iter("Spanner") if spanner.get("type") == "Pedal"]
    assert sum(spanner.find("next") is not None for spanner in pedals) == len(made.pedal)
    back = read_piece(musicxml(made)).piece
    assert (back.notes, back.pedal) == (made.notes, made.pedal)


@pytest.mark.programs
def test_musescore_shows_what_was_played(tmp_path: Path) -> None:
    (tmp_path / "a.musicxml").write_bytes(musicxml(FULL, "A title"))
    run("mscore3", "-o", "a.mscx", "a.musicxml", folder=tmp_path)
    score = Xml.parse(tmp_path / "a.mscx").getroot().find("Score")
    assert score is not None and len(score.findall("Part")) == 1
    right, left = score.findall("Staff")
    assert [mark.findtext("subtype") for mark in right.iter("Dynamic")] == ["pp", "mp", "f"]
    pedals = [spanner for spanner in left.iter("Spanner") if spanner.get("type") == "Pedal"]
    assert sum(spanner.find("next") is not None for spanner in pedals) == 4
    for staff, hand in ((right, RIGHT), (left, LEFT)):
        struck = [
            (int(note.findtext("pitch") or 0), int(note.findtext("velocity") or 0)) for note in staff.iter("Note")
        ]
        assert struck == [(note.pitch, note.velocity) for note in FULL.notes if note.hand == hand]
    assert [measure.get("len") for measure in right.iter("Measure")] == ["1/4", None, None, None]

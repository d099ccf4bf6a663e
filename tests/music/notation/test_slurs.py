"""Slurs that a score brings along are written again, whatever else is done to the piece, and none is invented."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_demo.music.musicxml.reading import read_musicxml
from genai_demo.music.notation.score import musicxml
from genai_demo.music.reading import read_piece
from genai_demo.music.theory.piece import Piece
from genai_demo.music.tokens.piece_string import read_piece_string, write_piece_string
from tests.helpers.programs import run
from tests.helpers.scores import grid_pieces
from tests.music.musicxml.test_reading import bar, note, score
from tests.music.notation.test_score import assert_valid


def slur(*marks: str) -> str:
    """Return notations of marks such as "start 1"."""
    slurs = (f'<slur type="{mark.split()[0]}" number="{mark.split()[1]}"/>' for mark in marks)
    return f"<notations>{''.join(slurs)}</notations>"


BACK = "<backup><duration>8</duration></backup>"
GIVEN = score(
    [
        bar(
            note("C5", 2, behind=slur("start 1", "start 2")),
            note("D5", 2, behind=slur("stop 2", "start 2")),
            note("E5", 2, behind=slur("stop 2")),
            note("F5", 2),
            BACK,
            note("C3", 4, voice=5, staff=2, behind=slur("start 3")),
            note("D3", 4, voice=5, staff=2),
            more="<key><fifths>0</fifths></key><staves>2</staves>",
        ),
        bar(
            note("A5", 0, behind=slur("start 4")),
            note("G5", 8, behind=slur("stop 1", "stop 4")),
            BACK,
            note("E3", 8, voice=5, staff=2, behind=slur("stop 3")),
            number=2,
        ),
    ]
)
"""a phrase over two shorter slurs that share a note, one of the left hand, and one of a grace note"""
FOUND = [(0, 72, 480, 74), (480, 74, 960, 76), (0, 72, 1920, 79), (0, 48, 1920, 52)]


def ends(piece: Piece) -> list[tuple[int, int, int, int]]:
    return sorted((first.start, first.pitch, last.start, last.pitch) for first, last in piece.slurs)


def test_slurs_of_a_score_are_read() -> None:
    piece = read_musicxml(GIVEN).piece
    grace = next(note for note in piece.notes if note.pitch == 81)
    assert ends(piece) == sorted([*FOUND, (grace.start, 81, 1920, 79)])
    assert {note for ends in piece.slurs for note in ends} <= {*piece.notes}


def test_slurs_are_written_again() -> None:
    piece = read_musicxml(GIVEN).piece
    written = musicxml(piece)
    assert_valid(written)
    assert read_musicxml(written).piece.slurs == piece.slurs
    marks = [(mark.get("type"), mark.get("number")) for mark in Xml.fromstring(written).iter("slur")]
    assert len(marks) == 10 and {kind for kind, _ in marks} == {"start", "stop"}


def test_a_slur_is_written_while_both_its_notes_are_there() -> None:
    piece = read_musicxml(GIVEN).piece
    without = replace(piece, notes=tuple(note for note in piece.notes if note.pitch != 79))
    assert ends(read_musicxml(musicxml(without)).piece) == sorted(set(FOUND) - {FOUND[2]})
    louder = replace(piece, notes=tuple(replace(note, velocity=20) for note in piece.notes))
    assert b"<slur" not in musicxml(louder), "other notes at the same places are not what was slurred"


def test_slurs_that_never_end_or_begin_are_none() -> None:
    notes = [note("C5", 4, behind=slur("start 1")), note("D5", 4, behind=slur("stop 2"))]
    assert read_musicxml(score([bar(*notes, more="")])).piece.slurs == ()
    twice = [note("C5", 4, behind=slur("start 1")), note("D5", 2, behind=slur("start 1")), note("E5", 2)]
    assert read_musicxml(score([bar(*twice, more="")])).piece.slurs == ()


def test_slurs_over_a_tie_reach_its_end() -> None:
    tie = '<tie type="{}"/>'
    given_ = score(
        [
            bar(note("C5", 8, behind=slur("start 1")), more=""),
            bar(note("D5", 8, behind=tie.format("start")), number=2),
            bar(note("D5", 8, behind=tie.format("stop") + slur("stop 1")), number=3),
        ]
    )
    piece = read_musicxml(given_).piece
    assert ends(piece) == [(0, 72, 1920, 74)]
    last = Xml.fromstring(musicxml(piece)).findall("part/measure")[2]
    assert [mark.get("type") for mark in last.iter("slur")] == ["stop"]


def test_repeats_play_slurs_again() -> None:
    again = '<barline location="right"><repeat direction="backward"/></barline>'
    given_ = score([bar(note("C5", 4, behind=slur("start 1")), note("D5", 4, behind=slur("stop 1")), again, more="")])
    assert ends(read_musicxml(given_).piece) == [(0, 72, 960, 74), (1920, 72, 2880, 74)]


def test_first_bars_keep_what_ends_in_them() -> None:
    assert ends(read_musicxml(GIVEN).piece.first_bars(1)) == FOUND[:2]


@st.composite
def slurred(draw: st.DrawFn) -> Piece:
    made = draw(grid_pieces().filter(lambda piece: bool(piece.notes)))
    places = st.integers(0, len(made.notes) - 1)
    drawn = draw(st.lists(st.tuples(places, places), max_size=12))
    chosen = [(made.notes[a], made.notes[b]) for a, b in drawn]
    found = {(a, b) for a, b in chosen if a.hand == b.hand and a.start < b.start}
    return replace(made, slurs=tuple(sorted(found)))


@settings(max_examples=60)
@given(slurred())
def test_any_slurs_come_back(piece: Piece) -> None:
    assert read_piece_string(write_piece_string(piece)) == piece
    written = musicxml(piece)
    assert_valid(written)
    back = read_piece(written).piece
    assert ends(back) == ends(piece)


def test_a_line_with_slurs_is_readable() -> None:
    piece = read_musicxml(GIVEN).piece.first_bars(1)
    line = write_piece_string(replace(piece, notes=piece.notes[:-1]))
    assert line.endswith("| @0 R 72:480(1 L 48:960 @480 R 74:480)1(1 @960 R 76:480)1 L 50:960 @1440 R 77:480")
    assert read_piece_string(line).slurs == piece.slurs


@pytest.mark.parametrize(
    "line", ["any 96 4/4 | @0 R 60:480)1", "any 96 4/4 | @0 R 60:480(1", "any 96 4/4 | @0 R 60:4(1(1"]
)
def test_slurs_that_do_not_fit_are_refused(line: str) -> None:
    from genai_demo.errors import UserError

    with pytest.raises(UserError) as refusal:
        read_piece_string(line)
    assert refusal.value.key == "music.bad_given"


@pytest.mark.programs
def test_lilypond_and_musescore_read_slurs(tmp_path: Path) -> None:
    piece = read_musicxml(GIVEN).piece
    # Slurs within slurs are more than LilyPond's reader takes.
    single = replace(piece, slurs=tuple(ends for ends in piece.slurs if ends[0].pitch != 72 or ends[1].pitch != 79))
    (tmp_path / "a.musicxml").write_bytes(musicxml(single))
    said = run("musicxml2ly", "-o", "a.ly", "a.musicxml", folder=tmp_path)
    said += run("lilypond", "-dno-print-pages", "a.ly", folder=tmp_path)
    assert "warning" not in said.lower() and "error" not in said.lower(), said
    (tmp_path / "a.musicxml").write_bytes(musicxml(piece))
    run("mscore3", "-o", "a.mscx", "a.musicxml", folder=tmp_path)
    spanners = [s for s in Xml.parse(tmp_path / "a.mscx").getroot().iter("Spanner") if s.get("type") == "Slur"]
    assert len([s for s in spanners if s.find("Slur") is not None]) == 5

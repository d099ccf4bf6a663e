"""What is asked for is checked before any work starts; given music is one line of text without loss."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given

from genai_demo.errors import UserError
from genai_demo.music.midi.writing import to_midi
from genai_demo.music.requests import (
    ACTIONS,
    MOST_GIVEN_BARS,
    ComposeRequest,
    ContinueRequest,
    HarmoniseRequest,
    Request,
    RewriteRequest,
    bars_written,
    given_music,
    legato_bars,
    shortened,
    take_music,
)
from genai_demo.music.theory.piece import MODES, Bar, Key, Note, Piece
from genai_demo.music.tokens.piece_string import (
    KEY_BY_NAME,
    MOST_CHARACTERS,
    key_id,
    read_piece_string,
    write_piece_string,
)
from tests.helpers.music import pieces, scale
from tests.helpers.scores import piece as piece_of

MUSIC = write_piece_string(scale(3))
GOOD: dict[str, Request] = {
    "compose": ComposeRequest(),
    "continue": ContinueRequest(music=MUSIC),
    "rewrite": RewriteRequest(music=MUSIC, first=2, last=3),
    "harmonise": HarmoniseRequest(music=MUSIC),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_defaults_are_allowed(action: str) -> None:
    assert type(GOOD[action]) is ACTIONS[action]
    GOOD[action].check()


BAD = [
    *(("compose", name, value) for name, value in {
        "model": "masked", "bars": 65, "key": "Cb_major", "metre": "5/4", "tempo": 39,
    }.items()),
    *(("continue", name, value) for name, value in {
        "model": "x", "music": "", "keep": 4, "bars": 3, "style": "jazz", "top_p": 0.0,
    }.items()),
    *(("rewrite", name, value) for name, value in {
        "music": "la la", "first": 0, "last": 4, "hand": "third", "lowest": 20, "highest": 20, "steps": 0,
    }.items()),
    *(("harmonise", name, value) for name, value in {
        "music": write_piece_string(Piece((), (Bar(0, 4, 4),), None, 100.0)), "part": "drums", "density": "thick",
    }.items()),
]  # fmt: skip


@pytest.mark.parametrize(("action", "name", "value"), BAD, ids=lambda value: str(value)[:20])
def test_what_is_not_allowed_is_named(action: str, name: str, value: object) -> None:
    request = replace(GOOD[action], **{name: value})  # type: ignore[arg-type]
    with pytest.raises(UserError):
        request.check()


@pytest.mark.parametrize("action", ACTIONS)
def test_wrong_kinds_and_wild_numbers_are_refused_in_every_field(action: str) -> None:
    for field in fields(GOOD[action]):
        for wild in (None, True, float("nan"), 10**12, "\udcff"):
            with pytest.raises(UserError):
                replace(GOOD[action], **{field.name: wild}).check()


@given(pieces(most_changes=2))
def test_given_music_is_a_line_without_loss(piece: Piece) -> None:
    line = write_piece_string(piece)
    assert line.isascii() and "\n" not in line
    assert read_piece_string(line) == piece
    assert write_piece_string(read_piece_string(line)) == line


def test_a_line_can_be_read_by_people() -> None:
    piece = Piece((Note(0, 67, 480), Note(0, 70, 480), Note(480, 51, 960, 1)), (Bar(0, 3, 4),), Key(3, "major"), 100.0)
    assert write_piece_string(piece) == "Eb_major 100 3/4 | @0 R 67:480 70:480 @480 L 51:960"
    loud = replace(piece.notes[1], velocity=90)
    changed = replace(
        piece,
        notes=(piece.notes[0], loud, piece.notes[2]),
        bars=(*piece.bars, Bar(1440, 3, 4)),
        tempo=87.5,
        pedal=((13, 1400), (2900, 2950)),
        key_changes=((1440, Key.of_signature(-6, "major")),),
    )
    line = "Eb_major 87.5 3/4 | @0 R 67:480 70:480:90 @13 P:1387 @480 L 51:960:72 Gb_major | @1460 P:50"
    assert write_piece_string(changed) == line


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "no music"),
        ("   ", "no music"),
        ("Eb_major", "Word 1"),
        ("Eb_major 3 3/4 |", "Word 2"),
        ("Eb_major 1e2 3/4 |", "Word 2"),
        ("Eb_major 100 33/4 |", "Word 3"),
        ("Eb_major 100 4/3 |", "Word 3"),
        ("Eb_major 100 3/4", "Word 3"),
        ("Eb_major 100 3/4 | @0 R", "Word 6"),
        ("Eb_major 100 3/4 | @0 R 67", "Word 7"),
        ("Eb_major 100 3/4 | @0 R 67:0", "Word 7"),
        ("Eb_major 100 3/4 | @0 R 20:480", "Word 7"),
        ("Eb_major 100 3/4 | @0 R 67:480:0", "Word 7"),
        ("Eb_major 100 3/4 | @0 R 67:480:128", "Word 7"),
        ("Eb_major 100 3/4 | @0 R 67:480 @479 R 67:480", "Word 10"),
        ("Eb_major 100 3/4 | @0 L 67:480 R 68:480", "Word 8"),
        ("Eb_major 100 3/4 | @1440 R 67:480", "Word 6"),
        ("Eb_major 100 3/4 | @1440 P:480 |", "Word 7"),
        ("Eb_major 100 3/4 | @0 P:480 @479 P:480", "Word 8"),
        ("Eb_major 100 3/4 | @0 P:0", "Word 6"),
        ("Eb_major 100 3/4 | any |", "Word 5"),
        ("any 100 3/4 | C_major |", "Word 5"),
        ("Eb_major 100 3/4 | C_major", "Word 5"),
        ("Eb_major 100 3/4 | @0 R 67:480 67:480", "Word 8"),
        ("Eb_major 100 3/4 | @480 R 67:480 @0 R 68:480", "Word 8"),
        ("Eb_major 100 3/4 | END |", "Word 5"),
        ("Eb_major 100 3/4 | PAD", "Word 5"),
        ("Eb_major 100 3/4 " + "| " * MOST_CHARACTERS, "characters"),
    ],
)
def test_what_is_no_music_is_refused_with_its_place(line: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        given_music(line)


def test_a_very_long_piece_is_refused() -> None:
    with pytest.raises(UserError, match="300 bars"):
        given_music(write_piece_string(scale(300)))


def test_of_a_long_piece_the_beginning_is_taken() -> None:
    short = scale(3)
    assert shortened(short) == (short, ())
    start, (remark,) = shortened(scale(300))
    assert (len(start.bars), remark.count) == (MOST_GIVEN_BARS, MOST_GIVEN_BARS)
    assert start.faults() == []
    full = piece_of([(tick / 8, 0.125, pitch) for tick in range(640) for pitch in range(24, 104)], [], [(4, 4)] * 20)
    start, (remark,) = shortened(full)
    given_music(write_piece_string(start))
    assert remark.count == len(start.bars) < 20 and "bars" in remark.in_language("en")


def test_what_a_file_gives_fits_a_request() -> None:
    taken = take_music(to_midi(scale(300)))
    assert [remark.key for remark in taken.remarks] == ["music.shortened"]
    ContinueRequest(music=write_piece_string(taken.piece), keep=4).check()


def test_keys_have_names() -> None:
    assert len(KEY_BY_NAME) == 25
    for tonic in range(12):
        for mode in MODES:
            key = Key(tonic, mode)
            assert KEY_BY_NAME[key_id(key)] == key
    assert key_id(Key(3, "major")) == "Eb_major"
    assert key_id(Key(6, "minor")) == "F#_minor"
    assert KEY_BY_NAME["any"] is None


def test_which_bars_a_request_writes() -> None:
    assert bars_written(ComposeRequest(), 16) == range(16)
    assert bars_written(HarmoniseRequest(music=MUSIC), 3) == range(3)
    assert bars_written(RewriteRequest(MUSIC, 2, 3), 3) == range(1, 3)
    assert bars_written(ContinueRequest(music=MUSIC), 11) == range(3, 11)
    assert bars_written(ContinueRequest(music=MUSIC, keep=2), 10) == range(2, 10)
    assert legato_bars(RewriteRequest(MUSIC, 2, 3, model="gan"), 3) == range(1, 3)
    assert not legato_bars(RewriteRequest(MUSIC, 2, 3), 3)

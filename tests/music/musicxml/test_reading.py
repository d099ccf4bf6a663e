"""Scores from notation programs become pieces, with hands, bars, key, tempo, loudness, pedal and all their notes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.music.midi.reading import Reading
from genai_demo.music.musicxml import measures
from genai_demo.music.notation.score import musicxml
from genai_demo.music.reading import read_piece
from genai_demo.music.theory.piece import LEFT, RIGHT, Key, Piece
from tests.helpers.programs import run
from tests.music.notation.test_performed import FULL, performances
from tests.music.notation.test_score import SONG

QUARTER = 480
ATTRIBUTES = "<attributes><divisions>2</divisions>{more}</attributes>"


def note(
    pitch: str,
    length: int = 2,
    before: str = "",
    voice: int = 1,
    staff: int = 1,
    behind: str = "",
    states: str = "",
) -> str:
    """Return a note such as "C4" or "F#5", or a rest for "", of some eighths; `length` 0 makes it a grace note."""
    step, octave, sharp = pitch[:1], pitch[-1:], "<alter>1</alter>" if "#" in pitch else ""
    what = f"<pitch><step>{step}</step>{sharp}<octave>{octave}</octave></pitch>" if pitch else "<rest/>"
    duration = f"<duration>{length}</duration>" if length else ""
    grace = "" if length else "<grace/>"
    return f"<note{states}>{grace}{before}{what}{duration}<voice>{voice}</voice><staff>{staff}</staff>{behind}</note>"


def bar(*content: str, more: str | None = None, number: int = 1, implicit: bool = False) -> str:
    attributes = "" if more is None else ATTRIBUTES.format(more=more)
    return f'<measure number="{number}"{" implicit=" + chr(34) + "yes" + chr(34) if implicit else ""}>' + (
        attributes + "".join(content) + "</measure>"
    )


def score(*parts: Iterable[str], listed: Iterable[str] = ()) -> bytes:
    """Return a score of parts, each of bars, with what the list of parts says of them."""
    names = [*listed, *[""] * len(parts)]
    heads = "".join(f'<score-part id="P{n}">{names[n]}</score-part>' for n in range(len(parts)))
    bodies = "".join(f'<part id="P{n}">{"".join(part)}</part>' for n, part in enumerate(parts))
    return f"<score-partwise><part-list>{heads}</part-list>{bodies}</score-partwise>".encode()


def program(number: int, name: str = "") -> str:
    return (
        f'<part-name>{name}</part-name><midi-instrument id="i"><midi-program>{number}</midi-program></midi-instrument>'
    )


def struck(piece: Piece) -> list[tuple[float, int, float]]:
    """Return start and length in quarters, and pitch, of all notes."""
    return [(one.start / QUARTER, one.pitch, one.length / QUARTER) for one in piece.notes]


def counts(reading: Reading) -> dict[str, int]:
    for remark in reading.remarks:
        assert all(str(remark.count) in remark.in_language(language) for language in LANGUAGES)
    return {remark.key.removeprefix("music."): remark.count for remark in reading.remarks}


TWO_STAVES = "<staves>2</staves>"
BACK = "<backup><duration>{}</duration></backup>"


@settings(max_examples=60)
@given(performances())
def test_what_is_written_here_comes_back(piece: Piece) -> None:
    if piece.notes:
        reading = read_piece(musicxml(piece))
        assert reading.remarks == ()
        back = reading.piece
        assert (back.notes, back.bars, back.tempo, back.pedal) == (piece.notes, piece.bars, piece.tempo, piece.pedal)
        assert piece.key in (None, back.key)


def test_staves_are_hands() -> None:
    reading = read_piece(
        score([bar(note("C4", 8, staff=1), BACK.format(8), note("C5", 8, voice=5, staff=2), more=TWO_STAVES)])
    )
    assert [(one.pitch, one.hand) for one in reading.piece.notes] == [(60, RIGHT), (72, LEFT)]
    assert not reading.remarks


def test_two_parts_are_hands_and_one_is_divided() -> None:
    low, high = bar(note("C3", 8), more=""), bar(note("C5", 8), more="")
    two = read_piece(score([low], [high], listed=[program(1), program(1)]))
    assert [(one.pitch, one.hand) for one in two.piece.notes] == [(48, LEFT), (72, RIGHT)]
    one = read_piece(score([bar(note("C3", 4), note("C6", 4), more="")], listed=[program(1)]))
    assert [(found.pitch, found.hand) for found in one.piece.notes] == [(48, LEFT), (84, RIGHT)]
    assert counts(one) == {"hands_guessed": 2}


def test_a_voice_over_a_piano_is_left_out() -> None:
    voice = bar(note("A4", 4), note("B4", 4), more="")
    piano = bar(note("C5", 8), BACK.format(8), note("C3", 8, staff=2), more=TWO_STAVES)
    for listed in ((program(53), program(1)), ("<part-name>Voice</part-name>", "<part-name>Klavier</part-name>")):
        reading = read_piece(score([voice], [piano], listed=listed))
        assert {one.pitch for one in reading.piece.notes} == {48, 72}
        assert counts(reading) == {"left_out_instruments": 2}


def test_music_without_a_piano_is_taken_whole() -> None:
    reading = read_piece(score([bar(note("C5", 8), more="")], [bar(note("C3", 8), more="")], listed=[program(41)] * 2))
    assert [(one.pitch, one.hand) for one in reading.piece.notes] == [(48, LEFT), (72, RIGHT)]
    assert counts(reading) == {"no_piano": 2}


def test_drums_and_cues_are_left_out() -> None:
    drum = "<note><unpitched/><duration>8</duration></note>"
    cue = note("C6", 8, before="<cue/>")
    reading = read_piece(score([bar(drum, more="")], [bar(note("C4", 8), BACK.format(8), cue, more="")]))
    assert [one.pitch for one in reading.piece.notes] == [60]
    assert counts(reading) == {"left_out_drums": 1, "left_out_cues": 1, "no_piano": 1, "hands_guessed": 1}
    with pytest.raises(UserError) as refusal:
        read_piece(score([bar(drum, more="")]))
    assert refusal.value.key == "music.only_drums"


@pytest.mark.parametrize(
    ("software", "states", "pitches"),
    [
        ("MuseScore 2.3.2", "", [60, 84]),
        ("MuseScore 3.4.2", "", [60, 84]),
        ("MuseScore 3.6.2", "", [60]),
        ("MuseScore 4.5.2", "", [60]),
        ("Finale 2014", "", [60]),
        ("Finale 2014", ' print-object="no"', [60, 84]),
    ],
)
def test_cues_that_are_small_notes_sound(software: str, states: str, pitches: list[int]) -> None:
    small = note("C6", 8, before="<cue/>", states=states)
    head = f"<identification><encoding><software>{software}</software></encoding></identification>".encode()
    content = score([bar(note("C4", 8), BACK.format(8), small, more="")])
    piece = read_piece(content.replace(b"<part-list>", head + b"<part-list>")).piece
    assert [one.pitch for one in piece.notes] == pitches


def test_transposing_parts_are_read_as_they_sound() -> None:
    down = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic><octave-change>-1</octave-change></transpose>"
    assert [one.pitch for one in read_piece(score([bar(note("C5", 8), more=down)])).piece.notes] == [72 - 14]


@pytest.mark.parametrize(
    ("written", "transposition", "sharps"),
    [
        (2, "<diatonic>-1</diatonic><chromatic>-2</chromatic>", 0),
        (-3, "<diatonic>-2</diatonic><chromatic>-3</chromatic>", 0),
        (1, "<chromatic>-7</chromatic>", 0),
        (-5, "<diatonic>-1</diatonic><chromatic>-2</chromatic>", -7),
        (-6, "<diatonic>-1</diatonic><chromatic>-2</chromatic>", 4),
        (3, "<diatonic>0</diatonic><chromatic>0</chromatic><octave-change>-1</octave-change>", 3),
    ],
)
def test_signatures_are_those_of_the_sound(written: int, transposition: str, sharps: int) -> None:
    more = f"{key(written, 'major')}<transpose>{transposition}</transpose>"
    found = read_piece(score([bar(note("C5", 8), more=more)])).piece.key
    assert found and found.sharps == sharps


def test_the_signature_is_that_of_what_is_played() -> None:
    clarinet = bar(note("D5", 8), more=key(2, "major"))
    piano = bar(note("C5", 8), more=key(0, "major"))
    assert read_piece(score([clarinet], [piano], listed=(program(72), program(1)))).piece.key == Key(0, "major")


def time(beats: str, unit: str) -> str:
    return f"<time><beats>{beats}</beats><beat-type>{unit}</beat-type></time>"


def test_bars_are_as_long_as_what_stands_in_them() -> None:
    whole_rest = '<note><rest measure="yes"/><duration>8</duration></note>'
    bars = [
        bar(note("C4", 2), more=time("3", "4"), number=0, implicit=True),
        bar(note("D4", 6)),
        bar(whole_rest),  # longer than the bar, as some programs write it
        bar(note("E4", 4)),
        bar(note("F4", 2)),
        bar(note("G4", 8)),  # longer than its metre
        bar(note("G4", 7), note("", 2)),  # and its rests with it
        bar(note("A4", 5), more=time("3+2", "8")),
        bar(note("A4", 7), more=time("2", "4").replace("</time>", "<beats>3</beats><beat-type>8</beat-type></time>")),
    ]
    piece = read_piece(score(bars)).piece
    metres = [(found.beats, found.unit) for found in piece.bars]
    assert metres == [(1, 4), (3, 4), (3, 4), (2, 4), (1, 4), (3, 4), (1, 4), (3, 4), (3, 8), (5, 8), (7, 8)]
    assert [start for start, *_ in struck(piece)] == [0, 1, 7, 9, 10, 14, 18.5, 21]


def test_bars_are_those_of_what_is_played() -> None:
    voice = [bar(note("A4", 6), more=time("6", "8")), bar(note("A4", 6))]
    piano = [bar(note("C4", 4), more=time("2", "4")), bar(note("D4", 2))]
    piece = read_piece(score(voice, piano, listed=(program(53), program(1)))).piece
    assert [(found.beats, found.unit) for found in piece.bars] == [(2, 4), (1, 4)]


def test_what_is_longer_than_a_bar_in_one_part_of_many_is_a_slip() -> None:
    whole, longer = bar(note("C4", 8), more=time("4", "4")), bar(note("C3", 9), more=time("4", "4"))
    piece = read_piece(score([whole, whole], [longer, whole], [whole, whole])).piece
    assert [(found.beats, found.unit) for found in piece.bars] == [(4, 4), (4, 4)]


def key(fifths: int, mode: str = "") -> str:
    return f"<key><fifths>{fifths}</fifths>{f'<mode>{mode}</mode>' if mode else ''}</key>"


@pytest.mark.parametrize(
    ("stated", "pitches", "expected"),
    [
        (key(-3, "minor"), "C4 E4 G4", Key(0, "minor")),
        (key(-3, "major"), "C4 E4 G4", Key(3, "major")),
        (key(0), "A4 C5 E5 A5 G#5 A5", Key(9, "minor")),
        (key(0), "C4 E4 G4 C5 B4 C5", Key(0, "major")),
        (key(0, "dorian"), "A4 C5 E5 A5 G#5 A5", Key(9, "minor")),
        (key(20), "C4", None),
        ("", "C4 E4 G4", None),
    ],
)
def test_keys(stated: str, pitches: str, expected: Key | None) -> None:
    notes = [note(pitch, 2) for pitch in pitches.split()]
    assert read_piece(score([bar(*notes, more=stated)])).piece.key == expected


def test_keys_change_and_come_back_with_repeats() -> None:
    chord = [note("C4", 2), note("E4", 2), note("G4", 2), note("C5", 2)]
    bars = [
        bar(*chord, more=key(-6, "major")),
        bar(*chord, more=key(2, "minor")).replace("</measure>", repeat("backward") + "</measure>"),
        bar(*chord, more=key(0, "major")),
    ]
    piece = read_piece(score(bars)).piece
    assert piece.key == Key.of_signature(-6, "major") and piece.key.sharps == -6
    assert piece.key_changes == (
        (1920, Key(11, "minor")),
        (3840, Key.of_signature(-6, "major")),
        (5760, Key(11, "minor")),
        (7680, Key(0, "major")),
    )
    assert read_piece(musicxml(piece)).piece.key_changes == piece.key_changes


def sound(**states: str) -> str:
    return "<sound " + " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in states.items()) + "/>"


def direction(content: str, offset: int = 0, then: str = "") -> str:
    later = f"<offset>{offset}</offset>" if offset else ""
    return f"<direction><direction-type>{content}</direction-type>{later}{then}</direction>"


def metronome(unit: str, beats: str) -> str:
    return direction(f"<metronome><beat-unit>{unit}</beat-unit><per-minute>{beats}</per-minute></metronome>")


@pytest.mark.parametrize(
    ("stated", "tempo"),
    [
        ("", 120),
        (sound(tempo="88.5"), 88.5),
        (direction("<words>Lento</words>", then=sound(tempo="50")), 50),
        (metronome("quarter", "c. 72"), 72),
        (metronome("half", "60"), 120),
        (metronome("quarter", "60").replace("</beat-unit>", "</beat-unit><beat-unit-dot/>"), 90),
        (sound(tempo="0") + sound(tempo="x") + sound(tempo="1e300") + metronome("quarter", "fast"), 120),
    ],
)
def test_tempo(stated: str, tempo: float) -> None:
    reading = read_piece(score([bar(stated, note("C4", 8), more="")]))
    assert reading.piece.tempo == pytest.approx(tempo)
    assert "tempo_averaged" not in counts(reading)


def test_of_several_tempi_one_lasts_as_long() -> None:
    bars = [bar(sound(tempo="60"), note("C4", 8), more=""), bar(sound(tempo="120"), note("C4", 8))]
    reading = read_piece(score(bars))
    assert reading.piece.tempo == pytest.approx(80)
    assert counts(reading)["tempo_averaged"] == 2


def mark(name: str, then: str = "") -> str:
    return direction(f"<dynamics><{name}/></dynamics>", then=then)


def wedge(kind: str) -> str:
    return direction(f'<wedge type="{kind}"/>')


@pytest.mark.parametrize(
    ("content", "velocities"),
    [
        ([note("C4")] * 2, [72, 72]),
        ([mark("p"), note("C4"), mark("ff"), note("C4")], [49, 112]),
        ([mark("f", sound(dynamics="100")), note("C4")], [90]),
        ([mark("f"), note("C4", states=' dynamics="33.33"'), note("C4")], [30, 96]),
        ([mark("p"), note("C4"), mark("sfz"), note("C4"), note("C4")], [49, 112, 49]),
        ([mark("fp"), note("C4"), note("C4")], [96, 49]),
        ([mark("p"), wedge("crescendo"), *[note("C4")] * 2, wedge("stop"), mark("f"), note("C4")], [49, 72, 96]),
        ([mark("p"), wedge("crescendo"), *[note("C4")] * 2, wedge("stop"), *[note("C4")] * 2], [49, 57, 65, 65]),
        ([mark("f"), wedge("diminuendo"), *[note("C4")] * 2, wedge("stop"), note("C4")], [96, 88, 80]),
        ([wedge("crescendo"), note("C4")], [72]),
    ],
)
def test_loudness(content: list[str], velocities: list[int]) -> None:
    piece = read_piece(score([bar(*content, more="")])).piece
    assert [one.velocity for one in piece.notes] == velocities


def test_the_pedal() -> None:
    def pedal(kind: str, offset: int = 0) -> str:
        return direction(f'<pedal type="{kind}"/>', offset)

    first = bar(pedal("start"), note("C4", 4), pedal("change"), note("C4", 4), pedal("stop", -1), more="")
    second = bar(sound(damper_pedal="yes"), note("C4", 8), pedal("start"))
    piece = read_piece(score([first, second])).piece
    assert piece.pedal == ((0, 960), (960, 1680), (1920, 3840))


TIE, UNTIE = '<tie type="start"/>', '<tie type="stop"/>'


def test_ties_join_notes() -> None:
    tied = [bar(note("C4", 8, behind=TIE), more=""), bar(note("C4", 8, behind=UNTIE + TIE)), bar(note("C4", 2))]
    assert struck(read_piece(score(tied)).piece) == [(0, 60, 9)]
    chord = [
        bar(note("C4", 8, behind=TIE), note("E4", 8, before="<chord/>"), more=""),
        bar(note("C4", 4, behind=UNTIE), note("E4", 4, before="<chord/>")),
    ]
    assert struck(read_piece(score(chord)).piece) == [(0, 60, 6), (0, 64, 4), (4, 64, 2)]
    notated = '<notations><tied type="start"/></notations>'
    assert struck(read_piece(score([bar(note("C4", 4, behind=notated), note("C4", 4), more="")])).piece) == [(0, 60, 4)]


def test_voices_and_gaps() -> None:
    content = [
        note("C5", 8),
        BACK.format(8),
        "<forward><duration>2</duration></forward>",
        note("E4", 2, voice=2),
        note("", 2, voice=2),
        note("F4", 2, voice=2),
    ]
    assert struck(read_piece(score([bar(*content, more="")])).piece) == [(0, 72, 4), (1, 64, 1), (3, 65, 1)]


def repeat(direction_: str, ending: str = "") -> str:
    return f'<barline>{ending}<repeat direction="{direction_}"/></barline>'


def test_repeats_are_played_out() -> None:
    bars = [
        bar(note("C4", 8), more=""),
        bar('<barline><ending number="1" type="start"/></barline>', note("D4", 8)).replace(
            "</measure>", repeat("backward", '<ending number="1" type="stop"/>') + "</measure>"
        ),
        bar('<barline><ending number="2" type="start"/></barline>', note("E4", 8)).replace(
            "</measure>", '<barline><ending number="2" type="stop"/></barline></measure>'
        ),
        bar(note("F4", 8)),
    ]
    reading = read_piece(score(bars))
    assert [one.pitch for one in reading.piece.notes] == [60, 62, 60, 64, 65]
    assert len(reading.piece.bars) == 5
    assert counts(reading)["repeats_played"] == 1


def test_grace_notes_are_struck_before_what_they_adorn() -> None:
    graces = [note("C4", 2), note("E4", 0), note("F4", 0), note("A4", 0, before="<chord/>"), note("G4", 2)]
    piece = read_piece(score([bar(*graces, more="")])).piece  # at 120: a quarter is half a second
    assert [(one.start, one.pitch, one.end) for one in piece.notes] == [
        (0, 60, 480),
        (408, 64, 480),
        (444, 65, 480),
        (444, 69, 480),
        (480, 67, 960),
    ]
    first = read_piece(score([bar(note("E4", 0), note("G4", 2), more="")])).piece
    assert [(one.start, one.pitch, one.end) for one in first.notes] == [(1, 64, 49), (49, 67, 480)]
    behind = read_piece(score([bar(note("G4", 8), note("E4", 0), more=""), bar(note("C4", 8))])).piece
    assert [(one.start, one.pitch, one.end) for one in behind.notes] == [
        (0, 67, 1920),
        (1872, 64, 1920),
        (1920, 60, 3840),
    ]


@pytest.mark.parametrize("tempo", ["40", "97", "240"])
def test_grace_notes_are_printed_as_such_again(tempo: str) -> None:
    content = [
        sound(tempo=tempo),
        note("C4", 2),
        note("E4", 0),
        note("F4", 0),
        note("G4", 2),
        note("A4", 0),
        note("B4"),
    ]
    printed = Xml.fromstring(musicxml(read_piece(score([bar(*content, more=TWO_STAVES)])).piece))
    found = [
        (one.find("grace") is not None, one.findtext("pitch/step"), one.findtext("type"))
        for one in printed.iter("note")
        if one.find("pitch") is not None
    ]
    assert [step for grace, step, _ in found if grace] == ["E", "F", "A"]
    assert [(step, kind) for grace, step, kind in found if not grace] == [(step, "quarter") for step in "CGB"]


def test_ornaments_are_counted() -> None:
    trill = "<notations><ornaments><trill-mark/></ornaments></notations>"
    reading = read_piece(score([bar(note("G4", 8, behind=trill), more="")], listed=[program(1)]))
    assert counts(reading) == {"left_out_ornaments": 1, "hands_guessed": 1}


def test_rolled_chords_and_slides_are_counted_once() -> None:
    rolled, slide = "<notations><arpeggiate/></notations>", '<notations><glissando type="{}"/></notations>'
    chord = [note("C4", behind=rolled), note("E4", before="<chord/>", behind=rolled)]
    line = [note("C4", behind=slide.format("start")), note("C5", behind=slide.format("stop"))]
    reading = read_piece(score([bar(*chord, *line, note("C4"), more="")], listed=[program(1)]))
    assert counts(reading) == {"left_out_ornaments": 2, "hands_guessed": 5}


def tremolo(strokes: int, kind: str = "single") -> str:
    return f'<notations><ornaments><tremolo type="{kind}">{strokes}</tremolo></ornaments></notations>'


TRIPLETS = "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"


@pytest.mark.parametrize(
    ("notes", "played", "remark"),
    [
        ([note("C4", 8, behind=tremolo(1))], [(n / 2, 60, 0.5) for n in range(8)], "tremolos_played"),
        ([note("C4", 2, behind=tremolo(3))], [(n / 8, 60, 0.125) for n in range(8)], "tremolos_played"),
        ([note("C4", 2, behind=TRIPLETS + tremolo(1))], [(n / 3, 60, 1 / 3) for n in range(3)], "tremolos_played"),
        (
            [note("C4", 2, behind=tremolo(2, "start")), note("G4", 2, behind=tremolo(2, "stop"))],
            [(n / 4, (60, 67)[n % 2], 0.25) for n in range(8)],
            "tremolos_played",
        ),
        ([note("C4", 2, behind=tremolo(2, "start")), note("G4", 2)], [(0, 60, 1), (1, 67, 1)], ""),
        ([note("C4", 1, behind=tremolo(1))], [(0, 60, 0.5)], ""),
        ([note("C4", 8, behind=tremolo(5))], [(0, 60, 4)], "left_out_ornaments"),
    ],
)
def test_tremolos_are_played_out(notes: list[str], played: list[tuple[float, int, float]], remark: str) -> None:
    reading = read_piece(score([bar(*notes, more="")], listed=[program(1)]))
    found = [(one.start / QUARTER, one.pitch, one.length / QUARTER) for one in reading.piece.notes]
    assert found == [pytest.approx(one) for one in played]
    assert {*counts(reading)} - {"hands_guessed"} == {remark} - {""}


def test_scores_by_time() -> None:
    content = score([bar(note("C4", 8), more="")], listed=[program(1)]).decode()
    inner = content[content.index("<measure") : content.index("</part></score")]
    body = inner.replace('<measure number="1">', '<part id="P0">').replace("</measure>", "</part>")
    head = content[content.index("<part-list") : content.index("</part-list>")] + "</part-list>"
    timewise = f'<score-timewise>{head}<measure number="1">{body}</measure></score-timewise>'.encode()
    assert read_piece(timewise) == read_piece(content.encode())


def test_keys_that_a_piano_lacks_are_left_out() -> None:
    reading = read_piece(score([bar(note("C4", 4), note("C9", 4), more="")], listed=[program(1)]))
    assert counts(reading) == {"left_out_range": 1, "hands_guessed": 1}


@pytest.mark.parametrize(
    "content",
    [
        bar(note("C4", 2), more="<divisions>0</divisions>"),
        bar(note("C4", 2), more="<divisions>nan</divisions><staves>1e99</staves>"),
        bar(note("C4", 2).replace("<duration>2<", "<duration>1e400<"), note("C4", 2), more=""),
        bar(note("C4", 2).replace("<duration>2<", "<duration>-2<"), note("C4", 2), more=""),
        bar(BACK.format(99), note("C4", 2).replace("<octave>4<", "<octave>x<"), more=time("0", "4") + time("4", "3")),
        bar(note("C4", 2).replace("<staff>1<", "<staff>-9<"), more=key(1) + key(2) + "<key><fifths>x</fifths></key>"),
        bar(
            note("C4", 2),
            sound(tempo="nan"),
            wedge("stop"),
            direction('<pedal type="x"/>'),
            repeat("backward"),
            more="",
        ),
    ],
)
def test_nonsense_is_passed_over(content: str) -> None:
    piece = read_piece(score([content])).piece
    assert piece.faults() == [] and piece.notes


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    repeated = bar(note("C4", 8), '<barline><repeat direction="backward" times="16"/></barline>', more="")
    with pytest.raises(UserError) as refusal:
        read_piece(score([repeated] * 4000))
    assert refusal.value.key == "music.too_long"
    monkeypatch.setattr(measures, "MOST_NOTES", 3)
    with pytest.raises(UserError) as refusal:
        read_piece(score([bar(*[note("C4", 2)] * 4, more="")]))
    assert refusal.value.key == "music.too_many_notes"
    with pytest.raises(UserError) as refusal:
        read_piece(score([bar(note("C4", 8, behind=tremolo(3)), more="")]))
    assert refusal.value.key == "music.too_many_notes"


@pytest.mark.programs
@pytest.mark.parametrize("ending", ["musicxml", "mxl"])
@pytest.mark.parametrize("piece", [SONG, FULL], ids=["song", "performance"])
def test_what_musescore_makes_of_our_scores_comes_back(piece: Piece, ending: str, tmp_path: Path) -> None:
    (tmp_path / "a.musicxml").write_bytes(musicxml(piece))
    run("mscore3", "-o", f"b.{ending}", "a.musicxml", folder=tmp_path)
    back = read_piece(tmp_path / f"b.{ending}").piece
    assert (back.bars, back.key) == (piece.bars, piece.key)
    found = [(one.start, one.pitch, one.length, one.hand) for one in back.notes]
    assert found == [(one.start, one.pitch, one.length, one.hand) for one in piece.notes]
    assert back.tempo == pytest.approx(piece.tempo, rel=0.01)
    assert [one.velocity for one in back.notes] == [one.velocity for one in piece.notes]
    assert len(back.pedal) == len(piece.pedal)


def test_keys_that_change_change_in_the_piece() -> None:
    first = bar(*(note(pitch, 1) for pitch in ("C4", "E4", "G4", "B4", "C5", "G4", "E4", "C4")), more=key(0))
    then = bar(*(note(pitch, 1) for pitch in ("E4", "Ab4", "B4", "Eb5", "E5", "B4", "Ab4", "E4")), more=key(4))
    reading = read_piece(score([first, then]))
    assert (reading.piece.key, reading.piece.key_changes) == (Key(0, "major"), ((1920, Key(4, "major")),))
    assert reading.key_sources == ("mode", "mode")
    again = read_piece(musicxml(reading.piece)).piece
    assert (again.key, again.key_changes) == (reading.piece.key, reading.piece.key_changes)

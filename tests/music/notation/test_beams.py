"""Notes hang together by the beats of the metre."""

from __future__ import annotations

import pytest

from genai_demo.music.notation.score import musicxml
from genai_demo.music.theory.piece import Key
from tests.helpers.scores import piece, read

LETTERS = {"": "-", "begin": "[", "continue": "=", "end": "]"}


def beamed(metre: tuple[int, int], *lengths: float) -> str:
    """Return the first beam of each value of one bar; lengths in quarters, below 0 for rests."""
    notes, place = [], 0.0
    for number, length in enumerate(lengths):
        if length > 0:
            notes.append((place, length, 60 + number % 5))
        place += abs(length)
    return "".join(LETTERS[mark] for mark in read(musicxml(piece(notes, (), [metre], Key(0, "major")))).beams[0])


E, S = 0.5, 0.25


@pytest.mark.parametrize(
    ("metre", "lengths", "expected"),
    [
        ((4, 4), [E] * 8, "[==][==]"),
        ((4, 4), [E, E, S, S, S, S, E, E, E, E], "[][==][==]"),
        ((4, 4), [S] * 16, "[==]" * 4),
        ((4, 4), [1.5, E, 1, E, E], "---[]"),
        ((4, 4), [E, 1, E, 2], "----"),
        ((4, 4), [E, -E, E, E, 2], "--[]-"),
        ((4, 4), [0.75, S, 0.75, S, 2], "[][]-"),
        ((3, 4), [E] * 6, "[====]"),
        ((3, 4), [1.5, E, E, E], "-[=]"),
        ((3, 4), [1, E, E, E, E], "-[==]"),
        ((2, 4), [E, E, E, E], "[==]"),
        ((6, 8), [E] * 6, "[=][=]"),
        ((6, 8), [0.75, S, E, 1, E], "[=]--"),
        ((9, 8), [E] * 9, "[=]" * 3),
        ((12, 8), [E] * 12, "[=]" * 4),
        ((3, 8), [E] * 3, "[=]"),
        ((2, 2), [E] * 8, "[==][==]"),
        ((5, 8), [E] * 5, "[=][]"),
        ((7, 8), [E] * 7, "[][][=]"),
        ((5, 4), [E] * 10, "[]" * 5),
        ((4, 4), [1 / 3] * 6 + [E] * 4, "[=][=][==]"),
    ],
)
def test_beams(metre: tuple[int, int], lengths: list[float], expected: str) -> None:
    assert beamed(metre, *lengths) == expected


def test_hooks_point_into_the_beat() -> None:
    def marks(*lengths: float) -> list[str]:
        starts = [sum(lengths[:number]) for number in range(len(lengths))]
        content = musicxml(piece([(start, length, 60) for start, length in zip(starts, lengths, strict=True)]))
        from xml.etree import ElementTree as Xml

        return [beam.text or "" for beam in Xml.fromstring(content).findall(".//beam[@number='2']")]

    assert marks(0.75, 0.25) == ["backward hook"]
    assert marks(0.25, 0.75) == ["forward hook"]
    assert marks(0.25, 0.5, 0.25) == ["forward hook", "backward hook"]
    assert marks(0.5, 0.25, 0.25) == ["begin", "end"]

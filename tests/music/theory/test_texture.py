"""What is read off music: density, register, style."""

from __future__ import annotations

import pytest
from hypothesis import given

from genai_demo.music.data.labels import Label
from genai_demo.music.data.styles import style_of
from genai_demo.music.theory.piece import TICKS, Note, Piece
from genai_demo.music.theory.texture import (
    ANY,
    DENSITIES,
    DENSITY_BOUNDS,
    REGISTER_BOUNDS,
    REGISTERS,
    STYLES,
    density_of,
    register_of,
)
from tests.helpers.music import bars_of, pieces


def test_bounds_part_sparse_from_dense() -> None:
    bars = bars_of([(4, 4), (3, 4)])
    for count, wanted in ((0, 0), (27, 0), (28, 1), (41, 1), (42, 2)):
        notes = [Note(0, 60, TICKS)] * count
        assert density_of(notes, bars) == DENSITIES[wanted]
        assert (count / 7 >= DENSITY_BOUNDS[0]) + (count / 7 >= DENSITY_BOUNDS[1]) == wanted


def test_registers_go_by_the_mean() -> None:
    assert register_of([]) == ANY
    for pitch, wanted in ((60, 0), (61, 1), (65, 1), (66, 2)):
        assert register_of([Note(0, pitch - 12, 1), Note(0, pitch + 12, 1)]) == REGISTERS[wanted]
        assert (pitch >= REGISTER_BOUNDS[0]) + (pitch >= REGISTER_BOUNDS[1]) == wanted


@given(pieces())
def test_every_piece_has_a_density_and_a_register(piece: Piece) -> None:
    assert density_of(piece.notes, piece.bars) in DENSITIES
    assert register_of(piece.notes) in REGISTERS


@pytest.mark.parametrize(
    ("composer", "title", "source", "wanted"),
    [
        ("Bach, Johann Sebastian", "Suite: Polonaise", "mutopia", "baroque"),
        ("Bach, CPE", "Solfeggietto", "mutopia", "classical"),
        ("Mozart, Wolfgang Amadeus", "Sonata", "", "classical"),
        ("Chopin, Fryderyk", "Mazurka", "chopin-first-editions", "romantic"),
        ("Rimsky-, KorsakovN", "Romance", "mutopia", "romantic"),
        ("Kagan, Jakub", "Tango", "polish-scores", "dance"),
        ("Kagan, Jakub", "Elegia", "polish-scores", "romantic"),
        ("Traditional", "40 swenska dansar", "mutopia", "dance"),
        ("Joplin, Scott", "The Entertainer", "", "ragtime"),
        ("Schubert, Franz", "Gretchen am Spinnrade", "openscore-lieder", "song"),
        ("Bachman, Tal", "Waltzing along", "", "dance"),
        ("", "", "", ANY),
    ],
)
def test_styles(composer: str, title: str, source: str, wanted: str) -> None:
    assert style_of(Label(composer, title, source=source)) == wanted
    assert wanted in (*STYLES, ANY)

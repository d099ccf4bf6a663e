"""Marks of genres: a bar that is of a genre has its mark, and one that misses what makes it one does not."""

from __future__ import annotations

import pytest

from genai_demo.music.theory.genres import ends_on_tonic, genre_share
from genai_demo.music.theory.piece import Key, Piece
from tests.helpers.scores import piece

OOM_PAH_PAH = [(0, 1, 40), (1, 1, 52), (1, 1, 56), (2, 1, 52), (2, 1, 56)]
ALBERTI = [(0, 0.5, 40), (0.5, 0.5, 47), (1, 0.5, 44), (1.5, 0.5, 47), (2, 0.5, 44), (2.5, 0.5, 47)]
BROKEN = [(step / 2, 0.5, key) for step, key in enumerate((36, 43, 48, 52, 48, 43))]
STEPS = [(0, 1, 40), (1, 1, 47), (2, 1, 40), (3, 1, 47)]
RUN = [(step / 4, 0.25, 60 + step) for step in range(16)]
TREMBLING = [(tick, 0.25, key) for tick in (0, 0.5, 0.75, 1, 2) for key in (48, 52)]
TUNE = [(0, 1, 72), (1, 1, 74), (2, 1, 76)]
DOTTED = [(0, 0.75, 72), (0.75, 0.25, 74), (1, 1, 76), (2, 1, 74)]

Told = list[tuple[float, float, int]]


def bars(metre: tuple[int, int], right: Told, left: Told) -> Piece:
    """Return a piece of three bars that are all the same."""
    length = metre[0] * 4 / metre[1]
    moved = [[(start + bar * length, *rest) for bar in range(3) for start, *rest in told] for told in (right, left)]
    return piece(moved[0], moved[1], [metre] * 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("genre", "metre", "right", "left"),
    [
        ("waltz", (3, 4), TUNE, OOM_PAH_PAH),
        ("mazurka", (3, 4), DOTTED, OOM_PAH_PAH),
        ("march", (4, 4), TUNE, STEPS),
        ("minuet", (3, 4), TUNE, [(0, 1, 48), (2, 1, 50)]),
        ("polonaise", (3, 4), TUNE, TREMBLING),
        ("etude", (4, 4), RUN, []),
        ("nocturne", (6, 8), TUNE, BROKEN),
        ("lullaby", (6, 8), TUNE, [(0, 1, 48), (1, 0.5, 55), (1.5, 1, 47), (2.5, 0.5, 55)]),
    ],
)
def test_a_bar_of_a_genre_has_its_mark(genre: str, metre: tuple[int, int], right: Told, left: Told) -> None:
    music = bars(metre, right, left)
    assert genre_share(music, genre) == 1
    assert genre_share(bars(metre, [], []), genre) == 0


@pytest.mark.parametrize(
    ("genre", "metre", "right", "left"),
    [
        ("waltz", (3, 4), TUNE, ALBERTI),
        ("waltz", (3, 4), TUNE, [(0, 1, 60), *OOM_PAH_PAH[1:]]),
        ("waltz", (3, 4), TUNE, OOM_PAH_PAH[:2]),
        ("mazurka", (3, 4), TUNE, OOM_PAH_PAH),
        ("march", (4, 4), TUNE, [(0, 1, 47), (1, 1, 40), (2, 1, 47), (3, 1, 40)]),
        ("march", (4, 4), TUNE, STEPS[:3]),
        ("minuet", (3, 4), TUNE, OOM_PAH_PAH),
        ("minuet", (3, 4), RUN[:12], [(0, 1, 48)]),
        ("polonaise", (3, 4), TUNE, OOM_PAH_PAH),
        ("etude", (4, 4), [one for one in RUN if one[0] < 3], []),
        ("nocturne", (6, 8), TUNE, [(start, length, 48 + key % 12) for start, length, key in BROKEN]),
        ("nocturne", (6, 8), RUN[:12], BROKEN),
        ("lullaby", (6, 8), TUNE, [(0, 1, 48), (1, 0.5, 55), (1.5, 1.5, 47)]),
        ("lullaby", (6, 8), TUNE, [(0, 1, 55), (1, 0.5, 48), (1.5, 1, 55), (2.5, 0.5, 47)]),
    ],
)
def test_what_misses_it_has_not(genre: str, metre: tuple[int, int], right: Told, left: Told) -> None:
    assert genre_share(bars(metre, right, left), genre) == 0


def test_a_piece_ends_on_its_tonic_with_bass_and_chord() -> None:
    close = [(0, 2, 64), (0, 2, 67)]
    for left, key, ends in (
        ([(0, 2, 48)], Key(0, "major"), True),
        ([(0, 2, 43)], Key(0, "major"), False),
        ([(0, 2, 48)], Key(0, "minor"), False),
        ([(0, 2, 48)], None, False),
        ([(0, 1, 48), (1, 1, 53)], Key(0, "major"), False),
        ([(0, 1, 48), (1, 1, 55)], Key(0, "major"), True),
    ):
        assert ends_on_tonic(piece(close, left, [(4, 4)], key)) == ends  # type: ignore[arg-type]
    assert not ends_on_tonic(piece([], [], [(4, 4)], Key(0, "major")))

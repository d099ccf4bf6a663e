"""What can be asked of the music models, checked before any work starts; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from genai_demo.engine.fields import Later, OneOf, Seed, Within, check_fields
from genai_demo.engine.generation.checks import check_whole
from genai_demo.errors import UserError
from genai_demo.music.midi.reading import Reading, Remark
from genai_demo.music.reading import read_piece
from genai_demo.music.theory.genres import GENRE_METRES, GENRES
from genai_demo.music.theory.piece import PITCHES, Bar, Piece
from genai_demo.music.theory.texture import ANY, DENSITIES, REGISTERS, STYLES
from genai_demo.music.tokens.piece_string import KEY_BY_NAME, MOST_CHARACTERS, read_piece_string, write_piece_string

MODELS = ("composer", "gan")
"""models that write music from nothing"""
REWRITERS = ("composer", "masked", "gan")
"""models that write bars of given music anew; the GAN writes whole bars only"""
HARMONISERS = ("composer", "masked")
"""models that add to a melody"""
TIME_SIGNATURES = ("4/4", "3/4", "2/4", "6/8")
BARS = (4, 64)
"""bars that can be written at once"""
TEMPO = (40, 208)
"""quarter notes per minute"""
TEMPERATURE = (0.2, 1.5)
TOP_P = (0.05, 1.0)
VARIANTS = (1, 4)
STEPS = (1, 32)
"""steps in which the masked model fills what is open"""
MOST_GIVEN_BARS = 256
"""bars of the longest music that can be given"""
HAND_CHOICES = ("both", "right", "left")
PARTS = ("left", "inner", "both")
"""what can be added to a melody: a left hand, notes for the right hand below it, or both"""

Bars = Annotated[int, Within(*BARS)]
Density = Annotated[str, OneOf((ANY, *DENSITIES))]
Register = Annotated[str, OneOf((ANY, *REGISTERS))]
Style = Annotated[str, OneOf((ANY, *STYLES))]
Temperature = Annotated[float, Within(*TEMPERATURE)]
TopP = Annotated[float, Within(*TOP_P)]
Steps = Annotated[int, Within(*STEPS)]
Variants = Annotated[int, Within(*VARIANTS)]
Pitch = Annotated[int, Within(*PITCHES)]
Genre = Annotated[str, OneOf((ANY, *GENRES)), Later]


@dataclass(frozen=True)
class ComposeRequest:
    """Write a piece from nothing."""

    model: Annotated[str, OneOf(MODELS)] = "composer"
    """which model writes: note by note, or four bars at once"""
    bars: Bars = 16
    """bars to write"""
    key: Annotated[str, OneOf(tuple(KEY_BY_NAME))] = ANY
    """such as Eb_major or F#_minor"""
    metre: Annotated[str, OneOf(TIME_SIGNATURES)] = "4/4"
    """beats in a bar"""
    tempo: Annotated[int, Within(*TEMPO)] = 100
    """quarter notes per minute"""
    density: Density = ANY
    """how many notes"""
    register: Register = ANY
    """how high they lie"""
    style: Style = ANY
    """era or kind"""
    temperature: Temperature = 1.0
    """below 1 safer, above 1 wilder"""
    top_p: TopP = 1.0
    """sample among the likeliest tokens that together have this probability; 1 switches it off"""
    variants: Variants = 1
    """pieces written at once"""
    genre: Genre = ANY
    """whose rhythms the hands keep to, with a close on the tonic; the composer's only"""
    seed: Seed = 0
    """the same seed and settings give the same pieces"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        check_fields(self)
        _check_genre(self.genre, self.model, [self.metre])


@dataclass(frozen=True)
class ContinueRequest:
    """Go on with given music: its first bars stay, and new ones follow in its key, metre and tempo."""

    model: Annotated[str, OneOf(MODELS)] = "composer"
    """which model writes: note by note, or four bars at once"""
    music: str = ""
    """the given music, from `write_piece_string`"""
    keep: int = 0
    """bars of it that stay; 0 keeps all of them"""
    bars: Bars = 8
    """bars to add"""
    density: Density = ANY
    register: Register = ANY
    style: Style = ANY
    temperature: Temperature = 1.0
    top_p: TopP = 1.0
    variants: Variants = 1
    seed: Seed = 0
    genre: Genre = ANY
    """whose rhythms the hands keep to, with a close on the tonic; the composer's only"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        check_fields(self)
        bars = given_music(self.music).bars
        check_whole("keep", self.keep, 0, len(bars))
        _check_genre(self.genre, self.model, [_metre(bars[(self.keep or len(bars)) - 1])])


@dataclass(frozen=True)
class RewriteRequest:
    """Write some bars of given music anew, or one hand, or a range of keys in them."""

    music: str = ""
    """the given music, from `write_piece_string`"""
    first: int = 1
    """first bar to rewrite, counted from 1"""
    last: int = 1
    """last bar to rewrite"""
    hand: Annotated[str, OneOf(HAND_CHOICES)] = "both"
    """whose notes are written anew"""
    lowest: Pitch = PITCHES[0]
    """lowest pitch to rewrite; notes below it stay"""
    highest: Pitch = PITCHES[1]
    """highest pitch to rewrite; notes above it stay"""
    temperature: Temperature = 1.0
    steps: Steps = 12
    """steps of the masked model"""
    variants: Variants = 1
    seed: Seed = 0
    model: Annotated[str, OneOf(REWRITERS)] = "composer"
    """which model writes"""
    genre: Genre = ANY
    """whose rhythms both hands keep to; the composer's only, of whole bars"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        bars = given_music(self.music).bars
        check_whole("last", self.last, 1, len(bars))
        check_whole("first", self.first, 1, self.last)
        check_fields(self)
        check_whole("lowest", self.lowest, PITCHES[0], self.highest)
        whole_bars = (self.hand, self.lowest, self.highest) == ("both", *PITCHES)
        if self.model == "gan" and not whole_bars:
            raise UserError("music.gan_whole_bars")
        _check_genre(self.genre, self.model, map(_metre, bars[self.first - 1 : self.last]))
        if self.genre != ANY and not whole_bars:
            raise UserError("music.genre_whole_bars")


@dataclass(frozen=True)
class HarmoniseRequest:
    """Add to a given melody, all of whose notes stay."""

    music: str = ""
    """the melody, from `write_piece_string`"""
    part: Annotated[str, OneOf(PARTS)] = "left"
    """what is added"""
    density: Density = ANY
    """how many notes"""
    temperature: Temperature = 1.0
    steps: Steps = 12
    """steps of the masked model"""
    variants: Variants = 1
    seed: Seed = 0
    model: Annotated[str, OneOf(HARMONISERS)] = "composer"
    """which model writes"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        if not given_music(self.music).notes:
            raise UserError("music.no_melody")
        check_fields(self)


def _check_genre(genre: str, model: str, metres: Iterable[str]) -> None:
    """Raise `UserError` unless a model can write bars of a genre in some metres."""
    if genre == ANY:
        return
    if model != "composer":
        raise UserError("music.genre_composer")
    for metre in metres:
        if metre not in GENRE_METRES[genre]:
            raise UserError("music.genre_metre", metre=metre, allowed=", ".join(GENRE_METRES[genre]))


def _metre(bar: Bar) -> str:
    return f"{bar.beats}/{bar.unit}"


def given_music(music: str) -> Piece:
    """Return the piece that a request holds as `music`.

    Raises:
        UserError: it holds none, or one that is too long.
    """
    if not isinstance(music, str):
        raise UserError("music.no_given")
    piece = read_piece_string(music)
    if len(piece.bars) > MOST_GIVEN_BARS:
        raise UserError("music.too_many_bars", found=len(piece.bars), most=MOST_GIVEN_BARS)
    return piece


def shortened(piece: Piece) -> tuple[Piece, tuple[Remark, ...]]:
    """Return as many bars of a piece as can be given to a model, and a remark if those are not all."""
    start = piece.first_bars(MOST_GIVEN_BARS)
    while len(write_piece_string(start)) > MOST_CHARACTERS and len(start.bars) > 1:
        start = start.first_bars(len(start.bars) * 3 // 4)
    return start, (Remark("music.shortened", len(start.bars)),) if len(start.bars) < len(piece.bars) else ()


def take_music(data: bytes | Path) -> Reading:
    """Return what a MIDI file or a score gives to a model: its piece, shortened if need be, and all remarks.

    Args:
        data: as in `read_piece`.

    Raises:
        UserError: as from `read_piece`.
    """
    reading = read_piece(data)
    piece, cut = shortened(reading.piece)
    return Reading(piece, (*cut, *reading.remarks))


Request = ComposeRequest | ContinueRequest | RewriteRequest | HarmoniseRequest
ACTIONS: dict[str, type[ComposeRequest] | type[ContinueRequest] | type[RewriteRequest] | type[HarmoniseRequest]] = {
    "compose": ComposeRequest,
    "continue": ContinueRequest,
    "rewrite": RewriteRequest,
    "harmonise": HarmoniseRequest,
}
"""What a receipt's `action` names."""


def bars_written(request: Request, count: int) -> range:
    """Return the bars, from 0, that a request writes or adds to, of a piece that has `count` so far."""
    if isinstance(request, RewriteRequest):
        return range(request.first - 1, request.last)
    if isinstance(request, ContinueRequest):
        return range(request.keep or request.music.count("|"), count)
    return range(count)


def legato_bars(request: Request, count: int) -> range:
    """Return the bars, from 0, whose ends of notes nobody chose: those that the GAN writes, see `bars_written`."""
    return bars_written(request, count) if request.model == "gan" else range(0)

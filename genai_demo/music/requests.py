"""What can be asked of the music models, checked before any work starts; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from genai_demo.engine.generation.checks import check_number, check_one_of, check_whole
from genai_demo.errors import UserError
from genai_demo.music.theory.piece import PITCHES, Piece
from genai_demo.music.theory.texture import ANY, DENSITIES, REGISTERS, STYLES
from genai_demo.music.tokens.piece_string import KEYS, read_shorthand

MODELS = ("composer", "gan")
"""models that write music from nothing"""
REWRITERS = ("composer", "masked", "gan")
"""models that write bars of given music anew; the GAN writes whole bars only"""
HARMONISERS = ("composer", "masked")
"""models that add to a melody"""
METRES = ("4/4", "3/4", "2/4", "6/8")
BARS = (4, 64)
"""bars that can be written at once"""
TEMPO = (40, 208)
"""quarter notes per minute"""
TEMPERATURE = (0.2, 1.5)
TOP_P = (0.05, 1.0)
VARIANTS = (1, 4)
SEED = (0, 2**31 - 1)
STEPS = (1, 32)
"""steps in which the masked model fills what is open"""
MOST_GIVEN_BARS = 256
"""bars of the longest music that can be given"""
HANDS = ("both", "right", "left")
PARTS = ("left", "inner", "both")
"""what can be added to a melody: a left hand, notes for the right hand below it, or both"""


@dataclass(frozen=True)
class ComposeRequest:
    """Write a piece from nothing."""

    model: str = "composer"
    """one of `MODELS`"""
    bars: int = 16
    """within `BARS`"""
    key: str = ANY
    """one of `KEYS`, such as "Eb_major\""""
    metre: str = "4/4"
    """one of `METRES`"""
    tempo: int = 100
    """quarter notes per minute, within `TEMPO`"""
    density: str = ANY
    """one of `DENSITIES`, or "any\""""
    register: str = ANY
    """one of `REGISTERS`, or "any\""""
    style: str = ANY
    """one of `STYLES`, or "any\""""
    temperature: float = 1.0
    """below 1 safer, above 1 wilder"""
    top_p: float = 1.0
    """sample among the likeliest tokens that together have this probability; 1 switches it off"""
    variants: int = 1
    """pieces written at once"""
    seed: int = 0
    """the same seed and settings give the same pieces"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        check_one_of("model", self.model, MODELS)
        check_whole("bars", self.bars, *BARS)
        check_one_of("key", self.key, tuple(KEYS))
        check_one_of("metre", self.metre, METRES)
        check_whole("tempo", self.tempo, *TEMPO)
        _check_character(self.density, self.register, self.style)
        _check_sampling(self.temperature, self.top_p, self.variants, self.seed)


@dataclass(frozen=True)
class ContinueRequest:
    """Go on with given music: its first bars stay, and new ones follow in its key, metre and tempo."""

    model: str = "composer"
    """one of `MODELS`"""
    music: str = ""
    """the given music, from `write_shorthand`"""
    keep: int = 0
    """bars of it that stay; 0 keeps all of them"""
    bars: int = 8
    """bars to add, within `BARS`"""
    density: str = ANY
    register: str = ANY
    style: str = ANY
    temperature: float = 1.0
    top_p: float = 1.0
    variants: int = 1
    seed: int = 0

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        check_one_of("model", self.model, MODELS)
        check_whole("bars", self.bars, *BARS)
        check_whole("keep", self.keep, 0, len(given_music(self.music).bars))
        _check_character(self.density, self.register, self.style)
        _check_sampling(self.temperature, self.top_p, self.variants, self.seed)


@dataclass(frozen=True)
class RewriteRequest:
    """Write some bars of given music anew, or one hand, or a range of keys in them."""

    music: str = ""
    """the given music, from `write_shorthand`"""
    first: int = 1
    """first bar to rewrite, counted from 1"""
    last: int = 1
    """last bar to rewrite"""
    hand: str = "both"
    """one of `HANDS`"""
    lowest: int = PITCHES[0]
    """lowest pitch to rewrite; notes below it stay"""
    highest: int = PITCHES[1]
    """highest pitch to rewrite; notes above it stay"""
    temperature: float = 1.0
    steps: int = 12
    """within `STEPS`; those of the masked model"""
    variants: int = 1
    seed: int = 0
    model: str = "composer"
    """one of `REWRITERS`"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        count = len(given_music(self.music).bars)
        check_whole("last", self.last, 1, count)
        check_whole("first", self.first, 1, self.last)
        check_one_of("hand", self.hand, HANDS)
        check_whole("highest", self.highest, *PITCHES)
        check_whole("lowest", self.lowest, PITCHES[0], self.highest)
        check_one_of("model", self.model, REWRITERS)
        if self.model == "gan" and (self.hand, self.lowest, self.highest) != ("both", *PITCHES):
            raise UserError("music.gan_whole_bars")
        check_whole("steps", self.steps, *STEPS)
        _check_sampling(self.temperature, 1.0, self.variants, self.seed)


@dataclass(frozen=True)
class HarmoniseRequest:
    """Add to a given melody, all of whose notes stay."""

    music: str = ""
    """the melody, from `write_shorthand`"""
    part: str = "left"
    """one of `PARTS`"""
    density: str = ANY
    """one of `DENSITIES`, or "any\""""
    temperature: float = 1.0
    steps: int = 12
    """within `STEPS`; those of the masked model"""
    variants: int = 1
    seed: int = 0
    model: str = "composer"
    """one of `HARMONISERS`"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        if not given_music(self.music).notes:
            raise UserError("music.no_melody")
        check_one_of("part", self.part, PARTS)
        check_one_of("model", self.model, HARMONISERS)
        _check_character(self.density, ANY, ANY)
        check_whole("steps", self.steps, *STEPS)
        _check_sampling(self.temperature, 1.0, self.variants, self.seed)


def given_music(music: str) -> Piece:
    """Return the piece that a request holds as `music`.

    Raises:
        UserError: it holds none, or one that is too long.
    """
    if not isinstance(music, str):
        raise UserError("music.no_given")
    piece = read_shorthand(music)
    if len(piece.bars) > MOST_GIVEN_BARS:
        raise UserError("music.too_many_bars", found=len(piece.bars), most=MOST_GIVEN_BARS)
    return piece


def _check_character(density: str, register: str, style: str) -> None:
    check_one_of("density", density, (ANY, *DENSITIES))
    check_one_of("register", register, (ANY, *REGISTERS))
    check_one_of("style", style, (ANY, *STYLES))


def _check_sampling(temperature: float, top_p: float, variants: int, seed: int) -> None:
    check_number("temperature", temperature, *TEMPERATURE)
    check_number("top_p", top_p, *TOP_P)
    check_whole("variants", variants, *VARIANTS)
    check_whole("seed", seed, *SEED)


Request = ComposeRequest | ContinueRequest | RewriteRequest | HarmoniseRequest
ACTIONS: dict[str, type[ComposeRequest] | type[ContinueRequest] | type[RewriteRequest] | type[HarmoniseRequest]] = {
    "compose": ComposeRequest,
    "continue": ContinueRequest,
    "rewrite": RewriteRequest,
    "harmonise": HarmoniseRequest,
}
"""What a receipt's `action` names."""

"""What can be asked of the text models, checked before any work starts; imports no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from genai_demo.engine.fields import Later, OneOf, Seed, Within, check_fields
from genai_demo.engine.generation.checks import check_one_of
from genai_demo.errors import UserError
from genai_demo.text.tokens.special_tokens import AG_NEWS, THUCNEWS, TOPIC_SETS

WRITERS = {"gru": AG_NEWS, "masked": AG_NEWS, "headlines": THUCNEWS, "headlines-masked": THUCNEWS}
"""topics of each model that writes, by its short name"""
MODELS = tuple(WRITERS)
ENGLISH = tuple(model for model, topics in WRITERS.items() if topics is AG_NEWS)
"""those that write English news"""
CHINESE = tuple(model for model, topics in WRITERS.items() if topics is THUCNEWS)
"""those that write Chinese headlines"""
FILLERS = ("masked", "headlines-masked")
"""those that fill all places at once, and so blanks"""
TOPICS = tuple(dict.fromkeys(topic for one in TOPIC_SETS.values() for topic in one.topics))
"""all that one or another model knows"""
LENGTH = (8, 160)
"""allowed length of a text, in tokens (about 0.75 words each), or of a headline, in characters"""
OPENING_CHARACTERS = 300
DRAFT_CHARACTERS = 600
"""longest text that can be filled in or rewritten, in characters"""
TEMPERATURE = (0.1, 2.0)
TOP_P = (0.05, 1.0)
MIN_P = (0.0, 0.5)
REPETITION_PENALTY = (1.0, 2.0)
VARIANTS = (1, 6)
STEPS = (1, 32)
"""steps in which the masked model resolves its blanks"""
SHARE = (0.05, 0.95)
"""share of a text that is rewritten"""
TOKENS_PER_BLANK = (0, 12)
CHARACTERS_PER_BLANK = (0, 8)
BLANK = "___"
CHINESE_BLANK = re.compile("_*\uff3f[_\uff3f]*|_{2,}")
"""a blank of a Chinese headline: two underscores or more, or full-width ones, with which one is enough"""
MARKED = re.compile("(?:\\[\\[|\uff3b\uff3b)(.+?)(?:\\]\\]|\uff3d\uff3d)", re.DOTALL)
"""a part of a headline that is to be rewritten"""

AnyTopic = Annotated[str, OneOf(TOPICS)]
Filler = Annotated[str, OneOf(FILLERS), Later]
Temperature = Annotated[float, Within(*TEMPERATURE)]
Steps = Annotated[int, Within(*STEPS)]


@dataclass(frozen=True)
class Choice:
    """A token that somebody chose in place of the one that was drawn."""

    variant: Annotated[int, Within(0, VARIANTS[1] - 1)] = 0
    """number of the text, from 0"""
    place: Annotated[int, Within(1, 9999)] = 1
    """place of the token in what the network reads, whose first one, 0, is the topic"""
    token: Annotated[int, Within(0, 999_999)] = 0
    """id of the token in the model's tokenizer"""


def _check_choices(chosen: tuple[Choice, ...]) -> None:
    for choice in chosen:
        check_fields(choice)
    places = [(choice.variant, choice.place) for choice in chosen]
    for variant, place in places:
        if places.count((variant, place)) > 1:
            raise UserError("text.chosen_twice", place=place)


def _text(name: str, value: str) -> None:
    if not isinstance(value, str) or any("\ud800" <= character <= "\udfff" for character in value):
        raise UserError("text.not_a_text", name=name)


def has_blank(model: str, text: str) -> bool:
    """Return whether a text has a blank as it is written for a model."""
    return CHINESE_BLANK.search(text) is not None if model in CHINESE else BLANK in text


def _check_topic(model: str, topic: str) -> None:
    if model in MODELS:
        check_one_of("topic", topic, WRITERS[model].topics)


def _check_draft(text: str) -> None:
    _text("text", text)
    if len(text) > DRAFT_CHARACTERS:
        raise UserError("text.draft_too_long", name="text", count=len(text), most=DRAFT_CHARACTERS)


@dataclass(frozen=True)
class GenerateRequest:
    """Write news from nothing or from opening words."""

    model: Annotated[str, OneOf(MODELS)] = "gru"
    """which model writes: English news word by word, or all at once; or Chinese headlines in one of these ways"""
    topic: AnyTopic = "any"
    """what the text is about; models of English news and of Chinese headlines know different topics"""
    opening: str = ""
    """words the text starts with"""
    length: Annotated[int, Within(*LENGTH)] = 80
    """most tokens of the text, the opening not counted; it may end earlier, at a sentence; of a headline characters"""
    temperature: Temperature = 0.75
    """below 1 safer, above 1 wilder"""
    top_p: Annotated[float, Within(*TOP_P)] = 0.9
    """sample among the likeliest tokens that together have this probability; 1 switches it off"""
    min_p: Annotated[float, Within(*MIN_P)] = 0.0
    """drop tokens less likely than this share of the likeliest one; 0 switches it off"""
    repetition_penalty: Annotated[float, Within(*REPETITION_PENALTY)] = 1.1
    """divides the odds of tokens used in the last 64; 1 switches it off"""
    variants: Annotated[int, Within(*VARIANTS)] = 1
    """texts made at once"""
    seed: Seed = 0
    """the same seed and settings give the same texts"""
    steps: Steps = 16
    """steps of the masked model; the GRU goes token by token"""
    chosen: Annotated[tuple[Choice, ...], Later] = ()
    """tokens that stand where others were drawn; what comes after them follows from them"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        _text("opening", self.opening)
        if len(self.opening) > OPENING_CHARACTERS:
            raise UserError("text.opening_too_long", name="opening", count=len(self.opening), most=OPENING_CHARACTERS)
        if BLANK in self.opening:
            raise UserError("text.opening_has_blank", name="opening")
        _check_topic(self.model, self.topic)
        check_fields(self)
        _check_choices(self.chosen)


def usual(model: str) -> GenerateRequest:
    """Return what the page asks of a model at first.

    A headline may be as long as the longest ones are. It is drawn more boldly than news: its models have read each
    headline more often, and copy fewer runs of them then.
    """
    if model in CHINESE:
        return GenerateRequest(model=model, length=40, temperature=0.9, top_p=0.95)
    return GenerateRequest(model=model)


@dataclass(frozen=True)
class FillRequest:
    """Fill the `___` blanks of a text with a masked model."""

    text: str = ""
    """a text with at least one `___`, at most `DRAFT_CHARACTERS` characters; of a headline `__` or `＿` will do"""
    topic: AnyTopic = "any"
    temperature: Temperature = 0.7
    steps: Steps = 12
    tokens_per_blank: Annotated[int, Within(*TOKENS_PER_BLANK)] = 0
    """tokens that one blank becomes; 0 lets the model choose between 1 and 4"""
    seed: Seed = 0
    chosen: Annotated[tuple[Choice, ...], Later] = ()
    """as in `GenerateRequest`"""
    model: Filler = "masked"
    """which model fills: that of English news, or that of Chinese headlines"""
    characters_per_blank: Annotated[int, Within(*CHARACTERS_PER_BLANK), Later] = 0
    """characters that one blank of a Chinese headline becomes; 0 leaves it to `tokens_per_blank`"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        _check_draft(self.text)
        if not has_blank(self.model, self.text):
            raise UserError("text.no_blank_zh" if self.model in CHINESE else "text.no_blank", name="text")
        _check_topic(self.model, self.topic)
        check_fields(self)
        if self.characters_per_blank and self.model not in CHINESE:
            raise UserError("text.characters_of_chinese", name="characters_per_blank", value=self.characters_per_blank)
        _check_choices(self.chosen)


@dataclass(frozen=True)
class RewriteRequest:
    """Mask a share of a text again and let a masked model write those places anew."""

    text: str = ""
    """the text, 1 to `DRAFT_CHARACTERS` characters; of a headline what stands between `[[` and `]]` is rewritten"""
    share: Annotated[float, Within(*SHARE)] = 0.3
    """share of the words that are masked; of a headline without marks that of the tokens that hold letters"""
    topic: AnyTopic = "any"
    temperature: Temperature = 0.8
    steps: Steps = 12
    seed: Seed = 0
    chosen: Annotated[tuple[Choice, ...], Later] = ()
    """as in `GenerateRequest`"""
    model: Filler = "masked"
    """which model writes: that of English news, or that of Chinese headlines"""

    @property
    def unmarked(self) -> str:
        """The text less the marks of what is to be rewritten."""
        return MARKED.sub(r"\1", self.text) if self.model in CHINESE else self.text

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        _check_draft(self.text)
        if not self.text.strip():
            raise UserError("text.nothing_to_rewrite", name="text")
        if self.model in CHINESE and not any(map(str.isalnum, "".join(MARKED.findall(self.text)) or self.text)):
            raise UserError("text.no_words_to_rewrite", name="text")
        _check_topic(self.model, self.topic)
        check_fields(self)
        _check_choices(self.chosen)


@dataclass(frozen=True)
class ReadRequest:
    """Let a model read a text and tell how much each word surprises it."""

    text: str = ""
    """the text, 1 to `DRAFT_CHARACTERS` characters"""
    model: Annotated[str, OneOf(ENGLISH)] = "gru"
    """which model reads; a Chinese text is read by the model of headlines of that kind"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        _check_draft(self.text)
        if not self.text.strip():
            raise UserError("text.nothing_to_read", name="text")
        check_fields(self)


Request = GenerateRequest | FillRequest | RewriteRequest
ACTIONS: dict[str, type[GenerateRequest] | type[FillRequest] | type[RewriteRequest]] = {
    "generate": GenerateRequest,
    "fill": FillRequest,
    "rewrite": RewriteRequest,
}
"""What a receipt's `action` names."""

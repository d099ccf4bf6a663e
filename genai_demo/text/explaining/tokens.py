"""What else could have come: the probabilities from which each token of a text was drawn.

Nothing of this is kept while a text is made. It is made again from its receipt, with somebody who takes notes, which
are kept for a while: whoever opens one word opens a second.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from threading import Lock

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.generation.sampling import TokenTrace
from genai_demo.errors import UserError
from genai_demo.text.requests import GenerateRequest, Request
from genai_demo.text.results import Piece
from genai_demo.text.sampling.choosing import Recorder
from genai_demo.text.sampling.generation import produce, service
from genai_demo.text.sampling.loading import LoadedModel
from genai_demo.text.tokens.tokenizer import Tokenizer

_MOST_KEPT = 32
"""texts whose notes are kept, each of some 100 kB"""
_KEPT: OrderedDict[tuple[Request, int, str], Made] = OrderedDict()
_LOCK = Lock()


@dataclass(frozen=True)
class Rival:
    """A token that could have stood at a place."""

    token: str
    """its text; "" for a control token, such as the end of the text"""
    id: int
    """in the model's tokenizer"""
    before: float
    """probability by the network alone, 0 to 1"""
    after: float
    """probability after repetition penalty, temperature, min-p, top-p and the rules: with which it could be drawn"""
    allowed: bool
    """whether the rules left it"""
    start: float
    """where its share begins when those of all tokens lie side by side in the order of their ids, 0 to 1"""


@dataclass(frozen=True)
class Entry:
    """One token of a text, and what could have stood there instead."""

    place: int
    """of the token in what the network reads, whose first one, 0, is the topic"""
    step: int
    """in which it was written, from 1"""
    token: str
    """what is left of it in the text, which loses agency signatures and what follows its last sentence"""
    id: int
    """in the model's tokenizer"""
    probability: float
    """with which it was drawn, 0 to 1"""
    forbidden: float
    """probability that the network gave to tokens that the rules do not allow there, 0 to 1"""
    rivals: tuple[Rival, ...]
    """the ten likeliest before shaping and the ten likeliest after it, the token itself among them, the likeliest
    after it first"""
    others_before: float
    """probability of all other tokens by the network alone"""
    others_after: float
    """probability of all other tokens after shaping"""
    uniform: float
    """the chance by which it was drawn, 0 to 1: it falls on the token's share, unless somebody chose the token"""


@dataclass(frozen=True)
class Made:
    """A text that was made again, and the notes that were taken."""

    loaded: LoadedModel
    pieces: tuple[Piece, ...]
    recorder: Recorder

    def entries(self) -> tuple[Entry, ...]:
        """Return an entry for each token that the model wrote of the text, in their order in it."""
        traces, tokenizer = self.recorder.traces, self.loaded.tokenizer
        return tuple(_entry(piece, traces[piece.place], tokenizer) for piece in self.pieces if piece.place)


def explain(receipt: Receipt) -> tuple[Entry, ...]:
    """Make a text again and return an entry for each token that the model wrote of it, in their order in the text.

    Raises:
        UserError: the receipt is not in order, or its checkpoint is not the one that is here.
    """
    return made_again(receipt).entries()


def made_again(receipt: Receipt) -> Made:
    """Make a text again with somebody who takes notes; the notes of the last few texts are at hand.

    Raises:
        UserError: as `explain`.
    """
    request = service.request_of(receipt)
    if not 0 <= receipt.index < (request.variants if isinstance(request, GenerateRequest) else 1):
        raise UserError("engine.receipt_lacks", field="index")
    loaded = service.model_of(receipt)
    key = (request, receipt.index, loaded.checkpoint.id)
    with _LOCK:
        if (made := _KEPT.get(key)) is not None:
            _KEPT.move_to_end(key)
            return made
    recorder = Recorder(receipt.index)
    update = deque(produce(loaded, request, recorder), maxlen=1).pop()
    made = Made(loaded, update.drafts[receipt.index].pieces, recorder)
    with _LOCK:
        _KEPT[key] = made
        while len(_KEPT) > _MOST_KEPT:
            _KEPT.popitem(last=False)
    return made


def forget() -> None:
    """Let go of all notes."""
    with _LOCK:
        _KEPT.clear()


def _entry(piece: Piece, trace: TokenTrace, tokenizer: Tokenizer) -> Entry:
    rivals = tuple(
        Rival(tokenizer.decode([one.token]), one.token, one.before, one.after, one.allowed, one.start)
        for one in trace.rivals
    )
    # What is left of 1 may be less than 0 by a rounding.
    others_before, others_after = (
        max(0.0, 1 - sum(getattr(rival, when) for rival in rivals)) for when in ("before", "after")
    )
    return Entry(
        piece.place,
        piece.step,
        piece.text,
        trace.token,
        trace.probability,
        trace.forbidden,
        rivals,
        others_before,
        others_after,
        trace.uniform,
    )

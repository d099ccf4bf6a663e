"""Pieces that no receipt makes again, as an address carries them: given, transposed by hand, or stopped half-way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from genai_demo.engine.fields import OneOf, Seed, Within, check_fields
from genai_demo.music.requests import MODELS, REWRITERS, ComposeRequest, Request, RewriteRequest, given_music
from genai_demo.music.tokens.piece_string import write_piece_string
from genai_demo.ui.music.library import Item

Flag = Annotated[int, Within(0, 1)]
PAGE = "piece"
"""what the address calls them"""


@dataclass(frozen=True)
class CarriedPiece:
    """All notes of a piece, and what is said of where it comes from."""

    music: str = ""
    """from `write_piece_string`"""
    model: Annotated[str, OneOf(("", *dict.fromkeys((*MODELS, *REWRITERS))))] = ""
    """which model wrote last; "" where none wrote any of it"""
    seed: Seed = 0
    """what that model was asked with"""
    moved: Flag = 0
    """1 where some of it was transposed by hand since"""
    stopped: Flag = 0
    """1 where the model was stopped half-way"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        given_music(self.music)
        check_fields(self)

    @property
    def item(self) -> Item:
        """The piece, to lie in the library as it did where it comes from."""
        piece = given_music(self.music)
        state = "stopped" if self.stopped else "finished"
        return Item(piece, self._request() if self.model else None, state=state, moved=bool(self.moved))

    def _request(self) -> Request:
        if self.model in MODELS:
            return ComposeRequest(self.model, seed=self.seed)
        return RewriteRequest(self.music, seed=self.seed, model=self.model)


def carried(item: Item) -> CarriedPiece:
    """Return what an address holds of a piece."""
    music = write_piece_string(item.piece)
    if item.request is None:
        return CarriedPiece(music, moved=int(item.moved))
    return CarriedPiece(music, item.request.model, item.request.seed, int(item.moved), int(item.state == "stopped"))

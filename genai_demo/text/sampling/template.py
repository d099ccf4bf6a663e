"""A row of given and of masked tokens, filled by a masked model, and the texts that it is on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from genai_demo.text.data.cleaning import Cut, cut_to_sentence, dateline_cuts, source_cuts
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.requests import Choice
from genai_demo.text.results import Draft, Piece, Update
from genai_demo.text.sampling.choosing import Chosen, Recorder, check_reached, chosen_tokens
from genai_demo.text.sampling.decoding import FilledRows, Sampling, unmask
from genai_demo.text.sampling.loading import LoadedModel
from genai_demo.text.tokens.special_tokens import END, MASK

MASK_SIGN = "\u25a2"
"""shows where a token is still to come"""
_TAIL = 4
"""tokens at the end of a written text that are masked and filled again when no sentence has ended"""
_ATTEMPTS = 20
"""most times that is tried"""


class Template:
    """A row of given and of masked tokens, and what each masked one may become.

    Args:
        loaded: the masked model that fills it.
        topic: one of its topics.
    """

    def __init__(self, loaded: LoadedModel, topic: str) -> None:
        self._loaded, self._english = loaded, loaded.tokenizer.topics.language == "en"
        self.ids = [loaded.tokenizer.topics.tokens[topic]]
        """the tokens so far, the topic first, `MASK` for those to come"""
        self._allowed: dict[int, Tensor] = {}

    def add_text(self, text: str) -> None:
        """Add the tokens of `text`, which stay."""
        self.add_tokens(self._loaded.tokenizer.encode(text))

    def add_tokens(self, ids: Iterable[int]) -> None:
        """Add tokens that stay."""
        self.ids += ids

    def add_blank(self, count: int, allowed_first: Tensor) -> None:
        """Add `count` masked tokens, the first of which may become the tokens `allowed_first` (V,)."""
        self._allowed[len(self.ids)] = allowed_first
        self.ids += [MASK] * count

    def allow_at(self, position: int, allowed: Tensor) -> None:
        """Let the masked token at `position` become the tokens `allowed` (V,) only."""
        self._allowed[position] = allowed

    def rows(self, count: int) -> tuple[Tensor, Tensor]:
        """Return `count` equal rows (B, T), closed by `END`, and what masked tokens may become (B, T, V)."""
        ids = torch.tensor([*self.ids, END])
        allowed = self._loaded.vocabulary.whole.repeat(len(ids), 1)  # (T, V)
        for position, tokens in self._allowed.items():
            allowed[position] &= tokens
        return ids.expand(count, -1).contiguous(), allowed.expand(count, -1, -1)

    def unmask(
        self,
        count: int,
        sampling: Sampling,
        steps: int,
        seed: int,
        closing: bool = False,
        choices: Iterable[Choice] = (),
        recorder: Recorder | None = None,
    ) -> Iterator[Update]:
        """Yield `count` drafts as their blanks are filled; with `closing`, each has a sentence that ends."""
        network = self._loaded.network
        assert isinstance(network, MaskedModel)
        rows, allowed = self.rows(count)
        chosen = chosen_tokens(choices)
        check_reached(chosen, map(tuple, (rows == MASK).nonzero().tolist()))
        nothing = FilledRows(rows, torch.zeros_like(rows), torch.zeros(rows.shape))
        yield Update(tuple(self._draft(nothing, row, False) for row in range(count)), 0, steps)
        state, step = nothing, 0
        for step, state in enumerate(unmask(network, rows, allowed, sampling, steps, seed, chosen, recorder), 1):
            if step < steps and (state.ids == MASK).any():
                yield Update(tuple(self._draft(state, row, False) for row in range(count)), step, steps)
        if closing:
            state = self._closed(state, allowed, sampling, seed, chosen, recorder)
        yield Update(tuple(self._draft(state, row, True) for row in range(count)), step, steps)

    def _closed(
        self,
        rows: FilledRows,
        allowed: Tensor,
        sampling: Sampling,
        seed: int,
        chosen: Chosen | None = None,
        recorder: Recorder | None = None,
    ) -> FilledRows:
        """Return rows whose last tokens are filled again while no sentence of them ends: "U.S." ends none."""
        network = self._loaded.network
        assert isinstance(network, MaskedModel)
        ids, step_of, confidence = rows.ids.clone(), rows.step_of.clone(), rows.confidence.clone()
        made = torch.tensor([index == MASK for index in [*self.ids, END]])  # (T,)
        last = made.nonzero()[-_TAIL:, 0]  # (_TAIL,)
        for attempt in range(1, _ATTEMPTS + 1):
            drafts = [self._draft(FilledRows(ids, step_of, confidence), row, True) for row in range(len(ids))]
            open_rows = [row for row, draft in enumerate(drafts) if not sentences(draft)]
            if not open_rows:
                break
            again = ids[open_rows]
            again[:, last] = MASK
            own = {
                (open_rows.index(row), place): token
                for (row, place), token in (chosen or {}).items()
                if row in open_rows
            }
            looked = recorder is not None and recorder.row in open_rows
            noting = replace(recorder, row=open_rows.index(recorder.row)) if recorder and looked else None
            given = (network, again, allowed[open_rows], sampling, len(last), seed + attempt, own, noting)
            for filled in unmask(*given):
                again = filled.ids
            ids[open_rows] = again
            confidence[torch.tensor(open_rows)[:, None], last] = filled.confidence[:, last]
        return FilledRows(ids, step_of, confidence)

    def _draft(self, rows: FilledRows, row: int, finished: bool) -> Draft:
        tokenizer = self._loaded.tokenizer
        pieces: list[Piece] = []
        given: list[int] = []
        tokens = 0
        for position in range(1, len(self.ids)):
            index = int(rows.ids[row, position])
            if self.ids[position] != MASK:
                given.append(index)
                continue
            if given:
                pieces.append(Piece(tokenizer.decode(given), "given"))
                given = []
            if index == MASK:
                pieces.append(Piece(f"{' ' if self._english else ''}{MASK_SIGN}", "blank"))
            else:
                tokens += 1
                pieces.append(
                    Piece(
                        tokenizer.decode([index]),
                        "filled",
                        int(rows.step_of[row, position]),
                        float(rows.confidence[row, position]),
                        position,
                    )
                )
        if given:
            pieces.append(Piece(tokenizer.decode(given), "given"))
        if self._english:
            pieces = _without_sources(pieces)
        return Draft(tuple(_without_space_before(pieces)), finished, tokens)


def _without_sources(pieces: list[Piece]) -> list[Piece]:
    """Return pieces less the agency signatures and datelines that the model wrote; what the visitor wrote stays."""
    pieces = _without(pieces, source_cuts("".join(piece.text for piece in pieces)))
    written = [piece.kind == "filled" for piece in pieces for _ in piece.text]
    datelines = dateline_cuts("".join(piece.text for piece in pieces))
    return _without(pieces, [cut for cut in datelines if all(written[cut[0] : cut[1]])])


def _without(pieces: list[Piece], cuts: list[Cut]) -> list[Piece]:
    """Return pieces with the cuts made in those that the model filled in."""
    kept, start = [], 0
    for piece in pieces:
        text = piece.text
        if piece.kind == "filled":
            text = "".join(_after_cuts(index, character, cuts) for index, character in enumerate(text, start))
        start += len(piece.text)
        if text:
            kept.append(replace(piece, text=text))
    return kept


def _after_cuts(index: int, character: str, cuts: list[Cut]) -> str:
    for begin, end, instead in cuts:
        if begin <= index < end:
            return instead if index == begin else ""
    return character


def _without_space_before(pieces: list[Piece]) -> list[Piece]:
    """Return pieces less the white space that the text starts with, unless the visitor wrote it."""
    for index, piece in enumerate(pieces):
        text = piece.text if piece.kind == "given" else piece.text.lstrip()
        if text:
            return [replace(piece, text=text), *pieces[index + 1 :]]
    return []


def sentences(draft: Draft) -> int:
    """Return the characters of a draft up to its last sentence end; 0 where none ends behind what was given."""
    given = sum(len(piece.text) for piece in draft.pieces if piece.kind == "given")
    room = len(cut_to_sentence(draft.text))
    return room if room > given else 0

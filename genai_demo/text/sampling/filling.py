"""Fills in, rewrites and writes with the masked model, the surest token first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from genai_demo.text.data.cleaning import Cut, cut_to_sentence, dateline_cuts, source_cuts
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.requests import Choice, FillRequest, GenerateRequest, RewriteRequest
from genai_demo.text.results import Draft, Piece, Update
from genai_demo.text.sampling.choosing import Chosen, Recorder, check_reached, chosen_tokens
from genai_demo.text.sampling.decoding import FilledRows, Sampling, unmask
from genai_demo.text.sampling.loading import LoadedModel
from genai_demo.text.tokens.special_tokens import END, MASK

MASK_SIGN = "\u25a2"
"""shows where a token is still to come"""
_LONGEST_BLANK = 4
"""most tokens of a blank whose length the model chooses"""
_TAIL = 4
"""tokens at the end of a written text that are masked and filled again when no sentence has ended"""
_ATTEMPTS = 20
"""most times that is tried"""
_BLANK = re.compile(r"(?:(?<=[\s\S]) )?_{3,}")
"""a blank, with the space before it, which the first token brings along; a space that the text starts with stays"""


class _Template:
    """A row of given and of masked tokens, and what each masked one may become."""

    def __init__(self, loaded: LoadedModel, topic: str) -> None:
        self._loaded = loaded
        self.ids = [loaded.tokenizer.topics.tokens[topic]]
        self._allowed: dict[int, Tensor] = {}

    def add_text(self, text: str) -> None:
        self.ids += self._loaded.tokenizer.encode(text)

    def add_blank(self, count: int, allowed_first: Tensor) -> None:
        """Add `count` masked tokens, the first of which may become the tokens `allowed_first` (V,)."""
        self._allowed[len(self.ids)] = allowed_first
        self.ids += [MASK] * count

    def allow_at(self, position: int, allowed: Tensor) -> None:
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
            open_rows = [row for row, draft in enumerate(drafts) if not _sentences(draft)]
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
                pieces.append(Piece(f" {MASK_SIGN}", "blank"))
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
        return Draft(tuple(_without_space_before(_without_sources(pieces))), finished, tokens)


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


def write(loaded: LoadedModel, request: GenerateRequest, recorder: Recorder | None = None) -> Iterator[Update]:
    """Yield the texts as all their tokens are unmasked; the last one closes a sentence."""
    vocabulary = loaded.vocabulary
    template = _Template(loaded, request.topic)
    opening = request.opening.rstrip()
    template.add_text(opening)
    after_word = ~vocabulary.inner | ~vocabulary.in_word[template.ids[-1]]
    first = after_word if opening else ~vocabulary.spaced
    template.add_blank(request.length, first)
    template.allow_at(len(template.ids) - 1, vocabulary.closing)
    # Where all is empty, the surest tokens are the commonest ones: filled first, they make the text say them again.
    sampling = Sampling(request.temperature, request.top_p, request.min_p, request.repetition_penalty, order_noise=4.0)
    asked = (request.variants, sampling, request.steps, request.seed)
    for update in template.unmask(*asked, closing=True, choices=request.chosen, recorder=recorder):
        yield replace(update, drafts=tuple(map(_ended, update.drafts)))


def _ended(draft: Draft) -> Draft:
    """Return a finished draft up to its last sentence end, others and those without any as they are."""
    room = _sentences(draft) if draft.finished else 0
    if not room:
        return draft
    kept = []
    for piece in draft.pieces:
        kept.append(replace(piece, text=piece.text[:room]))
        room -= len(piece.text)
        if room <= 0:
            break
    return replace(draft, pieces=tuple(kept))


def _sentences(draft: Draft) -> int:
    """Return the characters of a draft up to its last sentence end; 0 where none ends behind what was given."""
    given = sum(len(piece.text) for piece in draft.pieces if piece.kind == "given")
    room = len(cut_to_sentence(draft.text))
    return room if room > given else 0


def fill(loaded: LoadedModel, request: FillRequest, recorder: Recorder | None = None) -> Iterator[Update]:
    """Yield the text as its blanks resolve."""
    parts = _BLANK.split(request.text)
    before_space = [found.startswith(" ") for found in _BLANK.findall(request.text)]
    if request.tokens_per_blank:
        lengths = [request.tokens_per_blank] * len(before_space)
    else:
        lengths = _best_lengths(loaded, request, parts, before_space)
    template = _blanked(loaded, request.topic, parts, before_space, lengths)
    asked = (1, Sampling(request.temperature), request.steps, request.seed)
    return template.unmask(*asked, choices=request.chosen, recorder=recorder)


def _blanked(
    loaded: LoadedModel, topic: str, parts: list[str], before_space: list[bool], lengths: list[int]
) -> _Template:
    template = _Template(loaded, topic)
    vocabulary = loaded.vocabulary
    for index, part in enumerate(parts):
        template.add_text(part)
        if index < len(lengths):
            template.add_blank(lengths[index], vocabulary.words if before_space[index] else ~vocabulary.spaced)
    return template


@torch.inference_mode()
def _best_lengths(loaded: LoadedModel, request: FillRequest, parts: list[str], before_space: list[bool]) -> list[int]:
    """Return a length for each blank: the one at which the model is surest of what it would write, per token.

    The blanks are settled from left to right, those still to come being two tokens long.
    """
    network = loaded.network
    assert isinstance(network, MaskedModel)
    lengths = [2] * len(before_space)
    for blank in range(len(lengths)):
        scores = []
        for length in range(1, _LONGEST_BLANK + 1):
            lengths[blank] = length
            rows, allowed = _blanked(loaded, request.topic, parts, before_space, lengths).rows(1)
            mask = rows == MASK
            own = torch.zeros_like(rows, dtype=torch.bool)
            first = mask.nonzero()[sum(lengths[:blank]), 1]
            own[0, first : first + length] = True
            vectors = network(rows.to(network.embedding.weight.device))
            logits = network.logits(vectors[own.to(vectors.device)]).float().cpu()
            best = logits.log_softmax(-1).masked_fill(~allowed[own], float("-inf")).amax(-1)  # (length,)
            scores.append(float(best.mean()))
        lengths[blank] = scores.index(max(scores)) + 1
    return lengths


def rewrite(loaded: LoadedModel, request: RewriteRequest, recorder: Recorder | None = None) -> Iterator[Update]:
    """Yield the text as a share of its words is rewritten."""
    words = re.findall(r"\s*\S+", request.text.strip())
    random = torch.Generator().manual_seed(request.seed)
    count = max(1, round(request.share * len(words)))
    rewritten = set(torch.randperm(len(words), generator=random)[:count].tolist())
    template = _Template(loaded, request.topic)
    vocabulary = loaded.vocabulary
    for index, word in enumerate(words):
        # A word is encoded with the space before it, as it was when the model was trained.
        if index in rewritten:
            tokens = len(loaded.tokenizer.encode(word))
            template.add_blank(tokens, vocabulary.words if word[0].isspace() else ~vocabulary.spaced)
        else:
            template.add_text(word)
    asked = (1, Sampling(request.temperature), request.steps, request.seed)
    return template.unmask(*asked, choices=request.chosen, recorder=recorder)

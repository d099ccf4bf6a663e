"""What lies on the desk of the piano tab: pieces, how they came about, and what is done to them without a model."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.music.midi.reading import Remark
from genai_demo.music.requests import (
    MODELS,
    ComposeRequest,
    ContinueRequest,
    HarmoniseRequest,
    Request,
    RewriteRequest,
)
from genai_demo.music.results import Composition, Update
from genai_demo.music.theory.piece import PITCHES, Note, Piece, untangled
from genai_demo.music.tokens.piece_string import write_piece_string

_REMEMBERED = 50
"""steps that can be undone"""


@dataclass(frozen=True)
class Work:
    """A piece on the desk."""

    piece: Piece
    request: Request | None = None
    """what the model was last asked for; None for what a visitor gave"""
    receipt: Receipt | None = None
    """how to make it again; None while it grows, where it was stopped, given or transposed"""
    state: str = "finished"
    """"growing", "finished" or "stopped\""""
    changed: tuple[int, int] | None = None
    """first and last bar, from 0, that the last step wrote; None for all"""
    moved: bool = False
    """whether some of it was transposed by hand since a model wrote it"""
    remarks: tuple[Remark, ...] = ()
    """what a given file holds and the piece does not"""
    past: tuple[Work, ...] = ()
    """what it was before each step, the oldest first, each without a past of its own"""

    @cached_property
    def key(self) -> str:
        """Name of these very notes, the same for the same ones."""
        told = repr((self.piece.notes, self.piece.bars, self.piece.tempo, self.piece.pedal))
        return f"{zlib.crc32(told.encode()):08x}"

    @property
    def made(self) -> bool:
        """Whether a machine wrote any of it."""
        return self.request is not None

    @property
    def growing(self) -> bool:
        """Whether a model is at work on it."""
        return self.state == "growing"


@dataclass(frozen=True)
class Desk:
    """All pieces, and what the page is to do with them."""

    works: tuple[Work, ...] = ()
    turn: str = ""
    """changes when there is something new to hear"""
    heard: int = 0
    """place of the work that is new"""
    seconds: float = 0.0
    """how long the model worked"""

    @property
    def busy(self) -> bool:
        """Whether a model is at work."""
        return any(work.growing for work in self.works)

    def with_work(self, place: int, work: Work) -> Desk:
        """Return the desk with another work at `place`."""
        return replace(self, works=(*self.works[:place], work, *self.works[place + 1 :]))


@dataclass(frozen=True)
class Job:
    """What a model is to do, and for which work."""

    request: Request
    place: int | None = None
    """of the work that it changes; None for new ones, which take the place of all"""
    then: RewriteRequest | None = None
    """what to do next, with the music that has come of it; both are one step to undo"""


def at(desk: Desk | None, place: object, key: object) -> tuple[Desk, int]:
    """Return the desk and the place of a work that the page's script names.

    Raises:
        UserError: there is no such work, or it is no longer what the page shows.
    """
    if desk is None or not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(desk.works):
        raise UserError("ui.music_gone")
    if desk.works[place].key != key:
        raise UserError("ui.music_gone")
    return desk, place


def grown(desk: Desk, job: Job, update: Update, seconds: float) -> Desk:
    """Return the desk after an update of a job."""
    if job.place is None:
        receipts: Sequence[Receipt | None] = update.receipts or [None] * len(update.compositions)
        works = tuple(
            _grown(job, composition, receipt, None)
            for composition, receipt in zip(update.compositions, receipts, strict=True)
        )
        return Desk(works, desk.turn, 0, seconds)
    before = desk.works[job.place]
    if before.growing:
        before = replace(before.past[-1], past=before.past[:-1])
    work = _grown(job, update.compositions[0], update.receipts[0] if update.receipts else None, before)
    return replace(desk.with_work(job.place, work), heard=job.place, seconds=seconds)


def _grown(job: Job, composition: Composition, receipt: Receipt | None, before: Work | None) -> Work:
    state = "finished" if receipt else "growing"
    past = (*before.past, replace(before, past=()))[-_REMEMBERED:] if before else ()
    return Work(composition.piece, job.request, receipt, state, _changed(job.request, composition.piece), past=past)


def _changed(request: Request, piece: Piece) -> tuple[int, int] | None:
    """Return the bars that a request writes; None for all."""
    if isinstance(request, RewriteRequest):
        return request.first - 1, request.last - 1
    if isinstance(request, ContinueRequest):
        kept = max(0, len(piece.bars) - request.bars) if request.keep == 0 else request.keep
        return min(kept, len(piece.bars) - 1), len(piece.bars) - 1
    return None


def settled(desk: Desk | None) -> Desk | None:
    """Return the desk once nothing runs: what was stopped half-way through a change is as it was before."""
    if desk is None:
        return None
    return replace(desk, works=tuple(_settled(work) for work in desk.works))


def _settled(work: Work) -> Work:
    if not work.growing:
        return work
    if isinstance(work.request, (RewriteRequest, HarmoniseRequest)) and work.past:
        return replace(work.past[-1], past=work.past[:-1])
    return replace(work, state="stopped")


def _step(work: Work, piece: Piece, changed: tuple[int, int] | None) -> Work:
    """Return a work after a step by hand that can be undone."""
    past = (*work.past, replace(work, past=()))[-_REMEMBERED:]
    return replace(work, piece=piece, receipt=None, state="finished", changed=changed, moved=True, past=past)


def undone(work: Work) -> Work:
    """Return a work before its last step."""
    return replace(work.past[-1], past=work.past[:-1]) if work.past else work


def transposed(work: Work, first: int, last: int, semitones: int) -> Work:
    """Return a work with some bars higher or lower; with all of them, its key moves along.

    Args:
        work: what to transpose.
        first, last: bars, from 0.
        semitones: how much higher.

    Raises:
        UserError: a note would leave the keyboard, or there are no such bars.
    """
    piece = work.piece
    bars = checked_bars(piece, first, last)

    def moved(note: Note) -> Note:
        if not bars[0] <= piece.bar_at(note.start) <= bars[1]:
            return note
        if not PITCHES[0] <= note.pitch + semitones <= PITCHES[1]:
            raise UserError("ui.music_off_the_keyboard")
        return replace(note, pitch=note.pitch + semitones)

    key = piece.key
    if key and bars == (0, len(piece.bars) - 1):
        key = key.transposed(semitones)
    return _step(work, replace(piece, notes=untangled(map(moved, piece.notes)), key=key), bars)


def checked_bars(piece: Piece, first: int, last: int) -> tuple[int, int]:
    """Return bars, from 0, as they were given.

    Raises:
        UserError: there are no such bars.
    """
    count = len(piece.bars)
    if not 0 <= first <= last < count:
        raise UserError("ui.music_no_such_bars", first=first + 1, last=last + 1, most=count)
    return first, last


@dataclass(frozen=True)
class Scope:
    """Which notes of a bar are written anew, and how."""

    hand: str = "both"
    lowest: int = PITCHES[0]
    highest: int = PITCHES[1]
    temperature: float = 1.0
    seed: int = 0
    model: str = "composer"


def rewriting(work: Work, first: int, last: int, scope: Scope) -> RewriteRequest:
    """Return the request that writes some bars, from 0, anew.

    Raises:
        UserError: there are no such bars.
    """
    first, last = checked_bars(work.piece, first, last)
    return RewriteRequest(music=write_piece_string(work.piece), first=first + 1, last=last + 1, **asdict(scope))


def keeping(work: Work, place: int, bars: tuple[int, int], scope: Scope) -> Job:
    """Return the job that keeps some bars, from 0, and writes all others anew.

    Raises:
        UserError: there are no such bars, or no others.
    """
    first, last = checked_bars(work.piece, *bars)
    sides = [(0, first - 1), (last + 1, len(work.piece.bars) - 1)]
    requests = [rewriting(work, *side, scope) for side in sides if side[0] <= side[1]]
    if not requests:
        raise UserError("ui.music_all_kept")
    return Job(requests[0], place, requests[1] if len(requests) > 1 else None)


def followed(job: Job, desk: Desk) -> tuple[Job, Desk] | None:
    """Return what is to be done after a job, and the desk as that needs it; None if that was all."""
    if job.then is None or job.place is None:
        return None
    work = desk.works[job.place]
    request = replace(job.then, music=write_piece_string(work.piece))
    return Job(request, job.place), desk.with_work(job.place, replace(work, state="growing"))


def continuing(
    work: Work, last: int, bars: int, temperature: float, top_p: float, seed: int, model: str
) -> ContinueRequest:
    """Return the request that goes on behind a bar, from 0, with the model that wrote last, or else with `model`.

    Raises:
        UserError: there is no such bar.
    """
    _, last = checked_bars(work.piece, last, last)
    own = work.request.model if work.request and work.request.model in MODELS else model
    before = work.request if isinstance(work.request, (ComposeRequest, ContinueRequest)) else ComposeRequest(own)
    return ContinueRequest(
        before.model,
        write_piece_string(work.piece),
        last + 1,
        bars,
        before.density,
        before.register,
        before.style,
        temperature,
        top_p,
        seed=seed,
    )


def harmonising(work: Work, part: str, temperature: float, seed: int, model: str) -> HarmoniseRequest:
    """Return the request that adds to a melody."""
    return HarmoniseRequest(write_piece_string(work.piece), part, temperature=temperature, seed=seed, model=model)


def given(piece: Piece, remarks: Sequence[Remark] = ()) -> Desk:
    """Return a desk with what a visitor gave."""
    return Desk((Work(piece, remarks=tuple(remarks)),))


def changed_by(desk: Desk, place: int, change: Callable[[Work], Work], turn: str) -> Desk:
    """Return the desk after a change of one work that is then to be heard."""
    return replace(desk.with_work(place, change(desk.works[place])), heard=place, turn=turn)

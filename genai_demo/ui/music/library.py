"""The library of the piano tab: pieces, how they came about, and what is done to them without a model."""

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
    bars_written,
)
from genai_demo.music.results import Composition, Update
from genai_demo.music.theory.piece import PITCHES, Note, Piece, resolve_overlaps
from genai_demo.music.theory.texture import ANY
from genai_demo.music.tokens.piece_string import write_piece_string

_TELLING = 0.5
"""seconds of work after which the rest can be told"""
_REMEMBERED = 50
"""steps that can be undone"""


@dataclass(frozen=True)
class Item:
    """A piece in the library."""

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
    written: int = 0
    """bars that the last step has written so far, those before `changed` not counted"""
    remarks: tuple[Remark, ...] = ()
    """what a given file holds and the piece does not"""
    past: tuple[Item, ...] = ()
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
    def genre(self) -> str:
        """Genre that was last asked for since the piece was begun, `ANY` for none."""
        for step in (self, *reversed(self.past)):
            if step.request is None:
                break
            if (genre := getattr(step.request, "genre", ANY)) != ANY:
                return str(genre)
        return ANY

    @property
    def legato(self) -> frozenset[int]:
        """Bars, from 0, that the GAN wrote and nobody since: see `musicxml`."""
        found: set[int] = set()
        for step in (*self.past, self):
            if step.request is None:
                found = set()
                continue
            written = bars_written(step.request, len(step.piece.bars))
            if step.request.model == "gan":
                found |= set(written)
            elif not isinstance(step.request, HarmoniseRequest):
                found -= set(written)
        return frozenset(found)

    @property
    def growing(self) -> bool:
        """Whether a model is at work on it."""
        return self.state == "growing"


@dataclass(frozen=True)
class Library:
    """All pieces, and what the page is to do with them."""

    items: tuple[Item, ...] = ()
    turn: str = ""
    """changes when there is something new to hear"""
    heard: int = 0
    """place of the item that is new"""
    seconds: float = 0.0
    """how long the model worked"""
    progress: float = 0.0
    """share of its steps that are done, 0 to 1"""
    shipped: bool = False
    """whether it was there before anybody asked for anything"""

    @property
    def busy(self) -> bool:
        """Whether a model is at work."""
        return any(item.growing for item in self.items)

    @property
    def seconds_left(self) -> int:
        """How long the model will go on, about; 0 where that is soon or cannot be told yet."""
        if not self.busy or self.seconds < _TELLING or not self.progress:
            return 0
        left = self.seconds / self.progress - self.seconds
        return round(left) if left >= 1 else 0

    def with_item(self, place: int, item: Item) -> Library:
        """Return the library with another item at `place`."""
        return replace(self, items=(*self.items[:place], item, *self.items[place + 1 :]))


@dataclass(frozen=True)
class Job:
    """What a model is to do, and for which item."""

    request: Request
    place: int | None = None
    """of the item that it changes; None for new ones, which take the place of all"""
    then: RewriteRequest | None = None
    """what to do next, with the music that has come of it; both are one step to undo"""
    heard: bool = True
    """whether it is played when it is done; nothing plays that nobody asked for, such as what a link shows"""
    linked: bool = False
    """whether a link asks for it, which means the model that ships"""


def at(library: Library | None, place: object, key: object) -> tuple[Library, int]:
    """Return the library and the place of an item that the page's script names.

    Raises:
        UserError: there is no such item, or it is no longer what the page shows.
    """
    if library is None or not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(library.items):
        raise UserError("ui.music_gone")
    if library.items[place].key != key:
        raise UserError("ui.music_gone")
    return library, place


def grown(library: Library, job: Job, update: Update, seconds: float) -> Library:
    """Return the library after an update of a job."""
    progress = update.step / max(1, update.steps)
    if job.place is None:
        receipts: Sequence[Receipt | None] = update.receipts or [None] * len(update.compositions)
        items = tuple(
            _grown(job, composition, receipt, None)
            for composition, receipt in zip(update.compositions, receipts, strict=True)
        )
        return Library(items, library.turn, 0, seconds, progress)
    before = library.items[job.place]
    if before.growing:
        before = replace(before.past[-1], past=before.past[:-1])
    item = _grown(job, update.compositions[0], update.receipts[0] if update.receipts else None, before)
    return replace(library.with_item(job.place, item), heard=job.place, seconds=seconds, progress=progress)


def _grown(job: Job, composition: Composition, receipt: Receipt | None, before: Item | None) -> Item:
    state = "finished" if receipt else "growing"
    past = (*before.past, replace(before, past=()))[-_REMEMBERED:] if before else ()
    changed = _changed(job.request, composition.piece)
    return Item(
        composition.piece,
        job.request,
        receipt,
        state,
        changed,
        written=composition.bars if not receipt else 0,
        past=past,
    )


def _changed(request: Request, piece: Piece) -> tuple[int, int] | None:
    """Return the bars that a request writes; None for all."""
    if isinstance(request, (ComposeRequest, HarmoniseRequest)):
        return None
    written, last = bars_written(request, len(piece.bars)), len(piece.bars) - 1
    return min(written.start, last), min(written.stop - 1, last)


def settled(library: Library | None) -> Library | None:
    """Return the library once nothing runs: what was stopped half-way through a change is as it was before."""
    if library is None:
        return None
    return replace(library, items=tuple(_settled(item) for item in library.items))


def _settled(item: Item) -> Item:
    if not item.growing:
        return item
    if isinstance(item.request, (RewriteRequest, HarmoniseRequest)) and item.past:
        return replace(item.past[-1], past=item.past[:-1])
    return replace(item, state="stopped")


def _step(item: Item, piece: Piece, changed: tuple[int, int] | None) -> Item:
    """Return an item after a step by hand that can be undone."""
    past = (*item.past, replace(item, past=()))[-_REMEMBERED:]
    return replace(item, piece=piece, receipt=None, state="finished", changed=changed, moved=True, past=past)


def undone(item: Item) -> Item:
    """Return an item before its last step."""
    return replace(item.past[-1], past=item.past[:-1]) if item.past else item


def transposed(item: Item, first: int, last: int, semitones: int) -> Item:
    """Return an item with some bars higher or lower; with all of them, its key moves along.

    Args:
        item: what to transpose.
        first, last: bars, from 0.
        semitones: how much higher.

    Raises:
        UserError: a note would leave the keyboard, or there are no such bars.
    """
    piece = item.piece
    bars = checked_bars(piece, first, last)

    def moved(note: Note) -> Note:
        if not bars[0] <= piece.bar_at(note.start) <= bars[1]:
            return note
        if not PITCHES[0] <= note.pitch + semitones <= PITCHES[1]:
            raise UserError("ui.music_off_the_keyboard")
        return replace(note, pitch=note.pitch + semitones)

    piece = replace(piece, notes=resolve_overlaps(map(moved, piece.notes)))
    if piece.key and bars == (0, len(piece.bars) - 1):
        changes = tuple((tick, key.transposed(semitones)) for tick, key in piece.key_changes)
        piece = replace(piece, key=piece.key.transposed(semitones), key_changes=changes)
    return _step(item, piece, bars)


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
    genre: str = ANY


def rewriting(item: Item, first: int, last: int, scope: Scope) -> RewriteRequest:
    """Return the request that writes some bars, from 0, anew.

    Raises:
        UserError: there are no such bars.
    """
    first, last = checked_bars(item.piece, first, last)
    return RewriteRequest(music=write_piece_string(item.piece), first=first + 1, last=last + 1, **asdict(scope))


def keeping(item: Item, place: int, bars: tuple[int, int], scope: Scope) -> Job:
    """Return the job that keeps some bars, from 0, and writes all others anew.

    Raises:
        UserError: there are no such bars, or no others.
    """
    first, last = checked_bars(item.piece, *bars)
    sides = [(0, first - 1), (last + 1, len(item.piece.bars) - 1)]
    requests = [rewriting(item, *side, scope) for side in sides if side[0] <= side[1]]
    if not requests:
        raise UserError("ui.music_all_kept")
    return Job(requests[0], place, requests[1] if len(requests) > 1 else None)


def followed(job: Job, library: Library) -> tuple[Job, Library] | None:
    """Return what is to be done after a job, and the library as that needs it; None if that was all."""
    if job.then is None or job.place is None:
        return None
    item = library.items[job.place]
    request = replace(job.then, music=write_piece_string(item.piece))
    return Job(request, job.place), library.with_item(job.place, replace(item, state="growing"))


def continuing(
    item: Item, last: int, bars: int, temperature: float, top_p: float, seed: int, model: str
) -> ContinueRequest:
    """Return the request that goes on behind a bar, from 0, with the model that wrote last, or else with `model`.

    Raises:
        UserError: there is no such bar.
    """
    _, last = checked_bars(item.piece, last, last)
    own = item.request.model if item.request and item.request.model in MODELS else model
    before = item.request if isinstance(item.request, (ComposeRequest, ContinueRequest)) else ComposeRequest(own)
    return ContinueRequest(
        before.model,
        write_piece_string(item.piece),
        last + 1,
        bars,
        before.density,
        before.register,
        before.style,
        temperature,
        top_p,
        seed=seed,
        genre=item.genre if before.model == "composer" else ANY,
    )


def harmonising(item: Item, part: str, temperature: float, seed: int, model: str) -> HarmoniseRequest:
    """Return the request that adds to a melody."""
    return HarmoniseRequest(write_piece_string(item.piece), part, temperature=temperature, seed=seed, model=model)


def library_of(piece: Piece, remarks: Sequence[Remark] = ()) -> Library:
    """Return a library with what a visitor gave."""
    return Library((Item(piece, remarks=tuple(remarks)),))


def changed_by(library: Library, place: int, change: Callable[[Item], Item], turn: str) -> Library:
    """Return the library after a change of one item that is then to be heard."""
    # What was there before anybody asked is, once changed, somebody's result.
    return replace(library.with_item(place, change(library.items[place])), heard=place, turn=turn, shipped=False)

"""Pieces as files: what a visitor takes along, and what comes back."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import asdict
from typing import Any, NamedTuple

from genai_demo.engine.generation.receipts import Receipt, receipt_among
from genai_demo.errors import UserError
from genai_demo.marks.reading import Marks, read_marks
from genai_demo.music.audio.synthesis import encode, marked_sound, render
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import marked_midi, to_midi
from genai_demo.music.notation.engraving import WIDTHS, engrave, marked_page
from genai_demo.music.notation.score import musicxml
from genai_demo.music.requests import Request, legato_bars
from genai_demo.music.results import Composition, score_title
from genai_demo.music.sampling import generation
from genai_demo.music.sampling.loading import FOLDERS
from genai_demo.music.theory.piece import Note, Piece
from genai_demo.ui.files import download
from genai_demo.ui.music.library import Item, Library
from genai_demo.ui.training.in_use import is_snapshot

KINDS = {
    "mid": "audio/midi",
    "musicxml": "application/vnd.recordare.musicxml+xml",
    "svg": "image/svg+xml",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
}
"""MIME types of the files that a piece can be saved as"""
_ZIP = "application/zip"
_PACKED = ("mid", "musicxml", "ogg")
"""what a ZIP archive holds of every piece"""
_MIDI = b"MThd"


def file_name(item: Item, place: int, ending: str) -> str:
    """Return the name of a piece's file."""
    if item.receipt is None:
        return f"piano-{place + 1}.{ending}"
    return f"{item.receipt.model}-{item.receipt.action}-{item.receipt.settings['seed']}-{place + 1}.{ending}"


def piece_file(item: Item, place: int, kind: str, language: str) -> str:
    """Return a piece as a file that the page's script saves; a score of several pages comes as a ZIP archive.

    Args:
        item: the piece.
        place: in the library, from 0.
        kind: one of `KINDS`.
        language: of the words in the score.

    Raises:
        UserError: no such kind of file, or there is no SoundFont.
    """
    if kind == "svg":
        pages = [_sheet(page, item, language) for page in printed(item, language)]
        if len(pages) > 1:
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for number, page in enumerate(pages, 1):
                    archive.writestr(file_name(item, place, f"page-{number}.svg"), page)
            return download(file_name(item, place, "score.zip"), _ZIP, stream.getvalue())
        return download(file_name(item, place, kind), KINDS[kind], pages[0])
    return download(file_name(item, place, kind), KINDS.get(kind, ""), _content(item, kind, language))


def _content(item: Item, kind: str, language: str) -> bytes:
    if kind == "mid":
        return midi(item)
    if kind == "musicxml":
        return score(item, language)
    sound, title = render(item.piece), score_title(item.piece, language)
    return marked_sound(sound, kind, item.receipt, title) if item.made else encode(sound, kind, title)


def _sheet(page: str, item: Item, language: str) -> bytes:
    return marked_page(page, item.receipt, score_title(item.piece, language)) if item.made else page.encode()


def midi(item: Item) -> bytes:
    """Return a piece as a MIDI file with its receipt; what nobody but the visitor wrote bears no mark of a machine."""
    return marked_midi(item.piece, item.receipt) if item.made else to_midi(item.piece)


def printed(item: Item, language: str) -> tuple[str, ...]:
    """Return the score of a piece as A4 pages, one SVG document each."""
    return engrave(score(item, language)).pages


def score(item: Item, language: str) -> bytes:
    """Return the score of a piece as a MusicXML file with its receipt."""
    return musicxml(item.piece, score_title(item.piece, language), item.receipt, language, item.made, item.legato)


def printed_parcel(item: Item, language: str) -> str:
    """Return the pages of a score as the page's script prints them."""
    return json.dumps({"title": score_title(item.piece, language), "pages": printed(item, language)})


def archive_file(library: Library, language: str) -> str:
    """Return all pieces of a library as a ZIP archive: MIDI, MusicXML and sound of each."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, item in enumerate(library.items):
            for kind in _PACKED:
                archive.writestr(file_name(item, place, kind), _content(item, kind, language))
    return download("piano.zip", _ZIP, stream.getvalue())


def sound_parcel(item: Item, kind: str) -> str:
    """Return the sound of a piece as the page's script plays it.

    Raises:
        UserError: no such kind of sound, or there is no SoundFont.
    """
    content = encode(render(item.piece), kind)
    return json.dumps({"key": item.key, "kind": KINDS[kind], "content": base64.b64encode(content).decode("ascii")})


def score_parcel(item: Item, width: object, language: str) -> str:
    """Return the score of a piece as the page's script shows it, one endless sheet.

    Args:
        item: the piece.
        width: pixels that there are for it.
        language: of the words in the score.
    """
    pixels = width if isinstance(width, int) and not isinstance(width, bool) else WIDTHS[0]
    written = musicxml(item.piece, language=language, made=False, legato=item.legato)
    engraving = engrave(written, min(max(pixels, WIDTHS[0]), WIDTHS[1]), f"score-{item.key}")
    return json.dumps({"key": item.key, "svg": engraving.pages[0]})


class Opened(NamedTuple):
    """A piece whose file was opened, beside the one that its receipt makes again."""

    marks: Marks
    """of the file"""
    request: Request
    receipt: Receipt
    composition: Composition
    same: bool | None
    """whether the file held the very same notes; None where it does not say"""


def opened(content: bytes, name: str) -> Opened:
    """Make the piece of a file again, with the models that ship only: a visitor's receipt may not name any folder.

    Args:
        content: of the file.
        name: what an error calls it.

    Raises:
        UserError: there is no receipt of music in it, or it is of another checkpoint than the one that is here.
    """
    marks = read_marks(content)
    receipt = receipt_among(marks, name)
    request, composition = reproduced(receipt)
    same = _notes(content) in _written(composition.piece) if content.startswith(_MIDI) else None
    return Opened(marks, request, receipt, composition, same)


def _written(piece: Piece) -> tuple[tuple[Note, ...], ...]:
    """Return the notes that a MIDI file of a piece may hold: those of files of today, and of earlier versions."""
    return _notes(to_midi(piece)), piece.notes


def _notes(content: bytes) -> tuple[Note, ...]:
    """Return the notes of a MIDI file; none of one that has none, or that is damaged beside its receipt."""
    try:
        return read_midi(content).piece.notes
    except UserError:
        return ()


def reproduced(receipt: Receipt) -> tuple[Request, Composition]:
    """Make the piece of a visitor's receipt again.

    Raises:
        UserError: the receipt is not in order, of another model than those that ship, or of another checkpoint.
    """
    request = generation.request_of(receipt)
    if receipt.model not in FOLDERS.values() and not is_snapshot(receipt.model):
        raise UserError("ui.music_not_shipped", model=receipt.model[:80], allowed=", ".join(FOLDERS.values()))
    update = generation.reproduce(receipt)
    return request, update.compositions[receipt.index]


def plain(piece: Piece, request: Request, receipt: Receipt) -> dict[str, Any]:
    """Return a piece as plain data: the MIDI file in base64, MusicXML, and its receipt."""
    legato = legato_bars(request, len(piece.bars))
    return {
        "midi": base64.b64encode(marked_midi(piece, receipt)).decode("ascii"),
        "musicxml": musicxml(piece, score_title(piece, "en"), receipt, legato=legato).decode("utf-8"),
        "receipt": asdict(receipt),
    }

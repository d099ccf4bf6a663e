"""Music that somebody gives: a MIDI file or a score in MusicXML, told apart by its content."""

from __future__ import annotations

from pathlib import Path

from genai_demo.engine.files import stands_for_another
from genai_demo.errors import UserError
from genai_demo.music.midi.reading import Reading, read_midi
from genai_demo.music.musicxml.parsing import MOST_BYTES, is_score
from genai_demo.music.musicxml.reading import read_musicxml

MUSIC_FILES = (".mid", ".midi", ".kar", ".rmi", ".musicxml", ".mxl", ".xml")
"""how names of files end that can be read"""


def read_piece(data: bytes | Path) -> Reading:
    """Read a piece from a MIDI file or a score in MusicXML.

    Args:
        data: the content of a file, or its path. What it is called does not matter.

    Raises:
        UserError: see `read_midi` and `read_musicxml`.
    """
    if isinstance(data, Path):
        if not data.is_file():
            raise UserError("engine.no_file", file=data)
        try:
            with data.open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise UserError("data.unreadable", reason=error.strerror) from error
    if mistaken := stands_for_another(data):
        raise UserError(f"music.{mistaken}")
    return read_musicxml(data) if is_score(data) else read_midi(data)

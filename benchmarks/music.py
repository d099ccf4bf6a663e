"""Speed of sheet music and sound: `python -m benchmarks.music [--json FILE]`.

Measures eight bars from notes to MusicXML and on to SVG, the first time with all imports and then again; and half a
minute of music from notes to audio, beside `pretty_midi`'s own synthesizer.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.reporting import machine, median, read_options, show
from genai_demo.music.piece import LEFT, RIGHT, TICKS, Bar, Key, Note, Piece

_SECONDS = 32
_TEMPO = 120.0
_FIRST = (
    "import time; start = time.perf_counter(); from benchmarks.music import eight_bars, engraved;"
    " engraved(eight_bars()); print(time.perf_counter() - start)"
)


def accompanied_melody(bars: int) -> Piece:
    """Return a made-up piece in 4/4: eighths and a held chord note above, broken chords in sixteenths below."""
    notes = []
    for bar in range(bars):
        start, root = 4 * TICKS * bar, (0, 9, 5, 7)[bar % 4]
        notes += [Note(start + TICKS // 2 * n, 72 + (root + 2 * n) % 12, TICKS // 2, RIGHT) for n in range(8)]
        notes.append(Note(start, 60 + root // 2, 4 * TICKS, RIGHT))
        chord = (0, 7, 12, 16)
        notes += [Note(start + TICKS // 4 * n, 36 + root + chord[n % 4], TICKS // 4, LEFT) for n in range(16)]
    line = tuple(Bar(4 * TICKS * bar, 4, 4) for bar in range(bars))
    return Piece(tuple(sorted(notes)), line, Key(0, "major"), _TEMPO)


def eight_bars() -> Piece:
    """Return what the figures of sheet music are about."""
    return accompanied_melody(8)


def engraved(piece: Piece) -> str:
    """Return a piece's sheet music for a page 1000 pixels wide."""
    from genai_demo.music.engraving import engrave
    from genai_demo.music.score import musicxml

    return engrave(musicxml(piece), 1000).pages[0]


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median time of `work`."""

    def measure(_: int) -> dict[str, float]:
        start = time.perf_counter()
        work()
        return {"ms": (time.perf_counter() - start) * 1000}

    return median(measure, repeats)["ms"]


def sheet_music(repeats: int) -> dict[str, float]:
    """Return milliseconds for eight bars, once in a new process and then step by step."""
    from genai_demo.music.engraving import engrave
    from genai_demo.music.score import musicxml

    first = subprocess.run([sys.executable, "-c", _FIRST], capture_output=True, text=True, check=True)
    piece = eight_bars()
    score = musicxml(piece)
    return {
        "first_ms": float(first.stdout) * 1000,
        "musicxml_ms": milliseconds(lambda: musicxml(piece), repeats),
        "page_svg_ms": milliseconds(lambda: engrave(score, 1000), repeats),
        "print_svg_ms": milliseconds(lambda: engrave(score), repeats),
    }


def sound(piece: Piece, repeats: int) -> dict[str, float]:
    """Return milliseconds from notes to finished audio, and on to files."""
    from genai_demo.music.sound import KINDS, encode, render

    audio = render(piece)
    figures = {"render_ms": milliseconds(lambda: render(piece), repeats)}
    return figures | {f"{kind}_ms": milliseconds(lambda kind=kind: encode(audio, kind), repeats) for kind in KINDS}


def pretty_midi_synthesizer(piece: Piece, repeats: int) -> dict[str, float]:
    """Return milliseconds of the public baseline: `pretty_midi`'s sine waves, from notes to audio."""
    from pretty_midi import Instrument, PrettyMIDI
    from pretty_midi import Note as Struck

    scale = 60 / piece.tempo / TICKS
    instrument = Instrument(0)
    instrument.notes = [Struck(note.velocity, note.pitch, note.start * scale, note.end * scale) for note in piece.notes]
    midi = PrettyMIDI()
    midi.instruments.append(instrument)
    return {"render_ms": milliseconds(lambda: midi.synthesize(44_100), repeats)}


def main() -> None:
    """Print a table, and JSON where asked."""
    options = read_options(__doc__)
    piece = accompanied_melody(round(_SECONDS * _TEMPO / 60 / 4))
    report: dict[str, dict[str, Any]] = {
        "machine": machine(options.threads),
        "8 bars of sheet music": sheet_music(options.repeats),
        f"{_SECONDS} s of sound": sound(piece, options.repeats),
        "pretty_midi synthesize": pretty_midi_synthesizer(piece, options.repeats),
    }
    baseline = report["pretty_midi synthesize"]["render_ms"]
    report["sound over pretty_midi"] = {"render": baseline / report[f"{_SECONDS} s of sound"]["render_ms"]}
    show(report, options.json)


if __name__ == "__main__":
    main()

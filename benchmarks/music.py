"""Speed of piano music: `python -m benchmarks.music [--json FILE]`.

Measures, for each model that is there, eight bars from request to notes, roll and sound, their sheet music, the first
bar of a long piece, and the explanation of eight bars beside the time in which they were written; eight bars from notes
to MusicXML and on to SVG, the first time with all imports and then again; and half a minute of music from notes to
audio, beside `pretty_midi`'s own synthesizer.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.reporting import machine, median, read_options, show
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Bar, Key, Note, Piece

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
    from genai_demo.music.notation.engraving import engrave
    from genai_demo.music.notation.score import musicxml

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
    from genai_demo.music.notation.engraving import engrave
    from genai_demo.music.notation.score import musicxml

    first = subprocess.run([sys.executable, "-c", _FIRST], capture_output=True, text=True, check=True)
    piece = eight_bars()
    score = musicxml(piece)
    return {
        "first_ms": float(first.stdout) * 1000,
        "musicxml_ms": milliseconds(lambda: musicxml(piece), repeats),
        "page_svg_ms": milliseconds(lambda: engrave(score, 1000), repeats),
        "print_svg_ms": milliseconds(lambda: engrave(score), repeats),
    }


def writing(model: str, repeats: int) -> dict[str, float]:
    """Return milliseconds until eight bars are seen as a roll and heard, and then read; and until a long piece begins.

    Args:
        model: "composer" or "gan".
        repeats: runs whose median is taken.
    """
    from genai_demo.music.audio.synthesis import encode, render
    from genai_demo.music.requests import ComposeRequest
    from genai_demo.music.sampling.generation import run
    from genai_demo.music.tokens.roll import to_roll

    def measure(seed: int) -> dict[str, float]:
        start = time.perf_counter()
        piece = list(run(ComposeRequest(model, bars=8, key="C_major", seed=seed)))[-1].compositions[0].piece
        written = time.perf_counter()
        to_roll(piece)
        encode(render(piece), "ogg")
        heard = time.perf_counter()
        engraved(piece)
        read = time.perf_counter()
        next(run(ComposeRequest(model, bars=64, key="C_major", seed=seed)))
        begun = time.perf_counter()
        times = {"notes": written - start, "sound_and_roll": heard - start, "score_more": read - heard}
        return {f"{name}_ms": seconds * 1000 for name, seconds in {**times, "first_bar_of_64": begun - read}.items()}

    return median(measure, repeats)


def rewriting(model: str, repeats: int) -> dict[str, float]:
    """Return milliseconds until two of eight bars are written anew, and until a melody has a left hand."""
    from genai_demo.music.requests import HarmoniseRequest, RewriteRequest
    from genai_demo.music.sampling.generation import run
    from genai_demo.music.tokens.piece_string import write_piece_string

    piece = eight_bars()
    music = write_piece_string(piece)
    melody = write_piece_string(replace(piece, notes=tuple(note for note in piece.notes if note.hand == RIGHT)))

    def measure(seed: int) -> dict[str, float]:
        start = time.perf_counter()
        list(run(RewriteRequest(music, 3, 4, seed=seed, model=model)))
        middle = time.perf_counter()
        list(run(HarmoniseRequest(melody, seed=seed, model=model)))
        return {"2_bars_ms": (middle - start) * 1000, "left_hand_ms": (time.perf_counter() - middle) * 1000}

    return median(measure, repeats)


def explaining(model: str, repeats: int) -> dict[str, float]:
    """Return milliseconds to explain eight bars that are there, beside those in which they were written.

    Args:
        model: "composer", "gan", or "masked", which writes two of the bars.
        repeats: runs whose median is taken.
    """
    from genai_demo.music.explaining.explanation import explain, taken_up
    from genai_demo.music.requests import ComposeRequest, RewriteRequest
    from genai_demo.music.sampling.generation import run
    from genai_demo.music.tokens.piece_string import write_piece_string

    given = write_piece_string(eight_bars())

    def measure(seed: int) -> dict[str, float]:
        start = time.perf_counter()
        if model == "masked":
            update = list(run(RewriteRequest(given, 3, 4, seed=seed, model=model)))[-1]
        else:
            update = list(run(ComposeRequest(model, bars=8, key="C_major", seed=seed)))[-1]
        written = time.perf_counter()
        piece = update.compositions[0].piece
        explain(update.receipts[0], piece)
        told = time.perf_counter()
        taken_up(update.receipts[0], piece)
        hidden = time.perf_counter()
        times = {"explain": told - written, "explain_bars": hidden - told}
        share = (told - written) / (written - start)
        return {f"{name}_ms": seconds * 1000 for name, seconds in times.items()} | {"explain_to_write": share}

    return median(measure, repeats)


def models(repeats: int) -> dict[str, dict[str, float]]:
    """Return the figures of every model that is there, and how many weights it has."""
    from genai_demo.music.requests import HARMONISERS, MODELS
    from genai_demo.music.sampling.loading import FOLDERS, load, problem

    found: dict[str, dict[str, float]] = {}
    for model in FOLDERS:
        if problem(model) is None:
            weights = sum(weight.numel() for weight in load(model).network.parameters())
            found[f"{model}, 8 bars"] = {"parameters": float(weights)}
            if model in MODELS:
                found[f"{model}, 8 bars"] |= writing(model, repeats)
            if model in HARMONISERS:
                found[f"{model}, 8 bars"] |= rewriting(model, repeats)
            found[f"{model}, 8 bars"] |= explaining(model, repeats)
    return found


def sound(piece: Piece, repeats: int) -> dict[str, float]:
    """Return milliseconds from notes to finished audio, and on to files."""
    from genai_demo.music.audio.synthesis import KINDS, encode, render

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

    import torch

    torch.set_num_threads(options.threads)
    piece = accompanied_melody(round(_SECONDS * _TEMPO / 60 / 4))
    report: dict[str, dict[str, Any]] = {
        "machine": machine(options.threads),
        **models(options.repeats),
        "8 bars of sheet music": sheet_music(options.repeats),
        f"{_SECONDS} s of sound": sound(piece, options.repeats),
        "pretty_midi synthesize": pretty_midi_synthesizer(piece, options.repeats),
    }
    baseline = report["pretty_midi synthesize"]["render_ms"]
    report["sound over pretty_midi"] = {"render": baseline / report[f"{_SECONDS} s of sound"]["render_ms"]}
    show(report, options.json)


if __name__ == "__main__":
    main()

"""Sound: a piece becomes stereo audio by a sampled piano, at the same loudness as every other piece."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import Receipt, origin
from genai_demo.errors import UserError
from genai_demo.marks.writing import marked
from genai_demo.music.audio.performance import Sounding, perform, seconds_at
from genai_demo.music.audio.sampler import RATE, Piano
from genai_demo.music.audio.soundfont import read_piano, soundfont
from genai_demo.music.theory.piece import Piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAIL = 2.5
"""seconds that the last chord rings on"""
_FADE = 1.5
"""seconds over which the end falls silent"""
LOUDNESS = -20.0
"""decibels below full scale to which the louder moments are brought on average"""
PEAK = 0.95
_KNEE = 0.6
"""level above which peaks are rounded off"""
_BLOCK, _GATE = 0.4, 10.0
"""seconds of a block, and decibels below the mean from which on a block counts as silence"""
_WRITTEN = 2**16
"""samples handed over at once: the Vorbis encoder lays them all on the stack, and minutes of music overflow it"""
KINDS = {"wav": "PCM_16", "flac": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
"""audio files that can be written, and how `libsndfile` calls what is inside"""


@cache
def _piano(file: Path) -> Piano:
    try:
        return Piano(read_piano(file.read_bytes()))
    except ValueError as error:
        raise UserError("music.no_soundfont", file=file) from error


def render(piece: Piece, ritardando: bool = True) -> NDArray[np.float32]:
    """Return a piece as audio (N, 2), `RATE` samples per second, within -`PEAK` to `PEAK`.

    It lasts as long as the piece, with the ritardando's share, and `TAIL` seconds.

    Args:
        piece: what to play.
        ritardando: whether the last bar slows down.

    Raises:
        UserError: the SoundFont of the settings cannot be used.
    """
    end = seconds_at(piece, piece.end, ritardando) + TAIL
    return finish(_synthesize(perform(piece, ritardando), end, soundfont()), round(end * RATE))


def _synthesize(notes: list[Sounding], end: float, font: Path) -> NDArray[np.float32]:
    """Return the sound (N, 2) of notes; those that last until the piece's end ring on until `end`."""
    ringing = end - TAIL - 0.01
    timed = [
        (round(note.start * RATE), round((end if note.end >= ringing else note.end) * RATE), note.pitch, note.velocity)
        for note in notes
    ]
    return _piano(font).play(timed, round(end * RATE)).T  # (2, N) -> (N, 2)


def finish(sound: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Return raw sound (N, 2) with `length` samples, a fade at its end, even loudness and no peak above `PEAK`.

    Loudness is the mean power of blocks of `_BLOCK` seconds that are not silence, as in ITU-R BS.1770-5, section 2,
    without its filter for the ear. Peaks that would then reach beyond `_KNEE` are rounded off by a hyperbolic tangent.
    """
    whole = np.zeros((length, 2), np.float32)
    whole[: len(sound)] = sound[:length]
    fade = min(round(_FADE * RATE), length)
    whole[length - fade :] *= np.cos(np.linspace(0, np.pi / 2, fade, dtype=np.float32))[:, None] ** 2
    level = loudness(whole)
    if level == -np.inf:
        return whole
    whole *= np.float32(10 ** ((LOUDNESS - level) / 20))
    over = np.abs(whole) > _KNEE
    room = PEAK - _KNEE
    whole[over] = np.sign(whole[over]) * (_KNEE + room * np.tanh((np.abs(whole[over]) - _KNEE) / room))
    return whole


def loudness(sound: NDArray[np.float32]) -> float:
    """Return how loud sound (N, 2) is, in decibels of full scale; minus infinity for silence."""
    block = round(_BLOCK * RATE)
    padded = np.zeros((-(-max(len(sound), 1) // block) * block, 2), np.float32)
    padded[: len(sound)] = sound
    power = (padded.reshape(-1, block, 2) ** 2).mean((1, 2), dtype=np.float64)  # (N, 2) -> (blocks,)
    heard = power[power > power.mean() * 10 ** (-_GATE / 10)]
    return 10 * float(np.log10(heard.mean())) if len(heard) else -np.inf


def marked_sound(sound: NDArray[np.float32], kind: str, receipt: Receipt | None, title: str = "") -> bytes:
    """Return audio as the content of a file that says that a machine made it, and how to make it again.

    Args:
        sound, kind: as in `encode`.
        receipt: None for what cannot be made again from a receipt alone.
        title: for players.

    Raises:
        UserError: no such kind of file.
    """
    return marked(encode(sound, kind, title), origin(message("music.machine_made"), receipt, title))


def encode(sound: NDArray[np.float32], kind: str, title: str = "") -> bytes:
    """Return audio as the content of a file.

    Args:
        sound: (N, 2) within -1 to 1, `RATE` samples per second.
        kind: one of `KINDS`.
        title: for players.

    Raises:
        UserError: no such kind of file.
    """
    if kind not in KINDS:
        raise UserError("music.audio_kind", value=kind, known=", ".join(KINDS))
    import soundfile

    stream = io.BytesIO()
    with soundfile.SoundFile(stream, "w", RATE, sound.shape[1], KINDS[kind], format=kind.upper()) as file:
        if title and kind != "mp3":  # whose ID3 tag libsndfile writes in Latin letters only
            file.title = title
        for start in range(0, len(sound), _WRITTEN):
            file.write(sound[start : start + _WRITTEN])
    return stream.getvalue()

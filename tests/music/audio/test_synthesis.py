"""Audio has the right length, even loudness and room to ring out, and comes back from every kind of file."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.generation.receipts import Receipt, receipt_in
from genai_demo.errors import UserError
from genai_demo.marks.reading import Marks, read_marks
from genai_demo.music.audio.performance import seconds_at
from genai_demo.music.audio.soundfont import soundfont
from genai_demo.music.audio.synthesis import (
    KINDS,
    LOUDNESS,
    PEAK,
    RATE,
    TAIL,
    encode,
    finish,
    loudness,
    marked_sound,
    render,
)
from genai_demo.music.theory.piece import Note, Piece
from genai_demo.settings import settings as installation
from tests.helpers.scores import any_pieces, bars, piece

TUNE = piece([(0, 1, 60), (1, 1, 64), (2, 2, 67)], [(0, 4, 48)])


@settings(max_examples=15)
@given(any_pieces())
def test_every_piece_has_its_length_and_does_not_clip(piece: Piece) -> None:
    sound = render(piece)
    assert sound.dtype == np.float32
    assert sound.shape == (round((seconds_at(piece, piece.end) + TAIL) * RATE), 2)
    assert np.abs(sound).max(initial=0) <= PEAK
    assert sound.any() == bool(piece.notes)
    if piece.notes:
        assert loudness(sound) == pytest.approx(LOUDNESS, abs=1)


def test_the_same_piece_sounds_the_same() -> None:
    assert (render(TUNE) == render(TUNE)).all()


@pytest.mark.parametrize("velocity", [20, 120])
def test_soft_and_loud_pieces_are_equally_loud(velocity: int) -> None:
    made = Piece(
        tuple(Note(note.start, note.pitch, note.length, note.hand, velocity) for note in TUNE.notes), TUNE.bars
    )
    assert loudness(render(made)) == pytest.approx(LOUDNESS, abs=0.5)


def test_the_last_chord_rings_on_and_falls_silent() -> None:
    sound = np.abs(render(TUNE))
    end = round(seconds_at(TUNE, TUNE.end) * RATE)
    assert sound[end : end + RATE // 2].max() > 0.01
    assert sound[-100:].max() < 0.001
    halves = [float((sound[start : start + RATE // 2] ** 2).mean()) for start in range(end, len(sound), RATE // 2)]
    assert halves == sorted(halves, reverse=True)


@pytest.mark.parametrize("pitch", [33, 45, 57, 60, 69, 81, 93, 105])
def test_every_key_sounds_its_own_pitch(pitch: int) -> None:
    sound = render(piece([(0, 4, pitch)]))[: 2 * RATE, 0]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 8 * len(sound)))
    hertz = np.fft.rfftfreq(8 * len(sound), 1 / RATE)
    expected = 440 * 2 ** ((pitch - 69) / 12)
    near = (hertz > expected * 0.7) & (hertz < expected * 1.4)
    found = hertz[near][spectrum[near].argmax()]
    assert abs(1200 * np.log2(found / expected)) < 10, "cents"
    assert spectrum[hertz < expected * 0.7].max() < spectrum[near].max() / 5, "nothing sounds below it"


@given(st.floats(0.001, 50), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_finishing_keeps_below_the_ceiling_whatever_comes_in(gain: float, seconds: int, seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal((seconds * 4000, 2)).astype(np.float32) * np.float32(gain)
    finished = finish(noise, seconds * RATE)
    assert finished.shape == (seconds * RATE, 2)
    assert np.abs(finished).max() <= PEAK
    assert loudness(finished) == pytest.approx(LOUDNESS, abs=1)


def test_silence_stays_silent() -> None:
    assert not finish(np.zeros((0, 2), np.float32), RATE).any()
    assert not render(Piece((), bars((4, 4)))).any()


def test_loudness_is_that_of_a_sine() -> None:
    sine = np.sin(np.arange(RATE * 2) * 2 * np.pi * 440 / RATE).astype(np.float32)[:, None].repeat(2, 1)
    assert loudness(sine) == pytest.approx(-3.01, abs=0.02)
    rests = np.concatenate([sine, np.zeros_like(sine), sine])
    assert loudness(rests) == pytest.approx(-3.01, abs=0.2), "pauses do not count"


@pytest.mark.parametrize("kind", KINDS)
def test_files_hold_the_sound_and_its_receipt(kind: str) -> None:
    sound, receipt = render(TUNE), Receipt("music", "generate", "piano", "ab", {"title": "夜曲"})
    content = encode(sound, kind) if kind == "flac" else marked_sound(sound, kind, receipt, "夜曲")
    with soundfile.SoundFile(io.BytesIO(content)) as file:
        back = file.read(dtype="float32")
        assert (file.samplerate, file.channels) == (RATE, 2)
        assert kind in ("flac", "mp3") or file.title == "夜曲"
    assert kind == "flac" or receipt_in(content, "a sound") == receipt
    assert abs(len(back) - len(sound)) <= 1152
    shared = min(len(back), len(sound))
    off = np.sqrt(((back[:shared] - sound[:shared]) ** 2).mean()) / np.sqrt((sound**2).mean())
    assert off < (0.001 if kind in ("wav", "flac") else 0.2)
    with soundfile.SoundFile(io.BytesIO(encode(sound, kind))) as file:
        assert np.array_equal(file.read(dtype="float32"), back), "marks leave every sample as it is"
    assert read_marks(encode(sound, kind)) == Marks(f"audio/{kind if kind != 'mp3' else 'mpeg'}")


def test_wav_is_what_everybody_reads() -> None:
    with wave.open(io.BytesIO(encode(render(TUNE), "wav"))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)


def test_minutes_of_music_can_be_encoded() -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (RATE * 200, 2)).astype(np.float32)
    with soundfile.SoundFile(io.BytesIO(encode(noise, "ogg"))) as file:
        assert file.frames == len(noise)


def test_other_kinds_are_refused() -> None:
    with pytest.raises(UserError) as refusal:
        encode(np.zeros((4, 2), np.float32), "aac")
    assert refusal.value.key == "music.audio_kind" and "aac" in str(refusal.value) and "mp3" in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "key"),
    [(None, "music.no_soundfont_file"), (b"RIFF1234WAVE", "music.no_soundfont"), (b"", "music.no_soundfont")],
)
def test_a_soundfont_that_is_none(content: Any, key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "piano.sf2"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("GENAI_DEMO_SOUNDFONT", str(file))
    with pytest.raises(UserError) as refusal:
        render(TUNE)
    assert refusal.value.key == key
    for language in LANGUAGES:
        assert "piano.sf2" in refusal.value.in_language(language)
        assert "GENAI_DEMO_SOUNDFONT" in refusal.value.in_language(language)


def test_another_soundfont_is_played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usual = render(TUNE)
    copy = tmp_path / "copy.sf2"
    copy.write_bytes(soundfont().read_bytes())
    monkeypatch.setenv("GENAI_DEMO_SOUNDFONT", str(copy))
    installation.cache_clear()
    assert soundfont() == copy
    assert (render(TUNE) == usual).all()


@pytest.mark.parametrize("damage", ["cut", "empty"])
def test_a_damaged_soundfont_is_refused(damage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "piano.sf2"
    whole = soundfont().read_bytes()
    file.write_bytes(whole[: 50_000 if damage == "cut" else 12])
    monkeypatch.setenv("GENAI_DEMO_SOUNDFONT", str(file))
    installation.cache_clear()
    with pytest.raises(UserError) as refusal:
        render(TUNE)
    assert refusal.value.key == "music.no_soundfont"

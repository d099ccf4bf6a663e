"""Keys sound as their SoundFont says: level, pitch, loops, filter, and how they fall silent once they are let go."""

from __future__ import annotations

import io
import math
import struct
import wave
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from genai_demo.music.audio.sampler import RATE, Piano
from genai_demo.music.audio.soundfont import read_piano, soundfont
from tests.helpers.programs import run

USUAL = soundfont().read_bytes()
WAVES = 441
"""hertz of the tone in the SoundFonts made here"""
RELEASE = 1.044
"""seconds of the release that the usual piano states for its middle keys"""
TIMECENTS = 38
"""number of the generator that states it"""


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def font(*zones: dict[int, int], common: dict[int, int] | None = None, packed: bool = False, root: int = 69) -> bytes:
    """Return a SoundFont whose piano has zones with these generators, a pure tone of half a second in each.

    Args:
        zones: numbers and amounts of generators.
        common: generators of the preset, on top of all zones.
        packed: whether its samples are compressed, as in .sf3 files.
        root: key at which the header says that the tone sounds as it is.
    """
    tone = np.sin(np.arange(RATE // 2) * 2 * np.pi * WAVES / RATE) * 0.5
    data = (tone * 32767).astype("<i2").tobytes()
    kind, end = 1, len(tone)
    if packed:
        stream = io.BytesIO()
        soundfile.write(stream, tone, RATE, "VORBIS", format="OGG")
        data, kind = stream.getvalue(), 17
        end = len(data)
    loop = struct.pack("<5IBbHH", 0, end, 22_000 - 100 * 10, 22_000, RATE, root, 0, 0, kind)
    inner = [{**zone, 54: zone.get(54, 1), 53: 0} for zone in zones]
    tables = {
        b"phdr": struct.pack("<20sHHH12x", b"P", 0, 0, 0) + struct.pack("<20sHHH12x", b"EOP", 0, 0, 1),
        b"pbag": struct.pack("<4H", 0, 0, len(common or {}) + 1, 0),
        b"pmod": bytes(10),
        b"pgen": listed({**(common or {}), 41: 0}) + bytes(4),
        b"inst": struct.pack("<20sH", b"I", 0) + struct.pack("<20sH", b"EOI", len(zones)),
        b"ibag": b"".join(struct.pack("<HH", sum(map(len, inner[:place])), 0) for place in range(len(inner) + 1)),
        b"imod": bytes(10),
        b"igen": b"".join(map(listed, inner)) + bytes(4),
        b"shdr": struct.pack("<20s", b"S") + loop + struct.pack("<20s26x", b"EOS"),
    }
    parts = b"pdta" + b"".join(chunk(name, table) for name, table in tables.items())
    samples = b"sdta" + chunk(b"smpl", data)
    return chunk(b"RIFF", b"sfbk" + chunk(b"LIST", b"INFO") + chunk(b"LIST", samples) + chunk(b"LIST", parts))


def listed(generators: dict[int, int]) -> bytes:
    return b"".join(struct.pack("<Hh", number, amount) for number, amount in generators.items())


def played(
    content: bytes, pitch: int = 69, velocity: int = 127, held: float = 1.0, seconds: float = 3.0
) -> NDArray[np.float32]:
    piano = Piano(read_piano(content))
    return piano.play([(0, round(held * RATE), pitch, velocity)], round(seconds * RATE))


def level(sound: NDArray[np.float32], at: float, width: float = 0.02) -> float:
    """Return the decibels of a moment."""
    part = sound[0, round(at * RATE) : round((at + width) * RATE)]
    return 10 * math.log10(float((part**2).mean()) + 1e-20)


def hertz(sound: NDArray[np.float32]) -> float:
    part = sound[0, RATE // 10 : RATE]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 8 * len(part)))
    return float(spectrum.argmax()) * RATE / (8 * len(part))


@pytest.mark.parametrize("timecents", [-1200, 0, 75, 1200])
def test_a_key_falls_silent_over_its_release(timecents: int) -> None:
    release = 2 ** (timecents / 1200)
    sound = played(font({TIMECENTS: timecents}), seconds=4)
    for share in (0.05, 0.2, 0.5, 0.7):
        fallen = level(sound, 0.9) - level(sound, 1 + share * release)
        assert fallen == pytest.approx(100 * (share + 0.01 / release), abs=1.5)
    assert not sound[:, round((1 + release) * RATE) :].any()


@pytest.mark.parametrize("pitch", [30, 45, 60, 72, 84, 93])
def test_the_usual_piano_falls_silent_as_it_says(pitch: int) -> None:
    zones = [zone for zone in read_piano(USUAL) if zone.keys[0] <= pitch <= zone.keys[1]]
    assert [2 ** (zone.generators[TIMECENTS] / 1200) for zone in zones] == [pytest.approx(RELEASE, abs=0.001)]
    still, let_go = played(USUAL, pitch, held=3), played(USUAL, pitch, held=0.5)
    for since in (0.1, 0.2, 0.4, 0.6):
        fallen = (level(still, 0.5 + since) - level(let_go, 0.5 + since)) - (level(still, 0.5) - level(let_go, 0.5))
        assert fallen == pytest.approx(100 * since / RELEASE, abs=6), "but for how a key falls that is held"
    assert not let_go[:, round((0.5 + RELEASE) * RATE) :].any()


def test_a_key_that_is_held_falls_as_its_decay_says() -> None:
    sound = played(font({35: -1200, 36: 2400, 37: 300}), held=3)  # half a second, then 4 to nothing, 30 dB at most
    assert level(sound, 0.1) == pytest.approx(level(sound, 0.4), abs=0.2)
    assert level(sound, 0.4) - level(sound, 1.49) == pytest.approx(25, abs=0.5)
    assert level(sound, 0.4) - level(sound, 2.5) == pytest.approx(30, abs=0.2)


def test_velocity_is_heard() -> None:
    soft, loud = (level(played(USUAL, 60, velocity), 0.2) for velocity in (40, 80))
    assert loud - soft == pytest.approx(40 * math.log10(2), abs=0.1)


@pytest.mark.parametrize(
    ("generators", "pitch", "expected"),
    [
        ({}, 69, WAVES),
        ({}, 81, 2 * WAVES),
        ({}, 57, WAVES / 2),
        ({58: 57}, 69, 2 * WAVES),  # the zone's root stands above the header's
        ({51: 12}, 69, 2 * WAVES),
        ({52: 50}, 69, WAVES * 2 ** (1 / 24)),
        ({56: 50}, 81, WAVES * 2**0.5),
    ],
)
def test_pitch(generators: dict[int, int], pitch: int, expected: float) -> None:
    assert hertz(played(font(generators), pitch)) == pytest.approx(expected, rel=0.001)


def test_a_loop_goes_on_and_a_sample_without_one_ends() -> None:
    round_, once = played(font({}), held=2.5), played(font({54: 0}), held=2.5)
    assert level(round_, 2.4) == pytest.approx(level(round_, 0.2), abs=0.1)
    assert not once[:, RATE // 2 :].any() and once[:, : RATE // 2 - 100].any()


def test_zones_have_their_keys_and_velocities_and_sides() -> None:
    left = {43: 0 | 68 << 8, 17: -500}
    right = {43: 69 | 127 << 8, 44: 0 | 63 << 8, 17: 500}
    low, high, none = (played(font(left, right), pitch, velocity) for pitch, velocity in ((60, 90), (70, 60), (70, 64)))
    assert low[0].any() and not low[1].any()
    assert np.abs(high[0]).max() < 1e-6 < np.abs(high[1]).max()
    assert not none.any()


def test_what_the_preset_says_comes_on_top() -> None:
    quiet = played(font({}, common={48: 100}))
    assert level(played(font({})), 0.2) - level(quiet, 0.2) == pytest.approx(4, abs=0.1)  # 0.4 of 10 dB
    assert hertz(played(font({51: 5}, common={51: 7}))) == pytest.approx(2 * WAVES, rel=0.001)


def test_a_filter_closes() -> None:
    open_, closed = played(font({}), held=2.5), played(font({8: 6900 - 1200}))  # 220 Hz
    assert level(open_, 0.3) - level(closed, 0.3) == pytest.approx(12.3, abs=1), "an octave above its cutoff"
    swept = played(font({8: 5700, 11: 6000, 27: -1200, 28: 0, 29: 1000}), held=2.5)
    assert level(swept, 0.3) - level(open_, 0.3) == pytest.approx(0, abs=0.5)
    assert level(open_, 2.2) - level(swept, 2.2) == pytest.approx(12.3, abs=1)


def test_compressed_samples() -> None:
    plain, packed = played(font({})), played(font({}, packed=True))
    assert level(packed, 0.3) == pytest.approx(level(plain, 0.3), abs=0.3)
    assert hertz(packed) == pytest.approx(WAVES, rel=0.001)


def test_a_piece_sounds_the_same_whatever_was_played_before() -> None:
    fresh, used = Piano(read_piano(USUAL)), Piano(read_piano(USUAL))
    notes = [(0, RATE, 60, 80), (RATE // 2, 2 * RATE, 64, 50)]
    used.play([(0, 9 * RATE, 60, 100), (0, 100, 64, 30)], 10 * RATE)
    assert (fresh.play(notes, 3 * RATE) == used.play(notes, 3 * RATE)).all()


@pytest.mark.parametrize(
    "note", [(0, 0, 60, 80), (0, 10 * RATE, 60, 80), (RATE - 1, RATE, 60, 80), (RATE, 2 * RATE, 60, 80), (5, 6, 60, 1)]
)
def test_notes_at_the_edge(note: tuple[int, int, int, int]) -> None:
    assert np.isfinite(Piano(read_piano(USUAL)).play([note], RATE)).all()


@pytest.mark.parametrize("length", [0, 12, 100, 5_000_000, -1000, -1])
def test_what_breaks_off_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="not a whole SoundFont"):
        read_piano(USUAL[:length])


@pytest.mark.parametrize("zones", [[], [{53: 0, 0: 100, 1: -30_000}], [{0: 32_000}]])
def test_a_piano_without_samples_is_refused(zones: list[dict[int, int]]) -> None:
    with pytest.raises(ValueError, match="SoundFont"):
        read_piano(font(*zones))


@pytest.mark.programs
@pytest.mark.parametrize("pitch", [36, 60, 84])
def test_fluidsynth_plays_it_alike(pitch: int, tmp_path: Path) -> None:
    def theirs(held: float, velocity: int = 80) -> NDArray[np.float32]:
        track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=1_000_000)])
        track.append(mido.Message("note_on", note=pitch, velocity=velocity))
        track.append(mido.Message("note_off", note=pitch, time=round(held * 1000)))
        track.append(mido.MetaMessage("end_of_track", time=3000))
        mido.MidiFile(tracks=[track], ticks_per_beat=1000).save(tmp_path / "a.mid")
        words = ["-ni", "-r", RATE, "-R", 0, "-C", 0, "-g", 5, "-F", "a.wav", soundfont(), "a.mid"]
        run("fluidsynth", *(str(word) for word in words), folder=tmp_path)
        with wave.open(str(tmp_path / "a.wav")) as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).T
        return sound.astype(np.float32) / 32768

    def ours(held: float, velocity: int = 80) -> NDArray[np.float32]:
        return played(USUAL, pitch, velocity, held)

    def course(play: object) -> list[float]:
        assert callable(play)
        still, let_go = play(2.5), play(0.5)
        moments = [level(still, at) - level(still, 0.1) for at in (0.0, 0.3, 0.6, 1.2, 2.0)]
        moments += [level(let_go, at) - level(still, at) for at in (0.55, 0.6, 0.7, 0.8)]
        return [*moments, level(play(2.5, 120), 0.2) - level(play(2.5, 60), 0.2)]

    assert course(ours) == pytest.approx(course(theirs), abs=2)
    assert hertz(ours(2.5)) == pytest.approx(hertz(theirs(2.5)), rel=0.001)

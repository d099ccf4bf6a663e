"""A sampled piano: how a key sounds while it is held and after it is let go, as its SoundFont says.

After the SoundFont Technical Specification 2.04 (Creative Technology 2006), section 9: the sample at its pitch, a
low-pass filter and a level, each with an envelope. Vibrato and other modulation, which no piano has, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from genai_demo.music.audio.soundfont import Envelope, Zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 44_100
"""samples per second"""
FLOOR = 100.0
"""decibels below its peak at which a level counts as nothing: times of envelopes are for this way (section 8.1.3)"""
_HEARD = 80.0
"""decibels of a release that are played"""
_SILENT = 1e-6
"""level before a key sounds, so that no level is 0"""
_LOUDEST = 127
_HOP, _RAMP = 3072, 512
"""samples over which the filter stands still, and over which one such stretch is faded into the next"""
_SPECTRUM = _HOP + 2 * _RAMP
"""samples of a Fourier transform: a stretch, its fade, and room for the filter to ring"""
_FINE = 25
"""cents by which the filter moves"""
_OPEN = 13_500
"""cents of a filter that lets all pass"""
_HELD = 2
"""seconds of a key that are made at least, to be used again"""


class Piano:
    """The zones of a piano, played."""

    def __init__(self, zones: tuple[Zone, ...]) -> None:
        self._zones = zones
        self._key = lru_cache(maxsize=256)(_key)

    def play(self, notes: Iterable[tuple[int, int, int, int]], length: int) -> NDArray[np.float32]:
        """Return the sound (2, length) of notes.

        Args:
            notes: first sample, sample at which the key is let go, pitch, velocity.
            length: samples.
        """
        by_place: dict[float, list[tuple[Zone, tuple[int, int, int, int]]]] = {}
        for note in notes:
            for zone in self._zones:
                if zone.keys[0] <= note[2] <= zone.keys[1] and zone.velocities[0] <= note[3] <= zone.velocities[1]:
                    by_place.setdefault(zone.pan, []).append((zone, note))
        sound = np.zeros((2, length), np.float32)
        for pan, played in by_place.items():
            line = np.zeros(length, np.float32)
            for zone, note in played:
                self._add(line, zone, *note)
            angle = (pan + 0.5) * np.pi / 2
            for channel, share in zip(sound, (np.cos(angle), np.sin(angle)), strict=True):
                channel += line * np.float32(share)
        return sound

    def _add(self, line: NDArray[np.float32], zone: Zone, start: int, end: int, pitch: int, velocity: int) -> None:
        """Add one note of one zone to sound (N,)."""
        # The velocity is squared: 960 centibels over a concave curve (section 8.4.1).
        gain = np.float32(zone.gain * (velocity / _LOUDEST) ** 2)
        fall = _release(zone.level(pitch).release)[: max(len(line) - end, 0)]
        # Made in powers of two, so that a piece sounds the same whatever was played before.
        seconds = _HELD << max(0, (end - start + len(fall) - 1) // (_HELD * RATE)).bit_length()
        sound, level = self._key(zone, pitch, seconds)
        held = min(end - start, len(sound), len(line) - start)
        if held < 1:
            return
        line[start : start + held] += sound[:held] * gain
        ringing = min(len(fall), len(sound) - held)
        if ringing > 0:
            # A key that is let go no longer falls as one that is held.
            still = sound[held : held + ringing] * (level[held - 1] * gain / level[held : held + ringing])
            line[start + held : start + held + ringing] += still * fall[:ringing]


@lru_cache(maxsize=64)
def _release(seconds: float) -> NDArray[np.float32]:
    """Return how a key falls silent that was let go, (N,) from 1 on; `seconds` are those of its envelope."""
    steps = np.arange(1, round(seconds * _HEARD / FLOOR * RATE) + 1, dtype=np.float32)
    return np.exp(steps * np.float32(-_nepers(FLOOR) / (seconds * RATE)))


def _nepers(decibels: float) -> float:
    return decibels * np.log(10) / 20


def _key(zone: Zone, pitch: int, seconds: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a key that is held, for at most some seconds: its sound (N,), and the level within it, above 0, (N,)."""
    sound = _filtered(_sample(zone, pitch, seconds), zone, zone.filter(pitch))
    level = _level(zone.level(pitch), seconds)[: len(sound)]
    return sound * level, level


@lru_cache(maxsize=64)
def _level(envelope: Envelope, seconds: int) -> NDArray[np.float32]:
    """Return how loud a key is that is held, (seconds * RATE,) from 0 to 1: a fall is a straight line in decibels."""
    since = np.arange(seconds * RATE, dtype=np.float32) / np.float32(RATE) - np.float32(envelope.delay)
    fallen = (since - np.float32(envelope.attack + envelope.hold)) * np.float32(FLOOR / envelope.decay)
    decibels = np.clip(fallen, 0, min(max(envelope.sustain, 0), FLOOR))
    return np.exp(decibels * np.float32(-_nepers(1))) * np.clip(since / np.float32(envelope.attack), _SILENT, 1)


def _sample(zone: Zone, pitch: int, seconds: int) -> NDArray[np.float32]:
    """Return the sample of a zone at the pitch of a key, for at most some seconds: (N,)."""
    step = 2 ** ((pitch - zone.root) * zone.scale / 12) * zone.rate / RATE
    places = np.arange(seconds * RATE, dtype=np.float64) * step
    if zone.loop:
        first, behind = zone.loop
        around = places[np.searchsorted(places, behind) :]
        around -= first
        np.mod(around, behind - first, out=around)
        around += first
    else:
        places = places[: np.searchsorted(places, len(zone.samples) - 1)]
    return _between(zone.samples, places)


def _between(samples: NDArray[np.float32], places: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return samples (N,) at places between them, by cubic curves through four neighbours (Catmull-Rom)."""
    padded = np.concatenate([samples[:1], samples, samples[-1:].repeat(2)])
    left = places.astype(np.intp)
    part = (places - left).astype(np.float32)
    before, one, other, behind = (padded[shift:].take(left) for shift in range(4))
    slope = (other - before) / 2
    square = before - 2.5 * one + 2 * other - behind / 2
    cube = (behind - before) / 2 + 1.5 * (one - other)
    return ((cube * part + square) * part + slope) * part + one


def _filtered(sound: NDArray[np.float32], zone: Zone, envelope: Envelope) -> NDArray[np.float32]:
    """Return sound (N,) behind the zone's low-pass filter, which moves from stretch to stretch."""
    if zone.cutoff + min(zone.sweep, 0) >= _OPEN or not len(sound):
        return sound
    count = -(-(len(sound) + _RAMP) // _HOP)
    padded = np.zeros(count * _HOP + _RAMP, np.float32)
    padded[_RAMP : _RAMP + len(sound)] = sound
    rise = np.sin(np.linspace(0, np.pi / 2, _RAMP, endpoint=False, dtype=np.float32)) ** 2
    window = np.concatenate([rise, np.ones(_HOP - _RAMP, np.float32), 1 - rise])
    stretches = np.lib.stride_tricks.sliding_window_view(padded, _HOP + _RAMP)[::_HOP] * window
    since = (np.arange(count) * _HOP + _HOP / 2) / RATE - envelope.delay
    opened = np.clip(since / envelope.attack, 0, 1)
    opened -= np.clip((since - envelope.attack - envelope.hold) / envelope.decay, 0, 1 - envelope.sustain)
    cents = np.minimum(zone.cutoff + zone.sweep * np.maximum(opened, 0), _OPEN)
    response = np.stack([_response(round(value / _FINE), zone.resonance) for value in cents.tolist()])
    rung = np.fft.irfft(np.fft.rfft(stretches, _SPECTRUM) * response, _SPECTRUM)  # (count, _SPECTRUM)
    whole = np.zeros((count + 1, _HOP), np.float32)
    whole[:-1] = rung[:, :_HOP]
    whole[1:, : 2 * _RAMP] += rung[:, _HOP:]
    return whole.ravel()[_RAMP : _RAMP + len(sound)]


@lru_cache(maxsize=1024)
def _response(step: int, resonance: float) -> NDArray[np.complex64]:
    """Return what a second-order low-pass filter does to each frequency, (_SPECTRUM / 2 + 1,).

    The coefficients are those of R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".

    Args:
        step: of its cutoff, `_FINE` cents each.
        resonance: decibels at the cutoff, above none.
    """
    angle = 2 * np.pi * min(8.176 * 2 ** (step * _FINE / 1200), 0.45 * RATE) / RATE
    alpha = np.sin(angle) / (2 * 10 ** ((resonance - 3.01) / 20))
    turn = np.exp(-2j * np.pi * np.arange(_SPECTRUM // 2 + 1) / _SPECTRUM)
    top = (1 - np.cos(angle)) / 2 * (1 + turn) ** 2
    return (top / (1 + alpha - 2 * np.cos(angle) * turn + (1 - alpha) * turn**2)).astype(np.complex64)

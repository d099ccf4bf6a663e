"""SoundFonts: which one is played, and what its piano is made of.

Read after the SoundFont Technical Specification 2.04 (Creative Technology 2006), sections 7 and 8, with compressed
samples as MuseScore's .sf3 files have them. There are libraries: `symusic` 0.5.9 plays every note equally loud, ends
it a thousand times too fast, and at octaves that the zones do not mean; `tinysoundfont` 0.3.7 needs five times as long,
and its package asks for one that has to be compiled on Linux; FluidSynth is no Python package.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from genai_demo.errors import UserError
from genai_demo.settings import settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Generators by their numbers in the specification, section 8.1.2.
_START, _END, _LOOP_START, _LOOP_END = (0, 4), (1, 12), (2, 45), (3, 50)
"""fine offset in samples, and coarse one in `_COARSE` samples"""
_COARSE = 32768
_CUTOFF, _RESONANCE, _SWEEP, _PAN = 8, 9, 11, 17
_FILTER_ENVELOPE, _LEVEL_ENVELOPE = 25, 33
"""the first of six numbers: delay, attack, hold, decay, sustain, release"""
_KEY_TO_FILTER_HOLD, _KEY_TO_LEVEL_HOLD = 31, 39
"""the first of two numbers: for hold and decay"""
_INSTRUMENT, _KEYS, _VELOCITIES, _ATTENUATION = 41, 43, 44, 48
_SEMITONES, _CENTS, _SAMPLE, _MODE, _SCALE, _ROOT = 51, 52, 53, 54, 56, 58
_DEFAULTS = {
    **dict.fromkeys((25, 26, 27, 28, 30, 33, 34, 35, 36, 38), -12000),
    _CUTOFF: 13500,
    _SCALE: 100,
    _ROOT: -1,
}
"""of the generators that are not 0 where nothing is said"""
_NOT_ADDED = {*_START, *_END, *_LOOP_START, *_LOOP_END, _MODE, _ROOT, _SAMPLE, _INSTRUMENT}
"""generators that a preset cannot change"""
_RANGES = (_KEYS, _VELOCITIES)
_WHOLE_RANGE = 127 << 8
_COMPRESSED = 0x10
"""flag of a sample's type: what it names is an Ogg Vorbis stream"""
_LOWEST_CUTOFF, _SHARPEST = 4000, 20.0
"""cents and decibels of a filter that rings no longer than a hundredth of a second or so"""
_EMU = 0.04
"""decibels of a centibel of attenuation: banks are made for hardware that takes 0.4 of what the specification says"""


@dataclass(frozen=True)
class Envelope:
    """The times of an envelope, in seconds."""

    delay: float
    attack: float
    hold: float
    decay: float
    """in which it would fall from its peak to nothing"""
    sustain: float
    """where it stays: share of the peak of a filter's envelope, decibels below it of a level's"""
    release: float
    """in which it would fall from its peak to nothing"""


@dataclass(frozen=True, eq=False)
class Zone:
    """A sample, and how it is played on some keys."""

    keys: tuple[int, int]
    velocities: tuple[int, int]
    samples: NDArray[np.float32]
    """(N,)"""
    loop: tuple[int, int] | None
    """places between which it goes round"""
    rate: int
    """samples per second"""
    root: float
    """key at which it sounds as it was recorded, cents as fractions"""
    scale: float
    """semitones from key to key"""
    pan: float
    """-0.5 for the left to 0.5 for the right"""
    gain: float
    cutoff: float
    """of its low-pass filter, in cents above 8.176 Hz"""
    resonance: float
    """of the filter at its cutoff, in decibels above none"""
    sweep: float
    """cents by which the filter's envelope opens it"""
    generators: Mapping[int, int]

    def level(self, key: int) -> Envelope:
        """Return the envelope of how loud it is."""
        return self._envelope(_LEVEL_ENVELOPE, _KEY_TO_LEVEL_HOLD, key, self._sustain(_LEVEL_ENVELOPE) / 10)

    def filter(self, key: int) -> Envelope:
        """Return the envelope of its filter."""
        sustain = 1 - min(max(self._sustain(_FILTER_ENVELOPE) / 1000, 0), 1)
        return self._envelope(_FILTER_ENVELOPE, _KEY_TO_FILTER_HOLD, key, sustain)

    def _sustain(self, first: int) -> int:
        return self.generators[first + 4]

    def _envelope(self, first: int, by_key: int, key: int, sustain: float) -> Envelope:
        cents = [self.generators[first + place] for place in range(6)]
        for place in (0, 1):
            cents[2 + place] += self.generators[by_key + place] * (60 - key)
        delay, attack, hold, decay, _, release = (2 ** (min(max(value, -12000), 8000) / 1200) for value in cents)
        return Envelope(delay, attack, hold, decay, sustain, release)


def soundfont() -> Path:
    """Return the SoundFont that is played: that of the settings, or the one `pretty_midi` carries.

    Raises:
        UserError: there is none, or the file is no SoundFont.
    """
    chosen = settings().soundfont
    if chosen is None:
        package = find_spec("pretty_midi")  # finds the folder without the import, which takes most of a second
        assert package is not None and package.origin is not None
        chosen = Path(package.origin).parent / "TimGM6mb.sf2"
    if not chosen.is_file():
        raise UserError("music.no_soundfont_file", file=chosen)
    with chosen.open("rb") as stream:
        head = stream.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise UserError("music.no_soundfont", file=chosen)
    return chosen


def read_piano(content: bytes) -> tuple[Zone, ...]:
    """Return the zones of the grand piano of a SoundFont: of preset 0 in bank 0, or of its first preset.

    Args:
        content: of an .sf2 or .sf3 file.

    Raises:
        ValueError: it is damaged, or has no piano that sounds.
    """
    try:
        tables = _Tables(content)
        zones = tuple(_zone(generators, tables) for generators in tables.generators_of_piano())
    except (KeyError, IndexError, ValueError, struct.error, RuntimeError) as error:
        raise ValueError("not a whole SoundFont") from error
    if not zones:
        raise ValueError("a SoundFont without a piano")
    return zones


class _Header(NamedTuple):
    """What the table of samples says of one."""

    start: int
    end: int
    loop_start: int
    loop_end: int
    rate: int
    root: int
    correction: int
    """cents"""
    kind: int


class _Tables:
    """The tables of a SoundFont file."""

    def __init__(self, content: bytes) -> None:
        chunks = dict(_chunks(content, 12, len(content)))
        tables = {name: content[slice(*place)] for name, place in _chunks(content, *_inside(chunks[b"pdta"]))}
        places = dict(_chunks(content, *_inside(chunks[b"sdta"])))
        self.samples = memoryview(content)[slice(*places[b"smpl"])]
        self.headers = [_Header._make(fields) for fields in struct.iter_unpack("<20x5IBbxxH", tables[b"shdr"])]
        self._presets = list(struct.iter_unpack("<20xHHH12x", tables[b"phdr"]))
        self._instruments = [bag for (bag,) in struct.iter_unpack("<20xH", tables[b"inst"])]
        self._bags = {name: [bag for bag, _ in struct.iter_unpack("<HH", tables[name])] for name in (b"pbag", b"ibag")}
        self._lists = {name: list(struct.iter_unpack("<Hh", tables[name])) for name in (b"pgen", b"igen")}

    def generators_of_piano(self) -> Iterator[dict[int, int]]:
        """Yield the generators of each zone of the piano, those of its preset added."""
        behind = len(self._presets) - 1
        chosen = min(range(behind), key=lambda place: (self._presets[place][1::-1] != (0, 0), place))
        for outer in self._zones(b"pbag", b"pgen", self._presets[chosen][2], self._presets[chosen + 1][2], _INSTRUMENT):
            first, last = self._instruments[outer[_INSTRUMENT]], self._instruments[outer[_INSTRUMENT] + 1]
            for inner in self._zones(b"ibag", b"igen", first, last, _SAMPLE):
                zone = _DEFAULTS | inner
                for number, amount in outer.items():
                    if number in _RANGES:
                        zone[number] = _narrowed(zone.get(number, _WHOLE_RANGE), amount)
                    elif number not in _NOT_ADDED:
                        zone[number] = zone.get(number, 0) + amount
                yield zone

    def _zones(self, bags: bytes, generators: bytes, first: int, behind: int, what: int) -> Iterator[dict[int, int]]:
        """Yield the generators of the zones that name `what`; a first zone that does not holds for all others."""
        usual: dict[int, int] = {}
        for place in range(first, behind):
            zone = dict(self._lists[generators][self._bags[bags][place] : self._bags[bags][place + 1]])
            if what in zone:
                yield usual | zone
            elif place == first:
                usual = zone


def _inside(place: tuple[int, int]) -> tuple[int, int]:
    """Return where the chunks of a list lie, behind its name."""
    return place[0] + 4, place[1]


def _chunks(content: bytes, place: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield name, start and end of the content of each chunk; a list goes by the name of what it lists."""
    while place + 8 <= end:
        name, size = struct.unpack_from("<4sI", content, place)
        start = place + 8
        if start + size > end:
            raise ValueError("a chunk breaks off")
        yield content[start : start + 4] if name == b"LIST" else name, (start, start + size)
        place = start + size + size % 2


def _narrowed(range_: int, other: int) -> int:
    """Return the range that two ranges share; low ends in the low byte, high ends in the high one."""
    return max(range_ & 255, other & 255) | min(range_ >> 8 & 255, other >> 8 & 255) << 8


def _zone(generators: dict[int, int], tables: _Tables) -> Zone:
    found = {place: generators.get(place, 0) for place in range(60)}
    header = tables.headers[found[_SAMPLE]]

    def moved(start: int, offset: tuple[int, int]) -> int:
        return start + found[offset[0]] + _COARSE * found[offset[1]]

    if header.kind & _COMPRESSED:
        import soundfile

        read, _ = soundfile.read(io.BytesIO(tables.samples[header.start : header.end]), dtype="float32")
        samples, loop = read, (header.loop_start, header.loop_end)
    else:
        first, behind = moved(header.start, _START), moved(header.end, _END)
        if not 0 <= first < behind <= len(tables.samples) // 2:
            raise ValueError("a sample breaks off")
        whole = np.frombuffer(tables.samples[2 * first : 2 * behind], "<i2")
        samples = whole.astype(np.float32) / np.float32(32768)
        loop = moved(header.loop_start, _LOOP_START) - first, moved(header.loop_end, _LOOP_END) - first
    if samples.ndim != 1 or len(samples) < 2 or not header.rate:
        raise ValueError("a sample is empty")
    goes_round = found[_MODE] in (1, 3) and 0 <= loop[0] < loop[1] <= len(samples)
    root = header.root if found[_ROOT] < 0 else found[_ROOT]
    cents = 100 * found[_SEMITONES] + found[_CENTS] + header.correction
    keys, velocities = (generators.get(place, _WHOLE_RANGE) for place in _RANGES)
    return Zone(
        (keys & 255, keys >> 8 & 255),
        (velocities & 255, velocities >> 8 & 255),
        samples,
        loop if goes_round else None,
        header.rate,
        (60 if root > 127 else root) - cents / 100,
        found[_SCALE] / 100,
        min(max(found[_PAN] / 1000, -0.5), 0.5),
        10 ** (-_EMU * max(found[_ATTENUATION], 0) / 20),
        min(max(found[_CUTOFF], _LOWEST_CUTOFF), 13500),
        min(max(found[_RESONANCE] / 10, 0), _SHARPEST),
        found[_SWEEP],
        found,
    )

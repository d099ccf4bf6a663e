#!/usr/bin/env bash
# FluidSynth 2.3.1 (Debian: fluidsynth): a key let go a tick before another track strikes it may silence the new note.
#
# Expected: a player sends the events of all tracks in the order of time, so that a note-off at tick 479 of one track
# comes before a note-on at tick 480 of an earlier track with the same key and channel.
# What happens: every 64 samples all that is due is sent track by track, so that in one such block the note-on comes
# first, and the note-off ends the new note: at 120 quarters a minute about a third of such notes are lost.
set -euo pipefail

fluidsynth --version | grep -c 'version 2\.3\.1' >/dev/null || { echo 'FluidSynth 2.3.1 is needed'; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pretty_midi==0.2.11.post0' 'numpy>=2.1,<3'
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import subprocess
import sys
import wave
from importlib.util import find_spec
from pathlib import Path

import mido
import numpy as np

font = Path(find_spec("pretty_midi").origin).parent / "TimGM6mb.sf2"
COUNT, BAR = 40, 1920
folder = Path(sys.argv[1])


def track(events):
    found, before = mido.MidiTrack(), 0
    for tick, kind in sorted(events):
        found.append(mido.Message(kind, note=60, velocity=80 * (kind == "note_on"), time=tick - before))
        before = tick
    return found


def lost(early):
    starts = [number * BAR + number * 37 % 480 for number in range(COUNT)]
    first = [event for tick in starts for event in ((tick + 480, "note_on"), (tick + 1440, "note_off"))]
    second = [event for tick in starts for event in ((tick, "note_on"), (tick + 480 - early, "note_off"))]
    mido.MidiFile(ticks_per_beat=480, tracks=[track(first), track(second)]).save(folder / "a.mid")
    words = ["fluidsynth", "-ni", "-R", "0", "-C", "0", "-F", folder / "a.wav", font, folder / "a.mid"]
    subprocess.run(words, check=True, capture_output=True)
    with wave.open(str(folder / "a.wav")) as file:
        rate, frames = file.getframerate(), file.readframes(file.getnframes())
    sound = np.frombuffer(frames, np.int16).reshape(-1, 2).mean(1)
    levels = []
    for tick in starts:
        low, high = (int((tick + place) / 960 * rate) for place in (1200, 1400))
        levels.append(np.sqrt(np.mean(sound[low:high] ** 2)))
    return sum(level < 0.3 * max(levels) for level in levels)


one, three = lost(1), lost(3)
print(f"notes lost of {COUNT}: let go 1 tick early {one}, 3 ticks early {three}")
sys.exit(not (one and not three))
PYTHON

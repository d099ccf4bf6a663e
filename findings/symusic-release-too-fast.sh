#!/usr/bin/env bash
# symusic 0.5.9: its synthesizer ends a note a thousand times faster than the SoundFont says.
#
# Expected: the piano of TimGM6mb.sf2 states a release of 75 timecents, 1.044 s, over which a note falls by 100 decibels
# once its key is let go (SoundFont Technical Specification 2.04, generator 38): 0.1 s later it is some 10 dB softer
# than the same note held on.
# What happens: 20 ms later it is more than 100 dB softer.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'symusic==0.5.9' 'pretty_midi==0.2.11.post0' 'numpy>=2.1,<3'
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from symusic import Synthesizer
from symusic.core import NoteSecond, ScoreSecond, TrackSecond

font = Path(find_spec("pretty_midi").origin).parent / "TimGM6mb.sf2"


def level(held: float) -> float:
    """Return the decibels from 20 ms to 40 ms after half a second of a note that is held for some time."""
    score, track = ScoreSecond(480), TrackSecond("Piano", 0, False)
    track.notes.append(NoteSecond(0, held, 60, 80))
    track.notes.append(NoteSecond(1.9, 0.1, 90, 80))
    score.tracks.append(track)
    sound = np.asarray(Synthesizer(font, 44100, 0).render(score, True))[0]
    return 10 * np.log10(float((sound[round(0.52 * 44100) : round(0.54 * 44100)] ** 2).mean()) + 1e-20)


fallen = level(1.5) - level(0.5)
print(f"20 ms after the key is let go the note is {fallen:.0f} dB softer than one that is held")
sys.exit(int(fallen < 50))
PYTHON

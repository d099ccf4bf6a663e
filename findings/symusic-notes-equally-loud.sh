#!/usr/bin/env bash
# symusic 0.5.9: its synthesizer plays every note equally loud, whatever its velocity.
#
# Expected: SoundFonts attenuate a note by its velocity (SoundFont Technical Specification 2.04, section 8.4.1: 960
# centibels over a concave curve), so that of three notes with velocities 20, 60 and 120 each is far louder than the
# one before.
# What happens: all three have the same peak, to the last digit.
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
score, track = ScoreSecond(480), TrackSecond("Piano", 0, False)
for start, velocity in ((0, 20), (2, 60), (4, 120)):
    track.notes.append(NoteSecond(start, 1, 60, velocity))
score.tracks.append(track)
sound = np.asarray(Synthesizer(font, 44100, 0).render(score, True))
peaks = [float(abs(sound[:, 44100 * start : 44100 * (start + 1)]).max()) for start in (0, 2, 4)]
print("peaks of velocities 20, 60 and 120:", *(f"{peak:.4f}" for peak in peaks))
sys.exit(int(max(peaks) > 1.01 * min(peaks)))
PYTHON

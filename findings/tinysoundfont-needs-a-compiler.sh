#!/usr/bin/env bash
# tinysoundfont 0.3.7: its wheel cannot be installed on Linux without a compiler and PortAudio's headers.
#
# Expected: a package with wheels for Linux that renders SoundFonts into memory installs like any other.
# What happens: it requires pyaudio, which has no wheel for Linux, though it imports that only to play through
# loudspeakers; without its dependencies it renders.
set -euo pipefail

test "$(uname -sm)" = 'Linux x86_64' || { echo 'Linux on x86_64 is needed'; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip=("$folder/venv/bin/pip" --quiet --disable-pip-version-check)
with=yes
"${pip[@]}" install --only-binary :all: 'tinysoundfont==0.3.7' 2>/dev/null || with=no
"${pip[@]}" install --only-binary :all: --no-deps 'tinysoundfont==0.3.7' 'pretty_midi==0.2.11.post0'
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.util import find_spec
from pathlib import Path

import tinysoundfont

synthesizer = tinysoundfont.Synth(samplerate=44100)
font = synthesizer.sfload(str(Path(find_spec("pretty_midi").origin).parent / "TimGM6mb.sf2"))
synthesizer.program_select(0, font, 0, 0)
synthesizer.noteon(0, 60, 80)
assert any(bytes(synthesizer.generate(1000)))
PYTHON
echo "installs from wheels with its dependencies: $with; without them it renders"
test "$with" = no

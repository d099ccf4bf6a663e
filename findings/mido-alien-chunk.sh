#!/usr/bin/env bash
# mido 1.3.3: a chunk that is no track makes the whole MIDI file unreadable.
#
# Expected: the standard (Standard MIDI Files 1.0, "File Structure") says that programs should expect chunks of kinds
# that they do not know and treat them as if they were not there. So a file of two tracks with such a chunk between
# them has two tracks.
# What happens: mido takes the next chunk for a track whatever it is called, and raises OSError.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'mido==1.3.3'
"$folder/venv/bin/python" - <<'PYTHON'
import io
import struct
import sys

import mido

head = b"MThd" + struct.pack(">IHHH", 6, 1, 2, 480)
tempo = bytes.fromhex("00ff510307a12000ff2f00")
note = bytes.fromhex("00903c508360803c0000ff2f00")


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">I", len(content)) + content


plain = head + chunk(b"MTrk", tempo) + chunk(b"MTrk", note)
alien = head + chunk(b"MTrk", tempo) + chunk(b"XFIH", b"hello world") + chunk(b"MTrk", note)
print("without the chunk:", len(mido.MidiFile(file=io.BytesIO(plain)).tracks), "tracks")
try:
    tracks = mido.MidiFile(file=io.BytesIO(alien)).tracks
except OSError as error:
    print("with it: OSError:", error)
else:
    print("with it:", len(tracks), "tracks")
    sys.exit("mido skips the chunk now")
PYTHON

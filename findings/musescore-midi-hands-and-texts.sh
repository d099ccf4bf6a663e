#!/usr/bin/env bash
# MuseScore 3.2.3 (Debian 12: musescore3 3.2.3+dfsg2-16): how a MIDI file has to look to be opened as one piano.
#
# Expected: two tracks with program 1 become two staves of one piano or two pianos, whatever their channels; a key
# signature and a text event in the first track of a format 1 file, which holds no notes, are the file's key and a note
# about it.
# What happens: two tracks become one piano only if both are on one channel; the key signature of a track without notes
# is passed over, and its text events are printed as lyrics under the first note.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR="$folder" HOME="$folder"
cd "$folder"
# Debian 12's packages, unpacked here; the libraries that the program needs, such as Qt 5, are the system's.
apt-get download -qq musescore3=3.2.3+dfsg2-16 musescore3-common=3.2.3+dfsg2-16 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" .; done
PATH="$folder/usr/bin:$PATH"
test "$(mscore3 --version 2>/dev/null)" = 'MuseScore3 3.2.3'
python3 - <<'PYTHON'
import struct


def chunk(name, content):
    return name + struct.pack(">I", len(content)) + content


def hand(channel, pitch):
    events = bytes([0, 0xC0 | channel, 0])
    for step in (0, 2, 4, 5):
        events += bytes([0, 0x90 | channel, pitch + step, 80, 0x83, 0x60, 0x80 | channel, pitch + step, 0])
    return chunk(b"MTrk", events + bytes.fromhex("00ff2f00"))


bars = bytes.fromhex("00ff5902fd00") + b"\0\xff\1\5hello" + bytes.fromhex("00ff58040402180800ff2f00")
for name, channels in (("one", (0, 0)), ("two", (0, 1))):
    tracks = chunk(b"MTrk", bars) + hand(channels[0], 72) + hand(channels[1], 48)
    with open(f"{name}.mid", "wb") as file:
        file.write(chunk(b"MThd", struct.pack(">HHH", 1, 3, 480)) + tracks)
PYTHON
for name in one two; do mscore3 -o "$name.mscx" "$name.mid" 2>/dev/null; done
one=$(grep -c '<Part>' one.mscx) two=$(grep -c '<Part>' two.mscx)
lyrics=$(grep -c '<text>hello</text>' one.mscx) flats=$(grep -c '<accidental>-3</accidental>' one.mscx || true)
echo "instruments: $one on one channel, $two on two; the text stands under $lyrics notes; key of three flats: $flats times"
test "$one" = 1 && test "$two" = 2 && test "$lyrics" -gt 0 && test "$flats" = 0

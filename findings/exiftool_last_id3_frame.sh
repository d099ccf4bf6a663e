#!/usr/bin/env bash
# ExifTool 12.57 (Debian's libimage-exiftool-perl) on MP3 files with an ID3v2.4 tag that has no padding.
# Expected: no warning about a tag that keeps to ID3v2.4; padding is optional there ("it is OPTIONAL to include padding").
# Happens: if the last frame is longer than 127 bytes and ends where the tag ends, "Invalid ID3 frame size" is said; the
# value is read all the same. Ten bytes of padding, or a short frame behind it, and nothing is said. Whoever checks files
# by ExifTool's warnings takes such a file, as C2PA tools write them, for damaged.
set -euo pipefail
[[ "$(exiftool -ver)" == 12.57 ]] || { echo "this is about exiftool 12.57, not $(exiftool -ver)"; exit 2; }
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 - "$folder" <<'PYTHON'
import sys
from pathlib import Path

def size(number):  # four bytes of seven bits
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))

def frame(name, body):
    return name + size(len(body)) + b"\0\0" + body

long = frame(b"TXXX", b"\3key\0" + b"x" * 300)
silence = (b"\xff\xfb\x90\xc4" + bytes(413)) * 20  # MPEG-1 layer III, 128 kbit/s, 44.1 kHz
tags = {"bare": long, "padded": long + bytes(10), "followed": long + frame(b"TIT2", b"\3Title")}
for name, frames in tags.items():
    Path(sys.argv[1], f"{name}.mp3").write_bytes(b"ID3\4\0\0" + size(len(frames)) + frames + silence)
PYTHON
said() { exiftool -s -s -s -Warning "$folder/$1.mp3"; }
for name in bare padded followed; do
  echo "$name: warning '$(said "$name")', value read: $(exiftool -s -s -s -UserDefinedText "$folder/$name.mp3" | cut -c1-20)"
done
[[ "$(said bare)" == "Invalid ID3 frame size" && -z "$(said padded)" && -z "$(said followed)" ]]

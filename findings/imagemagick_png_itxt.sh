#!/usr/bin/env bash
# ImageMagick 6.9.11-60 (Debian's imagemagick) on PNG text.
# Expected: text of a PNG survives a resize whichever of the two uncompressed chunks holds it, tEXt or iTXt, as both are
# text of the PNG specification and `identify -verbose` lists properties.
# Happens: tEXt is kept, and iTXt is lost without a warning, plain ASCII too, and with it the XMP packet, which a PNG
# holds as iTXt. Marks that should survive have to be ASCII in tEXt.
set -euo pipefail
program="$(command -v convert)"
version="$("$program" -version | head -1)"
[[ "$version" == *"ImageMagick 6.9.11-60"* ]] || { echo "this is about ImageMagick 6.9.11-60, not $version"; exit 2; }
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 - "$folder/in.png" <<'PYTHON'
import struct, sys, zlib
from pathlib import Path

def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

rows = b"".join(b"\0" + bytes(range(0, 96, 2)) for _ in range(16))
packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
Path(sys.argv[1]).write_bytes(
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
    + chunk(b"tEXt", b"Kept\0in tEXt")
    + chunk(b"iTXt", b"Lost\0\0\0\0\0in iTXt")
    + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)
    + chunk(b"IDAT", zlib.compress(rows))
    + chunk(b"IEND", b"")
)
PYTHON
"$program" "$folder/in.png" -resize 50% "$folder/out.png"
python3 - "$folder" <<'PYTHON'
import sys
from pathlib import Path

texts = (b"in tEXt", b"in iTXt", b"xmpmeta")
kept = {name: [text in Path(sys.argv[1], name).read_bytes() for text in texts] for name in ("in.png", "out.png")}
print("tEXt, iTXt, XMP before:", kept["in.png"], "after:", kept["out.png"])
sys.exit(kept != {"in.png": [True, True, True], "out.png": [True, False, False]})
PYTHON

#!/usr/bin/env bash
# MuseScore 3.2.3 (Debian 12: musescore3 3.2.3+dfsg2-16): a bar of 65/64 is one of 65/4 in its MIDI file.
#
# Expected: the time signature event has the denominator as a power of two, 6 for 64, so that a bar which an ornament has
# made a 64th too long is stated as 65/64; a bar of 25/32 is stated rightly.
# What happens: the denominator becomes 4, and programs that believe it draw a bar of 65 quarters. 12 of 184 scores of
# the ASAP data set, which MuseScore wrote, have such a bar, up to 129/4.
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
cat > a.musicxml <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions>
<time><beats>4</beats><beat-type>4</beat-type></time></attributes>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration><type>whole</type></note>
</measure></part></score-partwise>
XML
mscore3 -o plain.mscx a.musicxml 2>/dev/null
# The event FF 58 04, then numerator and denominator.
stated() {
    sed "s|<Measure>|<Measure len=\"$1\">|; s|</Chord>|</Chord><Rest><durationType>$2</durationType></Rest>|" plain.mscx > b.mscx
    mscore3 -o b.mid b.mscx 2>/dev/null
    LC_ALL=C grep -aoUP '\xff\x58\x04\K..' b.mid | head -1 | od -An -tu1 -N2 | tr -s ' '
}
fine=$(stated 65/64 64th) coarse=$(stated 33/32 32nd)
echo "33/32 is stated as numerator and power$coarse, 65/64 as$fine"
test "$coarse" = ' 33 5' && test "$fine" = ' 65 2'

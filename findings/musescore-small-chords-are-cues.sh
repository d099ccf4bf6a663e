#!/usr/bin/env bash
# MuseScore 3.2.3 (Debian 12: musescore3 3.2.3+dfsg2-16): a chord that is printed small is a cue in MusicXML, but sounds.
#
# Expected: what is small and sounds is <type size="cue">: MusicXML's <cue/> is for notes that are silent, such as those
# of another instrument. A note that is small by itself, not with its chord, is written so.
# What happens: a small chord has <cue/>, as of the small notes of a cadenza, or of a whole study by Chopin. Who leaves
# cues out loses them; the same program's MIDI file plays them. Files of MuseScore 2.3, 3.0.5 and 3.4.2 are alike.
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
sed 's|<Chord>|<Chord><small>1</small>|' plain.mscx > chord.mscx
sed 's|<pitch>|<small>1</small><pitch>|' plain.mscx > note.mscx
for name in chord note; do
    mscore3 -o "$name.musicxml" "$name.mscx" 2>/dev/null
    mscore3 -o "$name.mid" "$name.mscx" 2>/dev/null
    echo "small $name: $(grep -c '<cue/>' "$name.musicxml" || true) <cue/>," \
        "$(grep -c 'size="cue"' "$name.musicxml" || true) size=\"cue\"," \
        "$(LC_ALL=C grep -cUaP '\x90\x3c[^\x00]' "$name.mid" || true) line of MIDI in which C is struck"
done
grep -q '<cue/>' chord.musicxml && ! grep -q '<cue/>' note.musicxml && grep -q 'size="cue"' note.musicxml
LC_ALL=C grep -qUaP '\x90\x3c[^\x00]' chord.mid

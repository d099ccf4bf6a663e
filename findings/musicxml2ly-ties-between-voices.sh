#!/usr/bin/env bash
# musicxml2ly of LilyPond 2.24.1 (PyPI: lilypond 2.24.1; Debian's is the same): a tie between two voices is lost.
#
# Expected: a tie joins two notes of one pitch that follow each other, whichever voices they stand in. MusicXML says so,
# and piano music needs it: the lower note of a chord is held while a second voice begins above it.
# What happens: each voice becomes a context of its own, the tie of the first note finds none to end at, and lilypond
# prints "unterminated tie" and two untied notes, which are struck twice in its MIDI file.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'lilypond==2.24.1' 'mido==1.3.3'
python="$folder/venv/bin/python"
PATH="$(echo "$folder"/venv/lib/python3*/site-packages/lilypond-binaries/bin):$PATH"
cd "$folder"
lilypond --version | head -1
for voice in 1 2; do
    cat > "to$voice.musicxml" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions>
<time><beats>4</beats><beat-type>4</beat-type></time></attributes>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration><tie type="start"/><voice>1</voice>
<type>whole</type><notations><tied type="start"/></notations></note></measure>
<measure number="2">
<note><pitch><step>G</step><octave>4</octave></pitch><duration>4</duration><voice>$((3 - voice))</voice>
<type>whole</type></note><backup><duration>4</duration></backup>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration><tie type="stop"/><voice>$voice</voice>
<type>whole</type><notations><tied type="stop"/></notations></note></measure></part></score-partwise>
XML
    musicxml2ly --midi "to$voice.musicxml" -o "to$voice.ly" >/dev/null 2>&1
    lilypond -dno-print-pages "to$voice.ly" >"to$voice.log" 2>&1
    struck=$("$python" -c "
import mido, sys
print(sum(e.type == 'note_on' and e.note == 60 and e.velocity > 0 for t in mido.MidiFile(sys.argv[1]).tracks for e in t))
" "to$voice.midi")
    echo "tie from voice 1 to voice $voice: struck $struck times, $(grep -c 'unterminated tie' "to$voice.log" || true) warnings"
    if test "$voice" = 1; then test "$struck" = 1; else test "$struck" = 2; fi
done
grep -c 'unterminated tie' to2.log >/dev/null

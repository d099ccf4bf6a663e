#!/usr/bin/env bash
# musicxml2ly of LilyPond 2.24.1 (PyPI: lilypond 2.24.1; Debian's is the same): a tempo with a fraction becomes a syntax error with --midi.
#
# Expected: <sound tempo="88.5"/> is valid MusicXML (a decimal number of quarter notes per minute), so that the file
# that `musicxml2ly --midi` writes compiles.
# What happens: it writes the number as it is where LilyPond takes whole numbers only, and lilypond stops.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'lilypond==2.24.1'
PATH="$(echo "$folder"/venv/lib/python3*/site-packages/lilypond-binaries/bin):$PATH"
cd "$folder"
lilypond --version | head -1
for tempo in 88 88.5; do
    cat > "a$tempo.musicxml" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions>
<time><beats>4</beats><beat-type>4</beat-type></time></attributes><direction><direction-type><words>Lento</words></direction-type><sound tempo="$tempo"/></direction>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration><type>whole</type></note>
</measure></part></score-partwise>
XML
    musicxml2ly --midi "a$tempo.musicxml" -o "a$tempo.ly" >/dev/null 2>&1
done
whole=yes fraction=yes
lilypond -dno-print-pages a88.ly >/dev/null 2>&1 || whole=no
lilypond -dno-print-pages a88.5.ly >fraction.log 2>&1 || fraction=no
grep -m1 'error' fraction.log || true
echo "compiles with tempo 88: $whole, with 88.5: $fraction"
test "$whole" = yes && test "$fraction" = no

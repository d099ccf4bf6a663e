#!/usr/bin/env bash
# MuseScore 3.2.3 (Debian 12: musescore3 3.2.3+dfsg2-16): two ways in which MusicXML says where the pedal is are passed over.
#
# Expected: <pedal type="change"/> ends one stretch of pedal and begins the next; the <offset> of a direction moves it,
# here to the second half of a whole note.
# What happens: a change is no border, so that two stretches become one; a pedal that ends half a bar after its note
# began, by offset, ends where it began.
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
pedal() { echo "<direction><direction-type><pedal type=\"$1\" line=\"yes\"/></direction-type>${2:-}</direction>"; }
note() { echo "<note><pitch><step>C</step><octave>4</octave></pitch><duration>$1</duration><type>$2</type></note>"; }
score() {
    cat <<XML
<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions>
<time><beats>4</beats><beat-type>4</beat-type></time></attributes>$1</measure></part></score-partwise>
XML
}
score "$(pedal start)$(note 2 half)$(pedal change)$(note 1 quarter)$(pedal stop)$(note 1 quarter)" > change.musicxml
score "$(pedal start)$(pedal stop '<offset>2</offset>')$(note 4 whole)" > offset.musicxml
for name in change offset; do mscore3 -o "$name.mscx" "$name.musicxml" 2>/dev/null; done
stretches=$(grep -c '<Pedal>' change.mscx)
moved=$(grep -c '<fractions>1/2</fractions>' offset.mscx || true)
echo "pedals from start, change and stop: $stretches; pedals that are half a bar long by offset: $moved"
test "$stretches" = 1 && test "$moved" = 0

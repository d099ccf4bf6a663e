"""The beginning of a MusicXML file: what is said of the piece before its first bar."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as Xml

from genai_demo import __version__
from genai_demo.catalogue import message

TEMPO_FIELD = "quarter-notes-per-minute"
"""name of the field that keeps a tempo with a fraction"""


def sub(parent: Xml.Element, tag: str, text: object = None, **attributes: str) -> Xml.Element:
    """Add an element to another, and return it."""
    element = Xml.SubElement(parent, tag, attributes)
    if text is not None:
        element.text = str(text)
    return element


def head(title: str, marks: Mapping[str, str], tempo: float, language: str, maker: str) -> Xml.Element:
    """Return the root of a score, all but its bars.

    Args:
        title: printed above; none if empty.
        marks: names and contents of fields for programs.
        tempo: quarter notes per minute, kept in a field of its own where it is no whole number.
        language: one of `LANGUAGES`.
        maker: printed below the last bar; none if empty.
    """
    root = Xml.Element("score-partwise", version="4.0")
    if printable := "".join(character for character in title if character.isprintable()):
        sub(sub(root, "work"), "work-title", printable)
    identification = sub(root, "identification")
    if maker:
        sub(identification, "creator", maker, type="composer")
    sub(sub(identification, "encoding"), "software", f"GenAI Demo {__version__}")
    fields = {**marks, **({} if tempo == round(tempo) else {TEMPO_FIELD: repr(tempo)})}
    if fields:
        miscellaneous = sub(identification, "miscellaneous")
        for name, value in fields.items():
            sub(miscellaneous, "miscellaneous-field", value, name=name)
    for words, side, row, size in ((printable, "center", "top", "20"), (maker, "right", "bottom", "11")):
        if words:
            credit = sub(root, "credit", page="1")
            sub(credit, "credit-words", words, **{"font-size": size, "justify": side, "valign": row})
    part = sub(sub(root, "part-list"), "score-part", id="P1")
    sub(part, "part-name", message("music.piano", language), **{"print-object": "no"})
    sub(sub(part, "score-instrument", id="P1-I1"), "instrument-name", "Piano")
    instrument = sub(part, "midi-instrument", id="P1-I1")
    sub(instrument, "midi-channel", 1)
    sub(instrument, "midi-program", 1)
    return root

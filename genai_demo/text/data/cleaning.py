"""Repairs the damage of AG News' raw rows, and strips agency signatures from what is shown.

The raw rows lost the `&` of HTML entities to a space, carry escaped tags, and have backslashes for line breaks.
"""

from __future__ import annotations

import re

_BLOCK = re.compile(r"&lt;(script|style)\b.*?&lt;/\1&gt;", re.I | re.S)
_LINK = re.compile(r"&lt;a\s+href.*?&gt;(.*?)&lt;/a&gt;", re.I | re.S)
_TAG = re.compile(r"&lt;/?[a-z][^&]*?(?:&(?!lt;|gt;)[^&]*?)*&gt;", re.I | re.S)
_CUT_TAG = re.compile(r"&lt;/?[a-z][^&]*$", re.I | re.S)
_ENTITY = re.compile(r" (#\d{1,5}|quot|amp|lt|gt|nbsp);")
_NAMED = {"quot": '"', "amp": "&", "lt": "<", "gt": ">", "nbsp": "\u00a0"}
_PLAIN = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "--",
        "\u2026": "...",
        "\u00a0": " ",
    }
)


def _entity(match: re.Match[str]) -> str:
    name = match.group(1)
    if not name.startswith("#"):
        character = _NAMED[name]
    elif 128 <= (code := int(name[1:])) <= 159:
        character = bytes([code]).decode("cp1252", errors="replace")
    else:
        character = chr(code)
    return character.translate(_PLAIN)


def clean(raw: str) -> str:
    """Return a raw AG News field as plain text on one line."""
    text = _BLOCK.sub(" ", raw)
    text = _LINK.sub(r"\1", text)
    text = _CUT_TAG.sub("", _TAG.sub(" ", text))
    text = text.replace("&lt;", "<").replace("&gt;", ">")
    text = _ENTITY.sub(_entity, text)
    text = text.replace("\\$", "$")
    text = re.sub(r"\\+\s*", " ", text)
    text = text.replace("``", '"').replace("''", '"')
    return re.sub(r"\s+", " ", text).strip()


_AGENCY = (
    r"(?:(?:The )?(?:AP|Associated Press|Canadian Press|Christian Science Monitor)(?: [A-Z]\w+ Writer)?|"
    r"Reuters|AFP|UPI|CP|Agence France[- ]Presse|"
    r"SPACE\.com|Ziff Davis|MacCentral|PC World|TechWeb|Forbes\.com|USATODAY\.com|CBS\.MW|"
    r"Sports Network|SportsNetwork|Bloomberg|Dow Jones|NewsFactor|washingtonpost\.com|Xinhua(?:net)?|IDG News Service|"
    r"InfoWorld|Knight Ridder|CNN/Money|CNN|BBC|BBC News|Investor's Business Daily|ZDNet|CNET(?: News\.com)?|"
    r"[A-Z][\w.]*(?:\.com|\.net|News|Press|Times|Post|Network)(?: Online)?)"
)
_SIGNATURES = re.compile(
    rf"\s*\({_AGENCY}\)\s+{_AGENCY}\s+--?\s+"  # "headline (AP) AP - story"
    rf"|(?:(?<=\s)|^)(?:[A-Z][A-Z.'-]+(?:[ ,]+[A-Z][A-Za-z.'-]*){{0,4}},? )?\({_AGENCY}\)\s*--?\s+"  # a dateline
    rf"|(?:(?<=\s)|^){_AGENCY}\s+--?\s+"
    rf"|\s*\({_AGENCY}\)"
    r"|\s*\([^()]{0,40}\b(?:Reuters|AFP|AP|UPI|Associated Press)\b(?:[^()]{0,40}\))?"  # "(Reuters NEW YORK)"
    r"|\s*\(Update\s?\d\)"
)
_PLACE = r"((?:[A-Z][A-Z.'-]+ ){0,3}[A-Z][A-Z.'-]+)(?:, [A-Z][\w.-]*(?: [A-Z][\w.-]*)?)?,?"
_DATELINE = re.compile(rf"(?:(?<=\S)\s+|^\s*){_PLACE} (?:--? )+(?=[A-Z0-9\"'])")
_UNFINISHED = re.compile(
    rf"(?:\s*\([^()]{{0,40}}|(?:(?<=\s)|^){_AGENCY}\s*-{{0,2}}\s*"
    rf"|(?:(?<=\s)|^)[A-Z][A-Z.'-]+[A-Z., '-]*(?:\({_AGENCY}\)?\s*-?)?"
    rf"|(?:(?<=\s)|^){_PLACE}[ -]*)$"
)


def source_spans(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of every agency signature in `text`: "(Reuters)", "AP -", "LONDON (AFP) - ".

    An invented story must not be signed by a real agency, so these are never shown.
    """
    return [match.span() for match in _SIGNATURES.finditer(text)]


Cut = tuple[int, int, str]
"""start and end of characters that are not shown, and what stands there instead"""


def source_cuts(text: str) -> list[Cut]:
    """Return what hides the agency signatures of `text`; where one parted headline and story, a new line does."""
    cuts = []
    for begin, end in source_spans(text):
        parts = "(" in text[begin:end] and text[begin:end].rstrip().endswith("-")
        before = text[:begin].rstrip(" ")
        cuts.append((len(before), end, "\n") if parts and not before.endswith("\n") else (begin, end, ""))
    return cuts


def dateline_cuts(text: str) -> list[Cut]:
    """Return what hides the datelines of `text` that no agency stands behind: "ATHENS - ", "CRAWFORD, Texas - ".

    They are harmless, but a place is odd where no signature follows it. One parts headline and story as well.
    """
    cuts = []
    for match in _DATELINE.finditer(text):
        before = text[: match.start()]
        # Four words in capitals are the end of a headline that shouts; no place has so many.
        if len(match[1].split()) < 4 and sum(map(str.isalpha, match[1])) >= 4:
            cuts.append((*match.span(), " " if ends_sentence(before) and "\n" not in match[0] else "\n"))
    return cuts


def strip_source(text: str) -> str:
    """Return `text` without agency signatures."""
    kept, start = [], 0
    for begin, end, instead in source_cuts(text):
        kept += [text[start:begin], instead]
        start = end
    return "".join([*kept, text[start:]]).lstrip()


def settled(text: str) -> str:
    """Return `text`, which is still being written, without an end that may yet become a signature or a dateline."""
    return _UNFINISHED.sub("", text)


_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:[A-Z]|[A-Z]\.(?:[A-Z]\.)*[A-Z]|Mr|Mrs|Ms|Dr|Sen|Rep|Gov|Gen|Col|Lt|Sgt|Rev|St|Jr|Sr|No|vs|"
    r"Inc|Corp|Co|Ltd|Jan|Feb|Aug|Sept|Oct|Nov|Dec|Calif|Mass|Fla|Ariz|Pa|Va|Conn|Mich|Ill|Wash|Ore|Tenn|Tex)\.$"
)
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*(?=\s|$)")


def ends_sentence(text: str) -> bool:
    """Return whether `text` ends where a sentence ends; "..." and abbreviations do not count."""
    text = text.rstrip()
    match = re.search(r"([.!?])[\"')\]]*$", text)
    if not match or text[: match.start()].endswith("."):
        return False
    return match.group(1) != "." or not _ABBREVIATION.search(text[: match.start() + 1])


def story(text: str) -> str:
    """Return what follows the headline of `text`, where one stands on a line of its own, or else all of it."""
    return text.partition("\n")[2] if "\n" in text else text


def cut_to_sentence(text: str) -> str:
    """Return `text` up to its last sentence end, or "" where it has none."""
    for match in reversed(list(_SENTENCE_END.finditer(text))):
        if ends_sentence(text[: match.end()]):
            return text[: match.end()]
    return ""

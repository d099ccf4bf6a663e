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
_UNFINISHED = re.compile(
    rf"(?:\s*\([^()]{{0,40}}|(?:(?<=\s)|^){_AGENCY}\s*-{{0,2}}\s*"
    rf"|(?:(?<=\s)|^)[A-Z][A-Z.'-]+[A-Z., '-]*(?:\({_AGENCY}\)?\s*-?)?)$"
)


def source_spans(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of every agency signature in `text`: "(Reuters)", "AP -", "LONDON (AFP) - ".

    An invented story must not be signed by a real agency, so these are never shown.
    """
    return [match.span() for match in _SIGNATURES.finditer(text)]


def strip_source(text: str, given: int = 0) -> str:
    """Return `text` without agency signatures; where one parted headline and story, a new line does.

    Args:
        given: number of characters at the start that somebody else wrote, which stay.
    """
    kept, start = [text[:given]], given
    for begin, end in source_spans(text):
        if end <= given:
            continue
        begin = max(begin, given)
        between = "\n" if begin > 0 and text[begin:end].count("(") and text[begin:end].rstrip().endswith("-") else ""
        kept.append(text[start:begin].rstrip(" ") + between if between else text[start:begin])
        start = end
    stripped = "".join([*kept, text[start:]])
    return stripped if given else stripped.lstrip()


def settled(text: str) -> str:
    """Return `text` without an end that may yet become an agency signature, for text that is still being written."""
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


def cut_to_sentence(text: str) -> str:
    """Return `text` up to its last sentence end, or "" where it has none."""
    for match in reversed(list(_SENTENCE_END.finditer(text))):
        if ends_sentence(text[: match.end()]):
            return text[: match.end()]
    return ""

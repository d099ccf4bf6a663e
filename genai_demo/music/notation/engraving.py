"""Engraving: MusicXML becomes pictures of sheet music, by `verovio`, as SVG that may stand in any web page."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import Receipt, origin
from genai_demo.errors import UserError
from genai_demo.marks.writing import marked

WIDTHS = (280, 4000)
"""pixels a flowing score may be wide"""
_SCALE = 42
"""per cent of A4's size at which a flowing score is drawn: a staff is 30 pixels high"""
_TALLEST = 60_000
"""tenths of a millimetre, the most that verovio takes"""
_PRINT = {
    "pageWidth": 2100,
    "pageHeight": 2970,
    "pageMarginLeft": 120,
    "pageMarginRight": 120,
    "pageMarginTop": 120,
    "pageMarginBottom": 120,
    "header": "auto",
    "scale": 100,
    "justifyVertically": False,
}
_TITLE = 'halign="center" valign="top"'
_MEASURE = re.compile(r'<g id="[^"]*" class="measure"')
_NOTE_SIGN = re.compile(r'<tspan font-family="Leipzig" font-size="(\d+)px">([^<]+)</tspan>')
_SIGNS = {0xECA5: "\u2669", 0xECB7: "."}
"""quarter note and dot of verovio's music font, in signs that a reader's fonts have"""


@dataclass(frozen=True)
class Engraving:
    """Pages of sheet music."""

    pages: tuple[str, ...]
    """one SVG document each, sized by its container"""
    bars: tuple[tuple[int, str], ...]
    """page and element id of every bar, from 0 in the order of the piece"""


def engrave(score: bytes, width: int | None = None, name: str = "score") -> Engraving:
    """Return sheet music as SVG: without scripts, links and fonts of its own, with an id at every bar.

    Args:
        score: MusicXML as `genai_demo.music.notation.score.musicxml` writes it.
        width: pixels of one endless page without title, within `WIDTHS`; None for A4 pages with the title above.
        name: what ids begin with; different for scores in one web page. Letters, digits and hyphens.

    Raises:
        UserError: the width is not allowed.
    """
    if width is not None and not WIDTHS[0] <= width <= WIDTHS[1]:
        raise UserError("music.width_range", value=width, low=WIDTHS[0], high=WIDTHS[1])
    from importlib.resources import files

    from verovio import toolkit

    flowing = {
        "pageWidth": round((width or 0) * 100 / _SCALE),
        "pageHeight": _TALLEST,
        "adjustPageHeight": True,
        "pageMarginLeft": 60,
        "pageMarginRight": 20,
        "pageMarginTop": 20,
        "pageMarginBottom": 20,
        "header": "none",
        "scale": _SCALE,
    }
    # By default verovio finds its fonts only in the thread that imported it.
    engraver = toolkit(False)
    engraver.setResourcePath(str(files("verovio") / "data"))
    engraver.setOptions(
        (_PRINT if width is None else flowing)
        | {
            "footer": "none",
            "svgViewBox": True,
            "svgRemoveXlink": True,
            "svgFormatRaw": True,
            "smuflTextFont": "none",
            # The ids of two scores in one web page must not meet, and those of one score not change.
            "xmlIdSeed": zlib.crc32(score + name.encode()) & 0x7FFFFFFF or 1,
        }
    )
    if not engraver.loadData(score.decode()):
        raise UserError("music.not_engraved")
    if width is None:
        # What MusicXML says about the size of a title, verovio forgets; in its own format it can be said again.
        engraver.loadData(engraver.getMEI().replace(_TITLE, f'{_TITLE} fontsize="20pt"'))
    pages: list[str] = []
    bars: list[tuple[int, str]] = []

    def numbered(_: re.Match[str]) -> str:
        bars.append((len(pages), f"{name}-bar-{len(bars)}"))
        return f'<g id="{bars[-1][1]}" class="measure"'

    for number in range(engraver.getPageCount()):
        svg = _MEASURE.sub(numbered, engraver.renderToSVG(number + 1))
        pages.append(_NOTE_SIGN.sub(_sign, svg))
    return Engraving(tuple(pages), tuple(bars))


def marked_page(page: str, receipt: Receipt | None, title: str) -> bytes:
    """Return a page of an `Engraving` as a file that says that a machine made the music, and how to make it again.

    Args:
        page: the SVG document.
        receipt: of the piece; None for what cannot be made again from a receipt alone.
        title: of the piece.
    """
    return marked(page.encode(), origin(message("music.machine_made"), receipt, title))


def _sign(found: re.Match[str]) -> str:
    """Return the note of a tempo mark as a sign of the reader's fonts: verovio's own lies in its music font."""
    sign = "".join(_SIGNS.get(ord(character), "") for character in found[2])
    return f'<tspan font-size="{int(found[1]) * 2 // 3}px">{sign}</tspan>'

"""A keyboard that sounds at once; the melody that was played on it comes as the event `played`."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import ClassVar

from genai_demo.ui.components.widget import Widget
from genai_demo.ui.languages import Texts, text


class Piano(Widget):
    """A keyboard; `played` brings `notes` as [start, pitch, length] in sixteenths, `tempo` and `metre`."""

    parts: ClassVar[tuple[str, ...]] = ("notes", "piano")


def piano(texts: Texts, elem_id: str, metres: Sequence[str], tempo: tuple[int, int]) -> Piano:
    """Build the keyboard.

    Args:
        texts: the texts of the page.
        elem_id: its element id.
        metres: those that can be chosen.
        tempo: slowest and fastest, in quarter notes per minute.
    """
    return texts.make(Piano, {"value": lambda language: keyboard(language, metres, tempo)}, elem_id=elem_id)


def keyboard(language: str, metres: Sequence[str], bounds: tuple[int, int]) -> str:
    """Return the keyboard in the page; its script draws the keys."""
    words = ("heading", "intro", "label", "octave", "down", "up", "listen", "clear", "use", "nothing", "take")
    said = {word: escape(text(f"music_piano_{word}", language)) for word in words}
    tempo, metre = escape(text("music_tempo", language)), escape(text("music_metre", language))
    options = "".join(f"<option>{one}</option>" for one in metres)

    def button(name: str, shown: str, more: str = "") -> str:
        return f'<button type="button" data-piano="{name}"{more}>{shown}</button>'

    down, up = (button(name, sign, f' aria-label="{said[name]}"') for name, sign in (("down", "−"), ("up", "+")))
    listen, clear = (button(name, said[name], " disabled") for name in ("listen", "clear"))
    use = button("use", said["use"], ' class="strong" disabled')
    return (
        f'<h2>{said["heading"]}</h2><p class="hint">{said["intro"]}</p>'
        f'<div class="keys" role="group" aria-label="{said["label"]}"></div>'
        f'<div class="take"><canvas role="img" aria-label="{said["take"]}"></canvas>'
        f'<p class="hint" role="status" data-nothing="{said["nothing"]}">{said["nothing"]}</p></div>'
        f'<div class="keys-tools"><div class="octave"><span>{said["octave"]}</span><div>{down}{up}</div></div>'
        f'<label><span>{tempo}</span><input type="number" inputmode="numeric" min="{bounds[0]}" max="{bounds[1]}" '
        f'value="92" data-piano="tempo"></label>'
        f'<label><span>{metre}</span><select data-piano="metre">{options}</select></label></div>'
        f'<div class="keys-tools">{listen}{clear}{use}</div>'
    )

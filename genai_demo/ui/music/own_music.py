"""The page of the piano tab for a visitor's own music: a MIDI file, or what is played on the keyboard in the page."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import gradio as gr

from genai_demo.errors import UserError
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.requests import TEMPO, TIME_SIGNATURES
from genai_demo.ui.files import received
from genai_demo.ui.forms import Updates, notice_place, refusing
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.music.library import Library, library_of
from genai_demo.ui.music.melody import MOST_BYTES, WRONG, melody, shortened
from genai_demo.ui.music.panel import CRAFT, LibraryPanel


@dataclass(frozen=True)
class OwnMusicPage:
    """The components of the page."""

    intake: gr.HTML
    piano: gr.HTML
    notice: gr.HTML

    def connect(self, panel: LibraryPanel, texts: Texts) -> None:
        """Let what is given come to the library."""
        language = texts.language
        outputs = [self.notice, *panel.outputs]

        @refusing(self.notice, "music")
        def take(language: str, event: gr.EventData) -> Updates:
            """Read a MIDI file."""
            sent = event._data or {}
            reading = read_midi(received(sent.get("content"), MOST_BYTES, *WRONG))
            piece, cut = shortened(reading.piece)
            return shown(library_of(piece, (*cut, *reading.remarks)), language)

        @refusing(self.notice, "music")
        def play(language: str, event: gr.EventData) -> Updates:
            """Write down what was played."""
            sent = event._data or {}
            return shown(library_of(melody(sent.get("notes"), sent.get("tempo"), sent.get("metre"))), language)

        def shown(library: Library, language: str) -> Updates:
            return {self.notice: "", **panel.updates(library, language)}

        kind = {"show_progress": "hidden", "api_visibility": "private", **CRAFT}
        reading = self.intake.chosen(take, language, outputs, **kind)
        reading.then(None, None, None, js="() => genaiFiles.read('music-intake')", api_visibility="private")
        for event in (reading, self.piano.played(play, language, outputs, **kind)):
            event.then(None, None, None, js="() => genaiDemo.reveal('music-desk')", api_visibility="private")


def own_music_page(texts: Texts) -> OwnMusicPage:
    """Build the page."""
    piano = texts.make(
        gr.HTML,
        {"value": keyboard},
        elem_id="music-piano",
        elem_classes="paper",
        js_on_load="genaiPiano.start(element, (melody) => trigger('played', melody), (drawn) => watch('value', drawn))",
    )
    intake = texts.make(
        gr.HTML,
        {"value": _intake},
        elem_id="music-intake",
        elem_classes="paper",
        js_on_load="genaiFiles.take(element, (content, name) => trigger('chosen', {content, name}))",
    )
    return OwnMusicPage(intake, piano, notice_place(texts, "music-given-notice"))


def _intake(language: str) -> str:
    heading, intro, drop, choose, reading = (
        escape(text(f"music_given_{key}", language)) for key in ("file", "intro", "drop", "button", "reading")
    )
    too_large = escape(UserError("music.too_many_bytes", most=MOST_BYTES // 2**20).in_language(language))
    return (
        f'<h3>{heading}</h3><p class="hint">{intro}</p>'
        f'<div class="drop" data-most="{MOST_BYTES}" data-too-large="{too_large}" data-reading="{reading}">'
        f'<div class="ways"><button type="button" data-take="choose">{choose}</button></div>'
        f'<p class="hint">{drop}</p><input type="file" accept=".mid,.midi,.kar,audio/midi" hidden></div>'
        f'<p class="file-said" role="status"></p>'
    )


def keyboard(language: str) -> str:
    """Return the keyboard in the page; its script draws the keys."""
    words = ("heading", "intro", "label", "octave", "down", "up", "listen", "clear", "use", "nothing", "take")
    said = {word: escape(text(f"music_piano_{word}", language)) for word in words}
    tempo, metre = escape(text("music_tempo", language)), escape(text("music_metre", language))
    metres = "".join(f"<option>{metre}</option>" for metre in TIME_SIGNATURES)

    def button(name: str, shown: str, more: str = "") -> str:
        return f'<button type="button" data-piano="{name}"{more}>{shown}</button>'

    down, up = (button(name, sign, f' aria-label="{said[name]}"') for name, sign in (("down", "−"), ("up", "+")))
    listen, clear = (button(name, said[name], " disabled") for name in ("listen", "clear"))
    use = button("use", said["use"], ' class="strong" disabled')
    return (
        f'<h3>{said["heading"]}</h3><p class="hint">{said["intro"]}</p>'
        f'<div class="keys" role="group" aria-label="{said["label"]}"></div>'
        f'<div class="take"><canvas role="img" aria-label="{said["take"]}"></canvas>'
        f'<p class="hint" role="status" data-nothing="{said["nothing"]}">{said["nothing"]}</p></div>'
        f'<div class="keys-tools"><div class="octave"><span>{said["octave"]}</span><div>{down}{up}</div></div>'
        f'<label><span>{tempo}</span><input type="number" inputmode="numeric" min="{TEMPO[0]}" max="{TEMPO[1]}" '
        f'value="92" data-piano="tempo"></label>'
        f'<label><span>{metre}</span><select data-piano="metre">{metres}</select></label></div>'
        f'<div class="keys-tools">{listen}{clear}{use}</div>'
    )

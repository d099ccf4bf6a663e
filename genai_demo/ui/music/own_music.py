"""The page of the piano tab for a visitor's own music: a MIDI file or a score, or what is played on its keyboard."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from genai_demo.errors import UserError
from genai_demo.music.reading import MUSIC_FILES
from genai_demo.music.requests import TEMPO, TIME_SIGNATURES, take_music
from genai_demo.ui.components.address import page_address
from genai_demo.ui.components.file_drop import FileDrop, file_drop
from genai_demo.ui.components.piano import Piano, piano
from genai_demo.ui.components.widget import sent
from genai_demo.ui.files import received
from genai_demo.ui.forms import Updates, notice_place, refusing
from genai_demo.ui.languages import Texts
from genai_demo.ui.music.library import Library, library_of
from genai_demo.ui.music.melody import MOST_BYTES, WRONG, melody
from genai_demo.ui.music.panel import CRAFT, LibraryPanel


@dataclass(frozen=True)
class OwnMusicPage:
    """The components of the page."""

    intake: FileDrop
    piano: Piano
    notice: gr.HTML

    def connect(self, panel: LibraryPanel, texts: Texts) -> None:
        """Let what is given come to the library."""
        language = texts.language
        outputs = [self.notice, *panel.outputs]

        @refusing(self.notice, "music")
        def take(language: str, event: gr.EventData) -> Updates:
            """Read a MIDI file or a score."""
            reading = take_music(received(sent(event).get("content"), MOST_BYTES, *WRONG))
            return shown(library_of(reading.piece, reading.remarks), language)

        @refusing(self.notice, "music")
        def play(language: str, event: gr.EventData) -> Updates:
            """Write down what was played."""
            played = sent(event)
            return shown(library_of(melody(played.get("notes"), played.get("tempo"), played.get("metre"))), language)

        def shown(library: Library, language: str) -> Updates:
            return {self.notice: "", **panel.updates(library, language)}

        kind = {"show_progress": "hidden", "api_visibility": "private", **CRAFT}
        reading = self.intake.chosen(take, language, outputs, **kind)
        reading.then(None, None, None, js=f"() => {self.intake.function('read')}()", api_visibility="private")
        for event in (reading, self.piano.played(play, language, outputs, **kind)):
            event.then(None, None, None, js="() => genaiDemo.reveal('music-desk')", api_visibility="private")


def own_music_page(texts: Texts) -> OwnMusicPage:
    """Build the page."""
    page_address("music", "given")
    keys = piano(texts, "music-piano", TIME_SIGNATURES, TEMPO)
    wrong = UserError("music.too_many_bytes", most=MOST_BYTES // 2**20)
    accept = ",".join((*MUSIC_FILES, "audio/midi"))
    intake = file_drop(
        texts, "music-intake", "music_given", accept, MOST_BYTES, wrong.in_language, heading="music_given_file"
    )
    return OwnMusicPage(intake, keys, notice_place(texts, "music-given-notice"))

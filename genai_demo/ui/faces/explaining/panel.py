"""The panel inside a face: it stands in the place of the gallery while a face is open, and the face stays beside it."""

from __future__ import annotations

import json
from html import escape
from typing import Any, ClassVar

import gradio as gr

from genai_demo.errors import UserError
from genai_demo.ui.components.widget import Widget, sent
from genai_demo.ui.faces.explaining.answers import KINDS, answer, moved
from genai_demo.ui.faces.sliders import WORK
from genai_demo.ui.forms import notice_place, parcel, run_script
from genai_demo.ui.languages import Texts, text

_WORDS = (
    *("title", "close", "wait", "failed", "deeper", "csv", "code", "model", "model_encoder", "kinds", "machine_made"),
    *KINDS,
    *("stages_intro", "stages_deeper", "stages_adds", "stages_up_to", "stages_off", "stages_result", "stages_all"),
    *("variety_intro", "variety_deeper", "variety_value", "variety_own", "fooled"),
    *(
        "verdict_intro",
        "verdict_deeper",
        "verdict_none",
        "verdict_vae",
        "verdict_says",
        "verdict_rare",
        "verdict_looks",
    ),
    *("verdict_face", "verdict_real", "verdict_made", "verdict_this", "verdict_caveat", "verdict_axis"),
    *("plane_intro", "plane_deeper", "plane_label", "plane_place", "plane_speed", "other_three", "plane_picture"),
    *("map_intro", "map_deeper", "map_label", "map_in", "map_out", "map_cell", "map_wait"),
    *("bits_intro", "bits_deeper", "bits_gan", "bits_total", "bits_silent", "bits_none_silent", "bits_number"),
    *("bits_push", "bits_push_title", "bits_kept", "bits_kept_title", "bits_choose"),
    *("pairs_intro", "pairs_deeper", "pairs_mean", "pairs_others", "pairs_pull", "pairs_itself", "pairs_between"),
    *("pairs_row", "pairs_column", "pairs_other", "pairs_reset", "pairs_next", "pairs_seen"),
    *("turn", "zoom", "shift", "mirrored", "brightness", "saturation", "contrast"),
)
"""what the script says"""
_LEFT = {
    name: f"{{{name}}}"
    for name in (
        *("model", "checkpoint", "encoder", "side", "levels", "value", "percent", "times", "count", "score"),
        *("across", "down", "speed", "seed", "number", "bits", "silent", "push", "measured", "row", "column"),
        *("noisy", "least", "dimensions"),
    )
}
"""fields of its sentences, which it fills in"""


class Inside(Widget):
    """What a model says of a face.

    `ask` asks for one explanation of a face by its receipt, and `move` for what it becomes while somebody plays with
    it; the script's `take` and `taken` take them, and `toggle` opens and closes the panel.
    """

    parts: ClassVar[tuple[str, ...]] = ("inside", "inside_network", "inside_space")


def inside_panel(texts: Texts, button: gr.Button) -> None:
    """Build the panel, which `button` opens and closes."""

    def drawn(language: str) -> str:
        words = {name: text(f"face_inside_{name}", language, **_LEFT) for name in _WORDS}
        said = escape(json.dumps(words, ensure_ascii=False))
        return f'<section class="inside" aria-label="{escape(words["title"])}" data-words="{said}"></section>'

    with gr.Column(elem_classes="inside-place", elem_id="faces-inside-place"):
        panel = texts.make(Inside, {"value": drawn}, elem_id="faces-inside")
        notice = notice_place(texts, "faces-inside-notice")
    ask, move = panel.ask, panel.move
    parcel(
        ask,
        _asked,
        [texts.language],
        notice,
        "faces",
        panel.function("take"),
        trigger_mode="multiple",
        **WORK,
    )
    # A picture takes some milliseconds, and the script asks for the next one when it has come.
    parcel(
        move, _moved, [texts.language], notice, "faces", panel.function("taken"), trigger_mode="multiple", queue=False
    )
    run_script(button, f"{panel.function('toggle')}()")


def _asked(_: str, event: gr.EventData) -> str:
    """Return what the script shows of a face.

    Raises:
        UserError: what is asked is not allowed, or a model cannot be used.
    """
    wanted = sent(event)
    return json.dumps(answer(str(wanted.get("kind")), str(wanted.get("receipt")), wanted.get("turn", 0)))


def _moved(_: str, event: gr.EventData) -> str:
    wanted = sent(event)
    options: Any = wanted.get("options")
    if not isinstance(options, dict):
        raise UserError("ui.bad_request")
    made = moved(str(wanted.get("kind")), str(wanted.get("receipt")), options)
    return json.dumps(made | {"kind": wanted.get("kind"), "receipt": wanted.get("receipt")})

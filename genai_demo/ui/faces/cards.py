"""Faces as HTML: every picture says in words what it shows, and that a machine made it."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from html import escape

import numpy as np
from PIL import Image

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.faces.requests import STATIONS, FaceRequest, GalleryRequest
from genai_demo.faces.results import Face, Film, enlarge
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.loading import FOLDERS
from genai_demo.marks.reading import Marks
from genai_demo.ui import cards
from genai_demo.ui.address import link
from genai_demo.ui.languages import text
from genai_demo.ui.marks import listed

PORTRAIT = 448
"""side of a face that is steered, in pixels"""
THUMBNAIL = 144
_SIDES = {1: 512, 2: 384, 3: 288, 4: 224, 5: 192}
"""side of a gallery's faces in pixels, by the columns that they stand in"""
_SMALLEST = 144
_TELLING = 1.0
"""seconds of work after which it can be told how long the rest takes"""
_COPIED, _NEAR = 0.02, 0.25
"""up to these shares of strangers are as near to a training face as one that is called a copy, or near"""


def address(picture: np.ndarray | Image.Image, side: int) -> str:
    """Return a picture, (S, S, 3) uint8 or an image, as the address of a JPEG that holds it.

    Args:
        picture: what to show.
        side: of the JPEG in pixels.
    """
    image = enlarge(np.asarray(picture), side)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def described(request: FaceRequest, language: str) -> str:
    """Return what a face was asked to be, in words, and that a machine made it."""
    return text("faces_described", language, what=_asked(request, language))


def _asked(request: FaceRequest, language: str) -> str:
    """Return what one of several faces was asked to be; that a machine made them is said once."""
    words = []
    if request.woman >= 0:
        words.append(text("faces_is_woman" if request.woman >= 0.5 else "faces_is_man", language))
    if request.age:
        words.append(text("faces_is_about", language, age=round(request.age)))
    if request.smile >= 0:
        words.append(text("faces_is_smiling" if request.smile >= 0.5 else "faces_is_not_smiling", language))
    return _listed(words or [text("faces_is_anybody", language)], language)


def _listed(words: Sequence[str], language: str) -> str:
    return reduce(lambda first, second: text("faces_and", language, first=first, second=second), words)


def gallery(request: GalleryRequest, faces: Sequence[Face], seconds: float, language: str) -> str:
    """Return the faces of a gallery as buttons, with the line that tells what was used."""
    cells = request.count
    columns = _columns(cells, request.model == "both")
    across = columns * (2 if request.model == "both" else 1)
    side = _SIDES.get(across, _SMALLEST)
    buttons = [_button(request, face, place, side, language) for place, face in enumerate(faces)]
    if request.model == "both":
        buttons = [f'<div class="pair">{"".join(buttons[2 * cell : 2 * cell + 2])}</div>' for cell in range(cells)]
    label = escape(text("faces_gallery_label", language))
    narrow = min(columns, 2 if request.model == "both" else 5)

    def status(language: str) -> str:
        return text("faces_status", language, count=len(faces), seed=request.seed, seconds=f"{seconds:.2f}")

    def title(language: str) -> str:
        return status(language).rpartition(" · ")[0]

    data = remembered("gallery", request, title, "", [face.receipt for face in faces])
    return (
        f'<div class="faces" role="group" aria-label="{label}" style="--columns:{columns};--narrow:{narrow}"'
        f"{data}>"
        f'{"".join(buttons)}</div><p class="result-status">{escape(status(language))}</p>'
    )


def remembered(
    page: str, request: object, title: Callable[[str], str], receipt: str, receipts: Sequence[Receipt]
) -> str:
    """Return what the page's script needs to show a result again, as attributes of its element.

    Args:
        page: what the address calls the result.
        request: what it was made of.
        title: from a language to what it is called in the history.
        receipt: as JSON; "" for several results.
        receipts: of all that is shown: what a run's snapshot made has no link, since that may be gone for others.
    """
    return cards.remembered(_link(page, request, receipts), title, receipt)


def _link(page: str, request: object, receipts: Sequence[Receipt]) -> str:
    return link("faces", page, request) if all(one.model in FOLDERS.values() for one in receipts) else ""


def _columns(cells: int, pairs: bool) -> int:
    return min(4 if pairs else 8, math.ceil(math.sqrt(cells)))


def _button(request: GalleryRequest, face: Face, place: int, side: int, language: str) -> str:
    several = request.model in ("both", "mix")
    maker = f'<span class="maker" aria-hidden="true">{face.request.model.upper()}</span>' if several else ""
    name = text("faces_number", language, number=face.request.index + 1)
    if several:
        name = _listed([name, text(f"faces_model_{face.request.model}", language)], language)
    alt = text("faces_named", language, name=name, what=_asked(face.request, language))
    return (
        f'<button type="button" class="face" data-place="{place}" {_named(face.request)} aria-pressed="false">'
        f"{_image(face.picture, side, alt)}{maker}</button>"
    )


def _named(request: FaceRequest) -> str:
    """Return what the page's script tells a face by, however it is steered."""
    return f'data-face="{request.model}-{request.seed}-{request.index}"'


def _image(picture: np.ndarray | Image.Image, side: int, alt: str) -> str:
    return (
        f'<img src="{address(picture, side)}" width="{side}" height="{side}" decoding="sync" draggable="false" '
        f'alt="{escape(alt)}">'
    )


def portrait(face: Face, language: str) -> str:
    """Return a face that is steered, large."""
    request = face.request

    def caption(language: str) -> str:
        model = text(f"faces_model_{request.model}", language)
        return text("faces_portrait_caption", language, model=model, seed=request.seed, number=request.index + 1)

    data = remembered("face", generation.face_of(face.receipt), caption, face.receipt.to_json(), [face.receipt])
    return (
        f'<figure class="portrait" data-model="{request.model}" {_named(request)}{data}>'
        f"{_image(face.picture, PORTRAIT, described(request, language))}"
        f"<figcaption>{escape(caption(language))}</figcaption></figure>"
    )


def direction_ends(pictures: Mapping[str, np.ndarray]) -> str:
    """Return the style sheet by which the directions' sliders show what they do; see `faces.css`.

    Args:
        pictures: of each model, as `handlers.direction_ends` returns them.
    """
    rules = []
    for model, ends in pictures.items():
        sheet = Image.fromarray(np.concatenate([np.concatenate(list(row), 1) for row in ends]))  # (2 S, D S, 3)
        stream = io.BytesIO()
        sheet.save(stream, "JPEG", quality=85)
        content = base64.b64encode(stream.getvalue()).decode("ascii")
        places = f'#faces-gallery:has(.portrait[data-model="{model}"])' + (", #faces-photo" if model == "vae" else "")
        rules.append(f'{places} {{ --ends: url("data:image/jpeg;base64,{content}") }}')
    return f"<style>{' '.join(rules)}</style>"


def nearest(share: float | None, language: str) -> str:
    """Return how near the closest training face is, in words, given the share of strangers as near; "" for None."""
    if share is None:
        return ""
    key = "faces_near_copy" if share <= _COPIED else "faces_near_close" if share <= _NEAR else "faces_near_usual"
    sentence = text(key, language, percent=max(1, math.ceil(100 * share)))
    return f'<p class="hint nearest">{escape(sentence)}</p>'


def searching(language: str) -> str:
    """Return the line that is seen while faces are searched."""
    return f'<p class="hint searching" role="status">{escape(text("faces_searching", language))}</p>'


def alike(of: FaceRequest, faces: Sequence[Face], language: str) -> str:
    """Return a face, and those that look like it, the nearest first, as buttons."""
    title = escape(text("faces_alike_of", language, seed=of.seed, number=of.index + 1))
    buttons = []
    for place, face in enumerate(faces):
        request = face.request
        name = text("faces_seed_number", language, seed=request.seed, number=request.index + 1)
        if not place:
            name = text("faces_alike_itself", language, name=name)
        alt = text("faces_named", language, name=name, what=_asked(request, language))
        buttons.append(
            f'<button type="button" class="face" data-place="{place}" {_named(request)} aria-pressed="false">'
            f"{_image(face.picture, THUMBNAIL, alt)}</button>"
        )
    group = f'<div class="faces" role="group" aria-label="{title}">{"".join(buttons)}</div>'
    return f"{searching(language)}<h3>{title}</h3>{group}"


def strip(faces: Sequence[Face], language: str) -> str:
    """Return the faces of a morph, each with the buttons that move and remove it."""
    if not faces:
        return f'<div class="empty-strip">{escape(text("faces_strip_empty", language))}</div>'
    items = "".join(_station(faces, place, language) for place in range(len(faces)))
    key = "faces_strip_more" if len(faces) < STATIONS[0] else "faces_strip_count"
    hint = f'<p class="hint">{escape(text(key, language, count=len(faces), most=STATIONS[1]))}</p>'
    label = escape(text("faces_strip_label", language))
    return f'<ol class="strip" aria-label="{label}">{items}</ol>{hint}'


def _station(faces: Sequence[Face], place: int, language: str) -> str:
    face = faces[place]
    edits = (("earlier", "←", place == 0), ("remove", "×", False), ("later", "→", place == len(faces) - 1))
    tools = "".join(
        f'<button type="button" data-edit="{edit}" data-place="{place}"{" disabled" if disabled else ""} '
        f'aria-label="{escape(text(f"faces_strip_{edit}", language, number=place + 1))}">{sign}</button>'
        for edit, sign, disabled in edits
    )
    return f"<li>{_image(face.picture, THUMBNAIL, _asked(face.request, language))}<div>{tools}</div></li>"


def progress(done: int, total: int, seconds: float, language: str) -> str:
    """Return how far a film has come in some seconds, and, where it can be told, how long it still takes."""
    words = text("faces_film_progress", language, done=done, total=total)
    left = round(seconds * (total - done) / done) if done and seconds >= _TELLING else 0
    if left:
        words += " · " + text("seconds_left", language, seconds=left)
    return (
        f'<div class="film-progress"><progress max="{total}" value="{done}" aria-label="{escape(words)}"></progress>'
        f'<p class="hint" aria-hidden="true">{escape(words)}</p></div>'
    )


def film(kind: str, content: bytes, data: str = "", shipped: bool = False) -> str:
    """Return a film that plays in a loop; the caption below it says what it is.

    Args:
        kind: its MIME type.
        content: the file.
        data: what `remembered` returns for it.
        shipped: whether nobody asked for it: then it waits to be played.
    """
    label = 'aria-labelledby="faces-film-caption"'
    source = f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
    if kind.startswith("video"):
        begins = 'preload="auto"' if shipped else "autoplay"
        tag = f'<video src="{source}" {label} {begins} loop muted playsinline controls></video>'
    else:
        tag = f'<img src="{source}" alt="" {label}>'
    there = ' data-shipped=""' if shipped else ""
    return f'<div class="film"{data}{there}>{tag}</div>'


def framed(picture: np.ndarray | Image.Image | None, caption: str, said: str = "", data: str = "") -> str:
    """Return a picture that the element with the id `caption` tells about, or an empty frame.

    Args:
        picture: what to show; None for nothing.
        caption: id of the element.
        said: what an empty frame says.
        data: attributes of the frame.
    """
    if picture is None:
        hidden = "" if said else ' aria-hidden="true"'
        return f'<div class="frame empty"{hidden}>{escape(said)}</div>'
    tag = f'<img src="{address(picture, PORTRAIT)}" alt="" aria-labelledby="{caption}" decoding="sync">'
    return f'<div class="frame"{data}>{tag}</div>'


def film_verdict(marks: Marks, kind: str, made: Film, language: str) -> str:
    """Return a film that was made again from its file.

    Args:
        marks: of the file.
        kind: MIME type of the film.
        made: the film.
        language: of the words.
    """
    lines = [
        text("faces_open_filmed", language, checkpoint=made.receipts[0].checkpoint),
        text("faces_open_morph", language),
    ]
    request = generation.request_of(made.receipts[0])
    return f"{_told(lines, marks, language)}{film(kind, made.marked(), _aside('morph', request, made.receipts))}"


def _aside(page: str, request: object, receipts: Sequence[Receipt]) -> str:
    """Return the link to what was opened, as attributes: it can be copied, and is no new result."""
    return f' data-link="{escape(_link(page, request, receipts))}" data-aside=""'


def _told(lines: Sequence[str], marks: Marks, language: str) -> str:
    told = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<div class="verdict" role="status">{told}{listed(marks, language)}</div>'


def verdict(
    marks: Marks, face: Face, picture: np.ndarray | None, difference: float, language: str, example: bool = False
) -> str:
    """Return a face that was made again beside the one in its file, and how they compare.

    Args:
        marks: of the file.
        face: made again.
        picture: (S, S, 3) uint8 as in the file; None where it held a receipt only.
        difference: mean difference of the two, 0 to 255.
        example: whether nobody opened the file, and the gallery stays as it is.
    """
    lines = [text("faces_open_example", language)] if example else []
    lines.append(text("faces_open_made", language, checkpoint=face.receipt.checkpoint))
    if picture is not None:
        key = "same" if difference == 0 else "nearly" if difference < 3 else "changed"
        lines.append(text(f"faces_open_{key}", language, difference=f"{difference:.1f}"))
    if not example:
        lines.append(text("faces_open_settings", language))
    shown = [("faces_open_again", face.picture)]
    if picture is not None:
        shown.insert(0, ("faces_open_file", _square(picture)))
    data = _aside("face", generation.face_of(face.receipt), [face.receipt])
    figures = "".join(
        f"<figure>{_image(one, PORTRAIT, described(face.request, language))}"
        f"<figcaption>{escape(text(key, language))}</figcaption></figure>"
        for key, one in shown
    )
    return f'{_told(lines, marks, language)}<div class="side-by-side"{data}>{figures}</div>'


def _square(picture: np.ndarray) -> np.ndarray:
    side = min(picture.shape[:2])
    return picture[:side, :side]

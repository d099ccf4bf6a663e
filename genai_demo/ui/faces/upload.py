"""A visitor's photo on its way to the VAE: it stays in memory, and only the code of its face outlives the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from PIL import Image

from genai_demo.errors import UserError
from genai_demo.faces.data import alignment
from genai_demo.faces.data.pictures import MOST_BYTES, open_picture
from genai_demo.faces.requests import AGE, FaceRequest
from genai_demo.faces.results import enlarge, marked_png
from genai_demo.faces.sampling.loading import FOLDERS, load
from genai_demo.ui.faces.files import PORTRAIT, WRONG
from genai_demo.ui.faces.handlers import painter_of, positions
from genai_demo.ui.files import download, received

_ENOUGH = 1024
"""pixels of a photo's side that suffice to find a face"""
_SHOWN = 448
"""side of the aligned photo that is shown, in pixels"""
_BOUNDS = (AGE, (0.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True)
class Code:
    """What the VAE makes of a photo: all that is kept of it, as long as the visitor edits."""

    numbers: tuple[float, ...]
    labels: tuple[float, ...]
    """age in years, woman and smile as read off the code, also beyond what sliders show; NaN where nothing is known"""
    start: tuple[float, ...]
    """where the sliders stand when nothing was moved"""


class Reading(NamedTuple):
    """A photo that was just read."""

    aligned: Image.Image
    """the face, cut out as training faces are"""
    code: Code
    notes: tuple[str, ...]
    """keys of sentences that the visitor should read"""


def read_photo(content: object) -> Reading:
    """Find the face of a photo and encode it.

    Args:
        content: the file in base64.

    Raises:
        UserError: no picture, a damaged or too large one, no face in it, or the VAE cannot be used.
    """
    photo = open_picture(received(content, MOST_BYTES, *WRONG), _ENOUGH)
    from genai_demo.faces.sampling.painting import VaePainter

    painter = load(painter_of("vae"), "vae").painter
    assert isinstance(painter, VaePainter)
    side = painter.network.config.resolution
    aligned = alignment.align(photo, side)
    return Reading(
        alignment.cut(photo, aligned.square, _SHOWN, oversampling=1), _encoded(painter, aligned.picture), aligned.notes
    )


def _encoded(painter: object, picture: Image.Image) -> Code:
    import torch

    from genai_demo.faces.data.batches import to_floats
    from genai_demo.faces.sampling.painting import VaePainter

    assert isinstance(painter, VaePainter)
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]  # (1, 3, S, S)
    device = next(painter.network.parameters()).device
    with torch.inference_mode():
        code = painter.network.encode(to_floats(pixels).to(device))[0][0].float().cpu()  # (L,)
    read = painter.latents.predict_labels(code)  # (3,)
    kept = [min(max(value, low), high) for value, (low, high) in zip(read.tolist(), _BOUNDS, strict=True)]
    age, woman, smile = (0.0 if value != value else value for value in kept)
    start = positions(FaceRequest("vae", age=age, woman=woman, smile=smile))
    return Code(tuple(code.tolist()), tuple(read.tolist()), start)


def here(code: Code | None) -> Code:
    """Return what is kept of a photo.

    Raises:
        UserError: its time is up.
    """
    if code is None:
        raise UserError("ui.faces_photo_gone")
    return code


def edited(code: Code, values: Sequence[float]) -> np.ndarray:
    """Return the face of a photo, (S, S, 3) uint8, after its sliders moved to `values`, as `positions`.

    Raises:
        UserError: a value is not allowed.
    """
    import torch

    from genai_demo.faces.sampling.painting import VaePainter

    painter = load(painter_of("vae"), "vae").painter
    assert isinstance(painter, VaePainter)
    labels = [-1.0, -1.0, -1.0]
    if tuple(values) != code.start:
        for place, read in enumerate(code.labels):
            low, high = _BOUNDS[place]
            if values[place] != code.start[place]:
                labels[place] = values[place]
            elif low <= read <= high:  # a reading beyond the slider is left alone, lest the face jump to its end
                labels[place] = read
    request = FaceRequest("vae", 0, 0, 1.0, max(labels[0], 0.0), labels[1], labels[2], tuple(values[3:]))
    request.check()
    request = replace(request, directions=tuple(map(float, request.directions)))  # a page's script sends 1.0 as 1
    (picture,) = painter.paint([painter.edit(torch.tensor(code.numbers), request)])
    return np.asarray(picture.permute(1, 2, 0).numpy())  # (S, S, 3)


def edited_file(code: Code, values: Sequence[float]) -> str:
    """Return the face of a photo as edited as a PNG file; a machine made it, but no receipt can make it again."""
    name = painter_of("vae")
    models = [(FOLDERS.get(name, name), load(name, "vae").checkpoint.id)]
    return download("photo-edited.png", "image/png", marked_png(enlarge(edited(code, values), PORTRAIT), None, models))

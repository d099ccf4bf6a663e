"""A visitor's photo on its way to the VAE: it stays in memory, and only the code of its face outlives the request."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, NamedTuple

import numpy as np
from PIL import Image

from genai_demo.engine.fields import Within, check_fields
from genai_demo.errors import UserError
from genai_demo.faces.data import alignment
from genai_demo.faces.data.pictures import MOST_BYTES, open_picture
from genai_demo.faces.requests import AGE, FaceRequest
from genai_demo.faces.results import enlarge, marked_png
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.loading import FOLDERS, load
from genai_demo.ui.address import link
from genai_demo.ui.faces.files import PORTRAIT, WRONG
from genai_demo.ui.faces.handlers import models_here, painter_of, positions
from genai_demo.ui.files import download, received

_ENOUGH = 1024
"""pixels of a photo's side that suffice to find a face"""
_SHOWN = 448
"""side of the aligned photo that is shown, in pixels"""
_EXAMPLE = 5
"""place of the face, among those of the first seed, that is shown before there is a photo"""
_BOUNDS = (AGE, (0.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True)
class Code:
    """What the VAE makes of a photo: all that is kept of it, as long as the visitor edits."""

    numbers: tuple[float, ...]
    labels: tuple[float, ...]
    """age in years, woman and smile as read off the code, also beyond what sliders show; NaN where nothing is known"""
    start: tuple[float, ...]
    """where the sliders stand when nothing was moved"""
    origin: str = "photo"
    """"photo" of a visitor, "link" to the numbers of one, or "example" for a face that a machine painted"""
    painter: str = "vae"
    """name or folder of the VAE that made it; to others the numbers say nothing"""


@dataclass(frozen=True)
class LinkedPhoto:
    """What a link holds of a photo: the numbers that the VAE made of its face, and never the photo."""

    code: str = ""
    """float16 in base64, as `written_code`"""
    model: str = ""
    """id of the VAE's checkpoint, to others the numbers say nothing"""
    age: Annotated[float, Within(*AGE)] = AGE[0]
    woman: Annotated[float, Within(0.0, 1.0)] = 0.5
    smile: Annotated[float, Within(0.0, 1.0)] = 0.5
    directions: tuple[float, ...] = ()
    """where the sliders stand"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        check_fields(self)
        FaceRequest("vae", age=self.age, directions=self.directions).check()

    @property
    def values(self) -> tuple[float, ...]:
        """Where the sliders stand, as `positions`."""
        return positions(FaceRequest("vae", 0, 0, 1.0, self.age, self.woman, self.smile, self.directions))


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

    name = painter_of("vae")
    painter = load(name, "vae").painter
    assert isinstance(painter, VaePainter)
    side = painter.network.config.resolution
    aligned = alignment.align(photo, side)
    return Reading(
        alignment.cut(photo, aligned.square, _SHOWN, oversampling=1),
        replace(_encoded(painter, aligned.picture), painter=name),
        aligned.notes,
    )


def _encoded(painter: object, picture: Image.Image, origin: str = "photo") -> Code:
    import torch

    from genai_demo.faces.data.batches import to_floats
    from genai_demo.faces.sampling.painting import VaePainter

    assert isinstance(painter, VaePainter)
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]  # (1, 3, S, S)
    device = next(painter.network.parameters()).device
    with torch.inference_mode():
        code = painter.network.encode(to_floats(pixels).to(device))[0][0].float().cpu()  # (L,)
    # As exact as in a link, so that a link shows the very same face.
    return _code(painter, code.half().float().numpy(), origin)


def _code(painter: object, numbers: np.ndarray, origin: str) -> Code:
    """Return what is kept of the numbers, (L,), of a face."""
    import torch

    from genai_demo.faces.sampling.painting import VaePainter

    assert isinstance(painter, VaePainter)
    read = painter.latents.predict_labels(torch.from_numpy(numbers))  # (3,)
    kept = [min(max(value, low), high) for value, (low, high) in zip(read.tolist(), _BOUNDS, strict=True)]
    age, woman, smile = (0.0 if value != value else value for value in kept)
    start = positions(FaceRequest("vae", age=age, woman=woman, smile=smile))
    return Code(tuple(numbers.tolist()), tuple(read.tolist()), start, origin)


def example() -> Reading:
    """Return a face that the GAN painted, or else the VAE, as if it were a visitor's photo.

    Raises:
        UserError: a model cannot be used.
    """
    model, vae = models_here()[0], painter_of("vae")
    return _example(model, vae, load(model).checkpoint.id, load(vae, "vae").checkpoint.id)


@lru_cache(maxsize=4)
def _example(model: str, vae: str, _model: str, _vae: str) -> Reading:
    from genai_demo.faces.sampling.painting import VaePainter

    painter = load(vae, "vae").painter
    assert isinstance(painter, VaePainter)
    (face,) = generation.paint([FaceRequest(model, index=_EXAMPLE)])
    picture = enlarge(face.picture, painter.network.config.resolution)
    return Reading(enlarge(face.picture, _SHOWN), replace(_encoded(painter, picture, "example"), painter=vae), ())


def link_to(code: Code, values: Sequence[float]) -> str:
    """Return the query of the address that shows a face whose sliders stand at `values`; "" of a run's snapshot."""
    if code.painter != "vae":
        return ""
    written = base64.urlsafe_b64encode(np.array(code.numbers, "<f2").tobytes()).decode("ascii")
    age, woman, smile, *directions = map(float, values)
    asked = LinkedPhoto(written, load("vae").checkpoint.id, age, woman, smile, tuple(directions))
    return link("faces", "photo", asked)


def from_link(asked: LinkedPhoto) -> Code:
    """Return what a link holds of a face.

    Raises:
        UserError: it was made with another VAE, or it cannot be read.
    """
    from genai_demo.faces.sampling.painting import VaePainter

    here = load("vae")
    assert isinstance(here.painter, VaePainter)
    if asked.model != here.checkpoint.id:
        raise UserError("ui.faces_link_other_model", found=asked.model[:12], here=here.checkpoint.id)
    try:
        numbers = np.frombuffer(base64.b64decode(asked.code, b"-_", validate=True), "<f2").astype(np.float32)
    except (ValueError, binascii.Error):
        raise UserError("ui.link_unreadable", name="code") from None
    if len(numbers) != here.painter.network.config.latent or not np.isfinite(numbers).all():
        raise UserError("ui.link_unreadable", name="code")
    return _code(here.painter, numbers, "link")


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

    painter = load(code.painter, "vae").painter
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
    name = code.painter
    models = [(FOLDERS.get(name, name), load(name, "vae").checkpoint.id)]
    return download("photo-edited.png", "image/png", marked_png(enlarge(edited(code, values), PORTRAIT), None, models))

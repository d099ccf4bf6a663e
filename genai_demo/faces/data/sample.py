"""Faces that are drawn: portraits in flat colours whose age, gender and smile can be seen. Imports no torch."""

from __future__ import annotations

import colorsys
import io
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from genai_demo.engine.data.sample import item_random
from genai_demo.engine.data.sources import Member
from genai_demo.engine.data.tables import Row
from genai_demo.faces.data.labels import Label

COUNT = 1000
"""faces if no number is given"""
_SIDE = 64
_FINE = 192
"""side that is drawn at, before it is made smaller: edges come out smooth"""
_SKINS = ((255, 224, 196), (241, 194, 158), (224, 172, 127), (198, 134, 96), (141, 92, 62), (98, 62, 44))
_HAIRS = ((32, 26, 24), (66, 44, 30), (110, 70, 40), (166, 110, 60), (214, 178, 110), (150, 60, 34))
_EYES = ((70, 46, 28), (60, 90, 120), (64, 100, 70), (40, 32, 30))
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Portrait:
    """What a drawn face looks like; lengths are shares of the picture's side."""

    age: int
    """years"""
    woman: bool
    smile: bool
    skin: Colour
    hair: Colour
    eyes: Colour
    ground: Colour
    clothes: Colour
    across: float
    """half of the head's width"""
    down: float
    """half of its height"""
    middle: tuple[float, float]
    long_hair: bool
    bald: bool
    fringe: float
    """how far the hair comes down the forehead"""
    beard: bool
    glasses: bool
    gaze: float
    """how far the eyes look aside, -1 to 1"""
    light: float
    """the side that light comes from, -1 to 1"""


def sample_members(count: int) -> list[Member[Label]]:
    """Return drawn faces with their labels; each is drawn when it is read."""
    members = []
    for number in range(count):
        portrait = imagine(item_random(number))
        label = Label(float(portrait.age), float(portrait.woman), float(portrait.smile))
        members.append(Member(f"drawn_{number:06d}.png", partial(_png, portrait), Row(label, "", True)))
    return members


def imagine(random: np.random.Generator) -> Portrait:
    """Return a face that nobody has."""
    age, woman, smile = int(random.integers(18, 86)), bool(random.random() < 0.5), bool(random.random() < 0.5)
    hair = _colour(random, _HAIRS, 10)
    # Grey comes with the years, to some earlier than to others.
    grey = float(np.clip((age - 38 - 12 * random.random()) / 25, 0, 1))
    hair = _mixed(hair, (206, 204, 202), grey)
    shade, vivid = random.random(), random.random()
    ground, clothes = _hue(shade, 0.12 + 0.22 * vivid, 0.88), _hue(shade + 0.4 + 0.2 * random.random(), 0.55, 0.6)
    return Portrait(
        age=age,
        woman=woman,
        smile=smile,
        skin=_colour(random, _SKINS, 8),
        hair=hair,
        eyes=_colour(random, _EYES, 8),
        ground=ground,
        clothes=clothes,
        across=0.215 + 0.025 * random.random() + (0.0 if woman else 0.012),
        down=0.285 + 0.03 * random.random(),
        middle=(0.5 + 0.025 * random.standard_normal(), 0.5 + 0.015 * random.standard_normal()),
        long_hair=bool(random.random() < (0.75 if woman else 0.06)),
        bald=bool(not woman and random.random() < (age - 25) / 110),
        fringe=float(random.random()),
        beard=bool(not woman and random.random() < 0.3),
        glasses=bool(random.random() < 0.1 + age / 300),
        gaze=float(random.uniform(-1, 1)),
        light=float(random.uniform(-1, 1)),
    )


def draw(face: Portrait) -> Image.Image:
    """Return the picture of a face, RGB, `_SIDE` pixels wide and high."""
    image = Image.new("RGB", (_FINE, _FINE), face.ground)
    pen = _Pen(image, face)
    pen.behind()
    pen.head()
    pen.features()
    pen.mouth()
    pen.hair()
    pen.glasses()
    # Light falls from one side, as in a photograph.
    ramp = np.linspace(-1, 1, _FINE)[None, :, None] * face.light * 18  # (1, S, 1)
    lit = np.clip(np.asarray(image, dtype=np.float32) + ramp, 0, 255).astype(np.uint8)
    soft = Image.fromarray(lit).filter(ImageFilter.GaussianBlur(0.9))
    return soft.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)


class _Pen:
    """Draws the parts of a face, from the back to the front; lengths are shares of the head's half width and height."""

    def __init__(self, image: Image.Image, face: Portrait) -> None:
        self._draw, self._face = ImageDraw.Draw(image), face
        self._dark = _mixed(face.skin, (60, 30, 24), 0.35)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        face = self._face
        return _FINE * (face.middle[0] + x * face.across), _FINE * (face.middle[1] + y * face.down)

    def _oval(self, x: float, y: float, across: float, down: float, fill: Colour) -> None:
        self._draw.ellipse([*self._at(x - across, y - down), *self._at(x + across, y + down)], fill=fill)

    def _line(self, points: list[tuple[float, float]], fill: Colour, width: float) -> None:
        self._draw.line(
            [self._at(*point) for point in points], fill=fill, width=max(1, round(width * _FINE / 256)), joint="curve"
        )

    def behind(self) -> None:
        """Draw shoulders, neck, and long hair."""
        face = self._face
        if face.long_hair:
            self._oval(0, 0.2, 1.32, 1.3, face.hair)
        self._oval(0, 1.95, 1.9 if face.woman else 2.15, 0.75, face.clothes)
        self._draw.rectangle([*self._at(-0.42, 0.6), *self._at(0.42, 1.25)], fill=self._dark)
        self._oval(0, 1.25, 0.42, 0.16, self._dark)

    def head(self) -> None:
        """Draw the head with its ears, and what the years have drawn on it."""
        face = self._face
        for side in (-1, 1):
            self._oval(side * 1.0, 0.05, 0.16, 0.18, self._dark)
        self._oval(0, 0, 1.0, 1.0, face.skin)
        # A man's jaw is broader.
        self._oval(0, 0.42, 0.72 if face.woman else 0.86, 0.55, face.skin)
        if face.beard:
            self._draw.chord([*self._at(-0.9, -0.35), *self._at(0.9, 1.06)], 12, 168, fill=face.hair)
        furrow = _mixed(face.skin, self._dark, min(1.0, max(0.0, (face.age - 32) / 45)))
        for height in (-0.56, -0.46) if face.age > 45 else ():
            self._line([(-0.4, height), (0, height - 0.03), (0.4, height)], furrow, 2)
        for side in (-1, 1) if face.age > 35 else ():
            self._line([(side * 0.3, 0.22), (side * 0.48, 0.5)], furrow, 2.5)
            self._line([(side * 0.25, 0.04), (side * 0.5, 0.05)], furrow, 2)

    def features(self) -> None:
        """Draw brows, eyes and nose."""
        face = self._face
        for side in (-1, 1):
            self._oval(side * 0.4, -0.1, 0.2, 0.085, (246, 244, 240))
            self._oval(side * 0.4 + 0.05 * face.gaze, -0.1, 0.085, 0.085, face.eyes)
            self._oval(side * 0.4 + 0.05 * face.gaze, -0.1, 0.04, 0.04, (16, 14, 14))
            lid = (40, 26, 22) if face.woman else self._dark
            self._line([(side * 0.2, -0.12), (side * 0.4, -0.19), (side * 0.6, -0.12)], lid, 4 if face.woman else 3)
            brow = _mixed(face.hair, (40, 30, 26), 0.35)
            self._line([(side * 0.18, -0.3), (side * 0.42, -0.36), (side * 0.64, -0.29)], brow, 4 if face.woman else 7)
        self._line([(0.02, -0.08), (-0.1, 0.24), (0.06, 0.27)], self._dark, 3)

    def mouth(self) -> None:
        """Draw the mouth: open and bent up for a smile, straight for none."""
        lips = (176, 60, 70) if self._face.woman else _mixed(self._face.skin, (140, 50, 50), 0.5)
        if self._face.smile:
            self._draw.chord([*self._at(-0.42, 0.2), *self._at(0.42, 0.74)], 8, 172, fill=lips)
            self._draw.chord([*self._at(-0.33, 0.33), *self._at(0.33, 0.64)], 8, 172, fill=(250, 248, 244))
        else:
            self._oval(0, 0.54, 0.27, 0.055, lips)
            self._line([(-0.27, 0.54), (0.27, 0.54)], _mixed(lips, (50, 20, 20), 0.5), 2)

    def hair(self) -> None:
        """Draw the hair of the crown, and its fringe."""
        face = self._face
        if face.bald:
            for side in (-1, 1):
                self._oval(side * 0.99, -0.2, 0.1, 0.3, face.hair)
            return
        edge = -0.52 + 0.16 * face.fringe
        steps = np.linspace(np.pi, 2 * np.pi, 24)
        rim = [(float(np.cos(a) * 1.07), float(np.sin(a) * 1.1 - 0.02)) for a in steps]
        parting = -0.5 + face.fringe
        self._draw.polygon(
            [self._at(*point) for point in [*rim, (0.93, edge + 0.25), (parting, edge - 0.12), (-0.93, edge + 0.25)]],
            fill=face.hair,
        )
        if face.long_hair:
            for side in (-1, 1):
                self._oval(side * 1.08, 0.35, 0.2, 0.8, face.hair)

    def glasses(self) -> None:
        """Draw glasses, for those who have some."""
        if self._face.glasses:
            for side in (-1, 1):
                box = [*self._at(side * 0.4 - 0.28, -0.28), *self._at(side * 0.4 + 0.28, 0.08)]
                self._draw.ellipse(box, outline=(40, 36, 40), width=3)
            self._line([(-0.12, -0.12), (0.12, -0.12)], (40, 36, 40), 4)


def _png(face: Portrait) -> bytes:
    stream = io.BytesIO()
    draw(face).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _colour(random: np.random.Generator, colours: tuple[Colour, ...], spread: float) -> Colour:
    """Return one of some colours, a little otherwise each time."""
    near = (
        np.array(colours[int(random.integers(len(colours)))])
        + random.normal(0, 2 * spread)
        + random.normal(0, spread / 2, 3)
    )
    red, green, blue = np.clip(near, 0, 255).astype(int).tolist()
    return red, green, blue


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    """Return a colour at `share`, 0 to 1, of the way from one to another."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _hue(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue % 1.0, saturation, value))
    return red, green, blue

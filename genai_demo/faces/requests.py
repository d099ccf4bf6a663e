"""What can be asked of the face models, checked before any work starts; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from genai_demo.engine.fields import OneOf, Seed, Within, check_fields
from genai_demo.engine.generation.checks import SEED, check_number, check_whole
from genai_demo.errors import UserError

MODELS = ("gan", "vae")
CHOICES = (*MODELS, "both", "mix")
"""what a gallery is made with: one model, both from the same seeds, or now one and now the other"""
GENDERS = ("any", "woman", "man")
SMILES = ("any", "yes", "no")
COUNT = (1, 64)
INDEX = (0, 9_999)
VARIETY = (0.2, 1.3)
"""how far faces may be from the most typical one; 1 as in the training set"""
USUAL_VARIETY = 0.5
"""if nothing is said of it: there the GAN spoils half as many faces as at 0.8, and they still differ"""
AGE = (18, 90)
"""years that can be asked for"""
DIRECTIONS = 8
"""directions found in the latent space that a face can be moved along"""
PUSH = (-3.0, 3.0)
"""how far along a direction, in standard deviations"""
NUDGES = 50
"""most small steps aside that one face can have"""
STATIONS = (2, 6)
"""faces of a morph"""
SECONDS = (0.5, 5.0)
"""seconds from one face of a morph to the next"""
FORMATS = ("mp4", "webp", "gif")

Model = Annotated[str, OneOf(MODELS)]
Variety = Annotated[float, Within(*VARIETY)]


@dataclass(frozen=True)
class GalleryRequest:
    """Show faces of one seed."""

    model: Annotated[str, OneOf(CHOICES)] = "gan"
    """which model paints: one, both from the same seeds (which are other people to each), or now one, now the other"""
    count: Annotated[int, Within(*COUNT)] = 16
    """faces to show"""
    seed: Seed = 0
    """the same seed and settings give the same faces, however many are shown"""
    variety: Variety = USUAL_VARIETY
    """1 as in real life"""
    age: Annotated[int, Within(*AGE, besides=0)] = 0
    """years; 0 leaves it open"""
    gender: Annotated[str, OneOf(GENDERS)] = "any"
    """as annotators saw it, as one of two"""
    smile: Annotated[str, OneOf(SMILES)] = "any"
    """whether the face smiles"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        check_fields(self)

    def faces(self, count: int | None = None) -> tuple[FaceRequest, ...]:
        """Return one request per face, in the order in which they are shown, of the first `count` of the seed."""
        woman = {"any": -1.0, "woman": 1.0, "man": 0.0}[self.gender]
        smile = {"any": -1.0, "yes": 1.0, "no": 0.0}[self.smile]
        return tuple(
            FaceRequest(model, self.seed, index, self.variety, float(self.age), woman, smile)
            for index in range(self.count if count is None else count)
            for model in self._models(index)
        )

    def _models(self, index: int) -> tuple[str, ...]:
        if self.model == "both":
            return MODELS
        return (MODELS[index % len(MODELS)] if self.model == "mix" else self.model,)


@dataclass(frozen=True)
class FaceRequest:
    """Paint one face: where it starts from, and how it was steered."""

    model: Model = "gan"
    seed: Seed = 0
    index: Annotated[int, Within(*INDEX)] = 0
    """place of the face among those of its seed, from 0"""
    variety: Variety = USUAL_VARIETY
    """1 as in real life"""
    age: Annotated[float, Within(*AGE, besides=0)] = 0.0
    """years; 0 leaves it open"""
    woman: Annotated[float, Within(0.0, 1.0, besides=-1)] = -1.0
    """from 0 man to 1 woman; -1 leaves it open"""
    smile: Annotated[float, Within(0.0, 1.0, besides=-1)] = -1.0
    """from 0 no smile to 1 smile; -1 leaves it open"""
    directions: tuple[float, ...] = ()
    """how far along each of the first directions of the latent space, within `PUSH`; at most `DIRECTIONS`"""
    nudges: tuple[int, ...] = ()
    """seeds of small steps aside, at most `NUDGES`"""

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        check_fields(self)
        check_whole("number of directions", len(self.directions), 0, DIRECTIONS)
        for value in self.directions:
            check_number("direction", value, *PUSH)
        check_whole("number of nudges", len(self.nudges), 0, NUDGES)
        for value in self.nudges:
            check_whole("nudge", value, *SEED)


@dataclass(frozen=True)
class MorphRequest:
    """Turn faces into one another, round and round."""

    faces: tuple[FaceRequest, ...] = ()
    """`STATIONS` faces of one model"""
    seconds: Annotated[float, Within(*SECONDS)] = 1.5
    """from one face to the next"""
    format: Annotated[str, OneOf(FORMATS)] = "mp4"

    @property
    def model(self) -> str:
        """Family of the model that painted the faces."""
        return self.faces[0].model if self.faces else MODELS[0]

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        check_whole("number of faces", len(self.faces), *STATIONS)
        for face in self.faces:
            face.check()
        if len({face.model for face in self.faces}) > 1:
            raise UserError("faces.morph_one_model")
        check_fields(self)


Request = FaceRequest | MorphRequest

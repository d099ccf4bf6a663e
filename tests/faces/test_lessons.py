from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
import torch

from genai_demo.engine.lessons.lesson import Lesson
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.lessons.contrastive import contrastive_lesson
from genai_demo.faces.lessons.gan import gan_lesson
from genai_demo.faces.lessons.measured import FACES
from genai_demo.faces.lessons.textbook import textbook_gan_lesson, textbook_vae_lesson
from genai_demo.faces.lessons.vae import vae_lesson
from genai_demo.faces.models.vae import Vae
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.loading import load

ALL = [
    vae_lesson,
    gan_lesson,
    contrastive_lesson,
    textbook_vae_lesson,
    textbook_gan_lesson,
]


@pytest.mark.parametrize("lesson", ALL)
@pytest.mark.usefixtures("tiny")
def test_every_symbol_is_explained_and_every_used_weight_counted(lesson: Callable[[], Lesson]) -> None:
    made = lesson()
    assert set(re.findall('data-symbol="(.*?)"', "".join(made.formulas))) == set(made.values)
    for network in made.networks:
        used = sum(part.weights * part.times for part in network.parts)
        # What only reads labels is no part of the pass that is shown.
        assert 0 <= network.weights - used <= 0.2 * network.weights


@pytest.mark.usefixtures("tiny")
def test_the_vaes_present_values_are_those_of_its_code() -> None:
    made, painter = vae_lesson(), load("vae").painter
    network = painter.network
    assert isinstance(network, Vae)
    requests = [FaceRequest(model="vae", seed=7, index=index) for index in range(FACES)]
    pictures = to_floats(painter.paint([painter.code(painter.fill_in(one)) for one in requests]))
    mean, log_variance = network.encode(pictures)
    posterior = torch.distributions.Normal(mean, (log_variance / 2).exp())
    divergence = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0))
    assert made.values["divergence"] == pytest.approx(float(divergence.mean()), rel=1e-3)
    assert made.values["spread"] == pytest.approx(float(posterior.stddev.mean()), rel=1e-4)
    assert made.values["free"] == 0.1


@pytest.mark.usefixtures("tiny")
def test_the_gans_present_values_come_from_the_discriminator_that_was_kept() -> None:
    values = gan_lesson().values
    real, made = values["real"], values["judge"]
    assert isinstance(real, float) and isinstance(made, float)
    assert values["discriminator_loss"] == pytest.approx(math.log1p(math.exp(made - real)), rel=1e-4)
    assert values["generator_loss"] == pytest.approx(math.log1p(math.exp(real - made)), rel=1e-4)


@pytest.mark.usefixtures("tiny")
def test_two_views_of_one_face_are_more_alike_than_different_faces() -> None:
    values = contrastive_lesson().values
    partner, other = values["partner"], values["other"]
    assert isinstance(partner, float) and isinstance(other, float) and partner > other


def test_an_untrained_textbook_gan_guesses() -> None:
    values = textbook_gan_lesson().values
    assert values["discriminator_loss"] == pytest.approx(2 * math.log(2), abs=0.2)

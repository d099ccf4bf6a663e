"""Random features are the same everywhere, whatever the batch and the type of the pictures."""

from __future__ import annotations

import torch

from genai_demo.faces.models.random_features import RandomFeatures, as_floats, as_shown, extract, thumbnails
from tests.helpers.ovals import pictures


def test_weights_come_from_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = RandomFeatures(seed=3)
    state = torch.get_rng_state()
    second = RandomFeatures(seed=3)
    assert torch.equal(state, torch.get_rng_state())
    assert first.id == second.id
    assert torch.equal(extract(first, pictures(3, 0)), extract(second, pictures(3, 0)))
    assert len({RandomFeatures(seed).id for seed in range(4)}) == 4


def test_weights_do_not_change_with_the_machine() -> None:
    # Reports name this extractor: with another id no figure could be compared with an older one.
    assert RandomFeatures(seed=0).id == "random-9152ea6c7778"


def test_features_have_a_row_per_picture_whatever_the_batch() -> None:
    faces, features = pictures(70, 0), RandomFeatures()
    found = extract(features, faces)
    assert found.shape == (70, features.count)
    assert found.dtype == torch.float32 and not found.requires_grad
    torch.testing.assert_close(found[65:66], extract(features, faces[65:66]))
    assert torch.equal(found, extract(features, as_floats(faces)))


def test_features_see_place_and_detail() -> None:
    faces, features = as_floats(pictures(4, 0)), RandomFeatures()
    found = extract(features, faces)
    for changed in (faces.flip(2), faces.roll(16, 3), faces * 0.9, faces + 0.1 * torch.randn_like(faces)):
        assert (extract(features, changed) - found).norm(dim=1).min() > 1e-2 * found.norm(dim=1).max()


def test_pictures_are_what_a_saved_one_shows() -> None:
    faces = pictures(2, 0)
    assert torch.equal(as_shown(as_floats(faces)), faces)
    assert as_shown(faces) is faces
    assert as_shown(torch.tensor([[-3.0, -1.0, 0.0, 1.0, 7.0]])).tolist() == [[0, 0, 128, 255, 255]]


def test_thumbnails_are_means_of_squares() -> None:
    faces = as_floats(pictures(2, 0))
    found = thumbnails(faces).unflatten(1, (3, 16, 16))
    torch.testing.assert_close(found[1, 2, 5, 7], faces[1, 2, 20:24, 28:32].mean())

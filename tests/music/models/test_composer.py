"""The composer's network: what acts on what, and that reading token by token is reading all at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from genai_demo.music.models.bar_conditioning import BAR_FEATURES, FEATURE_INDEX, condition_tokens
from genai_demo.music.models.composer import DEBUG, Composer, ComposerConfig, ModelInput
from genai_demo.music.theory.piece import Key
from genai_demo.music.tokens import events
from tests.helpers.music import scale

CONFIG = ComposerConfig(**DEBUG)  # type: ignore[arg-type]


def lively() -> Composer:
    """Return a composer in which every weight has a value, those that start at zero too."""
    torch.manual_seed(1)
    network = Composer(CONFIG).eval()
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return network


def some_inputs(rows: int = 2, length: int = 12) -> ModelInput:
    random = np.random.default_rng(0)
    tokens = torch.from_numpy(random.integers(events.SIZE, size=(rows, length)))
    times = torch.from_numpy(np.sort(random.integers(0, 100, (rows, length)) / 4, 1)).float()
    features = torch.from_numpy(random.integers(list(BAR_FEATURES.values()), size=(rows, length, len(BAR_FEATURES))))
    return ModelInput(tokens, times, features)


@torch.no_grad()
def test_token_by_token_is_all_at_once() -> None:
    network, inputs = lively(), some_inputs()
    whole = network(inputs)
    assert whole.shape == (2, 12, events.SIZE)
    cache = network.new_cache(2)
    parts = [network(inputs.part(0, 5), cache)]
    parts += [network(inputs.part(place, place + 1), cache) for place in range(5, 12)]
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-4)


@torch.no_grad()
def test_attention_can_be_asked_for() -> None:
    network, inputs, weights = lively(), some_inputs(), list[torch.Tensor]()
    assert torch.allclose(network(inputs, weights=weights), network(inputs), atol=1e-4)
    assert len(weights) == CONFIG.layers
    for some in weights:
        assert some.shape == (2, CONFIG.heads, 12, 12)
        assert torch.allclose(some.sum(-1), torch.ones(some.shape[:-1]))
        assert not some.triu(1).any()


@torch.no_grad()
def test_what_comes_later_changes_nothing_before() -> None:
    network, inputs = lively(), some_inputs()
    before = network(inputs)
    for changed in (inputs.tokens, inputs.times, inputs.features):
        changed[:, 7:] += 1 if changed is inputs.times else -changed[:, 7:]
    after = network(inputs)
    assert torch.allclose(before[:, :7], after[:, :7], atol=1e-5)
    assert not torch.allclose(before[:, 7:], after[:, 7:], atol=1e-3)


@torch.no_grad()
def test_only_distances_in_time_count() -> None:
    network, inputs = lively(), some_inputs()
    later = ModelInput(inputs.tokens, inputs.times + 32, inputs.features)
    assert torch.allclose(network(inputs), network(later), atol=1e-3)
    wider = ModelInput(inputs.tokens, inputs.times * 1.25, inputs.features)
    assert not torch.allclose(network(inputs), network(wider), atol=1e-2)


@torch.no_grad()
@pytest.mark.parametrize("place", range(len(BAR_FEATURES)), ids=list(BAR_FEATURES))
def test_every_fact_acts(place: int) -> None:
    network, inputs = lively(), some_inputs()
    before = network(inputs)
    inputs.features[..., place] = (inputs.features[..., place] + 1) % list(BAR_FEATURES.values())[place]
    assert not torch.allclose(before, network(inputs), atol=1e-3)


def test_a_fresh_network_holds_all_tokens_equally_likely() -> None:
    assert float(Composer(CONFIG)(some_inputs()).detach().abs().max()) == 0


def test_the_one_that_ships_is_small() -> None:
    assert sum(weight.numel() for weight in Composer(ComposerConfig()).parameters()) <= 3_200_000


def test_sizes_have_to_fit() -> None:
    with pytest.raises(ValueError, match="width is 30"):
        Composer(ComposerConfig(width=30, heads=2))


@torch.no_grad()
def test_what_is_learnt_in_one_key_holds_in_all() -> None:
    """With nothing but degrees to go by, a transposed piece is the same."""
    network = lively()
    pitches = slice(events.FIRST["PITCH"], events.FIRST["PITCH"] + events.COUNTS["PITCH"])
    network.embedding.weight[pitches] = 0
    network.readout.weight[pitches] = 0
    network.known[FEATURE_INDEX["key"]].get_parameter("weight")[:] = 0
    piece = scale(2, Key(2, "minor"))
    moved = replace(
        piece, notes=tuple(replace(note, pitch=note.pitch + 3) for note in piece.notes), key=Key(5, "minor")
    )
    found = []
    for music in (piece, moved):
        known = condition_tokens(events.encode(music))
        tokens, features = (torch.from_numpy(part.astype(np.int64))[None] for part in (known.tokens, known.features))
        times = torch.from_numpy(known.times)[None]
        # The token of the key is another one.
        found.append(network(ModelInput(tokens[:, 1:], times[:, 1:], features[:, known.bar_of][:, 1:]))[0, :, pitches])
    assert torch.allclose(found[0][:, :-3], found[1][:, 3:], atol=1e-4)
    assert not torch.allclose(found[0], found[1], atol=1e-2)


@torch.no_grad()
def test_without_a_key_pitches_are_those_of_the_keyboard() -> None:
    network, inputs = lively(), some_inputs()
    inputs.features[..., FEATURE_INDEX["key"]] = 0
    before = network(inputs)
    network.degrees.weight[:12] += 1
    network.read_degrees.weight += 1
    assert torch.allclose(before, network(inputs))

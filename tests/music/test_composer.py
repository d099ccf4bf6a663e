"""The composer's network: what acts on what, and that reading token by token is reading all at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genai_demo.music import events
from genai_demo.music.bar_facts import FACTS
from genai_demo.music.composer import DEBUG, Composer, ComposerConfig, Context, Memory

CONFIG = ComposerConfig(**DEBUG)  # type: ignore[arg-type]


def lively() -> Composer:
    """Return a composer in which every weight has a value, those that start at zero too."""
    torch.manual_seed(1)
    network = Composer(CONFIG).eval()
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return network


def some_context(rows: int = 2, length: int = 12) -> Context:
    random = np.random.default_rng(0)
    tokens = torch.from_numpy(random.integers(events.SIZE, size=(rows, length)))
    times = torch.from_numpy(np.sort(random.integers(0, 100, (rows, length)) / 4, 1)).float()
    facts = torch.from_numpy(random.integers(list(FACTS.values()), size=(rows, length, len(FACTS))))
    return Context(tokens, times, facts)


@torch.no_grad()
def test_token_by_token_is_all_at_once() -> None:
    network, context = lively(), some_context()
    whole = network(context)
    assert whole.shape == (2, 12, events.SIZE)
    memory = Memory(CONFIG, 2, 12, network.embedding.weight)
    parts = [network(context.part(0, 5), memory)]
    parts += [network(context.part(place, place + 1), memory) for place in range(5, 12)]
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-4)


@torch.no_grad()
def test_what_comes_later_changes_nothing_before() -> None:
    network, context = lively(), some_context()
    before = network(context)
    for changed in (context.tokens, context.times, context.facts):
        changed[:, 7:] += 1 if changed is context.times else -changed[:, 7:]
    after = network(context)
    assert torch.allclose(before[:, :7], after[:, :7], atol=1e-5)
    assert not torch.allclose(before[:, 7:], after[:, 7:], atol=1e-3)


@torch.no_grad()
def test_only_distances_in_time_count() -> None:
    network, context = lively(), some_context()
    later = Context(context.tokens, context.times + 32, context.facts)
    assert torch.allclose(network(context), network(later), atol=1e-3)
    wider = Context(context.tokens, context.times * 1.25, context.facts)
    assert not torch.allclose(network(context), network(wider), atol=1e-2)


@torch.no_grad()
@pytest.mark.parametrize("place", range(len(FACTS)), ids=list(FACTS))
def test_every_fact_acts(place: int) -> None:
    network, context = lively(), some_context()
    before = network(context)
    context.facts[..., place] = (context.facts[..., place] + 1) % list(FACTS.values())[place]
    assert not torch.allclose(before, network(context), atol=1e-3)


def test_a_fresh_network_holds_all_tokens_equally_likely() -> None:
    assert float(Composer(CONFIG)(some_context()).detach().abs().max()) == 0


def test_the_one_that_ships_is_small() -> None:
    assert sum(weight.numel() for weight in Composer(ComposerConfig()).parameters()) <= 3_200_000


def test_sizes_have_to_fit() -> None:
    with pytest.raises(ValueError, match="width 30"):
        Composer(ComposerConfig(width=30, heads=2))

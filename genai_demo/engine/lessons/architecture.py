"""What a network is made of, as one pass through it shows: parts in their order, shapes of what they give."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

_CLEAR = (nn.ModuleList, nn.Sequential)
"""modules that only hold others"""


@dataclass(frozen=True)
class Part:
    """A part of a network that was used."""

    name: str
    """attribute of the network that holds it, such as "painter.blocks.0.1\""""
    kind: str
    """its class, such as "Conv2d\""""
    shape: tuple[int, ...]
    """of what it gives on, without the batch"""
    weights: int
    """how many numbers it has learnt"""
    times: int = 1
    """so many of the same follow one another"""


def parts(network: nn.Module, run: Callable[[], Any], opened: Collection[type[nn.Module]] = ()) -> tuple[Part, ...]:
    """Return the parts of a network in the order in which one pass uses them; functions without weights are left out.

    Args:
        network: what to look into.
        run: passes something through it.
        opened: classes of modules whose parts are shown in their place.
    """
    seen: list[Part] = []

    def note(name: str, module: nn.Module) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _given: Any, made: Any) -> None:
            tensor: Tensor = made if isinstance(made, Tensor) else made[0]
            weights = sum(weight.numel() for weight in module.parameters())
            seen.append(Part(name, type(module).__name__, tuple(tensor.shape[1:]), weights))

        return hook

    hooks = [
        module.register_forward_hook(note(name, module)) for name, module in _chosen(network, (*_CLEAR, *opened), "")
    ]
    try:
        with torch.inference_mode():
            run()
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(_together(seen))


def weights_of(network: nn.Module) -> int:
    """Return how many numbers a network has learnt."""
    return sum(weight.numel() for weight in network.parameters())


def _chosen(network: nn.Module, opened: tuple[type[nn.Module], ...], above: str) -> Iterator[tuple[str, nn.Module]]:
    for name, child in network.named_children():
        if isinstance(child, opened):
            yield from _chosen(child, opened, f"{above}{name}.")
        else:
            yield f"{above}{name}", child


def _together(found: list[Part]) -> Iterator[Part]:
    """Yield parts with those that are alike and follow one another as one."""
    held: Part | None = None
    for part in found:
        if held and (held.kind, held.shape, held.weights) == (part.kind, part.shape, part.weights):
            held = replace(held, times=held.times + 1)
            continue
        if held:
            yield held
        held = part
    if held:
        yield held

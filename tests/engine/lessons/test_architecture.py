from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from genai_demo.engine.lessons.architecture import parts, weights_of
from genai_demo.engine.lessons.formula import letter, low, row, sign, symbol


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.last = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.last(x)


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Linear(9, 9)
        self.read = nn.GRU(3, 4, batch_first=True)
        self.inner = Inner()

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.inner(self.read(x)[0])
        return made


def test_parts_come_in_the_order_of_their_use_with_what_they_give_on() -> None:
    network, given = Outer(), torch.zeros(2, 5, 3)
    found = parts(network, lambda: network(given), (Inner,))
    assert [(part.name, part.kind, part.shape, part.times) for part in found] == [
        ("read", "GRU", (5, 4), 1),
        ("inner.layers.0", "Linear", (5, 4), 3),
        ("inner.last", "Linear", (5, 2), 1),
    ]
    assert sum(part.weights * part.times for part in found) == weights_of(network) - weights_of(network.unused)


def test_a_module_that_is_not_opened_is_one_part_and_nothing_stays_hooked() -> None:
    network, given = Outer(), torch.zeros(2, 5, 3)
    assert [part.name for part in parts(network, lambda: network(given))] == ["read", "inner"]
    assert not any(module._forward_hooks for module in network.modules())


def test_what_goes_wrong_leaves_no_hooks() -> None:
    network = Outer()
    with pytest.raises(RuntimeError):
        parts(network, lambda: network(torch.zeros(2, 5, 7)))
    assert not any(module._forward_hooks for module in network.modules())


def test_symbols_of_a_formula_carry_their_keys_and_text_is_escaped() -> None:
    made = row(symbol("loss", letter("L")), sign("<"), low(letter("x"), letter("t")))
    assert 'data-symbol="loss"' in made and "&lt;" in made and "<msub><mi>x</mi><mi>t</mi></msub>" in made

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.text.lessons import EXAMPLE, autoregressive, masked
from genai_demo.text.models.gru import GruModel
from genai_demo.text.sampling.loading import load
from genai_demo.text.tokens.special_tokens import END


@pytest.mark.parametrize("lesson", [autoregressive, masked])
@pytest.mark.usefixtures("tiny")
def test_every_symbol_is_explained_and_every_weight_counted(lesson: type) -> None:
    made = lesson()
    assert set(re.findall('data-symbol="(.*?)"', "".join(made.formulas))) == set(made.values)
    (network,) = made.networks
    assert sum(part.weights * part.times for part in network.parts) == network.weights


@pytest.mark.usefixtures("tiny")
def test_the_present_loss_is_what_an_independent_pass_gives() -> None:
    made, loaded = autoregressive(), load("gru")
    network = loaded.network
    assert isinstance(network, GruModel)
    row = [loaded.tokenizer.topics.tokens["business"], *loaded.tokenizer.encode(EXAMPLE), END]
    state, nats = None, 0.0
    for token, after in pairwise(row):
        vectors, state = network(torch.tensor([[token]]), state)
        nats -= float(network.logits(vectors)[0, 0].log_softmax(0)[after])
    assert made.values["tokens"] == len(row) - 1
    assert made.values["loss"] == pytest.approx(nats / (len(row) - 1), rel=1e-4)
    assert made.values["probability"] == pytest.approx(math.exp(-nats / (len(row) - 1)), rel=1e-4)
    assert made.fields["bits"] == pytest.approx(nats / math.log(2) / (len(EXAMPLE) + 1), rel=1e-4)


@pytest.mark.usefixtures("tiny")
def test_what_is_hidden_is_drawn_once_and_other_draws_go_on() -> None:
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    first = torch.rand(1)
    made = masked()
    assert torch.equal(torch.cat([first, torch.rand(1)]), wanted)
    hidden, seen = made.values["hidden"], made.values["seen"]
    assert isinstance(hidden, int) and isinstance(seen, int) and hidden > 0
    assert hidden + seen == len(load("masked").tokenizer.encode(EXAMPLE)) + 2


def test_without_its_checkpoint_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    settings.cache_clear()
    with pytest.raises(UserError):
        autoregressive()

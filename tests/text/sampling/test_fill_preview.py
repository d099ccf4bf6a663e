"""Samples of a masked model that learns: blanks of texts, filled in; right ones are told from wrong ones."""

from __future__ import annotations

import re

import torch

from genai_demo.text.models.masked import DEBUG, MaskedConfig, MaskedModel
from genai_demo.text.sampling.fill_preview import fill_preview
from genai_demo.text.tokens.special_tokens import AG_NEWS, END
from tests.helpers import news

TOKENIZER = news.tokenizer()
TEXTS = [("sports", "The team won the final match of the season on Sunday after the new coach had changed the plan.")]


def masked() -> MaskedModel:
    torch.manual_seed(0)
    return MaskedModel(MaskedConfig(TOKENIZER.size, **DEBUG)).eval()


def counts(shown: str) -> tuple[int, int]:
    right, blanks = map(int, shown.split("\n")[0].split("/"))
    return right, blanks


def test_blanks_are_always_the_same_words() -> None:
    network = masked()
    shown = fill_preview(network, TOKENIZER, TEXTS)
    assert shown == fill_preview(network, TOKENIZER, TEXTS)
    right, blanks = counts(shown)
    story = shown.split("\n\n", 1)[1].removeprefix("[sports] ")
    assert blanks >= 1 and len(re.findall(r"\[[^]]*\]", story)) == blanks
    assert len(re.findall(" ≠ ", story)) == blanks - right
    # With each blank put right it is the text, as far as it is shown.
    meant = re.sub(r"\[(?:[^]]*≠ )?([^]]*)\]", r"\1", story).strip()
    assert TEXTS[0][1].startswith(meant) and meant


def test_what_was_learnt_by_heart_is_filled_in_right() -> None:
    network = masked().train()
    topic, text = TEXTS[0]
    row = torch.tensor([[AG_NEWS.tokens[topic], *TOKENIZER.encode(text)[:40], END]])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    before = counts(fill_preview(network.eval(), TOKENIZER, TEXTS))[0]
    network.train()
    for step in range(150):
        torch.manual_seed(step)
        optimizer.zero_grad()
        network.loss(row.repeat(8, 1), 0.5)["loss"].backward()
        optimizer.step()
    right, blanks = counts(fill_preview(network.eval(), TOKENIZER, TEXTS))
    assert right == blanks > before

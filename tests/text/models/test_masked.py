"""The masked model cannot see what it is asked for, and padding does not exist for it."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.text.models import masked
from genai_demo.text.models.masked import DEBUG, MaskedConfig, MaskedModel, draw_mask
from genai_demo.text.tokens.special_tokens import AG_NEWS, END, MASK, PAD

VOCABULARY = 40


def model(**changes: float) -> MaskedModel:
    """Return a debug model that has left its start, where every block is the identity."""
    torch.manual_seed(0)
    network = MaskedModel(MaskedConfig(VOCABULARY, **{**DEBUG, **changes}))  # type: ignore[arg-type]
    for name, weight in network.named_parameters():
        if "attended" in name or "contract" in name:
            torch.nn.init.normal_(weight, std=0.3)
    return network.eval()


MODEL = model()


def padded(seed: int = 0, lengths: tuple[int, ...] = (12, 9, 6, 4), width: int = 12) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(AG_NEWS.controls, VOCABULARY, (len(lengths), width), generator=generator)
    ids[:, 0] = AG_NEWS.tokens["world"]
    for row, length in enumerate(lengths):
        ids[row, length - 1] = END
        ids[row, length:] = PAD
    return ids


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """What the network is shown when a loss is computed."""
    shown: list[torch.Tensor] = []
    forward = MaskedModel.forward

    def look(self: MaskedModel, ids: torch.Tensor) -> torch.Tensor:
        shown.append(ids)
        return forward(self, ids)

    monkeypatch.setattr(MaskedModel, "forward", look)
    return shown


@given(st.integers(0, 1000))
def test_masks(seed: int) -> None:
    torch.manual_seed(seed)
    ids = padded(seed)
    mask = draw_mask(ids)
    assert mask.shape == ids.shape and mask.dtype == torch.bool
    assert not mask[ids < AG_NEWS.controls].any(), "control tokens are never masked"
    assert (mask.sum(1) >= 1).all()


def test_share_of_masked_tokens_follows_the_cosine() -> None:
    ids = torch.full((20_000, 50), AG_NEWS.controls)
    torch.manual_seed(0)
    share = draw_mask(ids).float().mean(1)
    assert float(share.min()) == pytest.approx(1 / 50)
    assert float(share.max()) == 1
    # The mean of cos(pi / 2 u) is 2 / pi, its median cos(pi / 4); rounding up adds half a token on average.
    assert float(share.mean()) == pytest.approx(2 / torch.pi + 0.5 / 50, abs=0.01)
    assert float(share.median()) == pytest.approx(0.5**0.5, abs=0.02)


@given(st.integers(0, 1000), st.floats(0.01, 1))
def test_largest_share_of_masked_tokens_is_kept(seed: int, most: float) -> None:
    torch.manual_seed(seed)
    ids = padded(seed)
    count = (ids >= AG_NEWS.controls).sum(1)
    mask = draw_mask(ids, most).sum(1)
    assert (mask >= 1).all()
    assert (mask <= (most * count + 1e-4).ceil()).all()


def test_every_place_is_masked_equally_often() -> None:
    torch.manual_seed(0)
    often = draw_mask(torch.full((20_000, 12), AG_NEWS.controls)).float().mean(0)
    assert float(often.max() - often.min()) < 0.03


def test_rows_without_text_have_no_holes() -> None:
    assert not draw_mask(torch.tensor([[AG_NEWS.tokens["any"], END, PAD]])).any()


@given(st.integers(0, 1000))
def test_nothing_leaks(seed: int) -> None:
    """Rows that differ only in hidden tokens look the same to the network."""
    first = padded(seed)
    torch.manual_seed(seed)
    mask = draw_mask(first)
    second = first.clone()
    second[mask] = AG_NEWS.controls + (second[mask] - AG_NEWS.controls + 7) % (VOCABULARY - AG_NEWS.controls)
    answers: list[torch.Tensor] = []
    forward = MaskedModel.forward

    def listen(self: MaskedModel, ids: torch.Tensor) -> torch.Tensor:
        answers.append(forward(self, ids))
        return answers[-1]

    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(MaskedModel, "forward", listen)
        for ids in (first, second):
            torch.manual_seed(seed)
            MODEL.loss(ids)
    assert torch.equal(answers[0], answers[1])


def test_the_loss_hides_what_it_asks_for_and_nothing_else(
    seen: list[torch.Tensor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = padded()
    mask = torch.zeros_like(ids, dtype=torch.bool)
    mask[0, 3], mask[2, 1] = True, True
    monkeypatch.setattr(masked, "draw_mask", lambda rows, most, controls: mask)
    loss = MODEL.loss(ids)["loss"]
    assert (seen[0][mask] == MASK).all()
    assert torch.equal(seen[0][~mask], ids[~mask])
    logits = MODEL.logits(MODEL(ids.masked_fill(mask, MASK)))
    assert torch.allclose(loss, F.cross_entropy(logits[mask], ids[mask]), rtol=1e-5)


@torch.no_grad()
def test_context_on_both_sides_matters() -> None:
    ids = padded(lengths=(10,), width=10)
    ids[0, 5] = MASK
    vector = MODEL(ids)[0, 5]
    for place in (0, 2, 7, 9):
        changed = ids.clone()
        changed[0, place] = AG_NEWS.controls
        if ids[0, place] == AG_NEWS.controls:
            changed[0, place] = AG_NEWS.controls + 1
        assert not torch.allclose(MODEL(changed)[0, 5], vector, atol=1e-5)


@torch.no_grad()
def test_padding_does_not_exist() -> None:
    ids = padded()
    vectors = MODEL(ids)
    wider = MODEL(F.pad(ids, (0, 7), value=PAD))
    for row, length in enumerate((12, 9, 6, 4)):
        alone = MODEL(ids[row : row + 1, :length])[0]
        assert torch.allclose(vectors[row, :length], alone, atol=1e-5)
        assert torch.allclose(wider[row, :length], alone, atol=1e-5)


@torch.no_grad()
def test_what_the_embedding_of_padding_holds_does_not_matter() -> None:
    other = model()
    other.embedding.weight[PAD] = 100.0
    ids = padded()
    real = ids != PAD
    assert torch.allclose(MODEL(ids)[real], other(ids)[real], atol=1e-5)


@torch.no_grad()
def test_attention_can_be_asked_for() -> None:
    ids, weights = padded(), list[torch.Tensor]()
    assert torch.allclose(MODEL(ids, weights), MODEL(ids), atol=1e-5)
    assert len(weights) == MODEL.config.layers
    for some in weights:
        assert some.shape == (4, MODEL.config.heads, 12, 12)
        assert torch.allclose(some.sum(-1), torch.ones(some.shape[:-1]))
        assert not some[ids[:, None, None].expand(some.shape) == PAD].any(), "padding is not looked at"


@torch.no_grad()
def test_order_of_words_matters() -> None:
    ids = padded(lengths=(8,), width=8)
    ids[0, 1:4] = torch.tensor([AG_NEWS.controls, AG_NEWS.controls + 1, MASK])
    swapped = ids.clone()
    swapped[0, 1:3] = ids[0, [2, 1]]
    assert not torch.allclose(MODEL(ids)[0, 3], MODEL(swapped)[0, 3], atol=1e-5)


def test_gradients_reach_every_weight() -> None:
    network = model()
    torch.manual_seed(0)
    network.loss(padded())["loss"].backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None and float(weight.grad.abs().sum()) > 0, name


def test_starts_knowing_nothing() -> None:
    torch.manual_seed(0)
    fresh = MaskedModel(MaskedConfig(VOCABULARY, **DEBUG)).eval()
    assert float(fresh.loss(padded())["loss"].detach()) == pytest.approx(math.log(VOCABULARY), rel=0.05)


@pytest.mark.parametrize(("width", "heads"), [(30, 4), (20, 4), (9, 3)])
def test_sizes_that_do_not_go_together(width: int, heads: int) -> None:
    with pytest.raises(ValueError, match=str(width)):
        MaskedConfig(VOCABULARY, width=width, heads=heads)


def test_no_dropout_outside_training() -> None:
    still = model(dropout=0.9)
    assert torch.equal(still(padded()), still(padded()))
    assert not torch.equal(still.train()(padded()), still(padded()))

"""Tokens are drawn as promised: from the shaped distribution, only allowed ones, the same for the same seed."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from genai_demo.text.models.gru import DEBUG as GRU_DEBUG
from genai_demo.text.models.gru import GruConfig, GruModel
from genai_demo.text.models.masked import DEBUG as MASKED_DEBUG
from genai_demo.text.models.masked import MaskedConfig, MaskedModel
from genai_demo.text.sampling.decoding import (
    FilledRows,
    Sampling,
    TokenStream,
    Vocabulary,
    _without_echoes,
    draw,
    generators,
    preview,
    token_probabilities,
    unmask,
)
from genai_demo.text.tokens.special_tokens import CONTROLS, END, MASK, TOPIC_TOKENS
from tests.helpers import news

TOKENIZER = news.tokenizer()
VOCABULARY = Vocabulary(TOKENIZER)
PLAIN = Sampling(temperature=1.0)
LOGITS = st.lists(st.floats(-8, 8), min_size=2, max_size=20)


def gru(spread: float = 3.0) -> GruModel:
    """Return a network that knows nothing but has strong opinions."""
    torch.manual_seed(0)
    network = GruModel(GruConfig(TOKENIZER.size, **GRU_DEBUG)).eval()
    with torch.no_grad():
        network.project.weight *= spread
    return network


def masked() -> MaskedModel:
    torch.manual_seed(0)
    network = MaskedModel(MaskedConfig(TOKENIZER.size, **MASKED_DEBUG)).eval()
    for name, weight in network.named_parameters():
        if "attended" in name:
            torch.nn.init.normal_(weight, std=0.3)
    with torch.no_grad():
        network.output.weight *= 4
    return network


GRU, MASKED = gru(), masked()


# Probabilities


@given(LOGITS, st.floats(0.1, 2), st.floats(0.05, 1), st.floats(0, 0.5), st.floats(1, 2))
def test_probabilities_are_probabilities(
    logits: list[float],
    temperature: float,
    top_p: float,
    min_p: float,
    penalty: float,
) -> None:
    used = torch.tensor([[CONTROLS, MASK]]) if len(logits) > CONTROLS else None
    sampling = Sampling(temperature, top_p, min_p, penalty)
    probabilities = token_probabilities(torch.tensor([logits]), sampling, used)
    assert float(probabilities.sum()) == pytest.approx(1)
    assert float(probabilities.min()) >= 0


@given(LOGITS, st.floats(0.1, 2))
def test_temperature(logits: list[float], temperature: float) -> None:
    expected = [math.exp(value / temperature) for value in logits]
    probabilities = token_probabilities(torch.tensor([logits], dtype=torch.float64), Sampling(temperature))[0]
    assert probabilities.tolist() == pytest.approx([value / sum(expected) for value in expected], abs=1e-12)


@given(LOGITS, st.floats(0.05, 0.999))
def test_top_p_keeps_the_smallest_set_that_reaches_it(logits: list[float], top_p: float) -> None:
    whole = token_probabilities(torch.tensor([logits]), PLAIN)[0].tolist()
    order = sorted(range(len(whole)), key=lambda index: (-whole[index], index))
    kept, total = set(), 0.0
    for index in order:
        assume(abs(total - top_p) > 1e-9)
        if total >= top_p:
            break
        kept.add(index)
        total += whole[index]
    ours = token_probabilities(torch.tensor([logits]), Sampling(1.0, top_p=top_p))[0].tolist()
    assert {index for index, value in enumerate(ours) if value > 0} == kept
    assert [ours[index] for index in kept] == pytest.approx([whole[index] / total for index in kept])


@given(LOGITS, st.floats(0.01, 0.5))
def test_min_p_drops_what_is_far_less_likely_than_the_likeliest(logits: list[float], min_p: float) -> None:
    whole = token_probabilities(torch.tensor([logits]), PLAIN)[0].tolist()
    floor = min_p * max(whole)
    assume(all(abs(value - floor) > 1e-12 for value in whole))
    kept = {index for index, value in enumerate(whole) if value >= floor}
    ours = token_probabilities(torch.tensor([logits]), Sampling(1.0, min_p=min_p))[0].tolist()
    assert {index for index, value in enumerate(ours) if value > 0} == kept
    total = sum(whole[index] for index in kept)
    assert [ours[index] for index in kept] == pytest.approx([whole[index] / total for index in kept])


def test_ties_at_the_edge_of_top_p_go_to_the_first() -> None:
    assert token_probabilities(torch.zeros(1, 4), Sampling(1.0, top_p=0.4))[0].tolist() == [0.5, 0.5, 0, 0]
    assert token_probabilities(torch.zeros(1, 4), Sampling(1.0, top_p=0.5))[0].tolist() == [0.5, 0.5, 0, 0]
    assert token_probabilities(torch.zeros(1, 4), Sampling(1.0, top_p=0.05))[0].tolist() == [1, 0, 0, 0]


@given(
    st.lists(st.floats(-8, 8), min_size=CONTROLS + 4, max_size=20),
    st.floats(1.01, 2),
    st.floats(0.2, 2),
    st.sets(st.integers(0, CONTROLS + 3), min_size=1),
)
def test_repetition_penalty_divides_the_odds_of_used_text_tokens(
    logits: list[float],
    penalty: float,
    temperature: float,
    used: set[int],
) -> None:
    scores = torch.tensor([logits], dtype=torch.float64)
    ids = torch.tensor([[*used, *used, MASK]])  # used twice counts once
    plain = token_probabilities(scores, Sampling(temperature), ids)[0]
    ours = token_probabilities(scores, Sampling(temperature, repetition_penalty=penalty), ids)[0]
    ratio = ours / plain
    unused = [index for index in range(len(logits)) if index not in used or index < CONTROLS]
    for index in range(len(logits)):
        expected = ratio[unused[0]] * (1.0 if index in unused else penalty ** (-1 / temperature))
        assert float(ratio[index]) == pytest.approx(float(expected))


def test_what_is_not_allowed_stays_so() -> None:
    logits = torch.tensor([[0.0, float("-inf"), 2.0]])
    probabilities = token_probabilities(logits, Sampling(2.0, 0.99, 0.01, 1.5), torch.tensor([[1]]))
    assert float(probabilities[0, 1]) == 0


# Drawing

WEIGHTS = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1)), min_size=1, max_size=12).filter(any)
UNIFORM = st.one_of(st.sampled_from([0.0, 5e-324, 0.5, 1 - 2**-53]), st.floats(0, 1, exclude_max=True))


@given(WEIGHTS, UNIFORM)
def test_impossible_tokens_are_never_drawn(weights: list[float], uniform: float) -> None:
    probabilities = torch.tensor([weights], dtype=torch.float64)
    probabilities /= probabilities.sum()
    (index,) = draw(probabilities, torch.tensor([uniform], dtype=torch.float64)).tolist()
    assert weights[index] > 0


@given(st.lists(st.integers(1, 20), min_size=1, max_size=12), st.floats(0.01, 0.99))
def test_each_token_owns_its_share(weights: list[int], inside: float) -> None:
    total = sum(weights)
    probabilities = (torch.tensor(weights, dtype=torch.float64) / total).expand(len(weights), -1)
    below = torch.tensor([sum(weights[:index]) for index in range(len(weights))], dtype=torch.float64)
    uniform = (below + inside * torch.tensor(weights, dtype=torch.float64)) / total
    assert draw(probabilities, uniform).tolist() == list(range(len(weights)))


def test_generators_differ_by_seed_and_number() -> None:
    several = [one for seed in [*range(40), 2**31 - 1] for one in generators(seed, 6)]
    numbers = {float(torch.rand((), generator=one, dtype=torch.float64)) for one in several}
    assert len(numbers) == len(several)


# Token by token


def stream(count: int = 2, seed: int = 0, opening: str = "The team", sampling: Sampling = PLAIN) -> TokenStream:
    return TokenStream(GRU, VOCABULARY, "sports", TOKENIZER.encode(opening), count, sampling, seed)


def tokens(one: TokenStream, steps: int, count: int) -> list[list[int]]:
    return [list(row) for row in zip(*(one.next([False] * count) for _ in range(steps)), strict=True)]


def test_same_seed_same_tokens_other_seed_others() -> None:
    first, again, other = (tokens(stream(seed=seed), 30, 2) for seed in (5, 5, 6))
    assert first == again
    assert first[0] != first[1]
    assert not {tuple(row) for row in first} & {tuple(row) for row in other}


def test_a_variant_does_not_depend_on_how_many_there_are() -> None:
    few, many = tokens(stream(2), 25, 2), tokens(stream(6), 25, 6)
    assert many[:2] == few


def test_only_text_and_the_end_where_it_may_be() -> None:
    one = stream(3)
    for _ in range(20):
        probabilities = one.probabilities([True, False, True])
        assert (probabilities[:, [END]] > 0).flatten().tolist() == [True, False, True]
        controls = [index for index in range(CONTROLS) if index != END]
        assert float(probabilities[:, controls].sum()) == 0
        assert float(probabilities[:, ~VOCABULARY.whole & (torch.arange(TOKENIZER.size) >= CONTROLS)].sum()) == 0
        one.next([True, False, True])


def test_stream_reads_what_it_wrote() -> None:
    one = stream(1, opening="The team ")
    written: list[int] = []
    for _ in range(12):
        prompt = torch.tensor([[TOPIC_TOKENS["sports"], *TOKENIZER.encode("The team "), *written]])
        with torch.no_grad():
            vectors, _ = GRU(prompt)
            logits = GRU.logits(vectors[:, -1]).masked_fill(~VOCABULARY.whole, float("-inf"))
        assert torch.allclose(one.probabilities([False]), token_probabilities(logits, PLAIN), atol=1e-6)
        written += one.next([False])


def test_recent_tokens_are_remembered_and_old_ones_forgotten() -> None:
    penalised = Sampling(1.0, repetition_penalty=2.0)
    opening = TOKENIZER.encode("Q") + TOKENIZER.encode("~") * 64
    with_q = TokenStream(GRU, VOCABULARY, "any", opening[:64], 1, penalised, 0).probabilities([False])[0]
    without = TokenStream(GRU, VOCABULARY, "any", opening[:64], 1, PLAIN, 0).probabilities([False])[0]
    q, z, other = opening[0], opening[1], TOKENIZER.encode("x")[0]
    assert len(opening) == 65
    assert float(with_q[q] / with_q[other]) == pytest.approx(float(without[q] / without[other]) / 2)
    assert float(with_q[z] / with_q[other]) == pytest.approx(float(without[z] / without[other]) / 2)
    later = TokenStream(GRU, VOCABULARY, "any", opening, 1, penalised, 0).probabilities([False])[0]
    plain = TokenStream(GRU, VOCABULARY, "any", opening, 1, PLAIN, 0).probabilities([False])[0]
    assert float(later[q] / later[other]) == pytest.approx(float(plain[q] / plain[other]))


def test_what_was_just_written_is_remembered() -> None:
    penalised = stream(1, sampling=Sampling(1.0, repetition_penalty=2.0))
    (written,) = penalised.next([False])
    other = TOKENIZER.encode("~")[0]
    assert written != other
    prompt = torch.tensor([[TOPIC_TOKENS["sports"], *TOKENIZER.encode("The team"), written]])
    with torch.no_grad():
        logits = GRU.logits(GRU(prompt)[0][:, -1])[0]
    odds = float((logits[written] - logits[other]).double().exp())
    ours = penalised.probabilities([False])[0]
    assert float(ours[written] / ours[other]) == pytest.approx(odds / 2, rel=1e-4)


def test_topic_and_opening_matter() -> None:
    first = stream(1).probabilities([False])
    other = TokenStream(GRU, VOCABULARY, "world", TOKENIZER.encode("The team"), 1, PLAIN, 0).probabilities([False])
    assert not torch.allclose(first, other)
    assert not torch.allclose(first, stream(1, opening="The bank").probabilities([False]))


# All at once


def holed(pattern: list[list[bool]]) -> Tensor:
    rows = torch.randint(
        CONTROLS, CONTROLS + 200, (len(pattern), len(pattern[0]) + 2), generator=torch.Generator().manual_seed(1)
    )
    rows[:, 0], rows[:, -1] = TOPIC_TOKENS["any"], END
    rows[:, 1:-1][torch.tensor(pattern)] = MASK
    return rows


def anything(rows: Tensor) -> Tensor:
    return VOCABULARY.whole.expand(*rows.shape, -1)


PATTERNS = st.integers(1, 12).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=3)
)


@settings(max_examples=60)
@given(PATTERNS, st.integers(1, 16), st.integers(0, 2**31 - 1), st.floats(0.1, 2))
def test_masked_tokens_are_filled_step_by_step(
    pattern: list[list[bool]], steps: int, seed: int, temperature: float
) -> None:
    rows = holed(pattern)
    mask = rows == MASK
    states = list(unmask(MASKED, rows, anything(rows), Sampling(temperature), steps, seed))
    assert len(states) <= steps
    before = FilledRows(rows, torch.zeros_like(rows), torch.zeros(rows.shape))
    for step, state in enumerate(states, 1):
        assert torch.equal(state.ids[~mask], rows[~mask]), "what was given stays"
        filled = before.ids != MASK
        assert torch.equal(state.ids[filled], before.ids[filled]), "what was filled stays"
        fresh = (state.ids != MASK) & ~filled
        assert fresh.any(), "every step fills something"
        assert (state.step_of[fresh] == step).all()
        assert torch.equal(state.step_of[filled], before.step_of[filled])
        assert ((state.confidence[fresh] > 0) & (state.confidence[fresh] <= 1)).all()
        before = state
    if mask.any():
        last = states[-1]
        assert not (last.ids == MASK).any()
        assert VOCABULARY.whole[last.ids[mask]].all()
        assert (last.step_of[~mask] == 0).all() and (last.confidence[~mask] == 0).all()
    else:
        assert states == []


def test_only_allowed_tokens() -> None:
    rows = holed([[True] * 10, [True, False] * 5])
    generator = torch.Generator().manual_seed(3)
    allowed = torch.rand(*rows.shape, TOKENIZER.size, generator=generator) < 0.02
    allowed[..., :CONTROLS] = False
    allowed[..., CONTROLS] = True
    for seed in range(5):
        ids = list(unmask(MASKED, rows, allowed, PLAIN, 4, seed))[-1].ids
        for place in (rows == MASK).nonzero().tolist():
            assert allowed[(*place, int(ids[tuple(place)]))]


def test_resolution_is_deterministic_and_depends_on_the_seed() -> None:
    rows = holed([[True] * 12] * 2)
    first, again, other = (
        [state.ids for state in unmask(MASKED, rows, anything(rows), PLAIN, 6, seed)] for seed in (1, 1, 2)
    )
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not torch.equal(first[-1], other[-1])
    assert not torch.equal(first[-1][0], first[-1][1]), "variants differ"


def test_a_text_does_not_depend_on_how_many_there_are() -> None:
    two, three = holed([[True] * 12] * 2), holed([[True] * 12] * 3)
    for row in (two, three):
        row[:] = row[0]
    few, many = (list(unmask(MASKED, rows, anything(rows), PLAIN, 6, 9))[-1].ids for rows in (two, three))
    assert torch.equal(few, many[:2])


def test_a_word_is_not_said_twice_in_one_step() -> None:
    rows = holed([[True] * 30])
    allowed = torch.zeros(*rows.shape, TOKENIZER.size, dtype=torch.bool)
    allowed[..., CONTROLS : CONTROLS + 2] = True
    for seed in range(5):
        *states, _ = unmask(MASKED, rows, allowed, PLAIN, 4, seed)
        ids, step_of = states[-1].ids[0], states[-1].step_of[0]
        together = (step_of[1:] == step_of[:-1]) & (step_of[1:] > 0)
        assert not (together & (ids[1:] == ids[:-1])).any()


def test_few_masked_tokens_are_filled_early_many_late() -> None:
    rows = holed([[True] * 40])
    left = [int((state.ids == MASK).sum()) for state in unmask(MASKED, rows, anything(rows), PLAIN, 8, 0)]
    assert left[-1] == 0
    counts = [before - after for before, after in zip([40, *left], left, strict=False)]
    assert sum(counts[:4]) < sum(counts[4:])


@given(
    st.integers(2, 12).flatmap(
        lambda width: st.tuples(
            st.lists(st.booleans(), min_size=width, max_size=width),
            st.lists(st.integers(0, 2), min_size=width, max_size=width),
            st.lists(st.integers(0, 3), min_size=width, max_size=width),
        )
    )
)
def test_equal_neighbours_do_not_settle_together(row: tuple[list[bool], list[int], list[int]]) -> None:
    chosen, ids = torch.tensor([row[0]]), torch.tensor([row[1]])
    kept = _without_echoes(chosen, ids, torch.tensor([row[2]], dtype=torch.float64))
    assert not (kept & ~chosen).any()
    assert bool(kept.any()) == bool(chosen.any()), "at least one settles"
    assert not (kept[:, 1:] & kept[:, :-1] & (ids[:, 1:] == ids[:, :-1])).any()


@pytest.mark.parametrize(
    ("opening", "within"),
    [
        ("The tea", False),
        ("Size 4", False),
        ("The ", True),
        ('He said "', True),
        ("It cost $", True),
        ("", True),
    ],
)
def test_an_opening_ends_with_a_whole_word(opening: str, within: bool) -> None:
    one = stream(1, opening=opening)
    inner = VOCABULARY.inner & VOCABULARY.whole
    assert bool((one.probabilities([False])[0, inner] > 0).any()) == within
    assert float(one.probabilities([False])[0, VOCABULARY.words].sum()) > 0
    one.next([False])
    assert float(one.probabilities([False])[0, inner].sum()) > 0, "only the first token is held to it"


# What is known of tokens


def test_vocabulary_knows_spellings() -> None:
    for index in range(TOKENIZER.size):
        spelling = TOKENIZER.bytes_of(index)
        text = spelling.decode(errors="replace")
        visible = all(character.isprintable() or character == "\n" for character in text)
        assert bool(VOCABULARY.whole[index]) == (index >= CONTROLS and "\ufffd" not in text and visible)
        assert bool(VOCABULARY.spaced[index]) == (text[:1] in set(" \t\n\r\v\f") and text != "")
        if VOCABULARY.words[index]:
            assert text[0] == " " and text.strip()
        if VOCABULARY.closing[index]:
            assert text.rstrip()[-1] in ".!?"
    assert VOCABULARY.closing.any() and VOCABULARY.words.any()
    assert not VOCABULARY.closing[TOKENIZER.encode("...")[0]] or len(TOKENIZER.encode("...")) > 1


@pytest.mark.parametrize("network", [GRU, MASKED], ids=["gru", "masked"])
def test_preview_has_a_text_for_each_topic_and_is_always_the_same(network: GruModel | MaskedModel) -> None:
    text = preview(network, TOKENIZER)
    assert text == preview(network, TOKENIZER)
    for topic in TOPIC_TOKENS:
        assert f"[{topic}] " in text

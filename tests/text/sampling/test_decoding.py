"""Tokens are drawn as promised: from the shaped distribution, only allowed ones, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from genai_demo.engine.generation.batching import Batcher
from genai_demo.engine.generation.sampling import token_probabilities
from genai_demo.text.models.gru import DEBUG as GRU_DEBUG
from genai_demo.text.models.gru import GruConfig, GruModel, Int8Gru
from genai_demo.text.models.masked import DEBUG as MASKED_DEBUG
from genai_demo.text.models.masked import MaskedConfig, MaskedModel
from genai_demo.text.sampling.choosing import Recorder
from genai_demo.text.sampling.decoding import (
    FilledRows,
    Sampling,
    TokenStream,
    Vocabulary,
    _without_echoes,
    generators,
    preview,
    unmask,
    used_tokens,
)
from genai_demo.text.sampling.loading import load
from genai_demo.text.tokens.special_tokens import AG_NEWS, END, MASK
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
TOGETHER = Batcher(Int8Gru(GRU))


# Probabilities


@given(st.sets(st.integers(0, AG_NEWS.controls + 3), min_size=1))
def test_used_text_tokens_are_penalised(used: set[int]) -> None:
    ids = np.array([[*used, *used, MASK]])  # used twice counts once
    (found,) = used_tokens(ids, AG_NEWS.controls + 4, AG_NEWS.controls)
    assert set(np.flatnonzero(found)) == {index for index in used if index >= AG_NEWS.controls}


def test_generators_differ_by_seed_and_number() -> None:
    several = [one for seed in [*range(40), 2**31 - 1] for one in generators(seed, 6)]
    numbers = {float(torch.rand((), generator=one, dtype=torch.float64)) for one in several}
    assert len(numbers) == len(several)


# Token by token


def stream(count: int = 2, seed: int = 0, opening: str = "The team", sampling: Sampling = PLAIN) -> TokenStream:
    return TokenStream(TOGETHER, VOCABULARY, "sports", TOKENIZER.encode(opening), count, sampling, seed)


def with_headline(opening: str, steps: int, seed: int) -> str:
    """Return a text that may end from its first token on, up to where it does."""
    ids = TOKENIZER.encode(opening)
    one = TokenStream(TOGETHER, VOCABULARY, "any", ids, 1, PLAIN, seed, headline=True)
    while len(ids) < steps and END not in ids:
        ids += one.next([True])
    return TOKENIZER.decode(ids)


@given(st.integers(0, 10_000), st.sampled_from(["", "The team"]))
@settings(max_examples=40, deadline=None)
def test_a_headline_has_words_and_a_story_below(seed: int, opening: str) -> None:
    text = with_headline(opening, 200, seed)
    assert text.startswith(opening) and not text.startswith("\n")
    assert text.count("\n") <= 1, "one line break, between headline and story"


def test_a_text_does_not_end_within_its_headline() -> None:
    texts = [with_headline("", 400, seed) for seed in range(30)]
    assert all("\n" in text for text in texts if len(TOKENIZER.encode(text)) < 390)
    assert sum("\n" in text for text in texts) > 5


def test_an_opening_with_a_headline_has_no_second_one() -> None:
    assert all(with_headline("News\nThe team", 60, seed).count("\n") == 1 for seed in range(10))


def test_a_model_that_met_headlines_is_known_by_its_first_token(headlines: str, tiny_checkpoints: Path) -> None:
    met, never = load(headlines), load(str(tiny_checkpoints / "news-gru"))
    assert met.headlines and not never.headlines
    assert not load(str(tiny_checkpoints / "news-masked")).headlines


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
        probabilities = torch.from_numpy(one.probabilities([True, False, True]))
        assert (probabilities[:, [END]] > 0).flatten().tolist() == [True, False, True]
        controls = [index for index in range(AG_NEWS.controls) if index != END]
        assert float(probabilities[:, controls].sum()) == 0
        assert (
            float(probabilities[:, ~VOCABULARY.whole & (torch.arange(TOKENIZER.size) >= AG_NEWS.controls)].sum()) == 0
        )
        one.next([True, False, True])


def test_stream_reads_what_it_wrote() -> None:
    one = stream(1, opening="The team ")
    written: list[int] = []
    for _ in range(12):
        prompt = torch.tensor([[AG_NEWS.tokens["sports"], *TOKENIZER.encode("The team "), *written]])
        with torch.no_grad():
            vectors, _ = GRU(prompt)
            logits = GRU.logits(vectors[:, -1]).numpy()
        expected = token_probabilities(logits, PLAIN, VOCABULARY.whole.numpy())
        assert np.allclose(one.probabilities([False]), expected, rtol=0.1, atol=1e-4), "but for its eight bits"
        written += one.next([False])


def test_recent_tokens_are_remembered_and_old_ones_forgotten() -> None:
    penalised = Sampling(1.0, repetition_penalty=2.0)
    opening = TOKENIZER.encode("Q") + TOKENIZER.encode("~") * 64
    with_q = TokenStream(TOGETHER, VOCABULARY, "any", opening[:64], 1, penalised, 0).probabilities([False])[0]
    without = TokenStream(TOGETHER, VOCABULARY, "any", opening[:64], 1, PLAIN, 0).probabilities([False])[0]
    q, z, other = opening[0], opening[1], TOKENIZER.encode("x")[0]
    assert len(opening) == 65
    assert float(with_q[q] / with_q[other]) == pytest.approx(float(without[q] / without[other]) / 2)
    assert float(with_q[z] / with_q[other]) == pytest.approx(float(without[z] / without[other]) / 2)
    later = TokenStream(TOGETHER, VOCABULARY, "any", opening, 1, penalised, 0).probabilities([False])[0]
    plain = TokenStream(TOGETHER, VOCABULARY, "any", opening, 1, PLAIN, 0).probabilities([False])[0]
    assert float(later[q] / later[other]) == pytest.approx(float(plain[q] / plain[other]))


def test_what_was_just_written_is_remembered() -> None:
    penalised = stream(1, sampling=Sampling(1.0, repetition_penalty=2.0))
    (written,) = penalised.next([False])
    other = TOKENIZER.encode("~")[0]
    assert written != other
    prompt = torch.tensor([[AG_NEWS.tokens["sports"], *TOKENIZER.encode("The team"), written]])
    with torch.no_grad():
        logits = GRU.logits(GRU(prompt)[0][:, -1])[0]
    odds = float((logits[written] - logits[other]).double().exp())
    ours = penalised.probabilities([False])[0]
    assert float(ours[written] / ours[other]) == pytest.approx(odds / 2, rel=0.1)


def test_a_trace_tells_what_else_could_have_come() -> None:
    plain, recorder = stream(2), Recorder(1)
    traced = TokenStream(TOGETHER, VOCABULARY, "sports", TOKENIZER.encode("The team"), 2, PLAIN, 0, recorder=recorder)
    for _ in range(10):
        probabilities = traced.probabilities([True, False])[1]
        ids = traced.next([True, False])
        assert ids == plain.next([True, False])
        trace = recorder.traces[traced.place]
        assert trace.token == ids[1]
        assert trace.probability == probabilities[ids[1]] > 0
        assert trace.rivals[0].after == probabilities.max()
        assert 0 < trace.forbidden < 1, "control tokens have some probability, and are not allowed"
    assert len(recorder.traces) == 10


def test_topic_and_opening_matter() -> None:
    first = stream(1).probabilities([False])
    other = TokenStream(TOGETHER, VOCABULARY, "world", TOKENIZER.encode("The team"), 1, PLAIN, 0).probabilities([False])
    assert not np.allclose(first, other)
    assert not np.allclose(first, stream(1, opening="The bank").probabilities([False]))


# All at once


def holed(pattern: list[list[bool]]) -> Tensor:
    rows = torch.randint(
        AG_NEWS.controls,
        AG_NEWS.controls + 200,
        (len(pattern), len(pattern[0]) + 2),
        generator=torch.Generator().manual_seed(1),
    )
    rows[:, 0], rows[:, -1] = AG_NEWS.tokens["any"], END
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
    allowed[..., : AG_NEWS.controls] = False
    allowed[..., AG_NEWS.controls] = True
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
    allowed[..., AG_NEWS.controls : AG_NEWS.controls + 2] = True
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
        assert bool(VOCABULARY.whole[index]) == (index >= AG_NEWS.controls and "\ufffd" not in text and visible)
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
    for topic in AG_NEWS.tokens:
        assert f"[{topic}] " in text

"""From a request to texts with receipts, with both models of the tiny world."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any, ClassVar

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import UserError
from genai_demo.text.data.cleaning import cut_to_sentence, source_spans
from genai_demo.text.explaining.tokens import made_again
from genai_demo.text.modality import MODALITY
from genai_demo.text.requests import CHINESE, FillRequest, GenerateRequest, Request, RewriteRequest
from genai_demo.text.results import Draft, Piece, Update, joined, without
from genai_demo.text.sampling import generation, writing
from genai_demo.text.sampling import template as templates
from genai_demo.text.sampling.decoding import FilledRows, Sampling
from genai_demo.text.sampling.loading import load
from genai_demo.text.tokens.special_tokens import END
from tests.common.service import ServiceSuite

pytestmark = pytest.mark.usefixtures("tiny")

CLOSED = re.compile(r"[.!?][\"')\]]*\s*$")
SHORT: dict[str, Any] = {"length": 24, "seed": 3}
REQUESTS: dict[str, Request] = {
    "gru": GenerateRequest(variants=3, topic="sports", **SHORT),
    "gru with opening": GenerateRequest(opening="The president said", topic="world", variants=2, **SHORT),
    "gru, everything else": GenerateRequest(temperature=1.5, top_p=0.7, min_p=0.05, repetition_penalty=1.8, **SHORT),
    "masked": GenerateRequest("masked", variants=3, topic="business", steps=5, **SHORT),
    "masked with opening": GenerateRequest("masked", opening="An oil firm", variants=2, steps=4, **SHORT),
    "headlines": GenerateRequest("headlines", "sports", length=20, variants=3),
    "headlines with opening": GenerateRequest("headlines", opening="主队", length=12, variants=2),
    "headlines, all at once": GenerateRequest("headlines-masked", "sports", length=20, variants=3, steps=6),
    "headlines, all at once, with opening": GenerateRequest("headlines-masked", opening="主队", length=12, variants=2),
    "fill a headline": FillRequest("主队__ 将于＿＿开始", topic="sports", model="headlines-masked", seed=4),
    "fill a headline, characters given": FillRequest("___获胜", model="headlines-masked", characters_per_blank=3),
    "rewrite a headline": RewriteRequest(
        "主队获胜 今日再创新高 引发关注：专家", 0.95, seed=5, model="headlines-masked"
    ),
    "fill": FillRequest("The ___ won ___ in Paris.", seed=4),
    "fill, length given": FillRequest("The ___ won ___ in Paris.", tokens_per_blank=3, steps=3, seed=4),
    "rewrite": RewriteRequest("The team won again after long talks. It was news.", 0.5, seed=5),
}


def finished(request: Request, model: str | None = None) -> Update:
    return list(generation.run(request, model))[-1]


def texts(update: Update) -> list[str]:
    return [draft.text for draft in update.drafts]


class TestService(ServiceSuite):
    modality = MODALITY
    requests: ClassVar = REQUESTS
    wrong_settings: ClassVar = [
        ({"temperature": None}, "engine.receipt_lacks"),
        ({"opening": ["x"]}, "engine.receipt_lacks"),
        ({"length": 10**9}, "engine.out_of_range_whole"),
        ({"topic": "weather"}, "engine.not_one_of"),
    ]
    misfits: ClassVar = [{"hidden": 32}, {"unknown": 1}, {"hidden": "many"}, {"hidden": -3}]

    @staticmethod
    def variants(made: Update) -> list[Draft]:
        return list(made.drafts)


def test_what_an_earlier_version_made_in_other_numbers_is_not_passed_off_as_the_same() -> None:
    for model, refused in (("gru", True), ("masked", False)):
        receipt = replace(finished(GenerateRequest(model, length=8)).receipts[0], code="0.1.0")
        assert generation.request_of(receipt) == GenerateRequest(model, length=8), "its settings can be used again"
        if not refused:
            assert texts(generation.reproduce(receipt))
            continue
        for remake in (generation.reproduce, made_again):
            with pytest.raises(UserError, match=r"0\.1\.0") as refusal:
                remake(receipt)
            assert refusal.value.key == "engine.earlier_version"


# What holds for every request


@pytest.mark.parametrize("name", REQUESTS)
def test_texts_grow_until_nothing_is_blank(name: str) -> None:
    updates = list(generation.run(REQUESTS[name]))
    assert len(updates) > 2
    assert [update.step for update in updates] == sorted(update.step for update in updates)
    assert all(update.step <= update.steps for update in updates)
    assert not any(piece.kind == "blank" for draft in updates[-1].drafts for piece in draft.pieces)
    assert not any("\ufffd" in draft.text for update in updates for draft in update.drafts), "half a character"


@pytest.mark.parametrize("name", [name for name, request in REQUESTS.items() if isinstance(request, GenerateRequest)])
def test_texts_end_with_a_sentence_or_in_time_and_keep_their_opening(name: str) -> None:
    request = REQUESTS[name]
    assert isinstance(request, GenerateRequest)
    for seed in range(8):
        last = finished(replace(request, seed=seed))
        for draft in last.drafts:
            if request.model in CHINESE:
                assert len(draft.text) - len(request.opening) <= request.length
                assert "\ufffd" not in draft.text
            else:
                assert CLOSED.search(draft.text)
            assert draft.text.startswith(request.opening)
            assert draft.text != request.opening
            assert not draft.text[:1].isspace()
            assert not source_spans(draft.text)
            given = [piece for piece in draft.pieces if piece.kind == "given"]
            assert given == ([Piece(request.opening, "given")] if request.opening else [])


@pytest.mark.parametrize("model", ["gru", "masked"])
@pytest.mark.parametrize("opening", ["Öl: 漢字 🙂", 'He said "no" (twice).', "  two  spaces", "One\nTwo", "__"])
def test_any_opening_is_kept_verbatim(model: str, opening: str) -> None:
    for draft in finished(GenerateRequest(model, opening=opening, variants=2, steps=3, **SHORT)).drafts:
        assert draft.text.startswith(opening)


def test_white_space_after_an_opening_does_not_count() -> None:
    plain = finished(GenerateRequest(opening="The team", **SHORT))
    spaced = finished(GenerateRequest(opening="The team  \n", **SHORT))
    assert texts(plain) == texts(spaced)
    assert texts(finished(GenerateRequest(opening="   ", **SHORT))) == texts(finished(GenerateRequest(**SHORT)))


def test_settings_matter() -> None:
    plain = GenerateRequest(length=40, seed=1, temperature=1.2, top_p=1.0, repetition_penalty=1.0)
    first = texts(finished(plain))
    for change in (
        {"temperature": 0.3},
        {"top_p": 0.3},
        {"min_p": 0.3},
        {"repetition_penalty": 2.0},
        {"topic": "world"},
        {"opening": "The bank"},
    ):
        assert texts(finished(replace(plain, **change))) != first, change


def test_tokens_are_counted_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    script = load("gru").tokenizer.encode(" won. And then it")
    scripted(monkeypatch, *script)
    counts = [update.drafts[0].tokens for update in generation.run(GenerateRequest(opening="It", length=len(script)))]
    assert counts == [*range(1, len(script) + 1), len(script)], "what is cut off was written as well"
    for request in (GenerateRequest("masked", length=9, variants=2), FillRequest("A ___.", tokens_per_blank=9)):
        updates = list(generation.run(request))
        assert [draft.tokens for draft in updates[0].drafts] == [0] * len(updates[0].drafts)
        assert [draft.tokens for draft in updates[-1].drafts] == [9] * len(updates[0].drafts)


@pytest.mark.parametrize("written", [" The bank met in the U.S.", " The bank met in the U.S. in the"])
def test_a_text_without_a_sentence_end_is_given_one(written: str) -> None:
    loaded = load("masked")
    ids = loaded.tokenizer.encode(written)
    template = templates.Template(loaded, "business")
    template.add_blank(len(ids), ~loaded.vocabulary.spaced)
    template.allow_at(len(template.ids) - 1, loaded.vocabulary.closing)
    rows, allowed = template.rows(2)
    ended = loaded.tokenizer.encode(" The bank won again. It")[: len(ids)]
    rows = rows.clone()
    rows[0, 1:-1] = torch.tensor(ids)
    rows[1, 1 : 1 + len(ended)] = torch.tensor(ended)
    rows[1, 1 + len(ended) : -1] = ended[-1]
    before = FilledRows(rows, torch.ones_like(rows), torch.ones(rows.shape))
    after = template._closed(before, allowed, Sampling(), seed=0)
    text = loaded.tokenizer.decode([int(index) for index in after.ids[0, 1:-1]])
    assert cut_to_sentence(text)
    kept = len(ids) - templates._TAIL
    assert torch.equal(after.ids[0, : 1 + kept], rows[0, : 1 + kept]), "only the end is rewritten"
    assert torch.equal(after.ids[1], rows[1]), "what has an end stays"


def test_length_bounds_the_text() -> None:
    tokenizer = load("gru").tokenizer
    for length in (8, 30):
        for draft in finished(GenerateRequest(length=length, variants=6)).drafts:
            assert len(tokenizer.encode(draft.text)) <= length + writing.OVERRUN + 1
    masked = finished(GenerateRequest("masked", length=20, variants=2))
    for draft in masked.drafts:
        assert sum(piece.kind == "filled" for piece in draft.pieces) <= 20


def scripted(monkeypatch: pytest.MonkeyPatch, *script: int) -> list[bool]:
    """Let the GRU write these tokens, and return where it was told that it might end."""
    might_end: list[bool] = []

    class Scripted:
        def __init__(self, *arguments: object, **settings: object) -> None:
            self.tokens, self.place = itertools.cycle(script), 0

        confidence: ClassVar = [0.5]

        def next(self, may_end: list[bool]) -> list[int]:
            might_end.extend(may_end)
            return [next(self.tokens)]

    monkeypatch.setattr(writing, "TokenStream", Scripted)
    return might_end


def test_growing_texts_are_never_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a model that signs everything shows no signature."""
    script = load("gru").tokenizer.encode(" goes up (Reuters) Reuters - The team won again.")
    scripted(monkeypatch, *script)
    updates = list(generation.run(GenerateRequest(opening="Oil", length=len(script))))
    assert all("Reuters" not in draft.text for update in updates for draft in update.drafts)
    assert updates[-1].drafts[0].text == "Oil goes up\nThe team won again."


def test_a_text_ends_where_the_model_ends_it_and_only_after_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = load("gru").tokenizer.encode
    first, more = encode(" won."), encode(" They lost.")
    might_end = scripted(monkeypatch, *first, END, *more)
    last = finished(GenerateRequest(opening="It ended. The team", length=100))
    assert texts(last) == ["It ended. The team won."]
    assert might_end == [False] * len(first) + [True]


def test_a_text_at_its_length_goes_on_to_the_end_of_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = load("gru").tokenizer.encode
    script = encode(" won in Paris after long talks with the others. And then")
    scripted(monkeypatch, *script)
    assert texts(finished(GenerateRequest(opening="The team", length=8))) == [
        "The team won in Paris after long talks with the others."
    ]
    script = encode(" won. And then it")
    scripted(monkeypatch, *script)
    assert texts(finished(GenerateRequest(opening="The team", length=len(script)))) == ["The team won."]


@pytest.mark.parametrize(
    ("written", "opening", "expected"),
    [
        (" won. And then", "The team", "The team won."),
        (" won by far, and", "The team", "The team won by far."),
        (" won in the U.S. wit", "The team", "The team won in the U.S."),
        (" so", "It ended.", "It ended."),
        ("", "The team", "The team."),
        ("won", "", "."),
        (" (AP) AP - It won. Th", "Big win", "Big win\nIt won."),
        ("ATHENS - It won. Th", "", "It won."),
        (" ATHENS - It won. Th", "Big win", "Big win\nIt won."),
    ],
)
def test_ends_of_finished_texts(written: str, opening: str, expected: str) -> None:
    assert writing._draft([Piece(written, "filled")], opening, True).text == expected


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (("+Oil up", "+ (AP) AP - Oil", "+ rose."), "Oil up\nOil rose."),
        (("Oil up", "+ (Reuters)", "+ Reuters -", "+ Crude", "+ rose."), "Oil up\nCrude rose."),
        (("+ATHENS", "+ -", "+ It won."), "It won."),
        (("Big win", "+ ATHENS", "+ -", "+ It won."), "Big win\nIt won."),
        (("+ ATHENS", " - Officials said so."), "ATHENS - Officials said so."),
        (("ATHENS", "+ - Officials", "+ said so."), "ATHENS - Officials said so."),
    ],
)
def test_the_masked_model_signs_nothing_either(pieces: tuple[str, ...], expected: str) -> None:
    """Pieces that the model filled in begin with +."""
    written = [Piece(text.removeprefix("+"), "filled" if text[0] == "+" else "given") for text in pieces]
    shown = templates._without_space_before(templates._without_sources(written))
    assert "".join(piece.text for piece in shown) == expected


# Fill in

FILLS = [
    "The ___ won.",
    "___ won.",
    "The team ___",
    "___",
    "The ___ and the ___ won ___ in Paris.",
    "The ___ ___ won.",
    "___ ___",
    "Two  spaces ___  here.",
    "Line one\nline ___\n\nline three",
    'In (___) he said "___".',
    " ___ leads.",
    "It cost $___ today.",
    "Four ____ and six ______ underscores",
    "漢字 are signs ___ 🙂",
    "tab\t___\tend ",
    "The ___.",
]


@pytest.mark.parametrize("text", FILLS)
@pytest.mark.parametrize("tokens", [0, 1, 4])
def test_what_was_given_stays_verbatim(text: str, tokens: int) -> None:
    parts = re.split(r"_{3,}", text)
    for seed in range(2):
        updates = list(generation.run(FillRequest(text, tokens_per_blank=tokens, steps=4, temperature=1.5, seed=seed)))
        result = updates[-1].drafts[0]
        assert re.fullmatch("(.+?)".join(map(re.escape, parts)), result.text, re.S), result.text
        given = "".join(piece.text for piece in result.pieces if piece.kind == "given")
        assert given.replace(" ", "") == "".join(parts).replace(" ", "")
        if tokens:
            assert sum(piece.kind == "filled" for piece in result.pieces) == tokens * (len(parts) - 1)


def test_blanks_resolve_step_by_step() -> None:
    updates = list(generation.run(FillRequest("The ___ won ___ in ___.", tokens_per_blank=4, steps=6)))
    left = [sum(piece.kind == "blank" for piece in update.drafts[0].pieces) for update in updates]
    assert left[0] == 12
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert updates[0].drafts[0].text.count(templates.MASK_SIGN) == 12
    before: set[tuple[int, str]] = set()
    for update in updates:
        pieces = {(place, piece.text) for place, piece in enumerate(update.drafts[0].pieces) if piece.kind == "filled"}
        if len(update.drafts[0].pieces) == len(updates[0].drafts[0].pieces):
            assert before <= pieces, "what is filled stays"
            before = pieces
    for piece in updates[-1].drafts[0].pieces:
        if piece.kind == "filled":
            assert 1 <= piece.step <= 6
            assert 0 < piece.confidence <= 1
        else:
            assert (piece.step, piece.confidence) == (0, 0.0)


def test_words_are_not_glued_together() -> None:
    for seed in range(6):
        text = finished(FillRequest("won ___ again", tokens_per_blank=2, temperature=2.0, seed=seed)).drafts[0].text
        assert text.startswith("won ")
        assert not finished(FillRequest("(___ again", tokens_per_blank=1, seed=seed)).drafts[0].text.startswith("( ")


def test_model_chooses_lengths_between_1_and_4() -> None:
    for seed in range(4):
        pieces = finished(FillRequest("The ___ won in Paris.", seed=seed)).drafts[0].pieces
        assert 1 <= sum(piece.kind == "filled" for piece in pieces) <= 4


# Rewrite

TEXT = "The team won again after long talks. It was news."


@pytest.mark.parametrize(("share", "count"), [(0.05, 1), (0.1, 1), (0.3, 3), (0.5, 5), (0.95, 10)])
def test_share_of_words_is_written_anew(share: float, count: int) -> None:
    words = TEXT.split()
    for seed in range(3):
        pieces = finished(RewriteRequest(TEXT, share, seed=seed)).drafts[0].pieces
        kept = [word for piece in pieces if piece.kind == "given" for word in piece.text.split()]
        assert len(kept) == len(words) - count
        rest = iter(words)
        assert all(word in rest for word in kept), "what is kept keeps its order"


def test_which_words_are_rewritten_depends_on_the_seed() -> None:
    kept = {
        tuple(
            piece.text
            for piece in finished(RewriteRequest(TEXT, 0.3, seed=seed)).drafts[0].pieces
            if piece.kind == "given"
        )
        for seed in range(5)
    }
    assert len(kept) > 1


def test_a_single_word_can_be_rewritten() -> None:
    update = finished(RewriteRequest("  Peace ", 0.05))
    assert [piece.kind for piece in update.drafts[0].pieces] == ["filled"] * len(update.drafts[0].pieces)


def test_whole_numbers_may_stand_for_real_ones_in_a_receipt() -> None:
    (receipt,) = finished(GenerateRequest(**SHORT)).receipts
    whole = replace(receipt, settings={**receipt.settings, "temperature": 1})
    assert generation.request_of(whole) == GenerateRequest(temperature=1, **SHORT)


@pytest.mark.parametrize("opening", ["", "Sports", "Sports news\nThe team"])
def test_headline_and_story_are_two_lines(headlines: str, opening: str) -> None:
    request = GenerateRequest(opening=opening, topic="sports", length=60, variants=6, temperature=0.5)
    for text in texts(finished(request, headlines)):
        headline, story = text.split("\n")
        assert headline.startswith(opening.partition("\n")[0]) and headline.strip()
        assert CLOSED.search(story), text


def test_a_whole_sentence_begins_the_story(headlines: str) -> None:
    request = GenerateRequest(opening="The team won again.", topic="sports", length=40, variants=6, temperature=0.3)
    assert all("\n" not in text.strip() for text in texts(finished(request, headlines)))


@pytest.mark.parametrize("name", ["gru", "gru with opening"])
def test_every_word_of_the_gru_tells_how_sure_it_was(name: str) -> None:
    for draft in finished(REQUESTS[name]).drafts:
        given = [piece for piece in draft.pieces if piece.kind == "given"]
        words = [piece for piece in draft.pieces if piece.kind == "filled" and piece.step]
        assert [piece.step for piece in words] == sorted({piece.step for piece in words})
        assert all(0 < piece.confidence <= 1 for piece in words) and len(words) > 5
        assert joined(given) == getattr(REQUESTS[name], "opening", "")


@given(
    st.lists(st.text("ab ", max_size=4), max_size=6),
    st.lists(st.tuples(st.integers(0, 24), st.integers(0, 4), st.text("XY", max_size=2)), max_size=4),
)
def test_pieces_lose_what_their_text_loses(texts: list[str], wanted: list[tuple[int, int, str]]) -> None:
    whole, cuts, start = "".join(texts), [], 0
    for begin, length, instead in sorted(wanted):
        if begin >= start and begin < len(whole):
            start = min(len(whole), begin + length)
            cuts.append((begin, start, instead))
    kept, place = "", 0
    for begin, end, instead in cuts:
        kept, place = kept + whole[place:begin] + instead, end
    pieces = without([Piece(text, "filled", step) for step, text in enumerate(texts, 1)], cuts)
    assert joined(pieces) == kept + whole[place:]
    assert [piece.step for piece in pieces] == sorted({piece.step for piece in pieces}), "each once, in their order"

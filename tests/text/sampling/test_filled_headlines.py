"""Chinese headlines are filled in, rewritten and written by the masked model, and counted in characters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.text.commands import _request, add_generate_options
from genai_demo.text.requests import FillRequest, GenerateRequest, Request, RewriteRequest
from genai_demo.text.results import Draft
from genai_demo.text.sampling import filled_headlines, generation
from genai_demo.text.sampling.fill_preview import fill_preview
from genai_demo.text.sampling.loading import load
from genai_demo.text.sampling.template import MASK_SIGN
from tests.helpers.news import chinese

pytestmark = pytest.mark.usefixtures("tiny")
MODEL = "headlines-masked"


def made(request: Request) -> Draft:
    return list(generation.run(request))[-1].drafts[0]


def filled(draft: Draft) -> str:
    return "".join(piece.text for piece in draft.pieces if piece.kind == "filled")


@pytest.mark.parametrize("blank", ["___", "__", "_____", "\uff3f", "\uff3f\uff3f", "_\uff3f_"])
def test_a_blank_is_any_run_of_underscores(blank: str) -> None:
    for seed in range(5):
        draft = made(FillRequest(f"主队{blank} 将于周一开始", seed=seed, model=MODEL))
        assert re.fullmatch(r"主队\S+ 将于周一开始", draft.text) and not re.search("[_\uff3f]", draft.text)


@pytest.mark.parametrize("text", ["", "没有空", "只有_个"])
def test_a_headline_without_a_blank_is_refused(text: str) -> None:
    with pytest.raises(UserError) as refusal:
        FillRequest(text, model=MODEL).check()
    assert refusal.value.key == "text.no_blank_zh"


def test_several_blanks_are_filled_and_what_is_given_stays() -> None:
    draft = made(FillRequest("《__》__：“___”（图）", model=MODEL, seed=3))
    assert re.fullmatch("《.+》.+：“.+”（图）", draft.text)
    assert [piece.text for piece in draft.pieces if piece.kind == "given"] == ["《", "》", "：“", "”（图）"]


@pytest.mark.parametrize("temperature", [0.7, 2.0])
def test_what_is_filled_in_is_words_and_whole_characters(temperature: float) -> None:
    for seed in range(20):
        for count in (0, 6):
            request = FillRequest(
                "主队___ 将于周一__", "any", temperature, seed=seed, tokens_per_blank=count, model=MODEL
            )
            for update in generation.run(request):
                draft = update.drafts[0]
                assert "\ufffd" not in draft.text
                assert f" {MASK_SIGN}" not in draft.text, "no space before a blank"
                assert not re.search("[\\s《》“”（）()\\[\\]]", filled(draft))
            for blank in re.fullmatch("主队(.+) 将于周一(.+)", draft.text).groups():  # type: ignore[union-attr]
                assert blank[0].isalnum(), "a blank begins with a word"


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_a_blank_has_the_characters_that_are_asked_for(count: int) -> None:
    for seed in range(4):
        draft = made(FillRequest("___获胜，__开始", seed=seed, model=MODEL, characters_per_blank=count))
        assert len(draft.text) == len("获胜，开始") + 2 * count


def test_characters_are_shared_out_in_the_likeliest_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two characters are one token where such tokens are likely there, and else two."""
    loaded = load(MODEL)
    vocabulary = loaded.vocabulary
    single, double = (((vocabulary.characters == count) & vocabulary.spelt).nonzero()[0, 0] for count in (1, 2))
    told = filled_headlines._told

    def says(likely: int) -> None:
        def say(*values: object) -> object:
            found = told(*values).clone().fill_(-50.0)  # type: ignore[arg-type]
            found[:, likely] = 0.0
            return found

        monkeypatch.setattr(filled_headlines, "_told", say)

    request = FillRequest("___", model=MODEL, characters_per_blank=2)
    for likely, expected in ((int(single), (1, 1)), (int(double), (2,))):
        says(likely)
        assert filled_headlines._of_characters(loaded, request, ["", ""], [(0, 0)], 0) == expected


def test_only_blanks_of_chinese_are_counted_in_characters() -> None:
    with pytest.raises(UserError) as refusal:
        FillRequest("A ___", characters_per_blank=2).check()
    assert refusal.value.key == "text.characters_of_chinese"


def test_a_part_is_rewritten_where_it_stands() -> None:
    request = RewriteRequest("主队获胜 [[将于周一]]开始：专家", model=MODEL)
    assert request.unmarked == "主队获胜 将于周一开始：专家"
    different = set()
    for seed in range(6):
        draft = made(RewriteRequest(request.text, 0.3, "any", 2.0, seed=seed, model=MODEL))
        assert re.fullmatch("主队获胜 .+开始：专家", draft.text)
        different.add(draft.text)
    assert len(different) > 1
    wide = made(RewriteRequest("主队获胜 \uff3b\uff3b将于周一\uff3d\uff3d开始：专家", model=MODEL))
    assert wide.text == made(request).text


def test_signs_and_spaces_stay_when_words_are_rewritten() -> None:
    text = "《征途》公测 今日再创新高：专家，“回归”"
    for seed in range(5):
        again = made(RewriteRequest(text, 0.95, "any", 2.0, seed=seed, model=MODEL)).text
        signs = [re.sub(r"[^\W_]+", "字", one) for one in (text, again)]
        assert signs[0] == signs[1], again


@pytest.mark.parametrize("text", ["！！", "主队[[：“”]]获胜"])
def test_there_have_to_be_words_to_rewrite(text: str) -> None:
    with pytest.raises(UserError) as refusal:
        RewriteRequest(text, model=MODEL).check()
    assert refusal.value.key == "text.no_words_to_rewrite"


def test_headlines_written_at_once_have_lengths_like_real_ones() -> None:
    counts = [
        sum(piece.kind == "filled" for piece in made(GenerateRequest(MODEL, seed=seed, length=160, steps=3)).pieces)
        for seed in range(12)
    ]
    assert set(counts) <= set(filled_headlines._TOKENS) and len(set(counts)) > 3
    for seed in range(12):
        text = made(GenerateRequest(MODEL, seed=seed, length=8, steps=3, temperature=2.0)).text
        assert 0 < len(text) <= 8 and text == text.strip() and "\n" not in text


@pytest.mark.parametrize("topic", ["world", "games"])
def test_each_language_has_topics_of_its_own(topic: str) -> None:
    for request in (FillRequest("___", topic), RewriteRequest("主队", topic=topic)):
        language = "masked" if topic == "games" else MODEL
        changed = type(request)(**{**vars(request), "model": language})
        with pytest.raises(UserError) as refusal:
            changed.check()
        assert refusal.value.key == "engine.not_one_of"


def test_receipts_of_before_there_were_two_languages_are_made_again() -> None:
    request = FillRequest("The ___ won.", seed=2)
    update = list(generation.run(request))[-1]
    receipt = update.receipts[0]
    settings = {
        name: value for name, value in receipt.settings.items() if name not in ("model", "characters_per_blank")
    }
    older = Receipt(receipt.modality, receipt.action, receipt.model, receipt.checkpoint, settings, 0)
    assert generation.reproduce(older).drafts == update.drafts


def test_the_command_line_takes_the_model_that_fills_in_that_language(tiny: Path) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add_generate_options(parser)
    for model, expected in ((None, "masked"), ("masked", "masked"), (MODEL, MODEL), (str(tiny / MODEL), MODEL)):
        named = [] if model is None else ["--model", model]
        for action in ("--fill", "--rewrite"):
            request = _request(parser.parse_args([*named, action, "主队__"]), 0)
            assert request.model == expected
    request = _request(parser.parse_args(["--model", MODEL, "--fill", "主队__", "--characters-per-blank", "3"]), 0)
    assert isinstance(request, FillRequest) and request.characters_per_blank == 3


def test_samples_of_a_run_show_chinese_blanks() -> None:
    loaded = load(MODEL)
    shown = fill_preview(loaded.network, loaded.tokenizer, [(one.topic, one.text) for one in chinese()[:4]])  # type: ignore[arg-type]
    right, blanks = map(int, shown.partition("\n")[0].split("/"))
    assert right <= blanks and blanks >= 4 and shown.count("[") == blanks + 4

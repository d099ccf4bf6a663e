from __future__ import annotations

import json
from dataclasses import asdict, replace
from urllib.parse import parse_qsl

import pytest

from genai_demo.engine.generation.receipts import Receipt, parse_receipt
from genai_demo.text.requests import Choice, FillRequest, GenerateRequest, Request, RewriteRequest
from genai_demo.text.results import Draft, Piece, Update
from genai_demo.ui.address import linked
from genai_demo.ui.cards import notice
from genai_demo.ui.languages import text
from genai_demo.ui.text import cards
from genai_demo.ui.text.cards import Shown
from tests.helpers.markup import HOSTILE, Reader


def result(request: Request, *pieces: Piece, finished: bool = True, action: str = "generate", count: int = 1) -> Shown:
    settings = json.loads(json.dumps(asdict(request)))
    receipts = (Receipt("text", action, "news-gru", "c0ffee", settings),) * count if finished else ()
    return Shown(request, Update((Draft(pieces, finished, tokens=7),) * count, 2, 12, receipts), seconds=1.25)


def status(shown: Shown, language: str = "en") -> str:
    return Reader('<p class="result-status"' + cards.results(shown, language).partition('result-status"')[2]).words


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["given", "filled", "blank"])
def test_no_text_becomes_markup(kind: str, language: str) -> None:
    for request in (GenerateRequest(opening=HOSTILE), FillRequest(HOSTILE + "___"), RewriteRequest(HOSTILE)):
        page = Reader(cards.results(result(request, Piece(HOSTILE, kind, 1, 0.3)), language))  # type: ignore[arg-type]
        assert {tag for tag, _ in page.elements} <= {
            "div",
            "article",
            "p",
            "span",
            "button",
            "details",
            "summary",
            "ol",
            "li",
            "small",
            "del",
        }
        assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
        assert HOSTILE in page.words
        assert page.attributes("article")[0]["data-text"] == HOSTILE


def test_notices_are_escaped_and_said_at_once() -> None:
    page = Reader(notice(HOSTILE, title=HOSTILE))
    assert {tag for tag, _ in page.elements} == {"div", "strong"}
    assert page.attributes("div")[0]["role"] == "alert"


def test_a_finished_card_carries_the_receipt_that_makes_it_again() -> None:
    request = GenerateRequest(topic="world", opening='He said: "No\u2028way"', seed=9)
    shown = result(request, Piece(request.opening, "given"), Piece(" and left.", "filled"))
    article = Reader(cards.results(shown, "en")).attributes("article")[0]
    assert parse_receipt(article["data-receipt"] or "") == shown.update.receipts[0]
    assert article["data-text"] == shown.update.drafts[0].text
    assert article["data-file"] == "generate-world-seed9-1.txt"


def test_a_running_card_offers_nothing_that_needs_a_receipt() -> None:
    page = Reader(cards.results(result(GenerateRequest(), Piece("Oil", "filled"), finished=False), "en"))
    assert page.attributes("button") == []
    assert "data-text" not in page.attributes("article")[0]


def test_a_stopped_card_says_so() -> None:
    stopped = replace(result(GenerateRequest(), Piece("Oil", "filled"), finished=False), stopped=True)
    page = Reader(cards.results(stopped, "en"))
    assert page.classes("stopped") == 1
    assert "Seed 0 · 7 tokens · Stopped." in page.words


@pytest.mark.parametrize(("language", "sentence"), [("en", "Machine-made"), ("zh", "机器生成")])
def test_every_card_says_that_it_is_machine_made(language: str, sentence: str) -> None:
    for finished in (True, False):
        assert sentence in cards.results(result(GenerateRequest(), Piece("Oil", "filled"), finished=finished), language)


@pytest.mark.parametrize(("count", "sentence"), [(1, "Machine-made"), (3, "All of these are machine-made")])
def test_that_results_are_machine_made_is_said_once(count: int, sentence: str) -> None:
    page = Reader(cards.results(result(GenerateRequest(), Piece("Oil", "filled"), count=count), "en"))
    assert page.classes("machine-made") == 1
    assert page.words.count(sentence) == 1
    notes = {article["data-note"] for article in page.attributes("article")}
    assert notes == {"Machine-made: invented by a small model, not a real report."}


def test_what_stands_before_the_first_line_break_is_the_headline() -> None:
    shown = result(GenerateRequest(), Piece("Oil ro", "given"), Piece("se\nPrices of oil rose", "filled"))
    headline, _, rest = cards.results(shown, "en").partition('<p class="headline"')[2].partition("</p>")
    assert Reader(f"<p{headline}</p>").words == "Oil rose"
    assert "Prices of oil rose" in rest


@pytest.mark.parametrize(("count", "figures"), [(1, "7 tokens"), (3, "3 texts · 21 tokens")])
def test_the_seed_the_tokens_and_the_time_are_shown(count: int, figures: str) -> None:
    shown = result(GenerateRequest(seed=41), Piece("Oil", "filled"), count=count)
    assert status(shown) == f"Seed 41 · {figures} · 1.2 s"


@pytest.mark.parametrize(("count", "figures"), [(1, "7 tokens"), (3, "3 texts · 21 tokens")])
def test_a_model_that_writes_token_by_token_counts_tokens_meanwhile(count: int, figures: str) -> None:
    shown = result(GenerateRequest(seed=41), Piece("Oil", "filled"), finished=False, count=count)
    assert status(shown) == f"Seed 41 · {figures}"


@pytest.mark.parametrize("request_", [GenerateRequest("masked"), FillRequest("___"), RewriteRequest("Oil")])
def test_a_model_that_fills_places_counts_steps_meanwhile(request_: Request) -> None:
    shown = result(request_, Piece("Oil", "filled", 1, 0.5), finished=False)
    assert status(shown) == "Seed 0 · step 2 of at most 12"


def test_one_token_is_not_many() -> None:
    shown = result(FillRequest("___"), action="fill")
    one = replace(shown, update=replace(shown.update, drafts=(Draft((), True, tokens=1),)))
    assert status(one) == "Seed 0 · 1 token · 1.2 s"


def test_confidence_is_told_by_form_by_tooltip_and_in_a_list() -> None:
    pieces = (Piece("The", "given"), Piece(" cat", "filled", 2, 0.97), Piece(" sat", "filled", 1, 0.1))
    page = Reader(cards.results(result(FillRequest("The ___"), *pieces, action="fill"), "en"))
    assert page.classes("sure-4") == page.classes("sure-1") == 1
    titles = [attributes["title"] for attributes in page.attributes("span") if "title" in attributes]
    assert titles == ["step 2, 97\u00a0% sure", "step 1, 10\u00a0% sure"]
    listed = page.words[page.words.index("in the order") :]
    assert listed.index("sat") < listed.index("cat")


def test_hardly_sure_is_not_impossible() -> None:
    page = cards.results(result(FillRequest("___"), Piece("cat", "filled", 1, 0.0004), action="fill"), "en")
    assert "step 1, &lt;1" in page


def test_a_model_that_gives_no_confidence_shows_none() -> None:
    page = Reader(cards.results(result(GenerateRequest(), Piece("Oil", "filled")), "en"))
    assert page.classes("filled") == page.classes("sureness") == 0


def test_replaced_words_are_struck_out_in_the_old_text() -> None:
    pieces = (Piece("The", "given"), Piece(" dog", "filled", 1, 0.5), Piece(" sat.", "given"))
    page = cards.results(result(RewriteRequest("The cat sat."), *pieces, action="rewrite"), "en")
    assert "The <del>cat</del> sat." in page


def test_a_text_without_a_word_is_explained() -> None:
    assert "Try another seed" in cards.results(result(GenerateRequest(), Piece("", "filled")), "en")


def test_words_can_be_opened_once_their_text_is_finished() -> None:
    pieces = (Piece("Oil", "filled", 1, 0.6, 1), Piece(" rose", "filled", 2, 0.2, 2), Piece(".", "filled"))
    for request in (GenerateRequest(), FillRequest("___.")):
        whole = Reader(cards.results(result(request, *pieces), "en"))
        words = [one for one in whole.attributes("span") if "filled" in (one.get("class") or "")]
        assert [one.get("data-place") for one in words] == ["1", "2"]
        assert not any("title" in one for one in words), "the panel says it"
    assert [one.get("tabindex") for one in words] == ["0", "-1"], "one stop for the Tab key"
    growing = Reader(cards.results(result(FillRequest("___."), *pieces, finished=False), "en"))
    words = [one for one in growing.attributes("span") if "filled" in (one.get("class") or "")]
    assert len(words) == 2 and all("title" in one and "data-place" not in one for one in words)


def test_a_telling_that_somebody_chose_leads_back_to_the_former_one() -> None:
    first, second = Choice(0, 4, 300), Choice(0, 9, 400)
    for chosen in ((first,), (first, second)):
        request = GenerateRequest(seed=5, chosen=chosen)
        page = Reader(cards.results(result(request, Piece("Oil", "filled", 1, 0.6, 1)), "en"))
        (former,) = [one["data-former"] for one in page.attributes("button") if "data-former" in one]
        settings = dict(parse_qsl((former or "").removeprefix("?")))
        assert linked(GenerateRequest, settings) == replace(request, chosen=chosen[:-1])
    page = Reader(cards.results(result(GenerateRequest(), Piece("Oil", "filled", 1, 0.6, 1)), "en"))
    assert not any("data-former" in one for one in page.attributes("button"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_replay_of_a_text_is_not_heard_as_the_button_that_begins_one(language: str) -> None:
    shown = result(GenerateRequest(), Piece("Word", "filled", 1, 0.5))
    page = Reader(cards.results(shown, language))
    (replay,) = (one for one in page.attributes("button") if "data-replay" in one)
    # The same words are seen on both; who speaks to the page may say them, and so what is heard begins with them.
    seen = text("replay_words", language)
    assert replay["aria-label"].startswith(seen)
    assert replay["aria-label"] != text("slowly_button", language)


@pytest.mark.parametrize("masked", [True, False])
def test_a_headline_is_chinese_and_lies_on_its_own_page(monkeypatch: pytest.MonkeyPatch, masked: bool) -> None:
    monkeypatch.setattr(cards, "is_here", lambda model: masked)
    request = GenerateRequest("headlines", "games", seed=7)
    shown = result(request, Piece("网游", "given"), Piece("公测", "filled", 1, 0.9))
    page = Reader(cards.results(shown, "en"))
    assert {"class": "headline", "lang": "zh"} in page.attributes("p")
    (article,) = page.attributes("article")
    assert article["data-link"].startswith("?tab=news&page=headlines&model=headlines&topic=games")
    assert "Games" in page.words
    assert ("Rewrite" in page.words) == masked, "it can be where there is a model that rewrites headlines"
    assert "by-word" in article["class"], "it is told token by token, as all that comes from left to right"
    assert cards.panel_of(GenerateRequest()) == "generate"


@pytest.mark.parametrize(
    ("request_", "panel"),
    [
        (GenerateRequest("headlines-masked"), "headlines"),
        (FillRequest("国足__", model="headlines-masked"), "fill-chinese"),
        (RewriteRequest("国足", model="headlines-masked"), "rewrite-chinese"),
        (FillRequest("The ___"), "fill"),
        (RewriteRequest("The"), "rewrite"),
    ],
)
def test_each_result_has_a_page_in_its_language(request_: Request, panel: str) -> None:
    shown = result(request_, Piece("国足", "filled", 1, 0.9))
    (article,) = Reader(cards.results(shown, "zh")).attributes("article")
    assert cards.panel_of(request_) == panel and shown.in_steps
    assert article["data-link"].startswith(f"?tab=news&page={panel}&")


def test_replaced_characters_are_struck_out_without_the_marks() -> None:
    request = RewriteRequest("国足[[获胜]] 教练：好", model="headlines-masked")
    pieces = (Piece("国足", "given"), Piece("大涨", "filled", 1, 0.5), Piece(" 教练：好", "given"))
    page = cards.results(result(request, *pieces, action="rewrite"), "en")
    assert '<p class="old" lang="zh">国足<del>获胜</del> 教练：好</p>' in page

"""Every kind of damage is repaired, and no agency signs what a machine wrote."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.text.data.cleaning import (
    clean,
    cut_to_sentence,
    ends_sentence,
    settled,
    source_spans,
    story,
    strip_source,
)
from genai_demo.text.results import Piece, joined
from genai_demo.text.sampling.writing import unsigned


def shown(text: str, given: int = 0) -> str:
    """Return a text as it is shown that a model wrote after the first `given` characters."""
    return joined(unsigned([Piece(text, "filled")], given))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("the company #39;s profit", "the company's profit"),
        ("AT amp;T, past  #36;46", "AT&T, past $46"),
        (" quot;No, quot; he said", '"No," he said'),
        ("three lt; four", "three< four"),
        ("a word #151;and more", "a word--and more"),
        ("2003 #150;2004", "2003-2004"),
        (" #147;Yes #148; and  #145;no #146;", "\"Yes\" and 'no'"),
        ("so on #133;", "so on..."),
        ("R #038;D", "R&D"),
        ("two nbsp;words", "two words"),
        ("café #233;", "caféé"),
        ("nothing #129; here", "nothing\ufffd here"),
        ("number #12345678;", "number #12345678;"),
        ("&lt;b&gt;Opinion&lt;/b&gt; Iraq votes", "Opinion Iraq votes"),
        (
            'Shares of &lt;A HREF="http://www.investor.reuters.com/quote?ticker=GOOG.O"&gt;GOOG.O&lt;/A&gt; fell',
            "Shares of GOOG.O fell",
        ),
        ("one&lt;br&gt;two&lt;BR /&gt;three", "one two three"),
        ("before &lt;script type=x&gt;var a = 1;&lt;/script&gt; after", "before after"),
        ('a story is cut &lt;A HREF="http://www.reu', "a story is cut"),
        ("a story is cut &lt;/fo", "a story is cut"),
        ("5 &lt; 6 &gt; 4", "5 < 6 > 4"),
        (r"lost \$5 million", "lost $5 million"),
        (r"a deal (\$5 million)", "a deal ($5 million)"),
        (r"dwindling\band of fans", "dwindling band of fans"),
        ("one\\\\\n\\two", "one two"),
        ("``Never,'' she said", '"Never," she said'),
        ("  two  spaces\tand a\nline ", "two spaces and a line"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_damage(raw: str, expected: str) -> None:
    assert clean(raw) == expected


WHOLE = st.text(string.ascii_letters + string.digits + ' .,:!?()-$%"', max_size=200)


@given(WHOLE)
def test_what_is_whole_stays(text: str) -> None:
    assert clean(text) == " ".join(text.split())


@given(st.text(string.printable.replace("&", "") + "éß漢", max_size=200))
def test_result_is_one_line_without_damage(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == cleaned.strip()
    assert not set("\n\t\r\\") & set(cleaned)
    assert "  " not in cleaned


SIGNED = [
    ("Oil rises (Reuters) Reuters - Crude rose.", "Oil rises\nCrude rose."),
    ("Oil rises (AP) AP - Crude rose.", "Oil rises\nCrude rose."),
    ("(Reuters) Reuters - Crude rose.", "Crude rose."),
    ("LONDON (AFP) - Crude rose.", "Crude rose."),
    ("LONDON (Reuters) -- Crude rose.", "Crude rose."),
    ("NEW YORK (Reuters) - Crude rose.", "Crude rose."),
    ("WASHINGTON, D.C. (AP) - Crude rose.", "Crude rose."),
    ("AP - Crude rose.", "Crude rose."),
    ("Reuters - Crude rose.", "Crude rose."),
    ("Canadian Press - Crude rose.", "Crude rose."),
    ("USATODAY.com - Crude rose.", "Crude rose."),
    ("SPACE.com -- Crude rose.", "Crude rose."),
    ("Crude rises (SPACE.com)", "Crude rises"),
    ("Crude rises (Update2)", "Crude rises"),
    ("Oil rises (AP). Crude rose.", "Oil rises. Crude rose."),
    ("Crude rises (Reuters NEW YORK) in London.", "Crude rises in London."),
    ("Oil rises. LONDON (AFP) - Crude rose.", "Oil rises.\nCrude rose."),
]


@pytest.mark.parametrize(("text", "expected"), SIGNED, ids=[text for text, _ in SIGNED])
def test_signatures_are_not_shown(text: str, expected: str) -> None:
    assert strip_source(text) == expected
    assert source_spans(text)
    assert not source_spans(strip_source(text))


@pytest.mark.parametrize(
    "text",
    [
        "He said (by phone) that prices - and wages - rose.",
        "The index (up 3 percent) fell - again.",
        "IBM (NYSE) said on Monday (Tuesday in Asia) - late - it won.",
        "The Associated Press reported a win.",
        "The score was 3 - 2 for the U.S. team (and its fans).",
        "NATO - the alliance - met.",
        "A well-known re-election bid",
    ],
)
def test_ordinary_parentheses_and_dashes_stay(text: str) -> None:
    assert strip_source(text) == text
    assert source_spans(text) == []


@pytest.mark.parametrize(
    ("given_words", "rest", "expected"),
    [
        ("Oil prices", " rose today.", " rose today."),
        ("Oil rises (AP)", " on Monday.", " on Monday."),
        ("Oil rises", " (AP) on Monday.", " on Monday."),
        ("Oil rises", " (Reuters) Reuters - Crude rose.", "\nCrude rose."),
        ("LONDON", " (AFP) - Crude rose.", "\nCrude rose."),
        ("Reuters", " - Crude rose.", "Crude rose."),
        ("Oil rises. ", "AP - Crude rose.", "Crude rose."),
        ("", "AP - Crude rose.", "Crude rose."),
    ],
)
def test_what_somebody_else_wrote_stays(given_words: str, rest: str, expected: str) -> None:
    assert shown(given_words + rest, len(given_words)) == given_words + expected


@pytest.mark.parametrize("text", [text for text, _ in SIGNED if "Update" not in text])
def test_a_growing_text_never_shows_a_signature(text: str) -> None:
    for end in range(len(text) + 1):
        so_far = strip_source(settled(text[:end]))
        for name in ("Reuters", "AFP", "Canadian Press", "USATODAY.com", "SPACE.com"):
            assert name not in so_far
        assert "AP" not in so_far.split() and "(AP" not in so_far


DATED = [
    ("ATHENS - Officials said so.", "Officials said so."),
    ("NEW YORK -- Stocks fell.", "Stocks fell."),
    ("NEW YORK - - Stocks fell.", "Stocks fell."),
    ("ST. LOUIS - It rained.", "It rained."),
    ("CRAWFORD, Texas - Bush said so.", "Bush said so."),
    ('RAMALLAH, West Bank - "No," he said.', '"No," he said.'),
    ("Delta pays WASHINGTON - Delta paid.", "Delta pays\nDelta paid."),
    ("Delta pays\nWASHINGTON - Delta paid.", "Delta pays\nDelta paid."),
    ("It rained. PARIS - The sun came.", "It rained. The sun came."),
]


@pytest.mark.parametrize(("text", "expected"), DATED, ids=[text for text, _ in DATED])
def test_bare_datelines_are_not_shown(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert shown(expected) == expected
    for end in range(len(text) + 1):
        place = text.partition("-")[0].split()[-1]
        assert place not in shown(settled(text[:end])), text[:end]


@pytest.mark.parametrize(
    "text",
    [
        "NATO - the alliance - met.",
        "He likes IBM - Microsoft less so.",
        "U.S. Broadband Growth Slows - Analyst",
        "HEAVY RAIN WILL COME - Says Smith",
        "HEAVY RAIN AND SNOW WILL COME - Says Smith",
        "In ATHENS Greece won 3 - 2.",
        "ATHENS-based",
        "Athens - Officials",
    ],
)
def test_what_is_no_dateline_stays(text: str) -> None:
    assert shown(text) == text


def test_training_texts_keep_their_datelines() -> None:
    assert strip_source("ATHENS - Officials said so.") == "ATHENS - Officials said so."


@pytest.mark.parametrize(
    ("given_words", "rest", "expected"),
    [
        ("ATHENS - Officials", " said so.", " said so."),
        ("ATHENS", " - Officials said so.", " - Officials said so."),
        ("Oil rises", " ATHENS - Officials said so.", "\nOfficials said so."),
    ],
)
def test_a_dateline_that_somebody_else_began_stays(given_words: str, rest: str, expected: str) -> None:
    assert shown(given_words + rest, len(given_words)) == given_words + expected


@given(WHOLE)
def test_growing_text_is_a_part_of_the_text(text: str) -> None:
    assert text.startswith(settled(text))


@pytest.mark.parametrize(
    "text",
    [
        "He won.",
        'He said "no."',
        "He said 'no.'",
        "(It ended.)",
        "Really?",
        "Stop!",
        "It was 5.",
        "In 2004.",
        "He won. ",
        "The plan failed in the end.",
        "He is ill.",
    ],
)
def test_ends_of_sentences(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "He won",
        "wait...",
        "the U.S.",
        "by Mr.",
        "Mr.",
        "J.",
        "in Jan.",
        "said Sen.",
        "Apple Inc.",
        "He won,",
        "D.C.",
        'the "St.',
        "(Washington, D.C.",
        'He won. "Then',
    ],
)
def test_what_does_not_end_a_sentence(text: str) -> None:
    assert not ends_sentence(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He won. She lost", "He won."),
        ("He won. She lost.", "He won. She lost."),
        ("He won in the U.S. and", ""),
        ("He won by 3.5 points", ""),
        ('He said "no." Then', 'He said "no."'),
        ("He won... and lost", ""),
        ("He won. Mr. Smith", "He won."),
        ("", ""),
    ],
)
def test_cut(text: str, expected: str) -> None:
    assert cut_to_sentence(text) == expected


WORDS = ["He won.", "Mr.", "U.S.", "it", '"no."', "wait...", "Is it?", "3.5", "\n", "(Yes!)"]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_cut_is_a_prefix_that_ends_a_sentence(text: str) -> None:
    cut = cut_to_sentence(text)
    assert text.startswith(cut)
    assert cut == "" or ends_sentence(cut)
    assert cut_to_sentence(cut) == cut
    if ends_sentence(text):
        assert cut == text.rstrip()


@given(st.text(max_size=100))
def test_any_text_can_be_cut(text: str) -> None:
    cut = cut_to_sentence(text)
    assert text.startswith(cut)
    assert cut == "" or ends_sentence(cut)


@pytest.mark.parametrize("signature", ["NEW YORK (Reuters) - ", "ATHENS - ", "AP - ", "LONDON (AFP) - ", ""])
@pytest.mark.parametrize("title", ["Oil falls", "Will oil fall?"])
def test_a_headline_on_its_own_line_keeps_its_line(title: str, signature: str) -> None:
    assert shown(f"{title}\n{signature}Crude fell.") == f"{title}\nCrude fell."


@pytest.mark.parametrize(("text", "below"), [("A\nB. C.", "B. C."), ("A. B.", "A. B."), ("A\n", ""), ("", "")])
def test_the_story_stands_below_its_headline(text: str, below: str) -> None:
    assert story(text) == below

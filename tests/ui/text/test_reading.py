"""What the page shows of a text that a model read, and what its script is sent."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.text.explaining.reading import influence_on, unit_along
from genai_demo.text.requests import GenerateRequest, ReadRequest
from genai_demo.text.sampling import generation
from genai_demo.ui.text.explaining import mattered as mattered_in_result
from genai_demo.ui.text.explaining import played, told
from genai_demo.ui.text.reading import mattered, read_by, unit
from genai_demo.ui.text.reading_cards import read_result

TEXT = 'Oil prices <b>rose</b> & "fell" on Monday.'


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_shown_whole_and_escaped(language: str) -> None:
    shown = read_by(ReadRequest(TEXT))
    page = read_result(shown, language)
    assert "<b>" not in page
    line = re.search(r'<p class="read-text"[^>]*>(.*?)</p>', page)
    assert line and len(re.findall(r"data-word=", line[1])) == len(shown.reading.words) == 7
    assert line[1].count('tabindex="0"') == 1
    assert shown.reading.checkpoint in page and 'data-link="?tab=news&amp;page=read' in page
    assert len(re.findall("<tr>", page)) == 1 + len(shown.reading.measures)
    assert "{" not in re.sub(r'data-\w+="[^"]*"', "", page)


def test_the_script_gets_what_mattered_and_a_units_values() -> None:
    request = ReadRequest("Oil prices rose on Monday.")
    found = mattered(request, {"word": 2}, "", "en")
    assert list(found["values"]) == list(influence_on(request, 2).values) and "Adebayo" in found["proof"]
    assert "def gradient_times_input(" in found["code"]
    assert list(unit(request, {"unit": 3}, "", "en")["values"]) == list(unit_along(request, 3))
    for wanted in ({}, {"word": "x"}, {"word": 99}, {"word": True}):
        with pytest.raises(UserError):
            mattered(request, wanted, "", "en")
    with pytest.raises(UserError):
        unit(ReadRequest(request.text, "masked"), {"unit": 3}, "", "en")


def test_a_result_tells_what_mattered_and_plays_what_was_drawn() -> None:
    *_, made = generation.run(GenerateRequest(length=8, seed=1))
    receipt = made.receipts[0]
    sent = json.loads(played(receipt))
    assert len(sent["entries"]) == len(sent["states"]) and {len(one) for one in sent["states"]} == {640}
    for entry in sent["entries"]:
        own = next(rival for rival in entry["rivals"] if rival["id"] == entry["id"])
        assert own["start"] <= entry["uniform"] <= own["start"] + own["after"] + 1e-9, "it falls on the token's share"
    place = sent["entries"][-1]["place"]
    found = json.loads(mattered_in_result(receipt, "zh", place))
    assert len(found["matter"]["values"]) == place
    assert len(list(csv.reader(io.StringIO(found["csv"])))) == place + 1
    assert json.loads(told(receipt))["nearest"]
    with pytest.raises(UserError):
        mattered_in_result(receipt, "en", None)

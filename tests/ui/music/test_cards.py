"""Pieces as HTML: what can be read, heard and pressed, in both languages."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.music.audio.performance import seconds_at
from genai_demo.music.audio.synthesis import TAIL
from genai_demo.music.midi.reading import Remark
from genai_demo.music.requests import ComposeRequest, RewriteRequest
from genai_demo.music.tokens.piece_string import KEY_BY_NAME
from genai_demo.ui.music import cards
from genai_demo.ui.music.library import Item, Library
from tests.helpers.scores import piece
from tests.ui.test_languages import words

TUNE = piece([(0, 1, 60), (4, 2, 64)], [(0, 3, 48)], [(3, 4)] * 2)
MADE = Item(TUNE, ComposeRequest(seed=77), Receipt("music", "compose", "piano-composer", "c0ffee", {}))
ALL = ("composer", "gan", "masked")


def test_keys_are_called_as_musicians_call_them() -> None:
    english = [cards.key_name(key, "en") for key in KEY_BY_NAME if key != "any"]
    assert {"E♭ major", "F♯ minor", "C major", "B♭ minor"} <= set(english)
    assert len(set(english)) == 24
    assert [cards.key_name(key, "zh") for key in ("Eb_major", "F#_minor", "C_major")] == [
        *("降E大调", "升F小调", "C大调"),
    ]


def test_the_page_is_told_all_it_plays() -> None:
    told = json.loads(cards.music(MADE))
    assert told["notes"] == [[0, 48, 1440, 1], [0, 60, 480, 0], [1920, 64, 960, 0]]
    assert told["bars"] == [0, 1440, 2880]
    assert told["beats"] == [480, 960, 1920, 2400]
    for tick, second in told["times"]:
        assert second == pytest.approx(seconds_at(TUNE, tick), abs=0.001)
    assert told["times"][-1][0] == TUNE.end
    assert told["seconds"] == pytest.approx(seconds_at(TUNE, TUNE.end) + TAIL, abs=0.001)
    assert told["changed"] is None, "where everything is new, nothing is marked"
    later = replace(MADE, changed=(1, 1), past=(MADE,))
    assert json.loads(cards.music(later))["changed"] == [1, 1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_piece_says_who_made_it(language: str) -> None:
    shown = cards.library(Library((MADE, Item(TUNE))), ALL, language)
    made, given = re.findall("<article.*?</article>", shown)
    machine = {"en": "machine", "zh": "机器", "zh-Hant": "機器"}[language]
    assert "77" in words(made) and machine in words(made)
    assert cards.key_name("C_major", language) in words(made)
    assert {"en": "you gave", "zh": "你给的", "zh-Hant": "你給的"}[language] in words(given)


def test_what_needs_a_model_that_is_not_here_is_not_offered() -> None:
    everything = cards.library(Library((MADE,)), ALL, "en")
    for action in ("rewrite", "keep", "continue", "harmonise", "lower", "higher", "undo"):
        assert f'data-do="{action}"' in everything
    for alone in ("composer", "masked"):
        shown = cards.library(Library((MADE,)), (alone,), "en")
        for action in ("rewrite", "keep", "harmonise"):
            assert f'data-do="{action}"' in shown
        assert 'data-choice="hand"' in shown
        assert ('data-do="continue"' in shown) == (alone == "composer")
    whole = cards.library(Library((MADE,)), ("gan",), "en")
    assert 'data-do="rewrite"' in whole and 'data-do="continue"' in whole
    assert not re.search('data-do="harmonise"|data-choice="(hand|range)"', whole)
    assert not re.search('data-do="(rewrite|continue)"', cards.library(Library((MADE,)), (), "en"))


def test_a_piece_that_grows_can_only_be_stopped() -> None:
    shown = cards.library(Library((replace(MADE, receipt=None, state="growing"),)), ALL, "en")
    assert re.findall('data-do="([a-z-]+)"', shown) == ["stop"]
    assert "data-file" not in shown and "data-busy" in shown
    assert cards.status(Library((replace(MADE, state="growing"),)), "en") == ""
    assert "0.3" in cards.status(Library((MADE,), seconds=0.31), "en")


def test_what_happened_to_a_piece_is_said() -> None:
    stopped = cards.library(Library((replace(MADE, receipt=None, state="stopped"),)), ALL, "en")
    assert "no receipt" in words(stopped)
    moved = replace(MADE, moved=True, past=(MADE,))
    assert "transposed" in words(cards.library(Library((moved,)), ALL, "en"))
    assert "data-past" in cards.library(Library((moved,)), ALL, "en")
    for model, name in (("masked", "Masked model"), ("gan", "GAN")):
        rewritten = replace(MADE, request=RewriteRequest(seed=5, model=model))
        assert name in words(cards.library(Library((rewritten,)), ALL, "en"))
    read = Item(TUNE, remarks=(Remark("music.left_out_drums", 12),))
    assert "12 notes of drums" in words(cards.library(Library((read,)), ALL, "en"))


def test_attributes_hold_what_the_script_reads() -> None:
    shown = cards.library(Library((MADE,), turn="a1", heard=0), ALL, "en")
    said = json.loads(html.unescape(re.findall('data-words="(.*?)"', shown)[0]))
    assert said["bar_of"] == "Bar {bar} of {bars}"
    told = json.loads(html.unescape(re.findall('data-music="(.*?)"', shown)[0]))
    assert told["key"] == MADE.key == re.findall('data-key="(.*?)"', shown)[0]

"""The judge tells apart what differs, and nothing else."""

from __future__ import annotations

import random

from genai_demo.text.evaluation.two_sample import LEAST, two_sample_accuracy, two_sample_figures

WORDS = ["shares", "team", "minister", "oil", "rain", "cup", "court", "vote", "film", "phone", "bank", "coach", "train"]


def _texts(count: int, seed: int, words: list[str] = WORDS) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(words, k=12)) + "." for _ in range(count)]


def test_texts_of_one_kind_are_not_told_apart() -> None:
    assert 0.35 < two_sample_accuracy(_texts(80, 1), _texts(80, 2)) < 0.65


def test_a_word_too_frequent_gives_texts_away() -> None:
    assert two_sample_accuracy(_texts(80, 1), _texts(80, 2, [*WORDS, *["the"] * 8])) > 0.9


def test_where_lines_break_does_not() -> None:
    parted = [text.replace(" ", "\n", 1) for text in _texts(80, 2)]
    assert two_sample_accuracy(_texts(80, 1), parted) == two_sample_accuracy(_texts(80, 1), _texts(80, 2))


def test_a_seed_gives_the_same_figure_and_few_texts_none() -> None:
    texts, real = _texts(30, 3), _texts(50, 4)
    first, again = (two_sample_figures(texts, real, seed=7) for _ in range(2))
    assert first == again and first["two_sample_accuracy"].n == 30
    # Twenty real ones are left for the floor.
    assert first["two_sample_accuracy"].real is not None
    assert two_sample_figures(texts, real[: 30 + LEAST - 1], 7)["two_sample_accuracy"].real is None
    assert two_sample_figures(texts[: LEAST - 1], real, 7) == {}


def test_chinese_is_judged_by_its_characters() -> None:
    characters = list("市场比赛电影银行股票手机")
    real = [text.replace(" ", "") for text in _texts(60, 1, characters)]
    assert two_sample_accuracy(real, [text.replace(" ", "的") for text in _texts(60, 2, characters)]) > 0.9

"""Bits of a visitor's text are those of an independent pass; a bound is one; counts and hashes find what was learnt."""

from __future__ import annotations

import json
import math
import zlib
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch

from genai_demo.__main__ import main
from genai_demo.engine.evaluation.ngrams import KneserNey
from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.text.explaining import known, reading
from genai_demo.text.explaining.counting import count, different
from genai_demo.text.explaining.reading import influence_on, read, unit_along
from genai_demo.text.explaining.surprise import told_in_rounds
from genai_demo.text.explaining.tables import words_as_csv
from genai_demo.text.models.masked import MaskedConfig, MaskedModel
from genai_demo.text.requests import ReadRequest
from genai_demo.text.sampling.loading import load
from genai_demo.text.tokens.special_tokens import AG_NEWS, END, MASK
from tests.helpers.news import articles

TEXT = "The team won again after long talks."
pytestmark = pytest.mark.usefixtures("tiny", "counted")


@pytest.fixture
def counted(tiny_checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Counts of the tiny world take the place of the real ones."""
    monkeypatch.setattr(known, "COUNTS", tmp_path)
    reading._read.cache_clear()
    count(articles(), str(tiny_checkpoints / "news-gru"), tmp_path / AG_NEWS.name)
    return tmp_path


def test_bits_are_those_of_one_pass_through_the_network() -> None:
    found, loaded = read(ReadRequest(TEXT)), load("gru")
    ids = [AG_NEWS.tokens["any"], *loaded.tokenizer.encode(TEXT)]
    with torch.inference_mode():
        vectors, _ = loaded.network(torch.tensor([ids]))
        plain = loaded.network.logits(vectors)[0].double().log_softmax(-1)
    tokens = [token for word in found.words for token in word.tokens]
    assert [token.place for token in tokens] == list(range(1, len(ids)))
    for token in tokens:
        assert token.bits == pytest.approx(-float(plain[token.place - 1, ids[token.place]]) / math.log(2))
        assert token.guesses[0].probability == pytest.approx(float(plain[token.place - 1].max().exp()))
    assert "".join(word.text for word in found.words) == TEXT
    assert [word.text for word in found.words] == ["The", " team", " won", " again", " after", " long", " talks."]
    assert found.measures[0].bits == pytest.approx(sum(word.bits for word in found.words))
    gzip = next(one for one in found.measures if one.name == "gzip")
    raw = zlib.compressobj(9, wbits=-15)
    assert gzip.bits == 8 * (len(raw.compress(TEXT.encode()) + raw.flush()) + reading.GZIP_FRAME)
    assert {one.name: one.kind for one in found.measures} == {
        "gru": "exact",
        "masked": "bound",
        "kneser_ney": "exact",
        "gzip": "file",
    }
    counts = KneserNey([[*loaded.tokenizer.encode(one.text), END] for one in articles()], loaded.tokenizer.size, 3)
    beside = next(one for one in found.measures if one.name == "kneser_ney")
    # No n-gram of the tiny world is pruned, and a byte tells each probability to a sixteenth of a bit.
    assert beside.bits == pytest.approx(counts.bits([ids[1:]]), abs=len(tokens) / 16)


def test_the_masked_model_needs_what_it_is_told_in_rounds() -> None:
    torch.manual_seed(4)
    network = MaskedModel(MaskedConfig(40, width=16, layers=2, heads=2)).eval().requires_grad_(False)
    row = [3, 20, 31, 9, END]

    def told(known_places: tuple[int, ...], place: int) -> float:
        seen = [token if index in (0, 4, *known_places) else MASK for index, token in enumerate(row)]
        plain = network.logits(network(torch.tensor([seen]))[0, place]).double().log_softmax(0)
        return -float(plain[row[place]]) / math.log(2)

    chains = {
        order: [told(order[: order.index(place)], place) for place in (1, 2, 3)] for order in permutations((1, 2, 3))
    }
    for seed in range(4):
        bits, guesses = told_in_rounds(network, row, rounds=9, orders=1, seed=seed)
        assert any(bits == pytest.approx(chain, abs=1e-5) for chain in chains.values()), "it is a chain of one order"
        assert len(guesses) == 3
    together, _ = told_in_rounds(network, row, rounds=1)
    assert together == pytest.approx([told((), place) for place in (1, 2, 3)], abs=1e-5)
    many, _ = told_in_rounds(network, row, rounds=3, orders=60)
    assert sum(many) == pytest.approx(np.mean([sum(chain) for chain in chains.values()]), rel=0.02)


def test_words_of_chinese_are_read_by_the_model_of_headlines() -> None:
    found = read(ReadRequest("主队获胜 将于周一开始"))
    assert found.reader == "headlines" and "".join(word.text for word in found.words) == "主队获胜 将于周一开始"
    names = ["headlines", "headlines-masked", "gzip"]
    assert [one.name for one in found.measures] == names, "nothing was counted for these"
    masked = read(ReadRequest("主队获胜 将于周一开始", "masked"))
    assert (masked.reader, masked.model, masked.measures[0].kind) == ("headlines-masked", "headlines-masked", "bound")
    assert masked.measures[0].bits == found.measures[1].bits


def test_the_gru_reads_chinese_where_the_masked_model_of_headlines_is_not_here(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in tiny.iterdir():
        if folder.name != "headlines-masked":
            (tmp_path / folder.name).symlink_to(folder)
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    settings.cache_clear()
    assert read(ReadRequest("主队 获胜", "masked")).reader == "headlines"


@pytest.mark.parametrize(
    ("text", "key"), [("", "nothing_to_read"), ("a" * 601, "draft_too_long"), ("Привет, как дела", "foreign_letters")]
)
def test_what_cannot_be_read_is_refused(text: str, key: str) -> None:
    with pytest.raises(UserError) as refusal:
        read(ReadRequest(text))
    assert refusal.value.key == f"text.{key}"


def test_what_is_of_no_kind_that_was_learnt_is_said_to_be_so() -> None:
    odd, usual = (read(ReadRequest(text)) for text in ("Zq xj vv kk ww yy zz qq.", articles()[0].text))
    assert odd.strange and odd.bits_per_byte > 1.5 * usual.bits_per_byte
    assert usual.strange == (usual.bits_per_byte > reading.STRANGE)


def test_the_nearest_article_is_found_by_hashes() -> None:
    everything = articles()
    text = f"Nobody knows why. {everything[37].text} Perhaps."
    found = known.known(AG_NEWS.name)
    assert found is not None
    nearest = found.nearest(text)
    assert nearest is not None and nearest.article == 38 and nearest.articles == len(everything)
    words = everything[37].text.split()
    assert (len(words) - 4) / (len(words) + 4) <= nearest.share <= nearest.anywhere <= 1
    shared = " ".join(text[first:end] for first, end in nearest.spans)
    assert shared in everything[37].text
    assert found.nearest("Nothing like this was ever written in the small world of these tests") is None
    stored = found.checkpoint.weights()
    assert all(tensor.ndim == 1 for tensor in stored.values()) and "runs" in stored
    assert read(ReadRequest(everything[37].text)).nearest is not None


def test_of_equal_articles_one_is_counted() -> None:
    some = articles()[:3]
    assert different([*some, some[1]]) == some


def test_counts_of_another_tokenizer_are_left_out(counted: Path) -> None:
    config = counted / AG_NEWS.name / "config.json"
    values = json.loads(config.read_text(encoding="utf-8"))
    values["model"]["tokenizer"] = "another"
    config.write_text(json.dumps(values), encoding="utf-8")
    reading._read.cache_clear()
    assert "kneser_ney" not in [one.name for one in read(ReadRequest(TEXT)).measures]


def test_what_mattered_for_a_word_and_a_units_values_follow_the_text() -> None:
    for model, method in (("gru", "gradient"), ("masked", "attention")):
        found = influence_on(ReadRequest(TEXT, model), 3)
        assert found.method == method and "".join(found.tokens).startswith("The team won")
    with pytest.raises(UserError) as refusal:
        influence_on(ReadRequest(TEXT), 7)
    assert refusal.value.key == "text.no_such_word"
    values = unit_along(ReadRequest(TEXT), 5)
    assert len(values) == len(load("gru").tokenizer.encode(TEXT)) and -1 <= min(values) <= max(values) <= 1
    for request, unit, key in (
        (ReadRequest(TEXT), 48, "no_such_unit"),
        (ReadRequest(TEXT, "masked"), 0, "units_of_gru"),
    ):
        with pytest.raises(UserError) as refusal:
            unit_along(request, unit)
        assert refusal.value.key == f"text.{key}"


def test_a_program_reads_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "bits.csv"
    assert main(["explain", "text", "--text", TEXT, "--csv", str(table), "--json", "-"]) == 0
    said = json.loads(capsys.readouterr().out)
    found = read(ReadRequest(TEXT))
    assert [word["bits"] for word in said["words"]] == [word.bits for word in found.words]
    assert table.read_text(encoding="utf-8") == words_as_csv(found.words)

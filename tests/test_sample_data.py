"""What the program makes itself to learn from: labelled, partly held out, enough for every family."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from genai_demo.engine.data.sample import COUNT, sample_count
from genai_demo.errors import UserError
from genai_demo.faces.data.labels import data_hash as hash_of_faces
from genai_demo.faces.data.reading import read_faces
from genai_demo.faces.models.networks import debug_sizes as debug_faces
from genai_demo.faces.training import tasks as face_tasks
from genai_demo.faces.training.configs import FaceTrainRequest
from genai_demo.music.data.reading import data_hash as hash_of_music
from genai_demo.music.data.reading import read_music
from genai_demo.music.data.sample import compose
from genai_demo.music.models.networks import debug_sizes as debug_music
from genai_demo.music.theory.key_estimation import estimate_key
from genai_demo.music.training import tasks as music_tasks
from genai_demo.music.training.configs import MusicTrainRequest
from genai_demo.text.data.articles import data_hash as hash_of_news
from genai_demo.text.data.articles import read_held_out, read_source
from genai_demo.text.data.memorization import without_copies
from genai_demo.text.training import tasks as news_tasks
from genai_demo.text.training.configs import NewsTrainRequest


@pytest.mark.parametrize(
    "source", ["sample:", "sample:0", "sample:-5", "sample:1e3", "sample:10_0", "sample:²", "sample:9999999"]
)
def test_a_sample_has_a_number_that_can_be_made(source: str) -> None:
    with pytest.raises(UserError) as refusal:
        sample_count(source, 100)
    sentence = refusal.value.in_language("en")
    assert source in sentence and str(COUNT[0]) in sentence and str(COUNT[1]) in sentence


def test_a_file_of_that_name_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sample_count("sample", 100) == 100
    assert sample_count("sample:25", 100) == 25
    assert sample_count("samples", 100) is sample_count("news/sample", 100) is None
    monkeypatch.chdir(tmp_path)
    Path("sample").mkdir()
    assert sample_count("sample", 100) is None


@pytest.mark.parametrize("read", [read_faces, read_music])
def test_a_sample_brings_its_labels(read: Any) -> None:
    for options in ({"labels": "table.csv"}, {"where": "age=3"}):
        with pytest.raises(UserError) as refusal:
            read("sample", **options)
        assert refusal.value.key == "data.sample_labels"


def test_articles() -> None:
    news, held_out = read_source("sample:400"), read_held_out("sample:400")
    assert len(news.articles) + len(held_out.articles) == 400
    assert len({article.text for article in news.articles}) == len(news.articles)
    topics = Counter(article.topic for article in news.articles)
    assert len(topics) == 4 and "any" not in topics and min(topics.values()) > 60
    assert all(article.title and "{" not in article.text for article in news.articles)
    # What is held out is no copy of what is learnt from.
    assert len(without_copies(held_out.articles, news.articles)) > len(held_out.articles) / 2
    smaller = read_source("sample:100").articles
    assert hash_of_news(smaller) == hash_of_news(news.articles[: len(smaller)])


def test_faces() -> None:
    faces, held_out = (read_faces("sample:24", split=split) for split in ("train", "validation"))
    assert len(faces) + len(held_out) == 24 and not faces.left_out
    assert not faces.labels().isnan().any()
    assert (
        faces.ages.min() >= 18 and faces.ages.max() <= 85 and 0 < faces.women.mean() < 1 and 0 < faces.smiles.mean() < 1
    )
    again = read_faces("sample:24", split="train")
    assert hash_of_faces(again) == hash_of_faces(faces)
    flat = faces.pictures.float().flatten(1)
    assert flat.std(1).min() > 20  # nothing is blank
    assert (flat[:, None] - flat[None]).abs().mean(2).fill_diagonal_(99).min() > 5  # and no two are alike


def test_pieces() -> None:
    pieces = [compose(number) for number in range(40)]
    assert not any(piece.faults() for piece in pieces)
    assert sum(estimate_key(piece.notes) == piece.key for piece in pieces) >= 38  # their key is the one that is heard
    assert {bar.beats for piece in pieces for bar in piece.bars} == {3, 4, 6}
    assert len({piece.notes for piece in pieces}) == 40
    music = read_music("sample:20", "train")
    read = [compose(int(name[:5])) for name in music.names]
    assert not music.left_out and [piece.notes for piece in music.pieces] == [piece.notes for piece in read]
    assert all(label.title and label.key == piece.key for label, piece in zip(music.labels, read, strict=True))
    assert hash_of_music(music) == hash_of_music(read_music("sample:20", "train"))


_REQUESTS: dict[str, Any] = {
    **{f"text {family}": (news_tasks, NewsTrainRequest) for family in ("gru", "masked", "topics")},
    **{f"faces {family}": (face_tasks, FaceTrainRequest) for family in ("gan", "vae", "encoder", "dcgan")},
    **{f"music {family}": (music_tasks, MusicTrainRequest) for family in ("composer", "encoder", "gan", "masked")},
}


@pytest.mark.parametrize("name", _REQUESTS)
def test_every_family_learns_from_a_sample(name: str, tmp_path: Path) -> None:
    modality, family = name.split()
    tasks, kind = _REQUESTS[name]
    more: dict[str, Any] = {"data": "sample:24"} if modality == "faces" else {"data": ("sample:24",)}
    if modality == "text":
        more |= {"validation": "sample:400"}
        if family != "topics":
            more |= {"changes": {"vocabulary": 320}}
    if (modality, family) in (("faces", "gan"), ("faces", "vae"), ("faces", "encoder")):
        more |= {"sizes": debug_faces(family)}
    if modality == "music":
        more |= {"sizes": debug_music(family)}
    task = tasks.make_task(kind(family=family, run=tmp_path, **more))
    assert len(next(iter(task.batch(0, 2, 0).values()))) == 2
    assert task.items.used and task.items.held_out and task.items.labelled == task.items.used

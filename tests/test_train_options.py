"""What the commands that train are told is refused before work starts, or told again with what was read."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from genai_demo.__main__ import main
from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.data.items import Items
from genai_demo.engine.training.options import write_json_option
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.music.midi.writing import to_midi
from tests.helpers.archives import write_zip
from tests.helpers.faces import write_toys
from tests.helpers.music import tune

REFUSED = [
    ("text gru --learning-rate nan", "learning_rate is nan"),
    ("text gru --seed -1", "seed is -1"),
    ("text gru --dropout 2", "dropout is 2.0"),
    ("text gru --window 0", "window is 0"),
    ("text gru --vocabulary 5", "vocabulary is 5"),
    ("text gru --size hidden=0", "hidden is 0"),
    ("text gru --size hidden=0.5", "hidden is 0.5"),
    ("text gru --size hidden=-8", "hidden is -8"),
    ("text gru --size hiden=8", '"hiden"'),
    ("text gru --background-share 7", "background_share is 7"),
    ("text gru --titled-share -0.1", "titled_share is -0.1"),
    ("text gru --snapshots -1", "snapshots is -1"),
    ("text gru --patience 0", "patience is 0"),
    ("text gru --batch-size 0", "batch_size is 0"),
    ("text gru --minutes inf", "minutes is inf"),
    ("text gru --hold-out 1.5", "hold_out is 1.5"),
    ("text gru --hold-out nan", "hold_out is nan"),
    ("text topics --hold-out -1", "hold_out is -1"),
    ("text masked --hold-out 1", "hold_out is 1.0"),
    ("text gru --word-dropout 0.1", "--word-dropout"),
    ("text masked --size width=30", "width is 30"),
    ("text masked --first-holes nan", "first_holes is nan"),
    ("text topics --word-dropout 1", "word_dropout is 1.0"),
    ("text topics --window 8", "--window"),
    ("text topics --size buckets=1", "buckets is 1"),
    ("faces gan --gamma nan", "gamma is nan"),
    ("faces gan --penalty-every 0", "penalty_every is 0"),
    ("faces gan --augmentation 2", "augmentation is 2"),
    ("faces gan --size resolution=48", "resolution is 48"),
    ("faces gan --size widths=0,8", "widths is 0"),
    ("faces gan --size blocks=1", "blocks"),
    ("faces gan --size blocks=1,1", "blocks"),
    ("faces vae --free -1", "free is -1"),
    ("faces vae --pull 0.5", "--start"),
    ("faces vae --start runs/none --size latent=8", "--size"),
    ("faces encoder --start runs/none", "--start"),
    ("faces encoder --size dropout=1", "dropout is 1"),
    ("faces dcgan --size latent=0", "latent is 0"),
    ("music composer --warm-up 2", "warm_up is 2"),
    ("music composer --size heads=5", "width is 192"),
    ("music masked --measured 0", "measured is 0"),
    ("music gan --size critic_widths=1,2", "critic_widths"),
    ("music gan --final-slope inf", "final_slope is inf"),
    ("music encoder --size widths=12,8", "widths is 12"),
    ("music encoder --weight-decay nan", "weight_decay is nan"),
]


@pytest.mark.parametrize(("words", "part"), REFUSED, ids=[words for words, _ in REFUSED])
def test_what_is_out_of_range_is_refused_before_work_starts(
    words: str, part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    modality, model, *options = words.split()
    budget = [] if "--minutes" in options else ["--examples", "8"]
    run = tmp_path / "run"
    command = ["train", modality, "--model", model, "--data", str(tmp_path / "none.csv"), "--run", str(run)]
    assert main([*command, *budget, *options]) == 2
    sentence = capsys.readouterr().err.strip()
    assert part in sentence and "\n" not in sentence
    assert not [word for word in ("__init__", "Error(", "torch", "Tensor", "shape", "argument") if word in sentence]
    assert not run.exists(), "nothing was claimed, and no data were looked for"


@pytest.mark.parametrize("key", ["", "short"])
def test_a_tracker_without_its_key_is_refused(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wandb = pytest.importorskip("wandb")

    def login(**_: Any) -> bool:
        if key:
            raise wandb.Error("API key must have 40+ characters")
        return False

    monkeypatch.setattr(wandb, "login", login)
    monkeypatch.setenv("WANDB_MODE", "online")
    words = ["train", "text", "--model", "topics", "--data", "none.csv", "--run", str(tmp_path / "run")]
    assert main([*words, "--examples", "8", "--track", "wandb"]) == 2
    assert "WANDB_API_KEY" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


# What was read


def test_one_article_cannot_be_learnt_from_and_held_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "one.csv"
    file.write_text("label,text\nsports,The team of the day won it all.\n", encoding="utf-8")
    words = ["train", "text", "--model", "gru", "--data", str(file), "--run", str(tmp_path / "run")]
    assert main([*words, "--examples", "8", "--hold-out", "0.1"]) == 2
    assert "at least two are needed" in capsys.readouterr().err


def news(folder: Path) -> Path:
    rows = [
        f"{topic},The {topic} team of day {day} won it all." for topic in ("sports", "business") for day in range(9)
    ]
    file = folder / "news.csv"
    file.write_text("\n".join(["label,text", *rows, "weather,It rained.", "1,", "2,  "]), encoding="utf-8")
    return file


def told(modality: str, model: str, data: Path, *words: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return what a run says of what it read: as JSON, and in its folder; it is all that is on standard output."""
    run = data.parent / "run"
    budget = ["--examples", "8", "--batch-size", "4", "--precision", "fp32", "--snapshots", "1", "--json", "-"]
    assert main(["train", modality, "--model", model, "--data", str(data), "--run", str(run), *budget, *words]) == 0
    output = capsys.readouterr()
    answer: dict[str, Any] = json.loads(output.out)
    assert (answer["run"], answer["step"], answer["state"]) == (str(run), 2, "finished")
    items: dict[str, Any] = answer["items"]
    assert RunFolder(run).read_status()["items"] == items
    assert json.loads((run / "config.json").read_text(encoding="utf-8"))["items"] == items
    assert items["told"]["en"] in output.err.splitlines(), "in one line"
    assert all(warning in output.err.splitlines() for warning in items["warnings"]["en"])
    assert all(items["told"][language] for language in LANGUAGES)
    return items


def counts(items: dict[str, Any]) -> tuple[int, ...]:
    return tuple(items[name] for name in ("used", "left_out", "held_out", "labelled"))


def test_articles_that_were_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = told(
        "text", "gru", news(tmp_path), "--vocabulary", "300", "--size", "hidden=8", "embedding=8", capsys=capsys
    )
    assert counts(items) == (19, 2, 0, 18)
    assert "no word" in items["because"]["en"]
    warnings = "\n".join(items["warnings"]["en"])
    assert "weather" in warnings and "--validation" in warnings and "only 19" in warnings


def test_articles_that_the_classifier_has_no_use_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held_out = tmp_path / "held_out.csv"
    held_out.write_text(
        "label,text\nsports,Another team lost everything yesterday.\n,Nobody knows.\n", encoding="utf-8"
    )
    words = ("--size", "buckets=64", "width=2", "--validation", str(held_out))
    items = told("text", "topics", news(tmp_path), *words, capsys=capsys)
    assert counts(items) == (18, 3, 1, 18)
    assert any("1 of the 2" in warning for warning in items["warnings"]["en"])


def test_faces_that_were_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    data = write_toys(folder, count=12, side=64)
    broken = folder / "faces"
    broken.mkdir()
    with zipfile.ZipFile(data) as archive:
        archive.extractall(broken)
    (broken / "broken.png").write_bytes(b"words")
    size = ["--size", "latent=8", "width=2"]
    items = told("faces", "dcgan", broken, *size, capsys=capsys)
    used, left_out, held_out, labelled = counts(items)
    assert (used + held_out, left_out, labelled) == (12, 1, 0)
    assert "not a picture" in items["because"]["en"] and "labelled" in items["warnings"]["en"][0]


def test_pieces_that_were_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    members = {f"{number}.mid": to_midi(tune(number)) for number in range(6)}
    data = write_zip(tmp_path / "set.zip", members | {"cut.mid": members["1.mid"][:10], "read.me": b"words"})
    (tmp_path / "set.csv").write_text("file,composer\n" + "".join(f"{number},Doe\n" for number in range(6)))
    size = ["--size", "width=16", "layers=1", "heads=2", "context=32"]
    items = told("music", "composer", data, *size, capsys=capsys)
    used, left_out, held_out, labelled = counts(items)
    assert (used + held_out, left_out, labelled) == (6, 2, used)
    assert items["told"]["zh"].startswith("乐曲")


def test_one_picture_is_too_few(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "faces").mkdir()
    Image.new("RGB", (64, 64), "red").save(tmp_path / "faces" / "one.png")
    words = ["train", "faces", "--model", "vae", "--data", str(tmp_path / "faces"), "--run", str(tmp_path / "run")]
    assert main([*words, "--examples", "8"]) == 2
    assert "two are needed" in capsys.readouterr().err


def test_the_commonest_reason_is_told() -> None:
    rare, common = UserError("text.no_topic"), UserError("text.empty_article")
    items = Items("text", 100, 5, 90, [rare, common, common])
    for language in LANGUAGES:
        assert items.because(language) == common.in_language(language)
        assert items.because(language).rstrip(".。") in items.told(language)
        assert items.warnings(language) == []
    assert Items("text", 100, 5, 90).record["because"]["en"] == ""
    assert [len(Items("text", *numbers).warnings("en")) for numbers in ((60, 0, 9), (60, 9, 0), (9, 9, 9))] == [1, 1, 1]


# JSON on standard output


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "gbk", "ascii", "utf-16"])
def test_json_survives_every_stream(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"title": "Zürich siegt – 主队获胜 🎹", "file": "\udcff.txt"}
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    write_json_option("-", value)
    stream.flush()
    written = stream.buffer.getvalue()  # type: ignore[attr-defined]
    assert json.loads(written.decode(encoding)) == value
    if encoding in ("cp1252", "gbk"):
        assert written.isascii(), "whoever takes it for UTF-8 reads it as well"


def test_json_is_written_as_people_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    write_json_option("-", {"title": "主队获胜"})
    assert "主队获胜" in capsys.readouterr().out


def test_json_in_a_file_survives_any_name_and_says_where_it_cannot_be(tmp_path: Path) -> None:
    value = [{"file": "caf\udce9.mid", "title": "夜曲"}]
    write_json_option(str(tmp_path / "new" / "told.json"), value)
    assert json.loads((tmp_path / "new" / "told.json").read_text(encoding="utf-8")) == value
    (tmp_path / "file").write_text("words")
    with pytest.raises(UserError) as refusal:
        write_json_option(str(tmp_path / "file" / "told.json"), value)
    assert refusal.value.key == "engine.cannot_write"

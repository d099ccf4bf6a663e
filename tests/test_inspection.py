"""One command says what a file is."""

from __future__ import annotations

import io
import json
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from genai_demo.__main__ import main
from genai_demo.errors import UserError
from genai_demo.inspection import inspect, lines
from genai_demo.music.midi.writing import marked_midi
from genai_demo.music.notation.score import musicxml
from genai_demo.music.theory.piece import Key
from tests.helpers.scores import piece

CASES = Path(__file__).parent / "cases" / "midi"
WALTZ = piece([(start, 1, 60 + start % 5) for start in range(12)], [(3 * bar, 3, 48) for bar in range(4)], [(3, 4)] * 4)


def test_of_a_midi_file_it_tells_how_it_was_read() -> None:
    found = inspect(CASES / "eb_stated_c.mid")
    assert (found["kind"], found["bars"], found["metres"]) == ("midi", 4, [{"bar": 1, "metre": "4/4"}])
    assert found["keys"] == [{"bar": 1, "key": "Eb major", "from": "heard"}]
    assert found["tempo"] == 100 and found["notes"] == {"right": 16, "left": 6}
    assert "14 notes contradict" in found["remarks"][0]
    assert found["receipt"] is None and found["marks"]["c2pa"] is None
    by_ear = inspect(CASES / "c_minor_no_mode.mid")
    assert by_ear["keys"] == [{"bar": 1, "key": "C minor", "from": "mode"}]


def test_of_a_score_it_tells_the_same(tmp_path: Path) -> None:
    file = tmp_path / "waltz.musicxml"
    file.write_bytes(musicxml(WALTZ, made=False))
    found = inspect(file, "zh")
    assert (found["kind"], found["bars"], found["metres"][0]["metre"]) == ("musicxml", 4, "3/4")
    assert found["notes"] == {"right": 12, "left": 4} and "小节" in found["told"][0]


def test_a_result_has_its_receipt_and_marks(tmp_path: Path) -> None:
    file = tmp_path / "made.mid"
    file.write_bytes(marked_midi(piece([(0, 1, 60)], key=Key(0, "major")), None))
    found = inspect(file)
    assert found["marks"]["aigc"]["Label"] == "1" and found["receipt"] is None
    assert found["marks"]["told"] and set(found["marks"]["told"]) <= {line.strip() for line in lines(found, "en")}


def test_of_what_one_learns_from_it_counts(tmp_path: Path) -> None:
    table = tmp_path / "news.csv"
    table.write_text("label,title,description\n3,Oil falls,Crude fell.\nweather,Rain,It rained.\n")
    items = inspect(table)["items"]
    assert (items["used"], items["labelled"], items["held_out"]) == (2, 1, 0)
    archive = tmp_path / "scores.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in ("six_eight", "swing", "triplets", "staccato", "grace", "cut_off"):
            packed.write(CASES / f"{name}.mid", f"{name}.mid")
        packed.writestr("broken.mid", b"no music")
    found = inspect(archive)
    assert found["kind"] == "pieces" and found["items"]["used"] + found["items"]["held_out"] == 6
    assert found["items"]["left_out"] == 1
    folder = tmp_path / "faces"
    folder.mkdir()
    for number in range(20):
        Image.new("RGB", (64, 64), (number * 9, 90, 90)).save(folder / f"{number}.png")
    found = inspect(folder)
    assert found["kind"] == "pictures" and found["items"]["used"] + found["items"]["held_out"] == 20


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"Talks went on.", "text/plain"),
        ("Talks went on.".encode("utf-16"), "text/plain"),
        (b"FORM\0\0\0\x2eAIFFCOMM", "audio/aiff"),
        (b"wvpk\x9a\0\0\0\x07\x04", "application/octet-stream"),
    ],
)
def test_data_are_no_text(content: bytes, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "what.bin"
    file.write_bytes(content)
    assert inspect(file)["kind"] == kind


def test_any_other_file_has_its_kind_and_no_marks(tmp_path: Path) -> None:
    picture = tmp_path / "photo.png"
    Image.new("RGB", (8, 8)).save(picture)
    assert inspect(picture)["kind"] == "image/png"
    with pytest.raises(UserError, match="nowhere"):
        inspect(tmp_path / "nowhere.mid")


def test_the_command_writes_a_list_and_goes_on_after_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mid"
    broken.write_bytes(b"no music")
    assert main(["inspect", str(broken), str(CASES / "swing.mid"), "--json", "-"]) == 2
    out, err = capsys.readouterr()
    first, second = json.loads(out)
    assert set(first) == {"file", "error"} and second["kind"] == "midi"
    assert "swing.mid: midi" in err and "Notes: right hand" in err
    assert main(["inspect", str(CASES / "swing.mid"), "--json", str(tmp_path / "told.json")]) == 0
    told: list[dict[str, Any]] = json.loads((tmp_path / "told.json").read_text())
    assert told == [second]


@pytest.mark.parametrize("encoding", ["cp1252", "gbk", "ascii"])
def test_what_is_told_of_a_file_can_be_read_from_any_stream(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "夜曲 é.mid"
    shutil.copy(CASES / "swing.mid", named)
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["inspect", str(named), "--json", "-"]) == 0
    stream.flush()
    (told,) = json.loads(stream.buffer.getvalue())  # type: ignore[attr-defined]
    assert told["file"] == str(named)

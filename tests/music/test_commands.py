"""The commands for music: train, go on, export, write, and write again; what is not allowed is refused beforehand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from genai_demo.__main__ import main
from genai_demo.engine.generation.receipts import read_receipt
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.marks.origin import TRAINED
from genai_demo.marks.reading import read_marks
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import to_midi
from genai_demo.music.models.composer import DEBUG
from genai_demo.music.notation.score import musicxml
from genai_demo.music.theory.piece import Key, Piece
from tests.helpers.music import scale

_METADATA = re.compile(rb"<metadata>.*?</metadata>", re.DOTALL)
SIZE = ["--size", *(f"{name}={value}" for name, value in DEBUG.items())]


def run(*words: str | Path) -> int:
    return main([str(word) for word in words])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "piano.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(12):
            archive.writestr(f"{number}.mid", to_midi(scale(3 + number % 4, Key(number, "major"))))
    return file


def test_train_go_on_export_write_and_write_again(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, target, out = tmp_path / "run", tmp_path / "mine", tmp_path / "out"
    words = ["train", "music", "--model", "composer", "--data", data, "--run", folder, "--batch-size", "4"]
    words += ["--precision", "fp32", "--learning-rate", "0.01", "--snapshots", "1", *SIZE]
    assert run(*words, "--examples", "8") == 0
    assert "2 steps, 8 examples" in capsys.readouterr().out
    assert run(*words, "--examples", "8") != 0, "a run that is there is not written over"
    assert run(*words, "--examples", "16", "--resume") == 0
    assert "4 steps, 16 examples" in capsys.readouterr().out
    assert run("export", "music", "--run", folder, "--to", target) == 0
    checkpoint = read_checkpoint(target)
    assert checkpoint.id in capsys.readouterr().out
    assert checkpoint.family == "composer"
    assert checkpoint.trained["data"]["training"]["learning_rate"] == 0.01
    assert checkpoint.trained["data"]["music"]["pieces"] + checkpoint.trained["data"]["validation"]["pieces"] == 12

    asked = ["--model", target, "--count", "2", "--seed", "3", "--bars", "4", "--key", "Eb_major", "--metre", "3/4"]
    assert run("generate", "music", *asked, "--out", out, "--json", "-") == 0
    results = json.loads(capsys.readouterr().out)
    assert {one["receipt"]["checkpoint"] for one in results} == {checkpoint.id}
    for number, one in zip((3, 4), results, strict=True):
        names = [Path(file).name for file in one["files"]]
        endings = (".mid", ".ogg", ".musicxml", "-page-1.svg")
        assert names[:4] == [f"piano-{number}{ending}" for ending in endings]
        piece = read_midi(out / f"piano-{number}.mid").piece
        assert (len(piece.bars), piece.key, piece.tempo) == (4, Key(3, "major"), 100.0)
        assert {(bar.beats, bar.unit) for bar in piece.bars} == {(3, 4)}
        assert read_receipt(out / f"piano-{number}.mid") == read_receipt(out / f"piano-{number}.musicxml")

    again = tmp_path / "again"
    assert run("generate", "--receipt", out / "piano-4.musicxml", "--out", again) == 0
    for file in sorted(out.glob("piano-4*")):
        if file.suffix != ".ogg":  # its stream has a number of its own
            # the credentials of a page are signed anew every time
            pages = [_METADATA.sub(b"", (folder / file.name).read_bytes()) for folder in (out, again)]
            assert pages[0] == pages[1]
    for ending in (".mid", ".ogg", ".musicxml", "-page-1.svg"):
        marks = read_marks((out / f"piano-4{ending}").read_bytes())
        assert marks.receipt and marks.iptc == TRAINED and marks.aigc and not marks.damaged
        assert (marks.c2pa is not None) == (ending == "-page-1.svg")


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(("name", "write"), [("mine.mid", to_midi), ("mine.musicxml", musicxml)])
def test_music_that_is_there_goes_on(name: str, write: Callable[[Piece], bytes], tmp_path: Path) -> None:
    mine = tmp_path / name
    mine.write_bytes(write(scale(4, Key(7, "major"), tempo=92.0)))
    words = ["--continue", mine, "--keep", "3", "--bars", "5", "--no-sound", "--no-score", "--out", tmp_path / "out"]
    assert run("generate", "music", *words) == 0
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["piano-0.mid"]
    piece = read_midi(tmp_path / "out" / "piano-0.mid").piece
    assert (len(piece.bars), piece.key) == (8, Key(7, "major"))
    given = [note for note in scale(4).notes if note.start < piece.bars[3].start]
    kept = [note for note in piece.notes if note.start < piece.bars[3].start]
    assert [(note.start, note.pitch) for note in kept] == [(note.start, note.pitch) for note in given]


@pytest.mark.usefixtures("tiny")
def test_long_music_goes_on_from_its_beginning_and_remarks_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.mid"
    mine.write_bytes(to_midi(scale(300))[:-4])  # the last end of a track is missing
    words = ["--continue", mine, "--keep", "4", "--bars", "4", "--no-sound", "--no-score", "--out", tmp_path / "out"]
    assert run("generate", "music", *words) == 0
    told = capsys.readouterr().err
    assert "256 bars" in told and "1 track breaks off" in told
    assert len(read_midi(tmp_path / "out" / "piano-0.mid").piece.bars) == 8
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert run("generate", "music", *words, "--seed", "1") == 0
    assert "256 小节" in capsys.readouterr().err


@pytest.mark.usefixtures("tiny")
def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run("generate", "music", "--bars", "4", "--no-sound", "--no-score", "--out", out) == 0
    before = (out / "piano-0.mid").read_bytes()
    assert run("generate", "music", "--bars", "4", "--count", "2", "--out", out) != 0
    assert "piano-0.mid" in capsys.readouterr().err
    assert [file.name for file in out.iterdir()] == ["piano-0.mid"]
    assert run("generate", "--receipt", out / "piano-0.mid", "--out", out) != 0
    assert (out / "piano-0.mid").read_bytes() == before


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    "words",
    [
        ("--count", "0"),
        ("--bars", "65"),
        ("--tempo", "0"),
        ("--temperature", "9"),
        ("--seed", "-1"),
        ("--model", "nowhere"),
        ("--continue", "nothing.mid"),
    ],
    ids=lambda words: words[0],
)
def test_what_is_not_allowed_is_said_in_one_sentence(
    words: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("generate", "music", *words, "--out", tmp_path / "out") != 0
    told = capsys.readouterr().err
    assert words[1] in told
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()


def test_a_picture_is_no_music_to_go_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.mid").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert run("generate", "music", "--continue", tmp_path / "mine.mid", "--out", tmp_path / "out") != 0
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "generate", "evaluate", "export"])
def test_help_loads_nothing_heavy(command: str, root: Path) -> None:
    code = "import sys\nfrom genai_demo.__main__ import main\ntry:\n main(sys.argv[1:])\nexcept SystemExit:\n print("
    code += "sorted({'torch', 'gradio', 'accelerate', 'datasets', 'verovio', 'soundfile'} & sys.modules.keys()))"
    words = [sys.executable, "-c", code, command, "music", "--help"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True)
    assert "--model" in done.stdout or command == "export"
    assert done.stdout.splitlines()[-1] == "[]"

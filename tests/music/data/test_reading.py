"""Sets of MIDI files are read as they are meant; what is broken is left out and named, never silently."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genai_demo.music.data.reading import KIND, Music, data_hash, read_music
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import to_midi
from genai_demo.music.notation.score import musicxml
from genai_demo.music.theory.piece import Key
from tests.common.sources import SourceSuite
from tests.helpers.archives import write_zip
from tests.helpers.hub import ask_hub, check_refusals
from tests.helpers.music import midi_file, note, scale

CSV = (
    "file,composer,title,licence,key,tempo,split\n"
    'one,"Doe, J.",Waltz,Public Domain,Eb major,90,train\n'
    "two.mid,Doe,Song,CC BY 4.0,,,train\n"
    "deep/three.mid,Roe,March,CC BY-SA 4.0,F# minor,,validation\n"
    "absent,Roe,March,CC0,signature +7,,train\n"
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A ZIP archive of three pieces, one of them in a folder, with its labels beside it."""
    names = ("one", "two", "deep/three")
    members = {f"{name}.mid": to_midi(scale(bars, Key(0, "major"))) for bars, name in enumerate(names, 1)}
    (tmp_path / "set.csv").write_text(CSV, encoding="utf-8")
    return write_zip(tmp_path / "set.zip", members)


class TestSources(SourceSuite):
    module, kind, suffix, nothing = "genai_demo.music.data.reading", KIND, ".mid", "music.no_pieces"

    def content(self, seed: int = 0) -> bytes:
        return to_midi(scale(seed + 1))

    def broken(self) -> dict[str, tuple[bytes, str]]:
        return {
            "cut.mid": (self.content()[:60], "music.damaged_midi"),
            "read.me": (b"some words", "music.not_midi"),
            "empty.mid": (b"", "music.empty_file"),
            "drums.mid": (midi_file(note(40, 480, channel=9)), "music.only_drums"),
            "large.mid": (b"MThd" + bytes(2 * 2**20), "music.too_many_bytes"),
        }

    def read(self, source: str, **options: Any) -> Music:
        return read_music(source, **options)

    def data_hash(self, data: Music) -> str:
        return data_hash(data)


def test_archive_with_its_labels(archive: Path) -> None:
    music = read_music(str(archive))
    assert music.names == ("one.mid", "two.mid", "deep/three.mid")
    assert [piece.notes for piece in music.pieces] == [scale(bars).notes for bars in (1, 2, 3)]
    assert [piece.key for piece in music.pieces] == [Key(3, "major"), Key(0, "major"), Key(6, "minor")]
    assert [piece.tempo for piece in music.pieces] == [90, 96, 96]
    assert [label.composer for label in music.labels] == ["Doe, J.", "Doe", "Roe"]
    assert [label.licence for label in music.labels] == ["Public Domain", "CC BY 4.0", "CC BY-SA 4.0"]
    assert not music.left_out


def test_a_file_is_a_source(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as members:
        members.extract("two.mid", tmp_path)
    alone = read_music(str(tmp_path / "two.mid"), labels=str(tmp_path / "set.csv"))
    assert (alone.names, alone.pieces) == (("two.mid",), (read_music(str(archive)).pieces[1],))
    assert alone.labels[0].licence == "CC BY 4.0"


def test_scores_are_sources_too(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", musicxml(scale(2)))
    (tmp_path / "a.musicxml").write_bytes(musicxml(scale(1)))
    (tmp_path / "b.mxl").write_bytes(packed.getvalue())
    (tmp_path / "c.xml").write_bytes(b"<settings/>")
    (tmp_path / "d.mid").write_bytes(to_midi(scale(3)))
    music = read_music(str(tmp_path))
    assert [len(piece.bars) for piece in music.pieces] == [1, 2, 3]
    assert [(name, why.key) for name, why in music.left_out] == [("c.xml", "music.no_score")]


def test_hash_stands_for_the_music(archive: Path) -> None:
    music = read_music(str(archive))
    known = {data_hash(music)}
    for change in ({"tempo": 97.0}, {"key": None}, {"notes": music.pieces[0].notes[1:]}, {"pedal": ((0, 1),)}):
        known.add(data_hash(replace(music, pieces=(replace(music.pieces[0], **change), *music.pieces[1:]))))
    known.add(data_hash(replace(music, pieces=music.pieces[::-1])))
    assert len(known) == 6
    assert data_hash(replace(music, names=("a", "b", "c"))) == data_hash(music)


def test_no_torch(root: Path) -> None:
    code = "import sys, genai_demo.music.data.reading, genai_demo.music.midi.reading; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


READ_HUB = """
import json, sys
from genai_demo.errors import UserError
from genai_demo.music.data.reading import read_music

for name, split, where in json.loads(sys.argv[1]):
    try:
        music = read_music(name, split=split, where=where)
        print(json.dumps({
            "ends": [piece.end for piece in music.pieces],
            "licences": [label.licence for label in music.labels],
            "left_out": [(name, error.key) for name, error in music.left_out],
        }))
    except UserError as error:
        print(json.dumps({"key": error.key, "sentence": str(error)}))
"""


def write_hub(folder: Path, column: str, rows: list[tuple[bytes | None, str | None]]) -> Path:
    (folder / "data").mkdir(parents=True)
    table = pa.table({column: pa.array([row for row, _ in rows], pa.binary()), "Licence": [name for _, name in rows]})
    pq.write_table(table, folder / "data" / "train-00000-of-00001.parquet")
    (folder / "README.md").write_text("# A stand-in\n", encoding="utf-8")
    return folder


def test_hub(tmp_path: Path, root: Path) -> None:
    rows = [(to_midi(scale(bars)), licence) for bars, licence in ((1, "CC0"), (2, None), (3, "MIT"))]
    good = write_hub(tmp_path / "good", "Midi", [*rows, (b"words", "CC0"), (None, "CC0")])
    other = write_hub(tmp_path / "other", "sound", rows)
    asked = [
        ("some/good", None, ""),
        ("some/good", None, "licence=cc0|mit"),
        ("some/good", "test", ""),
        ("some/good", None, "style=jazz"),
        ("some/other", None, ""),
        ("some/unknown", None, ""),
    ]
    data_sets = {"some/good": good, "some/other": other}
    answers = ask_hub(READ_HUB, asked, data_sets, tmp_path / "home", root)
    left_out = [["0000003", "music.not_midi"], ["0000004", "music.empty_file"]]
    assert answers[0] == {"ends": [1920, 3840, 5760], "licences": ["CC0", "", "MIT"], "left_out": left_out}
    assert answers[1] == {"ends": [1920, 5760], "licences": ["CC0", "MIT"], "left_out": left_out}
    keys = ["data.no_split", "music.no_column", "music.hub_columns", "music.no_hub_data"]
    check_refusals(asked[2:], answers[2:], keys)


def test_what_is_read_can_be_written(archive: Path) -> None:
    for piece in read_music(str(archive)).pieces:
        assert read_midi(to_midi(piece)).piece.notes == piece.notes

"""Other programs read our marks, and keep what they can of them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import c2pa
import pytest
from PIL import Image

from genai_demo.engine.generation.receipts import receipt_in
from genai_demo.marks.origin import TRAINED
from genai_demo.marks.reading import read_marks
from tests.helpers.marked import KINDS, RECEIPT, SIGNED, with_marks
from tests.helpers.programs import run

pytestmark = pytest.mark.programs


def exiftool(file: Path) -> dict[str, Any]:
    """Return what exiftool reads, by group and name; where several tags have one name, all of them."""
    (told,) = json.loads(run("exiftool", "-json", "-G1", "-a", "-struct", file.name, folder=file.parent))
    return told


@pytest.mark.parametrize("kind", KINDS)
def test_exiftool_reads_the_marks(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"file.{kind}"
    file.write_bytes(with_marks(kind))
    told = exiftool(file)
    group = "Vorbis:" if kind == "ogg" else "XMP-"
    values = {key.rpartition(":")[2].lower(): value for key, value in told.items() if key.startswith(group)}
    assert values["digitalsourcetype"] == TRAINED
    field = values["aigc"]
    assert (field if isinstance(field, dict) else json.loads(field))["Label"] == "1"
    assert values["description"].startswith("This was made by a machine")
    assert not [key for key in told if key.endswith("Error")], told


@pytest.mark.parametrize("kind", ["mp3", "mp4", "png"])
def test_exiftool_reads_the_places_that_the_standard_names(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"file.{kind}"
    file.write_bytes(with_marks(kind))
    told = run("exiftool", "-a", "-G1", "-s", file.name, folder=tmp_path)
    place = {"mp3": "[ID3v2_4]       UserDefinedText                 : (AIGC) {", "mp4": "[Keys]", "png": "[PNG]"}[kind]
    assert any(line.startswith(place) and "AIGC" in line for line in told.splitlines())


@pytest.mark.parametrize("kind", SIGNED)
def test_the_reader_of_content_credentials_finds_nothing_wrong(kind: str) -> None:
    with c2pa.Reader(KINDS[kind], io.BytesIO(with_marks(kind))) as reader:
        told = json.loads(reader.json())
    assert told["validation_state"] == "Valid"
    manifest = told["manifests"][told["active_manifest"]]
    (actions,) = (one["data"]["actions"] for one in manifest["assertions"] if one["label"].startswith("c2pa.actions"))
    assert actions[0]["action"] == "c2pa.created" and actions[0]["digitalSourceType"] == TRAINED
    assert actions[0]["softwareAgent"] == {"name": "faces-gan", "version": "0123456789ab"}
    assert "thumbnail" not in manifest


def test_a_receipt_survives_imagemagick(tmp_path: Path) -> None:
    (tmp_path / "face.png").write_bytes(with_marks("png"))
    for words in (["-resize", "50%"], ["-quality", "90"], ["-rotate", "90", "-colorspace", "Gray"]):
        run("convert", "face.png", *words, "again.png", folder=tmp_path)
        content = (tmp_path / "again.png").read_bytes()
        assert Image.open(io.BytesIO(content)).format == "PNG"
        marks = read_marks(content)
        assert receipt_in(content, "again.png") == RECEIPT
        assert marks.iptc == TRAINED and marks.aigc and marks.aigc["Label"] == "1"
        assert marks.c2pa is None, "and nothing is vouched for that was changed"

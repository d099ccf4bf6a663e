"""An evaluation measures what it says, beside floors and a baseline, and a card holds no number but measured ones."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from genai_demo.__main__ import main
from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.errors import UserError
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.data.reading import read_faces
from genai_demo.faces.evaluation.card import SHEET, _parts, commands, contact_sheet, write_card
from genai_demo.faces.evaluation.evaluation import evaluate, table
from genai_demo.faces.evaluation.metrics import score_card
from genai_demo.faces.models import dcgan, encoder
from genai_demo.faces.models.dcgan import DcganConfig, DcganGenerator, generate
from genai_demo.faces.models.networks import make_network
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.generation import paint
from genai_demo.faces.sampling.loading import ENCODER, FOLDERS, load_encoder
from genai_demo.faces.training.export import export_face_checkpoint
from genai_demo.settings import settings
from tests.helpers.faces import write_toys

SIZES: dict[str, dict[str, Any]] = {
    "gan": {"resolution": 64, "latent": 8, "widths": (8, 8, 8, 4, 4), "critic_widths": (8, 8, 8, 4, 4)},
    "encoder": encoder.DEBUG,
}
TRAINED = {
    "data": {"training": {"learning_rate": 0.01, "gamma": 1.0, "seed": 0}},
    "seed": 3,
    "examples": 1234,
    "batch_size": 4,
    "precision": "fp32",
    "device": "cpu",
    "torch": "2",
    "seconds": 60.0,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """160 drawings, 40 of them held out."""
    return str(write_toys(tmp_path_factory.mktemp("toys"), count=160))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, data: str) -> Path:
    """An untrained GAN of full size in pixels, the encoder that judges it, and a DCGAN beside them."""
    folder, work = tmp_path_factory.mktemp("checkpoints"), tmp_path_factory.mktemp("work")
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GENAI_DEMO_CHECKPOINTS", str(folder))
        settings.cache_clear()
        for family, name in (("encoder", ENCODER), ("gan", FOLDERS["gan"])):
            weights = make_network(family, SIZES[family]).state_dict()
            # Fresh networks paint plain grey: their last layers start at nothing.
            weights = {key: weight + 0.2 * torch.randn_like(weight) for key, weight in weights.items()}
            save_checkpoint(work / family, weights, family, SIZES[family], TRAINED)
            export_face_checkpoint(work / family, folder / name, data, None)
    settings.cache_clear()
    baseline = DcganGenerator(DcganConfig(**dcgan.DEBUG)).state_dict()
    save_checkpoint(folder / "dcgan", baseline, "dcgan", dcgan.DEBUG, TRAINED)
    return folder


@pytest.fixture
def checkpoints(written: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(written))
    settings.cache_clear()
    return written


@pytest.fixture(scope="module")
def report(written: Path, data: str) -> Iterator[dict[str, Any]]:
    """What an evaluation says, measured once: it takes its time."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GENAI_DEMO_CHECKPOINTS", str(written))
        settings.cache_clear()
        yield evaluate("gan", data, baseline=written / "dcgan", count=32, seed=5)
    settings.cache_clear()


def test_a_report_measures_the_faces_that_the_model_paints(
    checkpoints: Path, data: str, report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The judge of two samples takes longest, and has its own tests.
    monkeypatch.setattr("genai_demo.faces.evaluation.metrics.two_sample_accuracy", lambda *_, **__: 0.5)
    faces, held_out = (read_faces(data, None, split) for split in ("train", "validation"))
    requests = [FaceRequest("gan", 5, index, 1.0) for index in range(32)]
    painted = torch.stack([torch.from_numpy(face.picture) for face in paint(requests)]).permute(0, 3, 1, 2)
    judge = load_encoder().network
    expected = score_card(painted, faces.pictures, held_out.pictures, judge, seeds=1)
    found = report["scores"]["model"]["figures"]
    # These do not depend on how many draws and extractors are averaged over.
    for name in ("coverage", "diversity_features", "memorisation_pixels"):
        assert found[name]["value"] == pytest.approx(expected.figures[name].value, nan_ok=True)
    assert report["data"]["train"]["faces"] == 120 and report["data"]["held_out"]["faces"] == 40
    assert report["checkpoint"] == read_checkpoint(checkpoints / FOLDERS["gan"]).id
    network = DcganGenerator(DcganConfig(**dcgan.DEBUG))
    network.load_state_dict(read_checkpoint(checkpoints / "dcgan").weights())
    beside = score_card(generate(network.eval(), 32, 5), faces.pictures, held_out.pictures, judge, seeds=1)
    value = report["scores"]["baseline"]["figures"]["diversity_pixels"]["value"]
    assert value == pytest.approx(beside.figures["diversity_pixels"].value)


def test_labels_are_asked_for_as_held_out_faces_have_them(data: str, report: dict[str, Any]) -> None:
    held_out = read_faces(data, None, "validation")
    known = held_out.labels()
    requests = [
        FaceRequest("gan", 5 + index // 64, index % 64, 1.0, age, woman, smile)
        for index, (age, woman, smile) in enumerate(known.tolist())
    ]
    painted = torch.stack([torch.from_numpy(face.picture) for face in paint(requests)]).permute(0, 3, 1, 2)
    judged = load_encoder().network.judge(to_floats(painted))
    row = report["labels"]["painted"]
    assert row["faces"] == 40
    assert row["age_error"] == pytest.approx(float((judged.ages - known[:, 0]).abs().mean()))
    assert row["gender"] == pytest.approx(float(((judged.women > 0.5) == (known[:, 1] > 0.5)).float().mean()))
    assert row["smile"] == pytest.approx(float(((judged.smiles > 0.5) == (known[:, 2] > 0.5)).float().mean()))
    assert report["labels"]["guess"]["gender"] == pytest.approx(
        max(float(known[:, 1].mean()), 1 - float(known[:, 1].mean()))
    )


def test_the_table_shows_every_figure(report: dict[str, Any]) -> None:
    shown = table(report)
    assert report["checkpoint"] in shown
    for words in ("painted as asked", "real faces", "always the commonest"):
        assert words in shown
    frechet = report["scores"]["model"]["figures"]["random_frechet"]["value"]
    assert f"{frechet:.2f}" in shown


@pytest.mark.usefixtures("checkpoints")
def test_the_encoder_is_judged_on_real_faces(data: str) -> None:
    report = evaluate("encoder", data)
    assert set(report["labels"]) == {"real", "guess"}
    assert "scores" not in report
    assert "real faces" in table(report)


@pytest.mark.usefixtures("checkpoints")
def test_what_cannot_be_measured_is_said(data: str, checkpoints: Path) -> None:
    with pytest.raises(UserError, match="31"):
        evaluate("gan", data, count=31)
    with pytest.raises(UserError) as refused:
        evaluate("gan", data, baseline=checkpoints / FOLDERS["gan"], count=32)
    assert refused.value.key == "faces.other_family"


def test_a_card_holds_figures_terms_and_the_way_there(checkpoints: Path, report: dict[str, Any]) -> None:
    folder = checkpoints / FOLDERS["gan"]
    card = write_card(folder, report).read_text(encoding="utf-8")
    frechet = report["scores"]["model"]["figures"]["random_frechet"]["value"]
    for words in (report["checkpoint"], f"{frechet:.2f}", "| 1: gan | 64 | 1,234 | 1 | cpu, fp32, torch 2 |", "Limits"):
        assert words in card
    sheet = Image.open(folder / SHEET)
    assert sheet.width == sheet.height
    assert f"]({SHEET})" in card
    with pytest.raises(UserError) as refused:
        write_card(checkpoints / ENCODER, report)
    assert refused.value.key == "engine.other_report"


def test_terms_follow_the_data(checkpoints: Path, report: dict[str, Any]) -> None:
    folder = checkpoints / FOLDERS["gan"]
    texts = {}
    for path in ("utkface_adult_64.zip", "uscongress_64.zip", "mine.zip"):
        named = {**report, "data": {**report["data"], "path": path}}
        texts[path] = write_card(folder, named).read_text(encoding="utf-8")
    assert "non-commercial research" in texts["utkface_adult_64.zip"]
    assert "public domain" in texts["uscongress_64.zip"]
    assert "terms are not known" in texts["mine.zip"]


@pytest.mark.usefixtures("checkpoints")
def test_the_contact_sheet_leaves_no_face_out() -> None:
    sheet = Image.open(io.BytesIO(contact_sheet("gan", "gan")))
    faces = paint([FaceRequest("gan", 0, index, 1.0) for index in range(64)])
    step = 64 + (sheet.width - 8 * 64) // 7
    for index in (0, 9, 63):
        left, top = index % 8 * step, index // 8 * step
        found = sheet.convert("RGB").crop((left, top, left + 64, top + 64))
        assert found.tobytes() == faces[index].picture.tobytes(), index


def test_the_commands_of_a_card_are_those_of_the_command_line(
    checkpoints: Path, report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = {key: value for key, value in report.items() if key != "baseline_run"}
    told = commands(read_checkpoint(checkpoints / FOLDERS["gan"]), "faces-gan", alone)
    lines = re.sub(r" \\\n\s+", " ", told).splitlines()
    names = []
    for name in ("train", "export", "evaluate"):
        monkeypatch.setattr(f"genai_demo.faces.commands.{name}", names.append)
    assert [main(shlex.split(line)[3:]) for line in lines] == [0, 0, 0]
    train, export, measured = names
    assert (train.examples, train.batch_size, train.gamma, train.seed) == (1234, 4, 1.0, 3)
    assert "widths=8,8,8,4,4" in train.size
    assert (export.run, str(export.to)) == (train.run, "checkpoints/faces-gan")
    assert measured.card and measured.model == "faces-gan" and measured.baseline is None

    names.clear()
    beside = {**report, "baseline_run": {"examples": 256, "batch_size": 128, "seconds": 60.0, "device": "cpu"}}
    told = commands(read_checkpoint(checkpoints / FOLDERS["gan"]), "faces-gan", beside)
    assert all(main(shlex.split(line)[3:]) == 0 for line in re.sub(r" \\\n\s+", " ", told).splitlines())
    baseline, measured = names[-2:]
    assert (baseline.model, baseline.examples, baseline.batch_size) == ("dcgan", 256, 128)
    assert measured.baseline == baseline.run


def test_a_card_says_how_noise_was_scaled(checkpoints: Path, report: dict[str, Any], tmp_path: Path) -> None:
    checkpoint = read_checkpoint(checkpoints / FOLDERS["gan"])
    scaled = {**TRAINED, "spread": {"scale": 1.05, "faces": 990}}
    other = save_checkpoint(tmp_path / "gan", checkpoint.weights(), "gan", SIZES["gan"], scaled)
    assert "counts 1.05 times" in "\n".join(_parts(other, "mine", report))
    unscaled = save_checkpoint(tmp_path / "other", checkpoint.weights(), "gan", SIZES["gan"], TRAINED)
    assert "noise counts" not in "\n".join(_parts(unscaled, "mine", report))


def test_the_way_through_another_family_is_told(
    checkpoints: Path, report: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GAN that started as a VAE, and a VAE that was polished: their commands name every stage, and parse."""
    first = {"family": "vae", "model": {"resolution": 64, "latent": 8}, "trained": TRAINED}
    later = {**TRAINED, "data": {**TRAINED["data"], "started_from": first}}
    weights = read_checkpoint(checkpoints / FOLDERS["gan"]).weights()
    asked: list[Any] = []
    for name in ("train", "export", "evaluate"):
        monkeypatch.setattr(f"genai_demo.faces.commands.{name}", asked.append)
    for family, stage in (("gan", "2: gan"), ("vae", "2: polish")):
        checkpoint = save_checkpoint(tmp_path / family, weights, family, SIZES["gan"], later)
        told = commands(checkpoint, "mine", report)
        assert all(main(shlex.split(line)[3:]) == 0 for line in re.sub(r" \\\n\s+", " ", told).splitlines())
        start, then = asked[:2]
        asked.clear()
        assert (start.model, then.model, then.start) == ("vae", family, start.run)
        assert start.size and bool(then.size) == (family == "gan")
        text = "\n".join(_parts(checkpoint, "mine", report))
        assert "| 1: vae | 64 |" in text and f"| {stage} | 64 |" in text


def test_evaluate_on_the_command_line(
    report: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []
    monkeypatch.setattr("genai_demo.faces.evaluation.evaluation.evaluate", lambda *words: asked.append(words) or report)
    words = ["--model", "gan", "--data", "faces.zip", "--baseline", "runs/plain", "--count", "32", "--seed", "5"]
    assert main(["evaluate", "faces", *words, "--json", "-"]) == 0
    assert asked == [("gan", "faces.zip", None, Path("runs/plain"), 32, 5, "")]
    told = capsys.readouterr()
    assert json.loads(told.out) == json.loads(json.dumps(report))
    assert "painted as asked" in told.err

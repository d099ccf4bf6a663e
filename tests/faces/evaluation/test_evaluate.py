"""An evaluation measures what it says, beside floors and a baseline, and a card holds no number but measured ones."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from genai_demo.engine.evaluation.report import Report
from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.errors import UserError
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.data.reading import read_faces
from genai_demo.faces.evaluation import two_sample
from genai_demo.faces.evaluation.card import SHEET, Card, contact_sheet
from genai_demo.faces.evaluation.evaluate import evaluate
from genai_demo.faces.evaluation.figures import table
from genai_demo.faces.evaluation.metrics import score_card
from genai_demo.faces.models import dcgan, encoder
from genai_demo.faces.models.dcgan import DcganConfig, DcganGenerator, generate
from genai_demo.faces.models.networks import make_network
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.generation import paint
from genai_demo.faces.sampling.loading import ENCODER, FOLDERS, load_encoder
from genai_demo.faces.training.export import export_face_checkpoint
from genai_demo.settings import settings
from tests.common.evaluation import EvaluationTests
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
def reports(written: Path, data: str) -> Iterator[dict[str, Report]]:
    """What evaluations say, measured once: they take their time."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GENAI_DEMO_CHECKPOINTS", str(written))
        # The judge of two samples takes longest, and has its own tests.
        environment.setattr(two_sample, "_STEPS", 2)
        settings.cache_clear()
        gan = evaluate("gan", data, baseline=written / "dcgan", count=32, seed=5)
        yield {"gan": gan, "encoder": evaluate("encoder", data)}
    settings.cache_clear()


@pytest.fixture
def report(reports: dict[str, Report]) -> Report:
    return reports["gan"]


def test_a_report_measures_the_faces_that_the_model_paints(
    checkpoints: Path, data: str, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The judge of two samples takes longest, and has its own tests.
    monkeypatch.setattr("genai_demo.faces.evaluation.metrics.two_sample_accuracy", lambda *_, **__: 0.5)
    faces, held_out = (read_faces(data, None, split) for split in ("train", "validation"))
    requests = [FaceRequest("gan", 5, index, 1.0) for index in range(32)]
    painted = torch.stack([torch.from_numpy(face.picture) for face in paint(requests)]).permute(0, 3, 1, 2)
    judge = load_encoder().network
    expected = score_card(painted, faces.pictures, held_out.pictures, judge, seeds=1)
    found = report["figures"]
    # These do not depend on how many draws and extractors are averaged over.
    for name in ("coverage", "diversity_features", "memorisation_pixels"):
        assert found[name]["value"] == pytest.approx(expected.figures[name].value, abs=1e-6, nan_ok=True)
    assert report["data"]["train"]["faces"] == 120 and report["data"]["held_out"]["faces"] == 40
    assert report["checkpoint"] == read_checkpoint(checkpoints / FOLDERS["gan"]).id
    network = DcganGenerator(DcganConfig(**dcgan.DEBUG))
    network.load_state_dict(read_checkpoint(checkpoints / "dcgan").weights())
    beside = score_card(generate(network.eval(), 32, 5), faces.pictures, held_out.pictures, judge, seeds=1)
    assert found["diversity_pixels"]["baseline"] == pytest.approx(beside.figures["diversity_pixels"].value, abs=1e-6)
    for name, figure in found.items():
        assert figure["n"] == 32
        for painter, key in (("model", "value"), ("model", "real"), ("model", "spread"), ("baseline", "value")):
            known = report["scores"][painter]["figures"][name][key]
            shown = figure["baseline" if painter == "baseline" else key]
            assert shown == (known if known is None else pytest.approx(known, abs=1e-6, nan_ok=True)), name


def test_labels_are_asked_for_as_held_out_faces_have_them(data: str, report: Report) -> None:
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


def test_the_table_shows_labels(report: Report) -> None:
    shown = table(report)
    for words in ("painted as asked", "real faces", "always the commonest"):
        assert words in shown


def test_the_encoder_is_judged_on_real_faces(reports: dict[str, Report]) -> None:
    report = reports["encoder"]
    assert set(report["labels"]) == {"real", "guess"}
    assert report["figures"] == {} and "scores" not in report
    assert "real faces" in table(report)


@pytest.mark.usefixtures("checkpoints")
def test_what_cannot_be_measured_is_said(data: str, checkpoints: Path) -> None:
    with pytest.raises(UserError, match="31"):
        evaluate("gan", data, count=31)
    with pytest.raises(UserError) as refused:
        evaluate("gan", data, baseline=checkpoints / FOLDERS["gan"], count=32)
    assert refused.value.key == "faces.other_family"


class TestReportsAndCards(EvaluationTests):
    modality = "faces"

    def test_a_card_lies_beside_its_contact_sheet(self, checkpoints: Path, report: Report) -> None:
        folder = checkpoints / FOLDERS["gan"]
        text = Card.write(folder, report).read_text(encoding="utf-8")
        assert "| 1: gan | 64 | 1,234 | 1 | cpu, fp32, torch 2 |" in text
        sheet = Image.open(folder / SHEET)
        assert sheet.width == sheet.height
        assert f"]({SHEET})" in text

    def test_terms_follow_the_data(self, checkpoints: Path, report: Report) -> None:
        texts = {}
        for path in ("utkface_adult_64.zip", "uscongress_64.zip", "mine.zip"):
            texts[path] = self.card(checkpoints, {**report, "data": {**report["data"], "path": path}})
        assert "non-commercial research" in texts["utkface_adult_64.zip"]
        assert "public domain" in texts["uscongress_64.zip"]
        assert "terms are not known" in texts["mine.zip"]

    def test_the_commands_train_the_baseline_too(
        self, checkpoints: Path, report: Report, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checkpoint = read_checkpoint(checkpoints / FOLDERS["gan"])
        alone = {key: value for key, value in report.items() if key != "baseline_run"}
        (_, train), _, (_, measured) = self.told(checkpoint, alone, monkeypatch)
        assert train.gamma == 1.0 and "widths=8,8,8,4,4" in train.size
        assert measured.baseline is None
        beside = {**report, "baseline_run": {"examples": 256, "batch_size": 128, "seconds": 60.0, "device": "cpu"}}
        *_, (_, baseline), (_, measured) = self.told(checkpoint, beside, monkeypatch)
        assert (baseline.model, baseline.examples, baseline.batch_size) == ("dcgan", 256, 128)
        assert measured.baseline == baseline.run

    def test_a_card_says_how_noise_was_scaled(self, checkpoints: Path, report: Report, tmp_path: Path) -> None:
        checkpoint = read_checkpoint(checkpoints / FOLDERS["gan"])
        scaled = {**TRAINED, "spread": {"scale": 1.05, "faces": 990}}
        other = save_checkpoint(tmp_path / "gan", checkpoint.weights(), "gan", SIZES["gan"], scaled)
        assert "counts 1.05 times" in Card(other, "mine", report).text()
        unscaled = save_checkpoint(tmp_path / "other", checkpoint.weights(), "gan", SIZES["gan"], TRAINED)
        assert "noise counts" not in Card(unscaled, "mine", report).text()

    def test_the_way_through_another_family_is_told(
        self, checkpoints: Path, report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A GAN that started as a VAE, and a VAE that was fine-tuned: their commands name every stage, and parse."""
        first = {"family": "vae", "model": {"resolution": 64, "latent": 8}, "trained": TRAINED}
        later = {**TRAINED, "data": {**TRAINED["data"], "started_from": first}}
        weights = read_checkpoint(checkpoints / FOLDERS["gan"]).weights()
        for family, stage in (("gan", "2: gan"), ("vae", "2: polish")):
            checkpoint = save_checkpoint(tmp_path / family, weights, family, SIZES["gan"], later)
            (_, start), (_, then), *_ = self.told(checkpoint, report, monkeypatch)
            assert (start.model, then.model, then.start) == ("vae", family, start.run)
            assert start.size and bool(then.size) == (family == "gan")
            text = Card(checkpoint, "mine", report).text()
            assert "| 1: vae | 64 |" in text and f"| {stage} | 64 |" in text


@pytest.mark.usefixtures("checkpoints")
def test_the_contact_sheet_leaves_no_face_out() -> None:
    sheet = Image.open(io.BytesIO(contact_sheet("gan", "gan")))
    faces = paint([FaceRequest("gan", 0, index, 1.0) for index in range(64)])
    step = 64 + (sheet.width - 8 * 64) // 7
    for index in (0, 9, 63):
        left, top = index % 8 * step, index // 8 * step
        found = sheet.convert("RGB").crop((left, top, left + 64, top + 64))
        assert found.tobytes() == faces[index].picture.tobytes(), index

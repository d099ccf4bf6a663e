"""What is told of a face is what its networks do: sums, gradients and verdicts equal an independent computation."""

from __future__ import annotations

import copy
import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from genai_demo.__main__ import main
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_networks
from genai_demo.errors import UserError
from genai_demo.faces.data.batches import to_bytes, to_floats
from genai_demo.faces.explaining import bits, likeness, map, plane, stages, variety, verdict
from genai_demo.faces.explaining.explanation import explain, highlighted
from genai_demo.faces.explaining.opening import OpenFace, open_face
from genai_demo.faces.models import conditioning
from genai_demo.faces.models.gan import DEBUG, Discriminator, GanConfig, Generator
from genai_demo.faces.models.vae import Vae
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.generation import paint
from genai_demo.faces.sampling.loading import load_encoder
from genai_demo.faces.sampling.painting import GanPainter, VaePainter
from genai_demo.faces.training.configs import FaceTrainRequest
from genai_demo.faces.training.tasks import make_task
from tests.helpers.faces import write_toys

pytestmark = pytest.mark.usefixtures("tiny")
STEERED = FaceRequest("gan", seed=3, index=5, age=40, woman=0.0, smile=1.0, directions=(1.0, -0.5))


def receipt_of(request: FaceRequest, model: str | None = None) -> Receipt:
    return paint([request], model)[0].receipt


def opened(request: FaceRequest) -> OpenFace:
    return open_face(receipt_of(request))


@pytest.mark.parametrize("model", ["gan", "vae"])
def test_what_the_stages_paint_adds_up_to_the_picture(model: str) -> None:
    face = opened(replace(STEERED, model=model))
    parts = stages.contributions(face)
    network = face.painter.network
    with torch.no_grad():
        if isinstance(network, Generator):
            whole = network(face.code.latent[None], face.condition)
        else:
            whole = network.decode(face.code.latent[None])
    assert torch.allclose(parts.sum(0), whole[0], atol=1e-5)
    assert torch.equal(stages.paint_stages(face, [True] * len(parts)), face.picture)
    told = stages.tell_stages(face)
    assert [stage.side for stage in told] == [4, 8, 16] and told[-1].left == pytest.approx(0, abs=1e-4)
    assert told[1].adds == pytest.approx(127.5 * float(parts[1].abs().mean()))


def test_a_stage_that_is_off_is_one_whose_layer_to_colours_is_zero() -> None:
    face = opened(STEERED)
    network = copy.deepcopy(face.painter.network)
    assert isinstance(network, Generator)
    for weight in network.painter.brushes[1].parameters():
        weight.zero_()
    expected = to_bytes(network(face.code.latent[None], face.condition))[0]
    found = stages.paint_stages(face, [True, False, True])
    assert (found.int() - expected.int()).abs().max() <= 1
    assert not torch.equal(found, face.picture)


def test_varieties_go_from_no_seed_to_beyond_real_life() -> None:
    first, other = opened(STEERED), opened(replace(STEERED, index=6))
    strips = [variety.paint_varieties(face) for face in (first, other)]
    assert torch.equal(strips[0][0], strips[1][0]), "nothing is left of either seed"
    assert not torch.equal(strips[0][-1], strips[1][-1])
    place = variety.VARIETIES.index(0.8)
    again = paint([replace(STEERED, variety=0.8)])[0]
    assert torch.equal(strips[0][place], torch.from_numpy(again.picture).permute(2, 0, 1))


def test_gradients_are_finite_differences() -> None:
    torch.manual_seed(0)
    network = Discriminator(GanConfig(**DEBUG)).double().eval()
    for weight in network.parameters():
        nn.init.normal_(weight, std=0.2)
    picture, known = torch.randn(3, 16, 16).double(), torch.randn(1, conditioning.SIZE).double()

    def scores(pictures: torch.Tensor) -> torch.Tensor:
        # The score itself is computed in single precision.
        features = network.features(pictures)
        fit = (features * network.read_condition(known)).sum(1) * features.shape[1] ** -0.5
        return network.score(features)[:, 0] + fit

    plain = verdict.smooth_gradient(scores, picture.requires_grad_(False), 1, 0.0)
    step = 1e-5
    for place in ((0, 3, 4), (1, 8, 8), (2, 15, 0)):
        moved = [picture.clone(), picture.clone()]
        moved[0][place] += step
        moved[1][place] -= step
        with torch.no_grad():
            high, low = scores(torch.stack(moved))
        assert float(plain[place]) == pytest.approx(float(high - low) / (2 * step), rel=1e-4, abs=1e-7)


def test_a_smooth_gradient_is_the_mean_of_those_of_noisy_copies() -> None:
    def scores(pictures: torch.Tensor) -> torch.Tensor:
        return pictures.pow(2).flatten(1).sum(1) / 2  # whose gradient is the picture itself

    picture = torch.zeros(3, 4, 4)
    noisy = verdict.smooth_gradient(scores, picture, 400, 0.5)
    assert noisy.abs().max() < 5 * 0.5 / 400**0.5 and noisy.std() == pytest.approx(0.5 / 400**0.5, rel=0.4)
    assert torch.equal(noisy, verdict.smooth_gradient(scores, picture, 400, 0.5)), "the same at every look"


def test_where_it_looks_is_where_a_planted_discriminator_looks() -> None:
    def scores(pictures: torch.Tensor) -> torch.Tensor:
        return pictures[:, :, 2:4, 5:7].flatten(1).pow(3).sum(1)

    looks = verdict.smooth_gradient(scores, torch.rand(3, 8, 8), 8, 0.1).norm(dim=0)
    inside = looks[2:4, 5:7]
    assert inside.min() > 0 and looks.sum() == pytest.approx(float(inside.sum()))


def test_a_verdict_is_that_of_a_pass_through_the_discriminator(tiny: Path) -> None:
    face = opened(STEERED)
    told = verdict.tell_verdict(face)
    assert told is not None
    from safetensors.torch import load_file

    network = Discriminator(GanConfig(**DEBUG))
    network.load_state_dict({k: v.float() for k, v in load_file(tiny / "faces-gan/discriminator.safetensors").items()})
    filled = face.face.request
    known = conditioning.encode(*(torch.tensor([one]) for one in (filled.age, filled.woman, filled.smile)))
    with torch.no_grad():
        score = float(network(to_floats(face.picture[None]), known))
    assert told.score == pytest.approx(score, abs=1e-3)
    real = json.loads((tiny / "faces-gan/verdicts.json").read_text())["real"]
    assert told.fooled == pytest.approx(sum(one < told.score for one in real) / len(real))
    assert told.looks.min() >= 0 and told.looks.max() == 1
    assert highlighted(face, told).shape == face.picture.shape
    assert verdict.tell_verdict(opened(replace(STEERED, model="vae"))) is None


def test_the_run_of_a_snapshot_keeps_a_discriminator_too(tmp_path: Path) -> None:
    data, run = str(write_toys(tmp_path, count=32)), tmp_path / "run"
    request = FaceTrainRequest(family="gan", run=run, data=data, sizes=DEBUG)
    train(make_task(request), TrainConfig(examples=32, batch_size=8, precision="fp32", snapshots=1), RunFolder(run))
    snapshot = RunFolder(run).best_snapshot()
    assert snapshot is not None
    judge = verdict.judge_of(read_checkpoint(snapshot))
    assert judge is not None
    for name, weight in read_networks(RunFolder(run))["discriminator"].items():
        assert torch.equal(judge.network.state_dict()[name].contiguous(), weight.float().contiguous())
    histogram = [line["verdicts"] for line in RunFolder(run).read_stats() if "verdicts" in line][-1]
    counted = torch.histogram(judge.real, torch.tensor(histogram["edges"])).hist
    assert counted.int().tolist() == histogram["real"]
    told = explain(receipt_of(FaceRequest("gan"), str(run)))
    assert told.verdict is not None and told.family == "gan"


@pytest.mark.parametrize("model", ["gan", "vae"])
def test_a_plane_holds_its_corners_and_what_lies_between_them(model: str) -> None:
    face = opened(FaceRequest(model, seed=2, index=1))
    wanted = [torch.from_numpy(one.picture).permute(2, 0, 1) for one in paint(plane.corners(face))]
    found = plane.paint_points(face, [(0, 0), (1, 0), (0, 1), (1, 1)])
    for one, other in zip(found, wanted, strict=True):
        assert (one.int() - other.int()).abs().max() <= 1
    assert {one.index for one in plane.corners(face)} == {1, 2, 3, 4}
    assert {one.index for one in plane.corners(face, 1)} == {1, 5, 6, 7}
    codes = plane.corner_codes(face)
    middle = plane.at(codes, 0.5, 0.0).latent
    for code in codes[:2]:
        angle = torch.nn.functional.cosine_similarity(middle, code.latent, dim=0)
        apart = torch.nn.functional.cosine_similarity(codes[0].latent, codes[1].latent, dim=0)
        assert angle == pytest.approx(float(((1 + apart) / 2).sqrt()), abs=1e-4), "half way along the arc"


def test_neighbours_on_a_map_are_the_encoders() -> None:
    torch.manual_seed(0)
    across = 8
    groups = torch.nn.functional.normalize(torch.randn(4, 16), dim=1).repeat_interleave(16, 0)
    vectors = torch.nn.functional.normalize(groups + 0.1 * torch.randn(64, 16), dim=1)[torch.randperm(64)]
    order = map.arrange(vectors, across)
    assert sorted(order.tolist()) == list(range(64)), "every face has a cell of its own"
    placed = vectors[order].reshape(across, across, -1)
    beside = (placed[:, 1:] * placed[:, :-1]).sum(2).mean()
    assert beside > (vectors @ vectors.T).mean() + 0.25
    assert torch.equal(map.arrange(vectors, across), order)


def test_a_map_shows_the_faces_that_its_cells_name() -> None:
    shown = map.face_map("vae", 4)
    assert {(one.seed, one.index) for one in shown.requests} == {(0, number) for number in range(16)}
    one = paint([shown.requests[7]])[0]
    assert torch.allclose(
        shown.pictures[7].float().mean((1, 2)), torch.from_numpy(one.picture).float().mean((0, 1)), atol=1.0
    )
    assert map.face_map("vae", 4) is shown


def test_bits_are_the_divergence_of_what_the_encoder_says() -> None:
    face = opened(FaceRequest("vae", seed=1))
    network = face.painter.network
    assert isinstance(network, Vae)
    told = bits.bits_per_number(face)
    painter = face.painter
    pictures = painter.paint([painter.code(FaceRequest("vae", 0, index, 1.0)) for index in range(bits.MEASURED)])
    with torch.no_grad():
        mean, log_variance = network.encode(to_floats(pictures))
    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).mean(0) / math.log(2)
    assert torch.allclose(told, expected, atol=1e-4)


def test_a_collapsed_number_is_seen_to_tell_nothing() -> None:
    face = opened(FaceRequest("vae", seed=1))
    network = copy.deepcopy(face.painter.network)
    assert isinstance(network, Vae)
    size = network.config.latent
    network.to_code.weight[2].zero_()  # what number 2 says is the prior
    network.to_code.weight[size + 2].zero_()
    network.to_code.bias[2] = network.to_code.bias[size + 2] = 0
    assert bits.measure_bits(network, face.picture[None])[2] == 0 < bits.SILENT
    assert bits.measure_bits(network, face.picture[None]).sum() > 0
    network.from_code.weight[:, 2].zero_()  # and the decoder does not listen to it
    assert isinstance(face.painter, VaePainter)
    deaf = replace(face, loaded=replace(face.loaded, painter=replace(face.painter, network=network)))
    strip = bits.push_number(deaf, 2)
    assert all(torch.equal(one, strip[0]) for one in strip)
    assert not torch.equal(*bits.push_number(deaf, 1)[[0, -1]])


def test_with_all_numbers_kept_it_is_the_face() -> None:
    face = opened(FaceRequest("vae", seed=1, directions=(2.0,)))
    none, *_, all_ = bits.keep_strongest(face, bits.counts(8))
    assert torch.equal(all_, face.picture) and not torch.equal(none, face.picture)
    assert bits.counts(8)[0] == 0 and bits.counts(8)[-1] == 8


def test_the_matrix_is_what_the_encoder_says_of_the_views_that_are_shown() -> None:
    face = opened(STEERED)
    matrix = likeness.similarity_matrix(face)
    network = load_encoder().network
    with torch.no_grad():
        first, second = (network.embed(network(to_floats(some))) for some in matrix.views)
    assert torch.allclose(matrix.similarity, first @ second.T, atol=1e-5)
    assert matrix.similarity.shape == (likeness.BATCH,) * 2
    assert torch.equal(likeness.two_views(matrix.views[0]), likeness.two_views(matrix.views[0]))


def test_a_face_that_is_not_pulled_is_itself() -> None:
    face = opened(STEERED)
    still = likeness.pull(face, likeness.View())
    assert still.itself == pytest.approx(1, abs=1e-3) and still.other == pytest.approx(still.before, abs=1e-3)
    assert (still.seen.int() - face.picture.int()).abs().max() <= 1
    mirrored = likeness.pull(face, likeness.View(mirrored=True))
    assert (mirrored.seen.int() - face.picture.flip(2).int()).abs().max() <= 1
    far = likeness.pull(face, likeness.View(turn=0.5, zoom=0.5, contrast=0.1))
    assert far.itself < still.itself
    with pytest.raises(UserError, match="turn"):
        likeness.pull(face, likeness.View(turn=9.0))


@pytest.mark.parametrize("model", ["gan", "vae"])
def test_a_program_explains_a_face(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    receipt = receipt_of(replace(STEERED, model=model))
    file, table, sheet = tmp_path / "receipt.json", tmp_path / "why.csv", tmp_path / "why.png"
    file.write_text(receipt.to_json(), encoding="utf-8")
    words = ["explain", "faces", "--receipt", str(file), "--csv", str(table), "--sheet", str(sheet), "--json", "-"]
    assert main(words) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["checkpoint"] == receipt.checkpoint and told["checkpoint"] in said.err
    assert [stage["side"] for stage in told["stages"]] == [4, 8, 16]
    assert (told["verdict"] is not None) == (model == "gan") and (told["bits"] is not None) == (model == "vae")
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    assert len(rows) > 9 + likeness.BATCH**2
    assert float(rows[1]["value"]) == pytest.approx(told["stages"][0]["adds"], rel=1e-4)
    assert Image.open(sheet).width > 8 * 16
    assert main(words) == 2 and "why.csv" in capsys.readouterr().err


def test_a_receipt_of_another_checkpoint_is_refused() -> None:
    with pytest.raises(UserError) as refusal:
        explain(replace(receipt_of(STEERED), checkpoint="c0ffee"))
    assert refusal.value.key == "engine.other_checkpoint"
    assert isinstance(opened(STEERED).painter, GanPainter)

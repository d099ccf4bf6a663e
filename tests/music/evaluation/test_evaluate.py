"""An evaluation measures what it says, beside floors and a baseline; a card holds no number but measured ones."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from genai_demo.catalogue import message
from genai_demo.engine.evaluation.figure import Figure
from genai_demo.engine.evaluation.report import Report
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.errors import UserError
from genai_demo.music.data.reading import data_hash, read_music
from genai_demo.music.evaluation.card import SAMPLES, Card
from genai_demo.music.evaluation.evaluate import OPENING_BARS, _encoders, evaluate
from genai_demo.music.evaluation.excerpts import openings, request_for
from genai_demo.music.evaluation.figures import MEANINGS
from genai_demo.music.evaluation.markov import PREAMBLE, Markov
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import to_midi
from genai_demo.music.models.networks import debug_sizes, make_network
from genai_demo.music.sampling import generation
from genai_demo.music.sampling.loading import ENCODER, FOLDERS
from genai_demo.music.theory.key_estimation import estimate_key
from genai_demo.music.theory.statistics import mean_figure
from genai_demo.music.theory.texture import density_of, register_of
from genai_demo.music.tokens.piece_string import read_piece_string, write_piece_string
from genai_demo.settings import settings
from tests.common.evaluation import EvaluationTests
from tests.helpers.music import scale, tune

TRAINED = {
    "data": {"training": {"learning_rate": 0.01, "seed": 0}, "music": {"pieces": 30, "hash": "0"}},
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
    """Forty tunes, ten of them held out, with a table that says so."""
    folder = tmp_path_factory.mktemp("tunes")
    lines = ["file,split,source,licence"]
    for number in range(40):
        metre = ((4, 4), (3, 4), (2, 4))[number % 3]
        (folder / f"{number}.mid").write_bytes(to_midi(tune(number, metre=metre)))
        lines.append(f"{number}.mid,{'validation' if number % 4 == 0 else 'train'},mutopia,CC BY-SA {3 + number % 2}.0")
    (folder / "labels.csv").write_text("\n".join(lines))
    return str(folder)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    for seed, (family, name) in enumerate({**FOLDERS, "encoder": ENCODER}.items()):
        torch.manual_seed(seed)
        network = make_network(family, debug_sizes(family))
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.1)
        save_checkpoint(folder / name, network.state_dict(), family, asdict(network.config), TRAINED)  # type: ignore[arg-type]
    return folder


@pytest.fixture
def checkpoints(written: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(written))
    settings.cache_clear()
    return written


@pytest.fixture(scope="module")
def reports(written: Path, data: str) -> dict[str, Report]:
    """What evaluations of every family say, measured once: they take their time."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GENAI_DEMO_CHECKPOINTS", str(written))
        settings.cache_clear()
        found = {family: evaluate(family, [data], count=8, seed=5) for family in (*FOLDERS, "encoder")}
    settings.cache_clear()
    return found


def test_a_report_measures_what_the_model_writes(checkpoints: Path, data: str, reports: dict[str, Report]) -> None:
    report = reports["gan"]
    music, held_out = read_music(data, "train"), read_music(data, "validation")
    assert report["data"]["train"] == {"pieces": 30, "hash": data_hash(music)}
    assert report["data"]["held_out"]["pieces"] == 10
    assert sum(source["pieces"] for source in report["data"]["sources"]) == 30
    assert report["checkpoint"] == read_checkpoint(checkpoints / FOLDERS["gan"]).id
    real = openings(held_out.pieces, OPENING_BARS, 5)[:8]
    requests = [request_for(piece, "gan", 5 + number) for number, piece in enumerate(real)]
    pieces = [list(generation.run(request))[-1].compositions[0].piece for request in requests]
    beside = [Markov(music.pieces).compose(request) for request in requests]
    for name in ("note_density", "harmony_16", "in_key"):
        figure = Figure(**report["figures"][name])
        for value, side in ((figure.value, pieces), (figure.real, real), (figure.baseline, beside)):
            expected = mean_figure(name, side)
            assert value is None if expected is None else value == pytest.approx(expected, abs=1e-6)
    heard = [estimate_key(piece.notes) == piece.key for piece in pieces]
    assert report["figures"]["key_heard"]["value"] == pytest.approx(sum(heard) / 8)
    met = [replace(request, seed=request.seed + 12) for request in requests[:6]]
    asked = [
        ("sparse", "low"),
        ("medium", "low"),
        ("dense", "low"),
        *[(d, "middle") for d in ("sparse", "medium", "dense")],
    ]
    right = [0, 0]
    for request, (density, register) in zip(met, asked, strict=True):
        again = replace(request, density=density, register=register)
        piece = list(generation.run(again))[-1].compositions[0].piece
        right[0] += density_of(piece.notes, piece.bars) == density
        right[1] += register_of(piece.notes) == register
    assert report["figures"]["density_met"]["value"] == pytest.approx(right[0] / 6, abs=1e-6)
    assert report["figures"]["register_met"]["value"] == pytest.approx(right[1] / 6, abs=1e-6)


@pytest.mark.usefixtures("checkpoints")
def test_the_composer_and_its_baseline_count_the_same_events(data: str, reports: dict[str, Report]) -> None:
    from genai_demo.music.tokens import events

    held_out = [events.encode(piece) for piece in read_music(data, "validation").pieces]
    figure = Figure(**reports["composer"]["figures"]["bits_per_event"])
    assert figure.n == sum(len(tokens) - PREAMBLE for tokens in held_out)
    bits, _ = Markov(read_music(data, "train").pieces).bits(held_out)
    assert figure.baseline == pytest.approx(bits / figure.n, abs=1e-5)
    assert figure.value > figure.baseline, "it has learnt nothing"


def test_every_family_has_its_figures(reports: dict[str, Report]) -> None:
    own = {
        "composer": {"bits_per_event", "key_heard", "density_met", "encoder_distance", "longest_copy", "seconds"},
        "gan": {"key_heard", "register_met", "random_distance", "copied_bars", "lengths"},
        "masked": {"bits_whole", "bits_left", "encoder_distance", "polyphony", "returning", "seconds"},
        "encoder": {"same_piece", "same_piece_by_chance", "out_of_tune"},
    }
    for family, names in own.items():
        figures = reports[family]["figures"]
        assert names <= figures.keys() <= MEANINGS.keys(), family
    assert not {"bits_per_event"} & reports["gan"]["figures"].keys()


def test_real_music_is_nearer_to_real_music_than_untrained_models_are(reports: dict[str, Report]) -> None:
    for family in ("composer", "gan"):
        figure = Figure(**reports[family]["figures"]["lengths"])
        assert figure.real is not None and figure.value > 1.5 * figure.real, family


def test_samples_are_the_first_pieces(checkpoints: Path, reports: dict[str, Report]) -> None:
    for family in FOLDERS:
        receipts = [Receipt(**sample) for sample in reports[family]["samples"]]
        assert [receipt.settings["seed"] for receipt in receipts] == [5, 6, 7, 8, 9, 10]
        update = generation.reproduce(receipts[2])
        assert len(update.compositions[0].piece.bars) == OPENING_BARS
    # What the masked model rewrote for its card is a piece of the composer: no held-out music is passed on.
    composed = [generation.reproduce(Receipt(**sample)) for sample in reports["composer"]["samples"][2:3]]
    given = read_piece_string(reports["masked"]["samples"][2]["settings"]["music"])
    assert given.notes == read_piece_string(write_piece_string(composed[0].compositions[0].piece)).notes


@pytest.mark.usefixtures("checkpoints")
def test_what_cannot_be_measured_is_said(
    data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Path
) -> None:
    with pytest.raises(UserError, match="7"):
        evaluate("gan", [data], count=7)
    with pytest.raises(UserError) as refused:
        evaluate("gan", [data], count=8, seed=2**31 - 1)
    assert refused.value.key == "engine.out_of_range_whole"
    for number in range(30):
        (tmp_path / f"{number}.mid").write_bytes(to_midi(scale(2)))
    with pytest.raises(UserError) as refused:
        evaluate("gan", [str(tmp_path)], count=8)
    assert refused.value.key == "music.too_few_openings"


@pytest.mark.usefixtures("checkpoints")
def test_a_missing_encoder_is_said(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genai_demo.music.evaluation.evaluate.problem", lambda model: UserError("music.no_given"))
    assert set(_encoders()) == {"random_distance"}
    monkeypatch.setattr("genai_demo.music.evaluation.evaluate._writing_figures", lambda *_: ({}, []))
    assert evaluate("gan", [data], count=8)["notes"] == [message("music.note_no_encoder")]


class TestReportsAndCards(EvaluationTests):
    modality = "music"
    data = ("--data", "a.zip", "b.zip", "--where", "source=mutopia")

    def test_a_card_lies_beside_its_samples(self, checkpoints: Path, reports: dict[str, Report]) -> None:
        # Engraving takes its time.
        report = {**reports["masked"], "samples": reports["masked"]["samples"][:2]}
        folder = checkpoints / FOLDERS["masked"]
        text = Card.write(folder, report).read_text(encoding="utf-8")
        for words in (
            "license: cc-by-sa-4.0",
            "[CC BY-SA 3.0](https://creativecommons.org/licenses/by-sa/3.0/)",
            "The Mutopia Project and its contributors",
            "| 1 | 30 | 1,234 | 1.0 | cpu, fp32, torch 2 |",
        ):
            assert words in text
        piece = generation.reproduce(Receipt(**report["samples"][1])).compositions[0].piece
        kept = read_midi((folder / SAMPLES / "2.mid").read_bytes())
        assert [(n.start, n.pitch, n.length) for n in kept.piece.notes] == [
            (n.start, n.pitch, n.length) for n in piece.notes
        ]
        for number in (1, 2):
            assert f"]({SAMPLES}/{number}.svg)" in text
            assert (folder / SAMPLES / f"{number}.svg").read_bytes().startswith(b"<")
        assert "CC BY-SA 4.0" in Card.write(checkpoints / ENCODER, reports["encoder"]).read_text(encoding="utf-8")
        assert not (checkpoints / ENCODER / SAMPLES).exists()

    def test_licences_follow_the_data(self, checkpoints: Path, reports: dict[str, Report]) -> None:
        report = reports["encoder"]

        def told(*sources: tuple[str, str]) -> str:
            rows = [{"source": source, "licence": licence, "pieces": 1} for source, licence in sources]
            return self.card(checkpoints, {**report, "data": {**report["data"], "sources": rows}})

        free = told(("polish-scores", "CC BY 4.0"), ("openscore-lieder", "CC0 1.0"), ("mutopia", "Public Domain"))
        assert "license: cc-by-4.0" in free and "polishscores.org" in free and "shared alike" not in free
        alike = told(("polish-scores", "CC BY 4.0"), ("piano-midi.de", "CC BY-SA 3.0 DE"))
        assert "license: cc-by-sa-4.0" in alike and "Bernd Krueger" in alike and "shared alike" in alike
        assert "license: cc-by-nc-sa-4.0" in told(("craigsapp-joplin", "CC BY-NC-SA 4.0"))
        assert "license: other" in told(("", "")) and "ask whoever gave you" in told(("", ""))

    def test_commands_name_the_music(
        self, checkpoints: Path, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for report in reports.values():
            (_, train), _, (_, measured) = self.asked(self.card(checkpoints, report), monkeypatch)
            assert train.data == measured.data == report["data"]["paths"]
            assert measured.seed == 5
        assert "widths=8,8" in train.size

    def test_the_way_through_an_older_record_is_told(
        self, checkpoints: Path, reports: dict[str, Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Records without family and network, as older checkpoints have them: both were those of the later stage."""
        now = read_checkpoint(checkpoints / FOLDERS["gan"])
        later = {**TRAINED, "data": {**TRAINED["data"], "started_from": {"checkpoint": "0", "trained": TRAINED}}}
        checkpoint = save_checkpoint(tmp_path, now.weights(), "gan", now.model, {**later, "examples": 77})
        (_, start), (_, then), *_ = self.told(checkpoint, reports["gan"], monkeypatch)
        assert (start.model, then.model, then.start) == ("gan", "gan", start.run)
        assert (start.examples, then.examples, start.size) == (1234, 77, then.size)

"""An evaluation measures what it says, beside floors and a baseline; a card holds no number but measured ones."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genai_demo.__main__ import main
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.errors import UserError
from genai_demo.music.data.reading import data_hash, read_music
from genai_demo.music.evaluation import evaluation
from genai_demo.music.evaluation import metrics as judging
from genai_demo.music.evaluation.card import SAMPLES, _parts, commands, write_card
from genai_demo.music.evaluation.evaluation import BARS, evaluate, table
from genai_demo.music.evaluation.excerpts import like, opening, openings, put_in, request_for
from genai_demo.music.evaluation.features import distance, features, random_encoder
from genai_demo.music.evaluation.figures import MEANINGS, Figure, rows
from genai_demo.music.evaluation.markov import PREAMBLE, Markov
from genai_demo.music.evaluation.memorization import CopyCheck
from genai_demo.music.evaluation.metrics import Sets
from genai_demo.music.evaluation.rewriting import _with_other_hand
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import to_midi
from genai_demo.music.models.networks import debug_sizes, make_network
from genai_demo.music.sampling import generation
from genai_demo.music.sampling.loading import ENCODER, FOLDERS
from genai_demo.music.theory.key_estimation import estimate_key
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Key, Note, Piece, untangled
from genai_demo.music.theory.statistics import mean_figure
from genai_demo.music.theory.texture import density_of, register_of
from genai_demo.music.tokens.piece_string import key_id, read_piece_string, write_piece_string
from genai_demo.settings import settings
from tests.helpers.music import bars_of, scale

MAJOR = np.array([0, 2, 4, 5, 7, 9, 11])
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


def tune(seed: int, bars: int = 20, metre: tuple[int, int] = (4, 4)) -> Piece:
    """Return a made-up piece: a melody that walks along a scale and comes back after four bars, over its chords."""
    random = np.random.default_rng(seed)
    key = Key(int(random.integers(12)), "major")
    line = bars_of([metre] * bars)
    phrase = [np.cumsum(random.integers(-2, 3, 4 * metre[0])) + 7 for _ in range(4)]
    notes = []
    for number, bar in enumerate(line):
        for place in range(metre[0]):
            at = bar.start + place * bar.length // metre[0]
            step = int(phrase[number % 4][place])
            pitch = 60 + key.tonic + int(MAJOR[step % 7]) + 12 * (step // 7) - 12
            notes.append(Note(at, pitch, bar.length // metre[0]))
        root = int(MAJOR[(0, 3, 4, 0)[number % 4]])
        notes += [Note(bar.start, 36 + key.tonic + root + step, bar.length, LEFT) for step in (0, 7, 12)]
    return Piece(untangled(notes), line, key, 100.0)


def noise(seed: int, like: Piece) -> Piece:
    """Return as many notes as a piece has, anywhere."""
    random = np.random.default_rng(seed)
    notes = [
        Note(
            int(random.integers(like.end // 120)) * 120, int(random.integers(30, 90)), int(random.integers(1, 40)) * 30
        )
        for _ in like.notes
    ]
    return replace(like, notes=untangled(notes))


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
def reports(written: Path, data: str) -> dict[str, dict[str, Any]]:
    """What evaluations of every family say, measured once: they take their time."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GENAI_DEMO_CHECKPOINTS", str(written))
        settings.cache_clear()
        found = {family: evaluate(family, [data], count=8, seed=5) for family in (*FOLDERS, "encoder")}
    settings.cache_clear()
    return found


# What real music and worse music are measured at


def test_noise_is_worse_than_real_music_in_every_figure() -> None:
    pieces = [tune(seed, BARS, ((4, 4), (3, 4))[seed % 2]) for seed in range(60)]
    real, training = pieces[:30], pieces[30:]
    bad = [noise(seed, piece) for seed, piece in enumerate(real)]
    good = Sets(training, real, bad, [training])
    found = judging.counted(good, judging.STRUCTURE) | judging.counted(good, judging.NOTES) | judging.lengths(good)
    found |= judging.distances(good, {"random_distance": random_encoder()}) | judging.key_heard(good)
    for name, figure in found.items():
        assert figure.real is not None and figure.baseline is not None
        if MEANINGS[name].better == "low":
            assert figure.baseline > 1.5 * figure.value > 0 and figure.value == pytest.approx(figure.real), name
        elif MEANINGS[name].better == "high":
            assert figure.value > 2 * figure.baseline, name
        elif name not in ("empty_bars", "note_density", "qualified"):
            assert abs(figure.baseline - figure.real) > 2 * abs(figure.value - figure.real), name


def test_copies_are_told_from_new_music() -> None:
    training, real = [tune(seed, BARS) for seed in range(20)], [tune(seed, BARS) for seed in range(20, 30)]
    copied = [replace(piece, notes=tuple(replace(n, pitch=n.pitch + 1) for n in piece.notes)) for piece in training]
    found = judging.copies(Sets(copied[:10], real, real), CopyCheck(training))
    assert found["copied_bars"].value == 1.0 and found["copied_bars"].n == 10 * (BARS - 3)
    assert found["copied_bars"].real == 0.0
    assert found["longest_copy"].value > 4 * (found["longest_copy"].real or 0)
    assert found["longest_copy_of_all"].value >= found["longest_copy"].value


def test_features_of_windows_and_their_distance() -> None:
    pieces = [tune(seed, 18, ((4, 4), (3, 4))[seed % 2]) for seed in range(6)]
    encoder = random_encoder()
    found = features(encoder, pieces)
    assert found.shape == (6 * 4, encoder.config.features), "eighteen bars hold four windows"
    assert torch.equal(found, features(random_encoder(), pieces))
    assert distance(found, found) == pytest.approx(0, abs=1e-4)
    assert distance(found, found[:1]) is None


def test_of_one_hand_the_baseline_keeps_the_other_one_as_it_stood() -> None:
    real, made = tune(1, 4), tune(2, 4)
    for hand, kept in (("left", RIGHT), ("right", LEFT)):
        mixed = _with_other_hand(made, real, hand)
        assert [note for note in mixed.notes if note.hand == kept] == [n for n in real.notes if n.hand == kept]
        new = [note for note in mixed.notes if note.hand != kept]
        assert new and set(new) <= {note for note in made.notes if note.hand != kept}
    assert _with_other_hand(made, real, "both") == made


# What is asked for


def test_openings_leave_out_upbeats_and_what_has_no_key() -> None:
    whole = tune(1, 20)
    assert opening(whole, 16) == replace(opening(whole, 16) or whole, key=whole.key)
    upbeat = Piece(
        (Note(0, 60, TICKS), *(replace(note, start=note.start + TICKS) for note in whole.notes)),
        bars_of([(1, 4), *[(4, 4)] * 20]),
        whole.key,
        100.0,
    )
    assert opening(upbeat, 16) == opening(whole, 16)
    assert opening(replace(whole, bars=bars_of([(4, 4)] * 8 + [(3, 4)] * 16)), 16) is None
    assert opening(Piece((Note(0, 60, TICKS),), bars_of([(5, 4)] * 20)), 16) is None
    assert len(openings([whole, replace(whole, key=None)], 16, 0)) == 1


def test_draws_have_the_metres_of_what_they_stand_for() -> None:
    wanted = [tune(seed, 16, ((4, 4), (3, 4))[seed % 2]) for seed in range(6)]
    known = [tune(seed, 16, ((4, 4), (3, 4), (2, 4))[seed % 3]) for seed in range(30)]
    drawn = like(wanted, known, 0)
    assert [piece.bars[0].beats for piece in drawn] == [piece.bars[0].beats for piece in wanted]
    assert len({id(piece) for piece in drawn}) == 6 and all(piece in known for piece in drawn)
    assert like(wanted, known, 0) == drawn != like(wanted, known, 1)
    assert like(wanted, known[:3], 0) == known[:2] or len(like(wanted, known[:3], 0)) == 2


def test_requests_ask_for_what_the_opening_is() -> None:
    piece = replace(tune(3, 16, (3, 4)), tempo=312.0)
    request = request_for(piece, "gan", 7)
    request.check()
    assert (request.model, request.bars, request.metre, request.tempo, request.seed) == ("gan", 16, "3/4", 208, 7)
    assert request.key == key_id(piece.key)


def test_bars_are_put_in() -> None:
    piece, other = tune(1, 8), tune(2, 2)
    put = put_in(piece, other, 3)
    assert not put.faults() and put.bars == piece.bars
    assert [n for n in put.notes if put.bar_at(n.start) not in (3, 4)] == [
        n for n in piece.notes if piece.bar_at(n.start) not in (3, 4)
    ]
    inside = [replace(n, start=n.start - piece.bars[3].start) for n in put.notes if put.bar_at(n.start) in (3, 4)]
    assert tuple(inside) == other.notes


# Reports


def test_a_report_measures_what_the_model_writes(
    checkpoints: Path, data: str, reports: dict[str, dict[str, Any]]
) -> None:
    report = reports["gan"]
    music, held_out = read_music(data, "train"), read_music(data, "validation")
    assert report["data"]["train"] == {"pieces": 30, "hash": data_hash(music)}
    assert report["data"]["held_out"]["pieces"] == 10
    assert sum(source["pieces"] for source in report["data"]["sources"]) == 30
    assert report["checkpoint"] == read_checkpoint(checkpoints / FOLDERS["gan"]).id
    real = openings(held_out.pieces, BARS, 5)[:8]
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
def test_the_composer_and_its_baseline_count_the_same_events(data: str, reports: dict[str, dict[str, Any]]) -> None:
    from genai_demo.music.tokens import events

    held_out = [events.encode(piece) for piece in read_music(data, "validation").pieces]
    figure = Figure(**reports["composer"]["figures"]["bits_per_event"])
    assert figure.n == sum(len(tokens) - PREAMBLE for tokens in held_out)
    bits, _ = Markov(read_music(data, "train").pieces).bits(held_out)
    assert figure.baseline == pytest.approx(bits / figure.n, abs=1e-5)
    assert figure.value > figure.baseline, "it has learnt nothing"


def test_every_family_has_its_figures(reports: dict[str, dict[str, Any]]) -> None:
    own = {
        "composer": {"bits_per_event", "key_heard", "density_met", "encoder_distance", "longest_copy", "seconds"},
        "gan": {"key_heard", "register_met", "random_distance", "copied_bars", "lengths"},
        "masked": {"bits_whole", "bits_left", "encoder_distance", "polyphony", "returning", "seconds"},
        "encoder": {"same_piece", "same_piece_by_chance", "out_of_tune"},
    }
    for family, names in own.items():
        figures = reports[family]["figures"]
        assert names <= figures.keys() <= MEANINGS.keys(), family
        shown = table(reports[family])
        assert reports[family]["checkpoint"] in shown
        assert len(rows(reports[family])) == len(figures)
        assert not any("()" in cell for row in rows(reports[family]) for cell in row)
        assert json.loads(json.dumps(reports[family])) == reports[family]
    assert not {"bits_per_event"} & reports["gan"]["figures"].keys()


def test_real_music_is_nearer_to_real_music_than_untrained_models_are(reports: dict[str, dict[str, Any]]) -> None:
    for family in ("composer", "gan"):
        figure = Figure(**reports[family]["figures"]["lengths"])
        assert figure.real is not None and figure.value > 1.5 * figure.real, family


def test_samples_are_the_first_pieces(checkpoints: Path, reports: dict[str, dict[str, Any]]) -> None:
    for family in FOLDERS:
        receipts = [Receipt(**sample) for sample in reports[family]["samples"]]
        assert [receipt.settings["seed"] for receipt in receipts] == [5, 6, 7, 8, 9, 10]
        update = generation.reproduce(receipts[2])
        assert len(update.compositions[0].piece.bars) == BARS
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
    monkeypatch.setattr("genai_demo.music.evaluation.evaluation.problem", lambda model: UserError("music.no_given"))
    notes: list[str] = []
    assert set(evaluation._encoders(notes)) == {"random_distance"}
    assert len(notes) == 1


# Cards


def test_a_card_holds_figures_licences_and_the_way_there(checkpoints: Path, reports: dict[str, dict[str, Any]]) -> None:
    # Engraving takes its time.
    report = {**reports["masked"], "samples": reports["masked"]["samples"][:2]}
    folder = checkpoints / FOLDERS["masked"]
    card = write_card(folder, report).read_text(encoding="utf-8")
    for row in rows(report):
        assert "| " + " | ".join(row) + " |" in card
    for words in (
        report["checkpoint"],
        "license: cc-by-sa-4.0",
        "[CC BY-SA 3.0](https://creativecommons.org/licenses/by-sa/3.0/)",
        "The Mutopia Project and its contributors",
        "| 1 | 30 | 1,234 | 1.0 | cpu, fp32, torch 2 |",
    ):
        assert words in card
    receipt = Receipt(**report["samples"][1])
    piece = generation.reproduce(receipt).compositions[0].piece
    kept = read_midi((folder / SAMPLES / "2.mid").read_bytes())
    assert [(n.start, n.pitch, n.length) for n in kept.piece.notes] == [
        (n.start, n.pitch, n.length) for n in piece.notes
    ]
    for number in (1, 2):
        assert f"]({SAMPLES}/{number}.svg)" in card
        assert (folder / SAMPLES / f"{number}.svg").read_bytes().startswith(b"<")
    with pytest.raises(UserError) as refused:
        write_card(checkpoints / ENCODER, report)
    assert refused.value.key == "engine.other_report"
    assert "CC BY-SA 4.0" in write_card(checkpoints / ENCODER, reports["encoder"]).read_text(encoding="utf-8")
    assert not (checkpoints / ENCODER / SAMPLES).exists()


def test_licences_follow_the_data(checkpoints: Path, reports: dict[str, dict[str, Any]]) -> None:
    checkpoint, report = read_checkpoint(checkpoints / ENCODER), reports["encoder"]

    def card(*sources: tuple[str, str]) -> str:
        rows = [{"source": source, "licence": licence, "pieces": 1} for source, licence in sources]
        named = {**report, "data": {**report["data"], "sources": rows}}
        return "\n".join(_parts(checkpoint, "mine", named))

    free = card(("polish-scores", "CC BY 4.0"), ("openscore-lieder", "CC0 1.0"), ("mutopia", "Public Domain"))
    assert "license: cc-by-4.0" in free and "polishscores.org" in free and "shared alike" not in free
    alike = card(("polish-scores", "CC BY 4.0"), ("piano-midi.de", "CC BY-SA 3.0 DE"))
    assert "license: cc-by-sa-4.0" in alike and "Bernd Krueger" in alike and "shared alike" in alike
    assert "license: cc-by-nc-sa-4.0" in card(("craigsapp-joplin", "CC BY-NC-SA 4.0"))
    assert "license: other" in card(("", "")) and "ask whoever gave you" in card(("", ""))


def test_the_commands_of_a_card_are_those_of_the_command_line(
    checkpoints: Path, reports: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    for name in ("train", "export", "evaluate"):
        monkeypatch.setattr(f"genai_demo.music.commands.{name}", asked.append)
    told = commands(read_checkpoint(checkpoints / ENCODER), "piano-encoder", reports["encoder"])
    lines = re.sub(r" \\\n\s+", " ", told).splitlines()
    assert [main(shlex.split(line)[3:]) for line in lines] == [0, 0, 0]
    train, export, measured = asked
    assert (train.examples, train.batch_size, train.learning_rate, train.seed) == (1234, 4, 0.01, 3)
    assert "widths=8,8" in train.size
    assert (export.run, str(export.to)) == (train.run, "checkpoints/piano-encoder")
    assert measured.card and measured.model == "piano-encoder" and measured.data == reports["encoder"]["data"]["paths"]


def test_evaluate_on_the_command_line(
    reports: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []
    report = reports["composer"]
    monkeypatch.setattr("genai_demo.music.evaluation.evaluation.evaluate", lambda *words: asked.append(words) or report)
    words = ["--model", "composer", "--data", "a.zip", "b.zip", "--where", "source=mutopia", "--count", "32"]
    assert main(["evaluate", "music", *words, "--seed", "5", "--json", "-"]) == 0
    assert asked == [("composer", ["a.zip", "b.zip"], "source=mutopia", 32, 5)]
    told = capsys.readouterr()
    assert json.loads(told.out) == json.loads(json.dumps(report))
    assert "bits per event" in told.err

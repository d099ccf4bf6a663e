"""Snapshots of runs in the place of models that ship: for one visitor, for all, and back; receipts say which it was."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from gradio.context import LocalContext

from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.engine.runs.access import presenter_key
from genai_demo.engine.runs.archive import checkpoint_zip, snapshot_folder
from genai_demo.engine.runs.record import Record, write_record
from genai_demo.engine.runs.registry import find
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.faces.requests import FaceRequest, GalleryRequest
from genai_demo.faces.sampling import generation
from genai_demo.music.requests import ComposeRequest
from genai_demo.settings import settings
from genai_demo.ui.faces import cards, files, handlers
from genai_demo.ui.music import handlers as music_handlers
from genai_demo.ui.music.files import reproduced
from genai_demo.ui.music.library import Job
from genai_demo.ui.training import acting, in_use
from genai_demo.ui.training.using import drawn

Copy = Callable[[str, str, Path, int], RunFolder]


@contextmanager
def visitor(name: str) -> Any:
    token = LocalContext.request.set(SimpleNamespace(session_hash=name))  # type: ignore[arg-type]
    try:
        yield
    finally:
        LocalContext.request.reset(token)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """Make a run whose snapshot is a model that is here, its weights a little other than those."""
    monkeypatch.setenv("GENAI_DEMO_RUNS", str(tmp_path / "runs"))
    settings.cache_clear()
    monkeypatch.setattr(in_use, "_SESSIONS", type(in_use._SESSIONS)())

    def made(name: str, modality: str, source: Path, step: int) -> RunFolder:
        run = RunFolder(tmp_path / "runs" / name)
        checkpoint = read_checkpoint(source)
        weights = {key: one * 1.02 if one.is_floating_point() else one for key, one in checkpoint.weights().items()}
        known = json.loads((source / "config.json").read_text(encoding="utf-8"))["files"]
        others = {key: source / key for key in known if "safetensors" not in key or "model" not in key}
        folder = run.snapshot_folder(step)
        save_checkpoint(folder, weights, checkpoint.family, checkpoint.model, checkpoint.trained, others)
        run.point_to_snapshot(step, best=True)
        words = ("python", "-m", "genai_demo", "train", modality, "--model", checkpoint.family)
        write_record(run.path, Record((*words, "--run", str(run.path)), "Mine"))
        run.write_status("finished", step=step)
        return run

    return made


def test_a_snapshot_paints_for_one_visitor_and_back(faces: Path, copy: Copy) -> None:
    run = copy("mine", "faces", faces / "faces-gan", 5)
    shipped = handlers.painted(GalleryRequest("gan", 2, 3))[0]
    with visitor("a"):
        assert in_use.choose("faces", "mine", 5)[0] == "gan"
        mine, _ = handlers.painted(GalleryRequest("gan", 2, 3))
        steered = handlers.picked(GalleryRequest("gan", 2, 3), 1)
        both = handlers.painted(GalleryRequest("both", 1, 3))[0]
        assert "“Mine”" in drawn("faces", "zh") and 'data-do="back"' in drawn("faces", "en")
    assert not np.array_equal(mine[0].picture, shipped[0].picture)
    assert np.array_equal(steered.face.picture, mine[1].picture)
    # Its receipt names it, and no link leads elsewhere; the VAE is still the one that ships.
    folder = str(run.snapshot_folder(5))
    assert [face.receipt.model for face in both] == [folder, "faces-vae"]
    assert 'data-link=""' in cards.gallery(GalleryRequest("gan", 2, 3), mine, 1.0, "en")
    assert 'data-link="?tab=faces' in cards.gallery(GalleryRequest("gan", 2, 3), shipped, 1.0, "en")
    with visitor("b"):
        assert np.array_equal(handlers.painted(GalleryRequest("gan", 2, 3))[0][0].picture, shipped[0].picture)
    with visitor("a"):
        in_use.leave("faces")
        assert in_use.tell("faces") == {}
        assert np.array_equal(handlers.paint(FaceRequest("gan", 3)).picture, shipped[0].picture)


def test_receipts_are_made_again_by_their_own_checkpoint_only(faces: Path, copy: Copy) -> None:
    run = copy("mine", "faces", faces / "faces-vae", 5)
    with visitor("a"):
        in_use.choose("faces", "mine")
        face = handlers.paint(FaceRequest("vae", 4))
    assert np.array_equal(files.reproduced(face.receipt).picture, face.picture)  # for whoever opens it
    with pytest.raises(UserError) as refused:
        files.reproduced(replace(face.receipt, model="faces-vae"))
    assert refused.value.key == "engine.other_checkpoint"
    elsewhere = str(shutil.copytree(run.snapshot_folder(5), run.path.parent.parent / "elsewhere"))
    for folder in (elsewhere, f"{run.path}/snapshots/../snapshots/00000005", str(run.path), "snapshots/00000005"):
        with pytest.raises(UserError) as refused:
            files.reproduced(replace(face.receipt, model=folder))
        assert refused.value.key == "ui.faces_not_shipped"
    with visitor("c"):
        in_use.follow("faces", face.receipt.model)
        assert handlers.painter_of("vae") == face.receipt.model
        in_use.follow("faces", "faces-vae")
        assert handlers.painter_of("vae") == "vae"
    shutil.rmtree(run.path)
    with pytest.raises(UserError):
        files.reproduced(face.receipt)


def test_only_the_presenter_chooses_for_all_and_nobody_before_they_are_told(faces: Path, copy: Copy) -> None:
    run = copy("mine", "faces", faces / "faces-gan", 5)
    form = {"modality": "faces", "name": "mine", "step": 5}
    with pytest.raises(UserError) as refused:
        acting.use_for_everybody(form, "token", "guessed")
    assert refused.value.key == "runs.not_the_presenter" and in_use.version("faces") == ""
    acting.use_for_everybody(form, "token", presenter_key()[0])
    chosen = in_use.version("faces")
    assert chosen
    with visitor("a"):
        assert handlers.painter_of("gan") == "gan"  # its page has not said so yet
        assert "For everybody here" in drawn("faces", "en")
        assert handlers.painter_of("gan") == str(run.snapshot_folder(5))
        in_use.leave("faces")
        assert handlers.painter_of("gan") == "gan" and in_use.tell("faces") == {}
    assert handlers.painter_of("gan") == "gan"  # programs are told nothing
    with visitor("b"):
        in_use.tell("faces")
        acting.use_for_everybody({"modality": "faces", "name": ""}, "token", presenter_key()[0])
        assert in_use.version("faces") == "" != chosen
        assert in_use.tell("faces") == {} and handlers.painter_of("gan") == "gan"


@pytest.mark.parametrize("kind", ["composer", "gan"])
def test_a_snapshot_composes(music: Path, copy: Copy, kind: str) -> None:
    run = copy("mine", "music", music / f"piano-{kind}", 7)
    job = Job(ComposeRequest(kind, bars=4, seed=1))
    with visitor("a"):
        assert in_use.choose("music", "mine")[0] == kind
        *_, library = music_handlers.stream(job, None, "")
        *_, linked = music_handlers.stream(replace(job, linked=True), None, "")
        receipt = library.items[0].receipt
    assert receipt and receipt.model == str(run.snapshot_folder(7))
    assert linked.items[0].receipt and linked.items[0].receipt.model == f"piano-{kind}"
    assert reproduced(receipt)[1].piece.notes == library.items[0].piece.notes
    assert 'data-do="link"' not in music_handlers.drawn(library, "en")


def test_what_cannot_stand_in_is_refused(faces: Path, copy: Copy) -> None:
    copy("mine", "faces", faces / "faces-gan", 5)
    for modality, name, step in (("music", "mine", 5), ("faces", "mine", 6), ("faces", "../mine", 5)):
        with visitor("a"), pytest.raises(UserError):
            in_use.choose(modality, name, step)
    copy("judge", "faces", faces / "faces-encoder", 5)
    with visitor("a"), pytest.raises(UserError):
        in_use.choose("faces", "judge")


def test_a_snapshot_is_kept_as_a_checkpoint_with_a_card(faces: Path, copy: Copy, tmp_path: Path) -> None:
    copy("mine", "faces", faces / "faces-gan", 5)
    run = find("mine")
    archive = zipfile.ZipFile(io.BytesIO(checkpoint_zip(run, snapshot_folder(run), tmp_path / "a.zip").read_bytes()))
    archive.extractall(tmp_path)
    checkpoint = read_checkpoint(tmp_path / "mine-5")
    card = (tmp_path / "mine-5" / "README.md").read_text(encoding="utf-8")
    assert checkpoint.id in card and "Nothing of it was evaluated" in card and "train faces --model gan" in card
    assert generation.paint([FaceRequest("gan", 3)], str(tmp_path / "mine-5"))[0].receipt.checkpoint == checkpoint.id
    with pytest.raises(UserError):
        snapshot_folder(run, 6)


def test_every_tab_says_whose_model_it_uses(tabs: Callable[[], set[str]]) -> None:
    assert {"news-in-use", "faces-in-use", "music-in-use"} <= tabs()


@pytest.mark.parametrize("training", ["on", "off"])
def test_a_page_asks_only_where_somebody_answers(training: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENAI_DEMO_TRAINING", training)
    settings.cache_clear()
    assert (" data-asks" in drawn("faces", "en")) == (training == "on")

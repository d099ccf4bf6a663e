"""What the piano tab does with what visitors press."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.music.requests import ComposeRequest, ContinueRequest, HarmoniseRequest, RewriteRequest
from genai_demo.music.theory.piece import PITCHES, TICKS
from genai_demo.settings import settings
from genai_demo.ui.music import handlers
from genai_demo.ui.music.compose import PRESETS
from genai_demo.ui.music.files import reproduced
from genai_demo.ui.music.library import Job, Library, library_of, settled
from tests.helpers.music import scale
from tests.helpers.scores import piece

TUNE = piece([(start, 1, 60 + start) for start in range(16)], [(0, 4, 48)], [(4, 4)] * 4)


def pressed(action: str, **more: Any) -> dict[str, Any]:
    fields_ = {
        "hand": "both",
        "lowest": 21,
        "highest": 108,
        "interval": 1,
        "added": 4,
        "part": "left",
        "first": 1,
        "last": 2,
    }
    return {"action": action, "place": 0, "key": library_of(TUNE).items[0].key, **fields_, **more}


def ask(action: str, **more: Any) -> Job | Library:
    return handlers.asked(library_of(TUNE), pressed(action, **more), 0.9, 0.95)


@pytest.mark.parametrize("model", ["composer", "gan"])
def test_pieces_grow_and_end_with_their_receipts(music: Path, model: str) -> None:
    *_, library = handlers.stream(Job(ComposeRequest(model, bars=4, variants=2, seed=5)), None, "turn")
    assert handlers.drawn(library, "en").count("<article") == 2
    assert not library.busy and library.turn == "turn"
    assert all(len(item.piece.bars) == 4 and item.receipt for item in library.items)


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("rewrite", RewriteRequest),
        ("keep", RewriteRequest),
        ("continue", ContinueRequest),
        ("harmonise", HarmoniseRequest),
    ],
)
def test_cards_ask_models_for_changes_that_can_be_undone(music: Path, action: str, kind: type[Any]) -> None:
    job = ask(action)
    assert isinstance(job, Job) and isinstance(job.request, kind)
    *_, library = handlers.stream(job, library_of(TUNE), "turn")
    (item,) = library.items
    assert item.receipt and item.made and item.piece.faults() == []
    undone = handlers.asked(library, pressed("undo", key=item.key), 1.0, 1.0)
    assert isinstance(undone, Library) and undone.items[0].piece == TUNE


def test_what_is_kept_stays(music: Path) -> None:
    for action, kept in (("keep", {1, 2}), ("rewrite", {0, 3})):
        job = ask(action)
        assert isinstance(job, Job)
        *_, library = handlers.stream(job, library_of(TUNE), "turn")
        after = {note for note in library.items[0].piece.notes if TUNE.bar_at(note.start) in kept}
        before = {note for note in TUNE.notes if TUNE.bar_at(note.start) in kept}
        told = [{(note.start, note.pitch, note.hand) for note in notes} for notes in (before, after)]
        assert told[0] == told[1]


def test_each_model_writes_anew_what_it_writes_best(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tune = library_of(scale(8)).items[0]
    own = replace(tune, request=ComposeRequest("gan"))
    assert handlers.rewriter(own, (0, 7), "both", PITCHES) == "gan", "the GAN its own bars"
    for item in (own, tune):
        assert handlers.rewriter(item, (2, 5), "left", PITCHES) == "masked", "the masked model four bars"
        assert handlers.rewriter(item, (2, 5), "both", (60, 72)) == "masked"
        assert handlers.rewriter(item, (2, 6), "left", PITCHES) == "composer", "the composer more"
    bent = replace(tune, piece=replace(tune.piece, notes=tuple(
        replace(note, start=note.start + TICKS // 3, length=TICKS // 3) for note in tune.piece.notes
    )))  # fmt: skip
    assert handlers.rewriter(bent, (2, 2), "both", PITCHES) == "composer", "and what the masked model cannot hear"
    with pytest.raises(UserError, match="bars"):
        handlers.rewriter(tune, (2, 8), "both", PITCHES)
    monkeypatch.setattr(handlers, "models_here", lambda: ("masked",))
    assert handlers.rewriter(own, (0, 7), "both", PITCHES) == handlers.harmoniser() == "masked"
    monkeypatch.setattr(handlers, "models_here", lambda: ("composer",))
    assert handlers.rewriter(tune, (0, 0), "both", PITCHES) == "composer"
    monkeypatch.setattr(handlers, "models_here", lambda: ("gan",))
    assert handlers.rewriter(tune, (0, 0), "both", PITCHES) == "gan"
    job = handlers.asked(library_of(TUNE), pressed("rewrite", hand=None), 1.0, 1.0)
    assert isinstance(job, Job) and job.request.model == "gan"


def test_transposing_needs_no_model() -> None:
    library = ask("higher", interval=12)
    assert isinstance(library, Library)
    assert library.items[0].piece.notes != TUNE.notes and library.turn


@pytest.mark.parametrize(
    "event",
    [
        {},
        pressed("explode"),
        pressed("undo", place=7),
        pressed("undo", key="00000000"),
        pressed("higher", interval=5),
        pressed("higher", interval=None),
        pressed("rewrite", first="1"),
        pressed("rewrite", first=2, last=9),
        pressed("rewrite", hand="third"),
        pressed("rewrite", lowest=72, highest=60),
        pressed("rewrite", lowest=None),
        pressed("continue", added=3),
        pressed("continue", added=None),
        pressed("harmonise", part="drums"),
        pressed("keep", first=0, last=3),
    ],
)
def test_what_no_card_asks_for_is_refused(music: Path, event: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        handlers.asked(library_of(TUNE), event, 1.0, 1.0)
    with pytest.raises(UserError):
        handlers.asked(None, event, 1.0, 1.0)


def test_a_stop_ends_the_model_and_keeps_what_there_is(music: Path) -> None:
    with closing(handlers.stream(Job(ComposeRequest(bars=64, seed=5)), None, "turn")) as updates:
        library = next(updates)
    stopped = settled(library)
    assert stopped and stopped.items[0].state == "stopped"
    assert 0 < len(stopped.items[0].piece.bars) < 64


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_allowed(name: str) -> None:
    ComposeRequest(**PRESETS[name]).check()


def test_a_damaged_model_says_so_while_the_others_work(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "checkpoints"
    shutil.copytree(music, here)
    weights = here / "piano-gan" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(here))
    settings.cache_clear()
    wrong = handlers.problem("gan")
    assert wrong and all("piano-gan" in wrong.in_language(language) for language in LANGUAGES)
    assert handlers.problem("composer") is None
    with pytest.raises(UserError):
        handlers.check(ComposeRequest("gan"))
    with pytest.raises(UserError):
        list(handlers.stream(Job(ComposeRequest("gan", bars=4)), None, "turn"))
    assert handlers.models_here() == ("composer", "gan", "masked")
    shutil.rmtree(here / "piano-masked")
    assert handlers.models_here() == handlers.composers_here() == ("composer", "gan")


def test_music_of_other_actions_is_told_as_it_is(music: Path) -> None:
    receipt = Receipt("music", "compose", "piano-composer", "c0ffee", {})
    with pytest.raises(UserError) as refusal:
        reproduced(receipt)
    assert refusal.value.key == "engine.receipt_lacks"


def test_going_on_drops_bars_only_where_that_was_asked_for() -> None:
    bars = len(TUNE.bars)
    for behind, kept in (({}, bars), ({"from": "end"}, bars), ({"from": "chosen"}, 2)):
        job = ask("continue", first=0, last=1, added=4, **behind)
        assert isinstance(job, Job) and isinstance(job.request, ContinueRequest)
        assert job.request.keep == kept


def test_what_is_left_is_told_once_it_can_be() -> None:
    growing = replace(library_of(TUNE).items[0], state="growing")
    for seconds, progress, left in ((4.0, 0.25, 12), (0.1, 0.25, 0), (4.0, 0.0, 0), (4.0, 0.95, 0)):
        assert Library((growing,), seconds=seconds, progress=progress).seconds_left == left
    assert Library(library_of(TUNE).items, seconds=4.0, progress=0.25).seconds_left == 0

"""What is chosen on the page is a command, the one that is shown; what is not allowed is refused in a sentence."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from genai_demo.catalogue import sentences
from genai_demo.engine.runs.record import Record, write_record
from genai_demo.engine.runs.registry import find
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.modalities import modalities
from genai_demo.settings import settings
from genai_demo.ui.training import choosing
from genai_demo.ui.training.acting import command
from genai_demo.ui.training.choosing import SIZE, data_title, described, form_of, options_of, preset, settings_of
from genai_demo.ui.training.offer import families, hub_told, label_of

ALL = [(modality.name, family) for modality in modalities().values() for family in modality.trainable]


def parsed(modality: str, words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=True)
    modalities()[modality].commands.add_train_options(parser)
    return parser.parse_args(words)


def form(modality: str, family: str, name: str, **more: Any) -> dict[str, Any]:
    known = modalities()[modality].trainable[family]
    return {"family": family, "data": next(iter(known.data)), "values": preset(known, name, False), **more}


@pytest.mark.parametrize(("modality", "family"), ALL)
def test_every_preset_of_every_family_is_a_command_that_is_understood(modality: str, family: str) -> None:
    known = modalities()[modality]
    for name, values in known.trainable[family].presets.items():
        words = command(known, form(modality, family, name)).split()
        assert words[:5] == ["python", "-m", "genai_demo", "train", modality]
        options = parsed(modality, words[5:])
        assert (options.model, options.minutes) == (family, values["minutes"])
        assert (options.tick_seconds, options.state_minutes) == (1, 0.5)
        sizes = {name: one if isinstance(one, tuple) else (one,) for name, one in values.get("size", {}).items()}
        # Those that are the defaults are not typed.
        assert set(options.size) <= {f"{name}={','.join(map(str, one))}" for name, one in sizes.items()}


@pytest.mark.parametrize(("modality", "family"), ALL)
def test_every_setting_is_told_in_both_languages(modality: str, family: str) -> None:
    known = modalities()[modality]
    for start in (False, True):
        for name, (_, field) in settings_of(known, family, start).items():
            told = {label_of(name, field, f"{modality}_{family}", language) for language in ("en", "zh")}
            assert len(told) == 2 and all(label and info for label, info in told), name
    for key in (f"training.family_{modality}_{family}", f"training.family_{modality}_{family}_info"):
        assert key in sentences("en")


@pytest.mark.parametrize(("modality", "family"), ALL)
def test_every_number_is_told_with_what_too_much_and_too_little_of_it_do(modality: str, family: str) -> None:
    known = modalities()[modality]
    for start in (False, True):
        for name, (_, field) in settings_of(known, family, start).items():
            if described(field)["kind"] in ("switch", "choice") or name == "seed":
                continue
            for language, mark in (("en", ": "), ("zh", "：")):
                _, info = label_of(name, field, f"{modality}_{family}", language)
                assert info.count(mark) >= 2, (name, info)


def test_a_data_set_of_the_hub_is_named_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    text = modalities()["text"]
    chosen = {"family": "gru", "data": "hub: fancyzhx/ag_news", "values": {"minutes": 1}}
    options = options_of(text, chosen)
    assert (options["data"], options["hold_out"]) == ("fancyzhx/ag_news", 0.1)
    assert data_title(chosen) == "fancyzhx/ag_news"
    parsed("text", command(text, chosen).split()[5:])
    assert all(hub_told(name, language) for name in modalities() for language in ("en", "zh"))
    monkeypatch.setenv("GENAI_DEMO_HUB", "0")
    settings.cache_clear()
    with pytest.raises(UserError) as refused:
        options_of(text, chosen)
    assert refused.value.key == "runs.no_hub" and not hub_told("text", "en")


def test_only_what_differs_from_the_defaults_is_typed() -> None:
    text = modalities()["text"]
    values = {"minutes": "2", "learning_rate": "0.0025", "weight_decay": 0.2, "size.hidden": 64, "seed": ""}
    options = options_of(text, {"family": "gru", "data": "sample", "values": values})
    assert options["weight_decay"] == 0.2 and options["size"] == ["hidden=64"]
    assert not {"learning_rate", "seed"} & options.keys()
    faces = modalities()["faces"]
    switched = options_of(faces, {"family": "dcgan", "data": "sample", "values": {"flip": False}})
    assert switched["no_flip"] is True and "flip" not in switched
    wide = options_of(faces, {"family": "encoder", "data": "sample", "values": {"size.widths": "8， 8,8,8,8"}})
    assert wide["size"] == ["widths=8,8,8,8,8"]


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("engine.not_one_of", {"family": "transformer"}),
        ("engine.not_one_of", {"values": {"colour": 1}}),
        ("engine.out_of_range", {"values": {"learning_rate": "fast"}}),
        ("engine.out_of_range_whole", {"values": {"batch_size": 0.5}}),
        ("engine.out_of_range", {"values": {"minutes": "nan"}}),
        ("engine.out_of_range_whole", {"values": {f"{SIZE}hidden": 0}}),
        ("training.no_data", {"data": "/etc/passwd"}),
        ("training.no_data", {"data": ""}),
        ("training.bad_hub", {"data": "hub:"}),
        ("training.bad_hub", {"data": "hub:/etc/passwd"}),
        ("training.bad_hub", {"data": "hub:../runs"}),
        ("training.bad_hub", {"data": "hub:genai_demo/text"}),
        ("training.upload_gone", {"upload": "../../etc/passwd"}),
        ("training.upload_gone", {"upload": "0123456789abcdef/gone.csv"}),
        ("training.bad_start", {"start": "/etc"}),
        ("training.no_start", {"family": "topics", "start": "shipped"}),
        ("runs.unknown", {"start": "run:../elsewhere"}),
        ("runs.unknown", {"data": "run:nothing"}),
    ],
)
def test_what_is_not_allowed_is_refused(key: str, changes: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refusal:
        options_of(modalities()["text"], {"family": "gru", "data": "sample", "values": {}, **changes})
    assert refusal.value.key == key


def test_a_run_can_be_started_again_with_other_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENAI_DEMO_RUNS", str(tmp_path))
    settings.cache_clear()
    text = modalities()["text"]
    words = command(text, form("text", "gru", "first_look")).split()[:-2]
    run = RunFolder(tmp_path / "one")
    run.path.mkdir()
    run.write_status("stopped")
    write_record(run.path, Record(tuple(words), "Mine"))
    again = form_of(find("one"), text)
    assert (again["family"], again["data"], again["values"]["size.hidden"]) == ("gru", "run:one", "128")
    options = options_of(text, {**again, "values": {**again["values"], "seed": 5}})
    assert options["seed"] == 5
    rest = {name: value for name, value in options.items() if name != "seed"}
    assert rest == options_of(text, form("text", "gru", "first_look"))
    assert {one["value"] for one in families(text, [], "en")[0]["starts"]} == {"", "shipped"}


def test_weights_that_are_there_bring_their_sizes() -> None:
    faces = modalities()["faces"]
    chosen = {"family": "vae", "data": "sample", "start": "shipped", "values": {"minutes": 1, "pull": 0.1}}
    options = options_of(faces, chosen)
    assert Path(options["start"]).name == "faces-vae" and options["pull"] == 0.1 and "size" not in options
    with pytest.raises(UserError):
        options_of(faces, {**chosen, "values": {"size.latent": 4}})


def test_larger_batches_are_offered_where_a_gpu_is(monkeypatch: pytest.MonkeyPatch) -> None:
    known = modalities()["faces"].trainable["gan"]
    usual = choosing.preset(known, "first_look", False)["batch_size"]
    monkeypatch.setattr(choosing, "gpus", lambda: 1)
    assert choosing.preset(known, "first_look", False)["batch_size"] == 4 * usual
    assert choosing.preset(known, "as_shipped", False)["batch_size"] == known.presets["as_shipped"]["batch_size"]
    (family,) = [one for one in families(modalities()["faces"], [], "en") if one["name"] == "gan"]
    assert f"batches are of {4 * usual} examples and not of {usual}" in family["presets"][0]["info"]
    assert family["presets"][0]["values"]["batch_size"] == 4 * usual


def test_sets_of_the_network_are_offered_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"family": "textbook-vae", "data": "fashion-mnist", "values": {"minutes": 1}}
    assert choosing.options_of(modalities()["faces"], asked)["data"] == "fashion-mnist"
    assert "mnist" not in choosing.data_of(modalities()["faces"].trainable["vae"])
    monkeypatch.setenv("GENAI_DEMO_HUB", "0")
    settings.cache_clear()
    with pytest.raises(UserError) as refused:
        choosing.options_of(modalities()["faces"], asked)
    assert refused.value.key == "training.no_data"

"""`publish` fills a hub with exactly what it lists; what was published can be loaded from there by others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.hosting.files import space_files
from genai_demo.hosting.model import CARD, model_files
from tests.helpers.hub_writing import TOKEN, WrittenHub, written_hub


@pytest.fixture
def hub() -> Iterator[WrittenHub]:
    with written_hub() as made:
        yield made


def run(root: Path, home: Path, hub: WrittenHub, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with some words as somebody who is logged in, and who knows no other hub than `hub`."""
    ours = {"HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    return subprocess.run(
        [sys.executable, *words], cwd=root, env=kept | ours | environment, capture_output=True, text=True, check=False
    )


PUBLISH = ("-m", "genai_demo", "publish")


def test_a_space_is_what_was_listed_and_nothing_else(root: Path, tmp_path: Path, hub: WrittenHub) -> None:
    dry = run(root, tmp_path, hub, *PUBLISH, "space", "demo", "--dry-run", HF_TOKEN="")
    assert dry.returncode == 0, dry.stderr
    names = space_files(root)
    assert [line.split()[-1] for line in dry.stdout.splitlines()[:-1]] == names
    assert hub.asked == [], "a dry run asks nobody"

    done = run(root, tmp_path, hub, *PUBLISH, "space", "demo", "--hardware", "zero-a10g", "--private")
    assert done.returncode == 0, done.stderr
    (made,) = hub.made
    assert (made["type"], made["sdk"], made["hardware"]) == ("space", "gradio", "zero-a10g")
    assert made["visibility"] == "private"
    files = hub.files["space", "me/demo"]
    assert files.keys() == {*names, ".gitattributes"}, (
        "what is no longer there is removed, and the hub's own file stays"
    )
    assert all((root / name).read_bytes() == files[name] for name in names)
    assert hub.tokens == {f"Bearer {TOKEN}", ""} or hub.tokens == {f"Bearer {TOKEN}"}
    assert f"{hub.address}/spaces/me/demo" in done.stdout


LOAD = """
import json, sys, torch
from genai_demo.hosting.pretrained import Pretrained
from genai_demo.engine.models.checkpoint import read_checkpoint
from huggingface_hub import PyTorchModelHubMixin
made = Pretrained.from_pretrained("me/headlines")
wanted = read_checkpoint(__import__("pathlib").Path(sys.argv[1])).weights()
assert not made.training and wanted.keys() == made.network.state_dict().keys()
assert all(torch.equal(made.network.state_dict()[name], tensor) for name, tensor in wanted.items())

class Plain(Pretrained):
    "The hub's own loader, which knows nothing of checkpoints."
    _from_pretrained = classmethod(PyTorchModelHubMixin._from_pretrained.__func__)

plain = Plain.from_pretrained("me/headlines")
assert all(torch.equal(plain.network.state_dict()[name], tensor) for name, tensor in wanted.items())
print(type(made.network).__name__)
"""


def test_a_published_model_loads_with_the_mixin_of_the_hub(root: Path, tmp_path: Path, hub: WrittenHub) -> None:
    done = run(root, tmp_path, hub, *PUBLISH, "model", "news-gru", "--to", "me/headlines")
    assert done.returncode == 0, done.stderr
    files = hub.files["model", "me/headlines"]
    assert files.keys() == {".gitattributes", "README.md", "config.json", "model.safetensors", "tokenizer.json"}
    assert "me/headlines" in files["README.md"].decode() and "pytorch_model_hub_mixin" in files["README.md"].decode()
    loaded = run(root, tmp_path / "other", hub, "-c", LOAD, str(root / "checkpoints" / "news-gru"), HF_TOKEN="")
    assert loaded.returncode == 0, loaded.stderr[-2000:]
    assert loaded.stdout.split()[-1] == "GruModel"


@pytest.mark.parametrize("name", ["news-gru", "news-masked", "faces-vae"])
def test_a_model_on_the_hub_is_the_same_checkpoint(name: str, root: Path, tmp_path: Path) -> None:
    """Its id stays, so receipts that name it are kept; all files that its configuration names are there."""
    files = model_files(str(root / "checkpoints" / name), name, tmp_path)
    assert read_checkpoint(tmp_path).id == read_checkpoint(root / "checkpoints" / name).id
    card = files[CARD].read_text(encoding="utf-8")
    assert read_checkpoint(tmp_path).id in card
    assert json.loads(files["config.json"].read_text())["modality"] in ("text", "faces")
    assert {"news-gru": 1, "news-masked": 2, "faces-vae": 1}[name] == len(list(tmp_path.glob("model*.safetensors")))


def test_refusals_are_a_sentence(root: Path, tmp_path: Path, hub: WrittenHub) -> None:
    nobody = run(root, tmp_path, hub, *PUBLISH, "space", "demo", HF_TOKEN="")
    assert nobody.returncode == 2 and "hf auth login" in nobody.stderr
    strange = run(root, tmp_path, hub, *PUBLISH, "space", "a/b/c")
    assert strange.returncode == 2 and "a/b/c" in strange.stderr
    assert hub.asked == []
    hub.refuses = "You need a PRO plan to create this Space."
    refused = run(root, tmp_path, hub, *PUBLISH, "space", "demo")
    assert refused.returncode == 2 and "PRO plan" in refused.stderr and "Traceback" not in refused.stderr
    away = run(root, tmp_path, hub, *PUBLISH, "space", "demo", HF_ENDPOINT="http://127.0.0.1:9")
    assert away.returncode == 2 and "Traceback" not in away.stderr

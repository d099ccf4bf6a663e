"""A checkpoint as a model on the hub: what its repository holds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from genai_demo.engine.files import write_json, write_text
from genai_demo.engine.models.checkpoint import CONFIG, Checkpoint, read_checkpoint
from genai_demo.engine.models.lineage import best_checkpoint
from genai_demo.engine.models.weights import WEIGHTS, is_weights, weight_files
from genai_demo.errors import UserError
from genai_demo.modalities import modalities
from genai_demo.settings import settings

CARD = "README.md"
_TAGS = ("pytorch_model_hub_mixin", "model_hub_mixin")
_USE = """
## Use it

With this program, in a folder of a clone of it:

```bash
hf download {name} --local-dir {folder}
python -m genai_demo generate {modality} --model {folder}
```

As a network of PyTorch, there too:

```python
from genai_demo.hosting.pretrained import Pretrained

network = Pretrained.from_pretrained("{name}").network
```
"""


def modality_of(checkpoint: Checkpoint) -> str:
    """Return the modality whose model a checkpoint is; several know a family of the same name, so it is loaded.

    Raises:
        UserError: no modality can load it.
    """
    for name, modality in modalities().items():
        try:
            modality.service.registry.load(str(checkpoint.folder))
        except UserError:
            continue
        return name
    raise UserError("hosting.no_modality", folder=checkpoint.folder, family=checkpoint.family)


def model_files(name: str, to: str, folder: Path) -> dict[str, Path]:
    """Return the files of a model's repository by their place in it; what differs from the checkpoint is in `folder`.

    Weights that are parted for hosts that keep them in git are one file again, which is what `PyTorchModelHubMixin`
    reads, wherever the checkpoint's id allows it: the id stays.

    Args:
        name: of a checkpoint that ships, or the folder of a checkpoint or run.
        to: name on the hub.
        folder: an empty one.

    Raises:
        UserError: there is no whole checkpoint, or it is of no modality.
    """
    shipped = settings().checkpoints / name
    checkpoint = read_checkpoint(best_checkpoint(shipped if shipped.is_dir() else Path(name)))
    modality = modality_of(checkpoint)
    config = json.loads((checkpoint.folder / CONFIG).read_text(encoding="utf-8"))
    parts = weight_files(checkpoint.folder)
    listed = dict(config["files"])
    if len(parts) > 1 and WEIGHTS in listed:
        _join(checkpoint.folder, parts[1:], folder / WEIGHTS)
        listed = {one: digest for one, digest in listed.items() if one not in parts}
    else:
        for part in parts:
            shutil.copyfile(checkpoint.folder / part, folder / part)
    for one in listed:
        if not is_weights(one):
            shutil.copyfile(checkpoint.folder / one, folder / one)
    write_json(folder / CONFIG, {**config, "files": listed, "modality": modality})
    if read_checkpoint(folder).id != checkpoint.id:
        raise UserError("engine.damaged", file=checkpoint.folder / WEIGHTS, reason="checksum")
    write_text(folder / CARD, _card(checkpoint, modality, to))
    return {file.name: file for file in sorted(folder.iterdir())}


def _join(source: Path, parts: list[str], target: Path) -> None:
    from safetensors.torch import load_file, save_file

    save_file({name: tensor for part in parts for name, tensor in load_file(source / part).items()}, target)


def _card(checkpoint: Checkpoint, modality: str, to: str) -> str:
    """Return the checkpoint's card, or a short one of a run, with what the hub and its readers need besides."""
    import yaml

    file = checkpoint.folder / CARD
    text = file.read_text(encoding="utf-8") if file.is_file() else f"---\n{{}}\n---\n\n# {to}\n"
    _, head, body = text.split("---\n", 2)
    front = yaml.safe_load(head) or {}
    front["library_name"] = "pytorch"
    front["tags"] = [*front.get("tags", []), *(tag for tag in _TAGS if tag not in front.get("tags", []))]
    title = to.rpartition("/")[2]
    use = _USE.format(name=to if "/" in to else f"YOUR-NAME/{to}", folder=title, modality=modality)
    written = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    return f"---\n{written}---\n{body.rstrip()}\n{use}"

"""A checkpoint is data, never code: a folder with safetensors, JSON and a card.

    model.safetensors   the weights; of large ones there are several files, and an index: see `weights.py`
    config.json         {"family": ..., "model": {...}, "trained": {...}, "files": {name: sha256}}
    README.md           the model card (in `checkpoints/`)
    ...                 further data files, such as a tokenizer

The configuration holds the hash of every file but the card: a damaged one is noticed.

The id of a checkpoint is a hash of all that its results depend on: weights, model configuration, files. Where the
configuration of one with several files of weights holds a hash of `model.safetensors`, too, it is that of all of them
in one file, and the id is the one that they would have there: parting them changes no receipt.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genai_demo.engine.files import write_json
from genai_demo.engine.models.weights import INDEX, WEIGHTS, check_length, joined_hash, weight_files, write_weights
from genai_demo.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

CONFIG = "config.json"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint's description; the weights stay on disk until `weights` is called."""

    folder: Path
    id: str
    """12 hexadecimal digits"""
    family: str
    """which network it is for, such as "gru\""""
    model: dict[str, Any]
    """fields of the network's configuration"""
    trained: dict[str, Any]
    """how it came about: data, examples, seconds, versions"""

    def weights(self) -> dict[str, Tensor]:
        """Return the weights by name, on the CPU, in single precision.

        Raises:
            UserError: the file is damaged, or holds a weight that is not a number.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        tensors: dict[str, Tensor] = {}
        for name in weight_files(self.folder):
            if name != INDEX:
                try:
                    tensors |= load_file(self.folder / name)
                except (SafetensorError, OSError) as error:
                    raise _damaged(self.folder, name, str(error)) from error
        if not _all_finite(tensors):
            raise UserError("engine.not_finite", file=self.folder / WEIGHTS)
        return {
            name: tensor.to(torch.float32) if tensor.is_floating_point() else tensor for name, tensor in tensors.items()
        }


def _all_finite(tensors: dict[str, Tensor]) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in tensors.values() if tensor.is_floating_point())


def _damaged(folder: Path, name: str, reason: str) -> UserError:
    """Return the sentence about a damaged file: what a run wrote cannot be fetched again."""
    key = "engine.damaged_snapshot" if _of_a_run(folder) else "engine.damaged"
    return UserError(key, file=folder / name, reason=reason)


def _of_a_run(folder: Path) -> bool:
    return folder.parent.name == "snapshots" and (folder.parent.parent / "status.json").is_file()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _id(weights_hash: str, family: str, model: dict[str, Any], files: dict[str, str]) -> str:
    description = json.dumps([weights_hash, family, model, files], sort_keys=True)
    return hashlib.sha256(description.encode()).hexdigest()[:12]


def save_checkpoint(
    folder: Path,
    weights: dict[str, Tensor],
    family: str,
    model: dict[str, Any],
    trained: dict[str, Any],
    files: dict[str, Path] | None = None,
    half: bool = False,
    parted: bool = False,
) -> Checkpoint:
    """Write a checkpoint and return its description.

    Args:
        folder: where; made if it is missing, its former checkpoint is replaced.
        weights: tensors of any shape by name.
        files: further files to take along, by their name in the checkpoint.
        half: store floating-point weights in half precision.
        parted: store them in files that every host takes.

    Raises:
        UserError: a weight is not a number, or too large for half precision.
    """
    import torch

    kept = {}
    for name, tensor in weights.items():
        tensor = tensor.detach().cpu()
        kept[name] = (tensor.to(torch.float16) if half and tensor.is_floating_point() else tensor).contiguous().clone()
    if not _all_finite(kept):
        raise UserError("engine.not_finite", file=folder / WEIGHTS)
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(folder, kept, parted)
    written = weight_files(folder)
    hashes = {name: _sha256(folder / name) for name in written}
    if len(written) > 1:
        hashes[WEIGHTS] = joined_hash(folder, written[1:])
    for name, source in (files or {}).items():
        if source.resolve() != (folder / name).resolve():
            shutil.copyfile(source, folder / name)
        hashes[name] = _sha256(folder / name)
    write_json(folder / CONFIG, {"family": family, "model": model, "trained": trained, "files": hashes})
    return read_checkpoint(folder)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint's description and make sure that its files are whole; loads no torch.

    Raises:
        UserError: a file is missing or damaged; the sentence names it.
    """
    if not (folder / CONFIG).is_file():
        raise _missing(folder, CONFIG)
    weights = _checked_weights(folder)
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        family, model, trained, files = (config[key] for key in ("family", "model", "trained", "files"))
        files, model, trained = dict(files), dict(model), dict(trained)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, CONFIG, str(error)) from error
    parted = INDEX in weights and WEIGHTS in files
    if parted:
        weights, files = [WEIGHTS], _whole_files(folder, weights, files)
        hashes = {WEIGHTS: files.pop(WEIGHTS)}
    else:
        hashes = {name: _sha256(folder / name) for name in weights}
    for name, expected in files.items():
        if not (folder / name).is_file():
            raise _missing(folder, name)
        if name not in hashes:
            hashes[name] = _sha256(folder / name)
        if hashes[name] != expected:
            raise _damaged(folder, name, "checksum")
    return Checkpoint(folder, _id(hashes.pop(weights[0]), family, model, hashes), family, model, trained)


def _whole_files(folder: Path, parts: list[str], files: dict[str, str]) -> dict[str, str]:
    """Return what the configuration says of files but for parts of the weights, which are those that it names.

    Raises:
        UserError: a part is damaged, or all of them together are other weights.
    """
    try:
        joined = joined_hash(folder, parts[1:])
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, INDEX, str(error)) from error
    if joined != files[WEIGHTS]:
        other = (name for name in parts if files.get(name) != _sha256(folder / name))
        raise _damaged(folder, next(other, CONFIG), "checksum")
    return {name: digest for name, digest in files.items() if name not in parts}


def _missing(folder: Path, name: str) -> UserError:
    """Return the sentence about a file that is not there."""
    if (folder / "status.json").is_file():
        return UserError("engine.no_snapshot", run=folder)
    return UserError("engine.missing_in_snapshot" if _of_a_run(folder) else "engine.missing", file=folder / name)


def _checked_weights(folder: Path) -> list[str]:
    """Return the names of the files of weights, each of which is as long as it says."""
    try:
        names = weight_files(folder)
    except ValueError as error:
        raise _damaged(folder, INDEX, str(error)) from error
    for name in names:
        if not (folder / name).is_file():
            raise _missing(folder, name)
        if name != INDEX:
            try:
                check_length(folder / name)
            except ValueError as error:
                raise _damaged(folder, name, str(error)) from error
    return names

"""The weights of a checkpoint: one safetensors file, or several with an index where a host refuses large ones."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
"""names the file of each tensor, as Hugging Face's libraries write and read it"""
LARGEST_FILE = 10_000_000
"""bytes: what the Hugging Face hub takes in a plain git push"""
_HEADER = 100_000
"""bytes that stay free for what a file says of its tensors"""
_TYPES = (
    *("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "I16", "U16", "F16", "BF16"),
    *("I32", "U32", "F32", "F64", "I64", "U64"),
)
"""how safetensors sorts what a file holds, the last first"""
_PART = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")


def is_weights(name: str) -> bool:
    """Return whether a file of a checkpoint holds weights, or says where they are."""
    return name in (WEIGHTS, INDEX) or _PART.fullmatch(name) is not None


def weight_files(folder: Path) -> list[str]:
    """Return the names of a checkpoint's files of weights, of which the first names the others where there are some.

    Raises:
        ValueError: the index is damaged.
    """
    if not (folder / INDEX).is_file():
        return [WEIGHTS]
    try:
        parts = set(json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"].values())
        if not parts or not all(_PART.fullmatch(part) for part in parts):
            raise ValueError("names")
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return [INDEX, *sorted(parts)]


def write_weights(folder: Path, tensors: dict[str, Tensor], parted: bool) -> None:
    """Write weights, in place of those that are there.

    Args:
        folder: of the checkpoint.
        tensors: of any shape by name, contiguous, on the CPU.
        parted: whether no file may be larger than `LARGEST_FILE`; a tensor that is larger by itself still is.
    """
    from huggingface_hub import split_torch_state_dict_into_shards
    from safetensors.torch import save_file

    room = LARGEST_FILE - _HEADER if parted else sys.maxsize
    split = split_torch_state_dict_into_shards(tensors, max_shard_size=room)
    written = {INDEX} if split.is_sharded else set()
    for name, members in (split.filename_to_tensors or {WEIGHTS: []}).items():
        temporary = folder / f".{name}"
        save_file({member: tensors[member] for member in members}, temporary)
        temporary.chmod(0o644)  # whoever serves the page may be another user than the one who exported
        temporary.replace(folder / name)
        written.add(name)
    if split.is_sharded:
        index = {"metadata": split.metadata, "weight_map": split.tensor_to_filename}
        (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    for file in folder.iterdir():
        if is_weights(file.name) and file.name not in written:
            file.unlink()


def joined_hash(folder: Path, parts: Sequence[str]) -> str:
    """Return the SHA-256 of the one file in which safetensors would write the tensors of several.

    Args:
        folder: of the checkpoint.
        parts: names of its files of weights; what else they tell than tensors is left out.

    Raises:
        ValueError: a file is damaged, or holds a tensor that another one holds, or of a type that has no place.
    """
    places: dict[str, tuple[Path, dict[str, Any]]] = {}
    for part in parts:
        for name, entry in check_length(folder / part).items():
            if name in places or entry["dtype"] not in _TYPES:
                raise ValueError(name)
            places[name] = folder / part, entry
    names = sorted(places, key=lambda name: (-_TYPES.index(places[name][1]["dtype"]), name.encode()))
    header, end = {}, 0
    for name in names:
        entry = places[name][1]
        begin, end = end, end + entry["data_offsets"][1] - entry["data_offsets"][0]
        header[name] = {"dtype": entry["dtype"], "shape": entry["shape"], "data_offsets": [begin, end]}
    written = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    written += b" " * (-len(written) % 8)
    digest = hashlib.sha256(len(written).to_bytes(8, "little") + written)
    for name in names:
        file, entry = places[name]
        with file.open("rb") as stream:
            data = 8 + int.from_bytes(stream.read(8), "little")
            stream.seek(data + entry["data_offsets"][0])
            digest.update(stream.read(entry["data_offsets"][1] - entry["data_offsets"][0]))
    return digest.hexdigest()


def check_length(file: Path) -> dict[str, dict[str, Any]]:
    """Return the tensors of a safetensors file as its header tells them, once it is as long as that says.

    Raises:
        ValueError: it is not.
    """
    size = file.stat().st_size
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 0 < length <= size - 8:
                raise ValueError("header")
            header = json.loads(stream.read(length))
        end = max((entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if size != 8 + length + end:
        raise ValueError(f"{size} bytes, not {8 + length + end}")
    return {name: entry for name, entry in header.items() if name != "__metadata__"}

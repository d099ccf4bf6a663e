"""Says in plain words what is here, and what is wrong."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from genai_demo import __version__
from genai_demo.engine.models.checkpoint import CONFIG, read_checkpoint
from genai_demo.errors import UserError
from genai_demo.marks.signing_key import FILE, signing_key
from genai_demo.modalities import modalities
from genai_demo.settings import settings

_PACKAGES = ("torch", "torchvision", "gradio", "accelerate", "safetensors", "c2pa-python")
"""what the engine and the page need"""


def doctor() -> int:
    """Print the state of this installation; return 0 if all is well, 1 if something is wrong."""
    wrong: list[str] = []
    print(f"GenAI Demo {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for package in (*_PACKAGES, *(package for one in modalities().values() for package in one.packages)):
        try:
            print(f"  {package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{package} is not installed: run make run, or pip install -r requirements.txt.")
    wrong += _check_device() + _check_key()
    print(f"Checkpoints in {settings().checkpoints}:")
    folders = sorted(path for path in _subfolders(settings().checkpoints) if not path.name.startswith("."))
    if not folders:
        wrong.append("There are no checkpoints: clone the repository again, or train a model.")
    for folder in folders:
        try:
            checkpoint = read_checkpoint(folder)
            print(f"  {folder.name}: {checkpoint.family}, id {checkpoint.id}")
        except UserError as error:
            wrong.append(str(error))
    print(f"Runs in {settings().runs}: {sum((path / CONFIG).is_file() for path in _subfolders(settings().runs))}")
    for sentence in wrong:
        print(f"Wrong: {sentence}")
    print("Something is wrong." if wrong else "All is well.")
    return 1 if wrong else 0


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _check_key() -> list[str]:
    try:
        signing_key()
    except UserError as error:
        return [str(error)]
    host, own = settings().c2pa_key, settings().data / FILE
    if host is None and not own.is_file():
        return [f"{own} cannot be written: files are signed with a key that lasts as long as the program runs."]
    if os.name == "posix" and (host or own).stat().st_mode & 0o077:
        return [f"{host or own} can be read by others: chmod 600 {host or own}"]
    print(f"Content Credentials are signed with {host or own}")
    return []


def _check_device() -> list[str]:
    try:
        import torch

        from genai_demo.engine.nn.int8 import fast_products
        from genai_demo.engine.training.device import bf16_speedup, choose_device
    except (ImportError, OSError) as error:
        return [f"torch cannot be loaded ({error}): install it again with pip install -r requirements.txt."]
    try:
        device = choose_device()
    except UserError as error:
        return [str(error)]
    if device.type == "cuda":
        print(f"Device: {torch.cuda.get_device_name(device)}")
    else:
        print(
            f"Device: {device.type}, {torch.get_num_threads()} threads of {os.cpu_count()} cores, "
            f"bf16 {bf16_speedup():.1f} times as fast as single precision"
        )
    path = (
        "products of eight bits" if fast_products() else "single precision, since this processor adds up too few bits"
    )
    print(f"Texts are written token by token in numbers of eight bits, by {path}")
    return []

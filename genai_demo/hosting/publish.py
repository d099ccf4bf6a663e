"""`publish`: puts the page on the Hugging Face hub as a Space, or a checkpoint as a model.

Nothing leaves the machine but what is listed, and with `--dry-run` nothing at all. Who publishes is whom the hub's own
login (`hf auth login`) or its variable HF_TOKEN names: no token is asked for, read or kept here.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genai_demo.catalogue import message, terminal_language
from genai_demo.errors import UserError
from genai_demo.hosting.files import space_files
from genai_demo.hosting.space import ROOT, space_problems

if TYPE_CHECKING:
    from huggingface_hub import HfApi


def add_publish_options(parser: argparse.ArgumentParser) -> None:
    """Add what `publish` can be told."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    space = kinds.add_parser("space", help="the page, as a Space that others can visit")
    space.add_argument("name", metavar="NAME", help="of the Space: mine/demo, or demo for one of your own account")
    space.add_argument(
        "--hardware", metavar="FLAVOUR", help="such as zero-a10g (ZeroGPU) or cpu-basic; the hub's choice without it"
    )
    model = kinds.add_parser("model", help="a checkpoint with its card, for from_pretrained and for this program")
    model.add_argument("name", metavar="NAME", help="of the checkpoint, or the folder of a checkpoint or run")
    model.add_argument("--to", metavar="NAME", help="of the model on the hub (as here, in your own account)")
    for kind in (space, model):
        kind.add_argument("--private", action="store_true", help="let nobody but you see it, if it is new")
        kind.add_argument("--dry-run", action="store_true", help="list what would go where, and send nothing")


def publish(options: argparse.Namespace) -> None:
    """Do what `publish` is told.

    Raises:
        UserError: the repository would not start as a Space, the checkpoint is damaged, nobody is logged in, or the hub
            refused something.
    """
    if options.kind == "space":
        problems = space_problems(ROOT)
        if problems:
            raise problems[0]
        files = {name: ROOT / name for name in space_files(ROOT)}
        _send("space", options.name, files, options, options.hardware)
        return
    from genai_demo.hosting.model import model_files

    with _folder() as folder:
        to = options.to or Path(options.name).resolve().name
        files = model_files(options.name, to, folder)
        _send("model", to, files, options, None)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="genai-demo-publish-") as name:
        yield Path(name)


def _send(kind: str, name: str, files: Mapping[str, Path], options: argparse.Namespace, hardware: str | None) -> None:
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise UserError("hosting.bad_name", value=name[:100]) from error
    language = terminal_language()
    for place, file in files.items():
        print(f"{file.stat().st_size:>12,}  {place}")
    total = f"{sum(file.stat().st_size for file in files.values()) / 1e6:.1f}"
    values = {"count": len(files), "size": total, "name": name, "kind": kind}
    print(message("hosting.would_go" if options.dry_run else "hosting.goes", language, **values))
    if not options.dry_run:
        address = _upload(kind, name, files, options.private, hardware)
        print(message("hosting.gone", language, address=address))


def _upload(kind: str, name: str, files: Mapping[str, Path], private: bool, hardware: str | None) -> str:
    """Let a repository on the hub, made where there is none, hold these files and no others; return its address.

    What the hub keeps for itself, `.gitattributes`, stays.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if get_token() is None:
        raise UserError("hosting.not_logged_in")
    api: HfApi = HfApi()
    unreachable: tuple[type[BaseException], ...] = (OfflineModeIsEnabled, OSError, *_transport_errors())
    made: dict[str, Any] = {"space_sdk": "gradio", "space_hardware": hardware} if kind == "space" else {}
    try:
        known = api.create_repo(name, repo_type=kind, private=private or None, exist_ok=True, **made)
        there = set(api.list_repo_files(known.repo_id, repo_type=kind)) - {".gitattributes"}
        api.create_commit(
            known.repo_id,
            [
                *(CommitOperationAdd(place, file) for place, file in files.items()),
                *(CommitOperationDelete(place) for place in sorted(there - files.keys())),
            ],
            commit_message="GenAI Demo",
            repo_type=kind,
        )
    except HfHubHTTPError as error:
        reason = error.server_message or str(error).splitlines()[0]
        raise UserError("hosting.hub_refused", name=name, reason=" ".join(reason.split())[:300]) from error
    except unreachable as error:
        raise UserError("hosting.hub_unreachable", reason=" ".join(str(error).split())[:200]) from error
    return str(known)


def _transport_errors() -> tuple[type[Exception], ...]:
    """Return what the hub's client raises where nobody answers: its versions speak through other packages."""
    found: list[type[Exception]] = []
    for package in ("httpx2", "httpx", "requests.exceptions"):
        with suppress(ImportError):
            module = importlib.import_module(package)
            found.append(getattr(module, "HTTPError", None) or module.RequestException)
    return tuple(found)

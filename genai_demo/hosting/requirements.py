"""What a Space installs: requirements.txt, after pre-requirements.txt, which no other place reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.errors import UserError
from genai_demo.hosting.rules import BROUGHT, ZERO_TORCH

if TYPE_CHECKING:
    from packaging.requirements import Requirement

FILE, FIRST = "requirements.txt", "pre-requirements.txt"


def read_requirements(file: Path) -> tuple[dict[str, Requirement], list[str]]:
    """Return the requirements of a file by name, and the lines that are options of pip.

    Raises:
        UserError: a line is neither.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    found: dict[str, Requirement] = {}
    options = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        plain = line.partition("#")[0].strip()
        if plain.startswith("-"):
            options.append(plain)
        elif plain:
            try:
                one = Requirement(plain)
            except InvalidRequirement as error:
                raise UserError("hosting.bad_requirement", file=file.name, value=plain[:80]) from error
            found[one.name.lower().replace("_", "-")] = one
    return found, options


def requirement_problems(root: Path, gradio: str) -> Iterator[UserError]:
    """Yield a sentence about each requirement with which a Space would not start.

    ZeroGPU serves few versions of torch. `requirements.txt` has to allow one of them, and the newest of all elsewhere;
    `pre-requirements.txt`, which only a Space reads, names the one that is installed there, with its torchvision.

    Args:
        root: the folder that both lie in.
        gradio: version of Gradio that the Space brings.
    """
    try:
        wanted, options = read_requirements(root / FILE)
        first, further = read_requirements(root / FIRST)
    except UserError as error:
        yield error
        return
    for line in options + further:
        yield UserError("hosting.pip_option", value=line[:80])
    served = ", ".join(ZERO_TORCH)
    if "torch" not in wanted or not any(wanted["torch"].specifier.contains(version) for version in ZERO_TORCH):
        value = str(wanted.get("torch", "torch -"))
        yield UserError("hosting.torch_not_served", file=FILE, value=value, allowed=served)
    torch = _pinned(first.get("torch"))
    if torch not in ZERO_TORCH:
        value = str(first.get("torch", "torch -"))
        yield UserError("hosting.torch_not_served", file=FIRST, value=value, allowed=served)
    elif _pinned(first.get("torchvision")) != ZERO_TORCH[torch]:
        yield UserError("hosting.other_torchvision", torch=torch, wanted=ZERO_TORCH[torch])
    for name, version in [*((name, _pinned(one)) for name, one in first.items()), ("gradio", gradio)]:
        if version and name in wanted and not wanted[name].specifier.contains(version):
            yield UserError("hosting.conflict", wanted=str(wanted[name]), name=name, version=version)
    for name in BROUGHT:
        one = wanted.get(name.replace("_", "-"))
        if one is not None and _pinned(one):
            yield UserError("hosting.pinned", value=str(one))


def _pinned(requirement: Requirement | None) -> str:
    """Return the one version that a requirement allows; empty where it allows several, or there is none."""
    clauses = list(requirement.specifier) if requirement is not None else []
    return clauses[0].version if len(clauses) == 1 and clauses[0].operator == "==" else ""

"""The front matter of README.md, which tells a Space what it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genai_demo.errors import UserError
from genai_demo.hosting.rules import COLOURS, KEYS, LONGEST_DESCRIPTION, NEEDED, OWN_PYTHON, ZERO_PYTHON

README = "README.md"


def read_front_matter(root: Path) -> dict[str, Any]:
    """Return the front matter of the README in a folder.

    Raises:
        UserError: there is none, or it is no YAML of keys and values.
    """
    import yaml

    file = root / README
    if not file.is_file():
        raise UserError("hosting.no_front_matter", reason=f"no {README}")
    opening, _, rest = file.read_text(encoding="utf-8").partition("---\n")
    inside, closing, _ = rest.partition("\n---\n")
    if opening or not closing:
        raise UserError("hosting.no_front_matter", reason="---")
    try:
        front = yaml.safe_load(inside)
    except yaml.YAMLError as error:
        raise UserError("hosting.no_front_matter", reason=" ".join(str(error).split())) from error
    if not isinstance(front, dict):
        raise UserError("hosting.no_front_matter", reason=type(front).__name__)
    return front


def front_matter_problems(root: Path, front: dict[str, Any], gradio: str) -> Iterator[UserError]:
    """Yield a sentence about each key that a Space would not take.

    Args:
        root: the folder that the README lies in.
        front: what it says.
        gradio: version of Gradio with which this program is tested.
    """
    for key in front:
        if key not in KEYS:
            yield UserError("hosting.unknown_key", key=str(key)[:40], allowed=", ".join(KEYS))
    for key in NEEDED:
        if not front.get(key):
            yield UserError("hosting.missing_key", key=key)
    for key, kind in KEYS.items():
        if key in front and not isinstance(front[key], kind):
            # An unquoted 3.10 is the number 3.1.
            yield _bad(front, key, {"str": '"…"', "bool": "true, false"}.get(kind.__name__, kind.__name__))
    choices = {"sdk": ("gradio",), "colorFrom": COLOURS, "colorTo": COLOURS, "header": ("mini", "default")}
    for key, allowed in choices.items():
        if key in front and front[key] not in allowed:
            yield _bad(front, key, ", ".join(allowed))
    description = str(front.get("short_description", ""))
    if len(description) > LONGEST_DESCRIPTION:
        yield UserError("hosting.long_description", count=len(description), most=LONGEST_DESCRIPTION)
    app_file = front.get("app_file")
    if isinstance(app_file, str) and not (root / app_file).is_file():
        yield UserError("hosting.no_app_file", value=app_file)
    python = front.get("python_version")
    if isinstance(python, str) and python not in _pythons():
        yield _bad(front, "python_version", ", ".join(_pythons()))
    if isinstance(front.get("sdk_version"), str) and front["sdk_version"] != gradio:
        yield UserError("hosting.other_gradio", value=front["sdk_version"], tested=gradio)
    if not str(front.get("base_path", "/")).startswith("/"):
        yield _bad(front, "base_path", "/…")


def _bad(front: dict[str, Any], key: str, allowed: str) -> UserError:
    return UserError("hosting.bad_value", key=key, value=repr(front[key])[:80], allowed=allowed)


def _pythons() -> list[str]:
    """Return what `python_version` may be: what ZeroGPU has and this program runs on, with or without the last part."""
    parts = [version.split(".") for version in ZERO_PYTHON]
    fitting = [part for part in parts if (int(part[0]), int(part[1])) >= OWN_PYTHON]
    return [".".join(part[:count]) for part in fitting for count in (2, 3)]

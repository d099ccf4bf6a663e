"""Says whether this repository would start as a Hugging Face Space, without asking anybody."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from genai_demo.catalogue import message, terminal_language
from genai_demo.errors import UserError
from genai_demo.hosting.files import file_problems, space_files
from genai_demo.hosting.front_matter import front_matter_problems, read_front_matter
from genai_demo.hosting.requirements import requirement_problems

ROOT = Path(__file__).resolve().parents[2]
"""of the repository"""


def space_problems(root: Path = ROOT, gradio: str | None = None) -> list[UserError]:
    """Return what keeps a repository from being a Space that starts.

    Args:
        root: its folder.
        gradio: version of Gradio with which it is tested; None for the one that is installed here.
    """
    gradio = gradio or importlib.metadata.version("gradio")
    found = list(file_problems(root, space_files(root)))
    try:
        front = read_front_matter(root)
    except UserError as error:
        return [*found, error]
    brought = front.get("sdk_version")
    found += front_matter_problems(root, front, gradio)
    found += requirement_problems(root, brought if isinstance(brought, str) else gradio)
    return found


def space_doctor(root: Path = ROOT) -> int:
    """Print whether this repository would start as a Space; return 0 if it would, 1 if something is to be changed."""
    language = terminal_language()
    names = space_files(root)
    size = sum((root / name).stat().st_size for name in names)
    largest = max(names, key=lambda name: (root / name).stat().st_size)
    print(
        message(
            "hosting.space_is",
            language,
            count=len(names),
            size=f"{size / 1e6:.1f}",
            largest=largest,
            most=f"{(root / largest).stat().st_size / 1e6:.1f}",
        )
    )
    problems = space_problems(root)
    for problem in problems:
        print(message("hosting.wrong", language, sentence=problem.in_language(language)))
    print(message("hosting.not_ready" if problems else "hosting.ready", language))
    return 1 if problems else 0

"""This repository would start as a Space; what would keep it from that is said, with what to change."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
from pathlib import Path

import pytest

from genai_demo.__main__ import main
from genai_demo.catalogue import LANGUAGES
from genai_demo.hosting.files import space_files
from genai_demo.hosting.rules import ZERO_TORCH
from genai_demo.hosting.space import ROOT, space_problems

GRADIO = "6.31.0"
FRONT = f"""---
title: A page
emoji: 🎹
colorFrom: indigo
sdk: gradio
sdk_version: {GRADIO}
python_version: "3.12"
app_file: app.py
license: apache-2.0
short_description: Small
---
# A page
"""
WANTED = "# A comment.\ntorch>=2.8,<3\ntorchvision>=0.23,<1\ngradio>=6.31,<7\ndatasets>=4\n"
FIRST = "torch==2.11.0\ntorchvision==0.26.0\n"


def test_this_repository_would_start_as_a_space(capsys: pytest.CaptureFixture[str]) -> None:
    said = {str(problem) for problem in space_problems()}
    assert said == set()
    assert main(["doctor", "--space"]) == 0
    assert "All is well" in capsys.readouterr().out


def test_a_space_is_made_of_what_the_page_needs_and_nothing_else() -> None:
    names = space_files(ROOT)
    assert {"app.py", "README.md", "requirements.txt", "pre-requirements.txt", "genai_demo/ui/page.py"} <= set(names)
    for folder in (ROOT / "checkpoints").iterdir():
        assert f"checkpoints/{folder.name}/config.json" in names
    assert not [
        name for name in names if name.startswith(("tests/", "runs/", "data/", ".git/")) or "__pycache__" in name
    ]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, content in {
        "README.md": FRONT,
        "requirements.txt": WANTED,
        "pre-requirements.txt": FIRST,
        "app.py": "",
    }.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def keys(repository: Path) -> list[str]:
    """Return what is wrong, once it is said whole in every language."""
    problems = space_problems(repository, GRADIO)
    for problem in problems:
        for language in LANGUAGES:
            assert "{" not in problem.in_language(language)
    return [problem.key.removeprefix("hosting.") for problem in problems]


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def test_a_repository_in_order_has_no_problems(repository: Path) -> None:
    assert keys(repository) == []


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        (FRONT, "# A page\n", "no_front_matter"),
        ("---\n# A page", "# A page", "no_front_matter"),
        ("title: A page", "title: [", "no_front_matter"),
        ("title: A page\n", "", "missing_key"),
        ("license: apache-2.0", "license: apache-2.0\nhardware: zero-a10g", "unknown_key"),
        ("indigo", "violet", "bad_value"),
        ("sdk: gradio", "sdk: docker", "bad_value"),
        ('"3.12"', '"3.11"', "bad_value"),
        ('"3.12"', '"3.10"', "bad_value"),
        ('"3.12"', "3.12", "bad_value"),
        ('"3.12"', '"3.12.12"', None),
        ("Small", "S" * 60, None),
        ("Small", "S" * 61, "long_description"),
        ("app_file: app.py", "app_file: main.py", "no_app_file"),
        (f"sdk_version: {GRADIO}", "sdk_version: 6.30.0", "other_gradio"),
    ],
)
def test_front_matter(before: str, after: str, key: str | None, repository: Path) -> None:
    change(repository / "README.md", before, after)
    assert set(keys(repository)) - {"conflict"} == ({key} if key else set())


@pytest.mark.parametrize(
    ("file", "before", "after", "key"),
    [
        ("requirements.txt", "torch>=2.8,<3", "torch>=2.12,<3", "torch_not_served"),
        ("requirements.txt", "torch>=2.8,<3", "torch==2.9.0", "torch_not_served"),
        ("requirements.txt", "torch>=2.8,<3", "torch", None),
        ("requirements.txt", "torch>=2.8", "--extra-index-url https://x.example\ntorch>=2.8", "pip_option"),
        ("requirements.txt", "gradio>=6.31,<7", "gradio>=7", "conflict"),
        ("requirements.txt", "datasets>=4", "datasets==4.8.0", "pinned"),
        ("requirements.txt", "datasets>=4", "data sets", "bad_requirement"),
        ("pre-requirements.txt", "torch==2.11.0", "torch==2.12.0", "torch_not_served"),
        ("pre-requirements.txt", "torch==2.11.0", "torch>=2.11.0", "torch_not_served"),
        ("pre-requirements.txt", "torch==2.11.0", "torch==2.10.0", "other_torchvision"),
        ("pre-requirements.txt", "torchvision==0.26.0\n", "", "other_torchvision"),
        ("requirements.txt", "torchvision>=0.23,<1", "torchvision>=0.27,<1", "conflict"),
    ],
)
def test_requirements(file: str, before: str, after: str, key: str | None, repository: Path) -> None:
    change(repository / file, before, after)
    found = set(keys(repository))
    assert key in found if key else not found


@pytest.mark.parametrize("torch", ZERO_TORCH)
def test_each_torch_of_zero_gpu_will_do(torch: str, repository: Path) -> None:
    (repository / "pre-requirements.txt").write_text(f"torch=={torch}\ntorchvision=={ZERO_TORCH[torch]}\n")
    assert keys(repository) == []


def test_a_file_that_is_too_large_is_named(repository: Path) -> None:
    (repository / "weights.bin").write_bytes(bytes(10_000_000))
    assert keys(repository) == []
    (repository / "weights.bin").write_bytes(bytes(10_000_001))
    (problem,) = space_problems(repository, GRADIO)
    assert problem.key == "hosting.large_file" and "weights.bin" in str(problem) and "10,000,001" in str(problem)


def test_of_a_clone_only_what_git_knows_goes_out(repository: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    subprocess.run(["git", "init", "-q"], cwd=repository, check=True)
    subprocess.run(["git", "add", "app.py", "README.md"], cwd=repository, check=True)
    (repository / "secret.env").write_text("token")
    assert space_files(repository) == ["README.md", "app.py"]


def test_the_gradio_of_the_space_is_the_one_that_the_tests_run() -> None:
    installed = importlib.metadata.version("gradio")
    assert [problem.key for problem in space_problems(gradio=installed)] == []
    assert "hosting.other_gradio" in [problem.key for problem in space_problems(gradio="0.0.1")]

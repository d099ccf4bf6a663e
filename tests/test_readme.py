"""What the README says, works: every command in it parses, and those that take seconds are run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from docs import figures, pictures
from genai_demo.__main__ import _parser
from genai_demo.settings import settings

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh.md")
PROGRAM = ["python", "-m", "genai_demo"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands(name: str) -> list[list[str]]:
    """Return the commands of a README's code blocks, word by word and without comments."""
    blocks = re.findall(r"^```bash\n(.*?)^```$", read(name), re.MULTILINE | re.DOTALL)
    lines = [part for block in blocks for line in block.splitlines() for part in line.split("&&")]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def examples() -> list[list[str]]:
    """Return what follows `python -m genai_demo` in the README's examples."""
    return [words[len(PROGRAM) :] for words in commands("README.md") if words[: len(PROGRAM)] == PROGRAM]


def test_both_languages_have_the_same_commands_and_parts() -> None:
    english, chinese = (read(name) for name in READMES)
    assert commands("README.md") == commands("README.zh.md")
    assert len(re.findall("^##? ", english, re.MULTILINE)) == len(re.findall("^##? ", chinese, re.MULTILINE))
    for pattern in (r"^\| (`[^`]+`) \|", r"\]\((?!README)([^)]+)\)"):  # first columns, links
        found = re.findall(pattern, english, re.MULTILINE)
        assert [one.replace(".en.webp", ".zh.webp") for one in found] == re.findall(pattern, chinese, re.MULTILINE)


def test_the_readmes_open_with_pictures_and_the_two_commands() -> None:
    for name, language in zip(READMES, ("en", "zh"), strict=True):
        opening = read(name).partition("make test")[0]
        shown = re.findall(r"!\[[^]]+\]\(docs/pictures/(\w+)\." + language + r"\.webp\)", opening)
        assert shown == ["film", *pictures.TABS]
        assert "make run" in opening
    files = sorted((ROOT / "docs" / "pictures").iterdir())
    assert [file.name for file in files] == sorted(
        f"{name}.{language}.webp" for name in ("film", *pictures.TABS) for language in pictures.LANGUAGES
    )
    assert sum(file.stat().st_size for file in files) < 1_000_000


def test_every_command_is_known() -> None:
    for words in commands("README.md"):
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", read("Makefile"), re.MULTILINE), words
        elif words[:2] == ["pip", "install"]:
            assert words[2:] == ["-r", "requirements.txt"]
        elif words[0] == "python" and words[1] != "-m":
            assert (ROOT / words[1]).is_file(), words
        elif words[0] == "torchrun":  # tests/engine/training/test_launchers.py runs it
            assert "genai_demo" in words
        else:
            assert words[: len(PROGRAM)] == PROGRAM, words


def test_every_make_target_in_the_text_exists() -> None:
    for name in READMES:
        for target in re.findall(r"`make (\w+)`", read(name)):
            assert re.search(rf"^{target}:", read("Makefile"), re.MULTILINE), target


@pytest.mark.parametrize("example", examples(), ids=" ".join)
def test_every_example_parses(example: list[str]) -> None:
    assert _parser().parse_args(example)


def test_the_examples_run(tmp_path: Path) -> None:
    """All but training, which takes the minutes it says, and what is done with what was trained."""
    rows = [{"label": label, "text": f"Story {label}\nThe team won again on Sunday."} for label in (1, 2, 3, 4)]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    printed: dict[str, str] = {}
    for example in examples():
        untried = {"train", "export", "diagnose", "runs"}
        if example[0] in untried or example[:2] in (["evaluate", "faces"], ["evaluate", "music"]):
            continue
        shorter = ["--count", "1"] if example[0] == "evaluate" else []
        done = subprocess.run(
            [sys.executable, "-m", "genai_demo", *example, *shorter],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{shlex.join(example)}\n{done.stdout}\n{done.stderr}"
        printed[example[0]] = done.stdout
    assert json.loads(printed["evaluate"])
    assert printed["doctor"]
    assert len(list((tmp_path / "out").glob("*.txt"))) == 3
    assert len(list((tmp_path / "faces").glob("*.png"))) == 17
    again = list((tmp_path / "again").iterdir())
    assert again
    for file in again:
        assert file.read_bytes() == (tmp_path / "out" / file.name).read_bytes()


def test_the_page_of_figures_is_what_the_cards_say() -> None:
    assert read("docs/figures.md") == figures.page(), "python docs/figures.py writes it"


def test_what_the_readmes_say_was_measured_stands_in_the_cards() -> None:
    parts = [re.split("^## ", read(name), flags=re.MULTILINE) for name in READMES]
    sections = [next(part for part in one if "](docs/figures.md)" in part) for one in parts]
    english, chinese = (set(re.findall(r"\d+\.\d{3}\b|\b\d\d\.\d\d\b|\d+\.\d %", one)) for one in sections)
    assert english == chinese and len(english) > 12
    listed = set(re.findall(r"[\d.]+%?", figures.page().replace(" %", "%")))
    assert {figure.replace(" ", "") for figure in english} <= listed


def test_every_path_and_variable_in_the_tables_is_real() -> None:
    code = (ROOT / "genai_demo" / "settings.py").read_text(encoding="utf-8")
    for name in re.findall(r"^\| `([^`]+)` \|", read("README.md"), re.MULTILINE):
        if name.isupper():
            assert f'"{name}"' in code, name
        else:
            assert (ROOT / name).exists(), name
    assert set(re.findall(r'"(PORT|HOST|GENAI_DEMO_\w+)"', code)) <= set(re.findall(r"`(\w+)`", read("README.md")))


def test_defaults_in_the_table_are_the_defaults() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| .* \| `?([^`|]+?)`? \|$", read("README.md"), re.MULTILINE))
    values = settings()
    assert table["PORT"] == str(values.port)
    assert table["HOST"] == values.host
    assert table["GENAI_DEMO_QUEUE"] == str(values.queue_limit)
    assert table["GENAI_DEMO_CHECKPOINTS"] == values.checkpoints.name


def test_spaces_can_start_it() -> None:
    front = dict(line.split(": ", 1) for line in read("README.md").split("---\n")[1].splitlines())
    assert (ROOT / front["app_file"]).is_file()
    assert len(front["short_description"]) <= 60
    lowest = re.search(r"^gradio>=([\d.]+),<7$", read("requirements.txt"), re.MULTILINE)
    assert lowest
    assert [int(part) for part in front["sdk_version"].split(".")] >= [int(part) for part in lowest[1].split(".")]


def test_the_plan_of_the_house_names_what_is_there() -> None:
    names = re.findall(r"`([\w/]+/[\w/]*\w+\.py)", read("docs/architecture.md"))
    assert len(names) > 20
    for name in names:
        assert (ROOT / name).is_file() or (ROOT / "genai_demo" / name).is_file(), name

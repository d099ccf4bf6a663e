"""The container serves the page with as little right as it needs; it is built and started where an engine is."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from genai_demo.ui.gate import _READ

FILE = "deploy/Containerfile"


def instructions(root: Path) -> list[tuple[str, str]]:
    """Return the instructions of the container file, each with its words."""
    text = re.sub(r"^#.*\n", "", (root / FILE).read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.partition(" ") for line in text.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in lines]


def compose(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]["page"]


def test_the_page_runs_as_nobody_in_particular_and_owns_no_program(root: Path) -> None:
    words = instructions(root)
    assert words[0][0] == "FROM"
    users = [(index, rest) for index, (word, rest) in enumerate(words) if word == "USER"]
    assert users[-1][1] == "1000:1000"
    after = {word for word, _ in words[users[-1][0] :]}
    assert "CMD" in after and "COPY" not in after and "RUN" not in after
    assert not [rest for word, rest in words if word in ("COPY", "ADD") and "--chown" in rest]
    assert not re.search(r"(?i)token|secret|password", (root / FILE).read_text(encoding="utf-8"))


def test_what_is_copied_is_here_and_goes_into_the_image(root: Path) -> None:
    allowed = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for word, rest in instructions(root) if word == "COPY" for name in rest.split()[:-1]}
    assert copied == allowed
    assert all((root / name).exists() for name in copied)
    assert (root / ".dockerignore").read_text().splitlines()[0] == "*", "what nobody named stays outside"


def test_its_variables_are_known_and_its_health_is_asked_where_the_gate_lets_through(root: Path) -> None:
    text, code = (root / FILE).read_text(), (root / "genai_demo" / "settings.py").read_text()
    variables = re.findall(r"(GENAI_DEMO_\w+)=", text)
    assert variables and all(f'"{name}"' in code for name in [*variables, "HOST", "PORT"])
    (asked,) = re.findall(r"\{os\.environ\['PORT'\]\}(/[\w/]+)", text)
    assert _READ.fullmatch(asked)


def test_the_image_installs_what_the_page_needs(root: Path) -> None:
    wanted = (root / "requirements.txt").read_text()
    for line in re.findall(r'"(torch(?:vision)?[^"]+)"', (root / FILE).read_text()):
        assert line in wanted.splitlines()


def test_its_limits_are_set(root: Path) -> None:
    page = compose(root)
    assert page["read_only"] is True and page["cap_drop"] == ["ALL"]
    assert page["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit"} <= page.keys()
    assert page["ports"] == ["127.0.0.1:7860:7860"], "whoever wants it on the network says so"
    places = [one.split(":")[0] for one in page["tmpfs"]] + [one.split(":")[1] for one in page["volumes"]]
    written = re.findall(r"(?:HOME|GENAI_DEMO_RUNS|GENAI_DEMO_DATA)=(/[\w/-]+)", (root / FILE).read_text())
    assert len(written) == 3 and all(any(file.startswith(place) for place in places) for file in written)


def engine() -> str | None:
    for name in ("podman", "docker"):
        if shutil.which(name) and subprocess.run([name, "info"], capture_output=True, check=False).returncode == 0:
            return name
    return None


def said(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.programs
def test_the_container_serves_the_page(root: Path) -> None:
    name = engine()
    if name is None:
        pytest.skip("needs a container engine that runs")
    subprocess.run([name, "build", "-q", "-f", FILE, "-t", "genai-demo:test", "."], cwd=root, check=True)
    limits = ["--read-only", "--tmpfs", "/tmp:size=2g", "--cap-drop", "ALL", "--memory", "8g"]
    started = said(name, "run", "-d", "--rm", "-p", "127.0.0.1::7860", *limits, "genai-demo:test")
    try:
        place = said(name, "port", started, "7860").split()[0]
        for _ in range(120):
            try:
                with urllib.request.urlopen(f"http://{place}/", timeout=5) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                time.sleep(1)
        else:
            pytest.fail("nobody answered")
        who = said(name, "exec", started, "id", "-u")
        assert who == "1000"
    finally:
        subprocess.run([name, "stop", started], capture_output=True, check=False)

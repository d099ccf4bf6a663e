"""A further modality is one package and one line: dice, in a folder of their own, do all that the others do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
import torch
from gradio_client import Client

from genai_demo import modalities
from genai_demo.__main__ import main
from genai_demo.engine.generation.receipts import read_receipt
from genai_demo.settings import settings
from tests.common.service import ServiceSuite
from tests.helpers.app import running_app
from tests.helpers.dice.modality import MODALITY
from tests.helpers.dice.rolls import RollRequest, Rolls, service

DICE = "tests.helpers.dice"
ONE_LINE = f"from genai_demo import modalities; modalities.PACKAGES.append('{DICE}'); import app; app.main()"


@pytest.fixture(autouse=True)
def _listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one line."""
    monkeypatch.setattr(modalities, "PACKAGES", [*modalities.PACKAGES, DICE])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dice that mostly go up by one, and the folder of the checkpoint that was trained on them by commands."""
    folder = tmp_path_factory.mktemp("dice")
    random = torch.Generator().manual_seed(0)
    steps = torch.where(torch.rand(64, 20, generator=random) < 0.9, 1, 3)
    rows = (steps.cumsum(1) % 6 + 1).tolist()
    (folder / "dice.txt").write_text("\n".join("".join(map(str, row)) for row in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modalities, "PACKAGES", [*modalities.PACKAGES, DICE])
        data, run, to = (str(folder / name) for name in ("dice.txt", "run", "checkpoints/dice-chain"))
        assert main(["train", "dice", "--data", data, "--run", run, "--examples", "1600", "--precision", "fp32"]) == 0
        assert main(["export", "dice", "--run", run, "--to", to]) == 0
        card = (Path(to) / "README.md").read_text(encoding="utf-8")
        assert "evaluate dice --model dice-chain" in card and "Nothing of it was evaluated" in card
    return folder


@pytest.fixture
def tiny(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(trained / "checkpoints"))
    settings.cache_clear()
    return trained / "checkpoints"


class TestService(ServiceSuite):
    modality = MODALITY
    requests: ClassVar = {"three": RollRequest(variants=3, seed=4), "long": RollRequest(count=60)}
    wrong_settings: ClassVar = [({"count": 61}, "engine.out_of_range_whole")]
    misfits: ClassVar = [{"width": 9}, {"unknown": 1}]

    @staticmethod
    def variants(made: Rolls) -> list[str]:
        return list(made.dice)


@pytest.mark.usefixtures("tiny")
def test_the_commands_make_it_and_make_it_again(tmp_path: Path) -> None:
    assert main(["generate", "dice", "--count", "20", "--seed", "3", "--out", str(tmp_path)]) == 0
    file = tmp_path / "dice-3.txt"
    assert main(["generate", "--receipt", str(file), "--out", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()
    assert service.request_of(read_receipt(file)) == RollRequest(count=20, seed=3)


@pytest.mark.usefixtures("tiny")
def test_it_is_measured(trained: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert main(["evaluate", "dice", "--data", str(trained / "dice.txt"), "--json", str(report)]) == 0
    figures = json.loads(report.read_text())
    assert figures["bits_per_die"] < 1.2 < figures["chance"]


def test_the_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["generate", "--help"])
    told = capsys.readouterr().out
    assert "dice models" in told and "python -m genai_demo generate dice --count 12 --out out" in told


def test_the_page_has_its_tab_and_endpoints(root: Path, tiny: Path, tmp_path: Path) -> None:
    with running_app(root, tmp_path / "log", "-c", ONE_LINE, GENAI_DEMO_CHECKPOINTS=str(tiny)) as address:
        for language, tab in (("en", "Dice"), ("zh", "骰子")):
            page = httpx.get(address, headers={"Accept-Language": language}).text
            assert f'"{tab}"' in page and "tab-dice" in page
            assert "/roll_dice" in httpx.get(f"{address}/api", headers={"Accept-Language": language}).text
        client = Client(address, verbose=False, analytics_enabled=False)
        made = client.predict(count=20, seed=3, api_name="/roll_dice")
        assert made["dice"] == list(service.run(RollRequest(count=20, seed=3)))[-1].dice[0]
        assert client.predict(made["receipt"], api_name="/reproduce_dice") == made["dice"]
        client.close()

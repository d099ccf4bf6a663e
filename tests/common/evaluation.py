"""What holds for the reports and cards of every modality: its tests are subclasses of these."""

from __future__ import annotations

import importlib
import json
import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genai_demo.__main__ import main
from genai_demo.engine.evaluation.report import Report
from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.errors import UserError

COMMON = {"model", "checkpoint", "family", "code", "data", "figures", "settings", "notes", "samples", "seconds"}
Asked = list[tuple[str, Any]]


class EvaluationTests:
    """Reports of every family of a modality, made by small models, and the cards that are made of them.

    A subclass stands beside two fixtures: `checkpoints`, the folder that holds the models, and `reports`, what
    `evaluate` returned for each family.
    """

    modality = ""
    data = ("--data", "mine")
    """options that `evaluate` needs"""

    def part(self, name: str) -> ModuleType:
        return importlib.import_module(f"genai_demo.{self.modality}.evaluation.{name}")

    def test_reports_are_plain_data_with_the_same_keys(self, checkpoints: Path, reports: dict[str, Report]) -> None:
        for family, report in reports.items():
            assert report.keys() >= COMMON
            assert report["family"] == family
            assert report["checkpoint"] == read_checkpoint(checkpoints / report["model"]).id
            assert str(checkpoints.parent) not in json.dumps(report), "no folders of this machine"
            assert report["seconds"] >= 0
            again = json.loads(json.dumps(report))
            assert self.card(checkpoints, again) == self.card(checkpoints, report), family

    def test_the_table_shows_every_figure(self, reports: dict[str, Report]) -> None:
        figures = self.part("figures")
        for family, report in reports.items():
            assert report["figures"].keys() <= figures.MEANINGS.keys()
            shown = figures.table(report)
            assert report["checkpoint"] in shown
            header, *rows = figures.rows(report)
            assert len(rows) == len(report["figures"])
            for row in rows:
                assert re.search("^" + " +".join(map(re.escape, row)) + "$", shown, re.MULTILINE), family
                assert len(row) == len(header) and "" not in row and not any("()" in cell for cell in row)
            assert all(note in shown for note in report["notes"])

    def card(self, checkpoints: Path, report: Report) -> str:
        return str(
            self.part("card").Card(read_checkpoint(checkpoints / report["model"]), report["model"], report).text()
        )

    def test_a_card_holds_every_figure(self, checkpoints: Path, reports: dict[str, Report]) -> None:
        for report in reports.values():
            card = self.card(checkpoints, report)
            assert card.startswith("---\nlicense: ")
            assert f"\n# {report['model']}\n" in card and f"Checkpoint `{report['checkpoint']}`" in card
            for row in self.part("figures").rows(report)[1:]:
                assert re.search(r"[ |]+".join(map(re.escape, row)), card)
            assert all(note in card for note in report["notes"])
            assert "## Limits" in card and "## Data" in card

    def test_a_card_is_of_the_checkpoint_that_was_measured(self, checkpoints: Path, reports: dict[str, Report]) -> None:
        one, other, *_ = reports.values()
        with pytest.raises(UserError) as refused:
            self.part("card").Card.write(checkpoints / other["model"], one)
        assert refused.value.key == "engine.other_report"

    def asked(self, card: str, monkeypatch: pytest.MonkeyPatch) -> Asked:
        """Return the commands of a card, as the command line understands them."""
        found: Asked = []
        for name in ("train", "export", "evaluate"):
            monkeypatch.setattr(
                f"genai_demo.{self.modality}.commands.{name}",
                lambda options, name=name: found.append((name, options)),
            )
        # A card for what `export` makes, which nothing made here.
        monkeypatch.setattr("genai_demo.engine.runs.archive.add_card", lambda *_: None)
        block = card.split("```bash\n")[1].split("```")[0]
        for line in re.sub(r" \\\n\s+", " ", block).splitlines():
            program, words = shlex.split(line)[:3], shlex.split(line)[3:]
            assert program == ["python", "-m", "genai_demo"]
            assert main(words) == 0
        return found

    def told(self, checkpoint: Checkpoint, report: Report, monkeypatch: pytest.MonkeyPatch) -> Asked:
        """Return the commands of the card of a checkpoint named "mine"."""
        return self.asked(self.part("card").Card(checkpoint, "mine", report).text(), monkeypatch)

    def test_the_commands_of_a_card_are_those_of_the_command_line(
        self, checkpoints: Path, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for report in reports.values():
            trained = read_checkpoint(checkpoints / report["model"]).trained
            names, options = zip(*self.asked(self.card(checkpoints, report), monkeypatch), strict=True)
            assert (names[0], names[-1], names.count("export")) == ("train", "evaluate", 1)
            train, export, measured = options[0], options[names.index("export")], options[-1]
            assert (train.model, train.start) == (report["family"], None)
            for name in ("examples", "batch_size", "seed", "precision"):
                assert getattr(train, name) == trained[name], name
            assert train.learning_rate == trained["data"]["training"]["learning_rate"]
            assert export.run in (train.run, [train.run])
            assert export.to == Path("checkpoints", report["model"])
            assert measured.card and measured.model == report["model"]

    def test_evaluate_on_the_command_line(
        self, reports: dict[str, Report], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        report, *_ = reports.values()
        asked: list[Any] = []
        monkeypatch.setattr(self.part("evaluate"), "evaluate", lambda *words: asked.append(words) or report)
        words = ["evaluate", self.modality, "--model", "mine", *self.data, "--count", "32", "--seed", "5"]
        assert main([*words, "--json", "-"]) == 0
        printed = capsys.readouterr()
        assert json.loads(printed.out) == json.loads(json.dumps(report))
        assert self.part("figures").table(report) in printed.err
        assert asked[0][0] == "mine" and {32, 5} <= {word for word in asked[0] if isinstance(word, int)}
        assert main(words) == 0
        assert self.part("figures").table(report) in capsys.readouterr().out

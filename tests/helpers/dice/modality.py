"""Dice."""

from __future__ import annotations

from genai_demo.engine.modality import Modality
from tests.helpers.dice import commands
from tests.helpers.dice.rolls import service

MODALITY = Modality(
    name="dice",
    commands=commands,
    service=service,
    tab="tests.helpers.dice.tab",
    warm=service.warm,
    inspect=lambda path, language: None,
    examples={"generate": ("--count 12 --out out",)},
)

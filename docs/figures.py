"""The figures of all models on one page: `python docs/figures.py` writes `figures.md` from the cards in `checkpoints/`.

Cards are made of the reports of `evaluate`, so that no number here was typed by hand.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "figures.md"
_HEADINGS = {("news", "headlines"): "News text", ("faces",): "Faces", ("piano",): "Piano music"}
"""by what the names of checkpoints begin with"""
_INTRODUCTION = """# What was measured

`python docs/figures.py` writes this page from the cards of the models, and `evaluate --card` writes those. A figure
stands beside its floor, the same of real examples, where there is one, and beside a simple baseline. Speed is another
matter: `make bench` measures it where you are."""


def page() -> str:
    """Return the page.

    Raises:
        ValueError: a card has no figures, or no place here.
    """
    parts = [_INTRODUCTION]
    cards = sorted((ROOT / "checkpoints").glob("*/README.md"))
    for starts, heading in _HEADINGS.items():
        parts.append(f"## {heading}")
        parts += [_part(card) for card in cards if card.parent.name.startswith(starts)]
    if sum(part.startswith("### ") for part in parts) != len(cards):
        known = ", ".join(start for starts in _HEADINGS for start in starts)
        raise ValueError(f"not all of {len(cards)} cards begin with {known}")
    return "\n\n".join(parts) + "\n"


def _part(card: Path) -> str:
    name, text = card.parent.name, card.read_text(encoding="utf-8")
    what = re.search(rf"^# {name}\n\n(.+?)\n\n", text, re.MULTILINE | re.DOTALL)
    figures = re.search(r"^## Figures\n\n(.+?)\n\n## ", text, re.MULTILINE | re.DOTALL)
    if not what or not figures:
        raise ValueError(f"{card} has no figures")
    return f"### [{name}](../checkpoints/{name}/README.md)\n\n{what[1]}\n\n{figures[1]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

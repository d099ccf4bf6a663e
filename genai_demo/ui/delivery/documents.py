"""Pages of ours beside the one that Gradio makes: heading, look and switches are the same."""

from __future__ import annotations

from html import escape
from pathlib import Path

from genai_demo.ui.languages import text

_STATIC = Path(__file__).parent.parent / "static"
_SYSTEM_THEME = 'document.body.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);'
"""What Gradio does on its own pages; the visitor's choice comes after it."""


def document(title: str, back: str, main: str, language: str, locale: str, sheets: str = "", script: str = "") -> str:
    """Return an HTML page.

    Args:
        title: of the page.
        back: name of the link to the demo.
        main: HTML of what stands in it.
        language: one of `LANGUAGES`.
        locale: what HTML calls it.
        sheets: styles of its own, beside those that such pages share.
        script: of its own, which runs when all of it is there.
    """
    shared, switches, look = (
        (_STATIC / name).read_text(encoding="utf-8") for name in ("document.css", "frame.js", "frame.css")
    )
    buttons = "".join(
        f'<button type="button" class="quiet" id="{name}">{escape(text(f"{name}_button", language))}</button>'
        for name in ("theme", "size")
    )
    own = f"<script>{script}</script>" if script else ""
    return (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8"><title>{escape(title)} – GenAI Demo</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="theme.css">'
        f"<style>{look}{shared}{sheets}</style></head>"
        f'<body class="gradio-container"><script>{_SYSTEM_THEME}{switches}</script>'
        f'<header><a href="./?lang={language}">{escape(back)}</a><span>{buttons}</span></header>'
        f"<main>{main}</main>{own}</body></html>"
    )

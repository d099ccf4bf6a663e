"""What every tab says in a frame of its own; every text that a model or a visitor wrote is escaped here."""

from __future__ import annotations

from html import escape


def notice(sentence: str, title: str = "") -> str:
    """Return a sentence that the visitor must not miss; screen readers say it at once."""
    heading = f"<strong>{escape(title)}</strong> " if title else ""
    return f'<div class="notice" role="alert">{heading}{escape(sentence)}</div>'


def placeholder(sentence: str) -> str:
    """Return what stands where a result will be."""
    return f'<div class="empty-result">{escape(sentence)}</div>'

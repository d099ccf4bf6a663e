"""What every tab says in a frame of its own; every text that a model or a visitor wrote is escaped here."""

from __future__ import annotations

from html import escape


def notice(sentence: str, title: str = "", field: str = "") -> str:
    """Return a sentence that the visitor must not miss; screen readers say it at once.

    Args:
        sentence: what to say.
        title: what it is about, in bold.
        field: name of the request's field at which it stands, if its control is seen.
    """
    heading = f"<strong>{escape(title)}</strong> " if title else ""
    about = f' data-field="{escape(field)}"' if field else ""
    return f'<div class="notice" role="alert"{about}>{heading}{escape(sentence)}</div>'


def placeholder(sentence: str) -> str:
    """Return what stands where a result will be."""
    return f'<div class="empty-result">{escape(sentence)}</div>'

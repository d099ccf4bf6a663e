"""What every tab says in a frame of its own; every text that a model or a visitor wrote is escaped here."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape

from genai_demo.catalogue import LANGUAGES


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


def remembered(link: str, title: Callable[[str], str], receipt: str) -> str:
    """Return what the page's script needs to show a result again, as attributes of its element.

    Args:
        link: query of the address that shows it.
        title: from a language to what it is called in the history, which outlives a switch of the language.
        receipt: as JSON; "" for none, or several.
    """
    titles = json.dumps({language: title(language) for language in LANGUAGES}, ensure_ascii=False)
    values = {"link": link, "titles": titles, "receipt": receipt}
    return "".join(f' data-{name}="{escape(value)}"' for name, value in values.items())

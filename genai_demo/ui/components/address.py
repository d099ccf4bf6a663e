"""Where a link comes in: a page of a tab by its name, with the settings of the address as the event `follow`."""

from __future__ import annotations

from html import escape
from typing import ClassVar

from genai_demo.ui.components.widget import Widget


class Address(Widget):
    """A page of a tab, as the address names it; it shows nothing."""

    parts: ClassVar[tuple[str, ...]] = ("address",)


def page_address(tab: str, page: str, after: str = "", first: bool = False, opened: bool = False) -> Address:
    """Give a page of a tab its name in the address.

    Args:
        tab: name of the tab.
        page: name of the page; of several in one place, the first is the one that a click on its tab names.
        after: selector of what has to be there before a link is followed.
        first: whether `follow` is asked for something to show when the page begins and its address asks for nothing.
        opened: the same whenever this page of the tab is opened.
    """
    said = {"tab": tab, "page": page, "after": after, "first": "opened" if opened else "first" if first else ""}
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in said.items())
    return Address(f"<i hidden {data}></i>", elem_id=f"{tab}-{page}-address", elem_classes="address")

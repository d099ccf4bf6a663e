"""HTML that cards return, read."""

from __future__ import annotations

from html.parser import HTMLParser

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)"> & "quoted" \'single\''


class Reader(HTMLParser):
    """Collects the elements and the text of a page, and sees that every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def classes(self, name: str) -> int:
        return sum(name in (attributes.get("class") or "").split() for _, attributes in self.elements)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for element, attributes in self.elements if element == tag]

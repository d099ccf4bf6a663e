"""One page in two languages: where every text stands, and how it is exchanged.

Gradio translates in the browser, by a list of locales that leaves out `zh`, `zh-HK` and `zh-Hans-CN`, and
never what Python made. Here every text is registered with the component it stands on; the first page is sent
in the visitor's language (see `serving.py`), and the language switch sends all texts anew. What Gradio says itself and
in English only, such as that the queue is full, stands in `catalogue/*/gradio.json` and is exchanged by `page.js`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qs

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from genai_demo.catalogue import LANGUAGES, match_language, message, sentences
from genai_demo.errors import UserError

B = TypeVar("B", bound=Block)
Text = str | Callable[[str], Any]
"""A key of the catalogue below "ui.", or a function from the language to the property's value."""


LANGUAGE_COOKIE = "genai_demo_language"


def request_language(scope: Scope) -> str:
    """Return the language a request asks for: by `?lang=`, else by its cookie, else by the browser's languages."""
    headers = Headers(scope=scope)
    wanted = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[-1]
    # Starlette's reader takes any cookie that a browser sends; that of the standard library raises for some names.
    cookie = cookie_parser(headers.get("cookie", "")).get(LANGUAGE_COOKIE, "")
    for chosen in (wanted, cookie):
        if chosen in LANGUAGES:
            return chosen
    return match_language(headers.get("accept-language", ""))


def text(key: str, language: str, **values: object) -> str:
    """Return the sentence `ui.<key>` of the catalogue."""
    return message(f"ui.{key}", language, **values)


def sentence(error: UserError, language: str, tab: str = "") -> str:
    """Return an error's sentence in `language`, with the setting it is about named as on the page.

    Args:
        error: what went wrong.
        language: one of `LANGUAGES`.
        tab: "faces", "music" or "", by whose own names for settings the others go.
    """
    values = dict(error.values)
    for name in (f"ui.{tab}_{values.get('name')}", f"ui.{values.get('name')}"):
        if name in sentences(language):
            values["name"] = message(name, language)
            break
    return message(error.key, language, **values)


def spoken(error: UserError, language: str) -> gr.Error:
    """Return the error that the page, or a program, shows."""
    return gr.Error(sentence(error, language), title=text("error_title", language), print_exception=False)


def choices(prefix: str, values: Sequence[str]) -> Callable[[str], list[tuple[str, str]]]:
    """Return what gives the choices `values` of a component their names, keys `ui.<prefix>_<value>`."""
    return lambda language: [(text(f"{prefix}_{value}", language), value) for value in values]


class Texts:
    """All texts of one page, by component and property, and what is asked in the language of a visitor who opens it."""

    def __init__(self) -> None:
        self._opening: list[tuple[Callable[..., dict[Any, Any]], list[Component], list[Component]]] = []
        self._places: dict[Block, Mapping[str, Text]] = {}
        self._kept: set[Block] = set()
        self.language = self.make(
            gr.Radio,
            {"label": "language", "choices": choices("language", LANGUAGES)},
            value="en",
            elem_id="language",
            elem_classes="segmented",
            container=False,
            render=False,
        )
        """the language switch; its value is the language of the page, an input of every handler that speaks"""

    def make(self, kind: Callable[..., B], texts: Mapping[str, Text], switched: bool = True, **properties: Any) -> B:
        """Return a component whose `texts` (property to text) are in the language of the page.

        Args:
            kind: class of the component.
            texts: its texts by property.
            switched: whether the texts are exchanged when the visitor switches the language; False for what
                changes while the page is used, and is drawn anew by whoever changes it.
            properties: everything else that the class takes.
        """
        english = {name: _value(place, "en") for name, place in texts.items()}
        component = kind(**english, **properties)
        self._places[component] = texts
        if not switched:
            self._kept.add(component)
        return component

    def at_opening(
        self, handler: Callable[..., dict[Any, Any]], inputs: Sequence[Component], outputs: Sequence[Component]
    ) -> None:
        """Let a handler, from the language and inputs to updates of outputs, be asked whenever the page is opened."""
        self._opening.append((handler, [self.language, *inputs], list(outputs)))

    def open_with(self, page: gr.Blocks, **kind: Any) -> None:
        """Ask all handlers of `at_opening` in one call: browsers make six at once, each a way there and back.

        Args:
            page: the page.
            kind: what kind of an event it is.
        """
        asked = list(dict.fromkeys(one for _, inputs, _ in self._opening for one in inputs))
        changed = list(dict.fromkeys(one for *_, outputs in self._opening for one in outputs))

        def opened(*values: Any) -> dict[Any, Any]:
            known = dict(zip(asked, values, strict=True))
            updates: dict[Any, Any] = {}
            for handler, inputs, _ in self._opening:
                updates |= handler(*(known[one] for one in inputs))
            return updates

        page.load(opened, asked, changed, **kind)

    @property
    def components(self) -> list[Block]:
        """The components whose texts the language switch exchanges, in the order of `updates`."""
        return [component for component in self._places if component not in self._kept]

    def updates(self, language: str) -> list[dict[str, Any]]:
        """Return what puts all `components` into `language`."""
        return [
            gr.update(**{name: _value(place, language) for name, place in self._places[component].items()})
            for component in self.components
        ]

    def places(self) -> Iterator[tuple[Block, str, Text]]:
        """Yield every text with its component and property."""
        for component, texts in self._places.items():
            for name, place in texts.items():
                yield component, name, place

    def translate(self, config: dict[str, Any], language: str) -> None:
        """Put the configuration that a page is built from into `language`, in place."""
        places = {component._id: texts for component, texts in self._places.items()}
        for component in config["components"]:
            for name, place in places.get(component["id"], {}).items():
                component["props"][name] = _value(place, language)
            if component["id"] == self.language._id:
                component["props"]["value"] = language
        config["title"] = text("title", language)


def gradio_phrases() -> list[dict[str, str]]:
    """Return what Gradio says in English only, as languages to sentences; the page's script exchanges them."""
    keys = [key for key in sentences("en") if key.startswith("gradio.")]
    return [{language: sentences(language)[key] for language in LANGUAGES} for key in keys]


def script_json(value: object) -> str:
    """Return JSON that may stand inside a script element."""
    dumped = json.dumps(value, ensure_ascii=False)
    return dumped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _value(place: Text, language: str) -> Any:
    return text(place, language) if isinstance(place, str) else place(language)

"""What every tab is built from: the controls of a request, small buttons, and where a page says what was wrong."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from html import escape
from typing import Any, Generic, TypeVar

import gradio as gr
from gradio.components import Component

from genai_demo.catalogue import sentences
from genai_demo.engine.fields import fields_of
from genai_demo.errors import UserError
from genai_demo.ui import cards
from genai_demo.ui.address import linked
from genai_demo.ui.languages import Text, Texts, choices, sentence, text

R = TypeVar("R")
Updates = dict[Any, Any]
"""Components, and what becomes of them; what is not named stays as it is."""
Options = Callable[[str], list[tuple[str, str]]]
"""From a language to choices, each a name and a value."""
PRIVATE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""What an event is that only the page needs, and that takes no time."""


def new_seed() -> int:
    """Return a seed that was not chosen by anybody."""
    return secrets.randbelow(2**31)


def whole(value: Any) -> Any:
    """Return a number as sliders give it, whole where it is; what is none is left for `check` to refuse."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def request_from(kind: type[R], values: Iterable[Any]) -> R:
    """Return the request whose fields hold `values`, in the order of its fields."""
    pairs = zip(fields_of(kind), values, strict=True)
    return kind(**{field.name: whole(value) if field.kind is int else value for field, value in pairs})


class Form(Generic[R]):
    """The controls of one kind of request, one for each of its fields; a method for each kind of control builds it.

    Args:
        texts: the texts of the page.
        default: what the controls show at first.
        prefix: of the controls' element ids.
        tab: what the keys of their names begin with, "" for nothing.
    """

    def __init__(self, texts: Texts, default: R, prefix: str, tab: str = "") -> None:
        self.texts = texts
        self.default = default
        self.prefix = prefix
        self.tab = f"{tab}_" if tab else ""
        self.controls: dict[str, Component] = {}
        self.fresh: gr.Checkbox | None = None

    def slider(
        self, name: str, bounds: tuple[float, float], step: float, key: str = "", **properties: Any
    ) -> gr.Slider:
        """Build the slider of a number; the keys of its texts begin with `key`, or go by its name."""
        named = labelled(key) if key else self._named(name)
        slider = _slider(self.texts, named, bounds, step, self._id(name), **(self._value(name) | properties))
        self.controls[name] = slider
        return slider

    def live_slider(self, name: str, bounds: tuple[float, float], step: float) -> None:
        """Build the slider of a number whose result is shown anew while it moves."""
        value = self._value(name)
        self.controls[name] = live_slider(self.texts, self._named(name), bounds, step, self._id(name), **value)

    def choice(self, name: str, values: Sequence[str] | Options, **properties: Any) -> gr.Radio:
        """Build a row of choices: values with names in the catalogue, or what names them in a language."""
        options = values if callable(values) else choices(f"{self.tab}{name}", values)
        named = {"choices": options, **self._named(name)}
        properties = self._value(name) | properties
        radio = self.texts.make(gr.Radio, named, elem_id=self._id(name), elem_classes="segmented", **properties)
        self.controls[name] = radio
        return radio

    def text(self, name: str, key: str, lines: int) -> gr.Textbox:
        """Build a field for words; the keys of its texts begin with `key`."""
        named = {**labelled(key), "placeholder": f"{key}_placeholder"}
        field = self.texts.make(gr.Textbox, named, lines=lines, elem_id=self._id(name))
        self.controls[name] = field
        return field

    def fixed(self, name: str) -> None:
        """Build the place of a field that a visitor does not see."""
        value = self._value(name)
        kind = gr.Textbox if isinstance(value["value"], str) else gr.Number
        self.controls[name] = kind(visible=False, **value)

    def dropdown(self, name: str, options: Options) -> None:
        """Build a list of choices, which `options` names in a language."""
        named = {"choices": options, **self._named(name)}
        properties = {"elem_id": self._id(name), "filterable": False, **self._value(name)}
        self.controls[name] = self.texts.make(gr.Dropdown, named, **properties)

    def seed(self) -> None:
        """Build the seed field, its button for a new one, and the choice whether every run draws one."""
        texts, prefix = self.texts, self.prefix
        with gr.Row(elem_classes="seed-row"):
            seed = texts.make(
                gr.Number, {"label": "seed", "info": "seed_info"}, value=0, elem_id=f"{prefix}-seed", scale=3
            )
            button = texts.make(gr.Button, {"value": "new_seed"}, size="md", elem_id=f"{prefix}-new-seed", scale=2)
        fresh = texts.make(gr.Checkbox, {"label": "fresh_seed"}, value=True, elem_id=f"{prefix}-fresh", container=False)
        # In the browser, so that whoever presses the next button at once gets the seed that they see.
        kept = "() => [Math.floor(Math.random() * 2 ** 31), false]"
        button.click(None, None, [seed, fresh], js=kept, api_visibility="private")
        seed.input(None, None, fresh, js="() => false", api_visibility="private")
        self.controls["seed"], self.fresh = seed, fresh

    @property
    def inputs(self) -> list[Component]:
        """The controls in the order of the request's fields; a field that came later may have none."""
        return [self.controls[name] for name in self._names]

    @property
    def _names(self) -> list[str]:
        known = fields_of(type(self.default))
        return [field.name for field in known if field.name in self.controls or not field.later]

    @property
    def outputs(self) -> list[Component]:
        """What `restored` changes."""
        return [*self.controls.values(), *([self.fresh] if self.fresh else [])]

    def remember(self, page: gr.Blocks, *others: Component) -> None:
        """Let the browser keep what the controls and `others` say, to be the same when `page` is reloaded."""
        kept: list[Any] = [*self.outputs, *others]
        call = f"(...values) => genaiDemo.address.{{}}('{self.prefix}', values)"
        remember, remembered = call.format("remember"), call.format("remembered")
        gr.on([control.change for control in kept], None, kept, None, js=remember, api_visibility="private")
        page.load(None, kept, kept, js=remembered, api_visibility="private")

    def request(self, values: Iterable[Any]) -> R:
        """Return the request that the values of `inputs` ask for."""
        shown = dict(zip(self._names, values, strict=True))
        names = [field.name for field in fields_of(type(self.default))]
        return request_from(type(self.default), [shown.get(name, getattr(self.default, name)) for name in names])

    def followed(self, wanted: Mapping[str, Any], check: Callable[[R], None]) -> tuple[R | None, Updates]:
        """Return the request of an address that names a result, None for any other, and what becomes of the controls.

        Args:
            wanted: what the page's script sends of the address: its `settings`, and whether to `keep` the controls as
                they are, since they are the visitor's own.
            check: raises `UserError` unless the request can be run.

        Raises:
            UserError: a setting is not allowed, or `check` refuses.
        """
        request = linked(type(self.default), wanted["settings"])
        if request is None:
            return None, {}
        check(request)
        # The next press draws a seed again.
        controls = {} if wanted.get("keep") else {**self.restored(request), self.fresh: True}
        return (request if "seed" in wanted["settings"] else None), controls

    def restored(self, request: R) -> Updates:
        """Return what puts the fields to a request; with its seed kept, it gives the same result once more."""
        updates: Updates = {control: getattr(request, name) for name, control in self.controls.items()}
        return updates | ({self.fresh: False} if self.fresh else {})

    def _named(self, name: str) -> Mapping[str, Text]:
        return labelled(f"{self.tab}{name}")

    def _id(self, name: str) -> str:
        return f"{self.prefix}-{name.replace('_', '-')}"

    def _value(self, name: str) -> dict[str, Any]:
        return {"value": getattr(self.default, name)}


def labelled(key: str) -> Mapping[str, Text]:
    """Return the texts of a control: its name, and its explanation where the catalogue has one."""
    return {"label": key} | ({"info": f"{key}_info"} if f"ui.{key}_info" in sentences("en") else {})


def _slider(
    texts: Texts,
    named: Mapping[str, Text],
    bounds: tuple[float, float],
    step: float,
    elem_id: str,
    **properties: Any,
) -> gr.Slider:
    return texts.make(
        gr.Slider, named, minimum=bounds[0], maximum=bounds[1], step=step, elem_id=elem_id, buttons=[], **properties
    )


def live_slider(
    texts: Texts, named: Mapping[str, Text], bounds: tuple[float, float], step: float, elem_id: str, **properties: Any
) -> gr.Slider:
    """Build a slider for what is shown anew while it moves; `named` is that of `Texts.make`."""
    slider = _slider(texts, named, bounds, step, elem_id, **properties)
    # The request checks the number, in the visitor's language: one that is half typed is no error yet.
    slider.preprocess = lambda payload: payload  # type: ignore[method-assign]
    return slider


def small_heading(texts: Texts, key: str) -> None:
    """Build the heading of a few controls; `key` is that of its words."""
    texts.make(gr.HTML, {"value": lambda language: f'<p class="small-heading">{escape(text(key, language))}</p>'})


def hint(texts: Texts, key: str, **values: object) -> None:
    """Build a line that tells a limit before it is met; `key` is that of its words, `values` are its fields."""
    texts.make(gr.HTML, {"value": lambda language: f'<p class="hint">{escape(text(key, language, **values))}</p>'})


def small_button(texts: Texts, key: str, elem_id: str, **properties: Any) -> gr.Button:
    """Build a small button; `key` is that of its name."""
    return texts.make(gr.Button, {"value": key}, size="sm", elem_id=elem_id, **properties)


def link_button(texts: Texts, elem_id: str, **properties: Any) -> gr.Button:
    """Build the button that copies the link to a result; `genaiDemo.copyLinkOf` does it."""
    return small_button(texts, "copy_link", elem_id, **properties)


def chip(texts: Texts, name: Text, elem_id: str) -> gr.Button:
    """Build a button that sets some fields."""
    return texts.make(gr.Button, {"value": name}, size="sm", elem_classes="chip", elem_id=elem_id)


def result_place(texts: Texts, empty: str, elem_id: str, kind: type[gr.HTML] = gr.HTML) -> Any:
    """Build where a result will be, an element of a `kind`; until then it says `empty`, a key."""
    value = {"value": lambda language: cards.placeholder(text(empty, language))}
    return texts.make(kind, value, switched=False, elem_id=elem_id, elem_classes="paper")


def notice_place(texts: Texts, elem_id: str) -> gr.HTML:
    """Build where a page says what was wrong; it is empty again when the language is switched."""
    return texts.make(gr.HTML, {"value": lambda _: ""}, elem_id=elem_id, elem_classes="message")


def refusing(
    notice: gr.HTML, tab: str = "", otherwise: Updates | None = None
) -> Callable[[Callable[..., Updates]], Callable[..., Updates]]:
    """Let a handler, whose first argument is the language, say in `notice` why it refuses what it is asked for.

    Args:
        notice: where it says so.
        tab: by whose names for settings.
        otherwise: what else becomes of components then.
    """

    def decorated(handler: Callable[..., Updates]) -> Callable[..., Updates]:
        @wraps(handler)
        def answer(language: str, *values: Any) -> Updates:
            try:
                return handler(language, *values)
            except UserError as error:
                said = cards.notice(sentence(error, language, tab), field=str(error.values.get("name", "")))
                return {notice: said, **(otherwise or {})}

        return answer

    return decorated


def run_script(button: gr.Button, script: str) -> None:
    """Let `button` do what needs no server."""
    button.click(None, None, None, js=f"() => {script}", api_visibility="private")


def parcel(
    event: Callable[..., Any],
    make: Callable[..., str],
    inputs: Sequence[Component],
    notice: gr.HTML,
    tab: str = "",
    take: str = "genaiDemo.save",
    **kind: Any,
) -> None:
    """Let an event send the page's script something, such as a file to save; nothing is written on this machine for it.

    Args:
        event: the event.
        make: returns what is sent, "" for nothing, or refuses to.
        inputs: arguments of `make`, the language first.
        notice: where a refusal is said.
        tab: by whose names for settings.
        take: function of the script that takes it and returns "", so that it is taken once.
        kind: what the event is, such as its line in the queue.
    """
    field = gr.Textbox(visible="hidden", show_label=False)

    @refusing(notice, tab, {field: ""})
    @wraps(make)
    def packed(*values: Any) -> Updates:
        return {field: make(*values), notice: ""}

    sent = event(packed, inputs, [field, notice], show_progress="hidden", api_visibility="private", **kind)
    sent.then(None, field, field, js=f"(parcel) => {take}(parcel)", api_visibility="private")

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from typing import Any

import gradio as gr
import pytest

import genai_demo
from genai_demo.catalogue import LANGUAGES, sentences
from genai_demo.errors import UserError
from genai_demo.ui.languages import Texts, sentence
from genai_demo.ui.page import build

ENGLISH_BY_NATURE = re.compile(
    # names; the models know English only, so what they are given is English on every page
    r"GenAI Demo|English|API|GRU|GAN|VAE|MIDI|MusicXML|PNG|ZIP|MP4|WebP|GIF|Top-p|Min-p"
    r"|MB|Shift|SVG|PDF|MP3|OGG|WAV|\.png|\.txt|\.json|\.mid|\.musicxml|Scientists have discovered"
    r"|The ___ said on Monday that ___ would rise\.|Shares of the company rose after it reported higher profits\."
)


@pytest.fixture(scope="module")
def page() -> tuple[gr.Blocks, Texts]:
    return build()


def seen(config: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield every string of a page that a person can read, with its component and property."""
    for component in config["components"]:
        if component["type"] == "api":  # the parameters of an endpoint, not on the page
            continue
        properties = component["props"]
        for name in ("label", "info", "placeholder"):
            if isinstance(properties.get(name), str) and properties[name] and properties.get("show_label", True):
                yield component, name, properties[name]
        if component["type"] in ("button", "uploadbutton", "html") and isinstance(properties.get("value"), str):
            yield component, "value", properties["value"]
        for choice in properties.get("choices") or []:
            yield component, "choices", choice[0]


def words(markup: str) -> str:
    collected: list[str] = []
    parser = HTMLParser()
    parser.handle_data = collected.append  # type: ignore[method-assign]
    parser.feed(markup)
    return " ".join(collected).strip()


def speaks_both_languages(english: Iterable[str]) -> None:
    """See that the page with the models that are here has nothing in one language only.

    Args:
        english: words that must not be left in Chinese.
    """
    page = build()
    test_every_string_on_the_page_comes_from_the_catalogue(page)
    test_the_switch_exchanges_what_the_page_is_built_with(page)
    test_in_english_no_chinese_is_left_but_the_name_of_the_language(page)
    test_in_chinese_no_english_is_left(page)
    blocks, texts = page
    config = blocks.get_config_file()
    texts.translate(config, "zh")
    translated = " ".join(words(string) for _, _, string in seen(config))
    for word in english:
        assert word not in translated


def test_both_languages_have_the_same_sentences_with_the_same_fields() -> None:
    english, *others = (sentences(language) for language in LANGUAGES)
    for other in others:
        assert english.keys() == other.keys()
        for key, sentence_ in english.items():
            texts = sentence_, other[key]
            fields = [{field for _, field, _, _ in Formatter().parse(text) if field} for text in texts]
            assert fields[0] == fields[1], key


def test_traditional_characters_are_those_of_taiwan() -> None:
    simplified, traditional = sentences("zh"), sentences("zh-Hant")
    assert "软件" not in "".join(traditional.values()) and "機器" in traditional["ui.tagline"]
    changed = [key for key, said in simplified.items() if traditional[key] != said]
    assert len(changed) > 0.75 * len(simplified)


def test_every_sentence_of_the_page_is_used() -> None:
    package = Path(genai_demo.__file__).parent
    code = "".join(file.read_text(encoding="utf-8") for file in [*package.rglob("*.py"), package.parent / "app.py"])
    asked = set(re.findall(r"""["'](?:ui\.)?([a-z_0-9-]+)["']""", code))
    made = {f"{prefix}_{value}" for prefix in ("topic", "model", "language", "tab", "pace") for value in asked}
    made |= {f"{name}_{end}" for name in asked for end in ("info", "placeholder")} | {
        f"{action}_text{end}" for action in ("fill", "rewrite") for end in ("", "_info", "_placeholder")
    }
    groups = ("model", "gender", "smile", "format", "tab", "direction", "photo", "strip", "open")
    made |= {f"faces_{group}_{value}" for group in groups for value in asked}
    made |= {f"faces_{name}{end}" for name in asked for end in ("", "_info")}
    groups = ("preset", "model", "density", "register", "style", "tab", "by", "hand", "interval", "part", "range")
    made |= {f"music_{group}_{value}" for group in (*groups, "file", "given", "piano", "open") for value in asked}
    made |= {f"music_{name}" for name in asked} | {f"music_{name}_info" for name in asked}
    made |= {"language_zh-Hant", "theme_button", "size_button"}
    made |= {
        f"{widget}_{name}" for widget in ("history", "rivals", "replay", "inside", "face_inside") for name in asked
    }
    made |= {f"{group}_{value}" for group in ("read", "units") for value in asked}
    made |= {f"matter_{method}_proof" for method in ("gradient", "attention")}
    made |= {f"inside_{group}_{value}" for group in ("form", "measure") for value in asked}
    keys = {key.removeprefix("ui.") for key in sentences("en") if key.startswith("ui.")}
    assert keys - asked - made == set()


def test_every_string_on_the_page_comes_from_the_catalogue(page: tuple[gr.Blocks, Texts]) -> None:
    blocks, texts = page
    registered = {(component._id, name) for component, name, _ in texts.places()}
    missing = [
        (component["type"], name, string)
        for component, name, string in seen(blocks.get_config_file())
        if words(string) and (component["id"], name) not in registered
    ]
    assert missing == []


def test_in_chinese_no_english_is_left(page: tuple[gr.Blocks, Texts]) -> None:
    blocks, texts = page
    config = blocks.get_config_file()
    texts.translate(config, "zh")
    left = [
        string
        for component, _, string in seen(config)
        if "chip" not in (component["props"].get("elem_classes") or [])
        and re.search("[A-Za-z]{2,}", ENGLISH_BY_NATURE.sub("", words(string)))
    ]
    assert left == []
    assert config["title"]


def test_in_english_no_chinese_is_left_but_the_name_of_the_language(page: tuple[gr.Blocks, Texts]) -> None:
    strings = [
        (str(component["props"].get("elem_id")), words(string))
        for component, _, string in seen(page[0].get_config_file())
    ]
    chinese = {(where, string) for where, string in strings if re.search("[\u4e00-\u9fff]", string)}
    # What headlines may begin with, and those that are filled in, rewritten or read, are Chinese in every language.
    where_it_may = "headlines-(opening|example)|(fill|rewrite)-chinese-(text|example)|read-example"
    examples = {(where, string) for where, string in chinese if re.match(where_it_may, where)}
    assert {string for _, string in chinese - examples} == {"中文", "繁體"}


def test_the_switch_exchanges_what_the_page_is_built_with(page: tuple[gr.Blocks, Texts]) -> None:
    blocks, texts = page
    config = blocks.get_config_file()
    texts.translate(config, "zh")
    translated = {component["id"]: component["props"] for component in config["components"]}
    for component, update in zip(texts.components, texts.updates("zh"), strict=True):
        for name, value in update.items():
            if name != "__type__":
                assert translated[component._id][name] == value, (component, name)


def test_the_first_page_knows_its_language(page: tuple[gr.Blocks, Texts]) -> None:
    blocks, texts = page
    config = blocks.get_config_file()
    texts.translate(config, "zh")
    switch = next(item for item in config["components"] if item["id"] == texts.language._id)
    assert switch["props"]["value"] == "zh"


def test_errors_name_settings_as_the_page_does() -> None:
    error = UserError("engine.out_of_range_whole", name="seed", value=-1, low=0, high=9)
    assert sentence(error, "zh").startswith("种子")
    assert sentence(error, "en").startswith("Seed")


def test_what_the_page_exchanges_is_what_gradio_says() -> None:
    """Another version may say it in other words, which would then stay English."""
    frontend = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
    code = "".join(file.read_text(encoding="utf-8") for file in frontend.glob("*.js") if not file.name.startswith("zh"))
    said = {key: sentence_ for key, sentence_ in sentences("en").items() if key.startswith("gradio.")}
    by_browsers = {"gradio.fetch_chromium", "gradio.fetch_firefox", "gradio.fetch_safari"}
    literal = {key: re.split(r"\{\w+\}", sentence_)[0] for key, sentence_ in said.items() if key not in by_browsers}
    assert {key for key, words_ in literal.items() if words_ not in code} == set()

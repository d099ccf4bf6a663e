"""The pages that tell how families of networks work."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import gradio as gr
import httpx
import pytest

from genai_demo.catalogue import LANGUAGES, message, sentences
from genai_demo.modalities import modalities
from genai_demo.settings import settings
from genai_demo.ui.lessons.glyphs import glyph
from genai_demo.ui.lessons.page import lesson_page, lessons
from genai_demo.ui.training.choosing import settings_of

SAID_ELSEWHERE = {"link", "missing", "no_judge"}
"""on the page itself; where a GAN's checkpoint has its discriminator; where a checkpoint is missing"""


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {f"{name} {language}": lesson_page(name, language, language) for name in lessons() for language in LANGUAGES}


def test_every_lesson_says_every_sentence_about_it(pages: dict[str, str]) -> None:
    for language in LANGUAGES:
        told = unescape(" ".join(pages[f"{name} {language}"] for name in lessons()))
        told += unescape(lesson_page("", language, language))
        known = {key.removeprefix("lessons."): said for key, said in sentences(language).items() if "lessons." in key}
        unsaid = {key for key, said in known.items() if max(re.split(r"\{[^}]*\}", said), key=len) not in told}
        assert unsaid <= SAID_ELSEWHERE


def test_claims_are_tried_on_pages_that_there_are_with_settings_that_there_are(
    pages: dict[str, str], client: httpx.Client
) -> None:
    page = client.get("/").text
    of_tab = {"news": "text", "faces": "faces"}
    for name in lessons():
        addresses = [unescape(one) for one in re.findall(r'class="try" href="(.*?)"', pages[f"{name} en"])]
        assert addresses
        for address in addresses:
            wanted = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
            assert f'data-tab=\\"{wanted["tab"]}\\" data-page=\\"{wanted["page"]}\\"' in page.replace("\\u0022", '\\"')
            if wanted["page"] == "train":
                modality = modalities()[of_tab[wanted["tab"]]]
                known = settings_of(modality, wanted["family"], False)
                assert wanted.keys() - {"lang", "tab", "page", "family"} <= known.keys()


def test_the_code_that_is_shown_is_that_of_the_program(pages: dict[str, str], root: Path) -> None:
    source = (root / "genai_demo" / "faces" / "models" / "vae.py").read_text(encoding="utf-8")
    shown = [unescape(one) for one in re.findall(r'<pre tabindex="0">(.*?)</pre>', pages["vae en"], re.DOTALL)]
    assert len(shown) == 3 and all(one in source for one in shown[1:])
    assert "optimizer.step()" in shown[0] and len(shown[0].splitlines()) <= 12


def test_a_lesson_that_there_is_not_leads_to_all_of_them(client: httpx.Client) -> None:
    answer = client.get("/how", params={"lesson": "<b>", "lang": "zh"})
    assert answer.status_code == 200 and "&lt;b&gt;" not in answer.text and "<b>" not in answer.text
    assert all(f"lesson={name}&amp;lang=zh" in answer.text for name in lessons())
    assert answer.headers["content-security-policy"] == client.get("/").headers["content-security-policy"]
    assert '<html lang="zh-CN">' in answer.text
    assert client.post("/how").status_code == 404


def test_a_missing_checkpoint_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    settings.cache_clear()
    page = lesson_page("autoregressive", "en", "en")
    assert message("lessons.missing", reason="").strip() in unescape(page) and "news-gru" in page


@pytest.mark.parametrize(("small", "large"), [((8,), (64,)), ((9, 8), (9, 64)), ((3, 8, 8), (3, 32, 32))])
def test_what_is_larger_is_drawn_larger(small: tuple[int, ...], large: tuple[int, ...]) -> None:
    one, other = (int(re.findall(r'width="(\d+)"', glyph(shape))[0]) for shape in (small, large))
    assert one < other


def test_the_page_leads_to_them(served: gr.Blocks, client: httpx.Client) -> None:
    assert "how?lang=en" in client.get("/").text

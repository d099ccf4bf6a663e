"""What stands in the address is the request again."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from genai_demo.errors import UserError
from genai_demo.faces.requests import FaceRequest, GalleryRequest, MorphRequest
from genai_demo.music.requests import ComposeRequest, RewriteRequest
from genai_demo.music.tokens.piece_string import write_piece_string
from genai_demo.text.requests import FillRequest, GenerateRequest
from genai_demo.ui.address import link, linked
from tests.helpers.music import tune


def settings_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(address.removeprefix("?"), keep_blank_values=True))


@pytest.mark.parametrize(
    "request_",
    [
        GenerateRequest(topic="sports", opening="50 % of & ? # = 100", temperature=0.5, seed=7),
        GenerateRequest(),
        FillRequest(text="The ___ said\nthat ___."),
        GalleryRequest("both", 9, 3, 0.7, 30, "woman", "no"),
        FaceRequest("vae", 3, 12, 0.75, 61.5, 0.25, 1.0, (0.0, -1.5), (3, 99)),
        MorphRequest((FaceRequest(seed=1, directions=(1.0,)), FaceRequest(seed=2, nudges=(4,))), 0.5, "gif"),
        ComposeRequest(key="F#_minor", metre="6/8", seed=12),
        RewriteRequest(write_piece_string(tune(1, 4)), 1, 1, seed=2),
    ],
)
def test_an_address_is_a_request(request_: Any) -> None:
    address = link("tab", "page", request_)
    settings = settings_of(address)
    assert (settings.pop("tab"), settings.pop("page")) == ("tab", "page")
    assert linked(type(request_), settings) == request_


def test_only_what_is_empty_is_left_out() -> None:
    """What is usual today may not be so in a later version."""
    settings = settings_of(link("news", "write", GenerateRequest()))
    assert settings.keys() == {"tab", "page", *GenerateRequest.__dataclass_fields__} - {"opening", "chosen"}


def test_what_is_no_setting_is_for_others() -> None:
    assert linked(GenerateRequest, {"lang": "zh", "__theme": "dark"}) is None
    assert linked(GenerateRequest, {"lang": "zh", "seed": "7"}) == GenerateRequest(seed=7)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (GenerateRequest, {"topic": "gossip"}),
        (GenerateRequest, {"seed": "-1"}),
        (GenerateRequest, {"seed": "seven"}),
        (GenerateRequest, {"seed": None}),
        (GenerateRequest, {"temperature": "nan"}),
        (GenerateRequest, {"temperature": ["0.5"]}),
        (GenerateRequest, {"opening": "x" * 301}),
        (FaceRequest, {"directions": "1,2"}),
        (FaceRequest, {"directions": "{}"}),
        (FaceRequest, {"nudges": "[[]]"}),
        (FaceRequest, {"nudges": "[" * 100_000}),
        (MorphRequest, {"faces": "[1, 2]"}),
        (MorphRequest, {"faces": '[{"hair": 1}, {}]'}),
        (MorphRequest, {"faces": '[{"directions": 1}, {}]'}),
        (MorphRequest, {"faces": '[{"seed": "x"}, {}]'}),
        (MorphRequest, {"faces": '[{"seed": null}, {}]'}),
    ],
)
def test_settings_that_are_not_allowed_are_refused(kind: type, settings: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        linked(kind, settings)

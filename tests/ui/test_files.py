"""What visitors send and save: it comes and goes in base64, and nothing that is sent is trusted."""

from __future__ import annotations

import base64
import json

import pytest

from genai_demo.errors import UserError
from genai_demo.ui.faces.files import WRONG as PICTURES
from genai_demo.ui.files import download, received
from genai_demo.ui.music.melody import WRONG as MUSIC


@pytest.mark.parametrize("wrong", [PICTURES, MUSIC])
def test_files_come_in_base64_and_not_too_large(wrong: tuple[str, str]) -> None:
    assert received(base64.b64encode(b"MThd").decode(), 4, *wrong) == b"MThd"
    for content, key in ((None, wrong[1]), ("%", wrong[1]), ("A" * 2**22, wrong[0])):
        with pytest.raises(UserError) as refusal:
            received(content, 2**20, *wrong)
        assert refusal.value.key == key


def test_a_file_to_save_bears_its_name_and_kind() -> None:
    parcel = json.loads(download("a.txt", "text/plain", b"\xffa"))
    assert parcel | {"content": base64.b64decode(parcel["content"])} == {
        "name": "a.txt",
        "kind": "text/plain",
        "content": b"\xffa",
    }

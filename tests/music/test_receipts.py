"""Sheet music gives its receipt back, and does no harm however it was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from genai_demo.engine.generation.receipts import RECEIPT_KEY, Receipt, read_receipt, receipt_in
from genai_demo.errors import UserError

RECEIPT = Receipt("text", "generate", "news-gru", "0123456789ab", {"seed": 7, "opening": "Öl"}, 2)


def sheet_music(field: str, before: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    inside = (
        f'<miscellaneous-field name="other">no</miscellaneous-field><miscellaneous-field name="{RECEIPT_KEY}">{field}'
    )
    return f"{before}<score-partwise><m>{inside}</miscellaneous-field></m></score-partwise>".encode()


def test_sheet_music(tmp_path: Path) -> None:
    line = RECEIPT.to_json().replace("&", "&amp;").replace("<", "&lt;")
    file = tmp_path / "a.musicxml"
    doctype = (
        '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://127.0.0.1:9/x.dtd">'
    )
    for content in (
        sheet_music(line),
        b"\xef\xbb\xbf" + sheet_music(line),
        sheet_music(line, f'<?xml version="1.0"?>{doctype}'),
        sheet_music(line).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    ):
        file.write_bytes(content)
        assert read_receipt(file) == RECEIPT


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (sheet_music("no receipt"), "engine.no_receipt"),
        (b"<?xml version='1.0'?><score-partwise/>", "engine.no_receipt"),
        (b"<?xml version='1.0'?><score-partwise>", "engine.damaged_result"),
        (b"<?xml version='1.0' encoding='none'?><a/>", "engine.damaged_result"),
        (sheet_music("&l11;", f"<?xml version='1.0'?><!DOCTYPE a [{LAUGHS}]>"), "engine.damaged_result"),
        (
            sheet_music("&f;", "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY f SYSTEM 'file:///etc/hostname'>]>"),
            "engine.damaged_result",
        ),
    ],
    ids=["other text", "no field", "broken off", "no encoding", "laughs", "file"],
)
def test_sheet_music_that_holds_none(content: bytes, key: str) -> None:
    with pytest.raises(UserError) as refusal:
        receipt_in(content, "a.musicxml")
    assert refusal.value.key == key
    if key != "engine.no_receipt":
        assert "a.musicxml" in str(refusal.value)

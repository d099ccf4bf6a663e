"""A lecture room finds the page: its address, and a code that cameras read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from genai_demo.hosting.qr import LONGEST, in_terminal, qr_code
from genai_demo.hosting.room import invitation, room_address


@pytest.mark.parametrize("length", [1, 14, 15, 26, 27, 42, 43, 62, 63, 84, 85, LONGEST])
def test_another_program_reads_the_code(length: int) -> None:
    """At the lowest and highest number of bytes of each version."""
    text = ("http://192.168.178.23:7860/?tab=news&seed=" + "é0123456789" * 10).encode()[:length].decode(errors="ignore")
    code = np.pad(np.array(qr_code(text)), 4)
    picture = np.kron(np.where(code, 0, 255).astype(np.uint8), np.ones((8, 8), np.uint8))
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == text


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="x"):
        qr_code("x" * (LONGEST + 1))


def test_the_terminal_shows_the_code_with_its_quiet_zone() -> None:
    text = "http://10.0.0.7:7860"
    lines = in_terminal(text).splitlines()
    dark = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    rows = [[dark[letter][half] for letter in line] for line in lines for half in (0, 1)]
    inside = [row[4:-4] for row in rows[4:-4]][: len(qr_code(text))]
    assert np.array_equal(np.array(inside, bool), np.array(qr_code(text)))
    assert not np.array(rows[:4]).any() and not np.array([row[:4] for row in rows]).any()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", None),
        ("::1", None),
        ("localhost", None),
        ("192.168.1.5", "http://192.168.1.5:7860"),
        ("fd00::5", "http://[fd00::5]:7860"),
        ("lecture.example.org", "http://lecture.example.org:7860"),
    ],
)
def test_only_a_page_that_others_reach_invites_them(host: str, address: str | None) -> None:
    assert room_address(host, 7860) == address
    assert invitation(host, 7860).startswith(address or "") and bool(invitation(host, 7860)) == bool(address)


def test_a_page_on_every_address_names_the_one_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genai_demo.hosting.room._own_address", lambda host: "192.168.1.5")
    assert room_address("0.0.0.0", 80) == "http://192.168.1.5:80"
    monkeypatch.setattr("genai_demo.hosting.room._own_address", lambda host: "127.0.0.1")
    assert room_address("0.0.0.0", 80) is None, "no network, nobody to invite"

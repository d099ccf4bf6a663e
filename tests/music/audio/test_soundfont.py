"""Every zone of a SoundFont finds its key in the header of its sample, and damage is noticed."""

from __future__ import annotations

import itertools
import struct

import pytest

from genai_demo.music.audio.soundfont import soundfont, with_headers_per_zone


@pytest.fixture(scope="module")
def usual() -> bytes:
    return soundfont().read_bytes()


def table(content: bytes, name: bytes) -> bytes:
    """Return what follows the last chunk name `name`."""
    place = content.rindex(name)
    (size,) = struct.unpack_from("<I", content, place + 4)
    return content[place + 8 : place + 8 + size]


def test_what_it_says_once_more_it_need_not_say_again(usual: bytes) -> None:
    mended = with_headers_per_zone(usual)
    assert with_headers_per_zone(mended) == mended != usual
    assert struct.unpack_from("<I", mended, 4)[0] == len(mended) - 8


def test_sounds_and_presets_stay_as_they_are(usual: bytes) -> None:
    mended = with_headers_per_zone(usual)
    for name in (b"phdr", b"pbag", b"pgen", b"inst", b"ibag"):
        assert table(mended, name) == table(usual, name)
    assert mended.index(b"pdta") == usual.index(b"pdta")
    assert mended[12 : mended.index(b"pdta") - 8] == usual[12 : usual.index(b"pdta") - 8]
    headers = table(usual, b"shdr")
    assert table(mended, b"shdr").startswith(headers[:-46]) and table(mended, b"shdr").endswith(headers[-46:])


def test_headers_name_the_keys_of_their_zones(usual: bytes) -> None:
    mended = with_headers_per_zone(usual)
    headers, generators = table(mended, b"shdr"), list(struct.iter_unpack("<HH", table(mended, b"igen")))
    bags = [bag for bag, _ in struct.iter_unpack("<HH", table(mended, b"ibag"))]
    checked = 0
    for first, behind in itertools.pairwise(bags):
        zone = dict(generators[first:behind])
        if 58 in zone and 53 in zone:
            assert headers[46 * zone[53] + 40] == zone[58]
            checked += 1
    assert checked > 100


@pytest.mark.parametrize("length", [0, 12, 100, 5_000_000, -1000, -1])
def test_what_breaks_off_is_refused(usual: bytes, length: int) -> None:
    with pytest.raises(ValueError, match=r"SoundFont|breaks off"):
        with_headers_per_zone(usual[:length])

"""Whatever a visitor uploads becomes an upright RGB picture, or is refused in one sentence before it does harm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.faces.data import pictures
from genai_demo.faces.data.pictures import LEAST_SIDE, MOST_BYTES, open_picture, square_picture
from tests.helpers.archives import write_zip
from tests.helpers.pictures import HEIC, encoded, picture, png


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32)).max())


def refused(data: bytes | Path, key: str, *parts: str) -> None:
    with pytest.raises(UserError) as refusal:
        open_picture(data)
    assert refusal.value.key == key
    for language in LANGUAGES:
        sentence = refusal.value.in_language(language)
        assert all(part in sentence for part in parts), sentence
        assert "\n" not in sentence


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP", "GIF", "JPEG", "AVIF"])
def test_every_format_is_read_whatever_it_is_called(kind: str, tmp_path: Path) -> None:
    exact = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}, "AVIF": {"quality": 100}}
    content = encoded(picture(size=(48, 40)), kind, **exact.get(kind, {}))
    opened = open_picture(content)
    assert (opened.mode, opened.size) == ("RGB", (48, 40))
    assert difference(opened, picture(size=(48, 40))) <= {"GIF": 60, "JPEG": 8, "AVIF": 12}.get(kind, 0)
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    assert difference(open_picture(file), opened) == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    grey = picture().convert("L")
    wide = np.asarray(grey).astype(np.uint16) * 257
    image = {
        "I;16": lambda: Image.fromarray(wide),
        "I": lambda: Image.fromarray(wide.astype(np.int32)),
        "F": lambda: Image.fromarray(np.asarray(grey).astype(np.float32) / 255),
    }.get(mode, lambda: picture().convert(mode))()
    opened = open_picture(encoded(image, "PNG" if mode == "I;16" else "TIFF"))
    assert opened.mode == "RGB"
    if mode in ("L", "LA", "I;16", "I"):
        assert difference(opened, grey.convert("RGB")) == 0
    elif mode == "F":
        low, high = grey.getextrema()
        stretched = (np.asarray(grey, np.float32) - low) * 255 / (high - low)
        assert np.abs(np.asarray(opened)[..., 0] - stretched).max() <= 1
    else:
        assert difference(opened, image.convert("RGB")) <= 2


def test_floating_point_of_one_value_or_none() -> None:
    flat = np.full((40, 40), 0.5, np.float32)
    assert np.asarray(open_picture(encoded(Image.fromarray(flat), "TIFF"))).max() == 0
    flat[3, 3] = np.nan
    assert open_picture(encoded(Image.fromarray(flat), "TIFF")).size == (40, 40)


def test_transparent_parts_are_white() -> None:
    layer = picture().convert("RGBA")
    layer.putalpha(Image.new("L", layer.size, 0))
    assert np.asarray(open_picture(encoded(layer))).min() == 255
    layer.putalpha(Image.new("L", layer.size, 51))
    expected = np.asarray(picture(), np.float32) * 0.2 + 255 * 0.8
    assert np.abs(np.asarray(open_picture(encoded(layer)), np.float32) - expected).max() <= 1
    palette = Image.new("P", (40, 40), 0)
    palette.putpalette([200, 0, 0, 0, 200, 0])
    palette.paste(1, (0, 0, 20, 40))
    opened = open_picture(encoded(palette, transparency=0))
    assert (opened.getpixel((30, 5)), opened.getpixel((5, 5))) == ((255, 255, 255), (0, 200, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_upright_as_the_camera_says(orientation: int) -> None:
    upright = picture(size=(60, 40))
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "A camera of somebody"
    stored = upright.transpose(turn) if turn is not None else upright
    opened = open_picture(encoded(stored, exif=exif))
    assert opened.size == (60, 40)
    assert difference(opened, upright) == 0
    assert not opened.info and not opened.getexif()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_what_moves(kind: str) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ((250, 0, 0), (0, 250, 0), (0, 0, 250))]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    red, green, _ = open_picture(content).getpixel((20, 20))
    assert red > 200 and green < 50


def test_a_photo_that_a_phone_stores_with_a_second_one_inside() -> None:
    content = encoded(picture(1), "MPO", save_all=True, append_images=[picture(2)], quality=100)
    assert difference(open_picture(content), picture(1)) < 40


def test_too_large_a_picture_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    for side in (7072, 20_000, 100_000):
        refused(png(side, side), "faces.too_many_pixels", "40")
    refused(png(1, 39_000_000), "faces.too_few_pixels", "39000000")
    refused(b"\0" * (MOST_BYTES + 1), "faces.too_many_bytes", "20")


def test_too_large_a_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    with file.open("wb") as stream:
        stream.truncate(10 * 2**30)
    refused(file, "faces.too_many_bytes", "20")


def test_sixteen_bits_of_colour() -> None:
    rows = b"".join(b"\0" + b"\xff\x00\x80\x00\x00\x00" * 40 for _ in range(40))
    assert open_picture(png(40, 40, rows, bits=16)).getpixel((20, 20)) == (255, 128, 0)


@pytest.mark.parametrize("size", [(1, 1), (31, 400), (400, 31)])
def test_too_small_a_picture(size: tuple[int, int]) -> None:
    refused(encoded(picture(size=size)), "faces.too_few_pixels", str(size[0]), str(size[1]), str(LEAST_SIDE))
    assert open_picture(encoded(picture(size=(32, 32)))).size == (32, 32)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_a_picture_that_is_cut_off(kind: str, share: float) -> None:
    content = encoded(picture(size=(200, 200)).effect_spread(20), kind)
    refused(content[: int(len(content) * share)], "faces.damaged_file")


def test_what_is_no_picture(tmp_path: Path) -> None:
    refused(b"", "faces.empty_picture")
    refused(b"GIF89a", "faces.not_a_picture")
    for content in (b"%PDF-1.7 ...", b"MZ\x90\0", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0" * 500):
        refused(content, "faces.not_a_picture", "PNG")
    refused(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9000 9000\n", "faces.not_a_picture")
    refused(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "faces.heic", "HEIC")
    refused(write_zip(tmp_path / "a.png", {"b.png": encoded(picture())}), "faces.nested_zip", "ZIP")
    refused(tmp_path / "none.png", "engine.no_file", "none.png")


def test_heic_as_phones_give_it() -> None:
    opened = open_picture(HEIC)
    assert (opened.mode, opened.size, opened.info) == ("RGB", (80, 64), {})
    drawn = picture(3, (80, 64))
    assert np.abs(np.asarray(opened, int) - np.asarray(drawn, int)).mean() < 10
    for share in (0.1, 0.5, 0.9, 0.99):
        with pytest.raises(UserError) as refusal:
            open_picture(HEIC[: int(len(HEIC) * share)])
        assert refusal.value.key in ("faces.heic", "faces.damaged_file")


@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"]), st.randoms(use_true_random=False))
def test_any_damage_is_refused_or_does_no_harm(kind: str, random: object) -> None:
    content = bytearray(encoded(picture(size=(40, 40)), kind))
    for _ in range(random.randint(1, 8)):  # type: ignore[attr-defined]
        content[random.randrange(len(content))] = random.randrange(256)  # type: ignore[attr-defined]
    try:
        opened = open_picture(bytes(content))
    except UserError as error:
        assert error.key.startswith("faces.")
    else:
        assert opened.mode == "RGB"


def test_nothing_is_written_or_logged(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "genai_demo")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF"):
        open_picture(encoded(picture(), kind))
    for data in (png(64, 64), png(9000, 9000), b"no picture"):
        with pytest.raises(UserError):
            open_picture(data)
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.name.startswith("genai_demo")]


def test_a_jpeg_may_be_decoded_at_a_fraction() -> None:
    content = encoded(picture(size=(1024, 768)), "JPEG", quality=95)
    small = open_picture(content, enough=100)
    assert min(small.size) >= 100 and small.width < 1024
    assert difference(square_picture(small, 64), square_picture(open_picture(content), 64)) < 12
    assert open_picture(encoded(picture(size=(1024, 768))), enough=100).size == (1024, 768)


def test_the_middle_square_is_kept() -> None:
    image = Image.new("RGB", (300, 100), "black")
    image.paste((255, 255, 255), (100, 0, 200, 100))
    assert np.asarray(square_picture(image, 50))[:, 2:-2].min() > 250
    assert np.asarray(square_picture(image.rotate(90, expand=True), 50))[2:-2].min() > 250
    same = picture()
    assert difference(square_picture(same, 64), same) == 0


def test_formats_are_known_to_pillow() -> None:
    Image.init()
    assert set(pictures._FORMATS) <= set(Image.OPEN)

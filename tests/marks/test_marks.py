"""What is written into a file is read back from it, leaves its content alone, and tells a changed file."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.generation.receipts import Receipt, origin, parse_receipt, receipt_in, text_with_receipt
from genai_demo.errors import UserError
from genai_demo.marks.credentials import sign
from genai_demo.marks.origin import AIGC, TRAINED, Origin, entries
from genai_demo.marks.reading import Marks, read_marks
from genai_demo.marks.telling import told
from genai_demo.marks.writing import marked
from genai_demo.settings import settings
from tests.helpers.marked import KINDS, NOTE, ORIGIN, RECEIPT, SIGNED, bare, with_marks
from tests.helpers.pictures import encoded, picture

FIELDS = ("Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_its_marks_back(kind: str) -> None:
    marks = read_marks(with_marks(kind))
    assert marks.kind == KINDS[kind] and not marks.damaged
    assert parse_receipt(marks.receipt) == RECEIPT
    assert marks.iptc == TRAINED
    assert marks.aigc is not None and tuple(marks.aigc) == FIELDS
    assert marks.aigc["Label"] == "1" and marks.aigc["ContentProducer"] == "GenAI Demo"
    assert marks.aigc["ProduceID"] == hashlib.sha256(marks.receipt.encode()).hexdigest(), (
        "the hash of what stands there"
    )
    if kind in SIGNED:
        assert marks.c2pa is not None and marks.c2pa.state == "own"
        assert marks.c2pa.model == "faces-gan 0123456789ab" and marks.c2pa.source == TRAINED
        assert marks.c2pa.program.startswith("GenAI Demo") and not marks.c2pa.problems
    else:
        assert marks.c2pa is None
    plain = json.loads(json.dumps(marks.plain()))
    assert (
        plain["receipt"]["checkpoint"] == "0123456789ab" and plain["aigc"]["Label"] == "1" and plain["iptc"] == TRAINED
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_marks_says_nothing(kind: str) -> None:
    assert read_marks(bare(kind)) == Marks(KINDS[kind])
    with pytest.raises(UserError) as refusal:
        receipt_in(bare(kind), "a file")
    assert refusal.value.key == "engine.no_receipt"


def content(file: bytes, kind: str) -> list[Any]:
    """Return the pixels or samples of a file, and how long they last."""
    if kind in ("png", "gif", "webp"):
        frames = ImageSequence.Iterator(Image.open(io.BytesIO(file)))
        return [(np.asarray(frame.convert("RGBA")).tobytes(), frame.info.get("duration")) for frame in frames]
    if kind == "mp4":
        with av.open(io.BytesIO(file)) as film:
            return [(frame.pts, frame.to_ndarray(format="rgb24").tobytes()) for frame in film.decode(video=0)]
    if kind == "svg":
        return [file.count(b"<path"), file.count(b"<svg"), file.count(b"<?xml")]
    sound, rate = soundfile.read(io.BytesIO(file))
    with av.open(io.BytesIO(file)) as opened:
        return [rate, sound.shape, sound.tobytes(), opened.duration]


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_and_samples_stay(kind: str) -> None:
    assert content(with_marks(kind), kind) == content(bare(kind), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_marks_are_small(kind: str) -> None:
    assert len(with_marks(kind)) - len(bare(kind)) < 7000, "no thumbnail is in them"


@pytest.mark.parametrize("kind", SIGNED)
def test_a_changed_file_does_not_pass_for_ours(kind: str) -> None:
    file = bytearray(with_marks(kind))
    place = {"svg": file.find(b"<path") + 7, "webp": file.find(b"ANMF") + 60, "wav": 4000}.get(kind, len(file) - 40)
    if kind == "mp4":
        place = file.find(b"mdat") + 60
    if kind == "gif":
        place = file.find(b"XMP DataXMP") + 60
    file[place] ^= 1
    marks = read_marks(bytes(file))
    assert marks.c2pa is not None and marks.c2pa.state == "invalid" and marks.c2pa.problems
    for language in LANGUAGES:
        assert any(marks.c2pa.problems[0] in line for line in told(marks, language))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9, 0.999])
def test_a_file_that_breaks_off_does_no_harm(kind: str, share: float) -> None:
    file = with_marks(kind)
    marks = read_marks(file[: int(len(file) * share)])
    assert marks.c2pa is None or marks.c2pa.state in ("invalid", "unreadable")
    assert all(told(marks, language) for language in LANGUAGES)


@given(st.binary(max_size=300), st.sampled_from([*KINDS, "jpeg", "midi", "pdf", "json"]))
def test_nothing_that_is_no_file_of_its_kind_does_harm(tail: bytes, kind: str) -> None:
    heads = {"jpeg": b"\xff\xd8\xff", "midi": b"MThd", "pdf": b"%PDF-", "json": b"{"}
    marks = read_marks((heads[kind] if kind in heads else bare(kind)[:40]) + tail)
    assert marks.plain().keys() == {"receipt", "iptc", "aigc", "c2pa"}


SETTINGS = st.dictionaries(st.text(max_size=8), st.text(max_size=400), max_size=4)


@hypothesis_settings(max_examples=30)
@given(SETTINGS, st.text(max_size=30), st.sampled_from(["png", "webp", "gif", "svg", "mp4", "mp3", "wav", "ogg"]))
def test_any_receipt_comes_back(values: dict[str, str], title: str, kind: str) -> None:
    printable = "".join(letter for letter in title if letter.isprintable())
    receipt = Receipt("text", "fill", "m", "ab", values)
    assert receipt_in(marked(bare(kind), origin(NOTE, receipt, printable)), "a file") == receipt


@pytest.mark.parametrize("kind", ["ogg", "mp3", "wav", "mp4"])
def test_a_long_receipt_comes_back(kind: str) -> None:
    receipt = Receipt("music", "continue", "piano-composer", "ab", {"music": "C4 " * 60_000})
    file = marked(bare(kind), origin(NOTE, receipt))
    assert receipt_in(file, "a file") == receipt
    assert content(file, kind) == content(bare(kind), kind)


def test_what_has_no_receipt_is_numbered_by_its_content() -> None:
    where = Origin(NOTE, models=(("faces-gan", "ab"), ("faces-vae", "cd")))
    marks = read_marks(with_marks("png", where))
    assert marks.receipt == "" and marks.aigc and marks.c2pa
    assert marks.aigc["ProduceID"] == hashlib.sha256(bare("png")).hexdigest()
    assert marks.c2pa.model == "faces-gan, faces-vae ab, cd"


def test_the_host_names_the_producer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENAI_DEMO_PRODUCER", "001191110000000000000000000 <某公司>")
    settings.cache_clear()
    for kind in ("png", "svg", "ogg"):
        marks = read_marks(with_marks(kind))
        assert marks.aigc and marks.aigc["ContentProducer"] == settings().producer


def test_files_that_cannot_be_marked_are_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="image/jpeg"):
        marked(encoded(picture(), "JPEG"), ORIGIN)


def test_old_files_are_still_read() -> None:
    """Earlier versions kept the receipt in iTXt, in the comment of sound files, and in text events."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("genai-demo-receipt", RECEIPT.to_json())
    files = {"png": encoded(picture(), pnginfo=info)}
    for kind, subtype in (("wav", "PCM_16"), ("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III"), ("flac", "PCM_16")):
        stream = io.BytesIO()
        with soundfile.SoundFile(stream, "w", 44_100, 1, subtype, format=kind.upper()) as file:
            file.comment = json.dumps({**json.loads(RECEIPT.to_json())})
            file.write(np.zeros(4410))
        files[kind] = stream.getvalue()
    for kind, content in files.items():
        assert receipt_in(content, kind) == RECEIPT


def test_text_files_have_front_matter_that_yaml_reads() -> None:
    import yaml

    text = text_with_receipt("Oil: prices\n---\nrose.", NOTE, RECEIPT)
    _, front, body = text.split("---\n", 2)
    told_ = yaml.safe_load(front)
    assert told_["AIGC"]["Label"] == "1" and tuple(told_["AIGC"]) == FIELDS
    assert body.startswith("Oil: prices\n---\nrose.\n\n" + NOTE)
    for newline in ("\n", "\r\n"):
        marks = read_marks(text.replace("\n", newline).encode())
        assert parse_receipt(marks.receipt) == RECEIPT
        assert marks.iptc == TRAINED and marks.aigc == told_["AIGC"]


ELSEWHERE = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:TC="http://www.tc260.org.cn/ns/AIGC/1.0/" '
    'xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" {}>{}</rdf:Description></rdf:RDF></x:xmpmeta>'
)
FIELD = '{"Label":"2","ContentProducer":"某平台","ProduceID":"9"}'


def pdf(packet: bytes, packed: bool = False, trailer: bytes = b"") -> bytes:
    """Return what programs write around metadata, some packed like all else, some open as they should be."""
    filters = b"/Filter /FlateDecode /DecodeParms <</Predictor 1>>" if packed else b""
    stream = zlib.compress(packet) if packed else packet
    head = b"1 0 obj\n<</Type /Metadata /Subtype /XML %s /Length %d>>\nstream\r\n" % (filters, len(stream))
    return b"%PDF-1.7\n" + head + stream + b"\nendstream\nendobj\ntrailer\n<<" + trailer + b">>\n%%EOF"


TERM = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


@pytest.mark.parametrize(
    "packet",
    [
        ELSEWHERE.format(f"TC:AIGC='{FIELD}' e:DigitalSourceType='{TERM}'", ""),
        ELSEWHERE.format("", f"<TC:AIGC>{FIELD}</TC:AIGC><e:DigitalSourceType>{TERM}</e:DigitalSourceType>"),
        ELSEWHERE.format("", f"<TC:AIGC>\n {FIELD}\n</TC:AIGC><e:DigitalSourceType rdf:resource='{TERM}'/>"),
    ],
    ids=["attributes", "elements", "resource"],
)
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF", "AVIF", "PDF", "packed PDF"])
def test_files_made_elsewhere_are_understood(packet: str, kind: str) -> None:
    if "PDF" in kind:
        file = pdf(packet.encode(), packed=kind.startswith("packed"))
    elif kind == "TIFF":
        file = encoded(picture(), kind, tiffinfo={700: packet.encode()})
    else:
        file = encoded(picture(), kind, xmp=packet.encode())
    marks = read_marks(file)
    assert marks.iptc == TERM and marks.aigc == json.loads(FIELD)
    assert any("某平台" in line for line in told(marks, "zh"))
    assert marks.receipt == "" and marks.c2pa is None


def test_the_last_metadata_of_a_pdf_count() -> None:
    """A PDF that was saved again has its old metadata before the new ones."""
    older = ELSEWHERE.format(f"e:DigitalSourceType='{TRAINED}'", "").encode()
    newer = ELSEWHERE.format(f"e:DigitalSourceType='{TERM}'", "").encode()
    for first, second in ((False, True), (True, False), (False, False)):
        assert read_marks(pdf(older, first) + pdf(newer, second)).iptc == TERM


def test_content_credentials_of_a_pdf_are_read() -> None:
    marks = read_marks(sign(encoded(picture(), "PDF"), "application/pdf", ORIGIN))
    assert marks.c2pa is not None and marks.c2pa.state == "own" and marks.c2pa.model == "faces-gan 0123456789ab"
    assert read_marks(encoded(picture(), "PDF")).c2pa is None
    assert read_marks(pdf(b"no XML", packed=True)).c2pa is None, "what no library can parse has none that we know of"


def test_a_locked_pdf_says_so() -> None:
    locked = read_marks(pdf(b"\x8f\x01 not to be read", trailer=b"/Root 1 0 R /Encrypt 9 0 R"))
    for language, word in (("en", "password"), ("zh", "密码")):
        assert any(word in line for line in told(locked, language))
    # Metadata may be left open for programs that look for them.
    packet = ELSEWHERE.format(f"e:DigitalSourceType='{TERM}'", "").encode()
    assert read_marks(pdf(packet, trailer=b"/Encrypt 9 0 R")).iptc == TERM


def test_a_packed_stream_that_grows_without_end_is_left() -> None:
    assert read_marks(pdf(b" " * 2**26, packed=True)).iptc == ""


@pytest.mark.parametrize(
    ("front", "field"),
    [
        ('AIGC:\n  Label: "1"\n  ContentProducer: "somebody"', {"Label": "1", "ContentProducer": "somebody"}),
        ('AIGC: \'{"Label": "3"}\'', {"Label": "3"}),
        ("title: A post\ntags: [a, b]", None),
        ("a: &x [1, 2]\nb: *x\nAIGC: {a: *x, Label: 1}", {"Label": "1"}),
        ("AIGC: !!python/object/apply:os.system [ls]", None),
        ("- no mapping", None),
    ],
)
def test_front_matter_made_elsewhere(front: str, field: dict[str, str] | None) -> None:
    assert read_marks(f"---\n{front}\n---\nText.\n".encode()).aigc == field


def test_a_field_that_is_no_json_is_shown_as_it_is() -> None:
    assert read_marks(with_marks("png").replace(b'{"Label": "1"', b'{"Label": "1x', 1)).aigc is not None
    marks = Marks("image/png", aigc={"Label": "9<b>"})
    for language in LANGUAGES:
        assert any("9<b>" in line for line in told(marks, language))


def test_a_number_that_belongs_to_another_receipt_is_noticed() -> None:
    mine = entries(ORIGIN, b"")[AIGC]
    for receipt, key in ((ORIGIN.receipt, "aigc_is_it"), (ORIGIN.receipt.replace("7", "8"), "aigc_is_another")):
        from genai_demo.catalogue import message

        lines = told(Marks("image/png", receipt, aigc=json.loads(mine)), "en")
        assert message(f"marks.{key}", "en") in lines

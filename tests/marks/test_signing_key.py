"""Keys for Content Credentials: made once, kept to their owner, or the host's own; and no network is used for any."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.marks import signing_key
from genai_demo.marks.credentials import read
from genai_demo.marks.pictures import marked_png
from genai_demo.marks.reading import read_marks
from genai_demo.settings import settings
from tests.helpers.marked import bare, with_marks

Put = Callable[..., None]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Changes settings; the data folder is a new one."""

    def change(**values: Path | str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"GENAI_DEMO_{name.upper()}", str(value))
        settings.cache_clear()

    change(data=tmp_path / "data")
    return change


def test_a_key_is_made_once_and_kept_to_its_owner(put: Put) -> None:
    first = with_marks("png")
    file = settings().data / signing_key.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert read_marks(first).c2pa.state == read_marks(with_marks("gif")).c2pa.state == "own"  # type: ignore[union-attr]
    assert file.read_bytes() == before
    assert [one.name for one in settings().data.iterdir()] == [signing_key.FILE], "nothing else is left behind"


def test_what_another_installation_signed_is_valid_but_not_ours(put: Put, tmp_path: Path) -> None:
    file = with_marks("png")
    put(data=tmp_path / "other")
    found = read_marks(file).c2pa
    assert found is not None and found.state == "valid", "and reading makes no key"
    assert not (tmp_path / "other").exists()
    with_marks("png")
    assert read_marks(file).c2pa == found


def test_several_processes_agree_on_one_key(put: Put) -> None:
    code = "from genai_demo.marks.signing_key import signing_key; print(signing_key().certificates.hex())"
    made = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(3)]
    assert len({process.communicate()[0] for process in made}) == 1
    assert all(process.returncode == 0 for process in made)


def test_threads_sign_at_once(put: Put) -> None:
    with ThreadPoolExecutor(4) as pool:
        files = list(pool.map(with_marks, ["png", "mp3", "webp", "svg"] * 3))
    assert {read_marks(file).c2pa.state for file in files} == {"own"}  # type: ignore[union-attr]


def test_without_a_place_for_it_the_key_lasts_as_long_as_the_process(put: Put, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    put(data=tmp_path / "file" / "data")
    keys = [signing_key.signing_key() for _ in range(2)]
    assert keys[0] == keys[1]
    assert read_marks(with_marks("png")).c2pa is not None


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_said(put: Put, content: bytes) -> None:
    settings().data.mkdir()
    (settings().data / signing_key.FILE).write_bytes(content)
    with pytest.raises(UserError) as refusal:
        with_marks("png")
    assert refusal.value.key == "marks.bad_key"
    assert all(signing_key.FILE in refusal.value.in_language(language) for language in LANGUAGES)


def host_key(folder: Path, kind: str) -> dict[str, Path]:
    """Write a key of the host's, as its certificate authority would have vouched for it."""
    private = {
        "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ps256": lambda: rsa.generate_private_key(65537, 2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }[kind]()
    root = ec.generate_private_key(ec.SECP256R1())
    chain = (
        signing_key._certificate(private.public_key(), root, root=False),
        signing_key._certificate(root.public_key(), root, root=True),
    )
    pem = serialization.Encoding.PEM
    key, certificates = folder / f"{kind}.key", folder / f"{kind}.pem"
    key.write_bytes(private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    certificates.write_bytes(b"".join(one.public_bytes(pem) for one in chain))
    return {"c2pa_key": key, "c2pa_certificates": certificates}


@pytest.mark.parametrize("kind", ["es256", "es384", "ps256", "ed25519"])
def test_the_hosts_own_key_signs(put: Put, tmp_path: Path, kind: str) -> None:
    put(**host_key(tmp_path, kind))
    assert read_marks(with_marks("png")).c2pa.state == "own"  # type: ignore[union-attr]
    assert not settings().data.exists()


def test_a_hosts_key_that_cannot_be_used_is_said(put: Put, tmp_path: Path) -> None:
    mine, other = (host_key(tmp_path / name, "es256") for name in ("a", "b") if not (tmp_path / name).mkdir())
    for values, key in (
        ({"c2pa_key": mine["c2pa_key"], "c2pa_certificates": ""}, "marks.one_of_two"),
        ({"c2pa_key": tmp_path / "none", "c2pa_certificates": mine["c2pa_certificates"]}, "marks.no_key"),
        ({"c2pa_key": mine["c2pa_key"], "c2pa_certificates": other["c2pa_certificates"]}, "marks.bad_key"),
        ({"c2pa_key": mine["c2pa_certificates"], "c2pa_certificates": mine["c2pa_certificates"]}, "marks.bad_key"),
    ):
        put(**values)
        with pytest.raises(UserError) as refusal:
            with_marks("png")
        assert refusal.value.key == key
        assert all(refusal.value.in_language(language) for language in LANGUAGES)


def test_no_address_in_a_file_is_opened() -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        packet = (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" '
            f'dcterms:provenance="http://127.0.0.1:{server.server_port}/m.c2pa"/></rdf:RDF></x:xmpmeta>'
        )
        marks = read_marks(marked_png(bare("png"), {}, packet.encode()))
        server.shutdown()
    assert marks.c2pa is not None and marks.c2pa.state == "elsewhere"
    assert not asked


def test_what_has_no_trace_of_credentials_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    assert read(bare("png"), "image/png") is None

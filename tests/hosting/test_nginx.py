"""The configuration for nginx that ships: HTTP/2, words one by one, the visitor's address, and a largest upload."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CONFIGURATION = "deploy/nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def test_the_largest_upload_is_that_of_the_page(root: Path) -> None:
    text = (root / CONFIGURATION).read_text()
    (most,) = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(most) * 2**20 >= 25_000_000
    assert '"GENAI_DEMO_UPLOAD_BYTES", 25_000_000' in (root / "genai_demo" / "settings.py").read_text()


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def certificate(folder: Path) -> None:
    """Write a key and a certificate for it that nobody vouches for."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "demo.example.org")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "privkey.pem").write_bytes(key.private_bytes(*plain))


@pytest.fixture
def page() -> Iterator[ThreadingHTTPServer]:
    """What stands in for the page: tells what it was asked, and says two words with a second between them."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            said = [self.headers.get(name, "-") for name in ("Host", "X-Forwarded-Host", "X-Forwarded-Proto")]
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for word in (" ".join([*said, self.headers.get("X-Forwarded-For", "-")]), "end"):
                self.wfile.write(b"%x\r\n%s\n\r\n" % (len(word) + 1, word.encode()))
                self.wfile.flush()
                time.sleep(1)
            self.wfile.write(b"0\r\n\r\n")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def served(root: Path, tmp_path: Path, page: ThreadingHTTPServer) -> Iterator[int]:
    """The port of an nginx that runs the configuration as it ships, but for ports and the certificate."""
    if NGINX is None or shutil.which("curl") is None:
        pytest.skip("needs nginx and curl")
    certificate(tmp_path)
    port, plain = free_port(), free_port()
    text = (root / CONFIGURATION).read_text()
    for before, after in (
        ("127.0.0.1:7860;", f"127.0.0.1:{page.server_port};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("/etc/letsencrypt/live/demo.example.org", str(tmp_path)),
    ):
        assert before in text
        text = text.replace(before, after)
    places = "".join(
        f"{name}_temp_path {tmp_path / name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/nginx.pid;\ndaemon off;\nmaster_process off;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}{text}}}\n"
    )
    command = [NGINX, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command)
    try:
        for _ in range(300):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def curl(port: int, *words: str) -> str:
    address = f"https://demo.example.org:{port}/gradio_api/queue/data"
    resolve = f"demo.example.org:{port}:127.0.0.1"
    done = subprocess.run(
        ["curl", "-sk", "--http2", "--resolve", resolve, *words, address], capture_output=True, text=True, check=False
    )
    return done.stdout


def test_visitors_come_by_http_2(served: int) -> None:
    assert curl(served, "-o", "/dev/null", "-w", "%{http_version} %{http_code}") == "2 200"
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("127.0.0.1", served)) as plain, context.wrap_socket(plain) as secure:
        assert secure.selected_alpn_protocol() == "h2"


def test_the_page_learns_who_asked_and_under_which_name(served: int) -> None:
    forged = curl(served, "-H", "X-Forwarded-For: 203.0.113.9", "-H", "X-Forwarded-Host: forged.example")
    host = f"demo.example.org:{served}"
    assert forged.splitlines()[0] == f"{host} {host} https 127.0.0.1"


def test_words_come_one_by_one(served: int) -> None:
    """The first is there before the last is said."""
    first, whole = curl(served, "-o", "/dev/null", "-w", "%{time_starttransfer} %{time_total}").split()
    assert float(whole) - float(first) > 0.5


def test_what_is_too_large_does_not_reach_the_page(served: int, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(27 * 2**20))
    said = curl(served, "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", f"@{tmp_path / 'large'}")
    assert said == "413"

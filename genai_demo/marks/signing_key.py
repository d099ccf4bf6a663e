"""The key that Content Credentials are signed with: the host's own, or one that this installation makes for itself."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.errors import UserError
from genai_demo.settings import settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.x509 import Certificate

FILE = "content-credentials.pem"
"""private key and certificates in the data folder, readable by its owner only"""
_ORGANIZATION = "GenAI Demo"
_YEARS = 20
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class SigningKey:
    """A key with the certificates that vouch for it."""

    key: bytes
    """PEM"""
    certificates: bytes
    """PEM: that of the key first, then those above it"""
    algorithm: str
    """as C2PA calls it, such as "es256\""""

    @property
    def root(self) -> bytes:
        """The topmost certificate as PEM."""
        return _CERTIFICATE + self.certificates.rpartition(_CERTIFICATE)[2]


def signing_key() -> SigningKey:
    """Return the host's key where the settings name one, else that of the data folder, made now if there is none.

    Where nothing can be written into the data folder, the key lasts as long as this process.

    Raises:
        UserError: a file is missing or damaged, or only one of the host's two files is named.
    """
    certificates, key = settings().c2pa_certificates, settings().c2pa_key
    if (certificates is None) != (key is None):
        raise UserError("marks.one_of_two")
    if certificates is not None and key is not None:
        return _parsed(_content(key), _content(certificates), key)
    file = settings().data / FILE
    with suppress(OSError):
        if not file.exists():
            _keep(file, _made())
        whole = _content(file)
        private, first, rest = whole.partition(_CERTIFICATE)
        return _parsed(private, first + rest, file)
    return _of_this_process()


def own_roots() -> bytes:
    """Return the certificates as PEM that this installation signs under, without making a key; none if it has none."""
    if settings().c2pa_key is None and not (settings().data / FILE).exists():
        return b""
    try:
        return signing_key().root
    except UserError:
        return b""


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError("marks.no_key", file=file, reason=error.strerror) from error


@lru_cache(maxsize=4)
def _parsed(key: bytes, certificates: bytes, file: Path) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificates

    try:
        private = load_pem_private_key(key, None)
        first, *_ = load_pem_x509_certificates(certificates)
    except (ValueError, TypeError) as error:
        raise UserError("marks.bad_key", file=file, reason=str(error).partition("\n")[0][:100]) from error
    if first.public_key() != private.public_key():
        raise UserError("marks.bad_key", file=file, reason="the first certificate is of another key")
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.key_size in (256, 384, 521):
        return SigningKey(key, certificates, f"es{min(private.key_size, 512)}")
    if isinstance(private, rsa.RSAPrivateKey):
        return SigningKey(key, certificates, "ps256")
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return SigningKey(key, certificates, "ed25519")
    raise UserError("marks.bad_key", file=file, reason=type(private).__name__)


@lru_cache(maxsize=1)
def _of_this_process() -> SigningKey:
    private, first, rest = _made().partition(_CERTIFICATE)
    return _parsed(private, first + rest, Path(FILE))


def _keep(file: Path, content: bytes) -> None:
    """Write a key file that nobody else can read, unless another process was quicker."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{FILE}.")  # its mode is 0600
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink(missing_ok=True)


def _made() -> bytes:
    """Return a new key with its certificate and the one above it, whose own key nobody keeps, as PEM.

    Source: C2PA Technical Specification 2.2, 14.5: no certificate that signs may be signed by itself.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    above = _certificate(root.public_key(), root, root=True)
    certificate = _certificate(leaf.public_key(), root, root=False)
    key = leaf.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (certificate, above))


def _certificate(of: EllipticCurvePublicKey, by: EllipticCurvePrivateKey, root: bool) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(common: str) -> x509.Name:
        parts = ((NameOID.ORGANIZATION_NAME, _ORGANIZATION), (NameOID.COMMON_NAME, common))
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])

    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=not root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=root,
        crl_sign=root,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name("Root of one installation" if root else "One installation"))
        .issuer_name(name("Root of one installation"))
        .public_key(of)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks differ
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=root, path_length=0 if root else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(of), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(usage, critical=True)
    )
    if not root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(by, hashes.SHA256())

#!/usr/bin/env bash
# c2pa-python 0.38.1: the global settings and the Builder.
# Expected: `load_settings({"builder": {"thumbnail": {"enabled": False}}})` switches off the thumbnail that signing puts
# into a picture; the function is there, is only marked as deprecated, and reports success.
# Happens: a Builder without a context does not see it: the signed picture is as large as without the call, with a
# thumbnail inside. Only `Settings` in a `Context` that is handed to the Builder reach it.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'c2pa-python==0.38.1' 'pillow==12.3.0'
"$folder/venv/bin/python" - <<'PYTHON'
import datetime, io, random, sys, warnings

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

warnings.simplefilter("ignore")
root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
now = datetime.datetime.now(datetime.UTC)

def certificate(name, public, is_root):
    called = lambda text: x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text), x509.NameAttribute(NameOID.COMMON_NAME, text)])
    builder = (
        x509.CertificateBuilder().subject_name(called(name)).issuer_name(called("root")).public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(is_root, 0 if is_root else None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), False)
        .add_extension(x509.KeyUsage(not is_root, False, False, False, False, is_root, is_root, False, False), True)
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    return builder.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

chain = certificate("leaf", leaf.public_key(), False) + certificate("root", root.public_key(), True)
key = leaf.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))
stream = io.BytesIO()
Image.frombytes("RGB", (128, 128), random.Random(0).randbytes(3 * 128 * 128)).save(stream, "PNG")
made = {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"}
manifest = {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}]}
off = {"builder": {"thumbnail": {"enabled": False}}}

def added(**how):
    signed = io.BytesIO()
    c2pa.Builder(manifest, **how).sign(signer, "image/png", io.BytesIO(stream.getvalue()), signed)
    return len(signed.getvalue()) - len(stream.getvalue())

plain = added()
c2pa.load_settings(off)
after, context = added(), added(context=c2pa.Context(c2pa.Settings.from_dict(off)))
print(f"bytes added to a PNG of {len(stream.getvalue())}: {plain}; after load_settings {after}; with a context {context}")
sys.exit(not (plain > 5 * context and after > 5 * context))
PYTHON

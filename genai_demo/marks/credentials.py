"""C2PA Content Credentials: signed statements inside a file of what made it; no network is used for them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from genai_demo import __version__
from genai_demo.errors import UserError
from genai_demo.marks.kinds import PDF
from genai_demo.marks.origin import TRAINED, Origin
from genai_demo.marks.signing_key import SigningKey, own_roots, signing_key

_PROGRAM = "GenAI Demo"
_SETTINGS = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
_TRACES = (b"c2pa", b"C2PA")
"""what a file with Content Credentials, or one that names a place for them, has in it; a PDF may pack them"""
_LONGEST = 120
"""characters of a name in a file that is repeated"""
_signing = Lock()


@dataclass(frozen=True)
class Credentials:
    """What the Content Credentials of a file say, and whether they hold."""

    state: str
    """"own": intact, and signed by this installation; "valid": intact, signed by one that nothing here vouches for;
    "invalid": the file or the statement was changed; "unreadable"; "elsewhere": only an address of them is there"""
    program: str = ""
    """that signed"""
    model: str = ""
    """what made it, with its version: for a result of ours the checkpoint and its id"""
    source: str = ""
    """the IPTC's term for how it was made"""
    signer: str = ""
    """name in the certificate"""
    problems: tuple[str, ...] = ()
    """codes of what does not hold, as C2PA names them"""


def sign(content: bytes, kind: str, origin: Origin) -> bytes:
    """Return a file with Content Credentials, which say that a trained model made it and which checkpoint that was.

    Args:
        content: of the file.
        kind: its MIME type.
        origin: where it came from.

    Raises:
        UserError: the key or its certificates cannot be used.
    """
    import c2pa

    agent = {"name": ", ".join(name for name, _ in origin.models) or _PROGRAM}
    if versions := ", ".join(version for _, version in origin.models):
        agent["version"] = versions
    made = {"action": "c2pa.created", "digitalSourceType": TRAINED, "softwareAgent": agent}
    manifest: dict[str, Any] = {
        "claim_generator_info": [{"name": _PROGRAM, "version": __version__}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}],
    }
    if origin.title:
        manifest["title"] = origin.title
    signed = io.BytesIO()
    try:
        with _signing, c2pa.Builder(manifest, context=_context(b"")) as builder:
            builder.sign(_signer(signing_key()), kind, io.BytesIO(content), signed)
    except c2pa.C2paError as error:
        raise UserError("marks.not_signed", reason=str(error)[:200]) from error
    return signed.getvalue()


@lru_cache(maxsize=2)
def _signer(key: SigningKey) -> Any:
    import c2pa

    return c2pa.Signer.from_info(
        c2pa.C2paSignerInfo(key.algorithm.encode(), key.certificates, key.key, None)  # no timestamp authority
    )


@lru_cache(maxsize=2)
def _context(anchors: bytes) -> Any:
    """Return a context that trusts what the certificates `anchors` vouch for."""
    import c2pa

    trust = {"trust": {"user_anchors": anchors.decode()}} if anchors else {}
    return c2pa.Context(c2pa.Settings.from_dict({**_SETTINGS, **trust}))


def read(content: bytes, kind: str) -> Credentials | None:
    """Return what the Content Credentials of a file say; None where there are none.

    Args:
        content: of the file.
        kind: its MIME type.
    """
    traced = any(trace in content for trace in _TRACES)
    if not traced and kind != PDF:
        return None
    import c2pa

    try:
        with _signing, c2pa.Reader(kind, io.BytesIO(content), context=_context(own_roots())) as reader:
            told = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return None
    except c2pa.C2paError as error:
        said = str(error)
        if not traced:
            return None
        return (
            Credentials("elsewhere")
            if said.startswith("Remote")
            else Credentials("unreadable", problems=(said[:_LONGEST],))
        )
    return _summed_up(told)


def _summed_up(told: dict[str, Any]) -> Credentials:
    """Return what a manifest store says, whatever it leaves out."""
    states = {"Trusted": "own", "Valid": "valid"}
    manifest = told.get("manifests", {}).get(told.get("active_manifest"), {})
    failures = told.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    actions = [
        action
        for assertion in manifest.get("assertions", [])
        if str(assertion.get("label")).startswith("c2pa.actions")
        for action in assertion.get("data", {}).get("actions", [])
    ]
    made: dict[str, Any] = next((action for action in actions if "digitalSourceType" in action), {})
    signature = manifest.get("signature_info", {})
    return Credentials(
        states.get(told.get("validation_state", ""), "invalid"),
        program=_named(next(iter(manifest.get("claim_generator_info", [])), manifest.get("claim_generator"))),
        model=_named(made.get("softwareAgent")),
        source=_named(made.get("digitalSourceType")),
        signer=_named(signature.get("common_name") or signature.get("issuer")),
        problems=tuple(str(failure.get("code"))[:_LONGEST] for failure in failures),
    )


def _named(value: Any) -> str:
    """Return a name, with its version where it has one."""
    parts = (value.get("name", ""), value.get("version", "")) if isinstance(value, dict) else (value or "",)
    return " ".join(str(part) for part in parts if part)[:_LONGEST]

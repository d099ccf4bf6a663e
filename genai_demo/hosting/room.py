"""What a lecture room is told when the page starts: its address on the network, as words and as a QR code."""

from __future__ import annotations

import ipaddress
import socket
import sys

from genai_demo.hosting.qr import LONGEST, in_terminal


def room_address(host: str, port: int) -> str | None:
    """Return the address by which others on the network reach the page; None where it is served to this machine only.

    Args:
        host: that it is served on.
        port: that it is served on.
    """
    if host in ("0.0.0.0", "::"):
        host = _own_address(host)
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        return None if host == "localhost" else f"http://{host}:{port}"
    if known.is_loopback:
        return None
    return f"http://[{known}]:{port}" if known.version == 6 else f"http://{known}:{port}"


def invitation(host: str, port: int) -> str:
    """Return what the terminal shows to a room: address and QR code; empty where nobody else can come."""
    address = room_address(host, port)
    if address is None:
        return ""
    shows = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    code = in_terminal(address) if shows and len(address.encode()) <= LONGEST else ""
    return "\n".join(filter(None, [address, code]))


def _own_address(host: str) -> str:
    """Return this machine's address on its network: the one from which it would send, though nothing is sent."""
    family, anybody = (socket.AF_INET6, "2001:db8::1") if host == "::" else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect((anybody, 9))
        except OSError:  # there is no network
            return "127.0.0.1"
        return str(trial.getsockname()[0])

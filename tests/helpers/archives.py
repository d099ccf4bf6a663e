"""ZIP archives, whole ones and some with faults."""

from __future__ import annotations

import zipfile
from pathlib import Path


def write_zip(file: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """Write a ZIP archive of `members` by their names, and return its path."""
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def damage_member(file: Path, name: str) -> None:
    """Change a byte in the middle of what a member is packed into."""
    with zipfile.ZipFile(file) as archive:
        entry = archive.getinfo(name)
    content = bytearray(file.read_bytes())
    content[entry.header_offset + 30 + len(name) + entry.compress_size // 2] ^= 0xFF
    file.write_bytes(content)


def set_flag(file: Path, flag: int, name: str = "") -> None:
    """Set a flag of every member of an archive, or of the one called `name`, in both of its directories."""
    content = bytearray(file.read_bytes())
    for mark, offset, at in ((b"PK\3\4", 6, 30), (b"PK\1\2", 8, 46)):
        position = content.find(mark)
        while position >= 0:
            if content.startswith(name.encode(), position + at):
                content[position + offset] |= flag
            position = content.find(mark, position + 4)
    file.write_bytes(content)

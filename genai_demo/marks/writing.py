"""Marks are put into a finished file: entries that programs read, and Content Credentials that cannot be forged."""

from __future__ import annotations

from genai_demo.marks import credentials, pictures
from genai_demo.marks.id3 import marked_mp3
from genai_demo.marks.kinds import SVG, kind_of
from genai_demo.marks.mp4 import marked_mp4
from genai_demo.marks.ogg import marked_ogg
from genai_demo.marks.origin import Origin, entries
from genai_demo.marks.riff import marked_wav, marked_webp
from genai_demo.marks.xml import marked_svg, xmp


def marked(content: bytes, origin: Origin) -> bytes:
    """Return a file that says in its metadata where it came from; pixels and samples stay as they are.

    Args:
        content: a PNG, GIF, WebP (extended format), SVG, MP4, MP3, OGG or WAV file without marks.
        origin: where it came from.

    Raises:
        UserError: the key for Content Credentials cannot be used.
        ValueError: it is of another kind.
    """
    kind = kind_of(content)
    told = entries(origin, content)
    packet = xmp(told, origin.title, origin.note)
    match kind:
        case "image/png":
            content = pictures.marked_png(content, {"Description": origin.note, **told}, packet)
        case "image/gif":
            content = pictures.marked_gif(content, packet)
        case "image/webp":
            content = marked_webp(content, packet)
        case "video/mp4":
            content = marked_mp4(content, told, packet)
        case "audio/wav":
            content = marked_wav(content, packet)
        case "audio/mpeg":
            content = marked_mp3(content, {"comment": origin.note, **told}, origin.title, packet)
        case "audio/ogg":
            # C2PA knows no place for itself in OGG files.
            return marked_ogg(content, {"DESCRIPTION": origin.note, **told})
        case kinds if kinds == SVG:
            content = marked_svg(content, packet)
        case _:
            raise ValueError(f"no marks for {kind}")
    return credentials.sign(content, kind, origin)

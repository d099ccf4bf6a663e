"""Where things are and how much is allowed, from environment variables; read once at start."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from genai_demo.errors import UserError

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """What an installation can change without touching code."""

    checkpoints: Path
    """folder with one folder per model (GENAI_DEMO_CHECKPOINTS)"""
    runs: Path
    """folder with one folder per training run (GENAI_DEMO_RUNS)"""
    data: Path
    """folder of what this installation makes for itself, such as its signing key (GENAI_DEMO_DATA)"""
    device: str
    """"auto", "cpu", "cuda", "cuda:1", "mps" (GENAI_DEMO_DEVICE)"""
    host: str
    """address the page is served on (HOST)"""
    port: int
    """port the page is served on, 0 to 65535; 0 takes a free one (PORT)"""
    queue_limit: int
    """visitors that may wait for a model at once, at least 1 (GENAI_DEMO_QUEUE)"""
    model_bytes: int
    """weights, as large as their files, that each modality keeps in memory beside the models that ship
    (GENAI_DEMO_MODEL_BYTES)"""
    body_bytes: int
    """largest body of a request that is no upload (GENAI_DEMO_BODY_BYTES)"""
    upload_bytes: int
    """largest body of an upload, all its files together (GENAI_DEMO_UPLOAD_BYTES)"""
    keep_seconds: int
    """age up to which files that visitors gave or were given stay on the server (GENAI_DEMO_KEEP_SECONDS)"""
    sessions: int
    """visitors whose last results the server remembers, at least 1 (GENAI_DEMO_SESSIONS)"""
    behind_proxy: bool
    """whether a proxy's word on addresses counts: X-Forwarded-Host and the like (GENAI_DEMO_PROXY=1, or SPACE_ID)"""
    frame_ancestors: str
    """pages that may show this one in a frame, as in a Content-Security-Policy (GENAI_DEMO_FRAMES)"""
    soundfont: Path | None
    """SoundFont file of the piano (GENAI_DEMO_SOUNDFONT); None for the one that comes with the installation"""
    producer: str
    """who makes what is made here, in the AIGC field of files (GENAI_DEMO_PRODUCER)"""
    c2pa_key: Path | None
    """PEM file of the host's own key for Content Credentials (GENAI_DEMO_C2PA_KEY); None makes one"""
    c2pa_certificates: Path | None
    """PEM file of the certificates of that key, its own first (GENAI_DEMO_C2PA_CERTIFICATES)"""


def _whole_number(variable: str, default: int, low: int, high: int) -> int:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    if not text.isdecimal() or not low <= int(text) <= high:
        raise UserError("engine.bad_variable", variable=variable, value=text, low=low, high=high)
    return int(text)


@cache
def settings() -> Settings:
    """Return the settings of this process.

    Raises:
        UserError: a variable holds something that is not allowed.
    """

    def environment(variable: str, default: str) -> str:
        return os.environ.get(variable, "").strip() or default

    def file(variable: str) -> Path | None:
        name = environment(variable, "")
        return Path(name) if name else None

    in_space = bool(os.environ.get("SPACE_ID"))
    return Settings(
        checkpoints=Path(environment("GENAI_DEMO_CHECKPOINTS", str(_ROOT / "checkpoints"))),
        runs=Path(environment("GENAI_DEMO_RUNS", "runs")),
        data=Path(environment("GENAI_DEMO_DATA", str(_ROOT / "data"))),
        device=environment("GENAI_DEMO_DEVICE", "auto"),
        host=environment("HOST", "127.0.0.1"),
        port=_whole_number("PORT", 7860, 0, 65535),
        queue_limit=_whole_number("GENAI_DEMO_QUEUE", 32, 1, 10_000),
        model_bytes=_whole_number("GENAI_DEMO_MODEL_BYTES", 4_000_000_000, 0, 10**15),
        body_bytes=_whole_number("GENAI_DEMO_BODY_BYTES", 12_000_000, 1000, 10**12),
        upload_bytes=_whole_number("GENAI_DEMO_UPLOAD_BYTES", 25_000_000, 1000, 10**12),
        keep_seconds=_whole_number("GENAI_DEMO_KEEP_SECONDS", 4 * 3600, 1, 10**9),
        sessions=_whole_number("GENAI_DEMO_SESSIONS", 64, 1, 10_000),
        behind_proxy=bool(_whole_number("GENAI_DEMO_PROXY", int(in_space), 0, 1)),
        frame_ancestors=environment(
            "GENAI_DEMO_FRAMES", "https://*.hf.space https://huggingface.co 'self'" if in_space else "'self'"
        ),
        soundfont=file("GENAI_DEMO_SOUNDFONT"),
        producer=environment("GENAI_DEMO_PRODUCER", "GenAI Demo"),
        c2pa_key=file("GENAI_DEMO_C2PA_KEY"),
        c2pa_certificates=file("GENAI_DEMO_C2PA_CERTIFICATES"),
    )

"""Where things are and how much is allowed, from environment variables; read once at start."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from genai_demo.errors import UserError

_ROOT = Path(__file__).resolve().parent.parent
_BUCKET = Path("/data")
"""where the hub's documentation attaches a Storage Bucket to a Space"""
TRAINING = ("off", "limited", "on")
"""how much training the page offers: none, little (for pages that anybody finds), or all"""


@dataclass(frozen=True)
class Settings:
    """What an installation can change without touching code."""

    checkpoints: Path
    """folder with one folder per model (GENAI_DEMO_CHECKPOINTS)"""
    runs: Path
    """folder with one folder per training run (GENAI_DEMO_RUNS)"""
    kept_runs: Path | None
    """folder that outlives this machine, to which runs are copied and from which they come back (GENAI_DEMO_KEPT_RUNS);
    None for none"""
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
    own_hosts: tuple[str, ...]
    """names of this host that a proxy may know it by, besides the one that a request names (SPACE_HOST)"""
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
    training: str
    """one of `TRAINING`; the defaults of what follows depend on it (GENAI_DEMO_TRAINING)"""
    key: str = field(repr=False)
    """of the presenter, who may control every run; empty lets the app make one (GENAI_DEMO_KEY)"""
    runs_at_once: int
    """runs from the page that train at once; 0 for one on each GPU, or one on the CPU (GENAI_DEMO_RUNS_AT_ONCE)"""
    run_minutes: int
    """longest budget of a run from the page (GENAI_DEMO_RUN_MINUTES)"""
    waiting_runs: int
    """runs that may wait for their turn (GENAI_DEMO_WAITING_RUNS)"""
    visitor_runs: int
    """runs of one visitor that may wait or train (GENAI_DEMO_VISITOR_RUNS)"""
    pause_minutes: int
    """after which a paused run is stopped if others wait; it can be resumed (GENAI_DEMO_PAUSE_MINUTES)"""
    training_bytes: int
    """largest upload to learn from (GENAI_DEMO_TRAINING_BYTES)"""
    hub: bool
    """whether runs from the page may fetch data from the Hugging Face Hub (GENAI_DEMO_HUB)"""
    run_hours: int
    """age at which visitors' runs that have ended go into the trash; 0 for never (GENAI_DEMO_RUN_HOURS)"""
    trash_hours: int
    """age at which deleted runs are gone for good (GENAI_DEMO_TRASH_HOURS)"""
    free_bytes: int
    """room on the disk below which no run starts from the page (GENAI_DEMO_FREE_BYTES)"""


def _whole_number(variable: str, default: int, low: int, high: int) -> int:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    if not text.isdecimal() or not low <= int(text) <= high:
        raise UserError("engine.bad_variable", variable=variable, value=text, low=low, high=high)
    return int(text)


def can_write(folder: Path) -> bool:
    """Return whether files can be made in a folder, or in the one in which it would be made."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):  # a read-only file system refuses what permissions allow
            return True
    except OSError:
        return False


def _writable(folder: Path) -> Path:
    """Return a folder, or one of its name among the temporary files where nothing can be written into it."""
    return folder if can_write(folder) else Path(tempfile.gettempdir()) / "genai-demo" / folder.name


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
    bucket = _BUCKET / "runs" if in_space and _BUCKET.is_dir() and can_write(_BUCKET) else None
    training = environment("GENAI_DEMO_TRAINING", "limited" if in_space else "on")
    if training not in TRAINING:
        raise UserError("engine.not_one_of", name="GENAI_DEMO_TRAINING", value=training, allowed=", ".join(TRAINING))
    little = training == "limited"
    upload_bytes = _whole_number("GENAI_DEMO_UPLOAD_BYTES", 25_000_000, 1000, 10**12)
    return Settings(
        checkpoints=Path(environment("GENAI_DEMO_CHECKPOINTS", str(_ROOT / "checkpoints"))),
        runs=file("GENAI_DEMO_RUNS") or _writable(Path("runs")),
        kept_runs=file("GENAI_DEMO_KEPT_RUNS") or bucket,
        data=file("GENAI_DEMO_DATA") or _writable(_ROOT / "data"),
        device=environment("GENAI_DEMO_DEVICE", "auto"),
        host=environment("HOST", "0.0.0.0" if in_space else "127.0.0.1"),
        port=_whole_number("PORT", 7860, 0, 65535),
        queue_limit=_whole_number("GENAI_DEMO_QUEUE", 32, 1, 10_000),
        model_bytes=_whole_number("GENAI_DEMO_MODEL_BYTES", 4_000_000_000, 0, 10**15),
        body_bytes=_whole_number("GENAI_DEMO_BODY_BYTES", 12_000_000, 1000, 10**12),
        upload_bytes=upload_bytes,
        keep_seconds=_whole_number("GENAI_DEMO_KEEP_SECONDS", 4 * 3600, 1, 10**9),
        sessions=_whole_number("GENAI_DEMO_SESSIONS", 64, 1, 10_000),
        behind_proxy=bool(_whole_number("GENAI_DEMO_PROXY", int(in_space), 0, 1)),
        own_hosts=tuple(filter(None, [os.environ.get("SPACE_HOST", "").strip()])),
        frame_ancestors=environment(
            "GENAI_DEMO_FRAMES", "https://*.hf.space https://huggingface.co 'self'" if in_space else "'self'"
        ),
        soundfont=file("GENAI_DEMO_SOUNDFONT"),
        producer=environment("GENAI_DEMO_PRODUCER", "GenAI Demo"),
        c2pa_key=file("GENAI_DEMO_C2PA_KEY"),
        c2pa_certificates=file("GENAI_DEMO_C2PA_CERTIFICATES"),
        training=training,
        key=environment("GENAI_DEMO_KEY", ""),
        runs_at_once=_whole_number("GENAI_DEMO_RUNS_AT_ONCE", 0, 0, 64),
        run_minutes=_whole_number("GENAI_DEMO_RUN_MINUTES", 10 if little else 24 * 60, 1, 100_000),
        waiting_runs=_whole_number("GENAI_DEMO_WAITING_RUNS", 8 if little else 20, 1, 1000),
        visitor_runs=_whole_number("GENAI_DEMO_VISITOR_RUNS", 1 if little else 10, 1, 1000),
        pause_minutes=_whole_number("GENAI_DEMO_PAUSE_MINUTES", 2 if little else 60, 0, 100_000),
        training_bytes=_whole_number(
            "GENAI_DEMO_TRAINING_BYTES", min(upload_bytes, 10_000_000) if little else upload_bytes, 1000, 10**12
        ),
        hub=bool(_whole_number("GENAI_DEMO_HUB", int(not little), 0, 1)),
        run_hours=_whole_number("GENAI_DEMO_RUN_HOURS", 24 if little else 0, 0, 10**6),
        trash_hours=_whole_number("GENAI_DEMO_TRASH_HOURS", 1 if little else 7 * 24, 0, 10**6),
        free_bytes=_whole_number("GENAI_DEMO_FREE_BYTES", 2_000_000_000, 0, 10**15),
    )

"""Where the page's script asks: plain answers in JSON, each made once a second for all who watch."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from genai_demo.engine.films import KINDS
from genai_demo.engine.modality import Modality
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.runs.archive import checkpoint_zip, export_zip, snapshot_folder
from genai_demo.engine.runs.limits import limits
from genai_demo.engine.runs.registry import find
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.modalities import modalities
from genai_demo.settings import settings
from genai_demo.ui.languages import request_language
from genai_demo.ui.training import acting
from genai_demo.ui.training.choosing import form_of
from genai_demo.ui.training.film import film
from genai_demo.ui.training.in_use import version
from genai_demo.ui.training.offer import families, hub_told, refusal, words
from genai_demo.ui.training.telling import SHIPPED, forms_of, run_told, runs_told, samples_of, timelines_told
from genai_demo.ui.training.uploads import taken
from genai_demo.ui.training.watching import Watchers

PATH = "/training/"
_KINDS = {
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".mid": "audio/midi",
    ".mp3": "audio/mpeg",
}
_NOW = {"cache-control": "no-store"}
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
"""of what has another address when it is another"""


class TrainingRoutes:
    """ASGI middleware that answers the pages "Train"; all else goes on to the app.

    Args:
        app: what serves the page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._watchers = Watchers()
        reads = {
            "offer": _offer,
            "options": _options,
            "sample": _sample,
            "export": _export,
            "checkpoint": _checkpoint,
            "film": _film,
        }
        writes = {
            "upload": _upload,
            "command": _command,
            "start": self._start,
            "control": self._control,
            "use": self._use,
        }
        self.router = Router(
            [
                *(Route(f"{PATH}{name}", _answering(one)) for name, one in reads.items()),
                *(Route(f"{PATH}{name}", _answering(one), methods=["POST"]) for name, one in writes.items()),
                Route(f"{PATH}runs", self._shared(self._runs)),
                Route(f"{PATH}run", self._shared(self._run)),
                Route(f"{PATH}in_use", self._shared(_in_use)),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        served = scope["type"] == "http" and scope["path"].startswith(PATH) and limits().training != "off"
        await (self.router if served else self.app)(scope, receive, send)

    def _shared(self, tell: Callable[..., Any]) -> Callable[[Request], Any]:
        """Let one answer do for all who ask the same within a second."""

        async def answer(request: Request) -> Response:
            asked = tuple(request.query_params.get(name, "")[:100] for name in ("modality", "name", "since"))
            what = (request.url.path, *asked, request_language(request.scope))
            try:
                known = await self._watchers.said(what, lambda: tell(*what[1:]))
            except UserError as error:
                return _refused(error, request)
            return Response(known, media_type="application/json", headers=_NOW)

        return answer

    def _runs(self, modality: str, _name: str, _since: str, language: str) -> Any:
        return {"runs": runs_told(self._watchers, modality, language)}

    def _run(self, _modality: str, name: str, since: str, language: str) -> Any:
        try:
            run = find(name)
        except UserError as error:  # deleted while it is watched
            return {"gone": refusal(error, language)}
        watched = self._watchers.watched(RunFolder(run.folder))
        return run_told(run, watched, since, language) | {"forms": forms_of(run.modality)}

    def _start(self, request: Request, body: bytes) -> Any:
        form = _form(body)
        run = acting.start(_modality(form), form, *_who(request))
        self._watchers.forget()
        return {"name": run.name, "place": run.place, "command": run.command}

    def _use(self, request: Request, body: bytes) -> Any:
        acting.use_for_everybody(_form(body), *_who(request))
        self._watchers.forget()
        return {}

    def _control(self, request: Request, body: bytes) -> Any:
        done = acting.control(_form(body), *_who(request))
        self._watchers.forget()
        return done


def _answering(tell: Callable[..., Any]) -> Callable[[Request], Any]:
    """Let a function answer, on a thread of its own; what it refuses is said in the visitor's language."""

    async def answer(request: Request) -> Response:
        if request.method == "POST" and not _same_place(request.headers):
            return JSONResponse({"detail": refusal(UserError("training.elsewhere"), "en")}, HTTPStatus.FORBIDDEN)
        try:
            body = [await request.body()] if request.method == "POST" else []
            made = await run_in_threadpool(tell, request, *body)
        except UserError as error:
            return _refused(error, request)
        return made if isinstance(made, Response) else JSONResponse(made, headers=_NOW)

    return answer


def _same_place(headers: Headers) -> bool:
    """Return whether a request comes from our own page: another site shall not start anything in a visitor's name."""
    origin = headers.get("origin", "")
    return not origin or origin.partition("://")[2] in (headers.get("host"), *settings().own_hosts)


def _refused(error: UserError, request: Request) -> Response:
    status = (
        HTTPStatus.FORBIDDEN if error.key in ("runs.not_yours", "runs.not_the_presenter") else HTTPStatus.BAD_REQUEST
    )
    return JSONResponse({"detail": refusal(error, request_language(request.scope)), "key": error.key}, status, _NOW)


def _who(request: Request) -> tuple[str, str]:
    """Return the visitor's token, and the presenter's key where the visitor has it."""
    return request.headers.get("x-training-token", "")[:100], unquote(request.headers.get("x-training-key", ""))[:200]


def _modality(values: Mapping[str, Any]) -> Modality:
    return acting.known_modality(str(values.get("modality", "")))


def _form(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body))
    except (ValueError, TypeError, RecursionError):
        raise UserError("ui.bad_request") from None


def _offer(request: Request) -> Any:
    language, modality = request_language(request.scope), _modality(request.query_params)
    known = acting.who(*_who(request))
    return {
        **known,
        "words": words(language),
        "accept": ",".join(modality.uploads),
        "most": limits().upload_bytes,
        "hub": hub_told(modality.name, language),
        "families": families(modality, acting.runs(), language),
        "timelines": timelines_told(modality.name, language),
        "forms": forms_of(modality.name),
    }


def _options(request: Request) -> Any:
    run = find(request.query_params.get("name", ""))
    return form_of(run, _modality({"modality": run.modality}))


def _command(request: Request, body: bytes) -> Any:
    form = _form(body)
    try:
        return {"command": acting.command(_modality(form), form)}
    except UserError as error:  # a form that is not filled in yet is no failure
        return {"refused": refusal(error, request_language(request.scope))}


def _upload(request: Request, body: bytes) -> Any:
    acting.check_upload(len(body))
    name = request.query_params.get("name", "")
    return taken(_modality(request.query_params), name, body, request_language(request.scope))


def _sample(request: Request) -> Response:
    asked = request.query_params
    title, modality, samples = samples_of(asked.get("run", ""))
    step = asked.get("step", "")
    files = samples.get(int(step) if step.isdecimal() and len(step) < 12 else -1, [])
    file = next((one for one in files if one.name == asked.get("file")), None)
    form = asked.get("as", "")
    if file is None or file.suffix not in _KINDS:
        raise UserError("training.no_sample", run=title)
    if not form:
        return Response(file.read_bytes(), media_type=_KINDS[file.suffix], headers=_FOR_EVER)
    content = _made(modality, file, form, file.stat().st_mtime_ns)
    return Response(content, media_type=_KINDS[f".{form}"], headers=_FOR_EVER)


@lru_cache(maxsize=64)
def _made(modality: str, file: Path, form: str, _version: int) -> bytes:
    """Return a sample as something that a browser shows or plays, made once for all."""
    previews = modalities()[modality].previews if modality in modalities() else {}
    make = previews.get(f"{file.suffix.removeprefix('.')}.{form}")
    if make is None or f".{form}" not in _KINDS:
        raise UserError("training.no_sample", run=file.parents[2].name)
    return make(file.read_bytes())


def _in_use(modality: str, _name: str, _since: str, _language: str) -> Any:
    return {"version": version(acting.known_modality(modality).name)}


def _checkpoint(request: Request) -> Response:
    asked = request.query_params
    run, step = find(asked.get("name", "")), asked.get("step", "")
    folder = snapshot_folder(run, int(step) if step.isdecimal() and len(step) < 12 else None)
    return _packed(f"{run.name}-{int(folder.name)}", lambda target: checkpoint_zip(run, folder, target))


def _export(request: Request) -> Response:
    run = find(request.query_params.get("name", ""))
    return _packed(run.name, lambda target: export_zip(run.name, target))


def _film(request: Request) -> Response:
    asked = request.query_params
    name, form = asked.get("name", ""), asked.get("as", "mp4")
    title, modality, samples = samples_of(name)
    shipped = name.startswith(SHIPPED)
    maker = settings().checkpoints / title if shipped else RunFolder(find(name).folder).best_snapshot()
    models = [(title if shipped else name, read_checkpoint(maker).id)] if maker else []
    previews = modalities()[modality].previews if modality in modalities() else {}
    content = film(samples, previews, form, title, request_language(request.scope), models)
    file = name.removeprefix(SHIPPED)
    saved = {"content-disposition": f'attachment; filename="{file}.{form}"'}
    return Response(content, media_type=KINDS[form], headers=_NOW | saved)


def _packed(name: str, write: Callable[[Path], Any]) -> Response:
    """Return a ZIP that is written for this answer alone."""
    with tempfile.NamedTemporaryFile(prefix="genai-demo-run-", suffix=".zip", delete=False) as made:
        target = Path(made.name)
    try:
        write(target)
    except UserError:
        target.unlink(missing_ok=True)
        raise
    gone = BackgroundTask(target.unlink, missing_ok=True)
    return FileResponse(target, filename=f"{name}.zip", media_type="application/zip", headers=_NOW, background=gone)

"""Serving the page: starts Gradio, and puts around it what it lacks on a public machine."""

from __future__ import annotations

import errno
import os
import socket

import gradio as gr
from starlette.middleware import Middleware

from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.ui.delivery.cancelling import Cancelling
from genai_demo.ui.delivery.pages import PageInLanguage
from genai_demo.ui.fair_queue import make_fair
from genai_demo.ui.gate import Gate, endpoint_names, log_without_content, patient
from genai_demo.ui.page import build, styles
from genai_demo.ui.theme import theme
from genai_demo.ui.tidying import keep_sessions_lean, keep_tidy, share_memory
from genai_demo.ui.training.routes import TrainingRoutes

_THREADS = 192
"""of calls that are answered at the same time: those that have texts written together mostly wait for one another"""


def serve(host: str, port: int) -> gr.Blocks:
    """Start to serve the page and return it; `block_thread()` of it waits for Ctrl+C."""
    share_memory()
    page, texts = build()
    log_without_content()
    page.queue(max_size=settings().queue_limit, api_open=False)
    queue = make_fair(page)
    keep_tidy(page, settings().keep_seconds)
    page.launch(
        server_name=host,
        server_port=port,
        theme=theme(),
        css_paths=styles(page),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        max_file_size="5mb",
        max_threads=_THREADS,
        state_session_capacity=settings().sessions,
        ssr_mode=False,
        quiet=True,
        prevent_thread_lock=True,
        app_kwargs={
            "middleware": [
                Middleware(TrainingRoutes),
                Middleware(PageInLanguage, page=page, texts=texts),
                Middleware(Cancelling, queue=queue),
            ]
        },
    )
    keep_sessions_lean(page)
    # Outside of all that Gradio puts around itself, which answers every origin, and reads bodies of any size.
    app = page.app
    assert app.middleware_stack is not None
    app.middleware_stack = Gate(app.middleware_stack, endpoint_names(page.config))
    # Gradio starts uvicorn with options of its own; what it makes of each new connection is looked up here.
    configuration = page.server.config
    configuration.http_protocol_class = patient(configuration.http_protocol_class)
    return page


def address() -> tuple[str, int]:
    """Return the host and port to serve on; port 0 of the settings becomes a free one.

    Raises:
        UserError: the port is in use, or the host is no address of this machine.
    """
    host = os.environ.get("GRADIO_SERVER_NAME", settings().host)
    port = settings().port
    try:
        family = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror:
        raise UserError("ui.address_unusable", host=host) from None
    with socket.socket(family) as trial:
        if os.name == "posix":  # a port that was just given up is free; on Windows the option means something else
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host.strip("[]"), port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise UserError("engine.port_busy", port=port) from None
            raise UserError("ui.address_unusable", host=host) from None
        free: int = trial.getsockname()[1]
    return host, free

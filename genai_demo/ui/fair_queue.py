"""Who may wait for a model: a queue that no visitor and no tab can fill, and that drops the work of those who left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, TypeVar, cast

import gradio as gr
from gradio.context import LocalContext
from gradio.queueing import Event, Queue

from genai_demo.settings import settings
from genai_demo.ui.languages import request_language, text

T = TypeVar("T")


class FairQueue(Queue):
    """Gradio's queue, in which a visitor may have a quarter of the places, a tab a half, an address three quarters."""

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        """Let a call wait, or say why not: what comes back is whether, the event's id or a sentence, and the state."""
        language = request_language(request.scope)
        fn = self.blocks.fns.get(body.fn_index) if body.fn_index is not None else None
        if body.fn_index is not None:
            if fn is None:
                return False, text("no_such_function", language, name=body.fn_index), "error"
            if len(body.data) != len(fn.inputs):
                # Said here, since Gradio writes all that was sent into the log.
                said = text("wrong_count", language, wanted=len(fn.inputs), count=len(body.data))
                return False, said, "error"
            if said := self._no_room(fn.concurrency_id, body.session_hash, _address(request), language):
                return False, said, "queue_full"
        return await super().push(body, request, username)

    def _no_room(self, line: str, session: str | None, address: str, language: str) -> str:
        waiting = self._waiting()
        places = settings().queue_limit

        def full(mine: int, share: float) -> bool:
            return mine >= max(1, int(places * share))

        own = sum(event.session_hash == session for event in waiting) if session else 0
        near = sum(_address(event.request) == address for event in waiting)
        if full(own, 0.25) or full(near, 0.25 if session is None else 0.75):
            return text("line_full_own", language, count=own or near)
        if full(in_line := sum(event.concurrency_id == line for event in waiting), 0.5):
            return text("line_full_tab", language, count=in_line)
        return ""

    def wanted(self, event_id: str | None) -> bool:
        """Return whether somebody still waits for a call's answer: he has not gone, and has not cancelled it.

        Args:
            event_id: of the call; None for what did not come by the queue, which is always wanted.
        """
        return event_id is None or any(event.alive for event in self._active() if event._id == event_id)

    def newest(self, session: object, function: object) -> str | None:
        """Return the id of the last call of a function by a session that waits or runs, or None where there is none."""
        mine = [
            event
            for event in [*self._active(), *self._waiting()]
            if event.session_hash == session and event.fn._id == function
        ]
        return mine[-1]._id if mine else None

    def _waiting(self) -> list[Event]:
        return [event for one in self.event_queue_per_concurrency_id.values() for event in one.queue]

    def _active(self) -> list[Event]:
        return [event for job in self.active_jobs if job for event in job]


def _address(request: Any) -> str:
    return request.client.host if request is not None and request.client else ""


def make_fair(page: gr.Blocks) -> FairQueue:
    """Turn the queue of a page into a fair one, and return it; `page.queue(...)` has made it."""
    queue: Any = page._queue
    queue.__class__ = FairQueue
    return cast(FairQueue, queue)


def last(updates: Iterator[T]) -> T:
    """Return the last update of a stream, which is closed as soon as nobody waits for it any more.

    Raises:
        gr.Error: nobody does.
    """
    event, blocks = LocalContext.event_id.get(None), LocalContext.blocks.get(None)
    queue = getattr(blocks, "_queue", None)
    with closing(updates):  # type: ignore[type-var]
        for update in updates:
            if isinstance(queue, FairQueue) and not queue.wanted(event):
                raise gr.Error("nobody waits for this any more", print_exception=False)
            newest = update
    return newest

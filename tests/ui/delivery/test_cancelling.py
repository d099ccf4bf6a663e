"""A call that is ended by the name of its function only."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from genai_demo.ui.delivery.cancelling import Cancelling
from genai_demo.ui.fair_queue import FairQueue


class Known:
    """A queue in which one call waits."""

    def newest(self, session: object, function: object) -> str | None:
        return "the call" if (session, function) == ("one", 7) else None


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    body = await request.body()
    assert len(body) == int(request.headers["content-length"])
    await JSONResponse({"said": body.decode()})(scope, receive, send)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ({"session_hash": "one", "fn_index": 7, "event_id": None}, "the call"),
        ({"session_hash": "one", "fn_index": 7}, "the call"),
        ({"session_hash": "two", "fn_index": 7, "event_id": None}, None),
        ({"session_hash": "one", "fn_index": 7, "event_id": "another"}, "another"),
        ([1], "unchanged"),
        ("{", "unchanged"),
    ],
    ids=str,
)
def test_only_what_names_no_call_gets_one(asked: Any, meant: str | None) -> None:
    sent = asked if isinstance(asked, str) else json.dumps(asked)
    app = Cancelling(echo, cast(FairQueue, Known()))

    async def ask() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here") as client:
            return (await client.post("/gradio_api/cancel", content=sent)).json()["said"]

    said = asyncio.run(ask())
    if meant == "unchanged":
        assert said == sent
    else:
        assert json.loads(said).get("event_id") == meant


def test_the_newest_call_of_a_function_by_a_session_is_found_wherever_it_is() -> None:
    def call(name: str, session: str, function: int) -> Any:
        return SimpleNamespace(_id=name, session_hash=session, fn=SimpleNamespace(_id=function))

    queue = cast(Any, FairQueue.__new__(FairQueue))
    queue.active_jobs = [None, [call("a", "one", 7)], [call("b", "two", 7)]]
    queue.event_queue_per_concurrency_id = {"line": SimpleNamespace(queue=[call("c", "one", 7), call("d", "one", 8)])}
    assert [queue.newest(*asked) for asked in (("one", 7), ("one", 8), ("two", 7), ("two", 8))] == ["c", "d", "b", None]

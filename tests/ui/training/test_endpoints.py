"""Programs start a run, watch it, and control their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from genai_demo.settings import settings


def test_programs_start_watch_and_stop_a_run(
    connect: Callable[[], Client], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENAI_DEMO_RUNS", str(tmp_path))
    settings.cache_clear()
    client = connect()
    chosen = {"family": "gru", "data": "sample", "settings": {"minutes": 2, "size.hidden": 16}, "title": "Mine"}
    made = client.predict(**chosen, token="secret", api_name="/start_run")
    assert made["place"] == 1 and "hidden=16" in made["command"] and "--minutes 2.0" in made["command"]
    (listed,) = client.predict("text", api_name="/runs")
    assert (listed["name"], listed["title"], listed["state"]) == (made["name"], "Mine", "waiting")
    told = client.predict(made["name"], api_name="/run")
    assert told["curves"]["rows"] == [] and told["command"] == made["command"]
    with pytest.raises(AppError, match="presenter's key"):
        client.predict(made["name"], action="stop", token="another", api_name="/control_run")
    stopped = client.predict(made["name"], action="stop", token="secret", api_name="/control_run")
    assert stopped["state"] != "waiting"
    with pytest.raises(AppError, match="must be one of"):
        client.predict(preset="for ever", data="sample", api_name="/start_run")
    with pytest.raises(AppError, match="There is no run"):
        client.predict("nothing", api_name="/run")

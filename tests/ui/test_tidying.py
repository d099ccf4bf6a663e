"""Files of visitors go when they are old, whatever happens meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import gradio as gr
import pytest
from gradio.state_holder import StateHolder

from genai_demo.ui import tidying


def files_in(folder: Path, count: int) -> set[str]:
    made = {str(folder / f"{number}.mid") for number in range(count)}
    for file in made:
        Path(file).write_bytes(b"music")
    return made


def test_old_files_go_and_new_ones_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = files_in(tmp_path, 3) | {str(tmp_path / "gone.mid")}
    tidying.remove_older([files], 100.0)
    assert len(files) == len(os.listdir(tmp_path)) == 3
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 101.0)
    tidying.remove_older([files], 100.0)
    assert not files and not os.listdir(tmp_path)


def test_a_file_that_comes_meanwhile_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = files_in(tmp_path, 3)
    later = tmp_path / "later.mid"

    def unlink(file: Path) -> None:
        files.add(str(later))
        os.remove(file)

    monkeypatch.setattr(Path, "unlink", unlink)
    tidying.remove_older([files], -1.0)
    assert files == {str(later)}


def test_a_page_is_looked_at_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[float] = []
    slept: list[float] = []
    pause = time.sleep
    monkeypatch.setattr(tidying, "remove_older", lambda _, seconds: looked.append(seconds))
    with gr.Blocks() as page:
        gr.Textbox()
    monkeypatch.setattr(time, "sleep", lambda seconds: slept.append(seconds) or pause(0.001))
    tidying.keep_tidy(page, 160)
    for _ in range(4000):
        if len(looked) < 2:
            pause(0.01)
    assert slept[:2] == [10, 10]
    assert looked[:2] == [140, 140], "what lies there at the next look, and that comes late, is not older than 160 s"


def test_a_session_holds_its_values_and_no_description_of_the_page() -> None:
    with gr.Blocks() as page:
        shown, kept = gr.HTML("nothing"), gr.State(7)
    holder = StateHolder()
    holder.set_blocks(page)
    holder.capacity = 2
    tidying.keep_sessions_lean(page)
    session = holder["a"]
    assert session[kept._id] == 7
    session[kept._id] = "a result"
    session[shown._id] = gr.HTML("x" * 10_000, render=False)
    session._update_value_in_config(shown._id, "x" * 10_000)
    session._update_config(shown._id)
    assert session[kept._id] == "a result" and session[shown._id].value == "x" * 10_000
    assert session.config_values == {}
    assert holder["a"] is session and holder["b"][kept._id] == 7


def sessions(capacity: int) -> StateHolder:
    with gr.Blocks() as page:
        gr.State(7)
    holder = StateHolder()
    holder.set_blocks(page)
    holder.capacity = capacity
    tidying.keep_sessions_lean(page)
    return holder


def age(holder: StateHolder, minutes: float, *names: str) -> None:
    for name in names:
        holder.time_last_used[name] -= timedelta(minutes=minutes)


def test_a_room_that_presses_at_once_loses_nobody() -> None:
    holder = sessions(4)
    room = [holder[f"phone {number}"] for number in range(200)]
    assert [holder[f"phone {number}"] for number in range(200)] == room


def test_sessions_out_of_use_make_room_and_the_oldest_goes_first() -> None:
    holder = sessions(2)
    for name in "abcd":
        holder[name]  # as a call of its visitor does
    age(holder, 5, "a", "b")
    holder["b"]
    assert list(holder.session_data) == ["c", "d", "b"], "a is gone; c and d are in use"
    age(holder, 5, "c", "d")
    holder["e"]
    assert list(holder.session_data) == ["b", "e"]
    assert holder.time_last_used.keys() == {"b", "e"}


def test_there_is_an_end_to_sessions_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "_MOST_SESSIONS", 10)
    holder = sessions(2)
    for number in range(30):
        holder[f"visitor {number}"]
    assert list(holder.session_data) == [f"visitor {number}" for number in range(20, 30)]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep memory in other ways")
def test_what_threads_have_freed_is_given_back() -> None:
    code = """
import threading, psutil
from genai_demo.ui.tidying import give_back_memory, share_memory

share_memory()
def size():
    return psutil.Process().memory_info().rss / 2**20
before = size()
kept = []
def work():
    many = [bytes(5000) for _ in range(4000)]
    kept.append(many[-1])  # what stays lies above all that goes
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
give_back_memory()
print(size() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 60  # of 230 MB

"""What the page's script asks: plain answers, refused in the visitor's language, and nothing for other sites."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from genai_demo.engine.runs.record import Record, owner_of, write_record
from genai_demo.engine.training.run import RunFolder
from genai_demo.settings import settings
from genai_demo.ui import components
from genai_demo.ui.gate import Gate
from genai_demo.ui.training import uploads
from genai_demo.ui.training.routes import TrainingRoutes

Ask = Callable[..., httpx.Response]
CASES = Path(__file__).parents[2] / "cases" / "midi"
CSV = b"label,text\n" + b"".join(b"Sports,The team won match number %d again.\n" % number for number in range(60))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAI_DEMO_RUNS", str(tmp_path / "runs"))
    settings.cache_clear()
    return tmp_path / "runs"


@pytest.fixture
def ask(runs: Path) -> Ask:
    app = Gate(TrainingRoutes(Starlette()), ())

    def send(path: str, method: str = "GET", **options: Any) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
                return await client.request(method, f"/training/{path}", **options)

        return asyncio.run(answer())

    return send


def made(runs: Path, name: str = "one", token: str = "mine") -> RunFolder:
    run = RunFolder(runs / name)
    run.path.mkdir(parents=True)
    words = (
        "python",
        "-m",
        "genai_demo",
        "train",
        "text",
        "--model",
        "gru",
        "--data",
        "sample",
        "--run",
        str(run.path),
    )
    write_record(run.path, Record(words, "Mine", owner=owner_of(token)))
    run.write_sample(4, {"sample.txt": b"Oil prices rose."})
    run.add_stats({"step": 4, "seconds": 1.0, "loss": 2.5})
    run.write_status("stopped", step=4, fraction=0.5, seconds=1.0)
    return run


def test_a_run_is_told_with_its_curves_and_samples(ask: Ask, runs: Path) -> None:
    made(runs)
    (listed,) = ask("runs?modality=text&lang=zh").json()["runs"]
    assert (listed["title"], listed["state"], listed["label"]) == ("Mine", "stopped", "逐词写作（GRU）")
    assert ask("runs?modality=faces").json()["runs"] == []
    run = ask("run?name=one").json()
    assert run["curves"]["rows"] == [{"step": 4, "seconds": 1.0, "loss": 2.5}]
    assert run["owner"] == ask("offer?modality=text", headers={"x-training-token": "mine"}).json()["me"] != ""
    (moment,) = run["samples"]
    sample = ask(f"sample?run=one&step={moment['step']}&file={moment['files'][0]}")
    assert (sample.text, sample.headers["content-type"]) == ("Oil prices rose.", "text/plain; charset=utf-8")
    for wrong in ("step=5&file=sample.txt", "step=4&file=../../run.json", "step=4&file=sample.txt&as=mp3", "step=x"):
        assert ask(f"sample?run=one&{wrong}").status_code == 400
    assert "gone" in ask("run?name=../one").json()
    assert ask("options?name=one").json()["family"] == "gru"


def test_who_did_not_start_a_run_is_refused_in_their_language(ask: Ask, runs: Path) -> None:
    made(runs)
    order = {"name": "one", "action": "rename", "title": "Theirs"}
    refused = ask("control?lang=zh", "POST", json=order, headers={"x-training-token": "another"})
    assert refused.status_code == 403 and "Mine" in refused.json()["detail"]
    owned = {"x-training-token": "mine"}
    assert ask("control", "POST", json=order, headers=owned).json()["state"] == "stopped"
    gone = ask("control", "POST", json={"name": "one", "action": "delete"}, headers=owned).json()
    assert gone["state"] == "deleted" and ask("runs").json()["runs"] == []
    assert ask("control", "POST", json={"action": "undo", "ticket": gone["ticket"]}).json()["name"] == "one"
    assert ask("runs").json()["runs"][0]["title"] == "Theirs"
    for wrong in ({"action": "explode"}, {"action": "step", "count": "many"}, {"action": "slow", "seconds": None}):
        assert ask("control", "POST", json={"name": "one", **wrong}, headers=owned).status_code == 400


def test_a_file_is_checked_before_anything_learns_from_it(
    ask: Ask, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ask("upload?modality=text&name=..%2F..%2Fmy%20news.csv", "POST", content=CSV).json()
    assert (
        known["name"] == "my-news.csv"
        and "60" in known["told"][0]
        and "6 of them are held out" in " ".join(known["told"])
    )
    assert known["example"]["text"].startswith("[sports] The team won match number 0 again.")
    assert (runs / ".uploads" / known["id"]).read_bytes() == CSV
    form = {"modality": "text", "family": "gru", "upload": known["id"], "values": {"minutes": 1}, "title": "Mine"}
    assert f"{known['id']} --hold-out 0.1" in ask("command", "POST", json=form).json()["command"]
    started = ask("start", "POST", json=form, headers={"x-training-token": "mine"}).json()
    assert started["place"] == 1 and "--tick-seconds 1" in started["command"]
    assert ask(f"run?name={started['name']}").json()["data"] == "my-news.csv"
    for name, content in (("news.exe", CSV), ("empty.csv", b""), ("faces.csv", b"\x00\x01")):
        refused = ask(f"upload?modality=text&name={name}", "POST", content=content)
        assert refused.status_code == 400 and refused.json()["detail"]
    assert len(list((runs / ".uploads").iterdir())) == 1
    # Its own content by another name, that cannot be read, takes nothing away.
    assert ask("upload?modality=text&name=news.parquet", "POST", content=CSV).status_code == 400
    assert (runs / ".uploads" / known["id"]).read_bytes() == CSV
    monkeypatch.setattr(uploads, "_MOST_UNUSED", 2)
    kept = [
        ask("upload?modality=text&name=n.csv", "POST", content=CSV + b"x,y\n" * n).json()["id"] for n in (1, 2, 3, 4)
    ]
    lie = {folder.name for folder in (runs / ".uploads").iterdir()}
    assert known["id"][:16] in lie and kept[0][:16] not in lie and kept[3][:16] in lie
    assert ask("upload?modality=faces&name=mine.zip", "POST", content=b"PK").status_code == 400


@pytest.mark.parametrize(("count", "said"), [(2, "1 of them is held out"), (3, "1 of them is held out")])
def test_what_is_held_out_is_counted(ask: Ask, runs: Path, count: int, said: str) -> None:
    content = b"\n".join(CSV.splitlines()[: 1 + count])
    assert said in " ".join(ask("upload?modality=text&name=few.csv", "POST", content=content).json()["told"])


def test_of_one_article_none_can_be_held_out(ask: Ask, runs: Path) -> None:
    content = b"\n".join(CSV.splitlines()[:2])
    refused = ask("upload?modality=text&name=one.csv", "POST", content=content)
    assert refused.status_code == 400 and "at least two are needed" in refused.json()["detail"]


def test_what_a_file_begins_with_is_shown(ask: Ask, runs: Path) -> None:
    def archive(files: dict[str, bytes]) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as made:
            for name, content in files.items():
                made.writestr(name, content)
        return stream.getvalue()

    def drawn(shade: int) -> bytes:
        stream = io.BytesIO()
        Image.new("RGB", (64, 64), (shade, 90, 90)).save(stream, "PNG")
        return stream.getvalue()

    midi = {name: (CASES / name).read_bytes() for name in ("eb_stated_c.mid", "c_minor_no_mode.mid")}
    for modality, content in (
        ("faces", archive({f"{shade}.png": drawn(shade) for shade in range(0, 250, 25)})),
        ("music", archive(midi)),
    ):
        known = ask(f"upload?modality={modality}&name=mine.zip", "POST", content=content).json()
        kind, _, coded = known["example"]["picture"].partition(",")
        assert kind == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(coded))) as picture:
            assert len(picture.getcolors(1 << 20) or []) > 2


def test_the_gate_lets_through_what_the_scripts_ask(ask: Ask) -> None:
    scripts = "".join(one.read_text(encoding="utf-8") for one in Path(components.__file__).parent.glob("*.js"))
    names = {"".join(one) for one in re.findall(r"training/(\w+)|\bask\(`(\w+)|room\.ask\(\"(\w+)", scripts)}
    assert {"run", "start", "film", "checkpoint", "use", "in_use"} <= names
    for name in sorted(names):
        assert {ask(name, method).status_code for method in ("GET", "POST")} - {404, 405}, name


def test_another_site_can_start_nothing(ask: Ask) -> None:
    form = {"modality": "text", "family": "gru", "data": "sample", "values": {}}
    body = {"content": json.dumps(form), "headers": {"origin": "http://elsewhere", "content-type": "text/plain"}}
    assert ask("start", "POST", **body).status_code == 403 and ask("runs").json()["runs"] == []
    assert ask("start", "POST", content=b"[", headers={"origin": "http://page"}).status_code == 400


def test_where_training_is_off_there_is_nothing(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask("offer?modality=text").status_code == 200
    assert ask("nothing").status_code == 404
    monkeypatch.setenv("GENAI_DEMO_TRAINING", "off")
    settings.cache_clear()
    assert ask("offer?modality=text").status_code == 404

"""Speed of news text: `python -m benchmarks.text [--json FILE]`.

Measures tokens per second and the time to the first token of the GRU beside `transformers`' GPT-2 class with random
weights, the same number of parameters and its cache; the masked model; how long a text takes to be explained; and the
application's start and memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.reporting import free_port, machine, median, read_options, show

_ROOT = Path(__file__).resolve().parent.parent
_OPENING = "The prime minister said on Monday that"


def gru_speed(repeats: int, variants: int) -> dict[str, float]:
    """Return seconds to the first token and tokens per second of the whole path a visitor takes, sampling included.

    As on the page, a text is told as often as an eye can follow.
    """
    from genai_demo.text.requests import GenerateRequest
    from genai_demo.text.sampling.generation import run
    from genai_demo.ui.text.handlers import FRAME

    def measure(seed: int) -> dict[str, float]:
        request = GenerateRequest(opening=_OPENING, length=160, variants=variants, seed=seed)
        start, first, last = time.perf_counter(), 0.0, 0
        for update in run(request, rest=lambda: FRAME):
            first = first or time.perf_counter() - start
            last = update.step
        seconds = time.perf_counter() - start
        return {"first_token_ms": first * 1000, "tokens_per_second": last * variants / seconds}

    return median(measure, repeats)


def masked_speed(repeats: int) -> dict[str, float]:
    """Return seconds of a fill-in and of a text of 80 tokens by the masked model."""
    from genai_demo.text.requests import FillRequest, GenerateRequest
    from genai_demo.text.sampling.generation import run

    def measure(seed: int) -> dict[str, float]:
        start = time.perf_counter()
        list(run(FillRequest(text="The ___ said on ___ that profits rose.", seed=seed)))
        middle = time.perf_counter()
        list(run(GenerateRequest(model="masked", seed=seed)))
        return {"fill_ms": (middle - start) * 1000, "write_ms": (time.perf_counter() - middle) * 1000}

    return median(measure, repeats)


def explaining_speed(repeats: int) -> dict[str, float]:
    """Return how long the first and the second word of a text of at most 80 take to open, beside the text's writing.

    The page asks for the first when somebody begins to look into a text, and for the second within 200 ms.
    """
    from genai_demo.text.explaining.influence import influence_in
    from genai_demo.text.explaining.tokens import explain
    from genai_demo.text.requests import MODELS, GenerateRequest
    from genai_demo.text.sampling.generation import run

    def measure(seed: int) -> dict[str, float]:
        found = {}
        for model in MODELS:
            start = time.perf_counter()
            *_, made = run(GenerateRequest(model, length=80, seed=seed))
            middle = time.perf_counter()
            entries = explain(made.receipts[0])
            first = time.perf_counter()
            explain(made.receipts[0])
            second = time.perf_counter()
            influence_in(made.receipts[0], entries[-1].place)
            found |= {f"{model}_write_ms": (middle - start) * 1000, f"{model}_explain_ms": (first - middle) * 1000}
            found |= {f"{model}_second_word_ms": (second - first) * 1000}
            found |= {f"{model}_mattered_ms": (time.perf_counter() - second) * 1000}
        return found

    return median(measure, repeats)


def reading_speed(repeats: int) -> dict[str, float]:
    """Return seconds in which a text of some 300 characters is read, each time another one."""
    from genai_demo.text.explaining.reading import read
    from genai_demo.text.requests import ENGLISH, ReadRequest

    def measure(number: int) -> dict[str, float]:
        found = {}
        for model in ENGLISH:
            text = f"Number {number}. {_OPENING} " + "the company had sold 300 trucks to the port of Oslo. " * 5
            start = time.perf_counter()
            read(ReadRequest(text, model))
            found[f"{model}_read_ms"] = (time.perf_counter() - start) * 1000
        return found

    return median(measure, repeats)


def gpt2_speed(repeats: int, parameters: int, vocabulary: int) -> dict[str, float]:
    """Return the same of `transformers`' GPT-2 class, as many parameters, random weights, sampling with its cache."""
    import torch
    from transformers import GenerationConfig, GPT2Config, GPT2LMHeadModel

    shapes = [(64 * heads, layers) for heads in range(2, 20) for layers in range(2, 13)]
    width, layers = min(
        shapes, key=lambda shape: abs(12 * shape[1] * shape[0] ** 2 + vocabulary * shape[0] - parameters)
    )
    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=256,
        n_embd=width,
        n_layer=layers,
        n_head=width // 64,
        bos_token_id=None,
        eos_token_id=None,
    )
    model = GPT2LMHeadModel(config).eval()
    prompt = torch.arange(10, 20)[None]  # (1, T)
    stamps: list[float] = []

    class Stamps:
        def put(self, value: torch.Tensor) -> None:
            stamps.append(time.perf_counter())

        def end(self) -> None:
            pass

    def measure(seed: int) -> dict[str, float]:
        torch.manual_seed(seed)
        stamps.clear()
        start = time.perf_counter()
        sampling = GenerationConfig(
            do_sample=True,
            temperature=0.8,
            top_p=0.95,
            top_k=0,
            repetition_penalty=1.1,
            max_new_tokens=100,
            min_new_tokens=100,
            use_cache=True,
            pad_token_id=0,
        )
        model.generate(prompt, attention_mask=torch.ones_like(prompt), generation_config=sampling, streamer=Stamps())
        # The first stamp is the prompt's.
        return {
            "first_token_ms": (stamps[1] - start) * 1000,
            "tokens_per_second": (len(stamps) - 1) / (time.perf_counter() - start),
        }

    return {"parameters": float(sum(p.numel() for p in model.parameters()))} | median(measure, repeats)


@contextmanager
def _application() -> Iterator[tuple[str, int, float]]:
    """Start the application and yield its address, process id and the time of the start command."""
    port = free_port()
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=_ROOT, env=os.environ | {"PORT": str(port)}, stdout=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}/", process.pid, start
    finally:
        process.terminate()
        process.wait()


def application() -> dict[str, float]:
    """Return seconds until the page answers, and memory after both models have written."""
    import psutil
    from gradio_client import Client

    with _application() as (address, pid, start):
        while True:
            try:
                urllib.request.urlopen(address).read()
                break
            except OSError:
                if not psutil.pid_exists(pid):
                    raise
                time.sleep(0.05)
        ready = time.perf_counter() - start
        client = Client(address, verbose=False)
        for model in ("gru", "masked"):
            client.predict(model=model, api_name="/write_news")
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        return {"page_ready_s": ready, "memory_mb": sum(one.memory_info().rss for one in processes) / 2**20}


def main() -> None:
    """Print a table, and JSON where asked."""
    options = read_options(__doc__)

    import torch

    from genai_demo.text.sampling.loading import load

    torch.set_num_threads(options.threads)
    loaded = load("gru")
    parameters = sum(weight.numel() for weight in loaded.network.parameters())
    report: dict[str, Any] = {
        "machine": machine(options.threads),
        "application": application(),
        "gru": {"parameters": float(parameters)} | gru_speed(options.repeats, 1),
        "gru, 6 at once": {"parameters": float(parameters)} | gru_speed(options.repeats, 6),
        "GPT-2 class, random weights": gpt2_speed(options.repeats, parameters, loaded.tokenizer.size),
        "masked": masked_speed(options.repeats),
        "explaining": explaining_speed(options.repeats),
        "reading": reading_speed(options.repeats),
    }
    ratio = report["gru"]["tokens_per_second"] / report["GPT-2 class, random weights"]["tokens_per_second"]
    report["gru over GPT-2 class"] = {"tokens_per_second": ratio}
    show(report, options.json)


if __name__ == "__main__":
    main()

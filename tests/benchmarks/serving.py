"""How long visitors wait: `python -m tests.benchmarks.serving`.

Starts the page without a model and follows it until it is ready; starts it again from the cache, with all learnt, and
asks. Prints a table and writes `assets/benchmarks/serving.json`.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from gradio_client import Client, handle_file

from model.cache import DEFAULT_DIRECTORY as MODELS_DIRECTORY
from model.cache import locate_checkpoint
from model.machine import describe_machine
from model.recipes import DEFAULT_RECIPE, RECIPES
from model.specialists import list_specialists
from tests.server import ROOT, Server

OUTPUT = ROOT / "assets" / "benchmarks" / "serving.json"
DRAWING = ROOT / "assets" / "drawings" / "dress.png"


def follow_first_start(models: Path, log: Path) -> dict:
    """Start without a model and wait until it has learnt."""
    server = Server(log, "--models", str(models))
    result = {"page_up_seconds": server.wait_until_up()}
    process, peak_bytes = psutil.Process(server.process.pid), 0
    first_answer_seconds = None
    client = Client(server.url, verbose=False)
    while server.fetch_status()["state"] != "ready":
        peak_bytes = max(peak_bytes, process.memory_info().rss)
        if first_answer_seconds is None and server.fetch_status()["state"] == "learning":
            job = client.submit(handle_file(DRAWING), api_name="/classify")
            if job.exception() is None:
                first_answer_seconds = time.monotonic() - server.started
        time.sleep(0.25)
    result |= {
        "first_answer_while_learning_seconds": first_answer_seconds,
        "ready_seconds": time.monotonic() - server.started,
        "peak_memory_while_learning_gb": peak_bytes / 1e9,
        "test_accuracy": server.fetch_status()["test_accuracy"],
    }
    server.stop()
    return result


def follow_second_start(models: Path, log: Path, requests: int) -> dict:
    """Start from the cache, ask once as early as possible, then many times."""
    server = Server(log, "--models", str(models))
    result = {"page_up_seconds": server.wait_until_up()}
    client = Client(server.url, verbose=False)
    while client.submit(handle_file(DRAWING), api_name="/classify").exception() is not None:
        time.sleep(0.1)
    result["first_answer_seconds"] = time.monotonic() - server.started
    for endpoint in ("/classify", "/explain"):
        times_ms = []
        for _ in range(requests):
            started = time.perf_counter()
            client.predict(handle_file(DRAWING), api_name=endpoint)
            times_ms.append(1000 * (time.perf_counter() - started))
        result[endpoint] = {f"p{q}_ms": float(np.percentile(times_ms, q)) for q in (50, 95)}
    result["memory_gb"] = psutil.Process(server.process.pid).memory_info().rss / 1e9
    server.stop()
    return result


def check_models(models: Path) -> None:
    """End when something is still to be learnt: it would go on in the background and slow the answers."""
    missing = [
        one.name
        for one in (RECIPES[DEFAULT_RECIPE], *list_specialists(DEFAULT_RECIPE))
        if not locate_checkpoint(models, one).exists()
    ]
    if missing:
        sys.exit(f"{models} lacks {', '.join(missing)}: run `python -m model.train` first.")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.serving", description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=40, help="requests to each endpoint")
    parser.add_argument("--models", type=Path, default=MODELS_DIRECTORY, help="folder for the second start")
    options = parser.parse_args()
    check_models(options.models)
    requests = options.requests
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "page.log"
        first = follow_first_start(Path(folder) / "models", log)
        second = follow_second_start(options.models, log, requests)
    result = describe_machine() | {"requests": requests, "first_start": first, "second_start": second}
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

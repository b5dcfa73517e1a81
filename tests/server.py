"""The page as a process of its own, for tests that look at it from outside."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
START_SECONDS = 120


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`python demo.py` with these options; `log` holds what it printed so far."""

    def __init__(self, log_path: Path, *options: str):
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = log_path
        self.started = time.monotonic()
        with log_path.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "demo.py", "--port", str(self.port), *options],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def wait_until_up(self) -> float:
        """Wait for the page; give the seconds since the start."""
        while time.monotonic() - self.started < START_SECONDS:
            assert self.process.poll() is None, self.log
            try:
                with urllib.request.urlopen(f"{self.url}/config", timeout=5):
                    return time.monotonic() - self.started
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(self.log)

    def fetch_status(self) -> dict:
        """Ask `/status` as curl would: post, then read the event stream."""
        request = urllib.request.Request(
            f"{self.url}/gradio_api/call/status", b'{"data": []}', {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            event = json.load(answer)["event_id"]
        with urllib.request.urlopen(f"{self.url}/gradio_api/call/status/{event}", timeout=60) as stream:
            lines = stream.read().decode().splitlines()
        (line,) = [line for line in lines if line.startswith("data: ")]
        return json.loads(line.removeprefix("data: "))[0]

    def wait_until_ready(self, seconds: float = 900) -> dict:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = self.fetch_status()
            if status["state"] == "ready":
                return status
            assert self.process.poll() is None, self.log
            time.sleep(0.5)
        raise TimeoutError(self.log)

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End the process and give its exit code. (SIGINT is ignored by what a shell starts in the background.)"""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(60)

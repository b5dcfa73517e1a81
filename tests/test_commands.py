"""The commands from outside: their help, what they print, their exit codes, and being killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from PIL import Image

from data.fashion_mnist import LABELS
from tests.server import ROOT, find_free_port

TIMEOUT_SECONDS = 240


def run(*arguments, **options):
    """Run a Python module of the project and wait for its end."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, **options)


@pytest.mark.parametrize(
    "command",
    [
        ["demo.py"],
        ["-m", "model.train"],
        ["-m", "model.classify"],
        ["-m", "model.report"],
        ["-m", "tests.benchmarks.serving"],
    ],
    ids=lambda command: command[-1],
)
def test_every_command_has_help(command):
    answer = run(*command, "--help")
    assert answer.returncode == 0
    assert "usage: python" in answer.stdout


def test_training_ends_with_one_line_of_json_and_the_report_reads_its_model(csv_directory, tmp_path):
    options = ["--recipe", "tiny", "--data", csv_directory, "--models", tmp_path / "models"]
    answer = run("-m", "model.train", *options)
    assert answer.returncode == 0, answer.stderr
    result = json.loads(answer.stdout.splitlines()[-1])
    assert {"recipe", "test_accuracy", "train_seconds", "parameters", "path"} <= result.keys()
    assert result["recipe"] == "tiny" and 0 < result["test_accuracy"] < 1
    assert "The model is in" in answer.stderr
    report = run("-m", "model.report", *options, "--out", tmp_path / "report")
    assert report.returncode == 0, report.stderr
    written = json.loads((tmp_path / "report" / "report.json").read_text())
    assert written["metrics"]["test"]["accuracy"] == result["test_accuracy"]
    figures = {path.stem for path in (tmp_path / "report").glob("*.png")}
    assert figures == {"class_distribution", "confusion_matrix", "curves", "reliability", "samples"}


def test_wrong_data_end_with_a_sentence(tmp_path):
    for command in (["demo.py"], ["-m", "model.train"], ["-m", "model.report"]):
        answer = run(*command, "--data", tmp_path)
        assert answer.returncode == 2
        assert "holds no Fashion-MNIST" in answer.stderr and "Traceback" not in answer.stderr


def test_pictures_that_cannot_be_learnt_from_end_with_a_sentence(csv_directory, tmp_path):
    (tmp_path / "Hats").mkdir()
    photo = ["-m", "model.train", "--recipe", "photo", "--data", csv_directory]
    for options, words in (
        ([*photo, "--pictures", tmp_path], "Expected: T-shirt_top"),
        (photo, "needs --pictures"),
        (["-m", "model.train", "--recipe", "tiny", "--pictures", tmp_path], "needs --pictures"),
    ):
        answer = run(*options)
        assert answer.returncode == 2
        assert words in answer.stderr and "Traceback" not in answer.stderr


def test_a_port_that_is_taken_ends_with_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = run("demo.py", "--port", taken.getsockname()[1])
    assert answer.returncode == 2
    assert "--port" in answer.stderr and "Traceback" not in answer.stderr


def test_gradio_s_own_variables_say_where_to_listen(csv_directory, tmp_path):
    port = find_free_port()
    environment = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "demo.py", "--recipe", "tiny", "--data", str(csv_directory), "--models", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        line = next(line for line in process.stdout if "The page is up" in line)
        assert f":{port}/" in line
        listening = [c.laddr for c in psutil.Process(process.pid).net_connections() if c.status == psutil.CONN_LISTEN]
        assert ("0.0.0.0", port) in listening
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("command", ["model.classify", "model.report"])
def test_without_a_model_the_command_says_how_to_get_one(command, tmp_path):
    files = ["x.png"] if command == "model.classify" else []
    answer = run("-m", command, "--models", tmp_path, *files)
    assert answer.returncode == 2
    assert "run `python -m model.train" in answer.stderr and "Traceback" not in answer.stderr


def test_classify_answers_files_and_folders_in_order_and_goes_on_after_a_bad_one(tiny_models, small_dataset, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(2):
        pixels = np.round(small_dataset.test_images[number, ..., 0] * 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    options = ["--models", tiny_models, "--recipe", "tiny"]
    answer = run("-m", "model.classify", "--json", *options, bad, folder, tmp_path / "missing.jpg")
    assert answer.returncode == 1
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [line["file"] for line in lines] == [
        str(path) for path in (bad, folder / "0.png", folder / "1.png", tmp_path / "missing.jpg")
    ]
    assert lines[0]["error"].endswith(".") and lines[3]["error"].endswith(".")
    for line in lines[1:3]:
        assert line.keys() == {"file", "kind", "reader", "top3", "recognised"}
        assert line["kind"] == "fashion_mnist" and line["reader"] == "cnn"
        assert len(line["top3"]) == 3 and line["top3"][0][0] in LABELS
    words = run("-m", "model.classify", *options, folder)
    assert words.returncode == 0
    assert len(words.stdout.splitlines()) == 2 and "%" in words.stdout


def start_training(models, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "model.train", "--recipe", "tiny", "--models", str(models), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def wait_for(path, process):
    end = time.monotonic() + TIMEOUT_SECONDS
    while not path.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_interrupted_training_goes_on_from_its_snapshot(how, tmp_path):
    """On the real data, so that there is time to interrupt it."""
    process = start_training(tmp_path)
    wait_for(tmp_path / "tiny.learning.npz", process)
    process.send_signal(how)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130)
    if how == signal.SIGINT:
        assert "goes on from there" in errors
    assert not (tmp_path / "tiny.npz").exists()
    answer = run("-m", "model.train", "--recipe", "tiny", "--models", tmp_path)
    assert answer.returncode == 0
    assert "Going on after epoch 1 of 2" in answer.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.npz"]

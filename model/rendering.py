"""Rendering of many training images at once, in processes of their own, so that the page stays quick meanwhile.

Each process reads one NumPy archive from stdin and writes the rendered images to stdout. It imports neither TensorFlow
nor the page.
"""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

GARMENTS, OUTLIERS = "garments", "outliers"
# A process renders so many images: a few seconds' work, so that stopping is soon heard.
CHUNK_IMAGES = 4000
NICENESS = 10  # visitors come first


def render(subject: str, style: str, images: np.ndarray, labels: np.ndarray, seed) -> np.ndarray:
    """Render images here and now.

    Parameters
    ----------
    subject : str
        `GARMENTS` renders each image as an upload of the same class, `OUTLIERS` makes something else of it.
    style : str
        Key into `model.augmentation.STYLES`.
    images : (N, 28, 28, 1) uint8
    labels : (N,) int, index into `data.fashion_mnist.LABELS`
    seed : whatever `numpy.random.default_rng` takes

    Returns
    -------
    (N, 28, 28, 1) uint8
    """
    from model.augmentation import augment_images
    from model.outliers import make_outliers

    return {GARMENTS: augment_images, OUTLIERS: make_outliers}[subject](images, labels, seed, style)


def render_in_processes(
    subject: str, style: str, images: np.ndarray, labels: np.ndarray, seed: list[int]
) -> Iterator[np.ndarray]:
    """Render images as `render` does, in chunks and in order, as many processes at a time as there are CPU cores.

    Raises
    ------
    RuntimeError
        When a process fails; its own words are in the message.
    """
    starts = range(0, len(images), CHUNK_IMAGES)
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        futures = [
            executor.submit(
                _run_process,
                subject,
                style,
                images[start : start + CHUNK_IMAGES],
                labels[start : start + CHUNK_IMAGES],
                [*seed, start],
            )
            for start in starts
        ]
        try:
            for future in futures:
                yield future.result()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def _run_process(subject: str, style: str, images: np.ndarray, labels: np.ndarray, seed: list[int]) -> np.ndarray:
    order = io.BytesIO()
    np.savez(order, subject=subject, style=style, images=images, labels=labels, seed=seed)
    root = Path(__file__).parent.parent
    command = [sys.executable, "-m", "model.rendering"]
    # In a session of its own Ctrl-C does not reach it: it ends by itself in a few seconds.
    done = subprocess.run(
        command, input=order.getvalue(), capture_output=True, cwd=root, start_new_session=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"rendering failed: {done.stderr.decode(errors='replace')}")
    return np.load(io.BytesIO(done.stdout))


def main() -> None:
    """Do one order from stdin."""
    import cv2

    os.nice(NICENESS)
    cv2.setNumThreads(1)
    order = np.load(io.BytesIO(sys.stdin.buffer.read()))
    rendered = render(
        str(order["subject"]), str(order["style"]), order["images"], order["labels"], order["seed"].tolist()
    )
    np.save(sys.stdout.buffer, rendered)


if __name__ == "__main__":
    main()

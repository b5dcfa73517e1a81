"""The figures of the report, drawn with matplotlib into PNG files."""

from pathlib import Path

import matplotlib
import numpy as np

from data.fashion_mnist import LABELS, FashionMNIST

matplotlib.use("Agg")  # no window, on any machine
from matplotlib import pyplot as plt

# Okabe and Ito's blue and orange: told apart with every colour-vision deficiency.
BLUE, ORANGE = "#0072B2", "#E69F00"
DOTS_PER_INCH = 110
SAMPLE_ROWS, SAMPLE_COLUMNS = 4, 8


def save_figure(figure, path: Path) -> None:
    figure.savefig(path, dpi=DOTS_PER_INCH, bbox_inches="tight", facecolor="white")
    plt.close(figure)


def draw_confusion(test: dict, path: Path) -> None:
    """Truth by guess; errors are coloured by their share of the row, the diagonal is left pale."""
    counts = np.array(test["confusion"])
    shares = counts / counts.sum(axis=1, keepdims=True).clip(1)
    errors = np.where(np.eye(len(LABELS), dtype=bool), np.nan, shares)
    figure, axes = plt.subplots(figsize=(7, 6))
    image = axes.imshow(errors, cmap="cividis_r")
    dark_from = np.nanmax(errors) / 2
    for truth, guess in np.ndindex(counts.shape):
        if counts[truth, guess]:
            colour = "white" if errors[truth, guess] > dark_from else "black"
            axes.text(guess, truth, counts[truth, guess], ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(LABELS)), LABELS, rotation=45, ha="right")
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set(xlabel="taken for", ylabel="is", title="Confusion matrix, test set")
    figure.colorbar(image, label="share of the row")
    save_figure(figure, path)


def draw_curves(history: list[dict], path: Path) -> None:
    """Accuracy and loss over the epochs, on training and validation images."""
    epochs = [record["epoch"] for record in history]
    figure, both = plt.subplots(1, 2, figsize=(9, 3.2))
    for axes, measure in zip(both, ("accuracy", "loss"), strict=True):
        for kind, colour in (("train", BLUE), ("validation", ORANGE)):
            axes.plot(epochs, [record[f"{kind}_{measure}"] for record in history], "o-", color=colour, label=kind)
        axes.set(xlabel="epoch", title=measure.capitalize())
        axes.grid(alpha=0.3)
    both[0].legend()
    save_figure(figure, path)


def draw_samples(dataset: FashionMNIST, probabilities: np.ndarray, path: Path) -> None:
    """The first test images with their guesses, wrong ones in orange with the truth."""
    figure, grid = plt.subplots(SAMPLE_ROWS, SAMPLE_COLUMNS, figsize=(SAMPLE_COLUMNS * 1.3, SAMPLE_ROWS * 1.6))
    for index, axes in enumerate(grid.flat):
        axes.axis("off")
        if index >= len(dataset.test_images):
            continue
        guess, truth = LABELS[probabilities[index].argmax()], LABELS[dataset.test_labels[index]]
        axes.imshow(dataset.test_images[index, ..., 0], cmap="gray")
        words = f"{guess} {probabilities[index].max():.0%}" + (f"\nis {truth}" if guess != truth else "")
        axes.set_title(words, fontsize=7, color="black" if guess == truth else "#B45F00")
    save_figure(figure, path)


def draw_distribution(dataset: FashionMNIST, path: Path) -> None:
    """Images of each class, for training and for testing."""
    figure, axes = plt.subplots(figsize=(7, 3))
    places = np.arange(len(LABELS))
    for shift, labels, colour, name in (
        (-0.2, dataset.train_labels, BLUE, "training and validation"),
        (0.2, dataset.test_labels, ORANGE, "test"),
    ):
        counts = np.bincount(labels, minlength=len(LABELS))
        axes.bar(places + shift, counts, 0.4, color=colour, label=name)
    axes.set_xticks(places, LABELS, rotation=45, ha="right")
    axes.set(ylabel="images", title="Class distribution")
    axes.legend()
    save_figure(figure, path)


def draw_reliability(test: dict, path: Path) -> None:
    """Confidence against accuracy in bins, with the expected calibration error."""
    figure, axes = plt.subplots(figsize=(4, 4))
    axes.plot([0, 1], [0, 1], "--", color="grey", label="as sure as right")
    confidences = [b["confidence"] for b in test["calibration"]]
    axes.plot(confidences, [b["accuracy"] for b in test["calibration"]], "o-", color=BLUE, label="test set")
    axes.set(xlabel="confidence", ylabel="accuracy", title=f"Reliability, error {test['calibration_error']:.1%}")
    axes.legend()
    axes.grid(alpha=0.3)
    save_figure(figure, path)


def draw_accuracy_against_time(rows: list[dict], path: Path) -> None:
    """Test accuracy of each row against the classic epochs that it took, with the way of the validation accuracy."""
    figure, axes = plt.subplots(figsize=(7, 4.2))
    for row in rows:
        colour = ORANGE if row["name"] == "startup" else BLUE
        history = row.get("history", [])
        times = [record["seconds"] / row["classic_epoch_seconds"] for record in history]
        axes.plot(times, [record["validation_accuracy"] for record in history], color=colour, alpha=0.4, linewidth=1)
        axes.plot(row["classic_epochs"], row["test_accuracy"], "o", color=colour)
        if row["seed"] == 0:
            axes.annotate(
                row["name"],
                (row["classic_epochs"], row["test_accuracy"]),
                (5, -3),
                fontsize=7,
                textcoords="offset points",
            )
    axes.set(xscale="log", xlabel="classic epochs", ylabel="accuracy", xlim=(0.5, 1200), ylim=(0.82, 0.97))
    ticks = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_title("Test accuracy (dots) and validation accuracy on the way (lines)")
    axes.grid(alpha=0.3)
    save_figure(figure, path)

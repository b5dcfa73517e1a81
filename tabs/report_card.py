"""The tab Report card: how good the network is, on images it never saw.

Also the endpoint `/status`.
"""

from html import escape

import gradio as gr
import numpy as np

from data.fashion_mnist import LABELS, VALIDATION_SHARE
from explain.overlay import enlarge_picture
from model.comparison import load_comparison
from model.learner import Learner
from model.recipes import Recipe
from tabs.markup import format_percent, render_bars, render_history, render_message, render_scatter, render_table

SAMPLES = 30
CLASSIC_EPOCH = (
    "A classic epoch is the time of one epoch of the tutorial's network over 48,000 images on the same machine. "
    "The scikit-learn methods learn without convolution; the vector machine and the trees from 20,000 images only."
)
NOT_YET = render_message("Not yet", "The report card is written when learning is done. It appears here by itself.")


def render_headline(learner: Learner) -> str:
    """The figures that count most, each with what it means."""
    metrics = learner.checkpoint.metrics
    test = metrics["test"]
    figures = [
        (format_percent(test["accuracy"], 2), f"of {len(learner.dataset.test_labels):,} test images right"),
        (format_percent(test["macro_f1"], 2), "macro F1, the mean over the ten classes"),
        (format_percent(test["calibration_error"], 1), "expected calibration error: how far off its own certainty is"),
        (f"{learner.checkpoint.card['train_seconds']:.0f} s", f"of learning, {metrics['parameters']:,} parameters"),
    ]
    cells = "".join(f"<div><dt>{escape(words)}</dt><dd>{escape(value)}</dd></div>" for value, words in figures)
    return f'<dl class="figures">{cells}</dl>'


def render_classes(test: dict) -> str:
    """Precision, recall and F1 of each class."""
    rows = [
        [row["label"], *(format_percent(row[key]) for key in ("precision", "recall", "f1")), str(row["count"])]
        for row in test["per_class"]
    ]
    return render_table(["Class", "Precision", "Recall", "F1", "Test images"], rows, "Each class")


def render_confusion(test: dict) -> str:
    """The confusion matrix, truth by guess; a cell is the darker the larger its share of the row."""
    head = "".join(f'<th scope="col"><span>{escape(label)}</span></th>' for label in LABELS)
    body = ""
    for truth, (label, counts) in enumerate(zip(LABELS, test["confusion"], strict=True)):
        total = max(1, sum(counts))
        cells = "".join(
            f'<td class="{"right" if truth == guess else "wrong"}" style="--share:{np.sqrt(count / total):.3f}" '
            f'title="{count} of {total} {escape(label)} taken for {escape(LABELS[guess])}">{count or ""}</td>'
            for guess, count in enumerate(counts)
        )
        body += f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>'
    caption = "Confusion matrix: a row is what it is, a column what it was taken for"
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{caption}"><table class="confusion">'
        f"<caption>{caption}</caption><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def render_distribution(learner: Learner) -> str:
    """How many images of each class there are to learn from and to be tested on."""
    dataset = learner.dataset
    train, test = (np.bincount(part, minlength=len(LABELS)) for part in (dataset.train_labels, dataset.test_labels))
    largest = max(train.max(), 1)
    rows = [(label, train[n] / largest, f"{train[n]:,} + {test[n]:,}") for n, label in enumerate(LABELS)]
    share = format_percent(VALIDATION_SHARE, 0)
    return (
        f"<h3>Class distribution</h3>{render_bars(rows, 'Images of each class')}"
        f'<p class="remarks">Training + test images. {share} of the training images are kept for validation.</p>'
    )


def render_comparison(recipe: Recipe) -> tuple[str, str]:
    """The chart and the table of what other recipes and methods reach, as last measured, this page's recipe first."""
    rows = sorted(load_comparison(), key=lambda row: row["name"] != recipe.name)
    points = [(row["name"], row["classic_epochs"], row["test_accuracy"]) for row in rows]
    chart = render_scatter("Test accuracy against time", points, "time to learn, in classic epochs", format_percent)
    cells = [
        [
            row["title"],
            format_percent(row["test_accuracy"], 2),
            f"{row['parameters']:,}" if row["parameters"] else "",
            f"{row['classic_epochs']:.1f}",
        ]
        for row in rows
    ]
    header = ["Recipe or method", "Test accuracy", "Parameters", "Classic epochs"]
    return chart, render_table(header, cells, "Beside other ways")


def describe_curves(recipe: Recipe) -> str:
    """Say what makes the training curves look worse than the validation curves."""
    words = "Training figures are of the images as they were learnt from, mirrored every other time."
    if recipe.label_smoothing:
        words += f" Their loss includes label smoothing of {recipe.label_smoothing}, which validation's does not."
    if recipe.hard_epochs:
        share = format_percent(recipe.hard_share, 0)
        words += (
            f" The last {recipe.hard_epochs} epochs learn only from the {share} of them that are still the hardest."
        )
    return words


def list_samples(learner: Learner) -> list[tuple[np.ndarray, str]]:
    """The first test images with guess and truth."""
    guesses = learner.compute_test_probabilities()[:SAMPLES].argmax(axis=1)
    samples = []
    for pixels, guess, truth in zip(learner.dataset.test_images, guesses, learner.dataset.test_labels, strict=False):
        picture = enlarge_picture(np.repeat(np.round(pixels * 255).astype(np.uint8), 3, axis=2))
        right = guess == truth
        samples.append((picture, f"✓ {LABELS[guess]}" if right else f"✗ {LABELS[guess]}, is {LABELS[truth]}"))
    return samples


def show_report(learner: Learner):
    """Everything on the tab that depends on the finished network."""
    if not learner.checkpoint:
        return NOT_YET, gr.Column(visible=False), *[gr.skip()] * 5
    test = learner.checkpoint.metrics["test"]
    return (
        render_headline(learner),
        gr.Column(visible=True),
        render_confusion(test),
        render_classes(test),
        *(render_history(learner.history, measure) for measure in ("accuracy", "loss")),
        list_samples(learner),
    )


def build_tab(learner: Learner, generation: gr.State) -> None:
    """Put the tab on the page; it fills itself when `generation` says that the network is ready."""
    headline = gr.HTML(NOT_YET, elem_id="headline")
    with gr.Column(visible=False) as details:
        with gr.Row(elem_classes="columns"):
            with gr.Column(min_width=320):
                confusion = gr.HTML(elem_id="confusion")
            with gr.Column(min_width=320):
                classes = gr.HTML(elem_id="classes")
        with gr.Row():
            with gr.Column(min_width=320):
                accuracy = gr.HTML(elem_id="accuracy-curve")
            with gr.Column(min_width=320):
                loss = gr.HTML(elem_id="loss-curve")
        gr.HTML(f'<p class="remarks">{describe_curves(learner.recipe)}</p>')
        gr.HTML(f"<h3>The first {SAMPLES} test images and what they were taken for</h3>", elem_classes="heading")
        samples = gr.Gallery(
            label="Sample guesses",
            show_label=False,
            height="auto",
            allow_preview=False,
            object_fit="contain",
            format="png",
            buttons=[],
            elem_id="samples",
            elem_classes="thumbnails",
        )
    chart, table = render_comparison(learner.recipe)
    with gr.Row(elem_classes="columns"):
        with gr.Column(min_width=320):
            gr.HTML(chart, elem_id="comparison-chart")
        with gr.Column(min_width=320):
            gr.HTML(table, elem_id="comparison")
    gr.HTML(f'<p class="remarks">{CLASSIC_EPOCH}</p>')
    gr.HTML(render_distribution(learner), elem_id="distribution")
    outputs = [headline, details, confusion, classes, accuracy, loss, samples]
    generation.change(lambda: show_report(learner), None, outputs, api_visibility="private", show_progress="hidden")
    build_endpoint(learner)


def build_endpoint(learner: Learner) -> None:
    """Add `/status`."""

    def status() -> dict:
        """Tell how far the network is.

        Returns:
            state ("no model", "learning", "ready" or "failed"), recipe, progress (0..1) and test_accuracy (0..1, null
            until known).
        """
        return learner.describe_status()

    with gr.Group(visible=False):
        answer, call = gr.JSON(label="answer"), gr.Button()
    call.click(status, None, answer, api_name="status", queue=False)

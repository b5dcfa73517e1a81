"""The strip above the tabs while a network is being learnt: how far, how good so far, and a growing curve."""

import gradio as gr
import pandas as pd

from model.learner import FAILED, LEARNING, READY, Learner
from tabs.markup import format_percent, render_message

TICK_SECONDS = 1.0
# What the curves are of, as the history names them and as people do.
SERIES = {"train": "training images", "validation": "validation images"}


def tabulate_history(history: list[dict], measure: str) -> pd.DataFrame:
    """Give one row an epoch and kind of images; `measure` is "accuracy" or "loss"."""
    rows = [
        {"epoch": record["epoch"], measure: record[f"{kind}_{measure}"], "images": words}
        for record in history
        for kind, words in SERIES.items()
    ]
    return pd.DataFrame(rows, columns=["epoch", measure, "images"])


def build_curve(measure: str, **options) -> gr.LinePlot:
    """Put an empty curve of accuracy or loss on the page."""
    return gr.LinePlot(
        tabulate_history([], measure),
        x="epoch",
        y=measure,
        color="images",
        # Okabe and Ito's blue and orange: told apart with every colour-vision deficiency.
        color_map=dict(zip(SERIES.values(), ("#0072B2", "#E69F00"), strict=True)),
        x_title="epoch",
        y_title=measure,
        x_axis_format="d",
        height=280,
        buttons=[],
        elem_classes="curve",
        **options,
    )


def describe_generation(learner: Learner) -> str:
    """Name what can answer now; a change means that the page's answers are out of date."""
    if learner.state == READY:
        return READY
    return LEARNING if learner.classifier else ""


def render_strip(learner: Learner) -> str:
    """How far learning is; empty when all is ready."""
    if learner.state == READY:
        return ""
    if learner.state == FAILED:
        return render_message(
            "Learning stopped with an error",
            "The log of the program says what happened. The other parts of the page still work; start it again.",
            "warning",
        )
    if learner.state != LEARNING:
        words = "Loading the trained network" if learner.checkpoint else "Starting to learn"
        return render_progress(f"{words} …", None)
    words = f"The network is learning: {format_percent(learner.progress, 0)}"
    if learner.seconds_left is not None:
        words += f", about {format_duration(learner.seconds_left)} left"
    if learner.history:
        words += f". So far right on {format_percent(learner.history[-1]['validation_accuracy'])} of unseen images"
    return render_progress(f"{words}. You can try it already.", learner.progress)


def render_progress(words: str, share: float | None) -> str:
    """A line of words over a progress bar; without a share the bar only says that something goes on."""
    value = "" if share is None else f' value="{share:.3f}"'
    return f'<div class="strip"><label>{words}<progress max="1"{value}></progress></label></div>'


def format_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def build_strip(learner: Learner) -> gr.State:
    """Put the strip on the page.

    Returns
    -------
    gr.State
        The generation: changes when a network can answer that could not before.
    """
    generation, shown_epochs = gr.State(""), gr.State(0)
    strip = gr.HTML(elem_id="strip", visible=False)
    curve = build_curve("accuracy", visible=False, label="Accuracy so far", elem_id="live-curve")
    timer = gr.Timer(TICK_SECONDS)

    def tick(shown: int):
        history = learner.history if learner.state == LEARNING else []
        update = gr.skip()
        if len(history) != shown:
            update = gr.LinePlot(tabulate_history(history, "accuracy"), visible=bool(history))
        done = learner.state in (READY, FAILED)
        words = render_strip(learner)
        return (
            gr.HTML(words, visible=bool(words)),
            update,
            describe_generation(learner),
            len(history),
            gr.Timer(active=not done),
        )

    quiet = {"api_visibility": "private", "show_progress": "hidden"}
    gr.on(
        [timer.tick, gr.context.Context.root_block.load],
        tick,
        shown_epochs,
        [strip, curve, generation, shown_epochs, timer],
        **quiet,
    )
    return generation

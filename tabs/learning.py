"""The strip above the tabs while a network is being learnt: how far, how good so far, and a growing curve."""

import gradio as gr

from model.learner import FAILED, LEARNING, READY, Learner
from tabs.markup import format_percent, render_history, render_message

TICK_SECONDS = 1.0


def describe_generation(learner: Learner) -> str:
    """Name what can answer now; a change means that the page's answers are out of date."""
    if learner.state == READY:
        return f"{READY} {len(learner.classifier.experts)} {learner.photo_reader is not None}"
    return LEARNING if learner.classifier else ""


def render_strip(learner: Learner) -> str:
    """How far learning is; empty when all is ready."""
    if learner.state == READY:
        if not learner.uploads_progress:
            return ""
        words = f"Ready. It goes on learning to read uploads better: {format_percent(learner.uploads_progress, 0)}."
        return render_progress(words, learner.uploads_progress)
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
    # Not of training images: those of later epochs are only the hard ones, and would look like a step back.
    curve = render_history(learner.history, "accuracy", kinds=("validation",))
    return render_progress(f"{words}. You can try it already.", learner.progress, curve)


def render_progress(words: str, share: float | None, curve: str = "") -> str:
    """Words over a bar, and a curve beside them; without a share the bar only says that something goes on."""
    percent = 0 if share is None else 100 * share
    state = "" if share is None else f'aria-valuenow="{percent:.0f}"'
    return (
        f'<div class="strip"><div><p>{words}</p><div class="bar-track {"waiting" if share is None else ""}" '
        f'role="progressbar" aria-label="Learning" aria-valuemin="0" aria-valuemax="100" {state}>'
        f'<span class="bar-fill" style="width:{percent:.1f}%"></span></div></div>{curve}</div>'
    )


def format_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def build_strip(learner: Learner) -> gr.State:
    """Put the strip on the page.

    Returns
    -------
    gr.State
        The generation: changes when a network can answer that could not before.
    """
    generation = gr.State("")
    strip = gr.HTML(elem_id="strip", visible=False)
    timer = gr.Timer(TICK_SECONDS)

    def tick():
        words = render_strip(learner)
        done = learner.state == FAILED or (learner.state == READY and learner.uploads_progress is None)
        return gr.HTML(words, visible=bool(words)), describe_generation(learner), gr.Timer(active=not done)

    gr.on(
        [timer.tick, gr.context.Context.root_block.load],
        tick,
        None,
        [strip, generation, timer],
        api_visibility="private",
        show_progress="hidden",
    )
    return generation

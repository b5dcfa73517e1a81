"""The tab Errors: the test images that the network gets wrong, to look into one by one.

Also the endpoint `/errors`.
"""

import gradio as gr
import numpy as np

from data.fashion_mnist import LABELS, SIDE_PX
from explain.methods import explain_image
from explain.overlay import enlarge_picture, overlay_heatmap
from model.errors import HARD_LABELS, ORDERS, list_errors
from model.learner import Learner
from model.recipes import FEATURE_MAP
from tabs.markup import LEGEND, format_percent, render_bars, render_message

LIMITS = (20, 40, 100, 400)
DEFAULT_LIMIT = 40
NOT_YET = render_message("Not yet", "The errors are gathered when learning is done. They appear here by themselves.")
PICK_ONE = render_message("Pick an error", "It is shown large, with what spoke for the guess and for the truth.")
# On a phone the error lies below the gallery, out of sight.
SHOW_ERROR = """() => {
    const words = document.querySelector("#error-words");
    if (window.innerWidth < 700) words.scrollIntoView({ behavior: "smooth", block: "start" });
}"""


def find_errors(learner: Learner, truth, predicted, order, limit) -> list[dict]:
    """List the errors of the finished network; see `model.errors.list_errors`."""
    return list_errors(
        learner.compute_test_probabilities(), learner.dataset.test_labels, truth, predicted, order, limit
    )


def take_test_image(learner: Learner, index: int) -> np.ndarray:
    """A test image to show: (28, 28, 3) uint8."""
    return np.repeat(np.round(learner.dataset.test_images[index] * 255).astype(np.uint8), 3, axis=2)


def show_gallery(learner: Learner, truth, predicted, order, limit):
    """Pictures with captions, the errors behind them, and a line that counts them."""
    if not learner.checkpoint:
        return [], [], NOT_YET
    errors = find_errors(learner, truth, predicted, order, None)
    shown = errors[:limit]
    pictures = [
        (
            enlarge_picture(take_test_image(learner, error["index"])),
            f"{error['truth']} taken for {error['predicted']}, {format_percent(error['probability'], 0)}",
        )
        for error in shown
    ]
    if not errors:
        return [], [], render_message("None", "No test image of these classes was taken for one of those.")
    words = f"{len(errors)} errors" if len(errors) != 1 else "One error"
    words += f", {len(shown)} of them shown" if len(shown) < len(errors) else ""
    return pictures, shown, f"<p>{words}, out of {len(learner.dataset.test_labels):,} test images.</p>"


def show_error(learner: Learner, errors: list[dict], position: int):
    """One error large: words, the row of pictures, evidence for the wrong guess, evidence for the truth."""
    if position >= len(errors):  # clicked while the filters were changing
        return PICK_ONE, gr.Row(visible=False), None, None
    error = errors[position]
    probabilities = learner.compute_test_probabilities()[error["index"]]
    order = np.argsort(-probabilities)[:3]
    bars = [(LABELS[n], probabilities[n], format_percent(probabilities[n])) for n in order]
    words = (
        f'<div class="answer"><h2>{error["truth"]}, taken for {error["predicted"]}</h2>'
        f"{render_bars(bars, 'The three likeliest classes')}"
        f'<p class="remarks">Test image {error["index"]}. The label, too, may be disputed: look for yourself.</p></div>'
    )
    if learner.classifier is None:
        return (
            words + render_message("One moment", "The network is still loading; pick it again soon."),
            gr.Row(visible=False),
            None,
            None,
        )
    overlays = [overlay_evidence(learner, error["index"], error[role]) for role in ("predicted", "truth")]
    titles = [f"Spoke for {error['predicted']} (wrong)", f"Spoke for {error['truth']} (right)"]
    updates = [gr.update(value=overlay, label=title) for overlay, title in zip(overlays, titles, strict=True)]
    return words, gr.Row(visible=True), *updates


def overlay_evidence(learner: Learner, index: int, label: str) -> np.ndarray:
    """A test image with the evidence for a label on it: (H, W, 3) uint8."""
    classifier = learner.classifier
    with classifier.lock:
        heatmap = explain_image(
            classifier.network, learner.dataset.test_images[index], LABELS.index(label), layer=FEATURE_MAP
        )
    return overlay_heatmap(take_test_image(learner, index), heatmap, (0, 0, SIDE_PX, SIDE_PX))


def build_tab(learner: Learner, generation: gr.State) -> None:
    """Put the tab on the page; it fills itself when `generation` says that the network is ready."""
    shown = gr.State([])
    with gr.Row():
        truth = gr.Dropdown(list(LABELS), value=list(HARD_LABELS), multiselect=True, label="They are", min_width=240)
        predicted = gr.Dropdown(
            list(LABELS), value=list(HARD_LABELS), multiselect=True, label="and were taken for", min_width=240
        )
        orders = [(words, key) for key, words in ORDERS.items()]
        order = gr.Dropdown(orders, value="surest", label="Order", min_width=230)
        limit = gr.Dropdown(list(LIMITS), value=DEFAULT_LIMIT, label="Show at most", min_width=120)
    with gr.Row(elem_classes="columns"):
        with gr.Column(scale=3, min_width=320):
            count = gr.HTML(NOT_YET, elem_id="error-count")
            gallery = gr.Gallery(
                label="Errors",
                show_label=False,
                height=640,
                allow_preview=False,
                object_fit="contain",
                format="png",
                buttons=[],
                elem_id="errors",
                elem_classes="thumbnails",
            )
        with gr.Column(scale=2, min_width=320):
            words = gr.HTML(PICK_ONE, elem_id="error-words")
            with gr.Row(visible=False) as pictures:
                guess_overlay, truth_overlay = (
                    gr.Image(
                        label=label,
                        format="png",
                        interactive=False,
                        buttons=["fullscreen"],
                        min_width=140,
                        elem_id=elem_id,
                        alt_text=f"The picture with a heatmap on it: {label.lower()}",
                    )
                    for label, elem_id in (
                        ("Spoke for the wrong guess", "error-guess"),
                        ("Spoke for the truth", "error-truth"),
                    )
                )
            gr.HTML(LEGEND)
    filters = [truth, predicted, order, limit]
    quiet = {"api_visibility": "private", "show_progress": "hidden"}

    def fill(*values):
        return *show_gallery(learner, *values), PICK_ONE, gr.Row(visible=False)

    def pick(event: gr.SelectData, errors):
        return show_error(learner, errors, event.index)

    # `change` and not `input`: emptying a list with its × is no input to Gradio.
    changes = [generation.change, *(control.change for control in filters)]
    gr.on(changes, fill, filters, [gallery, shown, count, words, pictures], trigger_mode="always_last", **quiet)
    picked = gallery.select(pick, shown, [words, pictures, guess_overlay, truth_overlay], **quiet)
    picked.then(None, js=SHOW_ERROR, api_visibility="private")
    build_endpoint(learner)


def build_endpoint(learner: Learner) -> None:
    """Add `/errors`."""

    def errors(
        truth: list[str] = list(HARD_LABELS),  # noqa: B006 (read only; Gradio shows it as the default)
        predicted: list[str] = list(HARD_LABELS),  # noqa: B006
        order: str = "surest",
        limit: int = DEFAULT_LIMIT,
    ) -> list[dict]:
        """List test images that the network gets wrong.

        Args:
            truth: only images of these classes
            predicted: only images taken for these classes
            order: "surest" mistakes first, "unsure" (closest calls first), or by "index"
            limit: at most so many

        Returns:
            One object an error: index (into the test set), truth, predicted, probability (of the wrong guess).
        """
        if not learner.checkpoint:
            words = "The network is still learning; its errors are known when /status says ready."
            raise gr.Error(words, print_exception=False)
        for labels in (truth, predicted):
            if isinstance(labels, str):
                raise gr.Error(f"truth and predicted are lists: send [{labels!r}].", print_exception=False)
        try:
            return find_errors(learner, truth, predicted, order, DEFAULT_LIMIT if limit is None else int(limit))
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from error

    with gr.Group(visible=False):
        truth = gr.Dropdown(list(LABELS), value=list(HARD_LABELS), multiselect=True, label="truth")
        predicted = gr.Dropdown(list(LABELS), value=list(HARD_LABELS), multiselect=True, label="predicted")
        order = gr.Dropdown(list(ORDERS), value="surest", label="order")
        limit = gr.Number(DEFAULT_LIMIT, precision=0, minimum=0, label="limit")
        answer, call = gr.JSON(label="answer"), gr.Button()
    call.click(errors, [truth, predicted, order, limit], answer, api_name="errors")

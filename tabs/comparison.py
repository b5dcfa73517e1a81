"""Both readers side by side: what each one saw, its three guesses, and what made them."""

from html import escape

import gradio as gr
import numpy as np

from data.fashion_mnist import LABELS
from data.views import take_garment_view
from explain.methods import explain_image
from explain.overlay import enlarge_picture, overlay_heatmap
from model.learner import Learner
from model.readers import Reading
from model.recipes import FEATURE_MAP
from tabs.markup import format_percent, render_bars

TITLES = {"cnn": "The small CNN saw this (28×28)", "photo": "The photo reader saw this (224×224)"}
Box = tuple[float, float, float, float]


def find_explained_reader(reading: Reading) -> str:
    """Whose heatmap stands for the answer: a mix is mostly the photo reader's."""
    return "cnn" if reading.reader == "cnn" else "photo"


def explain_opinion(
    learner: Learner, reading: Reading, reader: str, label: str, versus: str | None, method: str
) -> tuple[np.ndarray, Box]:
    """Compute where a reader saw evidence for a label.

    Returns
    -------
    heatmap : (28, 28) or, of the photo reader, (7, 7) float32, 0..1
    box : tuple of float
        Left, top, right, bottom, in pixels of the picture, that the heatmap covers.
    """
    if reader == "photo":
        source = learner.photo_reader
        image, view = source.view_features(reading.prepared)
        network, box = source.upper_network, view.box
    else:
        source = learner.classifier  # taken once: a better one may come in at any moment
        network = source.choose_network(reading.prepared.kind)
        image, box = reading.prepared.pixels, reading.prepared.box
    numbers = LABELS.index(label), LABELS.index(versus) if versus else None
    with source.lock:
        return explain_image(network, image, *numbers, method, layer=FEATURE_MAP), box


def draw_seen(reading: Reading, reader: str, heatmap: np.ndarray, opacity: float) -> np.ndarray:
    """Lay a reader's heatmap on what it saw: (H, W, 3) uint8 RGB."""
    if reader == "photo":
        seen = take_garment_view(reading.prepared).pixels
    else:
        seen = np.repeat(np.round(reading.prepared.pixels * 255).astype(np.uint8), 3, axis=2)
    return overlay_heatmap(enlarge_picture(seen), heatmap, (0, 0, *enlarge_picture(seen).shape[1::-1]), opacity)


def render_opinion(prediction, reader: str) -> str:
    """A reader's own three guesses."""
    bars = [(label, share, format_percent(share)) for label, share in prediction.top3]
    return f'<div class="opinion"><h3>{escape(TITLES[reader])}</h3>{render_bars(bars, TITLES[reader])}</div>'


def build_comparison() -> tuple[gr.Row, list]:
    """Build the row of two columns, hidden until both readers were asked, and its words and pictures, in turn."""
    pieces = []
    with gr.Row(visible=False, elem_id="comparison", elem_classes="columns") as row:
        for reader, title in TITLES.items():
            with gr.Column(min_width=280):
                pieces.append(gr.HTML(elem_id=f"opinion-{reader}"))
                pieces.append(
                    gr.Image(
                        label="What made its guess",
                        format="png",
                        interactive=False,
                        buttons=["fullscreen"],
                        elem_id=f"seen-{reader}",
                        alt_text=f"{title}, with a heatmap on it: bright regions made the guess",
                    )
                )
    return row, pieces


def show_comparison(reading: Reading, heatmaps: dict[str, np.ndarray], labels: dict[str, str], opacity: float) -> list:
    """Values of what `build_comparison` built; hidden where only one reader was asked.

    Parameters
    ----------
    heatmaps, labels : dict of str
        Of each reader that was asked: its heatmap, and the guess that it explains.
    """
    if len(reading.opinions) < len(TITLES):
        return hide_comparison()
    values = [gr.Row(visible=True)]
    for reader in TITLES:
        picture = draw_seen(reading, reader, heatmaps[reader], opacity)
        values += [
            render_opinion(reading.opinions[reader], reader),
            gr.update(value=picture, label=f"What speaks for {labels[reader]}"),
        ]
    return values


def hide_comparison() -> list:
    return [gr.Row(visible=False), *[None] * (2 * len(TITLES))]

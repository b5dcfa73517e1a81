"""The tab Classify: bring or draw an item, get three guesses and the regions that made them.

Also the endpoints `/classify` and `/explain`.
"""

from dataclasses import asdict
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from data.colours import find_colours
from data.decoding import PictureError
from data.fashion_mnist import LABELS
from data.preparation import KINDS, Prepared
from explain.methods import DEFAULT_METHOD, METHODS
from explain.overlay import (
    DEFAULT_OPACITY,
    draw_box,
    enlarge_picture,
    overlay_heatmap,
    resize_heatmap,
    show_cutout,
)
from model.learner import FAILED, READY, Learner
from model.readers import PHOTO_KINDS, READERS, ReaderMissingError, Reading, read_picture
from tabs.comparison import (
    build_comparison,
    explain_opinion,
    find_explained_reader,
    hide_comparison,
    show_comparison,
)
from tabs.markup import LEGEND, format_percent, render_bars, render_message, render_swatches
from tabs.uploads import build_pad, build_picture_input

DRAWINGS_DIRECTORY = Path(__file__).parent.parent / "assets" / "drawings"
PAD_SIDE_PX = 400
BRUSH_PX = 6
RANKS = ("first guess", "second guess", "third guess")
TURNS = ("as it is", "90° right", "upside down", "90° left")
PIECES = ("all together", "the best one", "the second", "the third")
WHOLE_PICTURE = (0, 100, 0, 100)  # left, right, top, bottom, in percent
INVITATION = render_message(
    "What is it?", "Upload a picture, take a photo, draw an item or pick an example: the answer appears here."
)
# Gradio's pad starts with no tool in hand, and a visitor should simply be able to draw.
TAKE_BRUSH = """() => {
    const take = (tries) => {
        const brush = document.querySelector("#drawing button[aria-label=Brush]");
        if (brush && brush.offsetParent) brush.click();
        else if (tries) setTimeout(take, 100, tries - 1);
    };
    setTimeout(take, 200, 30);
}"""
# On a phone the answer lies below the input, out of sight.
SHOW_RESULT = """() => {
    const result = document.querySelector("#result .answer, #result .warning");
    if (result && window.innerWidth < 700) result.scrollIntoView({ behavior: "smooth", block: "start" });
}"""


class NotReadyError(Exception):
    """No network can answer yet."""


def answer_upload(learner: Learner, upload, reader: str = "auto", **mends) -> Reading:
    """Read one upload with the newest network there is; for `mends` see `data.preparation.prepare`.

    Raises
    ------
    PictureError
        When the upload cannot be used.
    NotReadyError
        When learning has not come far enough to answer.
    ReaderMissingError
        When the photo reader is asked for by name and is not there.
    """
    classifier = learner.classifier
    if classifier is None and learner.state == FAILED:
        raise NotReadyError("Learning stopped with an error, so nothing can be answered. The program's log says why.")
    if classifier is None:
        words = "The network is only just starting. The first answers come in a few seconds, by themselves."
        raise NotReadyError(words)
    return read_picture(classifier, upload, learner.photo_reader, reader, **mends)


# What the visitor sees -------------------------------------------------------------------------


def render_reading(reading: Reading, is_learning: bool) -> str:
    """The three guesses, and what the visitor should know about them."""
    prediction, prepared = reading.prediction, reading.prepared
    title = prediction.label if prediction.recognised else f"{prediction.label}?"
    lead = "" if prediction.recognised else "<p>It may well be none of the ten; these are closest:</p>"
    bars = [(label, share, format_percent(share)) for label, share in prediction.top3]
    remarks = [f"Taken for a {KINDS[prepared.kind]}.", prepared.note, reading.reason]
    if prepared.pieces > 1:
        remarks.append(f"{prepared.pieces} pieces were found and judged together.")
    badge = '<p class="badge">From a network that is still learning</p>' if is_learning else ""
    return (
        f'<div class="answer" aria-live="polite">{badge}<h2>{title}</h2>{lead}'
        f"{render_bars(bars, 'The three likeliest classes')}"
        f"{render_swatches(find_colours(prepared.picture, prepared.mask)) if prepared.kind in PHOTO_KINDS else ''}"
        f'<p class="remarks">{" ".join(filter(None, remarks))}</p></div>'
    )


def take_drawing(drawing: dict | None) -> np.ndarray | None:
    """Give the drawn picture, (H, W) uint8, or None from a pad that nobody touched."""
    composite = drawing["composite"] if drawing else None
    return None if composite is None or np.ptp(composite) == 0 else composite


def show_answer(learner: Learner, source, picture, drawing, rank, method, opacity, reader, *mends):
    """Answer for the picture or the drawing, whichever is in front: result, details, overlay, steps, comparison."""
    upload = picture if source == "picture" else take_drawing(drawing)
    without_answer = gr.Column(visible=False), None, None, *hide_comparison()
    if upload is None:
        return INVITATION, *without_answer
    try:
        reading = answer_upload(learner, upload, reader, **read_mends(*mends))
    except PictureError as error:
        return render_message("This picture cannot be used", str(error), "warning"), *without_answer
    except (NotReadyError, ReaderMissingError) as error:
        return render_message("One moment", str(error)), *without_answer
    explained = find_explained_reader(reading)
    # Of each reader its own guess, of the answering one the answer's: a mix may differ from both.
    labels = {name: one.top3[RANKS.index(rank)][0] for name, one in reading.opinions.items()}
    labels[explained] = label = reading.prediction.top3[RANKS.index(rank)][0]
    found = {name: explain_opinion(learner, reading, name, labels[name], None, method) for name in labels}
    heatmap, box = found[explained]
    words = f"What speaks for {label}" if heatmap.any() else f"Nothing here speaks for {label}"
    return (
        render_reading(reading, learner.state != READY),
        gr.Column(visible=True),
        gr.update(value=overlay_heatmap(reading.prepared.picture, heatmap, box, opacity), label=words),
        show_steps(reading.prepared),
        *show_comparison(reading, {name: one[0] for name, one in found.items()}, labels, opacity),
    )


def read_mends(keep_background, invert, turn, piece, left, right, top, bottom) -> dict:
    """Give what the visitor mended as arguments of `data.preparation.prepare`; percentages become shares."""
    crop = (left / 100, top / 100, right / 100, bottom / 100)
    return {
        "cut_out": not keep_background,
        "invert": invert,
        "quarter_turns": TURNS.index(turn),
        "piece": None if piece == PIECES[0] else PIECES.index(piece) - 1,
        "crop": None if crop == (0, 0, 1, 1) else crop,
    }


def show_steps(prepared: Prepared) -> list[tuple[np.ndarray, str]]:
    """The way that the picture took, with captions."""
    seen = np.repeat(np.round(prepared.pixels * 255).astype(np.uint8), 3, axis=2)
    return [
        (enlarge_picture(draw_box(prepared.picture, prepared.box)), "Your picture"),
        (enlarge_picture(show_cutout(prepared.picture, prepared.mask)), "The garment in it"),
        (enlarge_picture(seen), "What the network saw: 28×28"),
    ]


def list_examples(learner: Learner) -> list[tuple[Image.Image, str]]:
    """The first test image of each class, and drawings made by code, with their captions."""
    examples = []
    for number, label in enumerate(LABELS):
        for index in np.flatnonzero(learner.dataset.test_labels == number)[:1]:
            pixels = np.round(learner.dataset.test_images[index, ..., 0] * 255).astype(np.uint8)
            examples.append((Image.fromarray(pixels), label))
    drawings = [(Image.open(path), f"Drawn {path.stem}") for path in sorted(DRAWINGS_DIRECTORY.glob("*.png"))]
    return examples + drawings


def enlarge_example(image: Image.Image) -> Image.Image:
    """Show each of the 28×28 pixels; drawings are large enough."""
    return Image.fromarray(enlarge_picture(np.array(image.convert("RGB"))))


# The tab ---------------------------------------------------------------------------------------


def build_tab(learner: Learner, generation: gr.State) -> None:
    """Put the tab on the page.

    Parameters
    ----------
    generation : gr.State
        Changes when a network can answer that could not before; what is on the page is then answered anew.
    """
    examples = list_examples(learner)
    source = gr.State("picture")
    gr.HTML("<h2>Pick an example, or bring your own</h2>", elem_classes="heading")
    gallery = gr.Gallery(
        [(enlarge_example(image), caption) for image, caption in examples],
        label="Examples",
        show_label=False,
        allow_preview=False,
        object_fit="contain",
        buttons=[],
        elem_id="examples",
        elem_classes="thumbnails",
    )
    with gr.Row(elem_classes="columns"):
        with gr.Column(min_width=320):
            sources, picture, drawing, fronts = build_inputs()
            clear = gr.Button("Clear and start over", size="sm", elem_id="clear")
            mends, mend_reset = build_mends()
        with gr.Column(min_width=320):
            result = gr.HTML(INVITATION, elem_id="result")
            with gr.Column(visible=False) as details:
                overlay, steps = build_pictures()
                settings = build_settings()
    comparison, pieces = build_comparison()
    outputs = [result, details, overlay, steps, comparison, *pieces]
    inputs = [source, picture, drawing, *settings, *mends]
    build_endpoints(learner)

    untouched = [mend.value for mend in mends]

    def answer(*values):
        return show_answer(learner, *values)

    def answer_anew(source, picture, drawing, rank, method, opacity, reader, *mended):
        """A new picture: what was chosen and mended for the last one no longer holds."""
        shown = show_answer(learner, source, picture, drawing, RANKS[0], method, opacity, reader, *untouched)
        return *shown, RANKS[0], *untouched

    # The queue of all visitors' answers: two at a time keep both cores busy; only the newest of one visitor counts.
    shared = {"api_visibility": "private", "concurrency_id": "answer", "concurrency_limit": 2}
    latest = shared | {"trigger_mode": "always_last", "show_progress": "hidden"}
    for name, tab in fronts.items():
        tab.select(lambda name=name: name, None, source, api_visibility="private").then(
            answer, inputs, outputs, **latest
        )
    gr.on([fronts["drawing"].select, drawing.clear], None, js=TAKE_BRUSH, api_visibility="private")
    anew = picture.change(answer_anew, inputs, [*outputs, settings[0], *mends], **shared)
    anew.then(None, js=SHOW_RESULT, api_visibility="private")
    gr.on(
        [drawing.change, generation.change, *(control.input for control in (*settings, *mends))],
        answer,
        inputs,
        outputs,
        **latest,
    )
    cleared = clear.click(
        lambda: (None, None, RANKS[0], *untouched),
        None,
        [picture, drawing, settings[0], *mends],
        api_visibility="private",
    )
    cleared.then(None, js=TAKE_BRUSH, api_visibility="private")

    def take_example(event: gr.SelectData):
        return examples[event.index][0], "picture", gr.Tabs(selected="picture")

    gallery.select(take_example, None, [picture, source, sources], api_visibility="private")
    mend_reset.click(lambda: untouched, None, mends, api_visibility="private").then(answer, inputs, outputs, **latest)


def build_inputs():
    """Where an item is brought or drawn, and the two tabs that bring one or the other to the front."""
    with gr.Tabs(elem_id="sources") as sources:
        with gr.Tab("Picture", id="picture") as picture_tab:
            picture = build_picture_input(
                label="Upload, drop, paste or photograph an item",
                sources=["upload", "webcam", "clipboard"],
                height=340,
                buttons=[],
                elem_id="picture",
            )
        with gr.Tab("Draw", id="drawing") as drawing_tab:
            drawing = build_pad(
                label="Draw the outline of an item, large",
                height="min(29rem, 100vw)",
                canvas_size=(PAD_SIDE_PX, PAD_SIDE_PX),
                brush=gr.Brush(default_size=BRUSH_PX, colors=["#000000"], color_mode="fixed"),
                buttons=[],
                elem_id="drawing",
            )
    return sources, picture, drawing, {"picture": picture_tab, "drawing": drawing_tab}


def build_pictures() -> tuple[gr.Image, gr.Gallery]:
    """The visitor's picture with the heatmap on it, and the way that it took to 28×28 pixels."""
    overlay = gr.Image(
        label="What made the guess",
        format="png",
        interactive=False,
        buttons=["download", "fullscreen"],
        elem_id="overlay",
        alt_text="Your picture with a heatmap on it: bright regions made the guess",
    )
    gr.HTML(LEGEND)
    steps = gr.Gallery(
        label="The way of your picture",
        show_label=False,
        allow_preview=False,
        object_fit="contain",
        format="png",
        buttons=[],
        elem_id="steps",
        elem_classes="thumbnails",
    )
    return overlay, steps


def build_settings() -> list:
    """What the heatmap shows, and how."""
    rank = gr.Radio(list(RANKS), value=RANKS[0], label="Show the evidence for the", elem_id="rank")
    with gr.Row():
        choices = [(method.title, name) for name, method in METHODS.items()]
        method = gr.Dropdown(choices, value=DEFAULT_METHOD, label="Heatmap by", min_width=140, elem_id="method")
        opacity = gr.Slider(0, 1, DEFAULT_OPACITY, step=0.05, label="Heatmap strength", min_width=140)
    readers = [(words[0].upper() + words[1:], name) for name, words in READERS.items()]
    reader = gr.Radio(readers, value="auto", label="Who answers", elem_id="reader")
    return [rank, method, opacity, reader]


def build_mends() -> tuple[list, gr.Button]:
    """What the visitor can do where the preparation went wrong, and the button that takes it back."""
    with gr.Accordion("Not what you meant? Mend the picture", open=False, elem_id="mends"):
        with gr.Row():
            keep_background = gr.Checkbox(label="Keep the background", min_width=140)
            invert = gr.Checkbox(label="Swap light and dark", min_width=140)
        with gr.Row():
            turn = gr.Dropdown(list(TURNS), value=TURNS[0], label="Turn", min_width=140)
            piece = gr.Dropdown(list(PIECES), value=PIECES[0], label="Pieces", min_width=140)
        crop = []
        for pair in (("Left", "Right"), ("Top", "Bottom")):
            with gr.Row():
                for edge in pair:
                    value = WHOLE_PICTURE[len(crop)]
                    crop.append(gr.Slider(0, 100, value, step=1, label=f"{edge} edge, %", min_width=140))
        reset = gr.Button("Take it all back", size="sm")
    return [keep_background, invert, turn, piece, *crop], reset


# Endpoints -------------------------------------------------------------------------------------


def build_endpoints(learner: Learner) -> None:
    """Add `/classify` and `/explain`: hidden components give them their types."""

    def read_upload(image) -> Reading:
        if image is None:
            raise gr.Error("No image was sent: give a file as `image`.", print_exception=False)
        try:
            return answer_upload(learner, image)
        except (PictureError, NotReadyError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    def classify(image: str) -> dict:
        """Say which of the ten Fashion-MNIST garments a picture shows.

        Args:
            image: the picture, as a file (JPEG, PNG, WebP, GIF); a photo, a drawing or a 28x28 image

        Returns:
            top3 (label and probability, likeliest first), kind (what sort of picture it was taken for), reader ("cnn"
            or "photo": who has most say), recognised (false: none of the ten, it seems), colours (main colours of the
            garment: name, share 0..1 and hex) and state ("learning" or "ready").
        """
        state = learner.state
        reading = read_upload(image)
        summary = reading.summarise()
        colours = [asdict(colour) for colour in find_colours(reading.prepared.picture, reading.prepared.mask)]
        top3 = [{"label": label, "probability": probability} for label, probability in summary["top3"]]
        return summary | {"top3": top3, "colours": colours, "state": state}

    def explain(image: str, label: str | None = None, versus: str | None = None, method: str = DEFAULT_METHOD):
        """Show which regions of a picture speak for a label.

        Args:
            image: the picture, as a file
            label: the class to explain; the first guess if left out
            versus: explain what speaks for `label` rather than for this class
            method: how the heatmap is made

        Returns:
            label, method, heatmap (28 rows of 28 numbers, 0..1), and the heatmap laid on the picture as a PNG file.
        """
        reading = read_upload(image)
        label = label or reading.prediction.label
        if label == versus:
            raise gr.Error(f"label and versus are both {label}: choose two different classes.", print_exception=False)
        heatmap, box = explain_opinion(learner, reading, find_explained_reader(reading), label, versus, method)
        overlay = overlay_heatmap(reading.prepared.picture, heatmap, box)
        return {"label": label, "method": method, "heatmap": np.round(resize_heatmap(heatmap), 4).tolist()}, overlay

    with gr.Group(visible=False):
        image, answer = build_picture_input(label="image"), gr.JSON(label="answer")
        label = gr.Dropdown(list(LABELS), value=None, label="label")
        versus = gr.Dropdown(list(LABELS), value=None, label="versus")
        method = gr.Dropdown(list(METHODS), value=DEFAULT_METHOD, label="method")
        overlay = gr.Image(label="overlay", format="png")
        call = gr.Button()
    shared = {"concurrency_id": "answer", "concurrency_limit": 2}
    call.click(classify, image, answer, api_name="classify", **shared)
    call.click(explain, [image, label, versus, method], [answer, overlay], api_name="explain", **shared)

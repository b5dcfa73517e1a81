"""Inputs that take what a visitor brings, and only that: no path of the host gets in through them."""

from pathlib import Path

import gradio as gr


def refuse_foreign_file(component: gr.components.Component, file) -> None:
    """Make sure that a file was uploaded to this page.

    Gradio itself checks this only where a request says that it brings a file; a hand-made request can leave that out.

    Raises
    ------
    gr.Error
        When the path lies outside Gradio's folder of uploads.
    """
    folder = Path(component.GRADIO_CACHE).resolve()
    if file is not None and file.path is not None and not Path(file.path).resolve().is_relative_to(folder):
        raise gr.Error("Only an uploaded file can be looked at: upload it first.", print_exception=False)


# Both builders change the component on the instance: Gradio writes a stub file beside the source of every class that is
# derived from a component.


def build_picture_input(**options) -> gr.Image:
    """Build an image input that hands over the file as it came, as a path.

    Gradio's own would open it first, and answer a broken file with an error that tells a visitor nothing;
    `data.decoding` opens every picture here.
    """
    component = gr.Image(type="filepath", image_mode=None, format="png", **options)
    open_picture = component.preprocess

    def take_file(payload):
        if payload is not None and payload.url and payload.url.startswith("data:"):
            return open_picture(payload)
        refuse_foreign_file(component, payload)
        return payload.path if payload is not None else None

    component.preprocess = take_file
    return component


def build_pad(**options) -> gr.Sketchpad:
    """Build a drawing pad that gives black strokes on white, (H, W) uint8."""
    component = gr.Sketchpad(image_mode="L", sources=(), transforms=(), layers=False, fixed_canvas=True, **options)
    read_drawing = component.preprocess

    def take_drawing(payload):
        if payload is not None:
            for file in (payload.background, payload.composite, *payload.layers):
                refuse_foreign_file(component, file)
        return read_drawing(payload)

    component.preprocess = take_drawing
    return component

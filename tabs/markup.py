"""Small pieces of HTML that several tabs show. Everything a visitor or a file brought is escaped here."""

from html import escape

import gradio as gr
import numpy as np

from explain.overlay import colour_heatmap


def render_bars(rows: list[tuple[str, float, str]], caption: str) -> str:
    """Horizontal bars: (name, share 0..1, words at the end), as a list that a screen reader reads in order."""
    items = "".join(
        f'<li><span class="bar-name">{escape(name)}</span>'
        f'<span class="bar-track"><span class="bar-fill" style="width:{100 * share:.1f}%"></span></span>'
        f'<span class="bar-value">{escape(value)}</span></li>'
        for name, share, value in rows
    )
    return f'<ul class="bars" aria-label="{escape(caption)}">{items}</ul>'


def render_message(title: str, text: str, tone: str = "quiet") -> str:
    """A short message where a result would be; tone is "quiet" or "warning"."""
    return f'<div class="message {tone}"><strong>{escape(title)}</strong><p>{escape(text)}</p></div>'


def render_table(header: list[str], rows: list[list[str]], caption: str) -> str:
    """A table whose first column names the row."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def render_legend() -> str:
    """The heatmap's colours, from no evidence to the strongest."""
    stops = ", ".join(f"rgb{tuple(map(int, colour))}" for colour in colour_heatmap(np.linspace(0, 1, 7)[None])[0])
    return (
        '<div class="legend" role="img" aria-label="Colours of the heatmap: dark for little evidence, yellow for most">'
        f'<span>little evidence</span><span class="scale" style="background:linear-gradient(90deg, {stops})"></span>'
        "<span>most</span></div>"
    )


LEGEND = render_legend()


def format_percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}%"


def build_picture_input(**options) -> gr.Image:
    """Build an image input that hands over the file as it came, as a path.

    Gradio's own would open it first, and answer a broken file with an error that tells a visitor nothing;
    `data.decoding` opens every picture here.
    """
    component = gr.Image(type="filepath", image_mode=None, format="png", **options)
    open_picture = component.preprocess

    def take_file(payload):
        is_link = payload is not None and payload.url and payload.url.startswith("data:")
        return open_picture(payload) if payload is None or is_link else payload.path

    # On the instance: Gradio writes a stub file beside the source of every class derived from a component.
    component.preprocess = take_file
    return component

"""Small pieces of HTML that several tabs show. Everything a visitor or a file brought is escaped here."""

from collections.abc import Callable
from html import escape

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


def render_swatches(colours: list) -> str:
    """A garment's main colours (`data.colours.Colour`) as small squares with their names and shares."""
    items = "".join(
        f'<li><span class="swatch" style="background:{escape(colour.hex)}"></span>'
        f"{escape(colour.name)} {format_percent(colour.share, 0)}</li>"
        for colour in colours
    )
    return f'<ul class="swatches" aria-label="Main colours of the garment">{items}</ul>' if items else ""


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
    levels = np.linspace(0, 1, 7)
    # As on the picture: the less evidence, the more of the picture shows through.
    stops = ", ".join(
        f"rgb({red} {green} {blue} / {level:.2f})"
        for level, (red, green, blue) in zip(levels, colour_heatmap(levels[None])[0], strict=True)
    )
    return (
        '<div class="legend" role="img" aria-label="Colours of the heatmap: clear for no evidence, yellow for most">'
        f'<span>no evidence</span><span class="scale" style="background:linear-gradient(90deg, {stops})"></span>'
        "<span>most</span></div>"
    )


LEGEND = render_legend()


def format_percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}%"


# A chart's inner area and margins, in its own pixels.
CHART_WIDTH, CHART_HEIGHT, CHART_LEFT, CHART_BOTTOM, CHART_RIGHT, CHART_TOP = 460, 220, 44, 34, 12, 12


def render_curves(title: str, curves: dict[str, list[tuple[float, float]]], format_value: Callable) -> str:
    """A chart of a few curves over epochs, as SVG in the colours of the page's theme.

    Parameters
    ----------
    curves : dict
        Name to its points, (epoch, value); drawn in the order of the CSS classes `curve-0`, `curve-1`.
    format_value : callable
        Makes a value into words.
    """
    points = [point for curve in curves.values() for point in curve]
    if not points:
        return ""
    low, high = min(value for _, value in points), max(value for _, value in points)
    last_epoch = max(epoch for epoch, _ in points)
    span = (high - low) or 1.0

    def place(epoch: float, value: float) -> tuple[float, float]:
        across = (epoch - 1) / max(last_epoch - 1, 1)
        x = CHART_LEFT + across * (CHART_WIDTH - CHART_LEFT - CHART_RIGHT)
        y = CHART_TOP + (high - value) / span * (CHART_HEIGHT - CHART_TOP - CHART_BOTTOM)
        return round(x, 1), round(y, 1)

    marks = ""
    for value in np.linspace(low, high, 4):
        x, y = place(1, value)
        marks += f'<path class="grid" d="M{x} {y}H{CHART_WIDTH - CHART_RIGHT}"/>'
        marks += f'<text x="{x - 6}" y="{y + 3}" text-anchor="end">{format_value(value)}</text>'
    for epoch in sorted({1, round((1 + last_epoch) / 2), last_epoch}):
        x, _ = place(epoch, low)
        marks += f'<text x="{x}" y="{CHART_HEIGHT - 14}" text-anchor="middle">{epoch}</text>'
    legend, words = "", []
    for number, (name, curve) in enumerate(curves.items()):
        path = " ".join(f"{x},{y}" for x, y in (place(*point) for point in curve))
        dots = "".join(f'<circle cx="{x}" cy="{y}" r="2.5"/>' for x, y in (place(*point) for point in curve))
        marks += f'<g class="curve-{number}"><polyline points="{path}"/>{dots}</g>'
        legend += f'<span class="curve-{number}">{escape(name)}</span>'
        words.append(f"{name} {format_value(curve[-1][1])}")
    return (
        f'<figure class="chart"><figcaption><strong>{escape(title)}</strong>{legend}</figcaption>'
        f'<svg viewBox="0 0 {CHART_WIDTH} {CHART_HEIGHT}" role="img" '
        f'aria-label="{escape(title)} after epoch {last_epoch}: {escape(", ".join(words))}">{marks}'
        f'<text x="{(CHART_WIDTH + CHART_LEFT) / 2}" y="{CHART_HEIGHT - 1}" text-anchor="middle">epoch</text>'
        "</svg></figure>"
    )


# Names beside the points of a scatter are at least this far apart.
NAME_DISTANCE = 12


def render_scatter(title: str, points: list[tuple[str, float, float]], x_title: str, format_value: Callable) -> str:
    """A chart of named points over a logarithmic axis, as SVG; the first point is in the other colour.

    Parameters
    ----------
    points : list of (name, x, y)
        x above 0.
    x_title : str
        What x is, and its unit.
    format_value : callable
        Makes y into words.
    """
    if not points:
        return ""
    across, heights = np.log10([x for _, x, _ in points]), [y for _, _, y in points]
    left, right = np.floor(across.min()), np.ceil(across.max() + 0.5)  # room for the last name
    low, high = min(heights), max(heights)

    def place(x: float, y: float) -> tuple[float, float]:
        x_px = CHART_LEFT + (x - left) / (right - left) * (CHART_WIDTH - CHART_LEFT - CHART_RIGHT)
        y_px = CHART_TOP + (high - y) / ((high - low) or 1.0) * (CHART_HEIGHT - CHART_TOP - CHART_BOTTOM)
        return round(float(x_px), 1), round(float(y_px), 1)

    marks = ""
    for value in np.linspace(low, high, 4):
        _, y = place(left, value)
        marks += f'<path class="grid" d="M{CHART_LEFT} {y}H{CHART_WIDTH - CHART_RIGHT}"/>'
        marks += f'<text x="{CHART_LEFT - 6}" y="{y + 3}" text-anchor="end">{format_value(value)}</text>'
    for power in range(int(left), int(right) + 1):
        marks += f'<text x="{place(power, low)[0]}" y="{CHART_HEIGHT - 14}" text-anchor="middle">{10.0**power:g}</text>'
    name_y = -np.inf
    for number in sorted(range(len(points)), key=lambda n: -heights[n]):
        x, y = place(across[number], heights[number])
        name_y = max(y + 3, name_y + NAME_DISTANCE)
        marks += (
            f'<g class="curve-{int(number == 0)}"><circle cx="{x}" cy="{y}" r="3.5"/></g>'
            f'<text x="{x + 7}" y="{name_y}">{escape(points[number][0])}</text>'
        )
    words = ", ".join(f"{name} {format_value(y)} at {x:.3g}" for name, x, y in points)
    return (
        f'<figure class="chart"><figcaption><strong>{escape(title)}</strong></figcaption>'
        f'<svg viewBox="0 0 {CHART_WIDTH} {CHART_HEIGHT}" role="img" aria-label="{escape(title)}: {escape(words)}">'
        f'{marks}<text x="{(CHART_WIDTH + CHART_LEFT) / 2}" y="{CHART_HEIGHT - 1}" text-anchor="middle">'
        f"{escape(x_title)}</text></svg></figure>"
    )


def render_history(history: list[dict], measure: str, kinds: tuple[str, ...] = ("train", "validation")) -> str:
    """Accuracy or loss over the epochs; `kinds` says on which images. See `model.training.Progress`."""
    words = {"train": "training images", "validation": "validation images"}
    curves = {words[kind]: [(record["epoch"], record[f"{kind}_{measure}"]) for record in history] for kind in kinds}
    format_value = format_percent if measure == "accuracy" else "{:.2f}".format
    return render_curves(measure.capitalize(), curves, format_value)

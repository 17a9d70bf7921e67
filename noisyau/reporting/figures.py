"""Figures as SVG that lives in the page: text is text, colours are the page's.

matplotlib draws with stand-in colours, which become CSS variables, so that one figure serves
the light page, the dark one and the printer. Each figure comes in a wide and a narrow drawing
with letters of the same size; the page shows the one that fits.
"""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from noisyau.reporting import words

WIDE, NARROW = 880, 336  # CSS pixels

_INK, _SOFT, _GRID = "#010101", "#020202", "#030303"
_SERIES = tuple(f"#{index:02x}{index:02x}{index:02x}" for index in range(4, 12))
_PAPER = "#0c0c0c"
_VARIABLES = {
    _INK: "var(--ink)",
    _SOFT: "var(--soft)",
    _GRID: "var(--grid)",
    _PAPER: "var(--paper)",
    **{colour: f"var(--series{index})" for index, colour in enumerate(_SERIES)},
}
_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "noisyau",
    "font.size": 12,
    "font.family": "sans-serif",
    "text.color": _INK,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "xtick.color": _GRID,
    "ytick.color": _GRID,
    "xtick.labelcolor": _SOFT,
    "ytick.labelcolor": _INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": _GRID,
    "grid.linewidth": 1,
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


@dataclass(frozen=True)
class Drawing:
    """A figure for wide pages and one for narrow pages, both SVG markup."""

    wide: str
    narrow: str


@dataclass(frozen=True)
class Point:
    """A value and its interval; None is missing."""

    value: float | None
    low: float | None
    high: float | None


def series_names(methods: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Method -> colour and marker; the floor is drawn as a tick and has none."""
    named = [method for method in methods if method != "always_positive"]
    return {
        method: (_SERIES[index % len(_SERIES)], _MARKERS[index % len(_MARKERS)])
        for index, method in enumerate(named)
    }


def by_au(
    rows: Mapping[str, Mapping[str, Point]], methods: Sequence[str], title: str, label: str
) -> Drawing:
    """A score from 0 to 1 of every method, such as F1, a line an AU.

    rows   row's label -> method -> point, from top to bottom
    label  the score's name
    """
    styles = series_names(methods)

    def draw(figure: Figure, width: int) -> None:
        axes = figure.subplots()
        step = 0.72 / max(len(styles), 1)
        for row, points in enumerate(rows.values()):
            if row % 2 == 0:
                axes.axhspan(row - 0.5, row + 0.5, color=_GRID, alpha=0.28, linewidth=0)
            for index, (method, (colour, marker)) in enumerate(styles.items()):
                y = row + (index - (len(styles) - 1) / 2) * step
                _draw_point(axes, points.get(method), y, colour, marker)
            floor = points.get("always_positive")
            if floor and floor.value is not None:
                axes.plot([floor.value] * 2, [row - 0.36, row + 0.36], color=_SOFT, linewidth=2,
                          solid_capstyle="butt", dashes=(1, 0.6))  # fmt: skip
        _rows_axis(axes, list(rows), width)
        axes.set_xlim(0, 1)
        axes.set_xlabel(label)

    height = 40 + len(rows) * max(26, 11 * len(styles) + 6)
    return _both(draw, height, height, title)


def differences(rows: Mapping[str, Point], title: str, label: str) -> Drawing:
    """What a variant gains over another, a line an AU; right of zero is better."""

    def draw(figure: Figure, width: int) -> None:
        axes = figure.subplots()
        for row, point in enumerate(rows.values()):
            if row % 2 == 0:
                axes.axhspan(row - 0.5, row + 0.5, color=_GRID, alpha=0.28, linewidth=0)
            sure = point.low is not None and point.high is not None and point.low * point.high > 0
            _draw_point(axes, point, row, _INK if sure else _SOFT, "o", filled=sure)
        axes.axvline(0, color=_INK, linewidth=1.2)
        _rows_axis(axes, list(rows), width)
        ends = [abs(end) for p in rows.values() for end in (p.low, p.high, p.value) if end]
        axes.set_xlim(*(np.array([-1, 1]) * 1.08 * max(ends, default=0.1)))
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel(label)

    height = 52 + 26 * len(rows)
    return _both(draw, height, height, title)


def curves(
    panels: Mapping[str, Mapping[str, Sequence[pd.Series]]], methods: Sequence[str], title: str
) -> Drawing:
    """Learning curves: panel -> variant -> one series a fold, indexed by epoch.

    A fold is a thin line; where there are several, their mean is a thick one. `methods` gives
    each variant the colour that it has in the other figures.
    """
    styles = series_names(methods)

    def draw(figure: Figure, width: int) -> None:
        wide = width == WIDE
        shape = (-(-len(panels) // 2), 2) if wide and len(panels) > 1 else (len(panels), 1)
        figure.set_layout_engine("constrained", h_pad=8 / 72, w_pad=6 / 72)
        grid = np.atleast_1d(figure.subplots(*shape)).ravel()
        for axes, (label, variants) in zip(grid, panels.items(), strict=False):
            for name, folds in variants.items():
                colour = styles[name][0]
                several = len(folds) > 1
                for fold in folds:
                    axes.plot(fold.index, fold, color=colour, linewidth=1 if several else 2.2,
                              alpha=0.45 if several else 1, marker="o",
                              markersize=0 if len(fold) > 1 else 4)  # fmt: skip
                if several:
                    mean = pd.concat(list(folds), axis=1).mean(axis=1)
                    axes.plot(mean.index, mean, color=colour, linewidth=2.4)
            axes.set_title(label, loc="left", fontsize=12, color=_INK)
            axes.set_xlabel("epoch")
            axes.grid(axis="y")
            axes.tick_params(labelcolor=_SOFT)
            axes.xaxis.get_major_locator().set_params(integer=True)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()

    rows = -(-len(panels) // 2)
    return _both(draw, 230 * rows, 220 * len(panels), title)


def legend(methods: Sequence[str], shown: Sequence[str], name: str) -> str:
    """The key as HTML, so that it wraps: markers as small SVG, the floor as a tick.

    methods  all, in the order that gives them their colours; shown: those of the figure
    name     sets the ids in this key apart from those of another
    """
    items = []
    for method, (colour, marker) in series_names(methods).items():
        if method not in shown:
            continue
        with mpl.rc_context(_STYLE):
            figure = Figure(figsize=(14 / 72, 14 / 72))
            axes = figure.add_axes((0, 0, 1, 1))
            axes.plot([0], [0], marker=marker, color=colour, markersize=8)
            axes.set_axis_off()
            svg = _svg(figure, None, f"{name}-{method}")
        items.append(f"<li>{svg} {escape(words.method_name(method))}</li>")
    if "always_positive" in shown:
        tick = '<svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">'
        tick += '<path d="M7 0V14" style="stroke:var(--soft);stroke-width:2;'
        tick += 'stroke-dasharray:2 1.2"/></svg>'
        items.append(f"<li>{tick} {escape(words.method_name('always_positive'))} (the floor)</li>")
    return f'<ul class="key">{"".join(items)}</ul>'


def _draw_point(
    axes: Axes, point: Point | None, y: float, colour: str, marker: str, *, filled: bool = True
) -> None:
    if point is None or point.value is None:
        return
    if point.low is not None and point.high is not None:
        axes.plot([point.low, point.high], [y, y], color=colour, linewidth=2.2)
    fill = colour if filled else _PAPER
    axes.plot([point.value], [y], marker=marker, color=colour, markersize=6.5, markerfacecolor=fill)


def _rows_axis(axes: Axes, labels: list[str], width: int) -> None:
    """Row labels: one line where it is wide, the number and a line below where it is narrow."""
    if width == NARROW:
        labels = [label.split(" ", 1)[0] for label in labels]
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(axis="x")
    if labels[0] == "Mean":
        axes.get_yticklabels()[0].set_fontweight("bold")


def _both(draw: Callable[[Figure, int], None], wide: float, narrow: float, title: str) -> Drawing:
    drawn = []
    for width, height in ((WIDE, wide), (NARROW, narrow)):
        with mpl.rc_context(_STYLE):
            figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
            draw(figure, width)
            drawn.append(_svg(figure, title, f"{title}-{width}"))
    return Drawing(*drawn)


def _svg(figure: Figure, title: str | None, prefix: str) -> str:
    """The figure's markup with the page's colours and ids of its own; a point is a pixel."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r' id="\w+?_\d+"', "", text)  # groups; what is referred to stays
    prefix = re.sub(r"\W+", "-", prefix)
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'(xlink:href="|url\()#', rf"\g<1>#{prefix}-", text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    text = re.sub(r"font: ([^;\"]*?)([\d.]+)px [^;\"]*", r"font: \1\2px inherit", text)
    text = text.replace("px inherit", "px var(--font)")
    text = re.sub(r'(<svg[^>]*?) width="([\d.]+)pt" height="([\d.]+)pt"',
                  r'\1 width="\2" height="\3"', text)  # fmt: skip
    if title is None:
        return text.replace("<svg ", '<svg aria-hidden="true" ', 1).strip()
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1).strip()

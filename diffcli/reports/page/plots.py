"""Plots as SVG within a page: told apart by dashes and marks, so that grey paper shows them too.

Colours, if any, are those of the page's sheet; text is text. No library draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import NamedTuple

from diffcli.reports.page.document import text
from diffcli.studies.study import Axis, Curve, Plot

WIDE, HIGH = 760, 440
_LEFT, _TOP, _BELOW = 74, 14, 52
_LINE_HIGH, _SAMPLE = 20, 34
_LEGEND = 210
"""Room for the names at the right."""
_SHADES = 8
"""Colours that the sheet has, `--c0` to `--c7`."""
_DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "4 2", "1 3", "9 3 2 3 2 3")
_MARKS_A_CURVE = 14
_TICKS = 8
_LEAST = 1e-300
"""Numbers nearer to one another than this are one."""


class _Scale(NamedTuple):
    """From numbers to places: `low` and `high` are in the axis' own units, logarithms where it has them."""

    axis: Axis
    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        scaled = log10(value) if self.axis.logarithmic else value
        return self.start + (scaled - self.low) / (self.high - self.low) * (self.end - self.start)


@dataclass(frozen=True)
class _Frame:
    x: _Scale
    y: _Scale

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.x.place(x), self.y.place(y)


def svg(plot: Plot, name: str) -> str:
    """A plot; `name` is an address of its own in the page."""
    curves = [(curve, _shown(curve, plot)) for curve in plot.curves]
    points = [point for _, found in curves for point in found]
    if not points or not all(isfinite(max(column) - min(column)) for column in zip(*points, strict=True)):
        return ""
    right = WIDE - _LEGEND
    frame = _Frame(
        _scale(plot.x, [x for x, _ in points], _LEFT, right),
        _scale(plot.y, [y for _, y in points], HIGH - _BELOW, _TOP),
    )
    drawn = [_curve(frame, k, curve, found) for k, (curve, found) in enumerate(curves) if found]
    names, y = [], _TOP + 10
    for k, (curve, found) in enumerate(curves):
        if found:
            names.append(_name(k, y, curve))
            y += _LINE_HIGH + (15 if _broken(curve.name)[1] else 0)
    title = f'<title id="{name}">{text(plot.title)}</title>'
    return (
        f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-labelledby="{name}" fill="none" font-size="13">{title}'
        f"{_grid(frame, right)}{_titles(plot, right)}{''.join(drawn)}{''.join(names)}</svg>"
    )


def _shown(curve: Curve, plot: Plot) -> list[tuple[float, float]]:
    """The points that have a place."""
    return [
        (x, y)
        for x, y in zip(curve.x, curve.y, strict=True)
        if all(isfinite(value) and (value > 0 or not axis.logarithmic) for value, axis in ((x, plot.x), (y, plot.y)))
    ]


# --- axes
def _scale(axis: Axis, values: Sequence[float], start: float, end: float) -> _Scale:
    scaled = [log10(value) if axis.logarithmic else value for value in values]
    low, high = min(scaled), max(scaled)
    if axis.logarithmic:
        low, high = floor(low + 1e-9), ceil(high - 1e-9)
    if high - low < _LEAST:
        low, high = low - 1, high + 1
    elif not axis.logarithmic:
        low, high = low - (high - low) * 0.03, high + (high - low) * 0.03
    return _Scale(axis, low, high, start, end)


def _ticks(scale: _Scale) -> list[tuple[float, str]]:
    """Numbers on an axis and how they are written."""
    if scale.axis.logarithmic:
        apart = max(1, ceil((scale.high - scale.low) / _TICKS))
        powers = range(ceil(scale.low / apart) * apart, floor(scale.high) + 1, apart)
        return [(float(k), f'10<tspan dy="-5" font-size="10">{str(k).replace("-", "−")}</tspan>') for k in powers]
    rough = (scale.high - scale.low) / _TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough)
    found = [k * step for k in range(ceil(scale.low / step), floor(scale.high / step) + 1)]
    return [(value, f"{value:.6g}".replace("-", "−")) for value in found]


def _grid(frame: _Frame, right: float) -> str:
    parts = []
    bottom = HIGH - _BELOW
    for value, label in _ticks(frame.x):
        place = _unscaled(frame.x, value)
        parts.append(f'<path d="M{place:.1f} {_TOP}V{bottom}" stroke="var(--line)"/>')
        parts.append(f'<text x="{place:.1f}" y="{bottom + 20}" text-anchor="middle" fill="var(--soft)">{label}</text>')
    for value, label in _ticks(frame.y):
        place = _unscaled(frame.y, value)
        parts.append(f'<path d="M{_LEFT} {place:.1f}H{right}" stroke="var(--line)"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{place + 4:.1f}" text-anchor="end" fill="var(--soft)">{label}</text>')
    return "".join(parts) + f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" stroke="var(--soft)"/>'


def _unscaled(scale: _Scale, value: float) -> float:
    return scale.start + (value - scale.low) / (scale.high - scale.low) * (scale.end - scale.start)


def _titles(plot: Plot, right: float) -> str:
    middle, side = (_LEFT + right) / 2, (_TOP + HIGH - _BELOW) / 2
    return (
        f'<text x="{middle}" y="{HIGH - 8}" text-anchor="middle" fill="var(--ink)">{text(plot.x.label)}</text>'
        f'<text x="16" y="{side}" text-anchor="middle" fill="var(--ink)" transform="rotate(-90 16 {side})">'
        f"{text(plot.y.label)}</text>"
    )


# --- curves
_Shape = Callable[[float, float], str]
_SHAPES: tuple[_Shape, ...] = (
    lambda x, y: f"M{x - 3:.1f} {y:.1f}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",
    lambda x, y: f"M{x - 3:.1f} {y - 3:.1f}h6v6h-6z",
    lambda x, y: f"M{x:.1f} {y - 4:.1f}l4 7h-8z",
    lambda x, y: f"M{x:.1f} {y + 4:.1f}l4 -7h-8z",
    lambda x, y: f"M{x:.1f} {y - 4:.1f}l4 4l-4 4l-4 -4z",
    lambda x, y: f"M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6",
    lambda x, y: f"M{x - 4:.1f} {y:.1f}h8m-4 -4v8",
    lambda x, y: f"M{x - 3:.1f} {y:.1f}h6",
)
"""A mark at a place, one a curve: circle, square, triangles, diamond, crosses, dash."""


def _curve(frame: _Frame, k: int, curve: Curve, found: Sequence[tuple[float, float]]) -> str:
    places = [frame.point(x, y) for x, y in found]
    every = max(1, len(places) // _MARKS_A_CURVE) if curve.joined else 1
    line = _joined(places, k) if curve.joined else ""
    marks = "".join(_SHAPES[k % len(_SHAPES)](x, y) for x, y in places[k % every :: every])
    return f'<g stroke="var(--c{k % _SHADES})" stroke-linejoin="round">{line}{_marked(marks)}</g>'


def _joined(places: Sequence[tuple[float, float]], k: int) -> str:
    start = f"M{places[0][0]:.1f} {places[0][1]:.1f}"
    rest = "".join(f"L{x:.1f} {y:.1f}" for (x, y), before in zip(places[1:], places, strict=False) if (x, y) != before)
    dashes = f' stroke-dasharray="{_DASHES[k % len(_DASHES)]}"' if _DASHES[k % len(_DASHES)] else ""
    return f'<path d="{start}{rest}" stroke-width="1.6"{dashes}/>'


def _marked(path: str) -> str:
    return f'<path d="{path}" fill="var(--paper)" stroke-width="1.3"/>'


def _name(k: int, y: int, curve: Curve) -> str:
    """A curve's name, beside its line and its mark."""
    x = WIDE - _LEGEND + 18
    line = _joined([(x, y), (x + _SAMPLE, y)], k) if curve.joined else ""
    mark = _marked(_SHAPES[k % len(_SHAPES)](x + _SAMPLE / 2, y))
    first, second = _broken(curve.name)
    words = f'<text x="{x + _SAMPLE + 8}" y="{y + 4}" fill="var(--ink)">{text(first)}</text>'
    if second:
        words += f'<text x="{x + _SAMPLE + 8}" y="{y + 19}" fill="var(--soft)" font-size="11">{text(second)}</text>'
    return f'<g stroke="var(--c{k % _SHADES})">{line}{mark}</g>{words}'


_LONGEST_NAME = 22


def _broken(name: str) -> tuple[str, str]:
    """What is in brackets stands below the name."""
    if len(name) <= _LONGEST_NAME or " (" not in name:
        return name, ""
    before, _, after = name.partition(" (")
    return before, after.removesuffix(")")

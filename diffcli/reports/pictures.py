"""Plots as files, by matplotlib: PNG or SVG, told apart in grey by dashes and marks."""

from __future__ import annotations

from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Any

from diffcli.runtime.errors import DiffError, unwritable
from diffcli.runtime.messages import message
from diffcli.studies.study import Curve, Plot

_LINES = ("-", "--", "-.", ":")
_MARKS = ("o", "s", "^", "v", "D", "x", "+", "*")
_GREYS = ("0.0", "0.35", "0.55", "0.2", "0.45", "0.65", "0.1", "0.5")


def check(file: Path) -> None:
    """Refuse what cannot be drawn before any work is done."""
    if file.suffix.lower() not in (".png", ".svg"):
        raise DiffError(
            message("'{file}' names no picture", file=file), hint=message("a plot ends in .png or .svg"), kind="option"
        )
    if find_spec("matplotlib") is None:
        hint = message('install it with: pip install "diff-compare[plot]"')
        raise DiffError(message("pictures need matplotlib, which is not installed"), hint=hint, kind="missing")


_CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "Heiti TC",
    "Microsoft YaHei", "SimHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "FandolHei",
    "Noto Sans CJK JP", "Arial Unicode MS", "AR PL UMing CN", "SimSun",
)  # fmt: skip
"""Fonts with Chinese, those of screens first."""


def fonts() -> list[str]:
    """The fonts of pictures: matplotlib's own, and behind it one with Chinese, if there is any."""
    from matplotlib.font_manager import fontManager

    known = {entry.name for entry in fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in _CHINESE if name in known][:1]]


def letters(language: str) -> bool:
    """Whether pictures can be lettered in a language; without a font they would show boxes."""
    return language != "zh" or len(fonts()) > 1


def save(plots: tuple[Plot, ...], file: Path) -> None:
    """Write `plots` below one another; the file's ending says how."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure  # of its own, without a window

    with rc_context({"font.family": fonts()}):
        figure = Figure(figsize=(7.5, 4.6 * len(plots)), layout="constrained")
        for axes, plot in zip(figure.subplots(len(plots), squeeze=False)[:, 0], plots, strict=True):
            _draw(axes, plot)
        try:
            figure.savefig(file, dpi=150)
        except OSError as error:
            raise unwritable(file, error) from None


def _draw(axes: Any, plot: Plot) -> None:
    if plot.contour is not None:
        below = plot.contour
        axes.contour(below.x, below.y, below.z, levels=below.levels, colors="0.75", linewidths=0.6, zorder=0)
    for k, curve in enumerate(plot.curves):
        x, y = _finite(curve, plot)
        style = _LINES[k % len(_LINES)] if curve.joined else "none"
        axes.plot(
            x, y, linestyle=style, marker=_MARKS[k % len(_MARKS)], markersize=3.5, markevery=max(1, len(x) // 24),
            color=_GREYS[k % len(_GREYS)], linewidth=1.2, label=curve.name,
        )  # fmt: skip
    for axis, scale in ((plot.x, axes.set_xscale), (plot.y, axes.set_yscale)):
        if axis.logarithmic:
            scale("log")
    axes.set(title=plot.title, xlabel=plot.x.label, ylabel=plot.y.label)
    axes.grid(True, color="0.9", linewidth=0.6)
    if len(plot.curves) > 1:
        axes.legend(fontsize=8, frameon=False)


def _finite(curve: Curve, plot: Plot) -> tuple[list[float], list[float]]:
    kept = [
        (x, y)
        for x, y in zip(curve.x, curve.y, strict=True)
        if isfinite(x) and isfinite(y) and (x > 0 or not plot.x.logarithmic) and (y > 0 or not plot.y.logarithmic)
    ]
    return [x for x, _ in kept], [y for _, y in kept]

"""What a study finds: tables, plots and sentences, as data; and who is told while it looks.

How it is shown is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Cell = float | int | str | None
"""A number, a text, or nothing."""


class Column(NamedTuple):
    """A heading; a screen shows numbers to `figures` significant digits, data formats show all."""

    name: str
    figures: int | None = None


class Table(NamedTuple):
    """Rows of cells under columns; `marked` are rows that a reader should see first."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str | None = None
    marked: frozenset[int] = frozenset()


class Axis(NamedTuple):
    """A label with its unit, and whether the scale is logarithmic."""

    label: str
    logarithmic: bool = False


class Curve(NamedTuple):
    """Points (x[i], y[i]) under a name; `joined` by lines, or single marks. What is not finite is left out."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    joined: bool = True


class Contour(NamedTuple):
    """Lines where a function of two variables has the values `levels`; `z` has a row for every y."""

    x: Sequence[float]
    y: Sequence[float]
    z: Sequence[Sequence[float]]
    levels: Sequence[float]


class Plot(NamedTuple):
    """Curves over one pair of axes; a picture draws the contour below them, a terminal leaves it out."""

    title: str
    x: Axis
    y: Axis
    curves: tuple[Curve, ...]
    contour: Contour | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """The result of a study.

    `heading` are lines on what was studied; `facts` are numbers by name for programs,
    beside the tables; `sentences` say what was found, in words that could be read aloud.
    """

    name: str
    heading: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    sentences: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


Progress = Callable[[int, int], None]
"""Told how many points are done, of how many."""


def silent(done: int, total: int) -> None:
    """Tells nobody."""
    del done, total

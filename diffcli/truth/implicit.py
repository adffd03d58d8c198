"""Functions that equations define: the root is proved by balls, and the derivative there.

F(x, y) = 0 with x exact, for as many y as equations. That there is one root y(x) near a point, and only one, is the
theorem of Krawczyk; that y is differentiable in x there is the implicit function theorem. The partial derivatives
are FLINT's series, as everywhere in `truth`: no rule of any method is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from flint import arb, arb_mat

from diffcli.core.derivative_kinds import Wanted
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import CODE
from diffcli.core.program import Program
from diffcli.runtime.messages import Message, message, message_of
from diffcli.truth.accuracy import PRECISIONS, Ball, Entry, Undecided, nearest, tight
from diffcli.truth.certify import Maybe, Scene, Truth, derivatives_along, told
from diffcli.truth.series import FORMAL, SERIES, Singular, Undefined, Unresolved, variable, working

_DETACH = CODE["detach"]
_POLISHED = 200
"""Newton steps from a point that was typed; each doubles the digits once it is near."""
_NONE = (Undefined, Singular, Unresolved, ZeroDivisionError)


@dataclass(frozen=True, slots=True)
class System:
    """The equations F = 0, of which `program` has the left sides, for the inputs numbered in `unknowns`."""

    program: Program
    unknowns: tuple[int, ...]

    def values(self, inputs: Sequence[Ball]) -> list[Ball]:
        """F at balls."""
        return [series[0] for series in evaluate(self.program, [SERIES.constant(ball) for ball in inputs], SERIES)]

    def partials(self, inputs: Sequence[Ball], by: Sequence[int]) -> list[list[Ball]]:
        """The partial derivatives of F, by the inputs `by`, at every point of a box of balls: a row per equation.

        Each operation has a series at every point of the balls that it is given (otherwise it raises): F is
        analytic on the box, and each ball holds the derivative at each of its points (Moore 1966, ch. 11).
        """
        columns = []
        for i in by:
            moved = [variable(ball) if k == i else SERIES.constant(ball) for k, ball in enumerate(inputs)]
            columns.append([series[1] for series in evaluate(self.program, moved, SERIES)])
        return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in self.unknowns]

    def placed(self, point: Sequence[Any], root: Sequence[Ball]) -> list[Ball]:
        """The point as balls, with the unknowns at a root."""
        inputs = [arb(x) for x in point]
        for i, ball in zip(self.unknowns, root, strict=True):
            inputs[i] = ball
        return inputs


def root(program: Program, unknowns: Sequence[int], point: Sequence[float]) -> list[float] | None:
    """The floats nearest to the root that Newton's steps from `point` reach; None where they reach none.

    A point at which every equation holds exactly is the root. Nothing is proved yet: `certify_implicit` does that.
    """
    system = System(program, tuple(unknowns))
    typed = [point[i] for i in unknowns]
    if _exact(system, point):
        return typed
    with working(2 * PRECISIONS[0], 2):
        here, arrived = _polished(system, point)
    found = [nearest(ball) for ball in here]
    if not all(map(isfinite, found)):
        return None
    return found if arrived else _short(system, point, found)


def _short(system: System, point: Sequence[float], near: Sequence[float]) -> list[float] | None:
    """A root of few digits near a place: where F_y is 0, Newton's steps do not arrive at it."""
    short = [float(f"{y:.8f}") + 0.0 for y in near]
    placed = list(point)
    for i, y in zip(system.unknowns, short, strict=True):
        placed[i] = y
    return short if _exact(system, placed) else None


def _exact(system: System, point: Sequence[float]) -> bool:
    """Whether every equation holds exactly at a point of floats."""
    with working(FORMAL, 1):
        try:
            return all(ball.is_zero() for ball in system.values([arb(x) for x in point]))
        except _NONE:
            return False


def _polished(system: System, point: Sequence[float]) -> tuple[list[Ball], bool]:
    """Newton's steps in numbers of many digits, and whether they came to rest; one that makes F larger is halved."""
    here = [arb(point[i]) for i in system.unknowns]
    size = _size(system, point, here)
    for _ in range(_POLISHED):
        step = _step(system, point, here)
        moved = None if step is None or size is None else _shortened(system, point, here, step, size)
        if step is None or moved is None:
            return here, False
        here, size = moved
        if all(bool(abs(d) <= _negligible(y)) for y, d in zip(here, step, strict=True)):
            return here, True
    return here, False


def _shortened(
    system: System, point: Sequence[float], here: Sequence[Ball], step: Sequence[Ball], size: Ball
) -> tuple[list[Ball], Ball] | None:
    """Where a step leads, cut by half until F does not grow, and the largest |F| there."""
    factor = 1.0
    while factor > _SHORTEST:
        moved = [(y - arb(factor) * d).mid() for y, d in zip(here, step, strict=True)]
        after = _size(system, point, moved)
        if after is not None and after <= size:
            return moved, after
        factor /= 2
    return None


def _negligible(y: Ball) -> Ball:
    return (abs(y) + arb(2) ** -_SMALLEST) * arb(2) ** -_DIGITS


_SHORTEST = 2.0**-30
_DIGITS, _SMALLEST = 120, 1200


def _size(system: System, point: Sequence[float], here: Sequence[Ball]) -> Ball | None:
    """The largest |F|, None where F has no value."""
    try:
        return max((abs(ball).mid() for ball in system.values(system.placed(point, here))), key=float)
    except _NONE:
        return None


def _step(system: System, point: Sequence[float], here: Sequence[Ball]) -> list[Ball] | None:
    """F_y^-1 F, without the radii."""
    inputs = system.placed(point, here)
    try:
        slopes = arb_mat([[ball.mid() for ball in row] for row in system.partials(inputs, system.unknowns)])
        solved = slopes.solve(arb_mat([[ball.mid()] for ball in system.values(inputs)]))
    except _NONE:
        return None
    step = [solved[k, 0].mid() for k in range(len(here))]
    return step if all(ball.is_finite() for ball in step) else None


def certify_implicit(program: Program, wrt: Sequence[int], point: Sequence[float], wanted: Wanted) -> Truth:
    """Prove y and dy/dx, row by row, for the root nearest to the y of `point`, which a few Newton steps lead to.

    The status is `undecided` where no root is proved, `not-differentiable` where the curve of one equation is vertical.
    """
    system = System(program, wanted.unknowns)
    if _DETACH in program.ops:
        return Truth("undecided", PRECISIONS[-1], reason=message("equations with a detached copy are not proved"))
    if _exact(system, point):
        return _at_exact_root(system, wrt, point)
    for bits in PRECISIONS:
        with working(2 * bits, 2):
            found = _attempt(system, wrt, point)
        if found is not None:
            return replace(found, bits=bits)
    return Truth("undecided", PRECISIONS[-1], reason=_UNPROVED)


_UNPROVED = message("no root is proved here: the derivative by the unknown is 0, or too close to it")


def _attempt(system: System, wrt: Sequence[int], point: Sequence[float]) -> Truth | None:
    """The truth at the precision now working, if that suffices."""
    middle, arrived = _polished(system, point)
    box = _enclosure(system, point, middle) if arrived else None
    if not box or not all(map(tight, box)):
        return None
    inputs = system.placed(point, box)
    try:
        entries = _quotient(system.partials(inputs, system.unknowns), system.partials(inputs, wrt))
    except _NONE:
        return None
    return Truth("certified", 0, tuple(box), tuple(entries)) if all(map(tight, entries)) else None


def _enclosure(system: System, point: Sequence[float], middle: Sequence[Ball]) -> list[Ball] | None:
    """A box that holds exactly one root.

    Theorem (Krawczyk 1969; Neumaier, Interval Methods for Systems of Equations, 1990, section 5.1): let m be in the
    box Y, C any matrix, F differentiable on Y, and K(Y) = m - C F(m) + (1 - C F_y(Y)) (Y - m). If K(Y) is inside
    of Y, there is exactly one root in Y, and it is in K(Y).
    """
    step = _step(system, point, middle)
    if step is None:
        return None
    m = len(middle)
    radii = [2 * abs(d) + _negligible(y) for y, d in zip(middle, step, strict=True)]
    box = [arb(y, r.abs_upper()) for y, r in zip(middle, radii, strict=True)]
    try:
        here = system.placed(point, middle)
        inverse = arb_mat([[ball.mid() for ball in row] for row in system.partials(here, system.unknowns)]).inv().mid()
        slopes = arb_mat(system.partials(system.placed(point, box), system.unknowns))
        values = arb_mat([[ball] for ball in system.values(here)])
        away = arb_mat([[y - mid] for y, mid in zip(box, middle, strict=True)])
        one = arb_mat([[arb(i == j) for j in range(m)] for i in range(m)])
        moved = arb_mat([[y] for y in middle]) - inverse * values + (one - inverse * slopes) * away
    except _NONE:
        return None
    inside = [moved[k, 0] for k in range(m)]
    return inside if all(y.contains_interior(k) for y, k in zip(box, inside, strict=True)) else None


def _quotient(by_unknowns: Sequence[Sequence[Ball]], by_variables: Sequence[Sequence[Ball]]) -> list[Ball]:
    """-(F_y)^-1 F_x, row by row; `ZeroDivisionError` where F_y is not shown to be regular."""
    if not by_variables[0]:
        return []
    if len(by_unknowns) == 1:
        below = by_unknowns[0][0]
        if below.contains(0):
            raise ZeroDivisionError
        return [-above / below if not above.is_zero() else arb(0) for above in by_variables[0]]
    solved = arb_mat([list(row) for row in by_unknowns]).solve(arb_mat([list(row) for row in by_variables]))
    return [-solved[i, j] for i in range(solved.nrows()) for j in range(solved.ncols())]


# --- a root that is the point itself: exact zeros are told there
def _at_exact_root(system: System, wrt: Sequence[int], point: Sequence[float]) -> Truth:
    """The truth at a point of floats that solves the equations: its partial derivatives by every means there is."""
    values = tuple(arb(point[i]) for i in system.unknowns)
    try:
        with working(PRECISIONS[0], 2):
            system.partials([arb(x) for x in point], [*system.unknowns, *wrt])  # there is a series all around
        scene = Scene(system.program, point)
        below, above = (_known_partials(scene, by) for by in (system.unknowns, wrt))
    except (Singular, Undefined, Unresolved, Undecided) as fault:
        reason = message_of(fault) if str(fault) else _UNPROVED
        return Truth("undecided", PRECISIONS[-1], values, reason=reason)
    bits = max(entry.bits for row in (*below, *above) for entry in row)
    slopes, sides = ([[entry.derivative for entry in row] for row in rows] for rows in (below, above))
    with working(4 * bits, 2):
        try:
            entries = _quotient(slopes, sides)
        except ZeroDivisionError:
            return _singular(slopes, sides, values, bits)
    if not all(map(tight, entries)):
        return Truth("undecided", bits, values, reason=_UNPROVED)
    return Truth("certified", bits, values, tuple(entries))


def _known_partials(scene: Scene, by: Sequence[int]) -> list[list[Entry]]:
    """The partial derivatives of every equation, a row each; `Undecided` where one is not proved."""
    columns: list[Sequence[Maybe]] = [derivatives_along(scene, ((i, 1.0),)) for i in by]
    return [[told(column[j]) for column in columns] for j in range(len(scene.program.outputs))]


def _singular(
    slopes: Sequence[Sequence[Ball]], sides: Sequence[Sequence[Ball]], values: tuple[Ball, ...], bits: int
) -> Truth:
    """F_y is not regular: of one equation, a vertical tangent where F_x is not 0."""
    if len(slopes) > 1 or not slopes[0][0].is_zero():
        return Truth("undecided", bits, values, reason=_UNPROVED)
    if all(ball.is_zero() for ball in sides[0]):
        return Truth("undecided", bits, values, reason=_CROSSING)
    return Truth("not-differentiable", bits, values, (None,) * len(sides[0]), reason=_VERTICAL)


_VERTICAL: Message = message("the tangent is vertical: the derivative by the unknown is 0 here")
_CROSSING: Message = message("all partial derivatives are 0 here: the curve may cross itself, or end")

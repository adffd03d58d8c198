"""The library behind the command, for scripts and notebooks.

    >>> comparison = compare("x*sin(y)", {"x": 1.5, "y": 0.5})
    >>> comparison.truth.status
    'certified'
    >>> gradient("x*sin(y)", "x=1.5, y=0.5")
    [0.479425538604203, 1.3163738428355591]
    >>> def f(x, y):
    ...     return x*y if x > y else y
    >>> gradient(f, {"x": 2.0, "y": 1.0})
    [1.0, 2.0]

Functions are texts in the language of expressions, or Python functions of
numbers and NumPy arrays, or the place of one: "lesson.py:f". Points are dictionaries
of numbers, lists and NumPy arrays, or text as behind `--at`. What comes out are
floats, and lists of them. Angles are in radians; times are in seconds, errors in
ulps, units in the last place. Whatever cannot be understood raises `DiffError`,
which says where it is and how to mend it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from math import inf
from operator import index
from typing import TYPE_CHECKING, Any, cast

from diffcli.comparison.compare import compare as compare_case
from diffcli.comparison.result import Comparison as Found
from diffcli.comparison.result import Settings
from diffcli.core.derivative_kinds import Kind
from diffcli.core.primitives import RULES, Rules
from diffcli.methods import METHODS
from diffcli.numbers import DIGITS, Dtype
from diffcli.problem.asked import Asked
from diffcli.problem.case import Case
from diffcli.problem.point import number_at, read_point, sole_variable
from diffcli.problem.understanding import make_case, traced_case
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax import Expression, elaborate
from diffcli.syntax.shapes import Shape, nested

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from diffcli.tracing.values import Scalar

Function = str | Callable[..., Any]
Point = Mapping[str, Any] | str
Wrt = Sequence[str] | str | None
Vector = Sequence[Any] | float | str


class Comparison(Found):
    """A comparison that shows itself: as a table in a terminal and in a notebook, as data for programs."""

    __slots__ = ()

    def __hash__(self) -> int:
        """By what is equal in equal ones; a case has dictionaries, and balls have no hash."""
        return hash((self.case.expression.source, self.values, self.shape, self.tolerance))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del options
        from diffcli.reports.comparison.table import show

        show(self, console)
        return []

    def __str__(self) -> str:
        from diffcli.reports.comparison.table import Report

        return Report(single=True).add(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from diffcli.reports.comparison.html import table_html

        return table_html(self)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the command, as a dictionary."""
        from diffcli.reports.comparison.json import as_object

        return as_object(self)

    def to_json(self) -> str:
        """The JSON of the command, on one line."""
        from diffcli.reports.comparison.json import line

        return line(self)

    def to_dataframe(self) -> Any:
        """A row per method and entry of the derivative, as the CSV has it: a frame of pandas, or of polars."""
        from diffcli.reports.comparison.csv import COLUMNS, rows

        found = list(rows(self))
        columns = {name: [row.get(name) for row in found] for name in COLUMNS}
        for library, options in (("pandas", {}), ("polars", {"strict": False})):
            if find_spec(library):
                return import_module(library).DataFrame(columns, **options)
        raise DiffError(
            message("a data frame needs pandas or polars"),
            hint=message("install one: pip install pandas"),
            kind="missing",
        )


def parse(text: str, shapes: Mapping[str, Shape] | None = None) -> Expression:
    """An expression understood: its program, variables and shape.

    `shapes` are those of the variables that are vectors or matrices. Raises
    `DiffError`, with the place and the mend, for what cannot be understood.

    >>> parse("dot(x, x)", {"x": (2,)}).program.inputs
    ('x[0]', 'x[1]')
    >>> print(parse("2*x*sin(x)").program)
    v0 = 2.0
    v1 = x
    v2 = mul(v0, v1)
    v3 = sin(v1)
    v4 = mul(v2, v3)
    return v4
    """
    return elaborate(text, shapes)


def trace(function: Callable[..., Any], at: Point, wrt: Wrt = None) -> Case:
    """A Python function run once on traced values: the program of the path it took, and the path.

    >>> trace(lambda x: x*x if x > 0 else -x, {"x": 2.0}).path[0].taken
    1
    """
    return _alone(_traced(function, at, wrt, Asked()))


def compare(
    function: Function,
    at: Point = "",
    wrt: Wrt = None,
    methods: Sequence[str] | str = (),
    *,
    order: int = 1,
    jvp: Vector | None = None,
    vjp: Vector | None = None,
    hvp: Vector | None = None,
    unit: bool = False,
    implicit: Sequence[str] | str = (),
    claims: Sequence[str] | Mapping[str, str] = (),
    timeout: float = 10.0,
    tolerance: float = 1024.0,
    share: bool = False,
    memory: bool = False,
    step: float | None = None,
    dtype: Dtype = "float64",
    rules: Rules = "textbook",
) -> Comparison:
    """Differentiate by several methods, and judge each against the proved derivative.

    `methods` are names, "all", or none for the usual ones; `timeout` is in seconds per method,
    `tolerance` in ulps. `order` is 2 for the Hessian, or more for one variable; `jvp`
    and `hvp` are directions, with a number for each entry of the variables, and `vjp`
    has one for each output (arrays count row by row); `unit` scales a direction to length 1. `implicit` names
    the unknowns for which equations are solved near the point, and which are then differentiated. `claims` are
    derivatives to be checked, by variable; `step` is that of differences; `share`
    computes equal parts of what was typed once. The result has a row for each method
    in `measurements`, whose `derivative` holds all entries, row by row.

    >>> found = compare("(1 - cos(x))/x^2", "x=1e-8", methods=["forward"])
    >>> [(row.method, row.verdict, row.derivative) for row in found.measurements]
    [('forward', 'inaccurate', (99999999.99999999,))]
    >>> compare("x^2 + y^2 = 25", "x=3, y=4", implicit="y", methods="reverse").measurements[0].derivative
    (-0.75,)
    >>> compare("x^2*y", {"x": 3, "y": 2}, claims={"x": "2*x*y"}, methods="reverse").good
    True
    """
    asked = Asked(_whole(order), _text(jvp), _text(vjp), _text(hvp), unit, _claims(claims), _names(implicit) or ())
    if not (timeout > 0 and tolerance >= 0 and (step is None or 0 < step < inf)):
        raise DiffError(message("a time limit and a step are above 0, a tolerance is 0 or more"), kind="option")
    _one_of("unknown number system '{name}'", dtype, DIGITS)
    _one_of("unknown rules '{name}'", rules, RULES)
    case = _alone(_case(function, at, wrt, asked))
    settings = Settings(
        _methods(methods, case.wanted.kind), timeout, tolerance, share, memory,
        apart=True, step=step, dtype=dtype, rules=rules,
    )  # fmt: skip
    found = compare_case(case, settings)
    return Comparison(**{field.name: getattr(found, field.name) for field in fields(found)})


def derivative(function: Function, at: Point, order: int = 1, wrt: Wrt = None, method: str | None = None) -> float:
    """The derivative of this order by one variable, which `wrt` names where there are several.

    Raises `DiffError` for a function of several variables, or with a vector as its result.

    >>> derivative("exp(2*x)", {"x": 0.0}, order=3)
    8.0
    """
    usual = {1: "forward", 2: "forward-over-reverse"}.get(order, "taylor")
    entries = _entries(_answer(function, at, wrt, method or usual, order=order))
    if len(entries) != 1:
        hint = message("ask gradient, jacobian or hessian, or name one variable in wrt")
        raise DiffError(
            message("a derivative is one number, of one variable; here are {count}", count=len(entries)),
            hint=hint,
            kind="shape",
        )
    return cast("float", entries[0])


def gradient(function: Function, at: Point, wrt: Wrt = None, method: str = "reverse") -> list[float]:
    """The partial derivatives of a scalar, in the order of `wrt`; a vector counts with all its entries, row by row.

    Raises `DiffError` where the result is a vector.

    >>> gradient("x @ A @ x", {"x": [1, 2], "A": [[2, 1], [1, 3]]}, wrt="x")
    [8.0, 14.0]
    """
    return cast("list[float]", _answer(function, at, wrt, method, kind="gradient"))


def jacobian(function: Function, at: Point, wrt: Wrt = None, method: str = "reverse") -> list[list[float]]:
    """The Jacobian of a vector: a row per output, a column per entry of the variables in `wrt`.

    Raises `DiffError` where the result is a scalar.

    >>> jacobian("[x^2, x*y]", "x=3, y=2")
    [[6.0, 0.0], [2.0, 3.0]]
    """
    return cast("list[list[float]]", _answer(function, at, wrt, method, kind="jacobian"))


def hessian(function: Function, at: Point, wrt: Wrt = None, method: str = "forward-over-reverse") -> list[list[float]]:
    """The second derivatives of a scalar: row i, column j is by entry i and entry j of the variables in `wrt`.

    Raises `DiffError` where the result is a vector.

    >>> hessian("x^2*y", "x=3, y=2")
    [[4.0, 6.0], [6.0, 0.0]]
    """
    return cast("list[list[float]]", _answer(function, at, wrt, method, order=2))


def jvp(function: Function, at: Point, vector: Vector, wrt: Wrt = None, method: str = "forward") -> list[float]:
    """J v, a number per output, without forming J; `vector` has a number for each entry of the variables in `wrt`.

    >>> jvp("[x^2, x*y]", "x=3, y=2", [1, 10])
    [6.0, 32.0]
    """
    return cast("list[float]", _answer(function, at, wrt, method, jvp=vector))


def vjp(function: Function, at: Point, vector: Vector, wrt: Wrt = None, method: str = "reverse") -> list[float]:
    """J^T w, a number per entry of the variables, without forming J; `vector` has a number for each output.

    >>> vjp("[x^2, x*y]", {"x": 3.0, "y": 2.0}, [1, 10])
    [26.0, 30.0]
    """
    return cast("list[float]", _answer(function, at, wrt, method, vjp=vector))


# --- understanding what is given
def _case(function: Function, at: Point, wrt: Wrt, asked: Asked, checked: bool = True) -> Case:
    if not isinstance(function, str) and not callable(function):
        hint = message("write {one}, or {other}", one='"x*sin(y)"', other="lambda x, y: x*np.sin(y)")
        raise DiffError(message("a function is a text or a Python function"), hint=hint, kind="type")
    from diffcli.tracing.naming import named

    if callable(function) or named(function):
        return _traced(function, at, wrt, asked, checked)
    point, outer = _point(at, function)
    case = make_case(function, point, _names(wrt), asked=asked)
    if not outer:
        return case
    from diffcli.tracing.nesting import Around

    return replace(case, around=Around({name: outer[name] for name in case.problem.program.inputs if name in outer}))


def _traced(function: Function, at: Point, wrt: Wrt, asked: Asked, checked: bool = False) -> Case:
    point, outer = _point(at)
    return traced_case(function, point, _names(wrt), asked, outer, checked)


def _alone(case: Case) -> Case:
    """What is compared, or shown, has numbers of its own."""
    if case.around is None:
        return case
    hint = message("ask derivative, gradient, jacobian, hessian, jvp or vjp: their results are traced on")
    raise DiffError(
        message("a comparison of traced numbers cannot be made while their function runs"), hint=hint, kind="python"
    )


def _point(at: Point, text: str | None = None) -> tuple[dict[str, Any], dict[str, Scalar]]:
    """The point in plain numbers, and which of them are those of a function that is being traced.

    A value without a name is that of the only variable of the expression `text`.
    """
    if isinstance(at, str):
        return read_point(at, partial(sole_variable, text) if text else None), {}
    if not isinstance(at, Mapping):
        hint = message("write {one}, or {other}", one='{"x": 1.5, "y": [1, 2]}', other='"x=1.5, y=[1, 2]"')
        raise DiffError(message("a point names its variables"), hint=hint, kind="point")
    point: dict[str, Any] = {}
    outer: dict[str, Scalar] = {}
    for name, value in at.items():
        given = _plain(value)
        if "diffcli.tracing.nesting" in sys.modules:
            from diffcli.tracing.nesting import taken_apart

            given, found = taken_apart(name, given)
            outer |= found
        point[name] = number_at(name, given)
    return point, outer


def _plain(value: Any) -> Any:
    """NumPy's arrays and numbers as Python's."""
    return value.tolist() if hasattr(value, "tolist") else value


def _names(given: Sequence[str] | str | None) -> tuple[str, ...] | None:
    """Names as a list, or as text with commas."""
    if given is None:
        return None
    return tuple(name.strip() for name in given.split(",")) if isinstance(given, str) else tuple(given)


def _text(vector: Vector | None) -> str | None:
    if vector is None or isinstance(vector, str):
        return vector
    entries = _entries(_plain(vector))
    try:
        return str([float(x) for x in entries])
    except (TypeError, ValueError):
        raise DiffError(
            message("a direction, or weights, are numbers"),
            hint=message("write {what}", what="[1, 0, 2]"),
            kind="option",
        ) from None


def _answer(
    function: Function, at: Point, wrt: Wrt, method: str, kind: Kind | None = None, order: int = 1, **vectors: Vector
) -> Any:
    """What one method finds, without proving anything."""
    from diffcli.comparison.compare import answer

    _known(method)
    asked = Asked(_whole(order), **{name: _text(vector) for name, vector in vectors.items()})  # type: ignore[arg-type]
    case = _case(function, at, wrt, asked, checked=False)
    if kind is not None and case.wanted.kind != kind:
        vector = message("the result of this function is a vector: ask jacobian")
        scalar = message("the result of this function is a scalar: ask gradient")
        raise DiffError(vector if kind == "gradient" else scalar, kind="shape")
    return nested(case.problem.shape, answer(case, method))


def _whole(order: int) -> int:
    try:
        return index(order)
    except TypeError:
        raise DiffError(
            message("an order is a whole number, not {order}", order=repr(order)),
            hint=message("write {what}", what="order=2"),
            kind="option",
        ) from None


def _claims(given: Sequence[str] | Mapping[str, str]) -> tuple[str, ...]:
    """Each as "x: FORMULA"; a text may have several, as in a batch."""
    if isinstance(given, Mapping):
        for name, claim in given.items():
            if callable(claim):
                hint = message(
                    'write claims={{"{name}": "2*x*y"}}; diffcli.testing.check_gradient checks Python functions',
                    name=name,
                )
                raise DiffError(
                    message("the claim for '{name}' is a function; a claim is a formula", name=name),
                    hint=hint,
                    kind="claim",
                )
        return tuple(f"{name}: {text}" for name, text in given.items())
    return tuple(claim for claim in given.split(";") if claim.strip()) if isinstance(given, str) else tuple(given)


def _methods(given: Sequence[str] | str, kind: Kind) -> tuple[str, ...]:
    if given == "all":
        return tuple(name for name, method in METHODS.items() if kind in method.kinds and method.available)
    return tuple(_known(name) for name in _names(given) or ())


def _known(name: str) -> str:
    return _one_of("unknown method '{name}'", name, METHODS)


def _one_of(unknown: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = (
            message("did you mean '{name}'?", name=near[0])
            if near
            else message("write one of: {names}", names=", ".join(names))
        )
        raise DiffError(message(unknown, name=name), hint=hint, kind="option")
    return name


def _entries(value: Any) -> list[Any]:
    return [entry for part in value for entry in _entries(part)] if isinstance(value, list | tuple) else [value]

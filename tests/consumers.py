"""Who knows the primitives one by one: each serves every one of them, or says here which it does not, and why.

A consumer does with a primitive what it is for, at a point inside its domain. What it does not serve stands in its
`without`: `test_consumers` tries every primitive with every consumer, so that a row of the table that was forgotten
somewhere is found, and an exception that is no longer true as well. A file that picks rows out of the table, and is no
consumer's `room`, stands in PICKING: that test finds the files by itself.
"""

from __future__ import annotations

import inspect
import io
import operator
import random
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import cache
from typing import Any, Literal, NamedTuple

import mpmath
import numpy as np
import oracle
from oracle import ROWS, Trial, points, single

from diffcli import functions
from diffcli.ad.definitions import Writing
from diffcli.ad.forward import jvp
from diffcli.ad.objects import Dual, Tape
from diffcli.ad.reverse import vjp
from diffcli.ad.rules import ONE, ZERO
from diffcli.ad.taylor import taylor
from diffcli.cli.main import main
from diffcli.comparison.rounding import Executed
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import BOOLEAN, CODE, FUNCTIONS, PRIMITIVES, RULES, Rules
from diffcli.core.program import Program, Recording
from diffcli.methods import METHODS
from diffcli.numbers.arrays import Arrays
from diffcli.numbers.complexes import Complexes, Pair
from diffcli.numbers.float64 import FLOAT64
from diffcli.numbers.sympy import pieces, symbols
from diffcli.points import compiled
from diffcli.points.generation import blocks, scalars
from diffcli.problem.derivation import Problem
from diffcli.problem.point import Number
from diffcli.problem.understanding import make_case, traced_case
from diffcli.reports.graph import drawn
from diffcli.reports.mathml import MathML
from diffcli.reports.page import formulas as page_formulas
from diffcli.reports.tell import rules as rule_texts
from diffcli.reports.typesetting import Latex, Notation, typeset
from diffcli.studies.formulas import rule_of
from diffcli.studies.graph import graph
from diffcli.studies.rules import texts
from diffcli.studies.steps import steps
from diffcli.studies.trace import trace
from diffcli.syntax import elaborate
from diffcli.syntax.rendering import render
from diffcli.tracing import exactness
from diffcli.truth import nearby, proofs
from diffcli.truth.certify import certify
from diffcli.truth.expansions.families import Families
from diffcli.truth.expansions.functions import Expansions
from diffcli.truth.series import FORMAL, SERIES, working

DOUBLE, SINGLE = Arrays("float64"), Arrays("float32")
Serve = Callable[[Trial, tuple[float, ...]], Any]


class Consumer(NamedTuple):
    """`serve` gives the value of a primitive at a point, its derivative in the first argument, or anything else.

    `without` has the primitives that it does not serve, each with the reason. `needs` is a library.
    """

    room: str
    serve: Serve
    gives: Literal["value", "slope", "anything"] = "value"
    without: Mapping[str, str] = {}
    exact: float = 1e-12
    needs: str | None = None


class Missing(Exception):
    """There is no place for the primitive."""


def _all(names: Sequence[str], why: str) -> dict[str, str]:
    return dict.fromkeys(names, why)


RELATIONS = tuple(PRIMITIVES[code].name for code in sorted(BOOLEAN))
CHOICE = {"select": "a choice is decided, not computed"}
_LITERAL = {
    "powc": 2.5,
    "polygamma": 1.0,
    "hyp0f1": 1.5,
}


def trial(name: str) -> Trial:
    return Trial(ROWS[name], _LITERAL.get(name))


def place(name: str) -> tuple[float, ...]:
    """A point at which the primitive is smooth."""
    return points(name, 1, _LITERAL.get(name))[0]


# --- values
def by(algebra: Any, start: Callable[[Any], Any], end: Callable[[Any], Any]) -> Serve:
    """The one operation, by a number system."""

    def serve(one: Trial, at: tuple[float, ...]) -> Any:
        made = algebra() if callable(algebra) else algebra
        function = made.functions[CODE[one.row.name]]
        if function is None:
            raise Missing
        literal = () if one.parameter is None else (one.parameter,)
        return end(function(*map(start, at), *literal))

    return serve


def _straight(serve: Serve) -> Serve:
    """Of programs without branches."""

    def straight(one: Trial, at: tuple[float, ...]) -> Any:
        if one.row.name == "select":
            raise Missing
        return serve(one, at)

    return straight


def _with_balls(serve: Serve, length: int = 2) -> Serve:
    def working_serve(one: Trial, at: tuple[float, ...]) -> Any:
        with working(FORMAL, length):
            return serve(one, at)

    return working_serve


def _by_arrays(algebra: Arrays) -> Serve:
    return by(algebra, lambda x: algebra.array([x, x]), lambda result: float(result[1]))


def _by_program(program: Callable[[Trial, tuple[float, ...]], Program]) -> Serve:
    """What a program that was made of the operation evaluates to."""
    return lambda one, at: evaluate(program(one, at), at[: len(program(one, at).inputs)], FLOAT64)[0]


def _recorded(one: Trial, at: tuple[float, ...]) -> Program:
    recording = Recording(single(one).inputs, at, FLOAT64)
    return recording.program(evaluate(single(one), [recording.input(i) for i in range(len(at))], recording))


def _written(one: Trial, at: tuple[float, ...]) -> Program:
    writing = Writing("abc"[: len(at)])
    inputs = [writing.builder.input(i) for i in range(len(at))]
    function = writing.functions[CODE[one.row.name]]
    assert function is not None
    literal = () if one.parameter is None else (one.parameter,)
    return writing.builder.program([function(*inputs, *literal)])


def _read_again(one: Trial, at: tuple[float, ...]) -> Program:
    del at
    return elaborate(render(single(one))).program


def _by_sympy_and_back(one: Trial, at: tuple[float, ...]) -> Program:
    return symbols.lower(symbols.lift(single(one)), "abc"[: len(at)])


def _on_a_piece(one: Trial, at: tuple[float, ...]) -> float:
    """Of numbers, whose signs are known."""
    piece = pieces.Piece(pieces.Signs(), given=True)
    found = by(piece, piece.constant, symbols.number)(one, at)
    return evaluate(symbols.lower([found.replace(pieces.detach, lambda u: u)], ()), (), FLOAT64)[0]


def _by_heyoka(one: Trial, at: tuple[float, ...]) -> bool:
    """Its table, which can be read where the library is not installed."""
    del at
    if one.row.name not in {*compiled._OPERATORS, *compiled._DEFINED, *compiled.SAME_NAME}:
        raise Missing
    return True


OPERATORS: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "neg", "lt", "le", "gt", "ge", "eq", "ne")},
    "div": operator.truediv, "pow": operator.pow, "powc": operator.pow,
}  # fmt: skip


def _in_python(one: Trial) -> Callable[..., Any]:
    """The operation as Python writes it: by an operator, or by its name."""
    name = one.row.name
    if name not in OPERATORS and name not in FUNCTIONS:
        raise Missing
    apply: Callable[..., Any] = OPERATORS.get(name) or getattr(functions, name)
    return apply if one.parameter is None else lambda a: apply(a, float(one.parameter or 0))


def _traced(of: Callable[[float], Number]) -> Serve:
    def serve(one: Trial, at: tuple[float, ...]) -> float:
        case = traced_case(_named(len(at), _in_python(one)), dict(zip("abc", map(of, at), strict=False)))
        return evaluate(case.problem.program, case.problem.point, FLOAT64)[-1]

    return serve


def _named(count: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """With parameters that have names, as a user's function has."""
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in "abc"[:count]]

    def called(*numbers: Any, **named: Any) -> Any:
        return function(*numbers, *named.values())

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return called


def _by_ball(one: Trial, at: tuple[float, ...]) -> float:
    values, _, _ = exactness.balls(single(one), at)
    return float(values[-1].mid())


def _carried(one: Trial, at: tuple[float, ...]) -> float:
    ball = proofs.carried(single(one), [SERIES.constant(x)[0] for x in at])[-1]
    if ball is None:
        raise Missing
    return float(ball.mid())


def _all_around(one: Trial, at: tuple[float, ...]) -> float:
    """Nothing moves: then all around the point is the point."""
    form = nearby._forms(single(one), at, 0)[-1]
    if form is None:
        raise Missing
    return float(form.ball.mid())


def _by_digits(one: Trial, at: tuple[float, ...]) -> float:
    with mpmath.workdps(60):
        return float(evaluate(single(one), [mpmath.mpf(x) for x in at], oracle.HighPrecision())[0])


def _drawn(one: Trial, at: tuple[float, ...]) -> bool:
    """Whether random programs come to have the operation."""
    del at
    name = one.row.name
    if name not in (*oracle.ALL_NAMES, "select"):
        raise Missing
    seeds = map(random.Random, range(20))
    return any(CODE[name] in oracle.random_program(seed, [name], inputs=3, size=20).program.ops for seed in seeds)


# --- the derivative in the first argument
def _by_derivation(derive: Callable[[Trial, tuple[float, ...]], Program]) -> Serve:
    """The last output of a program."""
    return lambda one, at: evaluate(derive(one, at), at, FLOAT64)[-1]


def _forward(column: Rules) -> Serve:
    def derived(one: Trial, at: tuple[float, ...]) -> Program:
        return jvp(single(one), at, [ONE, *[ZERO] * (len(at) - 1)], FLOAT64, column)

    return _by_derivation(derived)


def _reverse(column: Rules) -> Serve:
    return _by_derivation(lambda one, at: vjp(single(one), at, [0], [ONE], FLOAT64, column))


def _taylor(column: Rules) -> Serve:
    return _by_derivation(lambda one, at: taylor(single(one), at, 0, 1, FLOAT64, column))


def _by_rule_of_steps(one: Trial, at: tuple[float, ...]) -> float:
    """As it is taught, where only the first argument varies."""
    form = rule_of(CODE[one.row.name], "a", one.parameter).form
    known = {**dict(zip("abc", at, strict=False)), "da": 1.0, "db": 0.0, "dc": 0.0}
    known["y"] = evaluate(single(one), at, FLOAT64)[0]
    return evaluate(form, [known[name] for name in form.inputs], FLOAT64)[0]


def _by_sympy(one: Trial, at: tuple[float, ...]) -> float:
    slope = symbols.derivative(symbols.number(symbols.lift(single(one))[0]), "a")
    return evaluate(symbols.lower([slope], "abc"[: len(at)]), at, FLOAT64)[0]


def _complex_step(one: Trial, at: tuple[float, ...]) -> float:
    pairs = [Pair(x, None if i else 1e-20) for i, x in enumerate(at)]
    imaginary = evaluate(single(one), pairs, Complexes(FLOAT64))[0].imaginary
    return 0.0 if imaginary is None else imaginary / 1e-20


def _with_duals(one: Trial, at: tuple[float, ...]) -> float:
    found = _in_python(one)(*(Dual(x, float(not i)) for i, x in enumerate(at)))
    return found.tangent if isinstance(found, Dual) else 0.0  # a comparison is True or False


def _with_variables(one: Trial, at: tuple[float, ...]) -> float:
    tape = Tape()
    variables = [tape.variable(x) for x in at]
    found = _in_python(one)(*variables)
    if hasattr(found, "backward"):
        found.backward()
    return variables[0].grad or 0.0


def _proved(one: Trial, at: tuple[float, ...]) -> float:
    truth = certify(single(one), [0], at)
    assert truth.derivative
    return float(truth.derivative[0])


def _by_peer(name: str) -> Serve:
    def serve(one: Trial, at: tuple[float, ...]) -> float:
        found = METHODS[name].load()(Problem(single(one), (0,), at)).answer
        assert found is not None
        return found.derivative[0]

    return serve


# --- anything else: it is there, and is no empty text
def _typeset(notation: Notation) -> Serve:
    return lambda one, _: typeset(single(one), notation)


def _on_screens(draw: Callable[[str, dict[str, float]], Any]) -> Serve:
    """What shows an expression to a reader."""
    return lambda one, at: draw(render(single(one)), dict(zip("abc", at, strict=False)))


def _has_a_row(one: Trial, at: tuple[float, ...]) -> bool:
    del at
    return any(row[0] == one.row.name for row in rule_texts._texts(map(texts, PRIMITIVES)).rows)


@cache
def _help() -> set[str]:
    """The words of the screen."""
    screen = io.StringIO()
    with redirect_stdout(screen):
        main(["--help"])
    return set(re.findall(r"\w+", screen.getvalue()))


def _in_help(one: Trial, at: tuple[float, ...]) -> bool:
    del at
    return one.row.symbol is not None or {"select": "where"}.get(one.row.name, one.row.name) in _help()


def _scaled(one: Trial, at: tuple[float, ...]) -> bool:
    return Executed(single(one), at).scale(0) >= 0


_NO_FORMULA = _all(
    ("erf", "erfc", "gamma", "lgamma", "digamma", "polygamma"), "of a complex number there is no short formula"
)
_COPY = {"detach": "a copy is a constant of the point, and the point may be anywhere around"}
_NOT_IN_HEYOKA = _all(
    (
        "fma", "logaddexp", "cbrt", "hypot", "floor", "ceil", "round", "trunc", "mod", "fmod", "gamma", "lgamma",
        "digamma", "polygamma", "hyp0f1", "softplus",
    ),
    "heyoka has none: --compiled is refused",
)  # fmt: skip
_PYTHON = {
    **CHOICE,
    "not": "Python decides it",
    **_all(("polygamma", "hyp0f1"), "a literal comes first, and functions take numbers alone"),
}
NOT_IN_PEERS: dict[str, dict[str, str]] = {
    **dict.fromkeys(("jax", "torch", "autograd"), _all(("hyp0f1",), "the library has none")),
    "casadi": _all(("round", "gamma", "lgamma", "digamma", "polygamma", "hyp0f1"), "the library has none"),
}
_NOT_DRAWN = {
    **_all(RELATIONS, "drawn as the condition of a choice"),
    **_all(("polygamma", "hyp0f1"), "each derivative has another literal: tried one by one in `test_primitives`"),
}

CONSUMERS: dict[str, Consumer] = {
    # number systems
    "float64": Consumer("numbers.float64", by(FLOAT64, float, float), without=CHOICE),
    "arrays": Consumer("numbers.arrays", _by_arrays(DOUBLE), without=CHOICE),
    "arrays of float32": Consumer("numbers.arrays", _by_arrays(SINGLE), without=CHOICE, exact=1e-4),
    "complex numbers": Consumer("numbers.complexes", _complex_step, "slope", _NO_FORMULA),
    "series": Consumer(
        "truth.series", _with_balls(by(SERIES, SERIES.constant, lambda found: float(found[0].mid()))), without=CHOICE
    ),
    "expansions": Consumer(
        "truth.expansions.functions",
        _with_balls(
            by(lambda: Expansions(4), lambda x: Expansions(4).constant(x), lambda g: float(g.constant.ball.mid()))
        ),
        without=CHOICE,
    ),
    "families": Consumer(
        "truth.expansions.families",
        _with_balls(
            by(
                lambda: Families(Expansions(4), 4),
                lambda x: Expansions(4).constant(x),
                lambda g: float(g.constant.ball.mid()),
            )
        ),
        without=CHOICE,
    ),
    "around a point": Consumer("truth.nearby", _with_balls(_all_around), without=_COPY),
    "every equation": Consumer("truth.proofs", _straight(_carried), without=CHOICE),
    "balls of a run": Consumer("tracing.exactness", _with_balls(_by_ball)),
    "SymPy and back": Consumer("numbers.sympy.symbols", _by_program(_by_sympy_and_back)),
    "pieces": Consumer("numbers.sympy.pieces", _on_a_piece, without=CHOICE),
    # programs
    "recording": Consumer("core.program", _by_program(_recorded)),
    "writing": Consumer("ad.definitions", _by_program(_written)),
    "code for one point": Consumer("points.generation.scalars", lambda one, at: scalars.generate(single(one))(at)[0]),
    "code for blocks": Consumer(
        "points.generation.blocks",
        _straight(lambda one, at: float(blocks.Blocks(single(one), DOUBLE)([np.array([x, x]) for x in at])[0][1])),
        without=CHOICE,
    ),
    "heyoka": Consumer("points.compiled", _by_heyoka, "anything", CHOICE | _NOT_IN_HEYOKA),
    "text": Consumer("syntax.rendering", _by_program(_read_again)),
    # Python
    "floats": Consumer("functions", lambda one, at: float(_in_python(one)(*at)), without=_PYTHON),
    "traced": Consumer("tracing.values", _traced(float), without=_PYTHON),
    "traced arrays": Consumer("tracing.arrays", _traced(lambda x: (x, x)), without=_PYTHON),
    "dual numbers": Consumer("ad.objects", _with_duals, "slope", _PYTHON),
    "variables": Consumer("ad.objects", _with_variables, "slope", _PYTHON),
    # derivatives
    **{f"forward, {column}": Consumer("ad.rules", _forward(column), "slope") for column in RULES},
    **{f"reverse, {column}": Consumer("ad.rules", _reverse(column), "slope") for column in RULES},
    **{f"taylor, {column}": Consumer("ad.taylor", _taylor(column), "slope") for column in RULES},
    "rules of steps": Consumer("studies.formulas", _by_rule_of_steps, "slope"),
    "SymPy's derivative": Consumer("numbers.sympy.symbols", _by_sympy, "slope"),
    "truth": Consumer("truth.certify", _proved, "slope"),
    **{
        name: Consumer("methods.peers", _by_peer(name), "slope", NOT_IN_PEERS[name], needs=method.needs)
        for name, method in METHODS.items()
        if method.needs
    },
    # readers
    "LaTeX": Consumer("reports.typesetting", _typeset(Latex()), "anything"),
    "MathML": Consumer("reports.typesetting", _typeset(MathML()), "anything"),
    "formulas of pages": Consumer(
        "reports.page.formulas", _on_screens(lambda text, _: page_formulas.formula(text)), "anything"
    ),
    "graphs": Consumer(
        "studies.graph", _on_screens(lambda text, at: drawn(graph(make_case(text, at)), "svg")), "anything"
    ),
    "steps": Consumer("studies.steps", _on_screens(lambda text, at: steps(text, at).lessons), "anything"),
    "traces": Consumer("studies.nodes", _on_screens(lambda text, at: trace(make_case(text, at)).tables), "anything"),
    "scales": Consumer("comparison.rounding", _scaled, "anything"),
    "rules": Consumer("studies.rules", _has_a_row, "anything"),
    "help": Consumer("cli.help", _in_help, "anything"),
    # the tests' own
    "random programs": Consumer("tests.oracle", _drawn, "anything", _NOT_DRAWN),
    "digits": Consumer("tests.oracle", _by_digits),
}

PICKING: dict[str, str] = {
    "core.linear_combinations": "sums and products",
    "core.linear_systems": "the arithmetic of elimination",
    "truth.implicit": "the copy that no derivative passes: equations with one are not proved",
    "core.sparsity": "what is linear: all else is taken for not linear",
    "methods.complex_step": "the quotient by the step",
    "methods.differences": "sums, quotients, and the copy that is no step of the function",
    "points.generation.tangents": "sin and cos",
    "problem.claims": "comparisons by which a function may differ at a point alone",
    "problem.switches": "every kink: `test_consumers` holds it",
    "studies.causes": "a row's domain, in words",
    "syntax.elaboration": "every name: by reading what `syntax.rendering` writes",
    "tracing.nesting": "comparisons and choices, which the run around decides: all else is the recording's",
    "truth.expansions.coefficients": "what is exact at rationals: else by power series, which serve every primitive",
    "truth.expansions.composition": "what is continuous or monotonic: all else has no bound",
    "truth.iterated": "the detached copy",
    "truth.one_sided": "the detached copy",
}
"""Files that take something from the table, and what, but have nothing of their own for each primitive."""

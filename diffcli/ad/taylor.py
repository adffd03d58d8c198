"""Taylor arithmetic: all derivatives of one variable at once, from the same table of rules.

    y = phi(a):   y' = L(a, y) a',   so   k y_k = sum_j j a_j L_(k-j)

(Griewank & Walther 2008, ch. 13.2.) Every primitive's rule, read in power series,
gives its next coefficient from those before: `exp` has y' = y a', and the factor
`cos(a)` in the rule of `sin` is a series whose own rule needs `sin(a)` again. So no
recurrence is written here, and a new row of the table needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diffcli.ad.rules import MINUS_ONE, ONE, ZERO, Linear, LinearRule, Unit, compiled
from diffcli.ad.rules import BranchingRule as Condition
from diffcli.core.evaluate import Algebra, evaluate
from diffcli.core.primitives import ARITY, CODE, PARAMETRIC, Rules
from diffcli.core.program import Constant, Functions, Program, Recording

_ADD, _SUB, _NEG, _MUL, _DIV = (CODE[name] for name in ("add", "sub", "neg", "mul", "div"))
_FREE = frozenset(CODE[name] for name in ("detach",))


@dataclass(slots=True, eq=False)
class Series:
    """A power series that is extended term by term; `step(k)` gives its coefficient k, all before being known.

    `terms` holds numbers of the base algebra and units. A series at `depth` d serves
    a rule that serves a rule …, d times, and is needed up to d terms less.
    """

    terms: list[Any]
    step: Callable[[int], Any]
    constant: bool = False
    depth: int = 0


class Taylors:
    """The algebra of power series over a base algebra, up to t^`order`."""

    def __init__(self, base: Algebra[Any], order: int, rules: Rules = "textbook") -> None:
        self.base, self.order = base, order
        self.linear = Linear(base, rules)
        self.functions = Functions(self._function)
        self.pending: list[Series] = []
        self.depth = 0
        # the series that the rule of one operation of the program needs, by operation and arguments
        self.scope: dict[Any, Series] | None = None

    def constant(self, value: Constant) -> Series:
        return self.fixed(self.base.constant(value))

    def fixed(self, value: Any) -> Series:
        """A series without further terms."""
        return Series([value], lambda _: ZERO, constant=True)

    def variable(self, value: Any) -> Series:
        """value + t."""
        return self._made([value], lambda k: ONE if k == 1 else ZERO)

    def decide(self, condition: Series) -> bool:
        return self.base.decide(condition.terms[0])

    def extend(self) -> None:
        """Compute all terms of all series, order by order."""
        for k in range(1, self.order + 1):
            for series in self.pending:
                if k <= self.order - series.depth:
                    series.terms.append(series.step(k))

    def _made(self, terms: list[Any], step: Callable[[int], Any]) -> Series:
        series = Series(terms, step, depth=self.depth)
        self.pending.append(series)
        return series

    def term(self, series: Series, k: int) -> Any:
        return ZERO if series.constant and k else series.terms[k]

    # --- arithmetic of terms
    def _times(self, left: Any, right: Any) -> Any:
        """The product of two terms, either of which may be a unit."""
        if not isinstance(right, Unit):
            return self.linear.scale(left, right)
        return left if right is ONE else self.linear.negate(left) if right is MINUS_ONE else ZERO

    def _product(self, left: Callable[[int], Any], right: Callable[[int], Any], k: int, first: int = 0) -> Any:
        """Coefficient k of a product, from term `first` of the left on."""
        total: Any = ZERO
        for i in range(first, k + 1):
            a, b = left(i), right(k - i)
            if a is not ZERO and b is not ZERO:
                total = self.linear.plus(total, self._times(a, b))
        return total

    def _quotient(self, above: Any, below: Callable[[int], Any], so_far: Sequence[Any], k: int) -> Any:
        """Coefficient k of q = a/b: (a_k - sum_(i>=1) b_i q_(k-i))/b_0."""
        known = self._product(below, lambda i: so_far[i], k, first=1)
        return self.linear.divide(self.linear.minus(above, known), self.linear.settle(below(0)))

    def _scaled(self, value: Any, number: int) -> Any:
        return value if number == 1 or value is ZERO else self._times(value, self.base.constant(float(number)))

    # --- operations
    def _function(self, code: int) -> Callable[..., Series] | None:
        function = self.base.functions[code]
        if function is None or not ARITY[code]:
            return None
        apply: Callable[..., Any] = function

        def lifted(*arguments: Any) -> Series:
            parameter = arguments[-1] if PARAMETRIC[code] else None
            return self._applied(code, apply, arguments[: ARITY[code]], parameter)

        return lifted

    def _applied(self, code: int, apply: Callable[..., Any], arguments: Sequence[Series], parameter: Any) -> Series:
        key = (code, *map(id, arguments), parameter)
        known = None if self.scope is None else self.scope.get(key)
        if known is not None and known.depth <= self.depth:  # a deeper one has too few terms
            return known
        extra = () if parameter is None else (parameter,)
        first = apply(*[self.linear.settle(argument.terms[0]) for argument in arguments], *extra)
        if code in _FREE or all(argument.constant for argument in arguments):
            return self.fixed(first)
        series = self._arithmetic(code, first, arguments)
        if series is None:
            series = self._made([first], lambda _: ZERO)
            self._integrate(series, code, arguments, parameter, key)
        if self.scope is not None:
            self.scope[key] = series
        return series

    def _arithmetic(self, code: int, first: Any, arguments: Sequence[Series]) -> Series | None:
        """Sums, products and quotients of series, as they are multiplied out by hand."""
        linear = self.linear
        terms = [lambda k, argument=argument: self.term(argument, k) for argument in arguments]
        if code == _ADD:
            return self._made([first], lambda k: linear.plus(terms[0](k), terms[1](k)))
        if code == _SUB:
            return self._made([first], lambda k: linear.minus(terms[0](k), terms[1](k)))
        if code == _NEG:
            return self._made([first], lambda k: linear.negate(terms[0](k)))
        if code == _MUL:
            return self._made([first], lambda k: self._product(terms[0], terms[1], k))
        if code == _DIV:
            series = self._made([first], lambda _: ZERO)
            series.step = lambda k: self._quotient(terms[0](k), terms[1], series.terms, k)
            return series
        return None

    def _integrate(self, y: Series, code: int, arguments: Sequence[Series], parameter: Any, key: Any) -> None:
        """Let `y` follow from its rule: y' = L(a, y) a', integrated term by term."""
        active = [not argument.constant for argument in arguments]
        rule = self._rule(code, active, parameter, arguments, y)
        if not rule.steps or self.depth >= self.order:
            return
        outer = self.scope, self.depth
        self.scope, self.depth = ({} if outer[0] is None else outer[0]), self.depth + 1
        self.scope[key] = y
        operands = (*arguments, y)
        factors = evaluate(rule.factors, [operands[read] for read in rule.reads], self)
        self.scope, self.depth = outer
        slopes: list[list[Any]] = [[] for _ in rule.steps]

        def integrated(k: int) -> Any:
            for (kind, i, j), slope in zip(rule.steps, slopes, strict=True):
                slope.append(self._slope(kind, i, j, k - 1, slopes, slope, arguments, factors))
            total = slopes[-1][k - 1]
            if k == 1 or total is ZERO:
                return total
            return self.linear.divide(total, self.base.constant(float(k)))

        y.step = integrated

    def _slope(
        self, kind: str, i: int, j: int, k: int, slopes: list[list[Any]], own: list[Any], arguments: Any, factors: Any
    ) -> Any:
        """Coefficient k of one step of a rule, applied to the derivatives of the arguments."""
        linear = self.linear
        if kind == "leaf":
            return self._scaled(self.term(arguments[i], k + 1), k + 1)
        if kind == "neg":
            return linear.negate(slopes[i][k])
        if kind in ("add", "sub"):
            return (linear.plus if kind == "add" else linear.minus)(slopes[i][k], slopes[j][k])
        factor = factors[j]
        if kind == "mul":
            return self._product(lambda n: slopes[i][n], lambda n: self.term(factor, n), k)
        return self._quotient(slopes[i][k], lambda n: self.term(factor, n), own, k)

    def _rule(
        self, code: int, active: Sequence[bool], parameter: Any, arguments: Sequence[Series], y: Series
    ) -> LinearRule:
        mask = sum(1 << i for i, moves in enumerate(active) if moves)
        choices: tuple[bool, ...] = ()
        rule = compiled(code, mask, parameter, choices, self.linear.rules)
        while isinstance(rule, Condition):
            operands = [self.linear.settle(series.terms[0]) for series in (*arguments, y)]
            (condition,) = evaluate(rule.condition, [operands[read] for read in rule.reads], self.base)
            choices += (self.base.decide(condition),)
            rule = compiled(code, mask, parameter, choices, self.linear.rules)
        return rule


def taylor(
    program: Program,
    point: Sequence[Any],
    variable: int,
    order: int,
    base: Algebra[Any],
    rules: Rules = "textbook",
) -> Program:
    """The program of the Taylor coefficients of the first output in one variable, up to t^`order`.

    Outputs: f(x), then c_1, …, c_order, with c_k = f^(k)(x)/k!.
    """
    recording = Recording(program.inputs, point, base)
    taylors = Taylors(recording, order, rules)
    inputs = [recording.input(i) for i in range(len(program.inputs))]
    moving = [taylors.variable(wire) if i == variable else taylors.fixed(wire) for i, wire in enumerate(inputs)]
    (found, *_) = evaluate(program, moving, taylors)
    taylors.extend()
    settle = taylors.linear.settle
    return recording.program([settle(taylors.term(found, k)) for k in range(order + 1)])

"""The primitives, of one-sided expansions: where they are not analytic, by formulas that hold there.

Formulas are those of the NIST Handbook (DLMF), chapters 4 (elementary functions), 5 (gamma) and 7 (erf).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial

from flint import arb, fmpq

from diffcli.core.primitives import CODE, PRIMITIVES
from diffcli.core.program import Constant
from diffcli.runtime.messages import message
from diffcli.truth.exact.reals import Real, logarithm, whole
from diffcli.truth.expansions.coefficients import (
    PI,
    hypergeometric,
    over_gamma_at,
    taylor_at,
    taylor_of,
    taylor_of_polygamma,
)
from diffcli.truth.expansions.composition import CONTINUOUS
from diffcli.truth.expansions.edges import Edges, ceil_of, floor_of, truncate
from diffcli.truth.expansions.expansion import (
    AT_ZERO,
    HALF,
    INF,
    ONE,
    TWO,
    ZERO,
    OneSidedExpansion,
    Unknown,
    number,
)
from diffcli.truth.series import (
    SERIES,
    Undefined,
    outside,
)


class Expansions(Edges):
    """The algebra of one-sided expansions, cut at s^`limit`: what evaluates a program in them."""

    def __init__(self, limit: int, written_out: bool = False) -> None:
        super().__init__(limit, written_out)
        by_name: dict[str, Callable[..., OneSidedExpansion]] = {
            name: getattr(self, method) for name, method in _METHODS.items()
        }
        by_name |= {name: partial(formula, self) for name, formula in _FORMULAS.items()}
        by_name |= {name: self._or_bounded(name, by_name[name]) for name in CONTINUOUS}
        self.functions: Sequence[Callable[..., OneSidedExpansion] | None] = [
            by_name.get(row.name) for row in PRIMITIVES
        ]

    def hypot(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        squares = self.add(self.mul(a, a), self.mul(b, b))
        if squares.constant.is_zero():
            self.note(message("hypot is a cone at (0, 0)"))
        return self.sqrt(squares)

    def arcsine(self, a: OneSidedExpansion) -> OneSidedExpansion:
        if self._at_edge("asin", a):
            quarter = number(PI() * HALF)
            return self.sub(quarter, self.arccosine(a))
        return self._arcsine_inside(a)

    def _arcsine_inside(self, a: OneSidedExpansion) -> OneSidedExpansion:
        """asin(p + h) = asin(p) + asin((p + h) sqrt(1 - p^2) - p sqrt(1 - (p + h)^2))."""

        def cosine(b: OneSidedExpansion) -> OneSidedExpansion:
            return self.power(self.sub(number(ONE), self.mul(b, b)), Fraction(1, 2))

        def step(p: OneSidedExpansion) -> OneSidedExpansion:
            return self.sub(self.mul(a, cosine(p)), self.mul(p, cosine(a)))

        return self._from_zero("asin", a, step)

    def _from_zero(
        self, name: str, a: OneSidedExpansion, step: Callable[[OneSidedExpansion], OneSidedExpansion]
    ) -> OneSidedExpansion:
        """f(p + h) = f(p) + f(step): the series at 0 is rational, and so all coefficients but the value are exact."""
        at = self.tends_to(a)
        if at is None or not self.without(a, at).terms or self._is_plain(a):
            return self.analytic(CODE[name], a)
        rise = self.compose(lambda count: taylor_at(CODE[name], ZERO, count), step(number(at)))
        return self.add(number(self.taylor(CODE[name], at, 1)[0]), rise)

    def arccosine(self, a: OneSidedExpansion) -> OneSidedExpansion:
        """pi/2 - asin(u); near 1: acos(u) = 2 asin(sqrt((1 - u)/2)); near -1: pi - acos(-u)."""
        if not self._at_edge("acos", a):
            if self._is_plain(a):
                return self.analytic(CODE["acos"], a)
            return self.sub(number(PI() * HALF), self._arcsine_inside(a))
        if a.constant.sign() < 0:
            return self.sub(number(PI()), self.arccosine(self.neg(a)))
        half = self.scale(self.sub(number(ONE), a), HALF)
        return self.scale(self.analytic(CODE["asin"], self.power_or_zero(half, Fraction(1, 2))), TWO)

    def _at_edge(self, name: str, a: OneSidedExpansion) -> bool:
        """Whether the argument falls to -1 or 1; beyond them there is no value."""
        at = self.tends_to(a)
        if at is None:
            raise outside(name, arb.pos_inf())
        inside = self.sub(number(ONE), self.mul(a, a))
        if not self._is_nothing(inside) and self.sign(inside) < 0:
            raise outside(name, at.ball)
        edge = (ONE - at * at).sign() == 0
        if edge:
            self.note(message("{name} has an edge at {place}", name=name, place=at.sign()))
        return edge

    def arccosh(self, a: OneSidedExpansion) -> OneSidedExpansion:
        """log(u + sqrt(u^2 - 1)); at the edge: acosh(u) = 2 asinh(sqrt((u - 1)/2))."""
        half = self.scale(self.sub(a, number(ONE)), HALF)
        if not self._is_nothing(half) and self.sign(half) < 0:
            raise outside("acosh", a.constant.ball)
        if half.constant.is_zero():
            self.note(message("{name} has an edge at {place}", name="acosh", place=1))
        elif not self._is_nothing(half) and not self._is_plain(a):
            root = self.power(self.sub(self.mul(a, a), number(ONE)), Fraction(1, 2))
            return self.log("log", self.add(a, root))
        return self.scale(self.arcsinh(self.power_or_zero(half, Fraction(1, 2))), TWO)

    def arcsinh(self, a: OneSidedExpansion) -> OneSidedExpansion:
        """log(u + sqrt(u^2 + 1)), where u is not 0."""
        if self._is_plain(a):
            return self.analytic(CODE["asinh"], a)
        if self.sign(a) < 0:
            return self.neg(self.arcsinh(self.neg(a)))
        root = self.sqrt(self.add(self.mul(a, a), number(ONE)))
        return self.log("log", self.add(a, root))

    def arctanh(self, a: OneSidedExpansion) -> OneSidedExpansion:
        one = number(ONE)
        inside = self.sub(one, self.mul(a, a))
        if self._is_nothing(inside) or self.sign(inside) < 0:
            raise outside("atanh", a.constant.ball)
        if not inside.constant.is_zero() and self._is_plain(a):
            return self.analytic(CODE["atanh"], a)
        quotient = self.div(self.add(one, a), self.sub(one, a))
        return self.scale(self.log("log", quotient), HALF)

    def _is_plain(self, a: OneSidedExpansion) -> bool:
        """Whether the Taylor series at the limit is taken; at 0 it is rational."""
        at = None if a.huge else self.tends_to(a)
        return at is not None and (not self.written_out or at.sign() == 0)

    def atan(self, a: OneSidedExpansion) -> OneSidedExpansion:
        """atan(p + h) = atan(p) + atan(h/(1 + p (p + h)))."""

        def step(p: OneSidedExpansion) -> OneSidedExpansion:
            return self.div(self.sub(a, p), self.add(number(ONE), self.mul(p, a)))

        if not a.huge and self.tends_to(a) is not None:
            return self._from_zero("atan", a, step)
        side = self.sign(a)  # atan(u) = +-pi/2 - atan(1/u)
        return self.sub(number(whole(side) * PI() * HALF), self.atan(self.power(a, Fraction(-1))))

    def atan2(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        if self._is_nothing(a) and self._is_nothing(b):
            raise Undefined(message("atan2 has no value at (0, 0)"))
        right = 0 if self._is_nothing(b) else self.sign(b)
        up = 0 if self._is_nothing(a) else self.sign(a)
        if right > 0:
            return self.atan(self.div(a, b))
        if right < 0:
            limit = self.tends_to(a)
            if up < 0 and limit is not None and limit.is_zero():
                self.switched = True
                self.note(message("atan2 jumps across the negative axis"))
            turn = -PI() if up < 0 else PI()
            return self.add(number(turn), self.atan(self.div(a, b)))
        return number(whole(up) * PI() * HALF)

    def oscillating(self, name: str, a: OneSidedExpansion) -> OneSidedExpansion:
        """sin and cos: at infinity they take every value of [-1, 1] again and again, if what grows is continuous."""
        if not a.huge and self.tends_to(a) is not None:
            return self.analytic(CODE[name], a)
        self.sign(a)
        return OneSidedExpansion({}, Fraction(0), False, not self.torn, within=arb(0, 1))

    def sincos(self, a: OneSidedExpansion) -> tuple[OneSidedExpansion, OneSidedExpansion]:
        return self.oscillating("sin", a), self.oscillating("cos", a)

    def tan(self, a: OneSidedExpansion) -> OneSidedExpansion:
        sine, cosine = self.sincos(a)
        if sine.wobble:
            raise Unknown(message("{name} at infinity", name="tan"))
        return self.div(sine, cosine)

    def cot(self, a: OneSidedExpansion) -> OneSidedExpansion:
        sine, cosine = self.sincos(a)
        if sine.wobble:
            raise Unknown(message("{name} at infinity", name="cot"))
        return self.div(cosine, sine)

    def hyperbolic(self, a: OneSidedExpansion, minus: int) -> OneSidedExpansion:
        """(e^a + minus e^-a)/2."""
        if not a.huge and self.tends_to(a) is not None:
            return self.analytic(CODE["cosh" if minus > 0 else "sinh"], a)
        both = self.add(self.exp(a), self.scale(self.exp(self.neg(a)), whole(minus)))
        return self.scale(both, HALF) if not both.huge else both

    def tanh(self, a: OneSidedExpansion) -> OneSidedExpansion:
        """(1 - e)/(1 + e) with e = exp(-2|u|), where u is not 0."""
        if self._is_plain(a):
            return self.analytic(CODE["tanh"], a)
        side = self.sign(a)
        e = self.exp(self.scale(a, whole(-2 * side)) if not a.huge else OneSidedExpansion(exact=False, huge=-1))
        one = number(ONE)
        quotient = self.div(self.sub(one, e), self.add(one, e))
        return quotient if side > 0 else self.neg(quotient)

    def sigmoid(self, a: OneSidedExpansion) -> OneSidedExpansion:
        """Written out, 1/(1 + e^-a), but on the side where e is small."""
        if self._is_plain(a):
            return self.analytic(CODE["sigmoid"], a)
        one = number(ONE)
        if self.sign(a) > 0:
            return self.div(one, self.add(one, self.exp(self.neg(a))))
        e = self.exp(a)
        return self.div(e, self.add(one, e))

    def softplus(self, a: OneSidedExpansion) -> OneSidedExpansion:
        if self._is_plain(a):
            return self.analytic(CODE["softplus"], a)
        e = self.exp(a if self.sign(a) < 0 else self.neg(a))
        tail = self.log("log1p", self.add(number(ONE), e))
        return tail if self.sign(a) < 0 else self.add(a, tail)

    def logaddexp(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        return self.add(b, self.softplus(self.sub(a, b)))

    def xlogy(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        if self._is_nothing(a) and self._is_nothing(b):
            return OneSidedExpansion()
        return self.mul(a, self.log("xlogy", b))

    def error(self, a: OneSidedExpansion) -> OneSidedExpansion:
        if not a.huge and self.tends_to(a) is not None:
            return self.analytic(CODE["erf"], a)
        side = self.sign(a)
        return OneSidedExpansion({AT_ZERO: whole(side)}, INF, False, False, -side)

    def complementary(self, a: OneSidedExpansion) -> OneSidedExpansion:
        return self.sub(number(ONE), self.error(a))

    def gamma(self, a: OneSidedExpansion) -> OneSidedExpansion:
        return self.div(number(ONE), self._over_gamma("gamma", a))

    def lgamma(self, a: OneSidedExpansion) -> OneSidedExpansion:
        at = self.tends_to(a)
        if at is not None and at.sign() > 0:
            return self.analytic(CODE["lgamma"], a)
        return self.neg(self.log("lgamma", self.abs(self._over_gamma("lgamma", a))))

    def _over_gamma(self, name: str, a: OneSidedExpansion) -> OneSidedExpansion:
        at = self.tends_to(a)
        if at is None:
            raise Unknown(message("{name} at infinity", name=name))
        exact = at.rational
        if a.is_constant and exact is not None and exact.q == 1 and exact <= 0:
            raise Undefined(message("{name} has a pole at {place}", name=name, place=exact))
        return self.compose(lambda count: over_gamma_at(at, count), self.without(a, at))

    def polygamma(self, a: OneSidedExpansion, order: Constant, name: str = "polygamma") -> OneSidedExpansion:
        at = self.tends_to(a)
        if at is None:
            raise Unknown(message("{name} at infinity", name=name))
        exact = at.rational
        if exact is not None and exact.q == 1 and exact <= 0:
            if a.is_constant:
                raise Undefined(message("{name} has a pole at {place}", name=name, place=exact))
            raise Unknown(message("{name} at a pole", name=name))
        return self.compose(lambda count: taylor_of_polygamma(order, at, count), self.without(a, at))

    def hyp0f1(self, a: OneSidedExpansion, parameter: Constant) -> OneSidedExpansion:
        at = self.tends_to(a)
        if at is None:
            raise Unknown(message("{name} at infinity", name="hyp0f1"))
        function = SERIES.functions[CODE["hyp0f1"]]
        assert function is not None

        def taylor(count: int) -> list[Real]:
            exact = Fraction(parameter)
            if at.is_zero():
                return hypergeometric(fmpq(exact.numerator, exact.denominator), count)
            return taylor_of(f"hyp0f1 {exact}", lambda t: function(t, parameter), at, count)

        return number(taylor(1)[0]) if a.is_constant else self.compose(taylor, self.without(a, at))


_METHODS = {
    **{name: name for name in (
        "add", "sub", "neg", "mul", "div", "pow", "powc", "exp", "logaddexp", "xlogy", "sqrt", "cbrt", "hypot", "tan",
        "cot", "atan", "atan2", "tanh", "abs", "round", "min", "max", "mod", "fmod", "heaviside", "relu", "gamma",
        "lgamma", "polygamma", "hyp0f1", "sigmoid", "softplus", "detach",
    )},
    "not": "negation", "asin": "arcsine", "acos": "arccosine", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "sign": "sign_of", "erf": "error", "erfc": "complementary",
}  # fmt: skip
"""Primitives, and the methods that they are."""

_FORMULAS: dict[str, Callable[..., OneSidedExpansion]] = {
    "fma": lambda own, a, b, c: own.add(own.mul(a, b), c),
    "lt": lambda own, a, b: own.compare(a, b, (-1,)),
    "le": lambda own, a, b: own.compare(a, b, (-1, 0)),
    "gt": lambda own, a, b: own.compare(a, b, (1,)),
    "ge": lambda own, a, b: own.compare(a, b, (0, 1)),
    "eq": lambda own, a, b: own.compare(a, b, (0,)),
    "ne": lambda own, a, b: own.compare(a, b, (-1, 1)),
    "expm1": lambda own, a: own.sub(own.exp(a), number(ONE)),
    "exp2": lambda own, a: own.exp(own.scale(a, logarithm(TWO))),
    "log": lambda own, a: own.log("log", a),
    "log2": lambda own, a: own.log_by("log2", a, 2),
    "log10": lambda own, a: own.log_by("log10", a, 10),
    "log1p": lambda own, a: own.log("log1p", own.add(number(ONE), a)),
    "sin": lambda own, a: own.oscillating("sin", a),
    "cos": lambda own, a: own.oscillating("cos", a),
    "sec": lambda own, a: own.div(number(ONE), own.oscillating("cos", a)),
    "csc": lambda own, a: own.div(number(ONE), own.oscillating("sin", a)),
    "sinh": lambda own, a: own.hyperbolic(a, -1),
    "cosh": lambda own, a: own.hyperbolic(a, 1),
    "floor": lambda own, a: own.whole("floor", a, floor_of),
    "ceil": lambda own, a: own.whole("ceil", a, ceil_of),
    "trunc": lambda own, a: own.whole("trunc", a, truncate),
    "digamma": lambda own, a: own.polygamma(a, 0.0, "digamma"),
}
"""Primitives that are written by others; methods are asked of the algebra at work."""

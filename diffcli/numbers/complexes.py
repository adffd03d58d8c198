"""Complex numbers as pairs of numbers of a base algebra: what the complex step computes with.

Every function of the table is extended from the real line to the complex plane by a text
in our own language, and no text uses a derivative. SPLIT texts give the real and the
imaginary part from the parts of the arguments (a + ib, c + id), without cancellation
however small b and d are; over a recording they write the real operations that are counted.
JOINED texts say it in complex numbers. Choices (`abs`, `max`, `where`) are made by the real
part. Values are principal ones; imaginary parts are thought of as small.

(W. Kahan, "Branch cuts for complex elementary functions", 1987, for sqrt, asin, acos,
asinh, acosh, tan; T. Hull, T. Fairgrieve, P. Tang, "Implementing the complex arcsine and
arccosine functions", 1997, for what may cancel.)

An imaginary part that is zero by structure is None: nothing is computed with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from diffcli.core.evaluate import Algebra, evaluate
from diffcli.core.passes import prune
from diffcli.core.primitives import ARITY, BOOLEAN, NAMED_CONSTANTS, PARAMETRIC, PRIMITIVES
from diffcli.core.program import Constant, Functions, Program
from diffcli.syntax.elaboration import Elaborator
from diffcli.syntax.parsing import parse
from diffcli.syntax.shapes import entries_of


class Pair(NamedTuple):
    """real + i imaginary; None is an imaginary part that is 0 by structure."""

    real: Any
    imaginary: Any


class NoExtension(Exception):
    """A function that is not extended to complex numbers here; the text is its name."""


def _root(name: str, u: str, v: str) -> str:
    """The square root of u + iv, as the names `<name>_re` and `<name>_im`."""
    m, s, t = f"{name}_size", f"{name}_less", f"{name}_more"
    return (
        f"{m} = hypot({u}, {v}); {t} = sqrt(({m} + abs({u}))/2); {s} = where({m} == 0, 0, ({v})/(2*{t})); "
        f"{name}_re = where({u} > 0, {t}, abs({s})); {name}_im = where({u} > 0, {s}, where(({v}) < 0, -{t}, {t})); "
    )


# p and q are the roots of 1 - z and 1 + z; for asinh with iz in place of z
_INSIDE = _root("p", "(1 - a)", "-b") + _root("q", "(1 + a)", "b")
_TURNED = _root("p", "(1 + b)", "-a") + _root("q", "(1 - b)", "a")
_BEYOND = _root("p", "(a - 1)", "b") + _root("q", "(a + 1)", "b")

# fmt: off
SPLIT: dict[str, dict[str, str]] = {
    # --- arithmetic, by the imaginary parts that there are
    "add": {"bd": "[a + c, b + d]", "b": "[a + c, b]", "d": "[a + c, d]"},
    "sub": {"bd": "[a - c, b - d]", "b": "[a - c, b]", "d": "[a - c, -d]"},
    "neg": {"b": "[-a, -b]"},
    "mul": {"bd": "[a*c - b*d, a*d + b*c]", "b": "[a*c, b*c]", "d": "[a*c, a*d]"},
    "div": {
        "bd": "r = d/c; below = c + d*r; [where(c == 0, b/d, (a + b*r)/below), where(c == 0, -a/d, (b - a*r)/below)]",
        "b":  "[a/c, b/c]",
        "d":  "r = d/c; below = c + d*r; [where(c == 0, 0, a/below), where(c == 0, -a/d, -(a*r)/below)]",
    },
    "powc": {"b": "around = n*atan2(b, a); whole = abs(b)**n; r = b/a; turn = n*atan(r); size = a**n*hypot(1, r)**n; "
             "[where(a == 0, whole*cos(around), size*cos(turn)), where(a == 0, whole*sin(around), size*sin(turn))]"},
    "pow": {
        "bd": "r = b/a; high = log(hypot(1, r)); turn = atan(r); size = a**c*exp(c*high - d*turn); "
              "angle = c*turn + d*(log(a) + high); [size*cos(angle), size*sin(angle)]",
        "b":  "around = c*atan2(b, a); whole = abs(b)**c; r = b/a; turn = c*atan(r); size = a**c*hypot(1, r)**c; "
              "[where(a == 0, whole*cos(around), size*cos(turn)), where(a == 0, whole*sin(around), size*sin(turn))]",
        "d":  "size = a**c; turn = d*log(a); [where(a == 0, size, size*cos(turn)), where(a == 0, 0, size*sin(turn))]",
    },
    # --- exponentials and logarithms
    "exp":   {"b": "size = exp(a); [size*cos(b), size*sin(b)]"},
    "exp2":  {"b": "size = exp2(a); turn = ln2*b; [size*cos(turn), size*sin(turn)]"},
    "expm1": {"b": "half = sin(b/2); [expm1(a)*cos(b) - 2*half*half, exp(a)*sin(b)]"},
    "log":   {"b": "[log(hypot(a, b)), atan2(b, a)]"},
    "log2":  {"b": "[log2(hypot(a, b)), atan2(b, a)/ln2]"},
    "log10": {"b": "[log10(hypot(a, b)), atan2(b, a)/ln10]"},
    "log1p": {"b": "r = b/(1 + a); [log1p(a) + log1p(r*r)/2, atan2(b, 1 + a)]"},
    # --- roots
    "sqrt":  {"b": _root("p", "a", "b") + "[p_re, p_im]"},
    "cbrt":  {"b": "side = where(a < 0, -1, 1); size = side*cbrt(hypot(a, b)); turn = atan2(side*b, side*a)/3; "
                   "[size*cos(turn), size*sin(turn)]"},
    # --- trigonometric functions
    "sin":   {"b": "[sin(a)*cosh(b), cos(a)*sinh(b)]"},
    "cos":   {"b": "[cos(a)*cosh(b), -(sin(a)*sinh(b))]"},
    "tan":   {"b": "t = tan(a); s = tanh(b); k = 1/cosh(b); below = 1 + (t*s)*(t*s); [t*k*k/below, s*(1 + t*t)/below]"},
    "asin":  {"b": _INSIDE + "[atan2(a, p_re*q_re - p_im*q_im), asinh(p_re*q_im - p_im*q_re)]"},
    "acos":  {"b": _INSIDE + "[2*atan2(p_re, q_re), asinh(p_im*q_re - p_re*q_im)]"},
    "atan":  {"b": "size = abs(b); rise = log1p(4*size/(a*a + (1 - size)*(1 - size)))/4; "
                   "[atan2(2*a, (1 - a)*(1 + a) - b*b)/2, where(b < 0, -rise, rise)]"},
    # --- hyperbolic functions
    "sinh":  {"b": "[sinh(a)*cos(b), cosh(a)*sin(b)]"},
    "cosh":  {"b": "[cosh(a)*cos(b), sinh(a)*sin(b)]"},
    "tanh":  {"b": "t = tanh(a); s = tan(b); k = 1/cosh(a); below = 1 + (t*s)*(t*s); [t*(1 + s*s)/below, s*k*k/below]"},
    "asinh": {"b": _TURNED + "[asinh(p_re*q_im - p_im*q_re), atan2(b, p_re*q_re - p_im*q_im)]"},
    "acosh": {"b": _BEYOND + "[asinh(p_re*q_re + p_im*q_im), 2*atan2(p_im, q_re)]"},
    "atanh": {"b": "size = abs(a); rise = log1p(4*size/((1 - size)*(1 - size) + b*b))/4; "
                   "[where(a < 0, -rise, rise), atan2(2*b, (1 - a)*(1 + a) - b*b)/2]"},
    # --- kinks: linear on either side, which is decided by the real part
    "abs":   {"b": "[abs(a), sign(a)*b]"},
    "mod":   {"bd": "[mod(a, c), b - floor(a/c)*d]", "b": "[mod(a, c), b]", "d": "[mod(a, c), -(floor(a/c)*d)]"},
    "fmod":  {"bd": "[fmod(a, c), b - trunc(a/c)*d]", "b": "[fmod(a, c), b]", "d": "[fmod(a, c), -(trunc(a/c)*d)]"},
}
"""Name -> imaginary parts that are not zero by structure -> the two parts of the result."""

POWERS: dict[Fraction, str] = {
    Fraction(1):     "[a, b]",
    Fraction(2):     "[(a - b)*(a + b), 2*a*b]",
    Fraction(3):     "r = a*a; s = b*b; [a*(r - 3*s), b*(3*r - s)]",
    Fraction(1, 2):  _root("p", "a", "b") + "[p_re, p_im]",
}
"""Powers with a text of their own, by exponent."""

JOINED: dict[str, str] = {
    "fma":       "a*b + c",
    "logaddexp": "where(a > b, a + log1p(exp(b - a)), b + log1p(exp(a - b)))",
    "xlogy":     "where(a == 0, where(b == 0, 0, a*log(b)), a*log(b))",
    "hypot":     "big = where(abs(a) < abs(b), abs(b), abs(a)); small = where(abs(a) < abs(b), abs(a), abs(b)); "
                 "where(big == 0, sqrt(a*a + b*b), big*sqrt(1 + (small/big)**2))",
    "sec":       "1/cos(a)",
    "csc":       "1/sin(a)",
    "cot":       "1/tan(a)",
    "atan2":     "where(abs(a) < abs(b), where(b > 0, atan(a/b), where(a < 0, atan(a/b) - pi, atan(a/b) + pi)), "
                 "where(a > 0, pi/2 - atan(b/a), -pi/2 - atan(b/a)))",
    "min":       "where(a < b, a, b)",
    "max":       "where(a > b, a, b)",
    "relu":      "where(a > 0, a, 0)",
    "heaviside": "where(a == 0, b, where(a > 0, 1, 0))",
    "sigmoid":   "where(a < 0, exp(a)/(1 + exp(a)), 1/(1 + exp(-a)))",
    "softplus":  "where(a > 0, a + log1p(exp(-a)), log1p(exp(a)))",
}
"""Functions by others, in complex numbers; comparisons are of real parts."""
# fmt: on


def _series(count: int) -> str:
    """The sum of a^k/((n)_k k!), by Horner's rule; its terms fall where |a| < 4."""
    text = "1"
    for k in range(count, 0, -1):
        text = f"1 + a/({k}*(n + {k - 1}))*({text})"
    return f"where(-4 < a < 4, {text}, 0/0)"


JOINED |= {"hyp0f1": _series(24)}

STEPS = frozenset(("sign", "floor", "ceil", "round", "trunc", "detach"))
"""Constant between their jumps, or by decree: of the real part only."""


class Complexes:
    """The algebra of complex numbers over a base algebra."""

    def __init__(self, base: Algebra[Any]) -> None:
        self.base = base
        self.functions = Functions(self._function)

    def constant(self, value: Constant) -> Pair:
        return Pair(self.base.constant(value), None)

    def decide(self, condition: Pair) -> bool:
        return self.base.decide(condition.real)

    def _function(self, code: int) -> Callable[..., Pair] | None:
        real, name, arity = self.base.functions[code], PRIMITIVES[code].name, ARITY[code]
        if real is None or not arity:
            return None
        apply: Callable[..., Any] = real
        flat = name in STEPS or code in BOOLEAN

        def lifted(*arguments: Any) -> Pair:
            pairs: Sequence[Pair] = arguments[:arity]
            parts = "".join(letter for letter, pair in zip("bdf", pairs, strict=False) if pair.imaginary is not None)
            if flat or not parts:
                return Pair(apply(*(pair.real for pair in pairs), *arguments[arity:]), None)
            exponent = Fraction(arguments[arity]) if PARAMETRIC[code] and name in (*SPLIT, *JOINED) else None
            if exponent == 0:
                return self.constant(1.0)
            if name in SPLIT:
                program = split(name, parts, exponent)
                numbers = {"a": pairs[0].real, "b": pairs[0].imaginary}
                if len(pairs) > 1:
                    numbers |= {"c": pairs[1].real, "d": pairs[1].imaginary}
                return Pair(*evaluate(program, [numbers[read] for read in program.inputs], self.base))
            if name not in JOINED:
                raise NoExtension(name)
            program = joined(name, exponent)
            (result,) = evaluate(program, [pairs["abc".index(read)] for read in program.inputs], self)
            return Pair(*result)

        return lifted


@cache
def split(name: str, parts: str, exponent: Fraction | None = None) -> Program:
    """The program of a SPLIT text, for the imaginary parts that there are."""
    if exponent in POWERS:
        return _program(POWERS[exponent])
    return _program(SPLIT[name][parts], {} if exponent is None else {"n": exponent})


@cache
def joined(name: str, parameter: Fraction | None = None) -> Program:
    return _program(JOINED[name], {} if parameter is None else {"n": parameter})


def _program(text: str, literals: dict[str, Constant] | None = None) -> Program:
    names: dict[str, Constant] = {name: name for name in NAMED_CONSTANTS}
    elaborator = Elaborator(text, {}, names | (literals or {}))
    (result,) = elaborator.run(parse(text))
    elaborator.builder.inputs = tuple(elaborator.names)
    return prune(elaborator.builder.program(entries_of(result)))

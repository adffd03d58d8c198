"""THE table: one row per primitive operation, as data.

A row says what an operation is called, how it is written, what it costs, where
it is defined, where it has a kink, and what its derivative is: a text in our
own language, linear in the tangents. In a rule `a`, `b`, `c` are the arguments,
`da`, `db`, `dc` their tangents, `y` is the result. One text serves both modes:
forward mode evaluates it, reverse mode transposes it.

The rules are the textbook's (and SymPy's, and the field's), so that a
comparison compares modes and not rule tables. A parametric row (`powc`,
`polygamma`) has a literal in place of its last argument; the literal is known
when the rule is applied, so `c - 1` is folded exactly.

This room does not know who reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CostClass = Literal["add", "neg", "mul", "div", "pow", "func", "fma", "free"]

ALL = "(-inf, inf)"


@dataclass(frozen=True, slots=True)
class Primitive:
    """One operation on real numbers.

    `params` names the arguments ("a", "ab", "abc"); `rule` is the tangent of
    the result; `domain` holds one interval per argument, in which the function
    is defined; `except_at` says in words where it is not, inside them;
    `kink` states the convention where no derivative exists.
    """

    name: str
    params: str
    rule: str
    cost: CostClass = "func"
    symbol: str | None = None
    precedence: int = 0
    domain: tuple[str, ...] = ()
    except_at: str | None = None
    kink: str | None = None
    aliases: tuple[str, ...] = ()
    parametric: bool = False

    @property
    def arity(self) -> int:
        """Number of arguments that are values (a literal parameter is not one)."""
        return len(self.params) - self.parametric


P = Primitive

# Precedences, loosest first: 1 if-else, 2 or, 3 and, 4 not, 5 comparisons, 6 + -, 7 * / @, 8 unary -, 9 power.
# fmt: off
PRIMITIVES: tuple[Primitive, ...] = (
    # --- structure: what a program is made of besides arithmetic
    P("const",  "", "0", cost="free"),
    P("input",  "", "0", cost="free"),
    P("select", "abc", "where(a, db, dc)", cost="free"),
    # --- arithmetic
    P("add", "ab", "da + db",            cost="add", symbol="+", precedence=6),
    P("sub", "ab", "da - db",            cost="add", symbol="-", precedence=6),
    P("neg", "a",  "-da",                cost="neg", symbol="-", precedence=8),
    P("mul", "ab", "da*b + a*db",        cost="mul", symbol="*", precedence=7),
    P("div", "ab", "(da - y*db)/b",      cost="div", symbol="/", precedence=7, except_at="b = 0"),
    P("fma", "abc", "da*b + a*db + dc",  cost="fma"),
    P("pow", "ab", "where(b == 0, 0, b*a**(b - 1)*da) + xlogy(y, a)*db", cost="pow", symbol="**", precedence=9,
      domain=("[0, inf)", ALL), except_at="a = 0 with b < 0; a < 0 unless b is an integer",
      kink="0**0 is 1, flat in a; at a = 0 the partial in b is 0 for b > 0"),
    P("powc", "ac", "c*a**(c - 1)*da",   cost="pow", symbol="**", precedence=9, parametric=True,
      domain=("[0, inf)",), except_at="a = 0 with c < 0; a < 0 unless c is an integer", kink="x**0 is 1, also at 0; vertical tangent at 0 for 0 < c < 1"),
    # --- comparisons: the numbers 0 and 1, free of cost, constant between their jumps
    P("lt",  "ab", "0", cost="free", symbol="<",  precedence=5),
    P("le",  "ab", "0", cost="free", symbol="<=", precedence=5),
    P("gt",  "ab", "0", cost="free", symbol=">",  precedence=5),
    P("ge",  "ab", "0", cost="free", symbol=">=", precedence=5),
    P("eq",  "ab", "0", cost="free", symbol="==", precedence=5),
    P("ne",  "ab", "0", cost="free", symbol="!=", precedence=5),
    P("not", "a",  "0", cost="free", symbol="not", precedence=4),
    # --- exponentials and logarithms
    P("exp",   "a", "y*da"),
    P("expm1", "a", "(y + 1)*da"),
    P("exp2",  "a", "ln2*y*da"),
    P("log",   "a", "da/a",              domain=("(0, inf)",), aliases=("ln",)),
    P("log2",  "a", "da/(ln2*a)",        domain=("(0, inf)",)),
    P("log10", "a", "da/(ln10*a)",       domain=("(0, inf)",)),
    P("log1p", "a", "da/(1 + a)",        domain=("(-1, inf)",)),
    P("logaddexp", "ab", "exp(a - y)*da + exp(b - y)*db"),
    P("xlogy", "ab", "log(b)*da + a/b*db", domain=(ALL, "(0, inf)"), kink="0 where a = 0, also at b = 0"),
    # --- roots
    P("sqrt",  "a", "da/(2*y)",          domain=("[0, inf)",), kink="vertical tangent at 0"),
    P("cbrt",  "a", "da/(3*y*y)",        kink="vertical tangent at 0"),
    P("hypot", "ab", "(a*da + b*db)/y",  kink="cone at (0, 0)"),
    # --- trigonometric functions
    P("sin",  "a", "cos(a)*da"),
    P("cos",  "a", "-(sin(a)*da)"),
    P("tan",  "a", "(1 + y*y)*da",       except_at="odd multiples of pi/2"),
    P("sec",  "a", "y*tan(a)*da",        except_at="odd multiples of pi/2"),
    P("csc",  "a", "-(y*cot(a)*da)",     except_at="multiples of pi"),
    P("cot",  "a", "-((1 + y*y)*da)",    except_at="multiples of pi"),
    P("asin", "a", "da/sqrt(1 - a*a)",   domain=("[-1, 1]",), kink="vertical tangent at -1 and 1", aliases=("arcsin",)),
    P("acos", "a", "-(da/sqrt(1 - a*a))", domain=("[-1, 1]",), kink="vertical tangent at -1 and 1", aliases=("arccos",)),
    P("atan", "a", "da/(1 + a*a)",       aliases=("arctan",)),
    P("atan2", "ab", "(b*da - a*db)/(a*a + b*b)", except_at="(0, 0)", kink="jump across a = 0, b < 0", aliases=("arctan2",)),
    # --- hyperbolic functions
    P("sinh",  "a", "cosh(a)*da"),
    P("cosh",  "a", "sinh(a)*da"),
    P("tanh",  "a", "(1 - y*y)*da"),
    P("asinh", "a", "da/sqrt(a*a + 1)",  aliases=("arcsinh",)),
    P("acosh", "a", "da/sqrt(a*a - 1)",  domain=("[1, inf)",), kink="vertical tangent at 1", aliases=("arccosh",)),
    P("atanh", "a", "da/(1 - a*a)",      domain=("(-1, 1)",), aliases=("arctanh",)),
    # --- kinks and steps
    P("abs",   "a", "sign(a)*da",        kink="0 at 0, inside [-1, 1]", aliases=("fabs",)),
    P("sign",  "a", "0",                 kink="jump at 0"),
    P("floor", "a", "0",                 kink="jump at the integers"),
    P("ceil",  "a", "0",                 kink="jump at the integers"),
    P("round", "a", "0",                 kink="jump halfway between integers; ties to even"),
    P("trunc", "a", "0",                 kink="jump at the integers but 0"),
    P("min", "ab", "where(a < b, da, where(a > b, db, (da + db)/2))", kink="a tie shares: half to each", aliases=("minimum", "fmin")),
    P("max", "ab", "where(a > b, da, where(a < b, db, (da + db)/2))", kink="a tie shares: half to each", aliases=("maximum", "fmax")),
    P("mod",  "ab", "da - floor(a/b)*db", except_at="b = 0", kink="jump where a/b is an integer", aliases=("remainder",)),
    P("fmod", "ab", "da - trunc(a/b)*db", except_at="b = 0", kink="jump where a/b is an integer but 0"),
    P("heaviside", "ab", "where(a == 0, db, 0)", kink="jump at a = 0, where it is b"),
    P("relu", "a", "where(a > 0, da, 0)", kink="0 at 0, inside [0, 1]"),
    # --- special functions
    P("erf",  "a", "two_by_sqrt_pi*exp(-(a*a))*da"),
    P("erfc", "a", "-(two_by_sqrt_pi*exp(-(a*a))*da)"),
    P("gamma",  "a", "y*digamma(a)*da",  except_at="0, -1, -2, …", aliases=("tgamma",)),
    P("lgamma", "a", "digamma(a)*da",    except_at="0, -1, -2, …"),
    P("digamma", "a", "polygamma(1, a)*da", except_at="0, -1, -2, …"),
    P("polygamma", "ac", "polygamma(c + 1, a)*da", parametric=True, except_at="0, -1, -2, …"),
    P("sigmoid",  "a", "y*(1 - y)*da",   aliases=("logistic", "expit")),
    P("softplus", "a", "sigmoid(a)*da"),
    # --- a copy that no derivative passes
    P("detach", "a", "0", cost="free", aliases=("stop_gradient",)),
)
# fmt: on

CODE: dict[str, int] = {row.name: code for code, row in enumerate(PRIMITIVES)}
"""The small integer by which programs name a primitive: its place in the table."""

CONST, INPUT, SELECT = CODE["const"], CODE["input"], CODE["select"]
ARITY: tuple[int, ...] = tuple(row.arity for row in PRIMITIVES)
PARAMETRIC: tuple[bool, ...] = tuple(row.parametric for row in PRIMITIVES)
COMPARISONS = frozenset(CODE[name] for name in ("lt", "le", "gt", "ge", "eq", "ne"))
BOOLEAN = COMPARISONS | {CODE["not"]}

NAMED_CONSTANTS: dict[str, tuple[str, ...]] = {
    "pi": ("pi", "π"),
    "tau": ("tau",),
    "e": ("e",),
    "inf": ("inf",),
    "ln2": (),
    "ln10": (),
    "two_by_sqrt_pi": (),
}
"""Real constants by name, with the spellings users may write; those without one serve the rules."""

DEFINITIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "square": (("a", "a**2"),),
    "reciprocal": (("a", "1/a"),),
    "pow": (("a, b", "a**b"),),
    "clip": (("a, b, c", "min(max(a, b), c)"),),
    "heaviside": (("a", "heaviside(a, 0.5)"),),
    "leaky_relu": (("a", "where(a > 0, a, 0.01*a)"), ("a, b", "where(a > 0, a, b*a)")),
    "gelu": (("a", "0.5*a*(1 + erf(a/sqrt(2)))"),),
    "silu": (("a", "a*sigmoid(a)"),),
    "sinc": (("a", "where(a == 0, 1, sin(pi*a)/(pi*a))"),),
}
"""Functions defined by others: name -> (parameters, text in our own language), one entry per arity."""

FUNCTIONS: dict[str, int] = {
    name: code
    for code, row in enumerate(PRIMITIVES)
    if row.cost != "free" or row.name == "detach"
    if row.name not in ("add", "sub", "mul", "div", "neg", "pow", "powc", "polygamma")
    for name in (row.name, *row.aliases)
}
"""Primitives that are called by name in expressions, under every alias."""

PARAMETRIC_FUNCTIONS = ("polygamma",)
"""Called with a literal whole number first: polygamma(1, x)."""

VECTOR_FUNCTIONS = ("dot", "sum", "prod", "mean", "norm", "matmul", "transpose", "outer", "logsumexp", "softmax")
"""Reserved: functions of vectors and matrices."""

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

A second column, `stable`, has rules for the same derivatives that lose no more than
a few ulps anywhere in the domain: they do not subtract from `y` what `y` has
rounded away (`tanh`), factor 1 - a*a, and scale where a square would leave
float64's range. A row without one has the textbook's rule in both columns. The two
are equal in exact arithmetic, and have the same conventions at kinks. Conditions
(`where`) stand around what is linear in the tangents, never inside a factor.

This room does not know who reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

CostClass = Literal["add", "neg", "mul", "div", "pow", "func", "fma", "free"]
Rules = Literal["textbook", "stable"]
"""A column of derivative rules."""
RULES: tuple[Rules, ...] = ("textbook", "stable")

ALL = "(-inf, inf)"


class Primitive(NamedTuple):
    """One operation on real numbers.

    `params` names the arguments ("a", "ab", "abc"); `rule` is the tangent of
    the result; `domain` holds one interval per argument, in which the function
    is defined; `except_at` says in words where it is not, inside them;
    `kink` states the convention where no derivative exists; `stable` is the
    rule of the second column, where it is another one.
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
    stable: str | None = None

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
    P("div", "ab", "(da - y*db)/b",      cost="div", symbol="/", precedence=7, except_at="b = 0",
      stable="where(y != 0 and -1e-290 < y < 1e-290, da/b - 4.149515568880993e180*a/b/b/4.149515568880993e180*db, (da - y*db)/b)"),
    P("fma", "abc", "da*b + a*db + dc",  cost="fma"),
    P("pow", "ab", "where(a != 0, b*a**(b - 1)*da + xlogy(y, a)*db, where(b == 0, 0, b*a**(b - 1)*da) + where(b > 1, 0, xlogy(y, a)*db))", cost="pow", symbol="**", precedence=9,
      domain=("[0, inf)", ALL), except_at="a = 0 with b < 0; a < 0 unless b is an integer",
      kink="0**0 is 1, flat in a; at a = 0 the partial in b is 0 for b > 0",
      stable="h = a**(b/2); where(a > 0 and (y < 1e-150 or y > 1e150), b*h/a*h*da + h*log(a)*h*db, where(a > 0, b*y/a*da, where(a == 0 and b == 0, 0, b*a**(b - 1)*da)) + where(a == 0 and b > 1, 0, xlogy(y, a)*db))"),
    P("powc", "ac", "c*a**(c - 1)*da",   cost="pow", symbol="**", precedence=9, parametric=True,
      domain=("[0, inf)",), except_at="a = 0 with c < 0; a < 0 unless c is an integer", kink="x**0 is 1, also at 0; vertical tangent at 0 for 0 < c < 1",
      stable="s = sign(a); h = (s*a)**(c/2); where(c <= 0.49999999999999994 and a != 0 and (c > -7 or y > 1e-200 or y < -1e-200), c*(y/a)*da, where(-7 < c < 7 or y > 1e-200 or y < -1e-200, c*a**(c - 1)*da, c*h/a*h*s**c*da))"),
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
    P("expm1", "a", "(y + 1)*da",
      stable="exp(a)*da"),
    P("exp2",  "a", "ln2*y*da",
      stable="where(a < 1023, ln2*y*da, ln2*exp2(a - 1)*2*da)"),
    P("log",   "a", "da/a",              domain=("(0, inf)",), aliases=("ln",)),
    P("log2",  "a", "da/(ln2*a)",        domain=("(0, inf)",)),
    P("log10", "a", "da/(ln10*a)",       domain=("(0, inf)",),
      stable="1/ln10/a*da"),
    P("log1p", "a", "da/(1 + a)",        domain=("(-1, inf)",)),
    P("logaddexp", "ab", "exp(a - y)*da + exp(b - y)*db",
      stable="s = a - b; t = s - a; r = a - (s - t) - (b + t); where(-800 < s < 800, sigmoid(s)*(1 + r*sigmoid(-s))*da + sigmoid(-s)*(1 - r*sigmoid(s))*db, sigmoid(s)*da + sigmoid(-s)*db)"),
    P("xlogy", "ab", "log(b)*da + a/b*db", domain=(ALL, "(0, inf)"), kink="0 where a = 0, also at b = 0"),
    # --- roots
    P("sqrt",  "a", "da/(2*y)",          domain=("[0, inf)",), kink="vertical tangent at 0"),
    P("cbrt",  "a", "da/(3*y*y)",        kink="vertical tangent at 0",
      stable="z = y + (a/(y*y) - y)/3; where(a == 0, da/(3*y*y), z/a/3*da)"),
    P("hypot", "ab", "(a*da + b*db)/y",  kink="cone at (0, 0)",
      stable="s = 4.149515568880993e180; u = hypot(s*a, s*b); v = hypot(a/s, b/s); where(y < 1e-290, s*a/u*da + s*b/u*db, where(y < 1e308, a/y*da + b/y*db, a/s/v*da + b/s/v*db))"),
    # --- trigonometric functions
    P("sin",  "a", "cos(a)*da"),
    P("cos",  "a", "-(sin(a)*da)"),
    P("tan",  "a", "(1 + y*y)*da",       except_at="odd multiples of pi/2"),
    P("sec",  "a", "y*tan(a)*da",        except_at="odd multiples of pi/2"),
    P("csc",  "a", "-(y*cot(a)*da)",     except_at="multiples of pi"),
    P("cot",  "a", "-((1 + y*y)*da)",    except_at="multiples of pi"),
    P("asin", "a", "da/sqrt(1 - a*a)",   domain=("[-1, 1]",), kink="vertical tangent at -1 and 1", aliases=("arcsin",),
      stable="da/sqrt((1 - a)*(1 + a))"),
    P("acos", "a", "-(da/sqrt(1 - a*a))", domain=("[-1, 1]",), kink="vertical tangent at -1 and 1", aliases=("arccos",),
      stable="-(da/sqrt((1 - a)*(1 + a)))"),
    P("atan", "a", "da/(1 + a*a)",       aliases=("arctan",),
      stable="where(-1 < a < 1, da/(1 + a*a), da/a/(a + 1/a))"),
    P("atan2", "ab", "(b*da - a*db)/(a*a + b*b)", except_at="(0, 0)", kink="jump across a = 0, b < 0", aliases=("arctan2",),
      stable="s = 4.149515568880993e180; t = a*a + b*b; p = s*a; q = s*b; u = a/s; v = b/s; where(1e-290 < t < 1e300, (b*da - a*db)/t, where(t < 1, q/(p*p + q*q)*s*da - p/(p*p + q*q)*s*db, v/(u*u + v*v)/s*da - u/(u*u + v*v)/s*db))"),
    # --- hyperbolic functions
    P("sinh",  "a", "cosh(a)*da"),
    P("cosh",  "a", "sinh(a)*da"),
    P("tanh",  "a", "(1 - y*y)*da",
      stable="4*sigmoid(2*a)*sigmoid(-2*a)*da"),
    P("asinh", "a", "da/sqrt(a*a + 1)",  aliases=("arcsinh",),
      stable="da/hypot(a, 1)"),
    P("acosh", "a", "da/sqrt(a*a - 1)",  domain=("[1, inf)",), kink="vertical tangent at 1", aliases=("arccosh",),
      stable="da/sqrt(a - 1)/sqrt(a + 1)"),
    P("atanh", "a", "da/(1 - a*a)",      domain=("(-1, 1)",), aliases=("arctanh",),
      stable="da/((1 - a)*(1 + a))"),
    # --- kinks and steps
    P("abs",   "a", "sign(a)*da",        kink="0 at 0, inside [-1, 1]", aliases=("fabs",)),
    P("sign",  "a", "0",                 kink="jump at 0"),
    P("floor", "a", "0",                 kink="jump at the integers"),
    P("ceil",  "a", "0",                 kink="jump at the integers"),
    P("round", "a", "0",                 kink="jump halfway between integers; ties to even"),
    P("trunc", "a", "0",                 kink="jump at the integers but 0"),
    P("min", "ab", "where(a < b, da, where(a > b, db, (da + db)/2))", kink="a tie shares: half to each", aliases=("minimum", "fmin")),
    P("max", "ab", "where(a > b, da, where(a < b, db, (da + db)/2))", kink="a tie shares: half to each", aliases=("maximum", "fmax")),
    P("mod",  "ab", "da - floor(a/b)*db", except_at="b = 0", kink="jump where a/b is an integer", aliases=("remainder",),
      stable="da - round(a/b - y/b)*db"),
    P("fmod", "ab", "da - trunc(a/b)*db", except_at="b = 0", kink="jump where a/b is an integer but 0",
      stable="da - round(a/b - y/b)*db"),
    P("heaviside", "ab", "where(a == 0, db, 0)", kink="jump at a = 0, where it is b"),
    P("relu", "a", "where(a > 0, da, 0)", kink="0 at 0, inside [0, 1]"),
    # --- special functions
    P("erf",  "a", "two_by_sqrt_pi*exp(-(a*a))*da",
      stable="t = 134217729*a; h = t - (t - a); where(-28 < a < 28, two_by_sqrt_pi*exp(-(h*h))*exp((h - a)*(h + a))*da, two_by_sqrt_pi*exp(-(a*a))*da)"),
    P("erfc", "a", "-(two_by_sqrt_pi*exp(-(a*a))*da)",
      stable="t = 134217729*a; h = t - (t - a); where(-28 < a < 28, -(two_by_sqrt_pi*exp(-(h*h))*exp((h - a)*(h + a))*da),  -(two_by_sqrt_pi*exp(-(a*a))*da))"),
    P("gamma",  "a", "y*digamma(a)*da",  except_at="0, -1, -2, …", aliases=("tgamma",),
      stable="where(-200 < a < -128 and -1e-290 < y < 1e-290, two_by_sqrt_pi*exp2(a - 2)*gamma(a/2)*digamma(a)*gamma(a/2 + 0.5)*da, y*digamma(a)*da)"),
    P("lgamma", "a", "digamma(a)*da",    except_at="0, -1, -2, …"),
    P("digamma", "a", "polygamma(1, a)*da", except_at="0, -1, -2, …"),
    P("polygamma", "ac", "polygamma(c + 1, a)*da", parametric=True, except_at="0, -1, -2, …"),
    P("hyp0f1", "ac", "hyp0f1(c + 1, a)/c*da", parametric=True),
    P("sigmoid",  "a", "y*(1 - y)*da",   aliases=("logistic", "expit"),
      stable="y*sigmoid(-a)*da"),
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
    "inf": ("inf", "∞"),
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
    "sinc": (("a", "where(a == 0, hyp0f1(1.5, -(pi*a)**2/4), sin(pi*a)/(pi*a))"),),
    "norm": (("a", "sqrt(sum(a*a))"),),
    "logsumexp": (("a", "top = detach(max(a)); top + log(sum(exp(a - top)))"),),
    "softmax": (("a", "top = detach(max(a)); risen = exp(a - top); risen/sum(risen)"),),
}
"""Functions defined by others: name -> (parameters, text in our own language), one entry per arity.

The largest entry is detached in `logsumexp`: its derivative cancels, and nothing overflows. `sinc` at 0 is the entire
function that it is everywhere (DLMF 10.39.9, 10.47.3), since a constant there would have no second derivative."""

OF_VECTORS = ("norm", "logsumexp", "softmax")
"""Of these functions, the ones that take all entries of a vector at once; the others go entry by entry."""


def _tree(function: str, parts: Sequence[str]) -> str:
    """A function of two arguments over any number of parts, halved again and again: few roundings stand on one path."""
    if len(parts) == 1:
        return parts[0]
    half = (len(parts) + 1) // 2
    return f"{function}({_tree(function, parts[:half])}, {_tree(function, parts[half:])})"


_RISEN = "s = a - top; t = s - a; r = a - (s - t) - (top + t); risen = where(s > -800, exp(s)*(1 + r), exp(s)); "
"""exp(a - top), where r is what the difference was rounded by (Knuth's two-sum)."""


def _log_softmax(n: int) -> str:
    """a[0] - logsumexp(a): where a[0] is the largest, by its differences with the others, in which 1 - p[0] is a sum."""
    if n == 1:
        return "a[0] - a[0]"
    others = ", ".join(f"a[{i}]" for i in range(1, n))
    return (
        f"b = [{others}]; s = b - a[0]; t = s - b; r = b - (s - t) - (a[0] + t); "
        "where(max(b) > a[0], a[0] - logsumexp(a), -log1p(sum(where(s > -800, exp(s)*(1 + r), exp(s)))))"
    )


# fmt: off
STABLE: dict[str, str | Callable[[int], str]] = {
    "gelu": "x = a*0.7071067811865476; r = fma(a, 0.7071067811865476, -x) - a*4.833646656726457e-17; "
            "where(-40 < a < 40, a*(erfc(-x) + 1.1283791670955126*exp(-(x*x))*r)/2, a*erfc(-x)/2)",
    "sinc": "t = a - round(a); where(-1 < a < 1, hyp0f1(1.5, -(pi*a)**2/4), "
            "where(mod(round(a), 2) == 0, 1, -1)*sin(pi*t)/pi/a)",
    "norm": lambda n: _tree("hypot", [f"a[{i}]" for i in range(n)]) if n > 1 else "abs(a[0])",
    "silu": "h = exp(a/2); t = a + 1.2784645427610737 + 1.0946994183093437e-16; where(-1.6 < a < -1, "
            "(t + expm1(-t))/(1 + exp(-a)) - 0.2784645427610738, where(a > -300, a/(1 + exp(-a)), a*h*h))",
    "logsumexp": f"top = detach(max(a)); {_RISEN}top + log(sum(risen))",
    "softmax": f"top = max(a); {_RISEN}risen/sum(risen)",
    "log_softmax": _log_softmax,
}
# fmt: on
"""Functions defined by others, by texts of the second column that lose no digits; of `n` entries, where a text depends
on how many. `gelu` knows what a/sqrt(2) was rounded by; `silu` counts from its lowest
point r, where exp(-r)*(1 + r) = -1, so that silu(r + t) = 1 + r + (t + expm1(-t))/(1 + exp(-r - t)); the largest entry is not detached in `softmax`, so that its own
tangent cancels exactly; `log_softmax` is a formula which nobody calls, but many write."""

PARAMETRIC_FUNCTIONS = ("polygamma", "hyp0f1")
"""Called with a literal first: polygamma(1, x), whose literal is a whole number, and hyp0f1(1.5, x), as SciPy has them."""

FUNCTIONS: dict[str, int] = {
    name: code
    for code, row in enumerate(PRIMITIVES)
    if row.cost != "free" or row.name == "detach"
    if row.name not in ("add", "sub", "mul", "div", "neg", "pow", "powc") and row.name not in PARAMETRIC_FUNCTIONS
    for name in (row.name, *row.aliases)
}
"""Primitives that are called by name in expressions, under every alias."""

VECTOR_FUNCTIONS = ("dot", "matmul", "outer", "sum", "prod", "mean", "transpose")
"""Functions of vectors and matrices, which the language takes apart into scalars; others are defined by these."""

"""Formulas in other programs' notations: each is read as that program means it, or refused where it is no formula."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from diffcli.core.primitives import FUNCTIONS
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError
from diffcli.syntax import elaborate
from diffcli.syntax.notations import NOTATIONS, excel, fpcore, marked, python, tex_commands, wolfram
from diffcli.syntax.reading import read
from diffcli.syntax.spellings import FUNCTION_NAMES
from diffcli.syntax.translation import Translation


def plain(text: str, notation: str, names: str = "x y") -> str:
    """The text in plain syntax, every product written."""
    _, translation = read(text, elaborate, names.split(), notation)
    return text if translation is None else translation.text


READINGS = {
    "tex": [
        (r"\frac{1}{2}mv^2", "(1/2)*m*v^2", "m v"),
        (r"\frac12x", "(1/2)*x", "x"),
        (r"x^{y^{z}}", "x^(y^z)", "x y z"),
        (r"x^2y", "x^(2)*y", "x y"),
        (r"\sqrt[5]{x}", "((x)^(1/5))", "x"),
        (r"\left\lfloor x \right\rfloor", "floor( x )", "x"),
        (
            r"\begin{cases} x, & x < 0 \\ x^2, & x \ge 0 \end{cases}",
            "(( x ) if ( x < 0 ) else ( x^2 ) if ( x >= 0 ) else (0/0))",
            "x",
        ),
        (r"\begin{pmatrix} x & 1 \\ 2 & y \end{pmatrix}", "[[ x ,  1 ], [ 2 ,  y ]]", "x y"),
        (r"\begin{bmatrix} x \\ y \end{bmatrix}", "[ x ,  y ]", "x y"),
        (r"x_{\text{max}}^2 + x_{12}", "x_max^2 + x_12", "x_max x_12"),
        (r"\operatorname{ReLU}(x)", "relu(x)", "x"),
        (r"\displaystyle x\,e^{-\lambda t}", " x*e^(-lambda*t)", "x lambda t"),
        (r"\max\{x, y\}", "max (x, y)", "x y"),
        (r"5!7!", "gamma(5 + 1)*gamma(7 + 1)", ""),
    ],
    "wolfram": [
        ("1/2 x", "1/2*x", "x"),
        ("x^2 y", "x^2*y", "x y"),
        ("ArcTan[x, y]", "atan2( y, x)", "x y"),
        ("Piecewise[{{x, x > 0}, {-x, x <= 0}}]", "((x) if ( x > 0) else (-x) if ( x <= 0) else (0))", "x"),
        ("\\[Alpha] x + 2.5*^3", "alpha*x + 2.5e3", "alpha x"),
        ("Piecewise[{{Max[x, 1], x > 0 && y > 1}}, 7]", "((max(x,  1)) if ( x > 0  and  y > 1) else ( 7))", "x y"),
        ("D[Sin[x] Exp[-2 x], {x, 2}]", "sin(x)*exp(-2*x)", "x"),
        ("Log[b, x] + 2 ArcTan[x, y]/Pi", "(log( x)/log(b)) + 2*atan2( y, x)/pi", "x y b"),
        ("Sinc[x]", "sinc((x)/pi)", "x"),
    ],
    "fpcore": [
        ("(FPCore (a b) (let ((a b) (b a)) (- a b)))", "a_2 = b; b_2 = a; (a_2 - b_2)", "a b"),
        ("(FPCore (a b) (let* ((a b) (b a)) (- a b)))", "a_2 = b; b_2 = a_2; (a_2 - b_2)", "a b"),
        ('(FPCore f (x) :pre (< 0 x 1) :name "a (b" (* x 1/3))', "(x * (1/3))", "x"),
        ("(FPCore (x) (fmax (fdim x 1) (- 0x1p-2)))", "max(max(x - 1, 0), (-0.25))", "x"),
        ("(FPCore ((! :precision binary64 x)) (+ x 1)) ; a remark", "(x + 1)", "x"),
    ],
    "excel": [
        ("=SUM(A1:B2)", "(A1 + B1 + A2 + B2)", "A1 B1 A2 B2"),
        ("=LOG(A1; 2)", "log2(A1)", "A1"),
        ("=$A$1*50%", "A1*(50/100)", "A1"),
        ("=IF(A1<>0; SIN(A1)/A1; 1)", "where(A1!=0,  sin(A1)/A1,  1)", "A1"),
        ("=AVERAGE(A1,B1,C1)", "((A1 + B1 + C1)/3)", "A1 B1 C1"),
    ],
    "python": [
        ("np.clip(x, 0, 1)", "clip(x,  0,  1)", "x"),
        ("x.pow(2).sum()", "sum(pow(x, 2))", "x"),
        ("lambda x, y: x if x > y else y", "x  if  x > y  else  y", "x y"),
        ("scipy.special.expit(x)", "expit(x)", "x"),
        ("math.log(x, 3)", "(log(x)/log( 3))", "x"),
        ("np.divide(x, y)", "((x)/( y))", "x y"),
        ("Piecewise((x**2, x > 0), (0, True))", "((x**2) if ( x > 0) else (0))", "x"),
    ],
    "asciimath": [
        ("root(5)(x)", "((x)^(1/5))", "x"),
        ("x xx y -: 2", "x * y / 2", "x y"),
    ],
}


@pytest.mark.parametrize(
    ("notation", "text", "wanted", "names"),
    [(notation, *row) for notation, rows in READINGS.items() for row in rows],
)
def test_readings(notation: str, text: str, wanted: str, names: str) -> None:
    shapes = {"x": (3,)} if ".sum()" in text else {}
    _, translation = read(text, lambda plain: elaborate(plain, shapes), names.split(), notation)
    assert (text if translation is None else translation.text) == wanted


REFUSED = {
    "tex": [
        r"2\frac{1}{2}",
        r"x^10",
        r"\int x dx",
        r"\lim_{x \to 0} x",
        r"\frac{x}",
        r"\left(x",
        r"x \le 1",
        r"\hat{x}",
        r"\foo x",
        r"\begin{cases} x & x>0",
        r"x)",
        r"{x",
        r"\pm x",
        r"\sqrt[n+1]{x}",
        r"\begin{tabular}",
        r"\right)",
        r"\end{cases}",
        "x_",
        "x^",
        r"\begin{cases} x \\ 1 \end{cases}",
    ],
    "wolfram": [
        "Sin[x",
        "f[x]",
        "x == 2",
        "I x",
        "Integrate[x, x]",
        "Sin[x] /. x -> 2",
        "2 + D[x, x]",
        "x]",
        "Sin[x, y]",
        "Foo[x]",
    ],
    "fpcore": [
        "(FPCore (x) (sin x)",
        "(FPCore (x) (foo x))",
        "(FPCore (x) (< x 1))",
        "(FPCore (x) (pow x))",
        "(FPCore (x) y)",
        "(+ x 1)",
        "(FPCore (x) (while (< x 1) ((x x (+ x 1))) x))",
        "(FPCore (x) ())",
        "(FPCore (x) (let ((y)) y))",
        "(FPCore (x)",
        "(FPCore",
    ],
    "excel": [
        "=SIN(A1",
        "=FOO(A1)",
        "=-A1^2",
        "=VLOOKUP(A1,B1:B9,2)",
        "=(A1+1)%",
        '="a"',
        "=A1)",
        "=SIN(A1:A3)",
        "=POWER(A1)",
    ],
    "python": [
        "print(x)",
        "[v for v in x]",
        "x // 2",
        "x % 2",
        "__import__('os')",
        "x.foo()",
        "np.linalg.eig(x)",
        "np.sin(x",
        "np.foo",
    ],
    "asciimath": ["int x dx", "x < 1", "lim x", "sum x"],
}


@pytest.mark.parametrize(("notation", "text"), [(name, text) for name, texts in REFUSED.items() for text in texts])
def test_what_is_refused_has_a_place_and_a_way_out(notation: str, text: str) -> None:
    with pytest.raises(DiffError) as error:
        plain(text, notation, "x y A1")
    assert error.value.hint or error.value.kind not in ("notation", "ambiguous")
    assert error.value.source == text
    start, end = error.value.span or (0, 0)
    assert 0 <= start < max(end, 1)
    assert start <= len(text)


@pytest.mark.parametrize(
    ("notation", "text", "under"),
    [
        ("tex", r"\frac{\sin x}{1 + \cosq x}", r"\cosq"),
        ("wolfram", "1 + Foo[x]", "Foo"),
        ("fpcore", "(FPCore (x) (+ (foo x) 1))", "foo"),
        ("excel", "=A1 + FOO(A1)", "FOO"),
        ("python", "np.exp(x) + np.foo(x)", "np.foo"),
        ("asciimath", "x + int x", "int"),
        ("tex", r"\frac{z}{2} + x", "z"),
        ("wolfram", "Sin[x] + zz", "zz"),
        ("python", "np.sin(x) + zz", "zz"),
    ],
)
def test_carets_stand_where_it_was_typed(notation: str, text: str, under: str) -> None:
    def understand(formula: str) -> None:
        for name in elaborate(formula).variables:
            if name not in ("x", "A1"):
                start = formula.index(name)
                raise DiffError("no value", formula, (start, start + len(name)))  # type: ignore[arg-type]

    with pytest.raises(DiffError) as error:
        read(text, understand, ["x", "A1"], notation)
    start, end = error.value.span or (0, 0)
    assert text[start:end].startswith(under)


@pytest.mark.parametrize("depth", [2_000, 20_000])
@pytest.mark.parametrize(
    ("notation", "opening", "inside", "closing"),
    [
        ("tex", "{", "x", "}"),
        ("tex", r"\sqrt{", "x", "}"),
        ("tex", r"\left(", "x", r"\right)"),
        ("tex", "x^{", "x", "}"),
        ("tex", r"\frac{", "x", "}{2}"),
        ("wolfram", "Sin[", "x", "]"),
        ("wolfram", "(", "x", ")"),
        ("excel", "SIN(", "A1", ")"),
        ("python", "np.sin(", "x", ")"),
        ("asciimath", "(", "x", ")"),
        ("fpcore", "(- ", "x", ")"),
    ],
)
def test_nothing_recurses(notation: str, opening: str, inside: str, closing: str, depth: int) -> None:
    text = opening * depth + inside + closing * depth
    text = f"(FPCore (x) {text})" if notation == "fpcore" else text
    translation = NOTATIONS[notation].translate(text)
    assert len(translation.starts) == len(translation.text) + 1
    assert translation.text.count("(") == translation.text.count(")") >= depth - 1


def test_every_function_of_a_notation_is_one_of_ours() -> None:
    """A template names nothing that the language lacks, but for what comes with it."""
    lacking = {"nthroot", "det", "sech", "csch", "coth"}
    tables = {
        "wolfram": wolfram.TEMPLATES,
        "excel": excel.TEMPLATES,
        "fpcore": fpcore.FUNCTIONS,
        "python": python.TEMPLATES,
    }
    for notation, templates in tables.items():
        for name, template in templates.items():
            for text in template.values() if isinstance(template, dict) else [template]:
                if isinstance(text, str):
                    head = text.split("(")[0]
                    assert not head.isidentifier() or head in {*FUNCTION_NAMES, *lacking, "pi"}, (notation, name)
    assert set(tex_commands.FUNCTIONS.values()) <= {*FUNCTION_NAMES, *lacking}


@pytest.mark.parametrize("notation", ["tex", "wolfram", "fpcore"])
def test_the_elementary_functions_are_in_every_notation(notation: str) -> None:
    elementary = {
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "exp",
        "log",
        "sqrt",
        "abs",
        "floor",
        "max",
        "min",
    }
    table = {"tex": tex_commands.FUNCTIONS, "wolfram": wolfram.TEMPLATES, "fpcore": fpcore.FUNCTIONS}[notation]
    found = set(map(str, table.values())) | {
        text for row in table.values() if isinstance(row, dict) for text in row.values()
    }
    if notation == "tex":
        found = {{"arcsin": "asin", "arccos": "acos", "arctan": "atan", "ln": "log"}.get(name, name) for name in found}
    assert elementary <= found
    assert elementary <= set(FUNCTIONS)


@pytest.mark.parametrize(
    "text", ["2*x", "x**2", "a = x*y; a + 1", "[x, y]", "where(x > 0, x, -x)", "x if x > 0 else y", "v[0]", "sin(x)"]
)
def test_plain_texts_have_no_mark(text: str) -> None:
    assert marked(text) is None


def test_random_texts_end_in_a_reading_or_an_error() -> None:
    rng = random.Random(7)
    alphabet = [
        *"xy12+-*/^(){}[],;=!&|'\"_ \\<>",
        r"\frac",
        r"\sqrt",
        r"\left",
        r"\right",
        r"\begin{cases}",
        r"\end{cases}",
        r"\\",
        "Sin[",
        "np.",
        "SIN(",
        "(FPCore (x) ",
        "let",
        "(+ ",
        "D[",
        "A1",
        ":",
        ".sum()",
        r"\text{a}",
        "if",
        "lambda x:",
    ]
    for _, (name, notation) in itertools.product(range(1_500), NOTATIONS.items()):
        text = "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 12)))
        length, starts = _outcome(notation.translate, text)
        assert length == starts, (name, text)


def _outcome(translate: Callable[[str], Translation], text: str) -> tuple[int, int]:
    """How long a translation is, and how many places it has; of a fault where it stands, twice if that is within."""
    try:
        found = translate(text)
    except DiffError as error:
        start, end = error.span or (0, 0)
        return start, min(max(start, 0), len(text), max(end, 0))
    return len(found.text) + 1, len(found.starts)


def test_arguments_that_are_not_read_are_variables_too() -> None:
    case = make_case("(FPCore (a b) (let* ((a b) (b a)) (- a b)))", {"a": 0.5, "b": 2.0})
    assert case.wrt == ("a", "b")
    assert make_case("(FPCore (a b) b)", {"a": 0.5, "b": 2.0}, ["b"]).wrt == ("b",)

"""Texts of expressions: valid, with one fault at a known place, mutated, of any characters, long, nested.

Oracles: nothing but `DiffError` comes out; its span lies in the text and its caret stands under it; a planted fault is
pointed at; what is understood is written back to the same program, and passes keep its values.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from random import Random

from diffcli.core import passes
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import PRIMITIVES
from diffcli.core.program import count, validate
from diffcli.numbers.float64 import FLOAT64
from diffcli.runtime import errors
from diffcli.runtime.errors import DiffError
from diffcli.syntax import Expression, elaboration, rendering
from fuzz import Area, Case, Found, expect
from fuzz.grammar import SCALARS, Writer, tokens

ODD = [
    *map(chr, range(32)), "\x7f", "\x85", "\x9b", "\xa0", "\u2028", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800",
    *"\U0001f600²×−θ变ﬁ½٣éе√π∞，（|$\\{}'\"`%&~?!:.",
]  # fmt: skip
"""Characters that few expect: controls, marks of direction, halves, look-alikes, other alphabets."""
PIECES = (
    "x", "y", "z", "e", "pi", "inf", "sin", "cos", "log", "where", "if", "else", "and", "or", "not", "lambda", "import",
    "__class__", "0", "1", "2.5", "1e999", "1e-999", ".5", "1_0", "1__0", "0x1F", "1e", *"+-*/^()[],;=<@#|'.: \n", "**",
    "==", "<=", "!=", "sin(", "norm(", "[[", "]]", "polygamma(",
)  # fmt: skip
NEVER = "?§`~¿"
"""Characters that are no part of any expression."""


def draw(rng: Random) -> Case:
    """A case: the text; and where a fault was planted, which and the spans that may be blamed."""
    return rng.choices(
        (_valid, _planted, _mutated, _soup, _odd, _nested, _long), (20, 25, 25, 20, 7, 2, 1)
    )[0](rng)  # fmt: skip


def _text(rng: Random, depth: int | None = None) -> str:
    return Writer(rng).program(rng.randint(0, 4) if depth is None else depth)


def _valid(rng: Random) -> Case:
    return {"text": _text(rng), "valid": True}


def _soup(rng: Random) -> Case:
    between = rng.choice(("", " "))
    return {"text": between.join(rng.choice(PIECES) for _ in range(rng.randint(0, 12)))}


def _odd(rng: Random) -> Case:
    return {
        "text": "".join(rng.choice(ODD) if rng.random() < 0.6 else rng.choice(PIECES) for _ in range(rng.randint(0, 9)))
    }


def _mutated(rng: Random) -> Case:
    parts = list(_text(rng, rng.randint(0, 3)))
    for _ in range(rng.randint(1, 3)):
        place = rng.randint(0, len(parts))
        change = rng.randrange(4)
        if change == 0:
            del parts[place : place + rng.randint(1, 4)]
        elif change == 1:
            parts.insert(place, rng.choice(ODD))
        elif change == 2:
            parts.insert(place, rng.choice(PIECES))
        else:
            parts[place : place + 1] = parts[place : place + 1] * 2
    return {"text": "".join(parts)}


def _nested(rng: Random) -> Case:
    depth = rng.choice((50, 400, 3000))
    opening, closing = rng.choice(
        (("(", ")"), ("[", "]"), ("sin(", ")"), ("-", ""), ("x^", ""), ("not ", ""), ("x+(", ")"), ("1 if x else ", ""))
    )
    return {"text": opening * depth + "x" + closing * (depth - rng.choice((0, 0, 1)))}


def _long(rng: Random) -> Case:
    return {
        "text": rng.choice(("+", "*", "-", " - ", "/")).join(
            rng.choice(("x", "sin(x)", "y^2", "2")) for _ in range(rng.choice((300, 2000)))
        )
    }


def _planted(rng: Random) -> Case:
    """One fault in a valid text of tokens with blanks between them, and the tokens that may be blamed for it."""
    parts = tokens(Writer(rng).scalar(rng.randint(1, 3)))
    fault = rng.choice(("character", "function", "operator", "operand", "close", "open"))
    blamed: set[int]
    if fault == "character":
        place = rng.randint(0, len(parts))
        parts.insert(place, rng.choice(NEVER))
        blamed = {place}
    elif fault == "function":
        places = [
            k
            for k, (a, b) in enumerate(itertools.pairwise(parts))
            if b == "(" and a.isidentifier() and len(a) > 2 and a not in _WORDS
        ]
        if not places:
            return {"text": " ".join(parts), "valid": True}
        place = rng.choice(places)
        parts[place] = "zq" + parts[place] + "qz"
        blamed = {place}
    elif fault == "operator":
        places = [k for k, part in enumerate(parts) if part in ("+", "-", "*", "/")]
        place = rng.choice(places) if places else len(parts) - 1
        parts.insert(place + 1, rng.choice(("/", "*", ",", "==", ")") if places else ("/", "*")))
        blamed = {place, place + 1, place + 2}
        if parts[place + 1] in (",", ")"):
            blamed |= {k for k, part in enumerate(parts) if part in (")", "]", ",") or part.isidentifier()}
            blamed.add(len(parts))
    elif fault == "operand":
        parts.append(rng.choice(("+", "*", "/", "-", "^", "<", "and")))
        blamed = {len(parts) - 1, len(parts)}
    elif fault == "close":
        parts.append(")")
        blamed = {len(parts) - 1}
    else:
        parts.insert(0, "(")
        blamed = {0, len(parts)}
    return {"text": " ".join(parts), "fault": fault, "blamed": sorted(blamed)}


_WORDS = ("and", "not", "else")


# --- oracles
def check(case: Case) -> Counter[str]:
    text = case["text"]
    given: dict[str, tuple[int, ...]] = {**dict.fromkeys(SCALARS, ()), "v": (3,), "M": (2, 2)}
    try:
        expression = elaboration.elaborate(text, given)
    except DiffError as error:
        expect("valid" not in case, "a valid text is understood", error.report())
        check_error(error, text)
        if "fault" in case:
            _check_blame(error, text, case["blamed"])
        return Counter({"refused": 1, f"fault: {case.get('fault', 'any')}": 1})
    expect(
        case.get("fault") not in ("character", "function", "operand", "close", "open"),
        "a planted fault is refused",
        text,
    )
    return _check_understood(expression)


def check_error(error: DiffError, text: str) -> None:
    """What holds of every error: three parts, a place in the text, a caret under it, nothing raw."""
    expect(error.message.strip(), "an error has a message")
    report = error.report()
    expect(all(char == "\n" or errors._shows(char) for char in report), "an error shows nothing raw", repr(report))
    if error.span is None or error.source is None:
        return
    start, stop = error.span
    expect(0 <= start < stop <= len(error.source) + 1, "a span lies in its text", (error.span, len(error.source)))
    expect(error.source == text, "an error is about the text", error.source)
    if text.isascii() and text.isprintable() and text.rstrip() == text and len(text) <= errors.LONGEST_LINE:
        shown = [f"  {text}", "  " + " " * start + "^" * max(1, min(stop, len(text)) - start)]
        expect(report.split("\n")[1:3] == shown, "the caret stands under the span", report)


def _check_blame(error: DiffError, text: str, blamed: list[int]) -> None:
    """That the span touches one of the tokens that may be blamed."""
    expect(error.span is not None and error.source is not None, "a planted fault has a place", error.report())
    assert error.span
    stand = []
    at = 0
    for part in text.split(" "):
        stand.append((at, at + len(part)))
        at += len(part) + 1
    stand.append((len(text), len(text) + 1))
    touched = [k for k, (start, stop) in enumerate(stand) if error.span[0] < stop and start < error.span[1]]
    expect(set(touched) & set(blamed), "a planted fault is pointed at", error.report())


def _check_understood(expression: Expression) -> Counter[str]:
    program = expression.program
    validate(program)
    met = Counter(f"primitive: {PRIMITIVES[code].name}" for code in set(program.ops))
    met["understood"] = 1
    point = [0.25 + 0.5 * k for k in range(len(program.inputs))]
    values = evaluate(program, point, FLOAT64)
    again = evaluate(passes.share(passes.prune(program)), point, FLOAT64)
    expect(all(map(_same, values, again)), "passes keep values", (values, again))
    if len(program.outputs) == 1 and all("[" not in name for name in program.inputs):
        text = rendering.render(program, expression.bindings)
        try:
            back = elaboration.elaborate(text, dict.fromkeys(program.inputs, ()))
        except DiffError as error:
            raise Found("what is written back is understood", error.report()) from None
        there = dict(zip(program.inputs, point, strict=True))
        expect(set(back.program.inputs) <= set(there), "what is written back has the same variables", text)
        value = evaluate(back.program, [there[name] for name in back.program.inputs], FLOAT64)[0]
        expect(_same(value, values[0]), "what is written back has the same value", text)
        expect(count(back.program) == count(program), "what is written back costs the same", text)
        expect(rendering.render(back.program, back.bindings) == text, "what is written back is written so again", text)
        met["written back"] = 1
    return met


def _same(a: float, b: float) -> bool:
    return a == b and math.copysign(1, a) == math.copysign(1, b) or a != a and b != b


AREA = Area(draw, check, 1.0)

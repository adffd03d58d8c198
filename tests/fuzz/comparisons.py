"""Whole comparisons: a random expression at a point, a kind of derivative, methods, numbers, columns of rules.

Oracles: nothing but `DiffError`; JSON with every field of the contract; the truth's status agrees with its parts;
errors measured again from the decimals; the programs of forward and reverse mode, evaluated in balls, hold the proved
derivative; difference quotients with many digits; the same question has the same answer and costs.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

import mpmath
from oracle import HighPrecision, NoValue, in_balls

from diffcli.comparison.compare import compare
from diffcli.comparison.result import Comparison, Settings
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import PRIMITIVES
from diffcli.methods import METHODS
from diffcli.methods.derive import derived
from diffcli.problem.asked import Asked
from diffcli.problem.point import read_point
from diffcli.problem.understanding import make_case
from diffcli.reports.comparison.json import line
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Expired
from diffcli.truth.accuracy import tight
from diffcli.truth.series import Unresolved
from fuzz import Area, Case, expect
from fuzz.grammar import KINKS, ORDINARY, Writer
from fuzz.texts import check_error

SYMBOLIC = 0.005
"""The share of cases in which SymPy is asked: it takes most of the time."""
SECONDS = 2.0

OUR_OWN = tuple(
    name for name, method in METHODS.items() if method.needs is None and name != "symbolic"
)  # fmt: skip


def draw(rng: Random) -> Case:
    writer = Writer(rng)
    text = writer.program(rng.choice((1, 2, 2, 3, 3, 4)))
    kind = ORDINARY if rng.random() < 0.6 else KINKS
    asked = _asked(rng, text)
    methods = [*rng.sample(OUR_OWN, rng.randint(0, 2)), *(["symbolic"] if rng.random() < SYMBOLIC else [])]
    usual = [] if "order" in asked or "hvp" in asked else ["forward", "reverse"]
    return {
        "text": text,
        "at": writer.point(kind),
        "ordinary": kind == ORDINARY,
        "asked": asked,
        "methods": list(dict.fromkeys([*usual, *methods])) or ["forward-over-reverse"],
        "wrt": sorted(writer.read)[:1] if rng.random() < 0.15 else [],
        "dtype": "float32" if rng.random() < 0.1 else "float64",
        "rules": "stable" if rng.random() < 0.1 else "textbook",
        "share": rng.random() < 0.1,
    }


def _asked(rng: Random, text: str) -> dict[str, Any]:
    chance = rng.random()
    if chance < 0.6:
        return {}
    if chance < 0.7:
        return {"order": 2}
    if chance < 0.75:
        return {"order": rng.choice((3, 4, 5))}
    vector = ", ".join(rng.choice(("1", "-2", "0.5", "0", "3")) for _ in range(rng.choice((1, 1, 2, 2, 3))))
    name = rng.choice(("jvp", "vjp", "hvp"))
    return {
        name: vector if name != "vjp" or "]" in text[-1:] else "2",
        **({"unit": True} if name == "jvp" and rng.random() < 0.2 else {}),
    }


def check(case: Case) -> Counter[str]:
    try:
        found, settings = _compared(case)
    except DiffError as error:
        if error.source == case["text"]:
            check_error(error, case["text"])
        return Counter({f"refused: {error.kind}": 1})
    met = Counter({f"kind: {found.case.wanted.kind}": 1, f"truth {found.truth.status}": 1})
    met.update(f"method: {row.method}" for row in found.measurements)
    met.update(f"primitive: {PRIMITIVES[code].name}" for code in set(found.case.expression.program.ops))
    content = check_json(found, case)
    check_status(content)
    check_errors(content, found)
    if case["ordinary"] and _lot(case, 4) and not _late(found):
        again = _compared(case)[0]
        if not _late(again):  # near its limit a question may be answered once, and not the next time
            _check_same(found, again)
            met["asked twice"] = 1
    if case["ordinary"] and found.truth.status == "certified" and settings.rules == "textbook":
        for name in case["methods"]:
            met["programs in balls"] += _check_programs(found, name, settings)
        if _lot(case, 6):
            met["difference quotients"] += _check_quotients(found)
    return met


def _late(found: Comparison) -> bool:
    return any(row.verdict == "timeout" for row in found.measurements) or found.truth.status == "unavailable"


def _lot(case: Case, of: int) -> bool:
    """One case in so many, always the same."""
    return sum(case["text"].encode("utf-8", "replace")) % of == 0


def _compared(case: Case) -> tuple[Comparison, Settings]:
    settings = Settings(
        tuple(case["methods"]), SECONDS, share=case["share"], dtype=case["dtype"], rules=case["rules"]
    )  # fmt: skip
    asked = Asked(**case["asked"])
    asked.check()
    made = make_case(case["text"], read_point(case["at"]), case["wrt"] or None, asked=asked)
    return compare(made, settings), settings


# --- JSON
FIELDS = [
    "schema",
    "id",
    "line",
    "expression",
    "status",
    "error",
    "wrt",
    "at",
    "kind",
    "notes",
    "value",
    "cost",
    "truth",
    "methods",
]
TRUTH = ["status", "bits", "value", "derivative", "left", "right", "reason"]
METHOD = [
    "method",
    "verdict",
    "message",
    "value",
    "derivative",
    "errors",
    "max_ulp",
    "bits",
    "cost",
    "seconds",
    "setup_seconds",
]
OPS = ["add", "neg", "mul", "div", "pow", "func", "total"]
STATUSES = ("certified", "not-differentiable", "undefined", "undecided", "unavailable")
VERDICTS = ("ok", "kink", "inaccurate", "nonfinite", "domain", "disagree", "no-truth",
            "unsupported", "timeout", "failed")  # fmt: skip


def check_json(found: Comparison, case: Case) -> Any:
    text = line(found)
    expect("\n" not in text, "JSON stands on one line")
    content = json.loads(text, parse_constant=lambda name: expect(False, "JSON has no such number", name))
    _has(content, FIELDS, "the comparison")
    _has(content["truth"], TRUTH, "the truth")
    expect(content["truth"]["status"] in STATUSES, "the truth's status is known", content["truth"]["status"])
    expect([row["method"] for row in content["methods"]] == case["methods"], "every method has its row")
    for row in content["methods"]:
        _has(row, METHOD, row["method"])
        expect(row["verdict"] in VERDICTS, "a verdict is known", row["verdict"])
        expect(row["verdict"] != "failed" or row["method"] == "symbolic", "a method of our own does not fail", row)
        if row["cost"]:
            _check_cost(row["cost"])
    _check_cost(content["cost"])
    expect(content["expression"] == case["text"], "the expression comes back")
    return content


def _has(content: dict[str, Any], names: Sequence[str], where: str) -> None:
    missing = [name for name in names if name not in content]
    expect(not missing, "JSON has every field", f"{where}: {missing}")


def _check_cost(cost: dict[str, int]) -> None:
    _has(cost, OPS, "cost")
    expect(cost["total"] == sum(cost[name] for name in OPS[:-1]), "a total is the sum of its parts", cost)


# --- the truth and its parts
def check_status(content: Any) -> None:
    truth = content["truth"]
    status, entries = truth["status"], _flat(truth["derivative"])
    seen = f"{content['expression']} at {content['at']}: {truth}"
    if status == "certified":
        expect(
            entries is not None and None not in entries and truth["value"] is not None, "certified entries exist", seen
        )
        expect("undecided" not in truth, "certified entries are decided", seen)
    elif status == "not-differentiable":
        expect(
            entries is not None and None in entries and truth["value"] is not None, "some entry does not exist", seen
        )
        expect(truth["left"] is not None and truth["right"] is not None, "there are sides", seen)
        expect(truth["reason"], "there is a reason", seen)
    elif status == "undefined":
        expect(
            entries is None and truth["value"] is None and truth["reason"],
            "where nothing is defined, nothing is told",
            seen,
        )
    elif status == "undecided":
        expect(entries is None or truth.get("undecided"), "undecided entries are named", seen)
        expect(truth["reason"], "there is a reason", seen)
    for row in content["methods"]:
        if row["verdict"] in ("timeout", "unsupported", "failed"):
            continue
        expect(
            (row["verdict"] == "domain") == (status == "undefined"), "domain is where the function is undefined", seen
        )
        known = row["verdict"] in ("no-truth", "disagree")
        expect(not (known and status in ("certified", "undefined")), "verdicts by truth where there is one", seen)
        expect(row["verdict"] != "kink" or status != "certified", "no kink where the derivative exists", seen)


def _flat(entries: Any) -> list[Any] | None:
    if entries is None:
        return None
    return (
        [entries]
        if not isinstance(entries, list)
        else [x for part in entries for x in ([None] if part is None else _flat(part) or [])]
    )


def check_errors(content: Any, found: Comparison) -> None:
    """Ulps counted again from the decimals, in exact arithmetic."""
    truth = content["truth"]
    if truth["status"] != "certified" or found.digits != 53:
        return
    exact = _flat(truth["derivative"]) or []
    for row in content["methods"]:
        if row["derivative"] is None:
            continue
        results, errors = _flat(row["derivative"]) or [], _errors(row["errors"])
        expect(len(exact) == len(results) == len(errors), "every entry has an error", row)
        for result, error, decimal in zip(results, errors, exact, strict=True):
            _check_ulps(result, error, decimal, row)
        within = row["max_ulp"] != "Infinity" and row["max_ulp"] <= found.tolerance
        expect((row["verdict"] == "ok") == within, "the verdict is that of the worst entry", row)


def _errors(errors: Any) -> list[Any]:
    return [errors] if isinstance(errors, dict) else [x for part in errors for x in _errors(part)]


def _check_ulps(result: Any, error: Any, decimal: Any, row: Any) -> None:
    if not isinstance(result, float | int) or not isinstance(error["ulp"], float | int) or "scale" in error:
        return
    if abs(int(decimal.partition("e")[2] or 0)) > 400:
        return
    target = Fraction(decimal)
    near = _nearest(target)
    if not math.isfinite(near) or not target:
        return
    ulps = abs(Fraction(result) - target) / Fraction(math.ulp(near))
    slack = Fraction(1, 10**6) * (1 + ulps)
    expect(abs(ulps - Fraction(error["ulp"])) <= slack, "ulps are those of the decimals", (float(ulps), row))


def _nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _check_same(found: Comparison, again: Comparison) -> None:
    expect(found.truth.status == again.truth.status, "the same question has the same truth")
    for a, b in zip(found.measurements, again.measurements, strict=True):
        expect(a.verdict == b.verdict and a.cost == b.cost, "the same question has the same costs", (a, b))
        expect(repr(a.derivative) == repr(b.derivative), "the same question has the same answer", (a, b))


# --- the programs of the modes
EXACT = ("forward", "reverse", "forward-over-forward", "forward-over-reverse", "reverse-over-forward", "taylor")
"""Methods whose programs compute the derivative itself, were it not for rounding."""


def _check_programs(found: Comparison, name: str, settings: Settings) -> bool:
    """Whether a mode's programs were evaluated in balls; then these hold the proved derivative."""
    case = found.case
    if name not in EXACT or case.wanted.unit or case.wanted.kind not in METHODS[name].kinds:
        return False
    problem = replace(case.problem, rules=settings.rules)
    try:
        derivation = derived(name, problem)[0]
        results = [in_balls(sweep, problem.point) for sweep in derivation.sweeps]
    except (Unresolved, Expired, NotImplementedError, MemoryError):
        return False
    except Exception as error:
        if type(error).__name__ in ("Undefined", "Singular", "Undecided"):
            return False
        raise
    entries = derivation.gathered(results, len(problem.program.outputs))
    for entry, exact in zip(entries, found.truth.derivative or (), strict=True):
        if entry.is_finite() and (entry.is_zero() or tight(entry)) and exact is not None:
            expect(
                entry.overlaps(exact),
                "a mode's program is the derivative",
                f"{name}: {entry} {exact} {case.expression.source} {case.at}",
            )
    return True


# --- difference quotients
@cache
def _precise() -> HighPrecision:
    return HighPrecision()


SLOW = {"polygamma", "digamma", "gamma", "lgamma", "hyp0f1", "detach"}
"""What mpmath needs long for; and what numbers cannot tell."""


def _check_quotients(found: Comparison) -> bool:
    """Whether a first derivative was held against a central difference with a hundred digits."""
    case, truth = found.case, found.truth
    problem = case.problem
    program = problem.program
    if case.wanted.kind != "gradient" or {PRIMITIVES[code].name for code in program.ops} & SLOW:
        return False
    with mpmath.workdps(120), suppress(NoValue, ZeroDivisionError, ValueError, OverflowError, TypeError):
        value = _precise().along(program, problem.point, [])
        if not _moderate(value):
            return False
        for place, i in enumerate(problem.wrt):
            ends = []
            for side in (1, -1):
                at = [mpmath.mpf(x) for x in problem.point]
                at[i] += side * mpmath.mpf(2) ** -110
                ends.append(evaluate(program, at, _precise())[0])
            quotient = (ends[0] - ends[1]) * mpmath.mpf(2) ** 109
            exact = mpmath.mpf(str((truth.derivative or ())[place].str(30, radius=False)))
            near = abs(quotient - exact) <= mpmath.mpf(10) ** -15 * (1 + abs(exact) + abs(value))
            if _moderate(exact):
                expect(
                    near,
                    "the truth is the limit of quotients",
                    f"{case.expression.source} {case.at}: {quotient} {exact}",
                )
        return True
    return False


def _moderate(x: Any) -> bool:
    return not isinstance(x, mpmath.mpc) and mpmath.isfinite(x) and abs(x) < 1e12


AREA = Area(draw, check, 3.0)

"""The oracle of the acceptance cases: a case and the row that came back for it -> complaints.

It knows the format of the answer and the truth of the case, 40 digits made elsewhere, and computes with `decimal`
only. It must not know the package: what it judges cannot help to judge it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

Case = dict[str, Any]
Row = dict[str, Any]
Complaint = tuple[str, str]
"""(aspect, what does not hold)"""

ASPECTS = ("parsed", "truth", "answered", "honest", "counted")
METHODS = ("symbolic", "forward", "reverse")
COST_CLASSES = ("add", "neg", "mul", "div", "pow", "func")
NO_ANSWER = ("failed", "timeout", "unsupported", None)
INFINITE = {"inf": "Infinity", "-inf": "-Infinity"}
NONFINITE = ("NaN", "Infinity", "-Infinity")

TOLERANCE = 1024
"""Ulps within which a result is `ok`."""
AGREEMENT = Decimal(10) ** -25
"""Relative distance within which a digit string is the truth."""
LARGEST = Decimal(sys.float_info.max)


def read(path: Path) -> list[Case]:
    """The objects of a file, one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def load(path: Path) -> list[Case]:
    """The cases of a file that have an expression (some lessons are descriptions)."""
    return [case for case in read(path) if "expr" in case]


def batch_row(case: Case) -> str:
    """What the program under test is given of a case: the question, and nothing of the answer."""
    return json.dumps({key: case[key] for key in ("id", "expr", "at", "wrt")}, ensure_ascii=False)


def judge(case: Case, row: Row | None) -> list[Complaint]:
    """Everything that does not hold of `row`, the answer to `case`."""
    if row is None:
        return [("parsed", "no row came back")]
    with localcontext(prec=60):
        found = [("parsed", text) for text in parsed(case, row)]
        if found:
            return found
        found += [("truth", text) for text in truth(case, row)]
        found += [("answered", text) for text in answered(row)]
        found += [("counted", text) for text in counted(row)]
        found += [("honest", text) for text in honest(case, row)]
    return found


# --- what a case says
def known(case: Case) -> list[str | None]:
    """The derivatives, in the order of `wrt`; None where there is none."""
    return [case["gradient"][name] for name in case["wrt"]]


def expected_status(case: Case) -> str:
    if case["value"] is None:
        return "undefined"
    return "not-differentiable" if None in known(case) else "certified"


def status_as_read(case: Case, row: Row) -> str:
    """The status that is right for `row`: at the border of a domain, two readings are sound."""
    given = (row.get("truth") or {}).get("status")
    one_sided = "border" in (case.get("status") or {}).values()
    return given if one_sided and given == "not-differentiable" else expected_status(case)


# --- aspects
def parsed(case: Case, row: Row) -> Iterator[str]:
    """Status ok, the same id, the variables in the order asked for."""
    if row.get("status") != "ok":
        yield f"status {row.get('status')}: {(row.get('error') or {}).get('message')}"
        return
    for key in ("id", "wrt"):
        if row.get(key) != case[key]:
            yield f"{key} {row.get(key)} instead of {case[key]}"


def truth(case: Case, row: Row) -> Iterator[str]:
    """Certified and right to 25 digits, or the right kind of "no derivative here" with its one-sided derivatives."""
    given, wrt, kinds = row.get("truth") or {}, case["wrt"], case.get("status") or {}
    wanted = status_as_read(case, row)
    if given.get("status") != wanted:
        yield f"status {given.get('status')} ({given.get('reason')}) instead of {wanted} {kinds}"
        return
    if wanted == "undefined":
        return
    if not same(given.get("value"), case["value"]):
        yield f"value {given.get('value')} instead of {case['value']}"
    sides = {side: given.get(side) or [None] * len(wrt) for side in ("left", "right")}
    entries = given.get("derivative") or [None] * len(wrt)
    for i, (name, derivative) in enumerate(zip(wrt, known(case), strict=True)):
        if derivative is not None and not same(entries[i], derivative):
            yield f"d/d{name} {entries[i]} instead of {derivative}"
        if kinds.get(name) in ("kink", "vertical"):
            for side, values in sides.items():
                limit = case["one_sided"][name][side]
                if limit is not None and not same(values[i], limit):
                    yield f"{side} derivative in {name}: {values[i]} instead of {limit}"


def answered(row: Row) -> Iterator[str]:
    """Every method gives a verdict other than failed, timeout, unsupported."""
    methods = row.get("methods") or []
    present = [method.get("method") for method in methods]
    for name in METHODS:
        if name not in present:
            yield f"no row for {name}"
    for method in methods:
        if method.get("verdict") in NO_ANSWER:
            yield f"{method.get('method')}: {method.get('verdict')}: {method.get('message')}"


def counted(row: Row) -> Iterator[str]:
    """Every method that answers has a cost whose classes add up."""
    for method in answers(row):
        cost = method.get("cost") or {}
        if set(COST_CLASSES) - set(cost) or sum(cost[name] for name in COST_CLASSES) != cost.get("total"):
            yield f"{method['method']}: cost {cost}"


def honest(case: Case, row: Row) -> Iterator[str]:
    """Every reported error is the distance of the reported number from the truth; the verdict follows from them."""
    certified = status_as_read(case, row) == "certified"
    for method in answers(row):
        name, verdict = method["method"], method["verdict"]
        if not certified:
            if verdict == "ok":
                yield f"{name}: ok where there is no derivative"
            continue
        derivative, errors = method.get("derivative"), method.get("errors")
        if derivative is None or errors is None or not len(derivative) == len(errors) == len(case["wrt"]):
            yield f"{name}: derivative {derivative}, errors {errors}"
            continue
        worst, finite = Decimal(0), True
        for variable, number, error, exact in zip(case["wrt"], derivative, errors, known(case), strict=True):
            wanted = Decimal(exact)
            if abs(wanted) > LARGEST:
                finite &= number == ("Infinity" if wanted > 0 else "-Infinity")
            elif number in NONFINITE:
                finite = False
            else:
                scale = None if wanted else (error or {}).get("scale")
                if scale is not None and not 0 < scale <= 1e12 * largest(case, row):
                    yield f"{name}: scale {scale} in {variable} is beyond all terms of this expression"
                ulps = ulps_between(number, wanted, scale)
                worst = max(worst, ulps)
                if not states(error.get("ulp"), ulps):
                    yield f"{name}: states {error.get('ulp')} ulps in {variable}, it is {ulps:.4g}"
        right = "nonfinite" if not finite else "ok" if worst <= TOLERANCE else "inaccurate"
        if verdict != right and abs(worst - TOLERANCE) > 1:
            yield f"{name}: verdict {verdict}, it is {right} ({worst:.3g} ulps)"


# --- numbers
def answers(row: Row) -> list[dict[str, Any]]:
    return [method for method in row.get("methods") or [] if method.get("verdict") not in NO_ANSWER]


def same(given: object, exact: str) -> bool:
    """Whether a digit string is `exact` to 25 digits."""
    if exact in INFINITE:
        return given == INFINITE[exact]
    if not isinstance(given, str | int | float) or given in NONFINITE:
        return False
    try:
        number = Decimal(given)
    except ArithmeticError:
        return False
    wanted = Decimal(exact)
    return abs(number - wanted) <= AGREEMENT * abs(wanted)


def ulps_between(number: float, exact: Decimal, scale: float | None = None) -> Decimal:
    """|number - exact| in units of the spacing of float64 at `exact`, or at `scale`, where that is 0."""
    return abs(Decimal(number) - exact) / Decimal(math.ulp(scale or float(exact)))


def largest(case: Case, row: Row) -> float:
    """The largest of 1, the value and the entries of the point."""
    points = [part for at in case["at"].values() for part in (at if isinstance(at, list) else [at])]
    return max(1.0, abs(float(row.get("value") or 0)), *(abs(float(x)) for x in points))


def states(stated: object, ulps: Decimal) -> bool:
    """Whether a stated error is the true one, to one part in a hundred or a hundredth of an ulp."""
    if stated == "Infinity":
        return ulps > Decimal("1e308")
    if not isinstance(stated, int | float):
        return False
    return abs(Decimal(stated) - ulps) <= Decimal("0.01") * ulps + Decimal("0.01")

"""Expression swell: SymPy's derivative of the logistic map as written, beside what forward and reverse execute."""

from __future__ import annotations

import time
from collections.abc import Iterator

from measuring import Plan, Row, TooLongError, failure, pinned, within

UP_TO, QUICK_UP_TO = 12, 5


def rows(plan: Plan) -> Iterator[Row]:
    with pinned():
        for n in range(1, (QUICK_UP_TO if plan.quick else UP_TO) + 1):
            try:
                with within(plan.limit):
                    written, theirs = _sympy(n)
            except (TooLongError, RecursionError) as error:
                yield Row(f"logistic map, n={n}", "reverse", "sympy diff", None, None, note=failure(error))
                return
            found = _ours(n)
            for mode, (operations, _) in found.items():
                ratio = operations / written if written else None
                yield Row(f"logistic map, n={n}: operations", mode, "sympy diff", operations, written, ratio, unit="")
            for mode, (_, seconds) in found.items():
                yield Row(f"logistic map, n={n}: time", mode, "sympy diff", seconds, theirs, seconds / theirs)


def _sympy(n: int) -> tuple[int, float]:
    """Operations of the derivative as SymPy writes it, and the seconds that `diff` takes."""
    import sympy
    from sympy.core.cache import clear_cache

    x = sympy.Symbol("x")
    value = x
    for _ in range(n - 1):
        value = 4 * value * (1 - value)
    clear_cache()
    begun = time.perf_counter()
    slope = sympy.diff(value, x)
    seconds = time.perf_counter() - begun
    return int(sympy.count_ops(slope)), seconds


def _ours(n: int) -> dict[str, tuple[int, float]]:
    """Operations of f and f' together, and the seconds to derive their program; the best of a few."""
    from diffcli.ad.forward import jvp
    from diffcli.ad.reverse import vjp
    from diffcli.ad.rules import ONE
    from diffcli.core.program import count
    from diffcli.numbers.float64 import FLOAT64
    from diffcli.syntax import elaborate

    steps = "; ".join(["l1 = x", *(f"l{k + 1} = 4*l{k}*(1 - l{k})" for k in range(1, n)), f"l{n}"])
    program = elaborate(steps).program
    found = {}
    for name, derive in (
        ("forward", lambda: jvp(program, [0.3], [ONE], FLOAT64)),
        ("reverse", lambda: vjp(program, [0.3], [0], [ONE], FLOAT64)),
    ):
        seconds = []
        for _ in range(5):
            begun = time.perf_counter()
            derived = derive()
            seconds.append(time.perf_counter() - begun)
        found[name] = count(derived).total, min(seconds)
    return found

"""From a thousand operations to a million: what an operation costs, and where other libraries end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from statistics import median
from typing import Any

from measuring import HERE, Plan, Ran, Row, installed, pinned, ran

SIZES = {"sum of products": (1_000, 10_000, 100_000, 1_000_000), "chain": (100, 1_000, 10_000, 100_000)}
"""Operations; a chain is sin(sin(…)), each within the last."""
STAGES = ("parse", "forward", "reverse", "count")
PEERS = ("casadi", "symengine", "torch", "autograd", "jax", "sympy")
GROWTH, AGAINST_CASADI, MOST_BYTES = 1.5, 0.3, 1e9
MEASURED_AT = 100_000
"""Operations at which the goal against CasADi is set."""


def case(contender: str, family: str, operations: int, limit: float) -> tuple[dict[str, Any], Ran]:
    """What one process found, or nothing."""
    found = ran((str(HERE / "scaling_case.py"), contender, family, str(operations)), limit)
    return ({} if found.failed else json.loads(found.output)), found


def rows(plan: Plan) -> Iterator[Row]:
    with pinned():
        for family, sizes in SIZES.items():
            sizes = sizes[:2] if plan.quick else sizes
            yield from _own(family, sizes, plan)
            yield from _against_casadi(family, sizes, plan)
            mine = {size: case("ours_gradient", family, size, 2 * plan.limit)[0] for size in sizes}
            for peer in PEERS:
                if installed(peer):
                    yield from _breaking(peer, family, mine, plan)


def _own(family: str, sizes: tuple[int, ...], plan: Plan) -> Iterator[Row]:
    """Costs of an operation at each size beside those at the smallest, in the same round."""
    turns = [{size: case("ours", family, size, 4 * plan.limit)[0] for size in sizes} for _ in range(plan.turns(3))]
    first, last = sizes[0], sizes[-1]
    for size in sizes[1:]:
        for stage in STAGES:
            if not all(turn[size] and turn[first] for turn in turns):
                yield Row(family, f"{stage} at {size:,}", f"at {first:,}", None, None, note="no answer")
                continue
            costs = [(turn[size][stage] / size, turn[first][stage] / first) for turn in turns]
            ratio = median(large / small for large, small in costs)
            yield Row(
                f"{family}: time an operation", f"{stage} at {size:,}", f"at {first:,}",
                median(large for large, _ in costs), median(small for _, small in costs), ratio,
                goal=GROWTH if size == last and stage != "count" else None,
            )  # fmt: skip
    most = [turn[last]["bytes"] for turn in turns if turn[last]]
    if most:
        used = median(most)
        yield Row(
            f"{family}: peak memory, all stages", f"at {last:,}", "limit", used, MOST_BYTES, used / MOST_BYTES,
            goal=1.0, unit="B", note=f"{used / last:.0f} bytes an operation",
        )  # fmt: skip


def _against_casadi(family: str, sizes: tuple[int, ...], plan: Plan) -> Iterator[Row]:
    """From text to the numbers of a gradient, against what CasADi needs to build, differentiate and call."""
    if not installed("casadi"):
        return
    for size in sizes:
        turns = [
            [case(name, family, size, 2 * plan.limit)[0] for name in ("ours_gradient", "casadi")]
            for _ in range(plan.turns(5 if size <= MEASURED_AT else 1))
        ]
        if all(mine and theirs for mine, theirs in turns):
            yield Row(
                f"{family}: text to gradient", f"at {size:,}", "casadi, built by Python",
                median(mine["total"] for mine, _ in turns), median(theirs["total"] for _, theirs in turns),
                median(mine["total"] / theirs["total"] for mine, theirs in turns),
                median(mine["cpu"] / theirs["cpu"] for mine, theirs in turns),
                AGAINST_CASADI if size == MEASURED_AT else None,
            )  # fmt: skip


def _breaking(peer: str, family: str, ours: dict[int, dict[str, Any]], plan: Plan) -> Iterator[Row]:
    """Larger and larger, until a library fails or takes too long; ours, measured once, beside it."""
    for size, mine in ours.items():
        theirs, how = case(peer, family, size, plan.limit)
        amounts = mine.get("total"), theirs.get("total")
        ratio = amounts[0] / amounts[1] if amounts[0] and amounts[1] else None
        cpu = mine["cpu"] / theirs["cpu"] if ratio else None
        note = f"breaks here: {how.failed}" if how.failed else f"{theirs['bytes'] / 1e6:,.0f} MB"
        yield Row(f"{family}: limits, peer by peer", f"{size:,} operations", peer, *amounts, ratio, cpu, note=note)
        if how.failed:
            return

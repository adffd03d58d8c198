"""Second derivatives at and beside kinks, held against iterated difference quotients of very many digits."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from iterated import Quotients, random_function
from mpmath import mpf

from diffcli.core.derivative_kinds import Wanted
from diffcli.problem.derivation import Problem
from diffcli.problem.understanding import make_case
from diffcli.truth.certify import Truth, certify

NEAR = mpf(2) ** -17
MOST_UNDECIDED = 0.03


def judged(problem: Problem) -> Truth:
    """The truth, each decided entry of which is held against quotients: with its value, or as one that is not there."""
    wrt, wanted = problem.wrt, problem.wanted
    truth = certify(problem.program, wrt, problem.point, wanted)
    assert truth.status != "undefined"
    along = dict(zip(wrt, wanted.vector, strict=False)) if wanted.vector else None
    pairs = [({i: 1.0}, along or {j: 1.0}) for i in wrt for j in (wrt[:1] if along else wrt)]
    quotients = Quotients(problem.program, problem.point)
    entries = truth.derivative or (None,) * len(pairs)
    for place, (entry, (one, other)) in enumerate(zip(entries, pairs, strict=True)):
        if place not in truth.undecided:
            limit = quotients.entry(one, other)
            assert agrees(entry, limit), (place, entry, limit, truth.reason)
    return truth


def agrees(entry: Any, limit: Any) -> bool:
    if entry is None or limit is None:
        return entry is limit
    return bool(abs(mpf(entry.mid().str(30, radius=False)) - limit) < NEAR * (1 + abs(limit)))


@pytest.mark.parametrize(("kind", "count"), [("hessian", 12), ("hvp", 24)])
def test_next_to_no_entry_is_undecided_and_none_is_wrong(kind: Any, count: int) -> None:
    entries = undecided = gone = 0
    for seed in range(count):
        rng = random.Random(f"{kind} {seed}")
        text, at = random_function(rng)
        problem = make_case(text, at).problem
        vector = tuple(rng.choice([1.0, -2.0, 0.5, 0.0]) for _ in problem.wrt)
        wanted = Wanted("hvp", vector if any(vector) else (1.0, *vector[1:]), 2)
        try:
            truth = judged(replace(problem, wanted=wanted if kind == "hvp" else Wanted("hessian", (), 2)))
        except AssertionError as fault:
            raise AssertionError(f"{text} at {at}: {fault}") from None
        entries += len(problem.wrt) ** (2 if kind == "hessian" else 1)
        undecided += len(truth.undecided)
        gone += sum(entry is None for entry in truth.derivative or ()) - len(truth.undecided)
    assert undecided <= MOST_UNDECIDED * entries
    assert gone > entries / 10

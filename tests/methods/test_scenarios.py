"""Every method of the table through every scenario whose kind it can find."""

from __future__ import annotations

import pytest
from scenarios import SCENARIOS, UNABLE, kind, outcome

from diffcli.core.derivative_kinds import KINDS
from diffcli.methods import METHODS

RUNS = [(method, name) for method in METHODS for name, one in SCENARIOS.items() if kind(one) in METHODS[method].kinds]


@pytest.mark.parametrize(("method", "name"), RUNS)
def test_a_method_is_right_or_says_that_it_cannot(method: str, name: str) -> None:
    if not METHODS[method].available:
        pytest.skip(f"{METHODS[method].needs} is not installed")
    expected = "unsupported" if (method, name) in UNABLE else "right"
    assert outcome(method, SCENARIOS[name]) == expected


def test_every_kind_has_scenarios_with_and_without_detached_copies() -> None:
    for detached in (False, True):
        kinds = {kind(one) for one in SCENARIOS.values() if ("detach" in one.text) == detached}
        assert kinds == set(KINDS)


def test_what_a_method_is_unable_to_do_is_asked_of_it() -> None:
    assert set(UNABLE) <= set(RUNS)

"""Every consumer of primitives has every one of them, or says which it has not; and every consumer is known."""

from __future__ import annotations

import ast
import math
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from consumers import CONSUMERS, PICKING, Consumer, Missing, by, place, trial
from oracle import by_series, single

from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import CODE, PRIMITIVES
from diffcli.numbers.complexes import NoExtension
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem import switches
from diffcli.runtime.errors import Unsupported
from diffcli.tracing import exactness

NAMES = [row.name for row in PRIMITIVES if row.arity]


def served(consumer: Consumer, name: str) -> object:
    """What the consumer makes of a primitive; None where it says that it has none."""
    try:
        return consumer.serve(trial(name), place(name))
    except (Missing, Unsupported, NoExtension):
        return None


def is_right(consumer: Consumer, name: str, found: object) -> bool:
    """By float64 for values, and by power series of balls for slopes."""
    if consumer.gives == "anything":
        return bool(found)
    if consumer.gives == "value":
        (expected,) = evaluate(single(trial(name)), place(name), FLOAT64)
    else:
        expected = 0.0 if name == "select" else float(by_series(single(trial(name)), place(name), 0))
    assert isinstance(found, int | float)
    return math.isclose(found, expected, rel_tol=consumer.exact, abs_tol=consumer.exact)


def faults(consumer: Consumer) -> list[str]:
    """Primitives that it has, against what it says, or has not, or has wrong."""
    found = {name: served(consumer, name) for name in NAMES}
    return [
        name
        for name, made in found.items()
        if (made is None) != (name in consumer.without) or made is not None and not is_right(consumer, name, made)
    ]


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_a_consumer_has_every_primitive_or_says_so(consumer: str) -> None:
    one = CONSUMERS[consumer]
    if one.needs and find_spec(one.needs) is None:
        pytest.skip(f"{one.needs} is not installed")
    assert set(one.without) <= set(NAMES)
    assert faults(one) == []


def test_what_is_forgotten_wrong_or_no_longer_missing_is_found() -> None:
    whole = CONSUMERS["float64"]
    forgetful = list(FLOAT64.functions)
    forgetful[CODE["sin"]] = None
    forgetful[CODE["tanh"]] = math.sinh
    gap = SimpleNamespace(functions=forgetful)
    assert faults(whole._replace(serve=by(gap, float, float))) == ["sin", "tanh"]
    assert faults(whole._replace(without=whole.without | {"erf": "too hard"})) == ["erf"]


# --- every consumer is known
HOUSE = Path(__file__).parent.parent / "diffcli"
TABLES = {"PRIMITIVES", "CODE"}


def readers() -> set[str]:
    """The files that take rows or codes from the table."""
    found = set()
    for path in HOUSE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        taken = {alias.name for node in imports if node.module == "diffcli.core.primitives" for alias in node.names}
        if taken & TABLES:
            found.add(".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__"))
    return found


def test_every_reader_of_the_table_is_a_consumer_or_says_what_it_picks() -> None:
    rooms = {one.room for one in CONSUMERS.values()}
    assert readers() - rooms - set(PICKING) == set()
    assert set(PICKING) <= readers() - rooms
    assert all(PICKING.values())


def test_a_file_of_switches_knows_every_kink() -> None:
    kinks = {row.name for row in PRIMITIVES if row.kink or row.symbol in ("<", "<=", ">", ">=", "==", "!=")}
    assert kinks - set(switches._AT) == set()


def test_what_may_jump_is_known_where_runs_are_proved() -> None:
    jumps = {row.name for row in PRIMITIVES if row.kink and "jump" in row.kink}
    assert jumps <= {PRIMITIVES[code].name for code in exactness._JUMPS}

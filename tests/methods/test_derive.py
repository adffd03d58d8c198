"""What is derived once and serves again: at other points, and for other literals and names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import ALL_NAMES, LITERALS, Drawn, random_programs

from diffcli.ad.rules import Unit, literals, rule_program
from diffcli.core.derivative_kinds import Kind, Wanted
from diffcli.core.primitives import PRIMITIVES, RULES, Rules
from diffcli.core.program import Constant, Program, constant_key, in_order
from diffcli.methods import derive as registry
from diffcli.methods.derive import derive, derived
from diffcli.problem.derivation import Derivation, Problem
from diffcli.syntax import elaborate


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_known", registry._Known())


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods that were really asked, one after the other."""
    calls: list[str] = []

    def counted(name: str, problem: Problem) -> Derivation:
        calls.append(name)
        return derive(name, problem)

    monkeypatch.setattr(registry, "derive", counted)
    return calls


def problem_of(program: Program, point: Sequence[float] = ()) -> Problem:
    number = len(program.inputs)
    kind: Kind = "gradient" if len(program.outputs) == 1 else "jacobian"
    return Problem(program, tuple(range(number)), point or [1.5 + i for i in range(number)], Wanted(kind))


def question(text: str) -> Problem:
    return problem_of(elaborate(text).program)


def same(found: Derivation, expected: Derivation) -> bool:
    """Whether two derivations say the same, equation by equation."""

    def said(sweep: Program) -> tuple[object, ...]:
        return sweep.inputs, str(in_order(sweep)), sweep.outputs, sweep.guards

    return list(map(said, found.sweeps)) == list(map(said, expected.sweeps)) and found[1:] == expected[1:]


SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -2.0, 4.0, 1e300)


def with_literals(program: Program, values: Iterator[Constant]) -> Program:
    """Other constants in the places of those that are loaded, all different."""
    constants: dict[Any, Constant] = {}
    while len(constants) < len(program.constants):
        value = next(values)
        constants.setdefault(constant_key(value), value)
    return replace(
        program, constants=tuple(constants.values()), inputs=tuple(f"y{i}" for i in range(len(program.inputs)))
    )


@pytest.mark.parametrize("name", ["forward", "reverse"])
@given(drawn=random_programs(ALL_NAMES, outputs=(1, 2), size=(1, 15), tame=False), data=st.data())
def test_what_serves_other_literals_is_what_they_would_have_been_given(name: str, drawn: Drawn, data: Any) -> None:
    chosen = st.one_of(st.sampled_from(SPECIAL), st.floats(-9, 9))
    programs = [drawn.program] + [
        with_literals(drawn.program, iter(lambda: data.draw(chosen), None)) for _ in range(data.draw(st.integers(1, 3)))
    ]
    for program in programs:
        asked = problem_of(program, drawn.point)
        found, _ = derived(name, asked)
        assert same(found, derive(name, asked))


@pytest.mark.parametrize("name", ["forward", "reverse"])
def test_programs_that_differ_in_literals_and_names_are_derived_once(name: str, times: list[str]) -> None:
    for text in ("3.7*sin(2.2*x) + y", "0.13*sin(9.4*u) + v", "3.7*sin(-2.2*b) + a"):
        derived(name, question(text))
    assert times == [name]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3.7*x^2.5", "3.7*x^1.5"),  # a rule folds its parameter in
        ("3.7*tanh(x)", "1*tanh(x)"),  # a rule writes 1, and reads the user's where there is one
        ("3.7*x + 2.2*x", "3.7*x + 3.7*x"),  # equal literals are one equation
        ("0*x + 3.7", "-0*x + 3.7"),
        ("pi*x", "tau*x"),
        ("3.7*x + y", "3.7*x - y"),
        ("fma(x, 3.7, x)", "fma(x, x, 3.7)"),
    ],
)
def test_another_question_is_asked(one: str, other: str, times: list[str]) -> None:
    for text in (one, other):
        asked = question(text)
        assert same(derived("forward", asked)[0], derive("forward", asked))
    assert times == ["forward"] * 2


def test_formulas_are_of_the_names_that_were_typed(times: list[str]) -> None:
    for text in ("3.7*x", "3.7*y", "2.2*x"):
        assert derived("symbolic", question(text))[0].formulas == (text.partition("*")[0],)
    assert derived("symbolic", question("x*y"))[0].formulas == ("y", "x")
    assert derived("symbolic", question("u*v"))[0].formulas == ("v", "u")
    assert times == ["symbolic"] * 5


@pytest.mark.parametrize("rules", RULES)
def test_every_literal_that_a_rule_writes_is_known(rules: Rules) -> None:
    assert {float(unit.value) for unit in Unit} <= literals(rules)
    for code, row in enumerate(PRIMITIVES):
        for parameter in LITERALS.get(row.name, (None,)):
            program = rule_program(code, parameter, rules)
            own = [constant for slot, constant in enumerate(program.constants) if slot not in parameters(program)]
            assert {constant for constant in own if isinstance(constant, float)} <= literals(rules)


def parameters(program: Program) -> set[int]:
    return {b for op, b in zip(program.ops, program.b, strict=True) if PRIMITIVES[op].parametric}


@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_a_literal_that_is_a_rules_parameter_too_is_not_replaced(method: str) -> None:
    for first, second in [("hyp0f1(0.5, x)*1.5", "hyp0f1(0.5, x)*2.25"), ("polygamma(4, x)*5", "polygamma(4, x)*7")]:
        derived(method, question(first))
        kept = derived(method, question(second))[0]
        registry._known.found.clear()
        assert kept.sweeps == derived(method, question(second))[0].sweeps


def test_what_is_kept_has_a_bound(monkeypatch: pytest.MonkeyPatch, times: list[str]) -> None:
    monkeypatch.setattr(registry, "MOST", 60)
    monkeypatch.setattr(registry, "OBJECT", 0)
    texts = ["+".join(["x*x"] * number) for number in range(1, 8)]
    for text in (*texts, texts[-1], texts[0]):
        derived("reverse", question(text))
    assert registry._known.size == sum(known.size for known in registry._known.found.values()) <= 60
    assert len(times) == len(texts) + 1  # the last was still known, the first was not

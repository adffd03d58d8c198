"""Expression swell: how large SymPy's derivative becomes as a formula, against what forward and reverse execute.

A family has a function for every n, each by name from the one before: `l1 = x; l2 = 4*l1*(1 - l1); …`.
Sizes are exact however large, for a formula is never written out to be counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from diffcli.comparison.execution import executed
from diffcli.core.program import Cost, count, count_written
from diffcli.methods import METHODS
from diffcli.problem.case import Case
from diffcli.problem.derivation import Derivation, Problem
from diffcli.problem.point import Number
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError, Unsupported
from diffcli.runtime.limits import Apart, Died, Expired
from diffcli.runtime.messages import Message, message
from diffcli.syntax import elaborate
from diffcli.syntax.parsing import parse
from diffcli.syntax.tokens import spans


# --- families
@dataclass(frozen=True, slots=True)
class Family:
    """Functions for n = 1, 2, …: `function(n)` in steps that have names, `substituted(n)` without names.

    `said` is the family in words, `call` the n-th function, `by` what it is differentiated by.
    """

    said: str
    call: str
    by: str
    at: Callable[[int], Mapping[str, Number]]
    function: Callable[[int], str]
    substituted: Callable[[int], str]


def _iterated(said: str, body: str, variable: str, name: str, at: Mapping[str, Number], first: int) -> Family:
    """`body`, a formula in `variable`, of itself: n − `first` times."""
    stand = spans(body)
    places = [stand[first] for kind, name, _, first, _ in parse(body) if (kind, name) == ("name", variable)]

    def put(inner: str) -> str:
        """The body with `inner` in the place of its variable."""
        parts, end = [], 0
        for start, stop in places:
            parts += [body[end:start], inner]
            end = stop
        return "".join(parts) + body[end:]

    def function(n: int) -> str:
        times = n - first
        names = [f"{name}{k + first}" for k in range(times + 1)]
        steps = [f"{after} = {put(before)}" for before, after in pairwise(names)]
        return "; ".join([f"{names[0]} = {variable}", *steps, names[-1]])

    def substituted(n: int) -> str:
        text = variable
        for _ in range(n - first):
            text = put(f"({text})" if text != variable else text)
        return text

    return Family(said, f"{name.rstrip('_')}_n", variable, lambda _: at, function, substituted)


def _product(n: int) -> str:
    return "*".join(f"x{k}" for k in range(1, n + 1))


START = 0.3
"""Where an iterated variable begins; the sizes do not depend on it, unless there are branches."""

FAMILIES: dict[str, Family] = {
    "logistic": _iterated(
        message("the logistic map: l_1 = x, then l_(n+1) = 4*l_n*(1 - l_n)"), "4*x*(1 - x)", "x", "l", {"x": START}, 1
    ),
    "product": Family(
        message("a product of n variables (Speelpenning 1980): p_1 = x1, then p_(n+1) = p_n*x(n+1)"),
        "p_n", "x1, …, xn",
        lambda n: {f"x{k}": 1 + k / 16 for k in range(1, n + 1)}, _product, _product,
    ),
    "nested": _iterated(
        message("sines of sines: s_0 = x, then s_(n+1) = sin(s_n)"), "sin(x)", "x", "s", {"x": START}, 0
    ),
}  # fmt: skip


def template(body: str, at: Mapping[str, Number]) -> Family:
    """The family that applies a formula to itself, in its variable `l`, or in its first one."""
    expression = elaborate(body)
    body = expression.plain
    if expression.shape or not expression.variables:
        raise DiffError(
            message("a template is a number made of a variable"), body, (0, len(body)), message('write "4*l*(1 - l)"')
        )
    if any(kind == "bind" for kind, *_ in parse(body)):
        hint = message('write "4*l*(1 - l)"')
        raise DiffError(message("a template is one formula, without names for its parts"), body, (0, len(body)), hint)
    variable = "l" if "l" in expression.variables else expression.variables[0]
    said = message("{name}_1 = {name}, then {name}_(n+1) = {body} of {name}_n", name=variable, body=body)
    return _iterated(said, body, variable, f"{variable}_", {variable: START, **at}, 1)


# --- sizes
@dataclass(frozen=True, slots=True)
class Symbolic:
    """SymPy's derivative: operations as written and with sharing, and the formulas where they can be read."""

    written: Cost
    shared: Cost
    function: str
    derivative: str


@dataclass(frozen=True, slots=True)
class Modes:
    """What forward and reverse execute for f and its gradient, and the operations on the tape."""

    f: int
    forward: int
    reverse: int
    tape: int


@dataclass(frozen=True, slots=True)
class Size:
    """One function of the family; `tree` is f without names, `symbolic` a reason where SymPy did not answer."""

    n: int
    named: Modes
    tree: int
    substituted: Modes | None
    symbolic: Symbolic | str

    @property
    def written(self) -> int | None:
        return None if isinstance(self.symbolic, str) else self.symbolic.written.total

    @property
    def shared(self) -> int | None:
        return None if isinstance(self.symbolic, str) else self.symbolic.shared.total

    @property
    def reason(self) -> str | None:
        return self.symbolic if isinstance(self.symbolic, str) else None


LARGEST_TREE = 20_000
"""Operations of the largest function that is differentiated with everything substituted."""

LONGEST = 240
"""Characters of the longest formula that a screen shows."""

FORMULAS = 4
"""Functions whose formulas are given, for n = 1, 2, …: whole to programs."""

MOST = 400
"""The largest n; beyond, sizes leave float64, and could not be drawn."""


def swell(
    family: str = "logistic",
    up_to: int = 10,
    body: str | None = None,
    at: Mapping[str, Number] | None = None,
    timeout: float = 10.0,
    whole: bool = False,
) -> Swell:
    """The sizes of SymPy's derivative and of both modes for n = 1, …, `up_to`; `body` is a family of one's own.

    Long formulas are left out, unless `whole`.
    """
    if family not in FAMILIES:
        raise DiffError(
            message("unknown family '{name}'", name=family),
            hint=message("write one of: {names}", names=", ".join(FAMILIES)),
            kind="option",
        )
    if not 2 <= up_to <= MOST:
        raise DiffError(
            message("--up-to {number}: n goes to a number from 2 to {most}", number=up_to, most=MOST),
            hint=message("write --up-to 10"),
            kind="option",
        )
    chosen = FAMILIES[family] if body is None else template(body, at or {})
    sizes = _sizes(chosen, up_to, timeout, whole)
    printed = _printed() if body is None and family == "logistic" else ()
    return Swell(family if body is None else body, chosen, tuple(sizes), timeout, whole, printed)


def _sizes(family: Family, up_to: int, timeout: float, whole: bool) -> list[Size]:
    found: list[Size] = []
    for n in range(1, up_to + 1):
        problem = make_case(family.function(n), family.at(n)).problem
        beyond = next((size.reason for size in found if size.reason is not None), None)
        symbolic = beyond if beyond is not None else _symbolic(problem, timeout, whole and n <= FORMULAS)
        tree = count_written(problem.program, problem.program.outputs).total
        named = _modes(problem)
        apart = None
        if tree <= LARGEST_TREE:
            apart = named if tree == named.f else _modes(make_case(family.substituted(n), family.at(n)).problem)
        found.append(Size(n, named, tree, apart, symbolic))
    return found


def _modes(problem: Problem) -> Modes:
    forward, reverse = (METHODS[name].load()(problem) for name in ("forward", "reverse"))
    f = executed(problem.program, problem.point)[1].total
    return Modes(f, count(*forward.sweeps).total, count(*reverse.sweeps).total, reverse.tape or 0)


def _symbolic(problem: Problem, timeout: float, whole: bool) -> Symbolic | str:
    try:
        return Apart(_derived, problem, whole).result(timeout)
    except Expired:
        return message("over {seconds} s", seconds=f"{timeout:g}")
    except Unsupported as unsupported:
        return str(unsupported)
    except RecursionError:
        return message("nested too deeply")
    except (Died, MemoryError):
        return message("too large")


def _derived(problem: Problem, whole: bool) -> Symbolic:
    """In the child: what is sent back is small, however large the formula, unless it is asked for whole."""
    from diffcli.core.passes import prune
    from diffcli.numbers.sympy.symbols import lift, texts

    found: Derivation = METHODS["symbolic"].load()(problem)
    assert found.written is not None
    assert found.formulas is not None
    program = prune(problem.program)
    small = count_written(program, program.outputs).total <= (LARGEST_TREE if whole else LONGEST)
    f = texts(lift(program))[0] if small else ""
    formulas = [f, "" if found.formulas[0].startswith("…") else found.formulas[0]]
    f, derivative = (told if whole or len(told) <= LONGEST else "" for told in formulas)
    return Symbolic(found.written, count(*found.sweeps), f, derivative)


# --- the table of the paper
@dataclass(frozen=True, slots=True)
class Printed:
    """A row of Table 1 in Baydin et al. (2018): operations of d/dx l_n as printed, and of SymPy's for the same l_n."""

    n: int
    function: str
    derivative: str
    simplified: str
    sizes: tuple[int, int, int]
    symbolic: str


TABLE_1 = (
    ("x", "1", "1"),
    ("4*x*(1 - x)", "4*(1 - x) - 4*x", "4 - 8*x"),
    (
        "16*x*(1 - x)*(1 - 2*x)^2",
        "16*(1 - x)*(1 - 2*x)^2 - 16*x*(1 - 2*x)^2 - 64*x*(1 - x)*(1 - 2*x)",
        "16*(1 - 10*x + 24*x^2 - 16*x^3)",
    ),
    (
        "64*x*(1 - x)*(1 - 2*x)^2*(1 - 8*x + 8*x^2)^2",
        (
            "128*x*(1 - x)*(-8 + 16*x)*(1 - 2*x)^2*(1 - 8*x + 8*x^2) + 64*(1 - x)*(1 - 2*x)^2*(1 - 8*x + 8*x^2)^2"
            " - 64*x*(1 - 2*x)^2*(1 - 8*x + 8*x^2)^2 - 256*x*(1 - x)*(1 - 2*x)*(1 - 8*x + 8*x^2)^2"
        ),
        "64*(1 - 42*x + 504*x^2 - 2640*x^3 + 7040*x^4 - 9984*x^5 + 7168*x^6 - 2048*x^7)",
    ),
)
"""l_n, d/dx l_n, and the same simplified, as they are printed there.

They were written down from memory, not copied from the page. Tests prove by exact
arithmetic that each row is l_n and its derivative, twice; that the terms stand as they do
in print, on which the numbers of operations depend, is not proved.
"""


def _printed() -> tuple[Printed, ...]:
    rows = []
    for n, (function, derivative, simplified) in enumerate(TABLE_1, 1):
        found: Derivation = METHODS["symbolic"].load()(_typed(function).problem)
        assert found.written is not None
        assert found.formulas is not None
        typed = (count(_typed(text).problem.program).total for text in (derivative, simplified))
        rows.append(
            Printed(n, function, derivative, simplified, (*typed, found.written.total), found.formulas[0])  # type: ignore[arg-type]
        )
    return tuple(rows)


def _typed(source: str) -> Case:
    return make_case(source, {"x": START}, ["x"])


# --- what grows how
def growth(sizes: Sequence[int]) -> Message:
    """How sizes for n = 1, 2, … grow, as the end of a sentence.

    >>> growth([6, 14, 22, 30]), growth([1, 4, 9, 16, 25]), growth([3, 6, 12, 24])
    ('grows by 8 a step: linearly', 'grows with the square of n', 'grows 2 times in the last step: exponentially')
    """
    steps = [b - a for a, b in pairwise(sizes[-4:])]
    if not any(steps):
        return message("stays the same")
    if len(set(steps)) == 1:
        return message("grows by {step} a step: linearly", step=f"{steps[-1]:,}")
    if len(steps) == 3 and len({b - a for a, b in pairwise(steps)}) == 1:
        return message("grows with the square of n")
    ratio = sizes[-1] / max(sizes[-2], 1)
    if len(steps) < 3 or min(steps) <= 0:
        return message("grows {ratio} times in the last step", ratio=f"{ratio:.3g}")
    if _exponential(steps, len(sizes)):
        return message("grows {ratio} times in the last step: exponentially", ratio=f"{ratio:.3g}")
    power = math.log(ratio) / math.log(len(sizes) / (len(sizes) - 1))
    return message("grows about like n^{power}", power=f"{power:.1f}")


def _exponential(steps: Sequence[int], n: int) -> bool:
    """Whether the ratio of the last steps is nearer to the ratio before than that of a power of n would be."""
    before, last = (math.log(b / a) for a, b in pairwise(steps))
    power = last / math.log(n / (n - 1)) * math.log((n - 1) / (n - 2))
    return abs(before - last) < abs(before - power)


@dataclass(frozen=True)
class Swell:
    """All sizes of a family, and those `printed` in the paper of the same; `whole` is whether nothing is left out."""

    name: str
    family: Family
    sizes: tuple[Size, ...]
    timeout: float
    whole: bool
    printed: tuple[Printed, ...]

    @cached_property
    def columns(self) -> dict[str, list[int]]:
        """By name; SymPy's end where it did not answer."""
        known = [size for size in self.sizes if size.reason is None]
        return {
            "f": [size.named.f for size in self.sizes],
            "f substituted": [size.tree for size in self.sizes],
            "SymPy written": [size.written or 0 for size in known],
            "SymPy shared": [size.shared or 0 for size in known],
            "forward": [size.named.forward for size in self.sizes],
            "reverse": [size.named.reverse for size in self.sizes],
        }

    @property
    def unfolds(self) -> bool:
        """Whether the function grows when names are replaced by what they stand for."""
        return any(size.tree != size.named.f for size in self.sizes)

    @property
    def known(self) -> list[Size]:
        return [size for size in self.sizes if size.reason is None]

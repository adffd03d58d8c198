"""A case: an expression, a point, and the derivative asked for, all understood.

Points are text in our own language (`x=1, v=[1, pi/4]`), or numbers and lists of
them. Nothing here differentiates.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from diffcli.core.derivative_kinds import GRADIENT, Kind, Wanted
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import NAMED_CONSTANTS
from diffcli.numbers import Dtype, numbers
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.derivation import Problem
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, listing, message, shortened
from diffcli.syntax import Expression, elaborate, render
from diffcli.syntax.elaboration import elaborated
from diffcli.syntax.mending import LONGEST, explained
from diffcli.syntax.parsing import parse, span
from diffcli.syntax.rendering import literal
from diffcli.syntax.shapes import MOST_AXES, Shape, nested, places, subscript
from diffcli.syntax.spellings import FUNCTION_NAMES, meant
from diffcli.syntax.tokens import spans
from diffcli.tracing.naming import named

if TYPE_CHECKING:
    from diffcli.tracing.checking import Doubt
    from diffcli.tracing.loading import Loaded
    from diffcli.tracing.nesting import Around
    from diffcli.tracing.path import Step
    from diffcli.tracing.values import Scalar

Number = float | tuple[Any, ...]
"""A value in a point: a float64, or tuples of them, row by row."""


@dataclass(frozen=True)
class Asked:
    """What derivative a user asks for: at most one kind; `unit` scales a direction to length 1.

    `claims` are derivatives that someone claims, `x: 2*x*y`; then only the variables claimed are asked for. An
    empty text is a claim that was not handed in.
    """

    order: int = 1
    jvp: str | None = None
    vjp: str | None = None
    hvp: str | None = None
    unit: bool = False
    claims: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """The kind of derivative; a gradient stands for the Jacobian of a vector as well."""
        if self.hvp is not None or self.order == 2:
            return "hvp" if self.order == 1 else "hessian"
        return "derivative" if self.order > 2 else "gradient"

    @property
    def given(self) -> tuple[str, ...]:
        """The claims that were handed in."""
        return tuple(claim for claim in self.claims if _split(claim)[1])

    @property
    def vectors(self) -> dict[str, str]:
        """The vectors given, by the kind of derivative they belong to."""
        return {kind: text for kind in ("jvp", "vjp", "hvp") if (text := getattr(self, kind)) is not None}

    def check(self) -> None:
        """`DiffError` for what is wrong whatever the expression is."""
        if len(self.vectors) + (self.order != 1) > 1:
            hint = message("choose one of --jvp, --vjp, --hvp and --order")
            raise DiffError(message("one derivative at a time"), hint=hint, kind="option")
        if self.unit and self.jvp is None:
            raise DiffError(
                message("--unit scales the direction of --jvp"), hint=message("write --jvp 3,4 --unit"), kind="option"
            )
        hint = message("write --order 2 for the Hessian, --order N for the N-th derivative")
        if self.order < 1:
            raise DiffError(
                message("--order {order}: an order is 1 or more", order=self.order), hint=hint, kind="option"
            )
        if self.order > HIGHEST:
            raise DiffError(
                message("--order {order}: the highest order is {most}", order=self.order, most=f"{HIGHEST:,}"),
                hint=hint,
                kind="option",
            )
        if self.claims and (self.vectors or self.order > 1):
            raise DiffError(message("claims are for first derivatives"), hint=_UNCLAIMED, kind="claim")
        for kind, text in self.vectors.items():
            vector = _numbers(f"--{kind}", text)
            if self.unit and not any(vector):
                raise DiffError(
                    message("--unit: the direction is zero"), hint=message("a direction has a length"), kind="option"
                )
        for claim in self.claims:
            if claim.strip():
                parse(_split(claim)[1])


HIGHEST = 100_000
"""The highest order that is asked for: what is proved of it is a power series of as many terms, in memory at once."""

_UNCLAIMED = message("leave out --order, --jvp, --vjp, --hvp")


class Claim(NamedTuple):
    """A formula said to be the derivative by `variable`: outputs first, then the variable's entries, row by row."""

    variable: str
    expression: Expression

    def point(self, at: Mapping[str, Number]) -> list[float]:
        """The numbers its program is evaluated at."""
        return [x for name in self.expression.shapes for x in flat(at[name])]


@dataclass(frozen=True)
class Case:
    """What is compared: `at` holds a value for every variable, `wrt` the variables asked for.

    `id` and `line` say where a batch has it from. `path` is what a Python function did on the way; `function` is
    that function where it may be asked again, at other points. `unanswered`: a claim was asked for, and not handed in.
    `carried` is what else stood in its row, and comes back with it.
    `around` has the numbers of a function that is being traced, where the derivative is asked for inside of it;
    `doubt` says why that path is not proved to be the function.
    """

    expression: Expression
    at: dict[str, Number]
    wrt: tuple[str, ...]
    id: str | None = None
    line: int | None = None
    wanted: Wanted = GRADIENT
    claims: tuple[Claim, ...] = ()
    path: tuple[Step, ...] = ()
    unanswered: bool = False
    function: Loaded | None = field(default=None, compare=False, repr=False)
    carried: Mapping[str, str] = field(default_factory=dict, compare=False)
    around: Around | None = None
    doubt: Doubt | None = None

    @property
    def problem(self) -> Problem:
        return self.problem_at(self.at)

    def problem_at(self, at: Mapping[str, Number]) -> Problem:
        """The same question at another point."""
        program, shapes = self.expression.program, self.expression.shapes
        inputs = {name: i for i, name in enumerate(program.inputs)}
        if any(shapes.values()):
            point, wrt = [x for name in shapes for x in flat(at[name])], self.entries
        else:  # numbers alone
            point, wrt = cast("list[float]", [at[name] for name in shapes]), self.wrt
        return Problem(program, tuple([inputs[name] for name in wrt]), point, self.wanted)

    @property
    def entries(self) -> tuple[str, ...]:
        """The scalars that are differentiated by, in order: a vector counts with all its entries."""
        shapes = self.expression.shapes
        return tuple(name + subscript(place) for name in self.wrt for place in places(shapes[name]))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The scalars that are differentiated: `f`, or `f[0]`, `f[1]`, …"""
        return tuple("f" + subscript(place) for place in places(self.expression.shape))


def flat(value: Number) -> Iterator[float]:
    """All numbers of a value, row by row."""
    if isinstance(value, tuple):
        for part in value:
            yield from flat(part)
    else:
        yield value


def shape_of(value: Number) -> Shape:
    return (len(value), *shape_of(value[0])) if isinstance(value, tuple) else ()


def tuples(value: Any) -> Number:
    """Lists of numbers as a value of a point."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def read_point(text: str) -> dict[str, Number]:
    """`x=1.5, v=[1, pi/4]` -> {"x": 1.5, "v": (1.0, 0.785...)}; values are constant expressions."""
    point: dict[str, Number] = {}
    if not text.strip():
        return point
    hint = message('write a point as "x=1.5, y=pi/4"')
    try:
        nodes = parse(text, ",;\n")
    except DiffError as error:
        raise _with_unit(text) or replace(error, hint=error.hint or hint) from None
    stand = spans(text)
    for kind, name, _, first, last in nodes:
        where = stand[first][0], stand[last][1]
        if kind == "result":
            raise DiffError(message("a value in the point has no name"), text, where, hint, "point")
        if kind != "bind":
            continue
        if name in point:
            raise DiffError(
                message("'{name}' is given twice", name=name),
                text,
                where,
                message("give each variable one value"),
                "point",
            )
        begin = stand[first + 1][1]  # behind the sign
        try:
            point[name] = constant(text[begin : where[1]])
        except DiffError as error:
            shifted = (error.span[0] + begin, error.span[1] + begin) if error.span else where
            raise DiffError(error.message, text, shifted, error.hint, "point") from None
    return point


_NAMED = r"(?:^|[,;\n])\s*[^\W\d]\w*\s*=\s*"
_UNIT = r"(?P<number>-?[\d.]+(?:[eE][-+]?\d+)?)\s*(?P<unit>(?:[^\W\d]|°|µ)[^,;=\n()+*]*)"
_NOT_UNITS = {spelling for spellings in NAMED_CONSTANTS.values() for spelling in spellings}


def _with_unit(text: str, named: str = _NAMED) -> DiffError | None:
    """The error for numbers in units, `x=98.1 km`: a constant behind a number is a product left unwritten."""
    mended, first = text, None
    for found in reversed(list(re.finditer(named + _UNIT, text))) if len(text) <= LONGEST else ():
        number, unit = found["number"], found["unit"].strip()
        if unit in _NOT_UNITS or unit in FUNCTION_NAMES or set(unit) & set("[] ") and "/" not in unit:
            continue
        plain = f"{number}*pi/180" if unit in ("°", "deg", "degrees") else number
        mended = f"{mended[: found.start('number')]}{plain}{mended[found.end('unit') :]}"
        first = found.start("unit"), found.start("unit") + len(unit)
    hint = message("write {what}", what=mended)
    return DiffError(message("units are not read"), text, first, hint, "point", (mended,)) if first else None


def constant(text: str) -> Number:
    """The value of an expression without variables.

    >>> constant("pi/4"), constant("[1, 2**3]")
    (0.7853981633974483, (1.0, 8.0))
    """
    expression = elaborate(text)
    if expression.variables:
        name = expression.variables[0]
        start = text.index(name)
        raise DiffError(
            message("'{name}' has no value here", name=name),
            text,
            (start, start + len(name)),
            message("values are numbers, like 1.5 or pi/4"),
            "point",
        )
    values = [float(value) for value in evaluate(expression.program, [], FLOAT64)]
    for value in values:
        if not math.isfinite(value):
            hint = message("values are numbers, like 1.5 or pi/4")
            raise DiffError(
                message("the value is {value}: a point has finite numbers", value=value),
                text,
                (0, len(text)),
                hint,
                "point",
            )
    return tuples(nested(expression.shape, values))


def scalar(text: str) -> float:
    """The value of an expression that is one number."""
    value = constant(text)
    if isinstance(value, tuple):
        hint = message("values are numbers, like 1.5 or pi/4")
        raise DiffError(message("one number is needed, not a vector"), text, (0, len(text)), hint, "point")
    return value


def number_at(name: str, value: Any, depth: int = 0) -> Number:
    """A value of a point that was given as a number, as text, or as a list of these."""
    if isinstance(value, str):
        try:
            return constant(value)
        except DiffError as error:
            raise _with_unit(value, "^") or error from None
    if isinstance(value, list | tuple):
        if depth == MOST_AXES:
            fault, hint = (
                message("the value of '{name}' has too many brackets", name=name),
                message("at most {most} are within one another", most=MOST_AXES),
            )
            raise DiffError(fault, hint=hint, kind="point")
        rows = tuple(number_at(name, part, depth + 1) for part in value)
        if not rows or len({shape_of(row) for row in rows}) > 1:
            raise DiffError(
                message("the value of '{name}' has rows of different lengths, or none", name=name),
                hint=message("rows are of one length: [[1, 2], [3, 4]]"),
                kind="point",
            )
        return rows
    try:
        number = float(value)
    except (OverflowError, TypeError):
        number = math.inf
    if not math.isfinite(number):
        raise DiffError(
            message("the value of '{name}' is no finite float64", name=name),
            hint=message("a point has finite numbers"),
            kind="point",
        )
    return number


def make_case(
    source: str,
    at: Mapping[str, Number],
    wrt: Sequence[str] | None = None,
    id: str | None = None,
    line: int | None = None,
    asked: Asked = Asked(),
) -> Case:
    """Understand an expression at a point; `DiffError` where it cannot be."""
    if ":" in source and named(source):
        hint = message("no row and no study runs Python: it is run by itself only, diff-compare lesson.py:f --at …")
        raise DiffError(message("a Python function cannot stand here"), source, (0, len(source)), hint, "python")
    given = {name: shape_of(value) for name, value in at.items()}
    expression = _all_valued(source, at, given)
    names = expression.variables
    claims = asked.given
    claimed = tuple(dict.fromkeys(_variable(claim, wrt or names) for claim in claims))
    chosen = tuple(wrt) if wrt is not None else claimed or names
    for name in chosen:
        if name not in names and name not in at:
            hint = (
                message("its variables are: {names}", names=", ".join(names))
                if names
                else message("it has no variables")
            )
            if name.partition("[")[0] in at:
                hint = message("a vector is differentiated by as a whole: {name}", name=name.partition("[")[0])
            raise DiffError(
                message("the expression has no variable '{name}' to differentiate by", name=name),
                None,
                None,
                hint,
                "variable",
            )
        if chosen.count(name) > 1:
            raise DiffError(
                message("'{name}' is asked for twice", name=name),
                None,
                None,
                message("name each variable once in --wrt"),
                "variable",
            )
    expression = _with_inputs(expression, {name: given[name] for name in chosen if name not in names})
    case = Case(expression, {name: at[name] for name in expression.shapes}, chosen, id, line)
    wanted = _wanted(case, asked)
    case = case if wanted is GRADIENT else replace(case, wanted=wanted)
    return _with_claims(case, claims, at) if claims else replace(case, unanswered=True) if asked.claims else case


def where_missing(error: DiffError, hint: Message) -> DiffError:
    """An error about a variable without a value, with another hint: not every command gives all of them by --at."""
    return replace(error, hint=hint) if error.kind == "missing" else error


def traced_case(
    source: str | Callable[..., Any],
    at: Mapping[str, Number],
    wrt: Sequence[str] | None = None,
    asked: Asked = Asked(),
    outer: Mapping[str, Scalar] = MappingProxyType({}),
    checked: bool = True,
) -> Case:
    """Run a Python function, or the one that `source` names, at a point: its program is that of the path taken."""
    from diffcli.tracing.loading import load, loaded
    from diffcli.tracing.running import trace

    function = load(source) if isinstance(source, str) else loaded(source)
    names = [p.name for p in function.parameters if p.name in at and p.annotation not in (int, "int")]
    found = trace(function, at, wrt or tuple(_variable(claim, names) for claim in asked.given) or None, outer, checked)
    case = Case(found.expression, found.at, found.wrt, path=found.path, around=found.around, doubt=found.doubt)
    case = replace(case, wanted=_wanted(case, asked))
    return _with_claims(replace(case, function=function), asked.given, at) if asked.given else case


def _all_valued(source: str, at: Mapping[str, Number], given: Mapping[str, Shape]) -> Expression:
    """The expression, whose variables all have values; `DiffError` with the whole text mended where that is known."""
    shapes = tuple(given.items())
    try:
        expression = _understood(source, shapes)
        _check_valued(expression, at)
    except DiffError as error:

        def read(text: str) -> None:
            _check_valued(elaborated(text, given), at)

        raise explained(error, read) from None
    return expression


def _check_valued(expression: Expression, at: Mapping[str, Number]) -> None:
    missing = [name for name in expression.variables if name not in at]
    if not missing:
        return
    shown, source = missing[0], expression.source
    known = [*(f"{name}={written(value)}" for name, value in at.items()), *(f"{name}=…" for name in missing)]
    plural = (
        message("the variables {listed} have no values", listed=listing(missing))
        if len(missing) > 1
        else message("the variable {name} has no value", name=shown)
    )
    guess, where, point = meant(shown, at), _occurrence(source, shown), ", ".join(known)
    hint = (
        message('write {formula}, or add --at "{point}"', formula=guess, point=point)
        if guess
        else message('add --at "{point}"', point=point)
    )
    mended = (f"{source[: where[0]]}{guess}{source[where[1] :]}",) if guess and where and "…" not in guess else ()
    raise DiffError(plural, source, where, hint, "missing", mended)


@lru_cache(maxsize=64)
def _understood(source: str, given: tuple[tuple[str, Shape], ...]) -> Expression:
    """A range of points asks for the same expression again and again."""
    return elaborate(source, dict(given))


def _with_inputs(expression: Expression, shapes: Mapping[str, Shape]) -> Expression:
    """Variables that are given, but not in the expression: its derivative by them is 0."""
    if not shapes:
        return expression
    inputs = [name + subscript(place) for name, shape in shapes.items() for place in places(shape)]
    program = replace(expression.program, inputs=(*expression.program.inputs, *inputs))
    return replace(expression, program=program, shapes={**expression.shapes, **shapes})


def rounded(case: Case, dtype: Dtype) -> Case:
    """The same question at the nearest point of another number system; what is moved by that is noted.

    `DiffError` where a number that was given is beyond the largest one there: it would be an infinity.
    """
    _check_range(case, dtype)
    at = {name: _rounded(value, dtype) for name, value in case.at.items()}
    if at == case.at:
        return case
    note = message("the point is rounded to {dtype}", dtype=dtype)
    return replace(case, at=at, expression=replace(case.expression, notes=(*case.expression.notes, note)))


def _check_range(case: Case, dtype: Dtype) -> None:
    """The numbers of the point, of the vector and of all formulas have a nearest finite one."""
    programs = [case.expression.program, *(claim.expression.program for claim in case.claims)]
    literals = [c for program in programs for c in program.constants if not isinstance(c, str)]
    given: dict[str, Sequence[Any]] = {
        message("the value of '{name}'", name=name): list(flat(value)) for name, value in case.at.items()
    }
    for what, values in {
        **given,
        message("the vector"): case.wanted.vector,
        message("the expression"): literals,
    }.items():
        for value in values:
            if abs(value) >= _BEYOND[dtype]:
                said = message("{what} has {value}, beyond {dtype}", what=what, value=f"{float(value):g}", dtype=dtype)
                hint = message("its largest number is 3.4e38: write smaller ones, or leave out --dtype")
                raise DiffError(said, hint=hint, kind="point")


_BEYOND = {"float64": math.inf, "float32": 2.0**128 - 2.0**103}
"""From here on a number is rounded to infinity."""


def _rounded(value: Number, dtype: Dtype) -> Number:
    if isinstance(value, tuple):
        return tuple(_rounded(part, dtype) for part in value)
    return float(numbers(dtype, [value])[0])


# --- which derivative
def _wanted(case: Case, asked: Asked) -> Wanted:
    asked.check()
    result = case.expression.shape
    for kind, text in asked.vectors.items():
        if kind == "hvp" and result:
            raise _tensor("--hvp", result)
        names = case.outputs if kind == "vjp" else case.entries
        vector = _vector(f"--{kind}", text, names)
        return Wanted(kind, vector, 2 if kind == "hvp" else 1, asked.unit)  # type: ignore[arg-type]
    if asked.order == 1:
        return Wanted("jacobian") if result else GRADIENT
    if result:
        raise _tensor(f"--order {asked.order}", result)
    if asked.order == 2:
        return Wanted("hessian", order=2)
    if len(case.entries) != 1:
        numbers = [name for name in case.wrt if not case.expression.shapes[name]]
        hint = message("name one with --wrt; its variables are: {names}", names=", ".join(numbers))
        if not numbers:
            hint = message("a vector counts with all its entries: write the expression in numbers, as in [a, b]")
        raise DiffError(
            message("--order {order} is for one variable, not {count}", order=asked.order, count=len(case.entries)),
            hint=hint,
            kind="option",
        )
    return Wanted("derivative", order=asked.order)


def _tensor(option: str, shape: Shape) -> DiffError:
    return DiffError(
        message(
            "{option} is for a scalar; the result has the shape {shape}: its second derivative is a tensor",
            option=option,
            shape=shape,
        ),
        hint=message("differentiate one entry, as in v = …; v[0], or a weighted sum: dot([1, 2], v)"),
        kind="shape",
    )


def _vector(option: str, text: str, names: Sequence[str]) -> tuple[float, ...]:
    """A number for each of `names`."""
    vector, bracketed = _numbers(option, text), _bracketed(text)
    if len(vector) != len(names):
        if not names:
            hint = message("leave out {option}: every derivative of it is 0", option=option)
            raise DiffError(message("the expression has no variables"), None, None, hint, "option")
        raise DiffError(
            message(
                "{option} has {count} entry instead of {wanted}",
                "{option} has {count} entries instead of {wanted}",
                option=option,
                count=len(vector),
                wanted=len(names),
            ),
            bracketed,
            (0, len(bracketed)),
            message("write a number for each of {names}", names=shortened(names)),
            "option",
        )
    return vector


def _numbers(option: str, text: str) -> tuple[float, ...]:
    """`3,2,1` or `[3, 2, 1]`."""
    if not text.strip(" []"):
        raise DiffError(
            message("{option} has no numbers", option=option),
            hint=message("write them as {option} 3,2,1", option=option),
            kind="option",
        )
    return tuple(flat(constant(_bracketed(text))))


def _bracketed(text: str) -> str:
    return text if text.strip().startswith("[") else f"[{text}]"


# --- claimed derivatives
_NEXT_CLAIM = r"[;；]\s*(?=[^\W\d]\w*\s*[:：])"


def claims_in(text: str) -> tuple[str, ...]:
    """`x: 2*x; y: 1` -> ("x: 2*x", "y: 1"); a semicolon within a formula separates its statements."""
    return tuple(claim for claim in re.split(_NEXT_CLAIM, text.strip()) if claim)


def all_claims(texts: Iterable[str]) -> tuple[str, ...]:
    """The claims of all --claim; one at least of each."""
    found: list[str] = []
    for text in texts:
        if not text.strip():
            _variable(text, ())  # nothing is no claim
        found += claims_in(text)
    return tuple(found)


def _split(claim: str) -> tuple[str | None, str]:
    """The variable, where it is named, and the formula: `x: 2*x` -> ("x", "2*x"), `dy/dx = 2*x` the same."""
    name, colon, formula = claim.replace("：", ":").partition(":")
    if colon and name.strip():
        return name.strip(), formula.strip()
    other = re.match(_NAMED_OTHERWISE, claim)
    if other and not colon:
        return other["below"] or other["index"], claim[other.end() :].strip()
    return None, (formula if colon else claim).strip()


def _variable(claim: str, names: Sequence[str]) -> str:
    """The variable that a claim is for: one of `names`, where it names none the only one."""
    name, formula = _split(claim)
    if name is None and len(names) == 1 and not re.match(_AN_EQUATION, claim):
        return names[0]
    if name is None:
        equation = re.match(_AN_EQUATION, claim)
        bare = claim[equation.end() :].strip() if equation else formula
        short = bare and len(bare) <= 40 and ":" not in bare
        hint = message('write "{name}: {formula}"', name=names[0] if names else "x", formula=bare if short else "2*x*y")
        raise DiffError(message("a claim names its variable"), claim, (0, len(claim)), hint, "claim")
    return name


_NAMED_OTHERWISE = (
    r"\s*(?:[^\W\d]\w*['’′](?:\s*\(\s*\w+\s*\))?|[d∂][^\W\d]?\w*\s*/\s*[d∂](?P<below>[^\W\d]\w*)"
    r"|f_(?P<index>[^\W\d]\w*))\s*=(?!=)"
)
"""What some write before a derivative: `y' =`, `f'(x) =`, `dy/dx =`, `f_x =`."""
_AN_EQUATION = r"\s*[^\W\d]\w*\s*=(?!=)(?!.*;)"
"""`x = 2*x`: the name of a variable before a formula, or of a function, or a statement; not one thing for certain."""


def _with_claims(case: Case, claims: Sequence[str], at: Mapping[str, Number]) -> Case:
    given = {name: shape_of(value) for name, value in at.items()}
    found = {}
    for claim in claims:
        name, formula = _variable(claim, case.wrt), _split(claim)[1]
        if name in found:
            hint = message("claim each variable once")
            raise DiffError(message("'{name}' is claimed twice", name=name), claim, (0, len(name)), hint, "claim")
        if name not in case.wrt:
            hint = message("add it: --wrt {names}", names=",".join((*case.wrt, name)))
            raise DiffError(
                message("the claim is for '{name}', which is not asked for", name=name),
                claim,
                (0, len(name)),
                hint,
                "claim",
            )
        expression = elaborate(formula, given)
        for unknown in expression.variables:
            if unknown not in at:
                guess = meant(unknown, at)
                hint = (
                    message("write {what}", what=guess)
                    if guess
                    else message("a claim is written in the variables of the point")
                )
                raise DiffError(
                    message("the variable {name} has no value", name=unknown),
                    formula,
                    _occurrence(formula, unknown),
                    hint,
                    "claim",
                )
        wanted = case.expression.shape + case.expression.shapes[name]
        if expression.shape != wanted:
            shapes = message(
                "the claim for {name} has the shape {shape}, the derivative {wanted}",
                name=name,
                shape=expression.shape,
                wanted=wanted,
            )
            hint = message("write a vector as [a, b]: the outputs first, then the variable's entries")
            raise DiffError(shapes, formula, (0, len(formula)), hint, "shape")
        found[name] = Claim(name, expression)
    unclaimed = [name for name in case.wrt if name not in found]
    if unclaimed:
        hint = message('add --claim "{name}: …", or leave it out of --wrt', name=unclaimed[0])
        raise DiffError(message("there is no claim for {listed}", listed=listing(unclaimed)), hint=hint, kind="claim")
    names = [name for claim in found.values() for name in claim.expression.variables]
    everything = {**case.at, **{name: at[name] for name in names}}
    return replace(case, at=everything, claims=tuple(found[name] for name in case.wrt))


# --- as text
def written(value: Number) -> str:
    """A value of a point, as it is typed.

    >>> written((1.0, 0.5))
    '[1, 0.5]'
    """
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    return literal(value)


def equations(at: Mapping[str, Number]) -> str:
    """A point as it is read: `x = 1, v = [2, 3]`."""
    return ", ".join(f"{name} = {written(value)}" for name, value in at.items())


def pasted(at: Mapping[str, Number]) -> str:
    """A point as it stands behind --at: `x=1, v=[2, 3]`."""
    return ", ".join(f"{name}={written(value)}" for name, value in at.items())


def headline(case: Case) -> str:
    """`f(x, y) = x*y`, as it was understood, with what is bound before it: `a = x*y; f(x, y) = a + 1`."""
    names = ", ".join(case.expression.variables)
    before, semicolon, result = understood(case).rpartition("; ")
    return f"{before}{semicolon}{f'f({names})' if names else 'f'} = {result}"


def understood(case: Case) -> str:
    """The expression as it was understood; one of vectors as it was typed, since its program is scalar."""
    expression = case.expression
    if expression.scalar:
        return render(expression.program, expression.bindings)
    lines = (line.split("#", 1)[0].strip() for line in expression.source.splitlines())
    return "; ".join(line.rstrip("; ") for line in lines if line)


def _occurrence(source: str, name: str) -> tuple[int, int] | None:
    for node in parse(source):
        if node[:2] == ("name", name):
            return span(source, node)
    return None

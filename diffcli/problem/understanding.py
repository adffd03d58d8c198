"""Cases understood: an expression or a Python function, a point, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from diffcli.core.derivative_kinds import GRADIENT, Wanted
from diffcli.problem.asked import Asked, bracketed, numbers_in
from diffcli.problem.case import Case, Claim
from diffcli.problem.claim_texts import claimed_variable, split_claim
from diffcli.problem.point import Number, shape_of, written
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, listing, message, shortened
from diffcli.syntax import Expression, elaborate
from diffcli.syntax.elaboration import as_read
from diffcli.syntax.mending import explained
from diffcli.syntax.parsing import nodes_of, span
from diffcli.syntax.shapes import Shape, places, subscript
from diffcli.syntax.spellings import meant
from diffcli.tracing.naming import named

if TYPE_CHECKING:
    from diffcli.tracing.values import Scalar


A_GRADIENT = Asked()


def make_case(
    source: str,
    at: Mapping[str, Number],
    wrt: Sequence[str] | None = None,
    id: str | None = None,
    line: int | None = None,
    asked: Asked = A_GRADIENT,
) -> Case:
    """Understand an expression at a point; `DiffError` where it cannot be."""
    if ":" in source and named(source):
        hint = message("no row and no study runs Python: it is run by itself only, diff-compare lesson.py:f --at …")
        raise DiffError(message("a Python function cannot stand here"), source, (0, len(source)), hint, "python")
    given = {name: shape_of(value) for name, value in at.items()}
    if asked.implicit:
        return _implicit(source, at, wrt, given, asked, id, line)
    claimed = [split_claim(claim)[0] for claim in asked.given]
    names = tuple(name for name in (*(wrt or ()), *claimed) if name)
    expression = _all_valued(source, at, given, names, asked.notation)
    wrt, asked = _questioned(expression, wrt, asked)
    declared = expression.reading.arguments if expression.reading else ()
    if wrt is None and not asked.given and declared:
        wrt = [name for name in declared if name in at]
    chosen = _chosen(expression.variables, at, wrt, asked.given)
    beyond = {name: given[name] for name in chosen if name not in expression.variables}
    expression = _with_inputs(expression, beyond)
    case = Case(expression, {name: at[name] for name in expression.shapes}, chosen, id, line)
    wanted = _wanted(case, asked)
    case = case if wanted is GRADIENT else replace(case, wanted=wanted)
    if asked.given:
        return _with_claims(case, asked.given, at)
    return replace(case, unanswered=True) if asked.claims else case


def _implicit(
    source: str,
    at: Mapping[str, Number],
    wrt: Sequence[str] | None,
    given: Mapping[str, Shape],
    asked: Asked,
    id: str | None,
    line: int | None,
) -> Case:
    from diffcli.problem.implicit import implicit_case

    asked.check()
    if wrt is not None:
        _chosen([name for name in at if name not in asked.implicit], {}, wrt, ())
    case = implicit_case(source, at, wrt, asked.implicit, lambda text: _all_valued(text, at, given, (), asked.notation))
    return replace(case, id=id, line=line)


def _questioned(expression: Expression, wrt: Sequence[str] | None, asked: Asked) -> tuple[Sequence[str] | None, Asked]:
    """What is asked for by options, or by a sign around the text: `d/dx (x^2)`."""
    question = None if expression.reading is None else expression.reading.question
    if question is None:
        return wrt, asked
    if wrt is not None and tuple(wrt) != (question.by,):
        said = message("the text asks for the derivative by {name}, --wrt for others", name=question.by)
        hint = message("leave out one of them")
        raise DiffError(said, expression.source, (0, len(expression.source)), hint, "option")
    unasked = asked.order == 1 and not asked.vectors
    return (question.by,), replace(asked, order=question.order) if unasked else asked


def _chosen(
    names: Sequence[str], at: Mapping[str, Number], wrt: Sequence[str] | None, claims: Sequence[str]
) -> tuple[str, ...]:
    """The variables to differentiate by: those asked for, those claimed, or all; each once, and each known."""
    claimed = tuple(dict.fromkeys(claimed_variable(claim, wrt or names) for claim in claims))
    chosen = tuple(wrt) if wrt is not None else claimed or tuple(names)
    for name in chosen:
        if name not in names and name not in at:
            raise _unknown_variable(name, names, at)
        if chosen.count(name) > 1:
            hint = message("name each variable once in --wrt")
            raise DiffError(message("'{name}' is asked for twice", name=name), hint=hint, kind="variable")
    return chosen


def _unknown_variable(name: str, names: Sequence[str], at: Mapping[str, Number]) -> DiffError:
    hint = message("it has no variables")
    if names:
        hint = message("its variables are: {names}", names=", ".join(names))
    vector = name.partition("[")[0]
    if vector in at:
        hint = message("a vector is differentiated by as a whole: {name}", name=vector)
    said = message("the expression has no variable '{name}' to differentiate by", name=name)
    return DiffError(said, hint=hint, kind="variable")


def where_missing(error: DiffError, hint: Message) -> DiffError:
    """An error about a variable without a value, with another hint: not every command gives all of them by --at."""
    return replace(error, hint=hint) if error.kind == "missing" else error


def traced_case(
    source: str | Callable[..., Any],
    at: Mapping[str, Number],
    wrt: Sequence[str] | None = None,
    asked: Asked = A_GRADIENT,
    outer: Mapping[str, Scalar] = MappingProxyType({}),
    checked: bool = True,
) -> Case:
    """Run a Python function, or the one that `source` names, at a point: its program is that of the path taken."""
    if asked.implicit:
        hint = message('write the equation as text: "x^2 + y^2 = 25"')
        raise DiffError(message("--implicit is for equations, not for Python functions"), hint=hint, kind="option")
    from diffcli.tracing.loading import load, loaded
    from diffcli.tracing.running import trace

    function = load(source) if isinstance(source, str) else loaded(source)
    names = [p.name for p in function.parameters if p.name in at and p.annotation not in (int, "int")]
    found = trace(
        function, at, wrt or tuple(claimed_variable(claim, names) for claim in asked.given) or None, outer, checked
    )
    case = Case(found.expression, found.at, found.wrt, path=found.path, around=found.around, doubt=found.doubt)
    case = replace(case, wanted=_wanted(case, asked))
    return _with_claims(replace(case, function=function), asked.given, at) if asked.given else case


def _all_valued(
    source: str,
    at: Mapping[str, Number],
    given: Mapping[str, Shape],
    names: tuple[str, ...] = (),
    notation: str | None = None,
) -> Expression:
    """The expression, whose variables all have values; `DiffError` with the whole text mended where that is known."""
    shapes = tuple(given.items())
    try:
        expression = _understood(source, shapes, names, notation)
        _check_valued(expression, at)
    except DiffError as error:

        def read(text: str) -> None:
            _check_valued(as_read(text, given, names), at)

        raise explained(error, read) from None
    return expression


def _check_valued(expression: Expression, at: Mapping[str, Number]) -> None:
    missing = [name for name in expression.variables if name not in at]
    if not missing:
        return
    shown, plain = missing[0], expression.plain
    known = [*(f"{name}={written(value)}" for name, value in at.items()), *(f"{name}=…" for name in missing)]
    plural = (
        message("the variables {listed} have no values", listed=listing(missing))
        if len(missing) > 1
        else message("the variable {name} has no value", name=shown)
    )
    guess, where, point = meant(shown, at), _occurrence(plain, shown), ", ".join(known)
    hint = (
        message('write {formula}, or add --at "{point}"', formula=guess, point=point)
        if guess
        else message('add --at "{point}"', point=point)
    )
    mended = (f"{plain[: where[0]]}{guess}{plain[where[1] :]}",) if guess and where and "…" not in guess else ()
    if where and plain[: where[0]].rstrip()[-1:] in ("/", "^"):
        mended = ()  # 1/xy is read in two ways
    raise DiffError(plural, expression.source, expression.span(where), hint, "missing", mended)


@lru_cache(maxsize=64)
def _understood(
    source: str, given: tuple[tuple[str, Shape], ...], names: tuple[str, ...], notation: str | None
) -> Expression:
    """A range of points asks for the same expression again and again."""
    return elaborate(source, dict(given), names, notation)


def _with_inputs(expression: Expression, shapes: Mapping[str, Shape]) -> Expression:
    """Variables that are given, but not in the expression: its derivative by them is 0."""
    if not shapes:
        return expression
    inputs = [name + subscript(place) for name, shape in shapes.items() for place in places(shape)]
    program = replace(expression.program, inputs=(*expression.program.inputs, *inputs))
    return replace(expression, program=program, shapes={**expression.shapes, **shapes})


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
    vector, listed = numbers_in(option, text), bracketed(text)
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
            listed,
            (0, len(listed)),
            message("write a number for each of {names}", names=shortened(names)),
            "option",
        )
    return vector


def _with_claims(case: Case, claims: Sequence[str], at: Mapping[str, Number]) -> Case:
    given = {name: shape_of(value) for name, value in at.items()}
    found = {}
    for claim in claims:
        name, formula = claimed_variable(claim, case.wrt), split_claim(claim)[1]
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
                    expression.span(_occurrence(expression.plain, unknown)),
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


def _occurrence(source: str, name: str) -> tuple[int, int] | None:
    for node in nodes_of(source):
        if node[:2] == ("name", name):
            return span(source, node)
    return None

"""A function run once on traced numbers: the straight-line program of the path it took, and that path.

It knows what a user's function may be given and give back; what is done with the program is nothing to it.
"""

from __future__ import annotations

import inspect
import io
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from diffcli.core.passes import prune
from diffcli.core.primitives import ARITY, INPUT
from diffcli.core.program import Program
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Expired
from diffcli.runtime.messages import Message, message, parts
from diffcli.syntax import Expression
from diffcli.syntax.shapes import Shape, places, subscript
from diffcli.tracing import arrays
from diffcli.tracing.arrays import array_of
from diffcli.tracing.checking import Doubt, agree, checking, plainly, repeated, unexplained
from diffcli.tracing.exactness import unsure
from diffcli.tracing.literals import computed
from diffcli.tracing.loading import Loaded, raised, raised_at
from diffcli.tracing.nesting import Around
from diffcli.tracing.path import Observer, Place, Step
from diffcli.tracing.printing import printing_to
from diffcli.tracing.refusals import CONDITION, FOR_FLOATS
from diffcli.tracing.values import Scalar, Trace, running

Number = float | tuple[Any, ...]


@dataclass(frozen=True)
class Traced:
    """What a run has left: the program as an expression, the path, what is differentiated by, and what is around it."""

    expression: Expression
    at: dict[str, Number]
    path: tuple[Step, ...]
    wrt: tuple[str, ...]
    around: Around | None = None
    doubt: Doubt | None = None


def trace(
    loaded: Loaded,
    at: Mapping[str, Number],
    wrt: Sequence[str] | None = None,
    outer: Mapping[str, Scalar] = MappingProxyType({}),
    checked: bool = True,
) -> Traced:
    """Run a function at a point; `wrt` are the parameters that are differentiated by, all where it is None.

    `outer` are the entries of the point that are numbers of a run around this one. `checked`: the function is run
    plainly, too, and what speaks against the path is told.
    """
    given = _given(loaded, at)
    chosen = tuple(wrt) if wrt is not None else tuple(name for name in given if not _counts(loaded, name))
    for name in chosen:
        if name not in given:
            hint = message("its parameters with a value are: {names}", names=", ".join(given))
            raise DiffError(
                message(
                    "{name} has no parameter '{parameter}' to differentiate by", name=loaded.source, parameter=name
                ),
                hint=hint,
                kind="variable",
            )
    shapes = {name: np.shape(value) for name, value in given.items()}
    names = [name + subscript(place) for name, shape in shapes.items() for place in places(shape)]
    point = [float(x) for value in given.values() for x in np.ravel(value)]
    whole = [name for name in given if name not in chosen and not any(part.partition("[")[0] == name for part in outer)]
    observer = Observer(loaded.file)

    recorded = partial(_recorded, loaded, given, shapes, whole)
    run, result = recorded(observer)
    shape, entries, notes = _result(loaded, result)
    program = _program(run, entries)
    exact = unsure(run) if run.decisions else {}
    notes += [*_edges(run, exact), *_constant(loaded, program, chosen)]
    rounded = computed(program, loaded.function, loaded.file, observer.files)
    notes += [rounded] if rounded else []
    path = (*observer.steps(), *_elsewhere(run, observer))
    doubt = None
    if checked and run.outer is None and not run.captured and not checking.get():
        moved = [i for i, name in enumerate(names) if name.partition("[")[0] in chosen]
        plain = partial(_plain, loaded, given, shapes, whole)
        doubt = (
            repeated(plain, point, program, shape, loaded.source)
            or _of_path(run, exact, partial(_other_path, loaded, recorded), program, moved)
            or unexplained(plain, point, moved, program, loaded.source)
        )
    shapes |= dict.fromkeys(run.captured, ())
    values = given | {name: number.number for name, number in run.captured.items()}
    expression = Expression(loaded.source, program, shapes, shape, notes=tuple(notes), scalar=False, traced=True)
    told = tuple(sorted(path, key=lambda step: step.line))
    return Traced(expression, values, told, chosen, _around(run, outer), doubt)


def _recorded(
    loaded: Loaded, given: Mapping[str, Number], shapes: Mapping[str, Shape], whole: Sequence[str],
    observer: Observer | _Unwatched, flipped: int | None = None,
) -> tuple[Trace, Any]:  # fmt: skip
    """One run on traced numbers, and what it gave back; `whole` are parameters that may be plain whole numbers."""
    names = [name + subscript(place) for name, shape in shapes.items() for place in places(shape)]
    run = Trace(
        names, [float(x) for value in given.values() for x in np.ravel(value)], arrays, loaded.file, loaded.source
    )
    run.flipped = flipped
    token = running.set(run)
    try:
        return run, _run(loaded, _arguments(run, given, shapes, whole), observer)
    finally:
        running.reset(token)
        run.ended = True


def _plain(
    loaded: Loaded,
    given: Mapping[str, Number],
    shapes: Mapping[str, Shape],
    whole: Sequence[str],
    point: Sequence[float],
) -> tuple[Shape, list[float]]:
    """The function on floats and arrays of floats; on NumPy's floats where it asks more of them than Python's have."""
    arguments: dict[str, Any] = {}
    numbers = iter(point)
    for name, shape in shapes.items():
        entries = [next(numbers) for _ in range(int(np.prod(shape, dtype=int)))]
        arguments[name] = np.array(entries).reshape(shape) if isinstance(given[name], tuple) else entries[0]
        if name in whole and not shape and entries[0].is_integer():
            arguments[name] = int(entries[0])
    try:
        result = plainly(partial(_call, loaded, arguments))
    except (AttributeError, TypeError):
        typed = {name: np.float64(x) if isinstance(x, float) else x for name, x in arguments.items()}
        result = plainly(partial(_call, loaded, typed))
    shape, entries, _ = _result(loaded, _as_numbers(result))
    return shape, [float(entry) for entry in entries]


def _as_numbers(value: Any) -> Any:
    """Conditions as the numbers 0 and 1, as they are traced."""
    if isinstance(value, list | tuple):
        return [_as_numbers(part) for part in value]
    return (
        np.asarray(value, float)
        if isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b"
        else value
    )


_FLIPS = 4
"""Branches decided by rounding of which the other side is tried."""


def _of_path(
    run: Trace, exact: Mapping[int, str], other: Callable[[int], Program | None], program: Program, moved: Sequence[int]
) -> Doubt | None:
    """Whether balls prove that a neighbourhood takes this path; where rounding ended a loop, both sides must agree."""
    rounded: dict[int, int] = {}
    for k, decision in enumerate(run.decisions):
        doubts = {exact.get(wire) for wire in (decision.wire, *run.edges.get(decision.wire, ()))}
        where = _where(decision.place)
        if "edge" in doubts:
            return Doubt(message("the point lies on the edge of {what}", what=where), valued=True)
        if "unknown" in doubts:
            return Doubt(message("{what} is decided by float64; which side is exact could not be proved", what=where))
        if "rounding" in doubts:
            rounded.setdefault(decision.wire, k)
    for n, k in enumerate(rounded.values()):
        side = other(k) if n < _FLIPS else None
        if side is None or not agree(program, side, run.recording.point, moved):
            where = _where(run.decisions[k].place)
            return Doubt(
                message("{what} is decided by rounding: in exact arithmetic it comes out differently", what=where)
            )
    return None


def _other_path(loaded: Loaded, recorded: Callable[..., tuple[Trace, Any]], k: int) -> Program | None:
    """The program of the run in which decision `k` comes out the other way."""
    try:
        other, result = plainly(partial(recorded, _Unwatched(), k))
        return _program(other, _result(loaded, result)[1])
    except Exception:  # noqa: BLE001 - the other side may be no way to go
        return None


def _around(run: Trace, outer: Mapping[str, Scalar]) -> Around | None:
    """The numbers of the run around this one, with the conditions that may hang on them."""
    numbers = {**outer, **run.captured}
    if not numbers:
        return None
    conditions = run.recording.builder.program([decision.wire for decision in run.decisions])
    return Around(numbers, prune(conditions) if run.decisions else None)


# --- the same function elsewhere
@dataclass(frozen=True)
class Elsewhere:
    """A run at another point: its program, and what its path hangs on.

    `conditions` are numbers whose signs at this point are `signs`: as long as they have these, the path is the same.
    `held` are the parameters that the function was given as plain whole numbers.
    """

    expression: Expression
    conditions: Program
    signs: tuple[int, ...]
    held: tuple[str, ...]


class _Unwatched:
    """No one counts loops and branches."""

    watching = staticmethod(nullcontext)

    @staticmethod
    def steps() -> list[Step]:
        return []


def elsewhere(loaded: Loaded, at: Mapping[str, Number], wrt: Sequence[str]) -> Elsewhere | None:
    """Run a function at another point, with as many parameters as variables as it bears.

    None where it does not run, or where it is not certain that exact numbers would go the same way.
    """
    given = _given(loaded, at)
    shapes = {name: np.shape(value) for name, value in given.items()}
    for chosen in dict.fromkeys((tuple(name for name in given if not _counts(loaded, name)), tuple(wrt))):
        whole = [name for name in given if name not in chosen]
        try:
            run, result = _recorded(loaded, given, shapes, whole, _Unwatched())
            shape, entries, _ = _result(loaded, result)
        except DiffError as error:
            if isinstance(error.__context__, Expired):
                return None
            continue
        if unsure(run):
            return None
        conditions, signs = _conditions(run)
        expression = Expression(loaded.source, _program(run, entries), shapes, shape, scalar=False, traced=True)
        held = tuple(
            name for name, value in given.items()
            if name not in chosen and not isinstance(value, tuple) and float(value).is_integer()
        )  # fmt: skip
        return Elsewhere(expression, conditions, signs, held)
    return None


def _conditions(run: Trace) -> tuple[Program, tuple[int, ...]]:
    """The differences of the sides that were compared to decide the way, and their signs; ties decide nothing."""
    builder, found = run.recording.builder, dict[tuple[int, int], None]()
    for decision in run.decisions:
        waiting = [decision.wire]
        while waiting:
            wire = waiting.pop()
            comparison = run.comparisons.get(wire)
            if comparison is None:
                columns = builder.a[wire], builder.b[wire], builder.c.get(wire, -1)
                waiting += [k for k in columns[: ARITY[builder.ops[wire]]] if k in run.boolean]
            elif comparison.name not in ("eq", "ne"):
                found[comparison.left, comparison.right] = None
    signs = tuple(1 if run.number(left) > run.number(right) else -1 for left, right in found)
    return prune(builder.program([builder.apply("sub", *sides) for sides in found])), signs


# --- what the function is given
def _given(loaded: Loaded, at: Mapping[str, Number]) -> dict[str, Number]:
    names = [parameter.name for parameter in loaded.parameters]
    missing = [
        parameter.name for parameter in loaded.parameters if parameter.default is parameter.empty
        if parameter.name not in at
    ]  # fmt: skip
    if missing:
        hint = message(
            'add --at "{point}"', point=", ".join(f"{name}=…" for name in names if name in at or name in missing)
        )
        said = message(
            "{name}: the parameter has no value: {names}", "{name}: the parameters have no value: {names}",
            name=loaded.source, names=", ".join(missing), count=len(missing),
        )  # fmt: skip
        raise DiffError(said, hint=hint, kind="missing")
    return {name: at[name] for name in names if name in at}


def _counts(loaded: Loaded, name: str) -> bool:
    """Whether a parameter says that it is a whole number: it is given plain, so that it can count."""
    annotation = next(parameter.annotation for parameter in loaded.parameters if parameter.name == name)
    return annotation in (int, "int")


def _arguments(run: Trace, given: Mapping[str, Number], shapes: Mapping[str, Shape], plain: Sequence[str]) -> Any:
    arguments: dict[str, Any] = {}
    number = 0
    for name, value in given.items():
        size = int(np.prod(shapes[name], dtype=int))
        entries = [Scalar(run, run.recording.input(number + k)) for k in range(size)]
        number += size
        if not isinstance(value, tuple):
            whole = name in plain and float(value).is_integer()
            arguments[name] = int(value) if whole else entries[0]
        else:
            arguments[name] = array_of(entries, shapes[name])
    return arguments


def _run(loaded: Loaded, arguments: Mapping[str, Any], observer: Observer | _Unwatched) -> Any:
    """Call it; what it prints goes to standard error, what it raises is said with its line."""
    try:
        with printing_to(sys.stderr or io.StringIO()), np.errstate(all="ignore"), observer.watching():
            return _call(loaded, arguments)
    except Expired:
        loops = [step for step in observer.steps() if step.taken is None]
        most = max(loops, key=lambda step: step.count, default=None)
        hint = message("--timeout gives it longer")
        if most:
            template = "the {kind} at line {line} had turned {count} times"
            hint = parts([message(template, kind=most.kind, line=most.line, count=f"{most.count:,}"), hint])
        raise DiffError(
            message("{name} does not come to an end", name=loaded.source), hint=hint, kind="python"
        ) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's code raises is said with its line
        refused = _refusal(error)
        if refused is not None:
            raise refused from None
        raise _raised(error, loaded) from None


def _call(loaded: Loaded, arguments: Mapping[str, Any]) -> Any:
    kinds = {parameter.name: parameter.kind for parameter in loaded.parameters}
    by_place = [arguments[name] for name in arguments if kinds[name] == inspect.Parameter.POSITIONAL_ONLY]
    by_name = {name: value for name, value in arguments.items() if kinds[name] != inspect.Parameter.POSITIONAL_ONLY}
    return loaded.function(*by_place, **by_name)


def _refusal(error: BaseException | None) -> DiffError | None:
    """Our own error, wherever a library has put it in one of its own."""
    while error is not None:
        if isinstance(error, DiffError):
            return error
        error = error.__cause__ or error.__context__
    return None


_HINTS: tuple[tuple[str, Message], ...] = (
    ("truth value of an array", CONDITION),
    ("ufunc", FOR_FLOATS),
    ("Cannot cast", FOR_FLOATS),
    (
        "maximum recursion depth",
        message("the recursion has no end here, or is deeper than Python allows: write a loop"),
    ),
)
"""What is found in an error of NumPy's or Python's, and the way out."""


def _raised(error: BaseException, loaded: Loaded) -> DiffError:
    said = raised(error)
    hint = next((hint for sign, hint in _HINTS if sign in said), None)
    return raised_at(error.__traceback__, said, hint, loaded.file or None)


# --- what it gives back
def _result(loaded: Loaded, result: Any) -> tuple[Shape, list[Any], list[Message]]:
    """Its shape and entries; parts of different shapes are put one behind the other."""
    notes: list[Message] = []
    shape: Shape | None = None
    try:
        shape = _shape(result)
    except ValueError:
        notes.append(
            message("{name} returns parts of different shapes: they are put one behind the other", name=loaded.source)
        )
    except TypeError as error:
        hint = message("return a number, an array, or a list of numbers")
        raise DiffError(
            message("{name} returns {what}, which has no derivative", name=loaded.source, what=error),
            hint=hint,
            kind="python",
        ) from None
    entries = _flat(result)
    if not entries:
        raise DiffError(
            message("{name} returns nothing that is a number", name=loaded.source),
            hint=message("return a number"),
            kind="python",
        )
    return (len(entries),) if shape is None else shape, entries, notes


_NUMBERS = (Scalar, int, float, np.integer, np.floating)
_ARTICLES: dict[type, str] = {
    type(None): "None",
    bool: message("True or False"),
    str: message("a text"),
    complex: message("a complex number"),
}


def _shape(value: Any) -> Shape:
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "Oiuf":
            raise TypeError(message("an array of {kind}", kind=value.dtype))
        for entry in value.flat if value.dtype == object else ():
            _shape(entry)
        return tuple(value.shape)
    if isinstance(value, list | tuple):
        shapes = list(dict.fromkeys(map(_shape, value)))
        if len(shapes) > 1:
            raise ValueError
        return (len(value), *(shapes[0] if shapes else ()))
    if isinstance(value, _NUMBERS) and not isinstance(value, bool):
        return ()
    raise TypeError(_ARTICLES.get(type(value)) or message("a {kind}", kind=type(value).__name__))


def _flat(value: Any) -> list[Any]:
    if isinstance(value, np.ndarray):
        return list(value.flat)
    return [entry for part in value for entry in _flat(part)] if isinstance(value, list | tuple) else [value]


def _program(run: Trace, entries: Sequence[Any]) -> Program:
    """Without its guards: they told which path this is, and no method needs them."""
    outputs = [run.wire(entry) for entry in entries]
    return prune(run.recording.builder.program(outputs))


def _constant(loaded: Loaded, program: Program, chosen: Sequence[str]) -> list[Message]:
    read = {program.inputs[program.a[k]].partition("[")[0] for k, code in enumerate(program.ops) if code == INPUT}
    left = [name for name in chosen if name not in read]
    if not left:
        return []
    return [
        message(
            "on this path {name} does not depend on {names}: the derivative is 0",
            name=loaded.source,
            names=", ".join(left),
        )
    ]


# --- what decided
def _edges(run: Trace, exact: Mapping[int, str]) -> list[Message]:
    """Conditions that a small step, or exact arithmetic, would turn: said once a line."""
    notes: dict[Message, None] = {}
    for decision in run.decisions:
        where = _where(decision.place)
        doubts = {exact.get(wire) for wire in (decision.wire, *run.edges.get(decision.wire, ()))}
        if "edge" in doubts:
            notes[
                message(
                    "the point lies exactly on the edge of {what}: the derivative is that of this side only", what=where
                )
            ] = None
        elif "rounding" in doubts:
            notes[
                message("{what} is decided by rounding: in exact arithmetic it comes out differently", what=where)
            ] = None
        elif "unknown" in doubts:
            notes[message("{what} is decided by float64; which side is exact could not be proved", what=where)] = None
    return list(notes)


def _where(place: Place | None) -> Message:
    if place is None:
        return message("a branch")
    text = place.text.strip().partition("#")[0].rstrip().rstrip(":")
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    if not shown:
        return message("the branch at line {line}", line=place.line)
    return message("the branch at line {line} ({text})", line=place.line, text=shown)


def _elsewhere(run: Trace, observer: Observer) -> list[Step]:
    """Conditions that no statement shows: in `max(a, b)`, in sorting, in a library."""
    asked: Counter[tuple[int, str]] = Counter()
    held: Counter[tuple[int, str]] = Counter()
    for decision in run.decisions:
        if decision.place is None or observer.holds(decision.place.position):
            continue
        key = decision.place.line, decision.place.text.strip()
        asked[key] += 1
        held[key] += decision.held
    return [Step(line, "comparison", text, times, held[line, text]) for (line, text), times in asked.items()]

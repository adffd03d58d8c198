"""The certified truth: value and derivative of the exact function at the exact point, proved.

First by two-sided power series of balls along lines, with rising precision until
every number is known to a relative 2^-113. Where a series does not exist (a kink, a
tie, a switch, a zero under a root) one-sided expansions decide between a
derivative, two one-sided ones, a vertical tangent and a jump: it is the
derivative of the function, whatever its formula. It shares no derivative rule
with any method under test: the knowledge is FLINT's series arithmetic.
"""

from __future__ import annotations

import copyreg
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from math import factorial
from typing import Any, Literal

from flint import arb, fmpz

from diffcli.core.derivative_kinds import GRADIENT, Kind, Wanted
from diffcli.core.evaluate import dependences, evaluate_again, evaluate_all
from diffcli.core.linear_combinations import combined, only
from diffcli.core.passes import held, prune
from diffcli.core.primitives import CODE
from diffcli.core.program import Program
from diffcli.core.reasons import as_written
from diffcli.core.sparsity import meetings
from diffcli.runtime.messages import Message, message, message_of, parts
from diffcli.truth.accuracy import PRECISIONS, Ball, Entry, OneSided, Undecided, tight
from diffcli.truth.series import FORMAL, SERIES, Singular, Undefined, Unresolved, working
from diffcli.truth.series import variable as series_variable

DETACH = CODE["detach"]

DIGITS = 33
Status = Literal["certified", "not-differentiable", "undefined", "undecided", "unavailable"]


@dataclass(frozen=True, slots=True)
class Truth:
    """Balls for values and derivative entries, row by row, or why there are none.

    `derivative[i]` is None where the entry does not exist; then `left[i]` and
    `right[i]` are the one-sided derivatives (an infinity where vertical, None where none).
    It is also None where nothing is proved of the entry: `undecided` has these places, and the
    status is then `undecided`, whatever is known of the others.

    `slopes` are the limits of the derivative from the left and from the right, entry by entry, where
    the function jumps at the point, as it does in the entries at `jumps` (None where no limit is known).
    `path` is the derivative of the path that a Python function took, where that is not proved to be the function.
    """

    status: Status
    bits: int
    values: tuple[Ball, ...] | None = None
    derivative: tuple[Ball | None, ...] | None = None
    left: tuple[OneSided, ...] | None = None
    right: tuple[OneSided, ...] | None = None
    reason: Message | None = None
    undecided: tuple[int, ...] = ()
    jumps: tuple[int, ...] = ()
    slopes: tuple[tuple[OneSided, ...], tuple[OneSided, ...]] | None = None
    path: tuple[Ball | None, ...] | None = None

    @property
    def value(self) -> Ball | None:
        """The value of the first output."""
        return self.values[0] if self.values else None


def _pickled(ball: Ball) -> tuple[Any, ...]:
    """Balls travel between processes as midpoint and radius, exactly."""
    if not ball.is_finite():
        return arb, (float(ball),)
    parts = [tuple(map(int, part.man_exp())) for part in (ball.mid(), ball.rad())]
    return _unpickled, (*parts[0], *parts[1])


def _unpickled(mantissa: int, exponent: int, radius_mantissa: int, radius_exponent: int) -> Ball:
    return arb((mantissa, exponent), (radius_mantissa, radius_exponent))


copyreg.pickle(arb, _pickled)


def certify(program: Program, wrt: Sequence[int], point: Sequence[float], wanted: Wanted = GRADIENT) -> Truth:
    """Prove the values of `program` at `point` and the derivative that is wanted, by the inputs `wrt`."""
    try:
        scene = Scene(program, point)
        values = proved_values(scene)
        entries = _KINDS[wanted.kind](scene, wrt, wanted)
    except Undefined as undefined:
        return Truth("undefined", PRECISIONS[0], reason=message_of(undefined))
    except Undecided as undecided:
        return Truth("undecided", PRECISIONS[-1], reason=message_of(undecided))
    proved = tuple(value for value, _ in values)
    bits = max(bits for _, bits in values)
    if any(isinstance(entry, Undecided) for entry in entries):
        found = _partly(entries, bits, proved)
    else:
        found = _wholly([told(entry) for entry in entries], bits, proved)
    return replace(found, reason=as_written(found.reason, program)) if found.reason and program.calls else found


def _wholly(entries: Sequence[Entry], bits: int, values: tuple[Ball, ...]) -> Truth:
    """The truth where every entry is known to exist, or not to."""
    bits = max([bits, *(entry.bits for entry in entries)])
    derivative = tuple(entry.derivative for entry in entries)
    if None not in derivative:
        edge = next((entry.reason for entry in entries if entry.reason), None)
        return Truth("certified", bits, values, derivative, reason=edge)
    left, right = (tuple(getattr(entry, side) for entry in entries) for side in ("left", "right"))
    reasons = dict.fromkeys(entry.reason for entry in entries if entry.derivative is None and entry.reason)
    longest = [one for one in reasons if not any(one != other and other.startswith(one) for other in reasons)]
    reason = parts(longest[:_REASONS]) if longest else None
    return Truth("not-differentiable", bits, values, derivative, left, right, reason, **jumping(entries))


_REASONS = 3
"""Reasons that are told where entries do not exist for different ones."""


def jumping(entries: Sequence[Entry]) -> dict[str, Any]:
    """The fields of a truth that say where the function jumps; none where it jumps nowhere."""
    jumps = tuple(place for place, entry in enumerate(entries) if entry.slopes is not None)
    if not jumps:
        return {}
    left, right = zip(*[entry.slopes or (None, None) for entry in entries], strict=True)
    return {"jumps": jumps, "slopes": (left, right)}


def _partly(entries: Sequence[Maybe], bits: int, values: tuple[Ball, ...]) -> Truth:
    """The truth where some entries are not proved: what is known of the others stands."""
    places = tuple(place for place, entry in enumerate(entries) if isinstance(entry, Undecided))
    reason = next(message_of(entry) for entry in entries if isinstance(entry, Undecided))
    if len(places) == len(entries):
        return Truth("undecided", PRECISIONS[-1], values, reason=reason, undecided=places)
    rest = _wholly([entry for entry in entries if not isinstance(entry, Undecided)], bits, values)
    known = [_UNKNOWN if isinstance(entry, Undecided) else entry for entry in entries]
    derivative, left, right = (
        tuple(getattr(entry, side) for entry in known) for side in ("derivative", "left", "right")
    )
    if rest.status == "certified":
        return Truth("undecided", rest.bits, values, derivative, reason=reason, undecided=places)
    return Truth("undecided", rest.bits, values, derivative, left, right, reason, places, **jumping(known))


_UNKNOWN = Entry(None, None, None, 0)


def told(entry: Maybe) -> Entry:
    """An entry that is proved; what is not is raised."""
    if isinstance(entry, Undecided):
        raise entry
    return entry


def _tried(prove: Callable[..., Entry], *arguments: Any) -> Maybe:
    """An entry, or why it is not proved: that takes no other entry with it."""
    try:
        return prove(*arguments)
    except Undecided as undecided:
        return undecided


# --- the regular case: two-sided series
class Scene:
    """A program at a point, and what was already computed there."""

    def __init__(self, program: Program, point: Sequence[float]) -> None:
        self.program, self.point = program, point
        self._constants: dict[tuple[int, int], list[Any]] = {}
        self._series: dict[tuple[Line, int, int], list[Any]] = {}
        self._simpler: dict[tuple[int, ...], Scene | None] = {}

    @cached_property
    def parts(self) -> list[Scene]:
        """The outputs one by one: what has no series in one of them spoils none of the others."""
        outputs = self.program.outputs
        if len(outputs) == 1:
            return [self]
        return [Scene(prune(replace(self.program, outputs=(output,))), self.point) for output in outputs]

    def constants(self, bits: int, length: int) -> list[Any]:
        """The value of every equation at the point, as series that are constant; at `bits`, now working."""
        known = self._constants.get((bits, length))
        if known is not None:
            return known
        try:
            found = evaluate_all(self.program, [SERIES.constant(x) for x in self.point], SERIES)
        except Singular as singular:
            from diffcli.truth.one_sided import values_at

            found = values_at(self.program, self.point, singular)
        self._constants[bits, length] = found
        return found

    @cached_property
    def moving(self) -> tuple[Program, list[int]]:
        """The program with an input in the place of each detached value, which no line moves.

        For each of its equations, the equation of the program whose value it has at the point.
        """
        program = self.program
        if DETACH not in program.ops:
            return program, list(range(len(program)))
        cut, went = held(program, [k for k, code in enumerate(program.ops) if code == DETACH])
        came = [0] * len(cut)
        for k, place in enumerate(went):
            if place >= 0:
                came[place] = k
        return cut, came

    def along(self, line: Line, bits: int, length: int) -> list[Any]:
        """`series_along`, for lines that are gone along again."""
        key = line, bits, length
        if key not in self._series:
            self._series[key] = self.series_along(line, bits, length)
        return self._series[key]

    def series_along(self, line: Line, bits: int, length: int) -> list[Any]:
        """The outputs along a line as series, cut after `length` terms; at `bits`, now working."""
        moved = {i: series_variable(arb(self.point[i]), arb(slope)) for i, slope in line}
        constants = self.constants(bits, length)
        program, came = self.moving
        if program is not self.program:
            constants = [constants[k] for k in came]
        return evaluate_again(program, constants, moved, SERIES, self.depends)

    def simplified(self, moving: tuple[int, ...]) -> Scene | None:
        """The same function around the point, when the inputs `moving` move, where identities show fewer equations."""
        from diffcli.truth.nearby import simplified

        if moving not in self._simpler:
            program = simplified(self.program, self.point, moving)
            self._simpler[moving] = Scene(program, self.point) if program else None
        return self._simpler[moving]

    @cached_property
    def depends(self) -> list[int]:
        return dependences(self.moving[0])

    @cached_property
    def meetings(self) -> list[int]:
        return meetings(self.program)


Maybe = Entry | Undecided
"""An entry that is known, or why nothing is proved of it."""
Line = tuple[tuple[int, float], ...]
"""A direction: pairs of an input that moves and its slope, by input."""


def line_along(slopes: Mapping[int, float]) -> Line:
    return tuple(sorted((i, slope) for i, slope in slopes.items() if slope))


def proved_values(scene: Scene) -> list[tuple[Ball, int]]:
    outputs, inputs = scene.program.outputs, tuple(range(len(scene.point)))
    for bits in PRECISIONS:
        if bits > FORMAL and (simpler := scene.simplified(inputs)):
            return proved_values(simpler)
        with working(bits, 2):
            try:
                constants = scene.constants(bits, 2)
            except Unresolved:
                continue
            except Singular:
                break
            values = [constants[output][0] for output in outputs]
            if all(map(tight, values)):
                return [(value, bits) for value in values]
    if len(outputs) > 1:
        return [proved_values(part)[0] for part in scene.parts]
    from diffcli.truth.one_sided import FEW, value_at

    with suppress(Undecided):
        return [value_at(scene.program, scene.point, FEW)]
    simpler = scene.simplified(inputs)
    return proved_values(simpler) if simpler else [value_at(scene.program, scene.point)]


def derivatives_along(scene: Scene, line: Line, order: int = 1) -> list[Maybe]:
    """The derivative of this order along `line`, of every output."""
    found: dict[int, Maybe] = {}
    length, inputs = order + 1, tuple(i for i, _ in line)
    for bits in PRECISIONS:
        if bits > FORMAL and (simpler := scene.simplified(inputs)):
            return derivatives_along(simpler, line, order)
        with working(bits, length):
            try:
                outputs = scene.along(line, bits, length)
            except Unresolved:
                continue
            except Singular as singular:
                reason = message_of(singular)
                break
            for j, series in enumerate(outputs):
                derivative = series[order] * factorial(order)
                if j not in found and tight(derivative):
                    found[j] = Entry(derivative, derivative, derivative, bits)
                elif j not in found and bits == FORMAL and _is_formally_zero(scene.parts[j], [(line, 1)], order):
                    found[j] = Entry(arb(0), arb(0), arb(0), bits)
            if len(found) == len(outputs):
                break
    else:
        reason = message("the derivative is too close to zero, or to a switch, to be told")
    if len(scene.parts) > 1:
        parts = enumerate(scene.parts)
        return [found[j] if j in found else derivatives_along(part, line, order)[0] for j, part in parts]
    if found:
        return [found[0]]
    from diffcli.truth.iterated import entry_along
    from diffcli.truth.one_sided import FEW

    with suppress(Undecided):
        return [entry_along(scene.program, scene.point, dict(line), order, reason, FEW)]
    if simpler := scene.simplified(inputs):
        return derivatives_along(simpler, line, order)
    return [_tried(entry_along, scene.program, scene.point, dict(line), order, reason)]


def _slopes(scene: Scene, lines: Sequence[Line]) -> Sequence[Sequence[Maybe]]:
    """The derivatives along lines, of every output: together at first, and one by one where that does not tell."""
    found: list[Sequence[Maybe] | None] = []
    bits = PRECISIONS[0]
    with working(bits, 2):
        for line in lines:
            try:
                slopes = [series[1] for series in scene.series_along(line, bits, 2)]
            except (Unresolved, Singular, Undefined):
                found.append(None)
            else:
                told = all(map(tight, slopes))
                found.append([Entry(slope, slope, slope, bits) for slope in slopes] if told else None)
    return [entries or derivatives_along(scene, line) for entries, line in zip(found, lines, strict=True)]


def _crossed(scene: Scene, one: Line, other: Line) -> Entry | None:
    """The mixed second derivative u^T H v by polarisation: [t^2] f(x + t(u + v)) - f(x + tu) - f(x + tv).

    Where all three have a series, f has one in both variables, and the mixed derivatives are the same; else None.
    """
    slopes = dict(one)
    for i, slope in other:
        slopes[i] = slopes.get(i, 0.0) + slope
    lines = line_along(slopes), one, other
    for bits in PRECISIONS:
        with working(bits, 3):
            try:
                both, first, second = (scene.along(line, bits, 3)[0][2] for line in lines)
            except Unresolved:
                continue
            except Singular:
                return None
            derivative = both - first - second
            if tight(derivative):
                return Entry(derivative, derivative, derivative, bits)
            if bits == FORMAL and _is_formally_zero(scene, list(zip(lines, (1, -1, -1), strict=True)), 2):
                return Entry(arb(0), arb(0), arb(0), bits)
    return None


def _mixed(scene: Scene, one: Line, other: Line) -> Maybe:
    """The derivative along `other` of the derivative along `one`."""
    if not _meet(scene, one, other):
        return _apart(scene, one)
    return _crossed(scene, one, other) or _iterated(scene, one, other)


def _meet(scene: Scene, one: Line, other: Line) -> bool:
    return any(scene.meetings[i] >> j & 1 for i, _ in one for j, _ in other)


def _apart(scene: Scene, one: Line) -> Maybe:
    """The derivative, along what does not meet `one`, of the derivative along it: 0 where that exists."""
    (slope,) = derivatives_along(scene, one)
    if isinstance(slope, Undecided):
        return slope
    zero = None if slope.derivative is None else arb(0)
    return Entry(zero, zero, zero, PRECISIONS[0], slope.reason)


def _iterated(scene: Scene, one: Line, other: Line) -> Maybe:
    from diffcli.truth.iterated import mixed_entry
    from diffcli.truth.one_sided import FEW, MORE

    with suppress(Undecided):
        return mixed_entry(scene.program, scene.point, dict(one), dict(other), FEW)
    if simpler := scene.simplified(tuple(sorted({i for i, _ in (*one, *other)}))):
        return _mixed(simpler, one, other)
    return _tried(mixed_entry, scene.program, scene.point, dict(one), dict(other), MORE)


def _is_formally_zero(scene: Scene, combination: Sequence[tuple[Line, int]], order: int) -> bool:
    from diffcli.truth.one_sided import is_formally_zero

    return is_formally_zero(scene.program, scene.point, [(dict(line), weight) for line, weight in combination], order)


# --- the kinds of derivative
def _jacobian(scene: Scene, wrt: Sequence[int], wanted: Wanted) -> list[Maybe]:
    del wanted
    columns = _slopes(scene, [((i, 1.0),) for i in wrt])
    return [column[j] for j in range(len(scene.program.outputs)) for column in columns]


def _jvp(scene: Scene, wrt: Sequence[int], wanted: Wanted) -> list[Maybe]:
    entries = derivatives_along(scene, line_along(dict(zip(wrt, wanted.vector, strict=True))))
    return [_shortened(entry, wanted.vector) for entry in entries] if wanted.unit else entries


def _shortened(entry: Maybe, vector: Sequence[float]) -> Maybe:
    """The derivative along vector/|vector|, the length being exact."""
    if isinstance(entry, Undecided):
        return entry
    with working(entry.bits, 2):
        length = sum((arb(x) ** 2 for x in vector), arb(0)).sqrt()
        sides = (entry.derivative, entry.left, entry.right)
        derivative, left, right = (side / length if isinstance(side, arb) else side for side in sides)
    return replace(entry, derivative=derivative, left=left, right=right)


def _vjp(scene: Scene, wrt: Sequence[int], wanted: Wanted) -> list[Maybe]:
    """The gradient of w·f: it may exist where that of an entry of f does not."""
    outputs = range(len(scene.program.outputs))
    weighted = only(
        combined(scene.program, [list(zip(wanted.vector, outputs, strict=True))]), [len(scene.program.outputs)]
    )
    return _jacobian(Scene(weighted, scene.point), wrt, wanted)


def _hessian(scene: Scene, wrt: Sequence[int], wanted: Wanted) -> list[Maybe]:
    del wanted
    lines = [((i, 1.0),) for i in wrt]
    found: dict[tuple[int, int], Maybe] = {}
    for i, one in enumerate(lines):
        (found[i, i],) = derivatives_along(scene, one, 2)
        for j in range(i):
            other = lines[j]
            both = _crossed(scene, one, other) if _meet(scene, one, other) else None
            found[i, j] = both or _mixed(scene, one, other)
            found[j, i] = both or _mixed(scene, other, one)
    return [found[i, j] for i in range(len(wrt)) for j in range(len(wrt))]


def _hvp(scene: Scene, wrt: Sequence[int], wanted: Wanted) -> list[Maybe]:
    direction = line_along(dict(zip(wrt, wanted.vector, strict=True)))
    return [_mixed(scene, ((i, 1.0),), direction) for i in wrt]


def _nth(scene: Scene, wrt: Sequence[int], wanted: Wanted) -> list[Maybe]:
    return derivatives_along(scene, ((wrt[0], 1.0),), wanted.order)


_KINDS: dict[Kind, Callable[[Scene, Sequence[int], Wanted], list[Maybe]]] = {
    "gradient": _jacobian,
    "jacobian": _jacobian,
    "jvp": _jvp,
    "vjp": _vjp,
    "hessian": _hessian,
    "hvp": _hvp,
    "derivative": _nth,
}


_AS_IT_STANDS = re.compile(r"-?(?:0\.[1-9]\d*|[1-9]\d{0,20}\.\d+)\Z").match
"""Most numbers: FLINT writes them as they are to be read, but for zeros at the end."""


def digits(value: Ball) -> str:
    """A certified ball as decimal text: 33 significant digits, fewer where that is exact.

    >>> digits(arb(5.5))
    '5.5'
    """
    if value.is_zero():
        return "0"
    if not value.is_finite():
        return "Infinity" if value > 0 else "-Infinity" if value < 0 else "NaN"
    written: str = value.mid().str(DIGITS, radius=False)
    if _AS_IT_STANDS(written):
        return written.rstrip("0").rstrip(".")
    mantissa, _, exponent_text = written.partition("e")
    prefix = "-" if mantissa[0] == "-" else ""
    before, _, after = mantissa.lstrip("-").partition(".")
    figures = (before + after).lstrip("0")
    # the decimal point stands after this many figures; exponents may be longer than Python reads
    shift: int = len(before) + fmpz(exponent_text.lstrip("+") or 0) - (len(before + after) - len(figures))
    text = figures.rstrip("0")
    if not -5 < shift <= 21:
        return f"{prefix}{text[0]}.{text[1:] or '0'}e{shift - 1}"
    if shift <= 0:
        return f"{prefix}0.{'0' * -shift}{text}"
    if shift >= len(text):
        return prefix + text + "0" * (shift - len(text))
    return f"{prefix}{text[:shift]}.{text[shift:]}"

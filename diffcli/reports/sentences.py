"""What a comparison says in plain words: the closing sentences of a table.

Pure text from results, such as could be read aloud in class, in the language
that is spoken. Every sentence is a template as a whole: grammar cannot be put
together from parts in two languages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from diffcli.comparison.result import GOOD, Comparison, Measurement
from diffcli.locale.language import begun, join, listed, tr, translate_message
from diffcli.reports.figures import is_total_loss, loss, operations, side
from diffcli.reports.names import labels
from diffcli.runtime.messages import Message
from diffcli.truth.certify import Truth

if TYPE_CHECKING:
    from diffcli.problem.claims import Examination
    from diffcli.tracing.path import Step

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _times(number: int) -> str:
    return tr("{count:,} time", "{count:,} times", count=number)


def closing(comparison: Comparison) -> list[str]:
    """One sentence on correctness, one on cost."""
    answered = [m for m in comparison.measurements if m.derivative is not None]
    own = [m for m in answered if m.claim is None]
    said = [
        *_correctness(comparison, own), _zeros(comparison), *_silent(comparison), *_claims(comparison),
        _cost(comparison, own), path(comparison),
    ]  # fmt: skip
    return [sentence for sentence in said if sentence]


_STEPS_TOLD = 8


def path(comparison: Comparison) -> str:
    """The loops and branches that a Python function took on the way; nothing for an expression."""
    steps = comparison.case.path
    if not steps:
        return ""
    left = len(steps) - _STEPS_TOLD
    told = tr("; ").join(map(_step, steps[:_STEPS_TOLD]))
    more = tr("; and {left} more", left=left) if left > 0 else ""
    return tr("Path: {told}. The derivative holds on this path.", told=told + more)


def _step(step: Step) -> str:
    held = step.kind == "comparison"
    where = tr("{kind} at line {line}", kind=tr("comparison") if held else step.kind, line=step.line)
    if step.taken is None:
        return tr("{where} turned {times}", where=where, times=_times(step.count))
    if not step.taken:
        return tr("{where} did not hold" if held else "{where} not taken", where=where)
    if step.taken == step.count:
        return tr("{where} held" if held else "{where} taken", where=where)
    template = "{where} held {taken} of {times}" if held else "{where} taken {taken} of {times}"
    return tr(template, where=where, taken=f"{step.taken:,}", times=_times(step.count))


def _all(methods: Sequence[Measurement]) -> str:
    if len(methods) == 1:
        return begun(methods[0].method)
    if len(methods) == 2:
        return tr("Both methods")
    return tr("All {count} methods", count=tr(_NUMBERS[len(methods)]) if len(methods) < 10 else len(methods))


def _correctness(comparison: Comparison, answered: Sequence[Measurement]) -> list[str]:
    truth = comparison.truth
    if truth.status == "undefined":
        return [tr("f has no value here: {reason}.", reason=translate_message(truth.reason)), *_real_root(truth.reason)]
    if truth.derivative is None:
        return [_unproved_sentence(truth, answered)]
    said = [_no_derivative(comparison, answered)] if sides(truth) else []
    if truth.undecided:
        return [*said, *_undecided_sentences(comparison, answered)]
    if said or not answered:
        return said
    return [_certified_sentence(answered, comparison.digits)]


_OF_A_NEGATIVE = "a negative base {base} to the broken power {exponent}"


def _real_root(reason: str | None) -> list[str]:
    """The real root of a negative base, where the power was meant as one: to some readers x^(1/3) is cbrt(x)."""
    if not isinstance(reason, Message) or reason.template != _OF_A_NEGATIVE or not isinstance(reason.values, Mapping):
        return []
    base, exponent = float(reason.values["base"]), float(reason.values["exponent"])
    near = Fraction(exponent).limit_denominator(9)
    if near.denominator % 2 == 0 or near.denominator == 1 or abs(near - Fraction(exponent)) > _TYPED:
        return []
    p, q = near.as_integer_ratio()
    value, exact = abs(base) ** (p / q) * (-1 if p % 2 else 1), f"{base:g}"
    if q == 3:
        root = f"cbrt({exact})" + ("" if p == 1 else f"^{p}" if p > 0 else f"^({p})")
    else:
        root = f"sign({exact})*" * (p % 2) + f"abs({exact})^({p}/{q})"
    return [tr("The real root is {root} = {value}.", root=root, value=f"{value:.6g}")]


_TYPED = 0.004
"""How far a decimal is from the fraction it is typed for: 0.33 is meant as 1/3."""


def _undecided_sentences(comparison: Comparison, answered: Sequence[Measurement]) -> list[str]:
    """Which entries are not proved; and what is wrong with those that are."""
    truth, names = comparison.truth, labels(comparison.case)
    open_, first = truth.undecided, [names[place] for place in truth.undecided[:_NAMED]]
    named = listed(first)
    if len(open_) > _NAMED:
        named = tr("{names} and {left} more", names=tr(", ").join(first), left=len(open_) - _NAMED)
    wrong = [m for m in answered if m.verdict not in ("no-truth", "disagree")]
    template = "Nothing is proved of {names} ({reason})."
    if answered and not wrong:
        template = "Nothing is proved of {names} ({reason}); there the methods differ."
        if all(m.verdict == "no-truth" for m in answered):
            template = "Nothing is proved of {names} ({reason}); there the methods agree, which proves nothing."
    said = [tr(template, names=named, reason=translate_message(truth.reason))]
    said += [tr("{name}: {reason}.", name=begun(m.method), reason=translate_message(m.message)) for m in wrong]
    if answered and not wrong and len(open_) < comparison.size:
        said.append(tr("What is proved is right in all of them."))
    return said


_NAMED = 3
"""Entries that are named in a sentence."""


def _zeros(comparison: Comparison) -> str:
    """How an entry is measured whose derivative is exactly 0."""
    scales = [e.scale for m in comparison.measurements for e in m.errors or () if e is not None and e.scale is not None]
    if not scales:
        return ""
    least, most = (f"{scale:.2g}" for scale in (min(scales), max(scales)))
    size = most if least == most else tr("{least} to {most}", least=least, most=most)
    return tr(
        "A derivative of exactly 0 is measured by what cancels to it: an ulp is the spacing at {size}.", size=size
    )


def _certified_sentence(answered: Sequence[Measurement], digits: int) -> str:
    right = [m for m in answered if m.verdict == "ok"]
    wrong = [m for m in answered if m.verdict != "ok"]
    one = len(answered) == 1
    if not wrong:
        worst = max(answered, key=lambda m: m.max_ulp or 0.0)
        if (worst.max_ulp or 0.0) <= 1:
            template = "{who} is right to the last digit." if one else "{who} are right to the last digit."
            return tr(template, who=_all(answered))
        template = "{who} is right; it lost most: {lost} of {digits}." if one else _LOST_MOST
        return tr(template, who=_all(answered), worst=worst.method, lost=loss(worst.bits, digits), digits=digits)
    hopeless = all(is_total_loss(m.bits or 0, digits) for m in wrong)
    if not right and len(wrong) > 1 and len({m.derivative for m in wrong}) == 1:
        if hopeless:
            return tr("The methods agree with each other, and are all wrong: no digit is left.")
        template = "The methods agree with each other, and are all wrong: {lost} of {digits} are lost."
        return tr(template, lost=loss(wrong[0].bits, digits), digits=digits)
    parts = [_fault(m, digits) for m in wrong]
    if right:
        template = "{who} is right" if len(right) == 1 else "{who} are right"
        parts.insert(0, tr(template, who=listed([m.method for m in right])))
    return begun(tr("{parts}.", parts=tr("; ").join(parts)))


_LOST_MOST = "{who} are right; {worst} lost most: {lost} of {digits}."


def _fault(measurement: Measurement, digits: int) -> str:
    who = measurement.method
    if measurement.verdict == "nonfinite":
        return tr("{who} gives no finite number", who=who)
    if is_total_loss(measurement.bits or 0, digits):
        return tr("{who} keeps no digit", who=who)
    return tr("{who} loses {lost} of {digits}", who=who, lost=loss(measurement.bits, digits), digits=digits)


def _unproved_sentence(truth: Truth, answered: Sequence[Measurement]) -> str:
    agreed = all(m.verdict == "no-truth" for m in answered)
    if truth.derivative is not None:
        count, total = len(truth.undecided), len(truth.derivative)
        template = "Of {total} entries {count} are not proved ({reason})."
        return tr(template, total=total, count=count, reason=translate_message(truth.reason))
    template = "No truth is proved ({reason}); and the methods differ."
    if not answered:
        template = "No truth is proved ({reason})."
    elif agreed:
        template = "No truth is proved ({reason}); the methods agree with each other, which proves nothing."
    said = tr(template, reason=translate_message(truth.reason))
    if truth.path is None:
        return said
    shown = listed([side(entry) for entry in truth.path[:6]]) + (", …" if len(truth.path) > 6 else "")
    return join([said, tr("On the path that was taken it is {derivative}.", derivative=shown)])


def sides(truth: Truth) -> dict[int, tuple[object, object]]:
    """What there is from the left and from the right of every entry that does not exist: at a jump the limits of the
    derivative, elsewhere the one-sided derivatives."""
    none = (None,) * len(truth.derivative or ())
    quotients = truth.left or none, truth.right or none
    places = [k for k, exact in enumerate(truth.derivative or ()) if exact is None and k not in truth.undecided]
    chosen = {k: truth.slopes if truth.slopes and k in truth.jumps else quotients for k in places}
    return {k: (left[k], right[k]) for k, (left, right) in chosen.items()}


def _no_derivative(comparison: Comparison, answered: Sequence[Measurement]) -> str:
    truth, ends = comparison.truth, sides(comparison.truth)
    told = tr("; ").join(_ends(comparison, place, *ends[place]) for place in list(ends)[:_NAMED])
    told += "; …" if len(ends) > _NAMED else ""
    said = [tr("There is no derivative here ({reason}): {sides}.", reason=translate_message(truth.reason), sides=told)]
    inside = [m.method for m in answered if m.verdict == "kink"]
    outside = [m.method for m in answered if m.verdict not in ("kink", "no-truth", "disagree")]
    if inside:
        one = len(inside) == 1
        template = "{who} chooses a number between them." if one else "{who} choose a number between them."
        if truth.jumps:
            template = "{who} gives a number that fits." if one else "{who} give a number that fits."
        said.append(begun(tr(template, who=listed(inside))))
    if outside:
        template = "{who} gives none that fits." if len(outside) == 1 else "{who} give none that fits."
        said.append(begun(tr(template, who=listed(outside))))
    return join(said)


def _ends(comparison: Comparison, place: int, left: object, right: object) -> str:
    """What an entry has from both sides, in words."""
    entry, several = comparison.entries[place], comparison.size > 1
    name, (before, behind) = ", ".join(entry.variables) or entry.output, (side(left), side(right))
    if place in comparison.truth.jumps and before == behind:
        template = "in {name} it tends to {limit} on both sides" if several else "it tends to {limit} on both sides"
        return tr(template, name=name, limit=before)
    template = "in {name} from the left {left}, from the right {right}" if several else _SIDES
    if place in comparison.truth.jumps:
        template = "in {name} it tends to {left} from the left, to {right} from the right" if several else _TENDS
    return tr(template, name=name, left=before, right=behind)


_SIDES = "from the left {left}, from the right {right}"
_TENDS = "it tends to {left} from the left, to {right} from the right"


def _claims(comparison: Comparison) -> list[str]:
    """What became of a claimed derivative."""
    return [_claim(m, m.claim) for m in comparison.measurements if m.claim is not None]


def _claim(measurement: Measurement, claim: Examination) -> str:
    message = translate_message(measurement.message)
    if claim.standing == "inaccurate":
        template = "The claim is inaccurate here ({message}), although as a formula it equals SymPy's derivative."
        return tr(template if claim.equal else "The claim is inaccurate here ({message}).", message=message)
    if claim.standing == "right" and measurement.verdict not in GOOD:
        template = "The claim is not judged here ({message}); as a formula it equals SymPy's derivative."
        return tr(template, message=message)
    return tr(_STANDINGS[claim.standing], message=message)


_STANDINGS = {
    "right": "The claim is right: {message}.",
    "wrong": "The claim is wrong: {message}.",
    "undecided": "Whether the claim is right is not decided: {message}.",
    "missing": "There is no claim: {message}.",
}


def _silent(comparison: Comparison) -> list[str]:
    return [
        tr(
            "{who}: {verdict}: {message}.",
            who=begun(m.method),
            verdict=tr(m.verdict),
            message=translate_message(m.message),
        )
        for m in comparison.measurements
        if m.derivative is None and m.claim is None
    ]


def _cost(comparison: Comparison, answered: Sequence[Measurement]) -> str:
    costs = sorted((m.cost.total, m.method) for m in answered if m.cost is not None)
    if len(costs) < 2 or not comparison.size:
        return ""
    (least, first), *others = costs
    if others[-1][0] == least:
        template = "All needed {count}." if others[1:] else "Both needed {count}."
        return tr(template, count=operations(least))
    cheapest = [first, *(name for cost, name in others if cost == least)]
    against = listed(
        [
            tr("{cost} for {name}{sweeps}", cost=f"{cost:,}", name=name, sweeps=_sweeps(comparison, name))
            for cost, name in others
            if cost > least
        ]
    )
    template = "{who} needed the fewest operations: {least}, against {against}."
    factor = others[0][0] / least if least else 0.0
    if len(cheapest) == 1 and factor >= 2:
        template = "{who} needed the fewest operations: {least}, against {against}: {factor} times fewer than the next."
    return begun(tr(template, who=listed(cheapest), least=f"{least:,}", against=against, factor=f"{factor:.1f}"))


def _sweeps(comparison: Comparison, method: str) -> str:
    """How often forward mode ran, or went back reverse mode, where that is more than once."""
    case = comparison.case
    often = {
        ("forward", "gradient"): len(case.entries), ("forward", "jacobian"): len(case.entries),
        ("forward", "vjp"): len(case.entries), ("reverse", "jacobian"): len(case.outputs),
        ("reverse", "jvp"): len(case.outputs),
    }.get((method, case.wanted.kind), 1)  # fmt: skip
    if often == 1:
        return ""
    return tr(" ({often} sweeps)" if method == "forward" else " ({often} backward sweeps)", often=often)

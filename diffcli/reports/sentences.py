"""What a comparison says in plain words: the closing sentences of a table.

Pure text from results, such as could be read aloud in class, in the language
that is spoken. Every sentence is a template as a whole: grammar cannot be put
together from parts in two languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffcli.comparison import Comparison, Measurement
from diffcli.language import begun, joined, listed, say, translated
from diffcli.truth import Truth, digits

if TYPE_CHECKING:
    from diffcli.claims import Examination
    from diffcli.tracing.path import Step

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def counted(number: int, noun: str) -> str:
    """`one operation`, `12 operations`."""
    return say(f"{{count}} {noun}" if number == 1 else f"{{count}} {noun}s", count=f"{number:,}")


def ulps(error: float | None) -> str:
    if error is None:
        return "–"
    if error != error or error == float("inf"):
        return say("infinite")
    text = "0" if not error else f"{error:.1f}" if error < 99.95 else f"{error:,.0f}" if error < 1e6 else f"{error:.1e}"
    return f"{text} ulp"


def lost(bits: float | None, digits: int = 53) -> str:
    """Bits lost, as a person says it: 64 are all."""
    if bits is None:
        return "–"
    if bits >= digits - 0.5:
        return say("all bits")
    return say("{bits} bits", bits=rounded(bits))


def rounded(bits: float) -> str:
    """Bits lost as a number."""
    return f"{bits:.0f}" if bits >= 9.95 or bits < 0.05 else f"{bits:.1f}"


def closing(comparison: Comparison) -> list[str]:
    """One sentence on correctness, one on cost."""
    answered = [m for m in comparison.measurements if m.derivative is not None]
    own = [m for m in answered if m.claim is None]
    said = [
        _correctness(comparison, own), *_silent(comparison), *_claims(comparison), _cost(comparison, own),
        path(comparison),
    ]  # fmt: skip
    return [sentence for sentence in said if sentence]


_STEPS_TOLD = 8


def path(comparison: Comparison) -> str:
    """The loops and branches that a Python function took on the way; nothing for an expression."""
    steps = comparison.case.path
    if not steps:
        return ""
    left = len(steps) - _STEPS_TOLD
    told = say("; ").join(map(_step, steps[:_STEPS_TOLD]))
    more = say("; and {left} more", left=left) if left > 0 else ""
    return say("Path: {told}. The derivative holds on this path.", told=told + more)


def _step(step: Step) -> str:
    where = say("{kind} at line {line}", kind=translated(step.kind), line=step.line)
    if step.taken is None:
        return say("{where} turned {times}", where=where, times=counted(step.count, "time"))
    held = step.kind == "comparison"
    if not step.taken:
        return say("{where} did not hold" if held else "{where} not taken", where=where)
    if step.taken == step.count:
        return say("{where} held" if held else "{where} taken", where=where)
    template = "{where} held {taken} of {times}" if held else "{where} taken {taken} of {times}"
    return say(template, where=where, taken=f"{step.taken:,}", times=counted(step.count, "time"))


def _all(methods: Sequence[Measurement]) -> str:
    if len(methods) == 1:
        return begun(methods[0].method)
    if len(methods) == 2:
        return say("Both methods")
    return say("All {count} methods", count=say(_NUMBERS[len(methods)]) if len(methods) < 10 else len(methods))


def _correctness(comparison: Comparison, answered: Sequence[Measurement]) -> str:
    truth = comparison.truth
    if truth.status == "undefined":
        return say("f has no value here: {reason}.", reason=translated(truth.reason))
    if truth.status in ("undecided", "unavailable"):
        return _unproved(truth, answered)
    if truth.status == "not-differentiable":
        return _no_derivative(comparison, answered)
    if not answered:
        return ""
    return _certified(answered, comparison.digits)


def _certified(answered: Sequence[Measurement], digits: int) -> str:
    right = [m for m in answered if m.verdict == "ok"]
    wrong = [m for m in answered if m.verdict != "ok"]
    one = len(answered) == 1
    if not wrong:
        worst = max(answered, key=lambda m: m.max_ulp or 0.0)
        if (worst.max_ulp or 0.0) <= 1:
            template = "{who} is right to the last digit." if one else "{who} are right to the last digit."
            return say(template, who=_all(answered))
        template = "{who} is right; it lost most: {lost} of {digits}." if one else _LOST_MOST
        return say(template, who=_all(answered), worst=worst.method, lost=lost(worst.bits, digits), digits=digits)
    hopeless = all((m.bits or 0) >= digits - 0.5 for m in wrong)
    if not right and len(wrong) > 1 and len({m.derivative for m in wrong}) == 1:
        if hopeless:
            return say("The methods agree with each other, and are all wrong: no digit is left.")
        template = "The methods agree with each other, and are all wrong: {lost} of {digits} are lost."
        return say(template, lost=lost(wrong[0].bits, digits), digits=digits)
    parts = [_fault(m, digits) for m in wrong]
    if right:
        template = "{who} is right" if len(right) == 1 else "{who} are right"
        parts.insert(0, say(template, who=listed([m.method for m in right])))
    return begun(say("{parts}.", parts=say("; ").join(parts)))


_LOST_MOST = "{who} are right; {worst} lost most: {lost} of {digits}."


def _fault(measurement: Measurement, digits: int) -> str:
    who = measurement.method
    if measurement.verdict == "nonfinite":
        return say("{who} gives no finite number", who=who)
    if (measurement.bits or 0) >= digits - 0.5:
        return say("{who} keeps no digit", who=who)
    return say("{who} loses {lost} of {digits}", who=who, lost=lost(measurement.bits, digits), digits=digits)


def _unproved(truth: Truth, answered: Sequence[Measurement]) -> str:
    agreed = all(m.verdict == "no-truth" for m in answered)
    if truth.derivative is not None:
        count, total = len(truth.undecided), len(truth.derivative)
        template = "Of {total} entries {count} are not proved ({reason})."
        return say(template, total=total, count=count, reason=translated(truth.reason))
    template = "No truth is proved ({reason}); and the methods differ."
    if not answered:
        template = "No truth is proved ({reason})."
    elif agreed:
        template = "No truth is proved ({reason}); the methods agree with each other, which proves nothing."
    return say(template, reason=translated(truth.reason))


def _no_derivative(comparison: Comparison, answered: Sequence[Measurement]) -> str:
    truth = comparison.truth
    assert truth.derivative is not None
    assert truth.left is not None
    assert truth.right is not None
    sides = []
    entries = comparison.entries
    for entry, exact, left, right in zip(entries, truth.derivative, truth.left, truth.right, strict=True):
        if exact is None:
            template = "from the left {left}, from the right {right}"
            if len(entries) > 1:
                template = "in {name} from the left {left}, from the right {right}"
            name = ", ".join(entry.variables) or entry.output
            sides.append(say(template, name=name, left=side(left), right=side(right)))
    told = say("; ").join(sides[:3]) + ("; …" if len(sides) > 3 else "")
    said = [say("There is no derivative here ({reason}): {sides}.", reason=translated(truth.reason), sides=told)]
    inside = [m.method for m in answered if m.verdict == "kink"]
    outside = [m.method for m in answered if m.verdict != "kink"]
    if inside:
        one = len(inside) == 1
        template = "{who} chooses a number between them." if one else "{who} choose a number between them."
        said.append(begun(say(template, who=listed(inside))))
    if outside:
        template = "{who} gives none that fits." if len(outside) == 1 else "{who} give none that fits."
        said.append(begun(say(template, who=listed(outside))))
    return joined(said)


def proved(entry: object) -> str:
    """A ball with all its digits, the infinity of a vertical tangent, or nothing."""
    if entry is None:
        return say("none")
    if isinstance(entry, float):
        return "∞" if entry > 0 else "-∞"
    return digits(entry)


def side(one_sided: object) -> str:
    """A one-sided derivative in short."""
    text = proved(one_sided)
    return text if len(text) <= 20 else shortened(text, 15)


def shortened(text: str, figures: int) -> str:
    """Certified digits, cut where a reader stops reading: `1.71633781453677378…`."""
    mantissa, mark, exponent = text.partition("e")
    keep = figures + (mantissa[0] == "-") + ("." in mantissa)
    leading = mantissa.lstrip("-0.")
    keep += len(mantissa.lstrip("-")) - len(leading) - ("." in mantissa and mantissa.lstrip("-")[0] == "0")
    if len(mantissa) <= keep or "." not in mantissa[:keep]:
        return text
    return f"{mantissa[:keep]}…{mark}{exponent}"


def _claims(comparison: Comparison) -> list[str]:
    """What became of a claimed derivative."""
    return [_claim(m, m.claim) for m in comparison.measurements if m.claim is not None]


def _claim(measurement: Measurement, claim: Examination) -> str:
    message = translated(measurement.message)
    if claim.counterexample is not None:
        return say("The claim is wrong: {message}.", message=message)
    if measurement.verdict != "ok":
        template = "The claim is not judged here ({message})."
        if claim.equal:
            template = "The claim is not judged here ({message}); as a formula it equals SymPy's derivative."
        return say(template, message=message)
    if claim.equal:
        return say("The claim is right: as a formula it equals SymPy's derivative.")
    return say("The claim is right: {message}.", message=message)


def _silent(comparison: Comparison) -> list[str]:
    return [
        say("{who}: {verdict}: {message}.", who=begun(m.method), verdict=say(m.verdict), message=translated(m.message))
        for m in comparison.measurements
        if m.derivative is None
    ]


def _cost(comparison: Comparison, answered: Sequence[Measurement]) -> str:
    costs = sorted((m.cost.total, m.method) for m in answered if m.cost is not None)
    if len(costs) < 2 or not comparison.entries:
        return ""
    (least, first), *others = costs
    if others[-1][0] == least:
        template = "All needed {count}." if others[1:] else "Both needed {count}."
        return say(template, count=counted(least, "operation"))
    cheapest = [first, *(name for cost, name in others if cost == least)]
    against = listed(
        [
            say("{cost} for {name}{sweeps}", cost=f"{cost:,}", name=name, sweeps=_sweeps(comparison, name))
            for cost, name in others
            if cost > least
        ]
    )
    template = "{who} needed the fewest operations: {least}, against {against}."
    factor = others[0][0] / least if least else 0.0
    if len(cheapest) == 1 and factor >= 2:
        template = "{who} needed the fewest operations: {least}, against {against}: {factor} times fewer than the next."
    return begun(say(template, who=listed(cheapest), least=f"{least:,}", against=against, factor=f"{factor:.1f}"))


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
    return say(" ({often} sweeps)" if method == "forward" else " ({often} backward sweeps)", often=often)

"""What a comparison says in plain words: the closing sentences of a table.

Pure text from results, such as could be read aloud in class.
"""

from __future__ import annotations

from collections.abc import Sequence

from diffcli.compare import Comparison, Measurement
from diffcli.truth import Truth, digits

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def counted(number: int, noun: str) -> str:
    """`one operation`, `12 operations`."""
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def ulps(error: float | None) -> str:
    if error is None:
        return "–"
    if error != error or error == float("inf"):
        return "infinite"
    text = "0" if not error else f"{error:.1f}" if error < 99.95 else f"{error:,.0f}" if error < 1e6 else f"{error:.1e}"
    return f"{text} ulp"


def lost(bits: float | None) -> str:
    """Bits lost, as a person says it: 64 are all."""
    if bits is None:
        return "–"
    if bits >= 52.5:
        return "all bits"
    return f"{bits:.0f} bits" if bits >= 9.95 or bits < 0.05 else f"{bits:.1f} bits"


def closing(comparison: Comparison) -> list[str]:
    """One sentence on correctness, one on cost."""
    answered = [m for m in comparison.measurements if m.derivative is not None]
    said = [_correctness(comparison, answered), *_silent(comparison), _cost(comparison, answered)]
    return [sentence for sentence in said if sentence]


def _all(methods: Sequence[Measurement]) -> str:
    if len(methods) == 1:
        return methods[0].method.capitalize()
    if len(methods) == 2:
        return "Both methods"
    return f"All {_NUMBERS[len(methods)] if len(methods) < 10 else len(methods)} methods"


def _correctness(comparison: Comparison, answered: Sequence[Measurement]) -> str:
    truth = comparison.truth
    if truth.status == "undefined":
        return f"f has no value here: {truth.reason}."
    if truth.status in ("undecided", "unavailable"):
        return _unproved(truth, answered)
    if truth.status == "not-differentiable":
        return _no_derivative(comparison, answered)
    if not answered:
        return ""
    return _certified(answered)


def _certified(answered: Sequence[Measurement]) -> str:
    right = [m for m in answered if m.verdict == "ok"]
    wrong = [m for m in answered if m.verdict != "ok"]
    if not wrong:
        worst = max(answered, key=lambda m: m.max_ulp or 0.0)
        if (worst.max_ulp or 0.0) <= 1:
            return f"{_all(answered)} {'are' if len(answered) > 1 else 'is'} right to the last digit."
        who = worst.method if len(answered) > 1 else "it"
        return (
            f"{_all(answered)} {'are' if len(answered) > 1 else 'is'} right; {who} lost most: {lost(worst.bits)} of 53."
        )
    hopeless = all((m.bits or 0) >= 52.5 for m in wrong)
    if not right and len(wrong) > 1 and len({m.derivative for m in wrong}) == 1:
        left = "no digit is left" if hopeless else f"{lost(wrong[0].bits)} of 53 are lost"
        return f"The methods agree with each other, and are all wrong: {left}."
    verbs = [f"{m.method} {_fault(m)}" for m in wrong]
    good = f"{listed([m.method for m in right])} {'are' if len(right) > 1 else 'is'} right; " if right else ""
    sentence = f"{good}{'; '.join(verbs)}."
    return sentence[0].upper() + sentence[1:]


def _fault(measurement: Measurement) -> str:
    if measurement.verdict == "nonfinite":
        return "gives no finite number"
    return "keeps no digit" if (measurement.bits or 0) >= 52.5 else f"loses {lost(measurement.bits)} of 53"


def _unproved(truth: Truth, answered: Sequence[Measurement]) -> str:
    agreed = all(m.verdict == "no-truth" for m in answered)
    found = "the methods agree with each other, which proves nothing" if agreed else "and the methods differ"
    return f"No truth is proved ({truth.reason}); {found}." if answered else f"No truth is proved ({truth.reason})."


def _no_derivative(comparison: Comparison, answered: Sequence[Measurement]) -> str:
    truth = comparison.truth
    assert truth.derivative is not None
    assert truth.left is not None
    assert truth.right is not None
    sides = []
    for name, exact, left, right in zip(comparison.case.wrt, truth.derivative, truth.left, truth.right, strict=True):
        if exact is None:
            of = f" in {name}" if len(comparison.case.wrt) > 1 else ""
            sides.append(f"{of} from the left {side(left)}, from the right {side(right)}".strip())
    inside = [m.method for m in answered if m.verdict == "kink"]
    outside = [m.method for m in answered if m.verdict != "kink"]
    say = f"There is no derivative here ({truth.reason}): {'; '.join(sides[:3])}{'; …' if len(sides) > 3 else ''}."
    if inside:
        chosen = "chooses" if len(inside) == 1 else "choose"
        say += f" {listed(inside).capitalize()} {chosen} a number between them."
    if outside:
        say += f" {listed(outside).capitalize()} {'gives' if len(outside) == 1 else 'give'} none that fits."
    return say


def proved(entry: object) -> str:
    """A ball with all its digits, the infinity of a vertical tangent, or nothing."""
    if entry is None:
        return "none"
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


def _silent(comparison: Comparison) -> list[str]:
    return [
        f"{m.method.capitalize()}: {m.verdict}: {m.message}." for m in comparison.measurements if m.derivative is None
    ]


def _cost(comparison: Comparison, answered: Sequence[Measurement]) -> str:
    costs = sorted((m.cost.total, m.method) for m in answered if m.cost is not None)
    if len(costs) < 2 or not comparison.case.wrt:
        return ""
    (least, first), *others = costs
    per_variable = f" ({_sweeps(comparison)})" if len(comparison.case.wrt) > 1 else ""
    against = listed([f"{cost:,} for {name}{per_variable if name == 'forward' else ''}" for cost, name in others])
    if others[-1][0] == least:
        return f"{'All' if others[1:] else 'Both'} needed {counted(least, 'operation')}."
    cheapest = [first, *(name for cost, name in others if cost == least)]
    if len(cheapest) > 1:
        rest = listed([f"{cost:,} for {name}" for cost, name in others if cost > least])
        return f"{listed(cheapest).capitalize()} needed the fewest operations: {least:,}, against {rest}."
    factor = f": {others[0][0] / least:.1f} times fewer than the next" if least and others[0][0] >= 2 * least else ""
    return f"{first.capitalize()} needed the fewest operations: {least:,}, against {against}{factor}."


def _sweeps(comparison: Comparison) -> str:
    return f"{len(comparison.case.wrt)} sweeps"

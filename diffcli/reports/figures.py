"""Numbers as a reader has them: operations, ulps, bits lost, proved digits; a dash where there is none."""

from __future__ import annotations

from diffcli.locale.language import tr
from diffcli.truth.certify import digits

DASH = "–"


def operations(number: int) -> str:
    return tr("{count:,} operation", "{count:,} operations", count=number)


def count(number: int | None) -> str:
    """A whole number with its thousands apart."""
    return DASH if number is None else f"{number:,}"


def ratio(total: int | None, own: int) -> str:
    """How many times the operations of f alone."""
    return DASH if total is None or not own else f"{total / own:.1f}"


def ulps(error: float | None) -> str:
    if error is None:
        return DASH
    if error != error or error == float("inf"):
        return tr("infinite")
    text = "0" if not error else f"{error:.1f}" if error < 99.95 else f"{error:,.0f}" if error < 1e6 else f"{error:.1e}"
    return f"{text} ulp"


def loss(bits: float | None, digits: int = 53) -> str:
    """Bits lost of a number that has `digits`, as a person says it: `12 bits`, `all bits`."""
    if bits is None:
        return DASH
    return tr("all bits") if is_total_loss(bits, digits) else tr("{bits} bits", bits=round_bits(bits))


def loss_in_bits(bits: float | None, digits: int = 53) -> str:
    """The same under a heading that names bits: `12`, `all`."""
    if bits is None:
        return DASH
    return tr("all") if is_total_loss(bits, digits) else round_bits(bits)


def is_total_loss(bits: float, digits: int = 53) -> bool:
    """Whether no digit is left of a number that has `digits` bits."""
    return bits >= digits - 0.5


def round_bits(bits: float) -> str:
    """Bits lost as a number."""
    return f"{bits:.0f}" if bits >= 9.95 or bits < 0.05 else f"{bits:.1f}"


def exact_digits(entry: object) -> str:
    """A ball with all its digits, the infinity of a vertical tangent, or nothing."""
    if entry is None:
        return tr("none")
    if isinstance(entry, float):
        return "∞" if entry > 0 else "-∞"
    return digits(entry)


def side(one_sided: object) -> str:
    """A one-sided derivative in short."""
    text = exact_digits(one_sided)
    return text if len(text) <= 20 else shorten(text, 15)


def shorten(text: str, figures: int) -> str:
    """Certified digits, cut where a reader stops reading: `1.71633781453677378…`."""
    mantissa, mark, exponent = text.partition("e")
    keep = figures + (mantissa[0] == "-") + ("." in mantissa)
    leading = mantissa.lstrip("-0.")
    keep += len(mantissa.lstrip("-")) - len(leading) - ("." in mantissa and mantissa.lstrip("-")[0] == "0")
    if len(mantissa) <= keep or "." not in mantissa[:keep]:
        return text
    return f"{mantissa[:keep]}…{mark}{exponent}"

"""Texts that are written otherwise, as a whole: whose notation it is, and the same in ours.

Asked only once reading has halted. A fault knows what to type instead of it (`DiffError.mended`); where a line has
several, the mended text is read again, until it is understood: one message shows the whole line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message

LONGEST = 400
"""Characters of a text that is mended as a whole: longer ones have one mend a message."""
MOST = 24
"""Mends of one text."""

Found = tuple[Message, Message, tuple[str, ...]]
"""(what is wrong, what to type instead, the words of the mended command in place of the text; none where unsure)."""


def explained(error: DiffError, understand: Callable[[str], Any]) -> DiffError:
    """The error as its writer needs it: of another notation, and with the whole text mended, if that is understood."""
    source = error.source
    if source is None or len(source) > LONGEST:
        return replace(error, mended=())
    first = fault = _in_full(error)
    text, options, mends = source, tuple[str, ...](), 0
    while fault.mended and fault.source == text and mends < MOST:
        text, *more = fault.mended
        options, mends = (*options, *more), mends + 1
        following = _fault_of(text, understand, pointed="--at" in options)
        if following is None:
            told = first.hint or ""
            hint = (
                message("write {what}", what=text)
                if mends > 1 and text not in told and "\n" not in text
                else first.hint
            )
            return replace(first, hint=hint, mended=(text, *options))
        fault = _in_full(following)
    return replace(first, mended=())


def _fault_of(text: str, understand: Callable[[str], Any], pointed: bool) -> DiffError | None:
    """What is wrong with a text; where the point was `pointed` out in it, values are not missing."""
    try:
        understand(text)
    except DiffError as error:
        return None if pointed and error.kind == "missing" else error
    return None


def _in_full(error: DiffError) -> DiffError:
    """The error, or that of the whole text if it is written in another notation; with its mend if marks tell it."""
    source = error.source or ""
    if len(source) > LONGEST:
        return replace(error, mended=())
    if error.kind == "question":  # it shows the whole text already
        return error
    for sign, found in _NOTATIONS:
        if error.kind == "equation" and found is not _with_point:
            continue
        match = sign.search(source)
        told = match and found(match)
        if match and told:
            said, hint, mended = told
            where = match.span("mark") if "mark" in sign.groupindex else match.span()
            return DiffError(said, source, where, hint, error.kind, mended)
    return error


# --- questions around a formula
_FORMULA = r"(?P<formula>[^=\n;]+?)"
_NAME = r"[^\W\d]\w*"


def _unwrapped(text: str) -> str:
    """A formula without the parentheses around the whole of it."""
    text = text.strip()
    if not text.startswith("(") or not text.endswith(")"):
        return text
    return text[1:-1].strip() if _balanced(text[1:-1]) else text


def _balanced(text: str) -> bool:
    """Whether each closing bracket stands after the one that it closes."""
    depth = 0
    for char in text:
        depth += (char in "([") - (char in ")]")
        if depth < 0:
            return False
    return not depth


def _derivative(match: re.Match[str]) -> Found | None:
    """`d/dx f`, `diff(f, x)`, `(f)'`: a question about f, which is the whole command."""
    groups = match.groupdict()
    formula, by, order = _unwrapped(match["formula"]), groups.get("by"), groups.get("order") or "1"
    if not _balanced(formula) or not formula or formula[0] in _QUOTES:
        return None
    options = (*(("--wrt", by) if by else ()), *(("--order", order) if order != "1" else ()))
    return (
        message("the sign of a derivative is not part of the formula"),
        message("write {what}", what=formula),
        (formula, *options),
    )


_QUOTES = "'\"’‘“"


def _derivative_inside(match: re.Match[str]) -> Found:
    del match
    return message("a derivative cannot stand within a formula"), message("write it out: 2*x instead of d/dx x^2"), ()


def _limit(match: re.Match[str]) -> Found:
    del match
    hint = message("write the formula alone, and a point; where(x == 0, a, b) gives it a value of its own at 0")
    return message("limits are not computed"), hint, ()


def _integral(match: re.Match[str]) -> Found:
    del match
    hint = message(
        "write the formula that is to be differentiated; the derivative of an integral by its end is the integrand"
    )
    return message("integrals are not computed"), hint, ()


def _with_point(match: re.Match[str]) -> Found:
    formula, point = match["formula"].strip(), match["point"].strip()
    return (
        message("the point is not part of the formula"),
        message("write {what}", what=f'{formula} --at "{point}"'),
        (formula, "--at", point),
    )


# --- signs of a language
def _choice(match: re.Match[str]) -> Found | None:
    """The last `c ? a : b`, which is within no other's parts but the last."""
    text = match.string
    mark = text.rfind("?")
    begin = _opened(text, mark, "([,;\n:?=")
    middle = _closed(text, mark + 1, ":")
    end = _closed(text, middle + 1, ")],;\n:")
    if middle >= len(text) or text[middle] != ":":
        return None
    condition, yes, no = text[begin:mark].strip(), text[mark + 1 : middle].strip(), text[middle + 1 : end].strip()
    chosen = f"where({condition}, {yes}, {no})"
    before = text[:begin] + " " * (text[begin - 1 : begin] == ",")
    whole = f"{before}{chosen}{text[end:]}"
    return message("'?' is not a sign of this language"), message("write {what}", what=whole), (whole,)


def _opened(text: str, place: int, signs: str) -> int:
    """Where the part begins that ends at a place: behind one of the signs at its own depth."""
    depth = 0
    for i in range(place - 1, -1, -1):
        if not depth and text[i] in signs and text[i : i + 2] != "==" and text[max(0, i - 1) : i + 1] not in _RELATIONS:
            return i + 1
        depth += (text[i] in ")]") - (text[i] in "([")
    return 0


_RELATIONS = ("==", "<=", ">=", "!=")


def _closed(text: str, place: int, signs: str) -> int:
    """Where the part ends that begins at a place."""
    depth = 0
    for i in range(place, len(text)):
        if not depth and text[i] in signs:
            return i
        depth += (text[i] in "([") - (text[i] in ")]")
    return len(text)


def _slice(match: re.Match[str]) -> Found:
    """`v[1:3]`: entries are named one by one."""
    said = message("an index is one whole number, not a range of them")
    one = re.fullmatch(r"\s*(?P<first>\d*)\s*:\s*(?P<last>-?\d*)\s*", match["inside"])
    name, first, last = match["name"], int((one and one["first"]) or 0), one and one["last"]
    if not one:
        return said, message("write the entries one by one: {entries}", entries="[M[0, 0], M[1, 0]]"), ()
    if not last or not last.isdigit() or not first < int(last) <= first + 9:
        entries = f"[{name}[{first}], {name}[{first + 1}], …]"
        return said, message("write the entries one by one: {entries}", entries=entries), ()
    entries = f"[{', '.join(f'{name}[{k}]' for k in range(first, int(last)))}]"
    begin, end = match.span()
    mended = f"{match.string[:begin]}{entries}{match.string[end:]}"
    return said, message("write the entries one by one: {entries}", entries=entries), (mended,)


_NOTATIONS: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Found | None]]] = [
    (re.compile(r"\A\s*(?P<mark>lim(it)?)(?=\s+[^\W\d(]|\s*[(_{])"), _limit),
    (re.compile(r"(?P<mark>∫|\bint(egral|egrate)(?=\s*\())"), _integral),
    (
        re.compile(
            rf"\A\s*(?P<mark>diff|derivative|Derivative|D|deriv|grad)\s*\({_FORMULA}"
            rf"(?:,\s*(?P<by>{_NAME})\s*)?(?:,\s*(?P<order>\d+)\s*)?\)\s*\Z"
        ),
        _derivative,
    ),
    (re.compile(rf"\A{_FORMULA}(?P<mark>['’′])\s*\Z"), _derivative),
    (re.compile(rf"(?P<mark>(?<!\w)[d∂]\s*/\s*[d∂]{_NAME})(?=[\s(])"), _derivative_inside),
    (
        re.compile(
            rf"\A{_FORMULA}\s*(?P<mark>\bat\b|\bfor\b|\bwhen\b|\bwith\b|\bwhere\b(?!\s*\()|[,|@;，；])"
            rf"\s*(?P<point>{_NAME}\s*=(?!=)[^=;]+(?:[,;]\s*{_NAME}\s*=(?!=)[^=;]+)*)\Z"
        ),
        _with_point,
    ),
    (re.compile(r"(?P<mark>\?)(?=[^?]*:)"), _choice),
    (re.compile(rf"(?P<mark>(?P<name>{_NAME})\[(?P<inside>[^\[\]:]*:[^\[\]]*)\])"), _slice),
]
"""By what each is known, and what is said of it."""

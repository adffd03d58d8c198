"""What stands around a formula: `y = …`, `f(x) = …`, `d/dx …`, quotes; and whether it is an equation."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax.lettering import Lexeme
from diffcli.syntax.spellings import FUNCTION_NAMES
from diffcli.syntax.translation import Question

_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’"}
_OPENS, _CLOSES = frozenset("([{⌈⌊"), frozenset(")]}⌉⌋")


@dataclass
class Frame:
    """The tokens of a text, the places of those that are not part of its formula, and what they say.

    `bound` are the names that the text itself binds; `name` is what it calls the function.
    """

    tokens: Sequence[Lexeme]
    skipped: set[int] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    name: str | None = None
    question: Question | None = None


def framed(source: str, tokens: Sequence[Lexeme], names: Collection[str]) -> Frame:
    """What stands around the formula of a text. Raises DiffError for an equation."""
    frame = Frame(tokens)
    _unquote(frame)
    begin, signs = _last_statement(frame)
    if signs and tokens[signs[-1] + 1].text:
        sign = signs[-1]
        parameters = _defined(tokens[begin:sign])
        if len(signs) == 1 and parameters is not None and _names_it(tokens, begin, sign, names):
            frame.name = tokens[begin].text
            frame.bound |= set(parameters)
            frame.skipped |= set(range(begin, sign + 1))
            begin = sign + 1
        elif len(signs) == 1:
            raise _no_formula(source, tokens, begin, sign)
    _ask(source, frame, begin, names)
    return frame


def _unquote(frame: Frame) -> None:
    """A text that was pasted with its quotes."""
    last = len(frame.tokens) - 2
    if last > 0 and _QUOTES.get(frame.tokens[0].text) == frame.tokens[last].text:
        frame.skipped |= {0, last}


def _last_statement(frame: Frame) -> tuple[int, list[int]]:
    """Where the last statement begins, and its signs of equality outside of brackets; what others bind is noted."""
    depth, begin, signs = 0, min(frame.skipped, default=-1) + 1, list[int]()
    for place, token in enumerate(frame.tokens):
        if token.kind != "sign":
            continue
        depth += (token.text in _OPENS) - (token.text in _CLOSES)
        if token.text == "=" and not depth:
            signs.append(place)
        elif token.text in (";", "\n") and depth <= 0 and frame.tokens[place + 1].text:
            if len(signs) == 1 and signs[0] == begin + 1:
                frame.bound.add(frame.tokens[begin].text)
            begin, signs = place + 1, []
    return begin, signs


def _defined(left: Sequence[Lexeme]) -> list[str] | None:
    """The parameters of `f(x, y)`, none of `y`; None for what defines nothing."""
    if not left or left[0].kind != "name" or left[0].text in FUNCTION_NAMES:
        return None
    if len(left) == 1:
        return []
    inner = left[2:-1]
    listed = left[1].text == "(" and left[-1].text == ")" and len(inner) % 2 == 1
    if not listed or any(token.text != "," for token in inner[1::2]) or any(t.kind != "name" for t in inner[::2]):
        return None
    return [token.text for token in inner[::2]]


def _names_it(tokens: Sequence[Lexeme], begin: int, sign: int, names: Collection[str]) -> bool:
    """Whether the name before = is a new one: `y = x^2` where y has no value, and is not read on the right."""
    name = tokens[begin].text
    return name not in names and all(token.text != name for token in tokens[sign:])


def _no_formula(source: str, tokens: Sequence[Lexeme], begin: int, sign: int) -> DiffError:
    where = tokens[sign].start, tokens[sign].end
    left = [token.text for token in tokens[begin:sign]]
    right = source[where[1] : tokens[-1].start].strip()
    if "'" in left or "′" in left or "/" in left and any(re.fullmatch(r"d\w+", text) for text in left):
        hint = message("write its right side: {right}", right=right)
        said = message("a differential equation is not a formula")
        return DiffError(said, source, where, hint, "equation")
    names = [token.text for token in tokens if token.kind == "name" and token.text not in FUNCTION_NAMES]
    by = "y" if "y" in names or not names else names[-1]
    difference = source[tokens[begin].start : where[0]].strip()
    if not re.fullmatch(r"0(\.0*)?", right):
        difference += f" - {right}" if re.fullmatch(r"[\w.^*/ ]+", right) else f" - ({right})"
    hint = message(
        "add --implicit {name} for the function that solves it, or bring it to one side: {difference}",
        name=by, difference=difference,
    )  # fmt: skip
    mended = (difference,) if not begin else ()
    return DiffError(message("an equation is not a formula"), source, where, hint, "equation", mended)


# --- d/dx
def _ask(source: str, frame: Frame, begin: int, names: Collection[str]) -> None:
    """`d/dx f`, `d^2/dx^2 f`, `d(f)/dx` around the whole."""
    places = [place for place in range(begin, len(frame.tokens)) if place not in frame.skipped]
    tokens = [frame.tokens[place] for place in places]
    texts = [token.text if token.kind != "raised" else f"^ {token.text}" for token in tokens]
    if texts[0] not in ("d", "∂") or "d" in names:
        return
    found = _question(texts)
    if found is None:
        return
    if not _whole(texts, *found[1]):
        formula = source[tokens[found[1][0]].start : tokens[-1].start].strip()
        sign = source[tokens[0].start : tokens[found[1][0] - 1].end]
        said = message("the sign of a derivative may stand before the whole, or before its first term")
        hint = message("write {one}, or {other}", one=f"{sign} ({formula})", other=f"({sign} …) …")
        raise DiffError(said, source, (tokens[0].start, tokens[found[1][0] - 1].end), hint, "question")
    frame.question, (first, last) = found
    if _closing(texts, first) == last - 1:
        first, last = first + 1, last - 1
    frame.skipped |= {place for k, place in enumerate(places[:-1]) if not first <= k < last}


def _question(texts: Sequence[str]) -> tuple[Question, tuple[int, int]] | None:
    """What is asked, and which tokens are the formula."""
    last = len(texts) - 1
    found = _SIGN.match(" ".join(texts[:12]))
    if found:
        first = len(found[0].replace("^ ", "^").split()) if "^" not in texts else len(found[0].split())
        same = found["order"] == found["same"]
        return (Question(found["by"], int(found["order"] or 1)), (first, last)) if same and first < last else None
    tail = _TAIL.search(" ".join(texts[-5:-1]))
    if not tail or texts[1] != "(":
        return None
    end = last - len(tail[0].split())
    return (Question(tail["by"]), (1, end)) if _closing(texts, 1) == end - 1 else None


_SIGN = re.compile(r"[d∂] (?:\^ (?P<order>\d+) )?/ (?:d|∂ )(?P<by>[^\W\d]\w*)(?: \^ (?P<same>\d+))? ")
_TAIL = re.compile(r"/ (?:d|∂ )(?P<by>[^\W\d]\w*)\Z")


def _closing(texts: Sequence[str], place: int) -> int | None:
    """Where the bracket closes that opens at a place."""
    depth = 0
    if texts[place] not in _OPENS:
        return None
    for k in range(place, len(texts)):
        depth += (texts[k] in _OPENS) - (texts[k] in _CLOSES)
        if not depth:
            return k
    return None


def _whole(texts: Sequence[str], begin: int, end: int) -> bool:
    """Whether a sign of a derivative is one of all that follows: of a bracket, or of a product without signs."""
    if _closing(texts, begin) == end - 1:
        return True
    depth = 0
    for text in texts[begin:end]:
        depth += (text in _OPENS) - (text in _CLOSES)
        if not depth and text in ("+", "-", "*", "/", "<", ">", "=", ",", ";", "if"):
            return False
    return begin < end and texts[begin] != "("

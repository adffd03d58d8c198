"""What cannot be traced, in the user's words: where it stands, and the way out.

This room knows frames and texts, and no numbers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message
from diffcli.tracing.path import Place, place_of, users_frame

_NUMPY_NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "pow": "power", "fsum": "sum", "dist": "linalg.norm", "sumprod": "dot", "fabs": "abs",
    "degrees": "rad2deg", "radians": "deg2rad",
}  # fmt: skip
_NOT_IN_NUMPY = ("erf", "erfc", "gamma", "lgamma")
_OF_WHOLE_NUMBERS = ("comb", "factorial", "gcd", "isqrt", "lcm", "perm")

ARRAY = message(
    "a plain array holds plain floats: collect the values in a list and make np.array(values) of it, "
    "or begin with np.zeros_like(x)"
)
_KINDS = {
    "float": message("leave the conversion out: x is a number already; or use NumPy's function"),
    "int": message("write np.floor(x) or np.trunc(x), which can be traced"),
    "index": message("what counts or indexes cannot be differentiated by: name the other parameters with --wrt"),
    "complex": message("only real numbers can be traced: write real and imaginary parts"),
}
FOR_FLOATS = message(
    "NumPy has this for plain floats only: write it by others, such as np.sum, @ and np.exp; "
    "an array made by np.stack([…]) instead of np.array([…]) can be given to more of them"
)
CONDITION = message(
    "the condition is a vector: use np.sum, np.mean, np.any or np.all to make it one, or np.where for each entry"
)
_STORED = re.compile(r"[^=]*\[[^=]*\]\s*\Z")
_ARRAY_OF_FLOATS = re.compile(r"\b(array|asarray|asanyarray|fromiter|full|linspace)\s*\(|dtype")


def refusal(file: str, asked: str, hint: Message | None = None) -> DiffError:
    """The error for a traced number that is asked to be plain; `asked` says which plain thing."""
    frame = users_frame(file) or _outside()
    if frame is None:
        return DiffError(message("a traced number is no plain number"), hint=hint or _KINDS.get(asked), kind="python")
    place = place_of(frame.f_code, frame.f_lasti, frame.f_lineno)
    if not place.text:  # of what is typed at a prompt, Python keeps no text
        template = "{where}: {what} is needed here, and a traced number is none"
        said = message(template, where=f"{place.file}:{place.line}", what=_needed(asked))
        return DiffError(said, hint=hint or _KINDS.get(asked), kind="python")
    says = place.segment if len(place.segment) <= 60 else f"{place.segment[:59]}…"
    template = "{where}: '{text}' needs {what}, and a traced number is none"
    said = message(template, where=_line(place), text=says, what=_needed(asked))
    found = hint or _way_out(asked, place, frame)
    return DiffError(said, place.text, (place.begin, place.end), found, "python")


def _line(place: Place) -> str:
    return f"{Path(place.file).name}:{place.line}"


def vector_condition(file: str) -> DiffError:
    """NumPy's "truth value of an array is ambiguous", in our words."""
    frame = users_frame(file) or _outside()
    if frame is None:
        return DiffError(message("a vector is neither true nor false"), hint=CONDITION, kind="python")
    place = place_of(frame.f_code, frame.f_lasti, frame.f_lineno)
    said = message("{where}: '{text}' is neither true nor false", where=_line(place), text=place.segment)
    return DiffError(said, place.text, (place.begin, place.end), CONDITION, "python")


def kept(inputs: Sequence[str], source: str, file: str) -> DiffError:
    """The error for a number that is used in a run of `file` that it does not belong to.

    `inputs` are those that it was computed from, in an ended run of `source`.
    """
    said = message(
        "a number computed from {names} was kept from another run of {name}, which has ended",
        names=", ".join(inputs) or message("nothing"),
        name=source,
    )
    frame = users_frame(file) or _outside()
    if frame is None:
        return DiffError(said, hint=KEPT, kind="python")
    place = place_of(frame.f_code, frame.f_lasti, frame.f_lineno)
    where = message("{place}: {reason}", place=_line(place), reason=said)
    return DiffError(where, place.text or None, (place.begin, place.end) if place.text else None, KEPT, "python")


KEPT = message("compute it anew in each run: keep no traced number in a cache, a list or an attribute between calls")


def _needed(asked: str) -> Message:
    return {
        "int": message("a plain whole number"),
        "index": message("a plain whole number"),
        "complex": message("a complex number"),
    }.get(asked, message("a plain float"))


def _way_out(asked: str, place: Place, frame: FrameType) -> Message | None:
    """By what is called at the place, as far as its text and names say it."""
    segment = place.segment
    called = re.match(r"\s*([\w.]+)\s*\(", segment)
    function = _named(called[1], frame) if called else None
    if getattr(function, "__module__", None) == "math" and called:
        return _of_math(called[1].rpartition(".")[2])
    if getattr(function, "__module__", None) == "cmath":
        return _KINDS["complex"]
    if asked == "float" and (_STORED.fullmatch(segment) or re.search(r"[-+*/@|&]=", segment)):
        return ARRAY
    if asked == "float" and function is not float and (_ARRAY_OF_FLOATS.search(segment) or "astype" in segment):
        return message("leave out dtype=… and .astype(…): the entries are float64 already")
    if asked == "float" and (getattr(function, "__module__", None) or "").partition(".")[0] == "numpy":
        return FOR_FLOATS
    return _KINDS.get(asked)


def _of_math(name: str) -> Message:
    if name in _NOT_IN_NUMPY:
        return message("NumPy has no {name}: write diffcli.functions.{same}, which can be traced", name=name, same=name)
    if name in _OF_WHOLE_NUMBERS:
        return _KINDS["index"]
    template = "write {name}: NumPy's functions can be traced, those of math cannot"
    return message(template, name=f"np.{_NUMPY_NAMES.get(name, name)}")


def _named(name: str, frame: FrameType) -> Any:
    """What a dotted name stands for, through modules only: nothing of the user's is run."""
    first, *rest = name.split(".")
    found: Any = frame.f_locals.get(first, frame.f_globals.get(first, {"float": float, "int": int}.get(first)))
    for part in rest:
        found = getattr(found, part, None) if isinstance(found, ModuleType) else None
    return found


def _outside() -> FrameType | None:
    """The innermost frame that the function has begun, outside its own file; none where it is compiled itself."""
    frame: FrameType | None = sys._getframe(1)
    own = Path(__file__).parent
    while frame is not None and frame.f_code.co_filename.startswith(str(own)):
        frame = frame.f_back
    return None if frame is not None and frame.f_code.co_filename.startswith(str(own.parent)) else frame

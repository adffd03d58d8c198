"""What several commands make of what was typed, within the time limit: points, and what is left over."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from diffcli.cli.streams import aside
from diffcli.locale.language import tr
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

if TYPE_CHECKING:
    from diffcli.problem.point import Number


T = TypeVar("T")


def within(seconds: float, read: Callable[..., T], *arguments: Any, whole: bool = False) -> T:
    """What was typed, understood within the time limit: an expression in vectors may be of any size.

    `whole`: all that a command does, and not the reading alone.
    """
    from diffcli.runtime.limits import Expired, Here

    try:
        return Here(read, *arguments).result(seconds)
    except Expired:
        limit = f"{seconds:g}"
        said = message("the expression was not read within {seconds} s", seconds=limit)
        if whole:
            said = message("not finished within {seconds} s", seconds=limit)
        raise DiffError(said, hint=message("--timeout gives it longer"), kind="timeout") from None


def note_unused(point: Iterable[str], used: Container[str]) -> None:
    """Say on stderr what is given and not in the expression: it may be a slip of the pen."""
    names = ", ".join(name for name in point if name not in used)
    if names:
        with aside() as stream:
            print(tr("note: {note}", note=tr("the expression has no variable {names}", names=names)), file=stream)


def point_of(at: list[str] | None, expression: str | None = None) -> dict[str, Number]:
    """All `--at` options together; a value without a name is that of the only variable of the expression."""
    from diffcli.problem.point import read_point, sole_variable

    sole = partial(sole_variable, expression) if expression else None

    point: dict[str, Number] = {}
    for part in at or []:
        for name, value in read_point(part, sole).items():
            if name in point:
                raise DiffError(
                    message("'{name}' is given twice", name=name),
                    part,
                    None,
                    message("give each variable one value"),
                    "point",
                )
            point[name] = value
    return point

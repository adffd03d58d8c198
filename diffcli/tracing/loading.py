"""From what is typed, `lesson.py:f` or `package.module:f`, to the function itself.

What is named by the user is the only code that is ever imported. This room knows modules and signatures,
and no numbers.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message
from diffcli.tracing.naming import FILE, named
from diffcli.tracing.path import is_users, place_of


@dataclass(frozen=True)
class Loaded:
    """A function, the name it was asked for by, the file it stands in, and its parameters."""

    source: str
    function: Callable[..., Any]
    file: str
    parameters: tuple[inspect.Parameter, ...]


def load(text: str) -> Loaded:
    """Import the module that `text` names, and find its function."""
    match = named(text)
    assert match
    where, name = match["where"], match["name"]
    module = _file(where) if re.match(FILE, text) else _module(where)
    function: Any = module
    for part in name.split("."):
        if not hasattr(function, part):
            known = [known for known, value in vars(module).items() if callable(value) and not known.startswith("_")]
            hint = message("it has: {names}", names=", ".join(known[:12])) if known else None
            raise DiffError(
                message("{where} has no function '{name}'", where=where, name=name),
                text,
                match.span("name"),
                hint,
                "python",
            )
        function = getattr(function, part)
    if not callable(function):
        raise DiffError(
            message("'{name}' in {where} is no function", name=name, where=where),
            text,
            match.span("name"),
            None,
            "python",
        )
    return Loaded(text.strip(), function, _file_of(function), _parameters(function, text))


def loaded(function: Callable[..., Any]) -> Loaded:
    """A function that is at hand, named as its module knows it."""
    name = getattr(function, "__qualname__", type(function).__name__)
    return Loaded(name, function, _file_of(function), _parameters(function, name))


def _file(where: str) -> Any:
    path = Path(where)
    if not path.is_file():
        raise DiffError(
            message("there is no file '{file}'", file=where),
            where,
            (0, len(where)),
            message("write {what}", what="lesson.py:f"),
            "python",
        )
    # a name of its own: a lesson called random.py must not stand for the library
    name = f"diff_compare_{path.stem}"
    spec = spec_from_file_location(name, path.resolve())
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[name] = module
    beside = str(path.resolve().parent)
    if beside not in sys.path:
        sys.path.insert(0, beside)
    with _explained(where):
        spec.loader.exec_module(module)
    return module


def _module(where: str) -> Any:
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    with _explained(where):
        return import_module(where)


class _explained:  # noqa: N801 - read as a word: with _explained(...)
    """Whatever happens while a module is imported, said of the module."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if error is None or isinstance(error, KeyboardInterrupt | DiffError):
            return
        if isinstance(error, SyntaxError) and error.text is not None:
            line, column = error.text.rstrip("\n"), max((error.offset or 1) - 1, 0)
            said = message("{place}: {reason}", place=f"{error.filename}:{error.lineno}", reason=error.msg)
            raise DiffError(said, line, (column, column + 1), None, "python") from None
        if isinstance(error, Exception | SystemExit):
            said = raised(error)
            hint = (
                message("name a file, as in lesson.py:f, or an installed module")
                if isinstance(error, ImportError)
                else None
            )
            raise raised_at(
                traceback, message("'{where}' cannot be imported: {error}", where=self.where, error=said), hint
            ) from None


def raised(error: BaseException) -> Message:
    """The kind of an error of the user's code, and what it says."""
    name = type(error).__name__
    return message("{name}: {message}", name=name, message=error) if str(error) else Message(name)


def raised_at(traceback: Any, said: Message, hint: Message | None, file: str | None = None) -> DiffError:
    """An error of the user's code, at the innermost line that is theirs."""
    found = None
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        own = is_users(name, file) if file else not name.startswith("<") and f"{Path(__file__).parent}" not in name
        if own and "importlib" not in name:
            found = traceback
        traceback = traceback.tb_next
    if found is None:
        return DiffError(said, hint=hint, kind="python")
    place = place_of(found.tb_frame.f_code, found.tb_lasti, found.tb_lineno)
    shown = message("{place}: {reason}", place=f"{Path(place.file).name}:{place.line}", reason=said)
    return DiffError(shown, place.text or None, (place.begin, place.end), hint, "python")


def _file_of(function: Any) -> str:
    try:
        return inspect.unwrap(function).__code__.co_filename  # type: ignore[no-any-return]
    except AttributeError:
        return ""


def _parameters(function: Any, text: str) -> tuple[inspect.Parameter, ...]:
    try:
        parameters = tuple(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        hint = message("wrap it: def f(x): return …")
        raise DiffError(
            message("{name} does not say what its parameters are", name=text.strip()), hint=hint, kind="python"
        ) from None
    for parameter in parameters:
        if parameter.kind == parameter.VAR_POSITIONAL:
            said = message("{name} takes any number of arguments, {star}", name=text.strip(), star=f"*{parameter.name}")
            raise DiffError(said, hint=message("name them: def g(x, y): return f(x, y)"), kind="python")
    return tuple(parameter for parameter in parameters if parameter.kind != parameter.VAR_KEYWORD)

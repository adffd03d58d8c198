"""Values of options, without pydantic where they are plain.

Typer hands every value to pydantic, even a text that stays one, and importing that takes
as long as comparing does. A value that needs no opinion is converted here: what was not
given, text, a number in digits, a file that can be read or made. Everything else, with
all its errors, is Typer's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_origin


def plainly(command: Any) -> Any:
    """The command, with its subcommands, converting plain values by itself."""
    command.get_params = partial(_parameters, command.get_params)
    for inner in getattr(command, "commands", {}).values():
        plainly(inner)
    return command


def _parameters(usual: Callable[[Any], list[Any]], context: Any) -> list[Any]:
    """Those of a command; the one for help is among them, and is made only now."""
    found = usual(context)
    for parameter in found:
        kind = getattr(parameter, "type_descriptor", None)  # where there is none, Typer is older, and uses no pydantic
        if kind is not None and "process_value" not in vars(parameter):
            parameter.process_value = partial(_processed, parameter, kind.annotation, parameter.process_value)
    return found


def _processed(parameter: Any, kind: Any, usual: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    if parameter.callback is not None:  # of a flag: --help, --version
        return usual(context, False if kind is bool and value is None else value)
    if value is parameter.default and not parameter.required:
        return value
    if kind is bool or (parameter.min, parameter.max) != (None, None):
        return usual(context, value)
    found = plain(value, kind)
    return usual(context, value) if found is None else found


def plain(value: Any, kind: Any) -> Any:
    """The value as what it should be; None where that is not for us to say.

    >>> plain("12", int), plain("0.5", float), plain(["x=1"], list[str])
    (12, 0.5, ['x=1'])
    >>> plain("twelve", int)
    """
    if get_origin(kind) is list:
        found = [plain(one, get_args(kind)[0]) for one in value or ()]
        return None if not found or None in found else found
    if kind is str or not isinstance(value, str):
        return value if isinstance(value, str) else None
    if kind is int:
        return int(value) if re.fullmatch(r"[0-9]{1,15}", value) else None
    if kind is float:
        return float(value) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?(e-?[0-9]{1,2})?", value) else None
    if kind is Path:
        return Path(value) if os.access(value, os.R_OK) or not os.path.lexists(value) else None
    return value if value in get_args(kind) else None

"""The words of a command line: options and their values, and what is not an option.

What begins with a minus and is no option of the command is the expression: `diff-compare "-x**2" --at x=-1`. What
cannot be understood is refused here, in three parts as every error is, so that no version of Typer has words of
its own; and values are converted here: for every one of them Typer would import pydantic, which takes as long as
comparing does.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message

HELP = ("--help", "-h")
LISTS = {"--wrt", "--methods", "--jvp", "--vjp", "--hvp", "--over", "--way", "--distances"}
"""Options with a list. Of another option given twice the last counts; of these the first would be lost unseen."""

_LONG_OPTION = r"(?s)--[a-zA-Z][a-zA-Z-]+(=.*)?\Z"
_SHORT_OPTION = "-[a-zA-Z]"


@dataclass
class Words:
    """What was typed behind the name of a command: texts by the names of parameters, or whether a flag is set."""

    given: dict[str, list[str] | bool] = field(default_factory=dict)
    operands: list[str] = field(default_factory=list)
    help: bool = False


def read(words: Sequence[str], command: str, parameters: Sequence[Any]) -> Words:
    """The words of a command with these parameters (Typer's)."""
    known = {option: one for one in parameters for option in (*one.opts, *one.secondary_opts)}
    found, rest = Words(), list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            found.operands += rest
            break
        option, equals, value = word.partition("=")
        if word in HELP:
            found.help = True
        elif option.startswith("-") and option in known:
            _take(found, known[option], option, _value(known[option], option, equals, value, rest, command))
        elif re.match(_LONG_OPTION, word):
            raise _unknown(option, known, command)
        else:
            found.operands.append(word)
    return found


def _value(parameter: Any, option: str, equals: str, value: str, rest: list[str], command: str) -> str | bool:
    if parameter.is_flag:
        if equals:
            raise _option(message("{option} takes no value", option=option), message("leave out ={value}", value=value))
        return option not in parameter.secondary_opts
    if equals:
        return value
    if not rest:
        raise _option(message("{option} needs a value", option=option), _help(command))
    return rest.pop(0)


def _take(found: Words, parameter: Any, option: str, value: str | bool) -> None:
    if isinstance(value, bool):
        found.given[parameter.name] = value
        return
    before = found.given.setdefault(parameter.name, [])
    assert isinstance(before, list)
    if before and not parameter.multiple:
        if max(parameter.opts, key=len) in LISTS:
            hint = message("write all behind one {option}, with commas between", option=option)
            raise _option(message("{option} is given twice", option=option), hint)
        before.clear()
    before.append(value)


# --- values
def values(found: Words, command: str, parameters: Sequence[Any], kinds: dict[str, Any]) -> dict[str, Any]:
    """What every parameter is worth: as typed, or when left out. `kinds` are their types.

    Raises DiffError for a value that is not a number, and for what is required and absent.
    """
    operands = list(found.operands)
    worth: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            many = parameter.nargs == -1
            given: list[str] | bool | None = operands[: None if many else 1] or None
            del operands[: None if many else 1]
        else:
            given = found.given.get(parameter.name)
        worth[parameter.name] = _worth(given, parameter, kinds[parameter.name], command)
    return worth


def _worth(given: list[str] | bool | None, parameter: Any, kind: Any, command: str) -> Any:
    if given is None:
        if parameter.required:
            raise _missing(parameter, command)
        several = getattr(parameter, "multiple", False) or parameter.nargs == -1
        return () if several and parameter.default is None else parameter.default  # as Typer has it before 0.26
    if isinstance(given, bool):
        return given
    inner = _inner(kind)
    if get_origin(inner) is list:
        return [_converted(text, get_args(inner)[0], parameter) for text in given]
    return _converted(given[-1], inner, parameter)


def _inner(kind: Any) -> Any:
    """The type that a value has: without what Typer is told of it, and without None."""
    if get_origin(kind) is Annotated:
        return _inner(get_args(kind)[0])
    kinds = [one for one in get_args(kind) if one is not NoneType]
    return _inner(kinds[0]) if NoneType in get_args(kind) else kind


def _converted(text: str, kind: Any, parameter: Any) -> Any:
    if kind is Path:
        return Path(text)
    if kind not in (int, float):
        return text
    try:
        return kind(text)
    except ValueError:
        option = max(parameter.opts, key=len)
        whole = message("{option} '{value}': a whole number is needed", option=option, value=text)
        said = whole if kind is int else message("{option} '{value}': a number is needed", option=option, value=text)
        raise _option(said, message("write {what}", what=f"{option} {'2' if kind is int else '0.5'}")) from None


def _missing(parameter: Any, command: str) -> DiffError:
    if parameter.param_type_name == "argument":
        return _option(message("{name} is missing", name=parameter.metavar), _help(command))
    option = max(parameter.opts, key=len)
    hint = message("write {what}", what=f"{option} {parameter.metavar}")
    return _option(message("{name} is missing", name=option), hint)


# --- what is refused
def check_operands(found: Words, command: str, parameters: Sequence[Any], implicit: bool, names: Iterable[str]) -> None:
    """No more words than the command has arguments for; `implicit` where its name was left out."""
    places = [one.nargs for one in parameters if one.param_type_name == "argument"]
    if -1 in places or len(found.operands) <= sum(places):
        return
    known = [option for one in parameters for option in (*one.opts, *one.secondary_opts)]
    for word in found.operands:
        if re.match(_SHORT_OPTION, word) and len(word) > 2 and word[:2] in known:
            hint = message("write {what}", what=f"{word[:2]} {word[2:]}")
            raise _option(message("there is no option {option}", option=word), hint)
    for word in found.operands:
        if re.fullmatch(_SHORT_OPTION, word):
            raise _unknown(word, known, command)
    near = difflib.get_close_matches(found.operands[0], list(names), 1) if implicit else []
    hint = message('an expression with blanks stands in quotes: "x + 1"')
    if near:
        hint = message("did you mean the command '{name}'?", name=near[0])
    raise _option(message("'{word}' is one word too many", word=found.operands[sum(places)]), hint)


def _unknown(option: str, known: Iterable[str], command: str) -> DiffError:
    near = difflib.get_close_matches(option, [name for name in known if name.startswith("-")], 1)
    hint = message("did you mean '{name}'?", name=near[0]) if near else _help(command)
    return _option(message("there is no option {option}", option=option), hint)


def _option(said: Message, hint: Message) -> DiffError:
    return DiffError(said, hint=hint, kind="option")


def _help(name: str) -> Message:
    if name == "expr":
        return message("try diff-compare --help")
    return message("try diff-compare {name} --help", name=name)

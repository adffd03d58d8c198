"""The words of a command line put in order: which command, its options, what is not an option.

What cannot be understood is refused here, in three parts as every error is, so
that no version of Typer has words of its own.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message

ROOT = ("--help", "-h", "--version", "--install-completion", "--show-completion")
"""What stands before any command."""

LISTS = {"--wrt", "--methods", "--jvp", "--vjp", "--hvp", "--over", "--way", "--distances"}
"""Options with a list. Of another option given twice the last counts; of these the first would be lost unseen."""

_LONG_OPTION = r"(?s)--[a-zA-Z][a-zA-Z-]+(=.*)?\Z"
_SHORT_OPTION = "-[a-zA-Z]"


def named(arguments: Sequence[str], names: Sequence[str | None]) -> str | None:
    """The command that is asked for; None where only the list of all is."""
    if not arguments or arguments[0] in ROOT:
        return None
    return arguments[0] if arguments[0] in names else "expr"


def arrange(arguments: Sequence[str], group: Any) -> list[str]:
    """Name the command where it was left out, and put options before what is not an option.

    So `diff-compare "-x**2" --at x=-1` works: what begins with a minus and is
    no option of the command is the expression.
    """
    rest = list(arguments)
    if not rest or rest[0] in ROOT:
        return rest or ["--help"]
    implicit = rest[0] not in group.commands
    name = "expr" if implicit else rest.pop(0)
    known = {option: p for p in group.commands[name].params for option in (*p.opts, *p.secondary_opts)}
    options: list[str] = []
    operands: list[str] = []
    given = set[str]()
    while rest:
        token = rest.pop(0)
        if token == "--":
            operands += rest
            break
        option, equals, value = token.partition("=")
        if token in ("--help", "-h"):
            options.append(token)
        elif option.startswith("-") and option in known:
            parameter = known[option]
            options.append(option)
            if not parameter.is_flag:
                options.append(_value(option, equals, value, rest, name))
                _once(option, parameter, given)
            elif equals:
                raise DiffError(
                    message("{option} takes no value", option=option),
                    hint=message("leave out ={value}", value=value),
                    kind="option",
                )
        elif re.match(_LONG_OPTION, token):
            raise _unknown(option, known, name)
        else:
            operands.append(token)
    _check_operands(operands, implicit, name, known, group)
    return [name, *options, "--", *operands] if operands else [name, *options]


def helped(arranged: Sequence[str]) -> bool:
    """Whether help is asked for, by an option."""
    options = arranged[: arranged.index("--")] if "--" in arranged else arranged
    return "--help" in options or "-h" in options


def _value(option: str, equals: str, value: str, rest: list[str], name: str) -> str:
    if equals:
        return value
    if not rest:
        raise DiffError(message("{option} needs a value", option=option), hint=_help(name), kind="option")
    return rest.pop(0)


def _once(option: str, parameter: Any, given: set[str]) -> None:
    long = max(parameter.opts, key=len)
    if long in LISTS and long in given and not parameter.multiple:
        hint = message("write all behind one {option}, with commas between", option=option)
        raise DiffError(message("{option} is given twice", option=option), hint=hint, kind="option")
    given.add(long)


def _check_operands(operands: list[str], implicit: bool, name: str, known: dict[str, Any], group: Any) -> None:
    """No more words than the command has arguments for."""
    places = [p.nargs for p in group.commands[name].params if not p.opts[0].startswith("-")]
    if -1 in places or len(operands) <= sum(places):
        return
    for word in operands:
        if re.match(_SHORT_OPTION, word) and len(word) > 2 and word[:2] in known:
            raise DiffError(
                message("there is no option {option}", option=word),
                hint=message("write {what}", what=f"{word[:2]} {word[2:]}"),
                kind="option",
            )
    for word in operands:
        if re.fullmatch(_SHORT_OPTION, word):
            raise _unknown(word, known, name)
    from diffcli.cli.app import NAMES

    near = difflib.get_close_matches(operands[0], NAMES, 1) if implicit else []
    hint = (
        message("did you mean the command '{name}'?", name=near[0])
        if near
        else message('an expression with blanks stands in quotes: "x + 1"')
    )
    raise DiffError(message("'{word}' is one word too many", word=operands[sum(places)]), hint=hint, kind="option")


def _unknown(option: str, known: Iterable[str], name: str) -> DiffError:
    near = difflib.get_close_matches(option, [name for name in known if name.startswith("-")], 1)
    hint = message("did you mean '{name}'?", name=near[0]) if near else _help(name)
    return DiffError(message("there is no option {option}", option=option), hint=hint, kind="option")


def _help(name: str) -> Message:
    return (
        message("try diff-compare --help") if name == "expr" else message("try diff-compare {name} --help", name=name)
    )


def refused(error: Any, arguments: Sequence[str]) -> DiffError:
    """What Typer refused, in our words: a value that is no number, something required that is absent."""
    parameter = getattr(error, "param", None)
    name = arguments[0] if arguments and not arguments[0].startswith("-") else "expr"
    if parameter is None:
        return DiffError(Message(error.format_message()), hint=_help(name), kind="option")
    option = max(parameter.opts, key=len)
    if "Missing" in type(error).__name__:
        if not option.startswith("-"):
            return DiffError(message("{name} is missing", name=parameter.metavar), hint=_help(name), kind="option")
        return DiffError(
            message("{name} is missing", name=option),
            hint=message("write {what}", what=f"{option} {parameter.metavar}"),
            kind="option",
        )
    value = next((after for word, after in pairwise(arguments) if word in parameter.opts), "")
    if "integer" in error.message:
        return DiffError(
            message("{option} '{value}': a whole number is needed", option=option, value=value),
            hint=message("write {what}", what=f"{option} 2"),
            kind="option",
        )
    return DiffError(
        message("{option} '{value}': a number is needed", option=option, value=value),
        hint=message("write {what}", what=f"{option} 0.5"),
        kind="option",
    )

"""What --help shows: the texts of the commands as they are declared, in the language that is spoken."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from inspect import cleandoc
from typing import Any, NamedTuple

from diffcli.core.primitives import DEFINITIONS, FUNCTIONS, PARAMETRIC_FUNCTIONS, VECTOR_FUNCTIONS
from diffcli.locale.language import tr
from diffcli.locale.wrapping import wrapped
from diffcli.methods import METHODS
from diffcli.runtime.errors import width
from diffcli.syntax.notations import NOTATIONS

WIDEST, _ASIDE = 100, 26
"""Columns of a page, and the most that names of options take beside what is said of them."""


class Contents(NamedTuple):
    """What a page shows beside Typer's command: titles of options by name, and what the group of all lists.

    `commands` are (title, name, help), `further` are options that are not Typer's.
    """

    titles: Mapping[str, str] = {}
    commands: Sequence[tuple[str, str, str]] = ()
    further: Sequence[tuple[str, str]] = ()


def page(command: Any, contents: Contents) -> str:
    """The help of a command, or of the group of all, as wide as the terminal is."""
    columns = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return "\n".join(
        f"\x1b[1m{line}\x1b[0m" if title and bold else line for line, title in lines(command, contents, columns)
    )


def lines(command: Any, contents: Contents, columns: int) -> Iterator[tuple[str, bool]]:
    """The page, line by line, and which lines are titles."""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    taken = ["COMMAND", "…"] if contents.commands else [_metavar(argument) for argument in arguments]
    named = [] if contents.commands else [command.name]
    yield " ".join([tr("Usage:"), "diff-compare", *named, "[OPTIONS]", *taken]), False
    yield from _text(command.help, columns)
    lists: dict[str, list[tuple[str, str]]] = {}
    for title, name, text in contents.commands:
        lists.setdefault(title, []).append((name, told(next(paragraphs(text)))))
    if arguments:
        lists["Arguments"] = [(_metavar(one), _said(one)) for one in arguments]
    lists |= _options(command, contents)
    aside = min(max(width(first) for pairs in lists.values() for first, _ in pairs), _ASIDE) + 4
    for title, pairs in lists.items():
        yield from _list(tr(title), pairs, columns, aside)
    yield from _text(command.epilog or "", columns)


def _options(command: Any, contents: Contents) -> dict[str, list[tuple[str, str]]]:
    """The options under their titles: those that are the command's own first, help last."""
    found: dict[str, list[tuple[str, str]]] = {OPTIONS: []}
    for one in command.params:
        if one.param_type_name == "option":
            found.setdefault(contents.titles.get(one.name, OPTIONS), []).append((_names(one), _said(one)))
    last = found[list(found)[-1]]
    last += [(f"    {names}", told(text)) for names, text in contents.further]
    last.append(("-h, --help", tr("Show this message and exit.")))
    return {title: pairs for title, pairs in found.items() if pairs}


OPTIONS = "Options"


def texts(command: Any, contents: Contents) -> Iterator[str]:
    """Everything on the page that has words, in English."""
    for found in (command.help, command.epilog or "", *(one.help or "" for one in command.params)):
        yield from (text for text in paragraphs(found) if not text.startswith(" "))
    yield from {*contents.titles.values(), *(title for title, _, _ in contents.commands)}
    yield from (text for _, text in contents.further)


def paragraphs(text: str) -> Iterator[str]:
    """Each as one line; indented ones as they stand."""
    for paragraph in re.split(r"\n\s*\n", cleandoc(text)):
        if paragraph:
            yield paragraph if paragraph.startswith(" ") else " ".join(paragraph.split())


def told(text: str) -> str:
    """A text of help in the language that is spoken, with the lists that it names."""
    return tr(text, **_lists()) if "{" in text else tr(text)


@cache
def _lists() -> dict[str, str]:
    """What stands in the places of help texts."""
    functions = {*FUNCTIONS, *DEFINITIONS, *PARAMETRIC_FUNCTIONS, *VECTOR_FUNCTIONS, "where"}
    return {
        "functions": " ".join(sorted(functions)),
        "methods": ", ".join(METHODS),
        "notations": ", ".join(NOTATIONS),
    }


# --- parts of the page
def _text(text: str, columns: int) -> Iterator[tuple[str, bool]]:
    for paragraph in paragraphs(text):
        yield "", False
        shown = paragraph.split("\n") if paragraph.startswith(" ") else wrapped(told(paragraph), columns)
        yield from ((line, False) for line in shown)


def _list(title: str, pairs: list[tuple[str, str]], columns: int, aside: int) -> Iterator[tuple[str, bool]]:
    yield "", False
    yield title, True
    for name, said in pairs:
        first, *further = wrapped(said, columns - aside) or [""]
        if width(name) + 4 > aside:
            yield f"  {name}", False
            further.insert(0, first)
        else:
            yield f"  {name}{' ' * (aside - 2 - width(name))}{first}".rstrip(), False
        yield from ((" " * aside + line, False) for line in further)


def _names(option: Any) -> str:
    """`-w, --wrt TEXT`: long names below one another."""
    short = [name for name in option.opts if not name.startswith("--")]
    long = [name for name in option.opts if name.startswith("--")]
    names = f"{', '.join(short)}, " if short else "    "
    return names + ", ".join(long) + ("" if option.is_flag else f" {_metavar(option)}")


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _said(parameter: Any) -> str:
    """What a parameter is, and what it is when left out."""
    default = parameter.default
    parts = [told(text) for text in paragraphs(parameter.help or "")]
    if parameter.param_type_name == "option" and parameter.required:
        parts.append(tr("[required]"))
    if parameter.param_type_name == "option" and parameter.show_default and isinstance(default, str | int | float):
        shown = f"{default:g}" if isinstance(default, float) else str(default)
        parts += [] if parameter.is_flag else [tr("[default: {value}]", value=shown)]
    if parameter.envvar:
        parts.append(tr("[environment: {name}]", name=parameter.envvar))
    return " ".join(parts)

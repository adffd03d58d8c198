"""What --help shows. English stands where commands are declared, Chinese in a table, loaded when it is spoken."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from diffcli.locale.language import spoken
from diffcli.locale.wrapping import wrapped
from diffcli.runtime.errors import width

WIDEST, _ASIDE = 100, 26
"""Columns of a page, and the most that names of options take beside what is said of them."""


def show(group: Any, name: str | None) -> None:
    """Print the help of a command, or of all."""
    columns = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    for line, title in lines(group, name, columns):
        print(f"\x1b[1m{line}\x1b[0m" if title and bold else line)


def lines(group: Any, name: str | None, columns: int) -> Iterator[tuple[str, bool]]:
    """The page, line by line, and which lines are titles."""
    command = group if name is None else group.commands[name]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    taken = ["COMMAND", "…"] if name is None else [_metavar(argument) for argument in arguments]
    yield " ".join([told("Usage:"), "diff-compare", *([name] if name else []), "[OPTIONS]", *taken]), False
    yield from _text(command.help, columns)
    if name is None:
        pairs = [(one, told(next(paragraphs(found.help)))) for one, found in group.commands.items()]
        yield from _list(told("Commands"), pairs, columns)
    yield from _list(told("Arguments"), [(_metavar(one), _said(one)) for one in arguments], columns)
    pairs = [(_names(one), _said(one)) for one in options]
    yield from _list(told("Options"), [*pairs, ("-h, --help", told("Show this message and exit."))], columns)
    yield from _text(command.epilog or "", columns)


def texts(group: Any, name: str | None) -> Iterator[str]:
    """Everything on the page that has words, in English."""
    command = group if name is None else group.commands[name]
    for found in (command.help, command.epilog or "", *(one.help or "" for one in command.params)):
        yield from (text for text in paragraphs(found) if not text.startswith(" "))


def paragraphs(text: str) -> Iterator[str]:
    """Each as one line; indented ones as they stand."""
    for paragraph in re.split(r"\n\s*\n", cleandoc(text)):
        if paragraph:
            yield paragraph if paragraph.startswith(" ") else " ".join(paragraph.split())


def told(text: str) -> str:
    """A text of help in the language that is spoken."""
    if spoken() == "en":
        return text
    from diffcli.cli.chinese import HELP, TEMPLATES

    if text in HELP:
        return HELP[text]
    for english, chinese in TEMPLATES.items():
        before, after = english.split("{}")
        if text.startswith(before) and text.endswith(after):
            return chinese.format(text.removeprefix(before).removesuffix(after))
    return text


# --- parts of the page
def _text(text: str, columns: int) -> Iterator[tuple[str, bool]]:
    for paragraph in paragraphs(text):
        yield "", False
        shown = paragraph.split("\n") if paragraph.startswith(" ") else wrapped(told(paragraph), columns)
        yield from ((line, False) for line in shown)


def _list(title: str, pairs: list[tuple[str, str]], columns: int) -> Iterator[tuple[str, bool]]:
    if not pairs:
        return
    yield "", False
    yield title, True
    aside = min(max(width(name) for name, _ in pairs), _ASIDE) + 4
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
        parts.append(told("[required]"))
    if parameter.param_type_name == "option" and parameter.show_default and isinstance(default, str | int | float):
        shown = f"{default:g}" if isinstance(default, float) else str(default)
        parts += [] if parameter.is_flag else [told("[default: {}]").format(shown)]
    if parameter.envvar:
        parts.append(told("[environment: {}]").format(parameter.envvar))
    return " ".join(parts)

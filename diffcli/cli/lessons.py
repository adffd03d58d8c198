"""The command `lesson`: the course listed, or run on this terminal."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence

from diffcli.lessons.course import Lesson, chosen, course, parts
from diffcli.lessons.running import INTERRUPTED, Stage, perform
from diffcli.lessons.words import WORDS
from diffcli.locale.language import LANGUAGES
from diffcli.locale.wrapping import wrapped
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

WIDEST = 88
"""Columns beyond which a line of text is no longer read with ease."""

_STYLES = {"title": "1", "place": "2", "command": "1;36", "code": "36"}


def run_lessons(asked: str | None, every: bool, wait: bool, listed: bool, language: str) -> int:
    """The course as a list, or lessons one after the other."""
    if language not in LANGUAGES:
        hint = message("write one of: {names}", names=", ".join(LANGUAGES))
        raise DiffError(message("unknown language '{name}'", name=language), hint=hint, kind="option")
    if listed and (asked is not None or every or wait):
        raise DiffError(
            message("--list runs no lesson"), hint=message("leave out what stands beside it"), kind="option"
        )
    if wait and asked is None and not every:
        raise DiffError(
            message("--step waits in a lesson, and none is named"),
            hint=message("write diff-compare lesson A1 --step"),
            kind="option",
        )
    if asked is not None and every:
        raise DiffError(
            message("--all runs every lesson: name none"), hint=message("leave out one of them"), kind="option"
        )
    if asked is None and not every:
        _list(language)
        return 0
    return _run(course() if asked is None else chosen(asked), wait, language)


def _run(lessons: Sequence[Lesson], wait: bool, language: str) -> int:
    from diffcli.cli.main import main

    def turn() -> bool:
        return not wait or _turned(WORDS[language]["turn"])

    stage = Stage(language, _columns(), _show, main, turn)
    for place, lesson in enumerate(lessons):
        if place:
            if not turn():
                return 0
            print()
        outcome = perform(lesson, stage)
        if outcome is None:
            return 0
        if outcome == INTERRUPTED:
            return INTERRUPTED
    return 0


def _turned(prompt: str) -> bool:
    """Whether the reader goes on: Enter does, q or the end of the input does not."""
    print()
    try:
        return input(prompt).strip().lower() not in ("q", "quit")
    except EOFError:
        print()
        return False
    except KeyboardInterrupt:
        print()
        raise


def _list(language: str) -> None:
    longest = max(len(lesson.name) for lesson in course())
    before = ""
    for lesson in course():
        if lesson.part != before:
            before = lesson.part
            _show("", "")
            _show(f"{before}. {parts()[before][language]}", "title")
        _show(f"  {lesson.number}  {lesson.name:<{longest}}  {lesson.title[language]}", "")
    _show("", "")
    for line in wrapped(WORDS[language]["begin"], _columns()):
        _show(line, "text")


def _columns() -> int:
    return min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)


def _show(text: str, style: str) -> None:
    """A line; on a terminal, what is to be typed stands out."""
    sys.stderr.flush()
    if _coloured():
        text = re.sub(r"`([^`]*)`", lambda found: _styled(found[1], "code"), text) if style == "text" else text
        text = _styled(text, style)
    print(text, flush=True)


def _styled(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if text and style in _STYLES else text


def _coloured() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

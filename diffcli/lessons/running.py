"""A lesson run: what is said is shown, commands and Python are run live, in the language of the lesson.

How a command is run, where text goes and who turns the pages is told by who
runs the lesson.
"""

from __future__ import annotations

import ast
import shlex
import traceback
from code import InteractiveInterpreter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType

from diffcli.lessons.course import Lesson, Step, following, typed
from diffcli.lessons.layout import folded
from diffcli.lessons.words import WORDS
from diffcli.locale.wrapping import wrapped


@dataclass
class Stage:
    """What a lesson needs of the terminal.

    `show(text, style)` writes a line; `run` is the command line; `turn` waits
    for the reader between steps, and says whether to go on.
    """

    language: str
    columns: int
    show: Callable[[str, str], None]
    run: Callable[[Sequence[str]], int]
    turn: Callable[[], bool]

    def say(self, text: str) -> None:
        for line in wrapped(text, self.columns):
            self.show(line, "text")

    def prompt(self) -> Python:
        """Python's prompt, as a lesson finds it."""
        return Python(lambda text: self.show(text.rstrip("\n"), ""))

    def word(self, name: str, **values: object) -> str:
        return WORDS[self.language][name].format(**values)


INTERRUPTED = 130


def perform(lesson: Lesson, stage: Stage) -> int | None:
    """All steps; 0, 130 where a command was interrupted, None where the reader has left."""
    python = stage.prompt()
    stage.show(f"{lesson.number}  {lesson.title[stage.language]}", "title")
    for place, step in enumerate(lesson.steps, 1):
        if place > 1 and not stage.turn():
            return None
        stage.show("", "")
        stage.show(f"{lesson.number} · {place}/{len(lesson.steps)}", "place")
        if run_step(step, stage, python) == INTERRUPTED:
            return INTERRUPTED
    _end(lesson, stage)
    return 0


def run_step(step: Step, stage: Stage, python: Python) -> int:
    """Text, command and what is said of its output; the exit code of the command."""
    stage.say(step.text[stage.language])
    code = 0
    if step.command:
        command = typed(step.command)
        stage.show("", "")
        for number, line in enumerate(folded(command, stage.columns - 2)):
            stage.show(f"{'  ' if number else '$ '}{line}", "command")
        code = stage.run(["--lang", stage.language, *shlex.split(command)[1:]])
    if step.python:
        stage.show("", "")
        for statement, compiled in statements(step.python):
            for number, line in enumerate(statement.split("\n")):
                stage.show(f"{'... ' if number else '>>> '}{line}", "command")
            python.runcode(compiled)
    if step.after[stage.language] and code != INTERRUPTED:
        stage.show("", "")
        stage.say(step.after[stage.language])
    return code


def _end(lesson: Lesson, stage: Stage) -> None:
    stage.show("", "")
    for further in lesson.further:
        stage.say(f"{stage.word('try')}{further[stage.language]}")
    after = following(lesson)
    if after is None:
        stage.say(stage.word("last"))
    else:
        stage.say(stage.word("next", number=after.number, title=after.title[stage.language]))


def statements(snippet: str) -> Iterator[tuple[str, CodeType]]:
    """Each statement as it is written, and compiled so that a value is shown as at Python's prompt."""
    lines = snippet.split("\n")
    for node in ast.parse(snippet).body:
        code = compile(ast.Interactive([node]), "<lesson>", "single")
        yield "\n".join(lines[node.lineno - 1 : node.end_lineno]), code


class Python(InteractiveInterpreter):
    """Python's prompt, with names of its own; an error is told in its last line."""

    def __init__(self, told: Callable[[str], None]) -> None:
        super().__init__({"__name__": "lesson"})
        self._told = told

    def write(self, data: str) -> None:
        self._told(data)

    def showtraceback(self) -> None:
        import sys

        error = sys.exc_info()[1]
        self.write("Traceback (most recent call last): …")
        self.write("".join(traceback.format_exception_only(error)))

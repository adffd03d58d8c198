"""Lessons as they are read from their files, in the order of the course."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

FOLDER = files("diffcli.lessons")

Both = Mapping[str, str]
"""A text in every language, by the language's name."""

NOTHING: Both = {"en": "", "zh": ""}


@dataclass(frozen=True)
class Step:
    """What is said, what is run (a command, or Python), what must come out, and what is said of it."""

    text: Both
    command: str
    python: str
    expect: tuple[str, ...]
    after: Both
    exit: int
    covers: tuple[str, ...]


@dataclass(frozen=True)
class Lesson:
    """`number` is the part and the place in it, B3; `further` is what may be tried alone."""

    number: str
    name: str
    title: Both
    steps: tuple[Step, ...]
    further: tuple[Both, ...]

    @property
    def part(self) -> str:
        return self.number[0]


@cache
def course() -> tuple[Lesson, ...]:
    """All lessons; a file's name is its number and its name: b3-memory.toml."""
    names = sorted(entry.name for entry in FOLDER.iterdir() if entry.name.endswith(".toml"))
    return tuple(_lesson(name) for name in names if name != "parts.toml")


@cache
def parts() -> Mapping[str, Both]:
    """The titles of the parts, by their letters."""
    found: Mapping[str, Both] = tomllib.loads(FOLDER.joinpath("parts.toml").read_text(encoding="utf-8"))
    return found


def chosen(asked: str) -> tuple[Lesson, ...]:
    """The lesson of that name or number; of a letter, all lessons of the part."""
    wanted = asked.strip().lower()
    found = tuple(one for one in course() if wanted in (one.name, one.number.lower(), one.part.lower()))
    if not found:
        raise DiffError(
            message("there is no lesson '{asked}'", asked=asked),
            hint=message("diff-compare lesson lists them"),
            kind="option",
        )
    return found


def following(lesson: Lesson) -> Lesson | None:
    """The lesson that comes next."""
    lessons = course()
    place = lessons.index(lesson) + 1
    return lessons[place] if place < len(lessons) else None


def typed(command: str) -> str:
    """The command as one types it here: {here} is where the lessons' files are, from the current folder if below."""
    folder = Path(str(FOLDER))
    here = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    return command.replace("{here}", here.as_posix())


def _lesson(file: str) -> Lesson:
    data = tomllib.loads(FOLDER.joinpath(file).read_text(encoding="utf-8"))
    number, _, name = file.removesuffix(".toml").partition("-")
    return Lesson(
        number.upper(), name, data["title"], tuple(map(_step, data["step"])), tuple(data.get("try", ()))
    )  # fmt: skip


def _step(data: Mapping[str, Any]) -> Step:
    return Step(
        data["text"],
        data.get("command", "").strip(),
        data.get("python", "").strip(),
        tuple(data.get("expect", ())),
        data.get("after", NOTHING),
        data.get("exit", 0),
        tuple(data.get("covers", ())),
    )

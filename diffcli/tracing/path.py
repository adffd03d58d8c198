"""The path a function took: how often its loops turned, which sides its conditions chose.

The interpreter says which instruction runs, and the instruction where it stands in the text; so a loop on
one line and a condition inside an expression are counted as exactly as any other. This room knows Python's
source and frames, and nothing of numbers.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from sysconfig import get_paths
from types import CodeType, FrameType
from typing import Any, NamedTuple

from diffcli.runtime.limits import shared

Position = tuple[int, int]
"""A line, counted from 1, and a column in bytes, from 0, as the compiler has them."""

_Loop = ast.While | ast.For
_Choice = ast.If | ast.IfExp
_KINDS: dict[type[ast.AST], str] = {ast.While: "while", ast.For: "for", ast.If: "if", ast.IfExp: "if-else"}
_INLINED = () if sys.version_info < (3, 12) else (ast.ListComp, ast.SetComp, ast.DictComp)
_SCOPES: dict[type[ast.AST], str] = {
    ast.Lambda: "<lambda>", ast.GeneratorExp: "<genexpr>",
    ast.ListComp: "<listcomp>", ast.SetComp: "<setcomp>", ast.DictComp: "<dictcomp>",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A loop and how often its body ran; or a condition, how often it was asked and how often it held.

    `kind` is "while", "for", "if", "if-else" (in an expression) or "comparison" (in none of these).
    """

    line: int
    kind: str
    text: str
    count: int
    taken: int | None = None

    def as_dict(self) -> dict[str, int | str]:
        found: dict[str, int | str] = {"line": self.line, "kind": self.kind, "text": self.text, "count": self.count}
        return found if self.taken is None else found | {"taken": self.taken}


class Place(NamedTuple):
    """Where in the user's text something happens; `begin` and `end` are columns of the line, in characters."""

    file: str
    line: int
    text: str
    begin: int
    end: int
    position: Position

    @property
    def segment(self) -> str:
        return self.text[self.begin : self.end]


def frame_in(file: str) -> FrameType | None:
    """The innermost frame that runs text of `file`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return frame


def users_frame(file: str) -> FrameType | None:
    """The innermost frame that runs text of the user's: of `file`, or of a module of theirs that it calls."""
    frame: FrameType | None = sys._getframe(1) if file else None
    while frame is not None and not is_users(frame.f_code.co_filename, file):
        frame = frame.f_back
    return frame


def is_users(name: str, file: str) -> bool:
    """Whether a file is what the user has named, or at least no part of Python, of a library, or of ours."""
    if name == file:
        return True
    return not name.startswith(("<", *_libraries())) and _INSTALLED.isdisjoint(Path(name).parts)


_INSTALLED = {"site-packages", "dist-packages"}


@cache
def _libraries() -> tuple[str, ...]:
    paths = get_paths()
    return (str(Path(__file__).parent.parent) + os.sep, *(paths[name] + os.sep for name in ("stdlib", "platstdlib")))


def place_of(code: CodeType, instruction: int, line: int | None) -> Place:
    """Where an instruction stands; the whole line where the compiler does not say more."""
    row = line or code.co_firstlineno
    text = linecache.getline(code.co_filename, row).rstrip("\n")
    start, end, column, stop = _positions(code)[instruction // 2] if instruction >= 0 else (row, row, None, None)
    raw = text.encode()
    if start != row or column is None or stop is None:
        begin = len(text) - len(text.lstrip())
        return Place(code.co_filename, row, text, begin, len(text), (row, len(text[:begin].encode())))
    stop = stop if end == start else len(raw)
    begin, finish = (len(raw[:byte].decode(errors="replace")) for byte in (column, stop))
    return Place(code.co_filename, row, text, begin, finish, (row, column))


def here(file: str) -> Place | None:
    """Where `file` is at this moment."""
    frame = frame_in(file)
    return frame and place_of(frame.f_code, frame.f_lasti, frame.f_lineno)


_known_positions: dict[CodeType, list[tuple[int | None, int | None, int | None, int | None]]] = {}


def _positions(code: CodeType) -> list[tuple[int | None, int | None, int | None, int | None]]:
    found = _known_positions.get(code)
    if found is None:
        found = _known_positions[code] = list(code.co_positions())
    return found


class Observer:
    """Watches the functions of one file, and counts where their loops and conditions begin a part."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.hits: dict[CodeType, Counter[int]] = {}
        self.tree = syntax(file)
        self.files = {file}
        """Where the functions that were called stand."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        before = sys.gettrace()
        sys._getframe().f_trace_opcodes = True  # Python 3.12 asks once, when tracing begins, whether any frame has it
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(before)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        del event, argument
        code = frame.f_code
        self.files.add(code.co_filename)
        if code.co_filename != self.file:
            return None
        hits = self.hits.setdefault(code, Counter())

        def count(frame: FrameType, event: str, argument: Any) -> Any:
            del argument
            if event == "opcode":
                hits[frame.f_lasti] += 1
            return count

        frame.f_trace = count  # Python 3.13 looks for it when instructions are asked for
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return count

    def steps(self) -> list[Step]:
        """What was passed, in the order of the text."""
        if self.tree is None:
            return []
        found = []
        for scope, nodes in _by_scope(self.tree).items():
            for code, hits in self.hits.items():
                if scope == (code.co_name, code.co_firstlineno):
                    found += [_step(node, code, hits, self.file) for node in nodes]
        return _merged([step for step in found if step is not None])

    def holds(self, position: Position) -> bool:
        """Whether a condition of this file stands at `position`: its step tells how it came out."""
        if self.tree is None:
            return False
        tests = (node.test for node in ast.walk(self.tree) if isinstance(node, ast.While | ast.If | ast.IfExp))
        return any(_begin(test) <= position < _end(test) for test in tests)


def syntax(file: str) -> ast.Module | None:
    """The syntax of a file as it stands now."""
    text = "".join(linecache.getlines(file))
    with shared:
        return _parsed(text)


@lru_cache(maxsize=16)
def _parsed(text: str) -> ast.Module | None:
    """Python 3.11 counts how deep all its parsers are together: what another thread does may spoil it once."""
    for last in (False, False, True):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            return None
        except SystemError:
            if last:
                raise
    return None


def _by_scope(tree: ast.Module) -> dict[tuple[str, int], list[_Loop | _Choice]]:
    """Loops and conditions by the code they are compiled into: its name and first line."""
    found: dict[tuple[str, int], list[_Loop | _Choice]] = {}
    waiting: list[tuple[ast.AST, tuple[str, int]]] = [(tree, ("<module>", 1))]
    while waiting:
        node, scope = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            scope = node.name, min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        elif type(node) in _SCOPES and not isinstance(node, _INLINED):
            scope = _SCOPES[type(node)], getattr(node, "lineno", 1)
        if isinstance(node, ast.While | ast.For | ast.If | ast.IfExp):
            found.setdefault(scope, []).append(node)
        waiting += [(child, scope) for child in ast.iter_child_nodes(node)]
    return found


def _step(node: _Loop | _Choice, code: CodeType, hits: Counter[int], file: str) -> Step | None:
    line, kind = node.lineno, _KINDS[type(node)]
    text = linecache.getline(file, line).strip()
    if not isinstance(node, ast.IfExp):
        text = text.partition("#")[0].rstrip().rstrip(":")
    body, other = _part(node.body), _part(node.orelse)
    turned = _arrivals(body, code, hits)
    if isinstance(node, ast.While | ast.For):
        asked = _arrivals((_begin(node), _end(node)), code, hits)
        return Step(line, kind, text, turned or 0) if asked else None
    asked = _arrivals((_begin(node.test), _end(node.test)), code, hits)
    if not asked:
        return None
    if turned is None:  # a body that is a jump and nothing else leaves no instruction
        turned = asked - (_arrivals(other, code, hits) or 0) if other else None
    return None if turned is None else Step(line, kind, text, asked, turned)


def _part(nodes: Any) -> tuple[Position, Position] | None:
    parts = nodes if isinstance(nodes, list) else [nodes]
    return (_begin(parts[0]), _end(parts[-1])) if parts else None


def _begin(node: Any) -> Position:
    return node.lineno, node.col_offset


def _end(node: Any) -> Position:
    return node.end_lineno, node.end_col_offset


def _arrivals(part: tuple[Position, Position] | None, code: CodeType, hits: Counter[int]) -> int | None:
    """How often a part of the text was begun: its first instruction; None where it has none."""
    if part is None:
        return None
    for k, (line, last, column, end) in enumerate(_positions(code)):
        if line is None or last is None or column is None or end is None:
            continue
        if part[0] <= (line, column) and (last, end) <= part[1]:
            return hits[2 * k]
    return None


def _merged(steps: list[Step]) -> list[Step]:
    """One step for one piece of text, however many copies of it ran."""
    found: dict[tuple[int, str, str], Step] = {}
    for step in steps:
        key = step.line, step.kind, step.text
        old = found.get(key)
        if old is not None:
            taken = None if step.taken is None or old.taken is None else old.taken + step.taken
            step = Step(*key, old.count + step.count, taken)
        found[key] = step
    return sorted(found.values(), key=lambda step: step.line)

"""The table a person reads: the answer first, one idea a row, numbers never cut.

Where the terminal is too narrow the table changes its layout (one table, then
values apart from costs, then a block per variable) and never a number. Colour
only repeats what the words say.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from diffcli.batch.rows import Failure, Result
from diffcli.locale.language import tr, translate_message
from diffcli.locale.wrapping import wrapped
from diffcli.problem.point import written
from diffcli.reports.cells import Contents, Note
from diffcli.reports.comparison.lines import show_line
from diffcli.reports.figures import DASH
from diffcli.reports.rows import Column, Row, columns
from diffcli.reports.screen import COLOURS, plain, ruled

WIDEST = 100_000
"""The width of what is not a terminal: nothing is wrapped there."""

LONGEST_FORMULA = 240
_DERIVATIVES_IN_A_TABLE = 8
"""Beyond this many variables each has a block of its own."""

ERRORS = ("error", "lost")


class Report:
    """Plain text, as a file or a pipe gets it: the whole screen of one result, a line each of a batch."""

    def __init__(self, single: bool) -> None:
        self.show = show if single else show_line

    def begin(self) -> str:
        return ""

    def add(self, result: Result) -> str:
        return plain(partial(self.show, result), WIDEST)

    def end(self) -> str:
        return ""


def show(result: Result, console: Console) -> None:
    """Print one comparison to the width of `console`."""
    if isinstance(result, Failure):
        template = "line {line}: error: {message}" if result.line else "error: {message}"
        console.print(Text(tr(template, line=result.line, message=translate_message(result.message))))
        return
    contents = Contents(result)
    for part in (*_header(contents), *_layout(contents, console), *_formulas(contents), *_sentences(contents, console)):
        console.print(part, soft_wrap=not console.is_terminal and not isinstance(part, Table | Group))


# --- above and below the table
def _header(contents: Contents) -> list[RenderableType]:
    (bindings, f, formula), wanted = contents.parts, contents.comparison.case.wanted
    before = f"{_clip(bindings)}; " if bindings else ""
    first = Text.assemble(before, (f, "bold"), contents.sign, _clip(formula))
    if contents.point:
        first.append(tr("   at  {point}", point=_clip(contents.point)))
    second = Text.assemble((contents.f, "bold"), f" = {_clip(contents.value)}   {contents.operations}")
    if wanted.vector:
        name = "w" if wanted.kind == "vjp" else "v"
        second.append(f"   {name} = {_clip(written(wanted.vector))}")
    cautions = [Text(tr("note: {note}", note=caution), "dim") for caution in contents.cautions]
    return [Group(first, second, *cautions, Text())]


def _clip(text: str) -> str:
    """A long formula by its beginning and end: numbers are cut nowhere else."""
    return text if len(text) <= 4 * LONGEST_FORMULA else f"{text[:LONGEST_FORMULA]} … {text[-LONGEST_FORMULA:]}"


def _formulas(contents: Contents) -> list[RenderableType]:
    """SymPy's derivative, and how large it is where it swells; claimed ones; the steps of differences."""
    few = contents.comparison.size <= _DERIVATIVES_IN_A_TABLE
    lines = [
        _note(note)
        for note in contents.notes_of("step", "claim", "formula", "swell")
        if note.kind != "formula" or few and len(note.text) <= LONGEST_FORMULA
    ]
    return [Text(), *lines] if lines else []


def _note(note: Note) -> Text:
    name = note.name.label
    if note.kind == "swell":
        return Text(note.text, "dim")
    if note.kind == "formula":
        return Text.assemble((name, "bold"), f" = {note.text}", ("   (SymPy)", "dim"))
    if note.kind == "claim":
        return Text.assemble((f"{name}: ", "bold"), _clip(note.text), (tr("   (claimed)"), "dim"))
    return Text.assemble((tr("{name}: ", name=name), "bold"), note.text)


def _sentences(contents: Contents, console: Console) -> list[RenderableType]:
    said = contents.closing
    return [Text(), Text("\n".join(wrapped(said, console.width)) if console.is_terminal else said)]


# --- the table, in the layout that fits
def _layout(contents: Contents, console: Console) -> list[RenderableType]:
    width = console.width if console.is_terminal else WIDEST
    spent = ("operations", "ratio", *(("tape", "peak") if contents.remembers else ()))
    if contents.comparison.size <= _DERIVATIVES_IN_A_TABLE:
        together = _together(contents, (*ERRORS, *spent, "verdict"))
        if _width(together) <= width:
            return [together]
        values, costs = _together(contents, ("verdict",)), _costs(contents, (*ERRORS, *spent))
        if max(_width(values), _width(costs)) <= width:
            return [values, Text(), costs]
    blocks = [_blocks(contents), Text()] if contents.comparison.known else []
    below = _costs(contents, (*ERRORS, *spent, "verdict"))
    if _width(below) <= width:
        return [*blocks, below]
    return [*blocks, _costs(contents, (*ERRORS, "verdict")), Text(), _costs(contents, spent)]


def _width(table: Table) -> int:
    return Console(width=WIDEST).measure(table).maximum


def _table(labels: Iterable[str], keys: Iterable[str]) -> Table:
    """A table without rows: methods, a column for each entry of the derivative, and those of `keys`."""
    table = ruled()
    method, *others = columns(("method", *keys))
    for column in (method, *map(Column, labels), *others):
        table.add_column(Text(column.heading), no_wrap=True, justify="right" if column.right else "left")
    return table


def _together(contents: Contents, keys: tuple[str, ...]) -> Table:
    """Derivatives and what `keys` say of them; below the line what is proved."""
    table = _table(contents.labels, keys)
    for row, entries in zip(contents.rows, contents.entries, strict=True):
        derivative = [entry.text for entry in entries] if entries else [""] * len(contents.labels)
        table.add_row(row.method, *derivative, *_cells(row, keys))
    table.add_section()
    for proof in contents.proofs:
        others = [proof.standing if key == "verdict" else "" for key in keys]
        shorts = [entry.short for entry in proof.entries]
        table.add_row(proof.name, *shorts, *others, style="bold" if proof.standing else None)
    return table


def _costs(contents: Contents, keys: tuple[str, ...]) -> Table:
    table = _table((), keys)
    for row in contents.rows:
        table.add_row(row.method, *_cells(row, keys))
    return table


def _cells(row: Row, keys: Iterable[str]) -> list[RenderableType]:
    """The cells of a row: operations apart from what they are made of, verdicts in colour."""
    cells: list[RenderableType] = list(row.cells(keys))
    for place, key in enumerate(keys):
        if key == "operations":
            cost = row.operations
            cells[place] = DASH if cost is None else f"{cost.total:>4}  {cost.kinds}".rstrip()
        elif key == "verdict":
            cells[place] = Text(row.verdict, COLOURS[row.word])
    return cells


def _blocks(contents: Contents) -> RenderableType:
    """A block per entry: every method's value, the truth beneath; one line where all are the same."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column()
    truth = contents.proofs[0].name
    for i, name in enumerate(contents.labels):
        lines = [(number, _methods(methods, contents)) for number, methods in _methods_by_value(contents, i).items()]
        for proof in contents.proofs:
            exact = proof.entries[i].short
            if exact and len(lines) == 1 and exact == lines[0][0]:
                lines = [(exact, f"{lines[0][1]}, {proof.name}")]
            elif exact:
                lines.append((exact, proof.name))
        for k, (number, who) in enumerate(lines):
            table.add_row("" if k else name, Text(number, "bold" if who == truth else ""), who)
    return table


def _methods_by_value(contents: Contents, i: int) -> dict[str, list[str]]:
    """Equal values together: value -> the methods that found it."""
    groups: dict[str, list[str]] = {}
    for row, entries in zip(contents.rows, contents.entries, strict=True):
        if entries is not None:
            groups.setdefault(entries[i].text, []).append(row.method)
    return groups


def _methods(names: list[str], contents: Contents) -> str:
    """Methods by name; all of them, where they are many, in one word."""
    answered = [row.method for row, entries in zip(contents.rows, contents.entries, strict=True) if entries is not None]
    return tr("all {count} methods", count=len(names)) if names == answered and len(names) > 2 else ", ".join(names)

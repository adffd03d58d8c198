"""The table a person reads: the answer first, one idea a row, numbers never cut.

Where the terminal is too narrow the table changes its layout (one table, then
values apart from costs, then a block per variable) and never a number. Colour
only repeats what the words say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Literal

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import GOOD, Comparison, Measurement
from diffcli.core.program import Cost
from diffcli.locale.language import join, tr, translate_message
from diffcli.locale.wrapping import wrapped
from diffcli.problem.case import understood
from diffcli.problem.point import equations, pasted, tuples, written
from diffcli.reports.cells import by_class, derivative, one_line, ratio, standing, truths, value
from diffcli.reports.names import labels
from diffcli.reports.screen import plain, ruled
from diffcli.reports.sentences import closing, lost, operations, proved, shortened, side, ulps
from diffcli.runtime.errors import visible
from diffcli.runtime.errors import width as columns
from diffcli.truth.accuracy import Verdict

if TYPE_CHECKING:
    from diffcli.batch.summary import Summary
    from diffcli.problem.claims import Standing

WIDEST = 100_000
"""The width of what is not a terminal: nothing is wrapped there."""

LONGEST_FORMULA = 240
FIGURES = 18
"""Certified figures shown in the table; the JSON has all."""

_COLOURS: dict[Verdict | Standing, str] = {
    "ok": "green", "right": "green", "kink": "cyan", "inaccurate": "yellow", "wrong": "red", "nonfinite": "red",
    "domain": "magenta", "disagree": "red", "no-truth": "blue", "undecided": "blue", "missing": "blue",
    "unsupported": "bright_black", "timeout": "red", "failed": "red",
}  # fmt: skip
_DERIVATIVES_IN_A_TABLE = 8
"""Beyond this many variables each has a block of its own."""

Columns = list[tuple[str, str, Callable[[Measurement], RenderableType], str]]


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
    for part in (_header(result), *_layout(result, console), *_formulas(result), *_sentences(result, console)):
        console.print(part, soft_wrap=not console.is_terminal and not isinstance(part, Table | Group))


# --- above and below the table
def _header(comparison: Comparison) -> RenderableType:
    case = comparison.case
    names = ", ".join(case.expression.variables)
    point = equations(case.at)
    before, _, result = understood(case).rpartition("; ")
    first = Text.assemble(
        f"{_clipped(before)}; " if before else "", (f"f({names})" if names else "f", "bold"), " = ", _clipped(result)
    )
    if point:
        first.append(tr("   at  {point}", point=_clipped(point)))
    second = Text.assemble(("f", "bold"), f" = {_clipped(value(comparison))}   {operations(comparison.cost.total)}")
    if comparison.case.wanted.vector:
        name = "w" if comparison.case.wanted.kind == "vjp" else "v"
        second.append(f"   {name} = {_clipped(written(comparison.case.wanted.vector))}")
    notes = [Text(tr("note: {note}", note=translate_message(note)), "dim") for note in comparison.notes]
    return Group(first, second, *notes, Text())


def _clipped(text: str) -> str:
    """A long formula by its beginning and end: numbers are cut nowhere else."""
    return text if len(text) <= 4 * LONGEST_FORMULA else f"{text[:LONGEST_FORMULA]} … {text[-LONGEST_FORMULA:]}"


def _formulas(comparison: Comparison) -> list[RenderableType]:
    """SymPy's derivative, and how large it is where it swells."""
    lines: list[RenderableType] = [Text()]
    for measurement in comparison.measurements:
        if measurement.steps is not None:
            lines.append(
                Text.assemble(
                    (tr("{name}: ", name=measurement.method), "bold"), translate_message(measurement.steps.said)
                )
            )
        if measurement.claim is not None and measurement.claim.formulas:
            pairs = zip(comparison.case.wrt, measurement.claim.formulas, strict=True)
            lines += [
                Text.assemble((f"{name}: ", "bold"), _clipped(formula), (tr("   (claimed)"), "dim"))
                for name, formula in pairs
            ]
        if not measurement.formulas:
            continue
        names = labels(comparison)
        for name, formula in zip(names, measurement.formulas, strict=True):
            if len(formula) <= LONGEST_FORMULA and len(names) <= _DERIVATIVES_IN_A_TABLE:
                lines.append(Text.assemble((name, "bold"), f" = {formula}", ("   (SymPy)", "dim")))
        written, cost = measurement.written, measurement.cost
        if written and cost and written.total > cost.total:
            size = operations(written.total)
            template = "SymPy's formulas as written: {size}; {executed} executed, sharing what is equal"
            lines.append(Text(tr(template, size=size, executed=f"{cost.total:,}"), "dim"))
    return lines if len(lines) > 1 else []


def _sentences(comparison: Comparison, console: Console) -> list[RenderableType]:
    said = join(closing(comparison))
    return [Text(), Text("\n".join(wrapped(said, console.width)) if console.is_terminal else said)]


# --- the table, in the layout that fits
def _layout(comparison: Comparison, console: Console) -> list[RenderableType]:
    width = console.width if console.is_terminal else WIDEST
    if comparison.size <= _DERIVATIVES_IN_A_TABLE:
        together = _table(
            comparison, [*_derivatives(comparison), *_errors(comparison.digits), *_costs(comparison), *_verdicts()]
        )
        if _width(together) <= width:
            return [together]
        values = _table(comparison, [*_derivatives(comparison), *_verdicts()])
        costs = _table(comparison, [*_errors(comparison.digits), *_costs(comparison)], truth=False)
        if max(_width(values), _width(costs)) <= width:
            return [values, Text(), costs]
    errors, spent = _errors(comparison.digits), _costs(comparison)
    blocks = [_blocks(comparison), Text()] if comparison.known else []
    below = _table(comparison, [*errors, *spent, *_verdicts()], truth=False)
    if _width(below) <= width:
        return [*blocks, below]
    judged = _table(comparison, [*errors, *_verdicts()], truth=False)
    return [*blocks, judged, Text(), _table(comparison, spent, truth=False)]


def _width(table: Table) -> int:
    return Console(width=WIDEST).measure(table).maximum


def _table(comparison: Comparison, columns: Columns, truth: bool = True) -> Table:
    table = ruled()
    table.add_column(tr("method"), no_wrap=True)
    for header, justify, _, _ in columns:
        table.add_column(Text(header), no_wrap=True, justify="right" if justify == "right" else "left")
    for measurement in comparison.measurements:
        table.add_row(measurement.method, *[cell(measurement) for _, _, cell, _ in columns])
    if truth:
        table.add_section()
        for name, cells, remark in _truth_rows(comparison):
            entries = dict(zip([f"d{i}" for i in range(len(cells))], cells, strict=True)) | {"verdict": remark}
            table.add_row(name, *[entries.get(key, "") for _, _, _, key in columns], style="bold" if remark else None)
    return table


def _derivatives(comparison: Comparison) -> Columns:
    def cell(i: int) -> Callable[[Measurement], RenderableType]:
        return lambda m: "" if m.derivative is None else derivative(comparison, m.derivative[i])

    return [(label, "left", cell(i), f"d{i}") for i, label in enumerate(labels(comparison))]


def _errors(digits: int) -> Columns:
    return [
        (tr("error"), "right", lambda m: ulps(m.max_ulp), "error"),
        (tr("lost"), "right", lambda m: lost(m.bits, digits), "lost"),
    ]


def _costs(comparison: Comparison) -> Columns:
    columns: Columns = [
        (tr("operations"), "left", lambda m: "–" if m.cost is None else _operations(m.cost), "cost"),
        ("× f", "right", lambda m: ratio(comparison, m), "ratio"),
    ]
    if any(measurement.memory for measurement in comparison.measurements):
        columns += [
            (
                tr("tape"),
                "right",
                lambda m: "–" if not m.memory or m.memory.tape is None else f"{m.memory.tape:,}",
                "tape",
            ),
            (tr("peak"), "right", lambda m: "–" if not m.memory else f"{m.memory.peak:,}", "peak"),
        ]
    return columns


def _verdicts() -> Columns:
    return [(tr("verdict"), "left", lambda m: Text(tr(m.word), _COLOURS[m.word]), "verdict")]


def _operations(cost: Cost) -> str:
    """`10   4+ 1- 1× 1÷ 3ƒ`: the total, and what it is made of."""
    return f"{cost.total:>4,}  {by_class(cost)}".rstrip()


def _truth_rows(comparison: Comparison) -> list[tuple[str, list[str], str]]:
    (name, exact), *sides = truths(comparison, lambda entry: shortened(proved(entry), FIGURES), side)
    return [(name, exact, standing(comparison)), *[(where, ends, "") for where, ends in sides]]


def _blocks(comparison: Comparison) -> RenderableType:
    """A block per entry: every method's value, the truth beneath; one line where all are the same."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column()
    rows = _truth_rows(comparison)
    for i, name in enumerate(labels(comparison)):
        lines = [(found, _methods(methods, comparison)) for found, methods in _grouped(comparison, i).items()]
        for who, cells, _ in rows:
            if cells[i] and len(lines) == 1 and cells[i] == lines[0][0]:
                lines = [(cells[i], f"{lines[0][1]}, {who}")]
            elif cells[i]:
                lines.append((cells[i], who))
        for k, (found, who) in enumerate(lines):
            table.add_row("" if k else name, Text(found, "bold" if who == tr("truth") else ""), who)
    return table


def _grouped(comparison: Comparison, i: int) -> dict[str, list[str]]:
    """Equal values together: value -> the methods that found it."""
    groups: dict[str, list[str]] = {}
    for measurement in comparison.measurements:
        if measurement.derivative is not None:
            groups.setdefault(derivative(comparison, measurement.derivative[i]), []).append(measurement.method)
    return groups


def _methods(names: list[str], comparison: Comparison) -> str:
    """Methods by name; all of them, where they are many, in one word."""
    answered = [m.method for m in comparison.measurements if m.derivative is not None]
    return tr("all {count} methods", count=len(names)) if names == answered and len(names) > 2 else ", ".join(names)


# --- batches
def show_line(result: Result, console: Console) -> None:
    """One line for one row of a batch, as it comes; on a narrow terminal what is wrong with a claim stands below."""
    below: list[str] = []
    if isinstance(result, Failure):
        place = Text(f"{result.line or '':>5}  ")
        text = Text.assemble(
            place,
            (_padded(tr("error", context="verdict"), 12), "red"),
            (f"{visible(result.id, whole=False)}  " if result.id else "", "dim"),
            f"{one_line(translate_message(result.message))}: {one_line(result.expression)}",
        )
    else:
        verdicts = _words(result)
        text = Text(f"{result.case.line or '':>5}  ")
        if len(verdicts) == 1:
            (verdict,) = verdicts
            text.append(_padded(tr(verdict), 12), _COLOURS[verdict])
        else:
            text.append(", ".join(f"{m.method} {tr(m.word)}" for m in result.measurements) + "  ", "yellow")
        worst = max((m for m in result.measurements if m.bits is not None), key=lambda m: m.bits or 0.0, default=None)
        text.append(f"{_padded(lost(worst.bits, result.digits) if worst else '', 8, right=True)}  ")
        text.append(f"{visible(result.case.id, whole=False)}  " if result.case.id else "", "dim")
        text.append(one_line(result.case.expression.source))
        wrong = [m.message for m in result.measurements if m.claim and m.claim.counterexample]
        if wrong:
            said = tr("the claim is wrong: {message}", message=translate_message(wrong[0]))
            if console.is_terminal and text.cell_len + 3 + columns(said) > console.width:
                below = [_MARGIN + line for line in wrapped(said, console.width - len(_MARGIN))]
            else:
                text.append(f"   {said}", "yellow")
    for shown in (text, *(Text(line, "yellow") for line in below)):
        console.print(
            shown, no_wrap=True, overflow="ellipsis" if console.is_terminal else "ignore", crop=console.is_terminal
        )


def _words(comparison: Comparison) -> set[Verdict | Standing]:
    """How the rows are judged; where a claim was made and no method has a fault, how it is."""
    claimed = {m.word for m in comparison.measurements if m.claim is not None}
    words = {m.word for m in comparison.measurements}
    return claimed if claimed and words <= {*GOOD, *claimed} else words


_MARGIN = " " * 7
"""Where the text of a row begins, behind the number of its line."""


def _padded(text: str, width: int, right: bool = False) -> str:
    """Filled with blanks to a width in columns: Chinese takes two for a character."""
    blanks = " " * max(width - columns(text), 0)
    return blanks + text if right else text + blanks


def show_summary(summary: Summary, seconds: float, console: Console, exit_zero: bool = False) -> None:
    """What a batch came to."""
    wrap = not console.is_terminal
    rate = f" ({(summary.rows - summary.kept) / seconds:.0f}/s)" if seconds > 0 else ""
    kept = tr(", {kept} of them kept from before", kept=f"{summary.kept:,}") if summary.kept else ""
    rows = tr("{count:,} expression", "{count:,} expressions", count=summary.rows)
    done = tr("{rows} in {seconds} s{rate}{kept}", rows=rows, seconds=f"{seconds:.1f}", rate=rate, kept=kept)
    console.print(Text(done), soft_wrap=wrap)
    kinds = [kind for kind in _COLOURS if any(tally[kind] for tally in summary.verdicts.values())]
    table = ruled()
    table.add_column(tr("method"), no_wrap=True)
    for kind in kinds:
        table.add_column(tr(kind), justify="right", no_wrap=True)
    table.add_column(tr("worst"), justify="right", no_wrap=True)
    table.add_column(tr("cost, median"), justify="right", no_wrap=True)
    for name, tally in summary.verdicts.items():
        ratio = summary.median_ratio(name)
        cells = [str(tally[kind]) for kind in kinds]
        table.add_row(name, *cells, ulps(summary.worst_ulp.get(name)), "–" if ratio is None else f"{ratio:.2f} f")
    if summary.verdicts:
        console.print(table)
    _show_worst(summary, console)
    for sentence in _batch_sentences(summary, exit_zero):
        console.print(Text(sentence), soft_wrap=wrap)


def _show_worst(summary: Summary, console: Console) -> None:
    wrap = not console.is_terminal
    ellipsis: Literal["ellipsis", "ignore"] = "ellipsis" if console.is_terminal else "ignore"
    if summary.worst:
        console.print(Text(f"\n{tr('worst:')}", "bold"))
    for worst in summary.worst:
        point = pasted({name: tuples(value) for name, value in worst.at.items()})
        place = tr("  line {line}  ", line=worst.line) if worst.line else "  "
        name = f"{visible(worst.id, whole=False)}  " if worst.id else ""
        bits = _padded(lost(worst.bits, worst.digits), 8, right=True)
        text = Text(f"{place}{bits}  {name}{one_line(worst.expression)}{tr('  at  {point}', point=point)}")
        console.print(text, no_wrap=True, overflow=ellipsis, crop=console.is_terminal, soft_wrap=wrap)
    for line, message, hint in summary.first_failures:
        console.print(
            Text(tr("  line {line}  error: {message}", line=line, message=one_line(translate_message(message))), "red"),
            soft_wrap=True,
        )
        if hint:
            console.print(Text(f"    {translate_message(hint)}"), soft_wrap=True)


def _batch_sentences(summary: Summary, exit_zero: bool) -> Iterator[str]:
    yield ""
    if summary.compared:
        parts = [tr("{name} in {number}", name=name, number=number) for name, number in summary.fewest.most_common()]
        template = "Fewest operations (ties count for each): {parts} of {rows}."
        yield tr(template, parts=tr(", ").join(parts), rows=summary.compared)
    wrong = summary.bad + summary.failures
    if wrong and not exit_zero:
        errors = tr(", {count} of them could not be read", count=summary.failures) if summary.failures else ""
        template = "Exit status 1: {wrong} of {rows} rows are not ok{errors} (see --tolerance, --exit-zero)."
        yield tr(template, wrong=wrong, rows=summary.rows, errors=errors)
    elif summary.rows and not wrong:
        yield tr("Every row is ok or a kink.")

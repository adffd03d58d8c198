"""The table a person reads: the answer first, one idea a row, numbers never cut.

Where the terminal is too narrow the table changes its layout (one table, then
values apart from costs, then a block per variable) and never a number. Colour
only repeats what the words say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from rich.box import Box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from diffcli.accuracy import Verdict
from diffcli.batch.rows import Failure, Result
from diffcli.batch.summary import Summary
from diffcli.case import understood
from diffcli.compare import Comparison, Measurement
from diffcli.program import Cost
from diffcli.reports.sentences import closing, counted, lost, shortened, side, ulps
from diffcli.syntax.rendering import literal
from diffcli.truth import digits

WIDEST = 100_000
"""The width of what is not a terminal: nothing is wrapped there."""

LONGEST_FORMULA = 240
FIGURES = 18
"""Certified figures shown in the table; the JSON has all."""

_COLOURS: dict[Verdict, str] = {
    "ok": "green", "kink": "cyan", "inaccurate": "yellow", "nonfinite": "red", "domain": "magenta",
    "disagree": "red", "no-truth": "blue", "unsupported": "bright_black", "timeout": "red", "failed": "red",
}  # fmt: skip
_SIGNS = (("add", "+"), ("neg", "-"), ("mul", "×"), ("div", "÷"), ("pow", "^"), ("func", "ƒ"))
_RULES = Box("    \n    \n ── \n    \n ── \n ── \n    \n    \n")
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
        console = Console(width=WIDEST, color_system=None, force_terminal=False, legacy_windows=False)
        with console.capture() as capture:
            self.show(result, console)
        return "\n".join(line.rstrip() for line in capture.get().split("\n"))

    def end(self) -> str:
        return ""


def show(result: Result, console: Console) -> None:
    """Print one comparison to the width of `console`."""
    if isinstance(result, Failure):
        console.print(
            Text(f"line {result.line}: error: {result.message}" if result.line else f"error: {result.message}")
        )
        return
    for part in (_header(result), *_layout(result, console), *_formulas(result), *_sentences(result)):
        console.print(part, soft_wrap=not console.is_terminal and not isinstance(part, Table | Group))


# --- above and below the table
def _header(comparison: Comparison) -> RenderableType:
    case = comparison.case
    names = ", ".join(case.expression.variables)
    point = ", ".join(
        f"{name} = {literal(value)}" for name, value in case.at.items() if name in case.expression.variables
    )
    first = Text.assemble((f"f({names})" if names else "f", "bold"), " = ", _clipped(understood(case)))
    if point:
        first.append(f"   at  {_clipped(point)}")
    second = Text.assemble(
        ("f", "bold"), f" = {literal(comparison.value)}   {counted(comparison.cost.total, 'operation')}"
    )
    notes = [Text(f"note: {note}", "dim") for note in case.expression.notes]
    return Group(first, second, *notes, Text())


def _clipped(text: str) -> str:
    """A long formula by its beginning and end: numbers are cut nowhere else."""
    return text if len(text) <= 4 * LONGEST_FORMULA else f"{text[:LONGEST_FORMULA]} … {text[-LONGEST_FORMULA:]}"


def _formulas(comparison: Comparison) -> list[RenderableType]:
    """SymPy's derivative, and how large it is where it swells."""
    lines: list[RenderableType] = [Text()]
    for measurement in comparison.measurements:
        if measurement.formulas is None or not comparison.case.wrt:
            continue
        for name, formula in zip(comparison.case.wrt, measurement.formulas, strict=True):
            if len(formula) <= LONGEST_FORMULA and len(comparison.case.wrt) <= _DERIVATIVES_IN_A_TABLE:
                lines.append(
                    Text.assemble((_partial(comparison, name), "bold"), f" = {formula}", ("   (SymPy)", "dim"))
                )
        written, cost = measurement.written, measurement.cost
        if written and cost and written.total > cost.total:
            size = counted(written.total, "operation")
            lines.append(
                Text(f"SymPy's formulas as written: {size}; {cost.total:,} executed, sharing what is equal", "dim")
            )
    return lines if len(lines) > 1 else []


def _sentences(comparison: Comparison) -> list[RenderableType]:
    return [Text(), Text(" ".join(closing(comparison)))]


# --- the table, in the layout that fits
def _layout(comparison: Comparison, console: Console) -> list[RenderableType]:
    width = console.width if console.is_terminal else WIDEST
    if len(comparison.case.wrt) <= _DERIVATIVES_IN_A_TABLE:
        together = _table(comparison, [*_derivatives(comparison), *_errors(), *_costs(comparison), *_verdicts()])
        if _width(together) <= width:
            return [together]
        values = _table(comparison, [*_derivatives(comparison), *_verdicts()])
        costs = _table(comparison, [*_errors(), *_costs(comparison)], truth=False)
        if max(_width(values), _width(costs)) <= width:
            return [values, Text(), costs]
    return [
        _blocks(comparison),
        Text(),
        _table(comparison, [*_errors(), *_costs(comparison), *_verdicts()], truth=False),
    ]


def _width(table: Table) -> int:
    return Console(width=WIDEST).measure(table).maximum


def _table(comparison: Comparison, columns: Columns, truth: bool = True) -> Table:
    table = Table(box=_RULES, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("method", no_wrap=True)
    for header, justify, _, _ in columns:
        table.add_column(header, no_wrap=True, justify="right" if justify == "right" else "left")
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
        return lambda m: "" if m.derivative is None else literal(m.derivative[i])

    names = comparison.case.wrt
    return [(_partial(comparison, name), "left", cell(i), f"d{i}") for i, name in enumerate(names)]


def _partial(comparison: Comparison, name: str) -> str:
    return f"∂f/∂{name}" if len(comparison.case.expression.variables) > 1 else f"df/d{name}"


def _errors() -> Columns:
    return [
        ("error", "right", lambda m: ulps(m.max_ulp), "error"),
        ("lost", "right", lambda m: lost(m.bits), "lost"),
    ]


def _costs(comparison: Comparison) -> Columns:
    own = comparison.cost.total

    def ratio(measurement: Measurement) -> str:
        return "–" if measurement.cost is None or not own else f"{measurement.cost.total / own:.1f}"

    return [
        ("operations", "left", lambda m: "–" if m.cost is None else by_class(m.cost), "cost"),
        ("× f", "right", ratio, "ratio"),
    ]


def _verdicts() -> Columns:
    return [("verdict", "left", lambda m: Text(m.verdict, _COLOURS[m.verdict]), "verdict")]


def by_class(cost: Cost) -> str:
    """`10   4+ 1- 1× 1÷ 3ƒ`: the total, then additions, negations, products, quotients, powers, functions."""
    classes = " ".join(f"{getattr(cost, name)}{mark}" for name, mark in _SIGNS if getattr(cost, name))
    return f"{cost.total:>4,}  {classes}".rstrip()


def _truth_rows(comparison: Comparison) -> list[tuple[str, list[str], str]]:
    truth = comparison.truth
    if truth.derivative is None:
        return [("truth", ["–" for _ in comparison.case.wrt], truth.status)]
    exact = ["none" if entry is None else _figures(digits(entry)) for entry in truth.derivative]
    if truth.left is None or truth.right is None:
        return [("truth", exact, "proved")]
    sides = [
        (
            f"from {where}",
            ["" if entry is not None else side(end) for entry, end in zip(truth.derivative, ends, strict=True)],
            "",
        )
        for where, ends in (("left", truth.left), ("right", truth.right))
    ]
    return [("truth", exact, "proved"), *sides]


def _figures(text: str) -> str:
    return shortened(text, FIGURES)


def _blocks(comparison: Comparison) -> RenderableType:
    """A block per variable: every method's value, the truth beneath."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    rows = _truth_rows(comparison)
    for i, name in enumerate(comparison.case.wrt):
        label = _partial(comparison, name)
        for value, methods in _grouped(comparison, i).items():
            table.add_row(label, value, ", ".join(methods))
            label = ""
        for kind, cells, _ in rows:
            if cells[i]:
                table.add_row(label, Text(cells[i], "bold"), kind)
                label = ""
    return table


def _grouped(comparison: Comparison, i: int) -> dict[str, list[str]]:
    """Equal values together: value -> the methods that found it."""
    groups: dict[str, list[str]] = {}
    for measurement in comparison.measurements:
        if measurement.derivative is not None:
            groups.setdefault(literal(measurement.derivative[i]), []).append(measurement.method)
    return groups


# --- batches
def show_line(result: Result, console: Console) -> None:
    """One line for one row of a batch, as it comes."""
    if isinstance(result, Failure):
        place = Text(f"{result.line or '':>5}  ")
        text = Text.assemble(place, ("error", "red"), f"       {result.message}: {_short(result.expression)}")
    else:
        verdicts = {measurement.verdict for measurement in result.measurements}
        text = Text(f"{result.case.line or '':>5}  ")
        if len(verdicts) == 1:
            (verdict,) = verdicts
            text.append(f"{verdict:<11} ", _COLOURS[verdict])
        else:
            text.append(", ".join(f"{m.method} {m.verdict}" for m in result.measurements) + "  ", "yellow")
        worst = max((m for m in result.measurements if m.bits is not None), key=lambda m: m.bits or 0.0, default=None)
        text.append(f"{lost(worst.bits) if worst else '':>8}  ")
        text.append(f"{result.case.id}  " if result.case.id else "", "dim")
        text.append(_short(result.case.expression.source))
    console.print(
        text, no_wrap=True, overflow="ellipsis" if console.is_terminal else "ignore", crop=console.is_terminal
    )


def _short(text: str) -> str:
    return text.replace("\n", "; ")


def show_summary(summary: Summary, seconds: float, console: Console, exit_zero: bool = False) -> None:
    """What a batch came to."""
    wrap = not console.is_terminal
    rate = f" ({(summary.rows - summary.kept) / seconds:.0f}/s)" if seconds > 0 else ""
    kept = f", {summary.kept:,} of them kept from before" if summary.kept else ""
    console.print(Text(f"{counted(summary.rows, 'expression')} in {seconds:.1f} s{rate}{kept}"), soft_wrap=wrap)
    kinds = [kind for kind in _COLOURS if any(tally[kind] for tally in summary.verdicts.values())]
    table = Table(box=_RULES, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("method", no_wrap=True)
    for kind in kinds:
        table.add_column(kind, justify="right", no_wrap=True)
    table.add_column("worst", justify="right", no_wrap=True)
    table.add_column("cost, median", justify="right", no_wrap=True)
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
        console.print(Text("\nworst:", "bold"))
    for worst in summary.worst:
        point = ", ".join(f"{name}={literal(value)}" for name, value in worst.at.items())
        place = f"  line {worst.line}  " if worst.line else "  "
        name = f"{worst.id}  " if worst.id else ""
        text = Text(f"{place}{lost(worst.bits):>8}  {name}{_short(worst.expression)}  at  {point}")
        console.print(text, no_wrap=True, overflow=ellipsis, crop=console.is_terminal, soft_wrap=wrap)
    for line, message in summary.first_failures:
        console.print(Text(f"  line {line}  error: {message}", "red"), soft_wrap=True)


def _batch_sentences(summary: Summary, exit_zero: bool) -> Iterator[str]:
    yield ""
    if summary.compared:
        parts = [f"{name} in {number}" for name, number in summary.fewest.most_common()]
        yield f"Fewest operations (ties count for each): {', '.join(parts)} of {summary.compared}."
    wrong = summary.bad + summary.failures
    if wrong and not exit_zero:
        errors = f", {summary.failures} of them could not be read" if summary.failures else ""
        yield f"Exit status 1: {wrong} of {summary.rows} rows are not ok{errors} (see --tolerance, --exit-zero)."
    elif summary.rows and not wrong:
        yield "Every row is ok or a kink."

"""The full page on one expression: the comparison, every node, the graph, the error over the step, how to repeat it.

It is given what was found; a section without anything says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite

from diffcli.comparison.result import Comparison
from diffcli.locale.language import tr
from diffcli.reports.cells import Contents
from diffcli.reports.comparison.html import eyebrow, heading, section, sections, title_of
from diffcli.reports.page.document import Cell, asset, box, ending, opening, row, table, text
from diffcli.reports.page.plots import svg
from diffcli.reports.studies import cell
from diffcli.runtime.version import __version__
from diffcli.studies.study import Study, Table
from diffcli.syntax.rendering import literal


@dataclass(frozen=True)
class Findings:
    """What a page reports: studies, or the sentence that says why there is none.

    `graph` is SVG. `commands` are what was run, by what they show; `versions` are by name; `date` is as it is written.
    """

    comparison: Comparison
    trace: Study | str = ""
    graph: str = ""
    sweeps: tuple[Study | str, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    date: str = ""


def page(findings: Findings) -> str:
    """The whole page."""
    contents = Contents(findings.comparison)
    found = [one for one in (*sections(contents), *_sections(findings)) if one[2]]
    links = "".join(f'<li><a href="#{address}">{title}</a></li>' for address, title, _ in found)
    parts = [
        eyebrow(), heading(contents),
        f'<nav aria-label="{tr("Sections")}"><ul>{links}</ul></nav>', *[section(*one) for one in found],
    ]  # fmt: skip
    head = opening(title_of(findings.comparison), asset("copy.js"))
    return f"{head}{chr(10).join(parts)}\n{ending(_foot(findings), asset('copy.js'))}"


def _sections(findings: Findings) -> Iterator[tuple[str, str, str]]:
    trace, sweeps = findings.trace, findings.sweeps
    yield "trace", tr("Node by node"), _absent(trace) if isinstance(trace, str) else study_html(trace, "trace")
    yield "graph", tr("Computational graph"), _graph(findings.graph)
    yield (
        "steps",
        tr("Error over the step"),
        "\n".join(
            _absent(sweep) if isinstance(sweep, str) else study_html(sweep, f"sweep{k}")
            for k, sweep in enumerate(sweeps)
        ),
    )
    yield "commands", tr("To repeat this"), "\n".join(_command(*pair) for pair in findings.commands.items())


def _absent(why: str) -> str:
    return f'<p class="soft">{text(why)}</p>' if why else ""


# --- studies
def study_html(study: Study, name: str) -> str:
    """Sentences first, then plots, then tables; `name` makes addresses."""
    said = "".join(f"<p>{text(sentence)}</p>" for sentence in study.sentences)
    plots = [svg(plot, f"{name}-plot{k}") for k, plot in enumerate(study.plots)]
    figures = [
        f'<figure class="plot">{box(drawn, plot.title)}'
        f'<figcaption class="soft"><small>{text(plot.title)}</small></figcaption></figure>'
        for plot, drawn in zip(study.plots, plots, strict=True) if drawn
    ]  # fmt: skip
    tables = [box(_table(one), one.title or tr("Table")) for one in study.tables]
    return "\n".join([said, *figures, *tables])


def _table(found: Table) -> str:
    """A study's table: numbers as on a screen, with all their digits behind them."""
    numeric = [
        any(isinstance(line[i], float | int) for line in found.rows)
        and not any(isinstance(line[i], str) and line[i] for line in found.rows)
        for i in range(len(found.columns))
    ]
    numeric[0] = False  # what heads a row stands at the left
    names: list[Cell] = [
        (text(column.name), "right" if right else "") for column, right in zip(found.columns, numeric, strict=True)
    ]
    rows = []
    for k, line in enumerate(found.rows):
        cells: list[Cell] = []
        for i, (value, column) in enumerate(zip(line, found.columns, strict=True)):
            shown = text(cell(value, column))
            if isinstance(value, float) and isfinite(value) and column.figures is not None:
                shown = f'<data value="{text(literal(value))}" title="{text(literal(value))}">{shown}</data>'
            elif isinstance(value, str) and not numeric[i] and i:
                shown = f'<span class="digits">{shown}</span>' if column.name in map(tr, _TYPED) else shown
            cells.append((shown, "right" if numeric[i] else ""))
        (head, _), *others = cells
        rows.append(row(head, others, marked=k in found.marked))
    return table(names, rows, text(found.title) if found.title else "")


_TYPED = ("operation", "rule", "with numbers")
"""Columns of formulas as they are typed."""


# --- the graph
def _graph(drawn: str) -> str:
    """A picture whose own sheet stays its own."""
    if not drawn:
        return ""
    inner = drawn[drawn.index("<svg") :].replace("<style>", "<style>.graph {").replace("</style>", "}</style>")
    return f'<figure class="graph">{box(inner, tr("Computational graph"))}</figure>'


# --- the end
def _command(title: str, line: str) -> str:
    return (
        f'<p class="soft"><small>{text(title)}</small></p>\n<div class="command"><pre>{text(line)}</pre>'
        f'<button type="button" data-copied="{tr("Copied")}" data-selected="{tr("Selected")}" hidden>'
        f"{tr('Copy')}</button></div>"
    )


def _foot(findings: Findings) -> str:
    versions = {"diff-compare": __version__, **findings.versions}
    said = tr(", ").join(f"{name} {version}" for name, version in versions.items())
    return f"<p>{text(said)}{f'<br>{text(findings.date)}' if findings.date else ''}</p>"

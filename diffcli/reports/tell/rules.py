"""The table of derivative rules: the worst error of each, their texts, and which lose more than a few ulps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diffcli.core.primitives import RULES, Primitive, Rules
from diffcli.locale.language import tr
from diffcli.studies.rules import FEW, Function, Losses, RuleErrors, Texts, Worst
from diffcli.studies.study import Cell, Column, Study, Table
from diffcli.syntax.rendering import literal


def tell(found: RuleErrors) -> Study:
    heading = tr(_HEADING, count=f"{found.points:,}")
    texts = [_texts(found.texts)] if found.texts else []
    definitions = [_definitions(found.defined)] if found.defined else []
    tables = (_errors(found.losses), *texts, *definitions)
    return Study("rules", (heading,), tables, (), _sentences(found), {"points": found.points})


_HEADING = "Derivative rules, in float64 at {count} points an argument, against the derivative proved there"


def _errors(losses: Sequence[Losses]) -> Table:
    names = Column(tr("primitive")), Column(tr("by")), Column(tr("textbook"), 3), Column(tr("at"))
    columns = (*names, Column(tr("stable"), 3), Column(tr("at")), Column(tr("points")))
    rows: list[tuple[Cell, ...]] = []
    for row, argument, lost in losses:
        cells = [cell for column in RULES for cell in (max(lost[column].ulp, 0.0), _at(row, lost[column]))]
        rows.append((row.name, row.params[argument], *cells, lost["textbook"].points))
    marked = frozenset(k for k, (_, _, lost) in enumerate(losses) if lost["stable"].ulp > FEW)
    return Table(columns, tuple(rows), tr("the worst error found, in ulps"), marked)


def _at(row: Primitive, lost: Worst) -> str:
    """The point of an error; without one there is none to show."""
    if lost.ulp <= 0:
        return ""
    said = [f"{name}={literal(x)}" for name, x in zip(row.params, lost.at, strict=False)]
    return ", ".join(said if lost.literal is None else [*said, f"{row.params[-1]}={literal(float(lost.literal))}"])


def _texts(texts: Iterable[Texts]) -> Table:
    columns = (
        tr("primitive"),
        tr("textbook"),
        tr("stable, where another"),
        tr("domain", context="heading"),
        tr("convention"),
    )
    return Table(tuple(map(Column, columns)), tuple(map(_text, texts)), tr("the rules"))


def _definitions(defined: Sequence[Function]) -> Table:
    columns = tr("function"), tr("textbook"), tr("stable, where another")
    rows = tuple((function.written, function.text, function.second) for function in defined)
    return Table(tuple(map(Column, columns)), rows, tr("the definitions"))


def _text(one: Texts) -> tuple[Cell, ...]:
    row = one.row
    inside = " × ".join(row.domain) or None
    outside = row.except_at and tr("except {places}", places=tr(row.except_at))
    domain = tr("; ").join(part for part in (inside, outside) if part) or None
    return row.name, one.textbook, one.other, domain, tr(row.kink) if row.kink else None


def _sentences(found: RuleErrors) -> tuple[str, ...]:
    said = []
    for column in RULES:
        names = found.above(column)
        template = "{column}: more than {few} ulps in {names}." if names else "{column}: below {few}."
        said.append(tr(template, column=tr(_COLUMNS[column]), few=f"{FEW:g}", names=", ".join(names)))
    return tuple(said) if found.losses else ()


_COLUMNS: dict[Rules, str] = {"textbook": "textbook", "stable": "stable"}

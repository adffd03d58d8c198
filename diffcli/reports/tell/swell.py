"""Expression swell in tables, plots and sentences: sizes for n = 1, 2, …, and how they grow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from diffcli.locale.language import begun, listed, tr, translate_message
from diffcli.problem.point import pasted
from diffcli.studies.study import Axis, Cell, Column, Curve, Plot, Study, Table
from diffcli.studies.swell import FORMULAS, Printed, Size, Swell, Symbolic, growth


def tell(found: Swell) -> Study:
    """Large sizes are rounded on a screen, where the study was not asked for all."""
    return Study(
        "swell",
        _heading(found),
        tuple(_tables(found)),
        (_plot(found),),
        (*_sentences(found), *_printed_sentences(found.printed)),
        _facts(found),
    )


def _heading(found: Swell) -> tuple[str, ...]:
    family, n = found.family, len(found.sizes)
    values = family.at(1)
    said = tr("f = {call}, {said}", call=family.call, said=translate_message(family.said))
    if not n or not values or len(family.at(2)) != len(values):
        return said, tr("derivatives by {by}, for n = 1, …, {n}", by=family.by, n=n)
    point = pasted(values)
    return said, tr("derivatives by {by}, for n = 1, …, {n}; at {point}", by=family.by, n=n, point=point)


_HUGE = 10**15
"""Whole numbers beyond it are rounded on a screen."""


def _tables(found: Swell) -> Iterator[Table]:
    yield _sizes_table(found)
    if found.unfolds:
        yield _substituted_table(found)
    yield _formulas_table(found)
    if found.printed:
        rows = [(row.n, row.function, row.sizes[0], row.sizes[2], row.sizes[1]) for row in found.printed]
        columns = ("n", tr("l_n as printed"), tr("as printed"), tr("SymPy written"), tr("simplified"))
        title = tr("Baydin et al. (2018), Table 1: operations of d/dx l_n")
        yield Table(tuple(map(Column, columns)), tuple(rows), title)


def _cell(found: Swell, size: int | None) -> Cell:
    """A size as it is shown."""
    return float(size) if size is not None and size > _HUGE and not found.whole else size


def _omitted(found: Swell, size: int | None) -> str | None:
    """What stands for a formula too long to be read; programs get nothing in its place."""
    return None if found.whole else tr("… ({count} operations)", count=f"{size:,}")


def _sizes_table(found: Swell) -> Table:
    names = ["n", "f", tr("SymPy written"), tr("SymPy shared"), "forward", "reverse", tr("tape")]
    late = any(size.reason for size in found.sizes)
    rows: list[tuple[Cell, ...]] = []
    for size in found.sizes:
        modes = size.named
        row = (size.n, modes.f, _cell(found, size.written), size.shared, modes.forward, modes.reverse, modes.tape)
        rows.append((*row, translate_message(size.reason)) if late else row)
    columns = [Column(name, 4) for name in names] + ([Column("SymPy")] if late else [])
    return Table(tuple(columns), tuple(rows), tr("Operations, each part of f computed once and named"))


def _substituted_table(found: Swell) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for size in found.sizes:
        modes = size.substituted
        counts = (None,) * 3 if modes is None else (modes.forward, modes.reverse, modes.tape)
        rows.append((size.n, _cell(found, size.tree), _cell(found, size.written), *counts))
    columns = ("n", "f", tr("SymPy written"), "forward", "reverse", tr("tape"))
    return Table(tuple(Column(name, 4) for name in columns), tuple(rows), tr("Operations, everything substituted"))


def _formulas_table(found: Swell) -> Table:
    """The formulas of the first n, sizes where they are too long."""
    rows: list[tuple[Cell, ...]] = []
    for size in found.known[:FORMULAS]:
        assert isinstance(size.symbolic, Symbolic)
        f = size.symbolic.function or _omitted(found, size.tree)
        rows.append((size.n, f, size.symbolic.derivative or _omitted(found, size.written)))
    call, by = found.family.call, found.family.by.partition(",")[0]
    columns = Column("n"), Column(call), Column(f"d/d{by} {call}")
    return Table(columns, tuple(rows), tr("As SymPy writes it, unsimplified"))


# --- in words
def _growth(sizes: Sequence[int]) -> str:
    return translate_message(growth(sizes))


def _sentences(found: Swell) -> Iterator[str]:
    columns = found.columns
    if len(columns["SymPy written"]) > 2:
        yield tr("SymPy's derivative as written {growth}.", growth=_growth(columns["SymPy written"]))
        yield tr("Its equal parts computed once, it {growth}.", growth=_growth(columns["SymPy shared"]))
    said: dict[str, list[str]] = {}
    for name in ("f", "forward", "reverse"):
        said.setdefault(_growth(columns[name]), []).append(tr("the function") if name == "f" else name)
    for text, names in said.items():
        verb = text if len(names) == 1 else re.sub("^(grow|stay)s", r"\1", text)
        yield begun(tr("{names} {growth}.", names=listed(names), growth=verb))
    if found.unfolds:
        template = "With everything substituted the function {growth}, and the modes with it."
        yield tr(template, growth=_growth(columns["f substituted"]))
    if found.known:
        last = found.known[-1]
        least = min(last.named.forward, last.named.reverse)
        template = "At n = {n} SymPy's derivative has {count} operations as written."
        if last.written and least:
            template = _AGAINST
        ratio = (last.written or 0) / (least or 1)
        yield tr(
            template, n=last.n, count=f"{last.written:,}", ratio=f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"
        )
    yield from _late(found)


_AGAINST = "At n = {n} SymPy's derivative has {count} operations as written, {ratio} times those of the cheaper mode."


def _late(found: Swell) -> Iterator[str]:
    late = next((size for size in found.sizes if size.reason is not None), None)
    if late is not None and late.reason is not None:
        template = "SymPy does not answer ({reason}) for n = {n}."
        if late.reason.startswith("over"):
            template = "SymPy needs more than {seconds} s for n = {n}."
        told = tr(template, seconds=f"{found.timeout:g}", reason=translate_message(late.reason), n=late.n)
        yield told if late is found.sizes[-1] else tr("{sentence}; it was not asked beyond.", sentence=told[:-1])


def _printed_sentences(printed: Sequence[Printed]) -> Iterator[str]:
    if printed:
        same = [row.n for row in printed if row.sizes[0] == row.sizes[2]]
        other = [row for row in printed if row.n not in same]
        template = "Table 1 of Baydin et al. (2018): as many operations as SymPy's, unsimplified, for n = {numbers}."
        yield tr(template, numbers=listed(list(map(str, same))))
        for row in other:
            template = "For n = {n} SymPy adds up at once: {found}, where {printed} is printed."
            yield tr(template, n=row.n, found=row.symbolic, printed=row.derivative)


# --- for plots and programs
def _plot(found: Swell) -> Plot:
    """A curve for every column; one for those that are equal."""
    named: dict[tuple[int, ...], list[str]] = {}
    for name, sizes in found.columns.items():
        if sizes and (name != "f substituted" or found.unfolds):
            named.setdefault(tuple(sizes), []).append(tr(_CURVES.get(name, name)))
    curves = [
        Curve(", ".join(names), range(1, len(sizes) + 1), list(map(float, sizes))) for sizes, names in named.items()
    ]
    return Plot(tr("Operations over n"), Axis("n"), Axis(tr("operations"), logarithmic=True), tuple(curves))


_CURVES = {"f substituted": "f substituted", "SymPy written": "SymPy written", "SymPy shared": "SymPy shared"}
"""Columns whose names are words."""


def _facts(found: Swell) -> dict[str, object]:
    return {
        "family": found.name,
        "sizes": [_size_facts(size) for size in found.sizes],
        "growth": {name: growth(sizes) for name, sizes in found.columns.items() if len(sizes) > 2},
        "table_1": [
            {
                "n": row.n,
                "function": row.function,
                "derivative": row.derivative,
                "simplified": row.simplified,
                "symbolic": row.symbolic,
                "operations": {"derivative": row.sizes[0], "simplified": row.sizes[1], "symbolic": row.sizes[2]},
            }
            for row in found.printed
        ],
    }


def _size_facts(size: Size) -> dict[str, object]:
    symbolic = size.symbolic
    answered = (
        {"failed": symbolic}
        if isinstance(symbolic, str)
        else {
            "written": symbolic.written.as_dict(),
            "shared": symbolic.shared.as_dict(),
            "function": symbolic.function or None,
            "derivative": symbolic.derivative or None,
        }
    )
    modes = {"f": size.named.f, "forward": size.named.forward, "reverse": size.named.reverse, "tape": size.named.tape}
    apart = size.substituted
    tree = {"f": size.tree, "forward": None, "reverse": None, "tape": None}
    if apart is not None:
        tree |= {"forward": apart.forward, "reverse": apart.reverse, "tape": apart.tape}
    return {"n": size.n, "named": modes, "substituted": tree, "symbolic": answered}

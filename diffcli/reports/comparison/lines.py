"""Lines of a batch on a screen, one for each row as it comes, and what the batch came to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.text import Text

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import GOOD, Comparison
from diffcli.locale.language import tr, translate_message
from diffcli.locale.wrapping import wrapped
from diffcli.problem.point import pasted, tuples
from diffcli.reports.figures import loss, ulps
from diffcli.reports.rows import extremes, one_line, verdict_name
from diffcli.reports.screen import COLOURS, ruled
from diffcli.runtime.errors import visible
from diffcli.runtime.errors import width as columns

if TYPE_CHECKING:
    from diffcli.batch.summary import Summary


def show_line(result: Result, console: Console) -> None:
    """One line for one row of a batch, as it comes; on a narrow terminal what is wrong with a claim stands below."""
    below: list[str] = []
    text = _failure_line(result) if isinstance(result, Failure) else _comparison_line(result)
    said = "" if isinstance(result, Failure) else _wrong_claim(result)
    if said and console.is_terminal and text.cell_len + 3 + columns(said) > console.width:
        below = [_MARGIN + line for line in wrapped(said, console.width - len(_MARGIN))]
    elif said:
        text.append(f"   {said}", "yellow")
    for shown in (text, *(Text(line, "yellow") for line in below)):
        console.print(
            shown, no_wrap=True, overflow="ellipsis" if console.is_terminal else "ignore", crop=console.is_terminal
        )


def _failure_line(failure: Failure) -> Text:
    return Text.assemble(
        Text(f"{failure.line or '':>5}  "),
        (_pad(verdict_name("error"), 12), COLOURS["error"]),
        (_id(failure.id), "dim"),
        f"{one_line(translate_message(failure.message))}: {one_line(failure.expression)}",
    )


def _comparison_line(comparison: Comparison) -> Text:
    """The verdict, or that of each method where they differ; the bits that the worst lost; the expression."""
    words, worst = _words(comparison), extremes(comparison)
    text = Text(f"{comparison.case.line or '':>5}  ")
    if len(words) == 1:
        (word,) = words
        text.append(_pad(verdict_name(word), 12), COLOURS[word])
    else:
        verdicts = [f"{m.method} {verdict_name(m.word)}" for m in comparison.measurements]
        text.append(", ".join(verdicts) + "  ", "yellow")
    text.append(f"{_pad('' if worst.bits is None else worst.lost, 8, right=True)}  ")
    text.append(_id(comparison.case.id), "dim")
    text.append(one_line(comparison.case.expression.source))
    return text


def _id(name: str | None) -> str:
    return f"{visible(name, whole=False)}  " if name else ""


def _wrong_claim(comparison: Comparison) -> str:
    """What refutes a claim, where one is wrong."""
    wrong = [m.message for m in comparison.measurements if m.claim and m.claim.counterexample]
    return tr("the claim is wrong: {message}", message=translate_message(wrong[0])) if wrong else ""


def _words(comparison: Comparison) -> set[str]:
    """How the rows are judged; where a claim was made and no method has a fault, how it is."""
    claimed: set[str] = {m.word for m in comparison.measurements if m.claim is not None}
    words: set[str] = {m.word for m in comparison.measurements}
    return claimed if claimed and words <= {*GOOD, *claimed} else words


_MARGIN = " " * 7
"""Where the text of a row begins, behind the number of its line."""


def _pad(text: str, width: int, right: bool = False) -> str:
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
    kinds = [kind for kind in COLOURS if any(tally[kind] for tally in summary.verdicts.values())]
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
        name = _id(worst.id)
        bits = _pad(loss(worst.bits, worst.digits), 8, right=True)
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

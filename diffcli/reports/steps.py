"""The steps of a derivative as text, JSON, a LaTeX document, or a page of MathML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from diffcli.locale.language import TAGS, language, speaking, tr, translate_message
from diffcli.locale.wrapping import wrapped
from diffcli.problem.case import understood
from diffcli.problem.point import equations
from diffcli.reports.comparison.json import SCHEMA, number
from diffcli.reports.latex import LETTERS, escape_tex
from diffcli.reports.mathml import MATHML, math
from diffcli.reports.typesetting import LATEX, Notation, named, typeset
from diffcli.studies.steps import TIDIED, Block, Check, Formula, Lesson, Step, Steps
from diffcli.syntax.rendering import literal

FORMATS = ("text", "json", "latex", "mathml")
ENDINGS = {".txt": "text", ".json": "json", ".tex": "latex", ".html": "mathml"}
_INDENT = 4


def told(steps: Steps, format: str, width: int = 100) -> str:
    """Steps in one of `FORMATS`; lines of text are at most `width` wide where formulas can be broken."""
    if format == "json":
        with speaking("en"):
            return json.dumps(as_object(steps), ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    if format == "latex":
        return "".join(_latex(steps))
    return "".join(_page(steps)) if format == "mathml" else "\n".join(_text(steps, width)) + "\n"


def _standing(steps: Steps) -> str:
    """What the ticks mean."""
    template = "Each step is checked against the certified derivative. {tidied}"
    if steps.at:
        template = "Each step is checked at {point}, against the certified derivative. {tidied}"
    if steps.at and steps.chosen:
        template = "Each step is checked at {point}, a point chosen here, against the certified derivative. {tidied}"
    return tr(template, point=equations(steps.at), tidied=tr(TIDIED))


def verdict(check: Check) -> str:
    """A tick and the value; or what is wrong.

    >>> verdict(Check("agrees", 1.5, 1.5))
    '✓ 1.5'
    """
    value = "" if check.value is None else literal(check.value)
    if check.verdict == "agrees":
        return f"✓ {value}"
    truth, reason = literal(check.truth or 0.0), translate_message(check.reason)
    if check.verdict == "differs":
        return tr("✗ the formula is {value}, the truth {truth}", value=value, truth=truth)
    if check.verdict == "no value":
        return tr("– {reason}; the derivative is {truth}", reason=reason, truth=truth)
    said = tr("no derivative here" if check.verdict == "no derivative" else "not proved")
    if reason:
        said = tr("{said} ({reason})", said=said, reason=reason)
    if value and check.verdict == "no derivative":
        said = tr("{said}; by convention the formula says {value}", said=said, value=value)
    return f"– {said}"


# --- text
def _text(steps: Steps, width: int) -> Iterator[str]:
    yield from wrapped(_standing(steps), width)
    for lesson in steps.lessons:
        yield ""
        if len(steps.lessons) > 1:
            yield tr("──── by {variable} ", variable=lesson.variable).ljust(min(width, 60), "─")
        for block in lesson.blocks:
            yield from _broken(f"{block.name} = {block.expression.text}", width, 0)
            for step in block.steps:
                yield from _step_text(step, block, lesson, width)
            yield from _ending(block, lesson, width)
        *bound, answer = lesson.formula.split("; ")
        for statement in bound:
            yield from _broken(f"{statement};", width, 0)
        yield from _broken(f"{_slope(lesson)} = {answer}", width, 0)
        yield from wrapped(verdict(lesson.check), width)


def _slope(lesson: Lesson) -> str:
    d = lesson.sign[0]
    return f"{d}f/{d}{lesson.variable}"


def _step_text(step: Step, block: Block, lesson: Lesson, width: int) -> Iterator[str]:
    left, right = step.statement
    head = tr("{number}  {title}:", number=f"{step.number:>2}", title=translate_message(step.title))
    rule = f"({left.text})' = {right.text}"
    yield ""
    if len(head) + len(rule) < width:
        yield f"{head}  {rule}"
    else:
        yield head
        yield from _broken(rule, width, _INDENT)
    yield from _broken(f"{lesson.sign}[{step.applied.text}] = {step.result.text}", width, _INDENT)
    if step.so_far is not None:
        yield from _broken(f"{block.name}' = {step.so_far.text}", width, _INDENT)
    if step.note:
        yield from wrapped(tr("kink: {note}", note=translate_message(step.note)), width, " " * _INDENT, " " * _INDENT)
    yield from wrapped(verdict(step.check), width, " " * _INDENT, " " * (_INDENT + 2))


def _ending(block: Block, lesson: Lesson, width: int) -> Iterator[str]:
    if block is lesson.blocks[-1]:
        yield ""
        return
    if block.derivative is None:
        yield tr("    does not vary with {variable}", variable=lesson.variable)
    elif not block.steps:
        yield f"    {block.name}' = {block.derivative.text}"
    else:
        yield from _broken(f"⇒   {block.name}' = {block.derivative.text}", width, 0)
    yield ""


def _broken(text: str, width: int, indent: int) -> Iterator[str]:
    """A formula in lines, broken before the blanks around its operators, else within; continued lines stand deeper."""
    lead = " " * indent
    while len(lead) + len(text) > width:
        cut = _cut(text, width - len(lead))
        yield lead + text[:cut].rstrip()
        text, lead = text[cut:].lstrip(), " " * (indent + 4)
    yield lead + text


_PLACES = re.compile(r" (?=[=+-] )|(?<=; )|(?<=, )|(?<=[^*])(?=[*/][^*])")


def _cut(text: str, room: int) -> int:
    """Where to break a line: the last place that is in the fewest brackets, in its second half if there is one."""
    depths = [0]
    for char in text[:room]:
        depths.append(depths[-1] + (char in "([") - (char in ")]"))
    places = [found.start() for found in _PLACES.finditer(text[: room + 1]) if 0 < found.start() <= room]
    places = [place for place in places if place > room // 2] or [place for place in places if place > room // 4]
    return min(places, key=lambda place: (depths[place], -place), default=room)


# --- JSON
def as_object(steps: Steps) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "study": "steps",
        "expression": understood(steps.case),
        "at": {name: _plain(value) for name, value in steps.at.items()},
        "point_chosen": steps.chosen,
        "tidied": TIDIED,
        "derivatives": [_lesson_object(lesson) for lesson in steps.lessons],
    }


def _plain(value: Any) -> Any:
    return [_plain(part) for part in value] if isinstance(value, tuple) else number(value)


def _lesson_object(lesson: Lesson) -> dict[str, Any]:
    return {
        "variable": lesson.variable,
        "formula": lesson.formula,
        "latex": "; ".join(_lines(lesson, LATEX)),
        "check": _check_object(lesson.check),
        "blocks": [
            {
                "name": block.name,
                "expression": block.expression.text,
                "derivative": None if block.derivative is None else block.derivative.text,
                "steps": [_step_object(step) for step in block.steps],
            }
            for block in lesson.blocks
        ],
    }


def _step_object(step: Step) -> dict[str, Any]:
    left, right = step.statement
    return {
        "number": step.number,
        "rule": step.title,
        "statement": f"({left.text})' = {right.text}",
        "applied_to": step.applied.text,
        "result": step.result.text,
        "so_far": (step.so_far or step.result).text,
        "kink": step.note,
        "check": _check_object(step.check),
    }


def _check_object(check: Check) -> dict[str, Any]:
    shown = {name: None if value is None else number(value) for name, value in
             (("value", check.value), ("truth", check.truth))}  # fmt: skip
    return {"verdict": check.verdict, **shown, "reason": check.reason}


# --- mathematics
def _set(formula: Formula, notation: Notation) -> str:
    return typeset(formula.program, notation, formula.pending)


def _equation(left: str, right: str, notation: Notation) -> str:
    return notation.row([left, notation.sign("="), right])


def _primed(name: str, notation: Notation) -> str:
    return named(f"{name}'", notation) if name.isidentifier() else notation.name("f", "", 1)


def _lines(lesson: Lesson, notation: Notation) -> Iterator[str]:
    """The answer: what has a name, its derivative, and then f'."""
    for block in lesson.blocks[:-1]:
        yield _equation(named(block.name, notation), _set(block.expression, notation), notation)
        if block.derivative is not None:
            yield _equation(_primed(block.name, notation), _set(block.derivative, notation), notation)
    last = lesson.blocks[-1]
    slope = "0" if last.derivative is None else _set(last.derivative, notation)
    sign, variable = lesson.sign[0], named(lesson.variable, notation)
    head = notation.fraction(
        notation.row([notation.sign(sign) if sign == "∂" else notation.name(sign, "", 0), notation.name("f", "", 0)]),
        notation.row([notation.sign(sign) if sign == "∂" else notation.name(sign, "", 0), variable]),
    )
    yield _equation(head, notation.number("0") if last.derivative is None else slope, notation)


def _step_lines(step: Step, block: Block, lesson: Lesson, notation: Notation) -> Iterator[str]:
    sign = lesson.sign[0]
    applied = notation.derivative(sign, lesson.variable, _set(step.applied, notation))
    yield _equation(applied, _set(step.result, notation), notation)
    if step.so_far is not None:
        yield _equation(_primed(block.name, notation), _set(step.so_far, notation), notation)


def _statement(step: Step, notation: Notation) -> str:
    left, right = (_set(side, notation) for side in step.statement)
    return _equation(notation.power(notation.fenced(left), notation.sign("′")), right, notation)


_HEAD = r"""\documentclass[a4paper]{article}
%s\usepackage{amsmath,amssymb,textcomp}
\usepackage[margin=25mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt plus 2pt}
\emergencystretch=3em
\allowdisplaybreaks
\begin{document}
\raggedright
"""


def _latex(steps: Steps) -> Iterator[str]:
    yield _HEAD % LETTERS[language()]
    yield f"{escape_tex(_standing(steps))}\n\n"
    for lesson in steps.lessons:
        yield f"\\section*{{{tr('Derivative by {name}', name=f'${named(lesson.variable, LATEX)}$')}}}\n"
        for block in lesson.blocks:
            name = named(block.name, LATEX) if block.name.isidentifier() else "f"
            yield _formula(_equation(name, _set(block.expression, LATEX), LATEX))
            for step in block.steps:
                yield f"\\textbf{{{step.number}.\\enspace {escape_tex(translate_message(step.title))}}}"
                yield f"\\qquad ${_statement(step, LATEX)}$\n\n"
                yield from map(_formula, _step_lines(step, block, lesson, LATEX))
                if step.note:
                    yield f"{escape_tex(tr('Kink: {note}.', note=translate_message(step.note)))}\n\n"
                yield f"{_ticked(step.check)}\n\n"
        yield "\\medskip\\hrule\\medskip\n"
        yield from map(_formula, _lines(lesson, LATEX))
        yield f"{_ticked(lesson.check)}\n\n"
    yield "\\end{document}\n"


def _formula(text: str) -> str:
    """In a paragraph, so that long formulas are broken at their operators."""
    return f"\\hspace*{{1.5em}}$\\displaystyle {text}$\n\n"


def _ticked(check: Check) -> str:
    said = verdict(check)
    mark = {"✓": r"$\checkmark$", "✗": r"$\times$"}.get(said[0], "--")
    return f"\\hspace*{{1.5em}}{mark} {escape_tex(said[1:].strip())}"


_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "math{margin:.4rem 0;overflow-x:auto}ol{padding-left:2rem}li{margin:1rem 0}"
)


def _page(steps: Steps) -> Iterator[str]:
    """A page that is XML as well as HTML: each formula is an element of its own."""
    yield f'<html xmlns="http://www.w3.org/1999/xhtml" lang="{TAGS[language()]}">\n<head><meta charset="utf-8"/>'
    yield '<meta name="viewport" content="width=device-width"/>'
    yield f"<title>{escape(understood(steps.case)[:120])}</title><style>{_STYLE}</style></head>\n<body>\n"
    yield f"<p>{escape(_standing(steps))}</p>\n"
    for lesson in steps.lessons:
        yield f"<h2>{tr('Derivative by {name}', name=escape(lesson.variable))}</h2>\n"
        for block in lesson.blocks:
            name = named(block.name, MATHML) if block.name.isidentifier() else MATHML.name("f", "", 0)
            yield math(
                _equation(name, _set(block.expression, MATHML), MATHML), f"{block.name} = {block.expression.text}"
            )
            yield f'\n<ol start="{block.steps[0].number}">\n' if block.steps else "\n"
            for step in block.steps:
                yield f"<li><strong>{escape(translate_message(step.title))}</strong> {math(_statement(step, MATHML))}"
                yield "".join(map(math, _step_lines(step, block, lesson, MATHML)))
                yield f"<p>{escape(tr('Kink: {note}.', note=translate_message(step.note)))}</p>" if step.note else ""
                yield f"<p>{escape(verdict(step.check))}</p></li>\n"
            yield "</ol>\n" if block.steps else ""
        yield "".join(math(line) for line in _lines(lesson, MATHML))
        yield f"\n<p><code>{escape(lesson.formula)}</code></p><p>{escape(verdict(lesson.check))}</p>\n"
    yield "</body>\n</html>\n"

"""Rows like those of physics: the formulas of samples/physics.txt with varied constants, some combined; seeded."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

SAMPLE = Path(__file__).parent.parent / "samples" / "physics.txt"
SEED = 20260
COMBINED = 0.45
"""The share of rows made of two formulas."""

NOT_SYMPY = re.compile(r"\blambda\b|;|log10")
"""What `sympify` cannot read, or reads as something else."""

Formula = tuple[str, dict[str, float]]


def formulas() -> list[Formula]:
    """The sample's formulas that SymPy reads as well, each with its point."""
    found = []
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        text, bar, point = line.split("#", 1)[0].partition("|")
        if bar and not NOT_SYMPY.search(text):
            pairs = (entry.split("=") for entry in point.split(","))
            found.append((text.strip(), {name.strip(): _number(value.strip()) for name, value in pairs}))
    return found


def _number(text: str) -> float:
    factor, _, divisor = text.replace("pi", "3.141592653589793").partition("/")
    first, _, second = factor.partition("*")
    return float(first) * float(second or 1) / float(divisor or 1)


def _varied(formula: Formula, chance: random.Random) -> Formula:
    """A factor and a summand at the formula, and every value of the point up to 2 % away."""
    text, point = formula
    at = {name: value * chance.uniform(0.98, 1.02) for name, value in point.items()}
    return f"{chance.uniform(0.1, 9.9):.4g}*({text}) + {chance.uniform(0.1, 9.9):.4g}", at


def rows(count: int, seed: int = SEED) -> list[dict[str, object]]:
    """`count` rows as a .jsonl case file has them."""
    chance = random.Random(seed)
    known = formulas()
    made = []
    for number in range(count):
        formula = chance.choice(known)
        text, at = _varied(formula, chance)
        if chance.random() < COMBINED:
            disjoint = [other for other in known if not other[1].keys() & formula[1].keys()]
            other, at_other = _varied(chance.choice(disjoint), chance)
            text, at = f"({text}){chance.choice('+-*')}({other})", at | at_other
        made.append({"id": str(number), "expr": text, "at": at})
    return made


def write(file: Path, count: int) -> None:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(count)), encoding="utf-8")

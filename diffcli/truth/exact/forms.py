"""Formal sums of products of atoms, which is how exact reals are written down.

    sum q_m * prod atom^k,    q_m rational and not 0, k whole and not 0

An atom is a real known by how it was made: `pi`, exp(1/2), the square root of 2.
What is the same as a form is the same as a number; what is the same as a number
may be written in many forms (see `identities`).
"""

from __future__ import annotations

from collections.abc import Hashable
from math import prod
from typing import Any

from flint import arb, fmpq, fmpz

from diffcli.runtime.messages import message
from diffcli.truth.series import Singular

Monomial = tuple[tuple["Atom", int], ...]
Terms = dict[Monomial, Any]
"""By monomial, its rational factor (`fmpq`)."""

ONCE = fmpq(1)


class Atom:
    """A real known by its name: equal names are equal reals. `root` is q for a q-th root of `radicand`."""

    __slots__ = ("ball", "name", "radicand", "root")

    def __init__(self, name: Hashable, ball: Any, root: int = 0, radicand: Any = None) -> None:
        self.name, self.ball, self.root, self.radicand = name, ball, root, radicand

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Atom) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


def plus(left: Terms, right: Terms) -> Terms:
    terms = dict(left)
    for monomial, q in right.items():
        _add(terms, monomial, q)
    return terms


def times(left: Terms, right: Terms) -> Terms:
    terms: Terms = {}
    if not left or not right:
        for monomial in (*left, *right):
            check_finite(monomial)
    for one, p in left.items():
        for other, q in right.items():
            monomial, factor = _product(one, other)
            _add(terms, monomial, p * q * factor)
    return terms


def scaled(terms: Terms, factor: Any) -> Terms:
    """`terms` times a rational that is not 0."""
    return {monomial: q * factor for monomial, q in terms.items()}


def ball_of(terms: Terms) -> Any:
    """The ball that a form comes to, at the precision now working."""
    total = arb(0)
    for monomial, factor in terms.items():
        product = arb(factor)
        for atom, power in monomial:
            product *= _power(atom.ball, power)
        total += product
    return total


def _power(ball: Any, power: int) -> Any:
    """A whole power of a ball; FLINT has none where it holds zero."""
    return ball**power if power < 0 or not ball.contains(0) else prod([ball] * power)


def key_of(terms: Terms) -> Hashable:
    return frozenset((monomial, (int(q.p), int(q.q))) for monomial, q in terms.items())


def of_key(key: Any) -> Terms:
    return {monomial: fmpq(*q) for monomial, q in key}


def is_infinite(ball: Any) -> bool:
    """Whether a ball is infinity itself, and not only too wide."""
    return bool(ball.is_exact() and not ball.is_finite())


def check_finite(monomial: Monomial) -> None:
    """Equal names cancel where they stand for numbers."""
    if any(is_infinite(atom.ball) for atom, _ in monomial):
        raise Singular(message("infinities are beyond exact arithmetic"))


def normal(powers: dict[Atom, int]) -> tuple[Monomial, Any]:
    """A product as a monomial and a rational: whole powers of roots are numbers, sqrt(2)^3 = 2 sqrt(2)."""
    factor = fmpq(1)
    kept = []
    for atom, power in powers.items():
        left = power
        if atom.root:
            turns, left = divmod(power, atom.root)
            factor *= atom.radicand**turns
        if left:
            kept.append((atom, left))
        else:
            check_finite(((atom, power),))
    kept.sort(key=lambda item: hash(item[0].name))
    return tuple(kept), factor


def term(powers: dict[Atom, int], factor: Any = ONCE) -> Terms:
    """A product as a form."""
    monomial, more = normal(powers)
    return {monomial: factor * more}


def inverse(terms: Terms) -> Terms:
    """1/x for a form of one term."""
    ((monomial, q),) = terms.items()
    return term({atom: -power for atom, power in monomial}, 1 / q)


def whole_root(value: int, degree: int) -> int | None:
    """The root of a whole number, where it is one."""
    below = int(fmpz(value).root(degree))
    return below if below**degree == value else None


def _add(terms: Terms, monomial: Monomial, q: Any) -> None:
    total = terms.get(monomial, 0) + q
    if total != 0:
        terms[monomial] = total
    elif monomial in terms:
        check_finite(monomial)
        del terms[monomial]


def _product(left: Monomial, right: Monomial) -> tuple[Monomial, Any]:
    if not left or not right:
        return left or right, fmpq(1)
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
    return normal(powers)

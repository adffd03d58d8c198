"""Zeros that a form does not show: the identities by which exact reals are equal.

sigmoid(x) + sigmoid(-x) - 1 is zero, sin(2x) - 2 sin(x) cos(x) is, and so is
log(x y) - log(x) - log(y): no ball can tell, and the forms have different names
in them. Each step here writes a form anew by one identity of the functions that
its atoms are made by, over names that have less in common:

    quotients       multiplied out: they are of numbers proved not to be zero
    exponentials    of sums and multiples of few arguments, as products of powers
    logarithms      of rationals, over numbers without common factors; of sums, with none left in them
    sines, cosines  of sums and multiples of few angles, by the addition theorems
    powers, roots   whole powers of them as what they are of; of rationals as for logarithms

A form of which nothing is left is zero. What is left is asked further, by theorems that lead to simpler forms:

    recurrences     gammas of arguments that differ by whole numbers, by one of them
    angles          a sum of arcs and turns is 0 if it is below a half turn and its sine vanishes
    logarithms      a sum of them is 0 if the product of what they are of is 1
    radicals        a + b w is 0 if a^n = -+b^n w^n and the signs of a and b w are opposite

What is left then may be zero all the same: nothing is known. Asked are only forms whose ball, at hundreds of digits,
holds zero. No step knows a derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from fractions import Fraction
from itertools import combinations, product
from math import factorial, gcd, lcm
from typing import Any

from flint import arb, fmpq

from diffcli.truth.exact.forms import (
    Atom,
    Monomial,
    Terms,
    ball_of,
    inverse,
    key_of,
    of_key,
    plus,
    scaled,
    term,
    times,
    whole_root,
)
from diffcli.truth.series import Singular

MOST_TERMS = 2000
"""Forms that grow beyond this many terms are left alone."""
FEW_TIMES, MOST_TIMES = 4, 64
"""Powers are multiplied out, and arguments seen to be multiples of each other, up to so many times.

Few are tried first: 1, 21/8 and 13/8 are better seen as two and their difference than as 8, 21 and 13 times 1/8.
"""
MOST_WHOLE = 1 << 10
"""Whole powers of rationals are taken up to this exponent."""
MOST_ANGLES = 16
"""Sines and cosines are written out up to this multiple of an angle."""
MOST_PARTS = 6
"""Of more arguments that are no multiples of each other, no sums are sought."""


MOST_DEPTH = 5
"""Theorems are applied to what others led to up to so many times."""
MOST_TURNED = 24
"""Sums of angles, or of logarithms, are multiplied out where each occurs no more than this many times."""
MOST_SHIFTED = 64
"""Gammas are compared whose arguments differ by whole numbers up to this."""


class _TooLong(Exception):
    """The form grows beyond all bounds."""


def vanishes(terms: Terms, depth: int = 0) -> bool:
    """Whether a form is zero by the identities above; if not, nothing is known."""
    return any(_shrinks(terms, most, depth) for most in (FEW_TIMES, MOST_TIMES))


def _shrinks(terms: Terms, most: int, depth: int) -> bool:
    """Whether nothing is left, where arguments are seen to be multiples of each other up to `most` times."""
    try:
        terms = _powers_of_products(_quotients(terms), most)
        terms = _circular(_logarithms(_exponentials(terms, most)), most)
        left = _roots(_powers(terms))
        return not left or depth < MOST_DEPTH and any(step(left, depth + 1) for step in _THEOREMS)
    except (_TooLong, Singular):
        return False


# --- the parts of a form
def _made_by(terms: Iterable[Monomial], *names: str) -> list[Atom]:
    """The atoms that functions of these names made, each once; those in arguments are not looked for."""
    found = {atom: None for monomial in terms for atom, _ in monomial if _name(atom) in names}
    return list(found)


def _name(atom: Atom) -> Hashable:
    return atom.name[0] if isinstance(atom.name, tuple) else None


def _argument(atom: Atom) -> Hashable:
    """The key of what the function was applied to; it stands last."""
    assert isinstance(atom.name, tuple)
    key: Hashable = atom.name[-1]
    return key


def _product(left: Terms, right: Terms) -> Terms:
    if len(left) * len(right) > MOST_TERMS:
        raise _TooLong
    return times(left, right)


def _power(form: Terms, exponent: int) -> Terms:
    """A whole power; a negative one only of a form of one term."""
    if abs(exponent) > MOST_TIMES:
        raise _TooLong
    if exponent < 0:
        if len(form) != 1:
            raise _TooLong
        form = inverse(form)
    result = ONE
    for _ in range(abs(exponent)):
        result = _product(result, form)
    return result


def _of(function: str, argument: Terms) -> Terms:
    """`sin`, `cos`, `exp` or `log` of a form, as an atom."""
    return term({Atom((function, key_of(argument)), getattr(ball_of(argument), function)()): 1})


def _replaced(terms: Terms, atoms: dict[Atom, Terms]) -> Terms:
    """Forms in the place of atoms."""
    total: Terms = {}
    for monomial, q in terms.items():
        part: Terms = {tuple((atom, power) for atom, power in monomial if atom not in atoms): q}
        for atom, power in monomial:
            if atom in atoms:
                part = _product(part, _power(atoms[atom], power))
        total = plus(total, part)
        if len(total) > MOST_TERMS:
            raise _TooLong
    return total


def _reduced(terms: Terms, atom: Atom, degree: int, power: Terms) -> Terms:
    """`power` in the place of the power `degree` of `atom`, as often as it is there."""
    total: Terms = {}
    for monomial, q in terms.items():
        powers = dict(monomial)
        turns, left = divmod(powers.pop(atom, 0), degree)
        total = plus(total, _product(term(powers | {atom: left}, q), _power(power, turns)))
    return total


def _lifted(terms: Terms, atoms: Iterable[Atom]) -> Terms:
    """Times powers of `atoms`, none of them zero, until none has a negative power."""
    for atom in atoms:
        lowest = min((power for monomial in terms for found, power in monomial if found == atom), default=0)
        if lowest < 0:
            if atom.ball.contains(0):
                raise _TooLong
            terms = times(terms, term({atom: -lowest}))
    return terms


def _is_rational(form: Terms) -> bool:
    return form.keys() == {()}


ONE: Terms = {(): fmpq(1)}


# --- quotients
def _quotients(terms: Terms) -> Terms:
    """Times every denominator, as often as it occurs."""
    while atoms := _made_by(terms, "inverse"):
        atom = atoms[0]
        below = of_key(_argument(atom))
        most = max(0, *(dict(monomial).get(atom, 0) for monomial in terms))
        total: Terms = {}
        for monomial, q in terms.items():
            powers = dict(monomial)
            lacking = most - powers.pop(atom, 0)
            total = plus(total, _product(term(powers, q), _power(below, lacking)))
        terms = total
    return terms


# --- exponentials, and logarithms of sums of them
def _exponentials(terms: Terms, most: int) -> Terms:
    """Of few arguments; in logarithms too: log(e^2 + e) = 1 + log(e + 1)."""
    sums = {atom: form for atom in _made_by(terms, "log") if len(form := of_key(_argument(atom))) > 1}
    atoms = _made_by([*terms, *(monomial for form in sums.values() for monomial in form)], "exp")
    parts, counts = _parts(map(_argument, atoms), most)
    written: dict[Atom, Terms] = {}
    for atom in atoms:
        written[atom] = ONE
        for part, count in zip(parts, counts[_argument(atom)], strict=True):
            written[atom] = _product(written[atom], _power(_of("exp", part), count))
    written |= {atom: _logarithm_of_sum(_replaced(form, written)) for atom, form in sums.items()}
    return _replaced(terms, written)


def _logarithm_of_sum(form: Terms) -> Terms:
    """What all terms have in common is taken out, and the factor of the largest: equal sums are written alike."""
    lowest = {atom: min(dict(monomial).get(atom, 0) for monomial in form) for monomial in form for atom, _ in monomial}
    common = {atom: power for atom, power in lowest.items() if power and atom.ball > 0}
    left = _product(form, term({atom: -power for atom, power in common.items()}))
    factor = abs(left[max(left, key=lambda monomial: abs(ball_of({monomial: left[monomial]}).mid()))])
    total = plus(_of("log", scaled(left, 1 / factor)), _of("log", {(): factor}))
    for atom, power in common.items():
        logarithm = of_key(_argument(atom)) if _name(atom) == "exp" else _of("log", term({atom: 1}))
        total = plus(total, scaled(logarithm, power))
    return total


# --- logarithms
def _logarithms(terms: Terms) -> Terms:
    """Of rationals over numbers that have no factor in common."""
    values = _rationals(_made_by(terms, "log"))
    base = _coprime(part for value in values.values() for part in value.as_integer_ratio())
    written: dict[Atom, Terms] = {}
    for atom, value in values.items():
        written[atom] = {}
        for number, power in _factored(value, base).items():
            written[atom] = plus(written[atom], scaled(_of("log", {(): fmpq(number)}), power))
    return _replaced(terms, written)


def _rationals(atoms: Iterable[Atom]) -> dict[Atom, Fraction]:
    """Of the atoms that are functions of positive rationals, these."""
    forms = {atom: of_key(_argument(atom)) for atom in atoms}
    return {
        atom: Fraction(int(form[()].p), int(form[()].q))
        for atom, form in forms.items()
        if _is_rational(form) and form[()] > 0
    }


def _coprime(numbers: Iterable[int]) -> list[int]:
    """Whole numbers above 1, no two with a common factor and none a power, of which all `numbers` are products.

    Factor refinement: Bach, Driscoll and Shallit, J. Algorithms 15 (1993); no number is factored.
    """
    base: list[int] = []
    waiting = [number for number in numbers if number > 1]
    while waiting:
        number = _without_power(waiting.pop())
        for k, other in enumerate(base):
            common = gcd(number, other)
            if common > 1:
                if number != other:
                    del base[k]
                    waiting += [part for part in (common, number // common, other // common) if part > 1]
                break
        else:
            base.append(number)
    return base


def _without_power(number: int) -> int:
    for degree in range(2, number.bit_length()):
        while (root := whole_root(number, degree)) is not None:
            number = root
    return number


def _factored(value: Fraction, base: Iterable[int]) -> dict[int, int]:
    """The powers of the numbers in `base` whose product is `value`."""
    powers = {}
    for number in base:
        power = 0
        for part, turn in zip(value.as_integer_ratio(), (1, -1), strict=True):
            while part % number == 0:
                part, power = part // number, power + turn
        if power:
            powers[number] = power
    return powers


# --- arguments as sums and multiples of few
def _parts(arguments: Iterable[Hashable], most: int) -> tuple[list[Terms], dict[Hashable, list[int]]]:
    """Few forms of which all arguments are sums of small multiples, and how often each has every one of them."""
    parts: list[Terms] = []
    known: dict[Hashable, list[int]] = {}
    for key in sorted(set(arguments), key=lambda key: abs(float(ball_of(of_key(key)).mid()))):
        form = of_key(key)
        counts = _as_multiple(form, parts, known, most) or _as_sum(form, parts)
        if counts is None:
            parts.append(form)
            counts = [0] * (len(parts) - 1) + [1]
        known[key] = counts
    return parts, {key: counts + [0] * (len(parts) - len(counts)) for key, counts in known.items()}


def _as_multiple(form: Terms, parts: list[Terms], known: dict[Hashable, list[int]], most: int) -> list[int] | None:
    """`form` as p/q times a part, which is cut in q pieces where it must be."""
    for k, part in enumerate(parts):
        ratio = _ratio(form, part)
        if not 0 < abs(ratio.p) <= most or ratio.q > most:
            continue
        pieces = int(ratio.q)
        parts[k] = scaled(part, 1 / fmpq(pieces))
        for counts in known.values():
            if k < len(counts):
                counts[k] *= pieces
        return [0] * k + [int(ratio.p)]
    return None


def _as_sum(form: Terms, parts: list[Terms]) -> list[int] | None:
    """`form` as a sum of few times two parts, or of three parts or what is opposite to them."""
    if len(parts) > MOST_PARTS:
        return None
    for number, factors in ((1, _FEW), (2, (1, -1))):
        for chosen in combinations(range(len(parts)), number):
            for weights in product(factors, repeat=number):
                rest = form
                for k, weight in zip(chosen, weights, strict=True):
                    rest = plus(rest, scaled(parts[k], -weight))
                for last in range(chosen[-1] + 1, len(parts)):
                    if (factor := _ratio(rest, parts[last])) in factors:
                        counts = [0] * len(parts)
                        for k, weight in zip((*chosen, last), (*weights, int(factor.p)), strict=True):
                            counts[k] = weight
                        return counts
    return None


def _ratio(form: Terms, part: Terms) -> Any:
    """How often a form is a part; 0 where it is no multiple of it."""
    first = next(iter(part))
    ratio = form.get(first, fmpq(0)) / part[first]
    return ratio if ratio != 0 and scaled(part, ratio) == form else fmpq(0)


_FEW = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5)


# --- sines and cosines
def _circular(terms: Terms, most: int) -> Terms:
    """Of few angles, and no sine but once."""
    atoms = _made_by(terms, "sin", "cos")
    if not atoms:
        return terms
    terms = _lifted(terms, atoms)
    parts, counts = _parts(map(_argument, atoms), most)
    pairs = [(_of("cos", part), _of("sin", part)) for part in parts]
    written = {}
    for atom in atoms:
        cosine, sine = ONE, Terms()
        for (c, s), count in zip(pairs, counts[_argument(atom)], strict=True):
            if abs(count) > MOST_ANGLES:
                raise _TooLong
            turned = s if count > 0 else scaled(s, -1)
            for _ in range(abs(count)):
                cosine, sine = (
                    _once(plus(_product(cosine, c), scaled(_product(sine, turned), -1)), pairs),
                    _once(plus(_product(sine, c), _product(cosine, turned)), pairs),
                )
        written[atom] = cosine if _name(atom) == "cos" else sine
    return _once(_replaced(terms, written), pairs)


def _once(terms: Terms, pairs: list[tuple[Terms, Terms]]) -> Terms:
    """sin^2 = 1 - cos^2, until no sine is left but once."""
    for c, s in pairs:
        (((sine, _),),) = s
        terms = _reduced(terms, sine, 2, plus(ONE, scaled(times(c, c), -1)))
    return terms


def _by_sines(terms: Terms) -> Terms:
    """cos^2 = 1 - sin^2, until no cosine is left but once."""
    for atom in _made_by(terms, "cos"):
        square = _power(_of("sin", of_key(_argument(atom))), 2)
        terms = _reduced(terms, atom, 2, plus(ONE, scaled(square, -1)))
    return terms


# --- powers and roots
def _powers_of_products(terms: Terms, most: int) -> Terms:
    """Powers of what comes to one product, by those of its factors: sqrt(1 - sin^2) = |cos|, sqrt(e^x) = e^(x/2)."""
    written: dict[Atom, Terms] = {}
    for atom in _made_by(terms, "power"):
        form = _circular(_exponentials(of_key(_argument(atom)), most), most)
        if len(form) > 1:
            form = _by_sines(form)
        if len(form) == 1:
            ((monomial, q),) = form.items()
            written[atom] = _power_of_one({(): abs(q)}, _exponent(atom))
            for factor, power in monomial:
                if factor.ball.contains(0):
                    raise _TooLong
                positive = term({factor: 1}, fmpq(1 if factor.ball > 0 else -1))
                written[atom] = _product(written[atom], _power_of_one(positive, power * _exponent(atom)))
    return _replaced(terms, written)


def _power_of_one(base: Terms, exponent: Fraction) -> Terms:
    """The power of a positive form of one term."""
    if exponent.denominator == 1:
        return _power(base, int(exponent))
    ((monomial, _),) = base.items()
    rational = fmpq(exponent.numerator, exponent.denominator)
    if monomial and _name(monomial[0][0]) == "exp":
        return _of("exp", scaled(of_key(_argument(monomial[0][0])), rational))
    return term({Atom(("power", exponent, key_of(base)), ball_of(base) ** rational): 1})


def _powers(terms: Terms) -> Terms:
    """Powers of one base by one root of it, and its whole powers as the base."""
    atoms = [atom for atom in _made_by(terms, "power") if not _is_rational(of_key(_argument(atom)))]
    degrees: dict[Hashable, int] = {}
    for atom in atoms:
        degrees[_argument(atom)] = lcm(degrees.get(_argument(atom), 1), _exponent(atom).denominator)
    roots = {}
    for key, degree in degrees.items():
        roots[key] = Atom(("power", Fraction(1, degree), key), ball_of(of_key(key)) ** fmpq(1, degree))
    written: dict[Atom, Terms] = {}
    for atom in atoms:
        key = _argument(atom)
        written[atom] = term({roots[key]: int(_exponent(atom) * degrees[key])})
    terms = _lifted(_replaced(terms, written), roots.values())
    for key, root in roots.items():
        terms = _reduced(terms, root, degrees[key], of_key(key))
    return terms


def _exponent(atom: Atom) -> Fraction:
    assert isinstance(atom.name, tuple)
    return Fraction(1, atom.root) if atom.root else atom.name[1]


def _roots(terms: Terms) -> Terms:
    """Powers of positive rationals, as those of numbers that have no factor in common."""
    values = _rationals(_made_by(terms, "root", "power"))
    base = _coprime(part for value in values.values() for part in value.as_integer_ratio())
    degree = lcm(*(_exponent(atom).denominator for atom in values))
    roots = {}
    for number in base:
        name = ("root", degree, key_of({(): fmpq(number)}))
        roots[number] = Atom(name, arb(number) ** fmpq(1, degree), degree, fmpq(number))
    written: dict[Atom, Terms] = {}
    for atom, value in values.items():
        turns = int(_exponent(atom) * degree)
        if abs(turns) > MOST_WHOLE * degree:
            raise _TooLong
        written[atom] = term({roots[number]: power * turns for number, power in _factored(value, base).items()})
    return _replaced(terms, written)


# --- recurrences
def _by_recurrence(terms: Terms, depth: int) -> bool:
    """gamma(u) = (u - 1) gamma(u - 1), and so its reciprocal, its logarithm and the derivatives of that."""
    atoms = [atom for atom in dict.fromkeys(atom for monomial in terms for atom, _ in monomial) if _is_gamma(atom)]
    written = {atom: form for atom in atoms if (form := _shifted(atom, atoms))}
    return bool(written) and vanishes(_replaced(_lifted(terms, written), written), depth)


def _is_gamma(atom: Atom) -> bool:
    return _is_value(atom) and str(_name(atom)).partition(" ")[0] in ("rgamma", "lgamma", "polygamma")


def _shifted(atom: Atom, others: Iterable[Atom]) -> Terms | None:
    """An atom by that of the same function whose argument is larger by the largest whole number."""
    own, best, most = _value_argument(atom), None, 0
    for other in others:
        if _name(other) == _name(atom):
            rise = plus(_value_argument(other), scaled(own, -1))
            if _is_rational(rise) and most < rise[()] <= MOST_SHIFTED and rise[()].q == 1:
                best, most = other, int(rise[()])
    if best is None:
        return None
    result = term({best: 1})
    for k in range(most):
        result = _one_down(str(_name(atom)), result, plus(own, {(): fmpq(k)}) if k else own)
    return result


def _one_down(name: str, above: Terms, argument: Terms) -> Terms:
    """The function at `argument`, from what it is at `argument` + 1."""
    if name == "rgamma":
        return _product(above, argument)
    if name == "lgamma":
        return plus(above, scaled(_of("log", argument), -1))
    order = int(float(name.split()[1]))
    power = _power(_inverse(argument), order + 1)
    return plus(above, scaled(power, fmpq((-1) ** (order + 1) * factorial(order))))


def _inverse(form: Terms) -> Terms:
    if len(form) == 1:
        return inverse(form)
    return term({Atom(("inverse", key_of(form)), 1 / ball_of(form)): 1})


def _is_value(atom: Atom) -> bool:
    """Whether an atom is the value of a function, and no other Taylor coefficient."""
    return isinstance(atom.name, tuple) and len(atom.name) == 3 and atom.name[2] == 0


def _value_argument(atom: Atom) -> Terms:
    assert isinstance(atom.name, tuple)
    return of_key(atom.name[1])


# --- sums of angles, and of logarithms
def _linear(terms: Terms, chosen: Callable[[Atom], bool]) -> dict[Monomial, dict[Atom, Any]]:
    """By what they are multiplied with, the rational factors of the atoms `chosen`, each of which stands but once."""
    groups: dict[Monomial, dict[Atom, Any]] = {}
    for monomial, q in terms.items():
        found = [(atom, power) for atom, power in monomial if chosen(atom)]
        if len(found) != 1 or found[0][1] != 1:
            raise _TooLong
        rest = tuple((atom, power) for atom, power in monomial if atom != found[0][0])
        groups.setdefault(rest, {})[found[0][0]] = q
    return groups


def _whole(factors: dict[Atom, Any]) -> tuple[dict[Atom, int], int]:
    """Factors times the least number that makes them whole, and that number."""
    common = lcm(*(int(q.q) for q in factors.values()))
    numbers = {atom: int(q * common) for atom, q in factors.items()}
    if any(abs(number) > (MOST_WHOLE if _is_of_rational(atom) else MOST_TURNED) for atom, number in numbers.items()):
        raise _TooLong
    return numbers, common


def _is_of_rational(atom: Atom) -> bool:
    return _name(atom) == "log" and _is_rational(of_key(_argument(atom)))


def _is_arc(atom: Atom) -> bool:
    return _name(atom) in ("asin", "acos", "atan") and _is_value(atom)


def _is_angle(atom: Atom) -> bool:
    return _is_arc(atom) or atom.name == "pi"


def _sum_of_angles(terms: Terms, depth: int) -> bool:
    """sin(A) = 0 and |A| < pi make A = 0; the sine is that of a product of complex numbers with these angles."""
    if not any(_is_arc(atom) for monomial in terms for atom, _ in monomial):
        return False
    return all(_no_angle(factors, depth) for factors in _linear(terms, _is_angle).values())


def _no_angle(factors: dict[Atom, Any], depth: int) -> bool:
    turns = _whole(factors)[0]
    if not abs(sum((atom.ball * count for atom, count in turns.items()), arb(0))) < arb.pi():
        return False
    real, imaginary = ONE, Terms()
    for atom, count in turns.items():
        c, s = _direction(atom) if atom.name != "pi" else (scaled(ONE, -1), Terms())
        s = s if count > 0 else scaled(s, -1)
        for _ in range(abs(count)):
            real, imaginary = (
                plus(_product(real, c), scaled(_product(imaginary, s), -1)),
                plus(_product(imaginary, c), _product(real, s)),
            )
    return not imaginary or vanishes(imaginary, depth)


def _direction(atom: Atom) -> tuple[Terms, Terms]:
    """A complex number, as its two parts, whose angle is an arc."""
    leg = _value_argument(atom)
    if _name(atom) == "atan":
        return ONE, leg
    other = plus(ONE, scaled(_product(leg, leg), -1))
    root = _square_root(other)
    return (root, leg) if _name(atom) == "asin" else (leg, root)


def _square_root(form: Terms) -> Terms:
    ball = ball_of(form)
    if not form or not ball > 0:
        raise _TooLong
    if _is_rational(form):
        name, exact = ("root", 2, key_of(form)), form[()]
        return term({Atom(name, ball.sqrt(), 2, exact): 1})
    return term({Atom(("power", Fraction(1, 2), key_of(form)), ball.sqrt()): 1})


def _sum_of_logarithms(terms: Terms, depth: int) -> bool:
    """A sum of logarithms, and of what has none, is 0 if the product of its exponentials is 1."""

    def is_logarithm(atom: Atom) -> bool:
        return _name(atom) == "log"

    with_logarithm = {m: q for m, q in terms.items() if any(is_logarithm(atom) for atom, _ in m)}
    rest = {m: q for m, q in terms.items() if m not in with_logarithm}
    if not with_logarithm:
        return False
    groups = _linear(with_logarithm, is_logarithm)
    if rest and groups.keys() != {()}:
        return False
    return all(_no_logarithm(factors, rest, depth) for factors in groups.values())


def _no_logarithm(factors: dict[Atom, Any], rest: Terms, depth: int) -> bool:
    numbers, common = _whole(factors)
    sides = [ONE, ONE]
    for atom, count in numbers.items():
        form = of_key(_argument(atom))
        power = term({}, form[()] ** abs(count)) if _is_of_rational(atom) else _power(form, abs(count))
        sides[count < 0] = _product(sides[count < 0], power)
    if rest:
        sides[0] = _product(sides[0], _of("exp", scaled(rest, fmpq(common))))
    difference = plus(sides[0], scaled(sides[1], -1))
    return not difference or vanishes(difference, depth)


# --- radicals
def _by_radicals(terms: Terms, depth: int) -> bool:
    """p + q w^k is 0, for a positive w with w^n = A, if p and q have opposite signs and (-p)^n = q^n A^k."""
    roots = [atom for atom in _made_by(terms, "power") if not _is_rational(of_key(_argument(atom)))]
    for root in roots:
        if any(_occurs(root, other) for other in roots if other != root):
            continue
        parts: dict[int, Terms] = {}
        for monomial, q in terms.items():
            powers = dict(monomial)
            power = powers.pop(root, 0)
            parts[power] = plus(parts.get(power, {}), term(powers, q))
        return _no_sum(parts, _exponent(root).denominator, of_key(_argument(root)), depth)
    return False


def _no_sum(parts: dict[int, Terms], degree: int, radicand: Terms, depth: int) -> bool:
    """Whether a sum of `parts` times powers of a root is 0: each is, or two are opposite."""
    balls = {power: ball_of(part) for power, part in parts.items()}
    left = [power for power in sorted(parts) if not balls[power].contains(0)]
    if any(not vanishes(parts[power], depth) for power in parts if power not in left):
        return False
    if not left:
        return True
    if len(left) != 2 or not balls[left[0]] * balls[left[1]] < 0:
        return False
    low, high = left
    first = _power(scaled(parts[low], -1), degree)
    second = _product(_power(parts[high], degree), _power(radicand, high - low))
    return vanishes(plus(first, scaled(second, -1)), depth)


def _occurs(atom: Atom, other: Atom) -> bool:
    """Whether an atom occurs in what another is made of."""
    waiting, seen = [other.name], set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, Atom):
            if part == atom:
                return True
            part = part.name
        if isinstance(part, (tuple, frozenset)) and part not in seen:
            seen.add(part)
            waiting += part
    return False


_THEOREMS: tuple[Callable[[Terms, int], bool], ...] = (
    _by_recurrence,
    _sum_of_angles,
    _sum_of_logarithms,
    _by_radicals,
)

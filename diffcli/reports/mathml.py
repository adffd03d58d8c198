"""Presentation MathML: formulas for web pages, well-formed, without style."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from diffcli.locale.language import tr
from diffcli.reports.typesetting import named

NAMESPACE = "http://www.w3.org/1998/Math/MathML"


class MathML:
    """Formulas as presentation elements; every value is one element or a row of them."""

    def number(self, digits: str) -> str:
        return f"<mn>{escape(digits)}</mn>"

    def name(self, letters: str, subscript: str, primes: int) -> str:
        base = f"<mi>{escape(letters)}</mi>"
        mark = f"<mo>{'′' * primes}</mo>"
        if subscript:
            below = "".join(f"<mn>{c}</mn>" if c.isdigit() else f"<mi>{escape(c)}</mi>" for c in [subscript])
            return f"<msubsup>{base}{below}{mark}</msubsup>" if primes else f"<msub>{base}{below}</msub>"
        return f"<msup>{base}{mark}</msup>" if primes else base

    def sign(self, sign: str) -> str:
        return f"<mo>{escape({'-': '−', '·': chr(0x2062)}.get(sign, sign))}</mo>"

    def row(self, parts: Sequence[str]) -> str:
        return f"<mrow>{''.join(parts)}</mrow>"

    def fenced(self, inner: str, left: str = "(", right: str = ")") -> str:
        return f'<mrow><mo fence="true">{left}</mo>{inner}<mo fence="true">{right}</mo></mrow>'

    def fraction(self, over: str, under: str) -> str:
        return f"<mfrac>{over}{under}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup>{base}{exponent}</msup>"

    def subscript(self, base: str, index: str) -> str:
        return f"<msub>{base}{index}</msub>"

    def root(self, inner: str, degree: str | None = None) -> str:
        return f"<mroot>{inner}{degree}</mroot>" if degree else f"<msqrt>{inner}</msqrt>"

    def call(self, name: str, arguments: Sequence[str]) -> str:
        head = f'<mi mathvariant="normal">{escape(name)}</mi>'
        if not arguments:
            return head
        inside = "<mo>,</mo>".join(arguments)
        return f"<mrow>{head}<mo>{chr(0x2061)}</mo>{self.fenced(f'<mrow>{inside}</mrow>')}</mrow>"

    def cases(self, yes: str, condition: str, no: str) -> str:
        where, otherwise = f"<mtext>{tr('if ')}</mtext>", f"<mtext>{tr('otherwise')}</mtext>"
        rows = f"{_row(yes, f'<mrow>{where}{condition}</mrow>')}{_row(no, otherwise)}"
        return f'<mrow><mo fence="true">{{</mo><mtable columnalign="left">{rows}</mtable></mrow>'

    def derivative(self, sign: str, name: str, inner: str) -> str:
        d = f'<mi mathvariant="normal">{sign}</mi>'
        over = f"<mfrac>{d}<mrow>{d}{named(name, self)}</mrow></mfrac>"
        return self.row([over, self.fenced(inner, "[", "]")])


def _row(value: str, word: str) -> str:
    return f"<mtr><mtd>{value}</mtd><mtd>{word}</mtd></mtr>"


def math(inner: str, plain: str = "") -> str:
    """An element that stands by itself, with the plain text for readers without MathML."""
    label = f' alttext="{escape(plain)}"' if plain else ""
    return f'<math xmlns="{NAMESPACE}" display="block"{label}><mrow>{inner}</mrow></math>'


MATHML = MathML()

"""Texts as people write them: read in their one reading, or refused; faults stand where they were typed."""

import pytest

from diffcli.runtime.errors import DiffError
from diffcli.syntax import elaborate
from diffcli.syntax.translation import Translation

CHARACTERS = [
    ("２＊ｘ＋１", "2*x+1"),
    ("x²", "x^2"),
    ("x⁻¹", "x^(-1)"),
    ("x¹⁰ + eⁿ", "x^10 + e^n"),
    ("ｓｉｎ（𝑥）÷2", "sin(x)/2"),
    ("x − y ≤ ½", "x - y <= (1/2)"),
    ("x₁*x_{2}", "x_1*x_2"),
]


@pytest.mark.parametrize(("text", "plain"), CHARACTERS)
def test_characters(text: str, plain: str) -> None:
    expression = elaborate(text)
    assert (expression.source, expression.plain, expression.notes[0]) == (text, plain, f"read as {plain}")
    assert elaborate(plain).reading is None
    assert expression.program == elaborate(plain).program


def test_the_subscript_of_a_name_is_that_of_a_name_in_play() -> None:
    assert elaborate("x₁", {"x1": ()}).plain == "x1"
    assert elaborate("x₁", {"x1": (), "x_1": ()}).plain == "x_1"


def test_a_fault_stands_where_it_was_typed() -> None:
    with pytest.raises(DiffError) as caught:
        elaborate("x⁻² + sinn(x)")
    assert caught.value.source == "x⁻² + sinn(x)"
    assert caught.value.span == (6, 10)


def test_translations_follow_one_another() -> None:
    first = Translation("x^2", [3, 4, 5, 6])
    assert first.then(Translation("x**2", [0, 1, 1, 2, 3])) == Translation("x**2", [3, 4, 4, 5, 6])
    assert first.span((1, 3)) == (4, 6)

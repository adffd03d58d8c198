"""What is said of a text that cannot be read: whose notation it is, and the whole line, mended, to paste."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from diffcli import Dual, compare
from diffcli.cli.main import main
from diffcli.core.primitives import DEFINITIONS, FUNCTIONS
from diffcli.problem.point import number_at
from diffcli.runtime.errors import DiffError
from diffcli.syntax import elaborate
from diffcli.syntax.mending import LONGEST, MOST
from diffcli.syntax.spellings import ELSEWHERE, FORMULAS, FUNCTION_NAMES, nearest

NOTATIONS = {
    "the sign of a derivative is not part of the formula": [
        ("diff(x^2, x)", "x^2 --wrt x"),
        ("diff(2x, x)", "2x --wrt x"),
        ("(x^2 + 1)'", "x^2 + 1"),
    ],
    "a derivative cannot stand within a formula": [("2*x + d/dx x^2", None), ("sin(d/dy (y^2))", None)],
    "limits are not computed": [("lim sin(x)/x", None), ("lim_{x->0} x", None), ("limit(sin(x)/x, x, 0)", None)],
    "integrals are not computed": [("∫ x^2 dx", None), ("integrate(x^2, x)", None)],
    "the point is not part of the formula": [
        ("x^2 at x=3", "x^2 --at x=3"),
        ("x*y, x=3, y=2", "x*y --at x=3, y=2"),
        ("x^2 | x=3", "x^2 --at x=3"),
        ("2x where x = 3", "2x --at x = 3"),
    ],
    "an equation is not a formula": [
        ("x^2+y^2=1", "x^2+y^2 - 1"),
        ("x^2 = 2x + 1", "x^2 - (2x + 1)"),
        ("sin(x) + y = 0", "sin(x) + y"),
    ],
    "'?' is not a sign of this language": [
        ("x > 0 ? x : -x", "where(x > 0, x, -x)"),
        ("1 + (x > 0 ? x : x > -1 ? 2x : -x)", "1 + (where(x > 0, x, where(x > -1, 2x, -x)))"),
        ("max(y, x >= 0 ? x : -x)", "max(y, where(x >= 0, x, -x))"),
    ],
    "an index is one whole number, not a range of them": [
        ("v[1:]", None), ("v[:3]", None), ("M[:, 0]", None), ("v[::2]", None), ("dot(v[0:2], w)", None),
    ],
}  # fmt: skip

SEVERAL = [
    ("sinn(x) + coss(x)", "sin(x) + cos(x)"),
    ("2xsin(x) + xcos(x)²", "2*x*sin(x) + x*cos(x)^2"),
    ("sinn(x) + (x > 0 ? 2x : -x)", "sin(x) + (where(x > 0, 2*x, -x))"),
    ("sech(x) + tanhh(|x|)", "1/cosh(x) + tanh(abs(x))"),
]

TWO_READINGS = [
    "1/2x",
    "a/b c",
    "x^2y",
    "e^2x",
    "sin x/2",
    "sin x y",
    "sin^-1 x",
    "√2x",
    "√x²",
    "|a|b|c|",
    "1 000",
    "1/x(x+1)",
]


def error_of(text: str) -> DiffError:
    with pytest.raises(DiffError) as caught:
        elaborate(text)
    return caught.value


@pytest.mark.parametrize(
    ("message", "text", "mended"),
    [(message, *row) for message, rows in NOTATIONS.items() for row in rows],
)
def test_a_notation_is_named_and_the_text_in_ours_given(message: str, text: str, mended: str | None) -> None:
    error = error_of(text)
    assert error.message == message
    assert " ".join(error.mended) == (mended or "")
    assert error.hint
    if mended:
        assert error.mended[0] in error.hint
        elaborate(error.mended[0])


@pytest.mark.parametrize(("text", "mended"), SEVERAL)
def test_one_message_mends_the_whole_line(text: str, mended: str) -> None:
    error = error_of(text)
    assert error.mended == (mended,)
    assert error.hint == f"write {mended}"
    elaborate(mended)


@pytest.mark.parametrize("text", TWO_READINGS)
def test_what_is_read_in_two_ways_has_no_mend(text: str) -> None:
    assert error_of(text).mended == ()


def test_the_bounds_of_mending_hold() -> None:
    """Beyond them there is one mend a message, as for any text."""
    assert error_of("+".join(["sinn(x)"] * (MOST + 1))).mended == ()
    assert error_of("sinn(x)+" * (LONGEST // 8 + 1) + "1").mended == ()
    assert error_of("+".join(["sinn(x)"] * MOST)).mended == ("+".join(["sin(x)"] * MOST),)


# --- names of functions
@pytest.mark.parametrize("name", ["zeta", "minus", "signal", "area", "temp", "max2norm", "inverse"])
def test_a_word_that_is_no_function_is_not_a_product(name: str) -> None:
    error = error_of(f"{name}(x)")
    assert error.message == f"unknown function '{name}'"
    assert error.hint == "this language does not have it; its functions are listed by --help"
    assert error.mended == ()


@pytest.mark.parametrize(("name", "hint"), [(name, hint) for name, hint in ELSEWHERE.items()])
def test_what_is_near_in_sense_is_named(name: str, hint: str) -> None:
    if name not in FUNCTION_NAMES:
        assert error_of(f"{name}(x)").hint == hint


@pytest.mark.parametrize("name", [name for name in FORMULAS if name not in FUNCTION_NAMES])
def test_a_function_by_others_is_one(name: str) -> None:
    error = error_of(f"{name}(x)")
    elaborate(error.mended[0])
    assert error.hint == f"write {error.mended[0]}"


@pytest.mark.parametrize("name", sorted(name for name in (*FUNCTIONS, *DEFINITIONS) if len(name) > 3))
def test_slips_of_the_fingers_are_seen(name: str) -> None:
    """A letter doubled, dropped or changed with the next: some function that is one slip away is proposed."""
    slips = [name[:2] + name[1:], name[:2] + name[3:], name[:-2] + name[-1] + name[-2]]
    for slip in slips:
        if slip not in FUNCTION_NAMES and len(slip) > 3:
            assert nearest(slip, FUNCTION_NAMES), slip


# --- commands
COMMANDS = [
    (["x sinx + xy", "--at", "x=2, y=3"], 'diff-compare "x*sin(x) + x*y" --at "x=2, y=3"'),
    (["x sinn(x) + coss(x)", "--at", "x=2"], 'diff-compare "x*sin(x) + cos(x)" --at x=2'),
    (["exp(x)", "--at", "x=1", "--claim", "x: expp(x)"], 'diff-compare "exp(x)" --at x=1 --claim "x: exp(x)"'),
    (["x^2 at x=3"], 'diff-compare "x^2" --at x=3'),
    (["x^2 at x=3", "--at", "x=1"], 'diff-compare "x^2" --at x=1'),
    (["x^2", "--at", "x=98.1 km"], 'diff-compare "x^2" --at x=98.1'),
    (["x*y", "--at", "x=30°, y=2 m/s"], 'diff-compare "x*y" --at "x=30*pi/180, y=2"'),
    (["2xy", "--at", "x=1"], None),  # y has no value: one mend is not the whole
]


@pytest.mark.parametrize(("arguments", "command"), COMMANDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_whole_command_can_be_pasted(
    arguments: list[str], command: str | None, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--lang", language]) == 2
    *_, last = capsys.readouterr().err.splitlines()
    if command is None:
        assert "diff-compare" not in last
        return
    shown = last.strip()
    assert shown.replace(f" --lang {language}", "") == command
    assert main([*shlex.split(shown)[1:], "-m", "forward"][: None if "taylor" not in command else -2]) == 0


@pytest.mark.parametrize("text", ["98.1 km", "3m", "20 °C", "9.81 m/s^2", "5 kg"])
def test_units_of_a_point_are_named(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x^2", "--at", f"x={text}"]) == 2
    assert capsys.readouterr().err.startswith("error: units are not read\n")


@pytest.mark.parametrize("value", ["3 km", "9.81 m/s^2", "30 deg"])
def test_units_in_a_cell_are_named(value: str) -> None:
    with pytest.raises(DiffError) as caught:
        number_at("x", value)
    assert (caught.value.message, caught.value.source) == ("units are not read", value)


@pytest.mark.parametrize("text", ["2pi", "2 e", "3sqrt(2)"])
def test_constants_behind_a_number_are_not_units(text: str) -> None:
    assert main(["x^2", "--at", f"x={text}", "-m", "forward"]) == 0


def test_without_a_point_the_way_without_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x^2"]) == 2
    assert capsys.readouterr().err.endswith('  add --at "x=…"\n  steps needs no point: diff-compare steps "x^2"\n')
    assert main(["x^2*y", "--at", "x=1"]) == 2
    assert "steps" not in capsys.readouterr().err


# --- both languages
@pytest.mark.parametrize(
    "text", [text for rows in NOTATIONS.values() for text, _ in rows] + [text for text, _ in SEVERAL] + TWO_READINGS
)
def test_every_hint_is_chinese_where_chinese_is_spoken(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    if main([text, "--lang", "zh"]) != 2:
        return
    error, *below = capsys.readouterr().err.splitlines()
    assert error.startswith("错误：")
    words = set(re.findall(r"[A-Za-z]{4,}", re.sub(r"diff-compare .*", "", " ".join([error, *below]))))
    typed = set(re.findall(r"[A-Za-z]{4,}", " ".join([text, *error_of(text).mended, error_of(text).hint or ""])))
    assert words - typed <= {"Wolfram", "Python"}
    assert not re.search(r"\b(write|the|is|are|not|of)\b", " ".join([error, *below]).replace(text, ""))


# --- remarks beside results
ROOTS = [
    ("x^(1/3)", "-8", "cbrt(-8) = -2"),
    ("x^0.3333", "-8", "cbrt(-8) = -2"),
    ("x^(2/3)", "-8", "cbrt(-8)^2 = 4"),
    ("x^(-1/3)", "-8", "cbrt(-8)^(-1) = -0.5"),
    ("2*(x - 1)^(1/3)", "-26", "cbrt(-27) = -3"),
    ("x^(1/5)", "-32", "sign(-32)*abs(-32)^(1/5) = -2"),
    ("x^(4/5)", "-32", "abs(-32)^(4/5) = 16"),
    ("x^0.5", "-4", None),
    ("x^1.7", "-4", None),
    ("x^(1/4)", "-4", None),
    ("log(x)", "-4", None),
]


@pytest.mark.parametrize(("text", "at", "root"), ROOTS)
def test_the_real_root_of_a_negative_base_is_named(
    text: str, at: str, root: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    main([text, "--at", f"x={at}", "-m", "forward"])
    shown = capsys.readouterr().out
    assert "f has no value here" in shown
    assert (f"The real root is {root}." in shown) if root else "real root" not in shown


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("clip(x, 0, 1)", "clip has a kink here"),
        ("acos(clip(x + 1, -1, 1))", "clip has a kink here"),
        ("leaky_relu(x)", "leaky_relu has a kink here"),
        ("norm([x, x])", "norm has a kink here"),
        ("relu(x)", "relu has a kink at 0"),
        ("max(x, 0)", "max has a tie here"),
        ("clip(x, 0, 1) + max(x, 0)", "max has a tie here"),  # either may be what is met
        ("where(x > 0, x, 2*x)", "a condition switches here"),
        ("[clip(x, 0, 1), leaky_relu(x)]", "clip has a kink here; leaky_relu has a kink here"),
    ],
)
def test_a_kink_is_named_by_the_function_that_was_written(text: str, reason: str) -> None:
    assert compare(text, {"x": 0.0}, methods=["forward"]).truth.reason == reason


@pytest.mark.parametrize("text", ["A^-1", "A**2", "A@A", "sinc(A)", "v^2", "A*A", "M^2"])
def test_a_power_of_a_square_matrix_is_remarked(text: str) -> None:
    notes = elaborate(text, {"A": (2, 2), "v": (2,), "M": (2, 3)}).notes
    remark = f"{text} is taken entry by entry here; the matrix product is A @ B"
    assert notes == ((remark,) if text in ("A^-1", "A**2") else ())


@pytest.mark.parametrize(("text", "at"), [("where(x > 12, x, 0)", 12.0), ("x if x >= 0 else x - 1", 0.0)])
def test_a_jump_is_said_to_be_one(text: str, at: float, capsys: pytest.CaptureFixture[str]) -> None:
    main([text, "--at", f"x={at}", "-m", "forward"])
    shown = capsys.readouterr().out
    assert "the function jumps here, from" in shown
    assert "chooses a number between" not in shown


# --- Python functions
HELPER = """\
import math
def g(x):
    y = x + 1
    return math.tanh(y)
def h(x):
    return x.nothing
"""
CALLER = """\
import helper_of_hints
def f(x):
    return 2*helper_of_hints.g(x)
def k(x):
    return helper_of_hints.h(x)
"""


@pytest.mark.parametrize(
    ("function", "line", "hint"),
    [
        ("f", "helper_of_hints.py:4: 'math.tanh(y)' needs a plain float", "write np.tanh: "),
        ("k", "helper_of_hints.py:6: AttributeError: ", "x.nothing"),
    ],
)
def test_a_fault_in_an_imported_module_is_shown_there(
    function: str,
    line: str,
    hint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "helper_of_hints.py").write_text(HELPER)
    (tmp_path / "caller.py").write_text(CALLER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert main([f"caller.py:{function}", "--at", "x=1"]) == 2
    shown = capsys.readouterr().err
    assert f"error: {line}" in shown
    assert hint in shown


def test_functions_of_scipy_are_called_by_their_names() -> None:
    special = pytest.importorskip("scipy.special")
    with pytest.raises(DiffError) as caught:
        compare(lambda x: 2 * special.erfcinv(x), {"x": 0.5})
    assert caught.value.hint == "scipy.special.erfcinv is not traced: write it by other functions"
    with pytest.raises(DiffError) as caught:
        compare(lambda x: 2 * np.spacing(x), {"x": 0.5})
    assert caught.value.hint == "np.spacing is not traced: write it by other functions"


def test_duals_of_duals_are_numbers() -> None:
    assert repr(Dual(Dual(2, 1), 1)) == "Dual(Dual(2.0, 1.0), 1.0)"


# --- batches
ROWS = """\
expr,x,claim
x^2,1,x: 2*x + C
x^2,1,2x
x^2,3 km,x: 2
x^2,1,x: foo(x)
x^2,1,x: Sin[x]
x^2,1,y: 2
sin(,1,x: 1
det(x),1,x: 1
v[1:],1,x: 1
"""


def test_rows_that_cannot_be_read_are_in_one_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong with a part of a row is within another sentence."""
    file = tmp_path / "rows.csv"
    file.write_text(ROWS)
    assert main(["batch", str(file), "--lang", "zh"]) == 1
    told = capsys.readouterr()
    lines = [line for line in (told.out + told.err).splitlines() if "错误" in line]
    assert len(lines) == 16
    for line in lines:
        assert not re.search(r"\b(the|is|are|not|this|there|no|unknown|has)\b", line), line

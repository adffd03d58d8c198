"""Every option has its effect or is refused: nothing is parsed and ignored, and a refusal says what to try."""

import csv
import json
from collections.abc import Callable
from concurrent.futures import Future
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import pytest

from diffcli.batch.worker import compare_rows
from diffcli.cli.application import COMMANDS, command, flat
from diffcli.cli.main import main
from diffcli.comparison.result import Settings
from diffcli.runtime.errors import DiffError

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        told = capsys.readouterr()
        return code, told.out, told.err

    return ran


SQUARE = ("x^2", "--at", "x=3")
MANY = ("x^2", "--at", "x=0:1:5")
DESCENT = ("descend", "x^2", "--from", "x=1")
MODEL = ("descend", "--data", "samples/data/points.csv", "--model", "w*x + b", "--from", "w=0, b=0")


# --- refused, with what to try
REFUSED = [
    # words
    ((*SQUARE, "--tolerence", "3"), "there is no option --tolerence", "did you mean '--tolerance'?"),
    ((*SQUARE, "-z"), "there is no option -z", "try diff-compare --help"),
    ((*SQUARE, "-mforward"), "there is no option -mforward", "write -m forward"),
    ((*SQUARE, "--wrt"), "--wrt needs a value", "try diff-compare --help"),
    ((*SQUARE, "--tape=3"), "--tape takes no value", "leave out =3"),
    ((*SQUARE, "--wrt", "x", "-w", "x"), "-w is given twice", "write all behind one -w, with commas between"),
    ((*SQUARE, "-m", "forward", "-m", "reverse"), "-m is given twice", "write all behind one -m, with commas between"),
    (("--version", "--at", "x=1"), "'--at' is one word too many", "--version stands alone"),
    (("x", "+", "1"), "'+' is one word too many", 'an expression with blanks stands in quotes: "x + 1"'),
    (("swep", "x"), "'x' is one word too many", "did you mean the command 'sweep'?"),
    ((*SQUARE, "--order", "1.5"), "--order '1.5': a whole number is needed", "write --order 2"),
    ((*SQUARE, "--timeout", "soon"), "--timeout 'soon': a number is needed", "write --timeout 0.5"),
    (("batch",), "FILE is missing", "try diff-compare batch --help"),
    (("profile", "x"), "--over is missing", "write --over x=LO:HI"),
    # values
    ((*SQUARE, "--wrt", ","), "--wrt names no variable", "write --wrt x,y, or leave it out for all"),
    ((*SQUARE, "--timeout", "inf"), "--timeout inf: a time limit is above 0 and at most 1,000,000 s",
     "write the seconds a method may take: --timeout 10"),
    ((*SQUARE, "--tolerance", "nan"), "--tolerance nan: a tolerance is 0 or more",
     "write the ulps up to which a result is ok: --tolerance 1024"),
    ((*SQUARE, "--order", "0"), "--order 0: an order is 1 or more",
     "write --order 2 for the Hessian, --order N for the N-th derivative"),
    ((*SQUARE, "--jvp", ""), "--jvp has no numbers", "write them as --jvp 3,2,1"),
    (("3", "--jvp", "1"), "the expression has no variables", "leave out --jvp: every derivative of it is 0"),
    ((*SQUARE, "--dtype", "float16"), "unknown numbers 'float16'", "did you mean 'float64'?"),
    ((*SQUARE, "--claim", ""), "a claim names its variable", 'write "x: 2*x*y"'),
    (("x^2", "--at", "x="), "an operand is missing at the end", 'write a point as "x=1.5, y=pi/4"'),
    (("x^2", "--at", "x=3,x=4"), "'x' is given twice", "give each variable one value"),
    (("sum(v)", "--at", "v=[1,2]", "--order", "3"), "--order 3 is for one variable, not 2",
     "a vector counts with all its entries: write the expression in numbers, as in [a, b]"),
    # what no method would read
    ((*SQUARE, "--step", "0.1"), "--step is for difference methods, and none is compared",
     "name one of them: -m central-difference"),
    ((*SQUARE, "-m", "symbolic", "--rules", "stable"), "--rules stable: no method here reads the rules",
     "name one that does: -m forward"),
    ((*SQUARE, "-m", "jax", "--tape"), "--tape: what other libraries remember is not seen",
     "compare another beside it: -m reverse"),
    ((*MANY, "--step", "0.1"), "--step is for difference methods, and none is compared",
     "name one of them: -m central-difference"),
    ((*MANY, "--seed", "3", "--sample", "0"), "--seed draws a sample, and --sample 0 has none",
     "leave out one of them"),
    # files
    ((*SQUARE, "-o", "/nowhere/a"), "'/nowhere/a' cannot be written: No such file or directory",
     "name a file in a directory that you may write to"),
    ((*MANY, "--export", "/nowhere/a.json"), "'/nowhere/a.json' cannot be written: No such file or directory",
     "name a file in a directory that you may write to"),
    ((*SQUARE, "--export", "a.json", "--export", "a.json"), "'a.json' would be written twice",
     "give --output and each --export a file of its own"),
    (("x^2", "--points", "/nowhere.csv"), "'/nowhere.csv' cannot be read: No such file or directory",
     "name a file that is there, and that you may read"),
    (("sweep", *SQUARE, "--plot", "/nowhere/a.png"), "'/nowhere/a.png' cannot be written: No such file or directory",
     "name a file in a directory that you may write to"),
    # a batch is refused as a whole where no row could be right
    (("batch", "samples/homework.csv", "--order", "0"), "--order 0: an order is 1 or more",
     "write --order 2 for the Hessian, --order N for the N-th derivative"),
    (("batch", "samples/homework.csv", "--unit"), "--unit scales the direction of --jvp", "write --jvp 3,4 --unit"),
    (("batch", "samples/homework.csv", "--claim", " "), "a claim names its variable", 'write "x: 2*x*y"'),
    (("batch", "samples/homework.csv", "--claim", "x: 1/2x"), "this is read in two ways",
     "write 1/2*x, or 1/(2*x)"),
    (("batch", "samples/homework.csv", "--tape"), "--tape is not shown by a batch as table",
     "add --format jsonl or csv, or --export FILE.csv"),
    (("batch", "samples/homework.csv", "--jobs", "-1"), "--jobs -1: from 1 to 1024 worker processes",
     "leave it out for one per core"),
    (("batch", "samples/homework.csv", "--jobs", "100000"), "--jobs 100000: from 1 to 1024 worker processes",
     "leave it out for one per core"),
    (("batch", "samples/homework.csv", "--memory", "99999999999999999999"),
     "--memory 99999999999999999999: from 64 to 1,073,741,824 MiB",
     "write the MiB that a worker may use: --memory 2048"),
    (("batch", "samples/homework.csv", "--cluster", "tcp://nowhere:1", "--jobs", "2"),
     "--jobs is for workers here, --cluster computes elsewhere",
     "leave it out: the cluster has as many workers as were started there"),
    (("batch", "samples/homework.csv", "--resume", "-f", "jsonl", "-o", "-"),
     "--resume goes with --format jsonl and --output FILE", "add --format jsonl --output results.jsonl"),
    (("batch", "samples/homework.csv", "--resume", "-f", "jsonl", "-o", "samples"),
     "'samples' cannot be written: Is a directory", "name a file in a directory that you may write to"),
    # studies
    (("sweep", *SQUARE, "-m", ","), "--methods names nothing", "write -m central-difference, or leave it out for all"),
    (("profile", "x", "--over", "x=0:1", "--points", "99999999999"),
     "--points 99999999999: a profile has 2 to 1,000,000 points", "write --points 200"),
    (("profile", "x", "--over", "x=0:1:3"), "'x=0:1:3' is no range", "write --over x=-10:10"),
    (("x", "--at", "x=::"), "this is not a range", "write first:last:count, like x=0:1:1e6"),
    (("profile", "x*y", "--over", "x=0:1"), "the variable y has no value",
     "what moves stands in --over, the others in --at"),
    (("newton", "x^2", "--from", "y=1"), "the variable x has no value",
     "the one that moves stands in --from, the others in --at"),
    (("taylor", *SQUARE, "--timeout", "nan"), "--timeout nan: a time limit is above 0 and at most 1,000,000 s",
     "write the seconds a method may take: --timeout 10"),
    (("swell", "--timeout", "0"), "--timeout 0: a time limit is above 0 and at most 1,000,000 s",
     "write the seconds a method may take: --timeout 10"),
    (("swell", "--family", "nested", "--expr", "l^2"), "--expr is a family of its own",
     "leave out --family, or --expr"),
    (("swell", "--at", "x=0.5"), "--at gives --expr its values, and there is none",
     "leave out --at: the sizes of these families are the same at every point"),
    ((*DESCENT, "--way", ""), "--way names nothing", "write --way batch, or several: batch,stochastic"),
    ((*DESCENT, "--momentum", "0.5"), "--momentum goes with --way momentum", "leave it out, or add --way momentum"),
    ((*DESCENT, "--loss", "mean(yhat)"), "--loss goes with --data", "leave it out, or add --data"),
    ((*DESCENT, "--until", "nan"), "--until nan: a length is 0 or more",
     "write the length of a gradient: --until 1e-9; 0 never stops"),
    ((*MODEL, "--batch-size", "4"), "--batch-size goes with --way mini-batch",
     "leave it out, or add --way mini-batch"),
    ((*MODEL, "--seed", "4"), "--seed goes with --way stochastic, or mini-batch",
     "leave it out, or add --way stochastic, or mini-batch"),
    ((*MODEL, "--steps", "4", "--epochs", "4"), "--steps and --epochs both say how long", "leave out one of them"),
    (("descend", "x*y", "--from", "x=1"), "the variable y has no value",
     "a parameter stands in --from, what is held in --at"),
    (("graph", *SQUARE, "--wrt", "x"), "--wrt says along what tangents are, and values are shown",
     "add --show tangents, or leave out --wrt"),
    (("graph", *SQUARE, "-o", "graph.pdf"), "'graph.pdf' names no format",
     "a graph ends in .svg, .dot, .gv, .mmd, .mermaid, .json, .txt; or write --format"),
    (("steps", "x*y", "--wrt", ""), "--wrt names no variable", "write --wrt x,y, or leave it out for all"),
    (("lesson", "--list", "A1"), "--list runs no lesson", "leave out what stands beside it"),
    (("lesson", "--step"), "--step waits in a lesson, and none is named", "write diff-compare lesson A1 --step"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message", "hint"), REFUSED, ids=[" ".join(arguments) for arguments, *_ in REFUSED]
)
def test_what_would_be_ignored_is_refused(run: Run, arguments: tuple[str, ...], message: str, hint: str) -> None:
    code, out, err = run(*arguments)
    first, *_, last = err.splitlines()
    assert (code, out) == (2, "")
    assert first == f"error: {message}"
    assert last.strip() == hint


def test_a_value_stands_behind_a_short_option_as_behind_a_long_one(run: Run, tmp_path: Path) -> None:
    code, out, _ = run(*SQUARE, "-m", "forward", f"-o={tmp_path / 'found.txt'}")
    assert (code, out) == (0, "")
    assert "df/dx" in (tmp_path / "found.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("x^2", "--at", "x=3, z=1", "-m", "forward"),
        ("x^2", "--at", "x=0:1:5, z=1", "-m", "forward"),
        ("sweep", "x^2", "--at", "x=3, z=1", "--steps", "20"),
        ("profile", "x^2", "--over", "x=0:1", "--at", "z=1", "--points", "4", "-m", "forward"),
        ("hunt", "x^2", "--over", "x=0:1", "--at", "z=1", "--evaluations", "10", "-m", "forward"),
        ("taylor", "x^2", "--at", "x=3, z=1"),
        ("newton", "x^2 - 2", "--from", "x=1", "--at", "z=1", "-m", "forward"),
        ("descend", "x^2", "--from", "x=1", "--at", "z=1", "-m", "forward"),
        ("trace", "x^2", "--at", "x=3, z=1"),
        ("steps", "x^2", "--at", "x=3, z=1"),
        ("graph", "x^2", "--at", "x=3, z=1"),
        ("report", "x^2", "--at", "x=3, z=1", "-m", "forward"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_value_that_nothing_reads_is_noted(run: Run, arguments: tuple[str, ...]) -> None:
    code, _, err = run(*arguments)
    assert code == 0
    assert err == "note: the expression has no variable z\n"


@pytest.mark.parametrize(
    "arguments", [("sweep", *SQUARE, "--steps", "20"), ("graph", *SQUARE), ("swell", "--up-to", "2"), ("methods",)]
)
def test_a_minus_is_standard_output_everywhere(
    run: Run, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(*arguments, "-o", "-")
    assert code == 0
    assert out
    assert not list(tmp_path.iterdir())


# --- the effect is seen in every format
COMPUTED = (
    "sin(x)*sin(x)",
    "--at",
    "x=1",
    "-m",
    "forward,reverse",
    "--dtype",
    "float32",
    "--rules",
    "stable",
    "--tape",
)


@pytest.mark.parametrize("format", ["table", "markdown", "latex", "html", "csv", "json"])
def test_every_format_says_how_it_was_computed(run: Run, format: str) -> None:
    _, out, _ = run(*COMPUTED, "-f", format)
    for told in ("float32", "stable", "tape", "peak"):
        assert told in out


@pytest.mark.parametrize("format", ["table", "markdown", "latex"])
def test_formats_for_reading_have_steps_claims_and_units(run: Run, format: str) -> None:
    _, out, _ = run(*SQUARE, "-m", "central-difference", "--step", "0.25", "-f", format)
    assert "h = 0.25" in out
    _, out, _ = run(*SQUARE, "-m", "reverse", "--claim", "x: x + 3", "-f", format)
    assert "x: x + 3" in out
    assert "the truth is" in out
    _, out, _ = run("x*y", "--at", "x=1, y=2", "-m", "forward", "--jvp", "3,4", "--unit", "-f", format)
    assert "scaled to length 1" in out


def test_csv_and_json_have_what_was_asked(run: Run) -> None:
    _, out, _ = run(*COMPUTED, "-f", "csv")
    forward, reverse = csv.DictReader(StringIO(out))
    assert (forward["dtype"], forward["rules"], forward["tape"]) == ("float32", "stable", "")
    assert int(reverse["tape"]) > 0
    assert int(reverse["peak"]) > 0
    _, out, _ = run("x*y", "--at", "x=1, y=2", "-m", "forward", "--jvp", "3,4", "--unit", "-f", "json")
    assert json.loads(out)["unit"] is True


def test_share_holds_for_a_claim_as_well(run: Run) -> None:
    def cost(*options: str) -> Any:
        _, out, _ = run("sin(x)^2", "--at", "x=1", "-m", "forward", "--claim", "x: sin(2*x)*sin(2*x)/sin(2*x)",
                        "-f", "json", *options)  # fmt: skip
        return json.loads(out)["methods"][-1]["cost"]["func"]

    assert (cost(), cost("--share")) == (3, 1)


def test_many_points_say_what_was_asked(run: Run) -> None:
    _, out, _ = run("tanh(x)", "--at", "x=1:2:5", "-m", "taylor", "--order", "3", "--rules", "stable")
    assert "asked for: derivative of order 3\n" in out
    assert "note: by the stable rules\n" in out
    _, out, _ = run("x*y", "--at", "x=1:2:5, y=1", "-m", "forward", "--jvp", "3,4", "--unit")
    assert "asked for: jvp, with the vector [3, 4], scaled to length 1\n" in out
    found = json.loads(run("x*y", "--at", "x=1:2:5, y=1", "-m", "forward", "--jvp", "3,4", "--unit", "-f", "json")[1])
    assert (found["unit"], found["order"], found["rules"], found["step"]) == (True, 1, "textbook", None)


def test_a_sweep_of_few_steps_says_why_no_order_is_measured(run: Run) -> None:
    _, out, _ = run("sweep", "exp(x)", "--at", "x=1", "--steps", "3", "-m", "forward-difference")
    assert "No order is measured of forward-difference: a line needs 4 steps" in out
    _, out, _ = run("sweep", "exp(x)", "--at", "x=1", "-m", "forward-difference")
    assert "No order" not in out


# --- batches
@pytest.mark.parametrize(
    ("row", "message", "hint"),
    [
        ("x^2 @ x=3", "'@' begins no point", "write the point behind a bar: x^2 | x=3"),
        ("[[1, x]] @ v @ x=3, v=[1, 2]", "'@' begins no point",
         "write the point behind a bar: [[1, x]] @ v | x=3, v=[1, 2]"),
        ("x^2 at x=3", "'at' begins no point", "write the point behind a bar: x^2 | x=3"),
        ("x*y | x=3 | y=4", "a row has one bar", "write commas between values: x*y | x=3, y=4"),
    ],
)  # fmt: skip
def test_a_row_without_its_bar_says_where_it_belongs(
    run: Run, tmp_path: Path, row: str, message: str, hint: str
) -> None:
    cases = tmp_path / "cases.txt"
    cases.write_text(f"x + 1 | x=1\n{row}\n", encoding="utf-8")
    code, out, _ = run("batch", str(cases), "-m", "forward", "--jobs", "1")
    assert code == 1
    assert f"  line 2  error: {message}\n    {hint}\n" in out


def test_a_matrix_product_is_a_row(run: Run, tmp_path: Path) -> None:
    cases = tmp_path / "cases.txt"
    cases.write_text("A = [[1, x], [x, 1]]; v = [x, 2]; (A @ v)[0] == x\nA @ v | A=[[1, 2]], v=[1, 2]\n", "utf-8")
    _, out, _ = run("batch", str(cases), "-m", "forward", "--jobs", "1")
    assert "begins no point" not in out


def test_the_input_is_not_written_over(run: Run, tmp_path: Path) -> None:
    cases = tmp_path / "cases.txt"
    cases.write_text("x^2 | x=3\n", encoding="utf-8")
    for option in ("-o", "--export"):
        code, _, err = run("batch", str(cases), option, str(cases))
        assert code == 2
        assert "is read, and cannot be the output" in err
    assert cases.read_text(encoding="utf-8") == "x^2 | x=3\n"


@pytest.mark.parametrize("options", [("-m", "reverse"), ("--order", "2"), ("--jvp", "1"), ("--dtype", "float32")])
def test_a_run_does_not_go_on_with_rows_of_other_options(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    cases, found = tmp_path / "cases.txt", tmp_path / "found.jsonl"
    cases.write_text("x^2 | x=3\nx^3 | x=3\n", encoding="utf-8")
    begun = ("batch", str(cases), "-f", "jsonl", "-o", str(found), "--jobs", "1")
    assert run(*begun, "-m", "forward")[0] == 0
    whole = found.read_text(encoding="utf-8")
    found.write_text(whole.splitlines(keepends=True)[0], encoding="utf-8")
    code, _, err = run(*begun, "--resume", *(options if "-m" in options else ("-m", "forward", *options)))
    assert code == 2
    assert f"line 1 of '{found}' was made with other options" in err
    assert run(*begun, "--resume", "-m", "forward")[0] == 0
    assert len(found.read_text(encoding="utf-8").splitlines()) == 2


# --- numbers of any size
NUMERIC = {
    SQUARE: ("--order", "--timeout", "--tolerance", "--step"),
    MANY: ("--sample", "--seed"),
    ("batch", "FEW", "-m", "forward,central-difference"): (
        "--jobs", "--memory", "--order", "--timeout", "--tolerance", "--step",
    ),
    ("sweep", *SQUARE): ("--steps", "--largest", "--smallest", "--timeout"),
    ("profile", "x^2", "--over", "x=0:1", "-m", "forward"): ("--points", "--timeout"),
    ("hunt", "x^2", "--over", "x=0:1", "-m", "forward"): ("--evaluations", "--seed", "--timeout"),
    ("taylor", *SQUARE): ("--order", "--timeout"),
    ("newton", "x^2-2", "--from", "x=1", "-m", "forward"): ("--steps", "--timeout"),
    DESCENT: ("--rate", "--steps", "--until", "--timeout"),
    (*MODEL, "--way", "mini-batch,momentum", "-m", "forward", "--timeout", "0.2"): (
        "--epochs", "--batch-size", "--momentum", "--seed",
    ),
    ("swell",): ("--up-to",),
    ("swell", "--up-to=1"): ("--timeout",),
    ("trace", *SQUARE): ("--timeout",),
    ("steps", *SQUARE): ("--timeout",),
    ("graph", *SQUARE): ("--timeout",),
    ("report", *SQUARE, "-m", "forward"): ("--timeout", "--tolerance"),
    ("rules", "sin"): ("--points", "--timeout"),
}  # fmt: skip
"""By commands that do little: the numbers that they take, each in company that lets it have an effect."""

SIMPLE = {words[0]: words for words in NUMERIC if words[0] in COMMANDS} | {
    "expr": ("expr", *SQUARE), "methods": ("methods",), "lesson": ("lesson",),
}  # fmt: skip
SIZES = ("-1", "0", "1000", str(2**31), str(2**63), str(10**30), "nan", "inf", "", "x")
TEXTS = ("", "-1", "9" * 400, ",")
TAKEN = ("--timeout", "--tolerance", "--seed", "--rate", "--until", "--step", "--sample", "--steps", "--batch-size")
"""Numbers that may be as large: of these, what is refused and what is done is held by other tests."""


def valued(counts: bool) -> set[tuple[str, str]]:
    """Every command with every option of it that takes a value: numbers, or all else."""
    found = set()
    for name, declared in COMMANDS.items():
        kinds = {one.name: get_args(one.annotation)[0] for one in flat(declared.call).parameters}
        for option in command(name).params:
            kind = kinds[option.name or ""]
            parts = {kind, *get_args(kind)}
            if option.param_type_name == "option" and bool not in parts and bool({int, float} & parts) == counts:
                found.add((name, option.opts[0]))
    return found


def test_every_number_that_any_command_takes_is_here() -> None:
    here = {
        (words[0] if words[0] in COMMANDS else "expr", one) for words, options in NUMERIC.items() for one in options
    }
    assert here == valued(counts=True)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to write into, with rows that are computed in this process: workers would take a second each time."""

    class Done(Future[list[Any]]):
        def when_done(self, call: Callable[[], None]) -> None:
            self.add_done_callback(lambda _: call())

    class InThisProcess:
        def __init__(self, settings: Settings, wrt: Any, batch: Any, finish: Any) -> None:
            self.asked, self.size = (settings, wrt, finish), 1
            if batch.cluster is not None:
                raise DiffError("no cluster", hint="none here")

        def submit(self, rows: Any) -> Done:
            done = Done()
            done.set_result(compare_rows(rows, *self.asked))
            return done

        def stop(self) -> None:
            pass

    monkeypatch.setattr("diffcli.cli.batch._pool", InThisProcess)
    (tmp_path / "few.txt").write_text("x^2 | x=3\nx^3 | x=3\n", encoding="utf-8")
    samples = Path("samples").resolve()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samples").symlink_to(samples)
    return tmp_path / "few.txt"


def refused_or_done(run: Run, words: tuple[str, ...], given: str) -> int:
    """A command's exit code; a refusal has its three parts."""
    code, out, err = run(*("few.txt" if word == "FEW" else word for word in words), given)
    assert code in (0, 1, 2)
    if code == 2:
        assert err.startswith("error: ")
        assert "a fault of diff-compare" not in err
        assert len(err.strip().splitlines()) >= 2, err  # and what to write instead
        assert not out
    return code


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("arguments", "option"), [(words, one) for words, all_ in NUMERIC.items() for one in all_])
@pytest.mark.usefixtures("here")
def test_a_number_of_any_size_is_refused_or_taken_and_never_a_traceback(
    run: Run, arguments: tuple[str, ...], option: str, size: str
) -> None:
    code = refused_or_done(run, arguments, f"{option}={size}")
    assert code == 2 or size in ("0", "1000") or option in TAKEN or option in ("--largest", "--smallest")


@pytest.mark.parametrize(("name", "option"), sorted(valued(counts=False)))
@pytest.mark.usefixtures("here")
def test_a_text_of_any_kind_is_refused_or_taken_and_never_a_traceback(run: Run, name: str, option: str) -> None:
    for text in TEXTS:
        refused_or_done(run, SIMPLE[name], f"{option}={text}")


def test_an_endless_rate_is_drawn_as_far_as_it_goes(run: Run) -> None:
    code, out, _ = run(*DESCENT, "--rate", "1e18")
    assert code in (0, 1)
    assert out


# --- the last resort
def test_ctrl_c_that_a_library_made_an_error_of_is_an_interruption(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def swallowing(*_: object) -> int:
        try:
            raise KeyboardInterrupt
        except BaseException:  # noqa: BLE001
            raise ValueError("Date Form should be: %d/%m/%Y")  # noqa: B904 - as plotext does

    monkeypatch.setattr("diffcli.cli.expression.run_expression", swallowing)
    assert run(*SQUARE) == (130, "", "interrupted\n")


def test_a_fault_of_ours_is_said_in_three_parts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        return [1][len("a fault")]

    monkeypatch.setattr("diffcli.cli.expression.run_expression", broken)
    code, out, err = run("x^2 + y", "--at", "x=3")
    message, place, caret, hint = err.splitlines()
    assert (code, out) == (2, "")
    assert message == "error: a fault of diff-compare: IndexError: list index out of range"
    assert place == "  diff-compare 'x^2 + y' --at x=3"
    assert set(caret) == {" ", "^"}
    assert hint.startswith("  please report the command")
    monkeypatch.setenv("DIFF_COMPARE_DEBUG", "1")
    code, _, err = run("x^2 + y", "--at", "x=3")
    assert (code, "Traceback" in err, "in broken" in err) == (2, True, True)


@pytest.mark.parametrize(("end", "code"), [(KeyboardInterrupt(), 130), (SystemExit(7), None)])
def test_the_last_resort_hides_no_end(
    run: Run, end: BaseException, code: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object) -> int:
        raise end

    monkeypatch.setattr("diffcli.cli.expression.run_expression", ended)
    if code is None:
        with pytest.raises(SystemExit):
            run("x")
    else:
        assert run("x") == (code, "", "interrupted\n")

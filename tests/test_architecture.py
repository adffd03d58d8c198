"""The house holds: imports go one way, heavy libraries stay behind their fences, rules have one reader."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "diffcli"

# From the ground up: a room imports only rooms that stand before it, or in the same line.
ROOMS = [
    ["messages"],
    ["errors"],
    ["limits", "kinds", "chinese", "streams"],
    ["language", "wrapping"],
    ["primitives"],
    ["program"],
    ["passes", "evaluate", "sparsity"],
    ["contraction"],
    ["syntax"],
    ["linearize"],
    ["forward", "reverse", "taylor"],
    ["algebras"],
    ["definitions", "derivation"],
    ["hand"],
    ["functions"],
    ["generation", "tracing"],
    ["accuracy", "rounding"],
    ["nearby", "sides"],
    ["iterated"],
    ["truth"],
    ["proofs"],
    ["methods", "peers"],
    ["asking"],
    ["case", "switches"],
    ["claims"],
    ["comparison"],
    ["batch"],
    ["studies", "points"],
    ["reports"],
    ["library"],
    ["diffcli"],
    ["lessons"],
    ["cli"],
    ["__main__"],
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}

FENCES = {
    "sympy": {"algebras.symbols", "algebras.pieces"},
    "flint": {
        "algebras.series",
        "algebras.forms",
        "algebras.identities",
        "algebras.reals",
        "algebras.germs",
        "algebras.families",
        "nearby",
        "truth",
        "proofs",
        "accuracy",
    },
    "mpmath": {"algebras.float64"},
    "typer": {"cli.app", "cli.studies"},
    "rich": {"library", "reports.screen", "reports.table", "reports.studies", "cli.studies"},
    "plotext": {"reports.studies"},
    "matplotlib": {"reports.pictures"},
    "pebble": {"batch.pool"},
    "msgspec": {"reports.json"},
    "distributed": {"batch.cluster"},
    "numpy": {"algebras.arrays", "generation.blocks", "generation.tangents", "points", "tracing"},
    "jax": {"peers.jax"},
    "torch": {"peers.torch"},
    "autograd": {"peers.autograd"},
    "casadi": {"peers.casadi"},
    "heyoka": {"points.compiled"},
}

# The truth shares no derivative rule with what it judges.
FORBIDDEN = {
    "proofs": {"linearize", "forward", "reverse", "taylor", "methods", "derivation"},
    "truth": {"linearize", "forward", "reverse", "taylor", "methods"},
    "nearby": {"linearize", "forward", "reverse", "taylor", "methods", "derivation"},
    "sides": {"linearize", "forward", "reverse", "taylor", "methods", "derivation"},
    "iterated": {"linearize", "forward", "reverse", "taylor", "methods", "derivation"},
    "accuracy": {"linearize", "forward", "reverse", "taylor", "methods", "derivation"},
    "rounding": {"methods", "derivation", "truth"},
    "algebras": {"linearize", "forward", "reverse", "taylor", "methods"},
    "contraction": {"linearize", "forward", "reverse", "taylor", "methods", "derivation"},
    "generation": {"linearize", "forward", "reverse", "taylor", "methods", "derivation", "syntax"},
    "sparsity": {"linearize", "forward", "reverse", "taylor", "methods", "derivation"},
}

# What the truth may know of derivations: what is asked, and nothing of how it is answered.
ASKED = {"GRADIENT", "Kind", "Wanted"}

# Methods of second order are put together from those of first order, and from nothing else.
COMPOSED = {
    "methods.forward_over_forward": {"methods.forward"},
    "methods.forward_over_reverse": {"methods.forward", "methods.reverse"},
    "methods.reverse_over_forward": {"methods.forward", "methods.reverse"},
}

FILES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "diffcli"


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.append(node.module or "")
    return found


def imported(path: Path, module: str) -> set[str]:
    """The names that a file takes from a module."""
    nodes = ast.walk(ast.parse(path.read_text()))
    taken = [node.names for node in nodes if isinstance(node, ast.ImportFrom) and node.module == module]
    return {alias.name for names in taken for alias in names}


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_go_one_way(path: Path) -> None:
    own = module_name(path).partition(".")[0]
    for name in imports(path):
        if name.startswith("diffcli."):
            other = name.split(".")[1]
            assert other == own or LEVEL[other] < LEVEL[own], f"{own} imports {other}"
            assert other not in FORBIDDEN.get(own, set()), f"{own} must not know {other}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_libraries_stay_behind_their_fences(path: Path) -> None:
    own = module_name(path)
    for name in imports(path):
        library = name.partition(".")[0]
        if library in FENCES:
            assert {own, own.partition(".")[0]} & FENCES[library], f"{own} imports {library}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_methods_and_number_systems_do_not_know_their_siblings(path: Path) -> None:
    own = module_name(path)
    if own.startswith("methods."):
        siblings = {name for name in imports(path) if name.startswith("diffcli.methods")}
        if siblings == {"diffcli.methods"}:
            siblings = {f"diffcli.methods.{name}" for name in imported(path, "diffcli.methods")}
        assert {name.removeprefix("diffcli.") for name in siblings} == COMPOSED.get(own, set())
    if own in ("algebras.float64", "algebras.symbols"):
        assert not [name for name in imports(path) if name.startswith("diffcli.algebras")]


def test_the_truth_knows_what_is_asked_and_not_how_it_is_answered() -> None:
    assert imported(PACKAGE / "truth.py", "diffcli.derivation") <= ASKED


def test_every_room_stands_in_the_plan() -> None:
    """The table of rooms in ARCHITECTURE.md names every room."""
    plan = (PACKAGE.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = [line.split("|")[1] for line in plan.splitlines() if line.startswith("| `")]
    named = {word.strip("`/") for cell in table for word in cell.split() for word in word.split(",") if word}
    rooms = {module_name(path).partition(".")[0] for path in FILES} - {"diffcli", "__main__"}
    assert named == rooms


def test_rule_texts_have_one_reader() -> None:
    readers = {
        module_name(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "rule"
    }
    assert readers == {"linearize"}


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def loaded_by(*arguments: str) -> set[str]:
    """The heavy libraries that a command line loads, and what Typer would load for every value."""
    code = (
        "import sys; from diffcli.cli.main import main\n"
        f"main({list(arguments)!r})\n"
        "print('LOADED', *[m for m in ('sympy', 'numpy', 'flint', 'mpmath', 'pydantic') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("LOADED")]
    return set(line.split()[1:])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["expr", "--help"],
        ["batch", "--help"],
        ["--version"],
        ["2x"],
        ["2x", "--at", "x=1"],
        ["x+y", "--at", "x=1"],
    ],
    ids=" ".join,
)
def test_no_mathematics_is_imported_before_it_is_needed(arguments: list[str]) -> None:
    assert loaded_by(*arguments) == set()


def test_choosing_a_way_to_compute_imports_none_that_is_not_chosen() -> None:
    code = "import sys, diffcli.generation; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_single_points_without_sympy_need_neither_sympy_nor_numpy() -> None:
    assert loaded_by("x*sin(x)", "--at", "x=1", "-m", "forward,reverse") == {"flint"}

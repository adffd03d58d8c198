"""The house holds: imports go one way, heavy libraries stay behind their fences, rules have one reader."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "diffcli"

# From the ground up: a room imports only rooms that stand before it, or in the same line.
ROOMS = [
    ["diffcli"],
    ["errors", "limits"],
    ["primitives"],
    ["program"],
    ["passes", "evaluate"],
    ["syntax"],
    ["linearize"],
    ["forward", "reverse"],
    ["derivation"],
    ["algebras"],
    ["generation"],
    ["accuracy"],
    ["sides"],
    ["truth"],
    ["methods"],
    ["case"],
    ["compare"],
    ["batch"],
    ["reports"],
    ["cli"],
    ["__main__"],
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}

FENCES = {
    "sympy": {"algebras.symbols"},
    "flint": {"algebras.series", "algebras.germs", "algebras.reals", "truth", "accuracy"},
    "mpmath": {"algebras.float64"},
    "typer": {"cli.app"},
    "rich": {"reports.table", "cli.commands"},
    "pebble": {"batch.pool"},
    "distributed": {"batch.cluster"},
    "numpy": {"algebras.arrays", "generation.blocks", "generation.tangents"},
}

# The truth shares no derivative rule with what it judges.
FORBIDDEN = {
    "truth": {"linearize", "forward", "reverse", "methods", "derivation"},
    "sides": {"linearize", "forward", "reverse", "methods", "derivation"},
    "accuracy": {"linearize", "forward", "reverse", "methods", "derivation"},
    "algebras": {"linearize", "forward", "reverse", "methods"},
    "generation": {"linearize", "forward", "reverse", "derivation", "syntax"},
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
            assert own in FENCES[library], f"{own} imports {library}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_methods_and_number_systems_do_not_know_their_siblings(path: Path) -> None:
    own = module_name(path)
    if own.startswith("methods."):
        assert not [name for name in imports(path) if name.startswith("diffcli.methods")]
    if own in ("algebras.float64", "algebras.symbols"):
        assert not [name for name in imports(path) if name.startswith("diffcli.algebras")]


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
    """The heavy libraries that a command line loads."""
    code = (
        "import sys; from diffcli.cli.main import main\n"
        f"main({list(arguments)!r})\n"
        "print('LOADED', *[m for m in ('sympy', 'numpy', 'flint', 'mpmath') if m in sys.modules])"
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

"""The house holds: imports go one way, heavy libraries stay behind their fences, rules have one reader."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from survey import arrows, circles, modules

PACKAGE = Path(__file__).parent.parent / "diffcli"

# From the ground up: a room imports only rooms that stand before it.
ROOMS = (
    "runtime", "locale", "tables", "core", "syntax", "numbers", "ad", "functions", "truth", "tracing", "problem",
    "methods", "comparison", "points", "batch", "studies", "reports", "library", "diffcli", "lessons", "cli",
    "__main__",
)  # fmt: skip
LEVEL = {room: level for level, room in enumerate(ROOMS)}

# Which files may import a library; a name with others in it stands for all of them.
FENCES = {
    "sympy": {"numbers.sympy"},
    "flint": {
        "truth.series",
        "truth.exact",
        "truth.expansions",
        "truth.nearby",
        "truth.certify",
        "truth.implicit",
        "truth.proofs",
        "truth.accuracy",
    },
    "mpmath": {"numbers.float64"},
    "typer": {"cli.application", "cli.options", "cli.expression", "cli.batch", "cli.studies"},
    "rich": {
        "library",
        "reports.screen",
        "reports.comparison.table",
        "reports.comparison.lines",
        "reports.studies",
        "cli.studies",
    },
    "plotext": {"reports.studies"},
    "matplotlib": {"reports.pictures"},
    "pebble": {"batch.pool"},
    "msgspec": {"reports.comparison.json"},
    "openpyxl": {"tables.workbook"},
    "distributed": {"batch.cluster"},
    "numpy": {"numbers.arrays", "points", "tracing"},
    "jax": {"methods.peers.jax"},
    "torch": {"methods.peers.torch"},
    "autograd": {"methods.peers.autograd"},
    "casadi": {"methods.peers.casadi"},
    "heyoka": {"points.compiled"},
}

# What a room, or one file of it, must not know: the truth shares no derivative rule with what it judges.
RULES = {"ad.rules", "ad.forward", "ad.reverse", "ad.taylor"}
METHODS = {"methods", "problem.derivation"}
# Studies find numbers; `reports/tell` has a file of the same name for each, which says them.
FINDERS = ("studies.methods", "studies.newton", "studies.rules", "studies.sweep", "studies.swell", "studies.taylor")
FORBIDDEN = {
    "truth": RULES | METHODS,
    "comparison.rounding": METHODS | {"truth.certify"},
    "numbers": RULES | METHODS,
    "core": RULES | METHODS,
    "tables": {"core", "syntax"},
    "points.generation": RULES | METHODS | {"syntax"},
    **{study: {"locale", "reports"} for study in FINDERS},
}

# Methods of second order are put together from those of first order, and from nothing else.
COMPOSED = {
    "methods.forward_over_forward": {"methods.forward"},
    "methods.forward_over_reverse": {"methods.forward", "methods.reverse"},
    "methods.reverse_over_forward": {"methods.forward", "methods.reverse"},
}
# What stands beside the methods: how they are asked, and other people's libraries.
BESIDE = ("methods.derive", "methods.peers")

FILES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "diffcli"


@cache
def parsed(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a file."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imports(path: Path) -> tuple[str, ...]:
    found: list[str] = []
    for node in parsed(path):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.append(node.module or "")
    return tuple(found)


@cache
def imported(path: Path, module: str) -> frozenset[str]:
    """The names that a file takes from a module."""
    taken = [node.names for node in parsed(path) if isinstance(node, ast.ImportFrom) and node.module == module]
    return frozenset(alias.name for names in taken for alias in names)


MODULES = frozenset(f"diffcli.{module_name(other)}" for other in FILES)


@cache
def modules_imported(path: Path) -> frozenset[str]:
    """Files and folders of ours that a file imports, without the name of the package."""
    taken = {
        full if (full := f"{module}.{name}") in MODULES else module
        for module in imports(path)
        for name in imported(path, module) or {""}
    }
    return frozenset(name.removeprefix("diffcli.") for name in taken if name.startswith("diffcli."))


def stands_in(name: str, places: set[str]) -> bool:
    """Whether a file is one of these, or in one of these folders."""
    parts = name.split(".")
    return any(".".join(parts[:length]) in places for length in range(1, len(parts) + 1))


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_go_one_way(path: Path) -> None:
    own = module_name(path)
    room = own.partition(".")[0]
    for name in modules_imported(path):
        other = name.partition(".")[0]
        assert other == room or LEVEL[other] < LEVEL[room], f"{own} imports {name}"


def test_no_files_import_each_other() -> None:
    assert not circles(arrows(modules()))


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_rooms_know_nothing_that_they_must_not_know(path: Path) -> None:
    own = module_name(path)
    assert not known_against_the_rules(own, modules_imported(path)), own


def known_against_the_rules(own: str, names: Iterable[str]) -> list[str]:
    """Those of the imported `names` that a file must not know."""
    rules = [forbidden for room, forbidden in FORBIDDEN.items() if stands_in(own, {room})]
    return [name for name in names if any(stands_in(name, forbidden) for forbidden in rules)]


@pytest.mark.parametrize("own", FINDERS)
@pytest.mark.parametrize("name", ["locale.language", "locale.wrapping", "reports.tell.sweep"])
def test_a_study_that_speaks_is_found(own: str, name: str) -> None:
    assert known_against_the_rules(own, ["truth.certify", name]) == [name]


def test_fences_name_what_there_is() -> None:
    """A file that was moved takes its fences with it."""
    names = {module_name(path) for path in FILES}
    named = {
        *FORBIDDEN,
        *RULES,
        *METHODS,
        *COMPOSED,
        *BESIDE,
        *(place for places in FENCES.values() for place in places),
    }
    assert named <= names


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_libraries_stay_behind_their_fences(path: Path) -> None:
    own = module_name(path)
    for name in imports(path):
        library = name.partition(".")[0]
        if library in FENCES:
            assert stands_in(own, FENCES[library]), f"{own} imports {library}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_methods_and_number_systems_do_not_know_their_siblings(path: Path) -> None:
    own = module_name(path)
    if own.startswith("methods.") and not stands_in(own, set(BESIDE)):
        siblings = {name for name in modules_imported(path) if name.startswith("methods")}
        assert siblings == COMPOSED.get(own, set())
    if own in ("numbers.float64", "numbers.sympy.symbols"):
        assert not [name for name in imports(path) if name.startswith("diffcli.numbers")]


def test_the_plan_names_every_room_in_order_and_every_file() -> None:
    """The table in ARCHITECTURE.md has a row for each room, from the ground up, with all of its files."""
    plan = (PACKAGE.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in plan.splitlines() if line.startswith("| `")]
    assert [room.strip(" `/") for room, _ in rows] == [room for room in ROOMS if room not in ("diffcli", "__main__")]
    named = {room.strip(" `/"): set(re.findall(r"`([a-z_0-9/]+)`", files)) for room, files in rows}
    for path in FILES:
        room, *inner = module_name(path).split(".")
        if inner and path.stem != "__init__":
            assert inner[-1] in named[room], f"{path} does not stand in the plan"


def test_rule_texts_have_one_reader() -> None:
    readers = {
        module_name(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "rule"
    }
    assert readers == {"ad.rules"}


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
        ["1/2x"],
        ["1/2x", "--at", "x=1"],
        ["x+y", "--at", "x=1"],
    ],
    ids=" ".join,
)
def test_no_mathematics_is_imported_before_it_is_needed(arguments: list[str]) -> None:
    assert loaded_by(*arguments) == set()


def test_choosing_a_way_to_compute_imports_none_that_is_not_chosen() -> None:
    code = "import sys, diffcli.points.generation; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_single_points_without_sympy_need_neither_sympy_nor_numpy() -> None:
    assert loaded_by("x*sin(x)", "--at", "x=1", "-m", "forward,reverse") == {"flint"}


def test_every_place_that_contributors_are_sent_to_is_there() -> None:
    """Paths in CONTRIBUTING.md exist, and targets of make are targets."""
    root = PACKAGE.parent
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`?((?:diffcli|tests|benchmarks)/[\w./-]*[\w/])", text)
    assert len(paths) > 10
    assert not [path for path in paths if not (root / path).exists()]
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake (?:-n )?([a-z]+)\b", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target

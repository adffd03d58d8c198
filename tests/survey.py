"""What the house is like, in figures: rooms, arrows, circles, sizes, names, docstrings, tests.

    make survey

Everything is read from the source, nothing is imported or run. A figure is a
question, not a verdict: what stands over a bound may be right where it stands.
"""

from __future__ import annotations

import ast
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "diffcli"
TESTS = ROOT / "tests"

LONG_FUNCTION, VERY_LONG_FUNCTION, LONG_FILE = 25, 50, 350
IRREGULAR = {
    "begun", "bent", "bound", "built", "caught", "chosen", "cut", "done", "drawn", "driven", "felt", "found",
    "given", "gone", "heard", "held", "hidden", "kept", "known", "laid", "led", "left", "lent", "lost", "made",
    "meant", "met", "paid", "read", "said", "seen", "sent", "set", "shown", "shut", "split", "spoken", "spread",
    "spun", "stood", "sung", "taken", "thought", "told", "torn", "typed", "understood", "undone", "woken", "won",
    "worn", "written",
}  # fmt: skip
NOT_PARTICIPLES = {
    "seed",
    "speed",
    "need",
    "embed",
    "feed",
    "bed",
    "red",
    "set",
    "split",
    "cut",
    "read",
    "left",
    "bound",
}
"""Words of the field, or imperatives, that only look like a participle."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A file of the package."""

    path: Path

    @cached_property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """What stands directly in the package: a folder, or a file."""
        return [*self.name.split("."), "__init__"][1]

    @property
    def lines(self) -> int:
        return self.source.count("\n")

    def imports(self) -> Iterator[str]:
        """Full names of modules, or of what is taken from them, wherever the import stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def definitions(self) -> Iterator[Function | ast.ClassDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function | ast.ClassDef))

    def functions(self) -> Iterator[Function]:
        return (node for node in self.definitions() if not isinstance(node, ast.ClassDef))


def modules() -> list[Module]:
    return [Module(path) for path in sorted(PACKAGE.rglob("*.py"))]


def arrows(files: Iterable[Module]) -> dict[Module, set[Module]]:
    """Which files a file imports; a name taken from a package means its file where there is one."""
    files = list(files)
    by_name = {module.name: module for module in files}

    def target(name: str) -> Module | None:
        return by_name.get(name) or by_name.get(name.rpartition(".")[0])

    return {
        module: {other for name in module.imports() if (other := target(name)) and other is not module}
        for module in files
    }


def circles(graph: dict[Module, set[Module]]) -> list[list[str]]:
    """Files that import each other, directly or by others (Tarjan 1972, without recursion)."""
    order: dict[Module, int] = {}
    low: dict[Module, int] = {}
    stack: list[Module] = []
    components: list[list[str]] = []
    for root, first in graph.items():
        if root in order:
            continue
        work = [(root, iter(first))]
        order[root] = low[root] = len(order)
        stack.append(root)
        while work:
            module, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[module])
                if low[module] == order[module]:
                    cut = stack.index(module)
                    component, stack = stack[cut:], stack[:cut]
                    components.append(sorted(other.name for other in component))
            elif following not in order:
                order[following] = low[following] = len(order)
                stack.append(following)
                work.append((following, iter(graph[following])))
            elif following in stack:
                low[module] = min(low[module], order[following])
    return [component for component in components if len(component) > 1]


def length(function: Function) -> int:
    """Lines of its body and signature, without decorators and docstring."""
    end = function.end_lineno or function.lineno
    documented = ast.get_docstring(function) is not None
    first = function.body[0]
    return end - function.lineno + 1 - ((first.end_lineno or 0) - first.lineno + 1 if documented else 0)


def is_participle(name: str) -> bool:
    word = name.strip("_")
    return (
        "_" not in word
        and word not in NOT_PARTICIPLES
        and (word in IRREGULAR or bool(re.fullmatch("[a-z]{3,}ed", word)))
    )


def is_public(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a name can be reached without an underscore, in the module or a class of it."""
    while not isinstance(node, ast.Module):
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            return False
        parent = parents[node]
        if isinstance(parent, Function):
            return False
        node = parent
    return True


def parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def calls(files: Iterable[Module], name: str) -> list[ast.Call]:
    nodes = (node for module in files for node in ast.walk(module.tree))
    return [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name]


def rooms_and_arrows(files: list[Module]) -> Iterator[tuple[str, str]]:
    top = [path for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    graph = arrows(files)
    between = {(module.room, other.room) for module, others in graph.items() for other in others}
    between = {(one, other) for one, other in between if one != other}
    yield "modules", str(len(files))
    yield "lines", str(sum(module.lines for module in files))
    folders = sum(path.is_dir() for path in top)
    yield "rooms at the top", f"{len(top) - folders} files, {folders} folders"
    yield "arrows between rooms", str(len(between))
    found = circles(graph)
    yield "import circles", f"{len(found)}" + "".join(f"\n  {', '.join(circle)}" for circle in found)


def sizes(files: list[Module]) -> Iterator[tuple[str, str]]:
    lengths = {f"{module.name}.{node.name}": length(node) for module in files for node in module.functions()}
    every = [length(node) for module in files for node in module.functions()]
    yield "functions", f"{len(every)}, median {statistics.median(every):g} lines"
    yield f"over {LONG_FUNCTION} lines", str(sum(size > LONG_FUNCTION for size in every))
    longest = sorted(((size, name) for name, size in lengths.items() if size > VERY_LONG_FUNCTION), reverse=True)
    yield (
        f"over {VERY_LONG_FUNCTION} lines",
        f"{len(longest)}" + "".join(f"\n  {name} {size}" for size, name in longest),
    )
    large = sorted(((module.lines, module.name) for module in files if module.lines > LONG_FILE), reverse=True)
    yield f"files over {LONG_FILE} lines", f"{len(large)}" + "".join(f"\n  {name} {size}" for size, name in large)


def doubles(files: list[Module]) -> Iterator[tuple[str, str]]:
    chinese = [module for module in files if re.search("[\u4e00-\u9fff]", module.source)]
    yield "Python files with Chinese", f"{len(chinese)}, {sum(module.lines for module in chinese)} lines"
    back = sum(len(calls(files, name)) for name in ("translated", "translate_message"))
    yield "messages made elsewhere, translated", str(back)
    reports = [module for module in files if module.room == "reports"]
    cells = [module.name for module in reports if any("accuracy." in name for name in module.imports())]
    yield "files of reports that read accuracies", f"{len(cells)}: {', '.join(cells)}"
    for name in ("Request", "Settings", "Comparison", "Case"):
        empty = sum(not (call.args or call.keywords) for call in calls(files, name))
        yield f"{name}() without anything in it", str(empty)
    options = [call for name in ("Option", "Argument") for call in calls([m for m in files if m.room == "cli"], name)]
    flags = Counter(
        argument.value for call in options for argument in call.args[1:] if isinstance(argument, ast.Constant)
    )
    repeated = {flag: count for flag, count in flags.items() if count > 1}
    yield "options declared", f"{len(options)}, {len(repeated)} of them twice or more"


def names(files: list[Module]) -> Iterator[tuple[str, str]]:
    participles = Counter(node.name for module in files for node in module.definitions() if is_participle(node.name))
    common = ", ".join(f"{name} {count}" for name, count in participles.most_common(8))
    yield "definitions named by a bare participle", f"{participles.total()} ({common})"
    assigned = [
        target.id
        for module in files
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign | ast.NamedExpr | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]
    yield "assignments to `found`", str(assigned.count("found"))
    classes: dict[str, list[str]] = defaultdict(list)
    for module in files:
        for node in module.definitions():
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(module.name)
    several = {name: homes for name, homes in classes.items() if len(homes) > 1}
    listed = "".join(
        f"\n  {name}: {', '.join(homes)}" for name, homes in sorted(several.items(), key=lambda item: -len(item[1]))
    )
    yield "class names with several meanings", f"{len(several)}{listed}"


def docstrings(files: list[Module]) -> Iterator[tuple[str, str]]:
    public = [
        (module, node)
        for module in files
        for up in [parents(module.tree)]
        for node in module.definitions()
        if is_public(node, up)
    ]
    texts = [ast.get_docstring(node) or "" for _, node in public]
    raising = re.compile(r"\bRaises\b|[A-Z]\w*Error\b|Unsupported|Undefined")
    sources = re.compile(r"\b(1[6-9]|20)\d\d\b|§|\bsection\b|\bchapter\b", re.IGNORECASE)
    yield "public definitions", str(len(public))
    yield "without a docstring", str(texts.count(""))
    yield "that name an error", str(sum(bool(raising.search(text)) for text in texts))
    yield "that name a source", str(sum(bool(sources.search(text)) for text in texts))


def tests(files: list[Module]) -> Iterator[tuple[str, str]]:
    paths = sorted(TESTS.rglob("test_*.py"))
    tested = {path.stem.removeprefix("test_") for path in paths}
    homes = {(module.name.split(".")[-1], module.room) for module in files if not module.path.name.startswith("__")}
    own = sum(name in tested or room in tested for name, room in homes)
    yield "test files", f"{len(paths)}, in {len({path.parent for path in paths})} folders"
    yield "modules with tests of their name or room", f"{own} of {len(homes)}"


def main() -> None:
    files = modules()
    for part in (rooms_and_arrows, sizes, doubles, names, docstrings, tests):
        print(f"\n{part.__name__.replace('_', ' ')}")
        for what, figure in part(files):
            print(f"  {what}: {figure}")


if __name__ == "__main__":
    main()

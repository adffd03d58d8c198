"""The messages of the source, as gettext's catalogues hold them; `make messages` merges them into every translation.

A message is what stands in a call as its template: `message("…")`, `tr("…")`, in a room with tables also what a
name, a table or a parameter there comes to. Help texts are taken from the commands as they are declared.
"""

import ast
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "diffcli"
TRANSLATIONS = sorted(PACKAGE.glob("locale/*/LC_MESSAGES/*.po"))

TEMPLATE_AT = {"message": 0, "tr": 0, "side": 1, "listed": 1, "listing": 1, "parts": 1}
"""Which argument of a call is a template."""
FIELDS = {"kink", "except_at"}
"""Fields of tables that hold templates."""
WITH_PLURAL = {"message", "tr"}
"""Calls that may have the plural as the next argument."""
SAID_BY_VALUE = {
    ("truth/accuracy", "Verdict"), ("truth/certify", "Status"), ("problem/claims", "Standing"),
    ("core/derivative_kinds", "Kind"),
}  # fmt: skip
"""Types whose values are words of a screen."""


class Entry(NamedTuple):
    """A message: its template, that of the plural, and what tells it from another with the same English."""

    template: str
    plural: str | None = None
    context: str | None = None


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def files() -> tuple[Path, ...]:
    return tuple(sorted(PACKAGE.rglob("*.py")))


def room(path: Path) -> str:
    return str(path.relative_to(PACKAGE).with_suffix(""))


@cache
def entries(path: Path) -> frozenset[Entry]:
    """All messages of a file."""
    tree = tree_of(path)
    scopes = [[tree], *([node, tree] for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))]
    return frozenset(chain(*(_in_scope(scope) for scope in scopes), _by_value(path)))


def _by_value(path: Path) -> Iterator[Entry]:
    for place, name in SAID_BY_VALUE:
        if room(path) == place:
            (value,) = assigned(name, tree_of(path))
            yield from (Entry(text) for text in texts(value, [tree_of(path)]))


def _in_scope(scopes: list[ast.AST]) -> Iterator[Entry]:
    for node in ast.walk(scopes[0]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            yield from _of_call(node.func.id, node, scopes)


def _of_call(called: str, node: ast.Call, scopes: list[ast.AST]) -> Iterator[Entry]:
    arguments = node.args
    if called == "map" and isinstance(arguments[0], ast.Name) and arguments[0].id in TEMPLATE_AT:
        yield from map(Entry, texts(arguments[1], scopes))
    at = TEMPLATE_AT.get(called, len(arguments))
    if at >= len(arguments):
        return
    context = next((k.value.value for k in node.keywords if k.arg == "context"), None)  # type: ignore[attr-defined]
    plurals = texts(arguments[at + 1], scopes) if called in WITH_PLURAL and at + 1 < len(arguments) else {None}
    for template in texts(arguments[at], scopes) - {""}:
        yield from (Entry(template, plural, context) for plural in plurals)


# --- what an expression may come to
def texts(node: ast.AST | None, scopes: list[ast.AST], seen: frozenset[str] = frozenset()) -> set[str]:
    """The texts: literals, choices, tables, and what names, fields and parameters stand for."""
    found: list[ast.AST | None] = []
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    if isinstance(node, ast.IfExp):
        found = [node.body, node.orelse]
    elif isinstance(node, ast.BoolOp | ast.Dict):
        found = list(node.values)
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        found = list(node.elts)
    elif isinstance(node, ast.Subscript):
        found = [node.slice if isinstance(node.value, ast.Name) and node.value.id == "Literal" else node.value]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        found = [node.func.value, *node.args[1:]]
    elif isinstance(node, ast.Attribute):
        return given_to(node.attr) if node.attr in FIELDS else set()
    elif isinstance(node, ast.Name) and node.id not in seen:
        return set().union(*(texts(part, scopes, seen | {node.id}) for part in meanings(node.id, scopes)))
    return set().union(*(texts(part, scopes, seen) for part in found))


def meanings(name: str, scopes: list[ast.AST]) -> list[ast.AST | None]:
    """What a name is: assigned here or on the module's first level, in another room, or given by callers."""
    found = next((values for scope in scopes if (values := assigned(name, scope))), [])
    if not found and (elsewhere := room_of(name, scopes[-1])):
        return assigned(name, tree_of(elsewhere))
    function = scopes[0]
    if not found and isinstance(function, ast.FunctionDef):
        return given_as(name, function, scopes[-1])
    return found


def assigned(name: str, scope: ast.AST) -> list[ast.AST | None]:
    """What is assigned to a name in a function, or on a module's first level."""
    nodes = scope.body if isinstance(scope, ast.Module) else list(ast.walk(scope))
    values: list[ast.AST | None] = []
    for node in nodes:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and any(_is(target, name) for target in targets):
            values.append(node.value)
    return values


def _is(target: ast.AST | None, name: str) -> bool:
    """Whether something is assigned to this name, or into the table of this name."""
    inner = target.value if isinstance(target, ast.Subscript) else target
    return isinstance(inner, ast.Name) and inner.id == name


def given_as(name: str, function: ast.FunctionDef, module: ast.AST) -> list[ast.AST | None]:
    """What the calls of a function in its file give it for a parameter."""
    names = [argument.arg for argument in function.args.args]
    if name not in names:
        return []
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and _calls(node, function.name)]
    bound = names[:1] == ["self"]
    place = names.index(name) - bound
    by_place = [call.args[place] for call in calls if len(call.args) > place]
    defaults = dict(zip(reversed(names), reversed(function.args.defaults), strict=False))
    return [
        *by_place,
        defaults.get(name),
        *(word.value for call in calls for word in call.keywords if word.arg == name),
    ]


def _calls(node: ast.Call, function: str) -> bool:
    return function == (node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", None))


@cache
def given_to(field: str) -> set[str]:
    """What the rows of tables say of a field by its name."""
    words = (word for path in files() for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)
             for word in node.keywords if word.arg == field)  # fmt: skip
    return set().union(*(texts(word.value, []) for word in words if isinstance(word.value, ast.Constant)))


def room_of(name: str, module: ast.AST) -> Path | None:
    """The file of ours that a module takes a name from."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            path = ROOT.joinpath(*(node.module or "").split(".")).with_suffix(".py")
            return path if path in files() else None
    return None


# --- all of them
def help_texts() -> set[str]:
    """What --help says, by the commands."""
    from diffcli.cli.application import COMMANDS, application, command, contents
    from diffcli.cli.help import OPTIONS
    from diffcli.cli.help import texts as of_help

    pages = [(application(), contents(None)), *((command(name), contents(name)) for name in COMMANDS)]
    return {OPTIONS, "Arguments"}.union(*(of_help(*page) for page in pages))


@cache
def everything() -> dict[Entry, list[str]]:
    """All messages, in the order of the files, with the files that say them."""
    found: dict[Entry, list[str]] = {}
    for path in files():
        for entry in sorted(entries(path), key=str):
            found.setdefault(entry, []).append(path.relative_to(ROOT).as_posix())
    for text in sorted(help_texts()):
        found.setdefault(Entry(text), []).append("diffcli/cli/options.py")
    return found


def template(header: Catalog) -> Catalog:
    """A catalogue of all messages without translations; its date is the header's, so that it changes with them only."""
    made = Catalog(project="diff-compare", version="", creation_date=header.creation_date, charset="utf-8")
    for entry, places in everything().items():
        text = entry.template if entry.plural is None else (entry.template, entry.plural)
        flags = {"python-brace-format"} if "{" in entry.template else set()
        made.add(text, locations=[(place, 0) for place in places], flags=flags, context=entry.context)
    return made


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def write(path: Path, catalogue: Catalog) -> None:
    for message in catalogue:
        message.flags.discard("python-format")  # a per cent sign is one here
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, include_lineno=False)


def compile_translations() -> None:
    """What a build does for an installation, here where a translation is newer than that."""
    for path in TRANSLATIONS:
        compiled = path.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < path.stat().st_mtime:
            with compiled.open("wb") as file:
                write_mo(file, read(path))


def main() -> None:
    """Write the template beside the translations, and merge it into each."""
    for path in TRANSLATIONS:
        translation = read(path)
        messages = template(translation)
        translation.update(messages, no_fuzzy_matching=True)
        translation.obsolete.clear()
        write(path, translation)
        write(PACKAGE / "locale" / "diffcli.pot", messages)
    compile_translations()


if __name__ == "__main__":
    main()

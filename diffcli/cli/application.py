"""The commands, by name, and how Typer is told of them: everything that extends Typer is here.

A command is a function whose parameters say what it takes; a group of options (a class of `options`) is one parameter
of it, and stands among the command's options field by field. A command is built when it is asked for, and no other:
that takes longer than the shortest of them to run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from inspect import Parameter, Signature, getdoc, signature
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from diffcli.cli.arguments import HELP, check_operands, read, values
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.runtime.version import __version__

if TYPE_CHECKING:
    from diffcli.cli.help import Contents


class Declared(NamedTuple):
    """Where a command's function stands, and under which title the list of commands has it."""

    title: str
    module: str
    function: str

    @property
    def call(self) -> Callable[..., int]:
        found: Callable[..., int] = getattr(import_module(f"diffcli.cli.{self.module}"), self.function)
        return found


COMPARE, UNDERSTAND, NUMERICS, LEARN = "Compare", "Understand", "Numerics", "Learn"
COMMANDS = {
    "expr":    Declared(COMPARE, "expression", "expression"),
    "batch":   Declared(COMPARE, "batch", "batch"),
    "report":  Declared(COMPARE, "studies", "report_page"),
    "methods": Declared(COMPARE, "studies", "list_methods"),
    "steps":   Declared(UNDERSTAND, "studies", "show_steps"),
    "trace":   Declared(UNDERSTAND, "studies", "show_trace"),
    "graph":   Declared(UNDERSTAND, "studies", "draw_graph"),
    "rules":   Declared(UNDERSTAND, "studies", "show_rules"),
    "swell":   Declared(UNDERSTAND, "studies", "measure_swell"),
    "profile": Declared(NUMERICS, "studies", "measure_profile"),
    "hunt":    Declared(NUMERICS, "studies", "hunt_losses"),
    "sweep":   Declared(NUMERICS, "studies", "sweep_steps"),
    "taylor":  Declared(NUMERICS, "studies", "expand_taylor"),
    "newton":  Declared(NUMERICS, "studies", "solve_newton"),
    "descend": Declared(NUMERICS, "studies", "descend_gradient"),
    "lesson":  Declared(LEARN, "studies", "give_lesson"),
}  # fmt: skip

OUTRIGHT = ("--version", "--install-completion", "--show-completion", *HELP)
"""What stands in the place of a command."""

LANG = "--lang en|zh", "The language of screens, before or after any command."
"""The one option that is read before the command is known."""

_EPILOG = """Functions: {functions}.

Exit codes: 0 every verdict is ok or kink, 1 some verdict is not, 2 the request cannot be understood."""

_HELP = """Differentiate an expression by SymPy, by dual numbers and by a reverse tape, and compare the results with the
proved value: errors, bits lost, operations executed.

Examples:

  diff-compare "log(x1) + x1*x2 - sin(x2)" --at "x1=2, x2=5"
  diff-compare "(1 - cos(x))/x^2" --at x=1e-8
  diff-compare "2*dot(x, x)" --at "x=[0, 1, 2, 3]"
  diff-compare "(x*w - y)^2" --at "x=1, w=1, y=2" --claim "w: 2*x*(x*w - y)"
  diff-compare batch samples/physics.txt
  diff-compare batch - --format jsonl < cases.txt
"""


class Group(TyperGroup):
    """All commands; the first word is one of them, or the expression.

    `interrupted`: by Ctrl-C, of which Typer makes an exit code without a word.
    """

    interrupted = False

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        return command(cmd_name) if cmd_name in COMMANDS else None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if len(args) > 1 and args[0] in OUTRIGHT:
            said = message("'{word}' is one word too many", word=args[1])
            raise DiffError(said, hint=message("{option} stands alone", option=args[0]), kind="option")
        if not args or args[0] in HELP:
            _write(self.get_help(ctx))
            ctx.exit()
        implicit = args[0] not in COMMANDS and args[0] not in OUTRIGHT
        ctx.meta[_IMPLICIT] = implicit
        return super().parse_args(ctx, ["expr", *args] if implicit else args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            self.interrupted = True
            raise

    def get_help(self, ctx: Any) -> str:
        from diffcli.cli.help import page

        del ctx
        return page(self, contents(None))


class Command(TyperCommand):
    """A command whose words and values are read by `arguments`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        name = self.name or ""
        words = read(args, name, self.params)
        check_operands(words, name, self.params, ctx.meta.get(_IMPLICIT, False), COMMANDS)
        if words.help:
            _write(self.get_help(ctx))
            ctx.exit()
        kinds = {one.name: one.annotation for one in flat(COMMANDS[name].call).parameters}
        ctx.params = values(words, name, self.params, kinds)
        return []

    def get_help(self, ctx: Any) -> str:
        from diffcli.cli.help import page

        del ctx
        return page(self, contents(self.name))


def _write(text: str) -> None:
    """A line on standard output, in its own encoding: Click takes UTF-8 where that is ASCII."""
    sys.stdout.write(f"{text}\n")


_IMPLICIT = "diffcli.implicit"
"""Where a context keeps whether the name of the command was left out."""


class Flat(NamedTuple):
    """A function with the fields of its option groups as parameters: its signature, and the title of each parameter."""

    call: Callable[..., int]
    parameters: tuple[Parameter, ...]
    titles: dict[str, str]


@cache
def flat(function: Callable[..., int]) -> Flat:
    """Take the option groups of a function apart, and put them together again when it is called."""
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {}
    parameters: list[Parameter] = []
    titles: dict[str, str] = {}
    for one in signature(function).parameters.values():
        kind = hints[one.name]
        if not is_dataclass(kind):
            parameters.append(Parameter(one.name, Parameter.KEYWORD_ONLY, default=one.default, annotation=kind))
            continue
        groups[one.name] = kind
        inner = get_type_hints(kind, include_extras=True)
        for field in fields(kind):
            parameters.append(
                Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=inner[field.name])
            )
            titles[field.name] = (getdoc(kind) or "").partition("\n")[0]

    def called(**given: Any) -> int:
        for name, kind in groups.items():
            given[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        return function(**given)

    return Flat(called, tuple(parameters), titles)


def contents(name: str | None) -> Contents:
    """What the help of a command, or of the group of all, shows beside what Typer knows."""
    from diffcli.cli.help import Contents

    if name is not None:
        return Contents(flat(COMMANDS[name].call).titles)
    listed = [(declared.title, one, getdoc(declared.call) or "") for one, declared in COMMANDS.items()]
    return Contents(commands=listed, further=[LANG])


@cache
def command(name: str) -> Command:
    """A command, with its options."""
    function = COMMANDS[name].call
    taken = flat(function)

    def run(**given: Any) -> int:
        return taken.call(**given)

    run.__signature__ = Signature(taken.parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in taken.parameters}
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, cls=Command, help=getdoc(function))(run)
    built = typer.main.get_command(alone)
    assert isinstance(built, Command)
    return built


def application(arguments: Sequence[str] = ()) -> Any:
    """The group of all commands; its own options are there where one of them is asked for.

    Typer converts every option that it declares, given or not, by pydantic.
    """
    outright = not arguments or arguments[0] in OUTRIGHT
    app = typer.Typer(
        cls=Group, add_completion=outright, add_help_option=outright, help=_HELP, epilog=_EPILOG, rich_markup_mode=None,
        context_settings={"help_option_names": list(reversed(HELP))},
    )  # fmt: skip
    app.callback()(_root if outright else _nothing)
    return typer.main.get_command(app)


def _version(asked: bool) -> None:
    if asked:
        _write(f"diff-compare {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    del version


def _nothing() -> None:
    pass

"""The entry point: arguments put in order, errors shown, exit codes returned.

Exit codes: 0 every verdict is ok or kink; 1 some row or verdict is anything
else; 2 the request cannot be understood; 130 interrupted.
"""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any

from diffcli.errors import DiffError
from diffcli.language import LANGUAGES, preferred, say, speak, translated

GARBAGE = 50_000
"""Objects made between two collections: imports make many and drop none (by measurement a tenth of the start)."""

_LONG_OPTION = r"(?s)--[a-zA-Z][a-zA-Z-]+(=.*)?\Z"


class ExitCode(IntEnum):
    OK = 0
    VERDICT = 1
    USAGE = 2
    INTERRUPTED = 130


def entry() -> None:
    """What the installed script and `python -m diffcli` run."""
    gc.set_threshold(GARBAGE)
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run the command line; every outcome is an exit code, none a traceback."""
    try:
        speak(preferred(by_locale=sys.stdout.isatty()))
        arguments = _spoken(arguments)
        from diffcli.cli.app import NAMES, command

        group = command(_named(arguments, NAMES))
        result = group.main(args=arrange(arguments, group), prog_name="diff-compare", standalone_mode=False)
        sys.stdout.flush()
        return int(result or 0)
    except DiffError as error:
        print(reported(error), file=sys.stderr)
        return ExitCode.USAGE
    except KeyboardInterrupt:
        print(say("interrupted"), file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # the reader has gone: nothing more can be said, not even by the interpreter's own flush
        sys.stdout = None
        return ExitCode.VERDICT
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        print(say("error: ") + translated(error.format_message()), file=sys.stderr)
        print(f"  {say('try diff-compare --help')}", file=sys.stderr)
        return ExitCode.USAGE


def reported(error: DiffError) -> str:
    """An error as it is shown, in the language that is spoken."""
    here = replace(error, message=translated(error.message), hint=translated(error.hint))
    return here.report(say("error: "))


def _spoken(arguments: Sequence[str]) -> list[str]:
    """Speak what --lang asks for, wherever it stands; the other arguments."""
    asked, rest = None, list[str]()
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--lang":
            asked = next(words, "")
        elif word.startswith("--lang="):
            asked = word.removeprefix("--lang=")
        else:
            rest.append(word)
    if asked in LANGUAGES:
        speak(asked)
    elif asked is not None:
        hint = f"write one of: {', '.join(LANGUAGES)}"
        raise DiffError(f"unknown language '{asked}'", hint=hint, kind="option")
    return rest


_ROOT = ("--help", "-h", "--version", "--install-completion", "--show-completion")


def _named(arguments: Sequence[str], names: Sequence[str | None]) -> str | None:
    """The command that is asked for; None where only the list of all is."""
    if not arguments or arguments[0] in _ROOT:
        return None
    return arguments[0] if arguments[0] in names else "expr"


def arrange(arguments: Sequence[str], group: Any) -> list[str]:
    """Name the command where it was left out, and put options before what is not an option.

    So `diff-compare "-x**2" --at x=-1` works: what begins with a minus and is
    no option of the command is the expression.
    """
    rest = list(arguments)
    if not rest or rest[0] in _ROOT:
        return rest or ["--help"]
    name = rest.pop(0) if rest[0] in group.commands else "expr"
    valued: dict[str, bool] = {}
    for parameter in group.commands[name].params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("-"):
                valued[option] = not parameter.is_flag
    valued |= {"--help": False, "-h": False}
    options: list[str] = []
    operands: list[str] = []
    while rest:
        token = rest.pop(0)
        if token == "--":
            operands += rest
            break
        if token in valued:
            options.append(token)
            if valued[token] and rest:
                options.append(rest.pop(0))
        elif token.partition("=")[0] in valued and "=" in token or re.match(_LONG_OPTION, token):
            options.append(token)
        else:
            operands.append(token)
    return [name, *options, "--", *operands] if operands else [name, *options]

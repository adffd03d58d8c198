"""The entry point: a command run, errors shown, exit codes returned.

Exit codes: 0 every verdict is ok or kink; 1 some row or verdict is anything
else; 2 the request cannot be understood; 130 interrupted.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from enum import IntEnum
from itertools import pairwise
from typing import NoReturn

from diffcli.cli.streams import aside, language_of
from diffcli.locale.language import LANGUAGES, language, preferred, set_language, tr, translate_message
from diffcli.runtime.errors import DiffError, visible
from diffcli.runtime.messages import message
from diffcli.runtime.streams import prepare

GARBAGE = 50_000
"""Objects made between two collections: imports make many and drop none (by measurement a tenth of the start)."""


class ExitCode(IntEnum):
    OK = 0
    VERDICT = 1
    USAGE = 2
    INTERRUPTED = 130


def entry() -> None:
    """What `cli.start` runs: the command line of this process."""
    gc.set_threshold(GARBAGE)
    _leave(main(sys.argv[1:]))


def _leave(code: int) -> NoReturn:
    """End as children of `multiprocessing` do: handlers are called, streams flushed, and nothing is taken apart.

    To free every object of every library, one by one, takes longer than to import Typer. Where someone
    goes on after us (a thread, a debugger, a profiler, `python -i`), the interpreter ends in its own way.
    """
    watched = sys.gettrace() or sys.getprofile() or "cProfile" in sys.modules or sys.flags.inspect
    if watched or threading.active_count() > 1:
        sys.exit(code)
    with suppress(ValueError):  # in another thread than the main one
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is done is not interrupted any more
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # none, gone, closed
            stream.flush()
    os._exit(code)


def main(arguments: Sequence[str]) -> int:
    """Run the command line; every outcome is an exit code, none a traceback."""
    try:
        prepare()
        set_language(preferred(by_locale=sys.stdout.isatty()))
        result = _run(_spoken(arguments))
        sys.stdout.flush()
        return int(result or 0)
    except DiffError as error:
        with aside() as stream:
            print(reported(error, *_command(error, arguments)), file=stream)
        return ExitCode.USAGE
    except (MemoryError, RecursionError) as error:
        short = "memory" if isinstance(error, MemoryError) else "depth"
        said, hint = _BEYOND[short]
        with aside() as stream:
            print(reported(DiffError(said, hint=hint, kind=short)), file=stream)
        return ExitCode.USAGE
    except KeyboardInterrupt:
        with aside() as stream:
            print(tr("interrupted"), file=stream)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # the reader has gone: nothing more can be said, not even by the interpreter's own flush
        sys.stdout = None
        return ExitCode.VERDICT
    except Exception as error:  # noqa: BLE001 - the last resort: our own mistake is said, too
        if _interrupted(error):
            with aside() as stream:
                print(tr("interrupted"), file=stream)
            return ExitCode.INTERRUPTED
        if not isinstance(error, OSError) or error.errno not in _FULL:
            with aside() as stream:
                print(_fault(error, arguments), file=stream)
            return ExitCode.USAGE
        sys.stdout = None  # as above
        said = message("the output cannot be written any further: {reason}", reason=error.strerror)
        hint = message("make room, or write to another place by --output")
        with aside() as stream:
            print(reported(DiffError(said, hint=hint, kind="file")), file=stream)
        return ExitCode.USAGE


def _interrupted(error: BaseException) -> bool:
    """Whether an error is what a library made of Ctrl-C: some catch whatever there is, and raise their own."""
    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, KeyboardInterrupt):
        inner = inner.__cause__ or inner.__context__
    return inner is not None


def _fault(error: Exception, arguments: Sequence[str]) -> str:
    """What is said of a mistake of ours; where it came from only where that is asked for."""
    if os.environ.get("DIFF_COMPARE_DEBUG"):
        import traceback

        return traceback.format_exc()
    command = shlex.join(["diff-compare", *arguments])
    said = message("a fault of diff-compare: {kind}: {error}", kind=type(error).__name__, error=error)
    hint = message("please report the command; with DIFF_COMPARE_DEBUG=1 before it, it shows where the fault is")
    return reported(DiffError(said, command, (0, len(command)), hint, "internal"))


_BEYOND = {
    "memory": (
        message("this needs more memory than there is"),
        message("ask for less: fewer points, entries or steps"),
    ),
    "depth": (message("this is nested too deeply"), message("write it in several steps: a = …; b = …")),
}
"""By what ran out: what is said of it, and what to try."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where a disk, or what one may have of it, is full."""


def _run(arguments: Sequence[str]) -> int | None:
    """The command's exit code. Typer refuses nothing: words are read, and refused, by `arguments`."""
    from diffcli.cli.application import application

    group = application(arguments)
    result: int | None = group.main(args=list(arguments), prog_name="diff-compare", standalone_mode=False)
    if group.interrupted:
        raise KeyboardInterrupt
    return result


def reported(error: DiffError, *below: str) -> str:
    """An error as it is shown, in the language that is spoken, with further lines."""
    return "\n".join([error.report(tr("error: "), translate_message), *(f"  {visible(line)}" for line in below)])


def _command(error: DiffError, arguments: Sequence[str]) -> list[str]:
    """The whole command without the fault, to be pasted, where it is known what to type instead."""
    if (
        error.kind == "missing"
        and error.source
        and not error.mended
        and error.source in (*arguments[:1], *arguments[1:2])
    ):
        return _without_point(error.source, arguments)
    if not error.mended or not error.source:
        return []
    places = [k for k, word in enumerate(arguments) if word.endswith(error.source)]
    if len(places) != 1:
        return []
    (k,) = places
    text, *options = error.mended
    before, after = arguments[:k], list(arguments[k + 1 :])
    for name, value in zip(options[::2], options[1::2], strict=True):
        if not any(word.startswith((name, "-w" if name == "--wrt" else name)) for word in arguments):
            after += [name, value]
    words = [*before, arguments[k].removesuffix(error.source) + text, *after]
    return [" ".join(["diff-compare", *map(_quoted, words)])]


def _without_point(source: str, arguments: Sequence[str]) -> list[str]:
    """Where no point was given at all: what can be had without one."""
    if any(word.startswith("--at") for word in arguments) or arguments[0] not in (source, "expr"):
        return []
    return [tr("steps needs no point: {command}", command=f"diff-compare steps {_quoted(source)}")]


def _quoted(word: str) -> str:
    """A word as a shell takes it: in double quotes, which all shells know, where nothing is replaced there."""
    safe = shlex.quote(word) == word or not word or any(char in word for char in '"\\$`!\n')
    return shlex.quote(word) if safe else f'"{word}"'


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
    if asked is not None and asked not in LANGUAGES:
        hint = message("write one of: {names}", names=", ".join(LANGUAGES))
        raise DiffError(message("unknown language '{name}'", name=asked), hint=hint, kind="option")
    set_language(asked or language())
    if not _filed(rest):
        set_language(language_of(sys.stdout))
    return rest


def _filed(words: Sequence[str]) -> bool:
    """Whether all results go to a file, which has the letters of every language."""
    named = [after for word, after in pairwise((*words, "")) if word in ("-o", "--output")]
    named += [word.removeprefix("--output=") for word in words if word.startswith("--output=")]
    return bool(named) and "-" not in named

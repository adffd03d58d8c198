"""What the installed script and `-m diffcli` run: Ctrl-C is an exit code from here on, while modules load too."""

import os
import sys


def entry() -> None:
    try:
        from diffcli.cli.main import entry as run
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        os._exit(130)
    run()

"""`python -m diffcli` is the command."""

from diffcli.cli.main import entry

entry()

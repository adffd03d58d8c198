"""`python -m diffcli` is the command."""

from diffcli.cli.start import entry

if __name__ == "__main__":  # worker processes import this module again
    entry()

"""The command line: Typer declarations, streams and exit codes; no arithmetic, no formats."""

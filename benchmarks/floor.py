"""What a command line cannot go below: a one-command Typer app that imports what it is told to, and does nothing."""

from importlib import import_module

import typer

app = typer.Typer()


@app.command()
def main(modules: list[str]) -> None:
    for module in modules:
        import_module(module)


if __name__ == "__main__":
    app()

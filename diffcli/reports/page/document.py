"""A page that stands by itself: nothing is fetched, and only scripts named in its head may run.

All text goes through `text`, so that expressions, names and messages stay data;
should one ever slip through, the page's policy still runs none of it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files

from diffcli.locale.language import TAGS, language
from diffcli.runtime.errors import visible
from diffcli.runtime.version import __version__


def text(found: object) -> str:
    """Text that means itself, in an element or an attribute; what commands or turns the writing is an escape.

    >>> text('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return escape(visible(str(found)))


@cache
def asset(name: str) -> str:
    """A style sheet or a script that stands in this folder, on lines of its own.

    Raises:
        FileNotFoundError: where there is none of this name.
    """
    return "\n" + files("diffcli.reports.page").joinpath(name).read_text(encoding="utf-8")


def opening(title: str, *scripts: str, unscripted: str = "") -> str:
    """The page up to its first heading; `unscripted` is a sheet for readers without scripts."""
    otherwise = f"<noscript><style>{unscripted}</style></noscript>\n" if unscripted else ""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    if scripts:
        policy += f"; script-src {' '.join(map(_hash, scripts))}"
    return (
        f'<!DOCTYPE html>\n<html lang="{TAGS[language()]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{text(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="diff-compare {text(__version__)}">\n'
        f"<title>{text(title)}</title>\n<style>{asset('page.css')}</style>\n{otherwise}</head>\n<body>\n<main>\n"
    )


def _hash(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def ending(foot: str = "", script: str = "") -> str:
    """What closes the page."""
    said = foot or f"<p>diff-compare {text(__version__)}</p>"
    run = f"<script>{script}</script>\n" if script else ""
    return f"</main>\n<footer>\n{said}\n</footer>\n{run}</body>\n</html>\n"


def box(inner: str, label: str, sticky: bool = False) -> str:
    """What may be wider than the window: it scrolls by itself, also by the keyboard."""
    name = "box sticky" if sticky else "box"
    return f'<div class="{name}" role="region" tabindex="0" aria-label="{text(label)}">\n{inner}\n</div>'


Cell = tuple[str, str]
"""What stands in a cell, as markup, and the classes it has."""


def row(head: str, cells: Iterable[Cell], marked: bool = False) -> str:
    """A row under its heading; all cells are markup already."""
    found = "".join(f'<td class="{kind}">{inner}</td>' if kind else f"<td>{inner}</td>" for inner, kind in cells)
    mark = ' class="marked"' if marked else ""
    return f'<tr{mark}><th scope="row">{head}</th>{found}</tr>'


def columns(names: Sequence[Cell]) -> str:
    """The headings of a table."""
    cells = "".join(
        f'<th scope="col" class="{kind}">{name}</th>' if kind else f'<th scope="col">{name}</th>'
        for name, kind in names
    )
    return f"<thead><tr>{cells}</tr></thead>"


def table(names: Sequence[Cell], rows: Iterable[str], caption: str = "", foot: Iterable[str] = ()) -> str:
    """A table: caption, headings, rows, and what stands below the line."""
    said = f"<caption>{caption}</caption>" if caption else ""
    last = "".join(foot)
    below = f"<tfoot>{last}</tfoot>" if last else ""
    return f"<table>{said}{columns(names)}<tbody>{''.join(rows)}</tbody>{below}</table>"

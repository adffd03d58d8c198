"""The sample notebook runs from top to bottom, shows what it should, and its stored outputs are those of today.

`python tests/test_notebook.py` stores the outputs anew.
"""

from __future__ import annotations

import ast
import io
import json
import linecache
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parent.parent / "samples" / "notebook.ipynb"
MIMES = {"_repr_html_": "text/html", "_repr_svg_": "image/svg+xml"}


def read() -> dict[str, Any]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def run(source: str, namespace: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """What a kernel does with a cell: its statements, what they print, and how the last expression shows itself."""
    name = f"<cell {number}>"
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name  # as a kernel does
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(tree, name, "exec"), namespace)  # noqa: S102 - the cells of our own notebook
        value = None if last is None else eval(compile(ast.Expression(last.value), name, "eval"), namespace)  # type: ignore[attr-defined]  # noqa: S307
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        outputs.append({"name": "stdout", "output_type": "stream", "text": printed.getvalue()})
    if value is not None:
        shown = {mime: getattr(value, name)() for name, mime in MIMES.items() if hasattr(value, name)}
        data = {**shown, "text/plain": re.sub(r" at 0x[0-9a-f]+", "", repr(value))}
        outputs.append({"data": data, "execution_count": number, "metadata": {}, "output_type": "execute_result"})
    return outputs


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with new outputs, as a kernel would leave it."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    number = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            number += 1
            cell.update(execution_count=number, outputs=run(source(cell), namespace, number))
    return notebook


@pytest.fixture(scope="module")
def today() -> dict[str, Any]:
    pytest.importorskip("matplotlib")
    return executed(read())


def results(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [output for cell in notebook["cells"] for output in cell.get("outputs", ())]


def test_it_is_a_notebook() -> None:
    notebook = read()
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["language"] == "python"
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    for cell in notebook["cells"]:
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell["id"])
        keys = {"cell_type", "id", "metadata", "source"}
        assert set(cell) == keys | ({"execution_count", "outputs"} if cell["cell_type"] == "code" else set())
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert set(kinds) == {"code", "markdown"}
    assert 10 <= kinds.count("code") <= 15


def test_it_is_valid_for_jupyter() -> None:
    nbformat = pytest.importorskip("nbformat")
    nbformat.validate(nbformat.reads(NOTEBOOK.read_text(encoding="utf-8"), as_version=4))


def test_every_cell_shows_something(today: dict[str, Any]) -> None:
    assert all(cell["outputs"] for cell in today["cells"] if cell["cell_type"] == "code")


def test_comparisons_are_shown_as_tables(today: dict[str, Any]) -> None:
    pages = [output["data"]["text/html"] for output in results(today) if "text/html" in output.get("data", ())]
    pages, tapes = [page for page in pages if "<table" in page], [page for page in pages if "<pre>" in page]
    assert (len(pages), len(tapes)) == (4, 1)
    for page in pages:
        assert page.count("<table") == page.count("</table>") > 0
        assert "<script" not in page
    assert "inaccurate" in pages[1]
    assert "claim" in pages[2]


def test_a_sweep_is_shown_as_a_picture(today: dict[str, Any]) -> None:
    (picture,) = [
        output["data"]["image/svg+xml"] for output in results(today) if "image/svg+xml" in output.get("data", ())
    ]
    assert picture.startswith("<?xml")
    assert picture.rstrip().endswith("</svg>")


def test_stored_outputs_are_those_of_today(today: dict[str, Any]) -> None:
    """Word by word; last digits, and how a table or a picture is drawn, may change from machine to machine."""

    def words(notebook: dict[str, Any]) -> list[Any]:
        return [
            re.sub(r"\d[\d.e+-]*", "#", output["text"] if "text" in output else output["data"]["text/plain"])
            if "text/html" not in output.get("data", ())
            else sorted(output["data"])
            for output in results(notebook)
        ]

    assert words(read()) == words(today)


def test_a_kernel_runs_it() -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120).execute()


if __name__ == "__main__":
    NOTEBOOK.write_text(json.dumps(executed(read()), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

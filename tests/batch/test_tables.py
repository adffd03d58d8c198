"""Tables as people keep them: workbooks, encodings and separators, read alike as rows and as points."""

import builtins
import csv
import datetime
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from diffcli.batch.reading import legible, reader_for
from diffcli.batch.rows import Failure, Row
from diffcli.cli.main import main
from diffcli.cli.streams import source
from diffcli.points.reading import of_file
from diffcli.runtime.errors import DiffError
from diffcli.tables import workbook
from diffcli.tables.records import delimited

CLASS = [
    ["expr", "id", "姓名", "x", "claim", "born"],
    ["x^2", "007", "王小明", 3, "2*x", datetime.date(2005, 12, 1)],
    [],
    ["x*sin(x)", 12, "李四", "３", "sin(x)", None],
    ["x^2", None, None, 0.1, None, "=B2"],
]


def saved(file: Path, *sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(file)
    return file


def read(file: Path, encoding: str | None = None) -> list[Row | Failure]:
    with source(str(file), encoding) as text:
        return list(legible(reader_for(file.name)(text), text.encoding))


# --- workbooks
def test_a_workbook_is_read_as_the_csv_of_its_cells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(tmp_path / "class.xlsx", CLASS, [["expr"], ["other"]])
    rows = [row for row in read(file) if isinstance(row, Row)]
    assert [(row.line, row.id, row.at, row.claims) for row in rows] == [
        (2, "007", {"x": "3"}, ("2*x",)),
        (4, "12", {"x": "３"}, ("sin(x)",)),
        (5, None, {"x": "0.1"}, ("",)),
    ]
    assert [row.carried for row in rows] == [
        {"姓名": "王小明", "born": "2005-12-01"},
        {"姓名": "李四"},
        {"born": "=B2"},
    ]
    assert "has 2 sheets; 'Sheet' is read" in capsys.readouterr().err


def test_an_id_is_read_with_the_zeros_it_shows(tmp_path: Path) -> None:
    file = saved(tmp_path / "ids.xlsx", [["expr", "id"], ["1", 42], ["1", 42], ["1", 20231234567]])
    book = openpyxl.load_workbook(file)
    book.active["B2"].number_format = "00000"
    book.save(file)
    assert [row.id for row in read(file)] == ["00042", "42", "20231234567"]


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("=1+1", "cell B3 has a formula whose value was not saved"),
        (datetime.date(2026, 12, 1), "cell B3 holds the date or time 2026-12-01"),
        (datetime.time(12, 30), "cell B3 holds the date or time 12:30:00"),
        ("#DIV/0!", "cell B3 holds the error #DIV/0!"),
    ],
)
def test_a_cell_without_a_value_is_said_of_its_row_alone(cell: Any, told: str, tmp_path: Path) -> None:
    file = saved(tmp_path / "odd.xlsx", [["expr", "x", "y"], ["x", 1, None], ["x", cell, None], ["x", 1, None]])
    found = read(file)
    assert [isinstance(row, Failure) for row in found] == [False, True, False]
    assert isinstance(found[1], Failure)
    assert (found[1].line, found[1].message, bool(found[1].hint)) == (3, told, True)
    with pytest.raises(DiffError, match="line 3: " + told) as caught:
        of_file(str(file), "x", {})
    assert caught.value.span is not None
    assert caught.value.hint


def test_points_are_read_from_a_workbook(tmp_path: Path) -> None:
    file = saved(tmp_path / "points.xlsx", [["姓名", "x", "v[0]", "v[1]"], ["王", 1.5, "pi/2", 3], ["李", "２", 0, -1]])
    points = of_file(str(file), "x*sum(v)", {})
    assert points.at(0) == {"x": 1.5, "v": (1.5707963267948966, 3.0)}
    assert points.at(1) == {"x": 2.0, "v": (0.0, -1.0)}


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 rubbish", b"expr,x\nx,1\n", b"\xd0\xcf\x11\xe0" * 100])
def test_a_broken_workbook_is_an_error_in_three_parts(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "broken.xlsx").write_bytes(data)
    for ask in (lambda file: read(Path(file)), lambda file: of_file(file, "x", {})):
        with pytest.raises(DiffError, match="is no workbook") as caught:
            ask(str(tmp_path / "broken.xlsx"))
        assert "CSV" in str(caught.value.hint)


def test_every_part_of_a_workbook_may_be_cut_off(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.xlsx", CLASS).read_bytes()
    for size in range(0, len(whole), len(whole) // 40):
        (tmp_path / "cut.xlsx").write_bytes(whole[:size])
        with pytest.raises(DiffError, match="is no workbook"):
            read(tmp_path / "cut.xlsx")
    for place in range(0, len(whole), len(whole) // 40):
        (tmp_path / "bent.xlsx").write_bytes(whole[:place] + b"\xff\x00\xff" + whole[place + 3 :])
        with suppress(DiffError):
            read(tmp_path / "bent.xlsx")


def test_a_workbook_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved(tmp_path / "large.xlsx", [["expr"], ["x" * 30_000]])
    monkeypatch.setattr(workbook, "MOST", 1 << 10)
    with pytest.raises(DiffError, match="holds more than"):
        read(file)


def test_without_its_library_the_command_that_installs_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, found = saved(tmp_path / "class.xlsx", CLASS), builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("openpyxl"):
            raise ImportError
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DiffError, match="needs openpyxl") as caught:
        read(file)
    assert "pip install 'diff-compare[xlsx]'" in str(caught.value.hint)


def test_a_workbook_says_its_encoding_and_is_no_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(tmp_path / "class.xlsx", CLASS)
    with pytest.raises(DiffError, match="--encoding is for text"):
        source(str(file), "gbk")
    for words in (["-o", "out.xlsx"], ["--export", "out.xlsx"]):
        assert main(["batch", str(file), *words]) == 2
        assert ".csv" in capsys.readouterr().err
        assert main(["x^2", "--at", "x=0:1:5", *words]) == 2
        assert ".csv" in capsys.readouterr().err


def test_a_batch_of_a_workbook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", str(saved(tmp_path / "class.xlsx", CLASS)), "-m", "reverse", "-f", "jsonl"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    claims = [next(one["claim"] for one in row["methods"] if "claim" in one) for row in rows]
    assert (claims, [row["id"] for row in rows]) == (["right", "wrong", "missing"], ["007", "12", None])


# --- text
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("second", ["2.5", "5/2", "２.5"])
def test_points_and_rows_are_read_alike(encoding: str, separator: str, second: str, tmp_path: Path) -> None:
    """By NumPy where all cells are plain numbers, cell by cell elsewhere."""
    file = tmp_path / "作业.csv"
    table = [["姓名", "expr", "速度", "x"], ["王小明", "x*速度", "2", "1.5"], ["李四", "x*速度", "3", second]]
    file.write_bytes("".join(separator.join(line) + "\r\n" for line in table).encode(encoding))
    points = of_file(str(file), "x*速度", {})
    assert [points.at(k) for k in range(2)] == [{"x": 1.5, "速度": 2.0}, {"x": 2.5, "速度": 3.0}]
    assert (points.note is not None) == (encoding == "gbk")
    rows = [row for row in read(file) if isinstance(row, Row)]
    assert [row.carried for row in rows] == [{"姓名": "王小明"}, {"姓名": "李四"}]


def test_points_in_a_named_encoding(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_bytes("ü,name\n1.5,Jürg\n".encode("latin-1"))
    assert of_file(str(file), "ü", {}, (), "latin-1").at(0) == {"ü": 1.5}
    with pytest.raises(DiffError, match="not UTF-8") as caught:
        of_file(str(file), "ü", {})
    assert "--encoding" in str(caught.value.hint)


def test_lines_that_spreadsheets_add_are_passed_over() -> None:
    lines = ["sep=;\n", "\n", "x;y\n", ";\n", "1;2\n", " ; \n"]
    table = delimited(lines, {"x"}.__contains__)
    assert (table.header.number, [(one.number, one.cells) for one in table.records]) == (3, [(5, ["1", "2"])])


# --- what comes back
def test_a_table_comes_back_with_its_columns(tmp_path: Path) -> None:
    """Names, ids and cells as they were typed; a name of ours is told apart; formulas of a spreadsheet stay text."""
    table = [
        ["expr", "id", "姓名", "status", "given status", "=班", "x", "claim"],
        ["x^2", "007", " 王小明", "新生", "a", "=1+1", "3", "2*x"],
        ["x*(", "０８ ", "李四", "旧", "", "", "3", ""],
        ["sin(t)", "", "", "", "", "", "", ""],
    ]
    file, out = tmp_path / "class.csv", tmp_path / "out.csv"
    file.write_bytes("".join(";".join(line) + "\r\n" for line in table).encode("gbk"))
    assert main(["batch", str(file), "-m", "reverse", "-o", str(out)]) == 1
    with out.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    names = ["id", "姓名", "given given status", "given status", "\t=班", "x", "status"]
    assert [[row[name] for name in names] for row in rows if row["method"] in ("reverse", "")] == [
        ["007", " 王小明", "新生", "a", "\t=1+1", "3", "ok"],
        ["０８ ", "李四", "旧", "", "", "", "error"],
        ["", "", "", "", "", "", "error"],
    ]


# --- as Chinese spreadsheets have it, end to end
def test_a_class_comes_back_whole_from_a_chinese_spreadsheet(tmp_path: Path) -> None:
    """GBK and `;` in, as Excel saves it; CSV with a mark out, by which Excel opens it."""
    table = [
        ["学号", "姓名", "expr", "x", "claim", "备注"],
        ["007", "王小明", "x^2*exp(x)", "1.5", "(2*x + x^2)*exp(x)", ""],
        ["０１２", "李四", "x^2*exp(x)", "1.5", "2*x*exp(x)", "迟交"],
        ["013 ", "欧阳喆", "x^2*exp(x)", "１.５", "", "请假"],
        ["014", "赵六", "x^2*exp(", "1.5", "2*x", ""],
        ["", "", "", "", "", ""],
    ]
    file, out = tmp_path / "作业.csv", tmp_path / "结果.csv"
    file.write_bytes("".join(";".join(line) + "\r\n" for line in table).encode("gbk"))
    assert main(["batch", str(file), "-m", "reverse", "--bom", "-o", str(out)]) == 1
    data = out.read_bytes()
    assert (data.count(b"\xef\xbb\xbf"), data[:3]) == (1, b"\xef\xbb\xbf")
    rows = [row for row in csv.DictReader(data.decode("utf-8-sig").splitlines()) if row["method"] in ("claim", "")]
    assert [(row["学号"], row["姓名"], row["备注"], row["claim"]) for row in rows] == [
        ("007", "王小明", "", "right"),
        ("０１２", "李四", "迟交", "wrong"),
        ("013 ", "欧阳喆", "请假", "missing"),
        ("014", "赵六", "", ""),
    ]


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_a_spreadsheet_shows_chinese_names_and_no_mark(tmp_path: Path) -> None:
    """LibreOffice, which is not told the encoding (0): names as they are, and no mark within the first column."""
    file, out = tmp_path / "class.csv", tmp_path / "out.csv"
    file.write_text("expr,姓名,x\nx^2,欧阳喆,3\n", encoding="gbk")
    main(["batch", str(file), "-m", "reverse", "--bom", "-o", str(out)])
    words = [
        "soffice",
        "--headless",
        "--infilter=CSV:44,34,0,1",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--convert-to",
        "xlsx",
    ]
    subprocess.run([*words, "--outdir", str(tmp_path), str(out)], check=True, capture_output=True, timeout=120)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    cells = {str(head.value): cell.value for head, cell in zip(sheet[1], sheet[2], strict=True)}
    assert (cells["line"], cells["姓名"], cells["method"]) == (2, "欧阳喆", "reverse")


@pytest.mark.parametrize(
    "words",
    [
        ["x^2", "--at", "x=1", "-f", "csv"],
        ["x^2", "--at", "x=0:1:5", "-f", "csv"],
        ["x", "--at", "x=0:1:5", "-o", "{}"],
    ],
)
def test_every_csv_has_the_mark_where_it_is_asked_for(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    main([*(word.format(out) for word in words), "--bom"])
    text = out.read_text(encoding="utf-8") if out.exists() else capsys.readouterr().out
    assert (text.count("\ufeff"), text[0]) == (1, "\ufeff")
    assert main(["x^2", "--at", "x=1", "--bom"]) == 2
    assert "--bom is for CSV" in capsys.readouterr().err


# --- the worst of batches
@pytest.mark.parametrize("name", ["rows.csv", "rows.txt"])
def test_what_is_too_long_is_refused_where_it_is_read_and_is_not_repeated(name: str, tmp_path: Path) -> None:
    """Workers would have it in memory again, and the output would hold it whole."""
    long = "x+" * 6_000_000 + "1"
    rows = {
        "rows.csv": f"expr,id,x\nx^2,a,3\n{long},b,3\nx^2,c,4\n",
        "rows.txt": f"x^2 | x=3\n{long} | x=3\nx^2 | x=4\n",
    }
    (tmp_path / name).write_text(rows[name])
    found = read(tmp_path / name)
    assert [isinstance(row, Failure) for row in found] == [False, True, False]
    assert len(found[1].expression) <= 200
    assert "characters" in str(found[1].message) if isinstance(found[1], Failure) else False


def test_rows_of_every_kind_of_fault_stand_in_their_places(tmp_path: Path) -> None:
    """Read from a FIFO: nested, with NUL, one id for all, broken, beyond float64, with cells too many."""
    odd = ["(" * 5_000 + "x" + ")" * 5_000, "x\0", "[" * 5_000, "x*(", "1e999*x", "x,1,2,3"]
    file, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    os.mkfifo(file)
    lines = ["expr,id,x", *(part for k, text in enumerate(odd) for part in (f"x^2+{k},same,3", f"{text},same,3"))]
    writer = threading.Thread(target=lambda: file.write_text("\n".join([*lines, "x^2+9,same,3", ""])))
    writer.start()
    assert main(["batch", str(file), "-m", "reverse", "-o", str(out)]) == 1
    writer.join()
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["line"] for row in rows] == list(range(2, 15))
    assert [row["status"] for row in rows[::2]] == ["ok"] * 7
    assert [row["status"] for row in rows[3::2]] == ["error"] * 5
    assert {row["id"] for row in rows if row["line"] != 13} == {"same"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_an_output_that_has_no_more_room_says_so_and_keeps_whole_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_text("".join(f"x^2+{k} | x=3\n" for k in range(400)))
    words = f'ulimit -f 100; exec "{sys.executable}" -m diffcli batch rows.txt -m reverse -o out.jsonl'
    done = subprocess.run(["bash", "-c", words], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "cannot be written any further" in done.stderr
    whole = (tmp_path / "out.jsonl").read_text().rpartition("\n")[0].splitlines()
    assert [json.loads(line)["line"] for line in whole] == list(range(1, len(whole) + 1))


def test_what_is_no_csv_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diffcli.tables.records.LONGEST_CELL", 20)
    rows = [*reader_for("a.csv")(["expr,x\n", "x\r2,1\n", f"{'x' * 21},1\n", "x,1\n"])]
    assert [(row.line, row.hint) for row in rows if isinstance(row, Failure)] == [
        (2, "put cells that hold line ends in quotation marks"),
        (3, "split it into several rows, or look for a quotation mark that is never closed"),
    ]
    assert isinstance(rows[-1], Row)

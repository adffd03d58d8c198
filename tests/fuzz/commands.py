"""Command lines over all commands and options, which are taken from the declarations, so that none can be forgotten.

Most run in this process, on streams that say they are terminals; a share as processes. Oracles: an exit code of the
contract; no traceback; nothing raw on a terminal; what is refused is refused; options have their effect.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from diffcli.cli.application import COMMANDS as DECLARED
from diffcli.cli.application import command
from diffcli.cli.main import main
from diffcli.locale.language import set_language
from fuzz import Area, Case, expect

HELP = ("--help", "-h")
EXITS = (0, 1, 2)
SERVING = {"explore"}
"""Commands that serve until they are interrupted."""
COMMANDS = tuple(name for name in DECLARED if name not in SERVING)


@cache
def parameters(name: str) -> tuple[Any, ...]:
    return tuple(p for p in command(name).params if p.opts[0] not in HELP)


def options(name: str) -> list[str]:
    """Long names of a command's options."""
    return [max(p.opts, key=len) for p in parameters(name) if p.opts[0].startswith("-")]


# --- questions: an expression, and what options say of it
Question = tuple[str, dict[str, list[str]]]
"""An expression, and values for the options that must fit it."""


def _one(text: str, x: str = "x=1.5") -> Question:
    low = {"--at": [x], "--wrt": ["x"], "--from": [x], "--over": ["x=0.5:2", "x=1:3"]}
    return text, {**low, "--claim": ["x: 2*x", "x: cos(x)"], "--jvp": ["1", "[2]"], "--vjp": ["2"], "--hvp": ["1"]}


QUESTIONS = (
    _one("x^2"), _one("x*sin(x)"), _one("exp(-x^2)/x"), _one("abs(x)", "x=0"), _one("(1 - cos(x))/x^2", "x=1e-8"),
    _one("where(x > 1, log(x), x^3)"), _one("a = x*x; a*sin(a)"), _one("-x**2"), _one("max(x, 1)", "x=1"),
    ("x*y + sin(y)", {"--at": ["x=1, y=2"], "--wrt": ["x", "y", "x,y"], "--from": ["x=1, y=0.5"],
                      "--over": ["x=0:1, y=1:2"],
                      "--jvp": ["1,2"], "--vjp": ["1"], "--hvp": ["[1, 0]"], "--claim": ["x: y", "y: x + cos(y)"]}),
    ("2*dot(v, v)", {"--at": ["v=[1, 2, 3]"], "--wrt": ["v"], "--jvp": ["1,0,0"], "--hvp": ["1,2,3"], "--vjp": ["1"]}),
    ("[x*y, x + y]", {"--at": ["x=1, y=2"], "--wrt": ["x", "y"], "--jvp": ["1,2"], "--vjp": ["1,2"]}),
)  # fmt: skip

FAULTY = (
    "x*(",
    "",
    "x +* 2",
    "foo(x)",
    "x\x1b[31m",
    "\u202ex",
    "x y z(",
    "1/0",
    "\x00x",
    "x" * 300 + "(",
    "[x, [x]]",
    "lesson.py:f",
    "nan",
    "x=1",
)
WORDS = (
    "",
    "-1",
    "0",
    "nan",
    "inf",
    "abc",
    "1e309",
    "\x1b[2J",
    "\u202e",
    "--",
    "-",
    "x=",
    "=",
    ",",
    "1,,2",
    "[",
    "变",
    "9" * 30,
    "a b",
    "x:0:1",
    "1.5",
)
"""Values that most options refuse."""

VALUES: dict[str, tuple[str, ...]] = {
    "--at": ("x=1",), "--wrt": ("x",), "--jvp": ("1",), "--vjp": ("1",), "--hvp": ("1",), "--claim": ("x: 1",),
    "--from": ("x=1",), "--over": ("x=0:1",), "--implicit": ("y", "x"), "--notation": ("plain", "tex", "python"),
    "--methods": ("forward", "forward,reverse", "reverse", "all", "symbolic", "central-difference", "complex-step"),
    "--format": (
        "table", "json", "csv", "jsonl", "markdown", "latex", "html", "text", "svg", "dot", "mermaid", "mathml",
    ),
    "--output": (
        "out.txt", "out.json", "out.csv", "-", "out.html", "out.md", "out.tex", "out.jsonl", "out.svg", "out.npy",
    ),
    "--export": ("more.json", "more.csv", "more.html", "more.txt"), "--plot": ("out.png", "out.svg"),
    "--timeout": ("2", "0.5", "3"), "--tolerance": ("1024", "0", "1e6"), "--order": ("1", "2", "3"),
    "--dtype": ("float64", "float32"), "--rules": ("textbook", "stable"), "--step": ("1e-6", "0.1"),
    "--points": ("10", "12"), "--sample": ("2", "0"), "--seed": ("0", "7"), "--compiled": ("heyoka",),
    "--jobs": ("1",), "--memory": ("2048", "4096"), "--cluster": ("nowhere",),
    "--encoding": ("utf-8", "latin-1", "gbk"),
    "--steps": ("3", "5"), "--largest": ("1", "0.1"), "--smallest": ("1e-12", "1e-6"), "--evaluations": ("20", "50"),
    "--distances": ("0.1,1", "[0.5, 1]"), "--mode": ("forward", "reverse", "both"), "--data": ("samples.csv",),
    "--model": ("w*x + b",), "--loss": ("mean((yhat - y)^2)",),
    "--way": ("batch", "stochastic", "mini-batch", "momentum", "newton"),
    "--rate": ("0.1", "0.01"), "--epochs": ("2",), "--batch-size": ("2",), "--momentum": ("0.5",), "--until": ("1e-6",),
    "--family": ("logistic", "product", "nested"), "--expr": ("4*l*(1 - l)",), "--up-to": ("2", "3"),
    "--show": ("values", "derivatives", "errors"),
}  # fmt: skip
"""Values that options accept; of an option that is new here, words that its declaration names are tried."""

USUAL = {
    "sweep": ["--steps", "5"], "profile": ["--points", "5"], "hunt": ["--evaluations", "20"],
    "rules": ["--points", "10"],
    "descend": ["--steps", "3"], "newton": ["--steps", "4"], "swell": ["--up-to", "2"], "batch": ["--jobs", "1"],
    "taylor": ["--order", "3"],
}  # fmt: skip
"""What keeps a command short, unless an option drawn says otherwise."""

NEEDS = {
    "--unit": ("--jvp", "1"), "--step": ("--methods", "central-difference"), "--sample": ("--at", "x=0:1:3"),
    "--compiled": ("--at", "x=0:1:3"), "--fast-trig": ("--at", "x=0:1:3"), "--resume": ("--format", "jsonl"),
    "--model": ("--data", "samples.csv"), "--loss": ("--data", "samples.csv"),
    "--epochs": ("--data", "samples.csv"), "--momentum": ("--way", "momentum"), "--batch-size": ("--way", "mini-batch"),
}  # fmt: skip
"""Options that go with another one."""
APART = {"--jvp", "--vjp", "--hvp", "--order", "--claim"}
"""Options of which a comparison has one."""
MOVING = {"profile", "hunt", "newton", "descend"}
"""Commands that say by themselves where they begin: --at is for what is left."""

OPERANDS: dict[str, tuple[str, ...]] = {
    "FILE": ("rows.txt", "rows.jsonl", "rows.csv", "-"), "[NAME]…": ("tanh", "sin", "gelu"),
    "[LESSON]": ("A1", "a2"),
}  # fmt: skip

FILES = {
    "rows.txt": "x*y | x=1, y=2\nx*( | x=1\nabs(x) | x=0\n",
    "rows.jsonl": '{"id": "a\\u001b[2J", "expr": "x^2", "at": {"x": 1}}\n{"expr": 3}\n',
    "rows.csv": "id,expr,x\na\u202eb,x^2,1\nb,x+,1\n",
    "samples.csv": "x,y\n0,1\n1,3\n2,5\n3,7\n",
    "points.csv": "x\n1\n2\n3\n",
}


def draw(rng: Random) -> Case:
    name = rng.choice(COMMANDS) if rng.random() < 0.8 else "expr"
    question = rng.choice(QUESTIONS)
    words = [name] if name != "expr" or rng.random() < 0.5 else []
    chosen = _options(rng, name, question)
    operands = _operands(rng, name, question[0])
    refused = rng.random() < 0.1 and name in ("expr", "batch")
    if refused:
        given = ["--at", question[1]["--at"][0]] if name == "expr" else []
        chosen = [
            *given,
            "--"
            + rng.choice(
                (
                    "tolerance=-1",
                    "timeout=0",
                    "order=0",
                    "order=100001",
                    "dtype=float16",
                    "rules=none",
                    "methods=none",
                    "format=none",
                )
            ),
        ]
    elif rng.random() < 0.1:
        words = rng.choice(
            (
                ["--help"],
                ["--version"],
                [name, "--help"],
                [],
                ["--lang", "zh", *words],
                ["--no-such"],
                [name, "--no-such"],
            )
        )
    if rng.random() < 0.1 and chosen:
        chosen[rng.randrange(len(chosen))] = rng.choice(WORDS)
        refused = False
    if name == "expr" and not refused and rng.random() < 0.3:
        chosen += ["--format", "json"]
    parts = [operands, chosen]
    rng.shuffle(parts)
    return {
        "words": [*words, *parts[0], *parts[1]],
        "refused": refused,
        "terminal": rng.random() < 0.6,
        "process": rng.random() < 0.01,
        "language": rng.choice(("en", "en", "zh")),
    }


def _options(rng: Random, name: str, question: Question) -> list[str]:
    drawn: list[str] = []
    for p in parameters(name):
        if not p.opts[0].startswith("-"):
            continue
        option = max(p.opts, key=len)
        if option in drawn or not (p.required or rng.random() < _chance(option, name)):
            continue
        if option in APART and APART & set(drawn) and rng.random() < 0.9:
            continue
        if option in NEEDS and rng.random() < 0.9:
            needed, value = NEEDS[option]
            if needed in drawn:
                drawn[drawn.index(needed) + 1] = value
            else:
                drawn += [needed, value]
        drawn.append(rng.choice([*p.opts, *p.secondary_opts]) if rng.random() < 0.3 else option)
        if not p.is_flag:
            drawn.append(_value(rng, option, p, name, question))
    for option, value in zip(USUAL.get(name, [])[::2], USUAL.get(name, [])[1::2], strict=True):
        if option not in drawn and "--epochs" not in drawn:
            drawn += [option, value]
    if "--timeout" not in drawn and "--timeout" in options(name):
        drawn += ["--timeout", "2"]
    return drawn


def _chance(option: str, name: str) -> float:
    if option == "--from" or option == "--at" and name not in MOVING and name != "swell":
        return 0.93
    return 0.03 if option in ("--at", "--cluster") else 0.12


def _value(rng: Random, option: str, p: Any, name: str, question: Question) -> str:
    if rng.random() < 0.04:
        return rng.choice(WORDS)
    if option == "--points" and name == "expr":
        return "points.csv"
    if option == "--at" and name == "expr" and rng.random() < 0.05:
        return "x=0:1:3"
    said = set(re.findall(r"\w+", p.help or ""))
    if option == "--format" and len(said & set(VALUES[option])) > 1:
        return rng.choice(sorted(said & set(VALUES[option])))
    named = re.findall(r"[a-z][a-z0-9-]+", p.metavar or "") + re.findall(r"[a-z][a-z0-9-]+", p.help or "")[:6]
    return rng.choice(question[1].get(option) or VALUES.get(option) or named or WORDS)


def _operands(rng: Random, name: str, text: str) -> list[str]:
    drawn = []
    for p in parameters(name):
        if p.opts[0].startswith("-"):
            continue
        if p.metavar == "EXPR":
            drawn.append(text if rng.random() < 0.93 else rng.choice(FAULTY))
        elif p.metavar == "[EXPR]":
            drawn += [text] if rng.random() < 0.85 else []
        elif p.required or rng.random() < 0.7:
            drawn.append(rng.choice(OPERANDS.get(p.metavar, WORDS)))
    return drawn


# --- runs
class Terminal(io.TextIOWrapper):
    """A stream in memory that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run(words: list[str], terminal: bool = False, language: str = "en") -> tuple[int, str, str]:
    """A command line in this process: its exit code, and what it wrote."""
    out, err = io.BytesIO(), io.BytesIO()
    kind = Terminal if terminal else io.TextIOWrapper
    streams = {"stdout": kind(out, encoding="utf-8"), "stderr": kind(err, encoding="utf-8")}
    plain = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100", "DIFF_COMPARE_LANG": language}
    nothing = Path(os.devnull).open()  # noqa: SIM115 - closed below
    with nothing, mock.patch.dict(os.environ, plain), mock.patch.multiple(sys, stdin=nothing, **streams):
        code = main(words)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    set_language("en")
    return code, out.getvalue().decode(), err.getvalue().decode()


def _process(words: list[str], language: str) -> tuple[int, str, str]:
    environment = {**os.environ, "NO_COLOR": "1", "DIFF_COMPARE_LANG": language}
    done = subprocess.run(
        [sys.executable, "-m", "diffcli", *words],
        capture_output=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def raw(text: str) -> list[str]:
    """Characters that command a terminal, or change the direction of writing."""
    return sorted({char for char in text if char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cf", "Cs")})


@contextmanager
def _folder() -> Iterator[None]:
    """A working directory with the files that the words name."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        for file, text in FILES.items():
            (Path(name) / file).write_text(text, encoding="utf-8")
        os.chdir(name)
        try:
            yield
        finally:
            os.chdir(before)


PROGRESS = re.compile(r"\r(\x1b\[K)?[^\r\x1b]*")
"""A counter that a terminal shows on one line, and takes away."""


def check(case: Case) -> Counter[str]:
    words = case["words"]
    process = case["process"] and not any("\0" in word for word in words)
    with _folder():
        code, out, err = (
            _process(words, case["language"]) if process else run(words, case["terminal"], case["language"])
        )
    expect(code in EXITS, "the exit code is the contract's", (code, err[-500:]))
    shown_in_a_lesson = "Traceback (most recent call last): …"
    expect("Traceback" not in (out + err).replace(shown_in_a_lesson, ""), "no traceback", (out + err)[-1500:])
    expect("a fault of diff-compare" not in err and "diff-compare 自身" not in err, "no fault of ours", err[-800:])
    if case["terminal"] and not process:
        shown = err if "\x1b[K" not in err else PROGRESS.sub("", err)
        expect(
            not raw(out) and not raw(shown), "a terminal gets nothing raw", (raw(out), raw(shown), (out + shown)[-600:])
        )
    expect(code != 2 or err.strip(), "what is refused has a message")
    if case["refused"]:
        expect(code == 2 and not out, "what is out of bounds is refused", (code, out[-300:], err[-300:]))
    met = _met(words, code)
    if code in (0, 1):
        met.update(_check_effects(words, code, out))
    return met


def _met(words: list[str], code: int) -> Counter[str]:
    name = words[0] if words and words[0] in COMMANDS else "expr"
    known = {opt: max(p.opts, key=len) for p in parameters(name) for opt in (*p.opts, *p.secondary_opts)}
    met = Counter({f"exit {code}": 1, f"command: {name}": 1})
    met.update(f"option: {name} {known[word]}" for word in {word.partition("=")[0] for word in words} if word in known)
    return met


def _check_effects(words: list[str], code: int, out: str) -> Counter[str]:
    """What options say is seen in the JSON of one comparison."""
    expect(code == 0 or "--exit-zero" not in words, "--exit-zero ends in 0")
    if words and words[0] in COMMANDS and words[0] != "expr" or "--help" in words or "--version" in words:
        return Counter()
    if not out.startswith("{"):
        return Counter()
    content = json.loads(out)
    if "methods" not in content or not content["methods"] or "truth" not in content:
        return Counter()
    said = dict(zip(words, [*words[1:], ""], strict=True))
    if said.get("--methods", "all") != "all" and "--claim" not in said:
        wanted = list(dict.fromkeys(said["--methods"].split(",")))
        expect([row["method"] for row in content["methods"]] == wanted, "--methods are compared", wanted)
    if "--dtype" in said:
        expect(content.get("dtype", "float64") == said["--dtype"], "--dtype is computed with", said["--dtype"])
    if "--rules" in said:
        expect(content.get("rules", "textbook") == said["--rules"], "--rules are read", said["--rules"])
    if "--wrt" in said:
        expect(content["wrt"] == said["--wrt"].split(","), "--wrt is differentiated by", said["--wrt"])
    if "--order" in said and said["--order"] in ("2", "3"):
        expect(content["kind"] == {"2": "hessian", "3": "derivative"}[said["--order"]], "--order is differentiated to")
    return Counter({"effects seen": 1})


AREA = Area(draw, check, 2.0)

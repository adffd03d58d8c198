"""The course holds: every step runs in both languages, and gives the numbers that its text states."""

import contextlib
import io
import re
import shlex
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from diffcli.cli import lessons as command
from diffcli.cli.main import main
from diffcli.lessons.course import Both, Lesson, Step, chosen, course, following, parts, typed
from diffcli.lessons.layout import folded
from diffcli.lessons.running import Python, Stage, perform, run_step
from diffcli.lessons.words import WORDS
from diffcli.locale.language import LANGUAGES, speaking, tr
from diffcli.locale.wrapping import wrapped
from diffcli.runtime.errors import DiffError, width

# What the course must teach, part by part; a slip is a statement of textbooks that is put right.
TOPICS = {
    "A": [
        "rules", "derivative as a limit", "gradient", "chain rule, many inputs", "subderivative",
        "the four steps of autograd", "accumulation", "non-scalar output", "detach",
    ],
    "B": [
        "computational graph", "memory", "non-scalar backward", "control flow", "exercise: second derivatives",
        "exercise: backward twice", "exercise: control flow on a vector",
    ],
    "C": ["derivative, partial, directional", "a gradient by hand", "gradient descent", "backpropagation"],
    "D": [
        "derivative, differential, gradient", "Newton's method", "Taylor expansion",
        "forward, backward, central differences", "truncation against round-off", "cost", "non-smooth functions",
    ],
    "E": ["gradient, Jacobian", "vector-Jacobian product", "a network by hand", "order of multiplication"],
    "slip": ["stationary", "cosine", "expanded loss", "central"],
}  # fmt: skip

# Numbers that the lectures state, and the lesson that must produce them.
STATED = {
    "A1": ["6", "6.01"],
    "A3": ["6 5", "39 27"],
    "A5": ["f = 28", "0 4 8 12"],
    "A6": ["[0.0, 2.0, 4.0, 6.0]", "0 1 4 9", "0 3 12 27"],
    "B4": ["4096", "1024", "512", "102400"],
    "C1": ["4.949747468305832", "5", "7.810249675906654"],
    "C2": ["-2 -8 -18", "claim -30"],
    "C3": ["1.03125", "1.15234375", "1.3907470703125", "-1.5 -3.66666666666666"],
    "D1": ["0.4", "4.41 4.4 0.01"],
    "D3": ["1.5 0.149", "1.625 0.0237"],
    "D4": ["0.14 0.13 0.0045 9.1e-06"],
    "D6": ["14", "26"],
    "E2": ["17 52 81"],
    "E3": ["-9.21875", "27.1953125"],
    "E4": ["42", "24"],
}

STEPS = [(lesson, place) for lesson in course() for place in range(len(lesson.steps))]


def flat(text: str) -> str:
    """Without frames and widths, which depend on the language."""
    return " ".join(re.sub(r"[─│┌┐└┘├┤╭╮╰╯]", " ", text).split())


def performed(lesson: Lesson, language: str) -> list[tuple[Step, int, str]]:
    """Every step with its exit code, and what its commands and its Python printed."""
    printed = io.StringIO()

    def show(text: str, style: str) -> None:
        printed.write(f"{text}\n" if not style else "")

    stage = Stage(language, 88, show, main, lambda: True)
    python = stage.prompt()
    found = []
    for step in lesson.steps:
        printed.seek(0)
        printed.truncate()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = run_step(step, stage, python)
        found.append((step, code, printed.getvalue()))
    return found


@pytest.fixture(autouse=True)
def _english_after() -> object:
    with speaking("en"):
        yield


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lesson", course(), ids=lambda lesson: lesson.number)
def test_every_step_gives_what_its_text_states(lesson: Lesson, language: str) -> None:
    with speaking(language):
        truth = tr("truth")
    everything = ""
    for place, (step, code, output) in enumerate(performed(lesson, language), 1):
        assert code == step.exit, f"{lesson.number} {place}: {output}"
        for expected in step.expect:
            wanted = flat(expected.replace("truth", truth))
            assert wanted in flat(output), f"{lesson.number} {place}: {expected!r} is not in\n{output}"
        everything += output
    for number in STATED.get(lesson.number, []):
        assert re.search(rf"(?<![\d.]){re.escape(number)}", flat(everything)), number


@pytest.mark.parametrize("part", TOPICS)
def test_every_topic_is_covered_by_a_step(part: str) -> None:
    covered = {topic for lesson in course() for step in lesson.steps for topic in step.covers}
    assert [topic for topic in TOPICS[part] if f"{part} {topic}" not in covered] == []


def test_no_step_claims_a_topic_that_is_not_in_the_plan() -> None:
    plan = {f"{part} {topic}" for part, topics in TOPICS.items() for topic in topics}
    assert {topic for lesson in course() for step in lesson.steps for topic in step.covers} <= plan


@pytest.mark.parametrize(("lesson", "place"), STEPS, ids=lambda value: getattr(value, "number", str(value)))
def test_both_languages_say_the_same_things(lesson: Lesson, place: int) -> None:
    """A text in both, which names the same options."""
    step = lesson.steps[place]
    for both in (step.text, step.after):
        assert set(both) == set(LANGUAGES)
        assert bool(both["en"]) == bool(both["zh"])
        assert set(re.findall("--[a-z]+", both["en"])) == set(re.findall("--[a-z]+", both["zh"]))
    assert step.text["en"].strip()
    assert bool(step.command) != bool(step.python)
    assert step.expect or step.exit, "a step states what comes out"
    assert re.search("[一-鿿]", step.text["zh"])
    assert not re.search("[一-鿿]", step.text["en"])


@pytest.mark.parametrize("lesson", course(), ids=lambda lesson: lesson.number)
def test_a_lesson_has_a_title_steps_and_something_to_try(lesson: Lesson) -> None:
    assert lesson.part in parts()
    assert set(lesson.title) == set(LANGUAGES)
    assert len(lesson.steps) >= 2
    assert 1 <= len(lesson.further) <= 2
    for further in lesson.further:
        assert set(further) == set(LANGUAGES)
        assert all(further.values())


def tried(both: Both, language: str) -> list[str]:
    return re.findall("`(diff-compare [^`]*)`", both[language])


TRIED = [both for lesson in course() for both in lesson.further if tried(both, "en")]


@pytest.mark.parametrize("both", TRIED, ids=lambda both: tried(both, "en")[0])
def test_what_may_be_tried_works(both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.py").write_text("def f(x):\n    return x*x\n", encoding="utf-8")
    assert tried(both, "en") == tried(both, "zh")
    for typed_there in tried(both, "en"):
        assert main(shlex.split(typed_there)[1:]) in (0, 1)


@pytest.mark.parametrize("columns", [60, 80, 88])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_text_is_too_wide(language: str, columns: int) -> None:
    for lesson in course():
        for step in lesson.steps:
            for text in (step.text[language], step.after[language]):
                assert max((width(line) for line in wrapped(text, columns)), default=0) <= columns, text
        for further in lesson.further:
            for line in wrapped(WORDS[language]["try"] + further[language], columns):
                assert width(line) <= max(columns, 100)


@pytest.mark.parametrize("lesson", course(), ids=lambda lesson: lesson.number)
def test_the_list_fits_eighty_columns(lesson: Lesson) -> None:
    longest = max(len(one.name) for one in course())
    for language in LANGUAGES:
        assert width(f"  {lesson.number}  {'':<{longest}}  {lesson.title[language]}") <= 80


def test_a_line_does_not_begin_with_a_comma() -> None:
    lines = wrapped("导数是切线的斜率，梯度是偏导数组成的向量。" * 5, 20)
    assert not [line for line in lines if line[0] in "，。；："]
    assert "".join(lines) == "导数是切线的斜率，梯度是偏导数组成的向量。" * 5


def test_a_folded_command_is_the_same_command() -> None:
    for lesson in course():
        for step in lesson.steps:
            if step.command:
                lines = folded(step.command, 70)
                assert " ".join(line.removesuffix("\\").strip() for line in lines).split() == step.command.split()


def test_what_is_typed_is_not_too_wide() -> None:
    for lesson in course():
        for step in lesson.steps:
            assert max(width(line) for line in step.python.split("\n")) <= 76
            if step.command:
                assert max(map(width, folded(step.command, 86))) <= 98, step.command


def test_lessons_are_package_data() -> None:
    names = {entry.name for entry in files("diffcli.lessons").iterdir()}
    assert {"parts.toml", "three.csv", "control.py", "a1-derivative.toml"} <= names
    for name in names:
        if name.endswith(".toml"):
            tomllib.loads(files("diffcli.lessons").joinpath(name).read_text(encoding="utf-8"))


def test_the_files_of_a_lesson_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Path(typed("{here}/three.csv")).read_text(encoding="utf-8").startswith("x,y\n")


# --- the command
def test_without_a_name_the_course_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson"]) == 0
    listed = capsys.readouterr().out
    for lesson in course():
        assert re.search(rf"{lesson.number} +{lesson.name} +{re.escape(lesson.title['en'])}", listed)
    assert "diff-compare lesson A1" in listed
    assert main(["lesson", "--list", "--lang", "zh"]) == 0
    assert "微积分与自动微分" in capsys.readouterr().out


def test_a_lesson_is_named_by_number_name_or_part() -> None:
    assert chosen("B4") == chosen("b4") == chosen("control-flow")
    assert {lesson.part for lesson in chosen("d")} == {"D"}
    with pytest.raises(DiffError, match="there is no lesson 'Z9'"):
        chosen("Z9")


def test_a_wrong_name_is_an_error_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson", "Z9"]) == 2
    assert "diff-compare lesson" in capsys.readouterr().err
    assert main(["lesson", "A1", "--all"]) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_lesson_leads_to_the_next(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson", "a4", "--lang", language]) == 0
    shown = capsys.readouterr().out
    assert '$ diff-compare "abs(x)" --at x=0 -m forward,reverse' in shown
    assert "diff-compare lesson A5" in shown
    assert following(course()[-1]) is None


def turning(answers: list[str | type[BaseException]], monkeypatch: pytest.MonkeyPatch) -> None:
    def read(prompt: str) -> str:
        del prompt
        answer = answers.pop(0)
        if isinstance(answer, str):
            return answer
        raise answer

    monkeypatch.setattr("builtins.input", read)


@pytest.mark.parametrize(
    ("answers", "code", "steps"),
    [(["", ""], 0, 3), (["q"], 0, 1), ([EOFError], 0, 1), (["", KeyboardInterrupt], 130, 2)],
    ids=["through", "q", "end of input", "Ctrl-C"],
)
def test_steps_wait_for_the_reader(
    answers: list[str | type[BaseException]],
    code: int,
    steps: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    turning(answers, monkeypatch)
    assert main(["lesson", "A4", "--step"]) == code
    shown = capsys.readouterr()
    assert len(re.findall(r"^A4 · \d/3$", shown.out, re.MULTILINE)) == steps
    assert answers == []
    assert "Traceback" not in shown.err


def test_a_command_that_is_interrupted_ends_the_lesson() -> None:
    shown: list[str] = []
    stage = Stage("en", 80, lambda text, _: shown.append(text), lambda _: 130, lambda: True)
    assert perform(course()[0], stage) == 130
    assert "the derivative, f'(3)" not in " ".join(shown)
    assert not [line for line in shown if "2/" in line]


def test_python_is_shown_as_typed_and_its_errors_by_their_last_line() -> None:
    shown: list[str] = []
    python = Python(shown.append)
    python.runcode(compile("1/0", "<lesson>", "exec"))
    assert shown == ["Traceback (most recent call last): …", "ZeroDivisionError: division by zero\n"]


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command._show("a `b`", "text")
    assert capsys.readouterr().out == "a `b`\n"
    monkeypatch.setattr(command, "_coloured", lambda: True)
    command._show("a `b`", "text")
    assert capsys.readouterr().out == "a \x1b[36mb\x1b[0m\n"

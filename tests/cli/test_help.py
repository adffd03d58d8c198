"""--help says what there is, in both languages, and needs no library for it."""

import re
import subprocess
import sys
from typing import Any

import pytest

from diffcli.cli.application import COMMANDS, application, command, contents
from diffcli.cli.help import lines, texts, told
from diffcli.cli.main import main
from diffcli.locale.language import LANGUAGES, speaking
from diffcli.runtime.errors import width

NAMES = list(COMMANDS)
PAGES = [None, *NAMES]


def built(name: str | None) -> Any:
    return application() if name is None else command(name)


@pytest.mark.parametrize("name", PAGES)
def test_every_text_has_its_chinese(name: str | None) -> None:
    for text in texts(built(name), contents(name)):
        with speaking("zh"):
            chinese = told(text)
        assert chinese != text, text
        assert re.search("[一-鿿、]", chinese), text
        assert set(re.findall("--[a-z]+", text)) == set(re.findall("--[a-z]+", chinese)), text
        assert told(text) == text or "{" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("columns", [80, 100])
def test_pages_fit(name: str | None, language: str, columns: int) -> None:
    with speaking(language):
        page = [line for line, _ in lines(built(name), contents(name), columns)]
    assert max(map(width, page)) <= columns
    assert not [line for line in page if line.lstrip()[:1] in ("，", "。", "；", "）", "、")]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_that_takes_a_value_names_it(name: str) -> None:
    for parameter in command(name).params:
        if parameter.param_type_name == "argument" or not parameter.is_flag:
            assert parameter.metavar, parameter.name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--help"], "Understand"),
        (["-h", "--lang", "zh"], "理解"),
        ([], "Understand"),
        (["--lang", "zh"], "理解"),
        (["x*y", "--help"], "Usage: diff-compare expr"),
        (["sweep", "-h"], "Usage: diff-compare sweep"),
        (["sweep", "x", "--lang=zh", "--help"], "差商"),
    ],
    ids=str,
)
def test_help_is_asked_for(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert said in capsys.readouterr().out


def test_behind_two_dashes_help_is_an_expression(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--", "--help"]) == 2
    assert "error" in capsys.readouterr().err


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_needs_no_library(language: str) -> None:
    """Nor, in English, any catalogue of translations."""
    code = (
        "import sys; from diffcli.cli.main import main; main(['newton', '--help', '--lang', sys.argv[1]]);"
        "from diffcli.locale.language import _catalogue;"
        "print(*sorted({'rich', 'sympy', 'numpy', 'flint', 'matplotlib', 'plotext', 'babel'} & set(sys.modules)),"
        " _catalogue.cache_info().currsize, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, language], check=True, capture_output=True, text=True)
    assert done.stderr.split() == ["1" if language == "zh" else "0"]

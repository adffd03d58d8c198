"""Pictures are lettered in the language that is spoken; without a font for it in English, and never with boxes."""

from pathlib import Path

import pytest

from diffcli.cli.main import main
from diffcli.locale.language import set_language
from diffcli.reports import pictures

pytest.importorskip("matplotlib")
SWEEP = ["sweep", "sin(x)", "--at", "x=1", "--steps", "9"]


@pytest.fixture(autouse=True)
def _english_again():
    yield
    set_language("en")


def drawn(arguments: list[str], file: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles of what is drawn."""
    titles: list[str] = []
    draw = pictures._draw
    monkeypatch.setattr(pictures, "_draw", lambda axes, plot: (titles.append(plot.title), draw(axes, plot)))
    assert main([*arguments, "--plot", str(file)]) == 0
    return titles


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_chinese_is_drawn_without_boxes(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """matplotlib warns of letters that its fonts do not have, and warnings are errors here."""
    titles = drawn([*SWEEP, "--lang", "zh"], tmp_path / f"a.{ending}", monkeypatch)
    assert titles == (["df/dx 的误差随步长的变化，float64"] if pictures.letters("zh") else [ENGLISH])
    assert (tmp_path / f"a.{ending}").stat().st_size > 1000
    assert "步长" in capsys.readouterr().out


ENGLISH = "error of df/dx over the step, float64"


def test_without_a_font_letters_are_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pictures, "_CHINESE", ())
    assert pictures.letters("en")
    assert not pictures.letters("zh")
    assert drawn([*SWEEP, "--lang", "zh"], tmp_path / "a.svg", monkeypatch) == [ENGLISH]
    assert "步长" in capsys.readouterr().out


DRAWN = {
    "descend": ["x^2 + 3*y^2", "--from", "x=1,y=2"],
    "newton": ["x^2 - 2", "--from", "x=1"],
    "profile": ["exp(x) - 1", "--over", "x=0.1:1", "--points", "10"],
    "sweep": ["x^2", "--at", "x=3", "--steps", "9"],
    "swell": ["--up-to", "2"],
    "taylor": ["exp(x)", "--at", "x=0", "--order", "2"],
}
"""Every study that has pictures."""


@pytest.mark.parametrize("study", DRAWN)
def test_without_a_font_every_study_is_drawn_in_english(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_CHINESE", ())
    titles = drawn([study, *DRAWN[study], "--lang", "zh"], tmp_path / "a.svg", monkeypatch)
    assert titles
    assert all(letter < "一" for title in titles for letter in title)

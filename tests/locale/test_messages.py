"""The catalogues are whole: all that is said is translated, with its places, and nothing in them is unused."""

import json
import pickle
import re
from copy import copy
from pathlib import Path

import extraction
import pytest
from extraction import TRANSLATIONS, Entry

from diffcli.locale.language import LANGUAGES, set_language, speaking, tr, translate_message
from diffcli.runtime.messages import Message, listing, message, parts

PLACE = re.compile(r"{[^}]*}")


def translation(path: Path) -> dict[Entry, list[str]]:
    """What a catalogue has for each message: one text, or one for each form of the plural."""
    found = {}
    for one in extraction.read(path):
        if one.id:
            template, plural = (one.id, None) if isinstance(one.id, str) else one.id
            found[Entry(template, plural, one.context)] = [one.string] if isinstance(one.string, str) else [*one.string]
    return found


def test_every_language_has_a_catalogue() -> None:
    assert {path.parent.parent.name for path in TRANSLATIONS} == set(LANGUAGES) - {"en"}


def test_messages_are_found() -> None:
    said = extraction.everything()
    assert len(said) > 1600
    assert {
        Entry("Primal trace"),  # in a call
        Entry("The digits die in {made}: {why}."),  # in a table
        Entry("odd multiples of pi/2"),  # in a field of a table
        Entry("{name} has a kink at 0"),  # given to a function that makes the message
        Entry("{count:,} operation", "{count:,} operations"),
        Entry("error", context="verdict"),
        Entry("inaccurate"),  # by value
        Entry("The largest step."),  # of --help
    } <= set(said)


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.parent.parent.name)
def test_a_translation_has_what_is_said_and_nothing_else(path: Path) -> None:
    """`make messages` brings in what is new."""
    said, found = set(extraction.everything()), translation(path)
    assert sorted(map(str, said - set(found))) == []
    assert sorted(map(str, set(found) - said)) == []
    assert [entry for entry, texts in found.items() if not all(map(str.strip, texts))] == []
    assert "fuzzy" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.parent.parent.name)
def test_a_translation_keeps_the_places(path: Path) -> None:
    for entry, texts in translation(path).items():
        for text in texts:
            assert set(PLACE.findall(text)) == set(PLACE.findall(entry.plural or entry.template)), entry


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.parent.parent.name)
def test_the_compiled_catalogue_is_that_of_the_text(path: Path) -> None:
    with speaking(path.parent.parent.name):
        for entry, texts in translation(path).items():
            if "{" not in entry.template and entry.plural is None:
                assert tr(entry.template, context=entry.context) == texts[0]


def test_a_message_is_said_again_in_chinese() -> None:
    kink = message("{name} has a kink at 0", name="abs")
    once = message("f evaluated once", "f evaluated {count:,} times", count=2000)
    told = parts([message("not between the one-sided derivatives: {reason}", reason=kink), once])
    assert told == "not between the one-sided derivatives: abs has a kink at 0; f evaluated 2,000 times"
    again = pickle.loads(pickle.dumps(told))
    with speaking("zh"):
        for one in (told, again, str(ValueError(told)), copy(told)):
            assert translate_message(one) == "不在左右导数之间：abs 在 0 处有尖点；f 求值 2,000 次"
    assert json.dumps([told]) == json.dumps([f"{told:s}"])


@pytest.mark.parametrize(
    ("told", "english", "chinese"),
    [
        (
            message("{name}: argument {value} is outside its domain {domain}", name="log", value=-1, domain="(0, inf)"),
            "log: argument -1 is outside its domain (0, inf)",
            "log：自变量 -1 超出定义域 (0, inf)",
        ),
        (
            message("lengths {listed} differ", listed=listing([2, 3])),
            "lengths 2 and 3 differ",
            "长度 2、3 不同",
        ),
        (
            message("the variables {listed} have no values", listed=listing(["order", "error", "method"])),
            "the variables order, error and method have no values",
            "变量 order、error、method 没有值",
        ),
        (message("f evaluated once", "f evaluated {count:,} times", count=1), "f evaluated once", "f 求值 1 次"),
        (Message("nobody has said this"), "nobody has said this", "nobody has said this"),
        (Message("{braces}"), "{braces}", "{braces}"),
        (message("{name} has a kink at 0", name="{braces}"), "{braces} has a kink at 0", "{braces} 在 0 处有尖点"),
        (Message(""), "", ""),
    ],
)  # fmt: skip
def test_messages(told: Message, english: str, chinese: str) -> None:
    assert told == english
    assert translate_message(told) == english
    set_language("zh")
    assert translate_message(told) == chinese


def test_plain_text_is_never_translated() -> None:
    """What a user wrote is never translated, even where it reads like something of ours."""
    set_language("zh")
    assert translate_message("division by zero") == "division by zero"
    assert tr("{name} at infinity", name="error") == "error 在无穷远处"

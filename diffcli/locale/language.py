"""The language of screens: English stands in the code, Chinese in a catalogue beside it.

    say("{count} operations", count=3)

gives the sentence in the language that is spoken. What programs read (JSON, CSV)
is never translated. Reasons come from rooms that know no language; `translated`
finds the template that such a text was made from; places there say by their name
what stands in them (`SENTENCES`, `LISTS`), everything else is a name or a number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any

from diffcli.runtime.messages import Message

LANGUAGES = ("en", "zh")
TAGS = {"en": "en", "zh": "zh-Hans"}
"""What pages and pictures say their language is: fonts are chosen by it."""
VARIABLE = "DIFF_COMPARE_LANG"

SENTENCES = {"reason", "what", "message"}
"""Places of a reason that hold a text which is translated in its turn."""
LISTS = {"listed"}
"""Places that hold several of these: `a, b and c`."""

_spoken: ContextVar[str] = ContextVar("language", default="en")


def speak(language: str) -> None:
    """Use this language from now on."""
    _spoken.set(language)


def spoken() -> str:
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """For a while, or by decoration for a function: what programs read is English."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def preferred(by_locale: bool = True) -> str:
    """The language that the environment asks for: by our own variable, or by the locale."""
    names = (VARIABLE, *(("LC_ALL", "LC_MESSAGES", "LANG") if by_locale else ()))
    asked = next((value for name in names if (value := os.environ.get(name))), "")
    return "zh" if asked.lower().startswith("zh") else "en"


def say(text: str, **values: Any) -> str:
    """`text` in the language that is spoken, its {places} filled in; messages among the values are translated."""
    if spoken() == "en":
        return text.format(**values) if values else text
    return _filled(catalogue().get(text, text), values)


def _filled(template: str, values: Mapping[str, Any]) -> str:
    if not values:
        return template
    shown = {name: _translated(value) if _is_sentence(name, value) else _shown(value) for name, value in values.items()}
    return re.sub(_BETWEEN_CHINESE, "", template.format(**shown))


def _is_sentence(name: str, value: Any) -> bool:
    """Whether a value is a finished sentence of a room that does not make messages yet."""
    return name in SENTENCES and type(value) is str


def _shown(value: Any) -> Any:
    return _message(value) if isinstance(value, Message) else value


def _message(text: Message) -> str:
    """The template's translation with the translated values."""
    template, values = text.template, text.values
    if isinstance(values, Mapping):
        plural = text.plural is not None and values["count"] != 1
        return _filled(_template(text.plural if plural and text.plural else template), values)
    return _template(template).join(str(_shown(value)) for value in values) if values else _template(template)


def _template(text: str) -> str:
    from diffcli.locale.chinese import REASONS

    return REASONS.get(text) or catalogue().get(text, text)


_BETWEEN_CHINESE = "(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])"
"""Blanks stand around what is not Chinese only. Patterns are compiled when Chinese is spoken, not at every start."""


def listed(names: Sequence[str], template: str = "{first} and {last}") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = names
    return say(template, first=say(", ").join(first), last=last) if first else last


def joined(sentences: Sequence[str]) -> str:
    """Sentences one after the other: with blanks in English, without in Chinese."""
    return ("" if spoken() == "zh" else " ").join(sentences)


def begun(sentence: str) -> str:
    """With a capital, where the language has them; names of methods are no words of Chinese."""
    return sentence if spoken() == "zh" else sentence[:1].upper() + sentence[1:]


def translated(text: str | None) -> str:
    """A text that was made elsewhere from an English template; as it is where none fits."""
    if not text or spoken() == "en":
        return text or ""
    return _message(text) if isinstance(text, Message) else _translated(text)


@lru_cache(1024)
def _translated(text: str) -> str:
    """By a template for the whole; else part by part; else by one that swallows the parts."""
    from diffcli.locale.chinese import REASONS

    found = REASONS.get(text) or catalogue().get(text)
    if found:
        return found
    parts = text.split("; ")
    if len(parts) == 1:
        return _by_pattern(text) or text
    whole = _by_pattern(text, several=True)
    if whole:
        return whole
    told = list(map(_translated, parts))
    return _by_pattern(text) or text if told == parts else "；".join(told)


def _by_pattern(text: str, several: bool = False) -> str | None:
    for pattern, english, chinese in _patterns():
        if several and "; " not in english:
            continue
        found = pattern.fullmatch(text)
        if found:
            return chinese.format(**{name: _part(name, part) for name, part in found.groupdict().items()})
    return None


def _part(name: str, part: str) -> str:
    if name in LISTS:
        return "、".join(_translated(one) if " " in one else one for one in re.split(_COMMAS, part))
    return _translated(part) if name in SENTENCES else part


_COMMAS = r", (?![^(]*\))| and "
"""What separates the parts of a list; commas in brackets do not."""


@cache
def catalogue() -> dict[str, str]:
    """Chinese by English."""
    from diffcli.locale.chinese import CHINESE

    return CHINESE


@cache
def _patterns() -> list[tuple[re.Pattern[str], str, str]]:
    """Templates of reasons as patterns, those with the most words first."""
    from diffcli.locale.chinese import REASONS

    found = [(english, chinese) for english, chinese in REASONS.items() if re.search(_PLACE, english)]
    found.sort(key=lambda pair: -len(re.sub(_PLACE, "", pair[0])))
    return [(re.compile(_pattern(english), re.DOTALL), english, chinese) for english, chinese in found]


_PLACE = r"{([a-z]+)}"


def _pattern(english: str) -> str:
    pieces = re.split(_PLACE, english)
    return "".join(re.escape(piece) if k % 2 == 0 else f"(?P<{piece}>.+?)" for k, piece in enumerate(pieces))
